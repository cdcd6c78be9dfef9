"""Convolutions and dense layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.formulas.windows import window_extent
from costcalc.graph.frame import Tensor
from costcalc.importers.building import compact
from costcalc.importers.keras.layers.activation import activated
from costcalc.importers.keras.site import Lower, Result, Site

PADDINGS = ("valid", "same")


def dense(site: Site) -> Result:
    """``Dense``: a matrix over the last axis, whatever stands before it."""
    arguments: dict[str, Any] = {
        "out": site.config.whole("units"),
        "bias": site.config.flag("use_bias", True),
    }
    if site.rank > 1:
        arguments |= per_position(site)
    return activated(site, site.add("fc", (site.input,), arguments))


def per_position(site: Site) -> dict[str, Any]:
    """The arguments of a matrix over the last axis alone."""
    axis = site.layout.last(site.rank)
    return {"per_position": True} if axis == 0 else {"per_position": True, "axis": -1}


def convolution(rank: int) -> Lower:
    """``Conv1D``, ``Conv2D``, ``Conv3D``."""

    def lower(site: Site) -> Result:
        arguments = {
            "out": site.config.whole("filters"),
            **_window(site, rank),
            "groups": site.config.whole("groups", 1),
            "bias": site.config.flag("use_bias", True),
        }
        return activated(site, site.add("conv", (site.input,), arguments))

    return lower


def depthwise(rank: int) -> Lower:
    """``DepthwiseConv1D``, ``DepthwiseConv2D``."""

    def lower(site: Site) -> Result:
        arguments = {**_depthwise(site, rank), "bias": site.config.flag("use_bias", True)}
        return activated(site, site.add("depthwise", (site.input,), arguments))

    return lower


def separable(rank: int) -> Lower:
    """``SeparableConv1D``, ``SeparableConv2D``: depthwise without a bias, then 1 x 1."""

    def lower(site: Site) -> Result:
        filtered = site.add(
            "depthwise", (site.input,), {**_depthwise(site, rank), "bias": False}, "/depthwise"
        )
        arguments = {
            "out": site.config.whole("filters"),
            "bias": site.config.flag("use_bias", True),
        }
        return activated(site, site.add("pointwise", (filtered,), arguments, "/pointwise"))

    return lower


def transposed(rank: int) -> Lower:
    """``Conv1DTranspose`` to ``Conv3DTranspose``.

    Without an output padding, ``valid`` gives stride times the input and what
    the kernel is longer than the stride; with one, ``same`` pads by half the
    kernel.
    """

    def lower(site: Site) -> Result:
        window = _window(site, rank)
        arguments = {
            "out": site.config.whole("filters"),
            **window,
            "groups": site.config.whole("groups", 1),
            "bias": site.config.flag("use_bias", True),
            **_output_padding(site, rank),
        }
        return activated(site, site.add("transposed_conv", (site.input,), arguments))

    return lower


def _output_padding(site: Site, rank: int) -> Mapping[str, Any]:
    extents = _extents(site, rank)
    is_same = site.config.word("padding", "valid", PADDINGS) == "same"
    if site.config.raw("output_padding") is None:
        strides = site.config.per_axis("strides", rank, 1)
        missing = [max(0, s - k) for s, k in zip(strides, extents, strict=True)]
        return {} if is_same or not any(missing) else {"output_padding": compact(missing)}
    extra = compact(site.config.per_axis("output_padding", rank, lowest=0))
    half = tuple(extent // 2 for extent in extents)
    return {"padding": compact(half) if is_same else "valid", "output_padding": extra}


def _extents(site: Site, rank: int) -> list[int]:
    kernel = site.config.per_axis("kernel_size", rank)
    dilation = site.config.per_axis("dilation_rate", rank, 1)
    return [window_extent(k, d) for k, d in zip(kernel, dilation, strict=True)]


def _depthwise(site: Site, rank: int) -> dict[str, Any]:
    return {**_window(site, rank), "multiplier": site.config.whole("depth_multiplier", 1)}


def _window(site: Site, rank: int) -> dict[str, Any]:
    """Kernel, stride, padding and dilation."""
    config = site.config
    padding: Any = config.word("padding", "valid", (*PADDINGS, "causal"))
    if padding == "causal":
        padding = tuple((extent - 1, 0) for extent in _extents(site, rank))
    return {
        "kernel": compact(config.per_axis("kernel_size", rank)),
        "stride": compact(config.per_axis("strides", rank, 1)),
        "padding": padding,
        "dilation": compact(config.per_axis("dilation_rate", rank, 1)),
    }


TABLE: Mapping[str, Lower] = {
    "Dense": dense,
    **{f"Conv{rank}D": convolution(rank) for rank in (1, 2, 3)},
    **{f"DepthwiseConv{rank}D": depthwise(rank) for rank in (1, 2)},
    **{f"SeparableConv{rank}D": separable(rank) for rank in (1, 2)},
    **{f"Conv{rank}DTranspose": transposed(rank) for rank in (1, 2, 3)},
}


def linear(site: Site, tensor: Tensor, out: int, has_bias: bool, part: str) -> Tensor:
    """A matrix over the last axis of a tensor in Keras' order."""
    arguments = {"out": out, "bias": has_bias, "per_position": True, "axis": -1}
    return site.add("fc", (tensor,), arguments, part)
