"""When a step stands: a condition over parameters that holds for the groups that have it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any, NamedTuple

from costcalc.writing.columns import Solution
from costcalc.writing.template import ABSENT, Column, Template

_MOST = 24
"""Comparisons that are tried with one another."""


class Case(NamedTuple):
    """A comparison, and whether it holds for each group."""

    text: str
    column: Column


def condition(wanted: Column, reads: Column, solution: Solution) -> str:
    """A condition that is as wanted for every group; nothing where none is found.

    What is None is not asked for.
    """
    output = solution.output()
    steps = list(_of_parameters(solution))
    widths = [
        case
        for text in dict.fromkeys([output, *(t for t, _ in solution.texts[1:])])
        if text
        for case in _of_widths(text, dict(solution.texts).get(text, solution.outs), reads)
    ]
    usual = [
        _joined(one, other)
        for one in steps
        if one.text in ("s == 1", "s != 1")
        for other in widths[:2]
        if one.text[2] == other.text[3]
    ]
    single = [*usual, *widths[:2], *steps, *widths[2:]]
    for case in single:
        if _fits(case.column, wanted):
            return case.text
    for one, other in combinations([*steps, *widths][:_MOST], 2):
        for word in ("and", "or"):
            case = _joined(one, other, word)
            if _fits(case.column, wanted):
                return case.text
    return ""


def _joined(one: Case, other: Case, word: str = "") -> Case:
    word = word or ("and" if "==" in one.text else "or")
    column = tuple(
        None if b is None else (a and b) if word == "and" else (a or b)
        for a, b in zip(one.column, other.column, strict=True)
    )
    return Case(f"{one.text} {word} {other.text}", column)


def _of_parameters(solution: Solution) -> Iterator[Case]:
    for name, column in solution.columns.items():
        if name in solution.widths:
            continue
        values = dict.fromkeys(value for value in column if isinstance(value, bool | int | str))
        if all(isinstance(value, bool) for value in values):
            yield Case(name, column)
            yield Case(f"not {name}", tuple(not value for value in column))
            continue
        for value in values:
            if isinstance(value, bool) or (isinstance(value, int) and value != 1):
                continue
            shown = f"'{value}'" if isinstance(value, str) else value
            yield Case(f"{name} == {shown}", tuple(each == value for each in column))
            yield Case(f"{name} != {shown}", tuple(each != value for each in column))


def _of_widths(text: str, column: Column, reads: Column) -> Iterator[Case]:
    def compared(holds: Any) -> Column:
        return tuple(
            None if i is None or i is ABSENT or c is ABSENT else holds(i, c)
            for i, c in zip(reads, column, strict=True)
        )

    yield Case(f"in == {text}", compared(lambda i, c: i == c))
    yield Case(f"in != {text}", compared(lambda i, c: i != c))


def _fits(column: Column, wanted: Column) -> bool:
    return all(
        want is None or (have is not None and bool(have) == want)
        for have, want in zip(column, wanted, strict=True)
    )


def wanted(template: Template, around: Column) -> Column:
    """Whether each group has a step, None where it has not what is around it either."""
    return tuple(
        bool(here) if there else None for here, there in zip(template.present, around, strict=True)
    )
