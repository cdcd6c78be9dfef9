"""Closed forms of whole networks as text for a terminal, as LaTeX and as JSON."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from costcalc.render.json import dumps, number
from costcalc.render.spellings import at_settings, exact_json, spellings
from costcalc.reporting.figures import counted, rounded
from costcalc.reporting.report import FORMAT_VERSION
from costcalc.reporting.tables import uncounted_notes
from costcalc.symbolic.domain import Extent
from costcalc.symbolic.networks import ClosedForm, Total
from costcalc.symbolic.writing import ASCII, UNICODE, Style, written


def closed_text(form: ClosedForm, style: Style) -> str:
    """The closed forms, where they are exact, what they give at the chosen settings."""
    width = max(len(form.title(metric)) for metric in form.totals)
    lines = [_headline(form, style), ""]
    for metric, total in form.totals.items():
        lines.append(f"  {form.title(metric):<{width}}  {written(total.formula, style)}")
    lines += ["", *_exactness(form, style)]
    assumptions = form.domain.assumptions(style, form.values)
    if assumptions:
        lines.append(f"Assumes {', '.join(assumptions)}.")
    lines += ["", *at_settings(form.parameters)]
    for metric, total in form.totals.items():
        lines.append(f"  {form.title(metric):<{width}}  {_comparison(total)}")
    lines += uncounted_notes(form.uncounted)
    source = ", ".join(form.source[key] for key in ("paper", "table") if key in form.source)
    if source:
        lines += ["", f"Source: {source}"]
    return "\n".join(lines) + "\n"


def closed_latex(form: ClosedForm) -> str:
    """An ``align`` environment of amsmath, where it is exact as comments."""
    comments = [_headline(form, ASCII), *_exactness(form, ASCII)]
    comments += [f"Assumes {each}." for each in form.domain.assumptions(ASCII, form.values)]
    comments += uncounted_notes(form.uncounted)
    text = "".join(f"% {comment}\n" for comment in comments)
    return f"{text}\\begin{{align}}\n{form.latex}\n\\end{{align}}\n"


def closed_json(form: ClosedForm) -> str:
    """The object that docs/formulas.md describes."""
    return dumps(
        {
            "format_version": FORMAT_VERSION,
            "network": form.network,
            "convention": form.convention,
            "unit": form.unit,
            "parameters": {name: number(value) for name, value in form.parameters.items()},
            "symbols": [_extent_json(extent) for extent in form.domain.extents],
            "assumes": form.domain.assumptions(ASCII, form.values),
            "exact": form.is_exact,
            **({"uncounted": form.uncounted} if form.uncounted else {}),
            **{metric: _total_json(total) for metric, total in form.totals.items()},
        }
    )


def _headline(form: ClosedForm, style: Style) -> str:
    symbols = " and ".join(
        style.name(name) if style.name(name) == name.name else f"{style.name(name)} ({name.name})"
        for name in form.names
    )
    return f"{form.network} in closed form in {symbols}, convention {form.convention}"


def _exactness(form: ClosedForm, style: Style) -> list[str]:
    if form.domain.is_empty:
        return ["Sizes are rounded: an approximation near these settings."]
    parts = [extent.multiples(style) for extent in form.domain.extents]
    where = " and ".join(part for part in parts if part)
    lines = [f"Exact for {where}." if where else "Exact where its assumptions hold."]
    if not where and not form.domain.assumptions(style, form.values):
        lines = ["Exact at all settings."]
    if form.domain.is_rounded:
        lines.append("Elsewhere sizes are rounded, and it is an approximation.")
    return lines


def _comparison(total: Total) -> str:
    """``4,209,088, as reported``; or by how much the closed form is off."""
    if total.value == total.reported:
        return f"{counted(total.reported)}, as reported"
    percent = rounded(abs(100 * total.error), 2)
    side = "more" if total.error > 0 else "less"
    value = counted(int(rounded(Fraction(total.value), 0)))
    return f"about {value}, {percent} % {side} than the {counted(total.reported)} reported"


def _extent_json(extent: Extent) -> dict[str, Any]:
    return {
        "name": extent.name.name,
        "symbol": extent.name.text,
        "multiple_of": exact_json(extent.step),
        "residue": extent.residue,
        "lowest": exact_json(extent.lowest),
        "highest": exact_json(extent.highest),
        "exact_for": extent.multiples(UNICODE),
    }


def _total_json(total: Total) -> dict[str, Any]:
    return {
        **spellings(total.formula),
        "terms": [
            {
                "coefficient": exact_json(value),
                "powers": {name.name: n for name, n in zip(total.names, powers, strict=True) if n},
            }
            for powers, value in total.polynomial.ordered()
        ],
        "value": exact_json(total.value),
        "reported": total.reported,
        "error_percent": float(100 * total.error),
    }
