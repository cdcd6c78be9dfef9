"""What one forward pass called: plain data, which needs no framework to be read.

Shapes are those of the framework, the batch of one included.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from costcalc.importers.model import Shape

LINEAR_ROLES = ("weight", "bias")
NORM, OTHER = "norm", "other"

EVENTS: Mapping[str, str] = {
    "weight": "weights",
    "bias": "biases",
    NORM: "norm_params",
    OTHER: "other_params",
}
"""The event that counts the learned numbers of each role."""


class Region(NamedTuple):
    """Where a parameter, or a view of one, lies in the parameter's memory."""

    parameter: str
    offset: int
    shape: Shape
    strides: Shape


class TensorValue(NamedTuple):
    """A tensor as it was between two operations: writing into it makes another value."""

    shape: Shape
    source: str = "call"
    """``call``, ``input``, ``parameter``, ``buffer``, or ``made`` of nothing that was seen."""
    name: str = ""
    """Of a parameter or a buffer, the parts joined by '/'."""
    region: Region | None = None
    """Where it lies, if in a parameter."""


class ValueRef(NamedTuple):
    """A value among the arguments of a call."""

    value: int


class RecordedCall(NamedTuple):
    """One call of a function, a method or an operator."""

    function: str
    """Its name without the underscores of in-place and reflected forms."""
    how: str | None
    """None where a module of the framework does it, else ``function`` or ``operator``."""
    path: str
    """The module around it, the parts joined by '/'; empty for the network itself."""
    arguments: tuple[Any, ...]
    """Numbers, words, sequences of them and of :class:`ValueRef`."""
    keywords: Mapping[str, Any]
    outputs: tuple[int, ...]
    """Indexes of the values that it gives, of all that its results hold."""

    def inside(self, word: str) -> str:
        """The name of something in the module around the call."""
        return f"{self.path}/{word}" if self.path else word


class ModuleParameter(NamedTuple):
    """Learned numbers that a module registers."""

    name: str
    """Its path, the parts joined by '/'."""
    shape: Shape
    role: str
    """``weight`` or ``bias`` of a convolution or a linear layer, ``norm`` or ``other``."""


class Trace(NamedTuple):
    """One forward pass of a module."""

    values: tuple[TensorValue, ...]
    calls: tuple[RecordedCall, ...]
    outputs: tuple[int, ...]
    """The values that the network gives."""
    parameters: tuple[ModuleParameter, ...]
    """Every one that the module registers, tied ones once."""
    classes: Mapping[str, str]
    """The class of the module at each path."""
