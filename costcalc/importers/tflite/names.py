"""Names of layers, after the tensors that they compute.

Converters name a tensor after the operations that became one operator, joined by ';':
``net/conv/Relu;net/conv/BiasAdd;net/conv/Conv2D1``.  The layer is ``conv``: the module of
the last one, without the module around all.  Costcalc's own files name the layers themselves.
"""

from __future__ import annotations

import re

from costcalc.formats.tflite_schema import PRODUCER
from costcalc.importers.tflite.file import TfliteFile

_INVALID = re.compile(r"[^\w.\-]+")

_OPERATIONS = re.compile(
    r"(Add(V2)?|AvgPool|BiasAdd|Concat(V2)?|Conv2D|DepthwiseConv2dNative|Div|ExpandDims"
    r"|FusedBatchNorm(V\d)?|Identity|MatMul|Max|MaxPool|Mean|Mul|Pad|ReadVariableOp|RealDiv"
    r"|Relu6?|Reshape|Sigmoid|Softmax|Squeeze|Sub|Sum|Tanh|Transpose|resource)(_?\d+)?"
)
"""The names of operations at the end of a name, with a number that tells them apart."""

_METHODS = re.compile(r"(add|concat|conv2d_transpose|depthwise|mul|separable_conv2d|sub)(_?\d+)?")
"""The names of operations that may as well be those of modules: at most one ends a name."""

_OUTPUTS = re.compile(r"(Identity(_\d+)?|(Stateful)?PartitionedCall(_\d+)?:\d+)")
"""The names that converters give outputs, whatever computes them."""


class LayerNames:
    """Names for the layers of a file, and for its tensors after the layers."""

    def __init__(self, file: TfliteFile) -> None:
        self._file = file
        self._is_own = file.model.description == PRODUCER
        computed = {
            _module(file.tensor((place[0], operator.outputs[0])).name)
            for place, operator in file.operators()
            if operator.outputs
        }
        first = {path.partition("/")[0] for path in computed if path}
        self._around = f"{first.pop()}/" if len(first) == 1 and len(computed) > 1 else ""
        self._given: dict[tuple[int, int], str] = {}
        """The names of operators that have become layers."""
        self._sources = {
            (place[0], tensor): (place, number)
            for place, operator in file.operators()
            for number, tensor in enumerate(operator.outputs, 1)
        }
        """The operator that computes each tensor, and which of its outputs it is."""

    def layer(self, place: tuple[int, int], kind: str) -> str:
        """The name wanted for an operator's layer; that of its kind if its tensor has none."""
        operator = self._file.model.subgraphs[place[0]].operators[place[1]]
        if not operator.outputs:
            return kind
        return self._named((place[0], operator.outputs[0])) or kind

    def give(self, place: tuple[int, int], name: str) -> None:
        """Note the name that an operator's layer was given."""
        self._given[place] = name

    def operator(self, place: tuple[int, int]) -> str:
        """The name of an operator: that of its layer, of its output or its own."""
        if place in self._given:
            return self._given[place]
        operator = self._file.model.subgraphs[place[0]].operators[place[1]]
        return self.layer(place, self._file.operator_name(operator).lower())

    def tensor(self, place: tuple[int, int]) -> str:
        """The name of a tensor: that of the operator that computes it, or its own."""
        if place not in self._sources:
            return self._named(place) or f"tensor {place[1]}"
        source, number = self._sources[place]
        name = self.operator(source)
        return name if number == 1 else f"{name}/{number}"

    def is_part(self, place: tuple[int, int], part: str) -> bool:
        """Whether a tensor of costcalc's own files is that part of a layer."""
        return self._is_own and self._file.tensor(place).name.endswith(f".{part}")

    def _named(self, place: tuple[int, int]) -> str:
        """The path in a tensor's name; empty if there is none."""
        name = self._file.tensor(place).name
        return _path(name) if self._is_own else _module(name).removeprefix(self._around)


def _module(name: str) -> str:
    """The module of the last operation in a name."""
    last = name.rpartition(";")[2]
    if _OUTPUTS.fullmatch(last):
        return ""
    parts = _path(last).split("/")
    while len(parts) > 1 and _OPERATIONS.fullmatch(parts[-1]):
        parts.pop()
    if len(parts) > 1 and _METHODS.fullmatch(parts[-1]):
        parts.pop()
    return "/".join(parts)


def _path(name: str) -> str:
    """A path without the characters that names of layers cannot have."""
    parts = (_INVALID.sub("_", part) for part in name.split("/"))
    return "/".join(part for part in parts if part)
