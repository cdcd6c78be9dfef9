"""Numbers that the graph itself holds or makes: constants, shapes, ranges."""

from __future__ import annotations

import math

from costcalc.importers.onnx.call import Call
from costcalc.importers.onnx.inline import Literal
from costcalc.importers.onnx.known import Known, NodeProblem, broadcast, elements, meeting_batch
from costcalc.importers.onnx.numbers import MOST
from costcalc.importers.onnx.operators.elementwise import spread
from costcalc.importers.onnx.site import Site
from costcalc.spec import limits


def shape_shapes(call: Call) -> list[Known]:
    """The sides of a shape, from one axis to another."""
    shape = call.shape()
    start, end = call.whole("start", 0), call.whole("end", len(shape))
    values = shape[slice(start, end)]
    return [Known((len(values),), values=values, is_static=True)]


def size_shapes(call: Call) -> list[Known]:
    """The number of elements."""
    return [Known((), values=(elements(call.shape()),), is_static=True)]


def filled_shapes(call: Call) -> list[Known]:
    """A shape filled with one number, zero by default."""
    shape = sides(call.wholes("shape", 0) or ())
    stated = call.attribute("value")
    value = stated.values[0] if isinstance(stated, Literal) and stated.values else 0.0
    count = elements(shape)
    return [Known(shape, values=(value,) * count if count <= MOST else None, is_static=True)]


def range_shapes(call: Call) -> list[Known]:
    """Numbers from a start to a limit, a step apart."""
    start, limit, step = (_one(call, index) for index in range(3))
    if step == 0:
        raise NodeProblem("takes steps of 0")
    count = max(math.ceil((limit - start) / step), 0)
    if count > limits.SIZE:
        raise NodeProblem("gives too many numbers", f"at most {limits.SIZE:,}")
    values = tuple(start + index * step for index in range(count)) if count <= MOST else None
    return [Known((count,), values=values, is_static=True)]


def expand_shapes(call: Call) -> list[Known]:
    """A shape widened along its axes of 1."""
    known = call.input(0)
    shape = broadcast([known.shape, sides(call.wholes("shape", 1) or ())])
    values = known.values
    if values is not None:
        values = tuple(spread(values, known.shape, shape)) if elements(shape) <= MOST else None
    return [Known(shape, meeting_batch([known], shape, call.images), values)]


def expand(site: Site) -> None:
    """Nothing where the shape is the same, otherwise copies."""
    out = site.output()
    if elements(out.shape) == elements(site.shape()):
        site.alias()
    else:
        site.simple("rearrange", {"shape": out.dims}, sources=(site.source(0, site.met(0, out)),))


def sides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape that was computed.

    Raises:
        NodeProblem: it is none.
    """
    if any(not 0 <= side <= limits.SIZE for side in shape):
        raise NodeProblem(
            "is given a shape that none can be",
            expected=f"sides from 0 to {limits.SIZE:,}",
            found=", ".join(map(str, shape)),
        )
    return shape


def _one(call: Call, index: int) -> int | float:
    values = call.numbers(index) or ()
    if len(values) != 1:
        raise NodeProblem(f"takes one number as input {index + 1}", found=f"{len(values)}")
    return values[0]
