"""Convolutions, pooling and upsampling."""

from __future__ import annotations

from costcalc.exporters.layers import UnwritableLayer
from costcalc.exporters.onnx.writer import Attribute, NodeWriter
from costcalc.exporters.weights import weight
from costcalc.exporters.windows import Window, even_kernel, transposed_window, window_of
from costcalc.formulas.algebra import ceil_div, exact_div, product
from costcalc.formulas.windows import window_extent

_MODES = {"nearest": "nearest", "bilinear": "linear", "bicubic": "cubic"}
"""ONNX's names of interpolations."""

Attributes = dict[str, Attribute]


def conv(writer: NodeWriter) -> None:
    """Conv, with explicit padding."""
    operation, window = writer.operation, window_of(writer.layer)
    shape = (operation.out, exact_div(writer.input_shape[0], operation.groups), *window.kernel)
    writer.last(
        "Conv",
        *_inputs(writer, shape, fan_in=product(shape[1:])),
        **_attributes(window),
        group=operation.groups,
    )


def transposed_conv(writer: NodeWriter) -> None:
    """ConvTranspose, whose pads are cropped from the output."""
    operation, channels = writer.operation, writer.input_shape[0]
    window, output_padding = transposed_window(writer.layer)
    shape = (channels, exact_div(operation.out, operation.groups), *window.kernel)
    fan_in = exact_div(channels, operation.groups) * product(window.kernel)
    writer.last(
        "ConvTranspose",
        *_inputs(writer, shape, fan_in),
        **_attributes(window),
        group=operation.groups,
        output_padding=output_padding,
    )


def max_pool(writer: NodeWriter) -> None:
    """MaxPool."""
    writer.last("MaxPool", *writer.inputs, **_pool(writer))


def avg_pool(writer: NodeWriter) -> None:
    """AveragePool; as in TensorFlow, ``same`` padding is not part of a mean."""
    include_pad = int(writer.operation.padding != "same")
    writer.last("AveragePool", *writer.inputs, **_pool(writer), count_include_pad=include_pad)


def adaptive_pool(operator: str, writer: NodeWriter) -> None:
    """A pool with windows of one size, or a global one.

    Raises:
        UnwritableLayer: the windows differ in size.
    """
    if all(result == 1 for result in writer.shape[1:]):
        writer.last(f"Global{operator}", *writer.inputs)
        return
    kernel = even_kernel(writer.layer)
    if kernel is None:
        raise UnwritableLayer("ONNX has no adaptive pooling, and these windows differ in size")
    writer.last(operator, *writer.inputs, kernel_shape=kernel, strides=kernel)


def upsample(writer: NodeWriter) -> None:
    """Resize of the spatial axes, with pixels placed as in PyTorch.

    Raises:
        UnwritableLayer: ONNX does not have the interpolation.
    """
    mode = _MODES.get(writer.operation.mode)
    if mode is None:
        raise UnwritableLayer(f"ONNX's Resize has no mode '{writer.operation.mode}'")
    pixels: Attributes = {"coordinate_transformation_mode": "half_pixel"}
    if mode == "nearest":
        pixels = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    axes = tuple(range(2, len(writer.shape) + 1))
    sizes = writer.integers(*writer.shape[1:])
    writer.last("Resize", *writer.inputs, "", "", sizes, axes=axes, mode=mode, **pixels)


def _inputs(writer: NodeWriter, shape: tuple[int, ...], fan_in: int) -> tuple[str, ...]:
    """The inputs of a convolution's node: the layer's input, the weight, and the bias if any."""
    return (*writer.inputs, writer.learned("weight", shape, weight(fan_in)), *writer.bias())


def _attributes(window: Window) -> Attributes:
    return {
        "kernel_shape": window.kernel,
        "strides": window.stride,
        "dilations": window.dilation,
        "pads": (*(before for before, _ in window.pads), *(after for _, after in window.pads)),
    }


def _pool(writer: NodeWriter) -> Attributes:
    """The window of a pool.

    ``ceil_mode`` is set only if a last window actually extends past the map: versions of
    ONNX differ on windows that would start beyond it.  A map that is smaller than the
    window is padded until it fits.
    """
    window = window_of(writer.layer)
    output = writer.shape[1:]
    axes = [
        (n, m, s, window_extent(k, d), pads)
        for n, m, k, s, d, pads in zip(writer.input_shape[1:], output, *window, strict=True)
    ]
    room = [n + sum(pads) - extent for n, _, _, extent, pads in axes]
    if output == tuple(r // s + 1 for r, s in zip(room, window.stride, strict=True)):
        return _attributes(window)
    rounded_up = tuple(ceil_div(r, s) + 1 for r, s in zip(room, window.stride, strict=True))
    if output == rounded_up and min(room) >= 0:
        return _attributes(window) | {"ceil_mode": 1}
    covering = tuple(
        (before, max((m - 1) * s + extent - n - before, 0)) for n, m, s, extent, (before, _) in axes
    )
    return _attributes(window._replace(pads=covering))
