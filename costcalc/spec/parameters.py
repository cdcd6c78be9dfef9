"""The parameters of a network or of a block: name, default, range, choices, doc."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from fractions import Fraction
from typing import Any

from costcalc.errors import Problems
from costcalc.spec import limits
from costcalc.spec.document import Expression, Parameter
from costcalc.spec.expression import KEYWORDS
from costcalc.spec.keys import refuse_others
from costcalc.spec.numbers import is_number
from costcalc.spec.tree import ListNode, MapNode, Node, Scalar, given
from costcalc.spec.values import Values, line, literal

INPUT_NAMES = frozenset({"in", "in_height", "in_width"})
"""Names that every step may use: the channels and the sides of its input."""

NETWORK_NAMES = frozenset({"alpha", "res"})
"""Parameters that every network has."""

IDENTIFIER = re.compile(r"[A-Za-z_]\w*", re.ASCII)
"""Valid names of parameters and blocks."""

WORDS = {*INPUT_NAMES, *KEYWORDS, "width", "true", "false", "null"}
"""Words of the language, which cannot name parameters."""

KEYS: Mapping[str, str] = {
    "default": "its value if a caller sets none; it may depend on the parameters above",
    "range": "its bounds, [lowest, highest], with ~ for none",
    "choices": "the values that it may have",
    "doc": "what it is",
    "width": "whether it is a number of channels, which alpha scales",
}
"""What a parameter may state."""


class ParameterReader:
    """Reads parameters whose defaults may use the names in ``known``.

    A block's parameters cannot be named like the arguments that every step may
    have, which are ``reserved``: a call of the block could not set them.
    """

    def __init__(
        self, known: frozenset[str], problems: Problems, reserved: Collection[str] = ()
    ) -> None:
        self.known = known
        self.problems = problems
        self.words = WORDS.union(reserved)

    def read(self, node: Node | None) -> dict[str, Parameter]:
        """The parameters in order; a default may use the ones above it."""
        parameters: dict[str, Parameter] = {}
        entries = self._entries(node)
        if len(entries) > limits.PARAMETERS:
            self.problems.add(
                entries[0][0].mark,
                f"{len(entries):,} parameters",
                expected=f"at most {limits.PARAMETERS}",
            )
            return {}
        known = self.known - {key.text for key, _ in entries}
        for key, value in entries:
            if not IDENTIFIER.fullmatch(key.text) or key.text in self.words:
                self.problems.add(
                    key.mark,
                    f"'{key.text}' cannot name a parameter",
                    expected="letters, digits and '_', and no word of the language",
                )
                continue
            parameters[key.text] = self._parameter(key, value, Values(known, self.problems))
            known |= {key.text}
        return parameters

    def _entries(self, node: Node | None) -> tuple[tuple[Scalar, Node], ...]:
        """Names with their bodies; a list has only names."""
        node = given(node)
        if node is None:
            return ()
        if isinstance(node, MapNode):
            return node.entries
        if isinstance(node, ListNode):
            names = [item for item in node.items if isinstance(item, Scalar)]
            if len(names) == len(node.items):
                return tuple((name, Scalar("", False, name.mark)) for name in names)
        self.problems.add(
            node.mark, "parameters are a mapping", expected="'name: default'", found=str(node)
        )
        return ()

    def _parameter(self, key: Scalar, node: Node, values: Values) -> Parameter:
        if isinstance(node, MapNode):
            return self._described(key, node, values)
        if isinstance(node, Scalar) and node.text == "width":
            return Parameter(key.text, None, key.mark, is_width=True)
        return Parameter(key.text, self._default(node, values), key.mark)

    def _described(self, key: Scalar, node: MapNode, values: Values) -> Parameter:
        refuse_others(node.keys, KEYS, "a parameter has no", self.problems)
        lowest, highest = self._range(node.get("range"))
        choices = self._choices(node.get("choices"))
        return Parameter(
            key.text,
            self._default(node.get("default"), values, choices),
            key.mark,
            lowest,
            highest,
            choices,
            line(node.get("doc"), self.problems),
            self._is_width(node.get("width")),
        )

    def _default(
        self, node: Node | None, values: Values, choices: Collection[Any] = ()
    ) -> Expression | None:
        node = given(node)
        return None if node is None else values.expression(node, choices)

    def _range(self, node: Node | None) -> tuple[int | Fraction | None, int | Fraction | None]:
        if node is None:
            return None, None
        items = node.items if isinstance(node, ListNode) else ()
        if len(items) == 2 and all(map(_is_bound, items)):
            lowest, highest = map(literal, items)
            if lowest is None or highest is None or lowest <= highest:
                return lowest, highest
        self.problems.add(
            node.mark,
            "a range is two numbers",
            expected="[lowest, highest], with ~ for no bound",
            found=str(node),
        )
        return None, None

    def _choices(self, node: Node | None) -> tuple[Any, ...]:
        if node is None:
            return ()
        if isinstance(node, ListNode) and node.items:
            choices = [literal(item) for item in node.items]
            if None not in choices:
                return tuple(choices)
        self.problems.add(
            node.mark, "choices are a list of numbers or words", "[18, 34, 50]", str(node)
        )
        return ()

    def _is_width(self, node: Node | None) -> bool:
        if node is None or (isinstance(node, Scalar) and node.text in ("true", "false")):
            return node is not None and node.text == "true"
        self.problems.add(
            node.mark, "'width' states whether it is a width", "true or false", str(node)
        )
        return False


def _is_bound(node: Node) -> bool:
    """Whether it is a number, or nothing."""
    return given(node) is None or is_number(literal(node))
