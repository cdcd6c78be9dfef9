"""Layers that slide a window: convolutions, pools, and the padding before them."""

from __future__ import annotations

from itertools import chain
from typing import Any

from costcalc.exporters.layers import UnwritableLayer
from costcalc.exporters.torch.modules import (
    Argument,
    ForwardLine,
    ForwardLines,
    called,
    option,
    per_axis,
    positional,
)
from costcalc.exporters.windows import Pads, Window, transposed_window, window_of
from costcalc.formulas.windows import window_extent
from costcalc.graph.layer import Layer
from costcalc.kinds.base import Shape


def conv(layer: Layer) -> ForwardLines:
    """``nn.Conv2d``, after a padding module if the two sides of an axis differ."""
    rank = _rank(layer.input_shapes[0])
    slides = window_of(layer)
    front, padding = _split(slides.pads)
    return (*padded(front), _convolution(f"nn.Conv{rank}d", layer, slides, padding))


def transposed_conv(layer: Layer) -> ForwardLines:
    """``nn.ConvTranspose2d``, cropped by a negative padding if its own cannot do it."""
    rank = _rank(layer.input_shapes[0])
    slides, extra = transposed_window(layer)
    padding = tuple(min(pair) for pair in slides.pads)
    rest = tuple(
        (p - before, p - after) for p, (before, after) in zip(padding, slides.pads, strict=True)
    )
    behind = option("output_padding", per_axis(extra), 0)
    name = f"nn.ConvTranspose{rank}d"
    return (
        _convolution(name, layer, slides, per_axis(padding), behind),
        *padded(rest, "crop"),
    )


def _convolution(
    name: str, layer: Layer, slides: Window, padding: Any, *behind: Argument
) -> ForwardLine:
    """A convolution; a transposed one has ``behind`` after its padding, and dilation last."""
    operation: Any = layer.operation
    dilation = option("dilation", per_axis(slides.dilation), 1)
    return called(
        name,
        positional("in_channels", layer.input_shapes[0][0]),
        positional("out_channels", operation.out),
        positional("kernel_size", per_axis(slides.kernel)),
        option("stride", per_axis(slides.stride), 1),
        option("padding", padding, 0),
        *(behind or (dilation,)),
        option("groups", operation.groups, 1),
        option("bias", operation.bias, True),
        *((dilation,) if behind else ()),
    )


def max_pool(layer: Layer) -> ForwardLines:
    """``nn.MaxPool2d``, after a padding with -inf if its own does not do."""
    front, arguments = _pool(layer)
    rank = _rank(layer.output)
    dilation = option("dilation", per_axis(window_of(layer).dilation), 1)
    return (*padded(front, value="-inf"), called(f"nn.MaxPool{rank}d", *arguments, dilation))


def avg_pool(layer: Layer) -> ForwardLines:
    """``nn.AvgPool2d``; with ``same`` padding, means leave out the padding."""
    front, arguments = _pool(layer)
    operation: Any = layer.operation
    if set(window_of(layer).dilation) != {1}:
        raise UnwritableLayer("nn.AvgPool has no dilation")
    is_same = operation.padding == "same"
    if is_same and any(chain(*front)):
        raise UnwritableLayer(
            "nn.AvgPool cannot leave padding on one side out of its mean, as an even kernel with "
            "stride 1 needs"
        )
    padding = next(argument.value for argument in arguments if argument.name == "padding")
    counts_zeros = option("count_include_pad", not is_same or padding == 0, True)
    return (*padded(front), called(f"nn.AvgPool{_rank(layer.output)}d", *arguments, counts_zeros))


def adaptive_pool(constructor: str, layer: Layer) -> ForwardLines:
    """``nn.AdaptiveAvgPool2d`` to a size: 1 for a global pool."""
    axes = layer.output[1:]
    rank = _rank(layer.output)
    return (called(f"nn.{constructor}{rank}d", positional("output_size", per_axis(axes))),)


def padded(pairs: Pads, suffix: str = "pad", value: str = "0") -> ForwardLines:
    """A padding module, if it adds anything; PyTorch has the last axis first."""
    if not any(chain(*pairs)):
        return ()
    sides = positional("padding", tuple(chain(*reversed(pairs))))
    if value == "0":
        return (called(f"nn.ZeroPad{len(pairs)}d", sides, suffix=suffix),)
    number = positional("value", float(value))
    return (called(f"nn.ConstantPad{len(pairs)}d", sides, number, suffix=suffix),)


def _pool(layer: Layer) -> tuple[Pads, tuple[Argument, ...]]:
    """The padding before a pool, and the arguments that all pools have.

    ``ceil_mode`` stands for one more row after a map than before it: the last
    window extends beyond the end.
    """
    operation: Any = layer.operation
    _rank(layer.output)
    slides = window_of(layer)
    pairs, kernels, strides = slides.pads, slides.kernel, slides.stride
    hangs = operation.ceil_mode
    if operation.padding == "same" and all(
        after == before or stride > 1
        for (before, after), stride in zip(pairs, strides, strict=True)
    ):
        hangs = any(after > before for before, after in pairs)
        pairs = tuple((before, before) for before, _ in pairs)
    front, padding = _split(pairs)
    sides = padding if isinstance(padding, tuple) else (padding,) * len(pairs)
    if any(2 * side > kernel for side, kernel in zip(sides, kernels, strict=True)):
        front, padding = pairs, 0
    if hangs and any(chain(*front)):
        front, hangs = _covered(layer, slides._replace(pads=front)), False
    return front, (
        positional("kernel_size", per_axis(kernels)),
        option("stride", per_axis(strides), per_axis(kernels)),
        option("padding", padding, 0),
        option("ceil_mode", hangs, False),
    )


def _covered(layer: Layer, slides: Window) -> Pads:
    """A padding that ends with the last window, so that the pool needs no ``ceil_mode``."""
    return tuple(
        (before, (m - 1) * s + window_extent(k, d) - n - before)
        for n, m, k, s, d, (before, _) in zip(
            layer.input_shapes[0][1:], layer.output[1:], *slides, strict=True
        )
    )


def _split(pairs: Pads) -> tuple[Pads, Any]:
    """The padding before a layer, and the layer's own; one of them is zero."""
    if all(before == after for before, after in pairs):
        return ((0, 0),) * len(pairs), per_axis(tuple(before for before, _ in pairs))
    return pairs, 0


def _rank(shape: Shape) -> int:
    """The number of spatial axes of a map.

    Raises:
        UnwritableLayer: PyTorch supports at most three.
    """
    rank = len(shape) - 1
    if not 1 <= rank <= 3:
        raise UnwritableLayer(f"PyTorch has windows over 1 to 3 spatial axes, not over {rank}")
    return rank
