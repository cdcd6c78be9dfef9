"""Relations between columns, and expressions for them in parameters."""

from __future__ import annotations

from fractions import Fraction

from costcalc.blocks.alignment import gathered
from costcalc.blocks.columns import ABSENT, Column, computed, fits, ratio
from costcalc.blocks.parameters import (
    Expression,
    ParameterSolver,
    equality,
    junction,
    number,
    truth,
)


class Solver(ParameterSolver):
    """A solver without arithmetic."""

    def free(self, word: str) -> str:
        return word if word not in {*self.facts, *self.columns} else f"{word}2"


def test_only_present_values_must_fit() -> None:
    assert fits((ABSENT, 4, 4), (8, 4, 4))
    assert not fits((8, 4), (ABSENT, 4))
    assert not fits((1, 0), (True, False))


def test_a_ratio_holds_for_all_present_values() -> None:
    assert ratio((32, ABSENT, 96), (64, 1, 192)) == Fraction(1, 2)
    assert ratio((32, 48), (64, 64)) is None
    assert ratio((32, 64), (0, 64)) is None
    assert computed(lambda a, b: a * b, (2, ABSENT), (3, 4)) == (6, ABSENT)


def test_a_fact_becomes_a_parameter_once_an_expression_uses_it() -> None:
    solver = Solver({"stride": (1, 2, 2), "width": (8, 16, 24)})
    assert solver.columns == {}
    found = solver.find((1, ABSENT, 2), solver.named())
    assert found is not None
    assert found.text == "stride"
    assert solver.columns == {"stride": (1, 2, 2)}
    assert solver.find((3, 3, 4), solver.named()) is None
    assert [each.text for each in solver.named()] == ["stride", "width"]


def test_a_flag_is_a_known_parameter_or_a_new_one() -> None:
    solver = Solver({"se": (True, False)})
    assert solver.flag("has_pool", (True, False)).text == "se"
    assert solver.flag("has_pool", (False, True)).text == "has_pool"
    assert solver.flags == {"has_pool"}


def test_conditions_hold_where_their_comparisons_do() -> None:
    stride, width = Expression("s", (1, 2, 1)), Expression("c", (8, 16, 24))
    same, differs = equality(stride, number(1, 3))
    kept, changed = equality(Expression("in", (8, 16, 16)), width)
    assert (same.text, same.column) == ("s == 1", (True, False, True))
    assert (differs.text, differs.column) == ("s != 1", (False, True, False))
    both, either = junction(same, "and", kept), junction(differs, "or", changed)
    assert (both.text, both.column) == ("s == 1 and in == c", (True, False, False))
    assert (either.text, either.column) == ("s != 1 or in != c", (False, True, True))
    flag: Column = (True, False, ABSENT)
    assert [each.column for each in truth(Expression("se", flag))] == [flag, (False, True, ABSENT)]


def test_not_all_pairs_of_dissimilar_instances_are_compared() -> None:
    calls: list[tuple[int, int]] = []

    def union(one: int, other: int) -> None:
        calls.append((one, other))

    assert gathered(range(1000), union) == list(range(1000))
    # Of 1000 * 999 / 2 = 499,500 pairs.
    assert len(calls) < 5000
