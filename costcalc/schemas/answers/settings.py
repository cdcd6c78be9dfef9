"""Costs of many settings, as JSON: ``sweep``, ``solve``."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

from costcalc.schemas.answers.common import (
    AnswerJson,
    Costs,
    Notes,
    Number,
    Setting,
    Settings,
    Unit,
)


class Accounted(AnswerJson):
    """How costs of many settings are counted."""

    convention: str
    unit: Unit
    device: NotRequired[str]
    storage: NotRequired[str]
    planner: NotRequired[str]
    batch: NotRequired[int]


class SweepRow(TypedDict):
    """A setting, with its costs by metric."""

    network: str
    parameters: Settings
    top1: NotRequired[Number]


class Refused(TypedDict):
    """Settings at which a network cannot be built."""

    network: str
    settings: int
    """How many."""
    first: Settings
    error: str


class SweepJson(Accounted):
    """``costcalc sweep``."""

    networks: list[str]
    settings: int
    uncounted: NotRequired[Mapping[str, list[str]]]
    """Operations that costcalc does not know, by network."""
    notes: NotRequired[Mapping[str, list[str]]]
    rows: list[SweepRow]
    refused: list[Refused]


class OfSpace(Accounted):
    """What is said of a space of networks."""

    network: str
    where: NotRequired[str]
    parameters: Mapping[str, list[Setting]]
    """The values that a network chooses among."""


class CountJson(OfSpace):
    """``costcalc sweep --count``: how many networks satisfy a condition."""

    settings: int
    networks: int
    at_least: int
    at_most: int


_From = TypedDict("_From", {"from": Number})


class Bin(_From):
    """A bin of a histogram."""

    below: Number
    at_least: int
    at_most: int


class HistogramJson(OfSpace):
    """``costcalc sweep --histogram``."""

    metric: str
    bins: list[Bin]


class Quantile(TypedDict):
    """A quantile: bounds of the value below which a share of the networks is."""

    share: Number
    at_least: Number
    at_most: Number


class QuantilesJson(OfSpace):
    """``costcalc sweep --quantiles``."""

    metric: str
    quantiles: list[Quantile]


class SpaceRow(TypedDict):
    """A network of a space, with its costs by metric."""

    parameters: Settings
    networks: NotRequired[int]


class NetworksJson(OfSpace):
    """``costcalc sweep`` of a space: ``--sample``, ``--top`` or ``--pareto``."""

    rows: list[SpaceRow]


class Searched(TypedDict):
    """The values that were searched."""

    first: Setting
    last: Setting
    values: int
    monotony: str


class CandidateData(TypedDict):
    """A value of the parameter, with its costs by metric."""

    value: Setting


class ClosedSolution(TypedDict):
    """The solution by the closed form."""

    value: Any
    metric: str
    formula: str
    symbol: str


_For = TypedDict("_For", {"for": str})
_ForSeveral = TypedDict("_ForSeveral", {"for": Mapping[str, list[Setting]]})


class SolutionJson(Accounted, Notes, _For):
    """``costcalc solve`` for one parameter; what does not exist is null."""

    network: str
    parameters: Settings
    budget: Costs
    searched: Searched
    solution: CandidateData | None
    next: CandidateData | None
    """The first value beyond the budget."""
    nearest: CandidateData | None
    falls_with: NotRequired[Mapping[str, list[str]]]
    closed_form: ClosedSolution | None
    uncounted: NotRequired[list[str]]
    """Operations that costcalc does not know."""


class SolvedSpaceJson(Accounted, Notes, _ForSeveral):
    """``costcalc solve`` for several parameters, or for a space."""

    network: str
    parameters: Settings
    budget: Costs
    at_least: Costs
    by: str
    networks: list[SpaceRow]
    reach: NotRequired[Costs]
