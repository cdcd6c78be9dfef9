"""Slicing, splitting, gathering, concatenating and padding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from costcalc.errors import Refusal
from costcalc.formulas.algebra import ceil_div
from costcalc.importers import emit
from costcalc.importers.builder import dims_text
from costcalc.importers.model import Shape
from costcalc.importers.onnx.context import OnnxContext, Operator, OpView, Rule
from costcalc.importers.onnx.numbers import MOST, Number
from costcalc.importers.onnx.operators.elementwise import pick_values, strides
from costcalc.importers.onnx.tensors import TensorInfo, positive_axis


def slice_(op: OpView) -> Rule:
    """Slice."""
    info, chosen = op.input(0), _sliced(op)
    ctx = yield [_part(info, chosen)]
    cut = [axis for axis, size in enumerate(info.shape) if chosen[axis] != range(size)]
    x, axes = ctx.along_axes(0, cut)
    places = (chosen[axis] for axis in cut)
    ctx.set_output(emit.crop(ctx, x, dict(zip(axes, places, strict=True))))


def _sliced(op: OpView) -> list[range]:
    """The places that a Slice takes along each axis."""
    shape = op.shape()
    starts, ends = op.integers("starts", 1) or (), op.integers("ends", 2) or ()
    axes = op.integers("axes", 3)
    if axes is None:
        axes = tuple(range(len(starts)))
    steps = op.integers("steps", 4) or (1,) * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps) or 0 in steps:
        raise Refusal(
            "has bounds that do not fit together",
            expected="a start, an end and a step for each axis",
            found=" and ".join(map(dims_text, (starts, ends, axes, steps))),
        )
    chosen = [range(size) for size in shape]
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        at = positive_axis(axis, len(shape))
        places = range(*slice(start, end, step).indices(shape[at]))
        # One place is taken by a step of any size.
        chosen[at] = places if len(places) > 1 else range(places.start, places.start + len(places))
    return chosen


def _part(info: TensorInfo, places: Sequence[range]) -> TensorInfo:
    """A tensor at some places along each axis; it keeps its batch if all images are taken."""
    shape = tuple(map(len, places))
    is_kept = info.batch is not None and shape[info.batch] == info.shape[info.batch]
    values = info.values
    if values is not None:
        values = pick_values(values, strides(info.shape), places)
    return info._replace(shape=shape, batch=info.batch if is_kept else None, values=values)


def split(op: OpView) -> Rule:
    """Split, into parts of given lengths or equal ones; parts that nothing reads are no layers."""
    info, along = op.input(0), op.axis(0)
    lengths, parts, start = _lengths(op), list[range](), 0
    for length in lengths:
        parts.append(range(start, start + length))
        start += length
    outputs = []
    for part in parts:
        places = [range(size) for size in info.shape]
        places[along] = part
        output = _part(info, places)
        outputs.append(output._replace(batch=None) if info.batch == along else output)
    ctx = yield outputs
    x, (axis,) = ctx.along_axes(0, [along])
    is_equal = len({*lengths}) == 1 and len(lengths) > 1
    for index, part in enumerate(parts):
        if not ctx.is_read(index) or not part:
            continue
        if is_equal:
            arguments = {"parts": len(lengths), "part": index + 1, "axis": axis}
            ctx.set_output(ctx.add("split", (x,), arguments), index)
        else:
            ctx.set_output(emit.take(ctx, x, axis, part), index)


def _lengths(op: OpView) -> Shape:
    size = op.shape()[op.axis(0)]
    stated = op.integers("split", 1)
    if stated is None:
        parts = len(op.node.outputs)
        if op.integer("num_outputs", parts) != parts:
            raise Refusal(
                "is split into a number of parts that is not the number of its outputs",
                expected=f"{op.integer('num_outputs', parts)}",
                found=f"{parts}",
            )
        length = ceil_div(size, parts)
        stated = (length,) * (parts - 1) + (size - length * (parts - 1),)
    if sum(stated) != size or min(stated, default=0) < 0:
        raise Refusal(
            "is split into parts that do not add up",
            expected=f"{size} in all",
            found=dims_text(stated),
        )
    return stated


def gather(op: OpView) -> Rule:
    """Gather: a slice if the indices are consecutive, an embedding if they select rows."""
    data, at, axis = op.input(0), op.input(1), op.axis(0)
    shape = (*data.shape[:axis], *at.shape, *data.shape[axis + 1 :])
    batch: int | None = None
    if data.batch is not None and data.batch != axis:
        batch = data.batch if data.batch < axis else data.batch - 1 + len(at.shape)
    elif data.batch is None and at.batch is not None:
        batch = axis + at.batch
    values: tuple[Number, ...] | None = None
    if data.values is not None and at.values is not None and prod(shape) <= MOST:
        places: list[Sequence[int]] = [range(size) for size in data.shape]
        places[axis] = [positive_axis(index, data.shape[axis]) for index in at.values]
        values = pick_values(data.values, strides(data.shape), places)
    ctx = yield [TensorInfo(shape, batch, values)]
    if data.is_static and not at.is_static and len(data.shape) == 2 and axis == 0:
        rows, width = data.shape
        params = {"weights": ctx.weights(0)}
        ctx.add_output("embedding", {"rows": rows, "out": width}, (ctx.operand(1),), params)
        return
    chosen = [positive_axis(index, data.shape[axis]) for index in at.values or ()]
    if chosen and chosen == list(range(chosen[0], chosen[0] + len(chosen))):
        x, (along,) = ctx.along_axes(0, [axis])
        ctx.set_output(emit.take(ctx, x, along, range(chosen[0], chosen[-1] + 1)))
    else:
        _rearrange(ctx, (0, 1) if at.values is None else (0,))


def gather_elements(op: OpView) -> Rule:
    """GatherElements."""
    data, at = op.input(0), op.input(1)
    batch = data.batch if at.batch is None else at.batch
    if batch is not None and not (batch < len(at.shape) and at.shape[batch] == op.images):
        batch = None
    ctx = yield [TensorInfo(at.shape, batch)]
    _rearrange(ctx, (0,) if at.is_static else (0, 1))


def gather_nd(op: OpView) -> Rule:
    """GatherND."""
    data, at = op.input(0), op.input(1)
    shared = op.integer("batch_dims", 0, lowest=0)
    if not at.shape or at.shape[-1] + shared > len(data.shape):
        raise Refusal("has indices for more axes than there are", found=dims_text(at.shape))
    shape = (*at.shape[:-1], *data.shape[at.shape[-1] + shared :])
    batch = at.batch if at.batch is not None and at.batch < len(at.shape) - 1 else None
    ctx = yield [TensorInfo(shape, batch)]
    _rearrange(ctx, (0,) if at.is_static else (0, 1))


def scatter(op: OpView) -> Rule:
    """Scatter, ScatterElements and ScatterND: elements written, or joined with those there."""
    kind = _JOINED.get(op.string("reduction", "none"))
    ctx = yield [op.input(0)._replace(values=None)]
    if kind is None:
        _rearrange(ctx, (0, 2))
        return
    updates = ctx.operand(2)
    read = ctx.add("rearrange", (ctx.operand(0),), {"shape": updates.shape})
    joined = emit.join(ctx, kind, (read, updates))
    shape = ctx.output().image_shape
    ctx.add_output("rearrange", {"shape": shape}, (ctx.operand(0), joined))


_JOINED = {"add": "add", "mul": "multiply", "max": "maximum", "min": "minimum"}
"""The layer kinds of ``reduction``."""


def _rearrange(ctx: OnnxContext, indexes: Sequence[int]) -> None:
    shape = ctx.output().image_shape
    ctx.add_output("rearrange", {"shape": shape}, [ctx.operand(index) for index in indexes])


def concat(op: OpView) -> Rule:
    """Concat."""
    inputs = op.inputs()
    axis, first = op.axis(0), inputs[0].shape
    for info in inputs:
        others = info.shape[:axis] + info.shape[axis + 1 :]
        if len(info.shape) != len(first) or others != first[:axis] + first[axis + 1 :]:
            raise Refusal(
                "joins shapes that do not fit together",
                expected=f"shapes that differ along axis {axis} alone",
                found=" and ".join(dims_text(other.shape) for other in inputs[:8]),
            )
    size = sum(info.shape[axis] for info in inputs)
    batches = [info.batch for info in inputs if info.batch not in (None, axis)]
    values: tuple[Number, ...] | None = None
    if len(first) == 1 and size <= MOST and all(info.values is not None for info in inputs):
        values = tuple(value for info in inputs for value in info.values or ())
    shape = (*first[:axis], size, *first[axis + 1 :])
    ctx = yield [TensorInfo(shape, batches[0] if batches else None, values)]
    batch, names = ctx.output().batch, op.node.inputs
    filled = [index for index, name in enumerate(names) if name and op.shape(index)[axis] > 0]
    parts = ctx.broadcast_inputs(filled)
    along = axis - (batch is not None and axis > batch)
    ctx.set_output(parts[0] if len(parts) == 1 else emit.concat(ctx, parts, along))


def pad(op: OpView) -> Rule:
    """Pad, which crops if a padding is negative."""
    info, pads = op.input(0), _pads(op)
    shape = tuple(size + sum(pad) for size, pad in zip(info.shape, pads, strict=True))
    if min(shape, default=1) < 1:
        raise Refusal("crops its input to nothing", found=dims_text(shape))
    is_kept = info.batch is not None and pads[info.batch] == (0, 0)
    batch = info.batch if is_kept else None
    ctx = yield [info._replace(shape=shape, batch=batch, values=None)]
    ctx.ignore_params(2)
    padded = [axis for axis, pad in enumerate(pads) if pad != (0, 0)]
    x, axes = ctx.along_axes(0, padded)
    mode = op.string("mode", "constant")
    added = dict(zip(axes, (pads[axis] for axis in padded), strict=True))
    ctx.set_output(emit.pad(ctx, x, added, _MODES.get(mode, mode)))


_MODES = {"constant": "zero", "edge": "replicate", "wrap": "circular"}
"""costcalc's names of modes, where they differ from ONNX's."""


def center_crop_pad(op: OpView) -> Rule:
    """CenterCropPad: cropped or padded to sizes, as much before as after."""
    info, rank = op.input(0), len(op.shape())
    sizes, named = op.integers("shape", 1) or (), op.number_list("axes")
    axes = range(rank) if named is None else [positive_axis(axis, rank) for axis in named]
    if len(sizes) != len(axes) or min(sizes, default=1) < 1:
        raise Refusal("has sizes for a different number of axes", found=dims_text(sizes))
    pads = {}
    for axis, size in zip(axes, sizes, strict=True):
        more = size - info.shape[axis]
        before = more // 2 if more > 0 else -(-more // 2)
        pads[axis] = (before, more - before)
    pads = {axis: pair for axis, pair in pads.items() if pair != (0, 0)}
    shape = tuple(size + sum(pads.get(axis, ())) for axis, size in enumerate(info.shape))
    batch = None if info.batch in pads else info.batch
    ctx = yield [TensorInfo(shape, batch)]
    x, places = ctx.along_axes(0, [*pads])
    ctx.set_output(emit.pad(ctx, x, dict(zip(places, pads.values(), strict=True))))


def _pads(op: OpView) -> list[tuple[int, int]]:
    rank = len(op.shape())
    stated = op.integers("pads", 1) or ()
    axes = op.integers("axes", 3)
    named = range(rank) if axes is None else [positive_axis(axis, rank) for axis in axes]
    if len(stated) != 2 * len(named):
        raise Refusal(
            "has pads for a different number of axes",
            expected=f"{2 * len(named)} numbers",
            found=dims_text(stated),
        )
    pads = [(0, 0)] * rank
    for axis, before, after in zip(named, stated, stated[len(named) :], strict=False):
        pads[axis] = (before, after)
    return pads


TABLE: Mapping[str, Operator] = {
    "Slice": slice_,
    "Split": split,
    "Gather": gather,
    "GatherElements": gather_elements,
    "GatherND": gather_nd,
    "Scatter": scatter,
    "ScatterElements": scatter,
    "ScatterND": scatter,
    "Concat": concat,
    "Pad": pad,
    "CenterCropPad": center_crop_pad,
}
