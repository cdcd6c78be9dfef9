"""Fourier transforms, windows and filters of signals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand, dims_text
from costcalc.importers.onnx.context import OnnxContext, Operator, OpView, Rule
from costcalc.importers.onnx.tensors import TensorInfo, positive_axis
from costcalc.spec import limits


def fourier(op: OpView) -> Rule:
    """DFT, of real numbers (..., 1) or complex ones (..., 2), forward or inverse."""
    info = op.input(0)
    rank = len(info.shape)
    if rank < 2 or info.shape[-1] not in (1, 2):
        expected = "numbers of one part or two along its last axis"
        raise Refusal("transforms no numbers", expected, dims_text(info.shape))
    axis = positive_axis(_axis(op), rank)
    if axis == rank - 1:
        raise Refusal("transforms the axis of the parts of complex numbers", found=f"axis {axis}")
    is_half, is_inverse = bool(op.integer("onesided", 0)), bool(op.integer("inverse", 0))
    given = op.integers("dft_length", 1) if op.has(1) else None
    default = 2 * (info.shape[axis] - 1) if is_half and is_inverse else info.shape[axis]
    size = given[0] if given else default
    if not 0 < size <= limits.SIZE:
        raise Refusal("transforms no numbers", "a length above 0", f"{size}")
    length = size // 2 + 1 if is_half and not is_inverse else size
    parts = 1 if is_half and is_inverse else 2
    shape = (*info.shape[:axis], length, *info.shape[axis + 1 : -1], parts)
    batch = info.batch if info.batch != axis else None
    ctx = yield [TensorInfo(shape, batch)]
    real = ("output" if is_inverse else "input") if is_half else "none"
    x, (along,) = ctx.along_axes(0, [axis])
    ctx.set_output(_transformed(ctx, x, along, {"size": (size,), "real": real}))


def _axis(op: OpView) -> int:
    if op.node.version < 20:
        return op.integer("axis", 1)
    (axis, *_) = op.integers("axes", 2) or (-2,)
    return axis


def _transformed(ctx: OnnxContext, x: Operand, axis: int, arguments: Mapping[str, Any]) -> Operand:
    """The transform along an axis of numbers whose last axis has their parts."""
    if x.shape[-1] == 2:
        x = ctx.add("rearrange", (x,), {"shape": x.shape[:-1]})
    else:
        x = ctx.view(x, x.shape[:-1])
    y = ctx.add("fft", (x,), {"axes": (axis,), **arguments})
    return ctx.add("rearrange", (y,), {"shape": ctx.output().image_shape})


def spectrogram(op: OpView) -> Rule:
    """STFT: overlapping frames of a signal, times a window, each transformed."""
    info = op.input(0)
    if len(info.shape) not in (2, 3) or info.shape[2:] not in ((), (1,), (2,)):
        expected = "(images, samples, 1) or (images, samples, 2)"
        raise Refusal("reads no signal", expected, dims_text(info.shape))
    (step, *_) = op.integers("frame_step", 1) or (0,)
    size = op.shape(2)[0] if op.has(2) and op.shape(2) else 0
    given = op.integers("frame_length", 3)
    size = given[0] if given else size
    count = 1 + (info.shape[1] - size) // step if step > 0 else 0
    if not 0 < size <= info.shape[1] or count < 1:
        found = f"frames of {size}, {step} apart"
        raise Refusal("has no frames", f"a signal of {info.shape[1]} samples", found)
    is_half, is_real = bool(op.integer("onesided", 1)), info.shape[2:] != (2,)
    bins = size // 2 + 1 if is_half else size
    ctx = yield [TensorInfo((info.shape[0], count, bins, 2), op.leading_batch(info))]
    ctx.ignore_params(2)
    stack = () if ctx.output().batch == 0 else info.shape[:1]
    frames = ctx.add("rearrange", (ctx.operand(0),), {"shape": (*stack, count, size)})
    if op.has(2):
        window = ctx.operand(2, (*(1 for _ in stack), 1, *op.shape(2)))
        frames = emit.join(ctx, "multiply", (frames, window))
    real = "input" if is_half and is_real else "none"
    y = ctx.add("fft", (frames,), {"axes": (-1,), "real": real})
    ctx.set_output(ctx.add("rearrange", (y,), {"shape": ctx.output().image_shape}))


def window(op: OpView) -> Rule:
    """BlackmanWindow, HammingWindow and HannWindow: numbers that are stored once."""
    return _table(op, [_length(op, 0)])


def mel_weights(op: OpView) -> Rule:
    """MelWeightMatrix: the weights of each frequency in each band."""
    return _table(op, [_length(op, 1) // 2 + 1, _length(op, 0)])


def _length(op: OpView, index: int) -> int:
    (length, *_) = op.numbers(index) or (0,)
    if not isinstance(length, int) or not 0 < length <= limits.SIZE:
        raise Refusal("has no length", "a whole number above 0", f"{length}")
    return length


def _table(op: OpView, shape: Sequence[int]) -> Rule:
    ctx = yield [TensorInfo(tuple(shape), is_static=True)]
    ctx.pass_through()


TABLE: Mapping[str, Operator] = {
    "DFT": fourier,
    "STFT": spectrogram,
    "BlackmanWindow": window,
    "HammingWindow": window,
    "HannWindow": window,
    "MelWeightMatrix": mel_weights,
}
