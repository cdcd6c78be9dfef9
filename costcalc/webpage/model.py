"""What an interactive page knows of a network: its controls, and its tables at every setting.

The report's own stages run over numbers that write themselves on a tape, so that a cell
of a table is a node, and the page computes it at whatever setting its reader chooses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from costcalc.costs.convention import Convention
from costcalc.costs.count import count
from costcalc.errors import SpecError
from costcalc.formulas.algebra import Size
from costcalc.graph.expand import expand
from costcalc.graph.layouts import channel_axes
from costcalc.graph.parameters import all_parameters
from costcalc.kinds.base import Shape
from costcalc.opening import OpenNetwork
from costcalc.records import NamedTuple
from costcalc.reporting.layers import layer_reports
from costcalc.reporting.tree import ReportLine, lines, places, tree
from costcalc.symbolic.explain import LayerExplanation, explained_layers
from costcalc.tape.program import Program
from costcalc.tape.tape import Parameter, Rational
from costcalc.webpage.levels import Levels, levels


class Control(NamedTuple):
    """A parameter that the page's reader moves: a number between two ends, or a choice."""

    name: str
    meaning: str
    default: Any
    choices: tuple[Any, ...] = ()
    """The values to choose between; empty for a number."""
    low: Rational = 0
    high: Rational = 0
    step: Rational = 1
    """Of the slider; a field takes any exact number between the ends."""


class Counts(NamedTuple):
    """Costs under one convention, in its unit."""

    mult_adds: Size
    params: Size


class TableRow(NamedTuple):
    """A row of the table of layers: a line or a block; sizes and counts are numbers of a tape."""

    path: str
    type: str
    depth: int
    is_sum: bool
    input: Shape
    output: Shape
    counts: tuple[Counts, ...]
    """Under each convention."""
    explained: tuple[tuple[LayerExplanation, ...], ...] = ()
    """Under each convention, the layers that it counts; none if the rows below have them."""


class Structure(NamedTuple):
    """A network as it is put together at some settings."""

    input: Shape
    rows: tuple[TableRow, ...]
    totals: tuple[Counts, ...]
    """Under each convention."""
    levels: Levels
    """The layer graph, its boxes for the rows."""


class Refused(NamedTuple):
    """That a network does not exist at some settings, and why."""

    message: str


Recorded: TypeAlias = Structure | Refused


class NetworkModel(NamedTuple):
    """A network on a page."""

    title: str
    controls: tuple[Control, ...]
    conventions: tuple[Convention, ...]
    program: Program[Recorded]

    @property
    def defaults(self) -> dict[str, Any]:
        """The settings that the page opens with."""
        return {control.name: control.default for control in self.controls}


def model(network: OpenNetwork, conventions: Sequence[Convention]) -> NetworkModel:
    """A network, recorded at its own settings.

    Raises:
        CostcalcError: it does not exist there, or a convention lacks a rule.
    """
    document, fixed = network.document, network.settings
    controls = _controls(network)

    def structure(settings: Mapping[str, Any]) -> Recorded:
        try:
            graph = expand(document, {**fixed, **settings})
        except SpecError as error:
            return Refused(str(error))
        axes = channel_axes(graph)
        tables = []
        explained = []
        for convention in conventions:
            costs = count(graph, convention)
            root = tree(lines(tuple(layer_reports(graph, costs, axes))))
            tables.append((root, list(places(graph.blocks, root, None, graph.folded))))
            counted = [index for index, cost in enumerate(costs) if not cost.is_free]
            layers = explained_layers(graph, counted, convention)
            explained.append({layer.name: layer for layer in layers})
        rows = []
        for each in zip(*(shown for _, shown in tables), strict=True):
            (node, depth, is_sum) = each[0]
            is_line = isinstance(node, ReportLine)
            rows.append(
                TableRow(
                    path=node.layer.name if is_line else node.path,
                    type=node.layer.type if is_line else graph.blocks.get(node.path, "branch"),
                    depth=depth,
                    is_sum=is_sum,
                    input=node.layer.input if is_line else node.input,
                    output=node.layer.output if is_line else node.output,
                    counts=tuple(Counts(place.node.mult_adds, place.node.params) for place in each),
                    explained=tuple(
                        ()
                        if is_sum
                        else tuple(known[name] for name in node.names() if name in known)
                        for known in explained
                    ),
                )
            )
        totals = tuple(Counts(root.mult_adds, root.params) for root, _ in tables)
        return Structure(graph.input, tuple(rows), totals, levels(graph, rows))

    parameters = [
        Parameter(control.name, control.low, control.high, control.name != "alpha")
        for control in controls
        if not control.choices
    ]
    choices = [control.name for control in controls if control.choices]
    program = Program(structure, parameters, choices)
    result = NetworkModel(document.titled(fixed), controls, tuple(conventions), program)
    program.record(result.defaults)
    return result


def _controls(network: OpenNetwork) -> tuple[Control, ...]:
    """The network's alpha and resolution; a setting that the network carries is where it opens."""
    known = all_parameters(network.document)
    alpha = network.settings.get("alpha", 1)
    res = network.settings.get("res", 224)
    return (
        Control("alpha", known["alpha"].doc, alpha, (), Fraction(1, 20), 2, Fraction(1, 20)),
        Control("res", known["res"].doc, res, (), 32, 512, 32),
    )
