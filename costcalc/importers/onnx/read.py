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
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from costcalc.errors import Mark, Problems, Refusal, SpecError, refuse
from costcalc.formats import onnx_schema as schema
from costcalc.formats.file_bytes import map_file
from costcalc.formats.onnx_schema import AttributeType
from costcalc.formats.protobuf import WireReader
from costcalc.graph.in_training import INFERENCE
from costcalc.importers.builder import dims_text
from costcalc.importers.model import Model, Request, RequestedShapes
from costcalc.importers.onnx.context import OnnxBuilder, OnnxGraph, StepsFirst
from costcalc.importers.onnx.control import CONTROL, ELSE, THEN, Choices
from costcalc.importers.onnx.inference import ShapeInference
from costcalc.importers.onnx.inline import Inliner, Subgraph
from costcalc.importers.onnx.inputs import (
    Inputs,
    dtypes,
    sized_inputs,
    takes_all_axes,
    with_weights_as_initializers,
)
from costcalc.importers.onnx.matching import replace_patterns
from costcalc.importers.onnx.names import ModuleNames, OwnNames
from costcalc.importers.onnx.operators import INTERNAL, PATTERNS, TABLE, recurrent
from costcalc.importers.onnx.order import topological_order
from costcalc.importers.onnx.tensors import OnnxNode, read_names
from costcalc.records import NamedTuple
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

    The leading axis of the input is the batch where the graph keeps its images apart; the
    second one is where a recurrent operator reads the leading one step by step.  A graph that
    mixes what its leading axis holds has no batch, and is read as it is.

    Raises:
        SpecError: as :func:`read`.
    """
    model, mark = schema.MODEL.read(wire, 0, len(wire.data)), Mark(wire.file)
    graph = with_weights_as_initializers(model, _graph(model, mark), wire.file)
    initializers = {tensor.name for tensor in graph.initializers}
    values = [value for value in graph.inputs if value.name not in initializers]
    if not values:
        refuse(mark, "the graph has no inputs", "a network")
    reading = _Reading(wire, model, graph, request)
    unsized = {value.name for value in values} - _sized_names(graph)

    def inputs(batch: int | None) -> Inputs:
        return sized_inputs(values, request, wire.file, batch, unsized)

    failure: SpecError | None = None
    axes = (1,) if _is_read_in_steps(values[0].name, graph) else (0, 1)
    for batch in () if takes_all_axes(values, request) else axes:
        sized = inputs(batch)
        try:
            return reading.dearest(sized)
        except StepsFirst:
            continue
        except SpecError as error:
            failure = _at_another_size(error) if sized.are_resized else error
            if sized.images == 1:
                raise failure from None
            break
    try:
        whole = reading.dearest(inputs(None))
    except SpecError as error:
        raise failure or error from None
    return whole if failure is None else _noted(values[0].name, whole, failure)


def _at_another_size(error: SpecError) -> SpecError:
    """What is wrong at another size than the file's, which it may hold in numbers."""
    hint = (
        "the model exported with open sides, dynamic_shapes of torch.onnx.export: "
        "this file may hold its size in numbers"
    )
    return SpecError([each if each.hint else each._replace(hint=hint) for each in error.problems])


def _is_read_in_steps(name: str, graph: schema.GraphProto) -> bool:
    """Whether a recurrent operator reads the leading axis of a tensor step by step."""
    return any(
        node.operator in recurrent.TABLE
        and node.inputs[:1] == (name,)
        and not any(each.name == "layout" and each.value for each in node.attributes)
        for node in graph.nodes
    )


def _noted(name: str, model: Model, failure: SpecError) -> Model:
    """A model with a note that its counts are of all that its leading axis holds."""
    mixes = [problem.message for problem in failure.problems if " mixes " in problem.message]
    why = f" ({mixes[0]})" if mixes else ""
    note = f"Input '{name}' has no batch{why}: counts are of all of {dims_text(model.input)}."
    return model._replace(notes=(*model.notes, note))


def _sized_names(graph: schema.GraphProto) -> set[str]:
    """The tensors whose shapes matter; graphs inside nodes may read any."""
    read = {name for node in graph.nodes for name in read_names(node.operator, node.inputs)}
    if any(each.type == AttributeType.GRAPH for node in graph.nodes for each in node.attributes):
        read |= {value.name for value in graph.inputs}
    return read | {value.name for value in graph.outputs}


def _weights_given(inference: ShapeInference) -> Iterator[str]:
    """A note on inputs where weights are stored usually, as in a file exported without them."""
    given = dict.fromkeys(
        name
        for node in inference.nodes
        for name in node.inputs[1 : _WEIGHTS.get(node.operator, 1)]
        if name and inference.tensors[name].is_input and inference.tensors[name].batch is None
    )
    if given:
        shown = [*given][:NAMED]
        names = ", ".join([*shown, *(["..."] if len(given) > len(shown) else [])])
        count = "1 input" if len(given) == 1 else f"{len(given):,} inputs"
        yield f"Read as weights are, but not stored, and so no params: {count} ({names})."


_WEIGHTS = {
    **dict.fromkeys(("Conv", "ConvTranspose", "Gemm", "LSTM", "GRU", "RNN"), 4),
    "BatchNormalization": 5,
    "MatMul": 2,
}
"""The operators that read weights behind their first input, and where these end."""

NAMED = 5
"""The most inputs that a note names."""


class _Misfit(SpecError):
    """A graph of known operators does not fit its sizes, with the branches that were taken.

    Attributes:
        undecided: the nodes whose branches no setting chooses.
    """

    undecided: tuple[str, ...] = ()


def _raise_any(problems: Problems, inference: ShapeInference, choices: Choices) -> None:
    """Raise the problems, if there are any."""
    if problems and not inference.unknown:
        try:
            problems.raise_any(_Misfit)
        except _Misfit as misfit:
            misfit.undecided = tuple(choices.undecided)
            raise
    problems.raise_any()


_FITS = "as the other does not fit these sizes"


def _decides(name: str) -> str:
    return f"Node '{name}' decides by a value:"


class _Read(NamedTuple):
    """A model as some choices make it."""

    model: Model
    cost: tuple[int, ...]
    """What the dearer of two branches has more of: multiply-accumulates, then the rest."""
    undecided: tuple[str, ...]

    def noted(self, note: str) -> _Read:
        """The same with a note."""
        notes = (*self.model.notes, note)
        return self._replace(model=self.model._replace(notes=notes))


class _Reading(NamedTuple):
    """A parsed file, and how it is to be opened."""

    wire: WireReader
    proto: schema.ModelProto
    graph: schema.GraphProto
    request: Request

    def dearest(self, inputs: Inputs) -> Model:
        """The model at the sizes of its inputs, with the dearer branch wherever a value decides.

        Raises:
            SpecError: the graph cannot be read at them.
            StepsFirst: a recurrent operator reads the axis of the batch step by step.
        """
        return self._dearest(inputs, self.request.settings, frozenset(), [READINGS]).model

    def _dearest(
        self, inputs: Inputs, given: Mapping[str, Any], known: frozenset[str], left: list[int]
    ) -> _Read:
        """The dearest model of those that differ in undecided nodes beside ``known`` ones."""
        left[0] -= 1
        if left[0] < 0:
            refuse(
                Mark(self.wire.file),
                f"decides by values in more than {READINGS} ways",
                expected="settings for some of its If nodes",
            )
        try:
            best = self._read(inputs, given)
        except _Misfit as misfit:
            return self._fitting(inputs, given, known, left, misfit)
        left[0] -= len(best.model.nodes) // LARGE
        # Inner nodes come after the ones around them, and are decided first.
        for name in [each for each in best.undecided[::-1] if each not in known]:
            if name not in best.undecided:
                continue
            around = known | {*best.undecided}
            try:
                other = self._dearest(inputs, {**given, name: ELSE}, around, left)
            except _Misfit:
                given = {**given, name: THEN}
                best = best.noted(f"{_decides(name)} its branch '{THEN}' counts, {_FITS}.")
                continue
            taken, rest = (ELSE, THEN) if other.cost > best.cost else (THEN, ELSE)
            given = {**given, name: taken}
            more = abs(other.cost[0] - best.cost[0])
            best = other if taken == ELSE else best
            dearer = f"the dearer by {more:,} multiply-accumulates" if more else "as dear"
            best = best.noted(
                f"{_decides(name)} its branch '{taken}' counts, {dearer}; "
                f"the setting {name}={rest} takes the other."
            )
        return best

    def _fitting(
        self,
        inputs: Inputs,
        given: Mapping[str, Any],
        known: frozenset[str],
        left: list[int],
        misfit: _Misfit,
    ) -> _Read:
        """The dearest model without a first branch that does not fit these sizes.

        Raises:
            SpecError: no other branch makes it fit.
        """
        for name in misfit.undecided[::-1]:
            if name in known:
                continue
            try:
                other = self._dearest(inputs, {**given, name: ELSE}, known, left)
            except _Misfit:
                continue
            return other.noted(f"{_decides(name)} its branch '{ELSE}' counts, {_FITS}.")
        raise misfit

    def _read(self, inputs: Inputs, given: Mapping[str, Any]) -> _Read:
        """The model with the choices that settings make, and the first branch elsewhere."""
        wire, mark, choices = self.wire, Mark(self.wire.file), Choices(given)
        inference = self._infer(inputs, choices)
        inference.check_unknown(self.request.allow_unknown)
        _raise_any(inference.problems, inference, choices)
        outputs = [value.name for value in self.graph.outputs]
        if all(inference.tensors[name].is_static for name in outputs):
            refuse(mark, "no output depends on the network's input")
        live = _without_identities(_live_nodes(inference, outputs, mark), outputs)
        nodes = replace_patterns(live, inference.tensors, outputs)
        static = {name for name, info in inference.tensors.items() if info.is_static}
        is_own = self.proto.producer == schema.PRODUCER
        names = (OwnNames if is_own else ModuleNames)(nodes, static)
        first, *others = inputs.tensors
        inferred = OnnxGraph(
            file=wire.file,
            nodes=nodes,
            outputs=outputs,
            tensors=inference.tensors,
            initializers=inference.initializers,
            constants=inference.constants,
            images=max(inputs.images, 1),
        )
        builder = OnnxBuilder(inferred, first, {**TABLE, **INTERNAL, **PATTERNS}, names)
        builder.notes.update(inference.notes)
        for note in _weights_given(inference):
            builder.note(note)
        numbers = dtypes(self.graph.inputs)
        builder.name_input(first, numbers[first])
        builder.run(
            {name: numbers[name] for name in others if not inference.tensors[name].is_static}
        )
        builder.problems.raise_any()
        builder.note_training(INFERENCE, "ONNX")
        name = os.path.basename(wire.file).removesuffix(".onnx")
        parameters = {**inputs.parameters, **choices.taken}
        model = builder.model(name, wire.file, parameters)
        return _Read(model, _cost(builder), tuple(choices.undecided))

    def _infer(self, inputs: Inputs, choices: Choices) -> ShapeInference:
        """Infer the shapes of all tensors that the outputs depend on.

        Raises:
            SpecError: the nodes cannot be ordered so that each reads existing tensors.
        """
        wire, graph = self.wire, self.graph
        inliner = Inliner(wire, self.proto)
        nodes = list(inliner.nodes(graph.nodes))
        values = () if inputs.are_resized else (*graph.values, *graph.outputs)
        stated = {value.name: value.dims for value in values if value.dims is not None}
        annotated = {
            value.name
            for value in graph.outputs
            if any(isinstance(dim, str) for dim in value.dims or ())
        }
        operators, requested = {**TABLE, **INTERNAL}, self.request.shapes or RequestedShapes()
        inference = ShapeInference(
            wire, inliner, operators, inputs.images, stated, annotated, requested, choices
        )
        inference.store(graph.initializers)
        inference.problems.raise_any()
        inference.tensors.update(inputs.tensors)
        reads = {node.outputs: _dependencies(node, inliner) for node in nodes}
        outputs = [value.name for value in graph.outputs]
        inference.run(topological_order(nodes, reads, inference.tensors, outputs, Mark(wire.file)))
        return inference


def _without_identities(nodes: Sequence[OnnxNode], outputs: Collection[str]) -> list[OnnxNode]:
    """The nodes, in order, without each Identity whose readers may as well read its input."""
    names: dict[str, str] = {}
    kept = []
    for node in nodes:
        inputs = tuple(names.get(name, name) for name in node.inputs)
        if node.operator == "Identity" and node.outputs[0] not in outputs:
            names[node.outputs[0]] = inputs[0]
        else:
            kept.append(node._replace(inputs=inputs))
    return kept


READINGS = 64
"""The most combinations of branches that are read to find the dearest."""

LARGE = 5000
"""The layers of a model whose every reading counts as one more."""


def _cost(builder: OnnxBuilder) -> tuple[int, ...]:
    """Multiply-accumulates, then other operations, then what is read and written."""
    events = [builder.events(index) for index in range(len(builder.nodes))]
    return (
        sum(each.macs for each in events),
        sum(sum(getattr(each, name) for name in _OPERATIONS) for each in events),
        sum(each.reads + each.writes for each in events),
    )


_OPERATIONS = ("additions", "multiplications", "divisions", "functions", "comparisons")


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


def _dependencies(node: OnnxNode, inliner: Inliner, depth: int = 0) -> list[str]:
    """The tensors that a node depends on, including those read by its subgraphs.

    Raises:
        SpecError: subgraphs are nested too deeply.
    """
    names = list(node.inputs)
    for value in node.attributes.values():
        if not isinstance(value, Subgraph) or node.operator not in CONTROL:
            continue
        if depth == limits.NESTING:
            refuse(Mark(inliner.wire.file), f"{node.origin}: is nested in more than {depth} graphs")
        graph, nodes = inliner.subgraph(value, node.name)
        own = {name for inner in nodes for name in inner.outputs}
        own |= {tensor.name for tensor in graph.initializers}
        own |= {value.name for value in graph.inputs}
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
