"""Files of rules about layer kinds, as conventions and storages are: what they have in common."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import Any

from costcalc.advice import advice, listed_by
from costcalc.costs.rules import Rule
from costcalc.errors import CostcalcError, Problems, did_you_mean, refuse
from costcalc.kinds import TABLE
from costcalc.spec.data_file import DataFile, Shelf
from costcalc.spec.document import Expression
from costcalc.spec.keys import refuse_others
from costcalc.spec.numbers import ExpressionError, is_number
from costcalc.spec.tree import MapNode, Node, Scalar, given
from costcalc.spec.values import Values, line

KIND_NAMES = frozenset(name for kind in TABLE for name in (kind.name, kind.family))
"""What a rule may be for: layer kinds, and families of them."""

RULE: Mapping[str, str] = {
    "rule": "free, or an expression over what a layer has",
    "source": "where it is stated; by default the file's source",
    "note": "what is surprising about it",
}
"""What a rule states."""

OWN = ("name", "title")
"""What a file states itself, even if it extends another."""


class RuleFile(DataFile):
    """Reads one file; errors go to ``problems``."""

    def __init__(
        self, path: str, shelf: Shelf, keys: Collection[str], values: Values, problems: Problems
    ) -> None:
        super().__init__(path, shelf, keys, problems)
        self.values = values
        self.lacks_base = False
        """Whether it extends a file that is not there: what is missing may be stated in it."""

    def base(self, root: MapNode) -> str | None:
        """The path of the file whose rules apply where this one has none."""
        node = root.get("extends")
        if node is None:
            return None
        try:
            if not isinstance(node, Scalar) or not node.text:
                expected = "one of " + ", ".join(self.shelf.names())
                refuse(node.mark, f"{self.noun} extends one other", expected, found=str(node))
            path = self.shelf.path(node.text, node.mark)
            if os.path.abspath(path) == os.path.abspath(self.path):
                refuse(node.mark, f"{self.noun} cannot extend itself")
        except CostcalcError as error:
            self.lacks_base = True
            self.problems.note(error.problems[0])
            return None
        return path

    def text(self, root: MapNode, name: str, is_required: bool, extended: Any = None) -> str:
        """A line of text, by default that of the file that this one extends."""
        if root.get(name) is None and name not in OWN:
            if self.lacks_base:
                return ""
            if extended is not None:
                return str(getattr(extended, name))
        return super().text(root, name, is_required)

    def is_named(self, key: Scalar) -> bool:
        """Whether it is a kind or a family of kinds; if not, a problem is noted."""
        if key.text in KIND_NAMES:
            return True
        self.problems.add(
            key.mark,
            f"'{key.text}' is neither a layer kind nor a family of kinds",
            expected=advice("a kind that {}, or a family of kinds", listed_by("kinds")),
            hint=did_you_mean(key.text, KIND_NAMES),
        )
        return False

    def rule(self, node: Node, source: str) -> Rule | None:
        """``free``, an expression, or a mapping with the rule, its source and a note."""
        note = ""
        if isinstance(node, MapNode):
            noted = len(self.problems)
            refuse_others(node.keys, RULE, "a rule has no", self.problems)
            parts = {key.text: value for key, value in node.entries}
            source = line(parts.get("source"), self.problems) or source
            note = line(parts.get("note"), self.problems)
            if "rule" not in parts:
                if len(self.problems) == noted:  # else its key is misspelt
                    message = "a rule must state how much is counted"
                    self.problems.add(node.mark, message, "'rule:'")
                return None
            node = parts["rule"]
        if isinstance(node, Scalar) and node.text == "free":
            return Rule(None, source, note)
        if given(node) is None or (isinstance(node, Scalar) and not node.text):
            expected = "an expression, or 'free'"
            message = "a rule must state how much is counted"
            self.problems.add(node.mark, message, expected, str(node))
            return None
        expression = self.values.expression(node)
        if expression is None:
            return None
        if not expression.names and not _is_amount(expression):
            self.problems.add(
                expression.mark,
                f"'{expression.text}' has no meaning here",
                expected="free, a number, or an expression over what a layer has",
                hint=did_you_mean(expression.text, self.values.known),
            )
            return None
        return Rule(expression, source, note)


def _is_amount(constant: Expression) -> bool:
    """Whether an expression without names is a number."""
    try:
        return is_number(constant.evaluate({}))
    except (ExpressionError, ZeroDivisionError):
        return False
