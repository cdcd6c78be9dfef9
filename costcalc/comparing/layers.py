"""Layers and blocks side by side, in one notation: by formula and by number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import sympy

from costcalc.comparing.compare import ratio_text
from costcalc.costs.rules import COUNTS, UNITS
from costcalc.errors import Problems, refuse
from costcalc.opening import of_texts
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.formatting import exact, number
from costcalc.render.page import Cell, Column, Page, Row, Table
from costcalc.reporting.phrases import metric_titles, settings_line
from costcalc.spec import library
from costcalc.spec.numbers import is_number
from costcalc.symbolic.catalogue import NamedFormula
from costcalc.symbolic.expressions import symbol, tree
from costcalc.symbolic.formula import Node, written
from costcalc.symbolic.layers import entry_of
from costcalc.symbolic.notation import MOBILENET_V1, sizes_of
from costcalc.symbolic.symbol_values import check_numbers

_TITLES = metric_titles(UNITS["macs"].title)
_NOTATION = MOBILENET_V1
"""The symbols of all formulas, so that they can be compared."""


class ComparedLayer(NamedTuple):
    """A layer of a comparison."""

    label: str
    """As the user wrote it: ``separable@M=384``."""
    entry: NamedFormula
    formulas: Mapping[str, Node]
    """Its params and mult-adds, in the common symbols."""
    values: Mapping[str, int | Fraction | None]
    """The same as numbers; None if a symbol of them is not set."""
    symbols: frozenset[str]
    """The symbols in the formulas."""


@dataclass(frozen=True, repr=False)
class LayerComparison(Answer):
    """Layers side by side, compared with the first."""

    layers: tuple[ComparedLayer, ...]
    settings: Mapping[str, Any]
    """The numbers set for all of them."""

    def page(self) -> Page:
        """Formulas, numbers if the symbols are set, and ratios to the first layer."""
        layers = self.layers
        facts = (("settings", settings_line(self.settings)),) if self.settings else ()
        tables = []
        for metric, title in _TITLES.items():
            columns = (
                Column("layer", "Layer"),
                Column("formula", "Formula"),
                Column(metric, title, "right"),
                Column("ratio", "Ratio"),
            )
            rows = tuple(_row(layers, layer, metric) for layer in layers)
            tables.append(Table(title, columns, rows))
        notes = [
            f"{symbol.name.text}: {symbol.meaning}."
            for symbol in _NOTATION.symbols
            if any(symbol.name.name in layer.symbols for layer in layers)
        ]
        notes += dict.fromkeys(f"{layer.entry.name}: {layer.entry.source}." for layer in layers)
        title = " against ".join(dict.fromkeys(layer.entry.title for layer in layers))
        return Page(title, facts, tuple(tables), tuple(notes))

    def data(self) -> dict[str, Any]:
        """Their formulas, and their numbers if all symbols are set."""
        return {
            "format_version": FORMAT_VERSION,
            "settings": {name: number(value) for name, value in self.settings.items()},
            "layers": [
                {
                    "reference": layer.label,
                    "layer": layer.entry.name,
                    **{
                        metric: {"formula": written(node), "value": number(layer.values[metric])}
                        for metric, node in layer.formulas.items()
                    },
                }
                for layer in self.layers
            ],
        }


def compare_layers(names: Sequence[str], settings: Mapping[str, Any]) -> LayerComparison:
    """Compares layers by formula and by number.

    Args:
        names: names of formulas with params and mult-adds; each may carry settings of its
            own, as in ``separable@M=384,N=384``.
        settings: numbers for some of the symbols D_K, M, N, D_F, g and t.

    Raises:
        SpecError: a name or a symbol is unknown, or a number is wrong.
    """
    layers = []
    problems = Problems()
    for name in names:
        reference = library.reference(name)
        own = of_texts(reference.settings)
        layer = _layer(name, entry_of(reference.network), {**settings, **own})
        _check(own, layer.symbols, problems)
        layers.append(layer)
    _check(settings, frozenset[str]().union(*(layer.symbols for layer in layers)), problems)
    problems.raise_any()
    return LayerComparison(tuple(layers), settings)


def _check(settings: Mapping[str, Any], used: frozenset[str], problems: Problems) -> None:
    symbols = [letter.name.name for letter in _NOTATION.symbols if letter.name.name in used]
    check_numbers(settings, symbols, "none of these layers has a symbol", problems)


def _layer(label: str, entry: NamedFormula, settings: Mapping[str, Any]) -> ComparedLayer:
    if not _TITLES.keys() <= entry.counts.keys():
        refuse(
            None,
            f"'{entry.name}' has no params and mult-adds to compare",
            expected="a convolution, a block or a fully connected layer",
        )
    symbols = {letter.name.name: symbol(letter.name) for letter in _NOTATION.symbols}
    order = [letter.name for letter in _NOTATION.symbols]
    counts = {metric: entry.counts[metric](sizes_of(_NOTATION, symbols)) for metric in COUNTS}
    free = frozenset(str(name) for count in counts.values() for name in count.free_symbols)
    values: dict[str, int | Fraction | None] = dict.fromkeys(COUNTS)
    if free <= settings.keys() and all(is_number(settings[name]) for name in free):
        numbers = sizes_of(_NOTATION, {name: settings.get(name, 1) for name in symbols})
        values = {metric: entry.counts[metric](numbers) for metric in COUNTS}
    formulas = {metric: tree(sympy.factor_terms(count), order) for metric, count in counts.items()}
    return ComparedLayer(label, entry, formulas, values, free)


def _row(layers: Sequence[ComparedLayer], layer: ComparedLayer, metric: str) -> Row:
    value, base = layer.values[metric], layers[0].values[metric]
    shown = "" if value is None else value if isinstance(value, int) else exact(value)
    cells: list[Cell] = [layer.label, written(layer.formulas[metric]), shown]
    is_compared = layer is not layers[0] and value is not None and base
    cells.append(ratio_text(Fraction(value) / base) if is_compared and value and base else "")
    return Row(tuple(cells))
