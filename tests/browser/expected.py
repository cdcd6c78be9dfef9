"""What ``costcalc report`` says at some settings, as a page has it."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import costcalc
from costcalc.render.page import Row, Table, text
from tests.browser.reader import Control, Reader


class Shown(NamedTuple):
    """The texts of a report, or its refusal."""

    layers: list[list[str]]
    types: list[list[str]]
    totals: list[str]
    refusal: str


def reported(network: Any, settings: Mapping[str, str], **options: Any) -> Shown:
    """What the report says."""
    given = {name: value for name, value in settings.items() if value != ""}
    try:
        report = costcalc.report(network, **given, **options)
    except costcalc.CostcalcError as error:
        return Shown([], [], [], str(error))
    layers, types, *_ = (cells(table) for table in report.page().tables)
    total = report.totals
    return Shown(layers, types, [text(total.mult_adds), text(total.params)], "")


def cells(table: Table) -> list[list[str]]:
    """The texts of a table's rows, as people see them."""

    def line(row: Row) -> list[str]:
        return [text(cell) for cell in row.cells]

    return [line(row) for row in table.seen_by("people").rows]


def shown(reader: Reader) -> Shown:
    """What a page with one network shows."""
    if reader.refusal:
        return Shown([], [], [], reader.refusal)
    (totals,) = reader.totals()
    return Shown(reader.layers(), reader.types(), totals, "")


def random_settings(controls: Sequence[Control], numbers: random.Random) -> dict[str, str]:
    """A value for each control: steps of the slider, and others between them."""
    return {control.name: _value(control, numbers) for control in controls}


def _value(control: Control, numbers: random.Random) -> str:
    if control.kind == "choice" or numbers.random() < 1 / 3:
        return numbers.choice(control.values)
    low, high = Fraction(control.values[0]), Fraction(control.values[-1])
    if control.kind == "whole":
        return str(numbers.randint(int(low), int(high)))
    below = numbers.choice([7, 20, 100, 128, 997])
    above = numbers.randint(-(-low * below // 1), high * below // 1)
    decimal = Fraction(above, 100)
    return f"{float(decimal)}" if below == 100 else f"{above}/{below}"
