"""A tape replayed against the same arithmetic on plain numbers."""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costcalc.errors import SpecError
from costcalc.formulas import algebra
from costcalc.spec import limits
from costcalc.tape.number import Recording, TapeNumber
from costcalc.tape.program import Program, Refused
from costcalc.tape.tape import OPERATIONS as TAPE_OPERATIONS
from costcalc.tape.tape import Parameter, Tape, TooLarge, bounds_of, computed
from tests.tape.computations import OPERATIONS, STEPS, VALUES, computation, program


def replayed(recorded, leaf, settings):
    """What a leaf has at some settings: a refusal's text, or numbers."""
    if isinstance(leaf.result, Refused):
        return recorded.message(leaf.result, settings)
    numbers = tuple(settings.values())
    return tuple(
        recorded.player.value(each.node, numbers) if isinstance(each, TapeNumber) else each
        for each in leaf.result
    )


def plain(compute, settings):
    try:
        return tuple(map(algebra.whole, compute(settings)))
    except SpecError as error:
        return str(error)


@given(STEPS, st.lists(VALUES, min_size=2, max_size=8))
def test_what_is_recorded_at_some_settings_holds_at_others(steps, several):
    recorded, compute = program(steps), computation(steps)
    for settings in several:
        try:
            recorded.record(settings)
        except TooLarge:
            continue
        for other in several:
            leaf = recorded.at(other)
            if leaf is not None:
                assert replayed(recorded, leaf, other) == plain(compute, other)


@given(STEPS, VALUES, st.lists(VALUES, min_size=1, max_size=6))
def test_values_stay_within_their_bounds(steps, settings, others):
    recorded = program(steps)
    try:
        leaf = recorded.record(settings)
    except TooLarge:
        return
    if isinstance(leaf.result, Refused):
        return
    wanted = [each.node for each in leaf.result if isinstance(each, TapeNumber)]
    for other in (settings, *others):
        if recorded.at(other) is not leaf:
            continue
        numbers = tuple(other.values())
        for number in recorded.tape.needed(wanted):
            node, value = recorded.tape.nodes[number], recorded.player.value(number, numbers)
            assert node.bounds is None or node.bounds[0] <= value <= node.bounds[1]
            assert not node.is_whole or value.denominator == 1


ENDS = (-3, -1, Fraction(-1, 2), 0, Fraction(2, 3), 1, 2, 4)
INTERVALS = [(low, high) for low, high in product(ENDS, ENDS) if low <= high]


def members(low, high, is_whole):
    """Numbers of an interval: all whole ones, or its ends and others between."""
    near = (*ENDS, Fraction(-1, 999), Fraction(1, 999))
    return [number for number in (range(-3, 5) if is_whole else near) if low <= number <= high]


@pytest.mark.parametrize("is_whole", [True, False])
@pytest.mark.parametrize("operation", TAPE_OPERATIONS)
def test_bounds_hold_and_are_reached(operation, is_whole):
    is_division = operation in ("/", "//")
    for a, b in product(INTERVALS, INTERVALS):
        if is_whole and any(isinstance(end, Fraction) for end in (*a, *b)):
            continue
        values = [
            computed(operation, x, y)
            for x, y in product(members(*a, is_whole), members(*b, is_whole))
            if (y or not is_division) and (is_whole or operation != "gcd")
        ]
        if not values:
            continue
        bounds = bounds_of(operation, a, b, is_whole)
        if bounds is None:
            assert is_division and not is_whole and b[0] <= 0 <= b[1]
        elif operation == "gcd":
            assert bounds[0] <= min(values) and max(values) <= bounds[1]
            assert (bounds[0] == 1) == (a[0] > 0 or b[0] > 0)
            assert all(bounds[1] <= high for low, high in (a, b) if low > 0)
        else:
            assert bounds == (min(values), max(values)), (a, b)


@pytest.mark.parametrize("operation", TAPE_OPERATIONS)
def test_bounds_of_unknown_numbers(operation):
    expected = (0, 1) if operation in ("<", "=") else None
    assert bounds_of(operation, None, (1, 2), True) == expected
    assert bounds_of(operation, (1, 2), None, True) == expected


def test_bounds_of_zero_as_a_divisor():
    for operation in ("/", "//"):
        with pytest.raises(ZeroDivisionError):
            bounds_of(operation, (1, 2), (0, 0), True)


def test_bounds_of_too_many_bits_are_unknown():
    large, small = 2 ** (limits.BITS - 1), Fraction(1, 2 ** (limits.BITS - 1))
    for end in (large, small):
        assert bounds_of("*", (end, end), (1, 1), True) == (end, end)
        assert bounds_of("*", (-end, end), (end, end), True) is None
    assert bounds_of("+", (large, large), (-1, large), True) is None


ORDERS = {
    "less": lambda a, b: a < b,
    "more": lambda a, b: b < a,
    "equal": lambda a, b: a == b,
}


@pytest.mark.parametrize("wholes", list(product([True, False], repeat=2)))
@pytest.mark.parametrize("name", ORDERS)
def test_an_outcome_narrows_the_bounds_of_both_operands(name, wholes):
    compare = ORDERS[name]
    for intervals in product(INTERVALS, INTERVALS):
        ends = zip(intervals, wholes, strict=True)
        if any(is_whole and isinstance(end, Fraction) for own, is_whole in ends for end in own):
            continue
        tape = Tape(
            [Parameter("a", *intervals[0], wholes[0]), Parameter("b", *intervals[1], wholes[1])]
        )
        points = list(product(*map(members, *zip(*intervals, strict=True), wholes)))
        sides = [[point for point in points if compare(*point) == side] for side in (False, True)]
        for side, held in enumerate(sides):
            if not all(sides):  # the bounds tell
                continue
            recording = Recording(tape, None)
            outcome = compare(*(recording.number(node, held[0][node]) for node in (0, 1)))
            assert (outcome, len(recording.decisions)) == (side, 1)
            for node, values in enumerate(zip(*held, strict=True)):
                low, high = recording.bounds(node)
                assert low <= min(values), (intervals, side)
                assert high >= max(values), (intervals, side)
                assert not all(wholes) or (low, high) == (min(values), max(values))


SMALL = [
    {"x": x, "y": y, "z": algebra.whole(Fraction(z, 2))}
    for x, y, z in product(range(-2, 4), range(5), range(5))
]
COMPARED = {
    "less": lambda a, b: a < b,
    "less or equal": lambda a, b: a <= b,
    "equal": lambda a, b: a == b,
    "not zero": lambda a, b: a * b != 0,
}
COMPARISONS = st.lists(
    st.tuples(
        st.sampled_from(sorted(COMPARED)),
        *(st.tuples(st.sampled_from("+-*"), st.integers(0, 5), st.integers(0, 5)),) * 2,
    ),
    min_size=1,
    max_size=5,
)


def outcomes(steps, settings):
    numbers = (*settings.values(), 0, 1, 3)
    operands = [
        [OPERATIONS[name](numbers[first], numbers[second]) for name, first, second in pair]
        for _, *pair in steps
    ]
    compared = [COMPARED[name](*pair) for (name, *_), pair in zip(steps, operands, strict=True)]
    return compared, [number for a, b in operands for number in (a, b, a * b)]


@given(COMPARISONS, st.sampled_from(SMALL))
def test_outcomes_narrow_bounds_to_what_holds_wherever_they_do(steps, settings):
    parameters = [
        Parameter("x", -2, 3, True),
        Parameter("y", 0, 4, True),
        Parameter("z", 0, 2, False),
    ]
    tape = Tape(parameters)
    recording = Recording(tape, None)
    recorded = {
        name: recording.number(i, value) for i, (name, value) in enumerate(settings.items())
    }
    compared, operands = outcomes(steps, recorded)
    assert compared == outcomes(steps, settings)[0]
    for other in SMALL:
        others, plain_operands = outcomes(steps, other)
        if others != compared:
            continue
        for number, value in zip(operands, plain_operands, strict=True):
            if isinstance(number, TapeNumber):
                low, high = recording.bounds(number.node)
                assert low <= value <= high


def numbers(**bounds):
    """Numbers of a tape, by the bounds of their parameters: whole where both of these are."""
    parameters = [
        Parameter(name, low, high, isinstance(low, int) and isinstance(high, int))
        for name, (low, high) in bounds.items()
    ]
    recording = Recording(Tape(parameters), None)
    return [recording.number(node, parameter.high) for node, parameter in enumerate(parameters)]


EQUAL = {
    "order of a sum": lambda x, y, a: (x + y, y + x),
    "zero added": lambda x, y, a: (a + (x - x), a),
    "zero added to a sum": lambda x, y, a: (x + y + 0, x + y),
    "zero taken": lambda x, y, a: (a - 0, a),
    "divided by one": lambda x, y, a: (algebra.quotient(a, 1), a),
    "halved and doubled": lambda x, y, a: (algebra.quotient(a, 2) * 2, a),
    "order of a product": lambda x, y, a: (x * y * a, a * x * y),
    "order of the larger": lambda x, y, a: (algebra.maximum(x, y), algebra.maximum(y, x)),
    "order of the smaller": lambda x, y, a: (algebra.minimum(x, y), algebra.minimum(y, x)),
    "order of a divisor": lambda x, y, a: (algebra.gcd(x, y), algebra.gcd(y, x)),
    "nested products": lambda x, y, a: ((x * y) * (x * a), (a * x) * (y * x)),
    "coefficients": lambda x, y, a: ((2 * x) * (3 * y), 6 * (y * x)),
    "negation twice": lambda x, y, a: (0 - (-x), x),
    "rounded up by one": lambda x, y, a: (algebra.ceil_div(x, 1), x),
    "floor of a whole number": lambda x, y, a: (algebra.floor(x + y), x + y),
    "a common factor": lambda x, y, a: (x * y * 6 // (y * 2), x * 3),
    "a common factor, rounded": lambda x, y, a: (x * a // (y * a), x // y),
    "a quotient times its divisor": lambda x, y, a: (algebra.quotient(a, y) * x * y, a * x),
    "a multiple of a quotient": lambda x, y, a: (algebra.quotient(6 * a, y) * 5 * y, 30 * a),
    "a quotient by itself": lambda x, y, a: (algebra.quotient(x + y, x + y), 1),
    "a rounded quotient by itself": lambda x, y, a: ((x + a) // (a + x), 1),
    "less than itself": lambda x, y, a: (algebra.less(x + y, y + x), 0),
    "equal to itself": lambda x, y, a: (x + y == y + x, True),
    "the rest of a multiple": lambda x, y, a: (x * y % y, 0),
    "what it is taken from": lambda x, y, a: (x - x, 0),
    "zero times": lambda x, y, a: ((x - x) * y, 0),
    "the larger by bounds": lambda x, y, a: (algebra.maximum(x, a), x),
    "the smaller by bounds": lambda x, y, a: (algebra.minimum(x, a), a),
    "the larger of an end": lambda x, y, a: (algebra.maximum(x, 3), x),
    "the larger of the other end": lambda x, y, a: (algebra.maximum(x, 9), 9),
    "the smaller of an end": lambda x, y, a: (algebra.minimum(x, 3), 3),
    "the smaller of the other end": lambda x, y, a: (algebra.minimum(x, 9), x),
    "less by bounds": lambda x, y, a: (algebra.less(a, x), 1),
}


@pytest.mark.parametrize("name", EQUAL)
def test_equal_numbers_are_one_node(name):
    x, y, a = numbers(x=(3, 9), y=(3, 9), a=(Fraction(1, 2), 2))
    left, right = EQUAL[name](x, y, a)
    assert left is right or (type(left) is int and left == right)
    assert not x.recording.decisions


def test_equal_numbers_without_bounds_are_one_node():
    tape = Tape([Parameter("a", -1, 1, False)])
    zero, one = tape.constant(0), tape.constant(1)
    unbounded = tape.operation("/", one, 0)
    assert tape.nodes[unbounded].bounds is None
    for name, left, right, expected in (
        ("*", unbounded, zero, zero),
        ("/", zero, unbounded, zero),
        ("//", zero, unbounded, zero),
        ("-", unbounded, unbounded, zero),
        ("+", unbounded, zero, unbounded),
        ("/", unbounded, unbounded, one),
        ("max", unbounded, unbounded, unbounded),
        ("min", unbounded, unbounded, unbounded),
    ):
        assert tape.operation(name, left, right) == expected, name


@pytest.mark.parametrize("operation", TAPE_OPERATIONS)
def test_what_is_known_to_be_whole(operation):
    bounds = {"x": True, "y": True, "a": False, "b": False}
    tape = Tape([Parameter(name, 3, 9, is_whole) for name, is_whole in bounds.items()])
    of_whole, of_others = operation != "/", operation in ("//", "gcd", "<", "=")
    for left, right, expected in ((0, 1, of_whole), (0, 2, of_others), (2, 0, of_others)):
        assert tape.nodes[tape.operation(operation, left, right)].is_whole == expected
    assert tape.nodes[tape.operation(operation, 2, 3)].is_whole == of_others


@pytest.mark.parametrize("sign", [1, -1])
def test_numbers_have_as_many_bits_as_the_limit(sign):
    largest = sign * (2**limits.BITS - 1)
    for value in (largest, Fraction(1, largest), Fraction(largest, 2 ** (limits.BITS - 1))):
        assert computed("*", value, 1) == value
    for value in (largest + sign, Fraction(1, largest + sign)):
        with pytest.raises(TooLarge):
            computed("*", value, 1)


DECIDED = {
    "bounds": lambda x, y, n: x > 2,
    "the same node": lambda x, y, n: x + y == y + x,
    "whole": lambda x, y, n: algebra.is_whole(x * y),
    "a divisor that cannot be zero": lambda x, y, n: y // x,
    "equality either way": lambda x, y, n: (x == y) + (y == x),
    "an earlier outcome": lambda x, y, n: x < y or x < y,
    "positive factors": lambda x, y, n: n > 0 and n * x > 0,
    "equal to a constant": lambda x, y, n: n == 2 and n + 1 == 3,
    "above zero, as it is not zero": lambda x, y, n: n >= 0 and n != 0 and n * x >= 3,
    "an order that follows": lambda x, y, n: x < 5 and x < 6,
    "a divisor that an outcome settled": lambda x, y, n: n >= 1 and x // n >= 0,
}
"""Comparisons, of which at most the first two leave a choice."""


@pytest.mark.parametrize("name", DECIDED)
def test_what_bounds_and_outcomes_imply_is_not_decided(name):
    tape = Tape(
        [Parameter("x", 3, 9, True), Parameter("y", 3, 9, True), Parameter("n", -4, 6, True)]
    )
    recording = Recording(tape, None)
    DECIDED[name](*(recording.number(node, value) for node, value in enumerate((4, 5, 2))))
    allowed = {"above zero, as it is not zero": 2}.get(name, 1)
    assert len(recording.decisions) <= allowed


def test_a_divisor_near_zero_is_not_refused():
    recorded = Program(
        lambda at: (algebra.quotient(1, at["a"] - 1),), [Parameter("a", 0, 2, False)]
    )
    for a in (Fraction(1, 2), Fraction(3, 2), 2):
        leaf = recorded.record({"a": a})
        assert replayed(recorded, leaf, {"a": a}) == (1 / Fraction(a - 1),)
    assert len(recorded.leaves) == 1
    with pytest.raises(ZeroDivisionError):
        recorded.record({"a": 1})


def test_a_number_that_grows_too_large_is_refused():
    def power(at):
        number = at["x"]
        for _ in range(12):
            number = number * number
        return (number,)

    recorded = Program(power, [Parameter("x", Fraction(1, 4), 4, False)])
    with pytest.raises(TooLarge, match="at most 1024 bits"):
        recorded.record({"x": 3})
    with pytest.raises(TooLarge):
        recorded.record({"x": Fraction(1, 3)})
    leaf = recorded.record({"x": 1})
    with pytest.raises(TooLarge):
        recorded.player.value(leaf.result[0].node, (3,))
