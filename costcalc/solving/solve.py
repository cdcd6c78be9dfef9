"""The largest value of a parameter at which a network stays within its budgets.

Costs usually rise with a width or a resolution, but a rounding rule or a condition
may let them fall.  So every value in the searched range is counted exactly, as in a
sweep, and the largest that fits is the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

import numpy

from costcalc.costs.rules import METRICS, UNITS, Convention
from costcalc.errors import Problems, did_you_mean, refuse
from costcalc.formulas import algebra
from costcalc.graph.outline import uncounted
from costcalc.graph.parameters import resolve
from costcalc.grid.axes import Axis
from costcalc.grid.evaluate import Grid
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.formatting import counted, exact, number
from costcalc.render.page import Cell, Column, Page, Ratio, Row, Table, Word
from costcalc.reporting.phrases import metric_titles, settings_line, uncounted_notes
from costcalc.solving.closed import ClosedAnswer, closed_answer
from costcalc.spec.document import Document, Parameter
from costcalc.spec.numbers import is_number

MIN_VALUES = 2**12
"""The values that are searched first."""

MAX_VALUES = 2**20
"""The most values that are searched, if all of them fit."""

ALPHA_STEP = Fraction(1, 1000)
"""The step between values of the width multiplier; for other parameters it is 1."""


class Budgets(NamedTuple):
    """The most that may be spent; None means no limit."""

    mult_adds: int | Fraction | None
    params: int | Fraction | None

    @property
    def limits(self) -> dict[str, int | Fraction]:
        """The limit of each cost that has one."""
        return {cost: limit for cost, limit in self._asdict().items() if limit is not None}


class Candidate(NamedTuple):
    """A value and the network's costs at it."""

    value: Any
    params: Any
    mult_adds: Any


@dataclass(frozen=True)
class Solution(Answer):
    """The answer, and the values that were searched for it."""

    network: str
    convention: str
    name: str
    """The parameter that was solved for."""
    settings: Mapping[str, Any]
    """The values of the other parameters."""
    budgets: Budgets
    searched: Axis
    best: Candidate | None
    """The largest value that fits, if any does."""
    after: Candidate | None
    """The next larger value that was searched, which does not fit."""
    nearest: Candidate | None
    """If nothing fits, the value that comes nearest to the budgets."""
    exceptions: int
    """How many values smaller than the best do not fit."""
    is_bounded: bool
    """Whether a value that is too large was searched."""
    closed: ClosedAnswer | None = None
    """What the closed forms of the costs allow, if they have any."""
    unit: str = UNITS["macs"].title
    """The title of the convention's unit."""
    uncounted: tuple[str, ...] = ()
    """The model's names for operations that costcalc cannot count."""

    def page(self) -> Page:
        """The answer beside the next larger value, which does not fit."""
        return _page(self)

    def data(self) -> dict[str, Any]:
        """The answer and what was searched; what does not exist is null."""
        return _data(self)


def solve(
    document: Document,
    convention: Convention,
    name: str,
    settings: Mapping[str, Any],
    budgets: Budgets,
    step: int | Fraction | None = None,
    values: Sequence[Any] = (),
    *,
    has_closed_form: bool = True,
) -> Solution:
    """The largest value of a parameter within the budgets, beside what the closed form allows.

    Args:
        document: the network.
        convention: how its costs are counted.
        name: the parameter to solve for.
        settings: values of the other parameters; their defaults if not given.
        budgets: the most that may be spent.
        step: search multiples of this step.
        values: search these values instead.
        has_closed_form: whether to look for a closed form.

    Raises:
        SpecError: there is no such parameter, it is not a number, a setting is
            wrong, or the network is invalid at all values.
    """
    _check_name(document, name, settings, budgets)
    solution = _searched(document, convention, name, settings, budgets, step, values)
    if not has_closed_form:
        return solution
    closed = closed_answer(document, name, budgets.limits, settings, convention)
    return replace(solution, closed=closed)


def _searched(
    document: Document,
    convention: Convention,
    name: str,
    settings: Mapping[str, Any],
    budgets: Budgets,
    step: int | Fraction | None,
    values: Sequence[Any],
) -> Solution:
    """The best of the values, or of enough steps that no larger one is likely to fit."""
    if values:
        axis = Axis(name, tuple(sorted(dict.fromkeys(values))))
        return _solution(document, convention, settings, budgets, axis)
    count = MIN_VALUES
    while True:
        axis = _steps(document.parameters.get(name), name, step, count)
        solution = _solution(document, convention, settings, budgets, axis)
        is_roomy = solution.best is None or solution.best.value * 2 <= axis.values[-1]
        if is_roomy or len(axis.values) < count or count >= MAX_VALUES:
            return solution
        count *= 4


def _solution(
    document: Document,
    convention: Convention,
    settings: Mapping[str, Any],
    budgets: Budgets,
    axis: Axis,
) -> Solution:
    grid = Grid(document, convention, settings, (axis,))
    chunks = list(grid.chunks())
    costs = {
        "mult_adds": numpy.concatenate([chunk.mult_adds for chunk in chunks]),
        "params": numpy.concatenate([chunk.params for chunk in chunks]),
    }
    exists = numpy.concatenate([chunk.is_valid for chunk in chunks])
    if not exists.any():
        raise chunks[0].refusals[0].error
    fits = exists.copy()
    for cost, limit in budgets.limits.items():
        fits &= numpy.asarray(costs[cost] <= algebra.floor(limit), dtype=bool)

    def candidate(index: int) -> Candidate:
        # A slice's tolist gives Python's exact numbers, whatever the column's type.
        spent = {cost: column[index : index + 1].tolist()[0] for cost, column in costs.items()}
        return Candidate(axis.values[index], spent["params"], spent["mult_adds"])

    fitting = numpy.flatnonzero(fits)
    existing = numpy.flatnonzero(exists)
    best = int(fitting[-1]) if len(fitting) else None
    larger = existing[existing > best] if best is not None else existing
    others = resolve(document, grid.at((0,)), Problems()).values
    return Solution(
        network=document.titled({**others, axis.name: axis.name}),
        convention=convention.name,
        name=axis.name,
        settings={key: value for key, value in others.items() if key != axis.name},
        budgets=budgets,
        searched=axis,
        best=candidate(best) if best is not None else None,
        after=candidate(int(larger[0])) if best is not None and len(larger) else None,
        nearest=_nearest(map(candidate, existing.tolist()), budgets) if best is None else None,
        exceptions=int((existing < best).sum() - (len(fitting) - 1)) if best is not None else 0,
        is_bounded=best is None or bool(len(larger)),
        unit=UNITS[convention.unit].title,
        uncounted=uncounted(document),
    )


def _nearest(candidates: Iterable[Candidate], budgets: Budgets) -> Candidate:
    """The candidate that exceeds the budgets by the smallest ratio."""

    def excess(candidate: Candidate) -> Fraction:
        return max(
            Fraction(getattr(candidate, cost)) / limit for cost, limit in budgets.limits.items()
        )

    return min(candidates, key=excess)


def _steps(parameter: Parameter | None, name: str, step: Any, count: int) -> Axis:
    """The first multiples of a step that the parameter can take, or its choices."""
    if parameter and parameter.choices:
        numbers = sorted(value for value in parameter.choices if is_number(value))
        return _axis(name, step, [n for n in numbers if step is None or n % step == 0])
    by = step or (ALPHA_STEP if name == "alpha" else 1)
    lowest = parameter.lowest if parameter and parameter.lowest is not None else by
    highest = parameter.highest if parameter else None
    first = algebra.ceil_div(lowest, by)
    values = [algebra.whole(index * by) for index in range(first, first + count)]
    return _axis(name, by, [value for value in values if highest is None or value <= highest])


def _axis(name: str, step: Any, values: Sequence[Any]) -> Axis:
    if not values:
        message = f"no value that {name} may have is a multiple of {exact(step)}"
        refuse(None, message, "a smaller --step, or --values")
    return Axis(name, tuple(values))


def _check_name(
    document: Document, name: str, settings: Mapping[str, Any], budgets: Budgets
) -> None:
    values = resolve(document, {}, Problems()).values
    message, expected, hint = "", "", ""
    if not budgets.limits:
        message, expected = "there is no budget to stay within", "--max-mult-adds N, --max-params N"
    elif name not in values:
        message = f"{document.titled(values)} has no parameter '{name}'"
        expected = "one of " + ", ".join(values)
        hint = did_you_mean(name, values)
    elif name in settings:
        message, expected = f"'{name}' is both solved for and set", "one of the two"
    elif not is_number(values[name]):
        message, expected = f"'{name}' is not a number", "a parameter whose values are numbers"
    if message:
        refuse(None, message, expected, hint=hint)


def _page(solution: Solution) -> Page:
    limits = solution.budgets.limits
    columns = [Column(solution.name, solution.name, "right")]
    for cost, title in metric_titles(solution.unit).items():
        columns.append(Column(cost, title, "right"))
        if cost in limits:
            columns.append(Column(f"{cost}_of_budget", "of budget", "right"))
    columns.append(Column("fits", "Fits"))
    shown = [solution.best, solution.after, solution.nearest]
    rows = tuple(
        _row(solution, candidate, candidate is solution.best)
        for candidate in shown
        if candidate is not None
    )
    budget = ", ".join(f"{cost} <= {_amount(limit)}" for cost, limit in limits.items())
    facts = (
        ("budget", budget),
        ("settings", settings_line(solution.settings)),
        ("searched", _searched_values(solution)),
        ("convention", solution.convention),
    )
    title = f"{solution.network}: the largest {solution.name} within the budget"
    notes = (*_notes(solution), *uncounted_notes(solution.uncounted))
    return Page(title, facts, (Table("Solution", tuple(columns), rows),), notes)


def _searched_values(solution: Solution) -> str:
    """The searched values in words."""
    values = solution.searched.values
    if len(values) == 1:
        return f"{exact(values[0])} alone"
    step = values[1] - values[0]
    if all(b - a == step for a, b in pairwise(values)):
        return (
            f"every {solution.name} from {exact(values[0])} to {exact(values[-1])} by {exact(step)}"
        )
    return ", ".join(exact(value) for value in values)


def _notes(solution: Solution) -> tuple[str, ...]:
    """The answer as a sentence, with its qualifications."""
    name, best, nearest = solution.name, solution.best, solution.nearest
    limits = solution.budgets.limits
    if nearest is not None:
        costs = _costs(nearest, solution.unit)
        return (
            f"Nothing fits: no {name} that was searched is within the budget. "
            f"The nearest, {name} = {exact(nearest.value)}, costs {costs}.",
        )
    if best is None:
        raise AssertionError("a solution has a best or a nearest value")
    sentences = [f"{name} = {exact(best.value)} costs {_costs(best, solution.unit)}."]
    if not solution.is_bounded:
        sentences.append(f"No {name} that was searched is too large; larger ones, if any, may fit.")
    if solution.closed is not None:
        closed, limit = solution.closed, limits[solution.closed.metric]
        costs = solution.unit if closed.metric == "mult_adds" else closed.metric
        sentences.append(
            f"In closed form, nothing rounded: {closed.symbol} <= {exact(closed.value)}, "
            f"where {costs} = {closed.formula} reach {_amount(limit)}."
        )
    if solution.exceptions:
        sentences.append(
            f"Costs do not only rise with {name}: {counted(solution.exceptions)} smaller "
            f"{'value does' if solution.exceptions == 1 else 'values do'} not fit."
        )
    return tuple(sentences)


def _amount(limit: int | Fraction) -> str:
    return counted(limit) if isinstance(limit, int) else exact(limit)


def _costs(candidate: Candidate, unit: str) -> str:
    return f"{counted(candidate.mult_adds)} {unit} and {counted(candidate.params)} params"


def _row(solution: Solution, candidate: Candidate, is_best: bool) -> Row:
    limits = solution.budgets.limits
    cells: list[Cell] = [exact(candidate.value)]
    for cost in METRICS:
        amount = getattr(candidate, cost)
        cells.append(amount)
        if cost in limits:
            cells.append(Ratio(100 * Fraction(amount) / limits[cost], 2, " %"))
    cells.append(Word("yes", "good") if is_best else Word("no", "bad"))
    return Row(tuple(cells))


def _data(solution: Solution) -> dict[str, Any]:
    values = solution.searched.values
    return {
        "format_version": FORMAT_VERSION,
        "network": solution.network,
        "convention": solution.convention,
        "unit": solution.unit,
        "for": solution.name,
        "parameters": {name: number(value) for name, value in solution.settings.items()},
        "budget": {cost: number(limit) for cost, limit in solution.budgets.limits.items()},
        "searched": {
            "first": number(values[0]),
            "last": number(values[-1]),
            "values": len(values),
        },
        "solution": _candidate_data(solution.best),
        "next": _candidate_data(solution.after),
        "nearest": _candidate_data(solution.nearest),
        "closed_form": _closed_data(solution),
        **({"uncounted": list(solution.uncounted)} if solution.uncounted else {}),
    }


def _candidate_data(candidate: Candidate | None) -> dict[str, Any] | None:
    if candidate is None:
        return None
    return {name: number(value) for name, value in candidate._asdict().items()}


def _closed_data(solution: Solution) -> dict[str, Any] | None:
    if solution.closed is None:
        return None
    return {name: number(value) for name, value in solution.closed._asdict().items()}
