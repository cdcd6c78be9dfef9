"""Layers that join, cut and move blobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from costcalc.formulas.algebra import product
from costcalc.importers.building import LayerError, known
from costcalc.importers.caffe.fields import Fields
from costcalc.importers.caffe.site import Lower, Result, Site


def concat(site: Site) -> Result:
    """``Concat`` along an axis, the channels by default."""
    inputs = site.reads(1)
    axis = _axis(site, site.param("concat_param", ("axis", "concat_dim")), "concat_dim")
    if len(inputs) == 1:
        return site.add("identity", inputs)
    return site.add("concat", inputs, {"axis": axis} if axis else {})


def _axis(site: Site, param: Fields, old_name: str) -> int:
    name = old_name if old_name in param else "axis"
    return site.axis(param.whole(name, 1, -9))


def cut(site: Site) -> Result:
    """``Slice``: at the points that it says, or into equal parts."""
    param = site.param("slice_param", ("axis", "slice_dim", "slice_point"))
    axis = _axis(site, param, "slice_dim")
    side, tops = site.shape[axis], len(site.layer.tops)
    along = {"axis": axis} if axis else {}
    points = param.wholes("slice_point") if "slice_point" in param else ()
    if not points:
        return tuple(
            site.add("split", (site.input,), {"parts": tops, "part": part, **along}, f"/{part}")
            for part in range(1, tops + 1)
        )
    if len(points) != tops - 1:
        raise LayerError(f"it has {len(points)} slice points", f"{tops - 1} for {tops} tops")
    site.builder.is_sized |= axis > 0
    ends = zip((0, *points), (*points, side), strict=True)
    return tuple(
        site.add("slice", (site.input,), {"stop": stop, "start": start, **along}, f"/{part}")
        for part, (start, stop) in enumerate(ends, 1)
    )


def split(site: Site) -> Result:
    """``Split``: the same blob under several names."""
    return (site.input,) * len(site.layer.tops)


def flatten(site: Site) -> Result:
    """``Flatten`` from an axis to another."""
    param = site.param("flatten_param", ("axis", "end_axis"))
    first, last = site.axis(param.whole("axis", 1, -9)), site.axis(param.whole("end_axis", -1, -9))
    if first == 0 and last == len(site.shape) - 1:
        return site.add("flatten", (site.input,))
    if first > last:
        raise LayerError("its axes end before they begin", "axis: 1 end_axis: -1")
    site.builder.is_sized = True
    middle = product(site.shape[first : last + 1])
    shape = (*site.shape[:first], middle, *site.shape[last + 1 :])
    return site.add("reshape", (site.input,), {"shape": shape})


def reshape(site: Site) -> Result:
    """``Reshape``: 0 is the side that is there, -1 what is left; the first is the batch."""
    param = site.param("reshape_param", ("shape", "axis", "num_axes"))
    if "axis" in param or "num_axes" in param:
        raise site.unknown("a reshape of some axes alone is no kind")
    dims = param.message("shape").wholes("dim", -1)
    own = site.shape
    sides = list(dims[1:])
    for axis, side in enumerate(sides):
        if side == 0 and axis >= len(own):
            raise LayerError("a 0 stands where its input has no axis", "a number")
        if side == 0:
            site.builder.is_sized |= axis > 0
            sides[axis] = own[axis]
    if not sides or dims[0] not in (0, 1, -1) or (dims[0] == -1 and -1 in sides):
        raise site.unknown("a reshape that moves the batch is no kind")
    if sides.count(-1) > 1:
        raise LayerError("two sides cannot both be whatever is left", "one -1 at most")
    return site.add("reshape", (site.input,), {"shape": tuple(sides)})


def permute(site: Site) -> Result:
    """``Permute``, which leaves the batch where it is."""
    order = site.param("permute_param", ("order",)).wholes("order", 0)
    rest = [axis for axis in range(len(site.shape) + 1) if axis not in order]
    full = [*order, *rest]
    if full[0] != 0 or sorted(full) != list(range(len(site.shape) + 1)):
        raise site.unknown("a permutation that moves the batch is no kind")
    return site.add("transpose", (site.input,), {"axes": tuple(axis - 1 for axis in full[1:])})


def crop(site: Site) -> Result:
    """``Crop``: to the sides of another blob, from an axis on."""
    param = site.param("crop_param", ("axis", "offset"))
    tensor, like = site.reads(2, 2)
    first = site.axis(param.whole("axis", 2, -9))
    sides, wanted = known(tensor), known(like)
    offsets = param.wholes("offset", 0)
    count = len(sides) - first
    if len(sides) != len(wanted) or len(offsets) not in (0, 1, count):
        raise LayerError("its inputs or offsets do not fit", f"two of {len(sides)} axes")
    starts = offsets if len(offsets) == count else (offsets or (0,)) * count
    site.builder.is_sized = True
    for axis, start in zip(range(first, len(sides)), starts, strict=True):
        if (start, wanted[axis]) != (0, sides[axis]):
            arguments = {"stop": start + wanted[axis], "start": start, "axis": axis}
            tensor = site.add("slice", (tensor,), arguments, f".axis{axis}")
    return tensor


def shuffle(site: Site) -> Result:
    """``ShuffleChannel``."""
    groups = site.param("shuffle_channel_param").whole("group")
    return site.add("channel_shuffle", (site.input,), {"groups": groups})


def softmax(site: Site) -> Result:
    """``Softmax`` along an axis; of ``SoftmaxWithLoss`` the softmax."""
    param = site.param("softmax_param", ("axis", "engine"))
    axis = site.axis(param.whole("axis", 1, -9))
    return site.add("softmax", (site.input,), {"axis": axis} if axis else {})


def argmax(site: Site) -> Result:
    """``ArgMax`` of the largest alone."""
    param = site.param("argmax_param", ("out_max_val", "top_k", "axis"))
    if param.whole("top_k", 1) != 1 or "axis" not in param:
        raise site.unknown("several of the largest, or the largest of all axes, are no kind")
    axis = site.axis(param.whole("axis", 1, -9))
    return site.add("argmax", (site.input,), {"axes": (axis,), "keep": True})


def tile(site: Site) -> Result:
    """``Tile``: copies along an axis."""
    param = site.param("tile_param", ("axis", "tiles"))
    axis = site.axis(param.whole("axis", 1, -9))
    shape = list(site.shape)
    shape[axis] *= param.whole("tiles")
    site.builder.is_sized = True
    return site.add("rearrange", (site.input,), {"shape": tuple(shape)})


def parameter(site: Site) -> Result:
    """``Parameter``: a learned blob."""
    shape: Sequence[int] = site.param("parameter_param").message("shape").wholes("dim")
    if not shape:
        raise LayerError("it has no shape", "shape { dim: ... }")
    return site.add("learned", (), {"shape": tuple(shape)})


TABLE: Mapping[str, Lower] = {
    "Concat": concat,
    "Slice": cut,
    "Split": split,
    "Flatten": flatten,
    "Reshape": reshape,
    "Permute": permute,
    "Crop": crop,
    "ShuffleChannel": shuffle,
    "ChannelShuffle": shuffle,
    "Softmax": softmax,
    "SoftmaxWithLoss": softmax,
    "ArgMax": argmax,
    "Tile": tile,
    "Parameter": parameter,
}
