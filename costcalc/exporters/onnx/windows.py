"""Layers that slide a window, and those that enlarge a map."""

from __future__ import annotations

from costcalc.exporters.onnx import weights
from costcalc.exporters.onnx.site import Attribute, Site
from costcalc.exporters.unsayable import UnsayableError
from costcalc.formulas.algebra import ceil_div, exact_div, product
from costcalc.formulas.windows import window_extent
from costcalc.kinds.base import spread
from costcalc.kinds.windows import explicit_pads, transposed_pads

Attributes = dict[str, Attribute]


def conv(site: Site) -> None:
    """Conv; padding is always in numbers."""
    operation = site.operation
    channels, *axes = site.input_shape
    kernel = spread(operation.kernel, len(axes), "kernel")
    pads = explicit_pads(
        tuple(axes), kernel, operation.stride, operation.padding, operation.dilation
    )
    shape = (operation.out, exact_div(channels, operation.groups), *kernel)
    site.last(
        "Conv",
        *_weighed(site, shape, product(shape[1:])),
        **_window(site, kernel, operation.stride, pads),
        group=operation.groups,
    )


def transposed_conv(site: Site) -> None:
    """ConvTranspose; its pads are what is cut off the output."""
    operation = site.operation
    channels, *axes = site.input_shape
    rank = len(axes)
    kernel = spread(operation.kernel, rank, "kernel")
    stride = spread(operation.stride, rank, "stride")
    dilation = spread(operation.dilation, rank, "dilation")
    output_padding = spread(operation.output_padding, rank, "output_padding")
    pads, extra = transposed_pads(kernel, stride, operation.padding, dilation, output_padding)
    shape = (channels, exact_div(operation.out, operation.groups), *kernel)
    site.last(
        "ConvTranspose",
        *_weighed(site, shape, exact_div(channels, operation.groups) * product(kernel)),
        **_window(site, kernel, stride, pads),
        group=operation.groups,
        output_padding=extra,
    )


def max_pool(site: Site) -> None:
    """MaxPool."""
    site.last("MaxPool", *site.inputs, **_pool(site))


def avg_pool(site: Site) -> None:
    """AveragePool; the padding of ``same`` is not part of a mean, as in TensorFlow."""
    counts_zeros = int(site.operation.padding != "same")
    site.last("AveragePool", *site.inputs, **_pool(site), count_include_pad=counts_zeros)


def adaptive_pool(operator: str, site: Site) -> None:
    """A pool whose windows are all alike, or the global one.

    Raises:
        UnsayableError: the windows differ in size.
    """
    axes, results = site.input_shape[1:], site.shape[1:]
    if all(result == 1 for result in results):
        site.last(f"Global{operator}", *site.inputs)
        return
    if any(n % result for n, result in zip(axes, results, strict=True)):
        raise UnsayableError(
            "ONNX has no adaptive pool, and windows of several sizes are no other pool"
        )
    kernel = tuple(n // result for n, result in zip(axes, results, strict=True))
    site.last(operator, *site.inputs, kernel_shape=kernel, strides=kernel)


def upsample(site: Site) -> None:
    """Resize of the spatial axes, as PyTorch places the pixels.

    Raises:
        UnsayableError: ONNX has no such interpolation.
    """
    mode = {"nearest": "nearest", "bilinear": "linear", "bicubic": "cubic"}.get(site.operation.mode)
    if mode is None:
        raise UnsayableError(f"ONNX's Resize has no mode '{site.operation.mode}'")
    pixels: Attributes = {"coordinate_transformation_mode": "half_pixel"}
    if mode == "nearest":
        pixels = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    axes = tuple(range(2, len(site.shape) + 1))
    sizes = site.whole(*site.shape[1:])
    site.last("Resize", *site.inputs, "", "", sizes, axes=axes, mode=mode, **pixels)


def _weighed(site: Site, shape: tuple[int, ...], fan_in: int) -> tuple[str, ...]:
    """The input of a convolution, its weight, and its bias where it has one."""
    weight = site.learned("weight", shape, weights.weight(fan_in))
    if not site.operation.bias:
        return (*site.inputs, weight)
    return (*site.inputs, weight, site.learned("bias", (site.operation.out,), weights.BIAS))


def _window(
    site: Site, kernel: tuple[int, ...], stride: object, pads: tuple[tuple[int, int], ...]
) -> Attributes:
    rank = len(kernel)
    return {
        "kernel_shape": kernel,
        "strides": spread(stride, rank, "stride"),
        "dilations": spread(site.operation.dilation, rank, "dilation"),
        "pads": (*(before for before, _ in pads), *(after for _, after in pads)),
    }


def _pool(site: Site) -> Attributes:
    """The window of a pool.

    A last window that hangs over the end is ceil_mode, but only where there is one:
    versions of ONNX differ in windows that would begin beyond the map.  One that
    is larger than the map is padded until it fits.
    """
    operation = site.operation
    axes, results = site.input_shape[1:], site.shape[1:]
    rank = len(axes)
    kernel = spread(operation.kernel, rank, "kernel")
    stride = kernel if operation.stride is None else spread(operation.stride, rank, "stride")
    dilation = spread(operation.dilation, rank, "dilation")
    pads = explicit_pads(axes, kernel, stride, operation.padding, dilation)
    window = _window(site, kernel, stride, pads)
    sides = tuple(zip(axes, results, kernel, stride, dilation, pads, strict=True))
    rooms = [n + sum(pad) - window_extent(k, d) for n, _, k, _, d, pad in sides]
    if results == tuple(room // s + 1 for room, s in zip(rooms, stride, strict=True)):
        return window
    hanging = tuple(ceil_div(room, s) + 1 for room, s in zip(rooms, stride, strict=True))
    if results == hanging and min(rooms) >= 0:
        return window | {"ceil_mode": 1}
    covering = tuple(
        (before, max((result - 1) * s + window_extent(k, d) - n - before, 0))
        for n, result, k, s, d, (before, _) in sides
    )
    return _window(site, kernel, stride, covering)
