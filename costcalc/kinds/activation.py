"""Activations: one value in, one value out; the table of kinds gives each its rates."""

from typing import NamedTuple

from costcalc.formulas.algebra import exact_div
from costcalc.kinds.base import Events, Flag, Shape, elements


class Activation(NamedTuple):
    """A function applied to every element alike."""

    per_element: Events
    """What one element causes."""

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The input's."""
        return inputs[0]

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """The rates, once per element."""
        n = elements(output)
        rates = Events(*(rate * n for rate in self.per_element))
        return rates._replace(reads=n, writes=n)


# x where positive, else 0.
RELU = Events(comparisons=1)
# min(max(0, x), 6): MobileNetV1's released code.
RELU6 = Events(comparisons=2)
# x where positive, else a fixed share of it.
LEAKY_RELU = Events(comparisons=1, multiplications=1)
# 1 / (1 + exp(-x)).
SIGMOID = Events(functions=1, additions=1, divisions=1)
TANH = Events(functions=1)
# ReLU6(x + 3) / 6, the division as a product: MobileNetV3 (arXiv 1905.02244), section 5.2.
HARD_SIGMOID = Events(additions=1, comparisons=2, multiplications=1)
# x * sigmoid(x): Ramachandran et al., arXiv 1710.05941.
SWISH = SIGMOID._replace(multiplications=1)
# x * ReLU6(x + 3) / 6: MobileNetV3, section 5.2.
HARD_SWISH = HARD_SIGMOID._replace(multiplications=2)
# x / 2 * (1 + erf(x / sqrt 2)): Hendrycks and Gimpel, arXiv 1606.08415.
GELU = Events(functions=1, additions=1, multiplications=3)
# 1 - x: what a Highway layer's carry gate is where it is coupled (arXiv 1505.00387,
# equation 3).
COMPLEMENT = Events(additions=1)


class Prelu(NamedTuple):
    """A leaky ReLU whose slope is learned (He et al., arXiv 1502.01852).

    One slope per channel, or one for all where ``shared``.
    """

    shared: Flag = False

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The input's."""
        return inputs[0]

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """A comparison and a multiplication per element."""
        n = elements(output)
        return Events(
            comparisons=n,
            multiplications=n,
            reads=n,
            writes=n,
            other_params=1 if self.shared else output[0],
        )


class Softmax(NamedTuple):
    """exp(x) over its sum along the channels."""

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The input's."""
        return inputs[0]

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """An exponential and a division per element, a sum per position."""
        n = elements(output)
        return Events(
            functions=n,
            additions=n - exact_div(n, output[0]),
            divisions=n,
            reads=n,
            writes=n,
        )
