"""What a search for the readings of a figure found, and what it went through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from costcalc.claims.reading import Reading
from costcalc.costs.rules import UNITS
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.formatting import number, rounded
from costcalc.render.page import Column, Page, Row, Table
from costcalc.reporting.printed import Figure, Fit

SHOWN = 12
"""The most rows of a search that are shown."""


class Match(NamedTuple):
    """A reading that gives the figure, or comes near it."""

    reading: Reading
    convention: str
    value: Any
    fit: Fit | None
    unit: str
    parameters: Mapping[str, Any]
    by_chance: Fraction
    """How many readings that depart as little as this one would fit by chance."""
    column: tuple[int, int] | None = None
    """How many of the other figures of the claim's column it gives, and of how many."""

    @property
    def metric(self) -> str:
        """What is counted."""
        return self.reading.quantity.metric

    @property
    def words(self) -> str:
        """The departures, except to another convention."""
        words = (word.removeprefix("at ") for word in self.reading.words)
        return ", ".join(word for word in words if not word.startswith("under convention "))


class Tried(NamedTuple):
    """What a search went through."""

    axes: tuple[str, ...]
    departures: int
    readings: int
    networks: int
    is_cut: bool
    """Whether there were more readings than the search tries."""

    @property
    def words(self) -> str:
        """What was searched, for people."""
        named = "1 network" if self.networks == 1 else f"{self.networks} networks"
        counts = f"{self.readings:,} readings of {named}"
        if not self.departures:
            return f"{counts}: what departs further was not needed"
        cut = "; there are more, which were not tried" if self.is_cut else ""
        ways = "one departure" if self.departures == 1 else f"up to {self.departures} departures"
        return f"{counts}, with {ways} in {', '.join(self.axes)}{cut}"


@dataclass(frozen=True, repr=False)
class Search(Answer):
    """The readings that give a figure, the most plausible first."""

    title: str
    facts: tuple[tuple[str, str], ...]
    """What the figure is about."""
    identity: Mapping[str, Any]
    """The same for scripts."""
    figure: Figure
    matches: tuple[Match, ...]
    nearest: tuple[Match, ...]
    """The nearest values if nothing fits."""
    tried: Tried
    by_chance: Fraction
    """How many of all readings would fit by chance."""

    def page(self) -> Page:
        """The matches, the most plausible first, or the nearest values if there are none."""
        return _page(self)

    def data(self) -> dict[str, Any]:
        """The matches, the most plausible first, the nearest values, and what was tried."""
        return {
            "format_version": FORMAT_VERSION,
            **self.identity,
            "printed": self.figure.text,
            "matches": [_match_data(match) for match in self.matches],
            "nearest": [_match_data(match) for match in self.nearest],
            "searched": {
                "axes": list(self.tried.axes),
                "departures": self.tried.departures,
                "readings": self.tried.readings,
                "networks": self.tried.networks,
                "complete": not self.tried.is_cut,
                "by_chance": float(rounded(self.by_chance, 2)),
            },
        }


def _page(search: Search) -> Page:
    has_column = any(match.column for match in search.matches)
    columns = (
        Column("convention", "Convention"),
        Column("metric", "Count"),
        Column("settings", "Settings"),
        Column("value", "Value", "right"),
        Column("fit", "Fit"),
        Column("by_chance", "By chance", "right"),
        *([Column("column", "Column", "right")] if has_column else []),
    )
    groups: dict[tuple[Any, ...], list[str]] = {}
    for match in search.matches or search.nearest:
        groups.setdefault(_match_cells(match, has_column), []).append(match.convention)
    rows = tuple(Row((_listed(names), *cells)) for cells, names in groups.items())
    notes = [f"{len(rows) - SHOWN} less likely rows are not shown."] if len(rows) > SHOWN else []
    chance = f"By chance: {rounded(search.by_chance, 2)} of the {search.tried.readings:,} readings"
    notes.append(
        f"{chance} would agree with the digits if their values lay evenly around the figure; "
        "in a row, of those that depart no further."
    )
    if has_column:
        notes.append("Column: the other figures of its column that the same reading gives.")
    facts = [*search.facts, ("printed", search.figure.text), ("searched", search.tried.words)]
    if not search.matches:
        facts.append(("found", "nothing; what comes near is below"))
    table = Table("What gives it", columns, rows[:SHOWN])
    return Page(search.title, tuple(facts), (table,), tuple(notes))


def _listed(names: list[str]) -> str:
    """The names in one line; only the first three of many."""
    rest = len(names) - 3
    return ", ".join(names) if rest < 2 else f"{', '.join(names[:3])} and {rest} more"


def _match_cells(match: Match, has_column: bool) -> tuple[Any, ...]:
    """The cells that conventions in agreement share."""
    unit = UNITS[match.unit].title if match.metric == "mult_adds" else match.metric
    shown = match.value
    if not isinstance(shown, int):
        shown = match.reading.figure.show(shown)
    cells = (unit, match.words, shown, match.fit or "", rounded(match.by_chance, 2))
    if not has_column:
        return cells
    return (*cells, "{} of {}".format(*match.column) if match.column else "")


def _match_data(match: Match) -> dict[str, Any]:
    is_headless = "without the classifier" in match.reading.words
    batches = [word for word in match.reading.words if word.startswith("a batch of ")]
    return {
        "convention": match.convention,
        "metric": match.metric,
        "unit": match.unit,
        "parameters": {name: number(value) for name, value in match.parameters.items()},
        "without_classifier": is_headless,
        "batch": int(batches[0].rsplit(" ", 1)[1]) if batches else 1,
        "departures": list(match.reading.words),
        "value": number(match.value),
        "fit": match.fit,
        **({"column": {"fit": match.column[0], "of": match.column[1]}} if match.column else {}),
        "by_chance": float(rounded(match.by_chance, 4)),
    }
