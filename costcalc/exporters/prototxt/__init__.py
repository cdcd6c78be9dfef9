"""A network as Caffe reads it: the text of a NetParameter.

The fields are those of ``src/caffe/proto/caffe.proto`` of BVLC's Caffe
(https://github.com/BVLC/caffe).
"""

from __future__ import annotations

from costcalc.exporters.prototxt.kinds import KINDS
from costcalc.exporters.prototxt.site import Builder, Site
from costcalc.exporters.unsayable import UnsayableError, each_layer, refuse_borrowing
from costcalc.formats.prototxt import Field, lines
from costcalc.graph.layer import LayerGraph

_LSTM = "Caffe's LSTM reads sequences, with one bias vector, and no single step"


def text(graph: LayerGraph) -> str:
    """The network's text, for one image.

    Raises:
        SpecError: Caffe has no words for some layers; all of them are named.
    """
    builder = Builder(graph)

    def write(index: int) -> None:
        layer = graph.layers[index]
        kind = layer.kind.name
        refuse_borrowing(layer)
        if kind not in KINDS:
            raise UnsayableError(f"Caffe has no '{kind}'" if kind != "lstm" else _LSTM)
        KINDS[kind](Site(builder, index))

    each_layer(graph, write, "Caffe")
    shape = Field("shape", tuple(Field("dim", side) for side in (1, *graph.input)))
    source = (
        Field("name", builder.input),
        Field("type", "Input"),
        Field("top", builder.input),
        Field("input_param", (shape,)),
    )
    fields = (Field("name", graph.name), Field("layer", source), *builder.written)
    return "\n".join((*lines(fields), ""))
