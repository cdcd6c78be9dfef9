"""What the numbers of a class are: literals, parameters, or computed from parameters.

A number that stands at one place in every instance of a class is a vector, one
element an instance.  What is said of it holds for every instance there is: it is
found by comparing vectors, never by reading the spec's arithmetic.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from costcalc.exporters.torch.names import free, variable
from costcalc.exporters.torch.steps import Shared


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = _Absent()
"""The element of a vector where an instance lacks the step."""

Vector = tuple[Any, ...]

_FACTORS = range(2, 17)
"""What a multiple or a share of a parameter may be."""

_SIZES = ("kernel_size", "kernel", "k")
"""Sizes of kernels: every call gives them, and nothing hangs on them."""

_WINDOWS = ("kernel_size", "stride", "dilation", "output_padding")
"""Arguments that are what they are."""

_USUAL = {"stride": 1, "padding": 0, "groups": 1, "dilation": 1}
"""Parameters whose default is the same everywhere."""

_SMALL = 11
"""The largest number that a parameter has by default; widths are given by every call."""


class Literal(NamedTuple):
    """A value that all instances have."""

    value: Any


class Computed(NamedTuple):
    """A parameter, or arithmetic with parameters."""

    text: str
    is_arithmetic: bool = False


Said = Literal | Computed


class Parameter(NamedTuple):
    """A parameter of a class's constructor, and its value in each instance."""

    name: str
    values: Vector
    default: Any = ABSENT


class Scheme:
    """Says vectors in parameters, of which it adds those that it needs.

    ``facts`` are numbers that each instance is known by: what may become a
    parameter, in the order of preference.
    """

    def __init__(self, facts: Sequence[Mapping[str, int]]) -> None:
        self.count = len(facts)
        names = [name for name in facts[0] if all(name in each for each in facts)]
        self.facts: dict[str, Vector] = {}
        for name in names:
            vector = tuple(each[name] for each in facts)
            if len(set(vector)) > 1 and vector not in self.facts.values():
                self.facts[free(variable(name, "n"), self.facts)] = vector
        self.chosen: dict[str, Vector] = {}
        self.arithmetic: dict[str, Vector] = {}
        """What was computed from parameters, by its text."""

    def say(self, vector: Vector, hint: str, role: str = "") -> Said:
        """What a vector is; a new parameter of that name where it is nothing known."""
        found = self.known(vector, role)
        if found is not None:
            return found
        return self.add(vector, hint)

    def add(self, vector: Vector, hint: str) -> Computed:
        """A new parameter."""
        name = free(variable(hint, "n"), {*self.facts, *self.chosen})
        self.chosen[name] = vector
        return Computed(name)

    def known(self, vector: Vector, role: str = "") -> Said | None:
        """What a vector is without a new parameter; None where that cannot be said.

        Its role is the name of the argument that it is: a stride is computed from nothing,
        a padding from the size of a kernel alone, and nothing else from that.
        """
        present = [value for value in vector if value is not ABSENT]
        first = present[0]
        if all(_same(value, first) for value in present) and not isinstance(first, Shared):
            return Literal(first)
        for name, known in self._all():
            if _fits(vector, known):
                return self._named(name)
        if role in _WINDOWS or not all(type(value) is int for value in present):
            return None
        if role == "padding":
            return self._half(vector)
        for text, known in self.arithmetic.items():
            if _fits(vector, known):
                return Computed(text, True)
        return self._multiple(vector) or self._product(vector)

    def _half(self, vector: Vector) -> Computed | None:
        for name, known in self._numbers():
            if name in _SIZES and _fits(vector, tuple(value // 2 for value in known)):
                self._named(name)
                return Computed(f"{name} // 2")
        return None

    def condition(self, holds: tuple[bool, ...]) -> str | None:
        """Says which instances have a step, in what is known of them."""
        return self._comparison(holds) or self._junction(holds)

    def flag(self, holds: tuple[bool, ...], hint: str) -> str:
        """Says which instances have a step by a parameter of its own."""
        found = self.say(holds, hint)
        if not isinstance(found, Computed):
            raise AssertionError("a step that every instance has needs no condition")
        return found.text

    def parameters(self) -> list[Parameter]:
        """The parameters in order, those with a default last."""
        order = [*self.facts, *self.chosen]
        found = [
            Parameter(name, self.chosen[name], _default(name, self.chosen[name]))
            for name in sorted(self.chosen, key=order.index)
        ]
        return sorted(found, key=lambda each: each.default is not ABSENT)

    def _all(self) -> Iterable[tuple[str, Vector]]:
        yield from self.chosen.items()
        for name, vector in self.facts.items():
            if name not in self.chosen:
                yield name, vector

    def _named(self, name: str) -> Computed:
        self.chosen.setdefault(name, self.facts.get(name, ()))
        return Computed(name)

    def _numbers(self) -> list[tuple[str, Vector]]:
        return [
            (name, known)
            for name, known in self._all()
            if all(type(value) is int for value in known)
        ]

    def _multiple(self, vector: Vector) -> Computed | None:
        for name, known in self._numbers():
            for factor in _FACTORS if name not in _SIZES else ():
                multiple = tuple(factor * value for value in known)
                if _fits(vector, multiple):
                    return self._computed(f"{factor} * {name}", multiple, name)
                share = tuple(value // factor for value in known)
                if _fits(vector, share):
                    return self._computed(f"{name} // {factor}", share, name)
        return None

    def _product(self, vector: Vector) -> Computed | None:
        numbers = [each for each in self._numbers() if each[0] not in _SIZES]
        for index, (name, known) in enumerate(numbers):
            for other, others in numbers[index + 1 :]:
                both = tuple(a * b for a, b in zip(known, others, strict=True))
                if _fits(vector, both):
                    return self._computed(f"{other} * {name}", both, name, other)
        return None

    def _computed(self, text: str, vector: Vector, *names: str) -> Computed:
        for name in names:
            self._named(name)
        self.arithmetic[text] = vector
        return Computed(text, True)

    def _comparisons(self) -> Iterable[tuple[tuple[str, ...], str, tuple[bool, ...]]]:
        """Comparisons that may be made: the names in them, their text, where they hold."""
        numbers = self._numbers()
        for name, known in self._all():
            if all(type(value) is bool for value in known):
                yield (name,), name, known
                yield (name,), f"not {name}", tuple(not each for each in known)
        for name, known in numbers:
            values = sorted({*known})
            if name in _SIZES:
                continue
            if 0 in values or (values[-1] <= _SMALL and len(values) <= 4):
                for value in values[: None if values[-1] <= _SMALL else 1]:
                    same = tuple(each == value for each in known)
                    yield (name,), f"{name} == {value}", same
                    yield (name,), f"{name} != {value}", tuple(not each for each in same)
        for index, (name, known) in enumerate(numbers):
            for other, others in numbers[index + 1 :]:
                same = tuple(a == b for a, b in zip(known, others, strict=True))
                if any(same) and min(*known, *others) > 1:
                    yield (name, other), f"{name} == {other}", same
                    yield (name, other), f"{name} != {other}", tuple(not each for each in same)

    def _comparison(self, holds: tuple[bool, ...]) -> str | None:
        for names, text, where in self._comparisons():
            if where == holds:
                for name in names:
                    self._named(name)
                return text
        return None

    def _junction(self, holds: tuple[bool, ...]) -> str | None:
        found = list(self._comparisons())
        for index, (names, text, where) in enumerate(found):
            for others, other, there in found[index + 1 :]:
                pairs = list(zip(where, there, strict=True))
                for word, joined in (("and", all), ("or", any)):
                    if tuple(joined(pair) for pair in pairs) == holds:
                        for name in (*names, *others):
                            self._named(name)
                        return f"{text} {word} {other}"
        return None


def _same(a: Any, b: Any) -> bool:
    return type(a) is type(b) and bool(a == b)


def _fits(vector: Vector, known: Vector) -> bool:
    return all(
        value is ABSENT or _same(value, other) for value, other in zip(vector, known, strict=True)
    )


def _default(name: str, vector: Vector) -> Any:
    """What most instances have, where that is small; nothing where some lack it."""
    if ABSENT in vector:
        return None
    if name in _USUAL and _USUAL[name] in vector:
        return _USUAL[name]
    if name in _SIZES or any(isinstance(value, Shared) for value in vector):
        return ABSENT
    (value, times), *_ = Counter(vector).most_common(1)
    is_small = not isinstance(value, int) or value <= _SMALL
    return value if 2 * times > len(vector) and is_small else ABSENT
