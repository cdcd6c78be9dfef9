"""What an interactive page holds of a network: its controls, and its tables at every setting.

The report's own stages run over numbers that write themselves on a tape, so that a cell
of a table is a node, and the page computes it at whatever setting its reader chooses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from costcalc.advice import advice, set_option
from costcalc.costs.convention import Convention
from costcalc.costs.count import count
from costcalc.errors import Problems, SpecError
from costcalc.formulas.algebra import Size
from costcalc.graph.expand import expand
from costcalc.graph.layer import NETWORK_INPUT, LayerGraph
from costcalc.graph.layouts import channel_axes
from costcalc.graph.parameters import resolve
from costcalc.importers import is_request
from costcalc.kinds import KINDS
from costcalc.kinds.base import Shape, channels_last
from costcalc.opening import OpenNetwork
from costcalc.records import NamedTuple
from costcalc.reporting.implementations import IMPLEMENTATION, as_usually_run
from costcalc.reporting.layers import LayerReport, free_notes, layer_reports
from costcalc.reporting.phrases import notes_of
from costcalc.reporting.tree import BRANCH, Place, ReportLine, lines, places, tree
from costcalc.spec.library import reference
from costcalc.symbolic.explain import LayerExplanation
from costcalc.tape.number import TapeNumber
from costcalc.tape.program import STRUCTURES, Leaf, Program, Refused
from costcalc.tape.tape import Parameter, TooLarge
from costcalc.webpage.controls import (
    FOLLOWS,
    Control,
    Fixed,
    controls,
    given,
    named_settings,
    written,
)
from costcalc.webpage.formulas import FormulaBook
from costcalc.webpage.levels import LevelBook, Levels

if TYPE_CHECKING:
    from costcalc.performance.running import Run
    from costcalc.webpage.resources import StepsInMemory, StepsInTime

ROWS = 250
"""About the most rows of a page over all combinations of its choices."""

MOST_ROWS = 6_000
"""About the most rows of a page over all structures, those that sliders reach included."""

GATED = "With every gate open: costcalc report has the costs of gates, and what skipping saves."
"""The note of a network with gates, whose costs are not on its page."""


class Counts(NamedTuple):
    """Costs under one convention, in its unit."""

    mult_adds: Size
    params: Size


class TableRow(NamedTuple):
    """A row of the table of layers, for a line or a block; sizes and counts are on a tape."""

    title: str
    path: str
    type: str
    depth: int
    is_sum: bool
    filter: Shape
    suffix: str
    """What follows the filter's dimensions."""
    input: Shape | None
    """Channels last; None for a source."""
    output: Shape | None
    counts: tuple[Counts, ...]
    """Under each convention; empty for a layer that is not counted."""
    is_free: tuple[bool, ...]
    """Whether each convention counts neither."""
    explained: tuple[tuple[LayerExplanation, ...], ...]
    """The layers that each convention counts; empty if the rows below have them."""


class TypeRow(NamedTuple):
    """A row of the table of types of layer, as in MobileNetV1's Table 2."""

    type: str
    family: str
    layers: tuple[int, ...]
    """The number of layers with a cost under each convention."""
    counts: tuple[Counts, ...]


class Measures(NamedTuple):
    """What a page measures by; its reader chooses one of each."""

    conventions: tuple[Convention, ...]
    """One for each of :func:`ways_to_count`."""
    storages: tuple[str, ...] = ()
    """The names or paths of storages."""
    runs: tuple[Run, ...] = ()
    """What the networks run on."""
    references: tuple[str, ...] = ()
    """The conventions as they were asked for: names, or paths of files."""
    units: tuple[str, ...] = ()
    """The units of mult-adds, if any were asked for."""


def ways_to_count(
    references: Sequence[str], units: Sequence[str]
) -> Iterator[tuple[str, str | None]]:
    """The ways to count: each convention in each unit, or in its own if none is asked for."""
    return product(references, units or (None,))


class Structure(NamedTuple):
    """A network as it is put together at some settings."""

    input: Shape
    rows: tuple[TableRow, ...]
    types: tuple[TypeRow, ...]
    totals: tuple[Counts, ...]
    """Under each convention."""
    notes: tuple[tuple[str, ...], ...]
    """What qualifies the totals under each convention."""
    levels: Levels
    """The layer graph, whose boxes stand for rows."""
    memory: tuple[StepsInMemory, ...] = ()
    """Under each storage."""
    times: tuple[StepsInTime, ...] = ()
    """On each device."""


class NetworkModel(NamedTuple):
    """A network on a page."""

    network: OpenNetwork
    title: str
    controls: tuple[Control, ...]
    fixed: tuple[Fixed, ...]
    told: Mapping[str, Any]
    """The settings that costcalc has to be told to open the network as the page does."""
    measures: Measures
    program: Program[Structure]
    is_whole: bool
    """Whether all settings of its controls are recorded."""

    @property
    def conventions(self) -> tuple[Convention, ...]:
        """The conventions to choose from."""
        return self.measures.conventions

    @property
    def defaults(self) -> dict[str, Any]:
        """The values that the controls open at."""
        return {control.name: control.default for control in self.controls}

    @property
    def settings(self) -> dict[str, Any]:
        """All settings that the page opens at."""
        return {**self.network.settings, **given(self.defaults)}

    @property
    def opening(self) -> Leaf[Structure]:
        """The structure that the page opens with."""
        return self.program.record(self.defaults)


def model(
    network: OpenNetwork,
    measures: Measures,
    fixed: Mapping[str, Any] = MappingProxyType({}),
    ranges: Mapping[str, Sequence[Any]] = MappingProxyType({}),
) -> NetworkModel:
    """Records a network at all settings of its controls.

    Args:
        network: the network, opened with ``fixed``; its other settings are those at which
            its page opens.
        measures: how costs are counted, and what else is measured.
        fixed: settings that stay as they are.
        ranges: values of other parameters, instead of the usual ones.

    Raises:
        CostcalcError: the network does not exist at its own settings, or a convention lacks a rule.
    """
    network = as_usually_run(network, measures.conventions[0])
    moved, others = controls(network, fixed, ranges)
    program = _program(network, measures, moved)
    first = _first(program, {control.name: control.default for control in moved})
    rows = len(first.rows) or 1
    moved, left = _within(program, moved, rows, ranges)
    if all(control.is_choice for control in left):
        program.fix({control.name: control.default for control in left})
    else:
        program = _program(network, measures, moved)
    program.most = min(max(MOST_ROWS // rows, 8), STRUCTURES)
    return NetworkModel(
        network,
        _title(network, moved),
        moved,
        (*others, *map(_left, left)),
        _told(network, fixed, moved, len(measures.references) > 1),
        measures,
        program,
        _explored(program, moved),
    )


def _told(
    network: OpenNetwork, fixed: Mapping[str, Any], moved: Sequence[Control], has_choice: bool
) -> dict[str, Any]:
    """What the network's name does not say of how the page opens.

    Args:
        network: the network, which ``fixed`` has set.
        fixed: settings that were asked for, those for reading a model among them.
        moved: the controls, which may open at another value.
        has_choice: whether there are several conventions: costcalc chooses the implementation
            by each.
    """
    carried = reference(network.name).settings if network.name else {}
    asked = {name: value for name, value in {**carried, **fixed}.items() if is_request(name)}
    named = named_settings(network)
    own = {name: value for name, value in network.settings.items() if name not in named}
    values = resolve(network.document, network.settings, Problems()).values
    opening = {
        control.name: control.default
        for control in moved
        if control.default is not FOLLOWS and control.default != values.get(control.name)
    }
    usual = (
        {IMPLEMENTATION: values[IMPLEMENTATION]} if has_choice and IMPLEMENTATION in values else {}
    )
    return {**asked, **usual, **own, **opening}


def _title(network: OpenNetwork, moved: Sequence[Control]) -> str:
    """The network's title in its report; its name if the title has what the reader moves."""
    title = network.document.title
    texts = (title.text, *(case for _, case in title.cases))
    if any(
        control.name == title.parameter or any(f"{{{control.name}}}" in text for text in texts)
        for control in moved
    ):
        return network.label
    values = resolve(network.document, network.settings, Problems()).values
    return network.document.titled(values)


def _first(program: Program[Structure], opening: Mapping[str, Any]) -> Structure:
    """The structure at the settings that the page opens at.

    Raises:
        CostcalcError: the network does not exist there.
    """
    try:
        result = program.record(opening).result
    except TooLarge:
        program.function(opening)  # refuses plain numbers that large with their place
        raise
    return program.function(opening) if isinstance(result, Refused) else result


def _within(
    program: Program[Structure], moved: Sequence[Control], rows: int, wanted: Container[str]
) -> tuple[tuple[Control, ...], tuple[Control, ...]]:
    """The controls that a page has, and those that would make it too large.

    Args:
        program: the network, recorded where the page opens.
        moved: all controls.
        rows: the rows where the page opens, as an estimate of those at other choices.
        wanted: the names of controls that the page must have.
    """
    most = min(ROWS // rows, STRUCTURES)
    combinations = 1
    kept, left = [], []
    for control in moved:
        is_apart = control.is_choice or control.name in program.settled
        more = combinations * (len(control.values) if is_apart else 1)
        if more > max(most, combinations) and control.name not in wanted:
            left.append(control)
        else:
            kept.append(control)
            combinations = more
    return tuple(kept), tuple(left)


def _left(control: Control) -> Fixed:
    """The parameter of a control that the page goes without."""
    values = ",".join(written(control)[1 if control.default is FOLLOWS else 0 :][:2])
    moves = set_option(control.name, values)
    reason = advice("not moved, to keep the page small: {} moves it", moves)
    return Fixed(control.name, control.default, reason)


def _explored(program: Program[Structure], moved: Sequence[Control]) -> bool:
    """Records the settings of each control, then of all together, which may be too many."""
    opening = {control.name: (control.default,) for control in moved}
    for control in moved:
        program.explore({**opening, control.name: control.values})
    return program.explore({control.name: control.values for control in moved})


def _program(
    network: OpenNetwork, measures: Measures, moved: Sequence[Control]
) -> Program[Structure]:
    document, own = network.document, network.settings
    names = {control.name for control in moved}
    fixed = {name: value for name, value in own.items() if name not in names}

    books = [FormulaBook(convention) for convention in measures.conventions]
    drawn = LevelBook()

    def structure(settings: Mapping[str, Any]) -> Structure:
        graph = expand(document, {**fixed, **given(settings)})
        result = _structure(graph, books, drawn)
        if not (measures.storages or measures.runs):
            return result
        from costcalc.webpage.resources import in_memory, in_time

        return result._replace(
            memory=tuple(in_memory(graph, storage) for storage in measures.storages),
            times=tuple(in_time(graph, run) for run in measures.runs),
        )

    parameters = [
        Parameter(control.name, control.low, control.high, control.is_whole)
        for control in moved
        if not control.is_choice
    ]
    choices = [control.name for control in moved if control.is_choice]
    return Program(structure, parameters, choices, _said)


def _said(error: SpecError) -> str:
    """An error with the names of its files alone: their folders are those of the page's maker."""
    problems = [
        problem._replace(mark=mark._replace(file=Path(mark.file).name))
        if (mark := problem.mark)
        else problem
        for problem in error.problems
    ]
    return str(SpecError(problems))


def _structure(graph: LayerGraph, books: Sequence[FormulaBook], drawn: LevelBook) -> Structure:
    axes = channel_axes(graph)
    costs = [count(graph, book.convention) for book in books]
    reported = [tuple(layer_reports(graph, each, axes)) for each in costs]
    roots = [tree(lines(layers)) for layers in reported]
    shown = [list(places(graph.blocks, root, None, graph.folded)) for root in roots]
    explained = [book.explained(graph, each, axes) for book, each in zip(books, costs, strict=True)]
    rows = [_table_row(graph, each, explained) for each in zip(*shown, strict=True)]
    types = tuple(_type_rows(reported))
    return Structure(
        input=channels_last(graph.input, axes.get(NETWORK_INPUT, 0)),
        rows=tuple(rows),
        types=types,
        totals=tuple(
            Counts(
                _sum([row.counts[index].mult_adds for row in types]),
                _sum([row.counts[index].params for row in types]),
            )
            for index in range(len(books))
        ),
        notes=tuple(
            (*free_notes(layers), *notes_of(graph), *([GATED] if graph.gated else []))
            for layers in reported
        ),
        levels=drawn.levels(graph, rows),
    )


def _table_row(
    graph: LayerGraph,
    place: Sequence[Place],
    explained: Sequence[Mapping[str, LayerExplanation]],
) -> TableRow:
    """A row, from its place under each convention."""
    node, depth, is_sum = place[0]
    names = [] if is_sum else list(node.names())
    row = partial(
        TableRow,
        depth=depth,
        is_sum=is_sum,
        is_free=tuple(bool(each.node.is_free) for each in place),
        explained=tuple(
            tuple(layers[name] for name in names if name in layers) for layers in explained
        ),
    )
    counts = tuple(Counts(each.node.mult_adds, each.node.params) for each in place)
    if isinstance(node, ReportLine):
        layer = node.layer
        return row(
            title=layer.title,
            path=layer.name,
            type=layer.type + layer.doubt,
            filter=layer.filter,
            suffix=" dw" if layer.filter and layer.is_depthwise else "",
            input=_size(layer.input, layer.input_axis),
            output=_size(layer.output, layer.output_axis),
            counts=counts if layer.is_counted else (),
        )
    block = graph.blocks.get(node.path, BRANCH)
    return row(
        title=node.title(block),
        path=node.path,
        type=block,
        filter=(),
        suffix="",
        input=_size(node.input, node.input_axis),
        output=_size(node.output, node.output_axis),
        counts=counts,
    )


def _size(shape: Shape, axis: int | None) -> Shape | None:
    return None if axis is None else channels_last(shape, axis)


def _type_rows(reported: Sequence[Sequence[LayerReport]]) -> Iterator[TypeRow]:
    """The types of layers, which are in the same order under each convention."""
    types: dict[str, list[int]] = {}
    for index, layer in enumerate(reported[0]):
        types.setdefault(layer.type, []).append(index)
    for type_, indexes in types.items():
        columns = [[layers[index] for index in indexes] for layers in reported]
        layers = tuple(
            sum(1 for layer in column if layer.mult_adds or layer.params) for column in columns
        )
        if any(layers):
            yield TypeRow(
                type_,
                KINDS[columns[0][0].kind].family,
                layers,
                tuple(
                    Counts(
                        _sum([layer.mult_adds for layer in column]),
                        _sum([layer.params for layer in column]),
                    )
                    for column in columns
                ),
            )


def _sum(numbers: Sequence[Size]) -> Size:
    """A sum in few operations: a number of the tape that is often in it is multiplied."""
    taped = {number.node: number for number in numbers if isinstance(number, TapeNumber)}
    plain = sum(number for number in numbers if not isinstance(number, TapeNumber))
    times = Counter(number.node for number in numbers if isinstance(number, TapeNumber))
    return sum((taped[node] * often for node, often in times.items()), plain)
