"""The nodes of a YAML file, kept as JSON beside it.

To load the reader of YAML takes a tenth of the report of a model, which needs it for
the convention alone.  The JSON holds for the very text that it was made of, which is
in it, too.
"""

from __future__ import annotations

import json
from typing import Any

from costcalc.errors import Mark
from costcalc.spec.tree import MapNode, Node, Scalar


def store(node: Node, data: bytes) -> str:
    """The JSON of a file's nodes: scalars in mappings, which is all that conventions have."""
    stored = {"text": data.decode(), "root": _stored(node)}
    return json.dumps(stored, separators=(",", ":")) + "\n"


def read_stored(text: bytes, data: bytes, file: str) -> Node | None:
    """The nodes in a JSON; None where the file has another text by now."""
    found = json.loads(text)
    return _node(found["root"], file) if found["text"].encode() == data else None


def _stored(node: Node) -> list[Any]:
    if isinstance(node, Scalar):
        return [node.mark.line, node.mark.column, node.text, node.quoted]
    if isinstance(node, MapNode):
        pairs = [[_stored(key), _stored(value)] for key, value in node.entries]
        return [node.mark.line, node.mark.column, pairs]
    raise TypeError(f"{node} is not kept")


def _node(stored: list[Any], file: str) -> Any:
    line, column, content, *quoted = stored
    mark = Mark(file, line, column)
    if quoted:
        return Scalar(content, quoted[0], mark)
    return MapNode(tuple((_node(key, file), _node(value, file)) for key, value in content), mark)
