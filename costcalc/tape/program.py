"""A program: what a function computes at all settings, as branches over one tape.

Each run of the function, over numbers that write themselves down, is one path: a comparison
that decides how the run goes on is a branch, of which the run takes one side.  Settings that
take the other side need a run of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Iterator, Mapping, Sequence
from itertools import product
from types import MappingProxyType
from typing import Any, Generic, TypeAlias, TypeVar

from costcalc.errors import SpecError
from costcalc.records import NamedTuple
from costcalc.tape.number import MARK, Branch, Recording, formatted
from costcalc.tape.player import Player
from costcalc.tape.tables import Tables
from costcalc.tape.tape import Parameter, Rational, Tape, TooLarge

T = TypeVar("T")

STRUCTURES = 64
"""The most results that a program holds: the ways in which a network is put together."""


class Leaf(Generic[T]):
    """What the function returns at the end of one path."""

    __slots__ = ("index", "result")

    def __init__(self, index: int, result: T | Refused) -> None:
        self.index = index
        self.result = result


Tree: TypeAlias = Branch | Leaf[Any] | None


class PrintedNumber(NamedTuple):
    """A number in a text that is the same at all settings but for its numbers."""

    node: int
    form: str
    """``","`` for groups of digits, or ``""``."""


class Refused(NamedTuple):
    """The function's refusal of some settings."""

    message: tuple[str | PrintedNumber, ...]


UNSAID = Refused(("the network does not exist at these settings",))
"""In the place of a refusal whose numbers cannot be told, as when its text is cut short."""


class Program(Generic[T]):
    """What a function of settings returns, wherever its branches are recorded.

    Attributes:
        tape: the operations.
        trees: the branches, for each combination of the choices.
        leaves: the results, one for each path.
        most: the number of leaves at which exploring ends.
        settled: the parameters of numbers whose values were decided, as counts of repeats
            are: each value has results of its own.
    """

    def __init__(
        self,
        function: Callable[[Mapping[str, Any]], T],
        parameters: Sequence[Parameter],
        choices: Sequence[str] = (),
        said: Callable[[SpecError], str] = str,
    ) -> None:
        """Records nothing yet.

        Args:
            function: computes with ``+ - * //`` and the helpers of ``formulas/algebra.py``;
                raises :class:`.SpecError` at settings that it refuses.
            parameters: its parameters that are numbers on the tape.
            choices: the names of its other parameters, each value of which is recorded apart.
            said: how a refusal reads.
        """
        self.function = function
        self.said = said
        self.tape = Tape(parameters)
        self.choices = tuple(choices)
        self.trees: dict[tuple[Hashable, ...], Tree] = {}
        self.leaves: list[Leaf[T]] = []
        self.most = STRUCTURES
        self.settled = set[str]()
        self.player = Player(self.tape)

    def fix(self, chosen: Mapping[str, Any]) -> None:
        """Fixes some choices, at whose values everything so far was recorded.

        Args:
            chosen: their values.
        """
        function = self.function
        self.function = lambda settings: function({**chosen, **settings})
        kept = [place for place, name in enumerate(self.choices) if name not in chosen]
        self.choices = tuple(self.choices[place] for place in kept)
        self.trees = {
            tuple(values[place] for place in kept): tree for values, tree in self.trees.items()
        }

    def at(self, settings: Mapping[str, Any]) -> Leaf[T] | None:
        """The leaf at some settings; None if it is not recorded, or they are out of bounds."""
        if not self.admits(settings):
            return None
        numbers = self._numbers(settings)
        tree = self.trees.get(self._chosen(settings))
        try:
            while isinstance(tree, Branch):
                tree = tree.sides[bool(self.player.value(tree.node, numbers))]
        except TooLarge:
            return None
        return tree

    def admits(self, settings: Mapping[str, Any]) -> bool:
        """Whether all parameters are within their bounds."""
        return all(each.admits(settings[each.name]) for each in self.tape.parameters)

    def record(self, settings: Mapping[str, Any]) -> Leaf[T]:
        """The leaf at some settings, recorded if it was not.

        Args:
            settings: a value of every parameter, within its bounds, and of every choice.

        Raises:
            ValueError: a parameter is out of its bounds.
            TooLarge: a number has too many bits.
        """
        if not self.admits(settings):
            raise ValueError("a parameter is out of its bounds")
        known = self.at(settings)
        if known is not None:
            return known
        recording = Recording(self.tape, self.trees.get(self._chosen(settings)))
        result = self._run(settings, recording)
        marked = recording.marked
        if isinstance(result, Refused):
            if marked and not self._holds(result, settings):
                result = UNSAID
        else:
            while marked and (spelled := (marked & _marks(result)) - recording.spelled):
                recording.spelled |= spelled
                result = self._run(settings, recording)
        for node in recording.settled:
            support = self.player.support(node)
            self.settled.update(self.tape.parameters[index].name for index in support)
        leaf = Leaf(len(self.leaves), result)
        self._add(self._chosen(settings), list(recording.decisions.items()), leaf)
        self.leaves.append(leaf)
        return leaf

    def message(self, refused: Refused, settings: Mapping[str, Any]) -> str:
        """The text of a refusal, with the numbers at some settings."""
        numbers = self._numbers(settings)
        parts = [
            part
            if isinstance(part, str)
            else formatted(self.player.value(part.node, numbers), part.form)
            for part in refused.message
        ]
        return "".join(parts)

    def explore(self, axes: Mapping[str, Sequence[Any]]) -> bool:
        """Records all combinations of some values of each parameter and each choice.

        Settings that take the same side of a branch are followed together.

        Returns:
            Whether all are recorded; not if that takes more than ``most`` leaves, or a
            comparison has too many values to compute.
        """
        parameters = [parameter.name for parameter in self.tape.parameters]
        tables = Tables(self.player, [axes[name] for name in parameters])
        for chosen in product(*(axes[name] for name in self.choices)):
            choices = dict(zip(self.choices, chosen, strict=True))
            try:
                first = {name: axes[name][0] for name in parameters}
                self.record({**choices, **first})
                waiting = [(self.trees[chosen], tables.whole)]
                while waiting:
                    tree, box = waiting.pop()
                    if not isinstance(tree, Branch):
                        continue
                    for side, part in tables.divided(tree.node, box):
                        if tree.sides[side] is None:
                            if len(self.leaves) >= self.most:
                                return False
                            at = zip(parameters, part, strict=True)
                            first = {name: axes[name][places[0]] for name, places in at}
                            self.record({**choices, **first})
                        waiting.append((tree.sides[side], part))
            except TooLarge:
                return False
        return True

    def _run(self, settings: Mapping[str, Any], recording: Recording) -> T | Refused:
        numbers = {
            parameter.name: recording.number(node, settings[parameter.name])
            for node, parameter in enumerate(self.tape.parameters)
        }
        try:
            return self.function({**settings, **numbers})
        except SpecError as error:
            return Refused(tuple(_parts(self.said(error), recording.marked)))

    def _holds(self, refused: Refused, settings: Mapping[str, Any]) -> bool:
        """Whether the function says the same at plain settings; it may add a hint."""
        try:
            self.function(settings)
        except SpecError as error:
            said = self.said(error).splitlines()
            return {*self.message(refused, settings).splitlines()} <= {*said}
        return False

    def _numbers(self, settings: Mapping[str, Any]) -> tuple[Rational, ...]:
        return tuple([settings[parameter.name] for parameter in self.tape.parameters])

    def _chosen(self, settings: Mapping[str, Any]) -> tuple[Hashable, ...]:
        return tuple([settings[name] for name in self.choices])

    def _add(
        self, chosen: tuple[Hashable, ...], decisions: list[tuple[int, bool]], leaf: Leaf[T]
    ) -> None:
        """Adds a path to the tree of its choices."""
        tree: Tree = leaf
        for node, outcome in reversed(decisions):
            branch = Branch(node)
            branch.sides[outcome] = tree
            tree = branch
        before = self.trees.get(chosen)
        if before is None:
            self.trees[chosen] = tree
            return
        while isinstance(before, Branch) and isinstance(tree, Branch):
            if before.node != tree.node:
                break
            side = tree.sides[0] is None
            if before.sides[side] is None:
                before.sides[side] = tree.sides[side]
                return
            before, tree = before.sides[side], tree.sides[side]
        raise AssertionError("a function took another way at settings that are recorded")


def _parts(text: str, marked: Container[int]) -> Iterator[str | PrintedNumber]:
    """The parts of a text with marks of some nodes."""
    start = 0
    for mark in MARK.finditer(text):
        if int(mark[1]) not in marked:
            continue
        yield text[start : mark.start()]
        yield PrintedNumber(int(mark[1]), mark[2])
        start = mark.end()
    yield text[start:]


def _marks(value: Any) -> set[int]:
    """The nodes of the marks in a text, or in the texts of a collection at any depth."""
    marks, seen = set[int](), set[int]()
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            marks.update(int(mark[1]) for mark in MARK.finditer(part))
        elif isinstance(part, _HOLDERS) and id(part) not in seen:
            seen.add(id(part))
            waiting += part
            if isinstance(part, dict | MappingProxyType):
                waiting += part.values()
    return marks


_HOLDERS = (tuple, list, set, frozenset, dict, MappingProxyType)
