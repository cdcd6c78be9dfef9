"""What random networks are drawn from: whole numbers, and the arguments made of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from costcalc.kinds import TABLE
from tests.exporters.every_kind import words

Shape = tuple[int, ...]
T = TypeVar("T")

ACTIVATIONS = (*words("activation"), "softmax")
UNARY = words("elementwise")
REDUCTIONS = tuple(kind.name for kind in TABLE if kind.family == "reduction")
Whole = Callable[[int, int], int]
"""A whole number from one to another, both included, however it is chosen."""


class Draws:
    """Draws arguments that fit a shape, or that need not where it is not careful."""

    def __init__(self, whole: Whole, is_careful: bool) -> None:
        self.whole = whole
        self.is_careful = is_careful
        self.is_over = False
        """Whether the last step is one that the judge refuses."""
        self.words = 0

    def word(self) -> str:
        """A word that nothing else has."""
        self.words += 1
        return f"word-{self.words}"

    def chance(self, one_in: int) -> bool:
        return self.whole(1, one_in) == one_in

    def of(self, *choices: T) -> T:
        return choices[self.whole(0, len(choices) - 1)]

    def upto(self, most: int, least: int = 1) -> int:
        return self.whole(least, max(most, least))

    def window(self, shape: Shape) -> dict[str, Any]:
        step: dict[str, Any] = {"kernel": self.sizes(shape, 5)}
        if self.chance(2):
            step["stride"] = self.sizes(shape, 3)
        if self.chance(4):
            step["dilation"] = self.sizes(shape, 3)
        if self.chance(2):
            step["padding"] = self.padding(shape, 3)
        return step

    def padding(self, shape: Shape, most: int) -> Any:
        rank = len(shape) - 1
        words = self.of("same", "valid")
        return self.of(
            words, self.sizes(shape, most, 0), self.upto(most, 0), self.pairs(rank, most)
        )

    def pairs(self, rank: int, most: int) -> list[list[int]]:
        return [[self.upto(most, 0), self.upto(most, 0)] for _ in range(rank)]

    def sizes(self, shape: Shape, most: int, least: int = 1) -> Any:
        """One size for all axes, or one each; sides of ``3x5`` as text too."""
        if self.chance(2):
            return self.upto(most, least)
        each = [self.upto(most, least) for _ in shape[1:]]
        if len(each) > 1 and least and self.chance(4):
            return "x".join(str(side) for side in each)
        if not self.is_careful and self.chance(12):
            return [*each, 1]
        return each

    def groups(self, shape: Shape) -> int:
        if not self.is_careful:
            return self.upto(6)
        return self.of(*(g for g in range(1, shape[0] + 1) if shape[0] % g == 0))

    def axis(self, shape: Shape) -> int:
        """From either end; a careless one may be beyond."""
        beyond = 0 if self.is_careful else 1
        return self.whole(-len(shape) - beyond, len(shape) - 1 + beyond)

    def axes(self, shape: Shape) -> list[int]:
        """Some of the axes, in any order."""
        order = self.order(shape)
        return order[: self.upto(len(order))]

    def order(self, shape: Shape) -> list[int]:
        """All axes in some order, from either end."""
        left, order = list(range(len(shape))), []
        while left:
            axis = left.pop(self.whole(0, len(left) - 1))
            order.append(axis - len(shape) if self.chance(3) else axis)
        return order

    def finish(self) -> dict[str, Any]:
        """Bias, norm and activation on the line of a convolution."""
        step: dict[str, Any] = {}
        if self.chance(3):
            step["bias"] = self.of(True, False)
        if self.chance(3):
            step["norm"] = self.of("batch", "layer", "batch", "instance")
        if self.chance(3):
            step["act"] = self.of(*ACTIVATIONS)
        return step

    @staticmethod
    def paired(padding: Any) -> bool:
        return isinstance(padding, list) and any(isinstance(side, list) for side in padding)

    @staticmethod
    def listed(sizes: Any, rank: int) -> list[int]:
        if isinstance(sizes, str):
            return [int(side) for side in sizes.split("x")]
        return [sizes] * rank if isinstance(sizes, int) else sizes
