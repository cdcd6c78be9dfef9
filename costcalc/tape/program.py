"""A program: what a function computes at all settings, as branches over one tape.

The function is run once at one choice of settings, over numbers that write themselves
down; each comparison that decides what it does next is a branch, of which one side is
known.  Settings that take another side are recorded when somebody comes to them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Generic, TypeAlias, TypeVar

from costcalc.tape.number import TapeNumber
from costcalc.tape.player import Player
from costcalc.tape.tape import Parameter, Rational, Tape

T = TypeVar("T")

STRUCTURES = 64
"""The most ways in which a network is put together that one program holds."""

TRIED = 20_000
"""The most settings that are tried for another one."""


class Branch:
    """A comparison, and what follows from it on either side; None where nobody has been."""

    __slots__ = ("node", "sides")

    def __init__(self, node: int) -> None:
        self.node = node
        self.sides: list[Branch | Leaf[Any] | None] = [None, None]
        """What follows if it does not hold, and if it does."""


class Leaf(Generic[T]):
    """What the function returns where all comparisons go one way."""

    __slots__ = ("at", "index", "result")

    def __init__(self, index: int, result: T, at: Mapping[str, Any]) -> None:
        self.index = index
        self.result = result
        self.at = at
        """The settings at which it was recorded."""


Tree: TypeAlias = Branch | Leaf[Any] | None


class _Recording:
    """One run of the function: the numbers that it was given, and what it decided."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.decisions: dict[int, bool] = {}

    def decide(self, node: int, value: Rational) -> bool:
        """Whether a comparison holds; it is written down the first time."""
        return self.decisions.setdefault(node, bool(value))


class Program(Generic[T]):
    """What a function of settings returns, at every setting whose branches were recorded.

    Attributes:
        tape: the operations.
        trees: the branches, for each combination of the choices.
        leaves: what was returned, each result once for its path.
    """

    def __init__(
        self,
        function: Callable[[Mapping[str, Any]], T],
        parameters: Sequence[Parameter],
        choices: Sequence[str] = (),
    ) -> None:
        """Records nothing yet.

        Args:
            function: computes with ``+ - * //`` and the helpers of ``formulas/algebra.py``.
            parameters: what it takes that stays open.
            choices: the names of what it takes besides: words, and whatever is no number.
        """
        self.function = function
        self.tape = Tape(parameters)
        self.choices = tuple(choices)
        self.trees: dict[tuple[Hashable, ...], Tree] = {}
        self.leaves: list[Leaf[T]] = []
        self.player = Player(self.tape)

    def at(self, settings: Mapping[str, Any]) -> Leaf[T] | None:
        """What it returns at some settings; None where nothing was recorded."""
        tree = self.trees.get(self._chosen(settings))
        numbers = tuple(settings[parameter.name] for parameter in self.tape.parameters)
        while isinstance(tree, Branch):
            tree = tree.sides[bool(self.player.value(tree.node, numbers))]
        return tree

    def record(self, settings: Mapping[str, Any]) -> Leaf[T]:
        """What it returns at some settings, recorded if it was not.

        Args:
            settings: a value of every parameter and every choice.
        """
        known = self.at(settings)
        if known is not None:
            return known
        recording = _Recording(self.tape)
        numbers = {
            parameter.name: TapeNumber(recording, node, settings[parameter.name])
            for node, parameter in enumerate(self.tape.parameters)
        }
        result = self.function({**settings, **numbers})
        leaf = Leaf(len(self.leaves), result, dict(settings))
        self.leaves.append(leaf)
        self._add(self._chosen(settings), list(recording.decisions.items()), leaf)
        return leaf

    def explore(self, settings: Iterable[Mapping[str, Any]]) -> bool:
        """Records what is not recorded at some settings.

        Returns:
            whether all of them are recorded: not if they are more than :data:`TRIED`, or more
            structures than :data:`STRUCTURES`.
        """
        waiting = iter(settings)
        for each in islice(waiting, TRIED):
            if self.at(each) is None:
                if len(self.leaves) == STRUCTURES:
                    return False
                self.record(each)
        return next(waiting, None) is None

    def _chosen(self, settings: Mapping[str, Any]) -> tuple[Hashable, ...]:
        return tuple(settings[name] for name in self.choices)

    def _add(
        self, chosen: tuple[Hashable, ...], decisions: list[tuple[int, bool]], leaf: Leaf[T]
    ) -> None:
        """Adds the path of a recording to its tree, with which it agrees until it leaves it."""
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
            (outcome,) = (side for side in (0, 1) if tree.sides[side] is not None)
            if before.sides[outcome] is None:
                before.sides[outcome] = tree.sides[outcome]
                return
            before, tree = before.sides[outcome], tree.sides[outcome]
        raise AssertionError("a function took another way at settings that are recorded")
