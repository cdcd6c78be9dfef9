"""The way of an ONNX file on one screen: bytes, messages, nodes, shapes, layers.

bytes --protobuf--> messages --inline--> nodes --inference--> shapes --operators--> layers
"""

from __future__ import annotations

import os

from costcalc.errors import Mark, refuse
from costcalc.formats import onnx_schema as schema
from costcalc.formats.file_bytes import map_file
from costcalc.formats.protobuf import WireReader
from costcalc.importers.model import Model, Request
from costcalc.importers.onnx.context import OnnxBuilder, OnnxGraph
from costcalc.importers.onnx.inference import ShapeInference
from costcalc.importers.onnx.inline import Inliner, Subgraph
from costcalc.importers.onnx.inputs import Inputs, sized, with_weights_stored
from costcalc.importers.onnx.matching import replace_patterns
from costcalc.importers.onnx.names import Names, OwnNames
from costcalc.importers.onnx.operators import PATTERNS, TABLE
from costcalc.importers.onnx.order import topological_order
from costcalc.importers.onnx.tensors import OnnxNode
from costcalc.spec import limits


def read(network: str, request: Request) -> Model:
    """The model of an ONNX file, at the sizes that are asked for.

    Weights are not read, and files that hold them apart are not opened.

    Raises:
        SpecError: the file is damaged, its graph is wrong, or costcalc does not
            know some of its operators.
    """
    with map_file(network) as data:
        return _model(WireReader(data, network, "ONNX model"), request)


def _model(wire: WireReader, request: Request) -> Model:
    model, mark = schema.MODEL.read(wire, 0, len(wire.data)), Mark(wire.file)
    graph = with_weights_stored(model, _graph(model, mark), wire.file)
    stored = {tensor.name for tensor in graph.initializers}
    values = [value for value in graph.inputs if value.name not in stored]
    if not values:
        refuse(mark, "the graph has no inputs", "a network")
    inputs = sized(values, request, wire.file)
    inference = _inferred(wire, model, graph, inputs)
    inference.check_unknown(request.allow_unknown)
    inference.problems.raise_any()
    outputs = [value.name for value in graph.outputs]
    nodes = replace_patterns(_live(inference, outputs, mark), inference.tensors, outputs)
    static = {name for name, known in inference.tensors.items() if known.is_static}
    names = (OwnNames if model.producer == schema.PRODUCER else Names)(nodes, static)
    found = OnnxGraph(
        wire.file,
        nodes,
        outputs,
        inference.tensors,
        inference.stored,
        inference.constants,
        inputs.images,
    )
    first, *others = inputs.tensors
    builder = OnnxBuilder(found, first, {**TABLE, **PATTERNS}, names)
    builder.run(others)
    builder.problems.raise_any()
    if not any(node.inputs for node in builder.nodes):
        refuse(mark, "no output depends on the network's input")
    name = os.path.basename(wire.file).removesuffix(".onnx")
    return builder.model(name, wire.file, inputs.parameters)


def _graph(model: schema.ModelProto, mark: Mark) -> schema.GraphProto:
    """The model's graph.

    Raises:
        SpecError: it has none, or one that costcalc does not read.
    """
    graph = model.graph
    if graph is None or not graph.outputs:
        what = "is not an ONNX model" if graph is None else "has a graph without outputs"
        refuse(mark, what, "a model with a graph of nodes")
    if graph.sparse:
        refuse(mark, "holds sparse tensors", "dense ones")
    if model.producer != schema.PRODUCER:
        return graph
    # A gate's decision is no output of the network, but its layers count: no node is dropped.
    read = {name for node in graph.nodes for name in node.inputs}
    unread = tuple(value for value in graph.values if value.name not in read)
    return graph._replace(outputs=(*graph.outputs, *unread))


def _inferred(
    wire: WireReader, model: schema.ModelProto, graph: schema.GraphProto, inputs: Inputs
) -> ShapeInference:
    """What is known of every tensor that the outputs depend on.

    Raises:
        SpecError: the nodes have no order in which each reads what is there.
    """
    inliner = Inliner(wire, model)
    nodes = list(inliner.nodes(graph.nodes))
    values = () if inputs.are_other else (*graph.values, *graph.outputs)
    stated = {value.name: value.dims for value in values if value.dims is not None}
    inference = ShapeInference(wire, inliner, TABLE, inputs.images, stated)
    inference.store(graph.initializers)
    inference.problems.raise_any()
    inference.tensors.update(inputs.tensors)
    reads = {node.outputs: _reads(node, inliner) for node in nodes}
    wanted = [value.name for value in graph.outputs]
    inference.run(topological_order(nodes, reads, inference.tensors, wanted, Mark(wire.file)))
    return inference


def _reads(node: OnnxNode, inliner: Inliner, depth: int = 0) -> list[str]:
    """The tensors that a node depends on, those of graphs inside it included.

    Raises:
        SpecError: graphs stand inside one another too deeply.
    """
    found = list(node.inputs)
    for value in node.attributes.values():
        if not isinstance(value, Subgraph) or node.operator != "If":
            continue
        if depth == limits.NESTING:
            refuse(Mark(inliner.wire.file), f"{node.origin}: stands in more than {depth} graphs")
        _, inner = inliner.inside(value, node.name)
        own = {name for each in inner for name in each.outputs}
        for each in inner:
            found += [name for name in _reads(each, inliner, depth + 1) if name not in own]
    return found


def _live(inference: ShapeInference, outputs: list[str], mark: Mark) -> list[OnnxNode]:
    """The nodes that are left once those are gone whose outputs are known beforehand."""
    reads, given = {}, set[str]()
    for node in inference.nodes:
        is_known = all(inference.is_known(name) for name in node.outputs if name)
        reads[node.outputs] = () if is_known else node.inputs
        given.update(node.outputs)
    return topological_order(inference.nodes, reads, {*inference.tensors} - given, outputs, mark)
