"""Claims files to results: what ``costcalc check``, the pytest plugin and CI all ask."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from costcalc.claims.claim import ClaimsFile, PaperTable
from costcalc.claims.networks import Networks
from costcalc.claims.verdict import VERDICTS, Result, judge
from costcalc.errors import CostcalcError, Problem, SpecError


class CheckedTable(NamedTuple):
    """A paper's table with the result of each of its claims."""

    table: PaperTable
    results: tuple[Result, ...]


class CheckedFile(NamedTuple):
    """A claims file, checked."""

    file: ClaimsFile
    tables: tuple[CheckedTable, ...]


class Checked(NamedTuple):
    """Everything that was checked."""

    files: tuple[CheckedFile, ...]

    @property
    def results(self) -> tuple[Result, ...]:
        """The result of every claim, in the order of the files."""
        return tuple(
            result for file in self.files for table in file.tables for result in table.results
        )

    @property
    def summary(self) -> dict[str, int]:
        """How many claims have each verdict; verdicts that none has are left out."""
        verdicts = [result.verdict for result in self.results]
        return {name: verdicts.count(name) for name in VERDICTS if name in verdicts}

    @property
    def holds(self) -> bool:
        """Whether every claim stands."""
        return all(result.holds for result in self.results)


def check(
    files: Sequence[ClaimsFile],
    networks: Networks,
    each: Callable[[Iterable[Result]], Iterable[Result]] = iter,
) -> Checked:
    """The verdict on every claim.

    Args:
        files: as :func:`.sources.collect` finds them.
        networks: those that the files were read with.
        each: is handed the results as they come, to show how far they are.

    Raises:
        SpecError: with the problems of every claim whose network is wrong, and
            of every spec that does not unfold.
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

    results = {id(result.claim): result for result in each(judged())}
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
