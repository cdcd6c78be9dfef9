"""Activations and elementwise arithmetic.

Specs do not state the numbers in these layers: scales are written as 1, shifts as 0.
"""

from __future__ import annotations

from collections.abc import Callable

from costcalc.exporters.onnx.writer import Attribute, NodeWriter, batched_axis
from costcalc.exporters.weights import Spread
from costcalc.formats.onnx_schema import DataType
from costcalc.kinds.base import axis_of

_SLOPE = Spread(0.25, 0.1)
"""A PReLU's initial slope, from He et al., arXiv 1502.01852, section 2.1."""

Row = Callable[[NodeWriter], None]
"""Writes the nodes of a layer."""


def operator(name: str, **attributes: Attribute) -> Row:
    """An operator that reads the layer's inputs."""
    return lambda writer: writer.last(name, *writer.inputs, **attributes)


def along_axis(name: str) -> Row:
    """An operator along the layer's axis."""

    def write(writer: NodeWriter) -> None:
        writer.last(name, *writer.inputs, axis=batched_axis(writer.operation.axis))

    return write


def chain(*names: str) -> Row:
    """A chain of operators."""

    def write(writer: NodeWriter) -> None:
        *firsts, last = names
        inputs = writer.inputs
        for name in firsts:
            inputs = (writer.before(name, *inputs),)
        writer.last(last, *inputs)

    return write


def with_number(name: str, *numbers: float) -> Row:
    """An operator that reads the layer's inputs and then constants."""
    return lambda writer: writer.last(name, *writer.inputs, *map(writer.number, numbers))


def variadic(name: str, of_two: str) -> Row:
    """An operator for any number of tensors; for two, another one."""
    return lambda writer: writer.last(of_two if len(writer.inputs) == 2 else name, *writer.inputs)


def swish(writer: NodeWriter) -> None:
    """Mul of the input with its Sigmoid."""
    writer.last("Mul", *writer.inputs, writer.before("Sigmoid", *writer.inputs))


def quick_gelu(writer: NodeWriter) -> None:
    """Mul of the input with the Sigmoid of 1.702 times the input."""
    scaled = writer.before("Mul", *writer.inputs, writer.number(1.702))
    writer.last("Mul", *writer.inputs, writer.before("Sigmoid", scaled))


def complement(writer: NodeWriter) -> None:
    """Sub from 1."""
    writer.last("Sub", writer.number(1.0), *writer.inputs)


def prelu(writer: NodeWriter) -> None:
    """PRelu, with its slopes along the layer's axis."""
    axis = axis_of(writer.operation.axis, writer.shape)
    slopes = 1 if writer.operation.shared else writer.shape[axis]
    shape = (slopes, *(1 for _ in writer.shape[axis + 1 :]))
    writer.last("PRelu", *writer.inputs, writer.learned("weight", shape, _SLOPE))


def multiply(writer: NodeWriter) -> None:
    """Mul; a chain of them for more than two inputs."""
    product, *others, last = writer.inputs
    for other in others:
        product = writer.before("Mul", product, other)
    writer.last("Mul", product, last)


def compare(writer: NodeWriter) -> None:
    """Greater, its result cast to 1 or 0."""
    writer.after("Cast", writer.main("Greater", *writer.inputs), to=DataType.FLOAT)


def where(writer: NodeWriter) -> None:
    """Where, with nonzero numbers as true."""
    condition, chosen, other = writer.inputs
    writer.last("Where", writer.before("Cast", condition, to=DataType.BOOL), chosen, other)


def logical_not(writer: NodeWriter) -> None:
    """Not, with nonzero numbers as true; its result is cast to 1 or 0."""
    truth = writer.before("Cast", *writer.inputs, to=DataType.BOOL)
    writer.after("Cast", writer.main("Not", truth), to=DataType.FLOAT)
