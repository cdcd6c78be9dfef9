"""Convolutions, transposed and quantised ones too."""

from __future__ import annotations

from costcalc.errors import Refusal
from costcalc.formulas.windows import transposed_output, window_extent
from costcalc.importers import emit
from costcalc.importers.builder import sides_text
from costcalc.importers.model import Sides
from costcalc.importers.onnx.context import OnnxContext
from costcalc.importers.onnx.op_view import OpView
from costcalc.importers.onnx.operators.windows import Pairs, Window, padding, window
from costcalc.importers.onnx.tensors import TensorInfo


def conv_shapes(op: OpView) -> list[TensorInfo]:
    """Filters, then a window's positions."""
    return _convolved(op, 1)


def conv(op: OnnxContext) -> None:
    """A convolution."""
    _convolution(op, 1, 2)


def integer(op: OnnxContext) -> None:
    """A convolution of whole numbers; zero points follow its inputs."""
    op.configuration(2, 3)
    _convolution(op, 1, None)


def quantised_shapes(op: OpView) -> list[TensorInfo]:
    """QLinearConv's: a scale and a zero point stand behind each tensor."""
    return _convolved(op, 3)


def quantised(op: OnnxContext) -> None:
    """A convolution of quantised numbers."""
    op.configuration(1, 2, 4, 5, 6, 7)
    _convolution(op, 3, 8)


def transposed_shapes(op: OpView) -> list[TensorInfo]:
    """Filters, then the positions that a window's input is scattered to."""
    x, w = op.input(0), op.input(1)
    groups = op.whole("group", 1)
    axes = _axes(x.shape, w.shape)
    _check_channels(x.shape[1], w.shape[0])
    return [
        TensorInfo(
            (x.shape[0], w.shape[1] * groups, *_scattered(op, axes)),
            op.image_batch(x),
        )
    ]


def transposed(op: OnnxContext) -> None:
    """A transposed convolution."""
    w, groups = op.shape(1), op.whole("group", 1)
    pads, extra = _transposed_padding(op, op.shape()[2:])
    axes = len(w) - 2
    slid = Window(w[2:], op.sizes("strides", axes, 1), pads, op.sizes("dilations", axes, 1))
    x = emit.transposed_conv(
        op,
        op.maps(),
        out=w[1] * groups,
        **slid.arguments(),
        output_padding=extra,
        groups=groups,
        bias=op.has(2),
        axes=axes,
        params={"weights": op.stored(1), "biases": op.stored(2)},
    )
    op.set_output(x)


def _convolved(op: OpView, weight: int) -> list[TensorInfo]:
    x, w = op.input(0), op.input(weight)
    axes = _axes(x.shape, w.shape)
    _check_channels(x.shape[1], w.shape[1] * op.whole("group", 1))
    positions = window(op, w.shape[2:]).over(axes)
    return [TensorInfo((x.shape[0], w.shape[0], *positions), op.image_batch(x))]


def _convolution(op: OnnxContext, weight: int, bias: int | None) -> None:
    filters, _, *kernel = op.shape(weight)
    biases = [] if bias is None else [bias]
    x = emit.conv(
        op,
        op.maps(),
        out=filters,
        **window(op, tuple(kernel)).arguments(),
        groups=op.whole("group", 1),
        bias=any(op.has(index) for index in biases),
        axes=len(kernel),
        params={"weights": op.stored(weight), "biases": op.stored(*biases)},
    )
    op.set_output(x)


def _axes(x: Sides, w: Sides) -> Sides:
    """The axes that the window slides along."""
    if len(x) < 3 or len(w) != len(x):
        raise Refusal(
            "convolves shapes that do not fit together",
            expected="images, channels, axes; and filters of as many axes",
            found=f"{sides_text(x)} and {sides_text(w)}",
        )
    if 0 in w:
        raise Refusal("has filters without weights", found=sides_text(w))
    return x[2:]


def _check_channels(found: int, expected: int) -> None:
    if found != expected:
        raise Refusal(
            f"reads {found} channels, and its filters see {expected}",
            expected=f"{expected} channels",
        )


def _scattered(op: OpView, axes: Sides) -> Sides:
    pads, extra = _transposed_padding(op, axes)
    kernel, rank = op.shape(1)[2:], len(axes)
    strides = op.sizes("strides", rank, 1)
    if pads is None:
        return tuple(n * s for n, s in zip(axes, strides, strict=True))
    found = tuple(
        transposed_output(n, k, s, before, after, d, more)
        for n, k, s, (before, after), d, more in zip(
            axes, kernel, strides, pads, op.sizes("dilations", rank, 1), extra, strict=True
        )
    )
    if min(found) < 1:
        raise Refusal("cuts its whole output away by its pads", found=sides_text(found))
    return found


def _transposed_padding(op: OpView, axes: Sides) -> tuple[Pairs | None, Sides]:
    """The pads and the output padding of each axis."""
    rank = len(axes)
    strides = op.sizes("strides", rank, 1)
    extras = op.sizes("output_padding", rank, 0, lowest=0)
    stated = op.attribute("output_shape")
    if stated:
        kernel, dilations = op.shape(1)[2:], op.sizes("dilations", rank, 1)
        shape = op.sizes("output_shape", rank, 1)
        pads = tuple(
            _cut((n - 1) * s + window_extent(k, d) + e - out)
            for n, s, k, d, e, out in zip(
                axes, strides, kernel, dilations, extras, shape, strict=True
            )
        )
    else:
        found = padding(op, rank)
        if found is None:
            return None, (0,) * rank
        pads = found
    return pads, tuple(extras)


def _cut(total: int) -> tuple[int, int]:
    """Rows to cut off in all, before and behind."""
    if total < 0:
        raise Refusal("states an output that is larger than what it can give")
    return total // 2, total - total // 2
