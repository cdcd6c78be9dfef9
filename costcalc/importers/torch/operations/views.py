"""What gives elements another place: views, parts, joins.

A view is lowered when some operation reads it, and then one output at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from costcalc.importers.model import Sides
from costcalc.importers.torch.calls import Call, Ref
from costcalc.importers.torch.lowering import Lowering, bound, several, sides

View = Callable[[Call, Lowering, int], None]


def same(call: Call, to: Lowering, output: int) -> None:
    """The elements of the first argument, in their order."""
    to.same(output, bound(call, "input")["input"])


def rearranged(call: Call, to: Lowering, output: int) -> None:
    """Elements of the first argument, picked or repeated; others say which."""
    shape = sides(to.shape(Ref(output)))
    value = bound(call, "input")["input"]
    node = to.add(call, "rearrange", {"shape": shape}, (to.node(value),), shape)
    to.give(output, node)


def expanded(call: Call, to: Lowering, output: int) -> None:
    """``x.expand(...)``; nothing where no side is repeated."""
    value = call.arguments[0]
    is_same = [side for side in to.shape(value) if side != 1] == [
        side for side in to.shape(Ref(output)) if side != 1
    ]
    (same if is_same else rearranged)(call, to, output)


def permute(call: Call, to: Lowering, output: int) -> None:
    """``x.permute(...)``."""
    shape = to.shape(call.arguments[0])
    order(call, to, output, tuple(axis % len(shape) for axis in several(call, "dims")))


def transpose(call: Call, to: Lowering, output: int) -> None:
    """``x.transpose(a, b)``."""
    given = bound(call, "input", "dim0", "dim1")
    rank = len(to.shape(given["input"]))
    a, b = (given[name] % rank for name in ("dim0", "dim1"))
    axes = [*range(rank)]
    axes[a], axes[b] = axes[b], axes[a]
    order(call, to, output, tuple(axes))


def reversed_axes(call: Call, to: Lowering, output: int) -> None:
    """``x.T`` and ``x.t()``."""
    order(call, to, output, tuple(reversed(range(len(to.shape(call.arguments[0]))))))


def transposed_matrices(call: Call, to: Lowering, output: int) -> None:
    """``x.mT``."""
    *stack, rows, columns = range(len(to.shape(call.arguments[0])))
    order(call, to, output, (*stack, columns, rows))


def move_axes(call: Call, to: Lowering, output: int) -> None:
    """``x.movedim(source, destination)``."""
    given = bound(call, "input", "source", "destination")
    rank = len(to.shape(given["input"]))
    sources, targets = (_axes(given[name], rank) for name in ("source", "destination"))
    axes = [axis for axis in range(rank) if axis not in sources]
    for target, source in sorted(zip(targets, sources, strict=True)):
        axes.insert(target, source)
    order(call, to, output, tuple(axes))


def _axes(given: Any, rank: int) -> list[int]:
    return [axis % rank for axis in (given if isinstance(given, tuple) else (given,))]


def order(call: Call, to: Lowering, output: int, axes: Sequence[int]) -> None:
    """The first argument's axes in another order."""
    value = bound(call, "input")["input"]
    shape = to.shape(value)
    wide = [axis for axis in axes if shape[axis] != 1]
    if wide == sorted(wide):
        to.same(output, value)
        return
    held = shape
    if axes[0] == 0 and shape[0] == 1:
        held, axes = shape[1:], [axis - 1 for axis in axes[1:]]
    node = order_node(call, to, to.node(value, held), axes)
    to.give(output, node, to.held(node))


def order_node(call: Call, to: Lowering, node: int, axes: Sequence[int]) -> int:
    """A node's axes in another order."""
    if [*axes] == sorted(axes):
        return node
    output = tuple(to.held(node)[axis] for axis in axes)
    return to.add(call, "transpose", {"axes": tuple(axes)}, (node,), output)


def part(
    call: Call, to: Lowering, node: int, axis: int, start: int, stop: int, step: int = 1
) -> int:
    """A node of what stands from ``start`` to ``stop`` along an axis of a node."""
    shape = to.held(node)
    side = shape[axis]
    if (start, stop, step) == (0, side, 1):
        return node
    taken = -(-(stop - start) // step)
    output = (*shape[:axis], taken, *shape[axis + 1 :])
    if step == 1 and side % taken == 0 and start % taken == 0:
        arguments = {"parts": side // taken, "part": start // taken + 1, "axis": axis}
        return to.add(call, "split", arguments, (node,), output)
    arguments = {"start": start, "stop": stop, "axis": axis}
    if step != 1:
        arguments["step"] = step
    return to.add(call, "slice", arguments, (node,), output)


def parts(call: Call, to: Lowering, output: int) -> None:
    """``split``, ``chunk`` and ``tensor_split``: parts one after another along an axis."""
    given = bound(call, "input", "sizes", "dim")
    shapes = [to.shape(Ref(each)) for each in call.outputs]
    _one_of(call, to, output, given, [shape[given.get("dim", 0)] for shape in shapes])


def unbind(call: Call, to: Lowering, output: int) -> None:
    """``x.unbind(axis)``: every element of an axis for itself."""
    _one_of(call, to, output, bound(call, "input", "dim"), [1] * len(call.outputs))


def _one_of(
    call: Call, to: Lowering, output: int, given: dict[str, Any], widths: list[int]
) -> None:
    place = call.outputs.index(output)
    start = sum(widths[:place])
    shape = to.shape(given["input"])
    axis = given.get("dim", 0) % len(shape)
    _picked(call, to, output, given["input"], {axis: (start, start + widths[place], 1)})


def narrow(call: Call, to: Lowering, output: int) -> None:
    """``x.narrow(axis, start, length)``."""
    given = bound(call, "input", "dim", "start", "length")
    axis = given["dim"] % len(to.shape(given["input"]))
    if isinstance(given["start"], Ref):
        rearranged(call, to, output)
        return
    start = given["start"] % to.shape(given["input"])[axis]
    _picked(call, to, output, given["input"], {axis: (start, start + given["length"], 1)})


def select(call: Call, to: Lowering, output: int) -> None:
    """``x.select(axis, index)``."""
    given = bound(call, "input", "dim", "index")
    shape = to.shape(given["input"])
    axis = given["dim"] % len(shape)
    index = given["index"] % shape[axis]
    _picked(call, to, output, given["input"], {axis: (index, index + 1, 1)})


def item(call: Call, to: Lowering, output: int) -> None:
    """``x[...]``: numbers, ranges and new axes; with tensors, elements that they choose."""
    value, index = call.arguments
    index = (index,) if isinstance(index, Ref) or not isinstance(index, tuple) else index
    if any(isinstance(each, (Ref, tuple, bool)) for each in index):
        rearranged(call, to, output)
        return
    shape = to.shape(value)
    if Ellipsis not in index:
        index = (*index, Ellipsis)
    place = index.index(Ellipsis)
    used = sum(each is not None for each in index) - 1
    index = (*index[:place], *(slice(None),) * (len(shape) - used), *index[place + 1 :])
    ranges = {}
    for axis, each in enumerate(each for each in index if each is not None):
        if isinstance(each, slice):
            ranges[axis] = each.indices(shape[axis])
        else:
            ranges[axis] = (each % shape[axis], each % shape[axis] + 1, 1)
    _picked(call, to, output, value, ranges)


def _picked(
    call: Call, to: Lowering, output: int, value: Ref, ranges: dict[int, tuple[int, int, int]]
) -> None:
    """A range of the elements along some axes."""
    shape = to.shape(value)
    cut = {axis: each for axis, each in ranges.items() if each != (0, shape[axis], 1)}
    if not cut:
        to.same(output, value)
        return
    held = sides(shape) if 0 not in cut else shape
    node = to.node(value, held)
    for axis, each in cut.items():
        node = part(call, to, node, axis - (len(shape) - len(held)), *each)
    to.give(output, node, to.held(node))


def write(call: Call, to: Lowering) -> None:
    """``x[...] = y``, or into a view of x: elements of others in the place of some of x's."""
    output = call.outputs[0]
    shape = sides(to.shape(Ref(output)))
    inputs = [to.node(each) for each in call.arguments if isinstance(each, Ref)]
    to.give(output, to.add(call, "rearrange", {"shape": shape}, inputs, shape))


def concat(call: Call, to: Lowering) -> None:
    """``torch.cat``, without what is empty."""
    given = bound(call, "tensors", "dim")
    shape = to.shape_of(call)
    axis = given.get("dim", 0) % len(shape)
    values = [each for each in given["tensors"] if 0 not in to.shape(each)]
    _join(call, to, values, shape, axis)


def stack(call: Call, to: Lowering) -> None:
    """``torch.stack``: one after another along a new axis."""
    given = bound(call, "tensors", "dim")
    shape = to.shape_of(call)
    _join(call, to, given["tensors"], shape, given.get("dim", 0) % len(shape))


def _join(call: Call, to: Lowering, values: Sequence[Ref], shape: Sides, axis: int) -> None:
    output = call.outputs[0]
    if len(values) == 1:
        to.same(output, values[0])
        return
    held = sides(shape) if axis else shape
    at = axis - (len(shape) - len(held))
    inputs = []
    for each in values:
        own = to.shape(each)
        side = own[axis] if len(own) == len(shape) else 1
        inputs.append(to.node(each, (*held[:at], side, *held[at + 1 :])))
    to.give(output, to.add(call, "concat", {"axis": at}, inputs, held), held)


def pad(call: Call, to: Lowering) -> None:
    """``F.pad``: rows around the last axes; a negative number cuts them."""
    given = bound(call, "input", "pad", "mode")
    shape = to.shape(given["input"])
    numbers = given["pad"]
    pairs = [(numbers[i], numbers[i + 1]) for i in range(0, len(numbers), 2)]
    sides_of = {len(shape) - 1 - i: pair for i, pair in enumerate(pairs) if pair != (0, 0)}
    output = call.outputs[0]
    if not sides_of:
        to.same(output, given["input"])
        return
    held = sides(shape) if 0 not in sides_of else shape
    drop = len(shape) - len(held)
    node = to.node(given["input"], held)
    for axis, (before, after) in sides_of.items():
        side = shape[axis]
        node = part(call, to, node, axis - drop, max(0, -before), side - max(0, -after))
    added = {axis - drop: (max(0, a), max(0, b)) for axis, (a, b) in sides_of.items()}
    if any(pair != (0, 0) for pair in added.values()):
        first = min(added)
        padding = tuple(added.get(axis, (0, 0)) for axis in range(first, len(held)))
        shape = to.held(node)
        padded = tuple(side + sum(added.get(axis, (0, 0))) for axis, side in enumerate(shape))
        mode = {"constant": "zero"}.get(given.get("mode", "constant"), given.get("mode"))
        arguments = {"axis": first, "padding": padding, "mode": mode}
        node = to.add(call, "zero_pad", arguments, (node,), padded)
    to.give(output, node, to.held(node))


def fold(call: Call, to: Lowering) -> None:
    """``F.fold``: every element of a window in its place, and what overlaps added."""
    given = bound(call, "input", "output_size", "kernel_size")
    value = given["input"]
    shape, held = to.shape_of(call), sides(to.shape_of(call))
    windows = to.shape(value)[-2] // shape[-3]
    spread_out = (windows, *held)
    node = to.add(
        call, "rearrange", {"shape": spread_out}, (to.node(value),), spread_out, word="windows"
    )
    to.give(call.outputs[0], to.add(call, "sum", {"axes": (0,)}, (node,), held))
