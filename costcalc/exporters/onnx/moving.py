"""Layers that move elements without computing."""

from __future__ import annotations

from costcalc.exporters.onnx.writer import NodeWriter, batched, batched_axis, batched_order
from costcalc.formulas.algebra import exact_div
from costcalc.kinds.base import axis_of
from costcalc.kinds.windows import pads


def channel_shuffle(writer: NodeWriter) -> None:
    """Reshape of the channels into groups, Transpose, and Reshape back."""
    channels, *axes = writer.shape
    groups = writer.operation.groups
    grouped_shape = writer.integers(1, groups, exact_div(channels, groups), *axes)
    grouped = writer.before("Reshape", *writer.inputs, grouped_shape)
    swapped = writer.before("Transpose", grouped, perm=(0, 2, 1, *range(3, len(axes) + 3)))
    writer.last("Reshape", swapped, writer.integers(*batched(writer.shape)))


def split(writer: NodeWriter) -> None:
    """Split; the first of the layers that take parts of a tensor writes one node for all."""
    operation, name = writer.operation, writer.layer.name
    splits = writer.builder.splits
    names = splits.names(writer.layer)
    if splits.is_first(writer.layer):
        outputs = (
            names.get(part) or writer.builder.names.free(f"{name}.part{part}")
            for part in range(1, operation.parts + 1)
        )
        numbers = {"axis": batched_axis(operation.axis), "num_outputs": operation.parts}
        writer.builder.add("Split", name, writer.inputs, tuple(outputs), numbers)
    elif names[operation.part] != name:
        writer.last("Identity", names[operation.part])


def slice_(writer: NodeWriter) -> None:
    """Slice along an axis."""
    operation = writer.operation
    axis = axis_of(operation.axis, writer.shape) + 1
    ends = (operation.start, operation.stop, axis, operation.step)
    writer.last("Slice", *writer.inputs, *map(writer.integers, ends))


def crop(writer: NodeWriter) -> None:
    """Slice along the spatial axes."""
    starts, stops = zip(*writer.operation.ends(writer.layer.input_shapes), strict=True)
    axes = range(2, 2 + len(starts))
    ends = (writer.integers(*numbers) for numbers in (starts, stops, axes))
    writer.last("Slice", writer.inputs[0], *ends)


def zero_pad(writer: NodeWriter) -> None:
    """Pad of an axis and those after it."""
    operation, rank = writer.operation, len(writer.shape)
    first = axis_of(operation.axis, writer.shape)
    padding = pads(operation.padding, rank - first)
    _pad(writer, (*((0, 0) for _ in range(first)), *padding), _PAD_MODES[operation.mode])


def pad_channels(writer: NodeWriter) -> None:
    """Pad after the last channel."""
    more = writer.shape[0] - writer.input_shape[0]
    _pad(writer, ((0, more), *((0, 0) for _ in writer.shape[1:])), "constant")


def reshape(writer: NodeWriter) -> None:
    """Reshape."""
    writer.last("Reshape", *writer.inputs, writer.integers(*batched(writer.shape)))


def transpose(writer: NodeWriter) -> None:
    """Transpose."""
    order = tuple(axis_of(axis, writer.shape) for axis in writer.operation.axes)
    writer.last("Transpose", *writer.inputs, perm=batched_order(order))


def dropout(writer: NodeWriter) -> None:
    """Dropout, which does nothing at inference."""
    rate = writer.operation.rate
    ratio = () if rate is None else (writer.number(float(rate)),)
    writer.last("Dropout", *writer.inputs, *ratio)


_PAD_MODES = {"zero": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
"""ONNX's names of padding modes."""


def _pad(writer: NodeWriter, padding: tuple[tuple[int, int], ...], mode: str) -> None:
    """Pad of all axes but the batch."""
    amounts = writer.integers(
        0, *(before for before, _ in padding), 0, *(after for _, after in padding)
    )
    writer.last("Pad", *writer.inputs, amounts, mode=mode)
