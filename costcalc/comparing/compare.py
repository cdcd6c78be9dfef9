"""Reports side by side: ratios to a baseline, and what a difference comes from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple, TypeVar

from costcalc.costs.rules import Convention
from costcalc.errors import Problem, SpecError, did_you_mean
from costcalc.kinds import KINDS
from costcalc.opening import OpenNetwork
from costcalc.reporting.report import LayerReport, Report, report

K = TypeVar("K")

METRICS = ("mult_adds", "params")
"""What networks are compared by."""


class Entry(NamedTuple):
    """A network of a comparison."""

    reference: str
    """As its user wrote it: ``mobilenet_v1@alpha=0.5``."""
    report: Report
    is_namesake: bool = False
    """Whether another network of the comparison has the same name and settings."""

    @property
    def label(self) -> str:
        """The network's name, with the settings that its reference carries.

        Of namesakes, a network and the model of it, the reference tells which is which.
        """
        if self.is_namesake:
            return self.reference
        _, at, settings = self.reference.rpartition("@")
        return f"{self.report.network}{at}{settings}" if at else self.report.network

    def total(self, metric: str) -> int:
        """What the network costs in all."""
        total: int = getattr(self.report.totals, metric)
        return total


class Cause(NamedTuple):
    """A part of a difference: layers of one family in the place of others."""

    fewer: tuple[str, ...]
    """Types that cost less than in the baseline, the largest difference first."""
    more: tuple[str, ...]
    saved: int

    @property
    def text(self) -> str:
        """``Conv 3x3 → Conv 1x1 + Conv DW 3x3``."""
        sides = [" + ".join(types) for types in (self.fewer, self.more) if types]
        return " → ".join(sides)


class Comparison(NamedTuple):
    """Networks, one of which the others are measured by."""

    entries: tuple[Entry, ...]
    baseline: Entry

    def ratio(self, entry: Entry, metric: str) -> Fraction | None:
        """A network's cost over the baseline's; None where that is nothing."""
        base = self.baseline.total(metric)
        return Fraction(entry.total(metric), base) if base else None

    def saved(self, entry: Entry, metric: str) -> int:
        """What a network costs less than the baseline."""
        return self.baseline.total(metric) - entry.total(metric)

    def causes(self, entry: Entry, metric: str) -> list[Cause]:
        """What the difference comes from, the largest part first.

        Layers of one family do one job: where some types cost less and others
        more, the second stand in the place of the first.
        """
        before, after = (_by_family(each.report, metric) for each in (self.baseline, entry))
        causes = []
        for family in dict.fromkeys([*before, *after]):
            old, new = before.get(family, {}), after.get(family, {})
            saved = {
                type_: old.get(type_, 0) - new.get(type_, 0)
                for type_ in dict.fromkeys([*old, *new])
            }
            ordered = sorted(saved, key=lambda type_: -abs(saved[type_]))
            cause = Cause(
                tuple(type_ for type_ in ordered if saved[type_] > 0),
                tuple(type_ for type_ in ordered if saved[type_] < 0),
                sum(saved.values()),
            )
            if cause.fewer or cause.more:
                causes.append(cause)
        return sorted(causes, key=lambda cause: -abs(cause.saved))


def side_by_side(networks: Iterable[OpenNetwork], convention: Convention) -> list[Entry]:
    """Networks with their reports.

    Raises:
        CostcalcError: a network is wrong, or the convention lacks a rule.
    """
    return [
        Entry(network.label, report(network.document, network.settings, convention))
        for network in networks
    ]


def saved_by_stage(comparison: Comparison, entry: Entry, metric: str) -> dict[tuple[int, ...], int]:
    """What a network costs less than the baseline at each size, the largest part first."""
    old, new = (by_stage(each.report, metric) for each in (comparison.baseline, entry))
    saved = {size: old.get(size, 0) - new.get(size, 0) for size in dict.fromkeys([*old, *new])}
    ordered = sorted(saved, key=lambda size: -abs(saved[size]))
    return {size: saved[size] for size in ordered if saved[size]}


def compare(entries: Sequence[Entry], baseline: str | None) -> Comparison:
    """The comparison of some networks with the first, or with ``baseline``.

    Raises:
        SpecError: there is nothing to compare, or no such baseline.
    """
    if len(entries) < 2:
        raise _wrong("one network compares with nothing", "two networks, or more")
    labels = [entry.label for entry in entries]
    entries = [entry._replace(is_namesake=labels.count(entry.label) > 1) for entry in entries]
    if baseline is None:
        return Comparison(tuple(entries), entries[0])
    for entry in entries:
        if baseline in (entry.reference, entry.label, entry.report.network):
            return Comparison(tuple(entries), entry)
    references = [entry.reference for entry in entries]
    raise _wrong(
        f"the baseline '{baseline}' is not compared",
        "one of " + ", ".join(references),
        did_you_mean(baseline, references),
    )


def by_type(report: Report, metric: str) -> dict[str, int]:
    """A network's cost by type of layer, those that cost nothing left out."""
    return _sums(((layer.type, layer) for layer in report.layers), metric)


def by_stage(report: Report, metric: str) -> dict[tuple[int, ...], int]:
    """A network's cost by the sides of what its layers give; a vector counts as 1 x 1."""
    axes = len(report.input) - 1
    stages = ((layer.output[1:] or (1,) * axes, layer) for layer in report.layers)
    return _sums(stages, metric)


def _by_family(report: Report, metric: str) -> dict[str, dict[str, int]]:
    families: dict[str, list[LayerReport]] = {}
    for layer in report.layers:
        families.setdefault(KINDS[layer.kind].family, []).append(layer)
    return {
        family: _sums(((layer.type, layer) for layer in layers), metric)
        for family, layers in families.items()
    }


def _sums(pairs: Iterable[tuple[K, LayerReport]], metric: str) -> dict[K, int]:
    sums: dict[K, int] = {}
    for key, layer in pairs:
        cost = getattr(layer, metric)
        if cost:
            sums[key] = sums.get(key, 0) + cost
    return sums


def _wrong(message: str, expected: str, hint: str = "") -> SpecError:
    return SpecError([Problem(None, message, expected=expected, hint=hint)])
