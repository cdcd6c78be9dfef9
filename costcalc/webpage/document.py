"""The HTML of an interactive page: tables that stand without JavaScript, then data and script.

Nothing is loaded: style, script and data are in the file, and its policy allows no other.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256

from costcalc.costs.rules import UNITS
from costcalc.errors import SpecError
from costcalc.escaping import html, json_island
from costcalc.render.formatting import exact
from costcalc.reporting.phrases import source_line, unit_title
from costcalc.webpage import files
from costcalc.webpage.data import page_data
from costcalc.webpage.files import CHARTS, COMPARISON, RESOURCES
from costcalc.webpage.formulas import FormulaSheet
from costcalc.webpage.model import NetworkModel
from costcalc.webpage.static import StaticNetwork, opened_table, region

_DOCUMENT = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="costcalc">
<title>{title}: what it costs</title>
<style>{style}</style>
</head>
<body>
{body}
<script type="application/json" id="data">{data}</script>
<script>{script}</script>
</body>
</html>
"""


def document(models: Sequence[NetworkModel]) -> str:
    """The page of some networks, all under the same conventions."""
    sheet = FormulaSheet()
    data = page_data(models, sheet)
    parts = list(_parts(models))
    style, script = files.style(parts), files.script(parts)
    formulas = "".join(formula.mathml for formula in sheet.formulas)
    return _DOCUMENT.format(
        policy=_policy(script, style),
        title=html(_title(models)),
        style=style,
        body="\n".join([*_body(models), f'<div id="formulas" hidden>{formulas}</div>']),
        data=json_island(json.dumps(data, ensure_ascii=False, separators=(",", ":"))),
        script=script,
    )


def _parts(models: Sequence[NetworkModel]) -> Iterator[str]:
    """The parts that a page needs."""
    measures = models[0].measures
    if len(models) > 1:
        yield COMPARISON
    if measures.storages or measures.runs:
        yield from (CHARTS, RESOURCES)
    elif any(map(_has_accuracies, models)):
        yield CHARTS


def _policy(script: str, style: str) -> str:
    """What the page may load and run: this script and this style, and nothing else."""
    return (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _title(models: Sequence[NetworkModel]) -> str:
    return ", ".join(model.title for model in models)


def _body(models: Sequence[NetworkModel]) -> Iterator[str]:
    convention = models[0].conventions[0]
    sources = [(model.title, source_line(model.network.document.source)) for model in models]
    yield f"<header><h1>{html(_title(models))}</h1>"
    for title, source in sources:
        if source:
            prefix = f"<b>{html(title)}</b> " if len(models) > 1 else ""
            yield f"<p>{prefix}{html(source)}</p>"
    yield "</header><main>"
    yield '<form id="controls" aria-label="Settings" hidden></form>'
    yield '<div id="answers">'
    yield '<p id="refusal" role="alert" hidden></p>'
    yield '<section id="totals" aria-labelledby="totals-title"><h2 id="totals-title">Totals</h2>'
    yield '<table><thead><tr><th>Network<th>At<th class="unit">'
    yield f"{html(unit_title(UNITS[convention.unit].title))}<th>Params</thead><tbody>"
    for model in models:
        yield StaticNetwork(model).totals()
    yield "</tbody></table>"
    line = f"{convention.name}: {convention.title}"
    yield '</section><div id="taken">'
    yield f'<p>Convention <span id="convention">{html(line)}</span></p></div>'
    if len(models) > 1:
        from costcalc.webpage.side_by_side import side_by_side

        yield from side_by_side(models)
    yield from _fixed(models)
    for number, model in enumerate(models):
        yield from _network(number, model)
    yield from _accuracies(models)
    yield "</div></main>"
    yield "<footer><p>Made by costcalc. Every number is exact, and that of"
    yield "<code>costcalc report</code> at the same settings.</p></footer>"


def _fixed(models: Sequence[NetworkModel]) -> Iterator[str]:
    """What the page does not move, and why."""
    for model in models:
        words = "; ".join(
            fixed.name
            + ("" if fixed.value is None else f" = {exact(fixed.value)}")
            + (f" ({fixed.reason})" if fixed.reason else "")
            for fixed in model.fixed
        )
        if words:
            name = f"{model.title}, fixed" if len(models) > 1 else "Fixed"
            yield f'<p class="notes">{html(f"{name}: {words}.")}</p>'
        if not model.is_whole:
            some = f"This page holds {model.title} at some settings only; costcalc report has all."
            yield f'<p class="notes">{html(some)}</p>'


def _has_accuracies(model: NetworkModel) -> bool:
    return bool(model.network.document.accuracies)


def _accuracies(models: Sequence[NetworkModel]) -> Iterator[str]:
    """Published accuracies, and where the networks are, under the first convention."""
    from costcalc.pictures.accuracies import accuracies
    from costcalc.webpage.charts import bubbles

    printed = [model.network for model in models if _has_accuracies(model)]
    try:
        points = accuracies(printed, models[0].conventions[0]) if printed else None
    except SpecError:  # none at the settings that their names carry
        points = None
    if points is None or len(points.points) < 2:
        return
    statics = map(StaticNetwork, models)
    now = [(each.model.title, each.counts(each.structure.totals[0])[0]) for each in statics]
    yield '<section id="accuracies"><h2>Accuracy against cost</h2>'
    yield "<figure>" + bubbles("Published ImageNet top-1 accuracies", points, now) + "</figure>"
    unit, name = unit_title(points.unit), html(models[0].conventions[0].name)
    yield f'<p class="notes">{unit} under convention {name}; the line is at the settings of now.'
    yield "</p></section>"


def _network(number: int, model: NetworkModel) -> Iterator[str]:
    static = StaticNetwork(model)
    unit = unit_title(UNITS[model.conventions[0].unit].title)
    yield f'<section class="network" id="network{number}" aria-labelledby="name{number}">'
    yield f'<h2 id="name{number}">{html(model.title)}</h2>'
    yield region(f"Types of {model.title}")
    yield opened_table("types", "Types of layer", ["Type", "Layers"], unit)
    yield from static.types()
    yield static.total(2)
    yield "</table></div>"
    yield f'<p class="notes">{html(static.notes())}</p>'
    yield region(f"Layers of {model.title}")
    yield opened_table(
        "layers", "Layers", ["Type / Stride", "Layer", "Filter Shape", "Input Size"], unit
    )
    yield from static.rows()
    yield static.total(4)
    yield "</table></div>"
    yield '<h3>Layer graph</h3><p class="chosen-box" role="status"></p>'
    yield '<div class="graph"><noscript>The graph is drawn by JavaScript.</noscript></div>'
    if model.measures.storages or model.measures.runs:
        from costcalc.webpage.resource_sections import resource_sections

        yield from resource_sections(static)
    yield "</section>"
