"""Published accuracies against what networks cost: the data of their pictures."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from costcalc import escaping
from costcalc.costs.rules import UNITS, Convention
from costcalc.errors import Problems, refuse
from costcalc.graph.parameters import all_parameters, resolve
from costcalc.opening import OpenNetwork
from costcalc.render.formatting import exact, milliseconds, scaled
from costcalc.reporting.implementations import as_usually_run
from costcalc.reporting.report import report
from costcalc.spec.document import Accuracy, Document
from costcalc.spec.family import year_of

if TYPE_CHECKING:
    from costcalc.metrics import Accounting


class Point(NamedTuple):
    """A network at settings with a published accuracy."""

    series: str
    """What its spec's networks have in common: ``EfficientNet`` of ``EfficientNet-B0``."""
    label: str
    mult_adds: int
    params: int
    top1: float
    bound: Fraction | None = None
    """Milliseconds that no run on the device is below; None without a device."""
    year: int | None = None

    @property
    def variant(self) -> str:
        """Its label without what the series has in common, if anything is left: ``B0``."""
        left = self.label.removeprefix(self.series).strip(_BETWEEN)
        is_enclosed = left.startswith("(") and left.find(")") == len(left) - 1
        return (left[1:-1] if is_enclosed else left) or self.label


_FEW = 24
"""The most networks whose whole names stand beside them."""

_BETWEEN = " -_/"
"""What stands between the name of a network and that of its variant."""


class Accuracies(NamedTuple):
    """Networks with a published accuracy, and those without."""

    points: tuple[Point, ...]
    left_out: tuple[str, ...]
    """The networks without one, each with the reason."""
    device: str = ""
    """The device of the bounds; empty for mult-adds."""
    unit: str = UNITS["macs"].title
    """What mult-adds are called in their unit: ``FLOPs``."""

    @property
    def is_crowded(self) -> bool:
        """Whether there are too many for their whole names to stand beside them."""
        return len(self.points) > _FEW

    def by_series(self) -> dict[str, list[Point]]:
        """The points of each spec, the oldest spec first and in each the cheapest network."""
        series: dict[str, list[Point]] = {}
        for point in sorted(self.points, key=lambda point: point.year or 0):
            series.setdefault(point.series, []).append(point)
        return {name: sorted(members, key=self.cost) for name, members in series.items()}

    @property
    def counted(self) -> str:
        """What a network costs, for an axis."""
        return f"bound on {self.device}, ms: no run is faster" if self.device else self.unit

    def cost(self, point: Point) -> int:
        """What a network costs, in picoseconds on a device."""
        return point.mult_adds if point.bound is None else round(point.bound * 10**9)

    def place(self, point: Point) -> float:
        """Where a network stands on the axis."""
        return point.mult_adds if point.bound is None else float(point.bound)

    def amount(self, point: Point) -> str:
        """What a network costs, in words."""
        if point.bound is None:
            return f"{scaled(point.mult_adds)} {self.unit}"
        return f"{milliseconds(point.bound / 1000)} or more"

    def short(self, point: Point) -> str:
        """What a network costs, without what it is."""
        return scaled(point.mult_adds) if point.bound is None else milliseconds(point.bound / 1000)


def accuracies(
    networks: Sequence[OpenNetwork], convention: Convention, how: Accounting | None = None
) -> Accuracies:
    """Networks at all settings for which their specs give an accuracy.

    A reference with settings is shown only at those.  Equal points are shown once.

    Args:
        networks: the networks.
        convention: how their mult-adds are counted.
        how: the accounting of their bounds, on a device; None for mult-adds.

    Raises:
        CostcalcError: a network is wrong, or no spec gives an accuracy.
    """
    shown: dict[Point, str] = {}
    left_out = []
    for network in (as_usually_run(network, convention) for network in networks):
        points = [
            _point(network, accuracy, convention, how) for accuracy in network.document.accuracies
        ]
        shown |= {point: network.document.file for point in points if point is not None}
        if not any(points):
            left_out.append(_without_accuracy(network))
    if not shown:
        refuse(
            None,
            "no accuracy is published for these networks at these settings",
            expected="a spec with 'accuracy:', as mobilenet_v1 has",
            found="; ".join(left_out),
        )
    device = how.facts(("bound_ms",))["device"] if how is not None else ""
    unit = UNITS[convention.unit].title
    return Accuracies(_in_series(shown), tuple(dict.fromkeys(left_out)), device, unit)


def _point(
    network: OpenNetwork, accuracy: Accuracy, convention: Convention, how: Accounting | None
) -> Point | None:
    """A network where its spec gives an accuracy; None if its own settings are others."""
    costs = report(network.document, {**accuracy.settings, **network.settings}, convention)
    if costs.accuracy != accuracy:
        return None
    name, totals = escaping.label(costs.network), costs.totals
    given = _unsaid(network.document, accuracy.settings)
    label = f"{name} ({escaping.label(given)})" if given else name
    bound = None
    if how is not None:
        from costcalc.metrics import measured  # with storages and devices

        graph = network.at(accuracy.settings).graph()
        bound = measured(graph, how, ("bound_ms",))["bound_ms"]
    year, top1 = year_of(network.document.source), float(accuracy.top1)
    return Point(name, label, totals.mult_adds, totals.params, top1, bound, year)


def _unsaid(document: Document, settings: Mapping[str, Any]) -> str:
    """The settings that a network's name does not say: ``alpha 0.5, res 192``."""
    title = document.title
    texts = (title.text, *(case for _, case in title.cases))
    said = {
        name
        for name in settings
        if name == title.parameter
        or any(f"{{{name}}}" in text for text in texts)
        or _names_differ(document, name)
    }
    return ", ".join(
        f"{name} {exact(value)}" for name, value in settings.items() if name not in said
    )


def _names_differ(document: Document, parameter: str) -> bool:
    """Whether a network has a name of its own for each choice of a parameter, as for variants."""
    choices = all_parameters(document)[parameter].choices
    names = {
        document.titled(resolve(document, {parameter: choice}, Problems()).values)
        for choice in choices
    }
    return len(choices) > 1 and len(names) == len(choices)


def _in_series(files: Mapping[Point, str]) -> tuple[Point, ...]:
    """The points, those of one file with the name that they have in common."""
    names: dict[str, list[str]] = {}
    for point, file in files.items():
        names.setdefault(file, []).append(point.series)
    common = {file: _common(series) for file, series in names.items()}
    return tuple(point._replace(series=common[file]) for point, file in files.items())


def _common(names: Sequence[str]) -> str:
    """What names begin with, up to a sign or a number.

    >>> _common(["EfficientNet-B0", "EfficientNet-B1"]), _common(["VGG16"]), _common(["S0", "S1"])
    ('EfficientNet', 'VGG16', 'S0')
    >>> _common(["DeiT-Ti", "DeiT-Ti distilled", "DeiT-S"]), _common(["VGG11", "VGG13", "VGG-C"])
    ('DeiT', 'VGG')
    """
    if len({*names}) == 1:
        return names[0]
    start = os.path.commonprefix(list(names))
    rests = [name.removeprefix(start)[:1] for name in names]
    if len(start) > 1 and start.isalpha() and not any(rest.isalpha() for rest in rests):
        return start
    cut = max(start.rfind(sign) for sign in (*_BETWEEN, "("))
    return start[: cut + 1].rstrip(f"{_BETWEEN}(") or names[0]


def _without_accuracy(network: OpenNetwork) -> str:
    published = network.document.accuracies
    settings = [
        " and ".join(f"{name} = {exact(value)}" for name, value in accuracy.settings.items())
        for accuracy in published
    ]
    if not published:
        reason = "its spec has no 'accuracy:'"
    elif any(settings):
        reason = f"published only at {', '.join(filter(None, settings))}"
    else:
        reason = "published only at the default settings"
    return f"{escaping.label(network.label)}: {escaping.printable(reason)}"
