"""The page of ``costcalc solve``."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from costcalc.reporting.figures import counted, exact, printable
from costcalc.reporting.table import Cell, Column, Page, Ratio, Row, Table, Word
from costcalc.reporting.tables import unit_title
from costcalc.solving.solve import Candidate, Solution

_TITLES = {"mult_adds": "Mult-Adds", "params": "Params"}


def solution_page(solution: Solution, convention: str) -> Page:
    """The answer, and the value beside it that shows that it is one."""
    limits = solution.budgets.limits
    columns = [Column(solution.name, solution.name, "right")]
    for cost, title in (_TITLES | {"mult_adds": unit_title(solution.unit)}).items():
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
    budget = ", ".join(f"{cost} <= {_amount(most)}" for cost, most in limits.items())
    facts = (
        ("budget", budget),
        ("settings", ", ".join(f"{k} = {exact(v)}" for k, v in solution.settings.items())),
        ("searched", searched(solution)),
        ("convention", convention),
    )
    title = f"{solution.network}: the largest {solution.name} within the budget"
    lacking = [f"Not counted: {', '.join(map(printable, solution.uncounted))}."]
    found = (*notes(solution), *(lacking if solution.uncounted else ()))
    return Page(title, facts, (Table("Solution", tuple(columns), rows),), found)


def searched(solution: Solution) -> str:
    """Which values were counted."""
    values = solution.searched.values
    if len(values) == 1:
        return f"{exact(values[0])} alone"
    step = values[1] - values[0]
    if all(b - a == step for a, b in pairwise(values)):
        return (
            f"every {solution.name} from {exact(values[0])} to {exact(values[-1])} by {exact(step)}"
        )
    return ", ".join(exact(value) for value in values)


def notes(solution: Solution) -> tuple[str, ...]:
    """The answer as a sentence, and what must be known with it."""
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
    found = [f"{name} = {exact(best.value)} costs {_costs(best, solution.unit)}."]
    if not solution.is_bounded:
        found.append(f"No {name} that was searched is too large; larger ones, if any, may fit.")
    if solution.closed is not None:
        metric, most = solution.closed.metric, limits[solution.closed.metric]
        found.append(
            f"In closed form, nothing rounded: {solution.closed.symbol} <= "
            f"{exact(solution.closed.value)}, where "
            f"{solution.unit if metric == 'mult_adds' else metric} = "
            f"{solution.closed.formula} reach {_amount(most)}."
        )
    if solution.exceptions:
        found.append(
            f"Costs do not only rise with {name}: {counted(solution.exceptions)} smaller "
            f"{'value does' if solution.exceptions == 1 else 'values do'} not fit."
        )
    return tuple(found)


def _amount(most: int | Fraction) -> str:
    return counted(most) if isinstance(most, int) else exact(most)


def _costs(candidate: Candidate, unit: str) -> str:
    return f"{counted(candidate.mult_adds)} {unit} and {counted(candidate.params)} params"


def _row(solution: Solution, candidate: Candidate, is_best: bool) -> Row:
    limits = solution.budgets.limits
    cells: list[Cell] = [exact(candidate.value)]
    for cost in _TITLES:
        amount = getattr(candidate, cost)
        cells.append(amount)
        if cost in limits:
            cells.append(Ratio(100 * Fraction(amount) / limits[cost], 2, " %"))
    cells.append(Word("yes", "good") if is_best else Word("no", "bad"))
    return Row(tuple(cells))
