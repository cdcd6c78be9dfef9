"""Convolutions and fully connected layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.errors import Refusal
from costcalc.formulas.algebra import product
from costcalc.importers import emit
from costcalc.importers.builder import UnknownOp
from costcalc.importers.caffe.context import CaffeContext, Result, Rule
from costcalc.importers.caffe.fields import Fields

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


def convolution(op: CaffeContext) -> Result:
    """``Convolution``."""
    param = _param(op)
    groups, out = param.whole("group", 1), param.whole("num_output")
    return emit.conv(op, op.input, out=out, groups=groups, **_window(op, param))


def depthwise(op: CaffeContext) -> Result:
    """``DepthwiseConvolution``, whose groups need not be stated."""
    param = _param(op)
    channels = op.shape[op.channel_axis]
    out = param.whole("num_output", channels)
    if out % channels or param.whole("group", channels) != channels:
        raise Refusal(
            "a depthwise convolution has a group for each channel",
            f"group: {channels}, and a multiple of it as num_output",
            f"group: {param.whole('group', channels)}, num_output: {out}",
        )
    return emit.conv(op, op.input, out=out, groups=channels, **_window(op, param))


def deconvolution(op: CaffeContext) -> Result:
    """``Deconvolution``."""
    param = _param(op)
    groups, out = param.whole("group", 1), param.whole("num_output")
    return emit.transposed_conv(op, op.input, out=out, groups=groups, **_window(op, param))


def _param(op: CaffeContext) -> Fields:
    param = op.param("convolution_param", CONVOLUTION)
    if op.param_axis(param) != op.channel_axis or len(op.inputs) != 1:
        raise UnknownOp(
            "costcalc has no layer kind for a convolution of several inputs, or along another axis"
        )
    return param


def _window(op: CaffeContext, param: Fields) -> dict[str, Any]:
    """Kernel, stride, padding, dilation and bias."""
    rank = op.input.rank - 1 - op.channel_axis
    return {
        "kernel": per_axis(param, "kernel_size", "kernel", rank),
        "stride": per_axis(param, "stride", "stride", rank, 1),
        "padding": per_axis(param, "pad", "pad", rank, 0, lowest=0),
        "dilation": per_axis(param, "dilation", "", rank, 1),
        "bias": param.flag("bias_term", True),
        "spatial_rank": op.spatial_rank,
    }


def per_axis(
    param: Fields, name: str, stem: str, rank: int, default: int | None = None, lowest: int = 1
) -> Any:
    """A size for each axis: one ``kernel_size``, one per axis, or ``kernel_h`` and ``kernel_w``.

    Raises:
        Refusal: there are too many, or none without a default.
    """
    given = param.wholes(name, lowest)
    pair = (f"{stem}_h", f"{stem}_w")
    if stem and any(each in param for each in pair):
        if given or rank != 2:
            raise Refusal(
                f"'{pair[0]}' needs a map with two spatial axes, and excludes '{name}'",
                f"{name}, or {pair[0]} and {pair[1]}",
                mark=param.mark,
            )
        return tuple(param.whole(each, default, lowest) for each in pair)
    if not given:
        if default is None:
            raise Refusal(f"'{name}' is missing", f"{name}: ...", mark=param.mark)
        return default
    if len(given) not in (1, rank):
        raise Refusal(f"'{name}' is given {len(given)} times", f"once, or {rank} times")
    return given[0] if len(given) == 1 else given


def inner_product(op: CaffeContext) -> Result:
    """``InnerProduct``, which flattens its input from an axis on, by default all of it."""
    param = op.param("inner_product_param", INNER_PRODUCT)
    out, bias = param.whole("num_output"), param.flag("bias_term", True)
    axis = op.param_axis(param)
    if axis == 0:
        return emit.dense(op, op.input, out=out, bias=bias, axis=None)
    op.builder.is_sized = True
    shape = (*op.shape[:axis], product(op.shape[axis:]))
    flat = op.view(op.input, shape)
    return emit.dense(op, flat, out=out, bias=bias)


def embed(op: CaffeContext) -> Result:
    """``Embed``."""
    param = op.param("embed_param")
    if param.flag("bias_term", True):
        raise UnknownOp("costcalc has no layer kind for an embedding with a bias")
    arguments = {"rows": param.whole("input_dim"), "out": param.whole("num_output")}
    return op.add("embedding", (op.input,), arguments)


TABLE: Mapping[str, Rule] = {
    "Convolution": convolution,
    "DepthwiseConvolution": depthwise,
    "ConvolutionDepthwise": depthwise,
    "Deconvolution": deconvolution,
    "InnerProduct": inner_product,
    "Embed": embed,
}
