"""The reverse question: which reading of a network gives a printed figure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from costcalc.advice import advice, option
from costcalc.claims.axes import AXES, BATCH, CONVENTION, PLAUSIBLE, Axis
from costcalc.claims.claim import Claim, ClaimedNetwork, Counting, Quantity, Subject
from costcalc.claims.found import Match, Search, Tried
from costcalc.claims.measure import title
from costcalc.claims.networks import Networks
from costcalc.claims.reading import Reading
from costcalc.claims.readings import axes_of, departures, replayed
from costcalc.errors import refuse
from costcalc.formulas.algebra import whole
from costcalc.reporting.printed import Figure, Fit, parse
from costcalc.spec.numbers import ExpressionError

DEPARTURES = 2
"""The most departures of a reading from the obvious one."""

READINGS = 10_000
"""The most readings that are tried."""

NETWORKS = 200
"""The most networks that are expanded: at other settings, with other strides."""

BAND = Fraction(4, 5), Fraction(5, 4)
"""How far values may be from a figure to tell how densely readings lie around it."""

FITTING = Fraction(3, 2)
"""How many steps of its last digit a figure fits: half of one below it, and one above, cut off."""

COMPARED = 40
"""The most matches that are held against the other figures of a column."""

_WEIGHTS: Mapping[Fit | None, int] = {"exact": 9, "rounded": 3, "truncated": 1}
"""How likely each fit is: most figures are rounded, few truncated."""


# The words that tools print behind a count: ptflops "320.3 MMac", calflops "602 MFLOPS".
_COUNTED = re.compile(r"(?:(?:mult|mul|m)-?adds?|macc?s?|flops?|params?)$", re.IGNORECASE)


def quoted(printed: str) -> Figure:
    """The count that was quoted, without its unit's name: MACs and FLOPs are often confused.

    Raises:
        SpecError: it is not a figure, or not one of a count.
    """
    if not isinstance(printed, str):
        refuse(
            None,
            f"{printed!r} has lost the digits that were printed",
            expected='text, as it is printed: "327.5M", "320.3 MMac"',
        )
    try:
        figure = parse(_COUNTED.sub("", printed.strip()))
    except ExpressionError as error:
        refuse(
            None,
            advice("{}: {}", option("printed", printed), error.message),
            expected=error.expected,
        )
    if figure.bound or figure.unit in ("%", "x"):
        message = advice("{}: this is not a count", option("printed", printed))
        refuse(None, message, expected="327.5M, or 327486720")
    return figure


def search_count(
    network: ClaimedNetwork,
    figure: Figure,
    conventions: Sequence[str],
    fixed: Iterable[str],
    networks: Networks,
) -> Search:
    """Which conventions, settings and parts give a count that somebody quoted.

    What departs further is only tried if nothing simpler gives it.

    Args:
        network: the network, at the requested settings.
        figure: from :func:`quoted`.
        conventions: the names or paths of those to try.
        fixed: the parameters that the caller has set.
        networks: where it is opened.

    Raises:
        CostcalcError: the network is wrong at the requested settings.
    """
    graph = networks.graph(network)
    quantities = [
        Quantity(metric, Subject((network,)), Counting(convention=convention))
        for convention in conventions
        for metric in ("params", "mult_adds")
    ]
    others = tuple(axis for axis in axes_of(quantities[0], networks) if axis is not CONVENTION)
    axes = (*others, BATCH)
    bases = [Reading(quantity, figure) for quantity in quantities]
    trials = _Trials(bases, axes, frozenset(fixed), networks)
    trials.go(until_one_fits=True)
    return trials.answer(graph.name, (), {"network": graph.name})


def search_claim(claim: Claim, column: Sequence[Claim], networks: Networks) -> Search:
    """Which readings give the figure of a claim.

    Args:
        claim: the claim.
        column: the other claims of its column, which a reading should give, too.
        networks: where its networks are opened.

    Raises:
        CostcalcError: the claim's subject is wrong, or its figure is a bound.
    """
    if claim.figure.bound:
        message = f"'{claim.id}' is a bound, which any smaller count gives"
        refuse(claim.mark, message, expected="a printed figure")
    quantity = claim.quantity
    plain = Reading(quantity, claim.figure)
    computed = plain.value(networks)
    facts = [("metric", title(quantity.metric))]
    if computed is not None:
        facts.append(("computed", claim.figure.show(computed)))
    trials = _Trials([plain], axes_of(quantity, networks), frozenset(), networks)
    trials.go()
    identity = {"id": claim.id, "network": quantity.subject.networks[0].name}
    return trials.answer(claim.title, tuple(facts), identity, column)


class _Trials:
    """Tries readings, those with the fewest departures first."""

    def __init__(
        self,
        bases: Sequence[Reading],
        axes: tuple[Axis, ...],
        fixed: frozenset[str],
        networks: Networks,
    ) -> None:
        self.bases = bases
        self.axes = axes
        self.fixed = fixed
        self.networks = networks
        self.figure = bases[0].figure
        self.tried: list[tuple[Reading, Fraction]] = []
        self.expanded: set[ClaimedNetwork] = set()
        self.is_cut = False
        self.departures = 0
        self._chances: dict[int, Fraction] = {}

    def go(self, *, until_one_fits: bool = False) -> None:
        """Tries all readings, up to the limits, or until one fits and none departs less."""
        level: Iterable[Reading] = self.bases
        for self.departures in range(DEPARTURES + 1):
            kept = [reading for reading in level if self._try(reading)]
            if until_one_fits and any(reading.fit(value) for reading, value in self.tried):
                return
            level = self._further(kept)

    def _further(self, readings: Sequence[Reading]) -> Iterator[Reading]:
        for reading in readings:
            yield from departures(reading, self.networks, self.axes, self.fixed)

    def _try(self, reading: Reading) -> bool:
        """Whether the reading could be counted, within the limits."""
        over = reading.quantity.over
        named = {*reading.quantity.subject.networks, *(over.networks if over else ())}
        if len(self.tried) >= READINGS or len(self.expanded | named) > NETWORKS:
            self.is_cut = True
            return False
        value = reading.value(self.networks)
        if value is None:
            return False
        self.expanded |= named
        self.tried.append((reading, value))
        return True

    def answer(
        self,
        title: str,
        facts: tuple[tuple[str, str], ...],
        identity: Mapping[str, Any],
        column: Sequence[Claim] = (),
    ) -> Search:
        """The readings that fit, in the order of their plausibility, or the nearest."""
        fitting = _ranked([self._match(*tried) for tried in self.tried if tried[0].fit(tried[1])])
        if column:
            checked = [self._in_column(match, column) for match in fitting[:COMPARED]]
            fitting = sorted(checked, key=_out_of_column) + fitting[COMPARED:]
        near = sorted(self.tried, key=lambda tried: (_distance(*tried), tried[0].weight))
        nearest = [] if fitting else _distinct([self._match(*tried) for tried in near[:60]])[:3]
        tried = Tried(
            tuple(axis.noun for axis in self.axes),
            self.departures,
            len(self.tried),
            len(self.expanded),
            self.is_cut,
        )
        chance = self._by_chance(max((reading.weight for reading, _ in self.tried), default=0))
        return Search(
            title, facts, identity, self.figure, tuple(fitting), tuple(nearest), tried, chance
        )

    def _match(self, reading: Reading, value: Fraction) -> Match:
        name = reading.quantity.counting.convention
        convention = self.networks.loaded(name)
        network = reading.quantity.subject.networks[0]
        return Match(
            reading,
            convention.name,
            whole(value),
            reading.fit(value),
            reading.unit or ("flops" if reading.quantity.counting.times == 2 else convention.unit),
            self.networks.graph(network, name).parameters,
            self._by_chance(reading.weight),
        )

    def _in_column(self, match: Match, column: Sequence[Claim]) -> Match:
        """The match with how many figures of the column it gives, of those it can be about."""
        fits = []
        for claim in column:
            plain = Reading(claim.quantity, claim.figure)
            reading = replayed(match.reading.words, plain, self.networks)
            value = reading.value(self.networks) if reading is not None else None
            if reading is not None and value is not None:
                fits.append(reading.fit(value) is not None)
        return match._replace(column=(sum(fits), len(fits)) if fits else None)

    def _by_chance(self, weight: int) -> Fraction:
        """How many readings up to a weight would fit if values lay evenly around the figure."""
        if weight not in self._chances:
            self._chances[weight] = self._chance(weight)
        return self._chances[weight]

    def _chance(self, weight: int) -> Fraction:
        printed = self.figure.number * self.figure.scale
        if not printed:
            return Fraction(0)
        low, high = (printed * bound for bound in BAND)
        values = {
            value
            for reading, value in self.tried
            if reading.weight <= weight and low <= value <= high
        }
        return len(values) * FITTING * self.figure.step * self.figure.scale / (high - low)


def _distance(reading: Reading, value: Fraction) -> Fraction:
    return abs(value / reading.figure.scale - reading.figure.number)


def _ranked(matches: list[Match]) -> list[Match]:
    """The most plausible first: fewest departures, then most conventions in agreement.

    How near a value is to the figure says little, as long as its digits allow it.
    """
    agreement = Counter(map(_same, matches))

    def rank(match: Match) -> tuple[int, int, int, Fraction]:
        agreeing = agreement[_same(match)] * _WEIGHTS[match.fit]
        reading = match.reading
        number, _ = reading.last
        last = PLAUSIBLE.index(AXES[number]) if reading.words else 0
        return (reading.weight, -agreeing, last, _distance(reading, Fraction(match.value)))

    return _distinct(sorted(matches, key=rank))


def _same(match: Match) -> tuple[Any, ...]:
    """What conventions agree on."""
    return match.metric, match.unit, match.words, match.value


def _out_of_column(match: Match) -> tuple[int, Fraction]:
    """The order of matches: by departures, then those that give most of their column."""
    fitting, others = match.column or (0, 0)
    return match.reading.weight, -Fraction(fitting, others or 1)


def _distinct(matches: list[Match]) -> list[Match]:
    """The first match for each convention, metric and value."""
    first: dict[tuple[str, str, Any], Match] = {}
    for match in matches:
        first.setdefault((match.convention, match.metric, match.value), match)
    return list(first.values())
