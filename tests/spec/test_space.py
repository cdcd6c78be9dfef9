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
        ("space: {m: [1e400]}", "4:13: m cannot be '1e400'"),
    ],
)
def test_what_is_no_space(space, message, spec):
    with pytest.raises(costcalc.SpecError) as caught:
        costcalc.report(spec(space))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("space", "messages"),
    [
        ("space: {m: 5:1}", ["4:12: m: this range runs backwards"]),
        ("space: {m: 1:10000000}", ["4:12: m takes too many values"]),
        ("space: {m: [4, x], alpha: [0, 1]}", ["4:16: m cannot be x", "4:28: alpha cannot be 0"]),
    ],
)
def test_values_that_a_parameter_cannot_take(space, messages, spec):
    path = spec(space)
    for question in (
        lambda: costcalc.sweep(path, space=True),
        lambda: costcalc.space(path),
        lambda: costcalc.solve(path, space=True, max_params=9),
    ):
        with pytest.raises(costcalc.SpecError) as caught:
            question()
        assert all(message in str(caught.value) for message in messages)
        assert len(caught.value.problems) == len(messages)


def test_a_network_keeps_what_it_sets(spec):
    path = spec("space: {k: ~, m: [4, 8]}")
    assert costcalc.space(f"{path}@k=5").names == ("m",)
    assert costcalc.space(costcalc.load(path, k=5)).names == ("m",)
    solved = costcalc.solve(path, space=True, max_params="1M", k=3)
    assert [axis.name for axis in solved.searched] == ["m"]
    assert solved.best[0].settings == {"m": 8}
    solved = costcalc.solve(path, {"m": [16]}, space=True, max_params="1M")
    assert solved.best[0].settings == {"k": 5, "m": 16}


def test_a_spec_without_a_space_has_the_line_that_declares_it(spec):
    with pytest.raises(costcalc.SpecError, match=r"space: \[k\]"):
        costcalc.space(spec(""))


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
