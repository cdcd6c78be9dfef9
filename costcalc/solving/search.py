"""The search for the largest value of a parameter within budgets: which values are counted.

A parameter that changes only sizes is cheap to try at many values at once, so the first few
thousand are counted, as in a sweep.  One that changes the layers themselves, such as a number of
repeats, means a new network for each value, so only the first few are counted.  If costs rise over
all of these, doubling and bisection find larger values, on the assumption that costs keep rising
between those that were counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

from costcalc.errors import SpecError
from costcalc.formulas import algebra
from costcalc.grid.axes import Axis
from costcalc.grid.evaluate import Grid
from costcalc.metrics import COUNTED, METRICS, Accounting, cost_of
from costcalc.spec.document import Document

SAMPLE = 32
"""How many values are always counted."""

MIN_VALUES = 2**12
"""How many values are counted if they can be counted together."""

MAX_VALUES = 2**16
"""The most values counted together if costs do not rise throughout."""

MAX_SEPARATE = 2**8
"""The most values counted one by one if costs do not rise throughout."""

_NEAR = 32
"""How many values, downwards from one, are tried for one at which the network exists."""

_NEAR_SEPARATE = 2
"""The same if values are counted one by one."""

Watch = Callable[[int], None]
"""Called with the number of values counted so far."""


class Budgets(NamedTuple):
    """The most that may be spent."""

    limits: Mapping[str, int | Fraction]
    """The limit of each cost that has one, by metric."""

    def __getattr__(self, name: str) -> int | Fraction | None:
        """The limit of a cost by its name; None for none."""
        if name in METRICS:
            return self.limits.get(name)
        raise AttributeError(name)


class Candidate(tuple[Any, ...]):
    """A value and the network's costs at it: ``(value, params, mult_adds, ...)``.

    Attributes:
        value: the value.
        costs: by metric; each is an attribute, too: ``candidate.params``.
    """

    value: Any
    costs: Mapping[str, Any]

    def __new__(cls, value: Any, costs: Mapping[str, Any]) -> Candidate:
        """The tuple of the value and the costs."""
        candidate = super().__new__(cls, (value, *costs.values()))
        candidate.value, candidate.costs = value, costs
        return candidate

    def __getattr__(self, name: str) -> Any:
        """A cost by its name."""
        return cost_of(self.costs, name)

    def __repr__(self) -> str:
        costs = ", ".join(f"{name}={cost!r}" for name, cost in self.costs.items())
        return f"Candidate(value={self.value!r}, {costs})"


class Steps(NamedTuple):
    """Values at equal distances: ``first``, ``first + step``, and so on."""

    first: int | Fraction
    step: int | Fraction
    length: int

    def at(self, index: int) -> Any:
        """The value at an index."""
        return algebra.whole(self.first + index * self.step)


class Search:
    """Counts the values of a parameter, and looks for the largest within the budgets.

    Attributes:
        value: the value at an index.
        counted: the counted values by index; None at those without a network.
        refusal: why the first value without a network has none.
        is_assumed: whether costs are assumed to rise between the values that were counted.
    """

    def __init__(
        self,
        document: Document,
        accounting: Accounting,
        settings: Mapping[str, Any],
        name: str,
        value: Callable[[int], Any],
        length: int,
        budgets: Budgets,
        watch: Watch | None = None,
    ) -> None:
        """Counts nothing yet; the values at indexes from 0 to ``length`` - 1 ascend."""
        self.counted: dict[int, Candidate | None] = {}
        self.refusal: SpecError | None = None
        self.is_assumed = False
        self._document = document
        self._accounting = accounting
        self._settings = settings
        self._name = name
        self.value = value
        self._last = length - 1
        self._metrics = tuple(dict.fromkeys((*COUNTED, *budgets.limits)))
        self._is_planned = "peak_bytes" in budgets.limits and accounting.has_addresses
        self._limits = {
            cost: limit if METRICS[cost].is_timed else algebra.floor(limit)
            for cost, limit in budgets.limits.items()
        }
        self._watch = watch

    @property
    def existing(self) -> list[Candidate]:
        """The values with a network, in ascending order."""
        ordered = (self.counted[index] for index in sorted(self.counted))
        return [candidate for candidate in ordered if candidate is not None]

    def fits(self, candidate: Candidate) -> bool:
        """Whether a value is within the budgets."""
        return all(candidate.costs[cost] <= limit for cost, limit in self._limits.items())

    @property
    def constant(self) -> list[str]:
        """The costs with a budget that are the same at all of several values."""
        existing = self.existing
        return [
            cost
            for cost in self._limits
            if len(existing) > 1 and len({candidate.costs[cost] for candidate in existing}) == 1
        ]

    @property
    def is_rising(self) -> bool:
        """Whether no cost with a budget falls between the values that were counted."""
        return all(
            low.costs[cost] <= high.costs[cost]
            for low, high in pairwise(self.existing)
            for cost in self._limits
        )

    def count_all(self) -> None:
        """Counts every value.

        Raises:
            SpecError: the parameter cannot take one of them.
        """
        self._count(range(self._last + 1))

    def run(self) -> None:
        """Counts values until no larger one is likely to fit.

        Raises:
            SpecError: a setting is wrong.
        """
        half = SAMPLE // 2
        self._count(range(half))
        evaluations = self._count(range(half, SAMPLE))
        is_separate = evaluations > half // 2
        if not is_separate:
            self._count(range(SAMPLE, MIN_VALUES))
        most = MAX_SEPARATE if is_separate else MIN_VALUES if self._is_planned else MAX_VALUES
        while not self._is_done():
            if self.is_rising:
                self._bisect(is_separate)
                return
            if len(self.counted) >= most:
                return
            self._count(range(4 * len(self.counted)))

    def _is_done(self) -> bool:
        """Whether larger values are unlikely to fit: twice the best was counted, or all."""
        existing = self.existing
        if self._last in self.counted or len(self.constant) == len(self._limits):
            return True
        fitting = [candidate for candidate in existing if self.fits(candidate)]
        if not fitting:
            return bool(existing)
        return bool(2 * fitting[-1].value <= self.value(max(self.counted)))

    def _bisect(self, is_separate: bool) -> None:
        """Doubles until the budgets are exceeded, then narrows down where they are reached."""
        existing = [index for index, candidate in self.counted.items() if candidate is not None]
        low = max(existing or self.counted)
        if self._is_over(self.counted[low]):
            return
        self.is_assumed = True
        known = min(self.counted)
        while True:
            expected = self._expected(known, low)
            tried = min(max(2 * low + 1, min(expected + 1, 4 * low)), self._last)
            high, candidate = self._near(tried, is_separate)
            if self._is_over(candidate):
                break
            known, low = low, tried
            if low == self._last:
                return
        turn, is_over = 0, True
        while high - low > 1:
            beside = high - 1 if is_over else low + 1
            guesses = self._expected(low, high), beside, (low + high) // 2
            tried = min(max(guesses[turn % 3], low + 1), high - 1)
            found, candidate = self._near(tried, is_separate)
            is_over = self._is_over(candidate)
            low, high = (low, found) if is_over else (tried, high)
            turn += 1
        if not is_separate:
            half = MIN_VALUES // 8
            self._count(range(max(0, low - half), high + half))

    def _near(self, index: int, is_separate: bool) -> tuple[int, Candidate | None]:
        """The nearest value at or below an index that has a network.

        If none has, the lowest that was tried, and None.
        """
        most = _NEAR_SEPARATE if is_separate else _NEAR
        tried = range(index, max(-1, index - most), -1)
        if not is_separate:
            self._count(tried)
        for lower in tried:
            self._count((lower,))
            candidate = self.counted[lower]
            if candidate is not None:
                return lower, candidate
        return tried[-1], None

    def _is_over(self, candidate: Candidate | None) -> bool:
        """Whether a value is too large: for the budgets, or for the network."""
        return bool(self.existing) if candidate is None else not self.fits(candidate)

    def _expected(self, low: int, high: int) -> int:
        """The last index within the budgets if costs rise linearly through two counted values.

        Half-way between the two if their costs do not rise.
        """
        first, last = self.counted[low], self.counted[high]
        ends: list[int] = []
        if first is None or last is None:
            return (low + high) // 2
        for cost, limit in self._limits.items():
            spent, more = first.costs[cost], last.costs[cost] - first.costs[cost]
            if more > 0:
                ends.append(low + (limit - spent) * (high - low) // more)
        return min(ends, default=(low + high) // 2)

    def _count(self, indexes: Iterable[int]) -> int:
        """Counts the values that are new; returns how often the network was unfolded."""
        new = sorted(
            index for index in indexes if index <= self._last and index not in self.counted
        )
        if not new:
            return 0
        axis = Axis(self._name, tuple(map(self.value, new)))
        evaluations, done = 0, len(self.counted)
        grid = Grid(self._document, self._accounting, self._settings, (axis,), self._metrics)
        for chunk in grid.chunks():
            columns = {cost: array.tolist() for cost, array in chunk.costs.items()}
            for row, exists in enumerate(chunk.is_valid.tolist()):
                index = new[chunk.start + row]
                value = axis.values[chunk.start + row]
                costs = {cost: column[row] for cost, column in columns.items()}
                self.counted[index] = Candidate(value, costs) if exists else None
            if chunk.refusals and self.refusal is None:
                self.refusal = chunk.refusals[0].error
            evaluations += chunk.evaluations
            if self._watch is not None:
                self._watch(done + chunk.start + len(chunk.is_valid))
        return evaluations
