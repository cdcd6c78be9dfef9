"""Named formulas in symbols: as the paper writes them, thinned, over another, with numbers."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

import sympy

from costcalc.errors import Problem, Problems, SpecError, did_you_mean
from costcalc.formulas.algebra import is_whole
from costcalc.spec import limits
from costcalc.symbolic.catalogue import FORMULAS, Entry
from costcalc.symbolic.expressions import plain, symbol, tree
from costcalc.symbolic.notation import (
    MULTIPLIERS,
    SPELLINGS,
    Notation,
    Sizes,
    Symbol,
    thinned,
    title,
)
from costcalc.symbolic.writing import LATEX, Name, Node, written


class Count(NamedTuple):
    """One line of a formula: what it counts, and how."""

    metric: str
    """``params``, ``mult_adds``, or the name of an event."""
    formula: Node
    """As the paper writes it, before any number is put in."""
    expression: Any
    """The SymPy expression, with the numbers that were set."""
    result: Node
    """The same as the paper would write it."""
    value: int | Fraction | None
    """Its value, where every symbol in it is set."""
    compared: tuple[int | Fraction, int | Fraction] | None = None
    """The two counts that a ratio compares, where both have values."""


class Formula(NamedTuple):
    """What a layer costs, in symbols; or the ratio of two layers' costs."""

    name: str
    over: str | None
    title: str
    source: tuple[str, ...]
    symbols: tuple[Symbol, ...]
    """The symbols that its formulas speak of."""
    settings: Mapping[str, int | Fraction]
    counts: tuple[Count, ...]

    def count(self, metric: str) -> Any:
        """The SymPy expression of one count; 0 where the layer causes none."""
        found = [count.expression for count in self.counts if count.metric == metric]
        return found[0] if found else sympy.Integer(0)

    @property
    def params(self) -> Any:
        """Params, a SymPy expression."""
        return self.count("params")

    @property
    def mult_adds(self) -> Any:
        """Mult-adds, a SymPy expression."""
        return self.count("mult_adds")

    @property
    def latex(self) -> str:
        """The formulas as the lines of a LaTeX ``align`` environment."""
        lines = []
        for count in self.counts:
            lines.append(rf"\text{{{title(count.metric)}}} &= {written(count.formula, LATEX)}")
            if count.result != count.formula:
                lines.append(f"&= {written(count.result, LATEX)}")
        return " \\\\\n".join(lines)

    def _repr_latex_(self) -> str:
        return f"$\\begin{{aligned}}\n{self.latex}\n\\end{{aligned}}$"


def layer_formula(
    name: str,
    over: str | None = None,
    multipliers: tuple[str, ...] = (),
    settings: Mapping[str, Any] | None = None,
) -> Formula:
    """The formula of a layer, or its ratio to another's.

    Args:
        name: a name or an alias in :data:`.catalogue.FORMULAS`.
        over: the layer to divide by; both are written in the first one's symbols.
        multipliers: ``alpha`` and ``rho``, to write the thinned layer.
        settings: exact numbers for some of the symbols.

    Raises:
        SpecError: a name is unknown, or a setting is wrong.
    """
    entry, other = entry_of(name), entry_of(over) if over else None
    given = {SPELLINGS.get(key, key): value for key, value in (settings or {}).items()}
    thin = _multipliers(multipliers, given)
    view = _View(entry, other, thin, {})
    _check_settings(view, given)
    numbers = _View(entry, other, thin, given)
    metrics = [metric for metric in entry.counts if other is None or metric in other.counts]
    if not metrics:
        raise SpecError(
            [
                Problem(
                    None,
                    f"{name} and {over} count different things",
                    expected="two formulas with params and mult-adds",
                    found=f"{', '.join(map(title, entry.counts))} over "
                    f"{', '.join(map(title, other.counts if other else ()))}",
                )
            ]
        )
    sources = (
        (entry.source,) if other is None else tuple(dict.fromkeys((entry.source, other.source)))
    )
    return Formula(
        name=entry.name,
        over=other.name if other else None,
        title=entry.title if other is None else f"{entry.title} over {other.title}",
        source=sources,
        symbols=view.used(metrics),
        settings=given,
        counts=tuple(_count(metric, view, numbers) for metric in metrics),
    )


def entry_of(name: str) -> Entry:
    """The named formula.

    Raises:
        SpecError: there is none of that name.
    """
    if name in FORMULAS:
        return FORMULAS[name]
    known = dict.fromkeys(entry.name for entry in FORMULAS.values())
    raise SpecError(
        [
            Problem(
                None,
                f"there is no formula '{name}'",
                expected="one of " + ", ".join(known),
                hint=did_you_mean(name, FORMULAS),
            )
        ]
    )


class _View:
    """One or two formulas over symbols, some of them with numbers in their place."""

    def __init__(
        self,
        entry: Entry,
        other: Entry | None,
        thin: tuple[Symbol, ...],
        settings: Mapping[str, int | Fraction],
    ) -> None:
        self.entry, self.other = entry, other
        self.notation: Notation = entry.notation
        self.thin = thin
        self.whole: dict[sympy.Symbol, sympy.Expr] = {}
        self.values = {key: sympy.Rational(value) for key, value in settings.items()}
        self.order: list[Name] = [multiplier.name for multiplier in thin]
        sizes = {each.name.name: self._size(each) for each in self.notation.symbols}
        self.sizes = sizes_of(self.notation, sizes)

    def _size(self, each: Symbol) -> sympy.Expr:
        """The symbol, thinned where it was asked for; its number where it has one."""
        name = each.name.name
        own = self.values.get(name, symbol(each.name))
        by = next((one for one in self.thin if one.name.name == each.scaled_by), None)
        self.order.append(each.name)
        if by is None:
            return own
        factor = self.values.get(by.name.name, symbol(by.name))
        if own.is_number or factor.is_number:
            return factor * own
        joint = thinned(each, by)
        self.order[-1:] = [joint, each.name]
        self.whole[symbol(joint)] = factor * own
        return symbol(joint)

    def expression(self, metric: str) -> sympy.Expr:
        """The count, or the ratio, in the form that the paper gives it."""
        own = sympy.expand(self.entry.counts[metric](self.sizes))
        if self.other is not None:
            return _ratio(own, self.other.counts[metric](self.sizes))
        return sympy.factor_terms(own) if self.entry.is_factored else own

    def opened(self, expression: sympy.Expr) -> sympy.Expr:
        """The expression with αM as the product that it is."""
        return expression.subs(self.whole)

    def compared(self, metric: str) -> tuple[Any, Any] | None:
        """The two counts that a ratio compares, where both are numbers."""
        if self.other is None:
            return None
        counts = [
            sympy.sympify(each.counts[metric](self.sizes), strict=True)
            for each in (self.entry, self.other)
        ]
        if not all(count.is_Rational for count in counts):
            return None
        return plain(counts[0]), plain(counts[1])

    def used(self, metrics: list[str]) -> tuple[Symbol, ...]:
        """The symbols that the formulas, those under a ratio included, speak of."""
        free: set[str] = set()
        for entry in (self.entry, self.other):
            for metric in metrics if entry else ():
                assert entry is not None
                count = sympy.sympify(entry.counts[metric](self.sizes), strict=True)
                free |= {str(one) for one in self.opened(count).free_symbols}
        return tuple(one for one in (*self.notation.symbols, *MULTIPLIERS) if one.name.name in free)


def _count(metric: str, view: _View, numbers: _View) -> Count:
    formula, expression = view.expression(metric), numbers.expression(metric)
    return Count(
        metric=metric,
        formula=tree(formula, view.order),
        expression=numbers.opened(expression),
        result=tree(expression, numbers.order),
        value=plain(expression) if expression.is_Rational else None,
        compared=numbers.compared(metric),
    )


def _ratio(above: sympy.Expr, below: sympy.Expr) -> sympy.Expr:
    """The quotient, simplified: term by term where the divisor is a product."""
    quotient = sympy.cancel(above / below)
    numerator, denominator = sympy.fraction(quotient)
    if sympy.expand(denominator).is_Add:
        return sympy.factor_terms(numerator) / sympy.factor_terms(denominator)
    return sympy.expand(quotient)


def sizes_of(notation: Notation, values: Mapping[str, Any]) -> Sizes:
    """The sizes that formulas speak of, each symbol with its value in some algebra."""
    return Sizes(
        *(
            tuple(values[side] for side in name) if isinstance(name, tuple) else values[name]
            for name in notation.sizes
        )
    )


def _multipliers(asked: tuple[str, ...], settings: Mapping[str, Any]) -> tuple[Symbol, ...]:
    """The multipliers that are asked for, or that a setting speaks of.

    Raises:
        SpecError: there is no such multiplier.
    """
    names = [SPELLINGS.get(name, name) for name in asked]
    known = {multiplier.name.name: multiplier for multiplier in MULTIPLIERS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SpecError(
            [
                Problem(None, f"'{name}' is not a multiplier", expected="alpha, rho, or both")
                for name in unknown
            ]
        )
    return tuple(one for name, one in known.items() if name in names or name in settings)


def _check_settings(view: _View, settings: Mapping[str, Any]) -> None:
    """Every setting must be a number that its symbol can have.

    Raises:
        SpecError: with everything that is wrong.
    """
    problems = Problems()
    metrics = [
        metric for metric in view.entry.counts if not view.other or metric in view.other.counts
    ]
    known = [each.name.name for each in view.used(metrics)]
    for name, value in settings.items():
        if name not in known:
            problems.add(
                None,
                f"{view.entry.name} has no symbol '{name}'",
                expected="one of " + ", ".join(known),
                hint=did_you_mean(name, known),
            )
        elif isinstance(value, bool) or not isinstance(value, int | Fraction):
            problems.add(None, f"{name} cannot be '{value}'", expected="a number")
        elif not 0 < value <= limits.SIZE:
            problems.add(
                None, f"{name} cannot be {value}", expected=f"above zero, at most {limits.SIZE:,}"
            )
        elif name not in ("alpha", "rho") and not is_whole(value):
            problems.add(None, f"{name} cannot be {value}", expected="a whole number above zero")
    problems.raise_any()
    _check_groups(view, settings, problems)
    for each in view.notation.symbols:
        own, factor = settings.get(each.name.name), settings.get(each.scaled_by)
        if own is not None and factor is not None and not is_whole(own * factor):
            problems.add(
                None,
                f"{each.scaled_by} times {each.name.name} is {own * factor}, no whole number",
                expected=f"a multiplier that leaves {each.meaning} whole",
                hint="costcalc report, which rounds as the network's spec says",
            )
    problems.raise_any()


def _check_groups(view: _View, settings: Mapping[str, Any], problems: Problems) -> None:
    names = view.notation.sizes
    groups = settings.get(names.g)
    for name, which in ((names.M, "input"), (names.N, "output")):
        channels = settings.get(name)
        if groups is not None and channels is not None and channels % groups:
            problems.add(
                None,
                f"{channels} {which} channels cannot be split into {groups} groups",
                expected=f"{names.g} that divides {name}",
                found=f"{names.g} = {groups}, {name} = {channels}",
            )
