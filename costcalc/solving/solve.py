"""The largest value of a parameter at which a network stays within its budgets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Literal, TypeAlias

from costcalc.advice import advice, joined, option, sweep_for
from costcalc.costs.rules import UNITS
from costcalc.errors import CostcalcError, Problems, did_you_mean, refuse
from costcalc.formulas import algebra
from costcalc.graph.budgets import budget
from costcalc.graph.expand import expand
from costcalc.graph.outline import has_guesses, uncounted
from costcalc.graph.parameters import resolve
from costcalc.grid.axes import Axis, parse
from costcalc.metrics import (
    COUNTED,
    METRICS,
    Accounting,
    amount,
    for_scripts,
    heading,
    measured,
    shown,
)
from costcalc.opening import exact_value
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.formatting import counted, exact, number, significant
from costcalc.render.page import Cell, Column, Page, Ratio, Row, Table, Word
from costcalc.reporting.phrases import settings_line, total_notes
from costcalc.solving.closed import ClosedAnswer, closed_answer
from costcalc.solving.search import Budgets, Candidate, Search, Steps, Watch
from costcalc.spec import limits
from costcalc.spec.document import Document, Parameter
from costcalc.spec.numbers import is_number

ALPHA_STEP = Fraction(1, 1000)
"""The step between values of the width multiplier; for other parameters it is 1."""

Monotony: TypeAlias = Literal["counted", "proven", "assumed"]


@dataclass(frozen=True, repr=False)
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
    """The values that were counted."""
    best: Candidate | None
    """The largest value that fits, if any does."""
    after: Candidate | None
    """The next larger value that was searched, which does not fit."""
    nearest: Candidate | None
    """If nothing fits, the value that comes nearest to the budgets."""
    falls_with: Mapping[str, tuple[str, ...]]
    """For each cost that the nearest value has too much of, the other parameters whose
    smaller values cost less."""
    exceptions: int
    """How many values smaller than the best do not fit."""
    is_bounded: bool
    """Whether a value that is too large was searched."""
    constant: tuple[str, ...] = ()
    """The costs with a budget that are the same at all values searched."""
    monotony: Monotony = "counted"
    """How it is known that no larger value fits. All were searched, or costs rise between
    those that were, by their closed form or by assumption."""
    is_falling: bool = False
    """Whether a cost with a budget falls between two of the values searched."""
    closed: ClosedAnswer | None = None
    """What the closed forms of the costs allow, if they have any."""
    storage: str = ""
    """The storage, if a size is bounded."""
    planner: str = ""
    """The planner, if a peak is bounded."""
    batch: int = 1
    device: str = ""
    """The device, if a time or energy is bounded."""
    unit: str = UNITS["macs"].title
    """The title of the convention's unit."""
    uncounted: tuple[str, ...] = ()
    """The model's names for operations that costcalc cannot count."""
    has_guesses: bool = False
    """Whether layers behind these are counted at guessed shapes."""
    notes: tuple[str, ...] = ()
    """What the model says of its totals."""

    def caveats(self) -> tuple[str, ...]:
        """What its costs leave out, guess or choose."""
        return total_notes(self.uncounted, guessed=self.has_guesses, notes=self.notes)

    def page(self) -> Page:
        """The answer beside the next larger value, which does not fit."""
        return _page(self)

    def data(self) -> dict[str, Any]:
        """The answer and what was searched; what does not exist is null."""
        return _data(self)


def solve(
    document: Document,
    accounting: Accounting,
    name: str,
    settings: Mapping[str, Any],
    budgets: Budgets,
    step: int | Fraction | None = None,
    values: Sequence[Any] = (),
    *,
    has_closed_form: bool = True,
    watch: Watch | None = None,
) -> Solution:
    """The largest value of a parameter within the budgets, beside what the closed form allows.

    Args:
        document: the network.
        accounting: how its costs are measured.
        name: the parameter to solve for.
        settings: values of the other parameters; their defaults if not given.
        budgets: the most that may be spent.
        step: search multiples of this step.
        values: search these values instead.
        has_closed_form: whether to look for a closed form.
        watch: called with the number of values counted so far.

    Raises:
        SpecError: there is no such parameter, it is not a number, a setting is
            wrong, or the network is invalid at all values.
    """
    _check_name(document, name, budgets)
    wanted = _chosen(name, values) or _steps(document.parameters.get(name), name, step)
    steps = wanted if isinstance(wanted, Steps) else None
    at, length = (steps.at, steps.length) if steps else (wanted.__getitem__, len(wanted))
    search = Search(document, accounting, settings, name, at, length, budgets, watch)
    if steps:
        search.run()
    else:
        search.count_all()
    solution = _solution(document, accounting, name, settings, budgets, search)
    if not has_closed_form:
        return solution
    closed = closed_answer(document, name, budgets.limits, settings, accounting.convention)
    is_proven = (
        solution.monotony == "assumed"
        and steps is not None
        and closed is not None
        and closed.rises(steps.first, steps.step)
    )
    return replace(solution, closed=closed, monotony="proven" if is_proven else solution.monotony)


def searched(
    name: str, step: Any, values: Iterable[Any] | str
) -> tuple[int | Fraction | None, Sequence[Any]]:
    """The step and the values that a caller asks for, exactly.

    Raises:
        SpecError: one is wrong, or both are given.
    """
    if step is not None and values:
        message = advice("{} and {} both set what is searched", option("step"), option("values"))
        refuse(None, message, "one of the two")
    exact_step = budget(option("step"), amount(step), examples="0.05, 32")
    if isinstance(values, str):
        return exact_step, parse(name, values).values
    return exact_step, [exact_value(value) for value in values]


def _chosen(name: str, values: Sequence[Any]) -> tuple[Any, ...]:
    """The values that the caller chose, in ascending order.

    Raises:
        SpecError: one is not a number.
    """
    problems = Problems()
    for value in values:
        if not is_number(value):
            problems.add(
                None,
                f"{name} = {exact(value)} is not a number",
                expected="numbers, of which one is the largest",
                hint=sweep_for("any values"),
            )
    problems.raise_any()
    return tuple(sorted(dict.fromkeys(values)))


def _solution(
    document: Document,
    accounting: Accounting,
    name: str,
    settings: Mapping[str, Any],
    budgets: Budgets,
    search: Search,
) -> Solution:
    existing = search.existing
    limits = budgets.limits
    if not existing and search.refusal is not None:
        raise search.refusal
    fitting = [candidate for candidate in existing if search.fits(candidate)]
    best = fitting[-1] if fitting else None
    nearest = _nearest(existing, budgets) if best is None else None
    larger = [candidate for candidate in existing if best is None or candidate.value > best.value]
    values = tuple(search.value(index) for index in sorted(search.counted))
    others = resolve(document, {**settings, name: values[0]}, Problems()).values
    facts = accounting.facts(limits)
    return Solution(
        network=document.titled({**others, name: name}),
        convention=accounting.convention.name,
        name=name,
        settings={key: value for key, value in others.items() if key != name},
        budgets=budgets,
        searched=Axis(name, values),
        best=best,
        after=larger[0] if best is not None and larger else None,
        nearest=nearest,
        falls_with=_falls_with(document, accounting, settings, name, nearest, budgets)
        if nearest is not None
        else {},
        exceptions=len(existing) - len(larger) - len(fitting) if best is not None else 0,
        is_bounded=best is None or bool(larger),
        constant=tuple(search.constant),
        monotony="assumed" if search.is_assumed else "counted",
        is_falling=not search.is_rising,
        storage=facts.get("storage", ""),
        planner=facts.get("planner", ""),
        batch=accounting.batch,
        device=facts.get("device", ""),
        unit=UNITS[accounting.convention.unit].title,
        uncounted=uncounted(document),
        has_guesses=has_guesses(document, name == "alpha" or settings.get("alpha", 1) != 1),
        notes=document.notes,
    )


def _nearest(candidates: Iterable[Candidate], budgets: Budgets) -> Candidate:
    """The candidate that exceeds the budgets by the smallest ratio."""

    def excess(candidate: Candidate) -> Fraction:
        return max(
            Fraction(candidate.costs[cost]) / limit for cost, limit in budgets.limits.items()
        )

    return min(candidates, key=excess)


def _falls_with(
    document: Document,
    accounting: Accounting,
    settings: Mapping[str, Any],
    name: str,
    nearest: Candidate,
    budgets: Budgets,
) -> Mapping[str, tuple[str, ...]]:
    """For each exceeded budget, the other parameters that lower the cost if they are smaller."""
    exceeded = [cost for cost, limit in budgets.limits.items() if nearest.costs[cost] > limit]
    settings = {**settings, name: nearest.value}
    found: dict[str, list[str]] = {}
    for other, value in resolve(document, settings, Problems()).values.items():
        smaller = _smaller(document.parameters.get(other), other, value)
        if other == name or smaller is None:
            continue
        try:
            graph = expand(document, {**settings, other: smaller})
            costs = measured(graph, accounting, exceeded)
        except CostcalcError:
            continue
        for cost in exceeded:
            if costs[cost] < nearest.costs[cost]:
                found.setdefault(cost, []).append(other)
    return {cost: tuple(names) for cost, names in found.items()}


def _smaller(parameter: Parameter | None, name: str, value: Any) -> Any:
    """A choice below a value, or about half of it; None if it is not a number, or the least."""
    if not is_number(value):
        return None
    if parameter is not None and parameter.choices:
        return max((n for n in parameter.choices if is_number(n) and n < value), default=None)
    half = algebra.whole(Fraction(value) / 2)
    return half if name == "alpha" else algebra.floor(half) or None


def _steps(parameter: Parameter | None, name: str, step: Any) -> Steps | tuple[Any, ...]:
    """The multiples of a step that the parameter can take, or its choices.

    Raises:
        SpecError: there are none.
    """
    by = step or (ALPHA_STEP if name == "alpha" else 1)
    if parameter and parameter.choices:
        numbers = sorted(value for value in parameter.choices if is_number(value))
        choices = tuple(n for n in numbers if step is None or n % step == 0)
        if choices:
            return choices
    else:
        lowest = parameter.lowest if parameter and parameter.lowest is not None else by
        highest = parameter.highest if parameter else None
        first = algebra.ceil_div(lowest, by) * by
        last = limits.SIZE if highest is None else min(highest, limits.SIZE)
        if first <= last:
            return Steps(first, by, (last - first) // by + 1)
    message = f"no value that {name} may have is a multiple of {exact(by)}"
    refuse(None, message, advice("a smaller {}, or {}", option("step"), option("values")))


def _check_name(document: Document, name: str, budgets: Budgets) -> None:
    values = resolve(document, {}, Problems()).values
    message, expected, hint = "", "", ""
    if not budgets.limits:
        message = "there is no budget to stay within"
        bounds = (METRICS[metric].bound for metric in ("mult_adds", *METRICS))
        expected = joined(", ", (option(bound, "N") for bound in dict.fromkeys(bounds)))
    elif name not in values:
        message = f"{document.titled(values)} has no parameter '{name}'"
        expected = "one of " + ", ".join(values)
        hint = did_you_mean(name, values)
    elif not is_number(values[name]):
        message, expected = f"'{name}' is not a number", "a parameter whose values are numbers"
    if message:
        refuse(None, message, expected, hint=hint)


def _page(solution: Solution) -> Page:
    limits = solution.budgets.limits
    columns = [Column(solution.name, solution.name, "right")]
    for cost in _shown(solution):
        columns.append(Column(cost, heading(cost, solution.unit), "right"))
        if cost in limits:
            columns.append(Column(f"{cost}_of_budget", "of budget", "right"))
    columns.append(Column("fits", "Fits"))
    candidates = [solution.best, solution.after, solution.nearest]
    rows = tuple(
        _row(solution, candidate, candidate is solution.best)
        for candidate in candidates
        if candidate is not None
    )
    budget = ", ".join(f"{cost} <= {limit_text(limit, cost)}" for cost, limit in limits.items())
    facts = (
        ("budget", budget),
        ("settings", settings_line(solution.settings)),
        ("searched", _searched_values(solution)),
        ("convention", solution.convention),
        *((name, str(value)) for name, value in _bytes(solution).items()),
    )
    title = f"{solution.network}: the largest {solution.name} within the budget"
    notes = (*_notes(solution), *solution.caveats())
    return Page(title, facts, (Table("Solution", tuple(columns), rows),), notes)


def _searched_values(solution: Solution) -> str:
    """The searched values in words."""
    values = solution.searched.values
    if len(values) < 3:
        return " and ".join(exact(value) for value in values)
    step = values[1] - values[0]
    length = next((i for i in range(1, len(values)) if values[i] - values[i - 1] != step), None)
    run = values[:length]
    if len(run) < 3:
        return ", ".join(exact(value) for value in values)
    every = f"every {solution.name} from {exact(run[0])} to {exact(run[-1])} by {exact(step)}"
    if length is None:
        return every
    return f"{every}, and {counted(len(values) - length)} above, up to {exact(values[-1])}"


def _notes(solution: Solution) -> tuple[str, ...]:
    """The answer as a sentence, with its qualifications."""
    name, best, nearest = solution.name, solution.best, solution.nearest
    sentences = []
    if nearest is not None:
        costs = _costs(nearest, solution)
        sentences.append(
            f"Nothing fits: no {name} that was searched is within the budget. "
            f"The nearest, {name} = {exact(nearest.value)}, costs {costs}."
        )
    elif best is not None:
        larger = sum(value > best.value for value in solution.searched.values)
        none = f" None of the {counted(larger)} larger values searched fits." if larger > 1 else ""
        sentences.append(f"{name} = {exact(best.value)} costs {_costs(best, solution)}.{none}")
    chosen = best or nearest
    is_constant = len(solution.constant) == len(solution.budgets.limits)
    for cost in solution.constant:
        amount = chosen.costs[cost] if chosen is not None else 0
        if not is_constant and amount <= solution.budgets.limits[cost]:
            continue
        what, verb = _subject(cost, solution.unit)
        it_does = "it does" if verb == "is" else "they do"
        sentences.append(
            f"At every {name} searched {what} {verb} {limit_text(amount, cost)}: "
            f"{it_does} not depend on {name}."
        )
    if not solution.is_bounded and not is_constant:
        sentences.append(f"No {name} that was searched is too large; larger ones, if any, may fit.")
    if best is not None:
        sentences += _qualifications(solution)
    elif not is_constant:
        sentences.append(_beyond(solution))
    if solution.falls_with:
        sentences.append(_remedies(solution))
    return tuple(sentences)


def _beyond(solution: Solution) -> str:
    """What is known about values above those searched, if none of these fits."""
    name, last = solution.name, exact(solution.searched.values[-1])
    if solution.is_falling:
        return f"Costs fall between some values of {name} that were searched; larger ones may fit."
    return f"Costs rise with {name} at all values searched, and are assumed to above {last}."


def _remedies(solution: Solution) -> str:
    """The parameters whose smaller values help: RAM falls with res, flash falls with classes."""
    parts = []
    for cost, names in solution.falls_with.items():
        what, verb = _subject(cost, solution.unit)
        falls = "falls" if verb == "is" else "fall"
        parts.append(f"{what} {falls} with {', '.join(names)}")
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _subject(cost: str, unit: str) -> tuple[str, str]:
    """A cost as the subject of a sentence, with its verb."""
    if METRICS[cost].is_bytes:
        return METRICS[cost].noun.removeprefix("of "), "is"
    if METRICS[cost].is_timed:
        return f"the {METRICS[cost].title[0].lower()}{METRICS[cost].title[1:]}", "is"
    return f"the {_word(cost, unit)}", "are"


def _qualifications(solution: Solution) -> list[str]:
    """What is known about other values than the best."""
    name, closed = solution.name, solution.closed
    sentences = []
    if closed is not None:
        costs = _word(closed.metric, solution.unit)
        limit = solution.budgets.limits[closed.metric]
        sentences.append(
            f"In closed form, nothing rounded: {closed.symbol} <= {exact(closed.value)}, "
            f"where {costs} = {closed.formula} reach {limit_text(limit, closed.metric)}."
        )
    if solution.exceptions:
        sentences.append(
            f"Costs do not only rise with {name}: {counted(solution.exceptions)} smaller "
            f"{'value does' if solution.exceptions == 1 else 'values do'} not fit."
        )
    if solution.monotony == "proven":
        sentences.append(f"Costs rise with {name} everywhere, by their closed form.")
    elif solution.monotony == "assumed" and solution.is_falling:
        sentences.append(
            f"Costs fall between some values of {name} that were searched, so that one that "
            "was not may be larger and fit."
        )
    elif solution.monotony == "assumed":
        sentences.append(
            f"Between the values searched, costs are assumed to rise with {name}, "
            "as they do at these."
        )
    return sentences


def _shown(solution: Solution) -> tuple[str, ...]:
    """The costs in tables: the counts, and what else has a budget."""
    return tuple(dict.fromkeys(("mult_adds", *COUNTED, *solution.budgets.limits)))


def _word(cost: str, unit: str) -> str:
    """A cost in a sentence."""
    return unit if cost == "mult_adds" else METRICS[cost].noun


def _bytes(solution: Solution) -> dict[str, Any]:
    """How bytes are measured, if a size is bounded."""
    facts = {
        "device": solution.device,
        "storage": solution.storage,
        "planner": solution.planner,
    }
    batch = {"batch": solution.batch} if solution.batch != 1 else {}
    return {**{name: value for name, value in facts.items() if value}, **batch}


def limit_text(limit: int | Fraction, cost: str) -> str:
    if METRICS[cost].is_timed and isinstance(limit, Fraction):
        return significant(limit, 4)
    amount = counted(limit) if isinstance(limit, int) else exact(limit)
    return f"{amount} B" if METRICS[cost].is_bytes else amount


def _costs(candidate: Candidate, solution: Solution) -> str:
    *costs, last = (
        f"{limit_text(candidate.costs[cost], cost)} {_word(cost, solution.unit)}"
        for cost in _shown(solution)
    )
    return f"{', '.join(costs)} and {last}"


def _row(solution: Solution, candidate: Candidate, is_best: bool) -> Row:
    limits = solution.budgets.limits
    cells: list[Cell] = [exact(candidate.value)]
    for cost in _shown(solution):
        amount = candidate.costs[cost]
        cells.append(shown(cost, amount))
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
        **_bytes(solution),
        "for": solution.name,
        "parameters": {name: number(value) for name, value in solution.settings.items()},
        "budget": {cost: number(limit) for cost, limit in solution.budgets.limits.items()},
        "searched": {
            "first": number(values[0]),
            "last": number(values[-1]),
            "values": len(values),
            "monotony": solution.monotony,
        },
        "solution": _candidate_data(solution.best),
        "next": _candidate_data(solution.after),
        "nearest": _candidate_data(solution.nearest),
        **(
            {"falls_with": {cost: list(names) for cost, names in solution.falls_with.items()}}
            if solution.nearest
            else {}
        ),
        "closed_form": _closed_data(solution),
        **({"uncounted": list(solution.uncounted)} if solution.uncounted else {}),
        **({"notes": list(solution.notes)} if solution.notes else {}),
    }


def _candidate_data(candidate: Candidate | None) -> dict[str, Any] | None:
    if candidate is None:
        return None
    costs = {name: for_scripts(name, cost) for name, cost in candidate.costs.items()}
    return {"value": number(candidate.value), **costs}


def _closed_data(solution: Solution) -> dict[str, Any] | None:
    closed = solution.closed
    if closed is None:
        return None
    return {
        "value": number(closed.value),
        "metric": closed.metric,
        "formula": closed.formula,
        "symbol": closed.symbol,
    }
