"""Shape inference: the shape of every tensor, and the numbers of those that are sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from costcalc.errors import Mark, Problems, Refusal, did_you_mean
from costcalc.formats.onnx_schema import Dim, TensorProto
from costcalc.formats.protobuf import WireReader
from costcalc.importers.builder import dims_text
from costcalc.importers.model import Shape
from costcalc.importers.onnx.context import Operator
from costcalc.importers.onnx.inline import Inliner, Literal, Subgraph
from costcalc.importers.onnx.numbers import is_learned, stored
from costcalc.importers.onnx.op_view import OpView
from costcalc.importers.onnx.tensors import SCALED, OnnxNode, TensorInfo, elements
from costcalc.spec import limits

FEW = 64
"""Elements of a floating-point tensor whose numbers may be sizes; more are weights."""


COMPUTED = 10_000_000
"""Numbers that arithmetic on sizes may give in all; the largest graphs need some 100,000."""


class ShapeInference:
    """Goes from node to node with what is known of the tensors before it."""

    def __init__(
        self,
        wire: WireReader,
        inliner: Inliner,
        operators: Mapping[str, Operator],
        images: int,
        stated: Mapping[str, Sequence[Dim]],
    ) -> None:
        self.wire = wire
        self.mark = Mark(wire.file)
        self.inliner = inliner
        self.operators = operators
        self.images = images
        self.stated = stated
        """Shapes that the file says of tensors."""
        self.problems = Problems()
        self.tensors: dict[str, TensorInfo] = {"": TensorInfo(())}
        self.stored: dict[str, TensorProto] = {}
        self.constants: set[str] = set()
        """Stored tensors that stand among the nodes."""
        self.sequences: dict[str, tuple[str, ...]] = {}
        self.nodes: list[OnnxNode] = []
        self.unknown: list[OnnxNode] = []
        self.computed = 0
        self.lost: set[str] = set()
        """Tensors of which nothing is known after a problem."""

    def store(self, tensors: Iterable[TensorProto]) -> None:
        """Takes in the tensors that the file holds.

        Raises:
            SpecError: one has sides out of range.
        """
        for each in tensors:
            self._store(each.name, each, None)

    def run(self, nodes: Iterable[OnnxNode]) -> None:
        """Goes along nodes; what is wrong with one goes to ``problems``."""
        for each in nodes:
            if not self.lost.isdisjoint(each.inputs):
                self.lost.update(each.outputs)
                continue
            try:
                self._step(each)
            except Refusal as refusal:
                self.problems.note(refusal.problem(self.mark, each.origin))
                self.lost.update(each.outputs)

    def check_unknown(self, are_allowed: bool) -> None:
        """Notes a problem for each node of no known operator, or whose outputs are not known."""
        for node in self.unknown:
            if not are_allowed:
                message = "an operator that costcalc does not know"
                hint = did_you_mean(node.operator, self.operators) or (
                    "--allow-unknown, to report the rest with this one as not counted"
                )
            elif not self.lost.isdisjoint(node.outputs):
                message = (
                    "an operator that costcalc does not know, and the file does not state its shape"
                )
                hint = "a file with the shapes of its tensors, as onnx.shape_inference writes"
            else:
                continue
            self.problems.add(self.mark, f"{node.origin}: {message}", hint=hint)

    def is_known(self, name: str) -> bool:
        """Whether a tensor's numbers are known, and are no weights."""
        known = self.tensors[name]
        weights = (root for root in known.roots if is_learned(self.stored[root].data_type))
        return known.values is not None and all(
            elements(self.stored[root].dims) == 1 for root in weights
        )

    def _step(self, node: OnnxNode) -> None:
        special = _SPECIAL.get(node.operator)
        if special is not None:
            special(self, node)
            return
        operator = self.operators.get(node.operator)
        if operator is None:
            self._unknown(node)
            return
        found = next(operator(OpView(node, self.tensors, self.images)))
        if len(found) < len([name for name in node.outputs if name]):
            raise Refusal(f"gives {len(node.outputs)} tensors", f"{len(found)}")
        is_static = all(self.tensors[name].is_static for name in node.inputs if name)
        roots = self._roots(node) if is_static else ()
        for name, each in zip(node.outputs, found, strict=False):
            if not name:
                continue
            self._check(name, each.shape)
            self.computed += len(each.values or ())
            if self.computed > COMPUTED:
                raise Refusal(f"is arithmetic that gives more than {COMPUTED:,} numbers in all")
            if each.is_static or is_static:
                self.tensors[name] = each._replace(is_static=True, batch=None, roots=roots)
            else:
                self.tensors[name] = self._of_images(each)
        self.nodes.append(node)

    def _of_images(self, known: TensorInfo) -> TensorInfo:
        """What depends on the network's input; one image that lies in front is a batch."""
        batch = known.batch
        if batch is None and self.images == 1 and known.shape and known.shape[0] == 1:
            batch = 0
        return TensorInfo(known.shape, batch)

    def _roots(self, node: OnnxNode) -> tuple[str, ...]:
        if node.operator in ("Shape", "Size", "ConstantOfShape"):
            return ()
        inputs = node.inputs[: 1 if node.operator in SCALED else None]
        return tuple(dict.fromkeys(root for name in inputs for root in self.tensors[name].roots))

    def _check(self, name: str, shape: Shape) -> None:
        """The shape is within bounds, and what the file says.

        Raises:
            Refusal: it is not.
        """
        if len(shape) > limits.AXES + 1 or any(side > limits.SIZE for side in shape):
            raise Refusal(
                "gives a tensor that is too large",
                f"at most {limits.AXES} axes, and sides of {limits.SIZE:,}",
                dims_text(shape),
            )
        stated = self.stated.get(name)
        if stated is None:
            return
        fits = len(stated) == len(shape) and all(
            not isinstance(said, int) or said in (0, side)
            for said, side in zip(stated, shape, strict=True)
        )
        if not fits:
            shown = ", ".join(str(said) or "?" for said in stated)
            raise Refusal(
                f"gives '{name}' a shape that is not what the file says of it",
                expected=f"({shown})",
                found=dims_text(shape),
            )

    def _unknown(self, node: OnnxNode) -> None:
        """Notes an operator that has no rule; the file may say what it gives."""
        self.unknown.append(node)
        self.nodes.append(node)
        for name in filter(None, node.outputs):
            stated = self.stated.get(name)
            if stated is None or not all(isinstance(side, int) and side > 0 for side in stated):
                self.lost.add(name)
                continue
            shape = tuple(int(side) for side in stated)
            is_first = bool(shape) and shape[0] == self.images
            self.tensors[name] = TensorInfo(shape, 0 if is_first else None)

    def _store(self, name: str, tensor: TensorProto, values: Any) -> None:
        if any(not 0 <= side <= limits.SIZE for side in tensor.dims):
            self.problems.add(
                self.mark,
                f"tensor '{name}' has sides out of range",
                f"sides from 0 to {limits.SIZE:,}",
                dims_text(tensor.dims),
            )
            self.lost.add(name)
            return
        is_small = elements(tensor.dims) <= FEW or not is_learned(tensor.data_type)
        if values is None and is_small:
            values = stored(self.wire, tensor)
        self.stored[name] = tensor
        self.tensors[name] = TensorInfo(tensor.dims, None, values, True, (name,))

    def _constant(self, node: OnnxNode) -> None:
        """A tensor that stands among the nodes."""
        (name,) = node.outputs[:1] or ("",)
        for key, value in node.attributes.items():
            if isinstance(value, Literal):
                self.constants.add(name)
                self._store(name, value.tensor, value.values)
                return
            if key in ("value_int", "value_float"):
                self.tensors[name] = TensorInfo((), None, (value,), True)
                return
            if key in ("value_ints", "value_floats"):
                self.tensors[name] = TensorInfo((len(value),), None, value, True)
                return
        raise Refusal("holds no tensor that costcalc reads", "a dense tensor, or numbers")

    def _if(self, node: OnnxNode) -> None:
        """The branch that a condition takes, which must not depend on the network's input."""
        condition = OpView(node, self.tensors, self.images).numbers(0) or (False,)
        branch = node.attributes.get("then_branch" if condition[0] else "else_branch")
        if not isinstance(branch, Subgraph):
            raise Refusal("has no graph for the branch that it takes")
        graph, nodes = self.inliner.inside(branch, node.name)
        self.store(graph.initializers)
        self.run(nodes)
        for given, own in zip(node.outputs, graph.outputs, strict=False):
            if own.name not in self.tensors:
                raise Refusal(f"takes '{own.name}' from its branch, which does not give it")
            self._same(node, own.name, given)

    def _same(self, node: OnnxNode, name: str, given: str) -> None:
        """A tensor under another name."""
        self.tensors[given] = self.tensors[name]
        self.nodes.append(
            node._replace(operator="Identity", inputs=(name,), outputs=(given,), attributes={})
        )

    def _derive(
        self,
        node: OnnxNode,
        operator: str,
        inputs: tuple[str, ...],
        *outputs: str,
        **attributes: Any,
    ) -> None:
        """A step of another operator that a node is written as."""
        self._step(
            node._replace(operator=operator, inputs=inputs, outputs=outputs, attributes=attributes)
        )

    def _split(self, node: OnnxNode) -> None:
        """A sequence of parts: a split whose outputs have names of their own."""
        op = OpView(node, self.tensors, self.images)
        axis, side = op.axis(0), op.shape()[op.axis(0)]
        lengths = op.wholes("split", 1) or (1,)
        if not op.has(1) or op.shape(1) == ():
            (length,) = lengths
            if length < 1 or side // length > limits.STEPS:
                raise Refusal("splits into too many parts")
            lengths = (length,) * (side // length) + ((side % length,) if side % length else ())
        (given,) = node.outputs
        parts = tuple(f"{given}#{index}" for index in range(len(lengths)))
        self.sequences[given] = parts
        self._derive(node, "Split", node.inputs[:1], *parts, axis=axis, split=lengths)
        if op.has(1) or op.whole("keepdims", 1):
            return
        self.sequences[given] = tuple(f"{part}#1" for part in parts)
        for part, squeezed in zip(parts, self.sequences[given], strict=True):
            self._derive(node, "Squeeze", (part,), squeezed, axes=(axis,))

    def _construct(self, node: OnnxNode) -> None:
        """Several tensors as one."""
        self.sequences[node.outputs[0]] = node.inputs

    def _at(self, node: OnnxNode) -> None:
        """A tensor of a sequence."""
        tensors = self._sequence(node)
        (index, *_) = OpView(node, self.tensors, self.images).wholes("position", 1) or (0,)
        if not -len(tensors) <= index < len(tensors):
            raise Refusal(f"takes tensor {index} of {len(tensors)}")
        self._same(node, tensors[index], node.outputs[0])

    def _concat(self, node: OnnxNode) -> None:
        """The tensors of a sequence, one after another or stacked."""
        tensors, axis = self._sequence(node), node.attributes.get("axis", 0)
        if node.attributes.get("new_axis", 0):
            stacked = tuple(f"{node.outputs[0]}#{index}" for index in range(len(tensors)))
            for tensor, given in zip(tensors, stacked, strict=True):
                self._derive(node, "Unsqueeze", (tensor,), given, axes=(axis,))
            tensors = stacked
        self._derive(node, "Concat", tensors, *node.outputs, axis=axis)

    def _length(self, node: OnnxNode) -> None:
        """How many tensors a sequence has."""
        self.tensors[node.outputs[0]] = TensorInfo((), None, (len(self._sequence(node)),), True)

    def _sequence(self, node: OnnxNode) -> tuple[str, ...]:
        if node.inputs[0] not in self.sequences:
            raise Refusal(f"reads '{node.inputs[0]}', which is not a sequence of tensors")
        return self.sequences[node.inputs[0]]


_SPECIAL: Mapping[str, Callable[[ShapeInference, OnnxNode], None]] = {
    "Constant": ShapeInference._constant,
    "If": ShapeInference._if,
    "SplitToSequence": ShapeInference._split,
    "SequenceConstruct": ShapeInference._construct,
    "SequenceAt": ShapeInference._at,
    "SequenceLength": ShapeInference._length,
    "ConcatFromSequence": ShapeInference._concat,
}
"""Operators that make no tensor, or are written as others."""
