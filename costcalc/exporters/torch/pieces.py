"""What a layer becomes in PyTorch: modules to build, and expressions that call them.

A layer is one piece or several, each reading the one before: a padding and the
convolution behind it.  Numbers stand apart from the code around them, so that
two layers which differ in numbers alone can share their code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

REQUIRED = object()
"""The default of an argument that has none."""


class Word(str):
    """A value that is written as it stands: the name of a class."""


class Argument(NamedTuple):
    """An argument of a constructor."""

    name: str
    value: Any
    """A number, a truth value, a word, or a tuple of them."""
    default: Any = REQUIRED
    """What it is where it is not written."""
    by_position: bool = False
    """Whether people write it without its name."""


CALLED = "{module}({0})"
"""A module that is called with what the layer reads."""


class Module(NamedTuple):
    """A module to build."""

    constructor: Word
    arguments: tuple[Argument, ...] = ()


class Piece(NamedTuple):
    """One line of ``forward``."""

    forward: str
    """Its expression: ``{0}`` is the first input, ``{inputs}`` all of them, ``{module}`` the
    module, and ``{name}`` the number of that name."""
    module: Module | None = None
    numbers: Mapping[str, Any] = {}
    suffix: str = ""
    """What is added to the layer's name where the piece is not the layer itself."""


def built(constructor: str, *arguments: Argument, suffix: str = "") -> Piece:
    """A module that is called with what the layer reads."""
    module = Module(Word(constructor), arguments)
    return Piece(CALLED, module, suffix=suffix)


def given(name: str, value: Any) -> Argument:
    """A required argument, written by position."""
    return Argument(name, value, by_position=True)


def option(name: str, value: Any, default: Any) -> Argument:
    """An argument that may be left out."""
    return Argument(name, value, default)


def per_axis(sides: tuple[Any, ...]) -> Any:
    """One number where all axes have the same."""
    return sides[0] if len(set(sides)) == 1 else sides
