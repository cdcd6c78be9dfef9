"""Phrases shared by the pages of several answers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from costcalc.escaping import printable
from costcalc.graph.layer import LayerGraph
from costcalc.kinds import KINDS
from costcalc.render.formatting import exact

_NAMED = 5
"""The most layers that a note names; JSON names them all."""


def metric_titles(unit: str) -> dict[str, str]:
    """The column titles of the metrics, mult-adds in a convention's unit."""
    return {"mult_adds": unit_title(unit), "params": "Params"}


def unit_title(unit: str) -> str:
    """A unit as a column's title: ``Mult-Adds``, ``FLOPs``."""
    return unit if unit != unit.lower() else unit.title()


def source_line(source: Mapping[str, str]) -> str:
    """A source in one line: ``MobileNets..., arXiv 1704.04861, Table 1``."""
    titles = {"paper": "", "table": "", "arxiv": "arXiv ", "year": ""}
    return ", ".join(f"{titles.get(key, key + ' ')}{value}" for key, value in source.items())


def settings_line(parameters: Mapping[str, Any], kinds: Collection[str] | None = None) -> str:
    """Parameters with their values: ``alpha = 1, res = 224``.

    Parameters without a value are left out, as is an alpha of 1 in a network without widths.

    Args:
        parameters: the values of a network's parameters.
        kinds: the names of the network's layer kinds, if they are known.
    """
    return ", ".join(_settings(parameters, kinds, " = "))


def at_settings(parameters: Mapping[str, Any], kinds: Collection[str] | None = None) -> str:
    """``At alpha = 1, res = 224:`` in lines of at most 80 characters.

    The arguments are those of :func:`settings_line`; '' if that is empty.
    """
    from textwrap import wrap

    settings = ", ".join(_settings(parameters, kinds, "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}"))
    text = "\n".join(wrap(f"At {settings}:", 80)).replace("\N{NO-BREAK SPACE}", " ")
    return text if settings else ""


def _settings(
    parameters: Mapping[str, Any], kinds: Collection[str] | None, equals: str
) -> Iterator[str]:
    """Each parameter that a header shows, with its value."""
    has_widths = kinds is None or any(KINDS[kind].width for kind in kinds)
    for name, value in parameters.items():
        if value is not None and (has_widths or (name, value) != ("alpha", 1)):
            yield f"{name}{equals}{exact(value)}"


def total_notes(
    uncounted: Mapping[str, Sequence[str]] | Iterable[str],
    network: str = "",
    guessed: Sequence[str] | bool = (),
    notes: Iterable[str] = (),
) -> tuple[str, ...]:
    """What must stand wherever a total does: ``Not counted: 2 Foo (stem/foo1, foo2).``.

    Where shapes are guessed, a second note says so; then comes what the model says of itself.

    Args:
        uncounted: a model's names for operations unknown to costcalc, if possible with the
            names of their layers.
        network: the network's name, if the page shows several.
        guessed: the layers that are counted at guessed shapes, or whether there may be any.
        notes: the model's own, as a branch that was chosen.
    """
    if isinstance(uncounted, Mapping):
        operations = [_with_layers(name, layers) for name, layers in uncounted.items()]
    else:
        operations = list(uncounted)
    where = f" in {network}" if network else ""
    lines = [f"Not counted{where}: {', '.join(operations)}."] if operations else []
    if guessed:
        behind = "the layers behind these" if guessed is True else _shown(guessed)
        lines.append(f"Counted at guessed shapes{where}: {behind}.")
    lines += [f"{network}: {note}" if network else note for note in notes]
    return tuple(map(printable, lines))


def notes_of(graph: LayerGraph) -> tuple[str, ...]:
    """The :func:`total_notes` of a layer graph."""
    return total_notes(graph.uncounted, guessed=graph.guessed_names(), notes=graph.notes)


def _with_layers(operation: str, layers: Sequence[str]) -> str:
    return f"{len(layers)} {operation} ({_shown(layers)})"


def _shown(layers: Sequence[str]) -> str:
    return ", ".join([*layers[:_NAMED], *(["..."] if len(layers) > _NAMED else [])])
