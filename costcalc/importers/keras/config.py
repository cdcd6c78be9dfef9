"""A layer's config, with a checked reader for each type of value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from costcalc.errors import Refusal, did_you_mean
from costcalc.spec import limits

_SHOWN = 60
"""The most characters of a value to show in a message."""


class Config:
    """The settings of a layer.

    Every reader raises :class:`Refusal` if the value is not of its type.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def raw(self, name: str) -> Any:
        """The value unchecked; None if it is absent."""
        return self.values.get(name)

    def whole(self, name: str, default: int | None = None, lowest: int = 1) -> int:
        """A whole number from ``lowest`` up."""
        value = self.values.get(name, default)
        return whole(value, f"'{name}'", lowest)

    def flag(self, name: str, default: bool) -> bool:
        """A boolean."""
        value = self.values.get(name, default)
        if not isinstance(value, bool):
            raise Refusal(f"'{name}' is not valid", "true or false", shown(value))
        return value

    def word(self, name: str, default: str, choices: Sequence[str]) -> str:
        """One of ``choices``."""
        value = self.values.get(name, default)
        if value not in choices:
            expected = "one of " + ", ".join(choices)
            hint = did_you_mean(value, choices) if isinstance(value, str) else ""
            raise Refusal(f"'{name}' is not valid", expected, shown(value), hint)
        return str(value)

    def number(self, name: str, default: float | None = None) -> float | None:
        """A number or None."""
        value = self.values.get(name, default)
        if value is None or is_number(value):
            number: float | None = value
            return number
        raise Refusal(f"'{name}' is not valid", "a number", shown(value))

    def per_axis(
        self, name: str, rank: int, default: int | None = None, lowest: int = 1
    ) -> tuple[int, ...]:
        """A whole number for each of ``rank`` axes; one number stands for all."""
        value = self.values.get(name, default)
        sizes = value if isinstance(value, list) else [value] * rank
        if len(sizes) != rank:
            raise Refusal(f"'{name}' is not valid", f"one number, or {rank}", shown(value))
        return tuple(whole(side, f"'{name}'", lowest) for side in sizes)

    def wholes(self, name: str, default: Sequence[int], lowest: int) -> tuple[int, ...]:
        """A list of whole numbers, or a single one."""
        return wholes(self.values.get(name, default), f"'{name}'", lowest)

    def pairs(self, name: str, rank: int) -> tuple[tuple[int, int], ...]:
        """The padding before and after each of ``rank`` axes; a bare pair if there is one axis."""
        value = self.values.get(name)
        sizes = value if isinstance(value, list) else [value] * rank
        if rank == 1 and len(sizes) == 2:
            sizes = [sizes]
        if len(sizes) != rank:
            raise Refusal(f"'{name}' is not valid", f"a pair for each of {rank} axes", shown(value))
        pairs = []
        for side in sizes:
            before, after = side if isinstance(side, list) and len(side) == 2 else (side, side)
            pairs.append((whole(before, f"'{name}'", 0), whole(after, f"'{name}'", 0)))
        return tuple(pairs)


def wholes(
    value: Any, name: str, lowest: int, *, least: int = 0, most: int = limits.AXES
) -> tuple[int, ...]:
    """A list of ``least`` to ``most`` whole numbers, or a single one.

    Raises:
        Refusal: one is not a whole number, or there are too few or too many.
    """
    sizes = value if isinstance(value, list | tuple) else (value,)
    if len(sizes) > most:
        raise Refusal(f"{name} has too many axes", f"at most {most}", f"{len(sizes)}")
    if len(sizes) < least:
        raise Refusal(f"{name} has too few axes", f"at least {least}", f"{len(sizes)}")
    return tuple(whole(side, name, lowest) for side in sizes)


def whole(value: Any, name: str, lowest: int) -> int:
    """A whole number from ``lowest`` up.

    Raises:
        Refusal: the value is not one.
    """
    if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= limits.SIZE:
        return value
    expected = f"a whole number from {lowest} to {limits.SIZE:,}"
    raise Refusal(f"{name} is not valid", expected, shown(value))


def is_number(value: Any) -> bool:
    """Whether a value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def shown(value: Any) -> str:
    """A value of the file, shortened for a message."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list) and len(value) > limits.AXES:
        return f"a list of {len(value):,}"
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} ..."
