"""Other readings of a figure: what else it may count, one departure from the obvious at a time.

Each rule yields the departures of one axis: a setting, a stride, a convention, a part that
is left out, operations for each multiply-accumulate, a unit.  A departure is itself a count,
from which others depart further: :mod:`.search` combines them.  A reading that gives the
printed digits is only a hint: the claim must state what the paper counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

from costcalc.claims.claim import Claim, ClaimedNetwork, Quantity, Subject
from costcalc.claims.measure import METRICS, measure, parts
from costcalc.claims.networks import Networks, with_settings
from costcalc.claims.strides import other_strides
from costcalc.costs.convention import available
from costcalc.errors import CostcalcError
from costcalc.formulas.convolution import conv_mult_adds, conv_weights
from costcalc.graph.layer import LayerGraph
from costcalc.kinds.base import MATRICES, Shape
from costcalc.kinds.naming import is_depthwise, type_name
from costcalc.names import paths
from costcalc.render.formatting import exact
from costcalc.reporting.printed import Figure, Fit
from costcalc.spec.document import Rounding
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

TOP_LEVEL = 40
"""Networks of more parts on their top level are not taken apart there."""

LARGE = 20_000
"""Networks with more layers are not expanded at other settings, which would take seconds each."""


class Reading(NamedTuple):
    """A count, and how it departs from the obvious one."""

    quantity: Quantity
    figure: Figure
    words: tuple[str, ...] = ()
    """The departures."""
    last: tuple[int, str] = (-1, "")
    """The last one's axis and what it changes there: a departure comes after these alone."""
    factor: Fraction = Fraction(1)
    added: Fraction = Fraction(0)
    """What is counted besides the quantity, before the factor."""
    weight: int = 0
    """How far it departs: the number of departures, those that are less likely twice."""
    unit: str = ""
    """What it is converted to, one of :data:`costcalc.costs.rules.UNITS`; empty: it is not."""

    def value(self, networks: Networks) -> Fraction | None:
        """The count; None if it is not possible."""
        try:
            return (measure(self.quantity, networks) + self.added) * self.factor
        except (CostcalcError, ExpressionError):
            return None

    def fit(self, value: Fraction) -> Fit | None:
        """How the figure agrees with a value of the reading."""
        return self.figure.fit(value) if value else None


class Departure(NamedTuple):
    """One change of a reading."""

    name: str
    """What it changes on its axis; a reading changes it once."""
    words: str
    quantity: Quantity | None = None
    figure: Figure | None = None
    factor: Fraction = Fraction(1)
    added: Fraction = Fraction(0)
    weight: int = 1
    unit: str = ""

    def of(self, reading: Reading, axis: int) -> Reading:
        """The reading, departed from."""
        return Reading(
            self.quantity or reading.quantity,
            self.figure or reading.figure,
            (*reading.words, self.words),
            (axis, self.name),
            reading.factor * self.factor,
            reading.added + self.added,
            reading.weight + self.weight,
            self.unit or reading.unit,
        )


Departures = Iterator[Departure]


def departures(
    reading: Reading, networks: Networks, axes: Iterable[Axis], fixed: frozenset[str] = frozenset()
) -> Iterator[Reading]:
    """The readings that depart once more, on a later axis or in a later respect.

    Args:
        reading: what they depart from.
        networks: where networks are opened.
        axes: the axes to depart on.
        fixed: the parameters whose values are given.
    """
    for axis in axes:
        number = AXES.index(axis)
        if number < reading.last[0] or (number == reading.last[0] and not axis.repeats):
            continue
        for departure in axis.rule(reading, networks):
            if (number, departure.name) > reading.last and departure.name not in fixed:
                yield departure.of(reading, number)


def replayed(words: Sequence[str], plain: Reading, networks: Networks) -> Reading | None:
    """The reading of another figure that departs in the same ways; None if it cannot."""
    reading: Reading | None = plain
    for word in words:
        if reading is not None:
            further = departures(reading, networks, axes_of(reading.quantity, networks))
            reading = next((other for other in further if other.words[-1] == word), None)
    return reading


def axes_of(quantity: Quantity, networks: Networks) -> tuple[Axis, ...]:
    """The axes on which a quantity may depart."""
    metric, _ = METRICS[quantity.metric]
    if metric.is_of_space:
        return ()
    subjects = [quantity.subject, *([quantity.over] if quantity.over else [])]
    named = [network for subject in subjects for network in subject.networks]
    is_large = sum(len(networks.graph(network).layers) for network in named) > LARGE
    return tuple(
        axis
        for axis in AXES
        if axis is not BATCH
        and not (axis.needs_expanding and is_large)
        and not (axis is STORAGE and not metric.is_bytes)
        and not (axis.of_counts and metric.is_bytes)
    )


def explain(claim: Claim, computed: Fraction, networks: Networks) -> str:
    """The first reading that agrees with the printed figure, as a hint."""
    if claim.figure.fit(computed, claim.figure.round_step) is not None:
        return "would hold if the zeros at its end were no digits: it must state its digits"
    plain = Reading(claim.quantity, claim.figure)
    for axis in sorted(axes_of(claim.quantity, networks), key=PLAUSIBLE.index):
        for reading in departures(plain, networks, [axis]):
            value = reading.value(networks)
            if value is not None and reading.fit(value) is not None:
                shown = reading.figure.show(value)
                return f"would hold {reading.words[0]} ({shown}): the claim must say so"
    return "no reading that was tried gives the printed figure: correct the claim or the spec"


def _settings(reading: Reading, networks: Networks) -> Departures:
    """The networks at other values of their parameters: those of published networks, choices."""
    for name, values in sorted(_values(reading.quantity.subject, networks).items()):
        for value in values:
            words = f"at {name} = {_shown(value)}"
            yield from _at(reading.quantity, name, value, words, networks)
    over = reading.quantity.over
    if over is None:
        return
    for name, values in sorted(_values(over, networks).items()):
        for value in values:
            words = f"at {name} = {_shown(value)} of what it is compared with"
            changed = _changed(over, name, value, networks, "paper")
            if changed is not None:
                quantity = reading.quantity._replace(over=changed)
                yield Departure(f"{name} over", words, quantity)


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


def _at(quantity: Quantity, name: str, value: object, words: str, networks: Networks) -> Departures:
    """The quantity at another setting, if one of its networks has that parameter."""
    changed = _changed(quantity.subject, name, value, networks, quantity.counting.convention)
    if changed is not None:
        yield Departure(name, words, quantity._replace(subject=changed))


def _changed(
    subject: Subject, name: str, value: object, networks: Networks, convention: str
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
    quantity: Quantity, suffix: str, document: Any, name: str, words: str, networks: Networks
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
    for words, names, weight in _named_parts(networks.graph(quantity.subject.networks[0])):
        without = tuple(dict.fromkeys((*counting.without, *names)))
        if frozenset(without) not in seen:
            seen.add(frozenset(without))
            other = quantity._replace(counting=counting._replace(without=without))
            yield Departure(f"without {words}", f"without {words}", other, weight=weight)


def _named_parts(graph: LayerGraph) -> Iterator[tuple[str, tuple[str, ...], int]]:
    """Parts of a network in words, with the names of their layers, and their weights.

    Papers leave out the first and the last layers; anything else is less likely.
    """
    layers = graph.layers
    matrices = [index for index, layer in enumerate(layers) if layer.kind.family in MATRICES]
    if any(layer.kind.name == "fc" for layer in layers):
        yield "the fully connected layers", ("fc",), 1
    if matrices:
        first, last = layers[matrices[0]].name, layers[matrices[-1]].name
        yield "the classifier", tuple(layer.name for layer in layers[matrices[-1] :]), 1
        yield f"the last layer, {last}", (last,), 1
        yield f"the first layer, {first}", (first,), 1
    for name in _expansions(graph)[:1]:
        yield f"the first expansion, {name}", (name,), 1
    types = {
        type_name(layer.kind, layer.operation, layer.input_shapes)
        for layer in layers
        if layer.kind.family == "convolution"
    }
    for name in (*sorted({*graph.blocks.values()}), *sorted(types)):
        yield f"every {name}", (name,), 2
    tops = dict.fromkeys(next(iter(paths(layer.name)), layer.name) for layer in layers)
    if len(tops) <= TOP_LEVEL:
        yield from ((name, (name,), 2) for name in tops)


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


def _first_expansion(reading: Reading, networks: Networks) -> Departures:
    """With a 1x1 convolution that expands by t = 1 before the first depthwise layer."""
    metric = reading.quantity.metric
    if metric not in ("mult_adds", "params") or reading.quantity.subject.only:
        return
    graph = networks.graph(reading.quantity.subject.networks[0])
    cost = _missing_expansion_cost(graph, metric)
    if cost:
        yield Departure("expansion", "with a first expansion", added=Fraction(cost))


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


def _halved_maps(reading: Reading, networks: Networks) -> Departures:
    """Sides divided by the strides before them without rounding: 24.5 for half of 49."""
    quantity = reading.quantity
    if quantity.metric != "mult_adds":
        return
    added = Fraction(0)
    for part in parts(quantity.subject, quantity.counting, networks):
        for cost in part.costs:
            whole = cost.mult_adds * quantity.counting.times
            added += whole * (_exact_area(part.graph.input, cost.layer.output) - 1)
    if added:
        yield Departure("maps", "with maps halved without rounding", added=added)


def _exact_area(whole: Shape, output: Shape) -> Fraction:
    """The area of a map whose sides are the input's over powers of two, over its rounded one."""
    area = Fraction(1)
    for side, rounded in zip(whole[1:], output[1:], strict=False):
        if rounded > 1:
            stride = 2 ** max(0, (side // rounded).bit_length() - 1)
            halved = Fraction(side, stride)
            halved = halved if halved < rounded + 1 else halved / 2
            area *= halved / rounded if abs(halved - rounded) < 1 else 1
    return area


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
    of_counts: bool = True
    """Whether it is about counts, and not about bytes."""


SETTINGS = Axis("settings", _settings, repeats=True, needs_expanding=True, of_counts=False)
STRIDES = Axis("strides", _strides, needs_expanding=True)
ROUNDED_WIDTHS = Axis("roundings of widths", _roundings, needs_expanding=True)
CONVENTION = Axis("conventions", _conventions)
STORAGE = Axis("storages", _storages, of_counts=False)
PARTS = Axis("parts left out", _parts, repeats=True)
FIRST_EXPANSION = Axis("a first expansion", _first_expansion)
MAPS = Axis("maps that are not rounded", _halved_maps)
OPERATIONS = Axis("operations for each multiply-accumulate", _operations)
UNITS = Axis("units", _units, of_counts=False)
DIGITS = Axis("transposed digits", _swapped_digits, of_counts=False)
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
