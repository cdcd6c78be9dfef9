"""Errors: hints, and raising a single problem."""

from __future__ import annotations

import pytest

from costcalc import errors
from costcalc.errors import ConventionError, Mark, SpecError, did_you_mean, refuse
from costcalc.spec.library import parse_settings


def test_a_hint_compares_only_a_few_of_many_names(monkeypatch: pytest.MonkeyPatch) -> None:
    import difflib

    compared: list[int] = []
    matches = difflib.get_close_matches

    def counting(word: str, names: list[str], n: int, cutoff: float) -> list[str]:
        compared.append(len(names))
        return matches(word, names, n, cutoff)

    monkeypatch.setattr(difflib, "get_close_matches", counting)
    names = [f"layer{index}" for index in range(20_000)]
    assert did_you_mean("layer123x", names).startswith("did you mean 'layer12")
    assert compared == [200]


def test_a_hint_does_not_depend_on_the_order_of_names() -> None:
    names = {f"block{index}/conv" for index in range(1_000)}
    assert did_you_mean("block7/covn", names) == did_you_mean("block7/covn", sorted(names))


@pytest.mark.parametrize("count", [0, 1_000])
def test_a_hint_ignores_case(count: int) -> None:
    """A name in other letters comes first, also among many; two such names are both listed."""
    names = ["int8", "int8-weights", "Conv", *(f"layer{index}" for index in range(count))]
    assert did_you_mean("INT8", names) == "did you mean 'int8'?"
    assert did_you_mean("Int-8", names) == "did you mean 'int8'?"
    assert did_you_mean("CONV", [*names, "conv"]) == "did you mean 'Conv' or 'conv'?"


def test_many_names_with_one_beginning_are_not_all_listed() -> None:
    names = [f"block{index}" for index in range(10, 22)]
    assert did_you_mean("block", names).count("block") == 12
    assert did_you_mean("block", [*names, "block99"]).count("block") == 1


def test_a_long_word_has_no_hint() -> None:
    assert did_you_mean("a" * 100_000, ["a" * 99]) == ""
    assert did_you_mean("aaa", ["a" * 100_000]) == ""


def test_refuse_raises_one_problem_of_the_type_asked_for() -> None:
    with pytest.raises(ConventionError) as caught:
        refuse(Mark("net.yaml", 3, 1), "wrong", "right", "left", "turn", error=ConventionError)
    (problem,) = caught.value.problems
    assert problem == errors.Problem(Mark("net.yaml", 3, 1), "wrong", "right", "left", "turn")
    with pytest.raises(SpecError, match="wrong"):
        refuse(None, "wrong")


def test_refuse_hides_the_exception_being_handled() -> None:
    with pytest.raises(SpecError) as caught:
        try:
            raise KeyError("name")
        except KeyError:
            refuse(None, "wrong")
    assert caught.value.__suppress_context__


def test_settings_are_read_in_one_pass() -> None:
    assert parse_settings(" alpha = 0.5 ,execute.conv3_x=1/2", "") == {
        "alpha": "0.5",
        "execute.conv3_x": "1/2",
    }
    blanks = " " * 100_000
    assert parse_settings(f"a=b{blanks}c", "") == {"a": f"b{blanks}c"}
    for wrong in ("alpha", "=1", "1a=2", "a b=1", "a=1\n2"):
        with pytest.raises(SpecError, match="is not a setting"):
            parse_settings(wrong, "net@" + wrong)
