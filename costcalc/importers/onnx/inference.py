"""Shape inference: the shape of each tensor, and the values of those that are used as sizes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from math import prod
from typing import Any

from costcalc.advice import advice, joined, set_option
from costcalc.errors import Mark, Problems, Refusal, did_you_mean
from costcalc.formats.onnx_schema import Dim, TensorProto
from costcalc.formats.protobuf import WireReader
from costcalc.importers.builder import ALLOW_UNKNOWN_HINT, dims_text, shape_unknown
from costcalc.importers.model import RequestedShapes, Shape
from costcalc.importers.onnx.context import Operator, OpView, UnknownNumbers
from costcalc.importers.onnx.control import CONTROL, Choices
from costcalc.importers.onnx.expansion import Expansion
from costcalc.importers.onnx.fused import EXPANSIONS
from costcalc.importers.onnx.inline import Inliner, TensorAttribute
from costcalc.importers.onnx.numbers import is_learnable, read_values
from costcalc.importers.onnx.signatures import check
from costcalc.importers.onnx.tensors import (
    SCALED,
    STATE,
    OnnxNode,
    TensorInfo,
    Tensors,
    positive_axis,
)
from costcalc.importers.onnx.unread import reason
from costcalc.spec import limits

FEW = 64
"""The most elements of a floating-point tensor whose values may be sizes; more are weights."""

COMPUTED = 10_000_000
"""The most values that arithmetic on sizes may compute; the largest graphs need some 100,000."""


class ShapeInference:
    """Infers the outputs of one node after another.

    Attributes:
        tensors: what is known of each tensor.
        initializers: the tensors that the file holds, Constant nodes included.
        constants: the names of the initializers that are Constant nodes.
        sequences: the tensors of each sequence.
        nodes: the nodes so far, in terms of operators that have a rule.
        unknown: the nodes whose operators have none.
        notes: what a reader must know of the totals.
        lost: the tensors of unknown shape after a problem.
    """

    def __init__(
        self,
        wire: WireReader,
        inliner: Inliner,
        operators: Mapping[str, Operator],
        images: int,
        stated: Mapping[str, Sequence[Dim]],
        annotated: Collection[str],
        requested: RequestedShapes,
        choices: Choices,
    ) -> None:
        self.wire = wire
        self.mark = Mark(wire.file)
        self.inliner = inliner
        self.operators = operators
        self.images = images
        self.stated = stated
        """The shapes that the file states."""
        self.annotated = annotated
        """The outputs of the graph whose sides people named, in ``stated`` too."""
        self.requested = requested
        """The shapes of unknown operators that the caller gives."""
        self.choices = choices
        self.notes: dict[str, None] = {}
        self.problems = Problems()
        self.tensors = Tensors({"": TensorInfo(())})
        self.initializers: dict[str, TensorProto] = {}
        self.constants: set[str] = set()
        self.sequences: dict[str, tuple[str, ...]] = {}
        self.nodes: list[OnnxNode] = []
        self.unknown: list[OnnxNode] = []
        self.unreached: list[OnnxNode] = []
        """Those behind a tensor of unknown shape whose operators have no rule either."""
        self.computed = 0
        self.lost: set[str] = set()

    def store(self, tensors: Iterable[TensorProto]) -> None:
        """Add initializers.

        Raises:
            SpecError: one holds more or fewer values than its dimensions say.
        """
        for tensor in tensors:
            self._store(tensor.name, tensor, None)

    def run(self, nodes: Iterable[OnnxNode]) -> None:
        """Infer the outputs of nodes; add what is wrong with them to ``problems``."""
        for node in nodes:
            if not self.lost.isdisjoint(node.inputs):
                self.lost.update(node.outputs)
                if not self._is_known(node):
                    self.unreached.append(node)
                continue
            try:
                self._step(node)
            except Refusal as refusal:
                if isinstance(refusal, UnknownNumbers):
                    settings = [set_option(name) for name in self._settable(refusal.tensor)]
                    hints = [*settings, *([refusal.hint] if refusal.hint else [])]
                    refusal.hint = joined(" or " if refusal.hint else " ", hints)
                self.problems.note(refusal.problem(self.mark, node.origin))
                self.lost.update(node.outputs)

    def _settable(self, name: str) -> list[str]:
        """The inputs of the network, of few numbers, that a tensor depends on."""
        producers = {output: node for node in self.nodes for output in node.outputs}
        pending, seen = [name], {name}
        for each in pending:
            fresh = [*producers[each].inputs] if each in producers else []
            pending += [read for read in dict.fromkeys(fresh) if read and read not in seen]
            seen.update(fresh)
        infos = ((each, self.tensors[each]) for each in pending if each in self.tensors)
        return [each for each, info in infos if info.is_input and len(info.shape) < 2]

    def check_unknown(self, are_allowed: bool) -> None:
        """Add a problem for each unknown operator; if they are allowed, unless shapes are known."""
        for node in [*self.unknown, *(self.unreached if self.unknown else ())]:
            hint: str = ALLOW_UNKNOWN_HINT
            places = (at for at, name in enumerate(node.outputs) if name)
            lost = [at for at in places if self._stated_output(node, at) is None]
            if not are_allowed and reason(node.operator):
                message = reason(node.operator)
            elif not are_allowed:
                message = "an operator that costcalc does not know"
                known = (*self.operators, *(name for table in _TABLES for name in table))
                hint = did_you_mean(node.operator, known) or hint
            elif lost:
                message = (
                    "an operator that costcalc does not know, and the file does not state its shape"
                )
                hint = shape_unknown(node.shown_name, lost[0]).hint
                if "." not in node.operator:  # it knows the operators of ONNX's own domain
                    template = "{}, or onnx.shape_inference, which writes a file with all shapes"
                    hint = advice(template, hint)
            else:
                continue
            self.problems.add(self.mark, f"{node.origin}: {message}", hint=hint)

    def is_constant(self, name: str) -> bool:
        """Whether a tensor's values are known and are not weights."""
        info = self.tensors[name]
        weights = (root for root in info.roots if is_learnable(self.initializers[root].data_type))
        return info.values is not None and all(
            prod(self.initializers[root].dims) == 1 for root in weights
        )

    def view(self, node: OnnxNode) -> OpView:
        """A node with its attributes and inputs."""
        return OpView(node, self.tensors, max(self.images, 1), self._stated_output)

    def _stated_output(self, node: OnnxNode, index: int) -> Shape | None:
        """The shape of an output that the caller gives, or else the file."""
        requested = self.requested.find(node.shown_name, index)
        if requested is None:
            return self._complete(node.outputs[index]) if node.outputs[index:] else None
        return (self.images, *requested) if self.images else requested

    def _is_known(self, node: OnnxNode) -> bool:
        return any(node.operator in table for table in (*_TABLES, self.operators))

    def _step(self, node: OnnxNode) -> None:
        if self._is_known(node):
            check(node)
            node = self._aligned(node)
        special = _SPECIAL.get(node.operator)
        if special is not None:
            if len(node.outputs) != 1:
                raise Refusal(f"has {len(node.outputs)} outputs", expected="one")
            if node.operator in _READ_SEQUENCES and self._is_of_unknown(node.inputs[:1]):
                self._unknown(node)
            else:
                special(self, node)
            return
        control = CONTROL.get(node.operator)
        if control is not None:
            control(self, node)
            return
        expander = EXPANSIONS.get(node.operator)
        if expander is not None:
            op = self.view(node)
            op.inputs()
            expander(Expansion(op, self.tensors, self.initializers, self._step, self._complete))
            return
        operator = self.operators.get(node.operator)
        if operator is None:
            self._unknown(node)
            return
        outputs = next(operator(self.view(node)))
        if len(outputs) < len([name for name in node.outputs if name]):
            raise Refusal(f"has {len(node.outputs)} outputs", f"{len(outputs)}")
        is_static = all(self.tensors[name].is_static for name in node.inputs if name)
        is_static = is_static and node.operator != STATE
        roots = self._roots(node) if is_static else ()
        for name, info in zip(node.outputs, outputs, strict=False):
            if not name:
                continue
            self._check(name, info.shape)
            self.computed += len(info.values or ())
            if self.computed > COMPUTED:
                raise Refusal(f"exceeds the limit of {COMPUTED:,} values for arithmetic on sizes")
            if info.is_static or is_static:
                self.tensors[name] = info._replace(is_static=True, batch=None, roots=roots)
            else:
                self.tensors[name] = self._dynamic(node, info)
        self.nodes.append(node)

    def _aligned(self, node: OnnxNode) -> OnnxNode:
        """A node whose second operand begins at an axis of the first, as before opset 7."""
        first = node.attributes.get("axis")
        if not node.attributes.get("broadcast") or not isinstance(first, int):
            return node
        if len(node.inputs) != 2 or not node.outputs:
            return node
        left, right = (self.tensors[name].shape for name in node.inputs[:2])
        behind = len(left) - positive_axis(first, len(left)) - len(right)
        if behind < 1:
            return node
        aligned = f"{node.outputs[0]}#aligned"
        axes = tuple(range(len(right), len(right) + behind))
        self.substitute(node, "Unsqueeze", node.inputs[1:2], aligned, axes=axes)
        return node._replace(inputs=(node.inputs[0], aligned))

    def _dynamic(self, node: OnnxNode, info: TensorInfo) -> TensorInfo:
        """A tensor that depends on the network's input; of one image, a leading 1 is the batch.

        Raises:
            Refusal: it mixes the images of a batch, whose costs are those of one image.
        """
        batch = info.batch
        if batch is None and self.images <= 1 and info.shape and info.shape[0] == 1:
            batch = 0
        if batch is None and self.images > 1:
            mixed = (self.tensors[name] for name in node.inputs if name)
            if any(read.batch is not None and not read.is_static for read in mixed):
                raise Refusal(
                    f"mixes the {self.images} images of a batch",
                    expected="an axis for the batch alone",
                    found=dims_text(info.shape),
                    hint="the model exported with a batch of 1",
                )
        return TensorInfo(info.shape, batch)

    def _roots(self, node: OnnxNode) -> tuple[str, ...]:
        if node.operator in ("Shape", "Size", "ConstantOfShape"):
            return ()
        inputs = node.inputs[: 1 if node.operator in SCALED else None]
        return tuple(dict.fromkeys(root for name in inputs for root in self.tensors[name].roots))

    def _check(self, name: str, shape: Shape) -> None:
        """Check that a shape is within limits and agrees with the one that the file states.

        Raises:
            Refusal: it does not.
        """
        if len(shape) > limits.AXES + 1 or any(size > limits.SIZE for size in shape):
            raise Refusal(
                "computes a tensor that is too large",
                f"at most {limits.AXES} axes, and dimensions of {limits.SIZE:,}",
                dims_text(shape),
            )
        stated = self.stated.get(name)
        if stated is None:
            return
        fits = len(stated) == len(shape) and all(
            not isinstance(dim, int) or dim in (-1, 0, size)
            for dim, size in zip(stated, shape, strict=True)
        )
        shown = ", ".join(str(dim) or "?" for dim in stated)
        if not fits and name in self.annotated:
            # Exporters take the names of an output's sides from people, who may err.
            self.notes[
                f"The file states its output '{name}' as ({shown}); it is {dims_text(shape)}."
            ] = None
        elif not fits:
            raise Refusal(
                f"computes '{name}' in a different shape than the file states",
                expected=f"({shown})",
                found=dims_text(shape),
            )

    def _unknown(self, node: OnnxNode) -> None:
        """Record a node whose operator has no rule; the file may state its output shapes."""
        self.unknown.append(node)
        self.nodes.append(node)
        for index, name in enumerate(node.outputs):
            if not name:
                continue
            shape = self._stated_output(node, index)
            if shape is None:
                self.lost.add(name)
                continue
            is_first = bool(shape) and shape[0] == self.images
            self.tensors[name] = TensorInfo(shape, 0 if is_first else None)

    def _complete(self, name: str) -> Shape | None:
        """The shape that the file states of a tensor; None if it leaves some of it open."""
        stated = self.stated.get(name)
        if stated is None or not all(isinstance(dim, int) and dim > 0 for dim in stated):
            return None
        return tuple(int(dim) for dim in stated)

    def _store(self, name: str, tensor: TensorProto, values: Any) -> None:
        if any(not 0 <= dim <= limits.SIZE for dim in tensor.dims):
            self.problems.add(
                self.mark,
                f"tensor '{name}' has dimensions out of range",
                f"dimensions from 0 to {limits.SIZE:,}",
                dims_text(tensor.dims),
            )
            self.lost.add(name)
            return
        is_small = prod(tensor.dims) <= FEW or not is_learnable(tensor.data_type)
        if values is None and is_small:
            values = read_values(self.wire, tensor)
        self.initializers[name] = tensor
        self.tensors[name] = TensorInfo(tensor.dims, None, values, True, (name,))

    def _constant(self, node: OnnxNode) -> None:
        """Constant: a tensor, or numbers, in an attribute."""
        (name,) = node.outputs[:1] or ("",)
        for key, value in node.attributes.items():
            if isinstance(value, TensorAttribute):
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

    def rename(self, node: OnnxNode, name: str, new: str) -> None:
        """Give a tensor another name, as an Identity node does."""
        self._check(new, self.tensors[name].shape)
        self.tensors[new] = self.tensors[name]
        self.nodes.append(
            node._replace(operator="Identity", inputs=(name,), outputs=(new,), attributes={})
        )

    def substitute(
        self,
        node: OnnxNode,
        operator: str,
        inputs: tuple[str, ...],
        *outputs: str,
        **attributes: Any,
    ) -> None:
        """Process a node of another operator that a node is equivalent to, or a part of it."""
        self._step(
            node._replace(operator=operator, inputs=inputs, outputs=outputs, attributes=attributes)
        )

    def _split(self, node: OnnxNode) -> None:
        """SplitToSequence: a Split, whose outputs get names of their own."""
        op = self.view(node)
        axis, size = op.axis(0), op.shape()[op.axis(0)]
        lengths = op.integers("split", 1) or (1,)
        if not op.has(1) or op.shape(1) == ():
            (length,) = lengths
            if length < 1 or size // length > limits.STEPS:
                raise Refusal("splits into too many parts")
            lengths = (length,) * (size // length) + ((size % length,) if size % length else ())
        (sequence,) = node.outputs
        parts = tuple(f"{sequence}#{index}" for index in range(len(lengths)))
        self.sequences[sequence] = parts
        self.substitute(node, "Split", node.inputs[:1], *parts, axis=axis, split=lengths)
        if op.has(1) or op.integer("keepdims", 1):
            return
        self.sequences[sequence] = tuple(f"{part}#1" for part in parts)
        for part, squeezed in zip(parts, self.sequences[sequence], strict=True):
            self.substitute(node, "Squeeze", (part,), squeezed, axes=(axis,))

    def _construct(self, node: OnnxNode) -> None:
        """SequenceConstruct: tensors as a sequence."""
        self.sequences[node.outputs[0]] = node.inputs

    def _empty(self, node: OnnxNode) -> None:
        """SequenceEmpty: a sequence to put tensors into."""
        self.sequences[node.outputs[0]] = ()

    def _insert(self, node: OnnxNode) -> None:
        """SequenceInsert: a tensor more, before a position or behind all others."""
        tensors, op = self._sequence(node), self.view(node)
        op.input(1)
        (position, *_) = op.integers("position", 2) or (len(tensors),)
        if not -len(tensors) <= position <= len(tensors):
            raise Refusal(f"puts a tensor at {position} of {len(tensors)}")
        at = position + len(tensors) if position < 0 else position
        self._keep(node, (*tensors[:at], node.inputs[1], *tensors[at:]))

    def _erase(self, node: OnnxNode) -> None:
        """SequenceErase: one tensor less, that at a position or the last."""
        tensors = self._sequence(node)
        (position, *_) = self.view(node).integers("position", 1) or (-1,)
        if not -len(tensors) <= position < len(tensors):
            raise Refusal(f"takes tensor {position} of {len(tensors)}")
        at = position + len(tensors) if position < 0 else position
        self._keep(node, (*tensors[:at], *tensors[at + 1 :]))

    def _keep(self, node: OnnxNode, tensors: tuple[str, ...]) -> None:
        """Keep a sequence that differs from another by one tensor; in all, they are bounded."""
        self.computed += len(tensors)
        if self.computed > COMPUTED:
            raise Refusal(f"exceeds the limit of {COMPUTED:,} tensors in sequences")
        self.sequences[node.outputs[0]] = tensors

    def _at(self, node: OnnxNode) -> None:
        """SequenceAt: one tensor of a sequence."""
        tensors = self._sequence(node)
        (index, *_) = self.view(node).integers("position", 1) or (0,)
        if not -len(tensors) <= index < len(tensors):
            raise Refusal(f"takes tensor {index} of {len(tensors)}")
        self.rename(node, tensors[index], node.outputs[0])

    def _concat(self, node: OnnxNode) -> None:
        """ConcatFromSequence: a Concat of a sequence's tensors, or a stack of them."""
        tensors, axis = self._sequence(node), node.attributes.get("axis", 0)
        if node.attributes.get("new_axis", 0):
            stacked = tuple(f"{node.outputs[0]}#{index}" for index in range(len(tensors)))
            for tensor, unsqueezed in zip(tensors, stacked, strict=True):
                self.substitute(node, "Unsqueeze", (tensor,), unsqueezed, axes=(axis,))
            tensors = stacked
        self.substitute(node, "Concat", tensors, *node.outputs, axis=axis)

    def _is_of_unknown(self, names: Sequence[str]) -> bool:
        """Whether an unknown operator computes a tensor."""
        return any(name in node.outputs for node in self.unknown for name in names if name)

    def _length(self, node: OnnxNode) -> None:
        """SequenceLength: the number of a sequence's tensors."""
        self.tensors[node.outputs[0]] = TensorInfo((), None, (len(self._sequence(node)),), True)

    def _sequence(self, node: OnnxNode) -> tuple[str, ...]:
        if node.inputs[0] not in self.sequences:
            raise Refusal(f"reads '{node.inputs[0]}', which is not a sequence of tensors")
        return self.sequences[node.inputs[0]]


_SPECIAL: Mapping[str, Callable[[ShapeInference, OnnxNode], None]] = {
    "Constant": ShapeInference._constant,
    "SplitToSequence": ShapeInference._split,
    "SequenceConstruct": ShapeInference._construct,
    "SequenceEmpty": ShapeInference._empty,
    "SequenceInsert": ShapeInference._insert,
    "SequenceErase": ShapeInference._erase,
    "SequenceAt": ShapeInference._at,
    "SequenceLength": ShapeInference._length,
    "ConcatFromSequence": ShapeInference._concat,
}
"""Operators that produce no tensor, or are replaced by others."""

_READ_SEQUENCES = frozenset(
    {"SequenceAt", "SequenceLength", "SequenceInsert", "SequenceErase", "ConcatFromSequence"}
)
"""Those that read a sequence of tensors, whose members must be known."""

_TABLES: tuple[Collection[str], ...] = (_SPECIAL, EXPANSIONS, CONTROL)
"""The operators that have no rule of their own."""
