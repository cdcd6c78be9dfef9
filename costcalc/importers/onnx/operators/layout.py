"""Other shapes and orders of the same elements."""

from __future__ import annotations

from costcalc.importers.model import Sides
from costcalc.importers.onnx.call import Call
from costcalc.importers.onnx.known import (
    Known,
    NodeProblem,
    elements,
    front,
    fronts,
    regrouped,
    text,
)
from costcalc.importers.onnx.numbers import MOST, Number
from costcalc.importers.onnx.operators.elementwise import picked, strides
from costcalc.importers.onnx.site import Site


def reshape_shapes(call: Call) -> list[Known]:
    """A shape in which 0 is the side that was there, and -1 whatever is left."""
    known = call.input(0)
    wanted = call.wholes("shape", 1)
    if wanted is None:
        raise NodeProblem("is given no shape")
    if not call.whole("allowzero", 0):
        wanted = tuple(
            known.shape[axis] if side == 0 and axis < len(known.shape) else side
            for axis, side in enumerate(wanted)
        )
    count = elements(known.shape)
    rest = elements(tuple(side for side in wanted if side != -1))
    is_open = wanted.count(-1) == 1 and rest > 0 and count % rest == 0
    shape = tuple(count // rest if side == -1 and is_open else side for side in wanted)
    if any(side < 0 for side in shape) or elements(shape) != count:
        raise NodeProblem(
            "cannot give its elements this shape",
            expected=f"{count:,} elements, as {text(known.shape)} has",
            found=text(wanted),
        )
    return [_regrouped(call, shape)]


def flatten_shapes(call: Call) -> list[Known]:
    """Two axes: those before one, and those from it on."""
    shape = call.shape()
    axis = call.whole("axis", 1)
    axis = axis if axis == len(shape) else front(axis, len(shape))
    return [_regrouped(call, (elements(shape[:axis]), elements(shape[axis:])))]


def squeeze_shapes(call: Call) -> list[Known]:
    """Without axes of 1: those named, or all."""
    known = call.input(0)
    named = call.wholes("axes", 1)
    axes = (
        fronts(named, len(known.shape))
        if named is not None
        else tuple(axis for axis, side in enumerate(known.shape) if side == 1)
    )
    if any(known.shape[axis] != 1 for axis in axes):
        raise NodeProblem("drops an axis that is not 1", found=text(known.shape))
    shape = tuple(side for axis, side in enumerate(known.shape) if axis not in axes)
    batch = known.batch
    if batch is not None:
        batch = None if batch in axes else batch - sum(axis < batch for axis in axes)
    return [known._replace(shape=shape, batch=batch)]


def unsqueeze_shapes(call: Call) -> list[Known]:
    """With more axes of 1."""
    known = call.input(0)
    named = call.wholes("axes", 1) or ()
    rank = len(known.shape) + len(named)
    axes = fronts(named, rank)
    rest = iter(enumerate(known.shape))
    shape, batch = [], None
    for axis in range(rank):
        if axis in axes:
            shape.append(1)
            continue
        before, side = next(rest)
        shape.append(side)
        if before == known.batch:
            batch = axis
    return [known._replace(shape=tuple(shape), batch=batch)]


def view(site: Site) -> None:
    """The same elements in another shape."""
    site.alias()


def transpose_shapes(call: Call) -> list[Known]:
    """Axes in another order, backwards by default."""
    known = call.input(0)
    order = _order(call)
    shape = tuple(known.shape[axis] for axis in order)
    values = known.values
    if values is not None:
        steps = strides(known.shape)
        values = picked(values, [steps[axis] for axis in order], [range(side) for side in shape])
    batch = None if known.batch is None else order.index(known.batch)
    return [known._replace(shape=shape, batch=batch, values=values)]


def transpose(site: Site) -> None:
    """Axes in another order, that of the batch left out."""
    known, order = site.input(0), _order(site)
    kept = [axis for axis in order if axis != known.batch]
    if known.batch is not None:
        kept = [axis - (axis > known.batch) for axis in kept]
    if kept == sorted(kept):
        site.alias()
        return
    source, dims = site.source(0), known.dims
    turned = tuple(dims[axis] for axis in kept)
    site.give(site.layer("transpose", {"axes": tuple(kept)}, (source,), turned))


def moved(site: Site) -> None:
    """Elements moved, repeated or picked in a way that no other kind says."""
    site.simple("rearrange", {"shape": site.output().dims})


def tile_shapes(call: Call) -> list[Known]:
    """Every side as many times as it is repeated."""
    known = call.input(0)
    repeats = call.wholes("repeats", 1) or ()
    if len(repeats) != len(known.shape) or min(repeats, default=0) < 0:
        raise NodeProblem(
            "repeats axes that are not there",
            expected=f"{len(known.shape)} numbers",
            found=text(repeats),
        )
    shape = tuple(side * times for side, times in zip(known.shape, repeats, strict=True))
    is_kept = known.batch is not None and repeats[known.batch] == 1
    values = known.values
    if values is not None:
        values = _tiled(values, known.shape, shape) if elements(shape) <= MOST else None
    return [known._replace(shape=shape, batch=known.batch if is_kept else None, values=values)]


def repeated(site: Site) -> None:
    """Nothing where each stands once, otherwise copies."""
    if site.output().shape == site.shape():
        site.alias()
    else:
        moved(site)


def shuffle(site: Site) -> None:
    """Channels dealt out anew across groups."""
    site.simple("channel_shuffle", {"groups": site.whole("groups", 1)})


def to_space_shapes(call: Call) -> list[Known]:
    """Channels to blocks of the map."""
    x, side = call.input(0), call.whole("blocksize", 0)
    n, c, *axes = _map(x, side)
    return [Known((n, c // side**2, *(side * each for each in axes)), call.image_batch(x))]


def to_depth_shapes(call: Call) -> list[Known]:
    """Blocks of the map to channels."""
    x, side = call.input(0), call.whole("blocksize", 0)
    n, c, *axes = _map(x, side)
    return [Known((n, c * side**2, *(each // side for each in axes)), call.image_batch(x))]


def column_shapes(call: Call) -> list[Known]:
    """Col2Im's: a map that windows, laid out as columns, are added up to."""
    known = call.input(0)
    sides, kernel = call.wholes("image_shape", 1) or (), call.wholes("block_shape", 2) or ()
    window = elements(kernel)
    if len(known.shape) != 3 or window < 1 or known.shape[1] % window or min(sides, default=0) < 1:
        raise NodeProblem("adds up what are no windows", found=text(known.shape))
    return [Known((known.shape[0], known.shape[1] // window, *sides), call.image_batch(known))]


def columns(site: Site) -> None:
    """As many maps as a window has places, added up."""
    known, out = site.input(0), site.output()
    window = known.shape[1] // out.shape[1]
    shape = (window, *out.dims)
    layer = site.layer("rearrange", {"shape": shape}, (site.source(0),), shape)
    site.give(site.layer("sum", {"axes": (0,), "keep": False}, (layer,), out.dims))


def _tiled(values: tuple[Number, ...], shape: Sides, wide: Sides) -> tuple[Number, ...]:
    places = [[at % side for at in range(n)] for n, side in zip(wide, shape, strict=True)]
    return picked(values, strides(shape), places)


def _map(known: Known, side: int) -> Sides:
    if len(known.shape) != 4 or side < 1:
        raise NodeProblem("moves blocks of no map", found=f"{text(known.shape)} by {side}")
    return known.shape


def _regrouped(call: Call, shape: Sides) -> Known:
    known = call.input(0)
    return known._replace(shape=shape, batch=regrouped(known, shape, call.images))


def _order(call: Call) -> Sides:
    rank = len(call.shape())
    order = call.listed("perm") or tuple(range(rank))[::-1]
    if sorted(order) != list(range(rank)):
        raise NodeProblem(
            "puts axes into no order", expected=f"all of 0 to {rank - 1}", found=text(order)
        )
    return tuple(map(int, order))
