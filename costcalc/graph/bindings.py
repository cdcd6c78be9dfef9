"""The values of names at one step: parameters, and the shape that it reads."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any, Generic, TypeVar

from costcalc.kinds.base import Shape
from costcalc.records import NamedTuple

CHANNEL_NAMES = frozenset({"alpha", "classes", "in"})
"""Names of channels as they are, or that place the multiplier themselves."""


class UnknownShape(Exception):
    """A shape is needed that is unknown because of an earlier problem."""


class Tensor(NamedTuple):
    """The output of a layer."""

    layer: int
    """The layer's index, or :data:`.layer.NETWORK_INPUT`."""
    shape: Shape | None
    """None after a problem."""

    @property
    def unknown(self) -> Tensor:
        """The same tensor with an unknown shape."""
        return Tensor(self.layer, None)


class Bindings(NamedTuple):
    """The values of a network's parameters, or of a block's in one call."""

    values: Mapping[str, Any]
    channel_names: Set[str] = CHANNEL_NAMES
    """Names whose values are channels already: a width computed from one is not scaled."""


class StepScope:
    """The values of names at one step: its bindings, and the shape that it reads."""

    __slots__ = ("bindings", "tensor")

    def __init__(self, bindings: Bindings, tensor: Tensor) -> None:
        self.bindings = bindings
        self.tensor = tensor

    def __getitem__(self, name: str) -> Any:
        if name in self.bindings.values:
            return self.bindings.values[name]
        axis = _AXES[name]
        if self.tensor.shape is None:
            raise UnknownShape
        return self.tensor.shape[axis] if axis < len(self.tensor.shape) else 1


T = TypeVar("T")


class LastAnswers(Generic[T]):
    """The last result of each step, which holds while the step is in the same scope.

    Repeats of a step read the same names and, after the first, the same shape:
    the very same objects, which asks nothing of the numbers in them.
    """

    def __init__(self) -> None:
        self._last: dict[int, tuple[object, Bindings, Shape | None, T]] = {}

    def at(self, step: object, scope: StepScope) -> T | None:
        """The last result; None where there is none, or it does not hold here."""
        last = self._last.get(id(step))
        if last is None:
            return None
        known, bindings, shape, answer = last
        holds = known is step and bindings is scope.bindings and shape is scope.tensor.shape
        return answer if holds else None

    def keep(self, step: object, scope: StepScope, answer: T) -> None:
        """Keeps a result instead of the one before it."""
        self._last[id(step)] = (step, scope.bindings, scope.tensor.shape, answer)


_AXES = {"in": 0, "in_height": 1, "in_width": 2}
