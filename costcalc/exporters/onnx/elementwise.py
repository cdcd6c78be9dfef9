"""Activations and arithmetic, element by element.

A number that a spec does not state is 1 where it scales and 0 where it shifts.
"""

from __future__ import annotations

from collections.abc import Callable

from costcalc.exporters.onnx.weights import Spread
from costcalc.exporters.onnx.writer import Attribute, NodeWriter, batched_axis
from costcalc.formats.onnx_schema import DataType
from costcalc.kinds.base import axis_of

_SLOPE = Spread(0.25, 0.1)
"""A PReLU's slope where its training begins: He et al., arXiv 1502.01852, section 2.1."""

Row = Callable[[NodeWriter], None]
"""What writes the nodes of a kind."""


def operator(name: str, **attributes: Attribute) -> Row:
    """The operator of that name, with all that the layer reads."""
    return lambda writer: writer.last(name, *writer.inputs, **attributes)


def along(name: str) -> Row:
    """The operator of that name, along the layer's axis."""

    def write(writer: NodeWriter) -> None:
        writer.last(name, *writer.inputs, axis=batched_axis(writer.operation.axis))

    return write


def chained(*names: str) -> Row:
    """Operators one after another."""

    def write(writer: NodeWriter) -> None:
        *firsts, last = names
        inputs = writer.inputs
        for name in firsts:
            inputs = (writer.before(name, *inputs),)
        writer.last(last, *inputs)

    return write


def with_number(name: str, *numbers: float) -> Row:
    """The operator of that name, with numbers behind what the layer reads."""
    return lambda writer: writer.last(name, *writer.inputs, *map(writer.number, numbers))


def several(name: str, of_two: str) -> Row:
    """The operator for any number of tensors, or the one for two."""
    return lambda writer: writer.last(of_two if len(writer.inputs) == 2 else name, *writer.inputs)


def swish(writer: NodeWriter) -> None:
    """Mul with its own Sigmoid."""
    writer.last("Mul", *writer.inputs, writer.before("Sigmoid", *writer.inputs))


def quick_gelu(writer: NodeWriter) -> None:
    """Mul with the Sigmoid of 1.702 times as much."""
    steeper = writer.before("Mul", *writer.inputs, writer.number(1.702))
    writer.last("Mul", *writer.inputs, writer.before("Sigmoid", steeper))


def complement(writer: NodeWriter) -> None:
    """Sub, from 1."""
    writer.last("Sub", writer.number(1.0), *writer.inputs)


def prelu(writer: NodeWriter) -> None:
    """PRelu, whose slopes stand along an axis."""
    axis = axis_of(writer.operation.axis, writer.shape)
    slopes = 1 if writer.operation.shared else writer.shape[axis]
    shape = (slopes, *(1 for _ in writer.shape[axis + 1 :]))
    writer.last("PRelu", *writer.inputs, writer.learned("weight", shape, _SLOPE))


def multiply(writer: NodeWriter) -> None:
    """Mul, one after another where there are more than two."""
    product, *others, last = writer.inputs
    for other in others:
        product = writer.before("Mul", product, other)
    writer.last("Mul", product, last)


def compare(writer: NodeWriter) -> None:
    """Greater, with truth as 1 or 0."""
    writer.after("Cast", writer.main("Greater", *writer.inputs), to=DataType.FLOAT)


def where(writer: NodeWriter) -> None:
    """Where, chosen by numbers that are not 0."""
    condition, chosen, other = writer.inputs
    writer.last("Where", writer.before("Cast", condition, to=DataType.BOOL), chosen, other)


def logical_not(writer: NodeWriter) -> None:
    """Not, with truth as 1 or 0."""
    truth = writer.before("Cast", *writer.inputs, to=DataType.BOOL)
    writer.after("Cast", writer.main("Not", truth), to=DataType.FLOAT)
