"""A sweep: networks over a grid of settings, and which of the settings are wanted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any, NoReturn

from costcalc.advice import advice, joined, option
from costcalc.costs.rules import UNITS
from costcalc.errors import refuse
from costcalc.graph.whole_numbers import whole_number
from costcalc.grid.axes import Axis, crossed, of_values, size
from costcalc.grid.dataset import Dataset, write
from costcalc.grid.pieces import (
    Counted,
    Front,
    Largest,
    NetworkRefusal,
    Pick,
    Piece,
    Published,
    Work,
)
from costcalc.grid.select import Condition, check_name, front
from costcalc.grid.streamed import Streamed
from costcalc.grid.swept import SweptNetwork
from costcalc.grid.tables import Coupled
from costcalc.jobs.workers import Engine, ThisProcess
from costcalc.metrics import METRICS, Accounting, cost_of, for_scripts, heading, shown
from costcalc.records import NamedTuple
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.formatting import counted, exact, number
from costcalc.render.page import Cell, Column, Page, Ratio, Row, Scaled, Table
from costcalc.reporting.implementations import IMPLEMENTATION, implementations_line
from costcalc.spec.document import Accuracy

ACCURACY = "accuracy"
"""What is weighed against a cost, the higher the better."""

SETTINGS = 10**10
"""Settings that one sweep may have."""

BATCH = 2**16
"""Rows that are handed on together."""

PLANNED_SETTINGS = 100_000
"""Settings that a sweep in one process may have if a planner gives addresses at each, a second
for some 200,000 tensors: half a minute for a network of 66, eight for one of a thousand."""

ROWS = 100_000
"""Rows that a table, or JSON, may have."""

Progress = Callable[[int], None]
"""Called with the number of settings done so far."""


class SweepRow(NamedTuple):
    """A network's costs at one setting."""

    network: str
    settings: Mapping[str, Any]
    costs: Mapping[str, Any]
    """By metric; each is an attribute, too: ``row.params``."""
    accuracy: Accuracy | None

    def __getattr__(self, name: str) -> Any:
        """A cost by its name."""
        return cost_of(self.costs, name)


class Batch(NamedTuple):
    """Consecutive rows of one network, as columns."""

    network: str
    settings: Mapping[str, list[Any]]
    costs: Mapping[str, list[Any]]
    """By metric; each is an attribute, too: ``batch.params``."""

    def __getattr__(self, name: str) -> Any:
        """A cost by its name."""
        return cost_of(self.costs, name)


OFTEN = 1000
"""From this many unfoldings of a network, a sweep says why they are needed."""


class Sweep(Answer):
    """Networks over a grid of settings; its rows are computed as they are read.

    Attributes:
        networks: the networks, each with its grid.
        metrics: the costs of each row.
        axes: the parameters that vary, the last one fastest, with the values of all networks.
        refused: settings without a row, known after the rows have been read.
        unfolded: how often each network was unfolded for them, by its name; likewise.
    """

    def __init__(
        self,
        networks: Sequence[SweptNetwork],
        condition: Condition | None,
        engine: Engine | None = None,
    ) -> None:
        """Checks the condition's names, and how many settings are planned.

        Raises:
            SpecError: a name has no meaning, or a planner has too many settings.
        """
        self.networks = tuple(networks)
        self.metrics = self.networks[0].grid.metrics
        self.axes = _union(network.grid.axes for network in self.networks)
        self.condition = condition
        self.engine = engine or ThisProcess()
        self.refused: list[NetworkRefusal] = []
        self.unfolded: Counter[str] = Counter()
        for network in self.networks:
            if condition is not None:
                condition.check(network.known, self.metrics)
        planned = sum(size(one.grid.axes) for one in self.networks if one.grid.is_planned)
        if planned > PLANNED_SETTINGS and isinstance(self.engine, ThisProcess):
            planner = self.accounting.planner_of_peaks
            refuse(
                None,
                f"'{planner}' would give addresses at {planned:,} settings, one after another",
                f"at most {PLANNED_SETTINGS:,} in one process",
                hint=advice(
                    "{}, the bound of every plan, at any number of settings; or {}, or {}",
                    option("planner", "liveness"),
                    option("jobs", "N"),
                    option("scheduler", "ADDRESS"),
                ),
            )

    @property
    def accounting(self) -> Accounting:
        """How the costs are measured."""
        return self.networks[0].grid.accounting

    @property
    def bytes_facts(self) -> dict[str, Any]:
        """The storage, the planner and the batch, if the rows have bytes."""
        return self.accounting.facts(self.metrics)

    @property
    def size(self) -> int:
        """The settings of all networks together."""
        return sum(size(network.grid.axes) for network in self.networks)

    def batches(self, progress: Progress | None = None) -> Iterator[Batch]:
        """The wanted rows in order, many at a time."""
        for piece in self.pieces(BATCH, progress):
            yield self._batch(piece)

    def rows(self, progress: Progress | None = None) -> Iterator[SweepRow]:
        """The wanted rows in order, one at a time."""
        for piece in self.pieces(BATCH, progress):
            yield from self._rows(piece)

    def top(self, count: int, by: str, progress: Progress | None = None) -> list[SweepRow]:
        """The rows with the ``count`` largest values of ``by``; the smallest for ``-by``.

        Raises:
            SpecError: ``by`` is not a number of the rows.
        """
        count = whole_number("top", count)
        name = by.removeprefix("-").strip()
        is_smallest = by.startswith("-")
        for network in self.networks:
            check_name(name, option("by"), network.known, self.metrics)
        best: list[tuple[Any, SweepRow]] = []
        for piece in self._chosen(Largest(count, name, is_smallest), progress):
            known = self.networks[piece.unit.network].known
            for row in self._rows(piece):
                best.append(({**known, **row.settings, **row.costs}[name], row))
            best.sort(key=lambda pair: pair[0], reverse=not is_smallest)
            del best[count:]
        return [row for _, row in best]

    def pareto(self, progress: Progress | None = None, by: Sequence[str] = ()) -> list[SweepRow]:
        """The rows on the Pareto front.

        Args:
            progress: called with the number of settings done.
            by: two metrics of the rows, the lower the better; or one and ``"accuracy"``, the
                higher the better, of the rows for which one is published.  If the specs have
                accuracies for some rows, the default is mult-adds and accuracy; if not,
                mult-adds and params.

        Raises:
            SpecError: ``by`` is not two of these, or no accuracy is published.
        """
        if ACCURACY in by or (not by and any(network.accuracies for network in self.networks)):
            (metric,) = self._beside_accuracy(by or ("mult_adds", ACCURACY))
            published = [row for row in self._published(progress) if row.accuracy is not None]
            if published:
                chosen = front(
                    of_values([row.costs[metric] for row in published]).array,
                    of_values([-_top1(row) for row in published]).array,
                )
                return [published[index] for index in chosen]
            if by:
                refuse(None, "no accuracy is published for these settings", "two metrics")
        first, second = self._two_metrics(by or ("mult_adds", "params"))
        kept: list[SweepRow] = []
        for piece in self._chosen(Front(first, second), progress):
            kept += self._rows(piece)
            chosen = front(
                of_values([row.costs[first] for row in kept]).array,
                of_values([row.costs[second] for row in kept]).array,
            )
            kept = [kept[index] for index in chosen]
        return kept

    def _beside_accuracy(self, names: Sequence[str]) -> tuple[str, ...]:
        """The metric that accuracy is weighed against.

        Raises:
            SpecError: it is not one metric of the rows.
        """
        others = tuple(name for name in names if name != ACCURACY)
        for name in others:
            check_name(name, option("by"), {}, self.metrics)
        if len(others) != 1 or len(names) != 2:
            message = "accuracy is weighed against one cost"
            refuse(None, message, "one of " + ", ".join(self.metrics), found=", ".join(names))
        return others

    def _two_metrics(self, names: Sequence[str]) -> tuple[str, str]:
        """Two different metrics of the rows.

        Raises:
            SpecError: they are something else.
        """
        for name in names:
            check_name(name, option("by"), {}, self.metrics)
        if len(names) != 2 or names[0] == names[1]:
            refuse(
                None,
                "a Pareto front weighs two costs against each other",
                "two of " + ", ".join(self.metrics),
                found=", ".join(names),
            )
        return names[0], names[1]

    def chosen(
        self,
        top: int | None = None,
        by: str = "",
        *,
        is_front: bool = False,
        progress: Progress | None = None,
    ) -> SweepRows:
        """The rows of a table: all of them, the first few by a cost, or the Pareto front.

        Args:
            top: how many rows, the largest.
            by: what is largest, by default mult-adds; of a front, two metrics with a comma.
            is_front: whether to show the Pareto front.
            progress: called with the number of settings done.

        Raises:
            SpecError: there are too many, or none because the network exists at no setting.
        """
        weighed: tuple[str, ...] = ()
        if top is not None:
            by = by or "mult_adds"
            rows, what = self.top(top, by, progress), f"the first {top} by {by}"
        elif is_front:
            weighed = tuple(name.strip() for name in by.split(",")) if by else ()
            rows = self.pareto(progress, weighed)
            is_published = not weighed and bool(rows) and rows[0].accuracy is not None
            weighed = weighed or ("mult_adds", ACCURACY if is_published else "params")
            what = "the Pareto front of " + " and ".join(map(_word, weighed))
        else:
            if self.condition is None and self.size > ROWS:
                _refuse_as_too_many(f"{self.size:,}")
            rows, what = list(islice(self.rows(progress), ROWS + 1)), ""
            if len(rows) > ROWS:
                _refuse_as_too_many(f"more than {ROWS:,}")
        if not rows and self.refused and self.condition is None:
            raise self.refused[0].refusal.error
        return SweepRows(self, tuple(rows), what, weighed)

    def __iter__(self) -> Iterator[SweepRow]:
        return self.rows()

    def __len__(self) -> int:
        """The number of rows; to count them, all are evaluated."""
        return sum(piece.wanted for piece in self._chosen(Counted()))

    def page(self) -> Page:
        """One row for each setting."""
        return self.chosen().page()

    def data(self) -> dict[str, Any]:
        """The object of ``costcalc sweep --format json``."""
        return self.chosen().data()

    def columns(self) -> dict[str, list[Any]]:
        """A column for each parameter and each cost, of any number of rows."""
        columns: dict[str, list[Any]] = {"network": []} if len(self.networks) > 1 else {}
        columns |= {axis.name: [] for axis in self.axes} | {name: [] for name in self.metrics}
        for batch in self.batches():
            if len(self.networks) > 1:
                columns["network"] += [batch.network] * len(batch.params)
            for name, values in batch.settings.items():
                columns[name] += map(_plain, values)
            for name, values in batch.costs.items():
                columns[name] += [for_scripts(name, value) for value in values]
        return columns

    def notes(self) -> tuple[str, ...]:
        """Notes on the rows: settings without one, and layers that are not counted."""
        lacking = (note for network in self.networks for note in network.caveats(network.title))
        return (*_refusals(self), *_coupled(self), *lacking)

    @property
    def streamed(self) -> Streamed:
        """The columns of its rows in a file."""
        return Streamed(self.networks, self.axes, self.metrics)

    def write_parts(self, folder: str, progress: Progress | None = None) -> Dataset:
        """Writes the wanted rows as a folder of Parquet files, and goes on if some are there.

        Args:
            folder: made if it is not there; shared, if the workers are other machines.
            progress: called with the number of settings done.

        Raises:
            CostcalcError: pyarrow is not installed; the folder holds something else, or
                cannot be written; or a worker or the scheduler is lost.
        """
        work = Work(self.networks, self.condition)
        dataset = write(work, self.streamed, self.engine, folder, progress)
        self.refused, self.unfolded = list(dataset.refused), Counter(dataset.unfolded)
        return dataset

    def pieces(self, rows: int, progress: Progress | None = None) -> Iterator[Piece]:
        """The wanted rows in order, at most ``rows`` at a time."""
        for piece in self._chosen(None, progress):
            yield from piece.parts(rows)

    def _published(self, progress: Progress | None) -> Iterator[SweepRow]:
        for piece in self._chosen(Published(), progress):
            yield from self._rows(piece)

    def _chosen(
        self, pick: Pick | None = None, progress: Progress | None = None
    ) -> Iterator[Piece]:
        """The wanted rows of every unit of settings."""
        self.refused = []
        self.unfolded = Counter()
        done = 0
        work = Work(self.networks, self.condition, pick)
        for piece in self.engine.results(work.piece, work.units()):
            network = self.networks[piece.unit.network].name
            self.refused += [NetworkRefusal(network, refusal) for refusal in piece.refusals]
            self.unfolded[network] += piece.evaluations
            yield piece
            done += piece.unit.settings
            if progress is not None:
                progress(done)

    def _batch(self, piece: Piece) -> Batch:
        network = self.networks[piece.unit.network]
        settings = {
            axis.name: [axis.values[i] for i in index.tolist()]
            for axis, index in zip(network.grid.axes, piece.indexes(), strict=True)
        }
        costs = {name: array.tolist() for name, array in piece.costs.items()}
        return Batch(network.name, settings, costs)

    def _rows(self, piece: Piece) -> Iterator[SweepRow]:
        accuracies = self.networks[piece.unit.network].accuracies
        batch = self._batch(piece)
        for index, cell in enumerate(piece.cells.tolist()):
            yield SweepRow(
                batch.network,
                {name: values[index] for name, values in batch.settings.items()},
                {name: values[index] for name, values in batch.costs.items()},
                accuracies.get(piece.unit.start + cell),
            )


def _union(axes: Iterable[Sequence[Axis]]) -> tuple[Axis, ...]:
    """The axes of several grids, each with the values that it has in any of them."""
    together = []
    for same in zip(*axes, strict=True):
        values = dict.fromkeys(value for axis in same for value in axis.values)
        together.append(Axis(same[0].name, tuple(values)))
    return tuple(together)


def check_size(networks: int, axes: Sequence[Axis]) -> None:
    """Checks the size of a sweep against :data:`SETTINGS`.

    Raises:
        SpecError: it has more settings than :data:`SETTINGS`.
    """
    settings = networks * size(axes)
    if settings > SETTINGS:
        refuse(
            None,
            f"the grid has {settings:,} settings",
            expected=f"at most {SETTINGS:,}",
            hint=advice(
                "fewer values, or larger steps; {}, {} and the like list no settings",
                option("count"),
                option("sample", "N"),
            ),
        )


def _top1(row: SweepRow) -> Any:
    return row.accuracy.top1 if row.accuracy else 0


def _word(name: str) -> str:
    """A cost in a sentence."""
    return "mult-adds" if name == "mult_adds" else name


@dataclass(frozen=True, repr=False)
class SweepRows(Answer):
    """Rows of a sweep, no more than a table may have."""

    sweep: Sweep
    rows: tuple[SweepRow, ...]
    choice: str = ""
    """Which of the sweep's rows they are, unless they are all."""
    weighed: tuple[str, ...] = ()
    """The two costs of the Pareto front, if the rows are one."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Why the Pareto front has so few rows."""
        if not self.weighed or not self.rows:
            return ()
        if ACCURACY in self.weighed:
            published = sum(len(network.accuracies) for network in self.sweep.networks)
            is_all = published == self.sweep.size
            return () if is_all else ("Only settings with a published accuracy are compared.",)
        if len(self.rows) > 1 or self.sweep.size == 1:
            return ()
        if self.weighed != ("mult_adds", "params"):
            return ("One setting has the least of both.",)
        return (
            "No accuracy is published for these settings, so that params are weighed against "
            "mult-adds, and one setting has the least of both.",
        )

    def page(self, is_pivot: bool = False) -> Page:
        """One row for each setting; or the last parameter's values as columns.

        Raises:
            SpecError: fewer than two parameters vary, but a pivot crosses two.
        """
        return _page(self, _pivot_tables(self) if is_pivot else (_row_table(self),))

    def data(self) -> dict[str, Any]:
        """The object of ``costcalc sweep --format json``."""
        sweep = self.sweep
        uncounted = {
            network.name: list(network.uncounted) for network in sweep.networks if network.uncounted
        }
        notes = {network.name: list(network.notes) for network in sweep.networks if network.notes}
        return {
            "format_version": FORMAT_VERSION,
            "networks": [network.name for network in sweep.networks],
            "convention": sweep.accounting.convention.name,
            "unit": UNITS[sweep.accounting.convention.unit].title,
            **sweep.bytes_facts,
            "settings": sweep.size,
            **({"uncounted": uncounted} if uncounted else {}),
            **({"notes": notes} if notes else {}),
            "rows": [_row_data(row) for row in self.rows],
            "refused": [
                {
                    "network": network,
                    "settings": refusal.settings,
                    "first": {name: number(value) for name, value in refusal.first.items()},
                    "error": refusal.error.problems[0].message,
                }
                for network, refusal in sweep.refused
            ],
        }


def _row_data(row: SweepRow) -> dict[str, Any]:
    """A row: its network, its settings, its costs, and its accuracy if one is published."""
    data: dict[str, Any] = {"network": row.network}
    data["parameters"] = {name: number(value) for name, value in row.settings.items()}
    data |= {name: for_scripts(name, cost) for name, cost in row.costs.items()}
    if row.accuracy is not None:
        data["top1"] = number(row.accuracy.top1)
    return data


def _refuse_as_too_many(rows: str) -> NoReturn:
    refuse(
        None,
        f"the sweep has {rows} rows",
        expected=f"at most {ROWS:,} in a table, Markdown, LaTeX, HTML, JSON or a picture",
        hint=advice(
            "-o FILE.csv or -o FILE.parquet, which stream any number; or {} or {}",
            option("where"),
            option("top"),
        ),
    )


def _plain(value: Any) -> Any:
    """A setting's value in a column for scripts."""
    if isinstance(value, Fraction):
        return float(value)
    return value if isinstance(value, str | bool | int) else exact(value)


def _implementations(sweep: Sweep) -> str:
    """The implementations that are counted, unless they vary."""
    if IMPLEMENTATION in {axis.name for axis in sweep.axes}:
        return ""
    return implementations_line((network.name, network.known) for network in sweep.networks)


def _page(chosen: SweepRows, tables: tuple[Table, ...]) -> Page:
    sweep = chosen.sweep
    convention = sweep.accounting.convention
    facts = [
        ("grid", crossed(sweep.axes)),
        ("rows", chosen.choice),
        ("where", sweep.condition.text if sweep.condition is not None else ""),
        ("implementation", _implementations(sweep)),
        ("convention", f"{convention.name}: {convention.title}"),
        *((name, str(value)) for name, value in sweep.bytes_facts.items()),
    ]
    title = ", ".join(dict.fromkeys(network.title for network in sweep.networks))
    empty = () if tables[0].rows else ("No setting meets the condition.",)
    stated = tuple(fact for fact in facts if fact[1])
    return Page(title, stated, tables, (*empty, *chosen.notes, *sweep.notes()))


def _row_table(chosen: SweepRows) -> Table:
    sweep, rows = chosen.sweep, chosen.rows
    several = len(sweep.networks) > 1
    has_accuracy = any(row.accuracy for row in rows)
    columns = [Column("network", "Network")] if several else []
    columns += [_parameter(axis.name, axis.is_numeric) for axis in sweep.axes]
    columns += [Column(name, _title(sweep, name), "right") for name in sweep.metrics]
    columns += [Column("top1", "Top-1 %", "right", audience="people")] if has_accuracy else []
    lines = []
    for row in rows:
        cells: list[Cell] = [row.network] if several else []
        cells += [exact(value) for value in row.settings.values()]
        cells += [shown(name, cost) for name, cost in row.costs.items()]
        if has_accuracy:
            cells.append(Ratio(Fraction(row.accuracy.top1), 1) if row.accuracy else None)
        lines.append(Row(tuple(cells)))
    return Table("Settings", tuple(columns), tuple(lines))


def _pivot_tables(chosen: SweepRows) -> tuple[Table, ...]:
    sweep = chosen.sweep
    if len(sweep.axes) < 2:
        message = "a pivot crosses two parameters"
        axes = joined(" ", (option("alpha", "0.5,1"), option("res", "128:224:32")))
        refuse(None, message, expected=advice("two of them: {}", axes))
    across = sweep.axes[-1]
    groups: dict[tuple[Any, ...], dict[Any, SweepRow]] = {}
    for row in chosen.rows:
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
                cost = group[value].costs[metric] if value in group else None
                cells.append(_scaled(metric, cost) if cost is not None else None)
            cells += [Scaled(next(iter(group.values())).params)] if ends else []
            lines.append(Row(tuple(cells)))
        return Table(title, (*heads, *sides, *ends), tuple(lines))

    ends = [Column("params", "Params", "right")] if is_one else []
    tables = [table(_title(sweep, "mult_adds"), "mult_adds", ends)]
    for metric in sweep.metrics:
        if metric != "mult_adds" and not (metric == "params" and is_one):
            tables.append(table(_title(sweep, metric), metric, []))
    return tuple(tables)


def _scaled(metric: str, cost: Any) -> Cell:
    return shown(metric, cost) if METRICS[metric].is_timed else Scaled(cost)


def _title(sweep: Sweep, metric: str) -> str:
    return heading(metric, UNITS[sweep.accounting.convention.unit].title)


def _refusals(sweep: Sweep) -> tuple[str, ...]:
    """Notes on the settings at which a network does not exist."""
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


def _coupled(sweep: Sweep) -> Iterator[str]:
    """Notes on networks that were unfolded often, as their parts depend on one another."""
    for network in sweep.networks:
        times = sweep.unfolded[network.name]
        if times >= OFTEN and isinstance(network.priced, Coupled):
            yield f"{network.name} was unfolded {counted(times)} times: {network.priced}."


def _parameter(name: str, is_numeric: bool) -> Column:
    return Column(name, name, "right" if is_numeric else "left")
