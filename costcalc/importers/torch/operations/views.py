"""What gives elements another place: views, parts, joins.

The rule of a view is asked for one output at a time, ``op.output``, when some
operation reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from costcalc.importers import emit
from costcalc.importers.builder import Operand
from costcalc.importers.torch.calls import ValueRef
from costcalc.importers.torch.context import Result, TorchContext, without_batch


def same(op: TorchContext) -> ValueRef:
    """The elements of the first argument, in their order."""
    value: ValueRef = op.bind("input")["input"]
    return value


def rearranged(op: TorchContext) -> Operand:
    """Elements of the first argument, picked or repeated; other arguments say which."""
    x = op.tensor(same(op))
    return op.add("rearrange", (x,), {"shape": without_batch(op.shape)})


def expanded(op: TorchContext) -> Result:
    """``x.expand(...)``; nothing where no side is repeated."""
    before, after = op.shape_of(op.call.arguments[0]), op.shape
    is_same = [side for side in before if side != 1] == [side for side in after if side != 1]
    return same(op) if is_same else rearranged(op)


def channel_shuffle(op: TorchContext) -> Operand:
    """``F.channel_shuffle``."""
    args = op.bind("input", "groups")
    if op.shape[0] != 1:
        return rearranged(op)
    return op.add("channel_shuffle", (op.tensor(args["input"]),), {"groups": args["groups"]})


# Axes in another order.


def permute(op: TorchContext) -> Result:
    """``x.permute(...)``."""
    return _ordered(op, _axes(op, op.numbers("dims")))


def transpose(op: TorchContext) -> Result:
    """``x.transpose(a, b)``."""
    args = op.bind("input", "dim0", "dim1")
    a, b = _axes(op, (args["dim0"], args["dim1"]))
    axes = [*range(len(op.shape))]
    axes[a], axes[b] = axes[b], axes[a]
    return _ordered(op, axes)


def reversed_axes(op: TorchContext) -> Result:
    """``x.T`` and ``x.t()``."""
    return _ordered(op, range(len(op.shape))[::-1])


def transposed_matrices(op: TorchContext) -> Result:
    """``x.mT``."""
    *stack, rows, columns = range(len(op.shape))
    return _ordered(op, (*stack, columns, rows))


def move_axes(op: TorchContext) -> Result:
    """``x.movedim(source, destination)``."""
    args = op.bind("input", "source", "destination")
    sources, targets = _axes(op, args["source"]), _axes(op, args["destination"])
    axes = [axis for axis in range(len(op.shape)) if axis not in sources]
    for target, source in sorted(zip(targets, sources, strict=True)):
        axes.insert(target, source)
    return _ordered(op, axes)


def _axes(op: TorchContext, axes: Any) -> list[int]:
    """One axis or several, counted from the first, of a view of as many axes as its tensor."""
    return [axis % len(op.shape) for axis in (axes if isinstance(axes, tuple) else (axes,))]


def _ordered(op: TorchContext, axes: Sequence[int]) -> Result:
    """The first argument's axes in another order."""
    value = same(op)
    shape = op.shape_of(value)
    wide = [axis for axis in axes if shape[axis] != 1]
    if wide == sorted(wide):
        return value
    if axes[0] == 0 and shape[0] == 1:
        shape, axes = shape[1:], [axis - 1 for axis in axes[1:]]
    return emit.transpose(op, op.tensor(value, shape), axes, part="")


# Parts.


def parts(op: TorchContext) -> Result:
    """``split``, ``chunk`` and ``tensor_split``: parts one after another along an axis."""
    args = op.bind("input", "sizes", "dim")
    axis = args.get("dim", 0) % len(op.shape)
    before = op.call.outputs[: op.call.outputs.index(op.output)]
    start = sum(op.shape_of(ValueRef(each))[axis] for each in before)
    return _picked(op, args["input"], {axis: range(start, start + op.shape[axis])})


def unbind(op: TorchContext) -> Result:
    """``x.unbind(axis)``: every element of an axis for itself."""
    args = op.bind("input", "dim")
    axis = args.get("dim", 0) % len(op.shape_of(args["input"]))
    place = op.call.outputs.index(op.output)
    return _picked(op, args["input"], {axis: range(place, place + 1)})


def narrow(op: TorchContext) -> Result:
    """``x.narrow(axis, start, length)``."""
    args = op.bind("input", "dim", "start", "length")
    if isinstance(args["start"], ValueRef):
        return rearranged(op)
    (axis,) = _axes(op, args["dim"])
    start = args["start"] % op.shape_of(args["input"])[axis]
    return _picked(op, args["input"], {axis: range(start, start + args["length"])})


def select(op: TorchContext) -> Result:
    """``x.select(axis, index)``."""
    args = op.bind("input", "dim", "index")
    shape = op.shape_of(args["input"])
    axis = args["dim"] % len(shape)
    index = args["index"] % shape[axis]
    return _picked(op, args["input"], {axis: range(index, index + 1)})


def item(op: TorchContext) -> Result:
    """``x[...]``: numbers, ranges and new axes; with tensors, elements that they choose."""
    value, index = op.call.arguments
    index = (index,) if isinstance(index, ValueRef) or not isinstance(index, tuple) else index
    if any(isinstance(each, ValueRef | tuple | bool) for each in index):
        return rearranged(op)
    shape = op.shape_of(value)
    if Ellipsis not in index:
        index = (*index, Ellipsis)
    place = index.index(Ellipsis)
    used = sum(each is not None for each in index) - 1
    index = (*index[:place], *(slice(None),) * (len(shape) - used), *index[place + 1 :])
    places = {}
    for axis, each in enumerate(each for each in index if each is not None):
        if isinstance(each, slice):
            places[axis] = range(*each.indices(shape[axis]))
        else:
            places[axis] = range(each % shape[axis], each % shape[axis] + 1)
    return _picked(op, value, places)


def _picked(op: TorchContext, value: ValueRef, places: dict[int, range]) -> Result:
    """What stands at some places along some axes."""
    shape = op.shape_of(value)
    cut = [axis for axis, each in places.items() if each != range(shape[axis])]
    if not cut:
        return value
    x, axes = op.along_axes(value, cut)
    for axis, each in zip(axes, cut, strict=True):
        x = _cut(op, x, axis, places[each])
    return x


def _cut(op: TorchContext, x: Operand, axis: int, places: range) -> Operand:
    """Places along an axis: a part of a split into equal ones, or else a slice."""
    side, width = x.shape[axis], len(places)
    if places.step == 1 and 0 < width < side and side % width == places.start % width == 0:
        arguments = {"parts": side // width, "part": places.start // width + 1, "axis": axis}
        return op.add("split", (x,), arguments)
    return emit.take(op, x, axis, places)


# Joins, and what writes into tensors.


def write(op: TorchContext) -> Operand:
    """``x[...] = y``, or into a view of x: elements of others in the place of some of x's."""
    inputs = [op.tensor(each) for each in op.call.arguments if isinstance(each, ValueRef)]
    return op.add("rearrange", inputs, {"shape": without_batch(op.shape)})


def concat(op: TorchContext) -> Result:
    """``torch.cat``, without what is empty."""
    args = op.bind("tensors", "dim")
    values = [each for each in args["tensors"] if 0 not in op.shape_of(each)]
    return _join(op, values, args.get("dim", 0) % len(op.shape))


def stack(op: TorchContext) -> Result:
    """``torch.stack``: one after another along a new axis."""
    args = op.bind("tensors", "dim")
    return _join(op, args["tensors"], args.get("dim", 0) % len(op.shape))


def _join(op: TorchContext, values: Sequence[ValueRef], axis: int) -> Result:
    if len(values) == 1:
        return values[0]
    rank = len(op.shape)
    shape = without_batch(op.shape) if axis else op.shape
    place = axis - (rank - len(shape))
    inputs = []
    for each in values:
        own = op.shape_of(each)
        side = own[axis] if len(own) == rank else 1
        inputs.append(op.tensor(each, (*shape[:place], side, *shape[place + 1 :])))
    return emit.concat(op, inputs, place)


def pad(op: TorchContext) -> Result:
    """``F.pad``: rows around the last axes; a negative number cuts them."""
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
    """``F.fold``: every element of a window in its place, and what overlaps added."""
    value = same(op)
    count = op.shape_of(value)[-2] // op.shape[-3]
    shape = {"shape": (count, *without_batch(op.shape))}
    windows = op.add("rearrange", (op.tensor(value),), shape, part="_windows")
    return emit.reduce(op, windows, "sum", (0,), keep=False)
