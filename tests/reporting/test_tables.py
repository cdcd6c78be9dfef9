"""The tables of a report: folding, sums, sorting and unknown columns."""

from __future__ import annotations

from fractions import Fraction

import pytest

import costcalc
from costcalc.errors import CostcalcError
from costcalc.render.page import Column, Dimensions, Ratio, Row, Share, Table, text
from costcalc.reporting.report import Report, TableOptions
from costcalc.reporting.select import arrange
from costcalc.reporting.tree import ReportGroup, ReportLine, lines, places, tree

THIRD, HALF = Ratio(Fraction(1, 3)), Ratio(Fraction(1, 2))
NETWORKS = ["mobilenet_v1", "mobilenet_v2", "googlenet", "vgg16"]


@pytest.fixture(params=NETWORKS)
def report(request: pytest.FixtureRequest) -> Report:
    return costcalc.report(request.param)


def column(table: Table, key: str) -> list[object]:
    index = [each.key for each in table.columns].index(key)
    return [row.cells[index] for row in table.rows if not row.is_sum]


@pytest.mark.parametrize("by", ["layer", "block"])
@pytest.mark.parametrize("has_all_layers", [False, True])
def test_rows_without_sums_add_up_at_any_depth(
    report: Report, by: str, has_all_layers: bool
) -> None:
    for depth in (1, 2, 3, None):
        view = TableOptions(by=by, depth=depth, has_all_layers=has_all_layers)
        table = report.page(view).tables[0]
        assert sum(column(table, "mult_adds")) == report.totals.mult_adds
        assert sum(column(table, "params")) == report.totals.params
        assert max(row.depth for row in table.rows) < (depth or 99)


def test_every_sum_is_that_of_the_rows_below_it(report: Report) -> None:
    table = report.page().tables[0]
    keys = [each.key for each in table.columns]
    for key in ("mult_adds", "params", "layers"):
        counts = [row.cells[keys.index(key)] for row in table.rows]
        for index, row in enumerate(table.rows):
            if not row.is_sum:
                continue
            below = 0
            for inner, count in zip(table.rows[index + 1 :], counts[index + 1 :], strict=True):
                if inner.depth <= row.depth:
                    break
                if inner.depth == row.depth + 1:
                    below += count
            assert counts[index] == below


def test_every_layer_is_in_one_line(report: Report) -> None:
    found = lines(report.layers)
    held = [layer.name for line in found for layer in (line.layer, *line.fused)]
    assert sorted(held) == sorted(layer.name for layer in report.layers)
    assert len(lines(report.layers, has_all_layers=True)) == len(report.layers)


def test_types_add_up(report: Report) -> None:
    table = report.page(TableOptions(by="type")).tables[0]
    assert sum(column(table, "mult_adds")) == report.totals.mult_adds
    assert sum(column(table, "params")) == report.totals.params


def test_table_1_and_table_2_of_mobilenet_v1() -> None:
    """Rows as printed in arXiv 1704.04861, except its 1.19 %, which should be 1.91 %."""
    layers, types = costcalc.report("mobilenet_v1").page().tables
    seen = layers.seen_by("people")
    first = [seen.rows[index].cells for index in (0, 1, 2, 3)]
    assert [(cells[0], *cells[2:4]) for cells in first] == [
        ("Conv / s2", Dimensions((3, 3, 3, 32)), Dimensions((224, 224, 3))),
        ("Conv dw / s1", Dimensions((3, 3, 32), " dw"), Dimensions((112, 112, 32))),
        ("Conv / s1", Dimensions((1, 1, 32, 64)), Dimensions((112, 112, 32))),
        ("Conv dw / s2", Dimensions((3, 3, 64), " dw"), Dimensions((112, 112, 64))),
    ]
    shown = types.seen_by("people").rows
    assert [[text(cell) for cell in row.cells] for row in shown] == [
        ["Conv 1x1", "13", "539,492,352", "94.86", "3,139,584", "74.59"],
        ["Conv DW 3x3", "13", "17,385,984", "3.06", "44,640", "1.06"],
        ["Conv 3x3", "1", "10,838,016", "1.91", "864", "0.02"],
        ["Fully Connected", "1", "1,024,000", "0.18", "1,024,000", "24.33"],
    ]


def test_free_layers_are_quiet_and_counted() -> None:
    page = costcalc.report("mobilenet_v1").page()
    quiet = [row.cells[0] for row in page.tables[0].rows if row.is_quiet]
    assert quiet == ["Global Avg Pool", "Softmax"]
    assert page.notes == (
        "Free in this convention: 27 Batch Norm, 27 ReLU, 1 Global Average Pool, 1 Softmax.",
        "In all 568,740,352 mult-adds (569 M) and 4,209,088 params (4.21 M).",
    )


def test_a_branch_of_one_layer_is_shown_as_that_layer() -> None:
    report = costcalc.report("googlenet")
    shown = {
        place.node.path if isinstance(place.node, ReportGroup) else place.node.layer.name
        for place in places(report, tree(lines(report.layers)), None)
    }
    assert "3a/1x1/pointwise1" in shown
    assert "3a/1x1" not in shown
    assert "3a/3x3" in shown


def test_costs_of_layers_on_one_line_are_added() -> None:
    """If a convention counts norms, their costs are in the convolution's row."""
    report = costcalc.report("mobilenet_v1", convention="torchinfo")
    first, *_ = lines(report.layers)
    assert isinstance(first, ReportLine)
    assert [layer.type for layer in first.fused] == ["Batch Norm", "ReLU"]
    assert first.params == sum(each.params for each in report.layers[:3]) > report.layers[0].params


def table_of(*cells: object) -> Table:
    rows = tuple(Row((cell,)) for cell in cells)
    return Table("", (Column("key", "Key"),), rows)


@pytest.mark.parametrize(
    "cells, ordered",
    [
        ([3, None, 10], [10, 3, None]),
        (["conv10", "conv2", None, "add1"], ["add1", "conv2", "conv10", None]),
        ([Share(1, 9), Share(5, 9)], [Share(5, 9), Share(1, 9)]),
        ([Dimensions((3, 3)), Dimensions((7, 7))], [Dimensions((7, 7)), Dimensions((3, 3))]),
        (
            [Ratio(Fraction(1, 3)), Ratio(Fraction(1, 2))],
            [Ratio(Fraction(1, 2)), Ratio(Fraction(1, 3))],
        ),
    ],
)
def test_order(cells: list[object], ordered: list[object]) -> None:
    arranged = arrange(table_of(*cells), (), "key")
    assert [row.cells[0] for row in arranged.rows] == ordered


def test_sorting_keeps_equals_in_their_order_and_drops_sums() -> None:
    report = costcalc.report("mobilenet_v2")
    names = column(report.page(TableOptions(sort="params")).tables[0], "name")
    counts = column(report.page(TableOptions(sort="params")).tables[0], "params")
    assert counts == sorted(counts, key=lambda count: -count)
    assert len(names) == len(lines(report.layers))
    place = {line.layer.name: index for index, line in enumerate(lines(report.layers))}
    for (one, more), (other, less) in zip(
        zip(names, counts, strict=True), list(zip(names, counts, strict=True))[1:], strict=False
    ):
        assert more != less or place[one] < place[other]


def test_every_unknown_column_is_named_with_a_suggestion() -> None:
    report = costcalc.report("mobilenet_v1")
    with pytest.raises(CostcalcError) as caught:
        report.page(TableOptions(columns=("nme", "mult_adds", "zzz"), sort="parms"))
    first, second, third = caught.value.problems
    assert first.message.startswith("there is no column 'nme'")
    assert "name" in first.expected
    assert "'name'" in str(first)
    assert "zzz" in second.message
    assert "'params'" in str(third)


def test_types_have_no_depth() -> None:
    with pytest.raises(CostcalcError, match="no depth"):
        costcalc.report("mobilenet_v1").page(TableOptions(by="type", depth=1))
