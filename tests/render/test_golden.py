"""The output of each format for a network small enough to count by hand.

    layer                mult-adds                      params
    conv1                3*3*3*4 * 4*4 = 1728           3*3*3*4 = 108
    pair1/dw             3*3*4   * 4*4 = 576            3*3*4   = 36
    pair1/pw             4*8     * 4*4 = 512            4*8     = 32
    a/left/project       8*2     * 4*4 = 256            8*2     = 16
    a/right/gather       3*3*8*2 * 4*4 = 2304           3*3*8*2 = 144
    fc1                  4*10          = 40             4*10    = 40
    in all                               5416                     376

``python -m pytest --update-golden`` writes the files anew; read them before
they are committed.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from costcalc.render import formats
from costcalc.render.layout import page_lines
from costcalc.reporting.report import Report, TableOptions

Golden = Callable[[str, str], None]
SUFFIXES = {row.name: row.suffix for row in formats()}


def test_the_sums_are_those_of_the_arithmetic_above(small: Report) -> None:
    assert small.totals.mult_adds == 1728 + 576 + 512 + 256 + 2304 + 40 == 5416
    assert small.totals.params == 108 + 36 + 32 + 16 + 144 + 40 == 376


@pytest.mark.complete
@pytest.mark.parametrize("format_", SUFFIXES)
def test_report(format_: str, small: Report, golden: Golden) -> None:
    golden(f"report{SUFFIXES[format_]}", small.rendered(format_))


@pytest.mark.parametrize(
    "name, view",
    [
        ("block", TableOptions(by="block")),
        ("type", TableOptions(by="type")),
        ("folded", TableOptions(by="layer", depth=2)),
        ("sorted", TableOptions(by="layer", sort="params")),
        (
            "columns",
            TableOptions(by="layer", columns=("name", "fused", "stride", "output", "mult_adds")),
        ),
        ("all", TableOptions(by="layer", has_all_layers=True)),
    ],
)
@pytest.mark.parametrize("format_", ["table", "csv"])
def test_views(name: str, view: TableOptions, format_: str, small: Report, golden: Golden) -> None:
    golden(f"report-{name}{SUFFIXES[format_]}", small.rendered(format_, view))


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_widths(width: int, small: Report, golden: Golden) -> None:
    lines = page_lines(small.page(), width)
    golden(f"report-{width}.txt", "".join("".join(s.text for s in line) + "\n" for line in lines))
