"""Pooling and resampling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.formulas.windows import window_output_ceil
from costcalc.importers.building import LayerError, compact, known
from costcalc.importers.caffe.layers.convolution import sides
from costcalc.importers.caffe.site import Lower, Result, Site
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


def pooling(site: Site) -> Result:
    """``Pooling``: Caffe rounds the number of windows up; a second top is the mask."""
    param = site.param("pooling_param", POOLING)
    word = param.word("pool", ("MAX", "AVE", "STOCHASTIC"), "MAX")
    if word == "STOCHASTIC":
        raise site.unknown("stochastic pooling is no kind")
    kind = {"MAX": "max_pool", "AVE": "avg_pool"}[word]
    if param.flag("global_pooling", False):
        pooled = site.add(f"global_{kind}", (site.input,))
    else:
        rank = len(site.shape) - 1
        has_ceiling = param.word("round_mode", ("CEIL", "FLOOR"), "CEIL") == "CEIL"
        arguments = {
            "kernel": sides(param, "kernel_size", "kernel", rank),
            "stride": sides(param, "stride", "stride", rank, 1),
            "padding": sides(param, "pad", "pad", rank, 0, lowest=0),
            "ceil_mode": has_ceiling and param.flag("ceil_mode", True),
        }
        _check_last_window(site, arguments)
        pooled = site.add(kind, (site.input,), arguments)
    return (pooled,) * max(1, len(site.layer.tops))


def _check_last_window(site: Site, window: Mapping[str, Any]) -> None:
    """Caffe drops a last window that begins beyond its input only where there is padding.

    Raises:
        LayerError: such a window would stay, and pool nothing.
    """
    if not window["ceil_mode"] or window["padding"] != 0:
        return
    axes = site.shape[1:]
    kernel, stride = (spread(window[name], len(axes), name) for name in ("kernel", "stride"))
    for n, k, s in zip(axes, kernel, stride, strict=True):
        if n >= k and -(-(n - k) // s) + 1 != window_output_ceil(n, k, s, 0, 0, 1):
            raise LayerError(
                f"a window of {k} at stride {s} ends beyond the {n} places of its input",
                "a stride no larger than the kernel, or padding",
            )


def upsample(site: Site) -> Result:
    """``Upsample``: by a whole number, nearest."""
    param = site.param("upsample_param")
    scale = param.whole("scale") if "scale" in param else param.whole("stride")
    return site.add("upsample", (site.inputs[0],), {"scale": scale})


def interp(site: Site) -> Result:
    """``Interp``: bilinear to a size, or by a factor between the corners."""
    param = site.param("interp_param")
    pads = [param.whole(name, 0, -10_000) for name in ("pad_beg", "pad_end")]
    axes = [side + sum(pads) for side in site.shape[1:]]
    shrink, zoom = param.whole("shrink_factor", 1), param.whole("zoom_factor", 1)
    if len(axes) != 2 or min(axes) < 1:
        raise LayerError("it enlarges maps", "rows and columns that padding leaves")
    if "height" in param or "width" in param:
        size = [param.whole("height"), param.whole("width")]
    else:
        site.builder.is_sized = True
        size = [(side - 1) // shrink + 1 for side in axes]
        size = [side + (side - 1) * (zoom - 1) for side in size]
    if len(site.inputs) == 2 and "height" not in param:
        size = list(known(site.inputs[1])[1:])
    return site.add("upsample", site.inputs[:1], {"size": compact(size), "mode": "bilinear"})


TABLE: Mapping[str, Lower] = {
    "Pooling": pooling,
    "Upsample": upsample,
    "Interp": interp,
}
