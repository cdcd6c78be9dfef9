"""Fully connected layers, and the tables of embeddings."""

from costcalc.formulas.dense import embedding_weights, fc_mult_adds, fc_weights
from costcalc.kinds.base import (
    Axis,
    Count,
    Events,
    Flag,
    Shape,
    ShapeError,
    Width,
    axis_of,
    elements,
)
from costcalc.records import NamedTuple


class FullyConnected(NamedTuple):
    """A matrix applied to the whole flattened input, as in papers, or at every position."""

    out: Width
    bias: Flag = True
    per_position: Flag = False
    """Whether one matrix is applied to the channels of every position, as frameworks do."""
    axis: Axis = 0
    """The axis of the channels, if it is applied per position."""

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """``(out,)``, or ``(out, H, W)`` per position.

        Raises:
            ShapeError: there is no such axis, or one is given although the input is flattened.
        """
        if self.per_position:
            axis = axis_of(self.axis, inputs[0])
            return (*inputs[0][:axis], self.out, *inputs[0][axis + 1 :])
        if self.axis != 0:
            raise ShapeError(
                "a matrix over the whole input has no axis",
                expected="per_position: true, for one matrix at every position",
                found=f"axis: {self.axis}",
            )
        return (self.out,)

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Every weight once per position; with a bias, an addition per output element."""
        axis = axis_of(self.axis, output)
        M = inputs[0][axis] if self.per_position else elements(inputs[0])
        N = output[axis]
        return Events(
            macs=fc_mult_adds(M, N, elements(output[:axis]) * elements(output[axis + 1 :])),
            additions=elements(output) if self.bias else 0,
            reads=elements(inputs[0]),
            writes=elements(output),
            weights=fc_weights(M, N),
            biases=N if self.bias else 0,
        )


class Embedding(NamedTuple):
    """A row of a table for every number of the input."""

    rows: Count
    out: Width

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The input's shape, followed by ``out``."""
        return (*inputs[0], self.out)

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Rows are looked up: nothing is computed."""
        return Events(
            reads=elements(inputs[0]),
            writes=elements(output),
            weights=embedding_weights(self.rows, output[-1]),
        )
