"""Checks claims files and reports the results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from costcalc.claims.claim import ClaimsFile, PaperTable
from costcalc.claims.networks import Networks
from costcalc.claims.verdict import VERDICTS, Result, judge
from costcalc.errors import CostcalcError, Problem, SpecError
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.formatting import number
from costcalc.render.page import Cell, Column, Page, Row, Table, Word


class CheckedTable(NamedTuple):
    """A paper's table with the results of its claims."""

    table: PaperTable
    results: tuple[Result, ...]


class CheckedFile(NamedTuple):
    """A claims file with the results of its claims."""

    file: ClaimsFile
    tables: tuple[CheckedTable, ...]


@dataclass(frozen=True, repr=False)
class Checked(Answer):
    """The results of a check."""

    question: ClassVar[str] = "check"

    files: tuple[CheckedFile, ...]

    @property
    def in_files(self) -> Iterator[tuple[ClaimsFile, Result]]:
        """Every result with the file of its claim."""
        for file in self.files:
            for table in file.tables:
                for result in table.results:
                    yield file.file, result

    @property
    def results(self) -> tuple[Result, ...]:
        """The result of every claim, in the order of the files."""
        return tuple(result for _, result in self.in_files)

    @property
    def summary(self) -> dict[str, int]:
        """The number of claims by verdict, without verdicts that do not occur."""
        verdicts = [result.verdict for result in self.results]
        return {name: verdicts.count(name) for name in VERDICTS if name in verdicts}

    @property
    def holds(self) -> bool:
        """Whether every claim holds."""
        return all(result.holds for result in self.results)

    def page(self) -> Page:
        """A table for each table of a paper, with computed values beside the printed ones."""
        return _page(self)

    def data(self) -> dict[str, Any]:
        """Every claim, the undetermined figures, and the number of claims by verdict."""
        return {
            "format_version": FORMAT_VERSION,
            "claims": [_claim_data(file, result) for file, result in self.in_files],
            "undetermined": [
                {
                    "id": figure.id,
                    "source": file.file.place(figure.table),
                    "printed": figure.printed,
                    "reason": figure.reason,
                }
                for file in self.files
                for figure in file.file.undetermined
            ],
            "summary": self.summary,
        }


def check(
    files: Sequence[ClaimsFile],
    networks: Networks,
    watch: Callable[[Iterable[Result]], Iterable[Result]] = iter,
) -> Checked:
    """Judges every claim.

    Args:
        files: from :func:`.sources.collect`.
        networks: the networks that the files were read with.
        watch: wraps the iterable of results, to show progress.

    Raises:
        SpecError: with the problems of every claim whose network is wrong, and
            of every spec that is.
    """
    problems: list[Problem] = []

    def judged() -> Iterable[Result]:
        for file in files:
            try:
                if file.spec is not None:
                    networks.graph(file.spec)
            except CostcalcError as error:
                problems.extend(error.problems)
                continue
            for claim in file.claims:
                try:
                    yield judge(claim, networks)
                except CostcalcError as error:
                    problems.extend(error.problems)

    results = {id(result.claim): result for result in watch(judged())}
    if problems:
        raise SpecError(list(dict.fromkeys(problems)))
    return Checked(
        tuple(
            CheckedFile(
                file,
                tuple(
                    CheckedTable(table, tuple(results[id(claim)] for claim in table.claims))
                    for table in file.tables
                ),
            )
            for file in files
        )
    )


def _page(checked: Checked) -> Page:
    tables = [_table(file, table) for file in checked.files for table in file.tables]
    summary = ", ".join(f"{number} {verdict}" for verdict, number in checked.summary.items())
    facts = (("claims", f"{len(checked.results)}: {summary}"),) if checked.results else ()
    return Page("costcalc check", facts, tuple(tables), _notes(checked), listing=_listing(checked))


def _listing(checked: Checked) -> Table:
    """One row per claim, for scripts."""
    keys = ("id", "source", "row", "column", "printed", "computed", "verdict", "explanation")
    rows = tuple(
        Row(
            (
                result.claim.id,
                file.place(result.claim.table),
                result.claim.row,
                result.claim.column,
                result.claim.figure.text,
                result.computed,
                result.verdict,
                result.explanation,
            )
        )
        for file, result in checked.in_files
    )
    return Table("Claims", tuple(Column(key, key) for key in keys), rows)


def _table(file: CheckedFile, checked: CheckedTable) -> Table:
    table = checked.table
    columns = [Column("row", "")]
    for head in table.columns:
        columns += [
            Column(head, head, "right"),
            Column(f"{head} computed", "computed", "right", is_beside=True),
            Column(f"{head} verdict", "verdict", is_beside=True),
        ]
    rows: dict[str, dict[str, Result]] = {}
    for result in checked.results:
        name = result.claim.row
        while result.claim.column in rows.get(name, {}):  # of another row by the same name
            name += " "
        rows.setdefault(name, {})[result.claim.column] = result
    lines = []
    for name, results in rows.items():
        cells: list[Cell] = [name]
        for head in table.columns:
            cells += _cells(results.get(head))
        lines.append(Row(tuple(cells)))
    title = file.file.place(table.table) + (f": {table.title}" if table.title else "")
    return Table(title, tuple(columns), tuple(lines), _explanations(checked.results))


def _cells(result: Result | None) -> list[Cell]:
    if result is None:
        return [None, None, None]
    good = result.holds and not result.is_unexplained
    verdict = Word(result.verdict, "good" if good else "bad")
    return [result.claim.figure.text, result.shown, verdict]


def _explanations(results: tuple[Result, ...]) -> tuple[str, ...]:
    """Each explanation once, with the figures that it explains."""
    explained: dict[tuple[str, str], list[str]] = {}
    for result in results:
        if result.explanation:
            figures = explained.setdefault((result.verdict, result.explanation), [])
            figures.append(f"{result.claim.row} ({result.claim.figure.text})")
    return tuple(
        f"{verdict}: {', '.join(figures)}: {words}"
        for (verdict, words), figures in explained.items()
    )


def _notes(checked: Checked) -> tuple[str, ...]:
    notes = []
    for file in checked.files:
        reasons: dict[str, int] = {}
        for figure in file.file.undetermined:
            reasons[figure.reason] = reasons.get(figure.reason, 0) + 1
        for reason, times in reasons.items():
            figures = "1 figure is" if times == 1 else f"{times} figures are"
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
        unexplained = sum(result.is_unexplained for result in checked.results)
        but = f", but for {unexplained} that nothing explains" if unexplained else ""
        notes.append(f"All {len(checked.results)} claims hold{but}.")
    return tuple(notes)


def _claim_data(file: ClaimsFile, result: Result) -> dict[str, Any]:
    claim = result.claim
    computed = result.computed
    return {
        "id": claim.id,
        "source": file.place(claim.table),
        "network": " + ".join(network.name for network in claim.quantity.subject.networks),
        "parameters": {name: number(value) for name, value in result.parameters.items()},
        "metric": claim.quantity.metric,
        "printed": claim.figure.text,
        "computed": computed.numerator if computed.denominator == 1 else float(computed),
        "verdict": result.verdict,
        "explanation": result.explanation,
        "row": claim.row,
        "file": claim.mark.file,
        "line": claim.mark.line,
    }
