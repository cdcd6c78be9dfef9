"""What answers have in common."""

# Annotations are read when a schema is made, so none is postponed.
from collections.abc import Mapping
from typing import Annotated, Literal, TypedDict

from costcalc.metrics import METRICS
from costcalc.render.answer import FORMAT_VERSION

Version = Annotated[int, (FORMAT_VERSION,)]
Number = int | float
"""A count is a fraction, and so the nearest float, if its unit was converted."""
Setting = int | float | str | bool | list[int] | None
Settings = Mapping[str, Setting]
Shape = list[int]
"""Channels first, without the batch."""
Source = Mapping[str, str]
Costs = Mapping[Annotated[str, tuple(METRICS)], Number | None]
Unit = Literal["mult-adds", "FLOPs"]


class AnswerJson(TypedDict):
    """What every answer has."""

    format_version: Version
    """Raised if a key is renamed."""


class Notes(TypedDict, total=False):
    """What a reader must know of totals, if there is something."""

    notes: list[str]
    """Whole sentences."""


class Remarks(Notes, total=False):
    """The same, with what no total has."""

    uncounted: Mapping[str, list[str]]
    """Layers whose operation costcalc does not know, by operation."""
