"""Functions that move elements: views, slices, concatenations.

The rule of a view is applied to one output at a time, ``op.output``, when an operation
reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import prod
from typing import Any

from costcalc.importers import emit
from costcalc.importers.builder import Operand
from costcalc.importers.torch.calls import ValueRef
from costcalc.importers.torch.context import Result, TorchContext, without_batch


def same(op: TorchContext) -> ValueRef:
    """A view with the elements of the first argument, in the same order."""
    value: ValueRef = op.bind("input")["input"]
    return value


def dropout(op: TorchContext) -> Result:
    """``F.dropout``, which does nothing at inference, and nothing at all at a rate of 0."""
    args = op.bind("input", "p")
    rate = args.get("p", 0.5)
    if rate == 0:
        return same(op)
    return op.add("dropout", (op.tensor(args["input"]),), {"rate": Fraction(str(rate))})


CHANNEL_DROPOUTS = (
    *("dropout1d", "dropout2d", "dropout3d"),
    *("feature_dropout", "feature_alpha_dropout"),
)
"""Functions that drop whole channels."""


def channel_dropout(op: TorchContext) -> Result:
    """``F.dropout2d`` and its relatives, which draw one number for each channel of an image."""
    args = op.bind("input", "p")
    rate = args.get("p", 0.5)
    if rate == 0:
        return same(op)
    maps = op.channels(args["input"], max(len(op.shape) - 2, 0))
    return op.add("dropout", (maps,), {"rate": Fraction(str(rate)), "noise": "channel"})


def rearranged(op: TorchContext) -> Operand:
    """Elements of the first argument, picked or repeated according to the other arguments."""
    x = op.tensor(same(op))
    return op.add("rearrange", (x,), {"shape": without_batch(op.shape)})


def expanded(op: TorchContext) -> Result:
    """``x.expand(...)``; a plain view if no dimension is repeated."""
    before, after = op.shape_of(same(op)), op.shape
    is_same = [side for side in before if side != 1] == [side for side in after if side != 1]
    return same(op) if is_same else rearranged(op)


def copied(op: TorchContext) -> Result:
    """``x.copy_(y)``: the elements of y, repeated along the axes of x that it lacks."""
    source: ValueRef = op.bind("input", "src")["src"]
    if prod(op.shape_of(source)) == prod(op.shape):
        return source
    return op.add("rearrange", (op.tensor(source),), {"shape": without_batch(op.shape)})


def filled(op: TorchContext) -> Operand:
    """``x.fill_(value)`` and ``x.zero_()``: no element of x is left."""
    shape, value = without_batch(op.shape), op.bind("input", "value").get("value")
    if isinstance(value, ValueRef):
        return op.add("rearrange", (op.tensor(value),), {"shape": shape})
    return op.add("constant", (), {"shape": shape})


def channel_shuffle(op: TorchContext) -> Operand:
    """``F.channel_shuffle``."""
    args = op.bind("input", "groups")
    if op.shape[0] != 1:
        return rearranged(op)
    return op.add("channel_shuffle", (op.tensor(args["input"]),), {"groups": args["groups"]})


# Permutations.


def permute(op: TorchContext) -> Result:
    """``x.permute(...)``."""
    return _permuted(op, _axes(op, op.numbers("dims")))


def transpose(op: TorchContext) -> Result:
    """``x.transpose(a, b)``."""
    args = op.bind("input", "dim0", "dim1")
    a, b = _axes(op, (args["dim0"], args["dim1"]))
    axes = [*range(len(op.shape))]
    axes[a], axes[b] = axes[b], axes[a]
    return _permuted(op, axes)


def reversed_axes(op: TorchContext) -> Result:
    """``x.T`` and ``x.t()``."""
    return _permuted(op, range(len(op.shape))[::-1])


def transposed_matrices(op: TorchContext) -> Result:
    """``x.mT``."""
    *stack, rows, columns = range(len(op.shape))
    return _permuted(op, (*stack, columns, rows))


def move_axes(op: TorchContext) -> Result:
    """``x.movedim(source, destination)``."""
    args = op.bind("input", "source", "destination")
    sources, targets = _axes(op, args["source"]), _axes(op, args["destination"])
    axes = [axis for axis in range(len(op.shape)) if axis not in sources]
    for target, source in sorted(zip(targets, sources, strict=True)):
        axes.insert(target, source)
    return _permuted(op, axes)


def _axes(op: TorchContext, axes: Any) -> list[int]:
    """One axis or several as nonnegative numbers; the output has as many axes as the input."""
    return [axis % len(op.shape) for axis in (axes if isinstance(axes, tuple) else (axes,))]


def _permuted(op: TorchContext, axes: Sequence[int]) -> Result:
    """The first argument with its axes permuted; a plain view if only axes of 1 move."""
    value = same(op)
    shape = op.shape_of(value)
    wide = [axis for axis in axes if shape[axis] != 1]
    if wide == sorted(wide):
        return value
    if axes[0] == 0 and shape[0] == 1:
        shape, axes = shape[1:], [axis - 1 for axis in axes[1:]]
    return emit.transpose(op, op.tensor(value, shape), axes, part="")


# Slices.


def parts(op: TorchContext) -> Result:
    """``split``, ``chunk``, ``hsplit`` and the like: consecutive parts along an axis."""
    args = op.bind("input", "sizes", "dim")
    axes = {"hsplit": min(1, len(op.shape) - 1), "dsplit": 2}
    axis = args.get("dim", axes.get(op.call.function, 0)) % len(op.shape)
    before = op.call.outputs[: op.call.outputs.index(op.output)]
    start = sum(op.shape_of(ValueRef(output))[axis] for output in before)
    return picked(op, args["input"], {axis: range(start, start + op.shape[axis])})


def unbind(op: TorchContext) -> Result:
    """``x.unbind(axis)``: one output for each place along an axis."""
    args = op.bind("input", "dim")
    axis = args.get("dim", 0) % len(op.shape_of(args["input"]))
    place = op.call.outputs.index(op.output)
    return picked(op, args["input"], {axis: range(place, place + 1)})


def narrow(op: TorchContext) -> Result:
    """``x.narrow(axis, start, length)``."""
    args = op.bind("input", "dim", "start", "length")
    if isinstance(args["start"], ValueRef):
        return rearranged(op)
    (axis,) = _axes(op, args["dim"])
    start = args["start"] % op.shape_of(args["input"])[axis]
    return picked(op, args["input"], {axis: range(start, start + args["length"])})


def select(op: TorchContext) -> Result:
    """``x.select(axis, index)``."""
    args = op.bind("input", "dim", "index")
    shape = op.shape_of(args["input"])
    axis = args["dim"] % len(shape)
    index = args["index"] % shape[axis]
    return picked(op, args["input"], {axis: range(index, index + 1)})


def item(op: TorchContext) -> Result:
    """``x[...]`` with numbers, slices and new axes; other indices make a rearrangement."""
    value, index = op.call.arguments
    index = (index,) if isinstance(index, ValueRef) or not isinstance(index, tuple) else index
    if any(isinstance(entry, ValueRef | tuple | bool) or _is_computed(entry) for entry in index):
        return rearranged(op)
    shape = op.shape_of(value)
    if Ellipsis not in index:
        index = (*index, Ellipsis)
    place = index.index(Ellipsis)
    used = sum(entry is not None for entry in index) - 1
    index = (*index[:place], *(slice(None),) * (len(shape) - used), *index[place + 1 :])
    places = {}
    for axis, entry in enumerate(entry for entry in index if entry is not None):
        if isinstance(entry, slice):
            places[axis] = range(*entry.indices(shape[axis]))
        else:
            places[axis] = range(entry % shape[axis], entry % shape[axis] + 1)
    return picked(op, value, places)


def _is_computed(entry: Any) -> bool:
    """Whether tensors are the ends of a slice."""
    ends = (entry.start, entry.stop, entry.step) if isinstance(entry, slice) else ()
    return any(isinstance(end, ValueRef) for end in ends)


def picked(op: TorchContext, value: ValueRef, places: dict[int, range]) -> Result:
    """The elements at some places along some axes."""
    shape = op.shape_of(value)
    sliced = [axis for axis, picked in places.items() if picked != range(shape[axis])]
    if not sliced:
        return value
    x, axes = op.along_axes(value, sliced)
    if len(sliced) > 1:
        picked = {axis: places[original] for axis, original in zip(axes, sliced, strict=True)}
        if emit.are_spatial(x, picked):
            return emit.crop(op, x, picked)
    for axis, original in zip(axes, sliced, strict=True):
        x = _take(op, x, axis, places[original])
    return x


def _take(op: TorchContext, x: Operand, axis: int, places: range) -> Operand:
    """The elements at some places along an axis: one of equal parts if possible, else a slice."""
    side, width = x.shape[axis], len(places)
    if places.step == 1 and 0 < width < side and side % width == places.start % width == 0:
        arguments = {"parts": side // width, "part": places.start // width + 1, "axis": axis}
        return op.add("split", (x,), arguments)
    return emit.take(op, x, axis, places)


# Concatenations, and writes into tensors.


def write(op: TorchContext) -> Operand:
    """``x[...] = y``, or a write into a view of x: replaces some of x's elements."""
    given = (*op.call.arguments, *op.call.keywords.values())
    inputs = [op.tensor(value) for value in given if isinstance(value, ValueRef)]
    return op.add("rearrange", inputs, {"shape": without_batch(op.shape)})


def gathered(op: TorchContext) -> Operand:
    """The elements of all tensors of a call, some of them or repeated, as ``pad_sequence``."""
    inputs = [op.tensor(index) for index in op.references]
    return op.add("rearrange", inputs, {"shape": without_batch(op.shape)})


def grids(op: TorchContext) -> list[Operand]:
    """``torch.meshgrid``: each vector repeated along the others' axes."""
    return [
        op.add("rearrange", (op.tensor(value),), {"shape": without_batch(op.shape)})
        for value in op.references
    ]


def concat(op: TorchContext) -> Result:
    """``torch.cat``, which ignores empty tensors."""
    args = op.bind("tensors", "dim")
    values = [value for value in args["tensors"] if 0 not in op.shape_of(value)]
    return _concatenated(op, values, args.get("dim", 0) % len(op.shape))


def stack(op: TorchContext) -> Result:
    """``torch.stack``: a concatenation along a new axis."""
    args = op.bind("tensors", "dim")
    return _concatenated(op, args["tensors"], args.get("dim", 0) % len(op.shape))


def stacked_along(op: TorchContext) -> Result:
    """``hstack``, ``vstack``, ``dstack`` and ``column_stack``: along an axis that each may lack."""
    values = op.bind("tensors")["tensors"]
    rank = len(op.shape)
    axis = {"hstack": 1 if rank > 1 else 0, "column_stack": 1, "dstack": 2}.get(op.call.function, 0)
    inputs = []
    for value in values:
        shape = list(op.shape)
        shape[axis] = prod(op.shape_of(value)) // prod(
            side for place, side in enumerate(op.shape) if place != axis
        )
        inputs.append(op.tensor(value, tuple(shape)))
    return op.view(emit.concat(op, inputs, axis), without_batch(op.shape))


def _concatenated(op: TorchContext, values: Sequence[ValueRef], axis: int) -> Result:
    if len(values) == 1:
        return values[0]
    rank = len(op.shape)
    shape = without_batch(op.shape) if axis else op.shape
    place = axis - (rank - len(shape))
    inputs = []
    for value in values:
        own = op.shape_of(value)
        side = own[axis] if len(own) == rank else 1
        inputs.append(op.tensor(value, (*shape[:place], side, *shape[place + 1 :])))
    return emit.concat(op, inputs, place)


def pad(op: TorchContext) -> Result:
    """``F.pad`` of the last axes; negative numbers crop."""
    args = op.bind("input", "pad", "mode")
    numbers, mode = args["pad"], args.get("mode", "constant")
    pairs = enumerate(zip(numbers[::2], numbers[1::2], strict=True), start=1)
    pads = {len(op.shape) - place: pair for place, pair in pairs if pair != (0, 0)}
    if not pads:
        return same(op)
    x, axes = op.along_axes(args["input"], [*pads])
    places = dict(zip(axes, pads.values(), strict=True))
    return emit.pad(op, x, places, "zero" if mode == "constant" else mode)


def fold(op: TorchContext) -> Operand:
    """``F.fold``: the sum of overlapping windows."""
    value = same(op)
    count = op.shape_of(value)[-2] // op.shape[-3]
    shape = {"shape": (count, *without_batch(op.shape))}
    windows = op.add("rearrange", (op.tensor(value),), shape, part="_windows")
    return emit.reduce(op, windows, "sum", (0,), keep=False)
