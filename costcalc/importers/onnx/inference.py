"""A walk along the graph: the shape of every tensor, and the numbers of those that are sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from costcalc.errors import Mark, Problem, Problems, Refusal, did_you_mean
from costcalc.formats.onnx_schema import Dim, TensorProto
from costcalc.formats.protobuf import WireReader
from costcalc.importers.builder import sides_text
from costcalc.importers.model import Sides
from costcalc.importers.onnx.context import Operator
from costcalc.importers.onnx.inline import Inliner, Inside, Literal
from costcalc.importers.onnx.numbers import is_learned, stored
from costcalc.importers.onnx.op_view import OpView
from costcalc.importers.onnx.tensors import SCALED, OnnxNode, TensorInfo, elements
from costcalc.spec import limits

FEW = 64
"""Elements of a floating-point tensor whose numbers may be sizes; more are weights."""


COMPUTED = 10_000_000
"""Numbers that arithmetic on sizes may give in all; the largest graphs need some 100,000."""


class ShapeInference:
    """Goes from operation to operation with what is known of the tensors before it."""

    def __init__(
        self,
        wire: WireReader,
        inliner: Inliner,
        rules: Mapping[str, Operator],
        images: int,
        stated: Mapping[str, Sequence[Dim]],
    ) -> None:
        self.wire = wire
        self.inliner = inliner
        self.rules = rules
        self.images = images
        self.stated = stated
        """Shapes that the file says of tensors."""
        self.problems = Problems()
        self.tensors: dict[str, TensorInfo] = {"": TensorInfo(())}
        self.stored: dict[str, TensorProto] = {}
        self.constants: set[str] = set()
        """Stored tensors that stand among the nodes."""
        self.sequences: dict[str, tuple[str, ...]] = {}
        self.operations: list[OnnxNode] = []
        self.unknown: list[OnnxNode] = []
        self.computed = 0
        self.lost: set[str] = set()
        """Tensors of which nothing is known after a problem."""

    def store(self, tensors: Iterable[TensorProto]) -> None:
        """Takes in the tensors that the file holds.

        Raises:
            SpecError: one has sides that no tensor has.
        """
        for each in tensors:
            self._store(each.name, each, None)

    def run(self, operations: Iterable[OnnxNode]) -> None:
        """Walks along operations; what is wrong with one goes to ``problems``."""
        for each in operations:
            if not self.lost.isdisjoint(each.inputs):
                self.lost.update(each.outputs)
                continue
            try:
                self._step(each)
            except Refusal as error:
                self._note(each, error)
                self.lost.update(each.outputs)

    def refused(self, are_unknown_allowed: bool) -> Iterator[Problem]:
        """A problem for each operation of no known operator, or of which nothing is known."""
        for each in self.unknown:
            if not are_unknown_allowed:
                message = "an operator that costcalc does not know"
                hint = did_you_mean(each.operator, self.rules) or (
                    "--allow-unknown, to report the rest with this one as not counted"
                )
            elif not self.lost.isdisjoint(each.outputs):
                message = "an operator that costcalc does not know, nor does the file say its shape"
                hint = "a file with the shapes of its tensors, as onnx.shape_inference writes"
            else:
                continue
            yield Problem(Mark(self.wire.file), f"{each.origin}: {message}", hint=hint)

    def is_known(self, name: str) -> bool:
        """Whether a tensor's numbers are known, and are no weights."""
        known = self.tensors[name]
        weights = (root for root in known.roots if is_learned(self.stored[root].data_type))
        return known.values is not None and all(
            elements(self.stored[root].dims) == 1 for root in weights
        )

    def _step(self, operation: OnnxNode) -> None:
        special = _SPECIAL.get(operation.operator)
        if special is not None:
            special(self, operation)
            return
        rule = self.rules.get(operation.operator)
        if rule is None:
            self._unknown(operation)
            return
        view = OpView(operation, self.tensors, self.images)
        found = next(rule(view))
        if len(found) < len([name for name in operation.outputs if name]):
            raise Refusal(f"gives {len(operation.outputs)} tensors", f"{len(found)}")
        is_static = all(self.tensors[name].is_static for name in operation.inputs if name)
        roots = self._roots(operation) if is_static else ()
        for name, each in zip(operation.outputs, found, strict=False):
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
        self.operations.append(operation)

    def _of_images(self, known: TensorInfo) -> TensorInfo:
        """What depends on the network's input; one image that lies in front is a batch."""
        batch = known.batch
        if batch is None and self.images == 1 and known.shape and known.shape[0] == 1:
            batch = 0
        return known._replace(batch=batch, is_static=False, roots=(), values=None)

    def _roots(self, operation: OnnxNode) -> tuple[str, ...]:
        if operation.operator in ("Shape", "Size", "ConstantOfShape"):
            return ()
        inputs = operation.inputs[: 1 if operation.operator in SCALED else None]
        return tuple(dict.fromkeys(root for name in inputs for root in self.tensors[name].roots))

    def _check(self, name: str, shape: Sides) -> None:
        """The shape is within bounds, and what the file says.

        Raises:
            Refusal: it is not.
        """
        if len(shape) > limits.AXES + 1 or any(side > limits.SIZE for side in shape):
            raise Refusal(
                "gives a tensor that is too large",
                f"at most {limits.AXES} axes, and sides of {limits.SIZE:,}",
                sides_text(shape),
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
                found=sides_text(shape),
            )

    def _unknown(self, operation: OnnxNode) -> None:
        """Notes an operator that has no rule; the file may say what it gives."""
        self.unknown.append(operation)
        self.operations.append(operation)
        for name in filter(None, operation.outputs):
            stated = self.stated.get(name)
            if stated is None or not all(isinstance(side, int) and side > 0 for side in stated):
                self.lost.add(name)
                continue
            shape = tuple(int(side) for side in stated)
            is_first = bool(shape) and shape[0] == self.images
            self.tensors[name] = TensorInfo(shape, 0 if is_first else None)

    def _store(self, name: str, tensor: TensorProto, values: Any) -> None:
        if any(not 0 <= side <= limits.SIZE for side in tensor.dims):
            problem = f"tensor '{name}' has sides that no tensor has"
            self.problems.note(
                Problem(
                    Mark(self.wire.file),
                    problem,
                    f"sides from 0 to {limits.SIZE:,}",
                    sides_text(tensor.dims),
                )
            )
            self.lost.add(name)
            return
        is_small = elements(tensor.dims) <= FEW or not is_learned(tensor.data_type)
        if values is None and is_small:
            values = stored(self.wire, tensor)
        self.stored[name] = tensor
        self.tensors[name] = TensorInfo(tensor.dims, None, values, True, (name,))

    def _constant(self, operation: OnnxNode) -> None:
        """A tensor that stands among the nodes."""
        (name,) = operation.outputs[:1] or ("",)
        for key, value in operation.attributes.items():
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

    def _if(self, operation: OnnxNode) -> None:
        """The branch that a condition takes, which must not depend on the network's input."""
        condition = OpView(operation, self.tensors, self.images).numbers(0) or (False,)
        branch = operation.attributes.get("then_branch" if condition[0] else "else_branch")
        if not isinstance(branch, Inside):
            raise Refusal("has no graph to go on with")
        graph, operations = self.inliner.inside(branch, operation.name)
        self.store(graph.initializers)
        self.run(operations)
        for given, own in zip(operation.outputs, graph.outputs, strict=False):
            if own.name not in self.tensors:
                raise Refusal(f"takes '{own.name}' from its branch, which does not give it")
            self._same(operation, own.name, given)

    def _same(self, operation: OnnxNode, name: str, given: str) -> None:
        """A tensor under another name."""
        self.tensors[given] = self.tensors[name]
        self.operations.append(
            operation._replace(operator="Identity", inputs=(name,), outputs=(given,), attributes={})
        )

    def _split(self, operation: OnnxNode) -> None:
        """A sequence of parts: a split whose outputs have names of their own."""
        call = OpView(operation, self.tensors, self.images)
        axis, side = call.axis(0), call.shape()[call.axis(0)]
        lengths = call.wholes("split", 1) or (1,)
        if not call.has(1) or call.shape(1) == ():
            (length,) = lengths
            if length < 1 or side // length > limits.STEPS:
                raise Refusal("splits into too many parts")
            lengths = (length,) * (side // length) + ((side % length,) if side % length else ())
        (given,) = operation.outputs
        names = tuple(f"{given}#{index}" for index in range(len(lengths)))
        self.sequences[given] = names
        attributes = {"axis": axis, "split": lengths}
        self._step(
            operation._replace(
                operator="Split", inputs=operation.inputs[:1], outputs=names, attributes=attributes
            )
        )
        if call.has(1) or call.whole("keepdims", 1):
            return
        for name in names:
            raw = f"{name}#1"
            self._step(
                operation._replace(
                    operator="Squeeze", inputs=(name,), outputs=(raw,), attributes={"axes": (axis,)}
                )
            )
        self.sequences[given] = tuple(f"{name}#1" for name in names)

    def _sequence(self, operation: OnnxNode) -> None:
        """Several tensors as one."""
        self.sequences[operation.outputs[0]] = operation.inputs

    def _at(self, operation: OnnxNode) -> None:
        """A tensor of a sequence."""
        names = self._of(operation)
        index = OpView(operation, self.tensors, self.images).wholes("position", 1) or (0,)
        if not -len(names) <= index[0] < len(names):
            raise Refusal(f"takes tensor {index[0]} of {len(names)}")
        self._same(operation, names[index[0]], operation.outputs[0])

    def _joined(self, operation: OnnxNode) -> None:
        """The tensors of a sequence, one after another or stacked."""
        names, axis = self._of(operation), operation.attributes.get("axis", 0)
        if operation.attributes.get("new_axis", 0):
            stacked = []
            for index, name in enumerate(names):
                stacked.append(f"{operation.outputs[0]}#{index}")
                attributes = {"axes": (axis,)}
                self._step(
                    operation._replace(
                        operator="Unsqueeze",
                        inputs=(name,),
                        outputs=(stacked[-1],),
                        attributes=attributes,
                    )
                )
            names = tuple(stacked)
        self._step(operation._replace(operator="Concat", inputs=names, attributes={"axis": axis}))

    def _length(self, operation: OnnxNode) -> None:
        """How many tensors a sequence has."""
        self.tensors[operation.outputs[0]] = TensorInfo((), None, (len(self._of(operation)),), True)

    def _of(self, operation: OnnxNode) -> tuple[str, ...]:
        if operation.inputs[0] not in self.sequences:
            raise Refusal(f"reads '{operation.inputs[0]}', which is no sequence of tensors")
        return self.sequences[operation.inputs[0]]

    def _note(self, operation: OnnxNode, error: Refusal) -> None:
        self.problems.note(
            Problem(
                Mark(self.wire.file),
                f"{operation.origin}: {error.message}",
                error.expected,
                error.found,
                error.hint,
            )
        )


_SPECIAL: Mapping[str, Callable[[ShapeInference, OnnxNode], None]] = {
    "Constant": ShapeInference._constant,
    "If": ShapeInference._if,
    "SplitToSequence": ShapeInference._split,
    "SequenceConstruct": ShapeInference._sequence,
    "SequenceAt": ShapeInference._at,
    "SequenceLength": ShapeInference._length,
    "ConcatFromSequence": ShapeInference._joined,
}
"""Operators that make no tensor, or whose tensors others give."""
