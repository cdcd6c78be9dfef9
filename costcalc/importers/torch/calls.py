"""The record of one forward pass, as plain data: reading it needs no PyTorch.

Shapes are PyTorch's, with a batch of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from costcalc.graph.in_training import InTraining
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
    """``call``, ``input``, ``parameter``, ``buffer``, ``stored`` (in compiled code), ``returned``
    by other code that was given values, or ``made`` if its origin is unknown."""
    name: str = ""
    """The path of a tensor that a module holds, joined by '/'."""
    region: Region | None = None
    """Its place in a parameter's memory, if it is a view of one."""
    is_complex: bool = False
    dtype: str = ""
    """What the numbers of an input are: ``float32``."""


class ValueRef(NamedTuple):
    """A reference to a value in the arguments of a call."""

    value: int


class RecordedCall(NamedTuple):
    """A call of a function, a method or an operator."""

    function: str
    """Its name without the underscores of in-place and reflected forms; that of an operator of
    the dispatcher begins with its namespace, ``aten::add``."""
    functional: str | None
    """None if a module of PyTorch calls it, otherwise ``function`` or ``operator``."""
    path: str
    """The path of the calling module, joined by '/'; empty for the network itself."""
    arguments: tuple[Any, ...]
    """Numbers, strings, :class:`ValueRef`, and sequences of these."""
    keywords: Mapping[str, Any]
    outputs: tuple[int, ...]
    """The indexes of its output values."""
    inside: tuple[RecordedCall, ...] = ()
    """The operators that ran inside it, as PyTorch's dispatcher saw them."""
    results: tuple[int | None, ...] = ()
    """The value inside with the elements of each output; None if no operator gave it."""

    @property
    def is_operator(self) -> bool:
        """Whether the dispatcher saw it: ``aten::convolution``, ``mylib::fused``."""
        return "::" in self.function

    @property
    def own_path(self) -> str:
        """The path of what it does: ``trunk/softmax`` for ``aten::_softmax`` in ``trunk``."""
        return self.path_of(self.function.rpartition("::")[2].strip("_"))

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

    def as_weight(self) -> ModuleParameter:
        """The parameter of a module that says nothing of it, if it is used as a weight."""
        return self if self.role in LINEAR_ROLES else self._replace(role="weight")


class Asked(NamedTuple):
    """A call that asks for the values of a tensor, not only for its shape."""

    function: str
    path: str
    """The path of the calling module."""
    values: tuple[int, ...]


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
    choices: Mapping[str, tuple[int, int]] = {}
    """By the path of a router: how many it chooses for each row, and of how many."""
    bounds: tuple[str, ...] = ()
    """The paths of modules in which all boxes pass a threshold, so that counts are bounds."""
    has_sparse: bool = False
    """Whether some tensors are sparse, which are recorded as full ones."""
    asked: tuple[Asked, ...] = ()
    """What asks for values, in a run with data."""
    left: tuple[Asked, ...] = ()
    """What hands values to other code, where nothing is recorded, and which may give some back."""
    data: str = ""
    """Whose values they are: ``the module's own weights and random inputs``."""
    in_training: InTraining = MappingProxyType({})
    """What no call states of training."""
