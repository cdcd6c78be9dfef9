"""One network under several conventions, with the causes of the differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from costcalc.costs.count import LayerCost, count
from costcalc.costs.rules import COUNTS, UNITS, Convention
from costcalc.errors import ConventionError
from costcalc.graph.layer import NETWORK_INPUT, LayerGraph
from costcalc.graph.layouts import channel_axes
from costcalc.kinds.base import channels_last
from costcalc.reconciling.causes import Cause, causes, unseen
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.formatting import number
from costcalc.render.page import Column, Page, Row, Signed, Table
from costcalc.reporting.phrases import metric_titles, notes_of, settings_line

USUAL = ("paper", "fvcore", "thop", "ptflops", "torchinfo", "torch")
"""The conventions to compare by default: the papers' own, then the most common counters."""

_TITLES = metric_titles(UNITS["macs"].title)
"""Neutral titles, since each row of the table has its own unit."""


class ConventionCount(NamedTuple):
    """A network under one convention."""

    convention: Convention
    mult_adds: Any
    params: Any
    causes: Mapping[str, tuple[Cause, ...]]
    """The causes of the difference from the first convention, by metric."""
    unseen: tuple[str, ...]
    """Notes on what it misses only because of how the implementation is written."""


@dataclass(frozen=True, repr=False)
class Reconciliation(Answer):
    """The counts of a network, each explained by its difference from the first."""

    graph: LayerGraph
    counts: tuple[ConventionCount, ...]
    left_out: tuple[str, ...] = ()
    """Why conventions that are compared by default are not compared here."""

    def caveats(self) -> tuple[str, ...]:
        """What the totals leave out, guess or choose."""
        return notes_of(self.graph)

    def page(self) -> Page:
        """The totals side by side, then the causes of their differences from the first."""
        return _page(self)

    def data(self) -> dict[str, Any]:
        """The count under each convention, with the causes of its difference from the first."""
        graph = self.graph
        return {
            "format_version": FORMAT_VERSION,
            "network": graph.name,
            "parameters": {name: number(value) for name, value in graph.parameters.items()},
            "input": list(graph.input),
            "counts": [_count_data(count) for count in self.counts],
            "left_out": list(self.left_out),
            **({"notes": list(self.caveats())} if self.caveats() else {}),
        }


def reconcile(
    graph: LayerGraph, conventions: Sequence[Convention], *, are_optional: bool = False
) -> Reconciliation:
    """Counts the network under each convention and explains the differences.

    Args:
        graph: the network.
        conventions: the first is the one that the others are compared with.
        are_optional: whether to leave out those, except the first, that have no rule for
            a layer.

    Raises:
        ConventionError: a convention has no rule for a layer.
    """
    modules = graph
    if any(layer.functional for layer in graph.layers):
        layers = tuple(layer._replace(functional=None) for layer in graph.layers)
        modules = graph._replace(layers=layers)
    counted: list[tuple[Convention, tuple[LayerCost, ...]]] = []
    left_out = []
    for convention in conventions:
        try:
            counted.append((convention, count(graph, convention)))
        except ConventionError as error:
            if not are_optional or not counted:
                raise
            left_out.append(f"Not compared: {error.problems[0].message}.")
    counts = []
    for convention, costs in counted:
        explained = {metric: causes(metric, counted[0], (convention, costs)) for metric in COUNTS}
        counts.append(
            ConventionCount(
                convention,
                sum(cost.mult_adds for cost in costs),
                sum(cost.params for cost in costs),
                explained,
                tuple(unseen(convention, costs, count(modules, convention)))
                if modules is not graph
                else (),
            )
        )
    return Reconciliation(graph, tuple(counts), tuple(left_out))


def _page(reconciliation: Reconciliation) -> Page:
    counts = reconciliation.counts
    tables = [_totals(counts)]
    for metric in COUNTS:
        table = _differences(counts, metric)
        if table.rows:
            tables.append(table)
    graph = reconciliation.graph
    notes = [*reconciliation.left_out, *(note for count in counts for note in count.unseen)]
    notes += reconciliation.caveats()
    return Page(graph.name, _facts(graph), tuple(tables), tuple(notes))


def _facts(graph: LayerGraph) -> tuple[tuple[str, str], ...]:
    axis = channel_axes(graph).get(NETWORK_INPUT, 0)
    return (
        ("input", " × ".join(map(str, channels_last(graph.input, axis)))),
        ("settings", settings_line(graph.parameters, {layer.kind.name for layer in graph.layers})),
    )


def _totals(counts: tuple[ConventionCount, ...]) -> Table:
    columns = (
        Column("convention", "Convention"),
        Column("unit", "Unit"),
        Column("mult_adds", _TITLES["mult_adds"], "right"),
        Column("mult_adds_difference", "Difference", "right"),
        Column("params", _TITLES["params"], "right"),
        Column("params_difference", "Difference", "right"),
        Column("counted_by", "Counted by", rank=1),
    )
    first = counts[0]
    rows = tuple(
        Row(
            (
                count.convention.name,
                UNITS[count.convention.unit].title,
                count.mult_adds,
                Signed(count.mult_adds - first.mult_adds) if count is not first else None,
                count.params,
                Signed(count.params - first.params) if count is not first else None,
                _tool(count),
            )
        )
        for count in counts
    )
    return Table("Totals", columns, rows)


def _tool(count: ConventionCount) -> str:
    convention = count.convention
    if not convention.tool:
        return ""
    package = convention.tool.partition("(")[0].partition(" ")[0].partition(".")[0]
    return f"{package} {convention.version}".strip()


def _differences(counts: tuple[ConventionCount, ...], metric: str) -> Table:
    """From the first convention's total to each other one; conventions that agree share rows."""
    first = counts[0]
    title = _TITLES[metric]
    columns = (
        Column("cause", "Cause"),
        Column("each", "How much"),
        Column("layers", "Layers", "right"),
        Column("difference", title, "right"),
    )
    groups: dict[tuple[tuple[Cause, ...], Any], list[str]] = {}
    for other in counts[1:]:
        key = (other.causes[metric], getattr(other, metric))
        groups.setdefault(key, []).append(other.convention.name)
    rows = []
    for (reasons, total), names in groups.items():
        if reasons:
            rows.append(Row((first.convention.name, None, None, getattr(first, metric))))
            rows += [
                Row((cause.what, cause.each, cause.layers, Signed(cause.difference)), depth=1)
                for cause in reasons
            ]
            rows.append(Row((", ".join(names), None, None, total), is_sum=True))
    return Table(f"{title}: what makes the difference", columns, tuple(rows))


def _count_data(count: ConventionCount) -> dict[str, Any]:
    return {
        "convention": count.convention.name,
        "unit": count.convention.unit,
        "totals": {"params": number(count.params), "mult_adds": number(count.mult_adds)},
        "causes": {
            metric: [
                {**cause._asdict(), "difference": number(cause.difference)} for cause in causes
            ]
            for metric, causes in count.causes.items()
        },
        "notes": list(count.unseen),
    }
