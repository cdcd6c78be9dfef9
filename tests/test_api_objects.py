"""A report in notebooks and scripts."""

from __future__ import annotations

import json

import pytest

import costcalc


def test_a_report_has_html_and_json():
    report = costcalc.report("mobilenet_v1", alpha=0.5, res=160)
    assert isinstance(report, costcalc.Report)
    assert report.totals == (1_319_648, 76_524_800)
    assert json.loads(report.to_json())["totals"]["mult_adds"] == 76_524_800
    assert "76,524,800" in report._repr_html_()


def test_a_budget_is_a_number_or_a_text_with_a_unit():
    as_text = costcalc.solve("mobilenet_v1", "alpha", max_mult_adds="100M", values=[0.25, 0.5])
    as_number = costcalc.solve("mobilenet_v1", "alpha", max_mult_adds=10**8, values=[0.25, 0.5])
    assert as_text.best == as_number.best
    assert as_text.best is not None
    assert as_text.best.mult_adds == 41_030_272  # MobileNetV1's Table 6: 41 million at 0.25


@pytest.mark.parametrize("budget", ["lots", "", "-1", 0, True, float("nan")])
def test_wrong_budgets(budget):
    with pytest.raises(costcalc.CostcalcError, match="max_params"):
        costcalc.solve("mobilenet_v1", "alpha", max_params=budget)


def test_a_step_of_zero_and_a_sweep_of_no_network():
    with pytest.raises(costcalc.CostcalcError, match="step cannot be '0'"):
        costcalc.solve("mobilenet_v1", "alpha", max_params=10**6, step=0)
    with pytest.raises(costcalc.CostcalcError, match="a sweep needs a network"):
        costcalc.sweep(alpha="0.5,1")
