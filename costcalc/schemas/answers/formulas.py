"""Formulas as JSON: ``formula``."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

from costcalc.schemas.answers.common import (
    AnswerJson,
    Number,
    Remarks,
    Settings,
    Unit,
)


class FormulaSymbol(TypedDict):
    """A symbol of a layer's formula."""

    name: str
    latex: str
    meaning: str


class Spelled(TypedDict):
    """A formula in three spellings."""

    text: str
    ascii: str
    latex: str


class FormulaCount(Spelled):
    """A count of a layer's formula."""

    result: Spelled
    """The formula at the settings."""
    value: int | str | None
    compared: list[int | str | None] | None


class LayerFormulaJson(AnswerJson):
    """``costcalc formula LAYER``, with its counts by metric."""

    formula: str
    over: str | None
    title: str
    source: list[str]
    settings: Settings
    symbols: list[FormulaSymbol]


class SymbolOfClosedForm(TypedDict):
    """A setting that stays a symbol, and the values at which the form is exact."""

    name: str
    symbol: str
    multiple_of: int | str
    residue: int
    lowest: int | str | None
    highest: int | str | None
    exact_for: str


class ClosedTerm(TypedDict):
    """A term of a polynomial."""

    coefficient: int | str
    powers: Mapping[str, int]


class ClosedTotal(Spelled):
    """A total as a polynomial of the symbols."""

    terms: list[ClosedTerm]
    value: int | str
    reported: Number
    error_percent: float


class ClosedFormJson(AnswerJson, Remarks):
    """``costcalc formula NETWORK``, with its totals by metric."""

    network: str
    convention: str
    unit: Unit
    parameters: Settings
    symbols: list[SymbolOfClosedForm]
    storage: NotRequired[str]
    planner: NotRequired[str]
    batch: NotRequired[int]
    peak_step: NotRequired[str | None]
    assumes: list[str]
    exact: bool
    guessed: NotRequired[list[str]]
