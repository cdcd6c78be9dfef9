"""Histograms and quantiles equal those of a list of all networks."""

from fractions import Fraction

import numpy as np
import pytest

import costcalc
from costcalc.errors import SpecError
from costcalc.grid.select import Condition
from costcalc.spaces import spread
from costcalc.spaces.spread import histogram, quantiles
from tests.spaces.random_spaces import random_space

SHARES = [Fraction(0), Fraction(1, 10), Fraction(1, 2), Fraction(99, 100), Fraction(1)]
CONDITIONS = ["params <= 3200", "params > 2000 and p1 != 3", "mult_adds <= 3000", None]


def wanted(text, params, mult_adds):
    """The params of the networks that satisfy a condition."""
    if text is None:
        return params
    if text.startswith("mult_adds"):
        return params[mult_adds <= 3000]
    if "p1" in text:
        second = np.indices([7] * 6)[1].ravel()
        return params[(params > 2000) & (second != 3)]
    return params[params <= 3200]


@pytest.mark.parametrize("text", CONDITIONS)
def test_bins_hold_what_a_list_has_in_them(text):
    tables, costs = random_space(5)
    listed = wanted(text, *costs)
    result = histogram(tables, "params", 12, Condition(text) if text else None)
    counts, _ = np.histogram(listed, [*result.edges[:-1], result.edges[-1] - 0.5])
    assert [one.low for one in result.counts] == counts.tolist()
    assert [one.high for one in result.counts] == counts.tolist()
    assert sum(counts) == len(listed)
    assert {b - a for a, b in zip(result.edges, result.edges[1:], strict=False)} == {500}
    assert result.counts[0].low > 0
    assert result.counts[-1].low > 0


@pytest.mark.parametrize("text", CONDITIONS)
def test_quantiles_are_costs_of_a_list(text):
    tables, costs = random_space(5)
    listed = np.sort(wanted(text, *costs))
    for one in quantiles(tables, "params", SHARES, Condition(text) if text else None):
        rank = max(1, -(-one.share.numerator * len(listed) // one.share.denominator))
        assert one.low == one.high == listed[rank - 1]


def test_bounds_of_quantiles_hold_them(monkeypatch):
    monkeypatch.setattr(spread, "ASKED", 20_000)
    tables, (params, mult_adds) = random_space(2, tables=3, choices=60, reach=10**6)
    listed = np.sort(params[mult_adds <= 1_400_000])
    found = quantiles(tables, "params", SHARES, Condition("mult_adds <= 1400000"))
    for one in found:
        rank = max(1, -(-one.share.numerator * len(listed) // one.share.denominator))
        assert one.low <= listed[rank - 1] <= one.high
    assert any(one.low < one.high for one in found)
    least, *_, greatest = found
    assert least.low == least.high == listed[0]
    assert greatest.low == greatest.high == listed[-1]
    assert found[2].high - found[2].low < 500_000
    shown = histogram(tables, "params", 10, Condition("mult_adds <= 1400000"))
    for count, low, high in zip(shown.counts, shown.edges, shown.edges[1:], strict=False):
        assert count.low <= ((listed >= low) & (listed < high)).sum() <= count.high


def test_a_condition_that_is_no_choice_of_bounds_is_listed():
    tables = costcalc.space("mobilenet_v1", alpha=["0.25", "0.5", "1"], res="128:224:32").tables
    condition = Condition("mult_adds % 2 == 0 and alpha * res < 100")
    totals = [
        costcalc.totals("mobilenet_v1", alpha=alpha, res=res).mult_adds
        for alpha in ("0.25", "0.5", "1")
        for res in (128, 160, 192, 224)
        if Fraction(alpha) * res < 100
    ]
    listed = sorted(total for total in totals if total % 2 == 0)
    (median,) = quantiles(tables, "mult_adds", [Fraction(1, 2)], condition)
    assert median.low == median.high == listed[(len(listed) - 1) // 2]


def test_what_has_no_networks_is_refused():
    tables, _ = random_space(5)
    with pytest.raises(SpecError, match="no network"):
        histogram(tables, "params", 10, Condition("params < 0"))
    with pytest.raises(SpecError, match="flops"):
        quantiles(tables, "flops", SHARES)
