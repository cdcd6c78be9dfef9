"""Named formulas in symbols: as in the paper, scaled, as ratios, and with numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import sympy

from costcalc.advice import option
from costcalc.errors import did_you_mean, refuse
from costcalc.render.answer import FORMAT_VERSION
from costcalc.render.formatting import counted, exact, percent_text, ratio, rounded
from costcalc.render.page import Column, Equations, Page, Row, Table
from costcalc.symbolic.catalogue import FORMULAS, NamedFormula
from costcalc.symbolic.equations_answer import EquationsAnswer
from costcalc.symbolic.expressions import plain, tree
from costcalc.symbolic.formula import ASCII, LATEX, Node, Style, prose, spellings, written
from costcalc.symbolic.formula_view import FormulaView
from costcalc.symbolic.notation import SCALING, SPELLINGS, Symbol, title
from costcalc.symbolic.symbol_values import check_settings, requested_multipliers


class FormulaCount(NamedTuple):
    """One count of a formula, and its value if every symbol is set."""

    metric: str
    """``params``, ``mult_adds``, or the name of an event."""
    formula: Node
    """As the paper writes it, before any number is substituted."""
    expression: Any
    """The SymPy expression with the numbers that were set."""
    result: Node
    """The expression as the paper would write it."""
    value: int | Fraction | None
    """Its value, if every symbol in it is set."""
    compared: tuple[int | Fraction, int | Fraction] | None = None
    """The two counts of a ratio, if both have values."""


@dataclass(frozen=True, repr=False)
class Formula(EquationsAnswer):
    """A layer's cost in symbols, or the ratio of two layers' costs."""

    name: str
    over: str | None
    title: str
    source: tuple[str, ...]
    symbols: tuple[Symbol, ...]
    """The symbols in its formulas."""
    settings: Mapping[str, int | Fraction]
    counts: tuple[FormulaCount, ...]

    def count(self, metric: str) -> Any:
        """The SymPy expression of one count; 0 if the layer has none."""
        expressions = [count.expression for count in self.counts if count.metric == metric]
        return expressions[0] if expressions else sympy.Integer(0)

    @property
    def params(self) -> Any:
        """Params as a SymPy expression."""
        return self.count("params")

    @property
    def mult_adds(self) -> Any:
        """Mult-adds as a SymPy expression."""
        return self.count("mult_adds")

    def equations(self) -> Equations:
        """Each count's formula, then its result if numbers were set."""
        lines = []
        for count in self.counts:
            lines.append(rf"\text{{{title(count.metric)}}} &= {written(count.formula, LATEX)}")
            if count.result != count.formula:
                lines.append(f"&= {written(count.result, LATEX)}")
        return Equations(tuple(lines))

    def page(self) -> Page:
        """The formulas with their results, the meaning of each symbol, and the source."""
        return _page(self)

    def data(self) -> dict[str, Any]:
        """The JSON object described in docs/formulas.md."""
        return {
            "format_version": FORMAT_VERSION,
            "formula": self.name,
            "over": self.over,
            "title": self.title,
            "source": list(self.source),
            "settings": {name: ratio(value) for name, value in self.settings.items()},
            "symbols": [
                {"name": symbol.name.name, "latex": symbol.name.latex, "meaning": symbol.meaning}
                for symbol in self.symbols
            ],
            **{count.metric: _count_data(count) for count in self.counts},
        }


def layer_formula(
    name: str,
    over: str | None = None,
    multipliers: tuple[str, ...] = (),
    settings: Mapping[str, Any] | None = None,
) -> Formula:
    """The formula of a layer, or its ratio to another's.

    Args:
        name: a name or an alias in :data:`.catalogue.FORMULAS`.
        over: the layer to divide by; both are written in the first layer's symbols.
        multipliers: ``alpha``, ``rho`` or both, to scale the layer by.
        settings: exact numbers for some of the symbols.

    Raises:
        SpecError: a name is unknown, or a setting is wrong.
    """
    entry, other = entry_of(name), entry_of(over) if over else None
    given = {SPELLINGS.get(key, key): value for key, value in (settings or {}).items()}
    scaling = requested_multipliers(multipliers, given)
    view = FormulaView(entry, other, scaling, {})
    check_settings(view, given)
    numbers = FormulaView(entry, other, scaling, given)
    if not view.metrics:
        refuse(
            None,
            f"{name} and {over} count different things",
            expected="two formulas with params and mult-adds",
            found=f"{', '.join(map(title, entry.counts))} over "
            f"{', '.join(map(title, other.counts if other else ()))}",
        )
    sources = [entry.source, *([other.source] if other else []), *([SCALING] if scaling else [])]
    return Formula(
        name=entry.name,
        over=other.name if other else None,
        title=entry.title if other is None else f"{entry.title} over {other.title}",
        source=tuple(dict.fromkeys(sources)),
        symbols=view.used_symbols(),
        settings=given,
        counts=tuple(_count(metric, view, numbers) for metric in view.metrics),
    )


def entry_of(name: str) -> NamedFormula:
    """The formula of that name or alias.

    Raises:
        SpecError: there is none.
    """
    if name in FORMULAS:
        return FORMULAS[name]
    known = dict.fromkeys(entry.name for entry in FORMULAS.values())
    layer, at, _ = name.partition("@")
    if at and layer in FORMULAS:
        refuse(None, f"the layer to divide by takes no settings: '{name}'", option("over", layer))
    refuse(
        None,
        f"there is no formula '{name}'",
        expected="one of " + ", ".join(known),
        hint=did_you_mean(name, FORMULAS),
    )


def _count(metric: str, view: FormulaView, numbers: FormulaView) -> FormulaCount:
    formula, expression = view.expression(metric), numbers.expression(metric)
    return FormulaCount(
        metric=metric,
        formula=tree(formula, view.order),
        expression=numbers.expanded(expression),
        result=tree(expression, numbers.order),
        value=plain(expression) if expression.is_Rational else None,
        compared=numbers.compared(metric),
    )


def _page(formula: Formula) -> Page:
    name = formula.name if formula.over is None else f"{formula.name} over {formula.over}"
    latex: list[str | Equations] = [*formula.source, formula.equations()]
    text = prose(lambda style: _paragraphs(formula, style), latex)
    return Page(f"{name}: {formula.title}", (), (), listing=_table(formula), prose=text)


def _paragraphs(formula: Formula, style: Style) -> Iterator[str]:
    width = max(len(title(count.metric)) for count in formula.counts)
    lines = []
    for count in formula.counts:
        lines.append(f"  {title(count.metric):<{width}}  {written(count.formula, style)}")
        if formula.settings:
            lines.append(f"  {'':<{width}}  = {_result(count, style)}")
    yield "\n".join(lines)
    names = [_given(symbol, formula, style) for symbol in formula.symbols]
    longest = max(map(len, names), default=0)
    yield "\n".join(
        f"  {name:<{longest}}  {symbol.meaning}"
        for name, symbol in zip(names, formula.symbols, strict=True)
    )
    yield "\n".join(f"Source: {source}" for source in formula.source)


def _table(formula: Formula) -> Table:
    """One row per count, for scripts."""
    columns = tuple(Column(key, key) for key in ("metric", "formula", "result", "value"))
    rows = tuple(
        Row(
            (
                count.metric,
                written(count.formula, ASCII),
                written(count.result, ASCII),
                count.value,
            )
        )
        for count in formula.counts
    )
    return Table("Counts", columns, rows)


def _given(symbol: Symbol, formula: Formula, style: Style) -> str:
    """The symbol, with its number if one was set."""
    value = formula.settings.get(symbol.name.name)
    return style.name(symbol.name) + ("" if value is None else f" = {exact(value)}")


def _result(count: FormulaCount, style: Style) -> str:
    if count.value is None:
        return written(count.result, style)
    if isinstance(count.value, int) and count.compared is None:
        return counted(count.value)
    share = Fraction(count.value)
    about = f" ({rounded(share, 3)})" if share.denominator > 1 else ""
    text = written(count.result, style) + about
    if count.compared is None:
        return f"{text}, {_times(share)}"
    first, second = (counted(int(value)) for value in count.compared)
    return f"{text}: {first} {title(count.metric)} over {second}, {_times(share)}"


def _times(ratio: Fraction) -> str:
    """A ratio in words, to one decimal if that is not zero."""
    if ratio == 1:
        return "as many"
    factor = rounded(1 / ratio if ratio < 1 else ratio, 1).removesuffix(".0")
    if factor == "1":
        return f"{percent_text(abs(ratio - 1))} {'fewer' if ratio < 1 else 'more'}"
    return f"about {factor} times {'fewer' if ratio < 1 else 'as many'}"


def _count_data(count: FormulaCount) -> dict[str, Any]:
    return {
        **spellings(count.formula),
        "result": spellings(count.result),
        "value": ratio(count.value),
        "compared": None if count.compared is None else [ratio(value) for value in count.compared],
    }
