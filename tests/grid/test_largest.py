"""The largest of sums over a grid, against NumPy's maximum cell by cell."""

import time

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costcalc.costs.convention import load
from costcalc.formulas.algebra import largest, largest_sum
from costcalc.grid.axes import parse
from costcalc.grid.bounded import bounded
from costcalc.grid.evaluate import Grid
from costcalc.grid.number import GridNumber, cells
from costcalc.metrics import Accounting
from costcalc.opening import opened
from costcalc.storing import files
from costcalc.storing.schedule import stored


def number(axis, values):
    """A grid number of two axes that varies along one of them."""
    shape = [1, 1]
    shape[axis] = len(values)
    return GridNumber.of(bounded(numpy.array(values).reshape(shape)))


@st.composite
def sums(draw, lowest=0):
    """Sums of products of a width and a map, or of one of them, over a grid of 3 x 2."""
    values = st.lists(st.integers(lowest, 4), min_size=3, max_size=3)
    total = draw(st.integers(0, 5))
    array = numpy.full((3, 2), total)
    for _ in range(draw(st.integers(0, 3))):
        width, side = draw(values), draw(values)[:2]
        count = draw(st.integers(1 if lowest == 0 else -1, 2))
        kind = draw(st.sampled_from(["width", "side", "both"]))
        a = number(0, width) if kind != "side" else 1
        b = number(1, side) if kind != "width" else 1
        total = total + count * a * b
        widths = numpy.array(width if kind != "side" else [1, 1, 1])
        sides = numpy.array(side if kind != "width" else [1, 1])
        array = array + count * widths[:, None] * sides[None, :]
    return total, array


@settings(max_examples=400)
@given(st.lists(sums(), min_size=1, max_size=6) | st.lists(sums(-3), min_size=1, max_size=6))
def test_the_largest_is_numpys(drawn):
    found = cells(largest([total for total, _ in drawn]), (3, 2))
    expected = numpy.maximum.reduce([array for _, array in drawn])
    assert (found == expected).all()


@settings(max_examples=400)
@given(
    st.lists(sums(), min_size=1, max_size=4),
    st.lists(st.lists(st.integers(0, 3), max_size=5), min_size=1, max_size=6),
    st.sampled_from([1, 2, 3, 16, 48, 256, 512]),
    st.sampled_from([1, 7, 16, 24]),
)
def test_the_largest_sum_of_rounded_sizes_is_numpys(drawn, chosen, multiple, unit):
    sums_ = [[index % len(drawn) for index in indexes] for indexes in chosen]
    found = largest_sum(
        [[unit * drawn[index][0] for index in indexes] for indexes in sums_], multiple
    )
    expected = numpy.zeros((3, 2), int)
    for indexes in sums_:
        rounded = [-(-unit * drawn[index][1] // multiple) * multiple for index in indexes]
        expected = numpy.maximum(expected, sum(rounded, numpy.zeros((3, 2), int)))
    assert (cells(found, (3, 2)) == expected).all()


@pytest.mark.parametrize("multiple", [16, 1000])
def test_a_sum_that_rounding_alone_makes_the_largest(multiple):
    """Two small sizes round up to more than one that is larger than both together."""
    wide, high = number(0, [1, 2, 3]), number(1, [4, 5])
    one, two = wide * high, wide * high * 2 + 1
    found = cells(largest_sum([(one, one), (two,)], multiple), (3, 2))
    assert found.max() == 2 * multiple
    assert found.min() == 2 * multiple


def test_rounded_numbers_beyond_64_bits():
    wide, high = number(0, [2**40, 2**41]), number(1, [2**30, 2**31])
    found = cells(largest_sum([[wide * high + 1, 3], [7]], 16), (2, 2))
    assert found.tolist() == [[2**70 + 32, 2**71 + 32], [2**71 + 32, 2**72 + 32]]


def test_remainders_whose_products_are_beyond_64_bits():
    """Along four axes: the remainder of -1 times that of each factor is 65534 * 65533 ** 3."""
    multiple, top = 2**16 - 1, 2**50
    factors = [
        GridNumber.of(bounded(numpy.array([65533, 1]).reshape(numpy.roll([2, 1, 1, 1], axis))))
        for axis in range(4)
    ]
    wide = GridNumber.of(bounded(numpy.array([1, 2]).reshape(2, 1, 1, 1)))
    size = top - wide * factors[1] * factors[2] * factors[3]
    found = cells(largest_sum([(size,)], multiple), (2, 2, 2, 2))
    for index, value in numpy.ndenumerate(found):
        w, *sides = ((1, 2)[index[0]], *((65533, 1)[at] for at in index[1:]))
        exact = top - w * sides[0] * sides[1] * sides[2]
        assert value == -(-exact // multiple) * multiple


def test_numbers_beyond_64_bits():
    wide, high = number(0, [2**40, 2**41]), number(1, [2**30, 2**31])
    found = cells(largest([wide * high, wide * high + 1, 7]), (2, 2))
    assert found.tolist() == [[2**70 + 1, 2**71 + 1], [2**71 + 1, 2**72 + 1]]


def test_a_sum_that_is_the_largest_throughout_stays_a_sum():
    wide, high = number(0, [1, 2, 3]), number(1, [4, 5])
    top = wide * high * 2
    assert len(largest([wide * high, top, wide]).terms) == len(top.terms)


GRIDS = [
    ("mobilenet_v2", "int8", ("0.35:1.4:0.05", "96:224:32")),
    ("googlenet", "fp32", ("0.5:1:0.1", "160:240:7")),
    ("shufflenet_v2", "mcunet", ("0.5:1:0.25", "96:160:32")),
]


@pytest.mark.parametrize(("name", "storage", "texts"), GRIDS)
def test_liveness_over_a_grid_is_that_of_each_setting(name, storage, texts):
    network, kept = opened(name), files.load(storage)
    axes = (parse("alpha", texts[0]), parse("res", texts[1]))
    grid = Grid(network.document, Accounting(load("paper")), network.settings, axes)

    def liveness(settings):
        graph = opened(network.document, settings).graph()
        return stored(graph, kept).schedule.liveness

    seen = 0
    for indexes, result in grid._evaluated(tuple(map(numpy.arange, grid.shape)), liveness):
        found = cells(result, tuple(map(len, indexes)))
        for at, value in numpy.ndenumerate(found):
            setting = grid.at(tuple(int(index[i]) for index, i in zip(indexes, at, strict=True)))
            assert value == liveness(setting), setting
            seen += 1
    assert seen == len(axes[0].values) * len(axes[1].values)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["int8", "tflm"])
def test_liveness_takes_the_time_of_counting(how):
    """Within a factor of 3, measured once more generously: the machine may be busy."""
    from costcalc.costs.count import count

    network, storage, convention = opened("resnet50"), files.load(how), load("paper")
    axes = (parse("alpha", "0.05:2:0.001"), parse("res", "32:512:1"))
    grid = Grid(network.document, Accounting(convention), network.settings, axes)

    def seconds(evaluate):
        start = time.process_time()
        for indexes, result in grid._evaluated(tuple(map(numpy.arange, grid.shape)), evaluate):
            cells(result, tuple(map(len, indexes)))
        return time.process_time() - start

    def mult_adds(settings):
        graph = opened(network.document, settings).graph()
        return sum(cost.mult_adds for cost in count(graph, convention))

    def liveness(settings):
        schedule = stored(opened(network.document, settings).graph(), storage).schedule
        return schedule.planned("liveness", storage.alignment).peak

    counting = min(seconds(mult_adds) for _ in range(2))
    assert min(seconds(liveness) for _ in range(2)) < 6 * counting
