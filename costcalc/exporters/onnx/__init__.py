"""Writes a network as an ONNX model: one node for each layer, or several if ONNX needs them."""

from __future__ import annotations

from collections.abc import Iterator

from costcalc.advice import option
from costcalc.errors import Mark, refuse
from costcalc.exporters.layers import for_each_layer, refuse_borrowing, row_of
from costcalc.exporters.onnx.kinds import KINDS, MISSING
from costcalc.exporters.onnx.writer import LearnedTensor, ModelBuilder, NodeWriter, batched
from costcalc.exporters.weights import random_data
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
from costcalc.graph.layer import NETWORK_INPUT, LayerGraph

__all__ = ["KINDS", "MISSING", "write"]

IR_VERSIONS = {21: 10, 23: 11}
"""The version of the format that came with each operator set."""

MAX_BYTES = 2**31 - 1
"""The most bytes of a message that every reader accepts."""


def write(graph: LayerGraph, weights: str = "none", seed: int = 0) -> Iterator[bytes]:
    """The bytes of the model; its weights are random, or inputs of the graph.

    Raises:
        SpecError: ONNX cannot express some layers, or the file would be too large.
    """
    builder = ModelBuilder(graph)

    def write_layer(index: int) -> None:
        layer = graph.layers[index]
        refuse_borrowing(layer)
        row_of(layer, KINDS, MISSING)(NodeWriter(builder, index))

    for_each_layer(graph, write_layer, "ONNX")
    message = MODEL.encoded(_model(graph, builder, None if weights == "none" else seed))
    if message.size > MAX_BYTES:
        refuse(
            Mark(graph.file),
            f"an ONNX file holds at most {MAX_BYTES:,} bytes, its weights included",
            found=f"{message.size:,} bytes",
            hint=option("weights", "none"),
        )
    return message.chunks()


def _model(graph: LayerGraph, builder: ModelBuilder, seed: int | None) -> ModelProto:
    """The model; without a seed, the learnable tensors are inputs."""
    input = _value(builder.input, batched(graph.input))
    outputs = set(graph.outputs)
    learned = list(builder.learned.values())
    others = tuple(_value(name, shape) for name, shape in builder.others)
    given = {tensor.name for tensor in learned} | {value.name for value in others}
    computed = [
        (index, _value(layer.name, batched(layer.output)))
        for index, layer in enumerate(graph.layers)
        if layer.name not in given
    ] or [(NETWORK_INPUT, input)]
    if seed is None:
        initializers: tuple[TensorProto, ...] = ()
        weight_inputs = tuple(_value(tensor.name, tensor.shape) for tensor in learned)
    else:
        initializers = tuple(_filled(tensor, seed, index) for index, tensor in enumerate(learned))
        weight_inputs = ()
    return ModelProto(
        ir_version=IR_VERSIONS[builder.opset],
        producer=PRODUCER,
        graph=GraphProto(
            graph.name,
            nodes=tuple(builder.nodes),
            initializers=initializers,
            inputs=(input, *others, *weight_inputs),
            outputs=tuple(value for index, value in computed if index in outputs),
            values=tuple(value for index, value in computed if index not in outputs),
        ),
        opsets=(OperatorSet(version=builder.opset),),
        metadata=(_weights_after(1 + len(others)),) if seed is None else (),
    )


def _weights_after(inputs: int) -> tuple[str, str]:
    """The metadata: all inputs of the model behind the network's are weights."""
    key, value = WEIGHTS_ARE_INPUTS
    return key, value if inputs == 1 else f"{value} {inputs}"


def _value(name: str, shape: tuple[int, ...]) -> ValueInfoProto:
    return ValueInfoProto(name, TensorType(DataType.FLOAT, shape))


def _filled(learned: LearnedTensor, seed: int, index: int) -> TensorProto:
    """A learnable tensor, filled with random numbers."""
    data = random_data(learned.shape, learned.spread, seed, index)
    return TensorProto(learned.name, learned.shape, DataType.FLOAT, data)
