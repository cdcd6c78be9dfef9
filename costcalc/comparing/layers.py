"""Layers and blocks side by side, in one notation: by formula and by number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import sympy

from costcalc.comparing.pages import TITLES, ratio_text
from costcalc.errors import Problem, Problems, SpecError, did_you_mean
from costcalc.formulas.algebra import is_whole
from costcalc.graph.settings import setting
from costcalc.reporting.figures import exact
from costcalc.reporting.table import Cell, Column, Page, Row, Table
from costcalc.spec import library, limits
from costcalc.symbolic.catalogue import Entry
from costcalc.symbolic.expressions import symbol, tree
from costcalc.symbolic.layers import entry_of
from costcalc.symbolic.notation import MOBILENET_V1, sizes_of
from costcalc.symbolic.writing import Node

_NOTATION = MOBILENET_V1
"""The symbols in which all layers are written, so that their formulas compare."""


class LayerEntry(NamedTuple):
    """A layer of a comparison."""

    label: str
    """As its user wrote it: ``separable@M=384``."""
    entry: Entry
    formulas: Mapping[str, Node]
    """Its params and mult-adds, in the common symbols."""
    values: Mapping[str, int | Fraction | None]
    """The same as numbers, where every symbol that they speak of is set."""
    symbols: frozenset[str]


def compare_layers(names: Sequence[str], settings: Mapping[str, Any]) -> list[LayerEntry]:
    """Layers by formula and by number.

    Args:
        names: names of formulas that count params and mult-adds; each may carry
            settings of its own, as in ``separable@M=384,N=384``.
        settings: numbers for some of the symbols D_K, M, N, D_F, g and t.

    Raises:
        SpecError: a name or a symbol is unknown, or a number is wrong.
    """
    found = []
    problems = Problems()
    for name in names:
        reference = library.reference(name)
        own = {key: setting(text) for key, text in reference.settings.items()}
        layer = _layer(name, entry_of(reference.network), {**settings, **own})
        _check(own, layer.symbols, problems)
        found.append(layer)
    _check(settings, frozenset[str]().union(*(layer.symbols for layer in found)), problems)
    problems.raise_any()
    return found


def layers_page(layers: Sequence[LayerEntry], settings: Mapping[str, Any], write: Any) -> Page:
    """Formulas, numbers where the symbols are set, and ratios to the first layer.

    Args:
        layers: what to compare.
        settings: the numbers that were set.
        write: writes a formula as text.
    """
    facts = [
        ("settings", ", ".join(f"{name} = {exact(value)}" for name, value in settings.items()))
    ]
    tables = []
    for metric, title in TITLES.items():
        columns = (
            Column("layer", "Layer"),
            Column("formula", "Formula"),
            Column(metric, title, "right"),
            Column("ratio", "Ratio"),
        )
        rows = tuple(_row(layers, layer, metric, write) for layer in layers)
        tables.append(Table(title, columns, rows))
    notes = [
        f"{write_name.text}: {meaning}."
        for write_name, meaning in ((each.name, each.meaning) for each in _NOTATION.symbols)
        if any(write_name.name in layer.symbols for layer in layers)
    ]
    notes += dict.fromkeys(f"{layer.entry.name}: {layer.entry.source}." for layer in layers)
    title = " against ".join(dict.fromkeys(layer.entry.title for layer in layers))
    return Page(title, tuple(fact for fact in facts if fact[1]), tuple(tables), tuple(notes))


def _check(settings: Mapping[str, Any], used: frozenset[str], problems: Problems) -> None:
    """Every setting must be of a symbol that is spoken of, and a number that it can have."""
    known = [each.name.name for each in _NOTATION.symbols if each.name.name in used]
    for name, value in settings.items():
        if name not in used:
            problems.add(
                None,
                f"none of these layers has a symbol '{name}'",
                expected="one of " + ", ".join(known),
                hint=did_you_mean(name, used),
            )
        elif not _is_number(value) or not (is_whole(value) and 0 < value <= limits.SIZE):
            problems.add(None, f"{name} cannot be {value}", expected="a whole number above zero")


def _layer(label: str, entry: Entry, settings: Mapping[str, Any]) -> LayerEntry:
    if not TITLES.keys() <= entry.counts.keys():
        raise SpecError(
            [
                Problem(
                    None,
                    f"'{entry.name}' has no params and mult-adds to compare",
                    expected="a convolution, a block or a fully connected layer",
                )
            ]
        )
    symbols = {each.name.name: symbol(each.name) for each in _NOTATION.symbols}
    order = [each.name for each in _NOTATION.symbols]
    counts = {metric: entry.counts[metric](sizes_of(_NOTATION, symbols)) for metric in TITLES}
    free = frozenset(str(each) for count in counts.values() for each in count.free_symbols)
    values: dict[str, int | Fraction | None] = dict.fromkeys(TITLES)
    if free <= settings.keys() and all(_is_number(settings[name]) for name in free):
        numbers = sizes_of(_NOTATION, {name: settings.get(name, 1) for name in symbols})
        values = {metric: entry.counts[metric](numbers) for metric in TITLES}
    formulas = {metric: tree(sympy.factor_terms(count), order) for metric, count in counts.items()}
    return LayerEntry(label, entry, formulas, values, free)


def _is_number(value: Any) -> bool:
    return not isinstance(value, str | bool | tuple)


def _row(layers: Sequence[LayerEntry], layer: LayerEntry, metric: str, write: Any) -> Row:
    value, base = layer.values[metric], layers[0].values[metric]
    shown = "" if value is None else value if isinstance(value, int) else exact(value)
    cells: list[Cell] = [layer.label, write(layer.formulas[metric]), shown]
    is_compared = layer is not layers[0] and value is not None and base
    cells.append(ratio_text(Fraction(value) / base) if is_compared and value and base else "")
    return Row(tuple(cells))
