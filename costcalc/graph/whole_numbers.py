"""Options that are whole numbers: what each counts, and its limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.advice import advice, option
from costcalc.arena.plan import whole_or_none
from costcalc.errors import refuse
from costcalc.escaping import NAME, shortened
from costcalc.records import NamedTuple


class WholeNumber(NamedTuple):
    """What an option counts, and its limits."""

    noun: str
    highest: int = 10**9
    lowest: int = 1


WHOLE_NUMBERS: Mapping[str, WholeNumber] = {
    "bins": WholeNumber("a number of bins", 10_000),
    "batch": WholeNumber("a number of inputs", 2**20),
    "checkpoint": WholeNumber("a number of lines"),
    "cores": WholeNumber("a number of cores", 10**6),
    "depth": WholeNumber("a number of levels"),
    "jobs": WholeNumber("a number of processes", 256),
    "last": WholeNumber("a number of layers"),
    "patches": WholeNumber("a number of pieces along each axis", 16),
    "ranks": WholeNumber("a number of devices", 2**20),
    "sample": WholeNumber("a number of networks", 10**6),
    "seed": WholeNumber("a seed of random numbers", 2**64 - 1, lowest=0),
    "top": WholeNumber("a number of rows"),
    "zero": WholeNumber("a stage of ZeRO", 3, lowest=0),
}
"""The options by name, as the command line and Python both read them."""


def whole_number(name: str, value: Any) -> int:
    """The value of an option, NumPy's whole numbers included.

    Args:
        name: one of :data:`WHOLE_NUMBERS`.
        value: what somebody passes.

    Raises:
        SpecError: it is not a whole number within the option's limits.

    >>> whole_number("batch", 8)
    8
    """
    row, number = WHOLE_NUMBERS[name], whole_or_none(value)
    if number is None or not row.lowest <= number <= row.highest:
        refuse(
            None,
            advice("{}: {} is not {}", option(name), shortened(str(value), NAME), row.noun),
            f"a whole number from {row.lowest} to {row.highest:,}",
        )
    return number
