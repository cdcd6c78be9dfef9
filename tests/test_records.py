"""The quick named tuples behave like those of ``typing``."""

from __future__ import annotations

import pickle
import typing
from typing import Any

from costcalc import records


class Quick(records.NamedTuple):
    """A size."""

    name: str
    value: int = 3
    notes: tuple[str, ...] = ()

    @property
    def double(self) -> int:
        """Twice the value."""
        return 2 * self.value


class Slow(typing.NamedTuple):
    """A size."""

    name: str
    value: int = 3
    notes: tuple[str, ...] = ()

    @property
    def double(self) -> int:
        """Twice the value."""
        return 2 * self.value


def test_fields_defaults_and_methods() -> None:
    quick, slow = Quick("a", value=4), Slow("a", value=4)
    assert tuple(quick) == tuple(slow) and quick.double == slow.double == 8
    assert Quick._fields == Slow._fields
    assert Quick._field_defaults == Slow._field_defaults
    assert list(Quick.__annotations__) == list(Slow.__annotations__)
    assert repr(quick).removeprefix("Quick") == repr(slow).removeprefix("Slow")
    assert quick._replace(value=5).value == 5


def test_the_class_has_its_name() -> None:
    made: Any = Quick
    assert made.__doc__ == "A size."
    assert (made.__module__, made.__qualname__) == (__name__, "Quick")
    assert isinstance(Quick("a"), tuple)
    assert pickle.loads(pickle.dumps(Quick("a"))) == Quick("a")
