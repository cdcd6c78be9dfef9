"""Functions of arrays, ``keras.ops``: products along any axes, moves of elements, running sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand, UnknownOp, axis_without_batch
from costcalc.importers.contraction import Term, contracted, equation
from costcalc.importers.keras.config import whole, wholes
from costcalc.importers.keras.context import KerasContext, Result, Rule
from costcalc.importers.keras.layers.pooling import MODES, pool
from costcalc.importers.keras.layout import KERAS_ORDER


def einsum(op: KerasContext) -> Result:
    """``Einsum`` of tensors whose first axis is the batch."""
    text = op.config.raw("subscripts")
    if not isinstance(text, str) or "..." in text:
        raise UnknownOp("costcalc reads an equation with a letter for each axis")
    words, result = equation(text, [tensor.rank + 1 for tensor in op.inputs])
    batch = {word[0] for word in (*words, result[:1] or " ")}
    if len(batch) > 1 or any(word.count(word[0]) > 1 for word in (*words, result)):
        raise UnknownOp("costcalc has no layer kind for an equation that moves the batch")
    terms = [
        Term(op.to_layout(tensor, KERAS_ORDER), word[1:])
        for tensor, word in zip(op.inputs, words, strict=True)
    ]
    op.builder.is_sized = True
    return op.from_layout(contracted(op, terms, result[1:]), KERAS_ORDER)


def dot_product_attention(op: KerasContext) -> Result:
    """``DotProductAttention`` of queries, keys and values, (T, heads, size) each, and a mask."""
    if len(op.inputs) not in (3, 4) or any(tensor.rank != 3 for tensor in op.inputs[:3]):
        raise UnknownOp
    queries, keys, values, *masks = (
        op.to_layout(tensor, KERAS_ORDER, f"/{name}.transpose")
        for name, tensor in zip(("query", "key", "value", "mask"), op.inputs, strict=False)
    )
    heads = [emit.transpose(op, x, (1, 0, 2), part="/heads") for x in (queries, keys, values)]
    count = heads[0].shape[0]
    for at in (1, 2):
        if heads[at].shape[0] < count:  # several heads of queries share one of keys
            shape = (count, *heads[at].shape[1:])
            heads[at] = op.add("rearrange", (heads[at],), {"shape": shape}, "/repeated")
    attended = op.add("attention", [*heads, *masks], part="/attention")
    merged = emit.transpose(op, attended, (1, 0, 2), part="/merged")
    return op.from_layout(merged, KERAS_ORDER, "/transpose")


def reduced(op: KerasContext, kind: str, *before: str, part: str = "") -> Operand:
    """A reduction along some axes, of some functions of each element."""
    x, keep = op.input, op.option("keepdims", 2) is True
    axes = op.axes(op.option("axis", 1))
    for step in before:
        x = op.add(step, (x,), part=f"/{step}")
    arguments = {"axes": axes, "keep": keep}
    y = op.add(kind, (x,), arguments, part, functional="operator")
    if keep or op.layout.last(op.rank) not in axes:
        return y
    # Without the axis that costcalc had moved, the remaining ones are in Keras' order.
    return op.from_layout(y, KERAS_ORDER)


def reduction(kind: str, *before: str) -> Rule:
    """A reduction along some axes."""
    return lambda op: reduced(op, kind, *before)


def _place(op: KerasContext, value: Any, rank: int, default: int = -1) -> int:
    """An axis in Keras' order, without the batch."""
    return axis_without_batch(whole(default if value is None else value, "'axis'", -rank - 1), rank)


def rearranged(op: KerasContext, dims: Sequence[int], *more: Operand) -> Operand:
    """The elements of the first input, and of others, in another shape, in Keras' order."""
    op.builder.is_sized = True
    shape = op.layout.from_keras(dims)
    return op.add("rearrange", (op.input, *more), {"shape": shape})


def moved(op: KerasContext) -> Result:
    """``Flip`` and ``Roll``: the same elements elsewhere."""
    return rearranged(op, op.keras_shape(op.input))


def stack(op: KerasContext) -> Result:
    """``Stack``: tensors along a new axis."""
    rank = op.rank
    place = _place(op, op.option("axis"), rank + 1, 1)
    parts = []
    for tensor in op.inputs:
        dims = op.keras_shape(tensor)
        parts.append(op.reshape(tensor, (*dims[:place], 1, *dims[place:]), ".axis", is_sized=True))
    return emit.concat(op, parts, op.layout.axis(place + 1, rank + 1))


def unstack(op: KerasContext) -> Result:
    """``Unstack``: the parts along an axis, which goes."""
    dims = op.keras_shape(op.input)
    place = _place(op, op.option("axis"), op.rank, 1)
    kept = [side for at, side in enumerate(dims) if at != place]
    axis, count = op.layout.axis(place + 1, op.rank), dims[place]
    parts = emit.split(op, op.input, axis, count, part="/part{}")
    return tuple(op.reshape(part, kept or [1], ".reshape", is_sized=True) for part in parts)


def exchanged(op: KerasContext) -> Result:
    """``Swapaxes`` and ``Moveaxis``: a transpose with the batch in place."""
    names = ("source", "destination") if op.class_name == "Moveaxis" else ("axis1", "axis2")
    first, second = (
        [axis_without_batch(axis, op.rank) for axis in wholes(op.option(name), name, -op.rank - 1)]
        for name in names
    )
    if len(first) != len(second):
        raise Refusal("its axes do not fit", "as many of both")
    order = [*range(op.rank)]
    if op.class_name == "Swapaxes":
        order[first[0]], order[second[0]] = order[second[0]], order[first[0]]
    else:
        order = [axis for axis in order if axis not in first]
        for place, axis in sorted(zip(second, first, strict=True)):
            order.insert(place, axis)
    return op.add("transpose", (op.input,), {"axes": op.layout.permutation(order)})


def repeat(op: KerasContext) -> Result:
    """``Repeat`` along an axis."""
    dims, place = [*op.keras_shape(op.input)], _place(op, op.option("axis"), op.rank)
    if op.option("axis") is None:
        raise UnknownOp("costcalc has no layer kind for a repetition of the batch")
    dims[place] *= whole(op.option("repeats"), "'repeats'", 1)
    return rearranged(op, dims)


def tile(op: KerasContext) -> Result:
    """``Tile``, the batch once."""
    dims = op.keras_shape(op.input)
    times = wholes(op.option("repeats"), "'repeats'", 1)
    times = (1,) * (len(dims) + 1 - len(times)) + times
    if len(times) != len(dims) + 1 or times[0] != 1:
        raise UnknownOp("costcalc has no layer kind for a repetition of the batch")
    return rearranged(op, [side * count for side, count in zip(dims, times[1:], strict=True)])


def take(op: KerasContext) -> Result:
    """``Take`` of some places along an axis, given as numbers or by another tensor."""
    dims, value = op.keras_shape(op.input), op.option("axis")
    if value is None:
        raise UnknownOp("costcalc has no layer kind for places of all images together")
    place, indices = _place(op, value, op.rank), op.option("indices", 1)
    if isinstance(indices, Operand):
        # Each image has places of its own, or all have the same.
        found = op.keras_shape(indices)
        return rearranged(op, (*dims[:place], *found, *dims[place + 1 :]), indices)
    if isinstance(indices, int):
        return rearranged(op, (*dims[:place], *dims[place + 1 :]) or (1,))
    if not isinstance(indices, list) or not indices:
        raise UnknownOp
    return rearranged(op, (*dims[:place], len(indices), *dims[place + 1 :]))


def along_indices(op: KerasContext) -> Result:
    """``TakeAlongAxis``: as many elements as there are places."""
    first, places = op.pair
    if op.option("axis") is None or first.rank != places.rank:
        raise UnknownOp
    return rearranged(op, op.keras_shape(places), places)


def pad(op: KerasContext) -> Result:
    """``Pad`` before and after each axis."""
    widths = op.option("pad_width")
    if isinstance(widths, int) or len(wholes_of_pairs(widths)) not in (1, op.rank + 1):
        raise UnknownOp("costcalc has no layer kind for a padding of the batch")
    pairs = wholes_of_pairs(widths)
    pairs = pairs if len(pairs) > 1 else pairs * (op.rank + 1)
    if pairs[0] != (0, 0):
        raise UnknownOp("costcalc has no layer kind for a padding of the batch")
    mode = op.option("mode")
    modes = {"constant": "zero", "reflect": "reflect", "symmetric": "reflect"}
    if mode not in (None, *modes):
        raise UnknownOp
    pads = {op.layout.axis(at, op.rank): pair for at, pair in enumerate(pairs) if at}
    return emit.pad(op, op.input, pads, modes.get(mode, "zero"))


def wholes_of_pairs(value: Any) -> list[tuple[int, int]]:
    """The numbers before and after each axis.

    Raises:
        Refusal: they are not pairs.
    """
    entries = value if isinstance(value, list) else [value]
    entries = [entries] if entries and all(isinstance(side, int) for side in entries) else entries
    pairs = []
    for entry in entries:
        before, after = wholes(entry, "'pad_width'", 0, least=2, most=2)
        pairs.append((before, after))
    return pairs


def broadcast(op: KerasContext) -> Result:
    """``BroadcastTo`` a shape that begins with the batch."""
    target = wholes(op.option("shape"), "'shape'", 1, least=2)
    return rearranged(op, target[1:])


def scan(kind: str) -> Rule:
    """``Cumsum`` and ``Cumprod`` along an axis."""

    def rule(op: KerasContext) -> Result:
        if op.option("axis") is None:
            raise UnknownOp("costcalc has no layer kind for a running sum of all images")
        return emit.scan(op, op.input, op.axis(op.option("axis")), kind)

    return rule


def sort(op: KerasContext) -> Result:
    """``Sort`` and ``Argsort`` along an axis."""
    return op.add("top_k", (op.input,), {"axis": op.axis(op.option("axis"))})


def deviation(op: KerasContext) -> Result:
    """``Std``: the root of the variance."""
    return op.add("sqrt", (reduced(op, "variance", part=".variance"),), part=".sqrt")


def log_sum(op: KerasContext) -> Result:
    """``Logsumexp``: ``m + log(sum(exp(x - m)))``, with the largest as m."""
    axes = op.axes(op.option("axis"))
    largest = emit.reduce(op, op.input, "reduce_max", axes, keep=True, part="/largest")
    less = emit.join(op, "subtract", (op.input, largest), part="/less")
    powers = op.add("exp", (less,), part="/exp")
    total = emit.reduce(op, powers, "sum", axes, keep=True, part="/sum")
    y = emit.join(op, "add", (op.add("log", (total,), part="/log"), largest), part="/add")
    return y if op.option("keepdims") is True else _without(op, y, axes, "/add")


def gated(op: KerasContext) -> Result:
    """``Glu``: one half times the sigmoid of the other."""
    half, other = emit.split(op, op.input, op.axis(op.option("axis")), 2, part="/part{}")
    gate = op.add("sigmoid", (other,), part="/sigmoid")
    return emit.join(op, "multiply", (half, gate), part="/multiply")


def one_hot(op: KerasContext) -> Result:
    """``OneHot``: a number for each class, along a new axis."""
    dims = op.keras_shape(op.input)
    place = _place(op, op.option("axis"), op.rank + 1)
    classes = whole(op.option("num_classes"), "'num_classes'", 1)
    return rearranged(op, (*dims[:place], classes, *dims[place:]))


def blocks(sign: int) -> Rule:
    """``DepthToSpace`` (1) and ``SpaceToDepth`` (-1)."""

    def rule(op: KerasContext) -> Result:
        block = whole(op.option("block_size"), "'block_size'", 2)
        channels, *sides = op.input.shape
        sizes = [channels] if sign > 0 else sides
        if len(sides) != 2 or any(size % (block * block if sign > 0 else block) for size in sizes):
            raise Refusal("its input does not divide into blocks", f"multiples of {block}")
        op.builder.is_sized = True
        if sign > 0:
            shape = (channels // block**2, *(side * block for side in sides))
        else:
            shape = (channels * block**2, *(side // block for side in sides))
        return op.add("rearrange", (op.input,), {"shape": shape})

    return rule


def resize(op: KerasContext) -> Result:
    """``Resize`` of maps to a height and a width."""
    if op.option("crop_to_aspect_ratio") or op.option("pad_to_aspect_ratio"):
        raise UnknownOp
    size = wholes(op.option("size"), "'size'", 1, least=2, most=2)
    mode = op.config.word("interpolation", "bilinear", MODES)
    return emit.resample(op, op.input, size=size, mode=mode)


def real_transform(op: KerasContext) -> Result:
    """``RFFT`` along the last axis: real and imaginary parts."""
    length = op.option("fft_length")
    arguments: dict[str, Any] = {"axes": (op.layout.last(op.rank),), "real": "input"}
    if length is not None:
        arguments["size"] = (whole(length, "'fft_length'", 1),)
    spectra = op.add("fft", (op.input,), arguments)
    return spectra, spectra


def pooled(kind: str) -> Rule:
    """``MaxPool`` and ``AveragePool``, along as many axes as the input has."""
    return lambda op: pool(kind, op.rank - 1)(op)


def moments(op: KerasContext) -> Result:
    """``Moments``: the mean and the variance."""
    value, keep = op.option("axes", 1), op.option("keepdims") is True
    axes = op.axes(value)
    parts = [
        op.add(kind, (op.input,), {"axes": axes, "keep": True}, f"/{kind}")
        for kind in ("mean", "variance")
    ]
    if keep:
        return tuple(parts)
    return tuple(
        _without(op, part, axes, f"{name}")
        for part, name in zip(parts, ("/mean", "/variance"), strict=True)
    )


def _without(op: KerasContext, x: Operand, axes: Sequence[int], part: str) -> Operand:
    """A tensor without axes of one element."""
    dims = op.keras_shape(x)
    kept = [dims[at] for at in range(x.rank) if op.layout.axis(at + 1, x.rank) not in axes]
    return op.reshape(x, kept or [1], f"{part}.reshape", is_sized=True)


def span(op: KerasContext) -> Result:
    """``Ptp``: the largest less the smallest."""
    largest, smallest = (
        reduced(op, kind, part=f"/{kind}") for kind in ("reduce_max", "reduce_min")
    )
    return emit.join(op, "subtract", (largest, smallest), part="/subtract")


def differences(op: KerasContext) -> Result:
    """``Diff``: each element less the one before."""
    if op.option("n") not in (None, 1):
        raise UnknownOp
    axis = op.axis(op.option("axis"))
    side = op.input.shape[axis]
    op.builder.is_sized = True
    later, earlier = (
        emit.take(op, op.input, axis, places, part="/slice")
        for places in (range(1, side), range(side - 1))
    )
    return emit.join(op, "subtract", (later, earlier), part="/subtract")


def beside(op: KerasContext) -> Result:
    """``Hstack``: tensors along the axis behind the batch."""
    return emit.concat(op, op.inputs, op.layout.axis(1, op.rank))


def part_of(op: KerasContext) -> Result:
    """``Slice`` of a shape that begins with the batch."""
    return rearranged(op, wholes(op.option("shape"), "'shape'", 1, least=2)[1:])


def tanh_shrink(op: KerasContext) -> Result:
    """``TanhShrink``: ``x - tanh(x)``."""
    y = op.add("tanh", (op.input,), part="/tanh")
    return emit.join(op, "subtract", (op.input, y), part="/subtract")


def filled(op: KerasContext) -> Result:
    """``OnesLike`` and the like: a constant of the input's shape."""
    return op.add("constant", (), {"shape": op.input.shape})


def unchanged(op: KerasContext) -> Result:
    """``Tril``, ``Triu`` and conversions: the elements as they are, some of them zeros."""
    return op.input


_SINES = "Tan Sinh Cosh Arcsin Arccos Arctan Arcsinh Arccosh Arctanh Sinc Erfc Erfinv I0 Angle Cbrt"
"""Functions that are evaluated once for each element, as a sine is."""

_OTHERS = {
    "Expm1": "exp",
    "Exp2": "exp",
    "Log1p": "log",
    "Log2": "log",
    "Log10": "log",
    "Fabs": "abs",
    "Trunc": "floor",
    "SoftShrink": "clip",
    "Isnan": "logical_not",
    "Isinf": "logical_not",
    "Isfinite": "logical_not",
    "NanToNum": "logical_not",
    "Signbit": "logical_not",
    "Isneginf": "logical_not",
    "Isposinf": "logical_not",
    "BitwiseNot": "logical_not",
    "BitwiseInvert": "logical_not",
    "Deg2rad": "scale",
    "Rad2deg": "scale",
}
"""The layer kinds of other functions of one tensor."""

UNARY: Mapping[str, str] = {**dict.fromkeys(_SINES.split(), "sin"), **_OTHERS}

BINARY: Mapping[str, str] = {
    "Mod": "divide",
    "Fmod": "divide",
    "FloorDivide": "divide",
    "DivideNoNan": "divide",
    "Arctan2": "power",
    "Hypot": "power",
    "Logaddexp": "power",
    "Logaddexp2": "power",
    "Heaviside": "compare",
    "Isclose": "compare",
    **dict.fromkeys(("BitwiseAnd", "BitwiseOr", "BitwiseXor"), "compare"),
    **dict.fromkeys(("LeftShift", "RightShift", "Nextafter"), "compare"),
    **dict.fromkeys(("BitwiseLeftShift", "BitwiseRightShift"), "compare"),
    "Fmax": "maximum",
    "Fmin": "minimum",
}

TABLE: Mapping[str, Rule] = {
    "Einsum": einsum,
    "DotProductAttention": dot_product_attention,
    "Stack": stack,
    "Unstack": unstack,
    "Swapaxes": exchanged,
    "Moveaxis": exchanged,
    "Repeat": repeat,
    "Tile": tile,
    "Take": take,
    "TakeAlongAxis": along_indices,
    "Pad": pad,
    "BroadcastTo": broadcast,
    "Cumsum": scan("add"),
    "Cumprod": scan("multiply"),
    "Sort": sort,
    "Argsort": sort,
    "Std": deviation,
    "Logsumexp": log_sum,
    "Glu": gated,
    "OneHot": one_hot,
    "DepthToSpace": blocks(1),
    "SpaceToDepth": blocks(-1),
    "Resize": resize,
    "RFFT": real_transform,
    "Amax": reduction("reduce_max"),
    "Amin": reduction("reduce_min"),
    "Any": reduction("reduce_max"),
    "All": reduction("reduce_min"),
    "Average": reduction("mean"),
    "Argmin": reduction("argmax"),
    "CountNonzero": reduction("sum", "logical_not"),
    "Nansum": reduction("sum", "logical_not"),
    "Nanmean": reduction("mean", "logical_not"),
    "Nanmax": reduction("reduce_max", "logical_not"),
    "Nanmin": reduction("reduce_min", "logical_not"),
    "Nanprod": reduction("product", "logical_not"),
    "Nanvar": reduction("variance", "logical_not"),
    "Nanargmax": reduction("argmax", "logical_not"),
    "Nanargmin": reduction("argmax", "logical_not"),
    "Moments": moments,
    "Ptp": span,
    "Diff": differences,
    "Hstack": beside,
    "Slice": part_of,
    "TanhShrink": tanh_shrink,
    "MaxPool": pooled("max_pool"),
    "AveragePool": pooled("avg_pool"),
    **dict.fromkeys(("Flip", "Fliplr", "Roll"), moved),
    **dict.fromkeys(("OnesLike", "ZerosLike", "FullLike", "EmptyLike"), filled),
    **dict.fromkeys(("Tril", "Triu", "Copy", "ConvertToTensor", "SaturateCast"), unchanged),
}
