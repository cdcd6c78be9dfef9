"""Random computations, over plain numbers or numbers of a tape."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from costcalc.errors import refuse
from costcalc.formulas import algebra
from costcalc.spec.numbers import exact
from costcalc.tape.program import Program
from costcalc.tape.tape import Parameter

HUGE = 3 * 2**60
"""The product of two of these exceeds what a float or 64 bits hold."""

PARAMETERS = (
    Parameter("alpha", Fraction(1, 20), 2, False),
    Parameter("shift", Fraction(-7, 3), 3, False),
    Parameter("res", 1, 512, True),
    Parameter("n", -4, 6, True),
    Parameter("huge", 1, HUGE, True),
)
"""Numbers as networks have them, and some that they do not."""

VALUES = st.tuples(
    st.fractions(Fraction(1, 20), 2, max_denominator=40).map(algebra.whole),
    st.fractions(Fraction(-7, 3), 3, max_denominator=6).map(algebra.whole),
    st.integers(1, 512),
    st.integers(-4, 6),
    st.one_of(st.integers(1, 9), st.integers(1, HUGE)),
).map(lambda values: dict(zip((each.name for each in PARAMETERS), values, strict=True)))


def divided(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def compute(a: Any, b: Any) -> Any:
        if b == 0:
            refuse(None, f"nothing divides {exact(a)}", found=f"{exact(a)} and {exact(b)}")
        return operation(a, b)

    return compute


def repeated(a: Any, b: Any) -> Any:
    """A sum of as many terms as a number says, like layers that repeat."""
    times = algebra.minimum(algebra.maximum(algebra.floor(b), 0), 3)
    return sum((a + i for i in range(int(times))), 0 * a)


def whole_or_refused(a: Any, b: Any) -> Any:
    if not algebra.is_whole(a):
        refuse(None, "not a whole number", expected="a whole number", found=exact(b))
    return algebra.exact_div(a * 6, 3)


def gcd_of_floors(a: Any, b: Any) -> Any:
    return algebra.gcd(algebra.floor(a), algebra.floor(b))


OPERATIONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": divided(lambda a, b: a // b),
    "/": divided(algebra.quotient),
    "%": divided(lambda a, b: a % b),
    "ceil": divided(algebra.ceil_div),
    "negated": lambda a, b: -a,
    "max": algebra.maximum,
    "min": algebra.minimum,
    "less": algebra.less,
    "gcd": gcd_of_floors,
    "floor": lambda a, b: algebra.floor(a),
    "round": lambda a, b: algebra.round_half_up(a),
    "multiple of 8": lambda a, b: algebra.round_to_multiple(a, 8),
    "if less": lambda a, b: a if a < b else b * 2,
    "if equal": lambda a, b: a + 1 if a == b else b,
    "if not zero": lambda a, b: b if a else 7,
    "repeated": repeated,
    "if whole": whole_or_refused,
}

STEPS = st.lists(
    st.tuples(st.sampled_from(sorted(OPERATIONS)), st.integers(0, 11), st.integers(0, 11)),
    min_size=1,
    max_size=12,
)


def computation(steps: Sequence[tuple[str, int, int]]) -> Callable[[Mapping[str, Any]], Any]:
    """A function of settings that computes a few numbers, each from those before it."""

    def compute(settings: Mapping[str, Any]) -> tuple[Any, ...]:
        numbers = [*settings.values(), 0, 1, 2, 6, Fraction(7, 20)]
        for name, first, second in steps:
            a, b = numbers[-1 - first % len(numbers)], numbers[-1 - second % len(numbers)]
            numbers.append(OPERATIONS[name](a, b))
        return tuple(numbers[-len(steps) :])

    return compute


def program(steps: Sequence[tuple[str, int, int]]) -> Program[Any]:
    return Program(computation(steps), PARAMETERS)
