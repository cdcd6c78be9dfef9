"""Writes a network as a ``.tflite`` file, in floats or in bytes: an operator for each line."""

from __future__ import annotations

from collections.abc import Iterator

from costcalc.advice import option
from costcalc.errors import Mark, refuse
from costcalc.exporters.layers import for_each_layer, refuse_borrowing, row_of
from costcalc.exporters.tflite.folding import OPTIONS, Folded, folded
from costcalc.exporters.tflite.kinds import KINDS, MISSING
from costcalc.exporters.tflite.writer import FileBuilder, LayerWriter
from costcalc.formats.flatbuffers import FILE_BYTES, file_chunks
from costcalc.formats.tflite_schema import IDENTIFIER, MODEL
from costcalc.graph.layer import LayerGraph

__all__ = ["KINDS", "MISSING", "write"]


def write(
    graph: LayerGraph, weights: str = "zeros", seed: int = 0, dtype: str = "float32"
) -> Iterator[bytes]:
    """The bytes of the file; its weights are zeros, or random.

    Raises:
        SpecError: TFLite cannot express some layers, or the file would be too large.
    """
    builder = FileBuilder(graph, dtype, None if weights == "zeros" else seed)
    parts = folded(graph)
    followers = {
        follower: index
        for index, part in parts.items()
        for follower in part
        if follower is not None
    }

    def write_layer(index: int) -> None:
        layer = graph.layers[index]
        # What reads a layer that cannot be written is still looked at.
        builder.computed[index] = builder.input
        refuse_borrowing(layer)
        if index in followers:
            builder.computed[index] = builder.computed[followers[index]]
            return
        part = parts.get(index, Folded())
        fused = {}
        if part.activation is not None:
            fused["activation"] = OPTIONS[graph.layers[part.activation].kind.name]
        writer = LayerWriter(builder, index, has_norm=part.norm is not None)
        row_of(layer, KINDS, MISSING)(writer, fused)

    for_each_layer(graph, write_layer, "TFLite")
    stored = sum(buffer.bytes for buffer in builder.buffers)
    if stored > FILE_BYTES:
        refuse(
            Mark(graph.file),
            f"a .tflite file holds at most {FILE_BYTES:,} bytes, its weights included",
            found=f"{stored:,} bytes of weights",
            hint="" if builder.is_whole else option("dtype", "int8"),
        )
    return file_chunks(MODEL, builder.table(), IDENTIFIER)
