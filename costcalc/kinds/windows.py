"""Kernel, stride, padding and dilation, for every kind that slides a window."""

from __future__ import annotations

from typing import Any

from costcalc.advice import advice, option
from costcalc.formulas.algebra import Size, maximum
from costcalc.formulas.windows import (
    same_padding,
    window_extent,
    window_output,
    window_output_ceil,
    window_output_same,
)
from costcalc.kinds.base import Shape, ShapeError, spread


def slide(
    axes: Shape,
    kernel: Any,
    stride: Any,
    padding: Any,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> Shape:
    """The positions of a window along each spatial axis.

    Raises:
        ShapeError: the window is larger than the padded input.
    """
    rank = len(axes)
    kernels = spread(kernel, rank, "kernel")
    strides = spread(stride, rank, "stride")
    dilations = spread(dilation, rank, "dilation")
    if isinstance(padding, str) and padding == "same":
        return tuple(window_output_same(n, s) for n, s in zip(axes, strides, strict=True))
    rule = window_output_ceil if ceil_mode else window_output
    result = []
    for n, k, s, (before, after), d in zip(
        axes, kernels, strides, pads(padding, rank), dilations, strict=True
    ):
        extent = window_extent(k, d)
        hanging = s - 1 if ceil_mode else 0
        if n + before + after + hanging < extent:
            raise ShapeError(
                "the window is larger than its input, so that nothing is left",
                expected=f"an input of at least {extent - hanging - before - after} "
                f"for a window of {extent}",
                found=f"{n}, padded to {n + before + after}",
                hint=advice(
                    "a smaller kernel, more padding, or a higher resolution ({})", option("res")
                ),
            )
        result.append(rule(n, k, s, before, after, d))
    return tuple(result)


def pads(padding: Any, rank: int) -> tuple[tuple[Size, Size], ...]:
    """The rows added before and after each axis."""
    if isinstance(padding, str) and padding == "valid":
        return ((0, 0),) * rank
    return tuple(
        side if isinstance(side, tuple) else (side, side)
        for side in spread(padding, rank, "padding")
    )


def explicit_pads(
    axes: Shape, kernel: Any, stride: Any, padding: Any, dilation: Any = 1
) -> tuple[tuple[Size, Size], ...]:
    """The rows before and after each axis, as numbers even for ``same`` padding."""
    rank = len(axes)
    if not (isinstance(padding, str) and padding == "same"):
        return pads(padding, rank)
    kernels = spread(kernel, rank, "kernel")
    strides = spread(stride, rank, "stride")
    dilations = spread(dilation, rank, "dilation")
    sides = zip(axes, kernels, strides, dilations, strict=True)
    totals = (same_padding(n, k, s, d) for n, k, s, d in sides)
    return tuple((total // 2, total - total // 2) for total in totals)


def transposed_pads(
    kernel: tuple[Size, ...],
    stride: tuple[Size, ...],
    padding: Any,
    dilation: tuple[Size, ...],
    output_padding: tuple[Size, ...],
) -> tuple[tuple[tuple[Size, Size], ...], tuple[Size, ...]]:
    """What a transposed convolution cuts off at both ends, and what it adds at the last.

    With ``same`` padding the output is the stride times the input: what the kernel
    covers beyond the stride is cut off, and what it lacks is added.
    """
    rank = len(kernel)
    if not (isinstance(padding, str) and padding == "same"):
        return pads(padding, rank), output_padding
    extents = [window_extent(k, d) for k, d in zip(kernel, dilation, strict=True)]
    beyond = [maximum(extent - s, 0) for extent, s in zip(extents, stride, strict=True)]
    lacking = (maximum(s - extent, 0) for extent, s in zip(extents, stride, strict=True))
    return tuple((total // 2, total - total // 2) for total in beyond), tuple(lacking)
