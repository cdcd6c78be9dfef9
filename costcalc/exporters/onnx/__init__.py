"""A network as an ONNX model: a node for every layer, or a few where ONNX has no single one."""

from __future__ import annotations

from collections.abc import Iterator

from costcalc.errors import Mark, refuse
from costcalc.exporters.layers import for_each_layer, refuse_borrowing, row_of
from costcalc.exporters.onnx.kinds import KINDS, MISSING
from costcalc.exporters.onnx.weights import data
from costcalc.exporters.onnx.writer import LearnedTensor, ModelBuilder, NodeWriter, batched
from costcalc.formats.onnx_schema import (
    MODEL,
    PRODUCER,
    WEIGHTS_ARE_INPUTS,
    DataType,
    GraphProto,
    ModelProto,
    OperatorSet,
    TensorProto,
    TensorType,
    ValueInfoProto,
)
from costcalc.graph.layer import LayerGraph

__all__ = ["KINDS", "MISSING", "write"]

IR_VERSIONS = {21: 10, 23: 11}
"""The version of the format that came with each version of the operators."""

LARGEST = 2**31 - 1
"""Bytes of a message that every reader takes."""


def write(graph: LayerGraph, weights: str = "none", seed: int = 0) -> Iterator[bytes]:
    """The model's bytes; its weights are random numbers, or inputs to be fed.

    Raises:
        SpecError: ONNX cannot express some layers, or the weights are too many for a file.
    """
    builder = ModelBuilder(graph)

    def write_layer(index: int) -> None:
        layer = graph.layers[index]
        refuse_borrowing(layer)
        row_of(layer, KINDS, MISSING)(NodeWriter(builder, index))

    for_each_layer(graph, write_layer, "ONNX")
    message = MODEL.encoded(_model(graph, builder, None if weights == "none" else seed))
    if message.size > LARGEST:
        refuse(
            Mark(graph.file),
            f"an ONNX file holds at most {LARGEST:,} bytes, its weights included",
            found=f"{message.size:,} bytes",
            hint="--weights none",
        )
    return message.chunks()


def _model(graph: LayerGraph, builder: ModelBuilder, seed: int | None) -> ModelProto:
    """The model; without a seed, every learned tensor is an input."""
    outputs = set(graph.outputs)
    learned = list(builder.learned.values())
    given = {tensor.name for tensor in learned}
    computed = [
        (index, _value(layer.name, batched(layer.output)))
        for index, layer in enumerate(graph.layers)
        if layer.name not in given
    ]
    weights = () if seed is None else (_filled(each, seed, i) for i, each in enumerate(learned))
    fed = (_value(each.name, each.shape) for each in learned) if seed is None else ()
    return ModelProto(
        ir_version=IR_VERSIONS[builder.opset],
        producer=PRODUCER,
        graph=GraphProto(
            graph.name,
            nodes=tuple(builder.nodes),
            initializers=tuple(weights),
            inputs=(_value(builder.input, batched(graph.input)), *fed),
            outputs=tuple(value for index, value in computed if index in outputs),
            values=tuple(value for index, value in computed if index not in outputs),
        ),
        opsets=(OperatorSet(version=builder.opset),),
        metadata=(WEIGHTS_ARE_INPUTS,) if seed is None else (),
    )


def _value(name: str, shape: tuple[int, ...]) -> ValueInfoProto:
    return ValueInfoProto(name, TensorType(DataType.FLOAT, shape))


def _filled(learned: LearnedTensor, seed: int, index: int) -> TensorProto:
    """A learned tensor of random numbers."""
    numbers = data(learned.shape, learned.spread, seed, index)
    return TensorProto(learned.name, learned.shape, DataType.FLOAT, numbers)
