"""Names of layers: the paths around a layer, and unique new names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def paths(name: str) -> Iterator[str]:
    """The paths around a name, outermost first.

    >>> list(paths("features/3/conv"))
    ['features', 'features/3']
    """
    end = name.find("/")
    while end >= 0:
        yield name[:end]
        end = name.find("/", end + 1)


class FreeNames:
    """Hands out unique names: a name that is taken gets a number.

    >>> names = FreeNames(["conv"])
    >>> names.free("conv"), names.free("conv"), names.free("fc")
    ('conv_2', 'conv_3', 'fc')
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._numbers = dict.fromkeys(taken, 1)
        """The last number used with each name."""

    def __contains__(self, name: str) -> bool:
        return name in self._numbers

    def free(self, wanted: str) -> str:
        """The wanted name, with the next free number if it is taken."""
        name = wanted
        while name in self._numbers:
            self._numbers[wanted] += 1
            name = f"{wanted}_{self._numbers[wanted]}"
        self._numbers[name] = 1
        return name
