"""Reductions along axes, and choices of the largest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import prod

from costcalc.importers.onnx.call import Call
from costcalc.importers.onnx.known import Known, NodeProblem, front, fronts
from costcalc.importers.onnx.numbers import Number
from costcalc.importers.onnx.site import Site


def reduce_shapes(call: Call) -> list[Known]:
    """Without the axes that are reduced, or with 1 in their place."""
    known, axes = call.input(0), _axes(call)
    is_kept = bool(call.whole("keepdims", 1))
    shape = tuple(
        1 if axis in axes else side
        for axis, side in enumerate(known.shape)
        if is_kept or axis not in axes
    )
    found = Known(shape, _batch_left(known, axes, is_kept))
    if known.values is not None and len(axes) == len(known.shape):
        function = _FOLDED.get(call.operation.operator)
        if function is not None and known.values:
            return [found._replace(values=(function(known.values),))]
    return [found]


def reduced(kind: str, *around: str) -> Callable[[Site], None]:
    """A reduction; functions of every element before it, or of the results where ``-`` is ahead."""

    def lower(site: Site) -> None:
        known, axes = site.input(0), list(_axes(site))
        source, dims, along = _source(site, known, axes)
        for word in around:
            if not word.startswith("-"):
                source = site.layer(word, {}, (source,), dims)
        is_kept = bool(site.whole("keepdims", 1)) or len(along) == len(dims)
        if along:
            shape = tuple(
                1 if axis in along else side
                for axis, side in enumerate(dims)
                if is_kept or axis not in along
            )
            spatial = list(range(1, len(dims)))
            if kind == "mean" and is_kept and along == spatial and len(dims) > 1:
                source = site.layer("global_avg_pool", {}, (source,), shape)
            else:
                arguments = {"axes": tuple(along), "keep": is_kept}
                source = site.layer(kind, arguments, (source,), shape)
            dims = shape
        for word in around:
            if word.startswith("-"):
                source = site.layer(word[1:], {}, (source,), dims)
        site.give(source)

    return lower


def chosen_shapes(call: Call) -> list[Known]:
    """ArgMax's: one place along an axis."""
    known, axis = call.input(0), call.axis(0)
    is_kept = bool(call.whole("keepdims", 1))
    shape = (*known.shape[:axis], *((1,) if is_kept else ()), *known.shape[axis + 1 :])
    return [Known(shape, _batch_left(known, (axis,), is_kept))]


def chosen(site: Site) -> None:
    """The place of the largest."""
    source, dims, (axis,) = site.along(0, [site.axis(0)])
    shape = (*dims[:axis], 1, *dims[axis + 1 :])
    site.give(site.layer("argmax", {"axes": (axis,), "keep": True}, (source,), shape))


def top_shapes(call: Call) -> list[Known]:
    """The largest few along an axis, and their places."""
    known = call.input(0)
    axis = call.axis(-1)
    count = call.whole("k", 0) or (call.wholes("k", 1) or (0,))[0]
    if not 0 < count <= known.shape[axis]:
        raise NodeProblem("chooses more than there are", found=f"{count} of {known.shape[axis]}")
    shape = (*known.shape[:axis], count, *known.shape[axis + 1 :])
    found = Known(shape, None if known.batch == axis else known.batch)
    return [found, found]


def top(site: Site) -> None:
    """Elements picked by their size, and their places."""
    for index, name in enumerate(site.operation.outputs):
        if name and site.lowering.is_read(name):
            dims = site.output(index).dims
            layer = site.layer("rearrange", {"shape": dims}, (site.source(0),), dims)
            site.give(layer, index)


_FOLDED: Mapping[str, Callable[[Iterable[Number]], Number]] = {
    "ReduceProd": prod,
    "ReduceSum": sum,
    "ReduceMax": max,
    "ReduceMin": min,
}
"""What reductions of sizes give."""


def _axes(call: Call) -> tuple[int, ...]:
    rank = len(call.shape())
    named = call.wholes("axes", 1)
    if not named:
        is_all = not call.whole("noop_with_empty_axes", 0)
        return tuple(range(rank)) if is_all else ()
    return fronts([front(axis, rank) for axis in named], rank)


def _batch_left(known: Known, axes: tuple[int, ...], is_kept: bool) -> int | None:
    """Where the batch is once axes are reduced."""
    if known.batch is None or known.batch in axes:
        return None
    return known.batch if is_kept else known.batch - sum(axis < known.batch for axis in axes)


def _source(site: Site, known: Known, axes: list[int]) -> tuple[int, tuple[int, ...], list[int]]:
    """An input without the batch where that is one image; its axes without it too."""
    if known.batch in axes and site.images == 1:
        kept = [axis - (axis > known.batch) for axis in axes if axis != known.batch]
        return site.source(0), known.dims, kept
    return site.along(0, axes)
