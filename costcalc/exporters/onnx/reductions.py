"""Reductions along axes."""

from __future__ import annotations

from costcalc.exporters.layers import UnwritableLayer
from costcalc.exporters.onnx.elementwise import Row
from costcalc.exporters.onnx.writer import NodeWriter, batched
from costcalc.formats.onnx_schema import DataType
from costcalc.kinds.base import axes_of


def reduction(operator: str) -> Row:
    """An operator along the layer's axes."""

    def write(writer: NodeWriter) -> None:
        writer.last(operator, *writer.inputs, _axes(writer), keepdims=_keeps(writer))

    return write


def variance(writer: NodeWriter) -> None:
    """ReduceMean of the squared differences from the mean."""
    axes = _axes(writer)
    mean = writer.before("ReduceMean", *writer.inputs, axes)
    centred = writer.before("Sub", *writer.inputs, mean)
    squares = writer.before("Mul", centred, centred)
    writer.last("ReduceMean", squares, axes, keepdims=_keeps(writer))


def argmax(writer: NodeWriter) -> None:
    """ArgMax along one axis, or over all of them.

    Raises:
        UnwritableLayer: it is over several axes, but not all.
    """
    axes = axes_of(writer.operation.axes, writer.input_shape)
    if len(axes) == 1:
        place = writer.main("ArgMax", *writer.inputs, axis=axes[0] + 1, keepdims=_keeps(writer))
        writer.after("Cast", place, to=DataType.FLOAT)
        return
    if len(axes) < len(writer.input_shape):
        raise UnwritableLayer("ONNX's ArgMax works along one axis, or over all of them")
    place = writer.main("ArgMax", writer.before("Flatten", *writer.inputs), axis=1)
    number = writer.before("Cast", place, to=DataType.FLOAT)
    writer.after("Reshape", number, writer.integers(*batched(writer.shape)))


def _axes(writer: NodeWriter) -> str:
    """The axes, behind the batch.

    Raises:
        UnwritableLayer: the input is a single number; without axes ONNX reduces the batch.
    """
    if not writer.input_shape:
        raise UnwritableLayer("a single number has no axes that ONNX could reduce")
    axes = axes_of(writer.operation.axes, writer.input_shape)
    return writer.integers(*(axis + 1 for axis in axes))


def _keeps(writer: NodeWriter) -> int:
    return int(writer.operation.keep)
