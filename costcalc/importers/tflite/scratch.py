"""The scratch memory that tflite-micro's reference kernels request, operator by operator.

Measured with the runtime itself, tensors of known sizes in, bytes of its arena out;
``tests/frameworks/test_tflite_runtime.py`` measures it again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

from costcalc.formats.tflite_schema import TYPES, OperatorTable
from costcalc.importers.tflite.file import TfliteFile

Shapes = tuple[tuple[int, ...], ...]
"""The shapes of an operator's inputs; () for one that is left out."""

Rule = Callable[[str, Shapes, Shapes], tuple[int, ...]]
"""The bytes of each request, given the input's type and the shapes of inputs and outputs."""

_LSTM_STATE = 18


def scratch(file: TfliteFile, subgraph: int, operator: OperatorTable) -> tuple[int, ...]:
    """The bytes of each request of an operator, in order."""
    rule = REQUESTS.get(file.operator_name(operator))
    if rule is None or file.is_custom(operator) or not operator.inputs or not operator.outputs:
        return ()
    tensors = file.model.subgraphs[subgraph].tensors
    inputs = tuple(tensors[index].shape if index >= 0 else () for index in operator.inputs)
    outputs = tuple(tensors[index].shape for index in operator.outputs)
    type_ = TYPES[tensors[operator.outputs[0]].type].name
    return rule(type_, inputs, outputs)


def _lstm(type_: str, inputs: Shapes, outputs: Shapes) -> tuple[int, ...]:
    """A gate's output each, of (batch, cells)."""
    if len(inputs) <= _LSTM_STATE:
        return ()
    width = 4 if type_ == "FLOAT32" else 2
    return (prod(inputs[_LSTM_STATE]) * width,) * 4


def _svdf(type_: str, inputs: Shapes, outputs: Shapes) -> tuple[int, ...]:
    """The features of (batch, filters), and with integers the sums of (batch, units)."""
    if len(inputs) < 2 or not inputs[0] or not inputs[1]:
        return ()
    features = inputs[0][0] * inputs[1][0] * 4
    return (features,) if type_ == "FLOAT32" else (features, prod(outputs[0]) * 4)


def _transposed_conv(type_: str, inputs: Shapes, outputs: Shapes) -> tuple[int, ...]:
    """Sums of each output."""
    width = {"INT16": 8, "INT8": 4}.get(type_, 0)
    return (prod(outputs[0]) * width,)


REQUESTS: Mapping[str, Rule] = {
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
    "SVDF": _svdf,
    "TRANSPOSE_CONV": _transposed_conv,
}
"""The rules by operator; the others request nothing."""
