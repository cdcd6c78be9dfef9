"""A base for named tuples that are quick to define: every report defines more than a hundred.

``typing.NamedTuple`` checks the annotation of every field, and compiles those that
are strings: 190 us for a class of six fields, where ``collections.namedtuple`` needs
30.  This one is used like it, and type checkers see no difference.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

__all__ = ["NamedTuple"]

if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from collections import namedtuple

    def _annotations(body: dict[str, Any]) -> dict[str, Any]:
        """The annotations of a class body, by field."""
        if "__annotations__" in body or sys.version_info < (3, 14):
            return body.get("__annotations__", {})
        import annotationlib

        annotate = annotationlib.get_annotate_from_class_namespace(body)
        if annotate is None:
            return {}
        return annotationlib.call_annotate_function(annotate, annotationlib.Format.VALUE)

    class _FromClassBody(type):
        """Turns a class statement into a named tuple."""

        def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
            fields = _annotations(body)
            defaults = [body[field] for field in fields if field in body]
            made = namedtuple(name, fields, defaults=defaults, module=body["__module__"])
            for key, value in body.items():
                if key not in fields and not key.startswith("__annot"):
                    setattr(made, key, value)
            made.__annotations__ = fields
            return made

    NamedTuple = type.__new__(_FromClassBody, "NamedTuple", (), {})
