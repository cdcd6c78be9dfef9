"""Layers that read nothing."""

from __future__ import annotations

from costcalc.exporters.onnx.weights import OTHER, SCALE
from costcalc.exporters.onnx.writer import LearnedTensor, NodeWriter, batched


def learned(writer: NodeWriter) -> None:
    """A learned tensor of the layer's name, or the Identity of the one that it shares."""
    spread = SCALE if writer.operation.of == "norm" else OTHER
    if writer.layer.shares is None:
        tensor = LearnedTensor(writer.layer.name, batched(writer.shape), spread)
        writer.builder.learned[writer.layer.name, ""] = tensor
    else:
        writer.last("Identity", writer.builder.layers[writer.layer.shares].name)


def constant(writer: NodeWriter) -> None:
    """ConstantOfShape: zeros, as the graph does not keep the numbers."""
    writer.last("ConstantOfShape", writer.integers(*batched(writer.shape)))
