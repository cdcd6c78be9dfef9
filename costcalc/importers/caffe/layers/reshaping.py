"""Layers that concatenate, slice, reshape and reduce blobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from costcalc.errors import Refusal
from costcalc.formulas.algebra import product
from costcalc.importers import emit
from costcalc.importers.builder import UnknownOp
from costcalc.importers.caffe.context import CaffeContext, Result, Rule
from costcalc.importers.caffe.fields import Fields


def concat(op: CaffeContext) -> Result:
    """``Concat`` along an axis, the channels by default."""
    inputs = op.reads(1)
    axis = _axis(op, op.param("concat_param", ("axis", "concat_dim")), "concat_dim")
    return emit.concat(op, inputs, axis)


def _axis(op: CaffeContext, param: Fields, old_name: str) -> int:
    return op.param_axis(param, name=old_name if old_name in param else "axis")


def slice_(op: CaffeContext) -> Result:
    """``Slice`` at the given points, or into equal parts."""
    param = op.param("slice_param", ("axis", "slice_dim", "slice_point"))
    axis = _axis(op, param, "slice_dim")
    side, tops = op.shape[axis], len(op.layer.tops)
    points = param.wholes("slice_point") if "slice_point" in param else ()
    if not points:
        return tuple(emit.split(op, op.input, axis, tops))
    if len(points) != tops - 1:
        raise Refusal(f"it has {len(points)} slice points", f"{tops - 1} for {tops} tops")
    op.builder.is_sized |= axis > 0
    ends = zip((0, *points), (*points, side), strict=True)
    return tuple(
        op.add("slice", (op.input,), {"stop": stop, "start": start, "axis": axis}, f"/{part}")
        for part, (start, stop) in enumerate(ends, 1)
    )


def split(op: CaffeContext) -> Result:
    """``Split``, which outputs the same blob under several names."""
    return (op.input,) * len(op.layer.tops)


def flatten(op: CaffeContext) -> Result:
    """``Flatten`` from one axis to another."""
    param = op.param("flatten_param", ("axis", "end_axis"))
    first, last = op.param_axis(param), op.param_axis(param, -1, "end_axis")
    if first == 0 and last == len(op.shape) - 1:
        return op.add("flatten", (op.input,))
    if first > last:
        raise Refusal("its end_axis is before its axis", "axis: 1 end_axis: -1")
    op.builder.is_sized = True
    middle = product(op.shape[first : last + 1])
    shape = (*op.shape[:first], middle, *op.shape[last + 1 :])
    return op.add("reshape", (op.input,), {"shape": shape})


def reshape(op: CaffeContext) -> Result:
    """``Reshape``: 0 keeps a dimension, -1 is inferred; the first is the batch."""
    param = op.param("reshape_param", ("shape", "axis", "num_axes"))
    if "axis" in param or "num_axes" in param:
        raise UnknownOp("costcalc has no layer kind for a reshape of some axes only")
    batch, *dims = param.message("shape").wholes("dim", -1) or (0,)
    if op.is_list(op.input):
        batch, dims = 0, [batch, *dims]
    for axis, side in enumerate(dims):
        if side == 0 and axis >= op.input.rank:
            raise Refusal("a dim of 0 keeps an axis that its input does not have", "a number")
        if side == 0:
            op.builder.is_sized |= axis > 0
            dims[axis] = op.shape[axis]
    if not dims or batch not in (0, 1, -1) or (batch == -1 and -1 in dims):
        raise UnknownOp("costcalc has no layer kind for a reshape that moves the batch")
    if dims.count(-1) > 1:
        raise Refusal("only one dim can be inferred", "at most one -1")
    return op.add("reshape", (op.input,), {"shape": tuple(dims)})


def permute(op: CaffeContext) -> Result:
    """``Permute`` with the batch in place."""
    order = op.param("permute_param", ("order",)).wholes("order", 0)
    rest = [axis for axis in range(len(op.shape) + 1) if axis not in order]
    full = [*order, *rest]
    if full[0] != 0 or sorted(full) != list(range(len(op.shape) + 1)):
        raise UnknownOp("costcalc has no layer kind for a permutation that moves the batch")
    return op.add("transpose", (op.input,), {"axes": tuple(axis - 1 for axis in full[1:])})


def crop(op: CaffeContext) -> Result:
    """``Crop`` to the size of another blob, from an axis on."""
    param = op.param("crop_param", ("axis", "offset"))
    tensor, like = op.reads(2, 2)
    first, rank = op.param_axis(param, 2), tensor.rank
    offsets = param.wholes("offset", 0)
    count = rank - first
    if rank != like.rank or len(offsets) not in (0, 1, count):
        raise Refusal("its inputs or offsets do not fit", f"two inputs with {rank} axes")
    starts = offsets if len(offsets) == count else (offsets or (0,)) * count
    if first == 1 and rank > 1:
        return op.add("crop", (tensor, like), {"offset": emit.compact(starts)})
    op.builder.is_sized = True
    for axis, start in zip(range(first, rank), starts, strict=True):
        places = range(start, start + like.shape[axis])
        tensor = emit.take(op, tensor, axis, places, part=f".axis{axis}")
    return tensor


def shuffle(op: CaffeContext) -> Result:
    """``ShuffleChannel``."""
    groups = op.param("shuffle_channel_param").whole("group")
    return op.add("channel_shuffle", (op.input,), {"groups": groups})


def reorganise(op: CaffeContext) -> Result:
    """``Reorg`` of YOLOv2 (Redmon and Farhadi, arXiv 1612.08242): blocks of places to channels."""
    stride = op.param("reorg_param").whole("stride", 2)
    channels, *sides = op.shape
    if len(sides) != 2 or any(side % stride for side in sides):
        raise Refusal("its blocks do not fit", f"rows and columns, multiples of {stride}")
    op.builder.is_sized = True
    shape = (channels * stride**2, *(side // stride for side in sides))
    return op.add("rearrange", (op.input,), {"shape": shape})


def softmax(op: CaffeContext) -> Result:
    """``Softmax`` along an axis, and the softmax of ``SoftmaxWithLoss``."""
    param = op.param("softmax_param", ("axis", "engine"))
    return op.add("softmax", (op.input,), {"axis": op.param_axis(param)})


def argmax(op: CaffeContext) -> Result:
    """``ArgMax`` along an axis."""
    param = op.param("argmax_param", ("out_max_val", "top_k", "axis"))
    if param.whole("top_k", 1) != 1 or "axis" not in param:
        raise UnknownOp("costcalc has no layer kind for a top-k, or an argmax over all axes")
    return op.add("argmax", (op.input,), {"axes": (op.param_axis(param),), "keep": True})


def tile(op: CaffeContext) -> Result:
    """``Tile``, which repeats its input along an axis."""
    param = op.param("tile_param", ("axis", "tiles"))
    axis = op.param_axis(param)
    shape = list(op.shape)
    shape[axis] *= param.whole("tiles")
    op.builder.is_sized = True
    return op.add("rearrange", (op.input,), {"shape": tuple(shape)})


def parameter(op: CaffeContext) -> Result:
    """``Parameter``: a learnable blob."""
    shape: Sequence[int] = op.param("parameter_param").message("shape").wholes("dim")
    if not shape:
        raise Refusal("it has no shape", "shape { dim: ... }")
    # The first of several dimensions is the batch; here it must be one image.
    own = shape[1:] if len(shape) > 1 and shape[0] == 1 else shape
    return op.add("learned", (), {"shape": tuple(own)})


_REDUCED = {"SUM": ("sum",), "ASUM": ("abs", "sum"), "SUMSQ": ("square", "sum"), "MEAN": ("mean",)}


def reduction(op: CaffeContext) -> Result:
    """``Reduction`` of an axis and all after it, times a coefficient."""
    param = op.param("reduction_param", ("operation", "axis", "coeff"))
    first = op.param_axis(param, 0)
    *before, kind = _REDUCED[param.word("operation", tuple(_REDUCED), "SUM", first=1)]
    tensor = op.input
    for unary_kind in before:
        tensor = op.add(unary_kind, (tensor,), part=f"/{unary_kind}")
    part = f"/{kind}" if before else ""
    tensor = op.add(kind, (tensor,), {"axes": tuple(range(first, tensor.rank))}, part)
    return emit.scaled(op, tensor, param.number("coeff", 1), part="/scale")


TABLE: Mapping[str, Rule] = {
    "Concat": concat,
    "Slice": slice_,
    "Split": split,
    "Flatten": flatten,
    "Reshape": reshape,
    "Permute": permute,
    "Crop": crop,
    "ShuffleChannel": shuffle,
    "ChannelShuffle": shuffle,
    "Reorg": reorganise,
    "Softmax": softmax,
    "SoftmaxWithLoss": softmax,
    "ArgMax": argmax,
    "Tile": tile,
    "Parameter": parameter,
    "Reduction": reduction,
}
