"""Files of rules about layer kinds, as conventions and storages are: what they have in common."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from costcalc.advice import advice, listed_by
from costcalc.costs.rules import Rule
from costcalc.errors import CostcalcError, Mark, Problems, did_you_mean, refuse
from costcalc.kinds import TABLE
from costcalc.records import NamedTuple
from costcalc.spec.document import Expression
from costcalc.spec.keys import refuse_others
from costcalc.spec.numbers import ExpressionError, is_number
from costcalc.spec.tree import MapNode, Node, Scalar, given
from costcalc.spec.values import Values, line

KIND_NAMES = frozenset(name for kind in TABLE for name in (kind.name, kind.family))
"""What a rule may be for: layer kinds, and families of them."""

_RULE_KEYS = ("rule", "source", "note")


class Shelf(NamedTuple):
    """A folder of files that ship, each found by its name."""

    noun: str
    """What each of them is: ``storage``."""
    folder: str
    first: str
    """How the names begin that are listed first."""
    error: type[CostcalcError]

    def text(self, name: object) -> str:
        """A name or a path as text.

        Raises:
            CostcalcError: it is neither.
        """
        if not isinstance(name, str | os.PathLike):
            message = f"{name!r} is not a {self.noun}"
            refuse(None, message, expected="its name, or a path", error=self.error)
        return os.fspath(name)

    def names(self) -> list[str]:
        """The names of the files."""
        files = os.listdir(self.folder)
        names = (file.removesuffix(".yaml") for file in files if file.endswith(".yaml"))
        return sorted(names, key=lambda name: (not name.startswith(self.first), name))

    def holds(self, path: str) -> bool:
        """Whether a file is one of those that ship."""
        return os.path.dirname(os.path.abspath(path)) == self.folder

    def path(self, name: str, mark: Mark | None = None) -> str:
        """The path of the file of that name.

        Args:
            name: a name, without the suffix of the file.
            mark: where it is written; None if a user passes it.

        Raises:
            CostcalcError: no file that ships has that name.
        """
        path = os.path.join(self.folder, f"{name}.yaml")
        if os.sep not in name and os.path.isfile(path):
            return path
        names = self.names()
        expected = "one of " + ", ".join(names) + ("" if mark else ", or the path of a file")
        hint = did_you_mean(name, names)
        refuse(mark, f"there is no {self.noun} '{name}'", expected, hint=hint, error=self.error)


def is_path(name: str) -> bool:
    """Whether a file is meant by its path, not one that ships by its name."""
    return os.sep in name or name.endswith((".yaml", ".yml"))


class RuleFile:
    """Reads one file; errors go to ``problems``."""

    def __init__(
        self, path: str, shelf: Shelf, keys: Sequence[str], values: Values, problems: Problems
    ) -> None:
        self.path = path
        self.shelf = shelf
        self.keys = keys
        self.values = values
        self.problems = problems
        self.noun = f"a {shelf.noun}"
        self.lacks_base = False
        """Whether it extends a file that is not there: what is missing may be stated in it."""

    def mapping(self, root: Node) -> MapNode:
        """The file's keys; unknown ones are noted.

        Raises:
            CostcalcError: it is not a mapping.
        """
        if not isinstance(root, MapNode):
            expected = ", ".join(self.keys)
            message = f"{self.noun} is a mapping"
            refuse(root.mark, message, expected, found=str(root), error=self.shelf.error)
        refuse_others(root.keys, self.keys, f"{self.noun} has no", self.problems)
        return root

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

    def check_name(self, root: MapNode, name: str) -> None:
        """Notes the name of another file."""
        node = root.get("name")
        if not self.shelf.holds(self.path) and name in self.shelf.names():
            self.problems.add(
                node.mark if node else root.mark,
                f"'{name}' is the name of {self.noun} that ships",
                expected="a name of its own, so that one is not mistaken for the other",
            )

    def text(self, root: MapNode, name: str, is_required: bool, extended: Any = None) -> str:
        """A line of text, by default that of the file that this one extends."""
        node = root.get(name)
        if isinstance(node, Scalar) and node.text:
            return node.text
        if node is None and name not in ("name", "title"):
            if self.lacks_base:
                return ""
            if extended is not None:
                return str(getattr(extended, name))
        if node is not None or is_required:
            self.problems.add(
                node.mark if node else root.mark,
                f"{self.noun} must state its {name}",
                expected="a line of text",
                found=str(node) if node else "",
            )
        return ""

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
            refuse_others(node.keys, _RULE_KEYS, "a rule has no", self.problems)
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
