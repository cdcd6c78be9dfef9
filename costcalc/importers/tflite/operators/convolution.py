"""Operators with weights, and pools.

Weights are (out, H, W, in) of a convolution, (1, H, W, out) of a depthwise one, (out, in)
of a fully connected layer and (D, H, W, in, out) of a convolution in three dimensions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from costcalc.errors import Refusal
from costcalc.formats.tflite_schema import Padding
from costcalc.importers import emit
from costcalc.importers.builder import Operand, dims_text
from costcalc.importers.model import Shape
from costcalc.importers.tflite.context import Rule, TfliteContext


def convolution(op: TfliteContext) -> None:
    """CONV_2D; in groups if its filters have fewer channels than the input."""
    out, height, width, channels = op.ranked(1, 4)
    _convolve(op, out, (height, width), channels, "hw")


def convolution_3d(op: TfliteContext) -> None:
    """CONV_3D."""
    *kernel, channels, out = op.ranked(1, 5)
    _convolve(op, out, tuple(kernel), channels, "dhw")


def depthwise(op: TfliteContext) -> None:
    """DEPTHWISE_CONV_2D."""
    _, height, width, out = op.ranked(1, 4)
    _convolve(op, out, (height, width), 1, "hw")


def _convolve(op: TfliteContext, out: int, kernel: Shape, channels: int, axes: str) -> None:
    x = op.operand()
    if x.rank <= len(axes) or not x.shape[0] or x.shape[0] % channels:
        raise Refusal("its filters do not fit its input", f"{channels} channels", _shown(op))
    y = emit.conv(
        op,
        x,
        out=out,
        **_window(op, x, kernel, axes, dilated=True),
        groups=x.shape[0] // channels,
        bias=op.has_bias(2),
        params=_params(op, 1, 2),
    )
    op.finish(y)


def _shown(op: TfliteContext) -> str:
    return dims_text(op.shape())


def _params(op: TfliteContext, weights: int, biases: int) -> dict[str, Any]:
    """Where the params of a layer are stored; a computed filter has no params of the file."""
    return {"weights": op.params(weights), "biases": op.params(biases)}


def _window(
    op: TfliteContext, x: Operand, kernel: Sequence[int], axes: str, *, dilated: bool = False
) -> dict[str, Any]:
    """The window of an operator over the last axes of its input."""
    options = op.options
    strides = [options[f"stride_{axis}"] for axis in axes]
    dilations = [options[f"dilation_{axis}"] if dilated else 1 for axis in axes]
    if min(*kernel, *strides, *dilations) < 1:
        raise Refusal("its window is empty", "sizes, strides and dilations of at least 1")
    padding = "valid" if options["padding"] == Padding.VALID else "same"
    return {
        "kernel": op.each_axis(x, kernel, 1),
        "stride": op.each_axis(x, strides, 1),
        "padding": op.padding() or padding,
        **({"dilation": op.each_axis(x, dilations, 1)} if dilated else {}),
    }


def transposed_convolution(op: TfliteContext) -> None:
    """TRANSPOSE_CONV, whose padding is what its output's shape leaves of it."""
    out, *kernel, channels = op.ranked(1, 4)
    x, options = op.operand(2), op.options
    if x.rank < 3 or x.shape[0] != channels:
        raise Refusal("its filters do not fit its input", f"{channels} channels", _shown(op))
    strides = [options["stride_h"], options["stride_w"]]
    sides = op.target()[-2:] if not op.is_static(0) else op.integers(0)[1:3]
    if min(*strides, *kernel) < 1 or len(sides) != 2:
        raise Refusal("its window is empty", "sizes and strides of at least 1")
    excess = [
        (n - 1) * s + k - side
        for n, s, k, side in zip(x.shape[-2:], strides, kernel, sides, strict=True)
    ]
    y = emit.transposed_conv(
        op,
        x,
        out=out,
        kernel=op.each_axis(x, kernel, 1),
        stride=op.each_axis(x, strides, 1),
        padding=op.each_axis(x, [(max(e, 0) // 2, max(e, 0) - max(e, 0) // 2) for e in excess], 0),
        output_padding=op.each_axis(x, [max(-e, 0) for e in excess], 0),
        bias=op.has_bias(3),
        params=_params(op, 1, 3),
    )
    op.finish(y)


def fully_connected(op: TfliteContext) -> None:
    """FULLY_CONNECTED: at every position of an input with more axes than the matrix has rows."""
    out, width = op.ranked(1, 2)
    x = op.operand()
    if not op.is_static(1):
        _product(op, op.natural(0), emit.transpose(op, op.natural(1), (1, 0)))
        return
    count = prod(x.shape)
    is_wrong = op.builder.is_resized and width not in (count, x.shape[0])
    if count % width or is_wrong:
        raise Refusal("its matrix does not fit its input", f"a multiple of {width}", _shown(op))
    if count == width:
        x = op.view(x, (width,))
    elif x.shape[0] != width:
        x = op.view(x, (width, count // width))
    params = _params(op, 1, 2)
    y = emit.dense(op, x, out=out, axis=0, bias=op.has_bias(2), params=params)
    if not op.builder.is_resized:
        y = op.view(y, op.target())
    op.finish(y)


def batch_matmul(op: TfliteContext) -> None:
    """BATCH_MATMUL: a fully connected layer if the second matrix is a constant, else a product."""
    is_transposed = [bool(op.options[name]) for name in ("adj_x", "adj_y")]
    shape = op.shape(1)
    if op.is_static(1) and len(shape) == 2 and not is_transposed[0]:
        out = shape[0] if is_transposed[1] else shape[1]
        params = {"weights": op.params(1)}
        op.set_output(emit.dense(op, op.operand(), out=out, axis=0, bias=False, params=params))
        return
    sides = []
    for index in (0, 1):
        x = op.natural(index)
        if is_transposed[index]:
            order = (*range(x.rank - 2), x.rank - 1, x.rank - 2)
            x = emit.transpose(op, x, order)
        sides.append(x)
    _product(op, *sides)


def _product(op: TfliteContext, left: Operand, right: Operand) -> None:
    """The product of two tensors whose axes are in the file's order."""
    rank = max(left.rank, right.rank, 2)
    sides = [op.view(x, (1,) * (rank - x.rank) + x.shape) for x in (left, right)]
    op.finish(op.from_natural(op.add("matmul", sides)))


def pool(kind: str) -> Rule:
    """AVERAGE_POOL_2D and MAX_POOL_2D."""

    def rule(op: TfliteContext) -> None:
        op.finish(_pooled(op, op.operand(), kind))

    return rule


def _pooled(op: TfliteContext, x: Operand, kind: str) -> Operand:
    if x.rank < 3:
        raise Refusal("has no map to pool", found=_shown(op))
    kernel = (op.options["kernel_h"], op.options["kernel_w"])
    return emit.pool(op, x, kind, **_window(op, x, kernel, "hw"))


def l2_pool(op: TfliteContext) -> None:
    """L2_POOL_2D: the root of the mean of the squares."""
    squares = op.add("square", (op.operand(),), part=".square")
    op.finish(op.add("sqrt", (_pooled(op, squares, "avg_pool"),), part=".sqrt"))


def embedding(op: TfliteContext) -> None:
    """EMBEDDING_LOOKUP: rows of a table."""
    look_up(op, ids=0, table=1)


def look_up(op: TfliteContext, ids: int, table: int) -> None:
    """Rows of a constant matrix at the places that an input gives."""
    rows, out = op.ranked(table, 2)
    sizes, params = {"rows": rows, "out": out}, {"weights": op.params(table)}
    op.set_output(op.from_natural(op.add("embedding", (op.natural(ids),), sizes, params=params)))


TABLE: Mapping[str, Rule] = {
    "CONV_2D": convolution,
    "CONV_3D": convolution_3d,
    "DEPTHWISE_CONV_2D": depthwise,
    "TRANSPOSE_CONV": transposed_convolution,
    "FULLY_CONNECTED": fully_connected,
    "BATCH_MATMUL": batch_matmul,
    "AVERAGE_POOL_2D": pool("avg_pool"),
    "MAX_POOL_2D": pool("max_pool"),
    "L2_POOL_2D": l2_pool,
    "EMBEDDING_LOOKUP": embedding,
}
