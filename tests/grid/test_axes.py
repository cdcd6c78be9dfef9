"""Lists and ranges of exact values, and their error messages."""

from fractions import Fraction

import numpy
import pytest

from costcalc.errors import SpecError
from costcalc.grid.axes import parse
from costcalc.grid.bounded import slabs


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.25,0.5,0.75,1", (Fraction(1, 4), Fraction(1, 2), Fraction(3, 4), 1)),
        ("128:224:32", (128, 160, 192, 224)),
        ("1:4", (1, 2, 3, 4)),
        ("128:200:32", (128, 160, 192)),
        ("0.1:0.4:0.1", (Fraction(1, 10), Fraction(1, 5), Fraction(3, 10), Fraction(2, 5))),
        ("1/3, 0.5:1:1/4", (Fraction(1, 3), Fraction(1, 2), Fraction(3, 4), 1)),
        ("160x120,224", ((160, 120), 224)),
        ("A,B", ("A", "B")),
        ("2,2.0,2", (2,)),
        ("5:5", (5,)),
    ],
)
def test_values(text, values):
    assert parse("x", text).values == values


def test_a_range_of_thousandths_is_exact():
    values = parse("alpha", "0.05:2:0.001").values
    # 50/1000 to 2000/1000: 1951 values.
    assert len(values) == 1951
    assert values[300] == Fraction(350, 1000)


@pytest.mark.parametrize(
    ("text", "message", "expected"),
    [
        ("", "a value is missing", "0.25,0.5,1"),
        ("1,,2", "a value is missing", "0.25,0.5,1"),
        ("224:128:32", "runs backwards", "128:224:32"),
        ("128:224:0", "needs a step above zero", "first:last:step"),
        ("0.25:1", "in steps of 1 this range misses its end", "0.25:1:STEP"),
        ("128:224:-32", "needs a step above zero", "first:last:step"),
        ("a:b", "not a range", "first:last:step"),
        ("1:2:3:4", "not a range", "first:last:step"),
        ("1::2", "a value is missing", "0.25,0.5,1"),
        ("0:1:0.0000001", "too many values", "at most 1,000,000"),
    ],
)
def test_invalid_values(text, message, expected):
    with pytest.raises(SpecError) as caught:
        parse("res", text)
    (problem,) = caught.value.problems
    assert message in problem.message and "res" in problem.message
    assert expected in problem.expected


@pytest.mark.parametrize("shape", [(7,), (3, 5), (4, 1, 6), (2, 3, 4), ()])
@pytest.mark.parametrize("size", [1, 2, 5, 6, 7, 100])
def test_slabs_cover_the_grid_in_the_order_of_its_rows(shape, size):
    numbers = numpy.arange(numpy.prod(shape, dtype=int)).reshape(shape)
    pieces = [numbers[slab].ravel() for slab in slabs(shape, size)]
    assert numpy.concatenate(pieces).tolist() == numbers.ravel().tolist()
    assert all(len(piece) <= size for piece in pieces)
