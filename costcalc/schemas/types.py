"""Schemas of types: of the JSON that answers are."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from costcalc.reporting.kinds import documented
from costcalc.schemas import answers
from costcalc.schemas.terms import Term, described, either, one_of, reference

_PLAIN: Mapping[Any, str] = {
    int: "integer",
    float: "number",
    Fraction: "number",
    str: "string",
    bool: "boolean",
    type(None): "null",
}


def command(name: str) -> Term:
    """The schema of the JSON that a command writes."""
    made: dict[str, Term] = {}
    roots = [of_type(kind, made) for kind in answers.COMMANDS[name]]
    return {**either(*roots), "definitions": made}


def of_type(kind: Any, made: dict[str, Term]) -> Term:
    """The schema of a type; those of the objects in it are added to ``made``."""
    if kind is Any:
        return {}
    if get_origin(kind) is Annotated:
        inner, words = get_args(kind)
        return of_type(inner, made) if isinstance(words, str) else one_of(words)
    if kind in _PLAIN:
        return {"type": _PLAIN[kind]}
    if is_typeddict(kind) or hasattr(kind, "_fields"):
        return _object(kind, made)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _union([of_type(one, made) for one in arguments])
    if origin is Literal:
        return one_of(arguments)
    if origin in (list, tuple):
        return {"type": "array", "items": of_type(arguments[0], made)}
    names, values = arguments
    return {
        "type": "object",
        "propertyNames": of_type(names, made),
        "additionalProperties": of_type(values, made),
    }


def _union(terms: list[Term]) -> Term:
    """Any of several; plain types in one term."""
    plain = [term["type"] for term in terms if [*term] == ["type"]]
    others = [term for term in terms if [*term] != ["type"]]
    return either(*([{"type": plain}] if plain else []), *others)


def _object(kind: Any, made: dict[str, Term]) -> Term:
    """A reference to the definition of an object."""
    name = kind.__name__
    if name not in made:
        made[name] = {}  # so that a type that holds itself ends here
        fields = {**get_type_hints(kind, include_extras=True), **answers.MORE.get(kind, {})}
        meanings = {
            field: text for base in _bases(kind) for field, text in documented(base).items()
        }
        properties = {
            field: described(of_type(_value(reads), made), meanings.get(field, ""))
            for field, reads in fields.items()
        }
        optional = getattr(kind, "__optional_keys__", frozenset[str]())
        made[name] = {
            "description": (kind.__doc__ or "").replace("``", "'"),
            "type": "object",
            "properties": properties,
            "required": [
                field
                for field, reads in fields.items()
                if get_origin(reads) is not NotRequired and field not in optional
            ],
        }
    return reference(name)


def _value(reads: Any) -> Any:
    return get_args(reads)[0] if get_origin(reads) is NotRequired else reads


def _bases(kind: Any) -> Iterator[Any]:
    """A type and those that it extends: a TypedDict keeps their keys, and not what they were."""
    own = kind.__annotations__
    for base in vars(sys.modules[kind.__module__]).values():
        is_base = is_typeddict(base) and base is not kind
        if is_base and all(own.get(name) == reads for name, reads in base.__annotations__.items()):
            yield base
    yield kind
