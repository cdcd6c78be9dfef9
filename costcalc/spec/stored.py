"""The nodes of a YAML file, stored as JSON beside it.

Loading the YAML reader takes a tenth of the time of a model's report, which needs it
only for the convention.  The JSON includes the text that it was made from, and is valid
only while the file has that text.
"""

from __future__ import annotations

import json
from typing import Any

from costcalc.errors import Mark
from costcalc.spec.tree import MapNode, Node, Scalar


def store(node: Node, data: bytes) -> str:
    """The JSON of a file's nodes: scalars and mappings, since conventions have nothing else."""
    stored = {"text": data.decode(), "root": _stored(node)}
    return json.dumps(stored, separators=(",", ":")) + "\n"


def read_stored(text: bytes, data: bytes, file: str) -> Node | None:
    """The nodes in a JSON; None if the file's text has changed since."""
    stored = json.loads(text)
    return _node(stored["root"], file) if stored["text"].encode() == data else None


def _stored(node: Node) -> list[Any]:
    if isinstance(node, Scalar):
        return [node.mark.line, node.mark.column, node.text, node.quoted]
    if isinstance(node, MapNode):
        pairs = [[_stored(key), _stored(value)] for key, value in node.entries]
        return [node.mark.line, node.mark.column, pairs]
    raise TypeError(f"{node} cannot be stored")


def _node(stored: list[Any], file: str) -> Any:
    line, column, content, *quoted = stored
    mark = Mark(file, line, column)
    if quoted:
        return Scalar(content, quoted[0], mark)
    return MapNode(tuple((_node(key, file), _node(value, file)) for key, value in content), mark)
