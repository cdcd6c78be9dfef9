"""YAML files as an editor sees them: values with the types of YAML 1.2, which JSON has, too."""

import re
from typing import Any

from costcalc.errors import Problems
from costcalc.spec.nodes import parse
from costcalc.spec.tree import ListNode, MapNode, Node, Scalar

NULLS = ("", "~", "null", "Null", "NULL")
TRUTHS = dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(
    ("false", "False", "FALSE"), False
)
WHOLE = re.compile(r"[-+]?[0-9]+")
DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


def of_text(data: bytes, path: str = "case.yaml") -> Any:
    """The values of a file.

    Raises:
        SpecError: it is not YAML as costcalc reads it.
    """
    problems = Problems()
    root = parse(data, path, problems)
    problems.raise_any()
    return value(root)


def value(node: Node) -> Any:
    if isinstance(node, MapNode):
        return {key.text: value(item) for key, item in node.entries}
    if isinstance(node, ListNode):
        return [value(item) for item in node.items]
    assert isinstance(node, Scalar)
    return node.text if node.quoted else plain(node.text)


def plain(text: str) -> Any:
    """The value of text without quotes, by YAML 1.2's core schema."""
    if text in NULLS:
        return None
    if text in TRUTHS:
        return TRUTHS[text]
    if WHOLE.fullmatch(text):
        return int(text)
    return float(text) if DECIMAL.fullmatch(text) else text
