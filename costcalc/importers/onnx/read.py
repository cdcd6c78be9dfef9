"""The way of an ONNX file on one screen: bytes, messages, operations, shapes, layers.

bytes --wire--> messages --inline--> operations --walk--> shapes --lowering--> layers
"""

from __future__ import annotations

import os

from costcalc.errors import Mark, Problem, Problems, SpecError, refuse
from costcalc.formats import onnx_schema as schema
from costcalc.formats.mapped import mapped
from costcalc.formats.protobuf import WireReader
from costcalc.importers.model import Model, Request
from costcalc.importers.onnx.context import OnnxBuilder, OnnxGraph
from costcalc.importers.onnx.fed import with_weights
from costcalc.importers.onnx.inference import ShapeInference
from costcalc.importers.onnx.inline import Inliner, Inside
from costcalc.importers.onnx.inputs import Inputs, sized
from costcalc.importers.onnx.matching import matched
from costcalc.importers.onnx.names import Names, OwnNames
from costcalc.importers.onnx.operators import PATTERNS, TABLE
from costcalc.importers.onnx.order import ordered
from costcalc.importers.onnx.tensors import OnnxNode
from costcalc.spec import limits


def read(network: str, request: Request) -> Model:
    """The model of an ONNX file, at the sizes that are asked for.

    Weights are not read, and files that hold them apart are not opened.

    Raises:
        SpecError: the file is damaged, its graph is wrong, or costcalc does not
            know some of its operators.
    """
    with mapped(network) as data:
        return _read(WireReader(data, network, "ONNX model"), request)


def _read(wire: WireReader, request: Request) -> Model:
    model = schema.model(wire)
    graph = with_weights(model, _graph(model, wire.file), wire.file)
    stored = {tensor.name for tensor in graph.initializers}
    values = [value for value in graph.inputs if value.name not in stored]
    if not values:
        raise SpecError([Problem(Mark(wire.file), "the graph has no inputs", "a network")])
    inputs = sized(values, request, wire.file)
    walk = _walk(wire, model, graph, inputs)
    for each in walk.refused(request.allow_unknown):
        walk.problems.note(each)
    walk.problems.raise_any()
    outputs = [value.name for value in graph.outputs]
    problems = Problems()
    live = _live(walk, outputs, problems, wire.file)
    problems.raise_any()
    operations = matched(live, walk.tensors, outputs)
    named = OwnNames if model.producer == schema.PRODUCER else Names
    names = named(operations, {name for name, each in walk.tensors.items() if each.is_static})
    return _lowered(wire, walk, inputs, operations, outputs, names)


def _graph(model: schema.ModelProto, file: str) -> schema.GraphProto:
    """The model's graph.

    Raises:
        SpecError: it has none, or one that costcalc does not read.
    """
    graph = model.graph
    if graph is None or not graph.outputs:
        what = "is no ONNX model" if graph is None else "has a graph without outputs"
        raise SpecError([Problem(Mark(file), what, "a model with a graph of nodes")])
    if graph.sparse:
        raise SpecError([Problem(Mark(file), "holds sparse tensors", "dense ones")])
    if model.producer != schema.PRODUCER:
        return graph
    # A gate's decision is no output of the network, but its layers count: no node is dropped.
    read = {name for node in graph.nodes for name in node.inputs}
    unread = tuple(value for value in graph.values if value.name not in read)
    return graph._replace(outputs=(*graph.outputs, *unread))


def _walk(
    wire: WireReader, model: schema.ModelProto, graph: schema.GraphProto, inputs: Inputs
) -> ShapeInference:
    """What is known of every tensor that the outputs depend on.

    Raises:
        SpecError: the graph hangs together in no way.
    """
    inliner = Inliner(wire, model)
    operations = list(inliner.operations(graph.nodes))
    stated = {}
    if not inputs.are_other:
        said = (*graph.values, *graph.outputs)
        stated = {value.name: value.dims for value in said if value.dims is not None}
    walk = ShapeInference(wire, inliner, TABLE, inputs.images, stated)
    walk.store(graph.initializers)
    walk.problems.raise_any()
    walk.tensors.update(inputs.tensors)
    problems = Problems()
    reads = {each.outputs: _reads(each, walk) for each in operations}
    wanted = [value.name for value in graph.outputs]
    chosen = ordered(operations, reads, walk.tensors, wanted, problems, wire.file)
    problems.raise_any()
    walk.run(chosen)
    return walk


def _reads(operation: OnnxNode, walk: ShapeInference, depth: int = 0) -> list[str]:
    """The tensors that an operation depends on, those of graphs inside it included.

    Raises:
        SpecError: graphs stand inside one another too deeply.
    """
    found = list(operation.inputs)
    for value in operation.attributes.values():
        if not isinstance(value, Inside) or operation.operator != "If":
            continue
        if depth == limits.NESTING:
            mark, problem = Mark(walk.wire.file), f"stands in more than {depth} graphs"
            raise SpecError([Problem(mark, f"{operation.origin}: {problem}")])
        _, inner = walk.inliner.inside(value, operation.name)
        own = {name for each in inner for name in each.outputs}
        for each in inner:
            found += [name for name in _reads(each, walk, depth + 1) if name not in own]
    return found


def _live(
    walk: ShapeInference, outputs: list[str], problems: Problems, file: str
) -> list[OnnxNode]:
    """The operations that are left once what is known beforehand is no operation any more."""
    reads = {}
    for each in walk.operations:
        is_known = all(walk.is_known(name) for name in each.outputs if name)
        reads[each.outputs] = () if is_known else each.inputs
    return ordered(walk.operations, reads, _beforehand(walk), outputs, problems, file)


def _beforehand(walk: ShapeInference) -> set[str]:
    """Tensors that no operation needs to give."""
    given = {name for each in walk.operations for name in each.outputs}
    return {*walk.tensors} - given


def _lowered(
    wire: WireReader,
    walk: ShapeInference,
    inputs: Inputs,
    operations: list[OnnxNode],
    outputs: list[str],
    names: Names,
) -> Model:
    """The layers of the operations that are left.

    Raises:
        SpecError: some become no layers.
    """
    graph = OnnxGraph(
        wire.file,
        operations,
        outputs,
        walk.tensors,
        walk.stored,
        walk.constants,
        inputs.images,
    )
    first, *others = inputs.tensors
    builder = OnnxBuilder(graph, first, {**TABLE, **PATTERNS}, names)
    builder.run(others)
    builder.problems.raise_any()
    if not any(node.inputs for node in builder.nodes):
        refuse(Mark(wire.file), "no output depends on the network's input")
    name = os.path.basename(wire.file).removesuffix(".onnx")
    return builder.model(name, wire.file, inputs.parameters)
