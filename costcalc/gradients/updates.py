"""Which params training updates, and which gradients that takes.

LayerGraph × Update --updated--> an Updated for each layer
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any

from costcalc.advice import advice, option
from costcalc.errors import did_you_mean, refuse
from costcalc.gradients.rules import Wanted, rule
from costcalc.graph.layer import NETWORK_INPUT, Layer, LayerGraph
from costcalc.records import NamedTuple

SUBSETS = ("all", "biases")
"""What of a layer is updated: everything, or biases and shifts alone.

Cai et al., "TinyTL" (arXiv 2007.11622), section 3.1: the gradient of a bias needs no activation.
"""


class Update(NamedTuple):
    """What training updates."""

    freeze: tuple[str, ...] = ()
    """Patterns of the names of layers whose params stay as they are: ``features/*``."""
    subset: str = SUBSETS[0]
    last: int | None = None
    """Only the last so many layers with params; None for all."""


class Params(NamedTuple):
    """Params of a layer."""

    weights: int
    """Matrices, scales, slopes, tables, and learned tensors."""
    biases: int
    """Biases, and the shifts of norms."""


class Updated(NamedTuple):
    """A layer in training."""

    wanted: Wanted
    own: Params
    """Its params, without those that it shares or borrows."""
    trained: Params
    """Those of them that are updated."""


def updated(graph: LayerGraph, update: Update, is_training: bool) -> tuple[Updated, ...]:
    """What is updated in each layer, and which of its gradients are computed.

    Raises:
        SpecError: there is no such subset, or no layer has a name like a frozen one.
    """
    _check(graph, update)
    trains = _trained_layers(graph, update)
    wanted = _on_the_way(graph, _wanted(graph, update, trains, is_training))
    found = []
    for layer, wants in zip(graph.layers, wanted, strict=True):
        own = params(layer, layer.events()) if layer.shares is None else Params(0, 0)
        trained = Params(own.weights * wants.weights, own.biases * wants.biases)
        found.append(Updated(wants, own, trained))
    return tuple(found)


def _wanted(
    graph: LayerGraph, update: Update, trains: Collection[int], is_training: bool
) -> list[Wanted]:
    """The gradients that would be computed if every layer led to an output."""
    needs = {NETWORK_INPUT: False}
    found = []
    for index, layer in enumerate(graph.layers):
        gradient = rule(layer.kind)
        owner = index if layer.shares is None else layer.shares
        is_trained = gradient.is_smooth and owner in trains
        used = params(layer, layer.computation.events)
        wanted = Wanted(
            tuple(
                gradient.is_smooth and needs[source] and place not in gradient.blind
                for place, source in enumerate(layer.inputs)
            ),
            bool(used.weights) and is_trained and update.subset != "biases",
            bool(used.biases) and is_trained,
            is_training,
        )
        needs[index] = wanted.is_any
        found.append(wanted)
    return found


def _on_the_way(graph: LayerGraph, wanted: Sequence[Wanted]) -> list[Wanted]:
    """The same, without what no gradient of an output comes to: what is only compared."""
    reached = {*graph.outputs}
    found = []
    for index in range(len(graph.layers) - 1, -1, -1):
        layer, wants = graph.layers[index], wanted[index]
        if index in reached:
            reached.update(
                source for source, needs in zip(layer.inputs, wants.inputs, strict=True) if needs
            )
        else:
            wants = Wanted(tuple(False for _ in layer.inputs), False, False, wants.is_training)
        found.append(wants)
    return found[::-1]


def params(layer: Layer, events: Any) -> Params:
    """The params of a layer, by what they are."""
    shifts = _shifts(layer, events.norm_params)
    scales = events.norm_params - shifts
    return Params(events.weights + scales + events.other_params, events.biases + shifts)


def _shifts(layer: Layer, norm_params: int) -> int:
    """The params of a norm that shift: as many as those that scale, if it does both."""
    if layer.kind.family != "norm" or layer.kind.name == "rms_norm":
        return 0
    operation: Any = layer.operation
    if not getattr(operation, "bias", True):
        return 0
    return norm_params // 2 if getattr(operation, "scale", True) else norm_params


def _trained_layers(graph: LayerGraph, update: Update) -> set[int]:
    """The layers whose params are updated."""
    owners = [
        index
        for index, layer in enumerate(graph.layers)
        if layer.shares is None and any(params(layer, layer.events()))
    ]
    chosen = owners if update.last is None else owners[-update.last :]
    return {
        index
        for index in chosen
        if not any(fnmatchcase(graph.layers[index].name, pattern) for pattern in update.freeze)
    }


def _check(graph: LayerGraph, update: Update) -> None:
    """Checks that every part of an update means something.

    Raises:
        SpecError: it does not.
    """
    if update.subset not in SUBSETS:
        hint = did_you_mean(update.subset, SUBSETS)
        refuse(
            None, f"there is no subset '{update.subset}'", "one of " + ", ".join(SUBSETS), "", hint
        )
    names = [layer.name for layer in graph.layers]
    for pattern in update.freeze:
        if not isinstance(pattern, str):
            refuse(None, "what is frozen is named by text", "a name or a pattern", repr(pattern))
        if not any(fnmatchcase(name, pattern) for name in names):
            refuse(
                None,
                f"no layer of {graph.name} has a name like '{pattern}'",
                advice("the name of a layer, or a pattern: {}", option("freeze", _example(names))),
                hint=did_you_mean(pattern, names),
            )


def _example(names: Sequence[str]) -> str:
    """A pattern of several layers: those of a block, if there is one."""
    prefixes: Iterator[str] = (name.partition("/")[0] for name in names if "/" in name)
    first = next(prefixes, "")
    return f"{first}/*" if first else (names[0] if names else "*")
