"""The largest value of one parameter at which a network keeps its budgets.

Costs rise with a width or a resolution as a rule, but by no law: a rounding rule
or a condition may let them fall.  So every value of the searched range is
counted, exactly, as a sweep counts it, and the largest that fits is the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy

from costcalc.costs.convention import UNITS, Convention
from costcalc.errors import Problem, Problems, SpecError, did_you_mean
from costcalc.formulas import algebra
from costcalc.graph.outline import uncounted
from costcalc.graph.parameters import resolve
from costcalc.grid.axes import Axis
from costcalc.grid.evaluate import Grid
from costcalc.grid.factor import Array
from costcalc.reporting.figures import exact
from costcalc.spec.document import Document, Parameter

if TYPE_CHECKING:
    from costcalc.solving.closed import ClosedAnswer

VALUES = 2**12
"""Values that are searched at least."""

MOST = 2**20
"""Values that are searched at most, where all of them fit."""

ALPHA_STEP = Fraction(1, 1000)
"""Between values of the width multiplier; whole numbers go by 1."""


class Budgets(NamedTuple):
    """What may be spent; None is no limit."""

    mult_adds: int | Fraction | None
    params: int | Fraction | None

    @property
    def limits(self) -> dict[str, int | Fraction]:
        """The limits that there are, by the cost that they are on."""
        return {name: most for name, most in self._asdict().items() if most is not None}


class Candidate(NamedTuple):
    """A value and what the network costs at it."""

    value: Any
    params: Any
    mult_adds: Any


class Solution(NamedTuple):
    """The answer, with what was searched for it."""

    network: str
    name: str
    """The parameter that was solved for."""
    settings: Mapping[str, Any]
    """The values of the others."""
    budgets: Budgets
    searched: Axis
    best: Candidate | None
    """The largest value that fits, if one does."""
    after: Candidate | None
    """The next larger value that was searched, which does not."""
    nearest: Candidate | None
    """Where nothing fits, the value that comes nearest to the budgets."""
    exceptions: int
    """Smaller values than the best which do not fit."""
    is_bounded: bool
    """Whether a value was searched that is too large."""
    closed: ClosedAnswer | None = None
    """What the closed form of the costs allows, where they have one."""
    unit: str = UNITS["macs"].title
    """What the convention counts in."""
    uncounted: tuple[str, ...] = ()
    """Operations that costcalc does not know, by what the model calls them."""


def solve(
    document: Document,
    convention: Convention,
    name: str,
    settings: Mapping[str, Any],
    budgets: Budgets,
    step: int | Fraction | None = None,
    values: Sequence[Any] = (),
) -> Solution:
    """The largest value of a parameter within budgets.

    Args:
        document: the network.
        convention: how its costs are counted.
        name: the parameter to solve for.
        settings: values of the others; by default their own.
        budgets: what may be spent.
        step: between values; they are its multiples.
        values: the values to choose from, instead of steps.

    Raises:
        SpecError: there is no such parameter, it is no number, a setting is
            wrong, or the network does not exist at any of the values.
    """
    _check_name(document, name, settings, budgets)
    if values:
        axis = Axis(name, tuple(sorted(dict.fromkeys(values))))
        return _solution(document, convention, settings, budgets, axis)
    count = VALUES
    while True:
        axis = _steps(document.parameters.get(name), name, step, count)
        solution = _solution(document, convention, settings, budgets, axis)
        is_roomy = solution.best is None or solution.best.value * 2 <= axis.values[-1]
        if is_roomy or len(axis.values) < count or count >= MOST:
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
    for cost, most in budgets.limits.items():
        fits &= numpy.asarray(costs[cost] <= algebra.floor(most), dtype=bool)

    def candidate(index: int) -> Candidate:
        found = {cost: column[index : index + 1].tolist()[0] for cost, column in costs.items()}
        return Candidate(axis.values[index], found["params"], found["mult_adds"])

    fitting = numpy.flatnonzero(fits)
    existing = numpy.flatnonzero(exists)
    best = int(fitting[-1]) if len(fitting) else None
    larger = existing[existing > best] if best is not None else existing
    others = resolve(document, grid.at((0,)), Problems()).values
    return Solution(
        network=document.titled({**others, axis.name: axis.name}),
        name=axis.name,
        settings={key: value for key, value in others.items() if key != axis.name},
        budgets=budgets,
        searched=axis,
        best=candidate(best) if best is not None else None,
        after=candidate(int(larger[0])) if best is not None and len(larger) else None,
        nearest=candidate(_nearest(costs, existing, budgets)) if best is None else None,
        exceptions=int((existing < best).sum() - (len(fitting) - 1)) if best is not None else 0,
        is_bounded=best is None or bool(len(larger)),
        unit=UNITS[convention.unit].title,
        uncounted=uncounted(document),
    )


def _nearest(costs: Mapping[str, Array], existing: Array, budgets: Budgets) -> int:
    """The index whose costs exceed the budgets by the smallest share."""

    def excess(index: int) -> Fraction:
        return max(
            Fraction(costs[cost][index : index + 1].tolist()[0]) / most
            for cost, most in budgets.limits.items()
        )

    nearest: int = min(existing.tolist(), key=excess)
    return nearest


def _steps(parameter: Parameter | None, name: str, step: Any, count: int) -> Axis:
    """The first multiples of a step that the parameter can take, or its choices."""
    if parameter and parameter.choices:
        numbers = sorted(value for value in parameter.choices if _is_number(value))
        return _some(name, step, [n for n in numbers if step is None or n % step == 0])
    by = step or (ALPHA_STEP if name == "alpha" else 1)
    lowest = parameter.lowest if parameter and parameter.lowest is not None else by
    highest = parameter.highest if parameter else None
    first = algebra.ceil_div(lowest, by)
    values = [algebra.whole(index * by) for index in range(first, first + count)]
    return _some(name, by, [v for v in values if highest is None or v <= highest])


def _some(name: str, step: Any, values: Sequence[Any]) -> Axis:
    if not values:
        message = f"{name} can be no multiple of {exact(step)}"
        raise SpecError([Problem(None, message, "a smaller --step, or --values")])
    return Axis(name, tuple(values))


def _check_name(
    document: Document, name: str, settings: Mapping[str, Any], budgets: Budgets
) -> None:
    values = resolve(document, {}, Problems()).values
    message, expected, hint = "", "", ""
    if not budgets.limits:
        message, expected = "there is no budget to keep", "--max-mult-adds N, --max-params N"
    elif name not in values:
        message = f"{document.titled(values)} has no parameter '{name}'"
        expected = "one of " + ", ".join(values)
        hint = did_you_mean(name, values)
    elif name in settings:
        message, expected = f"'{name}' is solved for, and set too", "one of the two"
    elif not _is_number(values[name]):
        message, expected = f"'{name}' is no number", "a parameter that can be larger"
    if message:
        raise SpecError([Problem(None, message, expected, hint=hint)])


def _is_number(value: Any) -> bool:
    return not isinstance(value, str | bool | tuple)
