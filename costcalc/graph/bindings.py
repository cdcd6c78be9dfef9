"""The values of names at one step: parameters, and the shape of its input."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any, Generic, TypeVar

from costcalc.kinds.base import Shape
from costcalc.records import NamedTuple

AXES = {"in": 0, "in_height": 1, "in_width": 2}
"""The sides of what a step reads, by their names; any may be channels: tokens are rows."""

CHANNEL_NAMES = frozenset({"alpha", "classes", *AXES})
"""Names whose values are channels already, or that apply the multiplier themselves."""


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
    as_written: Bindings | None = None
    """The same names with widths before they are scaled; None where no width is among them."""


class StepScope:
    """The values of names at one step: its bindings, and the shape of its input."""

    __slots__ = ("bindings", "tensor")

    def __init__(self, bindings: Bindings, tensor: Tensor) -> None:
        self.bindings = bindings
        self.tensor = tensor

    @property
    def as_written(self) -> StepScope:
        """The same scope with widths before they are scaled."""
        written = self.bindings.as_written
        return self if written is None else StepScope(written, self.tensor)

    def __getitem__(self, name: str) -> Any:
        if name in self.bindings.values:
            return self.bindings.values[name]
        axis = AXES[name]
        if self.tensor.shape is None:
            raise UnknownShape
        return self.tensor.shape[axis] if axis < len(self.tensor.shape) else 1


T = TypeVar("T")


class LastResults(Generic[T]):
    """The last result of every step, valid while the step's scope stays the same.

    Repeats of a step have the same bindings and, after the first, the same input
    shape.  Both are compared by identity, so that no numbers are compared.
    """

    def __init__(self) -> None:
        self._last: dict[int, tuple[object, Bindings, Shape | None, T]] = {}

    def at(self, step: object, scope: StepScope) -> T | None:
        """The last result; None if there is none, or if it is not valid in this scope."""
        last = self._last.get(id(step))
        if last is None:
            return None
        last_step, bindings, shape, result = last
        is_valid = last_step is step and bindings is scope.bindings and shape is scope.tensor.shape
        return result if is_valid else None

    def keep(self, step: object, scope: StepScope, result: T) -> None:
        """Keeps a result instead of the last one."""
        self._last[id(step)] = (step, scope.bindings, scope.tensor.shape, result)
