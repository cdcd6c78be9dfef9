"""The record of one forward pass, as plain data: reading it needs no PyTorch.

Shapes are PyTorch's, with a batch of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from costcalc.graph.remarks import Remarks
from costcalc.importers.model import Shape

LINEAR_ROLES = ("weight", "bias")
NORM, OTHER = "norm", "other"

EVENTS: Mapping[str, str] = {
    "weight": "weights",
    "bias": "biases",
    NORM: "norm_params",
    OTHER: "other_params",
}
"""The event that counts the parameters of each role."""


class Region(NamedTuple):
    """The memory of a parameter, or of a view of one."""

    parameter: str
    offset: int
    shape: Shape
    strides: Shape


class TensorValue(NamedTuple):
    """A tensor between two operations; writing into a tensor creates a new value."""

    shape: Shape
    source: str = "call"
    """``call``, ``input``, ``parameter``, ``buffer``, or ``made`` if its origin is unknown."""
    name: str = ""
    """The path of a parameter or buffer, joined by '/'."""
    region: Region | None = None
    """Its place in a parameter's memory, if it is a view of one."""


class ValueRef(NamedTuple):
    """A reference to a value in the arguments of a call."""

    value: int


class RecordedCall(NamedTuple):
    """A call of a function, a method or an operator."""

    function: str
    """Its name without the underscores of in-place and reflected forms."""
    functional: str | None
    """None if a module of PyTorch calls it, otherwise ``function`` or ``operator``."""
    path: str
    """The path of the calling module, joined by '/'; empty for the network itself."""
    arguments: tuple[Any, ...]
    """Numbers, strings, :class:`ValueRef`, and sequences of these."""
    keywords: Mapping[str, Any]
    outputs: tuple[int, ...]
    """The indexes of its output values."""

    def path_of(self, name: str) -> str:
        """The path of something in the calling module."""
        return f"{self.path}/{name}" if self.path else name


class ModuleParameter(NamedTuple):
    """A registered parameter of a module."""

    name: str
    """Its path, joined by '/'."""
    shape: Shape
    role: str
    """``weight`` or ``bias`` of a convolution or a linear layer, ``norm`` or ``other``."""


class Trace(NamedTuple):
    """One forward pass of a module."""

    values: tuple[TensorValue, ...]
    calls: tuple[RecordedCall, ...]
    outputs: tuple[int, ...]
    """The outputs of the network."""
    parameters: tuple[ModuleParameter, ...]
    """All registered parameters; tied ones appear once."""
    classes: Mapping[str, str]
    """The class of the module at each path."""
    remarks: Remarks = MappingProxyType({})
    """What no call states of training."""
