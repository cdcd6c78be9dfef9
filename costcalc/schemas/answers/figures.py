"""Printed figures, and conventions side by side, as JSON: ``check``, ``reconcile``."""

from collections.abc import Mapping
from typing import Annotated, NotRequired, TypedDict

from costcalc.claims.verdict import VERDICTS
from costcalc.costs.rules import COUNTS
from costcalc.reconciling.causes import Cause
from costcalc.reporting.layers import Totals
from costcalc.schemas.answers.common import (
    AnswerJson,
    Notes,
    Number,
    Settings,
    Shape,
)


class ClaimData(TypedDict):
    """A claim and its verdict."""

    id: str
    source: str
    network: str
    parameters: Settings
    metric: str
    printed: str
    computed: Number
    verdict: Annotated[str, tuple(VERDICTS)]
    explanation: str
    row: str
    file: str
    line: int


class UndeterminedData(TypedDict):
    """A figure that no architecture determines."""

    id: str
    source: str
    printed: str
    reason: str


class CheckJson(AnswerJson):
    """``costcalc check``."""

    claims: list[ClaimData]
    undetermined: list[UndeterminedData]
    summary: Mapping[str, int]
    """The number of claims by verdict."""


class ConventionCount(TypedDict):
    """What a convention counts, and why it differs from the first."""

    convention: str
    unit: str
    totals: Totals
    causes: Mapping[Annotated[str, COUNTS], list[Cause]]
    notes: list[str]


class ReconciliationJson(AnswerJson, Notes):
    """``costcalc reconcile``."""

    network: str
    parameters: Settings
    input: Shape
    counts: list[ConventionCount]
    left_out: list[str]


class ColumnFit(TypedDict):
    """How many figures of a column a reading gives."""

    fit: int
    of: int


class MatchData(TypedDict):
    """A reading that gives a printed number."""

    convention: str
    metric: str
    unit: str
    parameters: Settings
    without_classifier: bool
    batch: int
    departures: list[str]
    value: Number
    fit: str | None
    column: NotRequired[ColumnFit]
    by_chance: float


class Tried(TypedDict):
    """What was searched."""

    axes: list[str]
    departures: int
    readings: int
    networks: int
    complete: bool
    by_chance: float


class SearchJson(AnswerJson):
    """``costcalc reconcile --printed``, ``costcalc check --search``."""

    id: NotRequired[str]
    network: NotRequired[str]
    printed: str
    matches: list[MatchData]
    nearest: list[MatchData]
    searched: Tried
