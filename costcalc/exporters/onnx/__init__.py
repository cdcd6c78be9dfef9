"""A network as an ONNX model: a node for every layer, or a few where ONNX has no single one."""

from __future__ import annotations

from collections.abc import Iterator

from costcalc.errors import Mark, Problem, SpecError
from costcalc.exporters.onnx.kinds import KINDS
from costcalc.exporters.onnx.model import Model, Tensor, encoded
from costcalc.exporters.onnx.site import Builder, Site, batched
from costcalc.exporters.onnx.weights import data
from costcalc.exporters.onnx.wire import Stream
from costcalc.exporters.unsayable import each_layer, refuse_borrowing
from costcalc.graph.layer import LayerGraph
from costcalc.importers.onnx.schema import WEIGHTS_ARE_INPUTS

IR_VERSIONS = {21: 10, 23: 11}
"""The version of the format that came with each version of the operators."""

LARGEST = 2**31 - 1
"""Bytes of a message that every reader takes."""


def text(graph: LayerGraph, weights: str = "none", seed: int = 0) -> Iterator[bytes]:
    """The model's bytes; its weights are random numbers, or inputs to be fed.

    Raises:
        SpecError: ONNX cannot say some layers, or the weights are too many for a file.
    """
    builder = Builder(graph)

    def write(index: int) -> None:
        site = Site(builder, index)
        refuse_borrowing(site.layer)
        KINDS[site.layer.kind.name](site)

    each_layer(graph, write, "ONNX")
    message = encoded(_model(graph, builder, None if weights == "none" else seed))
    if message.size > LARGEST:
        raise SpecError(
            [
                Problem(
                    Mark(graph.file),
                    f"an ONNX file holds at most {LARGEST:,} bytes, its weights included",
                    found=f"{message.size:,} bytes",
                    hint="--weights none",
                )
            ]
        )
    return message.chunks()


def _model(graph: LayerGraph, builder: Builder, seed: int | None) -> Model:
    """The model; without a seed, every learned tensor is an input."""
    read = {source for layer in graph.layers for source in layer.inputs}
    tensors = [Tensor(layer.name, batched(layer.output)) for layer in graph.layers]
    learned = list(builder.learned.values())
    given = {tensor.name for tensor, _ in learned}
    computed = [(index, tensor) for index, tensor in enumerate(tensors) if tensor.name not in given]
    fed: tuple[Tensor, ...] = ()
    filled: tuple[tuple[Tensor, Stream], ...] = ()
    if seed is None:
        fed = tuple(tensor for tensor, _ in learned)
    else:
        filled = tuple(
            (tensor, data(tensor.shape, spread, seed, index))
            for index, (tensor, spread) in enumerate(learned)
        )
    return Model(
        name=graph.name,
        opset=builder.opset,
        ir_version=IR_VERSIONS[builder.opset],
        inputs=(Tensor(builder.input, batched(graph.input)), *fed),
        outputs=tuple(tensor for index, tensor in computed if index not in read),
        nodes=tuple(builder.nodes),
        values=tuple(tensor for index, tensor in computed if index in read),
        initializers=filled,
        metadata=(WEIGHTS_ARE_INPUTS,) if seed is None else (),
    )
