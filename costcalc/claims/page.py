"""What was checked as plain tables: each paper's, with what was computed beside the print."""

from __future__ import annotations

from costcalc.claims.check import Checked, CheckedFile, CheckedTable
from costcalc.claims.claim import ClaimsFile
from costcalc.claims.verdict import Result
from costcalc.reporting.table import Cell, Column, Page, Row, Table, Word


def check_page(checked: Checked) -> Page:
    """A page with a table for each table of each paper."""
    tables = [_table(file, table) for file in checked.files for table in file.tables]
    summary = ", ".join(f"{number} {verdict}" for verdict, number in checked.summary.items())
    facts = (("claims", f"{len(checked.results)}: {summary}"),) if checked.results else ()
    return Page("costcalc check", facts, tuple(tables), _notes(checked))


def source(file: ClaimsFile, table: str) -> str:
    """Where a figure is printed: ``MobileNets, arXiv 1704.04861, Table 2``."""
    arxiv = file.source.get("arxiv")
    return ", ".join(filter(None, (file.title, f"arXiv {arxiv}" if arxiv else "", table)))


def _table(file: CheckedFile, checked: CheckedTable) -> Table:
    table = checked.table
    columns = [Column("row", "")]
    for head in table.columns:
        columns += [
            Column(head, head, "right"),
            Column(f"{head} computed", "computed", "right"),
            Column(f"{head} verdict", "verdict"),
        ]
    rows: dict[str, dict[str, Result]] = {}
    for result in checked.results:
        row = rows.setdefault(result.claim.row, {})
        while result.claim.column in row:  # a figure of a row by the same name
            row = rows.setdefault(f"{result.claim.row} ", {})
        row[result.claim.column] = result
    lines = []
    for name, found in rows.items():
        cells: list[Cell] = [name]
        for head in table.columns:
            cells += _cells(found.get(head))
        lines.append(Row(tuple(cells)))
    title = source(file.file, table.table) + (f": {table.title}" if table.title else "")
    return Table(title, tuple(columns), tuple(lines), _explanations(checked.results))


def _cells(result: Result | None) -> list[Cell]:
    if result is None:
        return [None, None, None]
    good = result.holds and not result.is_unexplained
    verdict = Word(result.verdict, "good" if good else "bad")
    return [result.claim.figure.text, result.shown, verdict]


def _explanations(results: tuple[Result, ...]) -> tuple[str, ...]:
    """What is said of figures, each saying once, with the figures it is said of."""
    said: dict[tuple[str, str], list[str]] = {}
    for result in results:
        if result.explanation:
            figures = said.setdefault((result.verdict, result.explanation), [])
            figures.append(f"{result.claim.row} ({result.claim.figure.text})")
    return tuple(
        f"{verdict}: {', '.join(figures)}: {words}" for (verdict, words), figures in said.items()
    )


def _notes(checked: Checked) -> tuple[str, ...]:
    notes = []
    for file in checked.files:
        reasons: dict[str, int] = {}
        for each in file.file.undetermined:
            reasons[each.reason] = reasons.get(each.reason, 0) + 1
        for reason, number in reasons.items():
            figures = "1 figure is" if number == 1 else f"{number} figures are"
            notes.append(f"{file.file.title}: {figures} not determined: {reason}")
        if not file.tables and not file.file.undetermined:
            network = "; the network itself is well formed" if file.file.spec else ""
            notes.append(f"{file.file.path}: claims nothing{network}")
    failed = [result for result in checked.results if not result.holds]
    if len(checked.results) == 1:
        notes.append("The claim does not hold." if failed else "The claim holds.")
    elif failed:
        notes.append(f"{len(failed)} of {len(checked.results)} claims do not hold.")
    elif checked.results:
        known = sum(result.is_unexplained for result in checked.results)
        but = f", {known} of them as errata that nothing explains" if known else ""
        notes.append(f"All {len(checked.results)} claims hold{but}.")
    return tuple(notes)
