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
from math import inf, prod
from typing import Any, TypeVar

from costcalc.errors import Refusal
from costcalc.importers.builder import NOTHING, OpContext, Operand, Params
from costcalc.importers.model import Shape

Number = int | float

T = TypeVar("T")
U = TypeVar("U")

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
    channels = maps.shape[0] if maps.shape else 1
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
    arguments = {"scale": compact(scale)} if size is None else {"size": compact(size)}
    return op.add("upsample", (x,), {**arguments, "mode": interpolation(mode)})


MODES: Mapping[str, str] = {
    "nearest": "nearest",
    "nearest-exact": "nearest",
    "linear": "bilinear",
    "bilinear": "bilinear",
    "trilinear": "bilinear",
    "cubic": "bicubic",
    "bicubic": "bicubic",
    "area": "area",
}
"""The frameworks' names of interpolations, and costcalc's."""


def grid_sample(op: OpContext, x: Operand, grid: Operand, mode: str = "bilinear") -> Operand:
    """A map at the places of a grid, (H', W', 2); works on (B, C, H, W) and (B, H', W', 2), too.

    Raises:
        Refusal: costcalc does not have the mode.
    """
    arguments = {"mode": interpolation(mode)}
    rank = grid.shape[-1]
    if x.rank <= rank + 1:
        return op.add("grid_sample", (x, grid), arguments)
    # Images one below the other, and their grids too.
    images, channels, height, *rest = x.shape
    swapped = (1, 0, *range(2, x.rank))
    stacked = op.view(transpose(op, x, swapped), (channels, images * height, *rest))
    places = op.view(grid, (images * grid.shape[1], *grid.shape[2:]))
    y = op.add("grid_sample", (stacked, places), arguments)
    return transpose(op, op.view(y, (channels, *grid.shape[:-1])), swapped)


def interpolation(mode: str) -> str:
    """The name of an interpolation as layer kinds have it.

    Raises:
        Refusal: costcalc does not have the mode.
    """
    if mode not in MODES:
        raise Refusal(
            f"costcalc has no resampling by '{mode}'", expected="one of " + ", ".join(MODES)
        )
    return MODES[mode]


def deform_conv(
    op: OpContext,
    x: Operand,
    offsets: Operand,
    *,
    out: int,
    kernel: Sequence[int],
    groups: int = 1,
    offset_groups: int = 1,
    mask: Operand | None = None,
    bias: bool = True,
    params: Params = NOTHING,
) -> Operand:
    """A deformable convolution: bilinear samples, then a product (Dai et al., arXiv 1703.06211).

    Its nodes are one row of the tables.

    Args:
        op: the operation.
        x: a map, (C, H, W).
        offsets: of each sample of each window, (2 offset_groups Kh Kw, H', W').
        out: output channels.
        kernel: the sizes of a window.
        groups: of channels, in the product.
        offset_groups: groups of channels with offsets of their own.
        mask: a factor for each sample (Zhu et al., arXiv 1811.11168); none by default.
        bias: whether a bias is added.
        params: where weights and biases are stored.
    """
    op.fold()
    channels, windows = x.shape[0], offsets.shape[1:]
    taps, positions = prod(kernel), prod(windows)
    places = (taps * positions, len(windows))
    # Groups of channels share the count of places, though each has its own.
    grid = op.add("rearrange", (offsets,), {"shape": places}, "/places")
    columns = op.add("grid_sample", (x, grid), {"mode": "bilinear"}, "/samples")
    if mask is not None:
        shape = (offset_groups, channels // offset_groups, taps * positions)
        factors = op.view(mask, (offset_groups, 1, taps * positions), "/mask")
        columns = join(
            op, "multiply", (op.view(columns, shape, "/groups"), factors), part="/masked"
        )
    columns = op.view(columns, (channels * taps, *windows), "/columns")
    ones = (1,) * len(windows)
    return conv(
        op, columns, out=out, kernel=ones, groups=groups, bias=bias, params=params, part="/product"
    )


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


def complex_product(
    op: OpContext,
    left: tuple[T, T],
    right: tuple[U, U],
    product: Callable[[T, U, str], Operand],
    shape: Shape,
) -> Operand:
    """A product of complex numbers, as four of real ones: (a c - b d) + i (a d + b c).

    Its nodes are one row of the tables.

    Args:
        op: the operation.
        left: the parts of one factor, as ``product`` reads them: :func:`complex_parts`, or
            where they are stored.
        right: those of the other.
        product: adds a product of real numbers; its last argument names the node.
        shape: the shape of the result.
    """
    op.fold()
    op.builder.note("A product of complex numbers counts as four of real ones.")
    (a, b), (c, d) = left, right
    ac, bd, ad, bc = (
        product(a, c, "/a_c"), product(b, d, "/b_d"), product(a, d, "/a_d"), product(b, c, "/b_c")
    )  # fmt: skip
    real = join(op, "subtract", (ac, bd), part="/real")
    imaginary = join(op, "add", (ad, bc), part="/imaginary")
    return op.add("rearrange", (real, imaginary), {"shape": shape}, "/joined")


def complex_parts(op: OpContext, x: Operand, side: str) -> tuple[Operand, Operand]:
    """The real and the imaginary part of complex numbers; ``side`` names them."""
    real, imaginary = (
        op.add("rearrange", (x,), {"shape": x.shape}, f"/{side}_{part}")
        for part in ("real", "imaginary")
    )
    return real, imaginary


def add_at(op: OpContext, x: Operand, updates: Operand) -> Operand:
    """Some elements of a tensor with numbers added: read, added, written back.

    The places are whole numbers, which affect no count.
    """
    read = op.add("rearrange", (x,), {"shape": updates.shape}, part="_read")
    added = op.add("add", (read, updates), part="_added")
    return op.add("rearrange", (x, added), {"shape": x.shape})


def scan(op: OpContext, x: Operand, axis: int, kind: str = "add") -> Operand:
    """Running sums along an axis, or products, or the largest so far.

    Its nodes are one row of the tables.
    """
    if x.shape[axis] == 1:
        return op.add("identity", (x,))
    op.fold()
    first = take(op, x, axis, range(1), part="/first")
    rest = take(op, x, axis, range(1, x.shape[axis]), part="/rest")
    # The results before are those of this operation: only their shape affects counts.
    before = op.add("rearrange", (x,), {"shape": rest.shape}, part="/before")
    results = op.add(kind, (before, rest), part=f"/{kind}")
    return op.add("concat", (first, results), {"axis": axis}, part="/joined")


def ragged(op: OpContext, x: Operand, kind: str, shape: Shape) -> Operand:
    """N rows reduced to the R of a shape, in groups of any sizes: N - R operations a column."""
    rows, *rest = x.shape
    results = prod(shape) // prod(rest)
    # How the rows are grouped affects no count: a group of all but R - 1, and R - 1 alone.
    group = {"shape": (max(rows - results + 1, 1), *rest)}
    together = op.add("rearrange", (x,), group, part="_group")
    reduction = "sum" if kind == "mean" else kind
    y = op.add(reduction, (together,), {"axes": (0,), "keep": True}, part=f"_{reduction}")
    y = op.add("rearrange", (y,), {"shape": shape}, part="_rows" if kind == "mean" else "")
    if kind != "mean":
        return y
    counts = op.add("constant", (), {"shape": (*shape[:-1], *(1 for _ in rest))})
    return join(op, "divide", (y, counts))


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


def beyond(op: OpContext, x: Operand, measure: Operand | None = None) -> Operand:
    """A tensor where it, or a measure of it, is beyond a number, and another number elsewhere."""
    bound, other = (op.add("constant", (), {"shape": (1,) * x.rank}) for _ in range(2))
    is_beyond = join(op, "compare", (x if measure is None else measure, bound), part="_compare")
    return join(op, "where", (is_beyond, x, other))


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


def length(
    op: OpContext, x: Operand, axes: Sequence[int], p: Number, *, keep: bool, part: str = ""
) -> Operand:
    """The p-norm along some axes: the p-th root of the sum of the p-th powers."""
    if p == 2:
        return reduce(op, x, "l2_norm", axes, keep=keep, part=part)
    if p == 0:
        zeros = op.add("constant", (), {"shape": (1,) * x.rank})
        counted = join(op, "compare", (x, zeros), part=part + "_nonzero")
        return reduce(op, counted, "sum", axes, keep=keep, part=part)
    x = op.add("abs", (x,), part=part + "_abs")
    if p in (1, inf, -inf):
        kind = {1: "sum", inf: "reduce_max", -inf: "reduce_min"}[p]
        return reduce(op, x, kind, axes, keep=keep, part=part)
    powers = binary(op, "power", x, p, part=part + "_power")
    total = reduce(op, powers, "sum", axes, keep=keep, part=part + "_sum")
    return binary(op, "power", total, 1 / p, part=part)


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
