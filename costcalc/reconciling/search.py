"""The reverse question: which convention and settings give a quoted number."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple

from costcalc.advice import advice, option
from costcalc.costs.count import LayerCost, count
from costcalc.costs.rules import UNITS, Convention
from costcalc.errors import ConventionError, SpecError, refuse
from costcalc.formulas.algebra import whole
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
"""Common resolutions, tried besides the spec's own."""

BATCHES = (2, 4, 8, 16, 32, 64, 128, 256)
"""Batch sizes that are tried."""

SHOWN = 12
"""The most rows of a search that are shown."""

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


class Match(NamedTuple):
    """A way of counting that gives the figure, or comes near it."""

    convention: str
    unit: str
    metric: str
    words: str
    """The settings that differ from the network's defaults, and what is left out."""
    parameters: Mapping[str, Any]
    without_classifier: bool
    batch: int
    value: Any
    fit: Fit | None
    steps: int
    """How many things differ from the obvious reading: settings changed, units converted."""


@dataclass(frozen=True, repr=False)
class Search(Answer):
    """The matches for a figure, likeliest first."""

    network: str
    figure: Figure
    matches: tuple[Match, ...]
    nearest: tuple[Match, ...]
    """The nearest values if nothing fits."""
    searched: str

    def page(self) -> Page:
        """The matches, likeliest first, or the nearest values if there are none."""
        return _page(self)

    def data(self) -> dict[str, Any]:
        """The matches, likeliest first, and the nearest values."""
        return {
            "format_version": FORMAT_VERSION,
            "network": self.network,
            "printed": self.figure.text,
            "matches": [_match_data(match) for match in self.matches],
            "nearest": [_match_data(match) for match in self.nearest],
        }


class _Case(NamedTuple):
    """A graph to count, and how its settings differ from the requested ones."""

    graph: LayerGraph
    changes: tuple[str, ...]
    implementation: str | None
    """Its implementation, if the network has several and the caller chose none."""


def search(
    document: Document,
    settings: Mapping[str, Any],
    conventions: Sequence[Convention],
    figure: Figure,
) -> Search:
    """Tries conventions, resolutions, variants and batches, with and without the classifier.

    Raises:
        SpecError: the network is wrong at the requested settings.
    """
    cases = list(_cases(document, settings))
    candidates = [
        match
        for case in cases
        for convention in conventions
        for match in _matches(case, convention, figure)
    ]
    fitting = _ranked([match for match in candidates if match.fit], figure)
    nearest = sorted(candidates, key=lambda match: (_distance(match, figure), match.steps))[:3]
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
    """The requested settings, then those with another resolution, another variant, or both."""
    requested = expand(document, settings)
    free = {
        name: parameter.choices
        for name, parameter in document.parameters.items()
        if parameter.choices and name not in settings
    }
    implementations = free.pop("implementation", (None,))
    variants: list[dict[str, Any]] = [{}]
    for name, choices in free.items():
        variants += [{name: choice} for choice in choices if choice != requested.parameters[name]]
    resolutions: list[dict[str, Any]] = [{}]
    if "res" not in settings:
        own = requested.parameters.get("res")
        resolutions += [{"res": res} for res in RESOLUTIONS if res != own]
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
    """The network's counts: as they are, converted, in batches, and without the classifier."""
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
        draft = Match(
            convention=convention.name,
            unit=convention.unit,
            metric="mult_adds",
            words="",
            parameters=case.graph.parameters,
            without_classifier=headless,
            batch=1,
            value=0,
            fit=None,
            steps=0,
        )
        yield _completed(draft._replace(metric="params"), params, changes, figure)
        yield _completed(draft, mult_adds, changes, figure)
        for unit in UNITS:
            if unit != convention.unit:
                factor = Fraction(UNITS[unit].operations, UNITS[convention.unit].operations)
                converted = [*changes, f"converted to {UNITS[unit].title}"]
                yield _completed(draft._replace(unit=unit), factor * mult_adds, converted, figure)
        if not words and not headless:
            for batch in BATCHES:
                batched = draft._replace(batch=batch, steps=1)  # less likely than other changes
                yield _completed(batched, batch * mult_adds, [f"a batch of {batch}"], figure)


def _completed(draft: Match, value: Any, words: Sequence[str], figure: Figure) -> Match:
    """The match with its value, how that fits, and one more step for each change."""
    return draft._replace(
        words=", ".join(words),
        value=whole(value),
        fit=figure.fit(value) if value else None,
        steps=draft.steps + len(words),
    )


def _classifier(costs: Sequence[LayerCost]) -> int:
    """The index of the last layer with weights: the classifier begins there."""
    for index in range(len(costs) - 1, -1, -1):
        if costs[index].layer.kind.family in MATRICES:
            return index
    return len(costs)


def _distance(match: Match, figure: Figure) -> Fraction:
    return abs(Fraction(match.value) / figure.scale - figure.number)


def _ranked(matches: list[Match], figure: Figure) -> list[Match]:
    """The likeliest first: fewest changes, then most conventions in agreement.

    How near a value is to the figure says little, as long as its digits allow it.
    """
    agreement = Counter((match.metric, match.unit, match.words, match.value) for match in matches)

    def rank(match: Match) -> tuple[int, int, Fraction]:
        agreeing = agreement[match.metric, match.unit, match.words, match.value]
        return (match.steps, -agreeing * _WEIGHTS[match.fit], _distance(match, figure))

    return _distinct(sorted(matches, key=rank))


def _distinct(matches: list[Match]) -> list[Match]:
    """The first match for each convention, metric and value."""
    first: dict[tuple[str, str, Any], Match] = {}
    for match in matches:
        first.setdefault((match.convention, match.metric, match.value), match)
    return list(first.values())


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
    """The names in one line; only the first three of many."""
    rest = len(names) - 3
    return ", ".join(names) if rest < 2 else f"{', '.join(names[:3])} and {rest} more"


def _match_cells(match: Match) -> tuple[Any, ...]:
    """The cells that conventions in agreement share."""
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
