"""Parts of tensors, and tensors of parts: slice, split, gather, concat, pad."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from costcalc.formulas.algebra import ceil_div
from costcalc.importers.model import Sides
from costcalc.importers.onnx.call import Call
from costcalc.importers.onnx.known import Known, NodeProblem, elements, front, text
from costcalc.importers.onnx.numbers import MOST, Number
from costcalc.importers.onnx.operators.elementwise import picked, strides
from costcalc.importers.onnx.site import Site


def slice_shapes(call: Call) -> list[Known]:
    """The places along every axis that are within its bounds, a step apart."""
    known, chosen = call.input(0), _chosen(call)
    shape = tuple(len(places) for places in chosen)
    is_kept = known.batch is not None and shape[known.batch] == known.shape[known.batch]
    values = known.values
    if values is not None:
        values = picked(values, strides(known.shape), chosen)
    return [known._replace(shape=shape, batch=known.batch if is_kept else None, values=values)]


def slice_(site: Site) -> None:
    """A slice along each axis that is cut."""
    known, chosen = site.input(0), _chosen(site)
    cut = [axis for axis, side in enumerate(known.shape) if chosen[axis] != range(side)]
    source, dims, axes = site.along(0, cut)
    for axis, place in zip(axes, (chosen[axis] for axis in cut), strict=True):
        source, dims = _sliced(site, source, dims, axis, place)
    site.give(source)


def split_shapes(call: Call) -> list[Known]:
    """Parts along an axis, as long as they are said to be, or equal."""
    known, axis = call.input(0), call.axis(0)
    found, start = [], 0
    for length in _lengths(call):
        places = [range(side) for side in known.shape]
        places[axis] = range(start, start + length)
        shape = tuple(map(len, places))
        values = known.values
        if values is not None:
            values = picked(values, strides(known.shape), places)
        batch = None if known.batch == axis else known.batch
        found.append(known._replace(shape=shape, batch=batch, values=values))
        start += length
    return found


def split(site: Site) -> None:
    """A layer for each part that something reads."""
    lengths = _lengths(site)
    source, dims, (axis,) = site.along(0, [site.axis(0)])
    start = 0
    for index, (name, length) in enumerate(zip(site.operation.outputs, lengths, strict=False)):
        if site.lowering.is_read(name):
            if len({*lengths}) == 1 and len(lengths) > 1:
                arguments = {"parts": len(lengths), "part": index + 1, "axis": axis}
                part = (*dims[:axis], length, *dims[axis + 1 :])
                site.give(site.layer("split", arguments, (source,), part), index)
            else:
                place = range(start, start + length)
                site.give(_sliced(site, source, dims, axis, place)[0], index)
        start += length


def gather_shapes(call: Call) -> list[Known]:
    """The slices along an axis that indices name."""
    data, at, axis = call.input(0), call.input(1), call.axis(0)
    shape = (*data.shape[:axis], *at.shape, *data.shape[axis + 1 :])
    batch: int | None = None
    if data.batch is not None and data.batch != axis:
        batch = data.batch if data.batch < axis else data.batch - 1 + len(at.shape)
    elif data.batch is None and at.batch is not None:
        batch = axis + at.batch
    values: tuple[Number, ...] | None = None
    if data.values is not None and at.values is not None and elements(shape) <= MOST:
        places: list[Sequence[int]] = [range(side) for side in data.shape]
        places[axis] = [front(each, data.shape[axis]) for each in at.values]
        values = picked(data.values, strides(data.shape), places)
    return [Known(shape, batch, values)]


def gather(site: Site) -> None:
    """A slice where indices follow one another, rows of a table where they are read."""
    data, at = site.input(0), site.input(1)
    axis = site.axis(0)
    if data.is_static and not at.is_static and len(data.shape) == 2 and axis == 0:
        rows, width = data.shape
        arguments = {"rows": rows, "out": width}
        owned = [("weights", 0, rows * width)]
        dims = (*at.dims, width)
        site.give(site.layer("embedding", arguments, (site.source(1),), dims, owned))
        return
    places = None
    if at.values is not None:
        places = [front(each, data.shape[axis]) for each in at.values]
    if places and places == list(range(places[0], places[0] + len(places))):
        source, dims, (along,) = site.along(0, [axis])
        place = range(places[0], places[-1] + 1)
        site.give(_sliced(site, source, dims, along, place)[0])
        return
    indexes = (0,) if at.values is not None else (0, 1)
    _rearranged(site, indexes)


def gather_elements_shapes(call: Call) -> list[Known]:
    """The shape of the indices."""
    data, at = call.input(0), call.input(1)
    batch = data.batch if at.batch is None else at.batch
    if batch is not None and not (batch < len(at.shape) and at.shape[batch] == call.images):
        batch = None
    return [Known(at.shape, batch)]


def gather_nd_shapes(call: Call) -> list[Known]:
    """Slices that each row of the indices names by its first axes."""
    data, at = call.input(0), call.input(1)
    if not at.shape or at.shape[-1] + call.whole("batch_dims", 0) > len(data.shape):
        raise NodeProblem("names places by more axes than there are", found=text(at.shape))
    shape = (*at.shape[:-1], *data.shape[at.shape[-1] + call.whole("batch_dims", 0) :])
    batch = at.batch if at.batch is not None and at.batch < len(at.shape) - 1 else None
    return [Known(shape, batch)]


def gathered(site: Site) -> None:
    """Elements picked by indices."""
    _rearranged(site, (0,) if site.input(1).is_static else (0, 1))


def scatter_shapes(call: Call) -> list[Known]:
    """The shape of what is written into."""
    return [call.input(0)._replace(values=None)]


def scattered(site: Site) -> None:
    """Elements written into others, at places that are given."""
    _rearranged(site, (0, 2))


def concat_shapes(call: Call) -> list[Known]:
    """One after another along an axis."""
    inputs = call.inputs()
    axis, first = call.axis(0), inputs[0].shape
    for known in inputs:
        others = known.shape[:axis] + known.shape[axis + 1 :]
        if len(known.shape) != len(first) or others != first[:axis] + first[axis + 1 :]:
            raise NodeProblem(
                "joins shapes that do not fit together",
                expected=f"shapes that differ along axis {axis} alone",
                found=" and ".join(text(each.shape) for each in inputs[:8]),
            )
    side = sum(known.shape[axis] for known in inputs)
    batches = [each.batch for each in inputs if each.batch not in (None, axis)]
    values: tuple[Number, ...] | None = None
    if len(first) == 1 and side <= MOST and all(known.values is not None for known in inputs):
        values = tuple(each for known in inputs for each in known.values or ())
    shape = (*first[:axis], side, *first[axis + 1 :])
    return [Known(shape, batches[0] if batches else None, values)]


def concat(site: Site) -> None:
    """One after another along an axis."""
    out, axis = site.output(), site.axis(0)
    filled = [
        index
        for index, name in enumerate(site.operation.inputs)
        if name and site.shape(index)[axis] > 0
    ]
    sources = site.meeting(filled)
    along = axis - (out.batch is not None and axis > out.batch)
    if len(sources) == 1:
        site.give(sources[0])
    else:
        site.simple("concat", {"axis": along}, sources=sources)


def pad_shapes(call: Call) -> list[Known]:
    """With positions added before and after each axis, or cut off."""
    known = call.input(0)
    pads = _pads(call)
    shape = tuple(side + sum(pad) for side, pad in zip(known.shape, pads, strict=True))
    if min(shape, default=1) < 1:
        raise NodeProblem("cuts everything off", found=text(shape))
    is_kept = known.batch is not None and pads[known.batch] == (0, 0)
    return [known._replace(shape=shape, batch=known.batch if is_kept else None, values=None)]


def pad(site: Site) -> None:
    """What is cut off, then what is added."""
    site.configuration(2)
    pads = _pads(site)
    touched = [axis for axis, pad in enumerate(pads) if pad != (0, 0)]
    source, dims, axes = site.along(0, touched)
    added: dict[int, tuple[int, int]] = {}
    for axis, (before, after) in zip(axes, (pads[axis] for axis in touched), strict=True):
        if min(before, after) < 0:
            place = range(max(-before, 0), dims[axis] - max(-after, 0))
            source, dims = _sliced(site, source, dims, axis, place)
        added[axis] = (max(before, 0), max(after, 0))
    if any(map(any, added.values())):
        word = site.word("mode", "constant")
        source = _padded(site, source, dims, added, _MODES.get(word, word))
    site.give(source)


_MODES = {"constant": "zero", "edge": "replicate", "wrap": "circular"}


def _padded(
    site: Site, source: int, dims: Sides, added: Mapping[int, tuple[int, int]], mode: str
) -> int:
    """Channels behind the others, or positions around them."""
    pads = [added.get(axis, (0, 0)) for axis in range(len(dims))]
    wide = tuple(side + sum(pad) for side, pad in zip(dims, pads, strict=True))
    first = min(axis for axis, pad in enumerate(pads) if any(pad))
    if mode == "zero" and pads[0][0] == 0 and not any(map(any, pads[1:])):
        return site.layer("pad_channels", {"out": wide[0]}, (source,), wide)
    arguments = {"axis": first, "padding": tuple(pads[first:]), "mode": mode}
    return site.layer("zero_pad", arguments, (source,), wide)


def _pads(call: Call) -> list[tuple[int, int]]:
    rank = len(call.shape())
    stated = call.wholes("pads", 1) or ()
    axes = call.wholes("axes", 3)
    named = range(rank) if axes is None else [front(axis, rank) for axis in axes]
    if len(stated) != 2 * len(named):
        raise NodeProblem(
            "pads axes that are not there", expected=f"{2 * len(named)} numbers", found=text(stated)
        )
    pads = [(0, 0)] * rank
    for axis, before, after in zip(named, stated, stated[len(named) :], strict=False):
        pads[axis] = (before, after)
    return pads


def _chosen(call: Call) -> list[range]:
    shape = call.shape()
    starts, ends = call.wholes("starts", 1) or (), call.wholes("ends", 2) or ()
    axes = call.wholes("axes", 3)
    if axes is None:
        axes = tuple(range(len(starts)))
    steps = call.wholes("steps", 4) or (1,) * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps) or 0 in steps:
        raise NodeProblem(
            "is cut by bounds that do not fit together",
            expected="a start, an end and a step for each axis",
            found=" and ".join(map(text, (starts, ends, axes, steps))),
        )
    chosen = [range(side) for side in shape]
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        at = front(axis, len(shape))
        chosen[at] = range(*slice(start, end, step).indices(shape[at]))
    return chosen


def _lengths(call: Call) -> Sides:
    side = call.shape()[call.axis(0)]
    stated = call.wholes("split", 1)
    if stated is None:
        parts = call.whole("num_outputs", len(call.operation.outputs))
        each = ceil_div(side, parts) if parts > 0 else 0
        stated = (each,) * (parts - 1) + (side - each * (parts - 1),)
    if sum(stated) != side or min(stated, default=0) < 0:
        raise NodeProblem(
            "is split into parts that do not fit", expected=f"{side} in all", found=text(stated)
        )
    return stated


def _sliced(site: Site, source: int, dims: Sides, axis: int, place: range) -> tuple[int, Sides]:
    """A layer's output cut along an axis, and its shape."""
    shape = (*dims[:axis], len(place), *dims[axis + 1 :])
    if place == range(dims[axis]):
        return source, dims
    if place.step < 0:
        return site.layer("rearrange", {"shape": shape}, (source,), shape), shape
    arguments = {"start": place.start, "stop": place.stop, "axis": axis}
    if place.step > 1:
        arguments["step"] = place.step
    return site.layer("slice", arguments, (source,), shape), shape


def _rearranged(site: Site, indexes: Sequence[int]) -> None:
    sources = tuple(site.source(index) for index in indexes)
    site.simple("rearrange", {"shape": site.output().dims}, sources=sources)
