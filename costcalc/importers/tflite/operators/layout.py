"""Operators that reshape, reorder, cut and join tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from costcalc.errors import Refusal
from costcalc.formats.tflite_schema import PAD
from costcalc.importers import emit
from costcalc.importers.builder import Operand, dims_text
from costcalc.importers.model import Shape
from costcalc.importers.tflite.context import AT_ITS_OWN_SIZE, Rule, TfliteContext, channels_first
from costcalc.importers.tflite.operators.convolution import look_up


def reshape(op: TfliteContext) -> None:
    """RESHAPE, SQUEEZE and EXPAND_DIMS: the output's shape is in the file."""
    if not op.builder.is_resized:
        op.set_output(op.view(op.operand(), op.target(), ""))
        return
    shape = _resized(op)
    is_batch = len(shape) > 1 and shape[0] == op.builder.images
    op.set_output(op.view(op.operand(), channels_first(shape[1:] if is_batch else shape), ""))


def _resized(op: TfliteContext) -> Shape:
    """The shape at another input size, if the file leaves a dimension open."""
    stated, count = list(op.output_shape()), prod(op.shape())
    was = prod(op.tensor(0).shape)
    if was == count:
        return tuple(stated)
    wanted = op.values(1) if op.has(1) and op.is_static(1) else ()
    # A leading -1 is the batch.
    places = [axis for axis, size in enumerate(wanted) if size == -1 and axis > 0]
    for axis in places[:1]:
        others = prod(size for at, size in enumerate(stated) if at != axis)
        if others and count % others == 0:
            return (*stated[:axis], count // others, *stated[axis + 1 :])
    raise Refusal(
        "reshapes to a shape that is fixed in the file",
        dims_text(stated),
        dims_text(op.shape()),
        hint=AT_ITS_OWN_SIZE,
    )


def transpose(op: TfliteContext) -> None:
    """TRANSPOSE; moving axes of one element moves nothing."""
    order, shape = op.integers(1), op.shape()
    rank = len(shape)
    if sorted(order) != list(range(rank)):
        raise Refusal(
            "its permutation is not one of its axes", f"all of 0 to {rank - 1}", dims_text(order)
        )
    moved = [shape[axis] for axis in order]
    if op.source(0) == op.builder.image and order == (0, *range(2, rank), 1):
        op.set_output(op.builder.input)
        return
    wide = channels_first(tuple(axis for axis in range(rank) if shape[axis] > 1))
    target = channels_first(tuple(axis for axis in order if shape[axis] > 1))
    if wide == target:
        x = op.with_batch(0) if op.builder.is_resized else op.operand()
    else:
        # An axis of an operand is the one before it in the file, and the first is the last.
        x = _transposed(op, [(order[(axis - 1) % rank] + 1) % rank for axis in range(rank)])
    op.set_output(op.view(x, _image(op, tuple(moved)), "" if wide == target else ".reshape"))


def _transposed(op: TfliteContext, axes: Sequence[int]) -> Operand:
    """The input with its axes, and one for the batch, permuted; without the batch if it stays."""
    if op.builder.has_batch(op.shape()) and len(axes) > 1 and axes[1] == 1:
        inner = [axis - (axis > 1) for axis in axes if axis != 1]
        return op.add("transpose", (op.operand(),), {"axes": tuple(inner)})
    return op.add("transpose", (op.with_batch(0),), {"axes": tuple(axes)})


def _image(op: TfliteContext, shape: Shape) -> Shape:
    return op.builder.image_shape(shape)


def concatenation(op: TfliteContext) -> None:
    """CONCATENATION."""
    rank = len(op.shape(op.present[0])) if op.present else 0
    if not rank or any(len(op.shape(index)) != rank for index in op.present):
        raise Refusal("joins tensors with different numbers of axes")
    places = {op.axis(op.options["axis"], index) for index in op.present}
    if len(places) == 1 and None not in places:
        inputs = [op.operand(index) for index in op.present]
        place = places.pop() or 0
    else:
        inputs = [op.with_batch(index) for index in op.present]
        place = (op.options["axis"] % rank + 1) % rank
    x = emit.concat(op, inputs, place)
    op.finish(_to_output(op, x))


def _to_output(op: TfliteContext, x: Operand) -> Operand:
    """A tensor with an axis for the batch, in the shape of the output."""
    return x if op.builder.is_resized else op.view(x, op.target())


def pack(op: TfliteContext) -> None:
    """PACK: tensors joined along a new axis."""
    shape = op.shape(op.present[0]) if op.present else ()
    rank = len(shape) + 1
    axis = op.options["axis"] % rank
    full = (*shape[:axis], 1, *shape[axis:])
    inputs = [op.operand_as(index, channels_first(full)) for index in op.present]
    if not inputs:
        raise Refusal("reads no tensor", "at least 1")
    x = emit.concat(op, inputs, (axis + 1) % rank)
    op.set_output(_to_output(op, x))


def unpack(op: TfliteContext) -> None:
    """UNPACK: each place along an axis as a tensor."""
    shape = op.shape()
    axis = op.options["axis"]
    x, (place,) = op.along([axis])
    axis %= len(shape)
    for index in range(len(op.operator.outputs)):
        part = emit.take(op, x, place, range(index, index + 1), part=f"/{index + 1}")
        op.set_output(op.view(part, _image(op, (*shape[:axis], *shape[axis + 1 :]))), index)


def split(op: TfliteContext) -> None:
    """SPLIT: equal parts along an axis, which is the first input."""
    count = len(op.operator.outputs)
    x, (place,) = op.along(op.integers(0)[:1], 1)
    for index, part in enumerate(emit.split(op, x, place, count)):
        op.set_output(part, index)


def split_sizes(op: TfliteContext) -> None:
    """SPLIT_V: parts of given sizes along an axis."""
    x, (place,) = op.along(op.integers(2)[:1], 0)
    sizes, start = list(op.integers(1)), 0
    if sizes.count(-1) == 1:
        sizes[sizes.index(-1)] = x.shape[place] - sum(size for size in sizes if size != -1)
    if len(sizes) != len(op.operator.outputs) or min(sizes) < 1 or sum(sizes) > x.shape[place]:
        raise Refusal("its parts do not fit its input", f"{x.shape[place]} in all", str(sizes))
    for index, size in enumerate(sizes):
        part = emit.take(op, x, place, range(start, start + size), part=f"/{index + 1}")
        op.set_output(part, index)
        start += size


def strided_slice(op: TfliteContext) -> None:
    """STRIDED_SLICE: begin, end and step along each axis, with masks for new and single axes."""
    shape, options = op.shape(), op.options
    if options["ellipsis_mask"] or options["new_axis_mask"]:
        op.set_output(op.add("rearrange", (op.operand(),), {"shape": op.target()}))
        return
    ranges, kept = [], []
    begins, ends, steps = (op.integers(index) for index in (1, 2, 3))
    if not len(begins) == len(ends) == len(steps) <= len(shape):
        raise Refusal("its bounds do not fit its input", f"at most {len(shape)} of each")
    for axis, size in enumerate(shape):
        places, is_single = range(size), False
        if axis < len(begins):
            bit, step = 1 << axis, steps[axis]
            if not step:
                raise Refusal("has a step of 0", "any other")
            begin = None if options["begin_mask"] & bit else begins[axis]
            end = None if options["end_mask"] & bit else ends[axis]
            is_single = bool(options["shrink_axis_mask"] & bit)
            if is_single:
                first = begins[axis] % size if size else 0
                places = range(first, first + 1)
            else:
                places = range(size)[begin:end:step]
        if not len(places):
            raise Refusal("is empty", "an element along each axis", f"axis {axis}")
        ranges.append(places)
        kept += [] if is_single else [len(places)]
    _sliced(op, ranges, tuple(kept))


def slice_(op: TfliteContext) -> None:
    """SLICE: begin and size along each axis; -1 is whatever is left."""
    shape, begins, sizes = op.shape(), op.integers(1), op.integers(2)
    if not len(begins) == len(sizes) == len(shape):
        raise Refusal("its bounds do not fit its input", f"{len(shape)} of each")
    ranges = [
        range(begin, n if size == -1 else begin + size)
        for begin, size, n in zip(begins, sizes, shape, strict=True)
    ]
    if any(
        not len(places) or places.start < 0 or places.stop > n
        for places, n in zip(ranges, shape, strict=True)
    ):
        raise Refusal("its bounds do not fit its input", found=dims_text(shape))
    _sliced(op, ranges, tuple(len(places) for places in ranges))


def _sliced(op: TfliteContext, ranges: Sequence[range], shape: Shape) -> None:
    """The input's elements in a range along each axis, in a shape of the file's order."""
    cut = [axis for axis, places in enumerate(ranges) if places != range(op.shape()[axis])]
    is_batch = 0 in cut and op.builder.has_batch(op.shape())
    x = op.with_batch(0) if is_batch else op.operand()
    rank = len(ranges)
    places = {((axis + 1) % rank if is_batch else op.axis(axis)) or 0: ranges[axis] for axis in cut}
    x = emit.crop(op, x, places)
    op.set_output(op.view(x, _image(op, shape)))


def pad(mode: str) -> Rule:
    """PAD, PADV2 and MIRROR_PAD: amounts before and after each axis."""

    def rule(op: TfliteContext) -> None:
        amounts, rank = op.integers(1), len(op.shape())
        if len(amounts) != 2 * rank or min(amounts, default=0) < 0:
            raise Refusal("its padding does not fit its input", f"two numbers for {rank} axes")
        pairs = {axis: (amounts[2 * axis], amounts[2 * axis + 1]) for axis in range(rank)}
        added = [axis for axis in pairs if any(pairs[axis])]
        is_batch = 0 in added and op.builder.has_batch(op.shape())
        x = op.with_batch(0) if is_batch else op.operand()
        if not added:
            op.set_output(x)
        elif mode != "zero" and op.options["mode"] == _SYMMETRIC:
            op.set_output(op.add("rearrange", (x,), {"shape": op.target()}))
        else:
            places = {
                ((axis + 1) % rank if is_batch else op.axis(axis)) or 0: pairs[axis]
                for axis in added
            }
            if op.builder.names.is_part(op.output(), PAD) and not op.builder.is_resized:
                op.builder.padded[op.output()] = x, places
            else:
                op.set_output(emit.pad(op, x, places, mode))

    return rule


_SYMMETRIC = 1


def resize(mode: str) -> Rule:
    """RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR, to a height and a width."""

    def rule(op: TfliteContext) -> None:
        x, size = op.operand(), op.integers(1)
        if x.rank < 3 or len(size) != 2:
            raise Refusal("has no map to resize", found=dims_text(op.shape()))
        sizes = tuple(op.each_axis(x, size, None))
        if None in sizes:
            sizes = (*x.shape[1:-2], *size)
        op.set_output(emit.resample(op, x, size=sizes, mode=mode))

    return rule


def rearrange(op: TfliteContext) -> None:
    """Operators that pick, repeat or reorder elements of their inputs."""
    inputs = [op.operand(index) for index in op.present if not op.is_static(index)]
    if not inputs:
        raise Refusal("reads no tensor that depends on the network's input")
    for index in range(len(op.operator.outputs)):
        op.set_output(op.add("rearrange", inputs, {"shape": op.target(index)}), index)


def blocks(op: TfliteContext) -> None:
    """DEPTH_TO_SPACE and SPACE_TO_DEPTH: channels to blocks of the map, and back."""
    x, block = op.operand(), op.options["block_size"]
    if x.rank != 3 or block < 1:
        raise Refusal("has no map to move blocks of", found=dims_text(op.shape()))
    c, h, w = x.shape
    is_deep = op.kind == "DEPTH_TO_SPACE"
    shape = (
        (c // block**2, h * block, w * block) if is_deep else (c * block**2, h // block, w // block)
    )
    op.set_output(op.add("rearrange", (x,), {"shape": shape}))


def gather(op: TfliteContext) -> None:
    """GATHER: rows of a constant are an embedding."""
    is_table = op.is_static(0) and op.is_learnable(0) and len(op.shape(0)) == 2
    if is_table and not op.options["axis"] and not op.is_static(1):
        look_up(op, ids=1, table=0)
    else:
        rearrange(op)


TABLE: Mapping[str, Rule] = {
    "RESHAPE": reshape,
    "SQUEEZE": reshape,
    "EXPAND_DIMS": reshape,
    "TRANSPOSE": transpose,
    "CONCATENATION": concatenation,
    "PACK": pack,
    "UNPACK": unpack,
    "SPLIT": split,
    "SPLIT_V": split_sizes,
    "STRIDED_SLICE": strided_slice,
    "SLICE": slice_,
    "PAD": pad("zero"),
    "PADV2": pad("zero"),
    "MIRROR_PAD": pad("reflect"),
    "RESIZE_BILINEAR": resize("bilinear"),
    "RESIZE_NEAREST_NEIGHBOR": resize("nearest"),
    "DEPTH_TO_SPACE": blocks,
    "SPACE_TO_DEPTH": blocks,
    "GATHER": gather,
    "GATHER_ND": rearrange,
    "TILE": rearrange,
    "BROADCAST_TO": rearrange,
    "SPACE_TO_BATCH_ND": rearrange,
    "BATCH_TO_SPACE_ND": rearrange,
    "REVERSE_V2": rearrange,
    "REVERSE_SEQUENCE": rearrange,
    "ONE_HOT": rearrange,
    "SCATTER_ND": rearrange,
    "DYNAMIC_UPDATE_SLICE": rearrange,
    "DILATE": rearrange,
}
