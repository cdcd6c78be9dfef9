"""Layers that read nothing: stored tensors and further inputs; and unknown operations."""

from typing import Annotated

from costcalc.kinds.base import Events, Flag, Shape, Sides, Word, elements
from costcalc.records import NamedTuple

Role = Annotated[str, ("other", "weight", "bias", "norm")]


class Learned(NamedTuple):
    """A learned tensor that belongs to no other layer, such as a position embedding."""

    shape: Sides
    of: Role = "other"
    """Which params it counts as."""

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The shape."""
        shape: Shape = self.shape
        return shape

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Its params; nothing is computed."""
        return Events(**{LEARNED_AS[self.of]: elements(output)})


LEARNED_AS = {
    "other": "other_params",
    "weight": "weights",
    "bias": "biases",
    "norm": "norm_params",
}
"""The event that a learned tensor counts in, by its role."""


class Constant(NamedTuple):
    """A tensor that is not learned, such as a mask."""

    shape: Sides
    fresh: Flag = False
    """Whether it is data of each pass, as random numbers and the zeros that a recurrence begins
    with are: what reads it is work of an image."""

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The shape."""
        shape: Shape = self.shape
        return shape

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Nothing is computed."""
        return Events()


class Input(NamedTuple):
    """Another input of the network, beside its first one: a second image, a time step."""

    shape: Sides
    """Without the batch, channels first."""

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The shape."""
        shape: Shape = self.shape
        return shape

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Nothing is computed."""
        return Events()


class Uncounted(NamedTuple):
    """An operation unknown to costcalc, which no convention counts."""

    op: Word
    """The model's name for it."""
    shape: Sides
    guessed: Flag = False
    """Whether the shape is a guess, and so are the counts of what reads it."""

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The shape."""
        shape: Shape = self.shape
        return shape

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """None, since it is unknown."""
        return Events()
