"""Matrix products, of activations with learnable matrices or with each other."""

from __future__ import annotations

from typing import Any

from costcalc.exporters.layers import UnwritableLayer
from costcalc.exporters.onnx.writer import NodeWriter, OperatorStep, batched
from costcalc.exporters.weights import BIAS, Spread, weight
from costcalc.formats.onnx_schema import DataType
from costcalc.formulas.algebra import product
from costcalc.formulas.recurrent import LSTM_MATRICES
from costcalc.graph.layer import Layer
from costcalc.kinds.base import axis_of, elements

_EMBEDDING = Spread(0.0, 1.0)


def fc(writer: NodeWriter) -> None:
    """Gemm over the flattened input, or MatMul along an axis."""
    if writer.operation.per_position and len(writer.shape) > 1:
        _per_position(writer)
        return
    inputs, outputs = elements(writer.input_shape), writer.operation.out
    matrix = _matrix(writer, (outputs, inputs), weight(inputs))
    writer.last("Gemm", _flat(writer), matrix, *writer.bias(), transB=1)


def embedding(writer: NodeWriter) -> None:
    """Gather of rows."""
    operation = writer.operation
    table = _matrix(writer, (operation.rows, operation.out), _EMBEDDING)
    writer.last("Gather", table, writer.before("Cast", *writer.inputs, to=DataType.INT64))


def attention(writer: NodeWriter) -> None:
    """Attention, which came with opset 23; all axes before the last two are merged as heads.

    Raises:
        UnwritableLayer: queries, keys and values would repeat heads along several axes.
    """
    writer.builder.opset = 23
    shapes = writer.layer.input_shapes
    if len(writer.shape) == 3:
        writer.last("Attention", *writer.inputs)
        return
    if len({shape[:-2] for shape in shapes}) > 1:
        raise UnwritableLayer("ONNX's Attention can repeat heads along one axis only")
    heads = [
        writer.before("Reshape", name, writer.integers(1, product(shape[:-2]), *shape[-2:]))
        for name, shape in zip(writer.inputs, shapes, strict=True)
    ]
    attended = writer.main("Attention", *heads)
    writer.after("Reshape", attended, writer.integers(*batched(writer.shape)))


def lstm(writer: NodeWriter) -> None:
    """LSTM over a sequence of one step.

    Raises:
        UnwritableLayer: it has one bias vector; ONNX has two or none.
    """
    hidden, vectors = writer.operation.hidden, writer.operation.bias_vectors
    inputs, rows = elements(writer.input_shape), LSTM_MATRICES * hidden
    if vectors not in (0, 2):
        raise UnwritableLayer(
            f"ONNX's LSTM has two bias vectors or none, not {vectors}", "bias_vectors: 2"
        )
    matrices = (
        writer.learned("weight_ih", (1, rows, inputs), weight(inputs)),
        writer.learned("weight_hh", (1, rows, hidden), weight(hidden)),
    )
    bias = (writer.learned("bias", (1, 2 * rows), BIAS),) if vectors else ()
    step = writer.before("Unsqueeze", _flat(writer), writer.integers(0))
    states = writer.main("LSTM", step, *matrices, *bias, hidden_size=hidden)
    writer.after("Squeeze", states, writer.integers(0, 1))


def _per_position(writer: NodeWriter) -> None:
    axis = axis_of(writer.operation.axis, writer.shape)
    channels = writer.input_shape[axis]
    matrix = _matrix(writer, (channels, writer.operation.out), weight(channels))
    bias = (OperatorStep("Add", writer.bias()),) if writer.operation.bias else ()
    writer.trailing((axis,), OperatorStep("MatMul", (matrix,)), *bias)


def _matrix(writer: NodeWriter, shape: tuple[int, int], spread: Spread) -> str:
    """The layer's matrix, transposed if the layer whose matrix it shares holds it so."""
    matrix = writer.learned("weight", shape, spread)
    owner = writer.owner
    if _has_outputs_first(owner) == _has_outputs_first(writer.layer):
        return matrix
    return writer.before("Transpose", matrix, perm=(1, 0))


def _has_outputs_first(layer: Layer) -> bool:
    """Whether its matrix has a row for each output: Gemm's and an embedding's have."""
    operation: Any = layer.operation
    return layer.kind.name == "embedding" or not (operation.per_position and len(layer.output) > 1)


def _flat(writer: NodeWriter) -> str:
    """The input as a vector."""
    if len(writer.input_shape) == 1:
        return writer.inputs[0]
    return writer.before("Flatten", *writer.inputs)
