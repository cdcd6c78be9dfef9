"""What reads nothing: tensors that a network holds; and what costcalc does not know."""

from typing import Annotated

from costcalc.kinds.base import Events, Shape, Sides, Word, elements
from costcalc.records import NamedTuple

Role = Annotated[str, ("other", "weight", "bias", "norm")]


class Learned(NamedTuple):
    """A learned tensor that is no layer's own, such as a position embedding."""

    shape: Sides
    of: Role = "other"
    """Which params it counts as."""

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The shape."""
        shape: Shape = self.shape
        return shape

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """It is stored: nothing is computed."""
        return Events(**{_PARAMS[self.of]: elements(output)})


_PARAMS = {
    "other": "other_params",
    "weight": "weights",
    "bias": "biases",
    "norm": "norm_params",
}


class Constant(NamedTuple):
    """A tensor that is not learned, such as a mask."""

    shape: Sides

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The shape."""
        shape: Shape = self.shape
        return shape

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Nothing is computed."""
        return Events()


class Uncounted(NamedTuple):
    """An operation that costcalc does not know, and no convention counts."""

    op: Word
    """What the model calls it."""
    shape: Sides

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The shape."""
        shape: Shape = self.shape
        return shape

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Nothing is known of it."""
        return Events()
