"""The networks that ship: their sources and costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from typing import Any, overload

from costcalc.costs.convention import Convention
from costcalc.costs.count import count
from costcalc.costs.rules import UNITS
from costcalc.kinds.base import Shape, channels_last
from costcalc.opening import OpenNetwork, carried, opened_at
from costcalc.records import NamedTuple
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.formatting import number
from costcalc.render.page import Cell, Column, Dimensions, Page, Row, Table
from costcalc.reporting.implementations import as_usually_run
from costcalc.reporting.layers import Totals, totals
from costcalc.reporting.phrases import unit_title
from costcalc.spec import library
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


class ShippedNetworks(Answer, Sequence[str]):
    """The names of networks that ship; their costs are counted only when needed.

    Attributes:
        search: words that all occur in a network's name, title or source.
        convention: how costs are counted.
    """

    def __init__(self, search: str, convention: Convention) -> None:
        self.search = search
        self.convention = convention

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names, in alphabetical order."""
        return tuple(name for name, _ in self._matches) if self.search else tuple(library.shipped())

    @cached_property
    def networks(self) -> tuple[ShippedNetwork, ...]:
        """Each network at the settings of its name, with its totals."""
        return tuple(_counted(name, network, self.convention) for name, network in self._matches)

    @cached_property
    def _matches(self) -> tuple[tuple[str, OpenNetwork], ...]:
        return tuple(_matching(self.search.lower().split()))

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
        """The networks as one table."""
        columns = (
            Column("name", "Name"),
            Column("title", "Network", rank=3),
            Column("paper", "Paper", audience="scripts"),
            Column("arxiv", "arXiv", rank=1),
            Column("table", "Table", rank=4),
            Column("input", "Input", audience="scripts"),
            Column("settings", "Default settings", rank=2),
            Column("mult_adds", unit_title(UNITS[self.convention.unit].title), "right"),
            Column("params", "Params", "right"),
        )
        rows = tuple(Row(_cells(network)) for network in self.networks)
        number = f"{len(rows)} network" + ("" if len(rows) == 1 else "s")
        notes = (
            f"{number} with '{self.search}' in name or source." if self.search else f"{number}.",
            "Where the settings do not say otherwise, alpha is 1 and classes 1000.",
        )
        facts = (("convention", f"{self.convention.name}: {self.convention.title}"),)
        return Page("Networks", facts, (Table("", columns, rows, notes),))

    def data(self) -> dict[str, Any]:
        """The object of ``costcalc networks --format json``."""
        return {
            "format_version": FORMAT_VERSION,
            "convention": self.convention.name,
            "networks": [_network_data(network) for network in self.networks],
        }


def _matching(words: Sequence[str]) -> Iterator[tuple[str, OpenNetwork]]:
    """The networks with all words in name, title or source; each spec is read once."""
    open_at_defaults = cache(lambda path: opened_at(path, {}))
    for name in library.shipped():
        reference = library.reference(name)
        network = open_at_defaults(reference.network)
        document = network.document
        searched = " ".join((name, document.title.text, *document.source.values())).lower()
        if all(word in searched for word in words):
            yield name, network.at(carried(reference))


def _counted(name: str, network: OpenNetwork, convention: Convention) -> ShippedNetwork:
    graph = as_usually_run(network, convention).graph()
    sums = totals(count(graph, convention))
    return ShippedNetwork(name, graph.name, graph.source, graph.parameters, graph.input, sums)


def _cells(network: ShippedNetwork) -> tuple[Cell, ...]:
    source = network.source
    settings = ", ".join(
        f"{name}={exact(value)}"
        for name, value in network.parameters.items()
        if (name, value) not in (("alpha", 1), ("classes", 1000))
    )
    return (
        network.name,
        network.title,
        source.get("paper"),
        source.get("arxiv", source.get("venue")),
        source.get("table"),
        Dimensions(channels_last(network.input)),
        settings,
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
    }
