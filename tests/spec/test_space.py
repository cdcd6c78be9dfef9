"""The space that a spec declares: what it may be, and what is refused."""

from fractions import Fraction

import pytest

import costcalc
from costcalc.opening import opened

SPEC = """
input: [3, res, res]
parameters: {res: 32, k: {default: 3, choices: [3, 5]}, m: 4}
%s
layers:
  - conv: {out: m, kernel: k}
"""


@pytest.fixture
def spec(tmp_path):
    def write(space):
        path = tmp_path / "net.yaml"
        path.write_text(SPEC % space, encoding="utf-8")
        return str(path)

    return write


@pytest.mark.parametrize(
    ("space", "values"),
    [
        ("", {}),
        ("space: ~", {}),
        ("space: {k: [5, 3], m: [8]}", {"k": (5, 3), "m": (8,)}),
        ("space: [k]", {"k": (3, 5)}),
        ("space: {k: ~, res: 32:64:16}", {"k": (3, 5), "res": "32:64:16"}),
        ("space: {alpha: [0.5, 1]}", {"alpha": (Fraction(1, 2), 1)}),
    ],
)
def test_the_values_of_each_parameter(space, values, spec):
    assert {name: one.values for name, one in opened(spec(space)).document.space.items()} == values


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ("space: k", "a space is a mapping"),
        ("space: {z: [1]}", "'z' is not a parameter"),
        ("space: {alhpa: [1]}", "did you mean 'alpha'?"),
        ("space: {k: [3, 7]}", "4:16: k cannot be '7'"),
        ("space: {k: []}", "'k' has no values to choose among"),
        ("space: {m: ~}", "'m' has no values to choose among"),
        ("space: [m]", "'m' has no values to choose among"),
        ("space: {m: 3}", "'m' has no values to choose among"),
        ("space: {m: [1, ~]}", "m cannot be"),
        ("space: [k, k]", "'k' is twice in the space"),
        ("space: [{k: 3}]", "is not a parameter"),
    ],
)
def test_what_is_no_space(space, message, spec):
    with pytest.raises(costcalc.SpecError) as caught:
        costcalc.report(spec(space))
    assert message in str(caught.value)


def test_a_sweep_takes_the_space_and_settings_beside_it(spec):
    path = spec("space: {k: ~, m: [4, 8]}")
    settings = [tuple(row.settings.values()) for row in costcalc.sweep(path, space=True).rows()]
    assert settings == [(3, 4), (3, 8), (5, 4), (5, 8)]
    settings = [row.settings for row in costcalc.sweep(path, space=True, m=[16], res=[8]).rows()]
    assert settings == [{"k": k, "m": 16, "res": 8} for k in (3, 5)]


def test_a_spec_without_a_space_has_none(spec):
    with pytest.raises(costcalc.SpecError, match="declares no space"):
        costcalc.sweep(spec(""), space=True)


def test_each_network_has_a_space_of_its_own(spec):
    path = spec("space: [k]")
    with pytest.raises(costcalc.SpecError, match="each network has a space of its own"):
        costcalc.sweep(path, path, space=True)
