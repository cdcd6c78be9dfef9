"""The data of the pictures of time: layers under a roofline, and time by layer."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from costcalc import escaping
from costcalc.errors import refuse
from costcalc.performance.latency import Latency, no_run
from costcalc.performance.roofline import Limit
from costcalc.render.formatting import milliseconds, rounded


class RooflinePoint(NamedTuple):
    """Steps of one type with the same intensity and the same speed."""

    names: tuple[str, ...]
    type: str
    intensity: Fraction
    """Operations a byte."""
    speed: Fraction
    """Operations a second, as the roofline allows."""
    share: Fraction
    """Of the roofline's time."""

    @property
    def label(self) -> str:
        """The first name, and how many more there are."""
        more = len(self.names) - 1
        return f"{self.names[0]} + {more} more" if more else self.names[0]


class Roofline(NamedTuple):
    """A device's roof, and a network's steps on it."""

    title: str
    peak: Fraction
    """Operations a second."""
    bandwidth: Fraction
    """Bytes a second."""
    points: tuple[RooflinePoint, ...]
    """Those with the largest share first."""
    left_out: tuple[str, ...]
    """Sentences on what cannot be drawn, and what no time includes."""

    @property
    def ridge(self) -> Fraction:
        """The intensity at which the roof becomes level."""
        return self.peak / self.bandwidth


class StepBar(NamedTuple):
    """The time of a step, in milliseconds."""

    name: str
    limit: Limit
    time: Fraction
    """Of the limit, as in the roofline."""
    hidden: Fraction
    """Of the other, which the serial estimate adds."""


class Timeline(NamedTuple):
    """The time of each step, from input to output."""

    title: str
    bars: tuple[StepBar, ...]
    bound: Fraction
    """In milliseconds, as the estimates."""
    roofline: Fraction
    serial: Fraction
    left_out: tuple[str, ...] = ()
    """Sentences on what no time includes."""

    def words(self) -> tuple[str, ...]:
        """The three figures by their names."""
        return (
            f"bound {milliseconds(self.bound / 1000)}: {no_run(self.left_out)}",
            f"roofline {milliseconds(self.roofline / 1000)}: an estimate",
            f"serial {milliseconds(self.serial / 1000)}: an estimate",
        )

    def time(self, limit: Limit) -> Fraction:
        """The roofline's milliseconds that this limits."""
        return sum((bar.time for bar in self.bars if bar.limit == limit), Fraction(0))


def roofline(answer: Latency) -> Roofline:
    """The roofline of a device with the steps of a network.

    Raises:
        SpecError: the device states no bandwidth, or no step computes.
    """
    rates = answer.work.rates
    if rates.tensors is None:
        refuse(None, f"{answer.run.device.name} has no stated bandwidth, and so no roofline")
    groups: dict[tuple[str, Fraction, Fraction], list[tuple[str, Fraction]]] = {}
    free, free_share = 0, Fraction(0)
    for step, type_ in zip(answer.steps, answer.types, strict=True):
        share = step.seconds / answer.roofline if answer.roofline else Fraction(0)
        if not step.operations or not step.intensity:
            free, free_share = free + 1, free_share + share
            continue
        key = (type_, step.intensity, step.operations / step.seconds)
        groups.setdefault(key, []).append((step.name, share))
    if not groups:
        refuse(None, f"no step of {answer.network} multiplies, so that none has a speed")
    points = [
        RooflinePoint(
            tuple(escaping.label(name) for name, _ in steps),
            type_,
            intensity,
            speed,
            sum((share for _, share in steps), Fraction(0)),
        )
        for (type_, intensity, speed), steps in groups.items()
    ]
    steps = "step that multiplies" if free == 1 else "steps that multiply"
    part = rounded(100 * free_share, 1)
    not_drawn = [f"Not drawn: {free} {steps} nothing, {part} % of the time."] if free else []
    return Roofline(
        title=f"{_title(answer)}: the roofline, an estimate",
        peak=rates.operations,
        bandwidth=rates.tensors,
        points=tuple(sorted(points, key=lambda point: -point.share)),
        left_out=(*not_drawn, *answer.left_out),
    )


def timeline(answer: Latency) -> Timeline:
    """The time of each step of a network."""
    return Timeline(
        title=_title(answer),
        bars=tuple(
            StepBar(
                escaping.label(step.name),
                step.limit,
                1000 * step.seconds,
                1000 * min(step.compute_seconds, step.memory_seconds),
            )
            for step in answer.steps
        ),
        bound=1000 * answer.bound,
        roofline=1000 * answer.roofline,
        serial=1000 * answer.serial,
        left_out=answer.left_out,
    )


def _title(answer: Latency) -> str:
    device = escaping.label(answer.run.device.title)
    return f"{escaping.label(answer.network)} on {device}, {answer.work.dtype}"
