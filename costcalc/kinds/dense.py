"""Fully connected layers."""

from typing import NamedTuple

from costcalc.formulas.dense import fc_mult_adds, fc_weights
from costcalc.kinds.base import Events, Flag, Shape, Width, elements


class FullyConnected(NamedTuple):
    """A matrix over the whole input, flattened, as papers draw it."""

    out: Width
    bias: Flag = True

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """``(out,)``."""
        return (self.out,)

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Every weight once; one addition each for a bias."""
        M, N = elements(inputs[0]), output[0]
        return Events(
            macs=fc_mult_adds(M, N),
            additions=N if self.bias else 0,
            reads=M,
            writes=N,
            weights=fc_weights(M, N),
            biases=N if self.bias else 0,
        )
