"""The axes on which readings depart: settings, strides, conventions, parts, operations, units.

Each has a rule, which yields its departures from a reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, Literal, NamedTuple

from costcalc.claims.claim import ClaimedNetwork, Quantity, Subject
from costcalc.claims.measure import METRICS, parts
from costcalc.claims.network_parts import exact_area, missing_expansion, named_parts
from costcalc.claims.networks import Networks, with_settings
from costcalc.claims.reading import Departure, Departures, Reading
from costcalc.claims.strides import other_strides
from costcalc.costs.convention import available
from costcalc.errors import CostcalcError
from costcalc.render.formatting import exact
from costcalc.spec.document import Document, Rounding
from costcalc.spec.numbers import ExpressionError
from costcalc.storing import files

RESOLUTIONS = (
    *(32, 96, 112, 128, 160, 192, 224, 227, 240, 256, 260),
    *(288, 299, 300, 320, 331, 380, 456, 513, 528, 600),
)
"""Input resolutions of published networks."""

CLASSES = (1000, 1001, 1024)
"""Classes of ImageNet classifiers: the usual ones, with a background class, padded."""

WIDTHS = tuple(
    map(Fraction, ("0.25", "0.35", "0.5", "0.75", "1", "1.25", "1.3", "1.4", "1.5", "2"))
)
"""Width multipliers of published networks."""

ROUNDINGS = (
    Rounding("floor", 1),
    Rounding("nearest", 1),
    *(Rounding("divisible_by", divisor) for divisor in (4, 8, 16)),
)
"""How scaled widths are rounded."""

BATCHES = (2, 4, 8, 16, 32, 64, 128, 256)
"""Batch sizes that are tried."""

UNIT_PAIRS = (("K", "Ki"), ("M", "Mi"), ("G", "Gi"), ("B", "Gi"), ("KB", "KiB"), ("MB", "MiB"))
"""Units that differ by using 1024 instead of 1000."""


def _settings(reading: Reading, networks: Networks) -> Departures:
    """The networks at other values of their parameters: those of published networks, choices."""
    quantity = reading.quantity
    convention = quantity.counting.convention
    for name, words, other in _other_settings(quantity.subject, convention, networks):
        yield Departure(name, words, quantity._replace(subject=other))
    if quantity.over is not None:
        for name, words, other in _other_settings(quantity.over, convention, networks):
            over = f"{words} of what it is compared with"
            yield Departure(f"{name} over", over, quantity._replace(over=other))


def _other_settings(
    subject: Subject, convention: str, networks: Networks
) -> Iterator[tuple[str, str, Subject]]:
    """The subject at each other value of a parameter, with its name and the setting in words."""
    for name, values in sorted(_values(subject, networks).items()):
        for value in values:
            other = _changed(subject, name, value, convention, networks)
            if other is not None:
                yield name, f"at {name} = {_shown(value)}", other


def _values(subject: Subject, networks: Networks) -> dict[str, tuple[Any, ...]]:
    """What the parameters of a subject's networks may be."""
    usual = {"res": RESOLUTIONS, "classes": CLASSES, "alpha": WIDTHS}
    values: dict[str, tuple[Any, ...]] = {}
    for network in subject.networks:
        for name, parameter in networks.document(network).parameters.items():
            choices = parameter.choices or usual.get(name, ())
            if parameter.default is not None and parameter.default.text in ("true", "false"):
                choices = (True, False)
            if choices:
                values[name] = choices
    return values


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else exact(value)


def _changed(
    subject: Subject, name: str, value: object, convention: str, networks: Networks
) -> Subject | None:
    """The subject at another setting; None if that changes nothing, or is not possible."""
    changed = []
    for network in subject.networks:
        try:
            parameters = networks.graph(network, convention).parameters
        except (CostcalcError, ExpressionError):
            return None
        if parameters.get(name) in (None, value):
            changed.append(network)
        else:
            changed.append(with_settings(network, {name: value}))
    return None if tuple(changed) == subject.networks else subject._replace(networks=tuple(changed))


def _strides(reading: Reading, networks: Networks) -> Departures:
    """A stride moved to another layer, added or removed."""
    subject = reading.quantity.subject
    if reading.quantity.metric != "mult_adds" or len(subject.networks) != 1:
        return
    document = networks.document(subject.networks[0])
    for number, (words, other) in enumerate(other_strides(document)):
        yield _with_document(reading.quantity, f"~{number}", other, "stride", words, networks)


def _roundings(reading: Reading, networks: Networks) -> Departures:
    """Scaled widths rounded by another rule."""
    subject = reading.quantity.subject
    if len(subject.networks) != 1:
        return
    document = networks.document(subject.networks[0])
    if networks.graph(subject.networks[0]).parameters.get("alpha") in (None, 1):
        return
    for number, rounding in enumerate(ROUNDINGS):
        if rounding != document.rounding:
            rule = f"to multiples of {rounding.divisor}"
            rule = rule if rounding.rule == "divisible_by" else f"{rounding.rule}"
            words = f"with widths rounded {rule}"
            other = document._replace(rounding=rounding)
            yield _with_document(
                reading.quantity, f"~r{number}", other, "rounding", words, networks
            )


def _with_document(
    quantity: Quantity, suffix: str, document: Document, name: str, words: str, networks: Networks
) -> Departure:
    """The quantity of a network whose spec is another."""
    network = quantity.subject.networks[0]
    changed = ClaimedNetwork(network.name, f"{network.path}{suffix}", network.settings)
    networks.add(changed.path, document)
    subject = quantity.subject._replace(networks=(changed,))
    return Departure(name, words, quantity._replace(subject=subject))


def _conventions(reading: Reading, networks: Networks) -> Departures:
    counting = reading.quantity.counting
    for name in sorted(available(), key=lambda name: (not name.startswith("paper"), name)):
        if name != counting.convention:
            other = reading.quantity._replace(counting=counting._replace(convention=name))
            yield Departure("convention", f"under convention {name}", other)


def _storages(reading: Reading, networks: Networks) -> Departures:
    counting = reading.quantity.counting
    for name in files.available():
        if name != counting.storage:
            other = reading.quantity._replace(counting=counting._replace(storage=name))
            yield Departure("storage", f"under storage {name}", other)


def _parts(reading: Reading, networks: Networks) -> Departures:
    """The count without a part of the network, or with one that the claim leaves out."""
    quantity = reading.quantity
    counting = quantity.counting
    for name in counting.without:
        rest = tuple(other for other in counting.without if other != name)
        words = "the fully connected layers" if name == "fc" else name
        yield Departure(
            f"with {name}",
            f"with {words}",
            quantity._replace(counting=counting._replace(without=rest)),
        )
    seen = {frozenset(counting.without)}
    for words, names, weight in named_parts(networks.graph(quantity.subject.networks[0])):
        without = tuple(dict.fromkeys((*counting.without, *names)))
        if frozenset(without) not in seen:
            seen.add(frozenset(without))
            other = quantity._replace(counting=counting._replace(without=without))
            yield Departure(f"without {words}", f"without {words}", other, weight=weight)


def _first_expansion(reading: Reading, networks: Networks) -> Departures:
    """With a 1x1 convolution that expands by t = 1 before the first depthwise layer."""
    metric = reading.quantity.metric
    if metric not in ("mult_adds", "params") or reading.quantity.subject.only:
        return
    graph = networks.graph(reading.quantity.subject.networks[0])
    cost = missing_expansion(graph, metric)
    if cost:
        yield Departure("expansion", "with a first expansion", added=Fraction(cost))


def _halved_maps(reading: Reading, networks: Networks) -> Departures:
    """Sides divided by the strides before them without rounding: 24.5 for half of 49."""
    quantity = reading.quantity
    if quantity.metric != "mult_adds":
        return
    added = Fraction(0)
    for part in parts(quantity.subject, quantity.counting, networks):
        for cost in part.costs:
            whole = cost.mult_adds * quantity.counting.times
            added += whole * (exact_area(part.graph.input, cost.layer.output) - 1)
    if added:
        yield Departure("maps", "with maps halved without rounding", added=added)


def _operations(reading: Reading, networks: Networks) -> Departures:
    """Two operations for each multiply-accumulate, or one for two."""
    quantity = reading.quantity
    if METRICS[quantity.metric][0].name != "mult_adds" or quantity.metric.endswith("_share"):
        return
    in_flops, in_macs = "in FLOPs, 2 for each multiply-accumulate", "in MACs, 1 for 2 operations"
    if quantity.over is not None:
        yield Departure("operations", f"{in_flops}, over MACs", factor=Fraction(2))
        yield Departure("operations", f"{in_macs}, over FLOPs", factor=Fraction(1, 2))
    elif networks.loaded(quantity.counting.convention).unit == "flops":
        yield Departure("operations", in_macs, factor=Fraction(1, 2), unit="macs")
    elif quantity.counting.times != 1:
        factor = Fraction(1, quantity.counting.times)
        yield Departure("operations", in_macs, factor=factor, unit="macs")
    else:
        yield Departure("operations", in_flops, factor=Fraction(2), unit="flops")
        half = Fraction(1, 2)
        yield Departure("operations", in_macs, factor=half, weight=2, unit="macs")


def _units(reading: Reading, networks: Networks) -> Departures:
    figure = reading.figure
    for pair in UNIT_PAIRS:
        if figure.unit in pair:
            other = pair[1 - pair.index(figure.unit)]
            weight = 1 if "K" in pair or "KB" in pair or "MB" in pair else 2
            words = f"in {other}, 1024 for 1000"
            yield Departure("unit", words, figure=figure.rescaled(other), weight=weight)
    for other in ("K", "M", "B"):
        if figure.unit in ("K", "M", "B", "G") and other != figure.unit:
            yield Departure("unit", f"in {other}", figure=figure.rescaled(other), weight=2)


def _swapped_digits(reading: Reading, networks: Networks) -> Departures:
    for figure in reading.figure.swapped():
        words = f"as {figure.text}, two digits transposed"
        yield Departure("digits", words, figure=figure, weight=2)


def _batches(reading: Reading, networks: Networks) -> Departures:
    if reading.quantity.metric == "mult_adds" and not reading.words:
        for batch in BATCHES:
            yield Departure("batch", f"a batch of {batch}", factor=Fraction(batch), weight=2)


class Axis(NamedTuple):
    """A respect in which readings differ."""

    noun: str
    """What is searched, in the plural."""
    rule: Callable[[Reading, Networks], Departures]
    repeats: bool = False
    """Whether a reading may depart twice on it."""
    needs_expanding: bool = False
    """Whether other networks must be expanded."""
    of: Literal["counts", "bytes", "both"] = "counts"
    """Which figures it is about."""


SETTINGS = Axis("settings", _settings, repeats=True, needs_expanding=True, of="both")
STRIDES = Axis("strides", _strides, needs_expanding=True)
ROUNDED_WIDTHS = Axis("roundings of widths", _roundings, needs_expanding=True)
CONVENTION = Axis("conventions", _conventions)
STORAGE = Axis("storages", _storages, of="bytes")
PARTS = Axis("parts left out", _parts, repeats=True)
FIRST_EXPANSION = Axis("a first expansion", _first_expansion)
MAPS = Axis("maps that are not rounded", _halved_maps)
OPERATIONS = Axis("operations for each multiply-accumulate", _operations)
UNITS = Axis("units", _units, of="both")
DIGITS = Axis("transposed digits", _swapped_digits, of="both")
BATCH = Axis("batches", _batches)

AXES: tuple[Axis, ...] = (
    *(SETTINGS, STRIDES, ROUNDED_WIDTHS, CONVENTION, STORAGE, PARTS, FIRST_EXPANSION),
    *(MAPS, OPERATIONS, UNITS, DIGITS, BATCH),
)
"""The axes, in the order in which readings depart on them."""

PLAUSIBLE: tuple[Axis, ...] = (
    *(OPERATIONS, PARTS, CONVENTION, STORAGE, UNITS, FIRST_EXPANSION, MAPS, DIGITS),
    *(SETTINGS, STRIDES, ROUNDED_WIDTHS, BATCH),
)
"""The axes, the most plausible first: other counts of the same network, then other networks."""
