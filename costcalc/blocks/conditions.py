"""When a step stands: a condition over parameters that holds for the groups that have it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from costcalc.blocks.alignment import ABSENT, Column, Template
from costcalc.blocks.solution import Solution


class Case(NamedTuple):
    """A comparison, and whether it holds for each group."""

    text: str
    column: Column


def condition(wanted: Column, reads: Column, solution: Solution, is_about_shapes: bool) -> str:
    """A condition that is as wanted for every group; nothing where none is found.

    Steps that a change of shape brings about stand where strides and widths say
    so; others only where a parameter is there to say it.  What is None is not
    asked for.
    """
    cases = list(_of_parameters(solution))
    flags = [case for case in cases if case.text.removeprefix("not ") in solution.columns]
    shapes = _of_shapes(cases, reads, solution) if is_about_shapes else ()
    for case in (*flags, *shapes):
        if _fits(case.column, wanted):
            return str(case.text)
    return ""


def _of_shapes(cases: Sequence[Case], reads: Column, solution: Solution) -> Iterator[Case]:
    """Strides and widths together, then each by itself."""
    known = dict(solution.texts)
    output = solution.output()
    texts = dict.fromkeys(
        [*([output] if output else []), *(text for text, _ in solution.texts[1:])]
    )
    widths = [case for text in texts for case in _of_widths(text, known[text], reads)]
    for one in cases:
        if one.text in ("s == 1", "s != 1"):
            yield from (_joined(one, other) for other in widths[:2] if one.text[2] == other.text[3])
    yield from (case for case in cases if case.text.partition(" ")[0] in ("t", "s"))
    yield from widths


def _joined(one: Case, other: Case) -> Case:
    """Both where they say that nothing changes, either where they say that something does."""
    is_both = "==" in one.text
    column = tuple(
        None if b is None else (a and b) if is_both else (a or b)
        for a, b in zip(one.column, other.column, strict=True)
    )
    return Case(f"{one.text} {'and' if is_both else 'or'} {other.text}", column)


def _of_parameters(solution: Solution) -> Iterator[Case]:
    """A flag, or a number that is one where nothing changes."""
    for name, column in solution.columns.items():
        if all(isinstance(value, bool) for value in column):
            yield Case(name, column)
            yield Case(f"not {name}", tuple(not value for value in column))
        elif name not in solution.widths:
            yield Case(f"{name} == 1", tuple(each == 1 for each in column))
            yield Case(f"{name} != 1", tuple(each != 1 for each in column))


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
