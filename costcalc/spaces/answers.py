"""Answers about a space: how many networks, how a cost is distributed, which are best."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from costcalc.costs.rules import UNITS
from costcalc.grid.axes import Axis, crossed
from costcalc.metrics import Accounting, for_scripts, heading, shown
from costcalc.records import NamedTuple
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.formatting import counted, exact, number
from costcalc.render.page import Cell, Column, Page, Ratio, Row, Share, Table
from costcalc.spaces.counting import Count
from costcalc.spaces.spread import Histogram, Quantile
from costcalc.spaces.within import Interval

LISTED = 6
"""Parameters whose numbers of choices are listed one by one above a table."""

INTERVALS = "An interval contains the number: costs that are near one another were grouped."


class SpaceFacts(NamedTuple):
    """A space as it stands above every answer about it."""

    network: str
    axes: tuple[Axis, ...]
    accounting: Accounting
    metrics: tuple[str, ...]
    where: str = ""
    """The condition on the networks of the answer; empty for none."""
    notes: tuple[str, ...] = ()

    def title_of(self, metric: str) -> str:
        """A metric as the heading of a column."""
        return heading(metric, UNITS[self.accounting.convention.unit].title)

    def page(self, table: Table, notes: Iterable[str] = (), rows: str = "") -> Page:
        """A table about the space."""
        return Page(self.network, self._lines(rows), (table,), (*notes, *self.notes))

    def _lines(self, rows: str) -> tuple[tuple[str, str], ...]:
        convention = self.accounting.convention
        facts = (
            ("space", crossed(self.axes, LISTED)),
            ("rows", rows),
            ("where", self.where),
            ("convention", f"{convention.name}: {convention.title}"),
            *((name, str(value)) for name, value in self.accounting.facts(self.metrics).items()),
        )
        return tuple(fact for fact in facts if fact[1])

    def data(self) -> dict[str, Any]:
        """The first keys of every JSON object about the space."""
        convention = self.accounting.convention
        return {
            "format_version": FORMAT_VERSION,
            "network": self.network,
            "convention": convention.name,
            "unit": UNITS[convention.unit].title,
            **self.accounting.facts(self.metrics),
            **({"where": self.where} if self.where else {}),
            "parameters": {
                axis.name: [number(value) for value in axis.values] for axis in self.axes
            },
        }


@dataclass(frozen=True, repr=False)
class SpaceAnswer(Answer):
    """An answer about a space."""

    space: SpaceFacts

    @property
    def network(self) -> str:
        """The network whose space it is."""
        return self.space.network


@dataclass(frozen=True, repr=False)
class SpaceCount(SpaceAnswer):
    """How many networks of a space satisfy a condition."""

    count: Count

    def page(self) -> Page:
        """One row: the networks that satisfy the condition, and all networks of the space."""
        low, high, of, _ = self.count
        heads: Sequence[tuple[str, str, Cell]]
        if self.count.is_exact:
            heads = [("networks", "Networks", low), ("percent", "%", Share(low, of))]
        else:
            heads = [
                ("at_least", "At least", low),
                ("at_most", "At most", high),
                ("percent_at_least", "% at least", Share(low, of)),
                ("percent_at_most", "% at most", Share(high, of)),
            ]
        columns = [Column(key, title, "right") for key, title, _ in heads]
        cells = [cell for *_, cell in heads]
        columns += [Column("of", "of", "right")]
        table = Table("Networks", tuple(columns), (Row((*cells, of)),))
        return self.space.page(table, self._notes())

    def _notes(self) -> list[str]:
        """How networks and settings differ, and what an interval is."""
        count, notes = self.count, []
        if count.settings != count.of:
            notes.append(
                f"The parameters have {counted(count.settings)} settings; those that differ only "
                "in choices of layers that are left out are one network."
            )
        if not count.is_exact:
            notes.append(INTERVALS)
        return notes

    def data(self) -> dict[str, Any]:
        """The object of ``costcalc sweep --count --format json``."""
        low, high, of, settings = self.count
        return {
            **self.space.data(),
            "settings": settings,
            "networks": of,
            "at_least": low,
            "at_most": high,
        }


@dataclass(frozen=True, repr=False)
class SpaceHistogram(SpaceAnswer):
    """The number of networks of a space in each bin of a cost."""

    histogram: Histogram

    def page(self) -> Page:
        """One row for each bin: from, below, and the networks."""
        counts = self.histogram.counts
        heads, notes = _ends(counts)
        columns = (
            Column("from", f"{self.space.title_of(self.histogram.metric)} from", "right"),
            Column("below", "below", "right"),
            *heads,
            Column("percent", "%", "right"),
        )
        total = sum(one.high for one in counts)
        rows = tuple(
            Row((first, last, *(one if notes else one[:1]), Share(one.high, total)))
            for (first, last), one in zip(pairwise(self.histogram.edges), counts, strict=True)
        )
        return self.space.page(Table("Histogram", columns, rows), notes)

    def data(self) -> dict[str, Any]:
        """The object of ``costcalc sweep --histogram --format json``."""
        bins = zip(pairwise(self.histogram.edges), self.histogram.counts, strict=True)
        return {
            **self.space.data(),
            "metric": self.histogram.metric,
            "bins": [
                {"from": first, "below": last, "at_least": one.low, "at_most": one.high}
                for (first, last), one in bins
            ],
        }


@dataclass(frozen=True, repr=False)
class SpaceQuantiles(SpaceAnswer):
    """Quantiles of a cost over the networks of a space."""

    metric: str
    quantiles: tuple[Quantile, ...]

    def page(self) -> Page:
        """One row for each share."""
        title = self.space.title_of(self.metric)
        is_exact = all(one.low == one.high for one in self.quantiles)
        columns = [Column("share", "Share, %", "right")]
        if is_exact:
            columns += [Column(self.metric, title, "right")]
        else:
            columns += [Column("at_least", f"{title} at least", "right")]
            columns += [Column("at_most", "at most", "right")]
        rows = tuple(
            Row((Ratio(100 * one.share), one.low, *(() if is_exact else (one.high,))))
            for one in self.quantiles
        )
        table = Table("Quantiles", tuple(columns), rows)
        return self.space.page(table, () if is_exact else (INTERVALS,))

    def data(self) -> dict[str, Any]:
        """The object of ``costcalc sweep --quantiles --format json``."""
        return {
            **self.space.data(),
            "metric": self.metric,
            "quantiles": [
                {"share": number(one.share), "at_least": one.low, "at_most": one.high}
                for one in self.quantiles
            ],
        }


class SpaceRow(NamedTuple):
    """A network of a space, and what it costs."""

    settings: Mapping[str, Any]
    costs: Mapping[str, Any]
    """By metric."""
    networks: int = 1
    """How many networks have these costs; the settings are those of the first."""


@dataclass(frozen=True, repr=False)
class SpaceRows(SpaceAnswer):
    """Some networks of a space."""

    rows: tuple[SpaceRow, ...]
    choice: str
    """Which they are."""

    def page(self) -> Page:
        """One row for each network, or for each pair of costs that several have."""
        space = self.space
        is_several = any(row.networks != 1 for row in self.rows)
        columns = [
            Column(axis.name, axis.name, "right" if axis.is_numeric else "left")
            for axis in space.axes
        ]
        columns += [Column(name, space.title_of(name), "right") for name in space.metrics]
        columns += [Column("networks", "Networks", "right")] if is_several else []
        rows = [
            Row(
                (
                    *map(exact, row.settings.values()),
                    *(shown(name, cost) for name, cost in row.costs.items()),
                    *((row.networks,) if is_several else ()),
                )
            )
            for row in self.rows
        ]
        notes = () if rows else ("No network satisfies the condition.",)
        return space.page(Table("Networks", tuple(columns), tuple(rows)), notes, self.choice)

    def data(self) -> dict[str, Any]:
        """The object of ``costcalc sweep --sample --format json``."""
        return {
            **self.space.data(),
            "rows": [
                {
                    "parameters": {name: number(value) for name, value in row.settings.items()},
                    **{name: for_scripts(name, cost) for name, cost in row.costs.items()},
                    "networks": row.networks,
                }
                for row in self.rows
            ],
        }


def _ends(counts: Sequence[Interval]) -> tuple[list[Column], tuple[str, ...]]:
    """The columns of some numbers of networks, and a note if any is an interval."""
    if all(one.low == one.high for one in counts):
        return [Column("networks", "Networks", "right")], ()
    heads = [("at_least", "At least"), ("at_most", "At most")]
    return [Column(key, title, "right") for key, title in heads], (INTERVALS,)
