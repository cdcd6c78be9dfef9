"""Formulas as trees, and the printer that writes them in Unicode, ASCII and LaTeX.

The nodes are data classes: as named tuples, a sum and a product of the same
parts would be equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

from costcalc.render.formatting import exact
from costcalc.render.page import Equations, Prose


@dataclass(frozen=True, slots=True)
class Number:
    """An exact number, never negative: a minus sign is a :class:`Negative` around it."""

    value: int | Fraction


@dataclass(frozen=True, slots=True)
class Name:
    """A symbol, as each style writes it."""

    name: str
    """Its name in ``--set`` and in Python."""
    text: str
    ascii: str
    latex: str
    is_product: bool = False
    """Whether it reads as a product, as αM does."""


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum of two or more terms."""

    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Product:
    """A product of two or more factors."""

    factors: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Quotient:
    """``numerator / denominator``."""

    numerator: Node
    denominator: Node


@dataclass(frozen=True, slots=True)
class Power:
    """``base`` to a whole exponent of at least 2."""

    base: Node
    exponent: int


@dataclass(frozen=True, slots=True)
class Negative:
    """``-operand``."""

    operand: Node


@dataclass(frozen=True, slots=True)
class FunctionNode:
    """A function: ``floor``, ``ceil``, ``max``, ``min`` or ``less``."""

    function: str
    arguments: tuple[Node, ...]


Node: TypeAlias = Number | Name | Sum | Product | Quotient | Power | Negative | FunctionNode

ONE = Number(1)


def number(value: int | Fraction) -> Node:
    """A number as a formula, its sign kept apart."""
    return Number(value) if value >= 0 else Negative(Number(-value))


def collected(factors: list[Node]) -> Node:
    """The product of ``factors``; equal ones become a power, and ones are dropped."""
    exponents: dict[Node, int] = {}
    for factor in factors:
        power = factor if isinstance(factor, Power) else Power(factor, 1)
        if power.base != ONE:
            exponents[power.base] = exponents.get(power.base, 0) + power.exponent
    powers = [Power(base, n) if n > 1 else base for base, n in exponents.items()]
    if len(powers) > 1:
        return Product(tuple(powers))
    return powers[0] if powers else ONE


class Style(NamedTuple):
    """How formulas are written: numbers, signs, parentheses, names."""

    name: Callable[[Name], str]
    number: Callable[[str], str]
    signs: Mapping[str, str]
    """``+`` and ``-`` between two terms, and ``negative`` before one."""
    times: Callable[[str, str], str]
    """The sign between two factors."""
    is_ascii: bool
    power: Callable[[str, int], str]
    quotient: Callable[[str, str], str]
    stacked: bool
    """Whether a quotient is drawn as a fraction, so that nothing in it needs parentheses."""
    parentheses: tuple[str, str]
    calls: Mapping[str, tuple[str, str, str]]
    """For each function: the text before, between and after its arguments."""


_SIGNS = {"+": " + ", "-": " - ", "negative": "-"}
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")

UNICODE = Style(
    name=lambda name: name.text,
    number=lambda text: text,
    signs=_SIGNS,
    times=lambda left, right: "·",
    is_ascii=False,
    power=lambda base, n: base + str(n).translate(_SUPERSCRIPTS),
    quotient=lambda above, below: f"{above}/{below}",
    stacked=False,
    parentheses=("(", ")"),
    calls={
        "floor": ("⌊", "", "⌋"),
        "ceil": ("⌈", "", "⌉"),
        "max": ("max(", ", ", ")"),
        "min": ("min(", ", ", ")"),
        "less": ("[", " < ", "]"),
    },
)
ASCII = UNICODE._replace(
    name=lambda name: name.ascii,
    times=lambda left, right: "*",
    is_ascii=True,
    power=lambda base, n: f"{base}^{n}",
    calls={
        **UNICODE.calls,
        "floor": ("floor(", "", ")"),
        "ceil": ("ceil(", "", ")"),
    },
)
LATEX = Style(
    name=lambda name: name.latex,
    number=lambda text: text,
    signs=_SIGNS,
    times=lambda left, right: r" \cdot " if right[0].isdigit() else r" \, ",
    is_ascii=True,
    power=lambda base, n: f"{base}^{{{n}}}",
    quotient=lambda above, below: rf"\frac{{{above}}}{{{below}}}",
    stacked=True,
    parentheses=(r"\left(", r"\right)"),
    calls={
        "floor": (r"\left\lfloor ", "", r" \right\rfloor"),
        "ceil": (r"\left\lceil ", "", r" \right\rceil"),
        "max": (r"\max\left(", ", ", r"\right)"),
        "min": (r"\min\left(", ", ", r"\right)"),
        "less": (r"\left[", " < ", r"\right]"),
    },
)


def spellings(node: Node) -> dict[str, str]:
    """The formula in every style."""
    return {
        "text": written(node, UNICODE),
        "ascii": written(node, ASCII),
        "latex": written(node, LATEX),
    }


def prose(
    paragraphs: Callable[[Style], Iterable[str]], latex: Iterable[str | Equations], title: str = ""
) -> Prose:
    """Paragraphs with formulas, in Unicode and in ASCII, and their LaTeX."""
    return Prose(tuple(paragraphs(UNICODE)), tuple(paragraphs(ASCII)), tuple(latex), title)


_SUM, _PRODUCT, _POWER, _ATOM = range(4)


def written(node: Node, style: Style = UNICODE) -> str:
    """The formula as text.

    >>> k = Name("D_K", "D_K", "D_K", "D_K")
    >>> written(Sum((Power(k, 2), Quotient(ONE, k))))
    'D_K² + 1/D_K'
    """
    return _write(node, style)[0]


def _write(node: Node, style: Style) -> tuple[str, int]:
    """The text, and how tightly its last operation binds."""
    if isinstance(node, Number):
        text = exact(node.value)
        if "/" not in text:
            return style.number(text), _ATOM
        return style.quotient(*map(style.number, text.split("/"))), _ATOM if style.stacked else _SUM
    if isinstance(node, Name):
        return style.name(node), _PRODUCT if node.is_product else _ATOM
    if isinstance(node, Sum):
        return _sum(node, style), _SUM
    if isinstance(node, Product):
        return _product(node, style), _PRODUCT
    if isinstance(node, Quotient):
        if style.stacked:
            above, below = written(node.numerator, style), written(node.denominator, style)
            return style.quotient(above, below), _ATOM
        above = _at_least(node.numerator, _PRODUCT, style)
        return style.quotient(above, _at_least(node.denominator, _POWER, style)), _PRODUCT
    if isinstance(node, Power):
        return style.power(_at_least(node.base, _ATOM, style), node.exponent), _POWER
    if isinstance(node, Negative):
        return style.signs["negative"] + _at_least(node.operand, _PRODUCT, style), _SUM
    before, between, after = style.calls[node.function]
    inside = between.join(written(argument, style) for argument in node.arguments)
    return before + inside + after, _ATOM


def _sum(node: Sum, style: Style) -> str:
    text = ""
    for term in node.terms:
        is_negative = isinstance(term, Negative)
        operand = term.operand if isinstance(term, Negative) else term
        shown = _at_least(operand, _PRODUCT if is_negative else _SUM, style)
        if text:
            text += style.signs["-" if is_negative else "+"]
        elif is_negative:
            text += style.signs["negative"]
        text += shown
    return text


def _product(node: Product, style: Style) -> str:
    text = ""
    for factor in node.factors:
        shown = _factor(factor, style)
        text += (style.times(text, shown) if text else "") + shown
    return text


def _factor(node: Node, style: Style) -> str:
    """A factor of a product; a quotient on one line is put in parentheses."""
    if isinstance(node, Quotient) and not style.stacked:
        return "(" + written(node, style) + ")"
    return _at_least(node, _PRODUCT, style)


def _at_least(node: Node, binding: int, style: Style) -> str:
    """The text, in parentheses if it binds less tightly than ``binding``."""
    text, binds = _write(node, style)
    opening, closing = style.parentheses
    return text if binds >= binding else opening + text + closing


def substituted(node: Node, values: Mapping[str, Any]) -> Node:
    """The formula with numbers substituted for names."""
    if isinstance(node, Name):
        return Number(values[node.name]) if node.name in values else node
    if isinstance(node, Number):
        return node
    if isinstance(node, Power):
        return Power(substituted(node.base, values), node.exponent)
    if isinstance(node, Negative):
        return Negative(substituted(node.operand, values))
    if isinstance(node, Quotient):
        numerator = substituted(node.numerator, values)
        return Quotient(numerator, substituted(node.denominator, values))
    if isinstance(node, FunctionNode):
        arguments = tuple(substituted(argument, values) for argument in node.arguments)
        return FunctionNode(node.function, arguments)
    if isinstance(node, Product):
        return Product(tuple(substituted(factor, values) for factor in node.factors))
    return Sum(tuple(substituted(term, values) for term in node.terms))


def names(node: Node) -> frozenset[str]:
    """The names in a formula."""
    if isinstance(node, Name):
        return frozenset({node.name})
    if isinstance(node, Number):
        return frozenset()
    if isinstance(node, Power):
        return names(node.base)
    if isinstance(node, Negative):
        return names(node.operand)
    if isinstance(node, Quotient):
        return names(node.numerator) | names(node.denominator)
    if isinstance(node, FunctionNode):
        return _all_names(node.arguments)
    return _all_names(node.terms if isinstance(node, Sum) else node.factors)


def _all_names(nodes: tuple[Node, ...]) -> frozenset[str]:
    return frozenset(name for node in nodes for name in names(node))
