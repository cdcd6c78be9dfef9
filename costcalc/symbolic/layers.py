"""Named formulas in symbols: as the paper writes them, thinned, over another, with numbers."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

import sympy

from costcalc.errors import Problem, SpecError, did_you_mean
from costcalc.symbolic.catalogue import FORMULAS, Entry
from costcalc.symbolic.expressions import plain, tree
from costcalc.symbolic.notation import SPELLINGS, THINNING, Symbol, title
from costcalc.symbolic.symbol_values import asked_multipliers, check_settings
from costcalc.symbolic.view import View
from costcalc.symbolic.writing import LATEX, Node, written


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
    thin = asked_multipliers(multipliers, given)
    view = View(entry, other, thin, {})
    check_settings(view, given)
    numbers = View(entry, other, thin, given)
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
    sources = [entry.source, *([other.source] if other else []), *([THINNING] if thin else [])]
    return Formula(
        name=entry.name,
        over=other.name if other else None,
        title=entry.title if other is None else f"{entry.title} over {other.title}",
        source=tuple(dict.fromkeys(sources)),
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


def _count(metric: str, view: View, numbers: View) -> Count:
    formula, expression = view.expression(metric), numbers.expression(metric)
    return Count(
        metric=metric,
        formula=tree(formula, view.order),
        expression=numbers.opened(expression),
        result=tree(expression, numbers.order),
        value=plain(expression) if expression.is_Rational else None,
        compared=numbers.compared(metric),
    )
