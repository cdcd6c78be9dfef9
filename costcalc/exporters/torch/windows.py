"""Layers that slide a window: convolutions, pools, and the padding in front of them."""

from __future__ import annotations

from itertools import chain
from typing import Any

from costcalc.exporters.layers import UnwritableLayer
from costcalc.exporters.torch.modules import (
    Argument,
    ForwardLine,
    built,
    given,
    option,
    per_axis,
)
from costcalc.formulas.windows import window_extent
from costcalc.graph.layer import Layer
from costcalc.kinds.base import spread
from costcalc.kinds.windows import explicit_pads

Sides = tuple[int, ...]
Pairs = tuple[tuple[int, int], ...]
"""Rows before and after, for each axis."""


def conv(layer: Layer) -> tuple[ForwardLine, ...]:
    """``nn.Conv2d``, behind a padding of its own where the two sides of an axis differ."""
    operation: Any = layer.operation
    channels, *axes = layer.input_shapes[0]
    rank = _rank(axes)
    pairs = explicit_pads(
        tuple(axes), operation.kernel, operation.stride, operation.padding, operation.dilation
    )
    front, padding = _split(pairs)
    module = built(
        f"nn.Conv{rank}d",
        given("in_channels", channels),
        given("out_channels", operation.out),
        given("kernel_size", per_axis(spread(operation.kernel, rank, "kernel"))),
        option("stride", per_axis(spread(operation.stride, rank, "stride")), 1),
        option("padding", padding, 0),
        option("dilation", per_axis(spread(operation.dilation, rank, "dilation")), 1),
        option("groups", operation.groups, 1),
        option("bias", operation.bias, True),
    )
    return (*padded(front), module)


def transposed_conv(layer: Layer) -> tuple[ForwardLine, ...]:
    """``nn.ConvTranspose2d``; what its padding cannot cut away, a negative padding does."""
    operation: Any = layer.operation
    channels, *axes = layer.input_shapes[0]
    rank = _rank(axes)
    kernels = spread(operation.kernel, rank, "kernel")
    strides = spread(operation.stride, rank, "stride")
    dilations = spread(operation.dilation, rank, "dilation")
    cut, extra = [], []
    if operation.padding == "same":
        for k, s, d in zip(kernels, strides, dilations, strict=True):
            surplus = d * (k - 1) + 1 - s
            cut.append((max(surplus, 0) // 2, (max(surplus, 0) + 1) // 2))
            extra.append(max(-surplus, 0))
    else:
        cut = list(explicit_pads(tuple(axes), kernels, strides, operation.padding, dilations))
        extra = list(spread(operation.output_padding, rank, "output_padding"))
    padding = tuple(min(pair) for pair in cut)
    rest = tuple((p - before, p - after) for p, (before, after) in zip(padding, cut, strict=True))
    module = built(
        f"nn.ConvTranspose{rank}d",
        given("in_channels", channels),
        given("out_channels", operation.out),
        given("kernel_size", per_axis(kernels)),
        option("stride", per_axis(strides), 1),
        option("padding", per_axis(padding), 0),
        option("output_padding", per_axis(tuple(extra)), 0),
        option("groups", operation.groups, 1),
        option("bias", operation.bias, True),
        option("dilation", per_axis(dilations), 1),
    )
    return (module, *padded(rest, "crop"))


def max_pool(layer: Layer) -> tuple[ForwardLine, ...]:
    """``nn.MaxPool2d``, behind a padding that never wins where it needs one of its own."""
    front, arguments = _pool(layer)
    operation: Any = layer.operation
    rank = len(layer.output) - 1
    dilation = per_axis(spread(operation.dilation, rank, "dilation"))
    module = built(f"nn.MaxPool{rank}d", *arguments, option("dilation", dilation, 1))
    return (*padded(front, value="-inf"), module)


def avg_pool(layer: Layer) -> tuple[ForwardLine, ...]:
    """``nn.AvgPool2d``; with ``same`` padding a mean is of what lies inside the map."""
    front, arguments = _pool(layer)
    operation: Any = layer.operation
    rank = len(layer.output) - 1
    if set(spread(operation.dilation, rank, "dilation")) != {1}:
        raise UnwritableLayer("nn.AvgPool has no dilation")
    is_same = operation.padding == "same"
    if is_same and any(chain(*front)):
        raise UnwritableLayer("a mean of what is inside the map, with an even kernel and stride 1")
    padding = next(each.value for each in arguments if each.name == "padding")
    counts_zeros = option("count_include_pad", not is_same or padding == 0, True)
    return (*padded(front), built(f"nn.AvgPool{rank}d", *arguments, counts_zeros))


def adaptive_pool(constructor: str, layer: Layer) -> tuple[ForwardLine, ...]:
    """``nn.AdaptiveAvgPool2d`` to a size; to 1 where the pool is global."""
    axes = layer.output[1:]
    rank = _rank(axes)
    return (built(f"nn.{constructor}{rank}d", given("output_size", per_axis(axes))),)


def padded(pairs: Pairs, suffix: str = "pad", value: str = "0") -> tuple[ForwardLine, ...]:
    """A padding, the last axis first as PyTorch has it; nothing where it adds nothing."""
    if not any(chain(*pairs)):
        return ()
    sides = given("padding", tuple(chain(*reversed(pairs))))
    if value == "0":
        return (built(f"nn.ZeroPad{len(pairs)}d", sides, suffix=suffix),)
    number = given("value", float(value))
    return (built(f"nn.ConstantPad{len(pairs)}d", sides, number, suffix=suffix),)


def _pool_pads(layer: Layer) -> Pairs:
    operation: Any = layer.operation
    axes = layer.input_shapes[0][1:]
    stride = operation.kernel if operation.stride is None else operation.stride
    return explicit_pads(axes, operation.kernel, stride, operation.padding, operation.dilation)


def _pool(layer: Layer) -> tuple[Pairs, tuple[Argument, ...]]:
    """The padding in front of a pool, and the arguments that all pools have.

    One row more after a map than before it is what ``ceil_mode`` is for: the
    last window hangs over the end.
    """
    operation: Any = layer.operation
    axes = layer.input_shapes[0][1:]
    rank = _rank(axes)
    kernels = spread(operation.kernel, rank, "kernel")
    strides = kernels if operation.stride is None else spread(operation.stride, rank, "stride")
    pairs = _pool_pads(layer)
    hangs = operation.ceil_mode
    if operation.padding == "same" and all(
        after == before or stride > 1
        for (before, after), stride in zip(pairs, strides, strict=True)
    ):
        hangs = any(after > before for before, after in pairs)
        pairs = tuple((before, before) for before, _ in pairs)
    front, padding = _split(pairs)
    sides = padding if isinstance(padding, tuple) else (padding,) * rank
    if any(2 * side > kernel for side, kernel in zip(sides, kernels, strict=True)):
        front, padding = pairs, 0
    if hangs and any(chain(*front)):
        front, hangs = _covered(layer, kernels, strides, front), False
    return front, (
        given("kernel_size", per_axis(kernels)),
        option("stride", per_axis(strides), per_axis(kernels)),
        option("padding", padding, 0),
        option("ceil_mode", hangs, False),
    )


def _covered(layer: Layer, kernels: Sides, strides: Sides, pairs: Pairs) -> Pairs:
    """A padding that ends where the last window does, which a pool then need not hang over."""
    operation: Any = layer.operation
    found = []
    for n, m, k, s, d, (before, _) in zip(
        layer.input_shapes[0][1:],
        layer.output[1:],
        kernels,
        strides,
        spread(operation.dilation, len(kernels), "dilation"),
        pairs,
        strict=True,
    ):
        found.append((before, (m - 1) * s + window_extent(k, d) - n - before))
    return tuple(found)


def _split(pairs: Pairs) -> tuple[Pairs, Any]:
    """The padding in front of a layer, or else the layer's own."""
    if all(before == after for before, after in pairs):
        return ((0, 0),) * len(pairs), per_axis(tuple(before for before, _ in pairs))
    return pairs, 0


def _rank(axes: Any) -> int:
    """The spatial axes of a map.

    Raises:
        UnwritableLayer: PyTorch's layers have up to three.
    """
    if not 1 <= len(axes) <= 3:
        raise UnwritableLayer(f"PyTorch's windows slide along 1 to 3 axes, not {len(axes)}")
    return len(axes)
