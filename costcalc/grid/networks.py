"""The networks of a sweep and their axes, from what names them."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NoReturn

from costcalc import importers, opening
from costcalc.advice import advice, set_option
from costcalc.errors import Problems, SpecError, refuse
from costcalc.graph.parameters import all_parameters, resolve, unfit
from costcalc.grid.axes import Axis, axis, parse
from costcalc.grid.swept import SweptNetwork
from costcalc.metrics import Accounting
from costcalc.opening import AnyNetwork, exact_value, of_texts, opened
from costcalc.render.formatting import exact
from costcalc.reporting.implementations import IMPLEMENTATION, as_usually_run
from costcalc.spec import library
from costcalc.spec.document import Document


def axes_of(values: Mapping[str, Iterable[Any] | str]) -> list[Axis]:
    """The axes of a grid from values, or from their text; how a model is opened has one value.

    Raises:
        SpecError: a value is wrong, or there are too many.
    """
    requests = {name: given for name, given in values.items() if importers.is_request(name)}
    texts = {name: given for name, given in requests.items() if isinstance(given, str)}
    others = {name: given for name, given in requests.items() if name not in texts}
    return [
        *(
            axis(name, (value,))
            for name, value in {**of_texts(texts), **opening.exact(others)}.items()
        ),
        *(
            parse(name, given)
            if isinstance(given, str)
            else axis(name, map(exact_value, given if hasattr(given, "__iter__") else (given,)))
            for name, given in values.items()
            if name not in requests
        ),
    ]


def declared_space(
    network: AnyNetwork, settings: Collection[str] = ()
) -> dict[str, tuple[Any, ...]]:
    """The space that a network's spec declares, without the parameters that are set.

    Args:
        network: whatever names it; it may carry settings.
        settings: the names of other parameters that are set.

    Raises:
        SpecError: it declares none, or a value that a parameter cannot take.
    """
    named = opened(network)
    document = named.document
    if not document.space:
        _refuse_undeclared(document)
    parameters = all_parameters(document)
    defaults = resolve(document, {}, Problems()).values
    problems, space = Problems(), {}
    for name, declared in document.space.items():
        values, marks = declared
        if isinstance(values, str):
            try:
                space[name] = parse(name, values).values
            except SpecError as error:
                problems.note(error.problems[0]._replace(mark=marks[0]))
                continue
            ends = [(space[name][at], marks[0]) for at in (0, -1)]
        else:
            space[name] = values
            ends = [*zip(values, marks, strict=True)]
        for value, mark in ends:
            if name in parameters and (
                expected := unfit(parameters[name], value, defaults.get(name))
            ):
                problems.add(mark, f"{name} cannot be {exact(value)}", expected)
    problems.raise_any()
    return {
        name: values
        for name, values in space.items()
        if name not in settings and name not in named.settings
    }


def _refuse_undeclared(document: Document) -> NoReturn:
    """Refuses a spec without a space, with the line that would declare the likely one."""
    choosing = {name: one.choices for name, one in document.parameters.items() if one.choices}
    name, choices = next(iter(choosing.items()), ("k1", (3, 5, 7)))
    names = ", ".join(choosing)
    refuse(
        None,
        f"{document.titled({})} declares no space",
        expected="a key of its spec: space: " + (f"[{names}]" if names else "{k1: [3, 5, 7]}"),
        hint=advice(
            "{}, for one parameter after another",
            set_option(name, ",".join(map(exact, choices))),
        ),
    )


def _is_file_of_model(network: AnyNetwork) -> bool:
    """Whether it names a model, which is read at the first values."""
    if not isinstance(network, str | os.PathLike):
        return False
    return importers.importer(library.reference(os.fspath(network)).network) is not None


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
    first = {axis.name: axis.values[0] for axis in axes if axis.name != "alpha"}
    if not _is_file_of_model(network):
        first = {name: value for name, value in first.items() if importers.is_request(name)}
    network = opened(network, first, is_one_of_several=is_one_of_several)
    if IMPLEMENTATION not in {axis.name for axis in axes}:
        network = as_usually_run(network, accounting.convention)
    varied = tuple(axis for axis in axes if not importers.is_request(axis.name))
    return SweptNetwork(
        network.label, network.document, network.settings, varied, accounting, metrics
    )
