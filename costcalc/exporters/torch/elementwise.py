"""Elementwise layers and reductions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from costcalc.exporters.layers import UnwritableLayer
from costcalc.exporters.torch.modules import Argument, ForwardLine, ForwardLines, called
from costcalc.graph.layer import Layer
from costcalc.kinds.base import axes_of

Row = Callable[[Layer], ForwardLines]


def module(constructor: str, *arguments: Argument) -> Row:
    """A module whose arguments depend only on the kind."""
    return lambda layer: (called(constructor, *arguments),)


def expression(text: str) -> Row:
    """An expression in which ``{0}`` is the input."""
    return lambda layer: (ForwardLine(text),)


def operator(sign: str) -> Row:
    """An operator between all inputs."""
    return lambda layer: (
        ForwardLine(f" {sign} ".join(f"{{{index}}}" for index in range(len(layer.inputs)))),
    )


def pairwise(function: str) -> Row:
    """A function of two arguments, folded over all inputs."""

    def row(layer: Layer) -> ForwardLines:
        text = "{0}"
        for index in range(1, len(layer.inputs)):
            text = f"{function}({text}, {{{index}}})"
        return (ForwardLine(text),)

    return row


def reduction(method: str, more: str = "", takes_several: bool = True, cast: str = "") -> Row:
    """A method over some axes, such as ``x.mean((2, 3))``."""

    def row(layer: Layer) -> ForwardLines:
        operation: Any = layer.operation
        shape = layer.input_shapes[0]
        dims = tuple(axis + 1 for axis in axes_of(operation.axes, shape))
        if not dims:
            raise UnwritableLayer("it reduces over no axis")
        keep = ", keepdim=True" if operation.keep else ""
        if len(dims) == 1 or takes_several:
            along = dims[0] if len(dims) == 1 else dims
            return (ForwardLine(f"{{0}}.{method}({along}{more}{keep}){cast}"),)
        last = tuple(range(-len(dims), 0))
        kept = "".join(f".unsqueeze({axis})" for axis in dims) if operation.keep else ""
        as_one = f"movedim({dims}, {last}).flatten({last[0]})"
        return (ForwardLine(f"{{0}}.{as_one}.{method}(-1{more}){kept}{cast}"),)

    return row
