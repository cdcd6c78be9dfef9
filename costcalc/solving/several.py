"""The best networks over several parameters: the largest within budgets, or the cheapest.

The parameters span a space, which is searched without listing it (:mod:`costcalc.spaces`) where
its costs add up over parts of the network; else its settings are counted one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from costcalc.advice import advice, option
from costcalc.costs.rules import UNITS
from costcalc.errors import did_you_mean, refuse
from costcalc.formulas import algebra
from costcalc.graph.parameters import all_parameters
from costcalc.graph.whole_numbers import whole_number
from costcalc.grid.axes import Axis, crossed, size
from costcalc.grid.networks import axes_of, declared_space, swept
from costcalc.grid.select import Condition
from costcalc.grid.sweep import Sweep, SweepRow
from costcalc.grid.swept import SweptNetwork
from costcalc.grid.tables import CostTables, seconds_one_by_one, tables
from costcalc.metrics import COUNTED, METRICS, Accounting, for_scripts, heading, shown
from costcalc.opening import AnyNetwork, opened_for
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.formatting import duration, exact, number
from costcalc.render.page import Cell, Column, Page, Ratio, Row, Table
from costcalc.reporting.phrases import settings_line
from costcalc.solving.search import Budgets
from costcalc.solving.solve import limit_text
from costcalc.spaces.answers import LISTED
from costcalc.spaces.choosing import top
from costcalc.spec.document import Document

COUNTED_ONE_BY_ONE, SECONDS = 10**8, 3600
"""Settings that may be counted one by one, mostly a minute or two, and how long that may take."""


@dataclass(frozen=True, repr=False)
class BestNetworks(Answer):
    """The best networks of a space within budgets."""

    network: str
    convention: str
    searched: tuple[Axis, ...]
    """The parameters that were solved for, with their values."""
    settings: Mapping[str, Any]
    """The values of the other parameters."""
    budgets: Budgets
    floors: Mapping[str, int | Fraction]
    """The least that is asked for, by metric."""
    by: str
    """The metric that they are ranked by."""
    is_cheapest: bool
    """Whether the smallest come first."""
    best: tuple[SweepRow, ...]
    """The networks, the best first; none if nothing fits."""
    reach: Mapping[str, int | Fraction]
    """Where nothing fits, the least of each cost with a budget over the space, and the most of
    each with a floor."""
    facts: Mapping[str, Any]
    """How bytes are measured, if a size is bounded."""
    unit: str
    """The title of the convention's unit."""
    notes: tuple[str, ...] = ()
    """What its costs leave out, guess or choose."""

    def page(self) -> Page:
        """A row for each network."""
        return _page(self)

    def data(self) -> dict[str, Any]:
        """The networks and what was searched."""
        return _data(self)


def named(
    network: AnyNetwork,
    names: str | Iterable[str] | Mapping[str, Iterable[Any] | str],
    settings: Mapping[str, Any],
    accounting: Accounting,
    metrics: Iterable[str],
    *,
    is_declared: bool = False,
) -> SweptNetwork:
    """The space that choices of some parameters make.

    Args:
        network: as for :func:`costcalc.solve`.
        names: the parameters, perhaps with their values.
        settings: values of the other parameters.
        accounting: how costs are measured.
        metrics: costs besides params and mult-adds.
        is_declared: whether the other parameters of the space that the spec declares vary, too.

    Raises:
        SpecError: the network or a setting is wrong, or a parameter has no choices.
    """
    names = [names] if isinstance(names, str) else names
    given = names if isinstance(names, Mapping) else dict.fromkeys(names, "")
    declared = declared_space(network, settings) if is_declared else {}
    network = opened_for({**declared, **given}, network, settings)
    stated = {name: own for name, own in given.items() if not isinstance(own, str) or own}
    known = {**declared, **stated}
    values = {
        name: known[name] if name in known else _choices(network.document, name)
        for name in {**declared, **given}
    }
    asked = tuple(dict.fromkeys((*COUNTED, *metrics)))
    return swept(network, axes_of(values), accounting, asked, False)


def _choices(document: Document, name: str) -> Sequence[Any] | str:
    """The choices of a parameter, or its values in the space of the spec.

    Raises:
        SpecError: it is unknown, or has neither.
    """
    parameter = document.parameters.get(name)
    if parameter is not None and parameter.choices:
        return parameter.choices
    if name in document.space:
        return document.space[name].values
    known = all_parameters(document)
    if name not in known:
        refuse(
            None,
            f"{document.titled({})} has no parameter '{name}'",
            "one of " + ", ".join(known),
            hint=did_you_mean(name, known),
        )
    values = "0.5,0.75,1" if name == "alpha" else "128:224:32" if name == "res" else "4,8,16"
    refuse(
        None,
        f"'{name}' has no choices",
        expected=advice("values: {}", option("for", f"{name}={values}")),
    )


def best_networks(
    space: SweptNetwork,
    budgets: Budgets,
    floors: Mapping[str, int | Fraction],
    by: str = "",
    count: int = 1,
) -> BestNetworks:
    """The largest networks of a space within budgets; or the cheapest above floors.

    Args:
        space: the space.
        budgets: the most that may be spent.
        floors: the least that is asked for, by metric.
        by: the metric that they are ranked by, the largest first; with ``-``, the smallest.  By
            default mult-adds: the largest if there is a budget, else the smallest, or the
            fewest params if mult-adds are what is asked for.
        count: how many networks.

    Raises:
        SpecError: there is no bound, or no such metric; or there are too many
            settings to be counted one by one, and their costs do not add up over parts.
    """
    limits, count = budgets.limits, whole_number("top", count)
    if not limits and not floors:
        refuse(None, "there is no budget to stay within", option("max_mult_adds", "N"))
    default = "mult_adds" if limits else "-params" if "mult_adds" in floors else "-mult_adds"
    by = by or default
    is_cheapest, by = by.startswith("-"), by.removeprefix("-").strip()
    if by not in space.grid.metrics:
        metrics = ", ".join(space.grid.metrics)
        refuse(None, advice("{}: '{}' is no cost here", option("by"), by), f"one of {metrics}")
    bounds = [f"{name} <= {exact(_whole(name, limit))}" for name, limit in limits.items()]
    bounds += [f"{name} >= {exact(least)}" for name, least in floors.items()]
    search = _Ranking(space)
    best = search.first(by, is_cheapest, count, Condition(" and ".join(bounds)))
    asked = {**dict.fromkeys(limits, True), **dict.fromkeys(floors, False)}
    reach = {
        name: search.first(name, is_least, 1, None)[0].costs[name]
        for name, is_least in asked.items()
        if not best and not METRICS[name].is_largest
    }
    names = {axis.name for axis in space.grid.axes}
    accounting = space.grid.accounting
    return BestNetworks(
        network=space.title,
        convention=accounting.convention.name,
        searched=space.grid.axes,
        settings={name: value for name, value in space.known.items() if name not in names},
        budgets=budgets,
        floors=floors,
        by=by,
        is_cheapest=is_cheapest,
        best=best,
        reach=reach,
        facts=accounting.facts(space.grid.metrics),
        unit=UNITS[accounting.convention.unit].title,
        notes=space.caveats(""),
    )


def _whole(name: str, limit: int | Fraction) -> int | Fraction:
    return limit if METRICS[name].is_timed else algebra.floor(limit)


class _Ranking:
    """A space whose networks are ranked."""

    def __init__(self, space: SweptNetwork) -> None:
        self.space = space
        self.priced = tables(space.grid, worth=0)
        if isinstance(self.priced, CostTables):
            return
        settings, seconds = size(space.grid.axes), seconds_one_by_one(space.grid)
        if settings > COUNTED_ONE_BY_ONE or seconds > SECONDS:
            refuse(
                None,
                str(self.priced),
                expected=f"settings that are counted one by one: {COUNTED_ONE_BY_ONE:,} at most, "
                "and no longer than an hour",
                found=f"{settings:,}, which take about {duration(seconds)}",
            )

    def first(
        self, by: str, is_smallest: bool, count: int, condition: Condition | None
    ) -> tuple[SweepRow, ...]:
        """The first few by a cost."""
        priced, space = self.priced, self.space
        if not isinstance(priced, CostTables) or METRICS[by].is_largest:
            key = f"-{by}" if is_smallest else by
            return tuple(Sweep([space], condition).top(count, key))
        found = top(
            priced, by, count, is_smallest=is_smallest, condition=condition, known=space.known
        )
        costs = {name: priced.at(name, [*found.T]).tolist() for name in space.grid.metrics}
        return tuple(
            SweepRow(
                space.name,
                {axis.name: axis.values[at] for axis, at in zip(priced.axes, row, strict=True)},
                {name: column[place] for name, column in costs.items()},
                None,
            )
            for place, row in enumerate(found.tolist())
        )


def _page(answer: BestNetworks) -> Page:
    limits = answer.budgets.limits
    metrics = tuple(dict.fromkeys(("mult_adds", *COUNTED, *limits)))
    columns = [
        Column(axis.name, axis.name, "right" if axis.is_numeric else "left")
        for axis in answer.searched
    ]
    for cost in metrics:
        columns.append(Column(cost, heading(cost, answer.unit), "right"))
        if cost in limits:
            columns.append(Column(f"{cost}_of_budget", "of budget", "right"))
    rows = []
    for row in answer.best:
        cells: list[Cell] = [exact(value) for value in row.settings.values()]
        for cost in metrics:
            cells.append(shown(cost, row.costs[cost]))
            if cost in limits:
                cells.append(Ratio(100 * Fraction(row.costs[cost]) / limits[cost], 2, " %"))
        rows.append(Row(tuple(cells)))
    bounds = [f"{cost} <= {limit_text(limit, cost)}" for cost, limit in limits.items()]
    bounds += [f"{cost} >= {limit_text(least, cost)}" for cost, least in answer.floors.items()]
    facts = (
        ("budget", ", ".join(bounds)),
        ("space", crossed(answer.searched, LISTED)),
        ("settings", settings_line(answer.settings)),
        ("convention", answer.convention),
        *((name, str(value)) for name, value in answer.facts.items()),
    )
    which = "cheapest" if answer.is_cheapest else "largest"
    title = f"{answer.network}: the {which} by {answer.by} within the budget"
    table = Table("Networks", tuple(columns), tuple(rows))
    return Page(title, facts, (table,), (*_sentences(answer), *answer.notes))


def _sentences(answer: BestNetworks) -> tuple[str, ...]:
    """A sentence on what can be reached, if nothing fits."""
    if answer.best:
        return ()
    parts = []
    for cost, amount in answer.reach.items():
        least = "least" if cost in answer.budgets.limits else "most"
        parts.append(f"the {least} {METRICS[cost].noun} are {limit_text(amount, cost)}")
    reach = f" By themselves, {' and '.join(parts)}." if parts else ""
    return (f"Nothing fits: no network of the space is within the budget.{reach}",)


def _data(answer: BestNetworks) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "network": answer.network,
        "convention": answer.convention,
        "unit": answer.unit,
        **answer.facts,
        "for": {axis.name: [number(value) for value in axis.values] for axis in answer.searched},
        "parameters": {name: number(value) for name, value in answer.settings.items()},
        "budget": {cost: number(limit) for cost, limit in answer.budgets.limits.items()},
        "at_least": {cost: number(least) for cost, least in answer.floors.items()},
        "by": f"-{answer.by}" if answer.is_cheapest else answer.by,
        "networks": [
            {
                "parameters": {name: number(value) for name, value in row.settings.items()},
                **{name: for_scripts(name, cost) for name, cost in row.costs.items()},
            }
            for row in answer.best
        ],
        **(
            {"reach": {cost: number(at) for cost, at in answer.reach.items()}}
            if not answer.best
            else {}
        ),
        **({"notes": list(answer.notes)} if answer.notes else {}),
    }
