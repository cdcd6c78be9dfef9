"""Data files that ship with costcalc or are a user's own: conventions, storages, devices."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Any

from costcalc.errors import CostcalcError, Mark, Problems, did_you_mean, refuse
from costcalc.records import NamedTuple
from costcalc.spec.tree import MapNode, Node, Scalar


class Shipped(NamedTuple):
    """The folder of the files of one kind that ship."""

    folder: str
    """Its name in the package."""
    noun: str
    error: type[CostcalcError]
    first: tuple[str, ...] = ()
    """What the names that are listed first begin with."""

    @property
    def directory(self) -> str:
        """Its path."""
        package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        return os.path.join(package, self.folder)

    def available(self) -> list[str]:
        """The names of the files, without suffixes."""
        files = os.listdir(self.directory)
        names = (file.removesuffix(".yaml") for file in files if file.endswith(".yaml"))
        return sorted(
            names, key=lambda name: (not (self.first and name.startswith(self.first)), name)
        )

    def path(self, name: str, mark: Mark | None = None) -> str:
        """The path of the file of that name.

        Raises:
            CostcalcError: there is none, of type ``error``.
        """
        names = self.available()
        if name in names:
            return os.path.join(self.directory, f"{name}.yaml")
        expected = "one of " + ", ".join(names) + ("" if mark else ", or the path of a file")
        hint = did_you_mean(name, names)
        refuse(mark, f"there is no {self.noun} '{name}'", expected, hint=hint, error=self.error)

    def has(self, path: str) -> bool:
        """Whether the file of that path is one of them."""
        return os.path.dirname(os.path.abspath(path)) == self.directory


def is_path(name: str) -> bool:
    """Whether it is the path of a user's own file, rather than a name."""
    return os.sep in name or name.endswith((".yaml", ".yml"))


class DataFile:
    """Reads one file; errors go to ``problems``."""

    noun = "a file"

    def __init__(self, path: str, problems: Problems) -> None:
        self.path = path
        self.problems = problems

    def text(self, root: MapNode, name: str, is_required: bool, extended: Any = None) -> str:
        """A line of text, by default that of the file that this one extends."""
        node = root.get(name)
        if isinstance(node, Scalar) and node.text:
            return node.text
        if node is None and extended is not None and name not in ("name", "title"):
            return str(getattr(extended, name))
        if node is not None or is_required:
            self.problems.add(
                node.mark if node else root.mark,
                f"{self.noun} must state its {name}",
                expected="a line of text",
                found=str(node) if node else "",
            )
        return ""

    def own_name(self, root: MapNode, name: str, shipped: Shipped, numbers: str) -> None:
        """Notes a user's file with the name of one that ships; ``numbers`` are what it has."""
        if shipped.has(self.path) or name not in shipped.available():
            return
        node = root.get("name")
        self.problems.add(
            node.mark if node else root.mark,
            f"'{name}' is the name of a {shipped.noun} that ships",
            expected=f"a name of its own, so that its {numbers} are not mistaken for the other's",
        )

    def whole(self, node: Node, most: int, what: str) -> int | None:
        """A whole number from 1 to ``most``; None after a problem."""
        text = node.text if isinstance(node, Scalar) else ""
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
        if 1 <= number <= most:
            return number
        self.problems.add(
            node.mark, f"not a number of {what}", f"1 to {most:,}, whole", found=str(node)
        )
        return None

    def word(self, node: Node, choices: Collection[str]) -> str | None:
        """One of some words; None after a problem."""
        text = node.text if isinstance(node, Scalar) else ""
        if text in choices:
            return text
        self.problems.add(
            node.mark,
            f"{node} has no meaning here",
            expected="one of " + ", ".join(choices),
            hint=did_you_mean(text, choices),
        )
        return None
