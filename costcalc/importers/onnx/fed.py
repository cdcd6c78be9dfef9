"""Models without numbers: their weights are inputs, to be fed when they run."""

from __future__ import annotations

from costcalc.errors import Mark, Problem, SpecError
from costcalc.formats.onnx_schema import (
    WEIGHTS_ARE_INPUTS,
    DataType,
    GraphProto,
    ModelProto,
    TensorProto,
    ValueInfoProto,
)


def with_weights(model: ModelProto, graph: GraphProto, file: str) -> GraphProto:
    """The model's graph; where weights are inputs, as if they were stored.

    Raises:
        SpecError: a weight leaves sides open.
    """
    if WEIGHTS_ARE_INPUTS not in model.metadata or not graph.inputs:
        return graph
    first, *others = graph.inputs
    weights = (_stored(value, file) for value in others)
    return graph._replace(inputs=(first,), initializers=(*graph.initializers, *weights))


def _stored(value: ValueInfoProto, file: str) -> TensorProto:
    stated = value.dims or ("",)
    dims = tuple(dim for dim in stated if isinstance(dim, int))
    if len(dims) < len(stated):
        problem = Problem(Mark(file), f"weight '{value.name}' leaves sides open", "a number each")
        raise SpecError([problem])
    return TensorProto(value.name, dims, DataType.FLOAT, location=1)
