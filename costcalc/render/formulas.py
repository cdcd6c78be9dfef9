"""Formulas of layers as text for a terminal, as LaTeX and as JSON."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from costcalc.render.json import dumps
from costcalc.render.spellings import exact_json, spellings
from costcalc.reporting.figures import counted, exact, rounded
from costcalc.reporting.report import FORMAT_VERSION
from costcalc.symbolic.layers import Count, Formula
from costcalc.symbolic.notation import Symbol, title
from costcalc.symbolic.writing import Style, written


def formula_text(formula: Formula, style: Style) -> str:
    """The formulas, their numbers, what each symbol means, the source."""
    lines = [_headline(formula), ""]
    width = max(len(title(count.metric)) for count in formula.counts)
    for count in formula.counts:
        lines.append(f"  {title(count.metric):<{width}}  {written(count.formula, style)}")
        if formula.settings:
            lines.append(f"  {'':<{width}}  = {_result(count, style)}")
    lines.append("")
    names = [_given(symbol, formula, style) for symbol in formula.symbols]
    for name, symbol in zip(names, formula.symbols, strict=True):
        lines.append(f"  {name:<{max(map(len, names))}}  {symbol.meaning}")
    lines += ["", *(f"Source: {source}" for source in formula.source)]
    return "\n".join(lines) + "\n"


def formula_latex(formula: Formula) -> str:
    """An ``align`` environment of amsmath, the source as a comment."""
    comments = "".join(f"% {source}\n" for source in (_headline(formula), *formula.source))
    return f"{comments}\\begin{{align}}\n{formula.latex}\n\\end{{align}}\n"


def formula_json(formula: Formula) -> str:
    """The object that docs/formulas.md describes."""
    return dumps(
        {
            "format_version": FORMAT_VERSION,
            "formula": formula.name,
            "over": formula.over,
            "title": formula.title,
            "source": list(formula.source),
            "settings": {name: exact_json(value) for name, value in formula.settings.items()},
            "symbols": [
                {"name": symbol.name.name, "latex": symbol.name.latex, "meaning": symbol.meaning}
                for symbol in formula.symbols
            ],
            **{count.metric: _count_json(count) for count in formula.counts},
        }
    )


def _given(symbol: Symbol, formula: Formula, style: Style) -> str:
    """The symbol, with its number where it has one."""
    value = formula.settings.get(symbol.name.name)
    return style.name(symbol.name) + ("" if value is None else f" = {exact(value)}")


def _headline(formula: Formula) -> str:
    name = formula.name if formula.over is None else f"{formula.name} over {formula.over}"
    return f"{name}: {formula.title}"


def _result(count: Count, style: Style) -> str:
    if count.value is None:
        return written(count.result, style)
    if isinstance(count.value, int) and count.compared is None:
        return counted(count.value)
    ratio = Fraction(count.value)
    about = f" ({rounded(ratio, 3)})" if ratio.denominator > 1 else ""
    text = written(count.result, style) + about
    if count.compared is None:
        return f"{text}, {_times(ratio)}"
    above, below = (counted(int(value)) for value in count.compared)
    return f"{text}: {above} {title(count.metric)} over {below}, {_times(ratio)}"


def _times(ratio: Fraction) -> str:
    """A ratio in words, to one decimal where it has one."""
    if ratio == 1:
        return "as many"
    factor = rounded(1 / ratio if ratio < 1 else ratio, 1).removesuffix(".0")
    return f"about {factor} times {'fewer' if ratio < 1 else 'as many'}"


def _count_json(count: Count) -> dict[str, Any]:
    return {
        **spellings(count.formula),
        "result": spellings(count.result),
        "value": exact_json(count.value),
        "compared": None
        if count.compared is None
        else [exact_json(each) for each in count.compared],
    }
