"""The networks of a sweep and their axes, from what names them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from costcalc import importers, opening
from costcalc.advice import advice, set_option
from costcalc.errors import refuse
from costcalc.grid.axes import Axis, axis, parse
from costcalc.grid.swept import SweptNetwork
from costcalc.metrics import Accounting
from costcalc.opening import AnyNetwork, exact_value, opened
from costcalc.reporting.implementations import IMPLEMENTATION, as_usually_run
from costcalc.spec import library


def axes_of(values: Mapping[str, Iterable[Any] | str]) -> list[Axis]:
    """The axes of a grid from values, or from their text.

    Raises:
        SpecError: a value is wrong, or there are too many.
    """
    return [
        axis(name, (exact_value(given),))
        if name.startswith(importers.NAMED_INPUT)
        else parse(name, given)
        if isinstance(given, str)
        else axis(name, map(exact_value, given if hasattr(given, "__iter__") else (given,)))
        for name, given in values.items()
    ]


def declared_space(network: AnyNetwork) -> Mapping[str, Iterable[Any] | str]:
    """The space that a network's spec declares.

    Raises:
        SpecError: it declares none.
    """
    document = opened(network).document
    if not document.space:
        refuse(
            None,
            f"{document.titled({})} declares no space",
            expected="a key of its spec: space: {k1: [3, 5, 7]}",
            hint=advice("{}, for one parameter after another", set_option("k1", "3,5,7")),
        )
    return document.space


def swept(
    network: AnyNetwork,
    axes: Sequence[Axis],
    accounting: Accounting,
    metrics: tuple[str, ...],
    is_one_of_several: bool,
) -> SweptNetwork:
    """A network of a sweep; a model is built and read at the first value of each axis.

    One of several networks has the values that it states itself in place of an axis.

    Raises:
        SpecError: the network or a setting is wrong, or a single network states one.
    """
    grid = {axis.name: axis.values for axis in axes}
    own = opening.stated_in_grid(network, grid, is_one_of_several)
    axes = [axis._replace(values=(own[axis.name],)) if axis.name in own else axis for axis in axes]
    first: dict[str, Any] = {}
    if isinstance(network, str | os.PathLike):
        first = {axis.name: axis.values[0] for axis in axes if axis.name != "alpha"}
        if importers.importer(library.reference(os.fspath(network)).network) is None:
            first = {name: value for name, value in first.items() if importers.is_request(name)}
    network = opened(network, first, is_one_of_several=is_one_of_several)
    if IMPLEMENTATION not in {axis.name for axis in axes}:
        network = as_usually_run(network, accounting.convention)
    varied = tuple(axis for axis in axes if not importers.is_request(axis.name))
    return SweptNetwork(
        network.label, network.document, network.settings, varied, accounting, metrics
    )
