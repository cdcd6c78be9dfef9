"""What a format has no words for: all such layers are named at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from costcalc.errors import Refusal, SpecError
from costcalc.graph.layer import Layer, LayerGraph

T = TypeVar("T")


class UnsayableError(Refusal):
    """A layer that a format cannot say; the caller knows which one."""


def refuse_borrowing(layer: Layer) -> None:
    """A file holds every tensor by its name, and a layer that borrows knows no name.

    Raises:
        UnsayableError: the layer uses params of another.
    """
    if layer.borrows:
        raise UnsayableError("it uses params of another layer, and nobody says of which")


def each_layer(graph: LayerGraph, write: Callable[[int], T], format_: str) -> list[T]:
    """What ``write`` makes of every layer, given its index.

    Raises:
        SpecError: it cannot say some of them.
    """
    written, problems = [], []
    for index, layer in enumerate(graph.layers):
        try:
            written.append(write(index))
        except UnsayableError as error:
            subject = f"layer '{layer.name}' cannot be written for {format_}"
            problems.append(error.problem(layer.mark, subject))
    if problems:
        raise SpecError(problems)
    return written
