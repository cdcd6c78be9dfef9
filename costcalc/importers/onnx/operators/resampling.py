"""Maps enlarged or shrunk."""

from __future__ import annotations

import math

from costcalc.importers.model import Sides
from costcalc.importers.onnx.call import Call
from costcalc.importers.onnx.known import Known, NodeProblem, front, text
from costcalc.importers.onnx.operators.elementwise import single
from costcalc.importers.onnx.operators.windows import alike
from costcalc.importers.onnx.site import Site

MODES = {"nearest": "nearest", "linear": "bilinear", "cubic": "bicubic"}


def shapes(call: Call) -> list[Known]:
    """Sides that are stated, or scaled and rounded down."""
    known = call.input(0)
    shape = _resized(call, known.shape)
    if min(shape, default=1) < 1:
        raise NodeProblem("resizes its input to nothing", found=text(shape))
    is_kept = known.batch is not None and shape[known.batch] == known.shape[known.batch]
    return [Known(shape, known.batch if is_kept else None)]


def resize(site: Site) -> None:
    """An upsampling of the axes behind the channels; other axes are resized by copies."""
    for index in range(1, len(site.operation.inputs)):
        site.configuration(index)
    known, out = site.input(0), site.output()
    if out.shape == known.shape:
        site.alias()
        return
    if known.batch is None or out.dims[0] != known.dims[0] or len(known.dims) < 2:
        site.simple("rearrange", {"shape": out.dims})
        return
    mode = site.word("mode", "nearest")
    site.simple("upsample", {"size": alike(out.dims[1:]), "mode": MODES.get(mode, mode)})


def _resized(call: Call, shape: Sides) -> Sides:
    """The sides, of which a list may name some axes alone."""
    named = call.listed("axes")
    axes = range(len(shape)) if named is None else [front(axis, len(shape)) for axis in named]
    has_roi = call.operation.operator == "Resize" and call.operation.version >= 11
    sizes = call.wholes("sizes", 3) if has_roi else None
    if sizes:
        return _sized(call, shape, axes, sizes)
    scales = call.listed("scales")
    if scales is None:
        scales = call.numbers(2 if has_roi else 1) or ()
    if len(scales) != len(axes):
        raise NodeProblem(
            "is given scales of other axes", expected=f"{len(axes)} numbers", found=text(scales)
        )
    found = list(shape)
    for axis, scale in zip(axes, scales, strict=True):
        if not math.isfinite(scale) or scale <= 0:
            raise NodeProblem("is scaled by what is no scale", found=f"{scale}")
        found[axis] = math.floor(single(float(shape[axis]) * scale))
    return tuple(found)


def _sized(call: Call, shape: Sides, axes: range | list[int], sizes: Sides) -> Sides:
    if len(sizes) != len(axes):
        raise NodeProblem(
            "is given sizes of other axes", expected=f"{len(axes)} numbers", found=text(sizes)
        )
    policy = call.word("keep_aspect_ratio_policy", "stretch")
    found = list(shape)
    if policy == "stretch":
        for axis, size in zip(axes, sizes, strict=True):
            found[axis] = size
        return tuple(found)
    choose = min if policy == "not_larger" else max
    scale = choose(size / shape[axis] for axis, size in zip(axes, sizes, strict=True))
    for axis in axes:
        found[axis] = math.floor(single(scale * shape[axis]) + 0.5)
    return tuple(found)
