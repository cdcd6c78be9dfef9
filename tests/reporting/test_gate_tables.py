"""The gates of a report."""

import json
from fractions import Fraction

import pytest

import costcalc
from costcalc.render.page import raw, text


@pytest.fixture(scope="module")
def report():
    return costcalc.report("skipnet38", gate="rnn", execute=Fraction(1, 3))


def test_blocks_that_cost_the_same_are_one_row(report):
    gates = next(table for table in report.page().tables if table.title == "Gates")
    assert [[text(cell) for cell in row.cells] for row in gates.rows[:3]] == [
        # 10*16 + 4*10*20 + 10 beside 2 * 3*3*16*16 * 32*32; the first of conv2 strides.
        ["conv1_1 … conv1_5", "5", "1/3", "970", "4,718,592", "0.0206"],
        ["conv2_1", "1", "1/3", "970", "3,538,944", "0.0274"],
        ["conv2_2 … conv2_6", "5", "1/3", "1,130", "4,718,592", "0.0239"],
    ]


def test_gates_minimum_expected_and_maximum_have_a_row_each(report):
    table = report.page().tables[-1]
    lines = {row.cells[0]: row.cells[1] for row in table.rows}
    gating = report.gating
    assert lines == {
        "Gates": gating.gates,
        "Minimum": gating.minimum,
        "Expected": gating.expected,
        "Maximum": report.totals.mult_adds,
    }


def test_json_has_them_next_to_the_totals(report):
    found = json.loads(report.to_json())
    # 10 units for each of 6*16 + 6*32 + 5*64 maps that are read; one LSTM and its output.
    gated = found["gated"]
    assert gated["maximum"] == found["totals"]["mult_adds"]
    assert gated["gates"] == {"params": 6080 + 810, "mult_adds": report.gating.gates}
    assert gated["blocks"][0] == {
        "name": "conv1_1",
        "execute": 1 / 3,
        "gate_mult_adds": 970,
        "block_mult_adds": 4718592,
        "gate_percent": 100 * 970 / 4718592,
    }
    assert "gated" not in json.loads(costcalc.report("resnet18").to_json())


def test_an_expected_cost_need_not_be_whole():
    assert text(Fraction(24691, 2)) == "12,345.5"
    assert raw(Fraction(24691, 2)) == 12345.5
