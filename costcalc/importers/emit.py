"""The vocabulary of operations: what importers add to the graph of a model, in a textbook's terms.

Each function takes the :class:`~costcalc.importers.builder.OpContext` of an operation,
what the operation reads and its sizes; it adds the nodes and gives the operation's
tensor.  What is to be decided is decided here, once: that a convolution is depthwise,
that an addition broadcasts, that ``x ** 2`` is a square.

    x = emit.conv(op, x, out=64, kernel=(3, 3), groups=64)      # a depthwise one
    y = emit.binary(op, "multiply", x, 0.5)                     # scaled by a constant
    z = emit.dense(op, y, out=10, params={"weights": [StoredParams("fc.weight", 640)]})

A kind that takes no decision has no function: ``op.add("lrn", (x,), {"size": 5})``.
Sizes of a window are one number for all axes, or one for each; a padding may also be
``same`` or ``valid``, or a pair for each axis.  Tensors are channels first: (C, H, W).
``axes`` is the number of spatial axes, for models in which a tensor may also be
(B, C, H, W), several images that are no batch: they become an axis that no window spans.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    axes: int | None = None,
    params: Params = NOTHING,
    part: str = "",
) -> Operand:
    """A convolution; a depthwise one where every channel is a group of its own."""

    def on(maps: Operand) -> Operand:
        channels = maps.shape[0]
        kind, arguments = "conv", {"out": out, "groups": groups}
        if groups == channels > 1 and out % channels == 0:
            kind, arguments = "depthwise", {"multiplier": out // channels}
        slid = _window(maps, axes, kernel, stride, padding, dilation)
        return op.add(kind, (maps,), {**arguments, **slid, "bias": bias}, part=part, params=params)

    return on_maps(op, x, axes, on)


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
    axes: int | None = None,
    params: Params = NOTHING,
) -> Operand:
    """A transposed convolution."""

    def on(maps: Operand) -> Operand:
        arguments = {
            "out": out,
            **_window(maps, axes, kernel, stride, padding, dilation),
            "output_padding": _per_axis(output_padding, maps, axes, 0),
            "groups": groups,
            "bias": bias,
        }
        return op.add("transposed_conv", (maps,), arguments, params=params)

    return on_maps(op, x, axes, on)


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
    """A matrix along one axis, the last, at every position of the others; over all for None."""
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
    axes: int | None = None,
) -> Operand:
    """``max_pool`` or ``avg_pool``; the stride is the kernel where there is none."""

    def on(maps: Operand) -> Operand:
        slid = _window(maps, axes, kernel, stride, padding, dilation)
        return op.add(kind, (maps,), {**slid, "ceil_mode": ceil_mode})

    return on_maps(op, x, axes, on)


def resample(
    op: OpContext, x: Operand, *, size: Any = None, scale: Any = None, mode: str = "nearest"
) -> Operand:
    """A map enlarged or shrunk, to a size or by a whole scale.

    Raises:
        Refusal: there is no such mode.
    """
    if mode not in MODES:
        raise Refusal(
            f"costcalc has no resampling by '{mode}'", expected="one of " + ", ".join(MODES)
        )
    sides = {"scale": compact(scale)} if size is None else {"size": compact(size)}
    return op.add("upsample", (x,), {**sides, "mode": MODES[mode]})


MODES: Mapping[str, str] = {
    "nearest": "nearest",
    "nearest-exact": "nearest",
    "linear": "bilinear",
    "bilinear": "bilinear",
    "cubic": "bicubic",
    "bicubic": "bicubic",
    "area": "area",
}
"""How frameworks call ways to resample, and how costcalc does."""


def on_maps(
    op: OpContext, x: Operand, axes: int | None, layer: Callable[[Operand], Operand]
) -> Operand:
    """A layer of maps of so many spatial axes, also where several images stand before channels."""
    if axes is None or x.rank <= axes + 1:
        return layer(x)
    swapped = (1, 0, *range(2, x.rank))
    return transpose(
        op, layer(transpose(op, x, swapped, part=".channels")), swapped, part=".images"
    )


def _window(
    maps: Operand, axes: int | None, kernel: Any, stride: Any, padding: Any, dilation: Any
) -> dict[str, Any]:
    """The attributes of a window, widened by an axis of images that it does not span."""
    return {
        "kernel": _per_axis(kernel, maps, axes, 1),
        "stride": _per_axis(stride, maps, axes, 1),
        "padding": _per_axis(padding, maps, axes, 0),
        "dilation": _per_axis(dilation, maps, axes, 1),
    }


def _per_axis(value: Any, maps: Operand, axes: int | None, idle: int) -> Any:
    """A size for each axis, in the shortest form; ``idle`` for an axis of images."""
    if value is None or isinstance(value, str):
        return value
    sizes = value if isinstance(value, tuple) else (value,)
    if axes is not None:
        images = max(maps.rank - 1 - axes, 0)
        sizes = (idle,) * images + (sizes * axes if len(sizes) == 1 else sizes)
    pairs = tuple(each if isinstance(each, tuple) else (each, each) for each in sizes)
    if any(before != after for before, after in pairs):
        return pairs
    return compact([before for before, _ in pairs])


def compact(sizes: Any) -> Any:
    """One size where all axes have the same, as people write it.

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
    axes: int | None = None,
    params: Params = NOTHING,
) -> Operand:
    """By stored statistics of each channel, with learned scales and shifts or without."""
    arguments = {"scale": scale, "bias": shift} if scale or shift else {"affine": False}
    return on_maps(
        op, x, axes, lambda maps: op.add("batch_norm", (maps,), arguments, params=params)
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
    """Some axes normalised together; a shift without a scale is none of the norm's."""
    arguments = {"axes": tuple(axes), "affine": scale, "bias": shift or not scale}
    return op.add("layer_norm", (x,), arguments, params=params)


# Elements.


def binary(
    op: OpContext,
    kind: str,
    left: Operand | Number,
    right: Operand | Number,
    *,
    by_number: str | None = None,
    part: str = "",
) -> Operand:
    """Two tensors element by element, or one and a number that the model holds.

    Where :func:`kind_with_number` has no kind for the two, nor ``by_number`` is one, the
    number is a constant that the tensor is joined with.
    """
    numbers = [None if isinstance(each, Operand) else each for each in (left, right)]
    x = next(each for each in (left, right) if isinstance(each, Operand))
    of_one = kind_with_number(kind, *numbers)
    if of_one is None and numbers != [None, None]:
        of_one = by_number
    if of_one is not None:
        return op.add(of_one, (x,), part=part)
    inputs = [
        each
        if isinstance(each, Operand)
        else op.add("constant", (), {"shape": (1,) * x.rank}, ".constant")
        for each in (left, right)
    ]
    return join(op, kind, inputs, part=part)


def kind_with_number(kind: str, left: Number | None, right: Number | None) -> str | None:
    """What a number makes of an operation between two tensors; None stands for the tensor.

    >>> kind_with_number("add", None, 3), with_number("subtract", 1, None)
    ('shift', 'complement')
    >>> kind_with_number("power", None, 2), with_number("power", None, 3)
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
"""The kind of a sum or a product of a tensor and a number."""

_ONE_WITH: Mapping[str, str] = {"subtract": "complement", "divide": "reciprocal"}
"""Of 1 and a tensor: ``1 - x``, ``1 / x``."""

POWERS: Mapping[Number, str] = {2: "square", 0.5: "sqrt", -0.5: "rsqrt", -1: "reciprocal"}
"""Powers that are kinds of their own."""


def join(op: OpContext, kind: str, inputs: Sequence[Operand], *, part: str = "") -> Operand:
    """Tensors of as many axes, element by element; a side of 1 is repeated."""
    is_broadcast = kind == "add" and len({each.shape for each in inputs}) > 1
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
    """A tensor joined with a learned one of as many axes, which is the part ``stored``."""
    learned = op.add("learned", (), {"shape": shape, "of": of}, part=stored)
    return join(op, kind, (x, learned), part=part)


def clip(op: OpContext, x: Operand, low: Number | None, high: Number | None) -> Operand:
    """Bounds below and above: ReLU6 and its relations by their names."""
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
    """A reduction along some axes, which stay as sides of 1 where they are all."""
    is_kept = keep or len(axes) == x.rank
    return op.add(kind, (x,), {"axes": tuple(axes), "keep": is_kept}, part=part)


def transpose(
    op: OpContext, x: Operand, order: Sequence[int], *, part: str = ".transpose"
) -> Operand:
    """The axes in another order; the tensor itself where they keep theirs."""
    if tuple(order) == tuple(range(x.rank)):
        return x
    return op.add("transpose", (x,), {"axes": tuple(order)}, part=part)


def concat(op: OpContext, inputs: Sequence[Operand], axis: int) -> Operand:
    """Tensors one after another; one by itself is an identity."""
    if len(inputs) == 1:
        return op.add("identity", inputs)
    return op.add("concat", inputs, {"axis": axis})


def take(op: OpContext, x: Operand, axis: int, places: range, *, part: str = "") -> Operand:
    """What stands at some places along an axis; the tensor itself where that is all."""
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


def split(op: OpContext, x: Operand, axis: int, parts: int, *, part: str = "/{}") -> list[Operand]:
    """Equal parts along an axis, each a node; ``{}`` in the name is its number."""
    return [
        op.add("split", (x,), {"parts": parts, "part": each, "axis": axis}, part=part.format(each))
        for each in range(1, parts + 1)
    ]


def pad(
    op: OpContext, x: Operand, pads: Mapping[int, tuple[int, int]], mode: str = "zero"
) -> Operand:
    """Places before and after some axes; a negative number cuts them off instead.

    Zeros behind the channels alone are a padding of channels.
    """
    for axis, (before, after) in pads.items():
        x = take(op, x, axis, range(max(-before, 0), x.shape[axis] - max(-after, 0)))
    added = [tuple(max(side, 0) for side in pads.get(axis, (0, 0))) for axis in range(x.rank)]
    if not any(map(any, added)):
        return x
    if mode == "zero" and added[0][0] == 0 and not any(map(any, added[1:])):
        return op.add("pad_channels", (x,), {"out": x.shape[0] + added[0][1]})
    first = min(axis for axis, pair in enumerate(added) if any(pair))
    arguments = {"axis": first, "padding": tuple(added[first:]), "mode": mode}
    return op.add("zero_pad", (x,), arguments)
