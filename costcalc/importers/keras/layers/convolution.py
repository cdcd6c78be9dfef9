"""Convolutions and dense layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.formulas.windows import window_extent
from costcalc.importers import emit
from costcalc.importers.builder import Operand
from costcalc.importers.keras.context import KerasContext, Result, Rule
from costcalc.importers.keras.layers.activation import activate

PADDINGS = ("valid", "same")


def dense(op: KerasContext) -> Result:
    """``Dense``, along the last axis."""
    out, axis = op.config.whole("units"), op.layout.last(op.rank)
    return activate(op, emit.dense(op, op.input, out=out, bias=_has_bias(op), axis=axis))


def convolution(rank: int) -> Rule:
    """``Conv1D``, ``Conv2D``, ``Conv3D``."""

    def rule(op: KerasContext) -> Result:
        return activate(op, emit.conv(op, op.input, **_filters(op, rank)))

    return rule


def depthwise(rank: int) -> Rule:
    """``DepthwiseConv1D``, ``DepthwiseConv2D``."""

    def rule(op: KerasContext) -> Result:
        return activate(op, _depthwise(op, rank, bias=_has_bias(op)))

    return rule


def separable(rank: int) -> Rule:
    """``SeparableConv1D``, ``SeparableConv2D``: depthwise without a bias, then pointwise."""

    def rule(op: KerasContext) -> Result:
        filtered = _depthwise(op, rank, bias=False, part="/depthwise")
        arguments = {"out": op.config.whole("filters"), "bias": _has_bias(op)}
        return activate(op, op.add("pointwise", (filtered,), arguments, "/pointwise"))

    return rule


def transposed(rank: int) -> Rule:
    """``Conv1DTranspose`` to ``Conv3DTranspose``.

    Without ``output_padding``, a ``valid`` output has stride times the input, plus what
    the kernel exceeds the stride by; with it, ``same`` pads by half the kernel.
    """

    def rule(op: KerasContext) -> Result:
        arguments = _filters(op, rank) | _output_padding(op, rank)
        return activate(op, emit.transposed_conv(op, op.input, **arguments))

    return rule


def _output_padding(op: KerasContext, rank: int) -> dict[str, Any]:
    extents = _extents(op, rank)
    is_same = op.config.word("padding", "valid", PADDINGS) == "same"
    if op.config.raw("output_padding") is None:
        strides = op.config.per_axis("strides", rank, 1)
        missing = [max(0, s - k) for s, k in zip(strides, extents, strict=True)]
        return {} if is_same or not any(missing) else {"output_padding": tuple(missing)}
    extra = op.config.per_axis("output_padding", rank, lowest=0)
    half = tuple(extent // 2 for extent in extents)
    return {"padding": half if is_same else "valid", "output_padding": extra}


def _extents(op: KerasContext, rank: int) -> list[int]:
    kernel = op.config.per_axis("kernel_size", rank)
    dilation = op.config.per_axis("dilation_rate", rank, 1)
    return [window_extent(k, d) for k, d in zip(kernel, dilation, strict=True)]


def _depthwise(op: KerasContext, rank: int, bias: bool, part: str = "") -> Operand:
    arguments = {
        **_window(op, rank),
        "multiplier": op.config.whole("depth_multiplier", 1),
        "bias": bias,
    }
    return op.add("depthwise", (op.input,), arguments, part)


def _filters(op: KerasContext, rank: int) -> dict[str, Any]:
    return {
        "out": op.config.whole("filters"),
        **_window(op, rank),
        "groups": op.config.whole("groups", 1),
        "bias": _has_bias(op),
    }


def _has_bias(op: KerasContext) -> bool:
    return op.config.flag("use_bias", True)


def _window(op: KerasContext, rank: int) -> dict[str, Any]:
    config = op.config
    padding: Any = config.word("padding", "valid", (*PADDINGS, "causal"))
    if padding == "causal":
        padding = tuple((extent - 1, 0) for extent in _extents(op, rank))
    return {
        "kernel": emit.compact(config.per_axis("kernel_size", rank)),
        "stride": emit.compact(config.per_axis("strides", rank, 1)),
        "padding": padding,
        "dilation": emit.compact(config.per_axis("dilation_rate", rank, 1)),
    }


TABLE: Mapping[str, Rule] = {
    "Dense": dense,
    **{f"Conv{rank}D": convolution(rank) for rank in (1, 2, 3)},
    **{f"DepthwiseConv{rank}D": depthwise(rank) for rank in (1, 2)},
    **{f"SeparableConv{rank}D": separable(rank) for rank in (1, 2)},
    **{f"Conv{rank}DTranspose": transposed(rank) for rank in (1, 2, 3)},
}
