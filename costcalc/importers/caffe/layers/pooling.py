"""Pooling and resampling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.errors import Refusal
from costcalc.formulas.windows import window_output_ceil
from costcalc.importers import emit
from costcalc.importers.builder import Operand, UnknownOp
from costcalc.importers.caffe.context import CaffeContext, Result, Rule
from costcalc.importers.caffe.layers.convolution import per_axis
from costcalc.kinds.base import spread

POOLING = frozenset(
    [
        "pool",
        "pad",
        "pad_h",
        "pad_w",
        "kernel_size",
        "kernel_h",
        "kernel_w",
        "stride",
        "stride_h",
        "stride_w",
        "engine",
        "global_pooling",
        "round_mode",
        "ceil_mode",
    ]
)


def pooling(op: CaffeContext) -> Result:
    """``Pooling``, which rounds the output size up by default; a second top is the mask."""
    param = op.param("pooling_param", POOLING)
    word = param.word("pool", ("MAX", "AVE", "STOCHASTIC"), "MAX")
    if word == "STOCHASTIC":
        raise UnknownOp("costcalc has no layer kind for stochastic pooling")
    kind = {"MAX": "max_pool", "AVE": "avg_pool"}[word]
    if param.flag("global_pooling", False):
        pooled = _global(op, kind)
    else:
        rank = op.input.rank - 1 - op.channel_axis
        has_ceiling = param.word("round_mode", ("CEIL", "FLOOR"), "CEIL") == "CEIL"
        arguments = {
            "kernel": per_axis(param, "kernel_size", "kernel", rank),
            "stride": per_axis(param, "stride", "stride", rank, 1),
            "padding": per_axis(param, "pad", "pad", rank, 0, lowest=0),
            "ceil_mode": has_ceiling and param.flag("ceil_mode", True),
        }
        _check_last_window(op, arguments)
        pooled = emit.pool(op, op.input, kind, **arguments, spatial_rank=op.spatial_rank)
    return (pooled,) * max(1, len(op.layer.tops))


def _global(op: CaffeContext, kind: str) -> Operand:
    """A pooling over all of a map, or of each map of a list."""
    if not op.is_list(op.input):
        return op.add(f"global_{kind}", (op.input,))
    reduction = {"max_pool": "reduce_max", "avg_pool": "mean"}[kind]
    return emit.reduce(op, op.input, reduction, range(2, op.input.rank), keep=True)


def _check_last_window(op: CaffeContext, window: Mapping[str, Any]) -> None:
    """Checks that no window lies beyond the input: without padding, Caffe keeps such a window.

    Raises:
        Refusal: there is one, which would pool nothing.
    """
    if not window["ceil_mode"] or window["padding"] != 0:
        return
    axes = op.shape[1 + op.channel_axis :]
    kernel, stride = (spread(window[name], len(axes), name) for name in ("kernel", "stride"))
    for n, k, s in zip(axes, kernel, stride, strict=True):
        if n >= k and -(-(n - k) // s) + 1 != window_output_ceil(n, k, s, 0, 0, 1):
            raise Refusal(
                f"a window of {k} at stride {s} lies beyond the {n} places of its input",
                "a stride no larger than the kernel, or padding",
            )


def pyramid(op: CaffeContext) -> Result:
    """``SPP``: pools to 1, 2, 4, ... places along each axis, all in one vector."""
    param = op.param("spp_param", ("pyramid_height", "pool", "engine"))
    word = param.word("pool", ("MAX", "AVE", "STOCHASTIC"), "MAX")
    if word == "STOCHASTIC":
        raise UnknownOp("costcalc has no layer kind for stochastic pooling")
    kind = {"MAX": "max_pool", "AVE": "avg_pool"}[word]
    levels, sides = param.whole("pyramid_height"), op.shape[1:]
    if len(sides) != 2 or 2 ** min(levels - 1, 32) > min(sides):
        raise Refusal(
            f"its {levels} levels do not fit its input",
            "two spatial axes of at least 2 ^ (pyramid_height - 1) places",
        )
    op.builder.is_sized = True
    vectors = []
    for level in range(levels):
        places = 2**level
        kernel = tuple(-(-side // places) for side in sides)
        padding = tuple((k * places - side + 1) // 2 for k, side in zip(kernel, sides, strict=True))
        if any(pad >= k for pad, k in zip(padding, kernel, strict=True)):
            raise Refusal(f"a window of its level {level + 1} is padding alone")
        window = {"kernel": emit.compact(kernel), "padding": emit.compact(padding)}
        arguments = {**window, "stride": window["kernel"], "ceil_mode": True}
        pooled = op.add(kind, (op.input,), arguments, f"/pool{level}")
        vectors.append(op.add("flatten", (pooled,), part=f"/flatten{level}"))
    return emit.join(op, "concat", vectors, part="/concat") if levels > 1 else vectors[0]


def upsample(op: CaffeContext) -> Result:
    """``Upsample`` by a whole number, to the nearest."""
    param = op.param("upsample_param")
    scale = param.whole("scale") if "scale" in param else param.whole("stride")
    return emit.resample(op, op.input, scale=scale)


def interp(op: CaffeContext) -> Result:
    """``Interp``: bilinear resampling to a size, or by a factor between the corners."""
    param = op.param("interp_param")
    pads = [param.whole(name, 0, -10_000) for name in ("pad_beg", "pad_end")]
    dims = [side + sum(pads) for side in op.shape[1:]]
    shrink, zoom = param.whole("shrink_factor", 1), param.whole("zoom_factor", 1)
    if len(dims) != 2 or min(dims) < 1:
        raise Refusal(
            "it resizes maps with two spatial axes", "rows and columns left after padding"
        )
    if "height" in param or "width" in param:
        size = [param.whole("height"), param.whole("width")]
    else:
        op.builder.is_sized = True
        size = [(side - 1) // shrink + 1 for side in dims]
        size = [side + (side - 1) * (zoom - 1) for side in size]
    if len(op.inputs) == 2 and "height" not in param:
        size = list(op.inputs[1].shape[1:])
    return emit.resample(op, op.input, size=size, mode="bilinear")


TABLE: Mapping[str, Rule] = {
    "Pooling": pooling,
    "SPP": pyramid,
    "Upsample": upsample,
    "Interp": interp,
}
