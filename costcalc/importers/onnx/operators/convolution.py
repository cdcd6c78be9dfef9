"""Convolutions, including transposed and quantised ones, and pooling."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.errors import Refusal
from costcalc.formulas.windows import window_extent
from costcalc.importers import emit
from costcalc.importers.builder import Operand, dims_text
from costcalc.importers.model import Shape
from costcalc.importers.onnx.context import Operator, OpView, Pads, Rule, Window
from costcalc.importers.onnx.tensors import TensorInfo
from costcalc.kinds.convolution import Conv, TransposedConv


def convolution(weight: int, bias: int | None, *configuration: int) -> Operator:
    """Conv and its quantised forms, by the indices of their weight, bias and other inputs."""

    def rule(op: OpView) -> Rule:
        x, w = op.input(0), op.input(weight)
        sides, groups = _sides(op, x.shape, w.shape), op.integer("group", 1, lowest=1)
        _check_channels(x.shape[1], w.shape[1] * groups)
        arguments = {"out": w.shape[0], **op.window(w.shape[2:]).arguments(), "groups": groups}
        shape = Conv(**arguments).output_shape((x.shape[1:],))
        ctx = yield [TensorInfo((x.shape[0], *shape), op.leading_batch(x))]
        ctx.ignore_params(*configuration)
        biases = [bias] if bias is not None and op.has(bias) else []
        y = emit.conv(
            ctx,
            ctx.maps(),
            **arguments,
            bias=bool(biases),
            spatial_rank=len(sides),
            params={"weights": ctx.weights(weight), "biases": ctx.stored(*biases)},
        )
        ctx.set_output(y)

    return rule


def transposed(op: OpView) -> Rule:
    """ConvTranspose."""
    x, w = op.input(0), op.input(1)
    sides, groups = _sides(op, x.shape, w.shape), op.integer("group", 1, lowest=1)
    _check_channels(x.shape[1], w.shape[0])
    window, output_padding = _transposed_window(op, sides, w.shape[2:])
    arguments = {
        "out": w.shape[1] * groups,
        **window.arguments(),
        "output_padding": output_padding,
        "groups": groups,
    }
    shape = TransposedConv(**arguments).output_shape((x.shape[1:],))
    ctx = yield [TensorInfo((x.shape[0], *shape), op.leading_batch(x))]
    y = emit.transposed_conv(
        ctx,
        ctx.maps(),
        **arguments,
        bias=op.has(2),
        spatial_rank=len(sides),
        params={"weights": ctx.weights(1), "biases": ctx.stored(2)},
    )
    ctx.set_output(y)


def _sides(op: OpView, x: Shape, w: Shape) -> Shape:
    """The spatial dimensions of the input; filters and attributes must fit them."""
    if len(x) < 3 or len(w) != len(x):
        raise Refusal(
            "convolves shapes that do not fit together",
            expected="an input (images, channels, ...) and filters of as many axes",
            found=f"{dims_text(x)} and {dims_text(w)}",
        )
    if 0 in w:
        raise Refusal("has filters without weights", found=dims_text(w))
    kernel = op.attribute("kernel_shape")
    if kernel and kernel != w[2:]:
        raise Refusal(
            "states a kernel that its filters do not have", dims_text(w[2:]), dims_text(kernel)
        )
    return x[2:]


def _check_channels(found: int, expected: int) -> None:
    if found != expected:
        raise Refusal(
            f"reads {found} channels, but its filters have {expected}",
            expected=f"{expected} channels",
        )


def _transposed_window(op: OpView, sides: Shape, kernel: Shape) -> tuple[Window, Shape]:
    """The window of a transposed convolution, and its output padding."""
    rank = len(sides)
    strides, dilations = op.sizes("strides", rank, 1), op.sizes("dilations", rank, 1)
    output_padding = op.sizes("output_padding", rank, 0, lowest=0)
    pads: Pads | None
    if op.attribute("output_shape"):
        output = op.sizes("output_shape", rank, 1)
        extents = zip(sides, strides, kernel, dilations, output_padding, strict=True)
        full = [(n - 1) * s + window_extent(k, d) + extra for n, s, k, d, extra in extents]
        totals = [total - side for total, side in zip(full, output, strict=True)]
        pads = tuple((max(total, 0) // 2, -(-max(total, 0) // 2)) for total in totals)
        output_padding = tuple(
            extra + max(-total, 0) for extra, total in zip(output_padding, totals, strict=True)
        )
    else:
        pads = op.pads(rank)
    if pads is None:
        output_padding = (0,) * rank
    return Window(kernel, strides, pads, dilations), output_padding


def pool(kind: str) -> Operator:
    """A pooling; the second output of MaxPool has the indices of the maxima."""

    def rule(op: OpView) -> Rule:
        x = op.input(0)
        sides = _spatial(x.shape)
        window = op.window(op.sizes("kernel_shape", len(sides), None))
        pooled = TensorInfo((*x.shape[:2], *window.positions(sides)), op.leading_batch(x))
        ctx = yield [pooled, pooled]
        y = emit.pool(
            ctx,
            ctx.maps(),
            kind,
            **window.arguments(),
            ceil_mode=window.is_ceil,
            spatial_rank=len(sides),
        )
        ctx.set_output(y)
        ctx.by_product(1, (y,))

    return rule


def global_pool(kind: str, reduction: str) -> Operator:
    """A global pooling; a reduction if the input has several images that are not a batch."""

    def rule(op: OpView) -> Rule:
        x = op.input(0)
        rank = len(_spatial(x.shape))
        ctx = yield [TensorInfo((*x.shape[:2], *(1,) * rank), op.leading_batch(x))]

        def layer(maps: Operand) -> Operand:
            if maps.rank == rank + 1:
                return ctx.add(kind, (maps,))
            return emit.reduce(ctx, maps, reduction, range(2, maps.rank), keep=True)

        ctx.set_output(emit.on_maps(ctx, ctx.maps(), rank, layer))

    return rule


def lp_pool(op: OpView) -> Rule:
    """LpPool: the p-norm of each window, as the root of a mean of powers, scaled."""
    x = op.input(0)
    p, sides = op.integer("p", 2, lowest=1), _spatial(x.shape)
    window = op.window(op.sizes("kernel_shape", len(sides), None))
    ctx = yield [TensorInfo((*x.shape[:2], *window.positions(sides)), op.leading_batch(x))]
    arguments = {**window.arguments(), "ceil_mode": window.is_ceil, "spatial_rank": len(sides)}
    y = ctx.add("abs", (ctx.maps(),)) if p % 2 else ctx.maps()
    powers = emit.binary(ctx, "power", y, p) if p > 1 else y
    total = ctx.add("scale", (emit.pool(ctx, powers, "avg_pool", **arguments),))
    ctx.set_output(emit.binary(ctx, "power", total, 1 / p) if p > 1 else total)


def global_lp_pool(op: OpView) -> Rule:
    """GlobalLpPool: the p-norm of each channel."""
    x = op.input(0)
    rank = len(_spatial(x.shape))
    p = op.integer("p", 2, lowest=1)
    ctx = yield [TensorInfo((*x.shape[:2], *(1,) * rank), op.leading_batch(x))]
    maps = ctx.maps()
    axes = range(maps.rank - rank, maps.rank)
    ctx.set_output(emit.length(ctx, maps, axes, p, keep=True))


def _spatial(shape: Shape) -> Shape:
    if len(shape) < 3:
        raise Refusal(
            "pooling needs at least one spatial axis",
            expected="(images, channels, ...)",
            found=dims_text(shape),
        )
    return shape[2:]


TABLE: Mapping[str, Operator] = {
    "Conv": convolution(1, 2),
    "ConvInteger": convolution(1, None, 2, 3),
    "QLinearConv": convolution(3, 8, 1, 2, 4, 5, 6, 7),
    "ConvTranspose": transposed,
    "MaxPool": pool("max_pool"),
    "AveragePool": pool("avg_pool"),
    "LpPool": lp_pool,
    "GlobalLpPool": global_lp_pool,
    "GlobalAveragePool": global_pool("global_avg_pool", "mean"),
    "GlobalMaxPool": global_pool("global_max_pool", "reduce_max"),
}

PATTERNS: Mapping[str, Operator] = {
    "ConvBiasPattern": convolution(1, 2),
    "ConvIntegerPattern": convolution(1, 2),
    "ConvTransposeBiasPattern": transposed,
}
