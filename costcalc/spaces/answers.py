"""What is known of a space, as answers: how many of its networks satisfy a condition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from costcalc.costs.rules import UNITS
from costcalc.grid.axes import Axis
from costcalc.metrics import Accounting
from costcalc.records import NamedTuple
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.formatting import counted, number
from costcalc.render.page import Cell, Column, Page, Row, Share, Table
from costcalc.spaces.counting import Count

LISTED = 6
"""Parameters whose numbers of choices are listed one by one above a table."""


class SpaceFacts(NamedTuple):
    """A space as it stands above every answer about it."""

    network: str
    axes: tuple[Axis, ...]
    accounting: Accounting
    metrics: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def lines(self, where: str = "", rows: str = "") -> tuple[tuple[str, str], ...]:
        """The lines above a table."""
        convention = self.accounting.convention
        choices = [f"{len(axis.values)} {axis.name}" for axis in self.axes]
        if len(choices) > LISTED:
            choices = [*choices[: LISTED - 1], "…", choices[-1]]
        facts = (
            ("space", " × ".join(choices)),
            ("rows", rows),
            ("where", where),
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
            "parameters": {
                axis.name: [number(value) for value in axis.values] for axis in self.axes
            },
        }


@dataclass(frozen=True, repr=False)
class SpaceCount(Answer):
    """How many networks of a space satisfy a condition."""

    space: SpaceFacts
    where: str
    count: Count

    @property
    def network(self) -> str:
        """The network whose space it is."""
        return self.space.network

    def page(self) -> Page:
        """One row: the networks that satisfy the condition, and those of the space."""
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
        return Page(self.space.network, self.space.lines(self.where), (table,), self.notes())

    def notes(self) -> tuple[str, ...]:
        """How networks and settings differ, and what an interval is."""
        count = self.count
        notes = []
        if count.settings != count.of:
            notes.append(
                f"The parameters have {counted(count.settings)} settings; those that differ only "
                "in a choice that changes nothing are one network."
            )
        if not count.is_exact:
            notes.append("An interval that contains the number: costs were grouped, not rounded.")
        return (*notes, *self.space.notes)

    def data(self) -> dict[str, Any]:
        """The object of ``costcalc sweep --count --format json``."""
        low, high, of, settings = self.count
        where = {"where": self.where} if self.where else {}
        return {
            **self.space.data(),
            **where,
            "settings": settings,
            "networks": of,
            "at_least": low,
            "at_most": high,
        }
