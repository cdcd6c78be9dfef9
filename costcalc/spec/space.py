"""The space that a spec declares: the values among which a search chooses, by parameter.

space: {k1: [3, 5, 7], d1: [2, 3, 4], res: 128:224:32}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.errors import Problems, did_you_mean
from costcalc.spec.document import Declared, Parameter
from costcalc.spec.numbers import ExpressionError, plain_value
from costcalc.spec.parameters import NETWORK_NAMES
from costcalc.spec.tree import ListNode, MapNode, Node, Scalar, given

_EXPECTED = "space: {k1: [3, 5, 7], res: 128:224:32}, or [k1, d1] for all choices of each"


def read_space(
    node: Node | None, parameters: Mapping[str, Parameter], problems: Problems
) -> dict[str, Declared]:
    """The values of each parameter of the space.

    A list of names stands for all choices of these parameters.
    """
    node = given(node)
    if node is None:
        return {}
    entries: list[tuple[Node, Node]]
    if isinstance(node, ListNode):
        entries = [(item, Scalar("", False, item.mark)) for item in node.items]
    elif isinstance(node, MapNode):
        entries = [*node.entries]
    else:
        problems.add(node.mark, "a space is a mapping", _EXPECTED, str(node))
        return {}
    space: dict[str, Declared] = {}
    for key, value in entries:
        known = {*parameters, *NETWORK_NAMES}
        if not isinstance(key, Scalar) or key.text not in known:
            problems.add(
                key.mark,
                f"{key} is not a parameter",
                expected="the name of a parameter",
                hint=did_you_mean(str(key), known),
            )
        elif key.text in space:
            problems.add(key.mark, f"'{key.text}' is twice in the space", hint="leave one out")
        else:
            space[key.text] = _values(key, value, parameters.get(key.text), problems)
    return space


def _values(key: Scalar, node: Node, parameter: Parameter | None, problems: Problems) -> Declared:
    choices = parameter.choices if parameter is not None else ()
    if given(node) is None and choices:
        return Declared(choices, (key.mark,) * len(choices))
    if isinstance(node, Scalar) and ":" in node.text:
        return Declared(node.text, (node.mark,))
    if isinstance(node, ListNode) and node.items:
        values = tuple(_value(item) for item in node.items)
        for item, value in zip(node.items, values, strict=True):
            if value is None or (choices and value not in choices):
                expected = f"one of {', '.join(map(str, choices))}" if choices else "a value"
                problems.add(item.mark, f"{key.text} cannot be {item}", expected)
        return Declared(values, tuple(item.mark for item in node.items))
    problems.add(
        node.mark,
        f"'{key.text}' has no values to choose among",
        expected="a list, a range or a parameter with choices",
        found="" if given(node) is None else str(node),
        hint=f"{key.text}: [...]",
    )
    return Declared((), ())


def _value(node: Node) -> Any:
    """A number, a boolean or a word; None for anything else, or a number beyond any limit."""
    if not isinstance(node, Scalar) or given(node) is None:
        return None
    try:
        return plain_value(node.text)
    except ExpressionError:
        return None
