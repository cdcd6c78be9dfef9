"""Spectrograms."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand, UnknownOp
from costcalc.importers.keras.context import KerasContext, Result, Rule
from costcalc.importers.keras.layers.convolution import PADDINGS

MODES = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")


def stft_spectrogram(op: KerasContext) -> Result:
    """``STFTSpectrogram``: convolutions with windowed cosines and sines, which Keras learns."""
    mode = op.config.word("mode", "log", MODES)
    if op.rank != 2:
        raise Refusal("it reads signals", "steps and channels", f"{op.rank} axes")
    if mode == "angle":
        raise UnknownOp("costcalc has no layer kind for the angle of a complex number")
    parts = [name for name in ("real", "imag") if mode in (name, *MODES[:3], "stft")]
    spectra = [_spectrum(op, f"/{name}") for name in parts]
    x = spectra[0] if len(spectra) == 1 else _joined(op, mode, *spectra)
    op.builder.is_sized = True
    if op.config.flag("expand_dims", False):
        return emit.transpose(op, x, (0, 2, 1), part="/transpose")
    return op.view(x, (x.shape[0] * x.shape[1], x.shape[2]), "/reshape")


def _spectrum(op: KerasContext, part: str) -> Operand:
    """One part of the spectra, (channels, frequencies, steps); all channels share a kernel."""
    config, (channels, steps) = op.config, op.input.shape
    length = config.whole("frame_length", 256)
    has_points = config.raw("fft_length") is not None
    points = config.whole("fft_length") if has_points else 1 << (length - 1).bit_length()
    has_stride = config.raw("frame_step") is not None
    return emit.conv(
        op,
        op.view(op.input, (channels, 1, steps), f"{part}.signals"),
        out=points // 2 + 1,
        kernel=length,
        stride=config.whole("frame_step") if has_stride else max(length // 2, 1),
        padding=config.word("padding", "valid", PADDINGS),
        bias=False,
        spatial_rank=1,
        part=part,
    )


def _joined(op: KerasContext, mode: str, real: Operand, imag: Operand) -> Operand:
    """Both parts side by side, or their power, its root or the logarithm of that."""
    if mode == "stft":
        return op.add("concat", (real, imag), {"axis": 1}, "/concat")
    squares = [op.add("square", (x,), part="/square") for x in (real, imag)]
    x = emit.join(op, "add", squares, part="/power")
    if mode == "psd":
        # All frequencies but the lowest and the highest count twice.
        inner = emit.take(op, x, 1, range(1, x.shape[1] - 1), part="/slice")
        return emit.join(op, "add", (x, emit.pad(op, inner, {1: (1, 1)})), part="/add")
    x = op.add("sqrt", (op.add("clip", (x,), part="/clip"),), part="/sqrt")
    if mode == "magnitude":
        return x
    return op.add("log", (op.add("clip", (x,), part="/clip"),), part="/log")


def mel_spectrogram(op: KerasContext) -> Result:
    """``MelSpectrogram``: the Fourier transform of frames, and a fixed matrix of mel bands."""
    config, shape = op.config, op.input.shape
    if len(shape) != 1:
        raise Refusal("it reads a signal", "one axis", f"{len(shape)}")
    (steps,) = shape
    points, stride = config.whole("fft_length", 2048), config.whole("sequence_stride", 512)
    bands = config.whole("num_mel_bins", 128)
    op.builder.is_sized = True
    count = (steps + stride + 1) // stride  # as Keras computes the shape of its output
    x = emit.pad(op, op.input, {0: (points // 2, points // 2)}, "reflect")
    x = op.add("rearrange", (x,), {"shape": (count, points)}, "/frames")
    if config.values.get("window", "hann") is not None:
        window = op.add("constant", (), {"shape": (1, points)}, "/window")
        x = emit.join(op, "multiply", (x, window), part="/windowed")
    x = op.add("fft", (x,), {"axes": (-1,), "real": "input"}, "/fft")
    squares = [op.add("square", (x,), part="/square") for _ in ("real", "imaginary")]
    x = op.add("sqrt", (emit.join(op, "add", squares, part="/power"),), part="/sqrt")
    exponent = config.number("mag_exp", 2)
    x = emit.binary(op, "power", x, 2 if exponent is None else exponent, part="/magnitude")
    matrix = op.add("constant", (), {"shape": (points // 2 + 1, bands)}, "/bands")
    x = op.add("matmul", (x, matrix), part="/mel")
    if config.flag("power_to_db", True):
        x = _decibels(op, x)
    return x if op.layout.is_channels_last else emit.transpose(op, x, (1, 0), part="/transpose")


def _decibels(op: KerasContext, x: Operand) -> Operand:
    """Ten times the logarithm, no further below the loudest than ``top_db``."""
    for kind in ("clip", "log", "scale", "shift"):
        x = op.add(kind, (x,), part=f"/{kind}")
    loudest = emit.reduce(op, x, "reduce_max", (0, 1), keep=True, part="/loudest")
    floor = op.add("shift", (loudest,), part="/floor")
    return emit.join(op, "maximum", (x, floor), part="/maximum")


TABLE: Mapping[str, Rule] = {
    "MelSpectrogram": mel_spectrogram,
    "STFTSpectrogram": stft_spectrogram,
}
