"""Names of layers: the paths that lead to one, and names that nothing else has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def paths(name: str) -> Iterator[str]:
    """The paths that lead to a name, the outer ones first.

    >>> list(paths("features/3/conv"))
    ['features', 'features/3']
    """
    end = name.find("/")
    while end >= 0:
        yield name[:end]
        end = name.find("/", end + 1)


class FreeNames:
    """Gives each name once: a name that is taken already gets a number.

    >>> names = FreeNames(["conv"])
    >>> names.free("conv"), names.free("conv"), names.free("fc")
    ('conv_2', 'conv_3', 'fc')
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._numbers = dict.fromkeys(taken, 1)
        """The last number that each name was given with."""

    def __contains__(self, name: str) -> bool:
        return name in self._numbers

    def free(self, wanted: str) -> str:
        """The wanted name, or the wanted name with the next number that is free."""
        name = wanted
        while name in self._numbers:
            self._numbers[wanted] += 1
            name = f"{wanted}_{self._numbers[wanted]}"
        self._numbers[name] = 1
        return name
