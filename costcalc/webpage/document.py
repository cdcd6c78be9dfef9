"""The HTML of an interactive page: tables that stand without JavaScript, then data and script.

Nothing is loaded: style, script and data are in the file, and its policy allows no other.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from hashlib import sha256
from pathlib import Path

from costcalc.comparing.compare import ComparedNetwork, cause_text, compare
from costcalc.costs.rules import COUNTS, UNITS
from costcalc.errors import SpecError
from costcalc.escaping import html, json_island
from costcalc.formulas.algebra import Size
from costcalc.performance.roofline import rates
from costcalc.performance.running import Run, default_dtype, device_line
from costcalc.pictures.data import accuracies
from costcalc.render.formatting import counted, exact, milliseconds, scaled, share
from costcalc.render.page import Row, Table, text
from costcalc.reporting.phrases import settings_line, source_line, unit_title
from costcalc.reporting.report import report
from costcalc.storing.network import storage_or_default
from costcalc.storing.storage import in_unit
from costcalc.tape.number import TapeNumber
from costcalc.webpage.charts import RoofPoint, bubbles, over_steps, under_roof
from costcalc.webpage.data import page_data
from costcalc.webpage.drawing import BoxFigures, graph
from costcalc.webpage.formulas import FormulaSheet
from costcalc.webpage.levels import LevelSheet
from costcalc.webpage.model import Counts, NetworkModel, Structure, TableRow
from costcalc.webpage.resources import StepsInTime

FOLDER = Path(__file__).parent
STYLES = ("page.css", "drawing.css", "charts.css")

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
    graphs = [LevelSheet() for _ in models]
    data = page_data(models, sheet, graphs)
    style = "".join(map(_shipped, STYLES))
    script = "".join(map(_shipped, _scripts(models)))
    formulas = "".join(formula.mathml for formula in sheet.formulas)
    return _DOCUMENT.format(
        policy=_policy(script, style),
        title=html(_title(models)),
        style=style,
        body="\n".join([*_body(models, graphs), f'<div id="formulas" hidden>{formulas}</div>']),
        data=json_island(json.dumps(data, ensure_ascii=False, separators=(",", ":"))),
        script=script,
    )


def _scripts(models: Sequence[NetworkModel]) -> Iterator[str]:
    """The scripts that a page needs."""
    measures = models[0].measures
    yield from ("tape.js", "format.js", "drawing.js")
    if len(models) > 1:
        yield "comparison.js"
    if measures.storages or measures.runs:
        yield "resources.js"
    if measures.storages or measures.runs or any(map(_has_accuracies, models)):
        yield "charts.js"
    yield "page.js"


def _shipped(name: str) -> str:
    """A file of the page without the comments and the indentation, which only we read."""
    lines = []
    is_comment = False
    for line in map(str.strip, (FOLDER / name).read_text(encoding="utf-8").splitlines()):
        is_comment = is_comment or line.startswith("/*")
        if line and not is_comment and not line.startswith("//"):
            lines.append(f"{line}\n")
        is_comment = is_comment and not line.endswith("*/")
    return "".join(lines)


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


def _body(models: Sequence[NetworkModel], graphs: Sequence[LevelSheet]) -> Iterator[str]:
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
    yield "<table><thead><tr><th>Network<th>At<th>"
    yield f"{html(unit_title(UNITS[convention.unit].title))}<th>Params</thead><tbody>"
    for model in models:
        yield _Static(model).totals()
    yield "</tbody></table>"
    line = f"{convention.name}: {convention.title}"
    yield '</section><div id="taken">'
    yield f'<p>Convention <span id="convention">{html(line)}</span></p></div>'
    if len(models) > 1:
        yield from _comparison(models)
    yield from _fixed(models)
    yield from _accuracies(models)
    for number, model in enumerate(models):
        yield from _network(number, model, graphs[number])
    yield "</div></main>"
    yield "<footer><p>Made by costcalc. Every number is exact, and that of"
    yield "<code>costcalc report</code> at the same settings.</p></footer>"


def _fixed(models: Sequence[NetworkModel]) -> Iterator[str]:
    """What the page does not move, and why."""
    for model in models:
        words = ", ".join(
            f"{fixed.name} = {exact(fixed.value)}" + (f" ({fixed.reason})" if fixed.reason else "")
            for fixed in model.fixed
            if fixed.value is not None
        )
        if words:
            name = f"{model.title}, fixed" if len(models) > 1 else "Fixed"
            yield f'<p class="notes">{html(f"{name}: {words}.")}</p>'


def _has_accuracies(model: NetworkModel) -> bool:
    return bool(model.network.document.accuracies)


def _accuracies(models: Sequence[NetworkModel]) -> Iterator[str]:
    """Published accuracies, and where the networks are, under the first convention."""
    printed = [model.network for model in models if _has_accuracies(model)]
    try:
        points = accuracies(printed, models[0].conventions[0]) if printed else None
    except SpecError:  # none at the settings that their names carry
        points = None
    if points is None:
        return
    statics = map(_Static, models)
    now = [(each.model.title, each.counts(each.structure.totals[0])[0]) for each in statics]
    yield '<section id="accuracies"><h2>Accuracy against cost</h2>'
    yield "<figure>" + bubbles("Published ImageNet top-1 accuracies", points, now) + "</figure>"
    name = html(models[0].conventions[0].name)
    yield f'<p class="notes">Mult-adds under convention {name}; the line is at the settings of now.'
    yield "</p></section>"


def _comparison(models: Sequence[NetworkModel]) -> Iterator[str]:
    """The networks side by side, as ``costcalc compare`` has them."""
    entries = [
        ComparedNetwork(
            model.title, report(model.network.document, model.settings, model.conventions[0])
        )
        for model in models
    ]
    comparison = compare(entries, None)
    notes = (cause_text(comparison, each, metric) for each in entries[1:] for metric in COUNTS)
    yield '<section id="comparison"><h2>Side by side</h2>'
    for table in comparison.page().tables[1:3]:
        yield from _side_by_side(table)
    lines = "\n".join(map(html, filter(None, notes)))
    yield f'<p class="notes">{lines}</p></section>'


def _side_by_side(table: Table) -> Iterator[str]:
    heads = "".join(f'<th scope="col">{html(column.title)}' for column in table.columns)
    yield f"{_region(table.title)}<table><caption>{html(table.title)}</caption>"
    yield f"<thead><tr>{heads}</thead><tbody>"
    for row in table.rows:
        yield _cells(row)
    yield "</tbody><tfoot>"
    if table.total is not None:
        yield _cells(table.total)
    yield "</table></div>"


def _cells(row: Row) -> str:
    first, *others = (html(text(cell)) for cell in row.cells)
    return f'<tr><th scope="row">{first}' + "".join(f"<td>{words}" for words in others)


def _network(number: int, model: NetworkModel, levels: LevelSheet) -> Iterator[str]:
    static = _Static(model)
    unit = unit_title(UNITS[model.conventions[0].unit].title)
    yield f'<section class="network" id="network{number}" aria-labelledby="name{number}">'
    yield f'<h2 id="name{number}">{html(model.title)}</h2>'
    yield _region(f"Types of {model.title}")
    yield _table("types", "Types of layer", ["Type", "Layers"], unit)
    yield from static.types()
    yield static.total(2)
    yield "</table></div>"
    yield f'<p class="notes">{html(static.notes())}</p>'
    yield _region(f"Layers of {model.title}")
    yield _table("layers", "Layers", ["Type / Stride", "Layer", "Filter Shape", "Input Size"], unit)
    yield from static.rows()
    yield static.total(4)
    yield "</table></div>"
    yield '<h3>Layer graph</h3><p class="chosen-box" role="status"></p>'
    outermost = levels.number(static.structure.levels)
    yield from graph(levels, outermost, model.title, static.figures)
    if model.measures.storages:
        yield from _memory(static)
    if model.measures.runs:
        yield from _times(static)
    yield "</section>"


def _region(name: str) -> str:
    """What is wider than a narrow screen, and scrolls there."""
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{html(name)}">'


def _facts(facts: Mapping[str, tuple[str, str]]) -> str:
    """Facts with their names; ``resources.js`` writes others into the elements of their keys."""
    rows = "".join(
        f'<dt>{name}<dd data-fact="{key}">{html(text)}' for key, (name, text) in facts.items()
    )
    return f"<dl>{rows}</dl>"


def _memory(static: _Static) -> Iterator[str]:
    """The memory of a network under the first storage."""
    steps = static.structure.memory[0]
    storage = storage_or_default(static.model.measures.storages[0])
    peak = (
        f"not on this page: {steps.planner} gives addresses, which costcalc memory finds"
        if steps.peak is None
        else f"{storage.amount(static.value(steps.peak))}, planner {steps.planner}"
    )
    yield '<div class="memory"><h3>Memory</h3>'
    yield _facts(
        {
            "storage": ("Storage", f"{storage.name}: {storage.title}"),
            "flash": ("Flash", storage.amount(static.value(steps.flash))),
            "bound": ("RAM, no plan needs less", storage.amount(static.value(steps.bound))),
            "peak": ("RAM", peak),
        }
    )
    title = f"Bytes alive in each step of {static.model.title}"
    values = list(map(static.value, steps.alive))
    shown = partial(in_unit, unit=storage.unit)
    yield f"<figure>{over_steps(title, steps.names, values, shown)}</figure></div>"


def _times(static: _Static) -> Iterator[str]:
    """The times of a network on the first device, and a roof for each."""
    runs = static.model.measures.runs
    first = static.structure.times[0]
    seconds = [milliseconds(static.value(time)) for time in (first.bound, first.roofline)]
    yield '<div class="times"><h3>Time</h3>'
    yield _facts(
        {
            "device": ("Device", device_line(runs[0])),
            "bound": ("Bound, no run is faster", seconds[0]),
            "roofline": ("Roofline, an estimate", seconds[1]),
            "serial": ("Serial, an estimate", milliseconds(static.value(first.serial))),
        }
    )
    for run, times in zip(runs, static.structure.times, strict=True):
        yield f"<figure>{static.roof(run, times)}</figure>"
    yield "</div>"


def _table(name: str, caption: str, heads: Sequence[str], unit: str) -> str:
    columns = "".join(f'<th scope="col">{head}' for head in heads)
    columns += f'<th scope="col" class="unit">{html(unit)}'
    columns += "".join(f'<th scope="col">{head}' for head in ("%", "Params", "%"))
    return f'<table class="{name}"><caption>{caption}</caption><thead><tr>{columns}</thead><tbody>'


class _Static:
    """The tables of a network at the settings that its page opens with."""

    def __init__(self, model: NetworkModel) -> None:
        self.model = model
        structure = model.opening.result
        assert isinstance(structure, Structure)  # or there would be no page
        self.structure = structure
        defaults = model.defaults
        self.numbers = [defaults[parameter.name] for parameter in model.program.tape.parameters]

    def value(self, number: Size) -> Size:
        """A number of the tape at these settings."""
        if isinstance(number, TapeNumber):
            return self.model.program.player.value(number.node, tuple(self.numbers))
        return number

    def totals(self) -> str:
        """The row of totals."""
        settings = {control.name: control.default for control in self.model.controls}
        total = self.counts(self.structure.totals[0])
        words = "".join(
            f"<td><span>{scaled(value)}</span> <small>{counted(value)}</small> <small></small>"
            for value in total
        )
        line = html(settings_line(settings))
        return f'<tr><th scope="row">{html(self.model.title)}<td>{line}{words}'

    def rows(self) -> Iterator[str]:
        """The rows of the table of layers."""
        for row in self.structure.rows:
            classes = [f"d{min(row.depth, 8)}"]
            classes += ["sum"] * row.is_sum + ["free"] * row.is_free[0]
            filter_ = self.size(row.filter) + row.suffix
            words = [row.path, filter_, self.size(row.input)]
            cells = "".join(f"<td>{html(each)}" for each in words)
            yield (
                f'<tr class="{" ".join(classes)}"><th scope="row">{html(row.title)}{cells}'
                f"{self.costs(row)}"
            )

    def types(self) -> Iterator[str]:
        """The rows of the table of types, the costliest first."""
        rows = [(row, self.counts(row.counts[0])) for row in self.structure.types if row.layers[0]]
        for row, counts in sorted(rows, key=lambda pair: (-pair[1][0], -pair[1][1])):
            costs = self.shares(counts)
            yield f'<tr><th scope="row">{html(row.type)}<td>{counted(row.layers[0])}{costs}'

    def total(self, span: int) -> str:
        """The row below a table, whose first columns are words."""
        blank = "<td>" * (span - 1)
        mult_adds, params = map(counted, self.counts(self.structure.totals[0]))
        return f'</tbody><tfoot><tr><th scope="row">Total{blank}<td>{mult_adds}<td><td>{params}<td>'

    def notes(self) -> str:
        """What a reader must know of the totals."""
        return " ".join(self.structure.notes[0])

    def costs(self, row: TableRow) -> str:
        """The costs of a row; none for a layer that is not counted."""
        return self.shares(self.counts(row.counts[0])) if row.counts else "<td>" * 4

    def shares(self, counts: Iterable[Size]) -> str:
        """Costs with their shares of the totals."""
        pairs = zip(counts, self.counts(self.structure.totals[0]), strict=True)
        return "".join(f"<td>{counted(part)}<td>{share(part, total)}" for part, total in pairs)

    def figures(self, rows: tuple[int, ...]) -> BoxFigures:
        """What a box of the graph shows for some rows of the table."""
        shown = [self.structure.rows[row] for row in rows]
        cost = sum(self.value(row.counts[0].mult_adds) for row in shown if row.counts)
        sides = [exact(self.value(side)) for side in shown[-1].output or ()]
        return BoxFigures(scaled(cost) if cost else "", "×".join(sides), cost)

    def roof(self, run: Run, times: StepsInTime) -> str:
        """The roofline of a device; words where its bandwidth is not stated."""
        speeds = rates(run.device, run.dtype or default_dtype(run.device), run.cores)
        if speeds.tensors is None:
            return f"<p>{html(run.device.name)} has no stated bandwidth, and so no roofline.</p>"
        rows = {row.path: number for number, row in enumerate(self.structure.rows)}
        total = self.value(times.roofline)
        points = []
        for step in times.steps:
            operations, moved, seconds = map(self.value, step[2:])
            points.append(
                RoofPoint(
                    step.name,
                    rows.get(step.layer, 0),
                    Fraction(operations, moved) if moved else Fraction(0),
                    Fraction(operations) / seconds if seconds else Fraction(0),
                    Fraction(seconds) / total if total else Fraction(0),
                )
            )
        title = f"{self.model.title} under the roof of {run.device.name}"
        return under_roof(title, speeds.operations, speeds.tensors, points)

    def counts(self, counts: Counts) -> tuple[Size, ...]:
        """Costs at these settings."""
        return tuple(map(self.value, counts))

    def size(self, shape: Iterable[Size] | None) -> str:
        """Dimensions; empty for none."""
        return " × ".join(exact(self.value(side)) for side in shape or ())
