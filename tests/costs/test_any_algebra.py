"""Rules are read by every algebra: a sweep over arrays counts as single reports do."""

import pytest

from costcalc import pipeline
from costcalc.costs import convention as conventions
from costcalc.grid.axes import parse


@pytest.mark.parametrize("name", conventions.available())
@pytest.mark.parametrize("network", ["mobilenet_v3_small", "shufflenet_v2_x1_0"])
def test_a_sweep_counts_as_reports_do(network, name):
    axes = [parse("alpha", "0.5,1"), parse("res", "96,224")]
    rows = list(pipeline.sweep([network], axes, name).rows())
    assert len(rows) == 4
    for row in rows:
        totals = pipeline.report(network, row.settings, name).totals
        assert (row.params, row.mult_adds) == (totals.params, totals.mult_adds), row.settings
