"""Convolutions, transposed and quantised ones too, and pooling."""

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
    """Filters over windows; the inputs that hold weights, biases, and scales or zero points."""

    def rule(op: OpView) -> Rule:
        x, w = op.input(0), op.input(weight)
        axes, groups = _axes(x.shape, w.shape), op.integer("group", 1)
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
            axes=len(axes),
            params={"weights": ctx.stored(weight), "biases": ctx.stored(*biases)},
        )
        ctx.set_output(y)

    return rule


def transposed(op: OpView) -> Rule:
    """Filters, whose windows the input is scattered to."""
    x, w = op.input(0), op.input(1)
    axes, groups = _axes(x.shape, w.shape), op.integer("group", 1)
    _check_channels(x.shape[1], w.shape[0])
    window, extra = _transposed_window(op, axes, w.shape[2:])
    arguments = {
        "out": w.shape[1] * groups,
        **window.arguments(),
        "output_padding": extra,
        "groups": groups,
    }
    shape = TransposedConv(**arguments).output_shape((x.shape[1:],))
    ctx = yield [TensorInfo((x.shape[0], *shape), op.leading_batch(x))]
    y = emit.transposed_conv(
        ctx,
        ctx.maps(),
        **arguments,
        bias=op.has(2),
        axes=len(axes),
        params={"weights": ctx.stored(1), "biases": ctx.stored(2)},
    )
    ctx.set_output(y)


def _axes(x: Shape, w: Shape) -> Shape:
    """The axes that the window slides along."""
    if len(x) < 3 or len(w) != len(x):
        raise Refusal(
            "convolves shapes that do not fit together",
            expected="images, channels, axes; and filters of as many axes",
            found=f"{dims_text(x)} and {dims_text(w)}",
        )
    if 0 in w:
        raise Refusal("has filters without weights", found=dims_text(w))
    return x[2:]


def _check_channels(found: int, expected: int) -> None:
    if found != expected:
        raise Refusal(
            f"reads {found} channels, and its filters see {expected}",
            expected=f"{expected} channels",
        )


def _transposed_window(op: OpView, axes: Shape, kernel: Shape) -> tuple[Window, Shape]:
    """The window of a transposed convolution, and the output padding of each axis."""
    rank = len(axes)
    strides, dilations = op.sizes("strides", rank, 1), op.sizes("dilations", rank, 1)
    extras = op.sizes("output_padding", rank, 0, lowest=0)
    pads: Pads | None
    if op.attribute("output_shape"):
        sides = op.sizes("output_shape", rank, 1)
        pads = tuple(
            _cut((n - 1) * s + window_extent(k, d) + e - out)
            for n, s, k, d, e, out in zip(
                axes, strides, kernel, dilations, extras, sides, strict=True
            )
        )
    else:
        pads = op.pads(rank)
    return Window(kernel, strides, pads, dilations), (0,) * rank if pads is None else extras


def _cut(total: int) -> tuple[int, int]:
    """Rows to cut off in all, before and behind."""
    if total < 0:
        raise Refusal("states an output that is larger than what it can give")
    return total // 2, total - total // 2


def pool(kind: str) -> Operator:
    """A window's positions; MaxPool may say where each maximum was."""

    def rule(op: OpView) -> Rule:
        x = op.input(0)
        axes = _spatial(x.shape)
        window = op.window(op.sizes("kernel_shape", len(axes), None))
        pooled = TensorInfo((*x.shape[:2], *window.positions(axes)), op.leading_batch(x))
        ctx = yield [pooled, pooled]
        ctx.require_unread(1)
        y = emit.pool(
            ctx, ctx.maps(), kind, **window.arguments(), ceil_mode=window.is_ceil, axes=len(axes)
        )
        ctx.set_output(y)

    return rule


def global_pool(kind: str, reduction: str) -> Operator:
    """One position; of several images at once, a reduction."""

    def rule(op: OpView) -> Rule:
        x = op.input(0)
        rank = len(_spatial(x.shape))
        ctx = yield [TensorInfo((*x.shape[:2], *(1,) * rank), op.leading_batch(x))]

        def over(maps: Operand) -> Operand:
            if maps.rank == rank + 1:
                return ctx.add(kind, (maps,))
            return emit.reduce(ctx, maps, reduction, range(2, maps.rank), keep=True)

        ctx.set_output(emit.on_maps(ctx, ctx.maps(), rank, over))

    return rule


def _spatial(shape: Shape) -> Shape:
    if len(shape) < 3:
        raise Refusal(
            "pooling needs at least one spatial axis",
            expected="images, channels, axes",
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
    "GlobalAveragePool": global_pool("global_avg_pool", "mean"),
    "GlobalMaxPool": global_pool("global_max_pool", "reduce_max"),
}
