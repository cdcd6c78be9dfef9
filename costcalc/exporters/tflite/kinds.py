"""The table of layer kinds and the functions that write them for TFLite."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from costcalc.advice import option
from costcalc.exporters.layers import UNDEFINED, UnwritableLayer
from costcalc.exporters.tflite.writer import MOVING, LayerWriter, batched, file_axis
from costcalc.exporters.weights import OTHER, SCALE, SHIFT, Spread, weight
from costcalc.exporters.windows import Window, even_kernel, transposed_window, window_of
from costcalc.formats.tflite_schema import PAD, Padding
from costcalc.formulas.algebra import exact_div, product
from costcalc.formulas.windows import same_padding
from costcalc.kinds.base import Shape, axes_of, axis_of, elements
from costcalc.kinds.windows import pads

Row = Callable[[LayerWriter, Mapping[str, Any]], None]
"""Writes the operators of a layer; the last has these options, its activation among them."""

Pads = Sequence[tuple[int, int]]

_SLOPE = Spread(0.25, 0.1)
"""A PReLU's initial slope, from He et al., arXiv 1502.01852, section 2.1."""


# Layers with windows.


def conv(writer: LayerWriter, fused: Mapping[str, Any]) -> None:
    """CONV_2D, or DEPTHWISE_CONV_2D if each channel is a group.

    Raises:
        UnwritableLayer: it is not of two axes.
    """
    operation, channels = writer.operation, writer.input_shape[0]
    window = _window(writer, window_of(writer.layer))
    options = {
        "dilation_h": window.dilation[0],
        "dilation_w": window.dilation[1],
        **_strides(window),
        **fused,
    }
    x, options["padding"] = _padded(writer, window)
    if operation.groups == channels > 1:
        options["multiplier"] = exact_div(operation.out, channels)
        shape = (1, *window.kernel, operation.out)
        spread, name, axis = weight(product(window.kernel)), "DEPTHWISE_CONV_2D", 3
    else:
        shape = (operation.out, *window.kernel, exact_div(channels, operation.groups))
        spread, name, axis = weight(product(shape[1:])), "CONV_2D", 0
    weights = writer.builder.learned(writer.owner, "weight", shape, spread, axis)
    writer.last(name, x, weights, _bias(writer, operation.out, x, weights), **options)


def transposed_conv(writer: LayerWriter, fused: Mapping[str, Any]) -> None:
    """TRANSPOSE_CONV.

    Raises:
        UnwritableLayer: TFLite does not have its groups, dilation or padding.
    """
    operation, channels = writer.operation, writer.input_shape[0]
    window, added = transposed_window(writer.layer)
    window = _window(writer, window)
    if operation.groups > 1 or any(size > 1 for size in window.dilation):
        raise UnwritableLayer("TFLite's TRANSPOSE_CONV has neither groups nor dilation")
    padding = _transposed_padding(writer, window, added)
    shape = (operation.out, *window.kernel, channels)
    weights = writer.builder.learned(writer.owner, "weight", shape, weight(channels), 0)
    sizes = writer.integers(1, *writer.shape[1:], operation.out)
    bias = _bias(writer, operation.out, writer.inputs[0], weights)
    options = {**_strides(window), **fused, "padding": padding}
    writer.last("TRANSPOSE_CONV", sizes, weights, writer.inputs[0], bias, **options)


def _transposed_padding(writer: LayerWriter, window: Window, added: Shape) -> Padding:
    """VALID if nothing is cut off, SAME if what is cut off is what TensorFlow would."""
    sides = list(
        zip(writer.input_shape[1:], writer.shape[1:], window.kernel, window.stride, strict=True)
    )
    if all((n - 1) * s + k == m for n, m, k, s in sides) and not any(added):
        return Padding.VALID
    cut = [max((n - 1) * s + k - m, 0) for n, m, k, s in sides]
    halves = tuple((total // 2, total - total // 2) for total in cut)
    if all(n * s == m for n, m, _, s in sides) and tuple(window.pads) == halves:
        return Padding.SAME
    raise UnwritableLayer("TFLite's TRANSPOSE_CONV pads only as 'same' or 'valid'")


def pool(name: str, writer: LayerWriter, fused: Mapping[str, Any]) -> None:
    """AVERAGE_POOL_2D and MAX_POOL_2D.

    Raises:
        UnwritableLayer: it is not of two axes, or is dilated.
    """
    window = _window(writer, window_of(writer.layer))
    if any(size > 1 for size in window.dilation):
        raise UnwritableLayer("TFLite's pools have no dilation")
    window = window._replace(pads=_covering(writer, window))
    kernel = {"kernel_h": window.kernel[0], "kernel_w": window.kernel[1]}
    x, padding = _padded(writer, window, with_lowest=name == "MAX_POOL_2D")
    writer.last(name, x, **kernel, **_strides(window), padding=padding, **fused)


def adaptive_pool(name: str, writer: LayerWriter, fused: Mapping[str, Any]) -> None:
    """A pool with windows of one size.

    Raises:
        UnwritableLayer: the windows differ in size, or are not of two axes.
    """
    kernel = even_kernel(writer.layer)
    if kernel is None or len(kernel) != 2:
        raise UnwritableLayer("TFLite has no adaptive pooling, and these windows differ in size")
    sizes = dict(zip(("kernel_h", "kernel_w"), kernel, strict=True))
    strides = dict(zip(("stride_h", "stride_w"), kernel, strict=True))
    writer.last(name, *writer.inputs, **sizes, **strides, padding=Padding.VALID)


def _covering(writer: LayerWriter, window: Window) -> tuple[tuple[int, int], ...]:
    """The padding with which all windows are inside, as those of a pool that rounds up are not."""
    maps = writer.input_shape[1:], writer.shape[1:]
    axes = zip(*maps, window.kernel, window.stride, window.pads, strict=True)
    return tuple(
        (before, max(after, (m - 1) * s + k - n - before)) for n, m, k, s, (before, after) in axes
    )


def _window(writer: LayerWriter, window: Window) -> Window:
    if len(window.kernel) != 2:
        raise UnwritableLayer("TFLite's windows are of two axes", found=f"{len(window.kernel)}")
    return window


def _strides(window: Window) -> dict[str, int]:
    return {"stride_h": window.stride[0], "stride_w": window.stride[1]}


def _padded(
    writer: LayerWriter, window: Window, *, with_lowest: bool = False
) -> tuple[int, Padding]:
    """The input to slide over and the padding: TensorFlow's own, or an operator before.

    Before a maximum is taken, a map is padded with the lowest number of its type.
    """
    axes = list(
        zip(writer.input_shape[1:], window.kernel, window.stride, window.dilation, strict=True)
    )
    if not any(map(any, window.pads)):
        # Windows that end before the map does are VALID's.
        return writer.inputs[0], Padding.VALID
    totals = [same_padding(n, k, s, d) for n, k, s, d in axes]
    if list(window.pads) == [(total // 2, total - total // 2) for total in totals]:
        return writer.inputs[0], Padding.SAME
    shape = tuple(
        n + sum(pair) for n, pair in zip(writer.input_shape[1:], window.pads, strict=True)
    )
    amounts = writer.per_axis([(0, 0), *window.pads])
    inputs = (writer.inputs[0], amounts)
    padded = (writer.input_shape[0], *shape)
    if with_lowest:
        lowest = writer.builder.lowest(writer.inputs[0])
        return writer.before("PADV2", padded, *inputs, lowest, part=PAD), Padding.VALID
    return writer.before("PAD", padded, *inputs, part=PAD), Padding.VALID


def _bias(writer: LayerWriter, count: int, read: int, weights: int) -> int:
    """The bias; zeros if neither the layer nor a norm after it has one, as runtimes want one."""
    has_bias = writer.operation.bias or writer.has_norm
    return writer.builder.bias(writer.owner, count, read, weights, has_bias=has_bias)


# Matrices.


def fc(writer: LayerWriter, fused: Mapping[str, Any]) -> None:
    """FULLY_CONNECTED, of all channels at every position, or of everything.

    Raises:
        UnwritableLayer: it is along another axis than the channels.
    """
    operation, rank = writer.operation, len(writer.input_shape)
    is_position = operation.per_position and rank > 1
    if is_position and axis_of(operation.axis, writer.input_shape) != 0:
        raise UnwritableLayer("TFLite's FULLY_CONNECTED works along the channels")
    width = writer.input_shape[0] if is_position else elements(writer.input_shape)
    shape, x = (operation.out, width), writer.inputs[0]
    weights = writer.builder.learned(writer.owner, "weight", shape, weight(width))
    bias = _bias(writer, operation.out, x, weights)
    options = {"keep_num_dims": is_position, **fused}
    writer.last("FULLY_CONNECTED", x, weights, bias, **options)


# Elements.


def operator(name: str, **options: Any) -> Row:
    """An operator that reads the layer's inputs."""

    def write(writer: LayerWriter, fused: Mapping[str, Any]) -> None:
        writer.last(name, *writer.inputs, **options, **fused)

    return write


def float_operator(name: str, **options: Any) -> Row:
    """An operator that runtimes compute only in floats.

    Its rows raise UnwritableLayer for whole numbers.
    """

    def write(writer: LayerWriter, fused: Mapping[str, Any]) -> None:
        _need_floats(writer, name)
        writer.last(name, *writer.inputs, **options, **fused)

    return write


def _need_floats(writer: LayerWriter, name: str) -> None:
    if writer.builder.is_whole:
        raise UnwritableLayer(f"TFLite's {name} has no int8 form", option("dtype", "float32"))


def with_number(name: str, number: float, *, first: bool = False) -> Row:
    """An operator that reads the layer's input and a constant."""

    def write(writer: LayerWriter, fused: Mapping[str, Any]) -> None:
        constant = writer.builder.number(number)
        pair = (constant, *writer.inputs) if first else (*writer.inputs, constant)
        writer.last(name, *pair, **fused)

    return write


def reciprocal(writer: LayerWriter, fused: Mapping[str, Any]) -> None:
    """DIV of 1.

    Raises:
        UnwritableLayer: it is of whole numbers.
    """
    _need_floats(writer, "DIV")
    writer.last("DIV", writer.builder.number(1.0), *writer.inputs)


def joined(name: str, of_many: str = "") -> Row:
    """An operator of two tensors; of more, another one or a chain."""

    def write(writer: LayerWriter, fused: Mapping[str, Any]) -> None:
        is_even = len(set(writer.layer.input_shapes)) == 1
        if len(writer.inputs) > 2 and of_many and is_even:
            writer.last(of_many, *writer.rescaled())
            return
        first, *others = writer.rescaled() if name in MOVING else writer.inputs
        for other in others[:-1]:
            first = writer.before(name, writer.shape, first, other)
        writer.last(name, first, others[-1], **fused)

    return write


def along_channels(name: str, **options: Any) -> Row:
    """An operator along the last axis of the file, the channels.

    Its rows raise UnwritableLayer for another axis.
    """

    def write(writer: LayerWriter, fused: Mapping[str, Any]) -> None:
        if axis_of(writer.operation.axis, writer.shape) != 0:
            raise UnwritableLayer(f"TFLite's {name} works along the channels")
        writer.last(name, *writer.inputs, **options)

    return write


def prelu(writer: LayerWriter, fused: Mapping[str, Any]) -> None:
    """PRELU, with its slopes along the layer's axis."""
    axis = axis_of(writer.operation.axis, writer.shape)
    count = 1 if writer.operation.shared else writer.shape[axis]
    rank = len(writer.shape)
    place = file_axis(axis, rank) - 1
    shape = tuple(count if each == place else 1 for each in range(rank))
    slopes = writer.builder.learned(writer.owner, "weight", shape, _SLOPE)
    writer.last("PRELU", *writer.inputs, slopes)


def swish(writer: LayerWriter, fused: Mapping[str, Any]) -> None:
    """MUL of the input with its LOGISTIC."""
    gate = writer.before("LOGISTIC", writer.shape, *writer.inputs)
    writer.last("MUL", *writer.inputs, gate)


def hard_sigmoid(writer: LayerWriter, fused: Mapping[str, Any]) -> None:
    """ADD of 3 with a ReLU6, then MUL by 1/6."""
    builder = writer.builder
    shifted = writer.before("ADD", writer.shape, *writer.inputs, builder.number(3.0), activation=3)
    writer.last("MUL", shifted, builder.number(1 / 6))


def batch_norm(writer: LayerWriter, fused: Mapping[str, Any]) -> None:
    """MUL and ADD of a number for each channel: a norm that no weights before it take up."""
    builder = writer.builder
    shape = (1,) * len(writer.shape) + writer.shape[:1]
    scale = builder.learned(writer.owner, "weight", shape, SCALE)
    shift = builder.learned(writer.owner, "bias", shape, SHIFT)
    scaled = writer.before("MUL", writer.shape, *writer.inputs, scale)
    writer.last("ADD", scaled, shift, **fused)


# Movement.


def concat(writer: LayerWriter, fused: Mapping[str, Any]) -> None:
    """CONCATENATION."""
    axis = writer.axis(writer.operation.axis)
    writer.last("CONCATENATION", *writer.rescaled(), axis=axis)


def split(writer: LayerWriter, fused: Mapping[str, Any]) -> None:
    """SPLIT; the first of the layers that take parts of a tensor writes one operator for all."""
    operation, builder, name = writer.operation, writer.builder, writer.layer.name
    names = builder.splits.names(writer.layer)
    if builder.splits.is_first(writer.layer):
        scale, outputs = builder.scales[writer.inputs[0]], []
        for part in range(1, operation.parts + 1):
            own = names.get(part) or builder.names.free(f"{name}.part{part}")
            builder.parts[own] = builder.activation(own, writer.shape, scale)
            outputs.append(builder.parts[own])
        axis = writer.integers(writer.axis(operation.axis))
        builder.operator("SPLIT", [axis, *writer.inputs], outputs, {"parts": operation.parts})
    builder.computed[writer.index] = builder.parts[names[operation.part]]


def slice_(writer: LayerWriter, fused: Mapping[str, Any]) -> None:
    """STRIDED_SLICE along an axis."""
    operation = writer.operation
    axis = axis_of(operation.axis, writer.shape)
    _take(writer, {axis: (operation.start, operation.stop, operation.step)})


def crop(writer: LayerWriter, fused: Mapping[str, Any]) -> None:
    """STRIDED_SLICE of the spatial axes."""
    ends = writer.operation.ends(writer.layer.input_shapes)
    _take(writer, {axis: (*places, 1) for axis, places in enumerate(ends, 1)})


def _take(writer: LayerWriter, places: Mapping[int, tuple[int, int, int]]) -> None:
    """The elements from one place to another by steps, along some axes."""
    rank = len(writer.shape)
    rows = [(0, size, 1) for size in batched(writer.input_shape)]
    for axis, place in places.items():
        rows[file_axis(axis, rank)] = place
    bounds = [writer.integers(*bound) for bound in zip(*rows, strict=True)]
    writer.last("STRIDED_SLICE", writer.inputs[0], *bounds)


def channel_shuffle(writer: LayerWriter, fused: Mapping[str, Any]) -> None:
    """RESHAPE of the channels into groups, TRANSPOSE, and RESHAPE back."""
    channels, *axes = writer.shape
    groups = writer.operation.groups
    each = exact_div(channels, groups)
    # In a layer's order the last axis of the file is the first.
    grouped = writer.before(
        "RESHAPE", (each, *axes, groups), *writer.inputs, writer.integers(1, *axes, groups, each)
    )
    rank = len(axes) + 3
    order = (*range(rank - 2), rank - 1, rank - 2)
    swapped = writer.before("TRANSPOSE", (groups, *axes, each), grouped, writer.integers(*order))
    writer.last("RESHAPE", swapped, writer.integers(1, *axes, channels))


def zero_pad(writer: LayerWriter, fused: Mapping[str, Any]) -> None:
    """PAD of an axis and those after it, or MIRROR_PAD.

    Raises:
        UnwritableLayer: TFLite does not have the mode.
    """
    operation, rank = writer.operation, len(writer.shape)
    if operation.mode not in ("zero", "reflect"):
        raise UnwritableLayer(f"TFLite pads with zeros or by reflection, not '{operation.mode}'")
    first = axis_of(operation.axis, writer.shape)
    amounts = [*((0, 0) for _ in range(first)), *pads(operation.padding, rank - first)]
    name = "PAD" if operation.mode == "zero" else "MIRROR_PAD"
    writer.last(name, *writer.inputs, writer.per_axis(amounts))


def pad_channels(writer: LayerWriter, fused: Mapping[str, Any]) -> None:
    """PAD after the last channel."""
    more = writer.shape[0] - writer.input_shape[0]
    amounts = [(0, more), *((0, 0) for _ in writer.shape[1:])]
    writer.last("PAD", *writer.inputs, writer.per_axis(amounts))


def upsample(writer: LayerWriter, fused: Mapping[str, Any]) -> None:
    """RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR.

    Raises:
        UnwritableLayer: it is not of two axes, or of another interpolation.
    """
    names = {"nearest": "RESIZE_NEAREST_NEIGHBOR", "bilinear": "RESIZE_BILINEAR"}
    name = names.get(writer.operation.mode)
    if name is None or len(writer.shape) != 3:
        raise UnwritableLayer("TFLite resizes maps of two axes, nearest or bilinear")
    writer.last(name, *writer.inputs, writer.integers(*writer.shape[1:]))


def reshape(writer: LayerWriter, fused: Mapping[str, Any]) -> None:
    """RESHAPE, whose elements are in the file's order."""
    writer.last("RESHAPE", *writer.inputs, writer.integers(*batched(writer.shape)))


def transpose(writer: LayerWriter, fused: Mapping[str, Any]) -> None:
    """TRANSPOSE."""
    rank = len(writer.shape)
    axes = [axis_of(axis, writer.shape) for axis in writer.operation.axes]
    # The axis of the file at place p is the layer's p, and the last is the layer's first.
    order = [file_axis(axes[place % rank], rank) for place in range(1, rank + 1)]
    writer.last("TRANSPOSE", *writer.inputs, writer.integers(0, *order))


def nothing(writer: LayerWriter, fused: Mapping[str, Any]) -> None:
    """No operator: the layer's output is its input."""
    writer.same()


# Reductions.


def reduction(name: str) -> Row:
    """An operator along the layer's axes."""

    def write(writer: LayerWriter, fused: Mapping[str, Any]) -> None:
        axes = axes_of(writer.operation.axes, writer.input_shape)
        rank = len(writer.input_shape)
        if not writer.operation.keep and 0 in axes and len(axes) < rank:
            # Without the channels the last axis of the file is one that stays.
            raise UnwritableLayer("the channels are reduced and leave no axis", "keep: true")
        places = [file_axis(axis, rank) for axis in axes]
        writer.last(
            name, *writer.inputs, writer.integers(*places), keep_dims=bool(writer.operation.keep)
        )

    return write


def global_pool(name: str) -> Row:
    """MEAN or REDUCE_MAX of all places of a map."""

    def write(writer: LayerWriter, fused: Mapping[str, Any]) -> None:
        places = writer.integers(*range(1, len(writer.shape)))
        writer.last(name, *writer.inputs, places, keep_dims=True)

    return write


def lrn(writer: LayerWriter, fused: Mapping[str, Any]) -> None:
    """LOCAL_RESPONSE_NORMALIZATION.

    Raises:
        UnwritableLayer: it is of an even number of channels, or of whole numbers.
    """
    name, size = "LOCAL_RESPONSE_NORMALIZATION", writer.operation.size
    _need_floats(writer, name)
    if size % 2 == 0:
        raise UnwritableLayer(f"TFLite's {name} is of an odd number of channels", found=f"{size}")
    writer.last(name, *writer.inputs, radius=size // 2)


def learned(writer: LayerWriter, fused: Mapping[str, Any]) -> None:
    """A stored tensor."""
    tensor = writer.builder.learned(writer.owner, "tensor", batched(writer.shape), OTHER)
    writer.builder.computed[writer.index] = tensor


def input_(writer: LayerWriter, fused: Mapping[str, Any]) -> None:
    """Another input of the file."""
    builder = writer.builder
    tensor = builder.activation(writer.layer.name, writer.shape)
    builder.inputs.append(tensor)
    builder.computed[writer.index] = tensor


KINDS: Mapping[str, Row] = {
    "conv": conv,
    "transposed_conv": transposed_conv,
    "fc": fc,
    "max_pool": partial(pool, "MAX_POOL_2D"),
    "avg_pool": partial(pool, "AVERAGE_POOL_2D"),
    "adaptive_max_pool": partial(adaptive_pool, "MAX_POOL_2D"),
    "adaptive_avg_pool": partial(adaptive_pool, "AVERAGE_POOL_2D"),
    "global_max_pool": global_pool("REDUCE_MAX"),
    "global_avg_pool": global_pool("MEAN"),
    "batch_norm": batch_norm,
    "lrn": lrn,
    "relu": operator("RELU"),
    "relu6": operator("RELU6"),
    "leaky_relu": operator("LEAKY_RELU", alpha=0.01),
    "prelu": prelu,
    "sigmoid": operator("LOGISTIC"),
    "tanh": operator("TANH"),
    "h_sigmoid": hard_sigmoid,
    "swish": swish,
    "h_swish": operator("HARD_SWISH"),
    "gelu": operator("GELU"),
    "gelu_tanh": operator("GELU", approximate=True),
    "elu": operator("ELU"),
    "hard_tanh": operator("RELU_N1_TO_1"),
    "softmax": along_channels("SOFTMAX", beta=1.0),
    "log_softmax": along_channels("LOG_SOFTMAX"),
    "add": joined("ADD", "ADD_N"),
    "subtract": joined("SUB"),
    "multiply": joined("MUL"),
    "divide": float_operator("DIV"),
    "minimum": joined("MINIMUM"),
    "maximum": joined("MAXIMUM"),
    "power": float_operator("POW"),
    "complement": with_number("SUB", 1.0, first=True),
    "reciprocal": reciprocal,
    "scale": with_number("MUL", 1.0),
    "shift": with_number("ADD", 0.0),
    "clip": operator("RELU_0_TO_1"),
    "exp": float_operator("EXP"),
    "log": operator("LOG"),
    "sqrt": float_operator("SQRT"),
    "rsqrt": operator("RSQRT"),
    "sin": float_operator("SIN"),
    "cos": float_operator("COS"),
    "abs": operator("ABS"),
    "neg": operator("NEG"),
    "square": float_operator("SQUARE"),
    "floor": float_operator("FLOOR"),
    "ceil": float_operator("CEIL"),
    "round": float_operator("ROUND"),
    "sign": float_operator("SIGN"),
    "mean": reduction("MEAN"),
    "sum": reduction("SUM"),
    "reduce_max": reduction("REDUCE_MAX"),
    "reduce_min": reduction("REDUCE_MIN"),
    "product": reduction("REDUCE_PROD"),
    "concat": concat,
    "split": split,
    "slice": slice_,
    "crop": crop,
    "channel_shuffle": channel_shuffle,
    "flatten": reshape,
    "zero_pad": zero_pad,
    "pad_channels": pad_channels,
    "upsample": upsample,
    "reshape": reshape,
    "transpose": transpose,
    "dropout": nothing,
    "identity": nothing,
    "learned": learned,
    "input": input_,
}
"""The function that writes the operators of each kind."""

_ARITHMETIC = "TFLite has no operator for it, and costcalc does not write its arithmetic"

MISSING: Mapping[str, str] = {
    **UNDEFINED,
    "lstm": "TFLite's LSTM reads sequences; costcalc's kind is a single step",
    "embedding": "TFLite looks up whole numbers, and the network's input is not",
    "matmul": "TFLite's products are of matrices along the last axes, which here are channels",
    "attention": "TFLite has no attention",
    "compare": "TFLite's comparisons give booleans, which its arithmetic does not read",
    "where": "TFLite chooses by booleans, which its arithmetic does not give",
    "logical_not": "TFLite negates booleans, which its arithmetic does not give",
    "argmax": "TFLite's places are whole numbers, which its arithmetic does not read",
    "constant": "a stored tensor of numbers would be read as learned",
    "layer_norm": _ARITHMETIC,
    "group_norm": _ARITHMETIC,
    "instance_norm": _ARITHMETIC,
    "rms_norm": _ARITHMETIC,
    "variance": _ARITHMETIC,
    "l2_norm": _ARITHMETIC,
    "quick_gelu": _ARITHMETIC,
    "selu": _ARITHMETIC,
    "celu": _ARITHMETIC,
    "mish": _ARITHMETIC,
    "softplus": _ARITHMETIC,
    "softsign": _ARITHMETIC,
    "log_sigmoid": _ARITHMETIC,
    "erf": _ARITHMETIC,
}
"""The reasons why the other kinds have no row."""
