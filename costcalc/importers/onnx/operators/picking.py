"""Parts of tensors, and tensors of parts: slice, split, gather, concat, pad."""

from __future__ import annotations

from collections.abc import Sequence

from costcalc.errors import Refusal
from costcalc.formulas.algebra import ceil_div
from costcalc.importers import emit
from costcalc.importers.builder import sides_text
from costcalc.importers.model import Sides
from costcalc.importers.onnx.context import OnnxContext
from costcalc.importers.onnx.numbers import MOST, Number
from costcalc.importers.onnx.op_view import OpView
from costcalc.importers.onnx.operators.elementwise import picked, strides
from costcalc.importers.onnx.tensors import TensorInfo, elements, front


def slice_shapes(op: OpView) -> list[TensorInfo]:
    """The places along every axis that are within its bounds, a step apart."""
    known, chosen = op.input(0), _chosen(op)
    shape = tuple(len(places) for places in chosen)
    is_kept = known.batch is not None and shape[known.batch] == known.shape[known.batch]
    values = known.values
    if values is not None:
        values = picked(values, strides(known.shape), chosen)
    return [known._replace(shape=shape, batch=known.batch if is_kept else None, values=values)]


def slice_(op: OnnxContext) -> None:
    """A slice along each axis that is cut."""
    known, chosen = op.input(0), _chosen(op)
    cut = [axis for axis, side in enumerate(known.shape) if chosen[axis] != range(side)]
    x, axes = op.along_axes(0, cut)
    for axis, places in zip(axes, (chosen[axis] for axis in cut), strict=True):
        x = emit.take(op, x, axis, places)
    op.set_output(x)


def split_shapes(op: OpView) -> list[TensorInfo]:
    """Parts along an axis, as long as they are said to be, or equal."""
    known, axis = op.input(0), op.axis(0)
    found, start = [], 0
    for length in _lengths(op):
        places = [range(side) for side in known.shape]
        places[axis] = range(start, start + length)
        shape = tuple(map(len, places))
        values = known.values
        if values is not None:
            values = picked(values, strides(known.shape), places)
        batch = None if known.batch == axis else known.batch
        found.append(known._replace(shape=shape, batch=batch, values=values))
        start += length
    return found


def split(op: OnnxContext) -> None:
    """A layer for each part that something reads."""
    lengths = _lengths(op)
    x, (axis,) = op.along_axes(0, [op.axis(0)])
    start = 0
    for index, (_, length) in enumerate(zip(op.node.outputs, lengths, strict=False)):
        if op.is_read(index):
            if len({*lengths}) == 1 and len(lengths) > 1:
                arguments = {"parts": len(lengths), "part": index + 1, "axis": axis}
                op.set_output(op.add("split", (x,), arguments), index)
            else:
                op.set_output(emit.take(op, x, axis, range(start, start + length)), index)
        start += length


def gather_shapes(op: OpView) -> list[TensorInfo]:
    """The slices along an axis that indices name."""
    data, at, axis = op.input(0), op.input(1), op.axis(0)
    shape = (*data.shape[:axis], *at.shape, *data.shape[axis + 1 :])
    batch: int | None = None
    if data.batch is not None and data.batch != axis:
        batch = data.batch if data.batch < axis else data.batch - 1 + len(at.shape)
    elif data.batch is None and at.batch is not None:
        batch = axis + at.batch
    values: tuple[Number, ...] | None = None
    if data.values is not None and at.values is not None and elements(shape) <= MOST:
        places: list[Sequence[int]] = [range(side) for side in data.shape]
        places[axis] = [front(each, data.shape[axis]) for each in at.values]
        values = picked(data.values, strides(data.shape), places)
    return [TensorInfo(shape, batch, values)]


def gather(op: OnnxContext) -> None:
    """A slice where indices follow one another, rows of a table where they are read."""
    data, at = op.input(0), op.input(1)
    axis = op.axis(0)
    if data.is_static and not at.is_static and len(data.shape) == 2 and axis == 0:
        rows, width = data.shape
        arguments = {"rows": rows, "out": width}
        op.emit_one("embedding", arguments, (op.source(1),), {"weights": op.stored(0)})
        return
    places = None
    if at.values is not None:
        places = [front(each, data.shape[axis]) for each in at.values]
    if places and places == list(range(places[0], places[0] + len(places))):
        x, (along,) = op.along_axes(0, [axis])
        op.set_output(emit.take(op, x, along, range(places[0], places[-1] + 1)))
        return
    indexes = (0,) if at.values is not None else (0, 1)
    _rearranged(op, indexes)


def gather_elements_shapes(op: OpView) -> list[TensorInfo]:
    """The shape of the indices."""
    data, at = op.input(0), op.input(1)
    batch = data.batch if at.batch is None else at.batch
    if batch is not None and not (batch < len(at.shape) and at.shape[batch] == op.images):
        batch = None
    return [TensorInfo(at.shape, batch)]


def gather_nd_shapes(op: OpView) -> list[TensorInfo]:
    """Slices that each row of the indices names by its first axes."""
    data, at = op.input(0), op.input(1)
    if not at.shape or at.shape[-1] + op.whole("batch_dims", 0) > len(data.shape):
        raise Refusal("names places by more axes than there are", found=sides_text(at.shape))
    shape = (*at.shape[:-1], *data.shape[at.shape[-1] + op.whole("batch_dims", 0) :])
    batch = at.batch if at.batch is not None and at.batch < len(at.shape) - 1 else None
    return [TensorInfo(shape, batch)]


def gathered(op: OnnxContext) -> None:
    """Elements picked by indices."""
    _rearranged(op, (0,) if op.input(1).is_static else (0, 1))


def scatter_shapes(op: OpView) -> list[TensorInfo]:
    """The shape of what is written into."""
    return [op.input(0)._replace(values=None)]


def scattered(op: OnnxContext) -> None:
    """Elements written into others, at places that are given."""
    _rearranged(op, (0, 2))


def concat_shapes(op: OpView) -> list[TensorInfo]:
    """One after another along an axis."""
    inputs = op.inputs()
    axis, first = op.axis(0), inputs[0].shape
    for known in inputs:
        others = known.shape[:axis] + known.shape[axis + 1 :]
        if len(known.shape) != len(first) or others != first[:axis] + first[axis + 1 :]:
            raise Refusal(
                "joins shapes that do not fit together",
                expected=f"shapes that differ along axis {axis} alone",
                found=" and ".join(sides_text(each.shape) for each in inputs[:8]),
            )
    side = sum(known.shape[axis] for known in inputs)
    batches = [each.batch for each in inputs if each.batch not in (None, axis)]
    values: tuple[Number, ...] | None = None
    if len(first) == 1 and side <= MOST and all(known.values is not None for known in inputs):
        values = tuple(each for known in inputs for each in known.values or ())
    shape = (*first[:axis], side, *first[axis + 1 :])
    return [TensorInfo(shape, batches[0] if batches else None, values)]


def concat(op: OnnxContext) -> None:
    """One after another along an axis."""
    out, axis = op.output(), op.axis(0)
    filled = [
        index for index, name in enumerate(op.node.inputs) if name and op.shape(index)[axis] > 0
    ]
    inputs = op.broadcast_inputs(filled)
    along = axis - (out.batch is not None and axis > out.batch)
    op.set_output(inputs[0] if len(inputs) == 1 else emit.concat(op, inputs, along))


def pad_shapes(op: OpView) -> list[TensorInfo]:
    """With positions added before and after each axis, or cut off."""
    known = op.input(0)
    pads = _pads(op)
    shape = tuple(side + sum(pad) for side, pad in zip(known.shape, pads, strict=True))
    if min(shape, default=1) < 1:
        raise Refusal("cuts everything off", found=sides_text(shape))
    is_kept = known.batch is not None and pads[known.batch] == (0, 0)
    return [known._replace(shape=shape, batch=known.batch if is_kept else None, values=None)]


def pad(op: OnnxContext) -> None:
    """What is cut off, then what is added."""
    op.configuration(2)
    pads = _pads(op)
    touched = [axis for axis, pad in enumerate(pads) if pad != (0, 0)]
    x, axes = op.along_axes(0, touched)
    word = op.word("mode", "constant")
    added = dict(zip(axes, (pads[axis] for axis in touched), strict=True))
    op.set_output(emit.pad(op, x, added, _MODES.get(word, word)))


_MODES = {"constant": "zero", "edge": "replicate", "wrap": "circular"}


def _pads(op: OpView) -> list[tuple[int, int]]:
    rank = len(op.shape())
    stated = op.wholes("pads", 1) or ()
    axes = op.wholes("axes", 3)
    named = range(rank) if axes is None else [front(axis, rank) for axis in axes]
    if len(stated) != 2 * len(named):
        raise Refusal(
            "pads axes that are not there",
            expected=f"{2 * len(named)} numbers",
            found=sides_text(stated),
        )
    pads = [(0, 0)] * rank
    for axis, before, after in zip(named, stated, stated[len(named) :], strict=False):
        pads[axis] = (before, after)
    return pads


def _chosen(op: OpView) -> list[range]:
    shape = op.shape()
    starts, ends = op.wholes("starts", 1) or (), op.wholes("ends", 2) or ()
    axes = op.wholes("axes", 3)
    if axes is None:
        axes = tuple(range(len(starts)))
    steps = op.wholes("steps", 4) or (1,) * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps) or 0 in steps:
        raise Refusal(
            "is cut by bounds that do not fit together",
            expected="a start, an end and a step for each axis",
            found=" and ".join(map(sides_text, (starts, ends, axes, steps))),
        )
    chosen = [range(side) for side in shape]
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        at = front(axis, len(shape))
        chosen[at] = range(*slice(start, end, step).indices(shape[at]))
    return chosen


def _lengths(op: OpView) -> Sides:
    side = op.shape()[op.axis(0)]
    stated = op.wholes("split", 1)
    if stated is None:
        parts = op.whole("num_outputs", len(op.node.outputs))
        each = ceil_div(side, parts) if parts > 0 else 0
        stated = (each,) * (parts - 1) + (side - each * (parts - 1),)
    if sum(stated) != side or min(stated, default=0) < 0:
        raise Refusal(
            "is split into parts that do not fit",
            expected=f"{side} in all",
            found=sides_text(stated),
        )
    return stated


def _rearranged(op: OnnxContext, indexes: Sequence[int]) -> None:
    shape = op.output().dims
    op.emit_one("rearrange", {"shape": shape}, [op.source(index) for index in indexes])
