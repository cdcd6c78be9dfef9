"""What an interactive page carries: its networks' tapes and tables, as the data of ``page.js``.

A cell is where :class:`.Writer` writes a number of the network's tape.  What several rows or
several structures have in common is written once, and named by its number:

    texts       words
    shapes      lists of cells: dimensions, and the values of a formula's symbols
    bodies      what equal layers share: title, type, filter, its suffix, input, output,
                counts, whether it is free, formulas
    rows        three for each row: its name in its block (~name of a row that sums those
                below), how many rows before it the block's is, or 0; body
    types       rows of the table of types: type, family, layers, counts
    structures  rows (the starts and lengths of runs), types, totals, notes, input, the
                outermost level of the graph, memory under each storage, times on each
                device; or the message of a refusal
    pictures    where levels of the graph are drawn; or how many boxes one has that is not
    levels      of the graph: the number of its picture; for each box its row, the rows of a
                run, or the name of a tensor; the level that each opens; and the words of
                those too narrow for their own

Counts and notes are lists with one of each for every convention, in each unit.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from costcalc.costs.convention import Convention, load_convention
from costcalc.costs.rules import UNITS
from costcalc.escaping import printable
from costcalc.formulas.algebra import Size
from costcalc.render.formatting import exact
from costcalc.reporting.phrases import unit_title
from costcalc.spec.library import divided
from costcalc.symbolic.explain import LayerExplanation
from costcalc.tape.program import Refused
from costcalc.tape.writer import Writer
from costcalc.webpage.controls import Control, written
from costcalc.webpage.drawing import Look, Picture, is_too_large, look, picture, shortened
from costcalc.webpage.formulas import FormulaSheet
from costcalc.webpage.levels import LevelSheet, NetworkLevel
from costcalc.webpage.model import (
    Counts,
    Measures,
    NetworkModel,
    Structure,
    TableRow,
    TypeRow,
    ways_to_count,
)

if TYPE_CHECKING:
    from costcalc.webpage.resources import StepsInMemory, StepsInTime

NONE = -1
"""In the place of a shape, that there is none."""


def page_data(models: Sequence[NetworkModel], sheet: FormulaSheet) -> dict[str, Any]:
    """The data of a page with some networks.

    Args:
        models: the networks, under the same conventions.
        sheet: takes the formulas of their layers.
    """
    shared, measures = _Controls(models), models[0].measures
    networks = [
        _Network(model, sheet).data(shared.of(index, model)) for index, model in enumerate(models)
    ]
    symbols = _Once()
    return {
        "networks": networks,
        "controls": shared.data(),
        "units": list(measures.units) or [""],
        "conventions": [
            {
                "name": convention.name,
                "reference": reference,
                "times": _times_its_own(convention, reference),
                "title": convention.title,
                "unit": UNITS[convention.unit].title,
                "heading": unit_title(UNITS[convention.unit].title),
            }
            for convention, (reference, _) in zip(
                measures.conventions,
                ways_to_count(measures.references, measures.units),
                strict=True,
            )
        ],
        **_measures(measures),
        "formulas": [
            [
                formula.metric,
                formula.rule,
                [symbols.number([symbol.name.name, symbol.meaning]) for symbol in formula.symbols],
            ]
            for formula in sheet.formulas
        ],
        "symbols": symbols.values,
    }


def _measures(measures: Measures) -> dict[str, Any]:
    """The storages and the devices to choose from."""
    if not (measures.storages or measures.runs):
        return {"storages": [], "devices": []}
    from costcalc.performance.running import device_line
    from costcalc.storing.network import storage_or_default

    storages = [storage_or_default(storage) for storage in measures.storages]
    return {
        "storages": [
            {
                "name": storage.name,
                "title": printable(storage.title),
                "unit": storage.unit,
                "planner": storage.planner,
            }
            for storage in storages
        ],
        "devices": [
            {"name": run.device.name, "title": printable(device_line(run))} for run in measures.runs
        ],
    }


def _times_its_own(convention: Convention, reference: str) -> int:
    """The unit over the convention's own, which is what a claim says; 0 for less than one."""
    own = load_convention(reference, None)
    return UNITS[convention.unit].operations // UNITS[own.unit].operations


class _Controls:
    """The controls of a page: settings, and what the reader chooses besides.

    Networks share the settings that are alike.  A control has a name in the page's address, its
    key: with a number if it is not the first of its name, and marked if the page has another use
    for the word.
    """

    def __init__(self, models: Sequence[NetworkModel]) -> None:
        measures = models[0].measures
        self.models = models
        self.choices = {
            "convention": (
                "how costs are counted",
                [each.name for each in measures.conventions[:: len(measures.units) or 1]],
            ),
            "unit": ("the unit of mult-adds", list(measures.units)),
            "storage": (
                "how numbers are kept in memory",
                [each["name"] for each in _measures(measures)["storages"]],
            ),
            "device": (
                "what the networks run on",
                [each["name"] for each in _measures(measures)["devices"]],
            ),
            "network": ("whose layers are shown", [printable(model.title) for model in models]),
        }
        self.settings: list[dict[str, Any]] = []
        self.owners: list[list[int]] = []

    def of(self, index: int, model: NetworkModel) -> list[int]:
        """The numbers of a network's controls on the page, in the network's order."""
        return [self._number(index, control) for control in model.controls]

    def _number(self, index: int, control: Control) -> int:
        values = written(control)
        setting = {
            "name": control.name,
            "meaning": printable(control.meaning),
            "values": values,
            "default": values[control.values.index(control.default)],
            "kind": "choice" if control.is_choice else "whole" if control.is_whole else "number",
        }
        if setting not in self.settings:
            self.settings.append(setting)
            self.owners.append([])
        number = self.settings.index(setting)
        self.owners[number].append(index)
        return number

    def data(self) -> list[dict[str, Any]]:
        """All controls, those of settings first."""
        settings = [
            {**setting, "key": self._key(number), "meaning": self._meaning(number)}
            for number, setting in enumerate(self.settings)
        ]
        choices = [
            {
                **{"name": name, "key": name, "chooses": name, "meaning": meaning},
                **{"values": values, "default": values[0], "kind": "choice"},
            }
            for name, (meaning, values) in self.choices.items()
            if len(values) > 1
        ]
        return settings + choices

    def _key(self, number: int) -> str:
        name = self.settings[number]["name"]
        key = f"set.{name}" if name in (*self.choices, "sort", "find") else name
        first = [setting["name"] for setting in self.settings].index(name)
        return key if number == first else f"{key}.{self.owners[number][0] + 1}"

    def _meaning(self, number: int) -> str:
        """What a setting is, and whose if it is not of all networks."""
        meaning, owners = self.settings[number]["meaning"], self.owners[number]
        if len(owners) == len(self.models):
            return str(meaning)
        names = ", ".join(printable(self.models[owner].network.label) for owner in owners)
        return f"{meaning} ({names})"


class _Once:
    """Values that are written once, and named by their numbers."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._numbers: dict[str, int] = {}

    def number(self, value: Any) -> int:
        """The number of a value."""
        key = json.dumps(value)
        if key not in self._numbers:
            self._numbers[key] = len(self.values)
            self.values.append(value)
        return self._numbers[key]


class _Network:
    """Writes one network."""

    def __init__(self, model: NetworkModel, sheet: FormulaSheet) -> None:
        self.model = model
        self.sheet = sheet
        self.graph = LevelSheet()
        self._drawn: dict[Look, Picture] = {}
        self.writer = Writer(model.program)
        self.texts, self.shapes, self.bodies = _Once(), _Once(), _Once()
        self.types, self.pictures = _Once(), _Once()
        self.rows: list[list[int]] = []
        self._row_numbers: dict[tuple[str, int, bool, int], int] = {}
        self._blocks: dict[tuple[str, int], int] = {}
        """The first row of each path and depth that sums others."""

    def data(self, controls: Sequence[int]) -> dict[str, Any]:
        """The network, whose controls have these numbers on the page."""
        model = self.model
        structures = [self._structure(leaf.result) for leaf in model.program.leaves]
        levels = list(map(self._level, self.graph.levels))
        label = model.network.label
        before, at, _ = divided(label)
        name = before if at and not os.path.exists(label) else label
        names = dict(zip((control.name for control in model.controls), controls, strict=True))
        return {
            "title": printable(model.title),
            "name": printable(name),
            "told": [[each, exact(value)] for each, value in model.told.items()],
            "numbers": [names[parameter.name] for parameter in model.program.tape.parameters],
            "choices": [names[name] for name in model.program.choices],
            "texts": self.texts.values,
            "shapes": self.shapes.values,
            "bodies": self.bodies.values,
            "rows": [part for row in self.rows for part in row],
            "types": self.types.values,
            "structures": structures,
            "pictures": self.pictures.values,
            "levels": levels,
            "tape": self.writer.data(),
        }

    def _structure(self, structure: Structure | Refused) -> list[Any]:
        if isinstance(structure, Refused):
            return self.writer.text(structure.message)
        return [
            _runs(self._rows(structure.rows)),
            [self.types.number(self._type(row)) for row in structure.types],
            self._counts(structure.totals),
            [self._text(" ".join(notes)) for notes in structure.notes],
            self._shape(structure.input),
            self.graph.number(structure.levels),
            [self._memory(steps) for steps in structure.memory],
            [self._times(steps) for steps in structure.times],
        ]

    def _memory(self, steps: StepsInMemory) -> list[Any]:
        """The names of the steps, the bytes alive, flash, bound and peak."""
        return [
            [self._text(name) for name in steps.names],
            self._shape(steps.alive),
            self.writer.cell(steps.flash),
            self.writer.cell(steps.bound),
            NONE if steps.peak is None else [self.writer.cell(steps.peak)],
        ]

    def _times(self, times: StepsInTime) -> list[Any]:
        """The bound, the two estimates, and what each step does."""
        return [
            *(self.writer.cell(seconds) for seconds in (times.bound, times.roofline, times.serial)),
            *(
                [self._text(step.name), self._text(step.layer), *map(self.writer.cell, step[2:])]
                for step in times.steps
            ),
        ]

    def _rows(self, rows: Iterable[TableRow]) -> list[int]:
        """The numbers of the rows of a structure, blocks before their members."""
        numbers: list[int] = []
        around: list[TableRow] = []
        for row in rows:
            del around[row.depth :]
            numbers.append(self._row(row, around[-1] if around else None))
            around.append(row)
        return numbers

    def _row(self, row: TableRow, block: TableRow | None) -> int:
        """The number of a row; rows of several structures with the same path may be one."""
        key = (row.path, row.depth, row.is_sum, self.bodies.number(self._body(row)))
        number = self._row_numbers.setdefault(key, len(self.rows))
        if number == len(self.rows):
            name, above = row.path, 0
            if block is not None:
                name = name.removeprefix(f"{block.path}/")
                above = number - self._blocks[block.path, block.depth]
            if row.is_sum:
                self._blocks.setdefault((row.path, row.depth), number)
            text = self._text(name)
            self.rows.append([~text if row.is_sum else text, above, key[-1]])
        return number

    def _body(self, row: TableRow) -> list[Any]:
        """What equal layers share, and equal blocks, whose titles are their own names."""
        return [
            NONE if row.title == row.path.rpartition("/")[2] else self._text(row.title),
            self._text(row.type),
            self._shape(row.filter) if row.filter else NONE,
            self._text(row.suffix),
            NONE if row.input is None else self._shape(row.input),
            NONE if row.output is None else self._shape(row.output),
            self._counts(row.counts),
            list(map(int, row.is_free)),
            [self._formulas(row.path, layers) for layers in row.explained],
        ]

    def _formulas(self, path: str, layers: Iterable[LayerExplanation]) -> list[Any]:
        """The layers of a row.

        Of each what its name has after the row's, its type, the values of its symbols, and its
        formulas with their results.
        """
        return [self._explanation(path, layer) for layer in layers]

    def _explanation(self, path: str, layer: LayerExplanation) -> list[Any]:
        uses = self.sheet.uses(layer)
        return [
            self._text(layer.name.removeprefix(path)),
            self._text(layer.type + layer.remark),
            self._shape([value for _, value in layer.symbols] if uses else ()),
            *(part for use in uses for part in (use.formula, self.writer.cell(use.value))),
        ]

    def _type(self, row: TypeRow) -> list[Any]:
        return [
            self._text(row.type),
            self._text(row.family),
            list(row.layers),
            self._counts(row.counts),
        ]

    def _counts(self, counts: Iterable[Counts]) -> list[int]:
        """Mult-adds and params under each convention."""
        return [self.writer.cell(number) for each in counts for number in each]

    def _shape(self, shape: Iterable[Size]) -> int:
        return self.shapes.number([self.writer.cell(side) for side in shape])

    def _level(self, level: NetworkLevel) -> list[Any]:
        """A level: its picture, its boxes, the levels that these open, and shortened words."""
        boxes = [
            box.title if not box.rows else box.rows[0] if len(box.rows) == 1 else list(box.rows)
            for box in level.boxes
        ]
        opens = [box.opens for box in level.boxes]
        if is_too_large(level):
            return [self.pictures.number(len(boxes)), boxes, opens, {}]
        seen = look(level)
        drawn = self._drawn.get(seen) or self._drawn.setdefault(seen, picture(seen))
        return [self.pictures.number(drawn), boxes, opens, shortened(level, drawn)]

    def _text(self, text: str) -> int:
        return self.texts.number(printable(text))


def _runs(numbers: Sequence[int]) -> list[int]:
    """Numbers as the starts and lengths of runs: ``5, 6, 7, 9`` as ``5, 3, 9, 1``."""
    runs: list[int] = []
    for number in numbers:
        if runs and number == runs[-2] + runs[-1]:
            runs[-1] += 1
        else:
            runs += [number, 1]
    return runs
