"""The pages of ``costcalc sweep``: one row a setting, or two parameters crossed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from costcalc.costs.rules import UNITS
from costcalc.errors import Problem, SpecError
from costcalc.grid.sweep import Sweep
from costcalc.grid.sweep import SweepRow as Setting
from costcalc.reporting.figures import counted, exact, printable
from costcalc.reporting.table import Cell, Column, Page, Ratio, Row, Scaled, Table
from costcalc.reporting.tables import unit_title

ROWS = 100_000
"""Rows that a table, or JSON, holds."""


def limited(rows: Iterable[Setting]) -> list[Setting]:
    """The rows as a list.

    Raises:
        SpecError: there are more than a table holds.
    """
    found: list[Setting] = []
    for row in rows:
        if len(found) == ROWS:
            raise too_many(f"more than {ROWS:,}")
        found.append(row)
    return found


def too_many(rows: str) -> SpecError:
    """The error that says how to write a result that is too large for a table."""
    problem = Problem(
        None,
        f"the sweep has {rows} rows",
        expected=f"at most {ROWS:,} in a table, Markdown, LaTeX, HTML, JSON or a picture",
        hint="-o FILE.csv or -o FILE.parquet, which stream any number; or --where or --top",
    )
    return SpecError([problem])


def sweep_page(sweep: Sweep, rows: Sequence[Setting], facts: Sequence[tuple[str, str]]) -> Page:
    """One row for each setting."""
    several = len(sweep.networks) > 1
    has_accuracy = any(row.accuracy for row in rows)
    columns = [Column("network", "Network")] if several else []
    columns += [_parameter(axis.name, axis.is_numeric) for axis in sweep.axes]
    columns += [Column("params", "Params", "right"), Column("mult_adds", _unit(sweep), "right")]
    columns += [Column("top1", "Top-1 %", "right", audience="people")] if has_accuracy else []
    lines = []
    for row in rows:
        cells: list[Cell] = [row.network] if several else []
        cells += [exact(value) for value in row.settings.values()]
        cells += [row.params, row.mult_adds]
        if has_accuracy:
            cells.append(Ratio(Fraction(row.accuracy.top1), 1) if row.accuracy else None)
        lines.append(Row(tuple(cells)))
    table = Table("Settings", tuple(columns), tuple(lines))
    return _page(sweep, facts, (table,))


def pivot_page(sweep: Sweep, rows: Sequence[Setting], facts: Sequence[tuple[str, str]]) -> Page:
    """The last parameter's values as columns; the others, and the networks, as rows.

    Raises:
        SpecError: fewer than two parameters vary.
    """
    if len(sweep.axes) < 2:
        raise SpecError(
            [
                Problem(
                    None,
                    "a pivot crosses two parameters",
                    expected="two of them: --alpha 0.5,1 --res 128:224:32",
                )
            ]
        )
    across = sweep.axes[-1]
    groups: dict[tuple[Any, ...], dict[Any, Setting]] = {}
    for row in rows:
        *key, last = row.settings.values()
        groups.setdefault((row.network, *key), {})[last] = row
    is_one = all(len({row.params for row in group.values()}) == 1 for group in groups.values())
    heads = [Column("network", "Network")] if len(sweep.networks) > 1 else []
    heads += [_parameter(axis.name, axis.is_numeric) for axis in sweep.axes[:-1]]
    sides = [
        Column(f"{across.name}={exact(value)}", f"{across.name} {exact(value)}", "right")
        for value in across.values
    ]

    def table(title: str, metric: str, ends: list[Column]) -> Table:
        lines = []
        for key, group in groups.items():
            cells: list[Cell] = list(key[:1]) if len(sweep.networks) > 1 else []
            cells += [exact(value) for value in key[1:]]
            for value in across.values:
                cells.append(Scaled(getattr(group[value], metric)) if value in group else None)
            cells += [Scaled(next(iter(group.values())).params)] if ends else []
            lines.append(Row(tuple(cells)))
        return Table(title, (*heads, *sides, *ends), tuple(lines))

    ends = [Column("params", "Params", "right")] if is_one else []
    tables = [table(_unit(sweep), "mult_adds", ends)]
    if not is_one:
        tables.append(table("Params", "params", []))
    return _page(sweep, facts, tuple(tables))


def _unit(sweep: Sweep) -> str:
    return unit_title(UNITS[sweep.networks[0].grid.convention.unit].title)


def refusals(sweep: Sweep) -> tuple[str, ...]:
    """What to say of settings at which a network does not exist."""
    notes: dict[tuple[str, str], tuple[int, str]] = {}
    for network, refusal in sweep.refused:
        problem = refusal.error.problems[0]
        key = (network, problem.message)
        first = ", ".join(f"{name} = {exact(value)}" for name, value in refusal.first.items())
        count, shown = notes.get(key, (0, first))
        notes[key] = (count + refusal.settings, shown)
    return tuple(
        f"No row for {counted(count)} {'setting' if count == 1 else 'settings'} of {network}; "
        f"at {first}, {message}."
        for (network, message), (count, first) in notes.items()
    )


def remarks(sweep: Sweep) -> tuple[str, ...]:
    """What must be known with the rows: what is not counted, settings without one."""
    lacking = (
        f"Not counted in {network.title}: {', '.join(map(printable, network.uncounted))}."
        for network in sweep.networks
        if network.uncounted
    )
    return (*refusals(sweep), *lacking)


def _page(sweep: Sweep, facts: Sequence[tuple[str, str]], tables: tuple[Table, ...]) -> Page:
    title = ", ".join(dict.fromkeys(network.title for network in sweep.networks))
    shape = " × ".join(f"{len(axis.values)} {axis.name}" for axis in sweep.axes)
    empty = () if tables[0].rows else ("No setting meets the condition.",)
    return Page(title, (("grid", shape), *facts), tables, (*empty, *remarks(sweep)))


def _parameter(name: str, is_numeric: bool) -> Column:
    return Column(name, name, "right" if is_numeric else "left")
