"""YAML text is read back as the same data."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costcalc.errors import Problems
from costcalc.spec.nodes import parse
from costcalc.spec.tree import ListNode, MapNode, Node, Scalar
from costcalc.specwriter import yaml

WORDS = st.text(st.characters(blacklist_categories=("C", "Zl", "Zp")), min_size=1, max_size=12)
NODES = st.recursive(
    WORDS,
    lambda each: (
        st.lists(each, max_size=4)
        | st.lists(each, min_size=1, max_size=4).map(yaml.Below)
        | st.dictionaries(WORDS, each, min_size=1, max_size=4)
        | st.dictionaries(WORDS, each, min_size=1, max_size=4).map(yaml.Rows)
    ),
    max_leaves=20,
)


def plain(node: Node | None) -> object:
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, ListNode):
        return [plain(each) for each in node.items]
    assert isinstance(node, MapNode)
    return {key.text: plain(value) for key, value in node.entries}


@pytest.mark.slow
@given(st.dictionaries(WORDS, NODES, min_size=1, max_size=4))
def test_text_is_read_back_as_the_same_data(node: dict[str, object]) -> None:
    problems = Problems()
    read = parse("\n".join(yaml.lines(node)).encode(), "net.yaml", problems)
    problems.raise_any()
    assert plain(read) == node


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        ("true", '"true"'),
        (1801, "1801"),
        ("1801.04381", '"1801.04381"'),
        (None, "~"),
        ("s != 1 or in != c", "s != 1 or in != c"),
        ("max(1, alpha)", '"max(1, alpha)"'),
        ("a: b", '"a: b"'),
        ("a #b", '"a #b"'),
        ("- a", '"- a"'),
    ],
)
def test_ambiguous_words_are_quoted(value: object, text: str) -> None:
    assert yaml.scalar(value) == text


def test_long_lines_are_broken() -> None:
    long = {f"argument{number}": number for number in range(9)}
    assert yaml.lines({"conv": long})[:2] == ["conv:", "  argument0: 0"]
    assert yaml.lines({"conv": {"out": 8}}) == ["conv: {out: 8}"]
