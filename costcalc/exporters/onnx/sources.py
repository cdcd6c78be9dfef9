"""Layers that read nothing."""

from __future__ import annotations

from costcalc.exporters.onnx.weights import OTHER, SCALE
from costcalc.exporters.onnx.writer import LearnedTensor, NodeWriter, batched


def learned(writer: NodeWriter) -> None:
    """A learned tensor of the layer's name.

    It is the Identity of another where it shares that one's, or where nothing reads
    it: a node gives an output, and what no node reads a reader of the file may drop.
    """
    layer, builder = writer.layer, writer.builder
    spread = SCALE if writer.operation.of == "norm" else OTHER
    if layer.shares is not None:
        writer.last("Identity", builder.layers[layer.shares].name)
    elif builder.readers[writer.index]:
        tensor = LearnedTensor(layer.name, batched(writer.shape), spread)
        builder.learned[layer.name, ""] = tensor
    else:
        writer.last("Identity", writer.learned("tensor", batched(writer.shape), spread))


def constant(writer: NodeWriter) -> None:
    """ConstantOfShape: zeros, as the graph does not keep the numbers."""
    writer.last("ConstantOfShape", writer.integers(*batched(writer.shape)))
