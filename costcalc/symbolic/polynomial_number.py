"""Numbers that carry a polynomial, so that a whole network expands in symbols.

A polynomial number has an exact value at the chosen settings, which decides every
comparison and every rounding, and a polynomial in the network's parameters.  The two
agree wherever the rounded terms are whole.  The :class:`PolynomialContext` records
which terms were rounded and how comparisons were decided.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from operator import eq, ge, gt, le, lt, ne
from typing import Any, NamedTuple

from costcalc.formulas import algebra
from costcalc.spec import limits
from costcalc.symbolic.polynomial import Polynomial, Powers, Rational, unit

TERMS = 200
"""The most terms in a closed form; networks have about a dozen."""

DEGREE = 64
"""The highest power in a closed form; networks have powers of 2."""


class Variable(NamedTuple):
    """A parameter that stays a symbol."""

    name: str
    value: Rational
    """Its value at the chosen settings."""
    is_whole: bool
    """Whether it is a size, ``modulus * q + residue`` with a whole q; else any positive number."""
    modulus: int = 1

    @property
    def residue(self) -> int:
        """The remainder of its value modulo the modulus."""
        return int(self.value % self.modulus)

    @property
    def counter(self) -> Rational:
        """The q of its value; the value itself unless the variable is a size."""
        return self.value // self.modulus if self.is_whole else self.value

    @property
    def lowest(self) -> int:
        """The smallest counter of a positive size."""
        return 0 if self.residue else 1


class Refine(Exception):
    """A rounding that has no formula until a variable's modulus is multiplied by a factor."""

    def __init__(self, variable: int, factor: int) -> None:
        super().__init__(variable, factor)
        self.variable = variable
        self.factor = factor


class NoClosedFormError(Exception):
    """A cost is not a polynomial in the network's parameters, or exceeds the limits."""


class Condition(NamedTuple):
    """The outcome of a comparison with zero, which may differ at other settings."""

    polynomial: Polynomial
    relation: str
    """``>``, ``>=``, ``==`` or ``!=``."""

    def holds(self, values: Sequence[Rational]) -> bool:
        """Whether it has the same outcome at the given values of the variables."""
        return bool(_RELATIONS[self.relation](self.polynomial(values), 0))


class PolynomialContext:
    """The variables of one network, and what its polynomials assume about them."""

    def __init__(self, variables: tuple[Variable, ...]) -> None:
        self.variables = variables
        self.counters = tuple(variable.counter for variable in variables)
        self.roundings: dict[tuple[Powers, Rational], None] = {}
        """The terms that were assumed to be whole when rounding, as powers and coefficient."""
        self.conditions: list[Condition] = []

    def symbol(self, index: int) -> Any:
        """The variable itself, as a number to compute with."""
        variable, size = self.variables[index], len(self.variables)
        terms: dict[Powers, Rational] = {
            unit(size, index): variable.modulus,
            (0,) * size: variable.residue,
        }
        return PolynomialNumber(
            self, variable.value, Polynomial(terms if variable.is_whole else {unit(size, index): 1})
        )

    def parts(self, number: Any) -> tuple[Rational, Polynomial]:
        """A number's value and its polynomial."""
        if isinstance(number, PolynomialNumber):
            return number.value, number.polynomial
        return number, Polynomial({(0,) * len(self.variables): number})

    def make(self, value: Any, polynomial: Polynomial) -> Any:
        """A polynomial number, or a plain one if the polynomial is only its value.

        Raises:
            NoClosedFormError: the polynomial exceeds the limits.
        """
        if len(polynomial.terms) > TERMS or any(max(p) > DEGREE for p in polynomial.terms if p):
            raise NoClosedFormError
        if polynomial.terms == ({(0,) * len(self.variables): value} if value else {}):
            return algebra.whole(value)
        return PolynomialNumber(self, algebra.whole(value), polynomial)

    def floor(self, polynomial: Polynomial) -> Polynomial:
        """The polynomial rounded down, assuming that its terms with variables are whole.

        Raises:
            Refine: a term in sizes alone is not whole for all sizes.
        """
        varying = polynomial.varying
        for powers, coefficient in varying.terms.items():
            self._assume_whole(powers, coefficient)
        return varying + self.parts(polynomial.constant // 1)[1]

    def _assume_whole(self, powers: Powers, coefficient: Rational) -> None:
        if any(n and not self.variables[i].is_whole for i, n in enumerate(powers)):
            self.roundings[powers, coefficient] = None
        elif isinstance(coefficient, Fraction):
            variable = next(i for i, n in enumerate(powers) if n)
            raise Refine(variable, _smallest_factor(coefficient.denominator))

    def sign(self, polynomial: Polynomial) -> str:
        """How it compares with zero at all settings: ``>=``, ``=`` and so on; '' if that varies."""
        if not polynomial.terms:
            return "="
        for index, variable in enumerate(self.variables):
            if variable.is_whole:
                polynomial = polynomial.shifted(index, 1, variable.lowest)
        signs = {value > 0 for value in polynomial.terms.values()}
        if len(signs) > 1:
            return ""
        is_strict = any(
            all(n == 0 or not self.variables[i].is_whole for i, n in enumerate(powers))
            for powers in polynomial.terms
        )
        return (">" if signs == {True} else "<") + ("" if is_strict else "=")

    def decide(self, a: Any, b: Any, relation: str) -> bool:
        """Whether ``a relation b`` at the chosen settings; records what that assumes."""
        (first, p), (second, q) = self.parts(a), self.parts(b)
        truth = bool(_RELATIONS[relation](first, second))
        if limits.SIZE not in (first, second):
            # A size beyond the limit is an error, not another formula.
            self.note(p - q, relation if truth else _OPPOSITE[relation])
        return truth

    def note(self, difference: Polynomial, relation: str) -> None:
        """Records that ``difference relation 0``, unless it holds at all settings."""
        if self.sign(difference) in _IMPLIES[relation]:
            return
        if relation in ("<", "<="):
            difference, relation = difference.times(-1), _MIRRORED[relation]
        lead = abs(Fraction(next((value for _, value in difference.ordered()), 1)))
        condition = Condition(difference.times(1 / lead), relation)
        if condition not in self.conditions:
            self.conditions.append(condition)

    def maximum(self, a: Any, b: Any) -> Any:
        """The larger of two, with the polynomial of the one that is larger at the settings."""
        return self._extreme(a, b, algebra.maximum, ">=")

    def minimum(self, a: Any, b: Any) -> Any:
        """The smaller of two, with the polynomial of the one that is smaller at the settings."""
        return self._extreme(a, b, algebra.minimum, "<=")

    def largest(self, numbers: Sequence[Any]) -> Any:
        """The largest of some, with the polynomial of the one that is largest at the settings.

        What is assumed compares it alone with the others, except those that are nowhere
        larger than another.
        """
        parts = [self.parts(number) for number in numbers]
        values = [polynomial(self.counters) for _, polynomial in parts]
        best = max(range(len(parts)), key=values.__getitem__)
        chosen = parts[best][1]
        rivals: list[Polynomial] = []
        for _, rival in sorted(parts, key=lambda part: part[0], reverse=True):
            if not any(self._is_least(other - rival) for other in (chosen, *rivals)):
                rivals = [other for other in rivals if not self._is_least(rival - other)]
                rivals.append(rival)
        for rival in rivals:
            self.note(self._reduced(chosen - rival), ">=")
        return self.make(max(value for value, _ in parts), chosen)

    def _is_least(self, difference: Polynomial) -> bool:
        """Whether a difference is zero or more at all settings."""
        return self.sign(difference) in _IMPLIES[">="]

    def _reduced(self, polynomial: Polynomial) -> Polynomial:
        """The polynomial without the powers that all its terms have, of variables above zero."""
        for index, variable in enumerate(self.variables):
            if variable.is_whole and variable.residue:
                continue
            lowest = min((powers[index] for powers in polynomial.terms), default=0)
            if lowest:
                polynomial = Polynomial(
                    {
                        (*powers[:index], powers[index] - lowest, *powers[index + 1 :]): value
                        for powers, value in polynomial.terms.items()
                    }
                )
        return polynomial

    def _extreme(self, a: Any, b: Any, choose: Callable[[Any, Any], Any], relation: str) -> Any:
        (first, p), (second, q) = self.parts(a), self.parts(b)
        takes_first = _RELATIONS[relation](p(self.counters), q(self.counters))
        self.note(p - q, relation if takes_first else _REVERSED[relation])
        return self.make(choose(first, second), p if takes_first else q)

    def times(self, count: Any) -> int:
        """How often something is unfolded: the value, which is assumed only if it is zero."""
        value, _ = self.parts(count)
        return int(value) if value else int(count)

    def are_same(self, one: Any, other: Any) -> bool:
        """Whether two sizes are equal at all settings, without assuming it."""
        return self.parts(one) == self.parts(other)

    def less(self, a: Any, b: Any) -> Any:
        """1 if ``a < b``, else 0; its polynomial is 0 or 1, as the polynomials compare."""
        (first, p), (second, q) = self.parts(a), self.parts(b)
        is_less = p(self.counters) < q(self.counters)
        self.note(p - q, "<" if is_less else ">=")
        return self.make(int(first < second), self.parts(int(is_less))[1])

    def quotient(self, a: Any, b: Any) -> Any:
        """The exact quotient.

        Raises:
            NoClosedFormError: it is not a polynomial.
        """
        (first, p), (second, q) = self.parts(a), self.parts(b)
        return self.make(algebra.quotient(first, second), self._divided(p, q))

    def floor_quotient(self, a: Any, b: Any) -> Any:
        """``a // b``.

        Raises:
            NoClosedFormError: the quotient is not a polynomial.
        """
        (first, p), (second, q) = self.parts(a), self.parts(b)
        return self.make(first // second, self.floor(self._divided(p, q)))

    def _divided(self, p: Polynomial, q: Polynomial) -> Polynomial:
        if not q.terms:
            raise ZeroDivisionError
        quotient = p.divided(q)
        if quotient is None:
            raise NoClosedFormError
        return quotient

    def gcd(self, a: Any, b: Any) -> Any:
        """The greatest common divisor.

        Raises:
            NoClosedFormError: neither divides the other at all settings.
        """
        (first, p), (second, q) = self.parts(a), self.parts(b)
        for divisor, value, other in ((q, second, p), (p, first, q)):
            if first % value == 0 and second % value == 0 and other.divided(divisor) is not None:
                self.floor(self._divided(other, divisor))
                return self.make(value, divisor)
        raise NoClosedFormError

    def is_whole(self, a: Any) -> bool:
        """Whether the value is whole; if so, the polynomial is assumed to be."""
        value, polynomial = self.parts(a)
        if not algebra.is_whole(value):
            return False
        self.floor(polynomial)
        return True


class PolynomialNumber:
    """A value and its polynomial; see the module's docstring."""

    __slots__ = ("context", "polynomial", "value")

    def __init__(self, context: PolynomialContext, value: Rational, polynomial: Polynomial) -> None:
        self.context = context
        self.value = value
        self.polynomial = polynomial

    @property
    def __algebra__(self) -> PolynomialContext:
        return self.context

    def __add__(self, other: Any) -> Any:
        value, polynomial = self.context.parts(other)
        return self.context.make(self.value + value, self.polynomial + polynomial)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        value, polynomial = self.context.parts(other)
        return self.context.make(self.value - value, self.polynomial - polynomial)

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        value, polynomial = self.context.parts(other)
        return self.context.make(self.value * value, self.polynomial * polynomial)

    __rmul__ = __mul__

    def __neg__(self) -> Any:
        return self.context.make(-self.value, self.polynomial.times(-1))

    def __floordiv__(self, other: Any) -> Any:
        return self.context.floor_quotient(self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return self.context.floor_quotient(other, self)

    def __mod__(self, other: Any) -> Any:
        return self - other * (self // other)

    def __rmod__(self, other: Any) -> Any:
        return other - self * (other // self)

    def __lt__(self, other: Any) -> bool:
        return self.context.decide(self, other, "<")

    def __le__(self, other: Any) -> bool:
        return self.context.decide(self, other, "<=")

    def __gt__(self, other: Any) -> bool:
        return self.context.decide(self, other, ">")

    def __ge__(self, other: Any) -> bool:
        return self.context.decide(self, other, ">=")

    def __eq__(self, other: object) -> bool:
        is_number = isinstance(other, int | Fraction | PolynomialNumber)
        return is_number and self.context.decide(self, other, "==")

    __hash__ = None  # type: ignore[assignment]  # never hashed: comparing it records a condition

    def __bool__(self) -> bool:
        return self.context.decide(self, 0, "!=")

    def __index__(self) -> int:
        self.context.decide(self, self.value, "==")
        return int(self.value)

    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, spec: str) -> str:
        return format(self.value, spec)


_RELATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
    "==": eq,
    "!=": ne,
}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_MIRRORED = {"<": ">", "<=": ">="}
_REVERSED = {"<=": ">=", ">=": "<="}
_IMPLIES = {
    "<": ("<",),
    "<=": ("<", "<=", "="),
    ">": (">",),
    ">=": (">", ">=", "="),
    "==": ("=",),
    "!=": ("<", ">"),
}
"""The signs of a difference that imply each relation to zero."""


def _smallest_factor(number: int) -> int:
    return next(n for n in range(2, number + 1) if number % n == 0)
