"""What names mean at one step: parameters, and the channels that arrive there."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any, NamedTuple

from costcalc.kinds.base import Shape

CHANNEL_NAMES = frozenset({"alpha", "classes", "in"})
"""Names of channels as they are, or that place the multiplier themselves."""


class UnknownShape(Exception):
    """A shape that an earlier problem left open; nothing more can be said here."""


class Tensor(NamedTuple):
    """What a layer gives."""

    layer: int
    """The layer's index, or :data:`.layer.NETWORK_INPUT`."""
    shape: Shape | None
    """None after a problem."""

    @property
    def unknown(self) -> Tensor:
        """A tensor in this one's place, of a shape that a problem left open."""
        return Tensor(self.layer, None)


class Bindings(NamedTuple):
    """The names of a network or of one call of a block."""

    values: Mapping[str, Any]
    channel_names: Set[str] = CHANNEL_NAMES
    """Names whose values are channels already: a width computed from one is not scaled."""


class StepScope:
    """A frame at one step: adds the shape that arrives there."""

    __slots__ = ("frame", "tensor")

    def __init__(self, frame: Bindings, tensor: Tensor) -> None:
        self.frame = frame
        self.tensor = tensor

    def __getitem__(self, name: str) -> Any:
        if name in self.frame.values:
            return self.frame.values[name]
        axis = _AXES[name]
        if self.tensor.shape is None:
            raise UnknownShape
        return self.tensor.shape[axis] if axis < len(self.tensor.shape) else 1


_AXES = {"in": 0, "in_height": 1, "in_width": 2}
