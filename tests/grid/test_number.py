"""Grid numbers against the same arithmetic on the integers and fractions of each cell."""

from fractions import Fraction

import numpy
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from costcalc.formulas import algebra
from costcalc.grid.axes import of_values
from costcalc.grid.number import GridNumber, cells
from costcalc.grid.splitting import Mask, Split, parts

LARGE = 3 * 2**60
"""The product of two of these exceeds 64 bits."""

whole = st.one_of(st.integers(-50, 50), st.integers(-LARGE, LARGE))
plain = st.one_of(whole, st.fractions(-20, 20, max_denominator=60))
operators = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "max": algebra.maximum,
    "min": algebra.minimum,
    "less": algebra.less,
    "floor": lambda a, b: algebra.floor(a) + b,
    "round": lambda a, b: algebra.round_half_up(a) * b,
    "multiple of 8": lambda a, b: algebra.round_to_multiple(a, 8) - b,
}
steps = st.lists(st.tuples(st.sampled_from(sorted(operators)), st.integers(0, 7)), max_size=6)


def varying(values):
    return len(set(values)) > 1


def grid(values, axis, axes=2):
    return of_values(values).along(axis, axes)


def cell(value, shape, at):
    """One cell of a grid number, from its numerator."""
    if not isinstance(value, GridNumber):
        return Fraction(value)
    numerator = numpy.broadcast_to(value.numerator().array, shape)[at]
    return Fraction(int(numerator), value.denominator)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(plain, min_size=2, max_size=4, unique=True),
    st.lists(plain, min_size=2, max_size=4, unique=True),
    plain,
    steps,
)
def test_every_cell_equals_plain_arithmetic(rows, columns, constant, program):
    shape = (len(rows), len(columns))
    stack = [grid(rows, 0), grid(columns, 1), constant]
    expected = [[[r, c, constant] for c in columns] for r in rows]
    for name, seed in program:
        operate = operators[name]
        first, second = seed % len(stack), (seed // 2) % len(stack)
        try:
            result = operate(stack[first], stack[second])
        except (ZeroDivisionError, Split):
            assume(False)
        stack.append(result)
        for line in expected:
            for values in line:
                values.append(operate(values[first], values[second]))
    for i, line in enumerate(expected):
        for j, values in enumerate(line):
            for number, value in zip(stack, values, strict=True):
                assert cell(number, shape, (i, j)) == value


@settings(max_examples=100, deadline=None)
@given(
    st.lists(plain, min_size=2, max_size=4, unique=True),
    st.lists(plain, min_size=2, max_size=4, unique=True),
    st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
)
def test_comparisons_equal_those_of_each_cell(rows, columns, sign):
    relation = {
        "<": lambda a, b: a < b,
        "<=": lambda a, b: a <= b,
        ">": lambda a, b: a > b,
        ">=": lambda a, b: a >= b,
        "==": lambda a, b: a == b,
        "!=": lambda a, b: a != b,
    }[sign]
    found = relation(grid(rows, 0), grid(columns, 1))
    expected = numpy.array([[relation(r, c) for c in columns] for r in rows])
    if isinstance(found, Mask):
        assert (numpy.broadcast_to(found.array, expected.shape) == expected).all()
        assert varying(expected.ravel().tolist())
    else:
        assert found is bool(expected.all()) and (found or not expected.any())


@settings(deadline=None)
@given(st.lists(whole, min_size=2, max_size=4, unique=True), whole)
def test_sums_of_products_are_exact_far_beyond_64_bits(values, other):
    number = grid(values, 0) * grid([other, other + 1], 1) * 10 + grid(values, 0)
    filled = cells(number, (len(values), 2))
    for i, value in enumerate(values):
        assert int(filled[i, 0]) == 10 * value * other + value
        assert int(filled[i, 1]) == 10 * value * (other + 1) + value


def test_a_product_beyond_64_bits_does_not_overflow():
    # 2**62 * 4 = 2**64, which int64 would show as 0.
    number = grid([2**62, 1], 0) * grid([4, 1], 1)
    assert cells(number, (2, 2)).tolist() == [[2**64, 2**62], [4, 1]]


def test_a_sum_beyond_64_bits_does_not_overflow():
    # 2**62 + 2**62 + 2**62 = 3 * 2**62, which int64 would show as a negative number.
    number = grid([2**62, 1], 0) * grid([1, 0], 1)
    assert int(cells(number + number + number, (2, 2))[0, 0]) == 3 * 2**62


def test_a_mixed_condition_asks_for_a_cut():
    with pytest.raises(Split) as caught:
        bool(grid([1, 2, 3], 0) >= 2)
    assert caught.value.answers.ravel().tolist() == [0, 1, 1]


def test_a_quotient_that_is_not_whole_asks_for_a_cut_by_divisor():
    with pytest.raises(Split) as caught:
        algebra.quotient(12, grid([5, 4, 5], 0))
    assert caught.value.answers.ravel().tolist() == [1, 0, 1]


def test_a_whole_quotient_needs_no_cut():
    assert cells(algebra.quotient(12, grid([3, 4], 0)), (2, 1)).ravel().tolist() == [4, 3]


def test_division_by_zero_somewhere_asks_for_a_cut():
    with pytest.raises(Split):
        grid([1, 2], 0) // grid([0, 1], 0)


@settings(deadline=None)
@given(st.integers(1, 4), st.integers(1, 4), st.data())
def test_parts_cover_the_grid_once_and_agree_within_each(rows, columns, data):
    answers = numpy.array(
        data.draw(
            st.lists(
                st.lists(st.integers(0, 2), min_size=columns, max_size=columns),
                min_size=rows,
                max_size=rows,
            )
        )
    )
    seen = numpy.zeros((rows, columns), int)
    for part in parts((numpy.arange(rows), numpy.arange(columns)), answers):
        seen[numpy.ix_(*part)] += 1
        assert len(numpy.unique(answers[numpy.ix_(*part)])) == 1
    assert (seen == 1).all()


def test_values_with_the_same_answers_stay_together():
    answers = numpy.array([[1, 0], [0, 1], [1, 0]])
    found = [
        tuple(index.tolist() for index in part)
        for part in parts((numpy.arange(3), numpy.arange(2)), answers)
    ]
    assert ([0, 2], [0]) in found and len(found) == 4
