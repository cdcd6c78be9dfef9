"""Layers that slide a window, and those that enlarge a map."""

from __future__ import annotations

from costcalc.exporters.layers import UnwritableLayer
from costcalc.exporters.onnx.weights import weight
from costcalc.exporters.onnx.writer import Attribute, NodeWriter
from costcalc.exporters.windows import Window, even_kernel, transposed_window, window
from costcalc.formulas.algebra import ceil_div, exact_div, product
from costcalc.formulas.windows import window_extent

_MODES = {"nearest": "nearest", "bilinear": "linear", "bicubic": "cubic"}
"""What ONNX calls each interpolation."""

Attributes = dict[str, Attribute]


def conv(writer: NodeWriter) -> None:
    """Conv; padding is always in numbers."""
    operation, slides = writer.operation, window(writer.layer)
    shape = (operation.out, exact_div(writer.input_shape[0], operation.groups), *slides.kernel)
    writer.last(
        "Conv",
        *_with_params(writer, shape, fan_in=product(shape[1:])),
        **_attributes(slides),
        group=operation.groups,
    )


def transposed_conv(writer: NodeWriter) -> None:
    """ConvTranspose; its pads are what is cut off the output."""
    operation, channels = writer.operation, writer.input_shape[0]
    slides, extra = transposed_window(writer.layer)
    shape = (channels, exact_div(operation.out, operation.groups), *slides.kernel)
    fan_in = exact_div(channels, operation.groups) * product(slides.kernel)
    writer.last(
        "ConvTranspose",
        *_with_params(writer, shape, fan_in),
        **_attributes(slides),
        group=operation.groups,
        output_padding=extra,
    )


def max_pool(writer: NodeWriter) -> None:
    """MaxPool."""
    writer.last("MaxPool", *writer.inputs, **_pool(writer))


def avg_pool(writer: NodeWriter) -> None:
    """AveragePool; the padding of ``same`` is not part of a mean, as in TensorFlow."""
    counts_zeros = int(writer.operation.padding != "same")
    writer.last("AveragePool", *writer.inputs, **_pool(writer), count_include_pad=counts_zeros)


def adaptive_pool(operator: str, writer: NodeWriter) -> None:
    """A pool whose windows are all alike, or the global one.

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
    """Resize of the spatial axes, as PyTorch places the pixels.

    Raises:
        UnwritableLayer: ONNX has no such interpolation.
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


def _with_params(writer: NodeWriter, shape: tuple[int, ...], fan_in: int) -> tuple[str, ...]:
    """The input of a convolution, its weight, and its bias where it has one."""
    return (*writer.inputs, writer.learned("weight", shape, weight(fan_in)), *writer.bias())


def _attributes(slides: Window) -> Attributes:
    return {
        "kernel_shape": slides.kernel,
        "strides": slides.stride,
        "dilations": slides.dilation,
        "pads": (*(before for before, _ in slides.pads), *(after for _, after in slides.pads)),
    }


def _pool(writer: NodeWriter) -> Attributes:
    """The window of a pool.

    A last window that hangs over the end is ceil_mode, but only where there is one:
    versions of ONNX differ in windows that would begin beyond the map.  One that
    is larger than the map is padded until it fits.
    """
    slides = window(writer.layer)
    results = writer.shape[1:]
    axes = zip(writer.input_shape[1:], results, *slides, strict=True)
    sides = [(n, m, s, window_extent(k, d), pads) for n, m, k, s, d, pads in axes]
    rooms = [n + sum(pads) - extent for n, _, _, extent, pads in sides]
    if results == tuple(room // s + 1 for room, s in zip(rooms, slides.stride, strict=True)):
        return _attributes(slides)
    hanging = tuple(ceil_div(room, s) + 1 for room, s in zip(rooms, slides.stride, strict=True))
    if results == hanging and min(rooms) >= 0:
        return _attributes(slides) | {"ceil_mode": 1}
    covering = tuple(
        (before, max((m - 1) * s + extent - n - before, 0))
        for n, m, s, extent, (before, _) in sides
    )
    return _attributes(slides._replace(pads=covering))
