"""Accuracies in a spec: the settings they apply to, and error messages."""

from fractions import Fraction

import pytest

import costcalc
from costcalc.errors import SpecError

SPEC = """
input: [3, res, res]
parameters: {{alpha: 1, res: 32}}
accuracy: {}
layers: [{{conv: {{out: 8, kernel: 3}}}}]
"""


def reported(tmp_path, accuracy, **settings):
    path = tmp_path / "net.yaml"
    path.write_text(SPEC.format(accuracy))
    return costcalc.report(str(path), **settings).accuracy


STATED = "[{top1: 70.6, source: Table 6}, {at: {alpha: 0.5, res: 16}, top1: 60, source: Table 9}]"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, (Fraction(706, 10), "Table 6")),
        ({"alpha": 1}, (Fraction(706, 10), "Table 6")),
        ({"alpha": Fraction(1, 2), "res": 16}, (60, "Table 9")),
        ({"alpha": Fraction(1, 2)}, None),
    ],
)
def test_an_accuracy_applies_only_at_its_settings(tmp_path, settings, expected):
    found = reported(tmp_path, STATED, **settings)
    assert (found and (found.top1, found.source)) == expected


@pytest.mark.parametrize(
    ("accuracy", "message"),
    [
        ("[{source: Table 6}]", "must state its top1"),
        ("[{top1: 101, source: Table 6}]", "must state its top1"),
        ("[{top1: true, source: Table 6}]", "must state its top1"),
        ("[{top1: 70}]", "must state its source"),
        ("[{top1: 70, source: T, top: 3}]", "has no 'top'"),
        ("[{at: {depth: 3}, top1: 70, source: T}]", "no parameter 'depth'"),
        ("[{at: 3, top1: 70, source: T}]", "settings are a mapping"),
        ("high", "must state its top1"),
    ],
)
def test_an_invalid_accuracy_is_refused(tmp_path, accuracy, message):
    with pytest.raises(SpecError, match=message) as caught:
        reported(tmp_path, accuracy)
    assert "net.yaml:4:" in str(caught.value)
