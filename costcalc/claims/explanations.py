"""Why a figure may not reproduce: tries common misreadings one by one.

Each reading yields other values and describes them; the first that agrees with the
printed digits is named.  That is only a hint: the claim must state what the paper
counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from costcalc.claims.claim import Claim, ClaimedNetwork, Quantity
from costcalc.claims.measure import METRICS, measure
from costcalc.claims.networks import Networks, with_settings
from costcalc.claims.strides import other_strides
from costcalc.costs.convention import available
from costcalc.errors import CostcalcError
from costcalc.formulas.convolution import conv_mult_adds, conv_weights
from costcalc.graph.layer import LayerGraph
from costcalc.kinds.naming import is_depthwise
from costcalc.reporting.printed import Figure
from costcalc.spec.numbers import ExpressionError
from costcalc.storing import files

RESOLUTIONS = (32, 96, 112, 128, 160, 192, 224, 227, 240, 256, 260, 288, 299, 300, 320, 331, 380)
"""Input resolutions of published networks."""

CLASSES = (1000, 1001, 1024)
"""Classes of ImageNet classifiers: the usual ones, with a background class, padded."""

UNIT_PAIRS = (("K", "Ki"), ("M", "Mi"), ("G", "Gi"), ("B", "Gi"), ("KB", "KiB"), ("MB", "MiB"))
"""Units that differ by using 1024 instead of 1000."""

LARGE = 20_000
"""Networks with more layers are not expanded at other settings, which would take seconds each."""


class Reading(NamedTuple):
    """Another value or another figure, and how it comes about."""

    words: str
    value: Fraction
    figure: Figure


Readings = Iterator[Reading]


def explain(claim: Claim, computed: Fraction, networks: Networks) -> str:
    """The first reading that agrees with the printed figure, as a hint."""
    if claim.figure.fit(computed, claim.figure.round_step) is not None:
        return "would hold if the zeros at its end were no digits: it must state its digits"
    sizes = (len(networks.graph(network).layers) for network in claim.quantity.subject.networks)
    is_large = sum(sizes) > LARGE
    recounts = RECOUNTS_OF_BYTES if METRICS[claim.quantity.metric][0].is_bytes else RECOUNTS
    for readings in recounts if is_large else (*recounts, *OTHER_NETWORKS):
        for reading in readings(claim, computed, networks):
            fit = reading.figure.fit(reading.value)
            if fit is not None:
                shown = reading.figure.show(reading.value)
                return f"would hold {reading.words} ({shown}): the claim must say so"
    return "no reading that was tried gives the printed figure: correct the claim or the spec"


def _swapped_digits(claim: Claim, computed: Fraction, networks: Networks) -> Readings:
    for figure in claim.figure.swapped():
        yield Reading(f"as {figure.text}, two digits transposed", computed, figure)


def _flops(claim: Claim, computed: Fraction, networks: Networks) -> Readings:
    if claim.quantity.metric == "mult_adds":
        yield Reading("in FLOPs, 2 for each multiply-accumulate", 2 * computed, claim.figure)
        yield Reading("in MACs, where the claim counts 2 operations", computed / 2, claim.figure)


def _conventions(claim: Claim, computed: Fraction, networks: Networks) -> Readings:
    counting = claim.quantity.counting
    for name in sorted(available(), key=lambda name: (not name.startswith("paper"), name)):
        if name != counting.convention:
            other = claim.quantity._replace(counting=counting._replace(convention=name))
            yield from _recount(claim, other, f"under convention {name}", networks)


def _storages(claim: Claim, computed: Fraction, networks: Networks) -> Readings:
    counting = claim.quantity.counting
    for name in files.available():
        if name != counting.storage:
            other = claim.quantity._replace(counting=counting._replace(storage=name))
            yield from _recount(claim, other, f"under storage {name}", networks)


def _fully_connected(claim: Claim, computed: Fraction, networks: Networks) -> Readings:
    quantity = claim.quantity
    counting = quantity.counting
    if "fc" in counting.without:
        rest = tuple(name for name in counting.without if name != "fc")
        other = quantity._replace(counting=counting._replace(without=rest))
        yield from _recount(claim, other, "with the fully connected layers", networks)
        return
    yield from _without(claim, "fc", "without the fully connected layers", networks)
    layers = networks.graph(quantity.subject.networks[0]).layers
    if not any(layer.kind.family == "dense" for layer in layers):
        for name in [layer.name for layer in layers if layer.kind.family == "convolution"][-1:]:
            yield from _without(claim, name, f"without the last layer, {name}", networks)


def _without(claim: Claim, name: str, words: str, networks: Networks) -> Readings:
    """The count without the layers that a name means."""
    counting = claim.quantity.counting
    counting = counting._replace(without=(*counting.without, name))
    yield from _recount(claim, claim.quantity._replace(counting=counting), words, networks)


def _units(claim: Claim, computed: Fraction, networks: Networks) -> Readings:
    unit = claim.figure.unit
    for pair in UNIT_PAIRS:
        if unit in pair:
            other = pair[1 - pair.index(unit)]
            yield Reading(f"in {other}, 1024 for 1000", computed, claim.figure.rescaled(other))
    for other in ("K", "M", "B"):
        if unit in ("K", "M", "B", "G") and other != unit:
            yield Reading(f"in {other}", computed, claim.figure.rescaled(other))


def _classes(claim: Claim, computed: Fraction, networks: Networks) -> Readings:
    for classes in CLASSES:
        yield from _at(claim, "classes", classes, f"with {classes} classes", networks)


def _resolution(claim: Claim, computed: Fraction, networks: Networks) -> Readings:
    for res in RESOLUTIONS:
        yield from _at(claim, "res", res, f"at an input of {res} x {res}", networks)


def _choices(claim: Claim, computed: Fraction, networks: Networks) -> Readings:
    """The network at other choices of its parameters."""
    parameters = networks.document(claim.quantity.subject.networks[0]).parameters
    for name, parameter in parameters.items():
        choices = parameter.choices
        if parameter.default is not None and parameter.default.text in ("true", "false"):
            choices = (True, False)
        for choice in choices:
            yield from _at(claim, name, choice, f"at {name} = {str(choice).lower()}", networks)


def _at(claim: Claim, name: str, value: object, words: str, networks: Networks) -> Readings:
    """The count at another setting, if the network has that parameter."""
    first = claim.quantity.subject.networks[0]
    if networks.graph(first).parameters.get(name) in (None, value):
        return
    subject = claim.quantity.subject
    changed = tuple(with_settings(network, {name: value}) for network in subject.networks)
    other = claim.quantity._replace(subject=subject._replace(networks=changed))
    yield from _recount(claim, other, words, networks)


def _first_expansion(claim: Claim, computed: Fraction, networks: Networks) -> Readings:
    """With or without a 1x1 convolution that expands by t = 1 before the first depthwise layer."""
    metric = claim.quantity.metric
    if metric not in ("mult_adds", "params") or claim.quantity.subject.only:
        return
    graph = networks.graph(claim.quantity.subject.networks[0])
    cost = _missing_expansion_cost(graph, metric)
    if cost:
        yield Reading("with a first expansion", computed + cost, claim.figure)
    for name in _expansions(graph)[:1]:
        yield from _without(claim, name, f"without the first expansion, {name}", networks)


def _expansions(graph: LayerGraph) -> list[str]:
    """The expansions that keep the number of channels, which released code leaves out."""
    layers = [layer for layer in graph.layers if layer.kind.family == "convolution"]
    return [
        layer.name
        for layer, after in pairwise(layers)
        if layer.name.endswith("/expand")
        and layer.input_shapes[0][0] == layer.output[0]
        and is_depthwise(after.kind, after.operation, after.input_shapes)
    ]


def _missing_expansion_cost(graph: LayerGraph, metric: str) -> int:
    """The cost of a 1x1 convolution in front of the first depthwise layer, on all its channels."""
    for layer in graph.layers:
        if layer.name.endswith("/expand"):
            return 0
        if layer.name.endswith("/dw"):
            channels, *positions = layer.input_shapes[0]
            if metric == "params":
                return int(conv_weights((1, 1), channels, channels, 1))
            return int(conv_mult_adds((1, 1), channels, channels, positions, 1))
    return 0


def _strides(claim: Claim, computed: Fraction, networks: Networks) -> Readings:
    """A stride moved to another layer, added or removed."""
    subject = claim.quantity.subject
    if claim.quantity.metric != "mult_adds" or len(subject.networks) != 1:
        return
    network = subject.networks[0]
    for number, (words, document) in enumerate(other_strides(networks.document(network))):
        changed = ClaimedNetwork(network.name, f"{network.path}~{number}", network.settings)
        networks.add(changed.path, document)
        other = claim.quantity._replace(subject=subject._replace(networks=(changed,)))
        yield from _recount(claim, other, words, networks)


def _recount(claim: Claim, quantity: Quantity, words: str, networks: Networks) -> Readings:
    """The value of another count, if it is possible."""
    try:
        yield Reading(words, measure(quantity, networks), claim.figure)
    except (CostcalcError, ExpressionError):
        return


ReadingRule = Callable[[Claim, Fraction, Networks], Readings]

RECOUNTS: tuple[ReadingRule, ...] = (
    _swapped_digits,
    _flops,
    _fully_connected,
    _conventions,
    _units,
    _first_expansion,
)
"""Other counts and other figures of the same network."""

RECOUNTS_OF_BYTES: tuple[ReadingRule, ...] = (_swapped_digits, _units, _storages)
"""The same of bytes, which no convention changes."""

OTHER_NETWORKS: tuple[ReadingRule, ...] = (_classes, _choices, _resolution, _strides)
"""Counts of networks that differ in one respect; each must be expanded."""
