"""From the nodes of an ONNX graph to those of a model: what each reads, and what it gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence, Set
from contextlib import suppress
from typing import Any

from costcalc.errors import Mark, Problems, Refusal
from costcalc.formats.onnx_schema import TensorProto
from costcalc.importers.builder import (
    NOTHING,
    ModelBuilder,
    OpContext,
    Operand,
    Params,
    StoredParams,
    dims_text,
)
from costcalc.importers.model import Shape
from costcalc.importers.onnx.matching import ABSORBED
from costcalc.importers.onnx.names import Names
from costcalc.importers.onnx.numbers import is_learned
from costcalc.importers.onnx.op_view import OpView
from costcalc.importers.onnx.tensors import SCALED, OnnxNode, TensorInfo, elements
from costcalc.records import NamedTuple

VIEWS = frozenset({"Reshape", "Squeeze", "Unsqueeze", "Flatten", "Cast", "CastLike", "Identity"})
"""Operators that leave the elements of their first input as they are, in their order."""

DEPTH = 64
"""Operations on stored tensors, each reading the one before."""

_OF_A_MODULE = re.compile(r"[A-Za-z_]\w*(\.\w+)*\.(?!lifted_tensor)\w+")
"""The name of a module's parameter, ``stages.0.gain``, which no exporter makes up."""

Rule = Generator[Sequence[TensorInfo], "OnnxContext", None]
"""Gives what is known of a node's outputs; sent the node's context, adds the layers of it."""

Operator = Callable[[OpView], Rule]
"""The rule of an operator for one node."""


class OnnxGraph(NamedTuple):
    """A graph, and what is known of its tensors before anything runs."""

    file: str
    nodes: Sequence[OnnxNode]
    outputs: Sequence[str]
    tensors: Mapping[str, TensorInfo]
    stored: Mapping[str, TensorProto]
    constants: Set[str]
    """Stored tensors that stand among the nodes; they count where they are weights alone."""
    images: int
    """Images in a batch."""


class OnnxContext(OpView, OpContext):
    """A node of the graph, the tensors that it reads as operands, and a way to add nodes for it."""

    builder: OnnxBuilder

    def __init__(self, node: OnnxNode, builder: OnnxBuilder) -> None:
        OpView.__init__(self, node, builder.graph.tensors, builder.graph.images)
        OpContext.__init__(self, builder, "", node.origin)

    def name_for(self, kind: str, part: str) -> str:
        """A free name for a node of a kind; names are those of modules, whatever the part."""
        return self.builder.free_name(self.builder.names.layer(self.node, kind))

    def output(self, index: int = 0) -> TensorInfo:
        """What is known of an output."""
        return self.tensors[self.node.outputs[index]]

    def is_read(self, index: int) -> bool:
        """Whether some node reads an output, or the network gives it."""
        name = self.node.outputs[index] if index < len(self.node.outputs) else ""
        return name != "" and name in self.builder.read

    # What it reads.

    def source(self, index: int, shape: Shape | None = None) -> Operand:
        """An input, in its own shape or another of as many elements."""
        self.input(index)
        return self.builder.source(self.node.inputs[index], shape, self)

    def maps(self, index: int = 0) -> Operand:
        """An input as a map (C, H, W), or (B, C, H, W) where no batch holds its images any more."""
        known = self.input(index)
        is_batch = self.image_batch(known) == 0
        return self.source(index, known.shape[1:] if is_batch else known.shape)

    def along_axes(self, index: int, axes: Sequence[int]) -> tuple[Operand, list[int]]:
        """An input to work on along some axes, without the batch where none is that one."""
        known = self.input(index)
        if known.batch is None or known.batch in axes:
            return self.source(index, known.shape or (1,)), list(axes)
        return self.source(index), [axis - (axis > known.batch) for axis in axes]

    def broadcast_inputs(self, indexes: Sequence[int] | None = None) -> list[Operand]:
        """Inputs in as many axes as the first output has, so that they meet there."""
        chosen = range(len(self.node.inputs)) if indexes is None else indexes
        return [
            self.source(index, self.broadcast_shape(index)) for index in chosen if self.has(index)
        ]

    def broadcast_shape(self, index: int) -> Shape:
        """An input's shape among the axes of the first output.

        Raises:
            Refusal: it has other images than the batch.
        """
        known, out = self.input(index), self.output()
        shape = (1,) * (len(out.shape) - len(known.shape)) + known.shape
        if out.batch is None:
            return shape or (1,)
        if shape[out.batch] not in (1, self.images):
            raise Refusal("mixes the images of a batch", found=dims_text(known.shape))
        return shape[: out.batch] + shape[out.batch + 1 :] or (1,)

    def stored(self, *indexes: int) -> list[StoredParams]:
        """The stored tensors that some inputs come of; none for inputs that are not there."""
        names = [self.node.inputs[index] for index in indexes if self.has(index)]
        return [each for name in names for each in self.builder.stored_in(name)]

    def is_stored(self, index: int) -> bool:
        """Whether an input comes of a stored tensor of several numbers that may be learned."""
        return self.has(index) and self.builder.is_stored(self.node.inputs[index])

    def number(self, index: int) -> int | float | None:
        """The one number that an input is, None where it is more, or learned."""
        if not self.has(index):
            return None
        known = self.input(index)
        if elements(known.shape) != 1 or known.values is None:
            return None
        return None if self.builder.is_learned(self.node.inputs[index]) else known.values[0]

    def configuration(self, *indexes: int) -> None:
        """Inputs that are stored with the model and are no params of it."""
        for index in indexes:
            if self.has(index):
                self.builder.ignored.update(self.input(index).roots)

    # What it gives.

    def set_output(self, x: Operand, index: int = 0) -> None:
        """The operand is an output, but for sides of 1.

        Raises:
            Refusal: it has another shape than ONNX gives the output.
        """
        shape = self.output(index).dims
        if [side for side in x.shape if side != 1] != [side for side in shape if side != 1]:
            raise Refusal(
                "has another shape than costcalc computes", dims_text(shape), dims_text(x.shape)
            )
        self.builder.made[self.node.outputs[index]] = self.view(x, shape)

    def pass_through(self, index: int = 0, output: int = 0) -> None:
        """An output that has the elements of an input, in their order."""
        x = self.view(self.source(index), self.output(output).dims)
        self.builder.made[self.node.outputs[output]] = x

    def emit_one(
        self,
        kind: str,
        arguments: Mapping[str, Any] = NOTHING,
        inputs: Sequence[Operand] | None = None,
        params: Params = NOTHING,
    ) -> None:
        """One node gives the first output; it reads the first input, or those that are named."""
        read = (self.source(0),) if inputs is None else inputs
        self.set_output(self.add(kind, read, arguments, params=params))

    def unread(self, first: int) -> None:
        """Outputs from one on that nothing can be made of.

        Raises:
            Refusal: something reads one.
        """
        for index in range(first, len(self.node.outputs)):
            if self.is_read(index):
                raise Refusal(f"has an output {index + 1} that costcalc has no layer for")


def uncounted(op: OpView) -> Rule:
    """A node for each output of an operator that costcalc does not know."""
    to = yield []
    indexes = [index for index, name in enumerate(op.node.inputs) if name]
    inputs = [to.source(index) for index in indexes if not op.input(index).is_static]
    for index in range(len(op.node.outputs)):
        if to.is_read(index):
            arguments = {"op": op.node.operator, "shape": to.output(index).dims}
            to.set_output(to.add("uncounted", inputs, arguments), index)


class OnnxBuilder(ModelBuilder):
    """The nodes of a graph, added for one node of ONNX's after another.

    Attributes:
        made: the operand of each tensor for which there is one.
        ignored: stored tensors that are no params: statistics, scales, bounds.
    """

    def __init__(
        self, graph: OnnxGraph, input: str, operators: Mapping[str, Operator], names: Names
    ) -> None:
        super().__init__(graph.tensors[input].dims, allow_unknown=True)
        self.is_sized = True
        self.graph = graph
        self.operators = operators
        self.names = names
        self.problems = Problems()
        self.made = {input: self.input}
        self.read = {*graph.outputs, *(name for each in graph.nodes for name in each.inputs)}
        self.producers = {name: each for each in graph.nodes for name in each.outputs}
        self.ignored = {
            root
            for each in graph.nodes
            if each.operator in SCALED
            for name in each.inputs[1:]
            for root in graph.tensors[name].roots
        }
        self.depth = 0

    def run(self, others: Iterable[str]) -> None:
        """Adds everything that depends on what the network reads, its other inputs beside.

        Stored tensors that nothing reads as params stand first: they are params, too.
        """
        for name in others:
            if name in self.read:
                self.made[name] = self._constant(name, self.graph.tensors[name].dims)
        for node in self.graph.nodes:
            if not all(self.graph.tensors[name].is_static for name in node.outputs if name):
                self.lower(node)
        first = len(self.nodes)
        counted = {each.tensor for each in self.params.counted}
        for name, tensor in self.graph.stored.items():
            if name not in counted and name not in self.ignored and self.is_param(name):
                self._learned(name, tensor.dims or (1,))
        self.move_to_front(first)
        self.blocks = self.names.blocks([node.name for node in self.nodes])

    def lower(self, node: OnnxNode) -> None:
        """Adds the nodes of a node of ONNX's; what is wrong with it is noted."""
        for name in node.attributes.get(ABSORBED, ()):
            self.ignored.update(self.graph.tensors[name].roots)
        context = OnnxContext(node, self)
        rule = self.operators.get(node.operator, uncounted)(context)
        try:
            next(rule)
            with suppress(StopIteration):
                rule.send(context)
        except Refusal as refusal:
            self.problems.note(refusal.problem(Mark(self.graph.file), node.origin))

    def source(self, name: str, shape: Shape | None, reader: OpContext) -> Operand:
        """A tensor, in its own shape or another.

        Raises:
            Refusal: there is none.
        """
        known = self.graph.tensors[name]
        shape = known.dims if shape is None else shape
        if not known.is_static:
            self._check_images(known)
        elif name not in self.made:
            return self._static(name, shape, reader)
        return reader.view(self._made(name), shape)

    def is_learned(self, name: str) -> bool:
        """Whether a tensor is static and comes of a stored one that may have been learned."""
        known = self.graph.tensors[name]
        return known.is_static and any(self.is_param(root) for root in known.roots)

    def is_stored(self, name: str) -> bool:
        """Whether a tensor comes of a stored one that holds several different fractions."""
        known = self.graph.tensors[name]
        return known.is_static and any(self._is_several(root) for root in known.roots)

    def is_param(self, root: str) -> bool:
        """Whether a stored tensor counts as learned.

        Files do not say what was learned.  It is floating point and has an
        axis; a single number is one where it has the name of a module's parameter.
        """
        tensor = self.graph.stored[root]
        if root in self.graph.constants or not is_learned(tensor.data_type):
            return False
        return elements(tensor.dims) > 1 or _OF_A_MODULE.fullmatch(root) is not None

    def stored_in(self, name: str) -> list[StoredParams]:
        """The stored tensors whose numbers a tensor has: one of as many, or several together."""
        known = self.graph.tensors[name]
        count = elements(known.shape)
        sizes = {root: elements(self.graph.stored[root].dims) for root in known.roots}
        several = [root for root in known.roots if self._is_several(root)]
        exact = [root for root in known.roots if sizes[root] == count]
        if exact:
            several = [next((root for root in exact if root in several), exact[0])]
        elif sum(sizes[root] for root in several) > count:
            several = []
        return [StoredParams(root, sizes[root]) for root in several]

    def _made(self, name: str) -> Operand:
        if name not in self.made:
            raise Refusal(f"reads '{name}', for which there is no layer")
        return self.made[name]

    def _static(self, name: str, shape: Shape, reader: OpContext) -> Operand:
        """What is the same for every input of the network."""
        leaf = self._leaf(name)
        if leaf in self.graph.stored and self.is_param(leaf):
            if leaf not in self.made:
                self.made[leaf] = self._learned(leaf, shape)
            return reader.view(self.made[leaf], shape)
        if not self.is_learned(name) or name not in self.producers:
            self.ignored.update(self.graph.tensors[name].roots)
            return self._constant(name, shape)
        self.depth += 1
        if self.depth > DEPTH:
            raise Refusal(f"reads '{name}', which too many operations compute from weights")
        self.lower(self.producers[name])
        self.depth -= 1
        return reader.view(self._made(name), shape)

    def _is_several(self, root: str) -> bool:
        """Whether a stored tensor may be weights; filled with one number, it is a constant."""
        if root not in self.graph.constants:
            return self.is_param(root)
        values = self.graph.tensors[root].values
        is_filled = values is not None and len({*values}) < 2
        return is_learned(self.graph.stored[root].data_type) and not is_filled

    def _leaf(self, name: str) -> str:
        """The tensor that a view is a view of."""
        while name in self.producers and self.producers[name].operator in VIEWS:
            name = self.producers[name].inputs[0]
        return name

    def _constant(self, name: str, shape: Shape) -> Operand:
        """A node that gives what is not learned."""
        return self._source_node(name, "constant", shape, NOTHING)

    def _learned(self, name: str, shape: Shape) -> Operand:
        params = {"other_params": [StoredParams(name, elements(shape))]}
        return self._source_node(name, "learned", shape, params)

    def _source_node(self, name: str, kind: str, shape: Shape, params: Params) -> Operand:
        path, origin = self.free_name(self.names.stored(name)), f"tensor '{name}'"
        return self.add(path, kind, (), {"shape": shape}, origin=origin, params=params)

    def _check_images(self, known: TensorInfo) -> None:
        """Counts are those of one image, so that a batch must stay apart.

        Raises:
            Refusal: the images of several are mixed.
        """
        images = self.graph.images
        if images > 1 and known.batch is None:
            raise Refusal(
                f"reads a tensor in which the {images} images of a batch are mixed",
                expected="an axis that is the batch's alone",
                found=dims_text(known.shape),
                hint="the model exported with a batch of 1",
            )
