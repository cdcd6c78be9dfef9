"""Reductions along axes."""

from __future__ import annotations

from typing import Any

from costcalc.importers.torch.calls import Call, Ref
from costcalc.importers.torch.lowering import Lowering, bound, sides
from costcalc.importers.torch.operations.elementwise import Operation, join


def reduction(kind: str, of_maps: str = "") -> Operation:
    """``x.sum(axes)``; ``of_maps`` is the kind where every axis of a map is reduced."""

    def lower(call: Call, to: Lowering) -> None:
        given = bound(call, "input", "dim", "keepdim")
        axes = _axes(given.get("dim"), len(to.shape(given["input"])))
        node = _reduced(call, to, kind, axes, bool(given.get("keepdim", False)), of_maps)
        to.give(call.outputs[0], node, to.held(node))

    return lower


def extreme(kind: str, joined: str) -> Operation:
    """``x.max()``, ``x.max(axis)`` with the places, and ``torch.max(x, y)``."""

    def lower(call: Call, to: Lowering) -> None:
        given = bound(call, "input", "dim", "keepdim")
        other = given.get("other", given.get("dim"))
        if isinstance(other, Ref):
            join(call, to, joined, [given["input"], other])
            return
        axes = _axes(given.get("dim"), len(to.shape(given["input"])))
        keep = bool(given.get("keepdim", False))
        for output, each in zip(call.outputs, (kind, "argmax"), strict=False):
            node = _reduced(call, to, each, axes, keep)
            to.give(output, node, to.held(node))

    return lower


def deviation(call: Call, to: Lowering) -> None:
    """``x.std(axes)``: the root of the variance."""
    given = bound(call, "input", "dim")
    keep = bool(given.get("keepdim", False))
    axes = _axes(given.get("dim"), len(to.shape(given["input"])))
    node = _reduced(call, to, "variance", axes, keep, word="variance")
    to.give(call.outputs[0], to.add(call, "sqrt", {}, (node,), to.held(node)), to.held(node))


def length(call: Call, to: Lowering) -> None:
    """``x.norm(2, axes)``."""
    given = bound(call, "input", "p", "dim", "keepdim")
    if given.get("p", given.get("ord")) not in (2, "fro", None):
        to.refuse(call)
        return
    axes = _axes(given.get("dim"), len(to.shape(given["input"])))
    node = _reduced(call, to, "l2_norm", axes, bool(given.get("keepdim", False)))
    to.give(call.outputs[0], node, to.held(node))


def _axes(dim: Any, rank: int) -> tuple[int, ...]:
    """The axes, counted from the first, in order; all of them where none is named."""
    if dim is None or dim == ():
        return tuple(range(rank))
    return tuple(sorted(axis % rank for axis in (dim if isinstance(dim, tuple) else (dim,))))


def _reduced(
    call: Call,
    to: Lowering,
    kind: str,
    axes: tuple[int, ...],
    keep: bool,
    of_maps: str = "",
    word: str = "",
) -> int:
    value = bound(call, "input")["input"]
    shape = to.shape(value)
    rank = len(shape)
    if of_maps and rank > 3 and shape[0] == 1 and axes == tuple(range(2, rank)):
        output = (shape[1], *(1 for _ in axes))
        return to.add(call, of_maps, {}, (to.node(value, shape[1:]),), output)
    held = shape if axes[:1] == (0,) and len(axes) < rank else sides(shape)
    inside = tuple(axis - rank + len(held) for axis in axes if axis >= rank - len(held))
    keep = keep or len(inside) == len(held)
    output = tuple(
        1 if axis in inside else side
        for axis, side in enumerate(held)
        if keep or axis not in inside
    )
    arguments: dict[str, Any] = {"axes": inside, **({"keep": True} if keep else {})}
    return to.add(call, kind, arguments, (to.node(value, held),), output, word=word)
