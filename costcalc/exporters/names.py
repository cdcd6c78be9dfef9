"""Names that nothing else has."""

from __future__ import annotations

from collections.abc import Iterable


class Names:
    """Names that are given away, each once."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def free(self, name: str) -> str:
        """The name, with a number where it is taken.

        >>> names = Names(["conv"])
        >>> names.free("conv"), names.free("conv"), names.free("fc")
        ('conv_2', 'conv_3', 'fc')
        """
        free, number = name, 1
        while free in self._taken:
            number += 1
            free = f"{name}_{number}"
        self._taken.add(free)
        return free
