"""Spectrograms."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.importers import emit
from costcalc.importers.builder import Operand, UnknownOp
from costcalc.importers.keras.context import KerasContext, Result, Rule
from costcalc.importers.keras.layers.convolution import PADDINGS

MODES = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")


def stft_spectrogram(op: KerasContext) -> Result:
    """``STFTSpectrogram``: convolutions with windowed cosines and sines, which Keras learns."""
    mode = op.config.word("mode", "log", MODES)
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


TABLE: Mapping[str, Rule] = {"STFTSpectrogram": stft_spectrogram}
