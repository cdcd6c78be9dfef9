"""Convolutions and fully connected layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.formulas.algebra import product
from costcalc.importers.building import LayerError, UnknownLayer, compact
from costcalc.importers.caffe.fields import Fields
from costcalc.importers.caffe.site import Lower, Result, Site

CONVOLUTION = frozenset(
    [
        "num_output",
        "bias_term",
        "pad",
        "kernel_size",
        "group",
        "stride",
        "dilation",
        "weight_filler",
        "bias_filler",
        "pad_h",
        "pad_w",
        "kernel_h",
        "kernel_w",
        "stride_h",
        "stride_w",
        "axis",
        "force_nd_im2col",
        "engine",
    ]
)
INNER_PRODUCT = frozenset(
    ["num_output", "bias_term", "weight_filler", "bias_filler", "axis", "transpose"]
)


def convolution(site: Site) -> Result:
    """``Convolution``; one group for every channel is a depthwise one."""
    param = _param(site)
    groups, out = param.whole("group", 1), param.whole("num_output")
    channels = site.shape[0]
    window = _window(param, len(site.shape) - 1)
    if groups == channels > 1 and out % channels == 0:
        return site.add("depthwise", (site.input,), {**window, "multiplier": out // channels})
    return site.add("conv", (site.input,), {"out": out, **window, "groups": groups})


def depthwise(site: Site) -> Result:
    """``DepthwiseConvolution``, which need not say its groups."""
    param = _param(site)
    channels = site.shape[0]
    out = param.whole("num_output", channels)
    if out % channels or param.whole("group", channels) != channels:
        raise LayerError(
            "a depthwise convolution has a group for each channel",
            f"group: {channels} and a multiple of it as num_output",
            f"group: {param.whole('group', channels)}, num_output: {out}",
        )
    window = _window(param, len(site.shape) - 1)
    return site.add("depthwise", (site.input,), {**window, "multiplier": out // channels})


def deconvolution(site: Site) -> Result:
    """``Deconvolution``."""
    param = _param(site)
    arguments = {
        "out": param.whole("num_output"),
        **_window(param, len(site.shape) - 1),
        "groups": param.whole("group", 1),
    }
    return site.add("transposed_conv", (site.input,), arguments)


def _param(site: Site) -> Fields:
    param = site.param("convolution_param", CONVOLUTION)
    if site.axis(param.whole("axis", 1, -9)) != 0 or len(site.inputs) != 1:
        raise site.unknown("a convolution of several inputs, or of other channels, is no kind")
    return param


def _window(param: Fields, rank: int) -> dict[str, Any]:
    """Kernel, stride, padding, dilation and bias."""
    return {
        "kernel": sides(param, "kernel_size", "kernel", rank),
        "stride": sides(param, "stride", "stride", rank, 1),
        "padding": sides(param, "pad", "pad", rank, 0, lowest=0),
        "dilation": sides(param, "dilation", "", rank, 1),
        "bias": param.flag("bias_term", True),
    }


def sides(
    param: Fields, name: str, stem: str, rank: int, default: int | None = None, lowest: int = 1
) -> Any:
    """A size for each axis: ``kernel_size`` once, for each axis, or ``kernel_h`` and ``kernel_w``.

    Raises:
        LayerError: there are too many, or none and no default.
    """
    given = param.wholes(name, lowest)
    pair = (f"{stem}_h", f"{stem}_w")
    if stem and any(each in param for each in pair):
        if given or rank != 2:
            raise LayerError(
                f"'{pair[0]}' and '{name}' both stand, or the map has no two axes",
                f"{name}, or {pair[0]} and {pair[1]}",
                mark=param.mark,
            )
        return compact([param.whole(each, default, lowest) for each in pair])
    if not given:
        if default is None:
            raise LayerError(f"'{name}' is missing", f"{name}: ...", mark=param.mark)
        return default
    if len(given) not in (1, rank):
        raise LayerError(f"'{name}' stands {len(given)} times", f"once, or {rank} times")
    return compact(given)


def inner_product(site: Site) -> Result:
    """``InnerProduct``: a matrix over what stands from an axis on, the first by default."""
    param = site.param("inner_product_param", INNER_PRODUCT)
    arguments = {"out": param.whole("num_output"), "bias": param.flag("bias_term", True)}
    axis = site.axis(param.whole("axis", 1, -9))
    if axis == 0:
        return site.add("fc", (site.input,), arguments)
    rest = product(site.shape[axis:])
    site.builder.is_sized = True
    flat = site.add("reshape", (site.input,), {"shape": (*site.shape[:axis], rest)}, ".reshape")
    return site.add("fc", (flat,), {**arguments, "per_position": True, "axis": -1})


def embed(site: Site) -> Result:
    """``Embed``: a row of a table for each number."""
    param = site.param("embed_param")
    if param.flag("bias_term", True):
        raise UnknownLayer("an embedding with a bias is no kind")
    arguments = {"rows": param.whole("input_dim"), "out": param.whole("num_output")}
    return site.add("embedding", (site.input,), arguments)


TABLE: Mapping[str, Lower] = {
    "Convolution": convolution,
    "DepthwiseConvolution": depthwise,
    "ConvolutionDepthwise": depthwise,
    "Deconvolution": deconvolution,
    "InnerProduct": inner_product,
    "Embed": embed,
}
