"""The reverse question: which convention and settings give a number that somebody quoted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple

from costcalc.costs.count import LayerCost, count
from costcalc.costs.rules import UNITS, Convention
from costcalc.errors import ConventionError, SpecError, refuse
from costcalc.graph.expand import expand
from costcalc.graph.layer import LayerGraph
from costcalc.kinds.base import MATRICES
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.formatting import exact, number
from costcalc.render.page import Column, Page, Row, Table
from costcalc.reporting.printed import Figure, Fit, parse
from costcalc.spec.document import Document
from costcalc.spec.numbers import ExpressionError

RESOLUTIONS = (224, 256, 299)
"""Resolutions that people usually mean, besides the spec's own."""

BATCHES = (2, 4, 8, 16, 32, 64, 128, 256)
"""Images at once, where a count is of all of them."""

SHOWN = 12
"""Rows of a search that are shown."""

_WEIGHTS: Mapping[Fit | None, int] = {"exact": 9, "rounded": 3, "truncated": 1}
"""How likely a figure is written so: most round, and few cut the digits off."""


# The words that tools print behind a count: ptflops "320.3 MMac", calflops "602 MFLOPS".
_COUNTED = re.compile(r"\s*(?:(?:mult|mul|m)-?adds?|macc?s?|flops?|params?)\s*$", re.IGNORECASE)


def quoted(printed: str) -> Figure:
    """The count that somebody quoted.  The word behind it is ignored: people mean either by both.

    Raises:
        SpecError: it is not a figure, or not one that counts something.
    """
    try:
        figure = parse(_COUNTED.sub("", printed))
    except ExpressionError as error:
        refuse(None, f"--printed {printed}: {error.message}", expected=error.expected)
    if figure.bound or figure.unit in ("%", "x"):
        refuse(None, f"--printed {printed}: this is not a count", expected="327.5M, or 327486720")
    return figure


class Match(NamedTuple):
    """A way to count that gives the figure, or comes near it."""

    convention: str
    unit: str
    metric: str
    words: str
    """The settings that differ from the network's own, and what is left out."""
    parameters: Mapping[str, Any]
    without_classifier: bool
    batch: int
    value: Any
    fit: Fit | None
    steps: int
    """How far it is from what one would assume: settings changed, units converted."""


@dataclass(frozen=True)
class Search(Answer):
    """What was found for a figure, the likeliest first."""

    network: str
    figure: Figure
    matches: tuple[Match, ...]
    nearest: tuple[Match, ...]
    """Where nothing fits, what comes near."""
    searched: str

    def page(self) -> Page:
        """What gives the figure, the likeliest first; the nearest where nothing does."""
        return _page(self)

    def data(self) -> dict[str, Any]:
        """What gives the figure, the likeliest first."""
        return {
            "format_version": FORMAT_VERSION,
            "network": self.network,
            "printed": self.figure.text,
            "matches": [_match_data(match) for match in self.matches],
            "nearest": [_match_data(match) for match in self.nearest],
        }


class _Case(NamedTuple):
    """One graph to count, and how its settings differ from those asked for."""

    graph: LayerGraph
    changes: tuple[str, ...]
    implementation: str | None
    """The one that it is of, where the network has several and the caller chose none."""


def search(
    document: Document,
    settings: Mapping[str, Any],
    conventions: Sequence[Convention],
    figure: Figure,
) -> Search:
    """What gives the figure: conventions, resolutions, variants, batches, with and without head.

    Raises:
        SpecError: the network is wrong at the settings asked for.
    """
    cases = list(_cases(document, settings))
    candidates = [
        match
        for case in cases
        for convention in conventions
        for match in _matches(case, convention, figure)
    ]
    fitting = _ranked([match for match in candidates if match.fit], figure)
    nearest = sorted(candidates, key=lambda m: (_distance(m, figure), m.steps))[:3]
    searched = (
        f"{len(conventions)} conventions, {len(cases)} settings, "
        f"batches to {BATCHES[-1]}, with and without the classifier; "
        "each convention on its usual implementation, and on the others"
    )
    return Search(
        cases[0].graph.name,
        figure,
        tuple(fitting),
        () if fitting else tuple(nearest),
        searched,
    )


def _cases(document: Document, settings: Mapping[str, Any]) -> Iterator[_Case]:
    """The settings asked for, then those with another resolution, another variant, or both."""
    asked = expand(document, settings)
    free = {
        name: parameter.choices
        for name, parameter in document.parameters.items()
        if parameter.choices and name not in settings
    }
    implementations = free.pop("implementation", (None,))
    variants: list[dict[str, Any]] = [{}]
    for name, choices in free.items():
        variants += [{name: each} for each in choices if each != asked.parameters[name]]
    resolutions: list[dict[str, Any]] = [{}]
    if "res" not in settings:
        resolutions += [{"res": res} for res in RESOLUTIONS if res != asked.parameters.get("res")]
    for implementation, variant, resolution in product(implementations, variants, resolutions):
        changed = {**variant, **resolution}
        chosen = {"implementation": implementation} if implementation else {}
        try:
            graph = expand(document, {**settings, **chosen, **changed})
        except SpecError:
            continue
        changes = tuple(f"{name} = {exact(value)}" for name, value in changed.items())
        yield _Case(graph, changes, implementation)


def _matches(case: _Case, convention: Convention, figure: Figure) -> Iterator[Match]:
    """The network as it is counted, converted, in batches and without its classifier."""
    try:
        costs = count(case.graph, convention)
    except ConventionError:
        return
    is_usual = case.implementation in (convention.implementation, None)
    words = [*case.changes, *([] if is_usual else [f"implementation = {case.implementation}"])]
    for headless in (False, True):
        part = costs[: _classifier(costs)] if headless else costs
        params = sum(cost.params for cost in part)
        mult_adds = sum(cost.mult_adds for cost in part)
        changes = [*words, "without the classifier"] if headless else words
        match = Match(convention.name, convention.unit, "params", "", {}, headless, 1, 0, None, 0)
        match = match._replace(parameters=case.graph.parameters)
        yield _valued(match, params, changes, figure)
        match = match._replace(metric="mult_adds")
        yield _valued(match, mult_adds, changes, figure)
        for unit in UNITS:
            if unit != convention.unit:
                factor = Fraction(UNITS[unit].operations, UNITS[convention.unit].operations)
                converted = [*changes, f"converted to {UNITS[unit].title}"]
                yield _valued(match._replace(unit=unit), factor * mult_adds, converted, figure)
        if not words and not headless:
            for batch in BATCHES:
                several = [*changes, f"a batch of {batch}", ""]
                yield _valued(match._replace(batch=batch), batch * mult_adds, several, figure)


def _valued(found: Match, value: Any, words: Sequence[str], figure: Figure) -> Match:
    """The match with its value; an empty word makes it less likely and is not shown."""
    exactly = Fraction(value)
    value = exactly.numerator if exactly.denominator == 1 else exactly
    text = ", ".join(word for word in words if word)
    fit = figure.fit(value) if value else None
    return found._replace(words=text, value=value, fit=fit, steps=len(words))


def _classifier(costs: Sequence[LayerCost]) -> int:
    """Where the last layer with weights stands; it and what follows are the classifier."""
    for index in range(len(costs) - 1, -1, -1):
        if costs[index].layer.kind.family in MATRICES:
            return index
    return len(costs)


def _distance(match: Match, figure: Figure) -> Fraction:
    return abs(Fraction(match.value) / figure.scale - figure.number)


def _ranked(matches: list[Match], figure: Figure) -> list[Match]:
    """The likeliest first: what changes least, then what most conventions give.

    How near a value is to the figure says little: its digits allow all of them alike.
    """
    backing = Counter((match.metric, match.unit, match.words, match.value) for match in matches)

    def rank(match: Match) -> tuple[int, int, Fraction]:
        agreeing = backing[match.metric, match.unit, match.words, match.value]
        return (match.steps, -agreeing * _WEIGHTS[match.fit], _distance(match, figure))

    return _distinct(sorted(matches, key=rank))


def _distinct(matches: list[Match]) -> list[Match]:
    """One match for each convention, count and value: its simplest."""
    found: dict[tuple[str, str, Any], Match] = {}
    for match in matches:
        found.setdefault((match.convention, match.metric, match.value), match)
    return list(found.values())


def _page(search: Search) -> Page:
    columns = (
        Column("convention", "Convention"),
        Column("metric", "Count"),
        Column("settings", "Settings"),
        Column("value", "Value", "right"),
        Column("fit", "Fit"),
    )
    groups: dict[tuple[Any, ...], list[str]] = {}
    for match in search.matches or search.nearest:
        groups.setdefault(_match_cells(match), []).append(match.convention)
    rows = tuple(Row((_listed(names), *cells)) for cells, names in groups.items())
    notes = [f"{len(rows) - SHOWN} less likely rows are not shown."] if len(rows) > SHOWN else []
    facts = [("printed", search.figure.text), ("searched", search.searched)]
    if not search.matches:
        facts.append(("found", "nothing; what comes near is below"))
    table = Table("What gives it", columns, rows[:SHOWN])
    return Page(search.network, tuple(facts), (table,), tuple(notes))


def _listed(names: list[str]) -> str:
    """Names one after another; of many, the first three."""
    rest = len(names) - 3
    return ", ".join(names) if rest < 2 else f"{', '.join(names[:3])} and {rest} more"


def _match_cells(match: Match) -> tuple[Any, ...]:
    """What conventions that agree share."""
    unit = UNITS[match.unit].title if match.metric == "mult_adds" else "params"
    return (unit, match.words, match.value, match.fit or "")


def _match_data(match: Match) -> dict[str, Any]:
    return {
        "convention": match.convention,
        "metric": match.metric,
        "unit": match.unit,
        "parameters": {name: number(value) for name, value in match.parameters.items()},
        "without_classifier": match.without_classifier,
        "batch": match.batch,
        "value": number(match.value),
        "fit": match.fit,
    }
