"""Networks side by side on an interactive page, as they stand without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from costcalc.comparing.compare import ComparedNetwork, cause_text, compare, stage_text
from costcalc.costs.rules import COUNTS
from costcalc.escaping import html
from costcalc.render.page import Row, Table, text
from costcalc.reporting.report import report
from costcalc.webpage.model import NetworkModel
from costcalc.webpage.static import region


def side_by_side(models: Sequence[NetworkModel]) -> Iterator[str]:
    """The networks side by side, as ``costcalc compare`` has them."""
    entries = [
        ComparedNetwork(
            model.title, report(model.network.document, model.settings, model.conventions[0])
        )
        for model in models
    ]
    comparison = compare(entries, None)
    notes = (
        note
        for each in entries[1:]
        for note in (
            *(cause_text(comparison, each, metric) for metric in COUNTS),
            stage_text(comparison, each),
        )
    )
    yield '<section id="comparison"><h2>Side by side</h2>'
    for table in comparison.page().tables[1:4]:
        yield from _table(table)
    lines = "\n".join(map(html, filter(None, notes)))
    yield f'<p class="notes">{lines}</p></section>'


def _table(table: Table) -> Iterator[str]:
    heads = "".join(f'<th scope="col">{html(column.title)}' for column in table.columns)
    yield f"{region(table.title)}<table><caption>{html(table.title)}</caption>"
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
