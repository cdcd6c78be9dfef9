"""Data files that ship with costcalc or are a user's own: conventions, storages, devices."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from functools import cache
from typing import Any, TypeVar

from costcalc.errors import CostcalcError, Mark, Problems, did_you_mean, refuse
from costcalc.records import NamedTuple
from costcalc.spec.keys import refuse_others
from costcalc.spec.tree import MapNode, Node, Scalar, given

T = TypeVar("T")


class Shelf(NamedTuple):
    """A folder of files that ship, each found by its name."""

    noun: str
    """What each of them is: ``storage``."""
    folder: str
    """The folder's name in the package."""
    error: type[CostcalcError]
    first: str = ""
    """How the names begin that are listed first."""

    @property
    def directory(self) -> str:
        """The folder's path."""
        package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        return os.path.join(package, self.folder)

    def text(self, name: object) -> str:
        """A name or a path as text.

        Raises:
            CostcalcError: it is neither.
        """
        if not isinstance(name, str | os.PathLike):
            message = f"{name!r} is not a {self.noun}"
            refuse(None, message, expected="its name, or a path", error=self.error)
        return os.fspath(name)

    def load(self, name: object, read: Callable[[str], T]) -> T:
        """What the file of a name or a path holds; one that ships is read once.

        Args:
            name: a name, without the suffix of the file, or a path.
            read: reads the file of a path.

        Raises:
            CostcalcError: there is no such file, or ``read`` raises it.
        """
        text = self.text(name)
        loaded: T = read(text) if is_path(text) else _read_once(self, text, read)
        return loaded

    def names(self) -> list[str]:
        """The names of the files."""
        files = os.listdir(self.directory)
        names = (file.removesuffix(".yaml") for file in files if file.endswith(".yaml"))
        return sorted(names, key=lambda name: (not name.startswith(self.first), name))

    def holds(self, path: str) -> bool:
        """Whether a file is one of those that ship."""
        return os.path.dirname(os.path.abspath(path)) == self.directory

    def path(self, name: str, mark: Mark | None = None) -> str:
        """The path of the file of that name.

        Args:
            name: a name, without the suffix of the file.
            mark: where it is written; None if a user passes it.

        Raises:
            CostcalcError: no file that ships has that name.
        """
        path = os.path.join(self.directory, f"{name}.yaml")
        if os.sep not in name and os.path.isfile(path):
            return path
        names = self.names()
        expected = "one of " + ", ".join(names) + ("" if mark else ", or the path of a file")
        hint = did_you_mean(name, names)
        refuse(mark, f"there is no {self.noun} '{name}'", expected, hint=hint, error=self.error)


def is_path(name: str) -> bool:
    """Whether a file is meant by its path, not one that ships by its name."""
    return os.sep in name or name.endswith((".yaml", ".yml"))


@cache
def _read_once(shelf: Shelf, name: str, read: Callable[[str], Any]) -> Any:
    """What a file that ships holds; it does not change while the process runs."""
    return read(shelf.path(name))


class DataFile:
    """Reads one file; errors go to ``problems``."""

    def __init__(self, path: str, shelf: Shelf, keys: Collection[str], problems: Problems) -> None:
        self.path = path
        self.shelf = shelf
        self.keys = keys
        self.problems = problems
        self.noun = f"a {shelf.noun}"

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

    def check_name(self, root: MapNode, name: str) -> None:
        """Notes the name of another file."""
        node = root.get("name")
        if not self.shelf.holds(self.path) and name in self.shelf.names():
            self.problems.add(
                node.mark if node else root.mark,
                f"'{name}' is the name of {self.noun} that ships",
                expected="a name of its own, so that one is not mistaken for the other",
            )

    def text(self, root: MapNode, name: str, is_required: bool) -> str:
        """A line of text."""
        node = root.get(name)
        value = given(node)
        if isinstance(value, Scalar) and value.text:
            return value.text
        if value is not None or is_required:
            self.problems.add(
                node.mark if node else root.mark,
                f"{self.noun} must state its {name}",
                expected="a line of text",
                found=str(node) if node else "",
            )
        return ""

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
            f"{node} has no meaning here" if text else "a word is expected here",
            expected="one of " + ", ".join(choices),
            found="" if text else str(node),
            hint=did_you_mean(text, choices),
        )
        return None
