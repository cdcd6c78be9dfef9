"""Reductions by numbers that count what is done with them, their shapes by NumPy."""

import numpy
import pytest

from costcalc.kinds import KINDS
from costcalc.kinds.base import ShapeError
from tests.kinds.loops import cells
from tests.kinds.tally import Tally, added


def total(values):
    return added(values[1:], values[0])


def product(values):
    result = values[0]
    for value in values[1:]:
        result = result.times(value)
    return result


def largest(values):
    result = values[0]
    for value in values[1:]:
        result = value.at_least(result.value)
    return result


def mean(values):
    return total(values).over(len(values))


def variance(values):
    middle = mean(values).value
    squares = [(centred := value.plus(-middle)).times(centred) for value in values]
    return mean(squares)


def l2_norm(values):
    return total([value.times(value) for value in values]).root()


REDUCTIONS = {
    "mean": (mean, numpy.mean),
    "sum": (total, numpy.sum),
    "reduce_max": (largest, numpy.max),
    # As many comparisons, and the other way round.
    "reduce_min": (largest, numpy.min),
    "argmax": (largest, numpy.argmax),
    "product": (product, numpy.prod),
    "variance": (variance, numpy.var),
    "l2_norm": (l2_norm, numpy.linalg.norm),
}
AXES = [None, (0,), (1,), (-1,), (0, 2), (-2, -1), (0, 1, 2)]


def test_every_reduction_is_covered():
    assert {kind.name for kind in KINDS.values() if kind.family == "reduction"} == {*REDUCTIONS}


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions(name, axes, keep):
    shape, kind = (2, 3, 4), KINDS[name]
    made = kind.operation(**kind.given, axes=axes, keep=keep)
    expected = numpy.sum(numpy.ones(shape), axis=axes, keepdims=keep)
    tally = Tally()
    reduced = range(3) if axes is None else [axis % 3 for axis in axes]
    kept = [axis for axis in range(3) if axis not in reduced]
    for at in cells(shape[axis] for axis in kept):
        group = [
            index
            for index in cells(shape)
            if all(index[axis] == place for axis, place in zip(kept, at, strict=True))
        ]
        REDUCTIONS[name][0]([tally.number(1 + sum(index)) for index in group])
    output = made.output_shape((shape,))
    assert output == expected.shape
    assert made.events((shape,), output) == tally.events(reads=24, writes=expected.size)


@pytest.mark.parametrize("name", ["mean", "sum", "reduce_max", "product", "variance", "l2_norm"])
def test_the_loops_reduce_as_numpy_does(name):
    loop, function = REDUCTIONS[name]
    tally, values = Tally(), [3.0, 1.0, 2.0, 5.0]
    found = loop([tally.number(value) for value in values]).value
    assert found == pytest.approx(function(numpy.array(values)))


@pytest.mark.parametrize(
    ("axes", "message"),
    [((3,), "there is no axis 3"), ((-4,), "there is no axis -4"), ((1, -2), "stands twice")],
)
def test_axes_that_are_not_there(axes, message):
    kind = KINDS["mean"]
    with pytest.raises(ShapeError, match=message):
        kind.operation(**kind.given, axes=axes).output_shape(((2, 3, 4),))
