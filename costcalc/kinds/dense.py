"""Fully connected layers."""

from typing import NamedTuple

from costcalc.formulas.algebra import product
from costcalc.formulas.dense import fc_mult_adds, fc_weights
from costcalc.kinds.base import Events, Flag, Shape, Width, elements


class FullyConnected(NamedTuple):
    """A matrix over the whole input, flattened, as papers draw it.

    ``per_position`` applies one matrix to the channels of every position, as
    the linear layers of frameworks do with an input of several axes.
    """

    out: Width
    bias: Flag = True
    per_position: Flag = False

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """``(out,)``, or ``(out, H, W)`` per position."""
        return (self.out, *inputs[0][1:]) if self.per_position else (self.out,)

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Every weight once per position; one addition each for a bias."""
        N, *positions = output
        M = inputs[0][0] if self.per_position else elements(inputs[0])
        return Events(
            macs=fc_mult_adds(M, N, product(positions)),
            additions=elements(output) if self.bias else 0,
            reads=elements(inputs[0]),
            writes=elements(output),
            weights=fc_weights(M, N),
            biases=N if self.bias else 0,
        )
