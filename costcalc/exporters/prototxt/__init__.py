"""Writes a network for Caffe, as the text of a NetParameter.

The fields are those of ``src/caffe/proto/caffe.proto`` in BVLC's Caffe
(https://github.com/BVLC/caffe).
"""

from __future__ import annotations

from costcalc.exporters.layers import for_each_layer, refuse_borrowing, row_of
from costcalc.exporters.prototxt.kinds import KINDS, MISSING
from costcalc.exporters.prototxt.writer import LayerWriter, NetBuilder, shape_field
from costcalc.formats.prototxt import Field, lines
from costcalc.graph.layer import LayerGraph

__all__ = ["KINDS", "MISSING", "write"]


def write(graph: LayerGraph) -> str:
    """The network's text, for one image.

    Raises:
        SpecError: Caffe cannot express some layers; all of them are named.
    """
    builder = NetBuilder(graph)

    def write_layer(index: int) -> None:
        layer = graph.layers[index]
        refuse_borrowing(layer)
        row_of(layer, KINDS, MISSING)(LayerWriter(builder, index))

    for_each_layer(graph, write_layer, "Caffe")
    builder.close(graph.outputs)
    source = (
        Field("name", builder.input),
        Field("type", "Input"),
        Field("top", builder.input),
        Field("input_param", (shape_field(graph.input),)),
    )
    fields = (Field("name", graph.name), Field("layer", source), *builder.written)
    return "\n".join((*lines(fields), ""))
