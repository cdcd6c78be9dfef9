"""Layers that compute element by element, and reductions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from costcalc.exporters.layers import UnwritableLayer
from costcalc.exporters.torch.modules import Argument, ForwardLine, ForwardLines, built
from costcalc.graph.layer import Layer
from costcalc.kinds.base import axes_of

Row = Callable[[Layer], ForwardLines]


def module(constructor: str, *arguments: Argument) -> Row:
    """A module whose arguments the kind fixes."""
    return lambda layer: (built(constructor, *arguments),)


def expression(text: str) -> Row:
    """An expression with ``{0}`` for the input."""
    return lambda layer: (ForwardLine(text),)


def operator(sign: str) -> Row:
    """An operator between all inputs."""
    return lambda layer: (
        ForwardLine(f" {sign} ".join(f"{{{index}}}" for index in range(len(layer.inputs)))),
    )


def pairwise(function: str) -> Row:
    """A function of two, applied to all inputs in turn."""

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
        if len(dims) == 1:
            return (ForwardLine(f"{{0}}.{method}({dims[0]}{more}{keep}){cast}"),)
        if takes_several:
            return (ForwardLine(f"{{0}}.{method}({dims}{more}{keep}){cast}"),)
        last = tuple(range(-len(dims), 0))
        kept = "".join(f".unsqueeze({axis})" for axis in dims) if operation.keep else ""
        as_one = f"movedim({dims}, {last}).flatten({last[0]})"
        return (ForwardLine(f"{{0}}.{as_one}.{method}(-1{more}){kept}{cast}"),)

    return row
