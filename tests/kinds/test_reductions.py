"""Reductions, against numbers that count operations; their shapes, against NumPy."""

import numpy
import pytest

from costcalc.kinds.base import ShapeError
from tests.kinds.oracles import REDUCTIONS, check, run
from tests.kinds.tally import Tally

AXES = [None, (0,), (1,), (-1,), (0, 2), (-2, -1), (0, 1, 2)]


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions(name, axes, keep):
    check(name, (2, 3, 4), axes=axes, keep=keep)


@pytest.mark.parametrize("name", sorted({*REDUCTIONS} - {"reduce_min", "argmax"}))
def test_the_loops_reduce_as_numpy_does(name):
    loop, function = REDUCTIONS[name]
    tally, values = Tally(), [3.0, 1.0, 2.0, 5.0]
    found = loop([tally.number(value) for value in values]).value
    assert found == pytest.approx(function(numpy.array(values)))


@pytest.mark.parametrize(
    ("axes", "message"),
    [((3,), "there is no axis 3"), ((-4,), "there is no axis -4"), ((1, -2), "is named twice")],
)
def test_axes_that_do_not_exist(axes, message):
    with pytest.raises(ShapeError, match=message):
        run("mean", (2, 3, 4), axes=axes)
