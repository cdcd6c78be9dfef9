"""Activations, most of them functions of one element with events that the table of kinds sets."""

from costcalc.formulas.algebra import exact_div
from costcalc.kinds.base import Axis, Events, Flag, Shape, axis_of, elements
from costcalc.records import NamedTuple


class Activation(NamedTuple):
    """A function applied to every element."""

    per_element: Events
    """The events of one element."""

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The input's shape."""
        return inputs[0]

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """The events of one element, for every element."""
        n = elements(output)
        rates = Events(*(rate * n for rate in self.per_element))
        return rates._replace(reads=n, writes=n)


class ElementFunction(NamedTuple):
    """What an activation does to an element x."""

    does: str
    per_element: Events
    """The events of that."""


RELU = ElementFunction("x where it is positive, else 0", Events(comparisons=1))
# MobileNetV1's released code.
RELU6 = ElementFunction("min(max(0, x), 6)", Events(comparisons=2))
LEAKY_RELU = ElementFunction(
    "x where it is positive, else a fixed fraction of it", Events(comparisons=1, multiplications=1)
)
_SIGMOID = Events(functions=1, additions=1, divisions=1)
SIGMOID = ElementFunction("1 / (1 + exp(-x))", _SIGMOID)
TANH = ElementFunction("tanh(x)", Events(functions=1))
# MobileNetV3 (arXiv 1905.02244), section 5.2; the division is a product.
_HARD_SIGMOID = Events(additions=1, comparisons=2, multiplications=1)
HARD_SIGMOID = ElementFunction("ReLU6(x + 3) / 6", _HARD_SIGMOID)
# Ramachandran et al., arXiv 1710.05941.
SWISH = ElementFunction("x * sigmoid(x)", _SIGMOID._replace(multiplications=1))
# MobileNetV3, section 5.2.
HARD_SWISH = ElementFunction("x * ReLU6(x + 3) / 6", _HARD_SIGMOID._replace(multiplications=2))
# Hendrycks and Gimpel, arXiv 1606.08415, and its section 2.
GELU = ElementFunction(
    "x / 2 * (1 + erf(x / sqrt(2)))", Events(functions=1, additions=1, multiplications=3)
)
GELU_TANH = ElementFunction(
    "x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))",
    Events(functions=1, additions=2, multiplications=6),
)
QUICK_GELU = ElementFunction("x * sigmoid(1.702 x)", _SIGMOID._replace(multiplications=2))
# Clevert et al., arXiv 1511.07289.
_ELU = Events(comparisons=1, functions=1, additions=1, multiplications=1)
ELU = ElementFunction("x where it is positive, else a * (exp(x) - 1)", _ELU)
# Klambauer et al., arXiv 1706.02515.
SELU = ElementFunction("ELU(x) times a scale", _ELU._replace(multiplications=2))
# Barron, arXiv 1704.07483.
CELU = ElementFunction(
    "max(0, x) + min(0, a * (exp(x / a) - 1))",
    Events(comparisons=2, functions=1, additions=2, multiplications=1, divisions=1),
)
_SOFTPLUS = Events(functions=2, additions=1)
SOFTPLUS = ElementFunction("log(1 + exp(x))", _SOFTPLUS)
# Misra, arXiv 1908.08681.
MISH = ElementFunction("x * tanh(softplus(x))", _SOFTPLUS._replace(functions=3, multiplications=1))
# Clearing a sign is free.
SOFTSIGN = ElementFunction("x / (1 + abs(x))", Events(additions=1, divisions=1))
LOG_SIGMOID = ElementFunction("-log(1 + exp(-x))", _SOFTPLUS)
HARD_TANH = ElementFunction("min(max(-1, x), 1)", Events(comparisons=2))


class Prelu(NamedTuple):
    """A leaky ReLU whose slope is learned (He et al., arXiv 1502.01852).

    One slope for each place along ``axis``, by default for each channel; or one for all,
    if ``shared``.
    """

    shared: Flag = False
    axis: Axis = 0

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The input's shape.

        Raises:
            ShapeError: it has no such axis.
        """
        axis_of(self.axis, inputs[0])
        return inputs[0]

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """A comparison and a multiplication per element."""
        n = elements(output)
        return Events(
            comparisons=n,
            multiplications=n,
            reads=n,
            writes=n,
            other_params=1 if self.shared else output[axis_of(self.axis, output)],
        )


class Softmax(NamedTuple):
    """exp(x) over its sum along an axis, by default the channels; or the logarithm of that."""

    is_log: bool
    axis: Axis = 0

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The input's shape.

        Raises:
            ShapeError: it has no such axis.
        """
        axis_of(self.axis, inputs[0])
        return inputs[0]

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """An exponential per element and a sum per position; then a division per element.

        The logarithm is x minus that of the sum: a logarithm per position, and a
        difference per element.
        """
        n = elements(output)
        positions = exact_div(n, output[axis_of(self.axis, output)])
        sums = n - positions
        if self.is_log:
            return Events(functions=n + positions, additions=sums + n, reads=n, writes=n)
        return Events(functions=n, additions=sums, divisions=n, reads=n, writes=n)
