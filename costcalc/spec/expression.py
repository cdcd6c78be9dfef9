"""Arithmetic in specs: a small parser that turns text into functions of a scope of names.

    expression  = choice
    choice      = either [ "if" either "else" choice ]
    either      = both { "or" both }
    both        = negation { "and" negation }
    negation    = "not" negation | comparison
    comparison  = sum [ ("==" | "!=" | "<" | "<=" | ">" | ">=") sum ]
    sum         = product { ("+" | "-") product }
    product     = signed { ("*" | "/" | "//" | "%") signed }
    signed      = "-" signed | power
    power       = atom [ "**" signed ]
    atom        = number | name | 'word' | function "(" ... ")" | "(" expression ")"

There is nothing else: no attributes, no indexing, no calls except to the functions
below, so a spec can neither run code nor access anything.  Numbers are exact: 0.35
is 7/20, and ``/`` divides without loss.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any, Protocol

from costcalc.formulas import algebra
from costcalc.records import NamedTuple
from costcalc.spec import limits
from costcalc.spec.numbers import (
    BYTE_UNIT,
    NUMBER,
    UNIT,
    ExpressionError,
    amount,
    exact_number,
    is_number,
)

Value = Any
"""A number of some algebra, a word, a boolean or None."""


class Lookup(Protocol):
    """The values of the names that an expression uses."""

    def __getitem__(self, name: str, /) -> Value: ...


Evaluate = Callable[[Lookup], Value]


class Parsed(NamedTuple):
    """An expression as a function, and the names that it depends on."""

    evaluate: Evaluate
    names: frozenset[str]
    marking: str = ""
    """The function in it that says whether the multiplier scales it: one of :data:`MARKINGS`."""
    comparisons: tuple[tuple[frozenset[str], tuple[str, ...]], ...] = ()
    """For each comparison, the names and the numbers with units on either side of it."""


class Function(NamedTuple):
    """A function that expressions may call."""

    compute: Callable[..., Value]
    fewest: int
    most: int
    usage: str


FIXED, SCALED = "fixed", "scaled"
MARKINGS = (FIXED, SCALED)
"""Functions that say whether the multiplier scales a width; they give it back as it is."""

FUNCTIONS: Mapping[str, Function] = {
    "floor": Function(algebra.floor, 1, 1, "floor(x)"),
    "ceil": Function(algebra.ceil, 1, 1, "ceil(x)"),
    "round": Function(algebra.round_half_up, 1, 1, "round(x), a half goes up"),
    "min": Function(algebra.minimum, 2, 2, "min(a, b)"),
    "max": Function(algebra.maximum, 2, 2, "max(a, b)"),
    **{name: Function(lambda width: width, 1, 1, f"{name}(width)") for name in MARKINGS},
    "round_to_multiple": Function(
        algebra.round_to_multiple, 1, 2, "round_to_multiple(x, divisor), the divisor 8 by default"
    ),
}


@lru_cache(maxsize=4096)
def parse(text: str, has_units: bool = False) -> Parsed:
    """Parses an expression; with units, ``100M`` and ``256 KiB`` are numbers.

    Raises:
        ExpressionError: the text is malformed or beyond a limit.
    """
    if len(text) > limits.EXPRESSION:
        raise ExpressionError(
            "the expression is too long", expected=f"at most {limits.EXPRESSION} characters"
        )
    if text.isascii() and text.isidentifier() and text not in _NOT_NAMES:
        # Most expressions are a single name, which needs no parser.
        return Parsed(lambda scope: scope[text], frozenset((text,)))
    return _Parser(text, has_units).parse()


class _Token(NamedTuple):
    kind: str
    text: str
    offset: int


class _Parser:
    """Recursive descent, with one method for each line of the grammar."""

    def __init__(self, text: str, has_units: bool) -> None:
        self.read_number = amount if has_units else exact_number
        self.tokens = list(_tokens(text))
        self.position = 0
        self.depth = 0
        self.names: set[str] = set()
        self.marking = ""
        self.comparisons: list[tuple[frozenset[str], tuple[str, ...]]] = []

    def parse(self) -> Parsed:
        evaluate = self.choice()
        if self.next.kind != "end":
            raise self.unexpected("an operator or the end")
        return Parsed(evaluate, frozenset(self.names), self.marking, tuple(self.comparisons))

    @property
    def next(self) -> _Token:
        return self.tokens[self.position]

    def take(self, *texts: str) -> str:
        """Consumes the next token if it is one of ``texts``; returns its text, or ''."""
        token = self.next
        if token.text in texts and token.kind in ("sign", "name"):
            self.position += 1
            return token.text
        return ""

    def unexpected(self, expected: str) -> ExpressionError:
        token = self.next
        found = f"'{token.text}'" if token.kind != "end" else "end"
        return ExpressionError(
            f"malformed expression: unexpected {found}", token.offset, expected=expected
        )

    def choice(self) -> Evaluate:
        self.depth += 1
        if self.depth > limits.EXPRESSION_DEPTH:
            raise ExpressionError(
                "the expression is nested too deeply",
                self.next.offset,
                expected=f"at most {limits.EXPRESSION_DEPTH} levels",
            )
        value = self.either()
        if self.take("if"):
            condition = self.either()
            if not self.take("else"):
                raise self.unexpected("'else'")
            other = self.choice()
            self.depth -= 1
            return lambda scope: value(scope) if condition(scope) else other(scope)
        self.depth -= 1
        return value

    def either(self) -> Evaluate:
        left = self.both()
        while self.take("or"):
            left = _or(left, self.both())
        return left

    def both(self) -> Evaluate:
        left = self.negation()
        while self.take("and"):
            left = _and(left, self.negation())
        return left

    def negation(self) -> Evaluate:
        negated = False
        while self.take("not"):
            negated = not negated
        value = self.comparison()
        return (lambda scope: not value(scope)) if negated else value

    def comparison(self) -> Evaluate:
        start = self.position
        left = self.sum()
        sign = self.take("==", "!=", "<", "<=", ">", ">=")
        if not sign:
            return left
        compared = _binary(_COMPARISONS[sign], left, self.sum())
        taken = self.tokens[start : self.position]
        names = frozenset(token.text for token in taken if token.kind == "name")
        numbers = (token.text for token in taken if token.kind == "number")
        with_units = tuple(text for text in numbers if text[-1:].isalpha())
        self.comparisons.append((names, with_units))
        return compared

    def sum(self) -> Evaluate:
        left = self.product()
        while sign := self.take("+", "-"):
            left = _binary(_ARITHMETIC[sign], left, self.product())
        return left

    def product(self) -> Evaluate:
        left = self.signed()
        while sign := self.take("*", "/", "//", "%"):
            left = _binary(_ARITHMETIC[sign], left, self.signed())
        return left

    def signed(self) -> Evaluate:
        negative = False
        while sign := self.take("-", "+"):
            negative ^= sign == "-"
        value = self.power()
        return _binary(_ARITHMETIC["-"], lambda scope: 0, value) if negative else value

    def power(self) -> Evaluate:
        base = self.atom()
        if not self.take("**"):
            return base
        token = self.next
        if token.kind != "number" or not token.text.isdecimal() or int(token.text) > 8:
            raise self.unexpected("a whole exponent of at most 8")
        self.position += 1
        exponent = int(token.text)
        return lambda scope: _bounded(algebra.product((_number(base(scope)),) * exponent))

    def atom(self) -> Evaluate:
        token = self.next
        self.position += 1
        if token.kind == "number":
            number = self.read_number(token.text)
            if number is None:
                self.position -= 1
                raise self.unexpected("a number without a unit")
            return lambda scope: number
        if token.kind == "word":
            word = token.text[1:-1]
            return lambda scope: word
        if token.kind == "name" and token.text not in KEYWORDS:
            name = token.text
            if self.take("("):
                return self.call(token)
            if name in ("true", "false"):
                return lambda scope: name == "true"
            self.names.add(name)
            return lambda scope: scope[name]
        if token.text == "(":
            value = self.choice()
            self.close()
            return value
        self.position -= 1
        raise self.unexpected("a number, a name or '('")

    def call(self, token: _Token) -> Evaluate:
        function = FUNCTIONS.get(token.text)
        if function is None:
            raise ExpressionError(
                f"there is no function '{token.text}'",
                token.offset,
                expected="one of " + ", ".join(sorted(FUNCTIONS)),
            )
        arguments = [self.choice()]
        while self.take(","):
            arguments.append(self.choice())
        self.close()
        if not function.fewest <= len(arguments) <= function.most:
            raise ExpressionError(
                f"{token.text} does not take {len(arguments)} values",
                token.offset,
                expected=function.usage,
            )
        if token.text in MARKINGS:
            self.mark(token)
        compute = function.compute
        return lambda scope: algebra.whole(
            compute(*(_number(argument(scope)) for argument in arguments))
        )

    def mark(self, token: _Token) -> None:
        if self.marking not in ("", token.text):
            raise ExpressionError(
                "a width is fixed or scaled, not both", token.offset, expected="one of the two"
            )
        self.marking = token.text

    def close(self) -> None:
        if not self.take(")"):
            raise self.unexpected("')'")


KEYWORDS = frozenset({"if", "else", "and", "or", "not"})
"""Words that cannot be names."""

_NOT_NAMES = KEYWORDS | {"true", "false"}


@cache
def _token() -> re.Pattern[str]:
    return re.compile(
        rf"\s*(?:(?P<number>{NUMBER}(?:\s?{BYTE_UNIT}\b|{UNIT}\b)?)"
        r"|(?P<name>[A-Za-z_]\w*)"
        r"|(?P<word>'[^']*')"
        r"|(?P<sign>\*\*|//|==|!=|<=|>=|[-+*/%()<>,]))"
    )


def _tokens(text: str) -> list[_Token]:
    tokens = []
    position = 0
    end = len(text.rstrip())
    pattern = _token()
    while position < end:
        match = pattern.match(text, position)
        if match is None:
            offset = len(text) - len(text[position:].lstrip())
            raise ExpressionError(
                f"malformed expression: unexpected '{text[offset]}'",
                offset,
                expected="numbers, names, + - * / // % **, comparisons and parentheses",
            )
        kind = match.lastgroup or ""
        tokens.append(_Token(kind, match[kind], match.start(kind)))
        position = match.end()
    tokens.append(_Token("end", "", len(text)))
    return tokens


def _or(left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda scope: bool(left(scope)) or bool(right(scope))


def _and(left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda scope: bool(left(scope)) and bool(right(scope))


def _binary(compute: Callable[[Value, Value], Value], left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda scope: compute(left(scope), right(scope))


def _number(value: Value) -> Value:
    """The value, which must be a number.

    Raises:
        ExpressionError: it is a word, a boolean or None.
    """
    if not is_number(value):
        shown = "nothing" if value is None else repr(value).lower()
        raise ExpressionError(f"arithmetic needs numbers, but this is {shown}")
    return value


def _bounded(value: Value) -> Value:
    """The value, which must not exceed :data:`.limits.BITS`; whole numbers as integers.

    Raises:
        ExpressionError: the number exceeds the limit.
    """
    value = algebra.whole(value)
    bits = 0
    if isinstance(value, int):
        bits = value.bit_length()
    elif isinstance(value, Fraction):
        bits = max(value.numerator.bit_length(), value.denominator.bit_length())
    if bits > limits.BITS:
        raise ExpressionError("the number grows too large", expected=f"at most {limits.BITS} bits")
    return value


def _arithmetic(compute: Callable[[Value, Value], Value]) -> Callable[[Value, Value], Value]:
    return lambda a, b: _bounded(compute(_number(a), _number(b)))


def _ordered(compute: Callable[[Value, Value], Value]) -> Callable[[Value, Value], Value]:
    return lambda a, b: compute(_number(a), _number(b))


_ARITHMETIC: Mapping[str, Callable[[Value, Value], Value]] = {
    "+": _arithmetic(lambda a, b: a + b),
    "-": _arithmetic(lambda a, b: a - b),
    "*": _arithmetic(lambda a, b: a * b),
    "/": _arithmetic(algebra.quotient),
    "//": _arithmetic(lambda a, b: a // b),
    "%": _arithmetic(lambda a, b: a % b),
}
_COMPARISONS: Mapping[str, Callable[[Value, Value], Value]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": _ordered(lambda a, b: a < b),
    "<=": _ordered(lambda a, b: a <= b),
    ">": _ordered(lambda a, b: a > b),
    ">=": _ordered(lambda a, b: a >= b),
}
