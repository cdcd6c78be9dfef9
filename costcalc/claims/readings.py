"""Other readings of a figure: what else it may count, one departure from the obvious at a time.

A departure is itself a reading, from which others depart further: :mod:`.search` combines
them.  A reading that gives the printed digits is only a hint: the claim must state what the
paper counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from costcalc.claims.axes import AXES, BATCH, PLAUSIBLE, Axis
from costcalc.claims.claim import Claim, Quantity
from costcalc.claims.measure import METRICS
from costcalc.claims.networks import Networks
from costcalc.claims.reading import Reading

LARGE = 20_000
"""Networks with more layers are not expanded at other settings, which would take seconds each."""


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
    """The axes on which a quantity may depart; no claim is about a batch that it does not state."""
    metric, _ = METRICS[quantity.metric]
    if metric.is_of_space:
        return ()
    about = "bytes" if metric.is_bytes else "counts"
    subjects = [quantity.subject, *([quantity.over] if quantity.over else [])]
    named = [network for subject in subjects for network in subject.networks]
    is_large = sum(len(networks.graph(network).layers) for network in named) > LARGE
    return tuple(
        axis
        for axis in AXES
        if axis.of in (about, "both")
        and not (axis.needs_expanding and is_large)
        and axis is not BATCH
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
