"""The operations that importers add to a model's graph, in textbook terms.

Each function takes the :class:`~costcalc.importers.builder.OpContext` of an operation,
its input and its sizes, adds the nodes, and returns the operation's output.  Choices
of a layer kind are made here, once for all importers: that a convolution is depthwise,
that an addition broadcasts, that ``x ** 2`` is a square.

    x = emit.conv(op, x, out=64, kernel=(3, 3), groups=64)      # a depthwise one
    y = emit.binary(op, "multiply", x, 0.5)                     # scaled by a constant
    z = emit.dense(op, y, out=10, params={"weights": [StoredParams("fc.weight", 640)]})

A kind that needs no choice has no function: ``op.add("lrn", (x,), {"size": 5})``.
The sizes of a window are one number for all axes, or one each; a padding may also be
``same`` or ``valid``, or a pair for each axis.  Tensors are channels first: (C, H, W).
``spatial_rank`` is the number of spatial axes.  Importers pass it if a tensor may also be
(B, C, H, W), several images that are not a batch; windows do not span that axis.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

from costcalc.errors import Refusal
from costcalc.importers.builder import NOTHING, OpContext, Operand, Params
from costcalc.importers.model import Shape

Number = int | float

# Convolutions, dense layers and products of matrices.


def conv(
    op: OpContext,
    x: Operand,
    *,
    out: int,
    kernel: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    bias: bool = True,
    spatial_rank: int | None = None,
    params: Params = NOTHING,
    part: str = "",
) -> Operand:
    """A convolution; a depthwise one if each channel is a group of its own."""

    def layer(maps: Operand) -> Operand:
        kind, arguments = _grouped("conv", "depthwise", maps, out, groups)
        window = _window(maps, spatial_rank, kernel, stride, padding, dilation)
        return op.add(
            kind, (maps,), {**arguments, **window, "bias": bias}, part=part, params=params
        )

    return on_maps(op, x, spatial_rank, layer)


def transposed_conv(
    op: OpContext,
    x: Operand,
    *,
    out: int,
    kernel: Any,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    bias: bool = True,
    spatial_rank: int | None = None,
    params: Params = NOTHING,
) -> Operand:
    """A transposed convolution; a depthwise one if each channel is a group of its own."""

    def layer(maps: Operand) -> Operand:
        kind, channels = _grouped("transposed_conv", "transposed_depthwise", maps, out, groups)
        arguments = {
            **channels,
            **_window(maps, spatial_rank, kernel, stride, padding, dilation),
            "output_padding": _per_axis(output_padding, maps, spatial_rank, 0),
            "bias": bias,
        }
        return op.add(kind, (maps,), arguments, params=params)

    return on_maps(op, x, spatial_rank, layer)


def _grouped(
    kind: str, depthwise: str, maps: Operand, out: int, groups: int
) -> tuple[str, dict[str, int]]:
    """The kind of a convolution, and how many channels it has.

    The groups of a depthwise one are as many as its channels at every width multiplier.
    """
    channels = maps.shape[0]
    if groups == channels > 1 and out % channels == 0:
        return depthwise, {"multiplier": out // channels}
    return kind, {"out": out, "groups": groups}


def dense(
    op: OpContext,
    x: Operand,
    *,
    out: int,
    bias: bool = True,
    axis: int | None = -1,
    params: Params = NOTHING,
    part: str = "",
) -> Operand:
    """A fully connected layer along one axis, at every position of the others; None flattens."""
    arguments: dict[str, Any] = {"out": out, "bias": bias}
    if axis is not None and x.rank > 1:
        place = axis % x.rank
        arguments |= {"per_position": True, "axis": place and place - x.rank}
    return op.add("fc", (x,), arguments, part=part, params=params)


# Windows over maps.


def pool(
    op: OpContext,
    x: Operand,
    kind: str,
    *,
    kernel: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    spatial_rank: int | None = None,
) -> Operand:
    """A pooling, ``max_pool`` or ``avg_pool``; the stride defaults to the kernel size."""

    def layer(maps: Operand) -> Operand:
        window = _window(maps, spatial_rank, kernel, stride, padding, dilation)
        return op.add(kind, (maps,), {**window, "ceil_mode": ceil_mode})

    return on_maps(op, x, spatial_rank, layer)


def resample(
    op: OpContext, x: Operand, *, size: Any = None, scale: Any = None, mode: str = "nearest"
) -> Operand:
    """A map resized, to a size or by a whole scale.

    Raises:
        Refusal: costcalc does not have the mode.
    """
    if mode not in MODES:
        raise Refusal(
            f"costcalc has no resampling by '{mode}'", expected="one of " + ", ".join(MODES)
        )
    arguments = {"scale": compact(scale)} if size is None else {"size": compact(size)}
    return op.add("upsample", (x,), {**arguments, "mode": MODES[mode]})


MODES: Mapping[str, str] = {
    "nearest": "nearest",
    "nearest-exact": "nearest",
    "linear": "bilinear",
    "bilinear": "bilinear",
    "cubic": "bicubic",
    "bicubic": "bicubic",
    "area": "area",
}
"""The frameworks' names of interpolations, and costcalc's."""


def on_maps(
    op: OpContext, x: Operand, spatial_rank: int | None, layer: Callable[[Operand], Operand]
) -> Operand:
    """A layer applied to maps of ``spatial_rank`` spatial axes; works on (B, C, H, W), too."""
    if spatial_rank is None or x.rank <= spatial_rank + 1:
        return layer(x)
    swapped = (1, 0, *range(2, x.rank))
    return in_axis_order(op, x, swapped, layer, parts=(".channels", ".images"))


def _window(
    maps: Operand, spatial_rank: int | None, kernel: Any, stride: Any, padding: Any, dilation: Any
) -> dict[str, Any]:
    """The attributes of a window; 1 along an axis of images."""
    return {
        "kernel": _per_axis(kernel, maps, spatial_rank, 1),
        "stride": _per_axis(stride, maps, spatial_rank, 1),
        "padding": _per_axis(padding, maps, spatial_rank, 0),
        "dilation": _per_axis(dilation, maps, spatial_rank, 1),
    }


def _per_axis(value: Any, maps: Operand, spatial_rank: int | None, idle: int) -> Any:
    """A size for each axis, in the shortest form; ``idle`` along an axis of images."""
    if value is None or isinstance(value, str):
        return value
    sizes = value if isinstance(value, tuple) else (value,)
    if spatial_rank is not None:
        images = max(maps.rank - 1 - spatial_rank, 0)
        sizes = (idle,) * images + (sizes * spatial_rank if len(sizes) == 1 else sizes)
    pairs = tuple(size if isinstance(size, tuple) else (size, size) for size in sizes)
    if any(before != after for before, after in pairs):
        return pairs
    return compact([before for before, _ in pairs])


def compact(sizes: Any) -> Any:
    """One size if all axes have the same, as people write it.

    >>> compact((3, 3)), compact((3, 1)), compact(3)
    (3, (3, 1), 3)
    """
    if not isinstance(sizes, tuple | list):
        return sizes
    return sizes[0] if len(set(sizes)) == 1 else tuple(sizes)


# Normalisations.


def batch_norm(
    op: OpContext,
    x: Operand,
    *,
    scale: bool = True,
    shift: bool = True,
    spatial_rank: int | None = None,
    params: Params = NOTHING,
) -> Operand:
    """A batch normalisation by stored statistics, with or without learned scales and shifts."""
    arguments = {"scale": scale, "bias": shift} if scale or shift else {"affine": False}
    return on_maps(
        op, x, spatial_rank, lambda maps: op.add("batch_norm", (maps,), arguments, params=params)
    )


def layer_norm(
    op: OpContext,
    x: Operand,
    axes: Sequence[int],
    *,
    scale: bool = True,
    shift: bool = True,
    params: Params = NOTHING,
) -> Operand:
    """A layer normalisation over some axes; a shift without a scale is not part of it."""
    arguments = {"axes": tuple(axes), "affine": scale, "bias": shift or not scale}
    return op.add("layer_norm", (x,), arguments, params=params)


# Elements.


def prelu(op: OpContext, x: Operand, own: Sequence[int], *, params: Params = NOTHING) -> Operand:
    """A PReLU with a slope for each place along some axes, in order; one for all without any.

    The layer kind has its slopes along one axis, the first.  The axes with their own
    slopes are therefore moved to the front, and flattened into one.
    """
    if not own:
        return op.add("prelu", (x,), {"shared": True}, params=params)
    if list(own) == [0]:
        return op.add("prelu", (x,), params=params)

    def with_slopes_first(moved: Operand) -> Operand:
        if len(own) == 1:
            return op.add("prelu", (moved,), params=params)
        op.builder.is_sized = True
        flat = (prod(moved.shape[: len(own)]), *moved.shape[len(own) :])
        y = op.add("prelu", (op.view(moved, flat, ".slopes"),), params=params)
        return op.add("reshape", (y,), {"shape": moved.shape}, ".reshape")

    shared = [axis for axis in range(x.rank) if axis not in own]
    return in_axis_order(op, x, [*own, *shared], with_slopes_first)


def binary(
    op: OpContext,
    kind: str,
    left: Operand | Number,
    right: Operand | Number,
    *,
    by_number: str | None = None,
    part: str = "",
) -> Operand:
    """An operation on two tensors element by element, or on a tensor and a number of the model.

    With a number, the kind is that of :func:`kind_with_number`, or else ``by_number``.
    If both are None, the number becomes a constant tensor.
    """
    sides = (left, right)
    numbers = [None if isinstance(side, Operand) else side for side in sides]
    x = next(side for side in sides if isinstance(side, Operand))
    unary_kind = kind_with_number(kind, *numbers)
    if unary_kind is None and numbers != [None, None]:
        unary_kind = by_number
    if unary_kind is not None:
        return op.add(unary_kind, (x,), part=part)
    inputs = [
        side
        if isinstance(side, Operand)
        else op.add("constant", (), {"shape": (1,) * x.rank}, ".constant")
        for side in sides
    ]
    return join(op, kind, inputs, part=part)


def kind_with_number(kind: str, left: Number | None, right: Number | None) -> str | None:
    """The kind of an operation on a tensor (None) and a number; None if it has no kind.

    >>> kind_with_number("add", None, 3), kind_with_number("subtract", 1, None)
    ('shift', 'complement')
    >>> kind_with_number("power", None, 2), kind_with_number("power", None, 3)
    ('square', None)
    """
    if (left is None) == (right is None):
        return None
    if left == 1 and kind in _ONE_WITH:
        return _ONE_WITH[kind]
    if kind == "power":
        return None if right is None else POWERS.get(right)
    return None if kind == "divide" and right is None else BY_NUMBER.get(kind)


BY_NUMBER: Mapping[str, str] = {
    "add": "shift",
    "subtract": "shift",
    "multiply": "scale",
    "divide": "scale",
}
"""The kind of each operation if one side is a number."""

_ONE_WITH: Mapping[str, str] = {"subtract": "complement", "divide": "reciprocal"}
"""The kind if the left side is 1: ``1 - x``, ``1 / x``."""

POWERS: Mapping[Number, str] = {2: "square", 0.5: "sqrt", -0.5: "rsqrt", -1: "reciprocal"}
"""Powers with kinds of their own."""


def join(op: OpContext, kind: str, inputs: Sequence[Operand], *, part: str = "") -> Operand:
    """An operation on tensors of equal rank, element by element; dimensions of 1 broadcast."""
    is_broadcast = kind == "add" and len({tensor.shape for tensor in inputs}) > 1
    return op.add(kind, inputs, {"broadcast": True} if is_broadcast else NOTHING, part=part)


def with_learned(
    op: OpContext,
    kind: str,
    x: Operand,
    shape: Shape,
    *,
    of: str = "norm",
    part: str = "",
    stored: str = ".learned",
) -> Operand:
    """A tensor joined with a learned one of equal rank, whose node is the part ``stored``."""
    learned = op.add("learned", (), {"shape": shape, "of": of}, part=stored)
    return join(op, kind, (x, learned), part=part)


def scaled(op: OpContext, x: Operand, factor: Number, *, part: str) -> Operand:
    """A tensor times a constant; the tensor itself if the factor is 1."""
    return x if factor == 1 else op.add("scale", (x,), part=part)


def clip(op: OpContext, x: Operand, low: Number | None, high: Number | None) -> Operand:
    """A clip between bounds; ReLU, ReLU6 and hard tanh have kinds of their own."""
    return op.add(_CLIPS.get((low, high), "clip"), (x,))


_CLIPS: Mapping[tuple[Number | None, Number | None], str] = {
    (0, 6): "relu6",
    (0, None): "relu",
    (-1, 1): "hard_tanh",
}


# Axes.


def reduce(
    op: OpContext, x: Operand, kind: str, axes: Sequence[int], *, keep: bool, part: str = ""
) -> Operand:
    """A reduction over some axes; reducing all of them keeps them as dimensions of 1."""
    is_kept = keep or len(axes) == x.rank
    return op.add(kind, (x,), {"axes": tuple(axes), "keep": is_kept}, part=part)


def transpose(
    op: OpContext, x: Operand, order: Sequence[int], *, part: str = ".transpose"
) -> Operand:
    """The axes permuted; the tensor itself if the order does not change."""
    if tuple(order) == tuple(range(x.rank)):
        return x
    return op.add("transpose", (x,), {"axes": tuple(order)}, part=part)


def in_axis_order(
    op: OpContext,
    x: Operand,
    order: Sequence[int],
    layer: Callable[[Operand], Operand],
    *,
    parts: tuple[str, str] = (".transpose", ".transpose"),
) -> Operand:
    """A layer applied to the tensor with its axes permuted; they are permuted back after it."""
    before, after = parts
    back = [order.index(axis) for axis in range(x.rank)]
    return transpose(op, layer(transpose(op, x, order, part=before)), back, part=after)


def concat(op: OpContext, inputs: Sequence[Operand], axis: int) -> Operand:
    """A concatenation along an axis; of a single tensor, an identity."""
    if len(inputs) == 1:
        return op.add("identity", inputs)
    return op.add("concat", inputs, {"axis": axis})


def take(op: OpContext, x: Operand, axis: int, places: range, *, part: str = "") -> Operand:
    """A slice along an axis; the tensor itself if the slice covers all of it."""
    if places == range(x.shape[axis]):
        return x
    if places.step < 0:
        shape = (*x.shape[:axis], len(places), *x.shape[axis + 1 :])
        return op.add("rearrange", (x,), {"shape": shape}, part=part)
    arguments = {
        "start": places.start,
        "stop": places.stop,
        "axis": axis,
        "step": places.step,
    }
    return op.add("slice", (x,), arguments, part=part)


def crop(op: OpContext, x: Operand, places: Mapping[int, range]) -> Operand:
    """A slice along several axes: a crop if they are the spatial ones, else one after another."""
    if are_spatial(x, places):
        ends = ((places[at].start, x.shape[at] - places[at].stop) for at in sorted(places))
        return op.add("crop", (x,), {"cropping": tuple(ends)})
    for axis, part in places.items():
        x = take(op, x, axis, part)
    return x


def are_spatial(x: Operand, places: Mapping[int, range]) -> bool:
    """Whether consecutive places are taken along all spatial axes of a map, two or more."""
    axes = [*range(1, x.rank)]
    is_consecutive = all(part.step == 1 and len(part) for part in places.values())
    return len(axes) > 1 and sorted(places) == axes and is_consecutive


def split(op: OpContext, x: Operand, axis: int, parts: int, *, part: str = "/{}") -> list[Operand]:
    """Equal parts along an axis, a node each; ``{}`` in the name is the part's number."""
    return [
        op.add("split", (x,), {"parts": parts, "part": n, "axis": axis}, part=part.format(n))
        for n in range(1, parts + 1)
    ]


def pad(
    op: OpContext, x: Operand, pads: Mapping[int, tuple[int, int]], mode: str = "zero"
) -> Operand:
    """A padding before and after some axes; negative amounts crop.

    Zeros after the last channel only are a padding of channels.
    """
    for axis, (before, after) in pads.items():
        x = take(op, x, axis, range(max(-before, 0), x.shape[axis] - max(-after, 0)))
    added = [tuple(max(amount, 0) for amount in pads.get(axis, (0, 0))) for axis in range(x.rank)]
    if not any(map(any, added)):
        return x
    if mode == "zero" and added[0][0] == 0 and not any(map(any, added[1:])):
        return op.add("pad_channels", (x,), {"out": x.shape[0] + added[0][1]})
    first = min(axis for axis, pair in enumerate(added) if any(pair))
    arguments = {"axis": first, "padding": tuple(added[first:]), "mode": mode}
    return op.add("zero_pad", (x,), arguments)
