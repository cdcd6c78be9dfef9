"""Names of layers, after the tensors that they compute.

Converters name a tensor after the operations that became one operator, joined by ';':
``net/conv/Relu;net/conv/BiasAdd;net/conv/Conv2D1``.  The layer is ``conv``: the module of
the last one, without the module around all.  Costcalc's own files name the layers themselves.
"""

from __future__ import annotations

import re

from costcalc.importers.tflite.file import TfliteFile

PRODUCER = "costcalc"
"""The description of files that costcalc writes."""

_INVALID = re.compile(r"[^\w.\-]+")

_OPERATIONS = re.compile(
    r"(Add(V2)?|AvgPool|BiasAdd|Concat(V2)?|Conv2D|DepthwiseConv2dNative|Div|ExpandDims"
    r"|FusedBatchNorm(V\d)?|Identity|MatMul|Max|MaxPool|Mean|Mul|Pad|ReadVariableOp|RealDiv"
    r"|Relu6?|Reshape|Sigmoid|Softmax|Squeeze|Sub|Sum|Tanh|Transpose|add|concat|conv2d_transpose"
    r"|depthwise|mul|resource|separable_conv2d|sub)(_?\d+)?"
)
"""The names of operations at the end of a name, with a number that tells them apart."""

_OUTPUTS = re.compile(r"(Identity(_\d+)?|(Stateful)?PartitionedCall(_\d+)?:\d+)")
"""The names that converters give outputs, whatever computes them."""


class LayerNames:
    """Names for the layers of a file."""

    def __init__(self, file: TfliteFile) -> None:
        self._file = file
        self._is_own = file.model.description == PRODUCER
        computed = {
            _module(file.tensor((place[0], operator.outputs[0])).name)
            for place, operator in file.operators()
            if operator.outputs
        }
        first = {path.partition("/")[0] for path in computed if path and path != "unnamed"}
        self._around = f"{first.pop()}/" if len(first) == 1 and len(computed) > 1 else ""

    def layer(self, place: tuple[int, int], kind: str) -> str:
        """The name of an operator's layer; that of its kind if its tensor has none."""
        operator = self._file.model.subgraphs[place[0]].operators[place[1]]
        if not operator.outputs:
            return kind
        return self.tensor((place[0], operator.outputs[0]), kind)

    def tensor(self, place: tuple[int, int], kind: str = "tensor") -> str:
        """The name of a tensor as a layer's."""
        name = self._file.tensor(place).name
        if self._is_own:
            return _path(name) or kind
        return _module(name).removeprefix(self._around) or kind


def _module(name: str) -> str:
    """The module of the last operation in a name."""
    last = name.rpartition(";")[2]
    if _OUTPUTS.fullmatch(last):
        return ""
    parts = _path(last).split("/")
    while len(parts) > 1 and _OPERATIONS.fullmatch(parts[-1]):
        parts.pop()
    return "/".join(parts)


def _path(name: str) -> str:
    """A path without the characters that names of layers cannot have."""
    parts = (_INVALID.sub("_", part) for part in name.split("/"))
    return "/".join(part for part in parts if part)
