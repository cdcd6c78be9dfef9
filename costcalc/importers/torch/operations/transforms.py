"""Fourier transforms, and complex numbers."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from costcalc.importers import emit
from costcalc.importers.builder import Operand
from costcalc.importers.torch.calls import ValueRef
from costcalc.importers.torch.context import Rule, TorchContext, without_batch


def fourier(rank: int | None, real: str = "none") -> Rule:
    """``torch.fft.fft`` and the like along ``rank`` axes; None for any number.

    ``real`` is the end whose numbers are real.
    """

    def rule(op: TorchContext) -> Operand:
        args = op.bind("input", "n" if rank == 1 else "s", "dim")
        shape = op.shape_of(args["input"])
        sizes, dim = args.get("n", args.get("s")), args.get("dim")
        sizes = (sizes,) if isinstance(sizes, int) else sizes
        if dim is None:
            dim = range(-(rank or len(sizes or shape)), 0)
        axes = [axis % len(shape) for axis in ((dim,) if isinstance(dim, int) else dim)]
        lengths = {axis: op.shape[axis] for axis in axes}
        if real == "input":  # whose output has half of the last axis
            lengths[axes[-1]] = sizes[-1] if sizes else shape[axes[-1]]
        return transformed(op, args["input"], lengths, real)

    return rule


def transformed(op: TorchContext, value: ValueRef, sizes: Mapping[int, int], real: str) -> Operand:
    """A transform of some sizes along axes, in their order; the batch of one image is none."""
    axes = [axis for axis in sizes if axis or sizes[0] > 1 or len(sizes) == 1]
    x, places = op.along_axes(value, axes)
    arguments = {"axes": places, "size": tuple(sizes[axis] for axis in axes), "real": real}
    return op.add("fft", (x,), arguments)


FOURIER = {
    f"fft_{prefix}fft{'' if rank == 1 else rank or 'n'}": fourier(rank, real)
    for prefixes, real in ((("", "i"), "none"), (("r", "ih"), "input"), (("ir", "h"), "output"))
    for prefix in prefixes
    for rank in (1, 2, None)
}
"""The rules of ``torch.fft``, by the names of its functions."""


def spectrogram(op: TorchContext) -> Operand:
    """``torch.stft``: overlapping frames times a window, each transformed."""
    names = ("n_fft", "hop_length", "win_length", "window", "center", "pad_mode", "normalized")
    args = op.bind("input", *names, "onesided", "return_complex")
    size = args["n_fft"]
    *images, bins, count = op.shape if args.get("return_complex") else op.shape[:-1]
    x = op.tensor(args["input"])
    if args.get("center", True):
        mode = args.get("pad_mode", "reflect")
        around = {x.rank - 1: (size // 2, size // 2)}
        x = emit.pad(op, x, around, "zero" if mode == "constant" else mode)
    stack = without_batch((*images, 1))[:-1]
    frames = op.add("rearrange", (x,), {"shape": (*stack, count, size)}, part="_frames")
    if args.get("window") is not None:
        window = _window(op, args["window"], size, frames.rank)
        frames = emit.join(op, "multiply", (frames, window), part="_windowed")
    real = "input" if bins < size else "none"
    spectra = op.add("fft", (frames,), {"axes": (-1,), "real": real})
    return op.add("rearrange", (spectra,), {"shape": without_batch(op.shape)}, part="_spectrogram")


def signal(op: TorchContext) -> Operand:
    """``torch.istft``: each frame transformed, times a window, added, over the windows' sum."""
    names = ("n_fft", "hop_length", "win_length", "window", "center", "normalized", "onesided")
    args = op.bind("input", *names)
    size, hop = args["n_fft"], args.get("hop_length") or args["n_fft"] // 4
    *images, bins, count = op.shape_of(args["input"])
    stack = without_batch((*images, 1))[:-1]
    spectra = op.tensor(args["input"])
    turned = op.add("rearrange", (spectra,), {"shape": (*stack, count, bins)}, part="_frames")
    arguments = {"axes": (-1,), "size": (size,), "real": "output" if bins < size else "none"}
    frames = op.add("fft", (turned,), arguments)
    if args.get("window") is not None:
        window = _window(op, args["window"], size, frames.rank)
        frames = emit.join(op, "multiply", (frames, window), part="_windowed")
    length = prod(stack) * ((count - 1) * hop + size)
    flat = op.view(frames, (prod(frames.shape), 1), "_samples")
    added = emit.ragged(op, flat, "sum", (length,))
    envelope = op.add("constant", (), {"shape": (length,)})
    y = emit.join(op, "divide", (added, envelope), part="_scaled")
    return op.add("rearrange", (y,), {"shape": without_batch(op.shape)}, part="_signal")


def _window(op: TorchContext, value: ValueRef, size: int, rank: int) -> Operand:
    """A window with the axes of frames, as long as they are."""
    window = op.tensor(value, op.shape_of(value))
    if window.shape[0] < size:
        window = emit.pad(op, window, {0: (0, size - window.shape[0])})
    return op.view(window, (*(1 for _ in range(rank - 1)), size))


def joined(op: TorchContext) -> Operand:
    """``torch.complex``: real and imaginary parts side by side."""
    args = op.bind("real", "imag")
    parts = [op.tensor(args[name]) for name in ("real", "imag")]
    return op.add("rearrange", parts, {"shape": without_batch(op.shape)})


def polar(op: TorchContext) -> Operand:
    """``torch.polar``: a length times the cosine and the sine of an angle."""
    args = op.bind("abs", "angle")
    length, angle = (op.broadcast(args[name]) for name in ("abs", "angle"))
    parts = [
        emit.join(op, "multiply", (length, op.add(wave, (angle,), part=f"_{wave}")), part="_part")
        for wave in ("cos", "sin")
    ]
    return op.add("rearrange", parts, {"shape": without_batch(op.shape)})
