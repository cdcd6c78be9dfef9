"""Layers without inputs."""

from __future__ import annotations

from costcalc.exporters.onnx.writer import LearnedTensor, NodeWriter, batched
from costcalc.exporters.weights import OTHER, SCALE


def learned(writer: NodeWriter) -> None:
    """A learnable tensor named after the layer.

    If the layer shares another's tensor, it is an Identity of that.  If nothing reads the
    layer, it is an Identity of its own tensor: the node keeps it among the outputs, as
    readers of the file may drop a tensor that no node reads.
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


def input_(writer: NodeWriter) -> None:
    """No node: an input of the graph, named after the layer."""
    writer.builder.others.append((writer.layer.name, batched(writer.shape)))


def constant(writer: NodeWriter) -> None:
    """ConstantOfShape: zeros, as the graph does not keep the numbers."""
    writer.last("ConstantOfShape", writer.integers(*batched(writer.shape)))
