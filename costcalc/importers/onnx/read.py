"""Reads an ONNX file, in the stages of :func:`read_model`.

    bytes -> messages -> nodes, functions inlined -> shapes -> patterns replaced -> layers

To follow one convolution from the bytes to its layer and its counts, read six files:

1. this one, for the stages;
2. ``formats/onnx_schema.py``: which fields of the file become its ``NodeProto``;
3. ``importers/onnx/operators/convolution.py``: the rule of ``Conv``, whose first half
   gives the shape of its output, and whose second half adds the layer;
4. ``importers/onnx/context.py``: what the rule works with, and the builder that runs it;
5. ``importers/emit.py``: whether the layer is a convolution or a depthwise one;
6. ``kinds/convolution.py``: its params and multiply-accumulates.

It passes through three more on the way, which do nothing of its own to it:
``importers/onnx/inline.py`` and ``importers/onnx/inference.py`` before its rule runs,
and ``importers/builder.py``, which stores the layer.
"""

from __future__ import annotations

import os

from costcalc.errors import Mark, Refusal, refuse
from costcalc.formats import onnx_schema as schema
from costcalc.formats.file_bytes import map_file
from costcalc.formats.protobuf import WireReader
from costcalc.graph.remarks import INFERENCE
from costcalc.importers.model import Model, Request
from costcalc.importers.onnx.context import OnnxBuilder, OnnxGraph
from costcalc.importers.onnx.inference import ShapeInference
from costcalc.importers.onnx.inline import Inliner, Subgraph
from costcalc.importers.onnx.inputs import Inputs, sized_inputs, with_weights_as_initializers
from costcalc.importers.onnx.matching import replace_patterns
from costcalc.importers.onnx.names import ModuleNames, OwnNames
from costcalc.importers.onnx.operators import PATTERNS, TABLE
from costcalc.importers.onnx.order import topological_order
from costcalc.importers.onnx.tensors import OnnxNode
from costcalc.spec import limits


def read(network: str, request: Request) -> Model:
    """Read an ONNX file, at the requested sizes.

    Weights are not read, and external files with weights are not opened.

    Raises:
        SpecError: the file is damaged, its graph is invalid, or costcalc does not
            know some of its operators.
    """
    with map_file(network) as data:
        try:
            return read_model(WireReader(data, network, "ONNX model"), request)
        except Refusal as refusal:
            refuse(*refusal.problem(Mark(network)))


def read_model(wire: WireReader, request: Request) -> Model:
    """Read a file's bytes, at the requested sizes.

    Raises:
        SpecError: as :func:`read`.
    """
    model, mark = schema.MODEL.read(wire, 0, len(wire.data)), Mark(wire.file)
    graph = with_weights_as_initializers(model, _graph(model, mark), wire.file)
    initializers = {tensor.name for tensor in graph.initializers}
    values = [value for value in graph.inputs if value.name not in initializers]
    if not values:
        refuse(mark, "the graph has no inputs", "a network")
    inputs = sized_inputs(values, request, wire.file)
    inference = _infer(wire, model, graph, inputs)
    inference.check_unknown(request.allow_unknown)
    inference.problems.raise_any()
    outputs = [value.name for value in graph.outputs]
    nodes = replace_patterns(_live_nodes(inference, outputs, mark), inference.tensors, outputs)
    static = {name for name, info in inference.tensors.items() if info.is_static}
    names = (OwnNames if model.producer == schema.PRODUCER else ModuleNames)(nodes, static)
    first, *others = inputs.tensors
    inferred = OnnxGraph(
        file=wire.file,
        nodes=nodes,
        outputs=outputs,
        tensors=inference.tensors,
        initializers=inference.initializers,
        constants=inference.constants,
        images=inputs.images,
    )
    builder = OnnxBuilder(inferred, first, {**TABLE, **PATTERNS}, names)
    builder.run(others)
    builder.problems.raise_any()
    if values[0].name not in outputs and not any(node.inputs for node in builder.nodes):
        refuse(mark, "no output depends on the network's input")
    name = os.path.basename(wire.file).removesuffix(".onnx")
    builder.remark(INFERENCE, "ONNX")
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
    # costcalc's own files keep every layer: one that nothing reads, like a gate's decision,
    # is not an output of the network, but it counts.
    read = {name for node in graph.nodes for name in node.inputs}
    unread = tuple(value for value in graph.values if value.name not in read)
    return graph._replace(outputs=(*graph.outputs, *unread))


def _infer(
    wire: WireReader, model: schema.ModelProto, graph: schema.GraphProto, inputs: Inputs
) -> ShapeInference:
    """Infer the shapes of all tensors that the outputs depend on.

    Raises:
        SpecError: the nodes cannot be ordered so that each reads existing tensors.
    """
    inliner = Inliner(wire, model)
    nodes = list(inliner.nodes(graph.nodes))
    values = () if inputs.are_resized else (*graph.values, *graph.outputs)
    stated = {value.name: value.dims for value in values if value.dims is not None}
    inference = ShapeInference(wire, inliner, TABLE, inputs.images, stated)
    inference.store(graph.initializers)
    inference.problems.raise_any()
    inference.tensors.update(inputs.tensors)
    reads = {node.outputs: _dependencies(node, inliner) for node in nodes}
    outputs = [value.name for value in graph.outputs]
    inference.run(topological_order(nodes, reads, inference.tensors, outputs, Mark(wire.file)))
    return inference


def _dependencies(node: OnnxNode, inliner: Inliner, depth: int = 0) -> list[str]:
    """The tensors that a node depends on, including those read by its subgraphs.

    Raises:
        SpecError: subgraphs are nested too deeply.
    """
    names = list(node.inputs)
    for value in node.attributes.values():
        if not isinstance(value, Subgraph) or node.operator != "If":
            continue
        if depth == limits.NESTING:
            refuse(Mark(inliner.wire.file), f"{node.origin}: is nested in more than {depth} graphs")
        _, nodes = inliner.subgraph(value, node.name)
        own = {name for inner in nodes for name in inner.outputs}
        for inner in nodes:
            names += [name for name in _dependencies(inner, inliner, depth + 1) if name not in own]
    return names


def _live_nodes(inference: ShapeInference, outputs: list[str], mark: Mark) -> list[OnnxNode]:
    """The nodes that the outputs depend on, without those whose outputs are known constants."""
    reads, computed = {}, set[str]()
    for node in inference.nodes:
        is_constant = all(inference.is_constant(name) for name in node.outputs if name)
        reads[node.outputs] = () if is_constant else node.inputs
        computed.update(node.outputs)
    given = {*inference.tensors} - computed
    return topological_order(inference.nodes, reads, given, outputs, mark)
