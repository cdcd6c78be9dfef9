"""A report as notebooks and scripts get it from Python."""

from __future__ import annotations

import json

import costcalc


def test_a_report_shows_itself_and_gives_its_json():
    report = costcalc.report("mobilenet_v1", alpha=0.5, res=160)
    assert isinstance(report, costcalc.Report)
    assert report.totals == (1_319_648, 76_524_800)
    assert json.loads(report.to_json())["totals"]["mult_adds"] == 76_524_800
    assert "76,524,800" in report._repr_html_()
