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
"""The place of the hidden state among the inputs of an LSTM."""

_WHOLE = 4
"""Bytes of a whole number."""


def scratch(file: TfliteFile, subgraph: int, operator: OperatorTable) -> tuple[int, ...]:
    """The bytes of each request of an operator, in order."""
    rule = REQUESTS.get(file.builtin_name(operator))
    if rule is None or not operator.inputs or not operator.outputs:
        return ()
    tensors = file.model.subgraphs[subgraph].tensors
    inputs = tuple(tensors[index].shape if index >= 0 else () for index in operator.inputs)
    outputs = tuple(tensors[index].shape for index in operator.outputs)
    type_ = TYPES[tensors[operator.outputs[0]].type].name
    return tuple(size for size in rule(type_, inputs, outputs) if size)


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


def _reduction(type_: str, inputs: Shapes, outputs: Shapes) -> tuple[int, ...]:
    """A place in the input and the axes, as whole numbers."""
    axes = prod(inputs[1]) if len(inputs) > 1 else 0
    return (len(inputs[0]) * _WHOLE, axes * _WHOLE)


def _sum(type_: str, inputs: Shapes, outputs: Shapes) -> tuple[int, ...]:
    """Of integers, also the sum of each output."""
    places = _reduction(type_, inputs, outputs)
    return places if type_ == "FLOAT32" else (*places, prod(outputs[0]) * _WHOLE)


def _mirror_pad(type_: str, inputs: Shapes, outputs: Shapes) -> tuple[int, ...]:
    """The distances between neighbours along each axis, of the output and of the input."""
    return (len(inputs[0]) * _WHOLE,) * 2


def _sum_of_many(type_: str, inputs: Shapes, outputs: Shapes) -> tuple[int, ...]:
    """A pointer to each input, of 64 bits."""
    return (len(inputs) * 8,)


REQUESTS: Mapping[str, Rule] = {
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
    "SVDF": _svdf,
    "TRANSPOSE_CONV": _transposed_conv,
    "MEAN": _sum,
    "SUM": _sum,
    "REDUCE_MAX": _reduction,
    "REDUCE_MIN": _reduction,
    "MIRROR_PAD": _mirror_pad,
    "ADD_N": _sum_of_many,
}
"""The rules by operator; the others request nothing."""
