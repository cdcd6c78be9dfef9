"""The networks that ship, by family and year: their sources, accuracies and costs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any, overload

from costcalc.costs.convention import Convention
from costcalc.costs.count import count
from costcalc.costs.rules import UNITS
from costcalc.graph.parameters import published
from costcalc.kinds.base import Shape, channels_last
from costcalc.records import NamedTuple
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.formatting import number
from costcalc.render.page import Cell, Column, Dimensions, Page, Ratio, Row, Table
from costcalc.reporting.gallery import OfCollection, Selection, selected
from costcalc.reporting.implementations import as_usually_run
from costcalc.reporting.layers import Totals, totals
from costcalc.reporting.phrases import unit_title
from costcalc.reporting.report import accuracy_data
from costcalc.spec import library
from costcalc.spec.document import Accuracy
from costcalc.spec.family import FAMILIES, age
from costcalc.spec.numbers import exact


class ShippedNetwork(NamedTuple):
    """A network that ships, at the settings of its name."""

    name: str
    title: str
    """Its name in its spec."""
    source: Mapping[str, str]
    parameters: Mapping[str, Any]
    input: Shape
    totals: Totals
    family: str
    year: int | None
    """When it was published."""
    accuracy: Accuracy | None
    """The published accuracy at these settings."""
    spec: str
    """The name of its spec, of which it is a variant unless that is its own."""
    space: frozenset[str]
    """The parameters of the space that its spec declares, if it does."""


class ShippedNetworks(Answer, Sequence[str]):
    """The names of networks that ship; their costs are counted only when needed.

    Attributes:
        selection: which of them.
        convention: how costs are counted.
    """

    def __init__(self, selection: Selection, convention: Convention) -> None:
        self.selection = selection
        self.convention = convention

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names, in alphabetical order."""
        if self.selection == Selection():
            return tuple(library.shipped())
        return tuple(network.name for network in self._matches)

    @cached_property
    def networks(self) -> tuple[ShippedNetwork, ...]:
        """Each network at the settings of its name, with its totals."""
        return tuple(_counted(network, self.convention) for network in self._matches)

    @cached_property
    def _matches(self) -> tuple[OfCollection, ...]:
        return tuple(selected(self.selection))

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...

    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        return self.names[index]

    def __len__(self) -> int:
        return len(self.names)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self.names == tuple(other)

    def __hash__(self) -> int:
        return hash(self.names)

    def __repr__(self) -> str:
        return repr(list(self.names))

    def page(self) -> Page:
        """The networks as one table: a row for each, below its family, its variants below it."""
        columns = (
            Column("name", "Name"),
            Column("title", "Network", rank=4),
            Column("family", "Family", audience="scripts"),
            Column("year", "Year", "right"),
            Column("paper", "Paper", audience="scripts"),
            Column("arxiv", "arXiv", rank=2),
            Column("table", "Table", rank=5),
            Column("input", "Input", audience="scripts"),
            Column("settings", "Default settings", rank=3),
            Column("top1", "Top-1 %", "right"),
            Column("mult_adds", unit_title(UNITS[self.convention.unit].title), "right"),
            Column("params", "Params", "right"),
        )
        count = len(self.networks)
        notes = (
            f"{count} network{'' if count == 1 else 's'}{self.selection.text}.",
            "Where the settings do not say otherwise, alpha is 1 and classes 1000.",
            "Top-1 is on ImageNet, where a paper prints it.",
        )
        facts = (("convention", f"{self.convention.name}: {self.convention.title}"),)
        listing = Table("", columns, tuple(Row(_cells(network)) for network in self.networks))
        table = Table("", columns, tuple(_tree(self.networks, len(columns))), notes)
        return Page("Networks", facts, (table,), listing=listing)

    def data(self) -> dict[str, Any]:
        """The object of ``costcalc networks --format json``."""
        return {
            "format_version": FORMAT_VERSION,
            "convention": self.convention.name,
            "networks": [_network_data(network) for network in self.networks],
        }


def _counted(shipped: OfCollection, convention: Convention) -> ShippedNetwork:
    network = as_usually_run(shipped.network, convention)
    graph = network.graph()
    return ShippedNetwork(
        shipped.name,
        graph.name,
        graph.source,
        graph.parameters,
        graph.input,
        totals(count(graph, convention)),
        network.document.family,
        shipped.year,
        published(network.document, graph.parameters),
        shipped.spec,
        frozenset(network.document.space),
    )


def _tree(networks: Sequence[ShippedNetwork], width: int) -> Iterator[Row]:
    """Families in the order of their table, in each the oldest network first."""
    names = {network.name for network in networks}
    families = [*FAMILIES]

    def place(network: ShippedNetwork) -> tuple[Any, ...]:
        is_variant = network.name != network.spec
        return (
            families.index(network.family),
            age(network.source),
            network.spec,
            is_variant,
            network.totals.mult_adds,
            network.name,
        )

    family = ""
    for network in sorted(networks, key=place):
        if network.family != family:
            family = network.family
            yield Row((family, FAMILIES[family], *[None] * (width - 2)))
        is_below = network.spec != network.name and network.spec in names
        yield Row(_cells(network, network.space), 2 if is_below else 1)


def _cells(network: ShippedNetwork, space: Collection[str] = ()) -> tuple[Cell, ...]:
    """A row of either table; the parameters of a space are counted instead of shown."""
    source = network.source
    settings = ", ".join(
        [
            f"{name}={exact(value)}"
            for name, value in network.parameters.items()
            # A network whose input is not square has no resolution.
            if value is not None
            and (name, value) not in (("alpha", 1), ("classes", 1000))
            and name not in space
        ]
        + ([f"{len(space)} choices"] if space else [])
    )
    return (
        network.name,
        network.title,
        network.family,
        None if network.year is None else str(network.year),
        source.get("paper"),
        source.get("arxiv", source.get("venue")),
        source.get("table"),
        Dimensions(channels_last(network.input)),
        settings,
        network.accuracy and Ratio(Fraction(network.accuracy.top1), 1),
        network.totals.mult_adds,
        network.totals.params,
    )


def _network_data(network: ShippedNetwork) -> dict[str, Any]:
    return {
        "name": network.name,
        "title": network.title,
        "source": dict(network.source),
        "parameters": {name: number(value) for name, value in network.parameters.items()},
        "input": list(network.input),
        "totals": network.totals._asdict(),
        "family": network.family,
        "year": network.year,
        **accuracy_data(network.accuracy),
        "spec": network.spec,
    }
