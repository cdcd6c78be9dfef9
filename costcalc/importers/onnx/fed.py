"""Models without numbers: their weights are inputs, to be fed when they run."""

from __future__ import annotations

from costcalc.errors import Mark, Problem, SpecError
from costcalc.importers.onnx.numbers import FLOAT
from costcalc.importers.onnx.schema import WEIGHTS_ARE_INPUTS, Graph, Model, Tensor, Value


def with_weights(model: Model, graph: Graph, file: str) -> Graph:
    """The model's graph; where weights are inputs, as if they were stored.

    Raises:
        SpecError: a weight leaves sides open.
    """
    if WEIGHTS_ARE_INPUTS not in model.metadata or not graph.inputs:
        return graph
    first, *others = graph.inputs
    weights = (_stored(value, file) for value in others)
    return graph._replace(inputs=(first,), initializers=(*graph.initializers, *weights))


def _stored(value: Value, file: str) -> Tensor:
    stated = value.dims or ("",)
    dims = tuple(dim for dim in stated if isinstance(dim, int))
    if len(dims) < len(stated):
        problem = Problem(Mark(file), f"weight '{value.name}' leaves sides open", "a number each")
        raise SpecError([problem])
    return Tensor(value.name, dims, FLOAT, (), (), (), (), (), location=1)
