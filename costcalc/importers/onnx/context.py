"""What the rule of an operator works with: a node's attributes, inputs and outputs.

A rule runs twice.  Shape inference gives it an :class:`OpView` and takes what it yields, a
:class:`.TensorInfo` for each output.  :class:`OnnxBuilder` gives it an
:class:`OnnxContext` and then lets it run to the end, adding the node's layers.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence, Set
from contextlib import suppress
from math import prod
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
from costcalc.importers.onnx.names import ModuleNames
from costcalc.importers.onnx.numbers import Number, is_learnable
from costcalc.importers.onnx.tensors import SCALED, OnnxNode, TensorInfo, positive_axis, read_names
from costcalc.kinds.sources import LEARNED_AS
from costcalc.kinds.windows import slide
from costcalc.records import NamedTuple
from costcalc.spec import limits

Pads = tuple[tuple[int, int], ...]
"""The padding before and after each axis."""

VIEWS = frozenset({"Reshape", "Squeeze", "Unsqueeze", "Flatten", "Cast", "CastLike", "Identity"})
"""Operators that keep the elements of their first input, in order."""

_FRESH = ("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike")

STATIC_DEPTH = 64
"""How many operations on initializers may read one another."""

Rule = Generator[Sequence[TensorInfo], "OnnxContext", None]
"""Yields what is known of a node's outputs; sent the node's context, adds its layers."""

Operator = Callable[["OpView"], Rule]
"""Starts the rule of an operator for one node."""


class StepsFirst(Exception):
    """A recurrent operator reads the axis that is taken as the batch step by step."""


class UnknownNumbers(Refusal):
    """The numbers of a tensor decide something, and depend on the network's inputs.

    Attributes:
        tensor: its name; settings of the inputs that it depends on may give its numbers.
    """

    def __init__(self, tensor: str, message: str, expected: str = "", hint: str = "") -> None:
        super().__init__(message, expected, hint=hint)
        self.tensor = tensor


class Window(NamedTuple):
    """A window over the spatial axes."""

    kernel: Shape
    strides: Shape
    pads: Pads | None
    """None for padding of ``same``: one position for every stride begun."""
    dilations: Shape
    is_ceil: bool = False

    def positions(self, sides: Shape) -> Shape:
        """The number of positions along each axis.

        Raises:
            Refusal: along some axis there are none.
        """
        pads = "same" if self.pads is None else self.pads
        return slide(sides, self.kernel, self.strides, pads, self.dilations, self.is_ceil)

    def arguments(self) -> dict[str, Any]:
        """The window as functions of :mod:`costcalc.importers.emit` take it."""
        return {
            "kernel": self.kernel,
            "stride": self.strides,
            "padding": "same" if self.pads is None else self.pads,
            "dilation": self.dilations,
        }


def _nothing(node: OnnxNode, index: int) -> Shape | None:
    """No shape is stated."""
    return None


class OpView:
    """A node of the graph, with typed access to its attributes and inputs."""

    def __init__(
        self,
        node: OnnxNode,
        tensors: Mapping[str, TensorInfo],
        images: int,
        stated: Callable[[OnnxNode, int], Shape | None] = _nothing,
    ) -> None:
        self.node = node
        self._stated = stated
        self.tensors = tensors
        self.images = images
        """Images in a batch; 1 if no axis of the input is the batch."""

    def stated(self, index: int = 0) -> Shape | None:
        """The shape of an output that the caller or the file states, where it is inferred."""
        return self._stated(self.node, index)

    def has(self, index: int) -> bool:
        """Whether the node has an input of that index."""
        inputs = self.node.inputs
        return index < len(inputs) and inputs[index] != ""

    def input(self, index: int) -> TensorInfo:
        """What is known of an input.

        Raises:
            Refusal: the node does not have it.
        """
        if not self.has(index):
            raise Refusal(
                "reads too few tensors",
                expected=f"at least {index + 1}",
                found=f"{len(self.node.inputs)}",
            )
        return self.tensors[self.node.inputs[index]]

    def inputs(self) -> list[TensorInfo]:
        """What is known of each input, without those left out.

        Raises:
            Refusal: there are none.
        """
        return [self.tensors[name] for name in self.node.inputs if name] or [self.input(0)]

    def shape(self, index: int = 0) -> Shape:
        """The shape of an input."""
        return self.input(index).shape

    # Attributes.

    def attribute(self, name: str, default: Any = None) -> Any:
        """The value of an attribute, as it is in the file."""
        return self.node.attributes.get(name, default)

    def integer(self, name: str, default: int, lowest: int = -limits.SIZE) -> int:
        """The value of an attribute that must be a whole number, from ``lowest`` on.

        Raises:
            Refusal: it is not a whole number, or out of range.
        """
        value = self.attribute(name, default)
        if not isinstance(value, int) or not lowest <= value <= limits.SIZE:
            wanted = "a whole number" if lowest < 0 else f"a whole number from {lowest} on"
            raise _invalid_attribute(name, wanted, value)
        return value

    def string(self, name: str, default: str) -> str:
        """The value of an attribute that must be a string.

        Raises:
            Refusal: it is not.
        """
        value = self.attribute(name, default.encode())
        if not isinstance(value, bytes):
            raise _invalid_attribute(name, "a string", value)
        return value.decode("utf-8", "backslashreplace")

    def sizes(self, name: str, rank: int, default: int | None, lowest: int = 1) -> Shape:
        """The value of an attribute that must have a size for each axis.

        Raises:
            Refusal: it has other values, or is missing and has no default.
        """
        value = self.attribute(name)
        if default is not None and value in (None, ()):
            return (default,) * rank
        if not isinstance(value, tuple) or len(value) != rank:
            raise _invalid_attribute(name, f"{rank} whole numbers", value)
        for size in value:
            if not isinstance(size, int) or not lowest <= size <= limits.SIZE:
                raise _invalid_attribute(name, f"sizes from {lowest} to {limits.SIZE:,}", value)
        return value

    def number_list(self, name: str) -> tuple[Number, ...] | None:
        """The value of an attribute that must be a list of numbers; None if it is missing.

        Raises:
            Refusal: it is something else.
        """
        value = self.attribute(name)
        if value is None or isinstance(value, tuple):
            return value
        raise _invalid_attribute(name, "a list of numbers", value)

    def axis(self, default: int, rank: int | None = None) -> int:
        """The attribute ``axis``, counted from the front.

        Raises:
            Refusal: there is no such axis.
        """
        count = len(self.shape()) if rank is None else rank
        return positive_axis(self.integer("axis", default), count)

    def window(self, kernel: Shape) -> Window:
        """The window of a node with that kernel.

        Raises:
            Refusal: an attribute does not fit the kernel.
        """
        rank = len(kernel)
        return Window(
            kernel,
            self.sizes("strides", rank, 1),
            self.pads(rank),
            self.sizes("dilations", rank, 1),
            bool(self.integer("ceil_mode", 0)),
        )

    def pads(self, rank: int) -> Pads | None:
        """The padding of each axis; None if it follows from the strides.

        Raises:
            Refusal: an attribute is invalid.
        """
        auto = self.string("auto_pad", "NOTSET")
        if auto in ("SAME_UPPER", "SAME_LOWER"):
            return None
        if auto not in ("NOTSET", "VALID"):
            raise Refusal(
                "has an 'auto_pad' that ONNX does not have",
                expected="NOTSET, VALID, SAME_UPPER or SAME_LOWER",
                found=auto,
            )
        both = 2 * rank
        pads = self.sizes("pads", both, 0, lowest=0) if auto == "NOTSET" else (0,) * both
        return tuple(zip(pads[:rank], pads[rank:], strict=True))

    # Values of inputs.

    def numbers(self, index: int) -> tuple[Number, ...] | None:
        """The values of an input; None if the node does not have it.

        Raises:
            Refusal: they depend on the network's input.
        """
        if not self.has(index):
            return None
        info = self.input(index)
        if info.values is None:
            name = self.node.inputs[index]
            raise UnknownNumbers(
                name,
                f"its input '{name}' decides a shape, "
                "and cannot be computed without running the network",
                expected="a constant, or arithmetic on shapes",
            )
        return info.values

    def integers(self, name: str, index: int) -> Shape | None:
        """Whole numbers from an attribute, or from an input as in newer operator sets.

        Raises:
            Refusal: they are not whole numbers, or depend on the network's input.
        """
        value = self.attribute(name)
        if isinstance(value, int):
            value = (value,)
        if value is None:
            value = self.numbers(index)
        if value is None:
            return None
        if not isinstance(value, tuple) or not all(isinstance(item, int) for item in value):
            raise _invalid_attribute(name, "whole numbers", value)
        return tuple(int(item) for item in value)

    def leading_batch(self, info: TensorInfo) -> int | None:
        """The batch axis of an output whose first axis is that of an input: 0 or None."""
        is_first = info.batch == 0 or (self.images == 1 and info.shape[:1] == (1,))
        return 0 if is_first else None


def _invalid_attribute(name: str, expected: str, value: Any) -> Refusal:
    shown = str(value)
    return Refusal(
        f"has an attribute '{name}' that it cannot have",
        expected,
        shown if len(shown) < 100 else f"{shown[:100]}...",
    )


class OnnxContext(OpView, OpContext):
    """A node of the graph, with its inputs as operands, while its layers are added."""

    builder: OnnxBuilder

    def __init__(self, node: OnnxNode, builder: OnnxBuilder) -> None:
        OpView.__init__(self, node, builder.graph.tensors, builder.graph.images)
        OpContext.__init__(self, builder, "", node.origin)

    def name_for(self, kind: str, part: str) -> str:
        """A free name for a layer; it follows the modules, and the part only if it is folded."""
        if self.path and part.startswith("/"):
            return self.builder.free_name(self.path + part)
        return self.builder.free_name(self.builder.names.layer(self.node, kind))

    def fold(self) -> None:
        """Show all nodes of this operation, whose parts begin with '/', as one row of a table."""
        if not self.path:
            word = self.node.operator.rpartition(".")[2]
            self.path = self.builder.free_name(self.builder.names.layer(self.node, word.lower()))
            self.builder.blocks[self.path] = word
        super().fold()

    def output(self, index: int = 0) -> TensorInfo:
        """What is known of an output."""
        return self.tensors[self.node.outputs[index]]

    def is_read(self, index: int) -> bool:
        """Whether an output is read by a node or is an output of the graph."""
        name = self.node.outputs[index] if index < len(self.node.outputs) else ""
        return name != "" and name in self.builder.read

    # Inputs.

    def operand(self, index: int, shape: Shape | None = None, of: str = "other") -> Operand:
        """An input, reshaped if a shape is given; ``of`` is its role if it is learned."""
        self.input(index)
        return self.builder.operand(self.node.inputs[index], shape, self, of)

    def maps(self, index: int = 0) -> Operand:
        """An input as a map (C, H, W), or as (B, C, H, W) if its first axis is not the batch."""
        info = self.input(index)
        is_batch = self.leading_batch(info) == 0
        return self.operand(index, info.shape[1:] if is_batch else info.shape)

    def along_axes(self, index: int, axes: Sequence[int]) -> tuple[Operand, list[int]]:
        """An input and the given axes of it; without the batch, unless it is one of the axes."""
        info = self.input(index)
        if info.batch is None or info.batch in axes:
            return self.operand(index, info.shape or (1,)), list(axes)
        return self.operand(index), [axis - (axis > info.batch) for axis in axes]

    def broadcast_inputs(self, indexes: Sequence[int] | None = None) -> list[Operand]:
        """Inputs, all by default, with as many axes as the first output has."""
        chosen = range(len(self.node.inputs)) if indexes is None else indexes
        return [
            self.operand(index, self.broadcast_shape(index)) for index in chosen if self.has(index)
        ]

    def broadcast_shape(self, index: int) -> Shape:
        """An input's shape with as many axes as the first output has.

        Raises:
            Refusal: along the batch axis it has neither one image nor all of them.
        """
        info, out = self.input(index), self.output()
        shape = (1,) * (len(out.shape) - len(info.shape)) + info.shape
        if out.batch is None:
            return shape or (1,)
        if shape[out.batch] not in (1, self.images):
            raise Refusal("mixes the images of a batch", found=dims_text(info.shape))
        return shape[: out.batch] + shape[out.batch + 1 :] or (1,)

    def stored(self, *indexes: int) -> list[StoredParams]:
        """The initializers that inputs come from; inputs that are left out have none."""
        names = [self.node.inputs[index] for index in indexes if self.has(index)]
        return [params for name in names for params in self.builder.stored_in(name)]

    def weights(self, *indexes: int) -> list[StoredParams]:
        """Where inputs are stored that are weights whatever they hold.

        Inputs that the network computes are not stored, and those left out are none.
        """
        names = [self.node.inputs[index] for index in indexes if self.has(index)]
        return [params for name in names for params in self.builder.weights_in(name)]

    def is_weight(self, index: int) -> bool:
        """Whether an input comes from an initializer that may be weights."""
        return self.has(index) and self.builder.is_weight(self.node.inputs[index])

    def is_named(self, index: int) -> bool:
        """Whether an input comes from an initializer that is named like a module's parameter."""
        return any(map(self.builder.names.is_parameter, self.input(index).roots))

    def number(self, index: int) -> Number | None:
        """An input that is a single constant; None if it has more elements or is learnable."""
        if not self.has(index):
            return None
        info = self.input(index)
        if prod(info.shape) != 1 or info.values is None:
            return None
        return None if self.builder.is_learnable(self.node.inputs[index]) else info.values[0]

    def ignore_params(self, *indexes: int) -> None:
        """Mark inputs as configuration: initializers that are not params."""
        for index in indexes:
            if self.has(index):
                self.builder.ignored.update(self.input(index).roots)

    # Outputs.

    def set_output(self, x: Operand, index: int = 0) -> None:
        """Make an operand an output; their shapes may differ in dimensions of 1.

        Raises:
            Refusal: the output has a different shape.
        """
        shape = self.output(index).image_shape
        if [size for size in x.shape if size != 1] != [size for size in shape if size != 1]:
            raise Refusal(
                "has a different shape than costcalc computes", dims_text(shape), dims_text(x.shape)
            )
        self.builder.operands[self.node.outputs[index]] = self.view(x, shape)

    def pass_through(self, index: int = 0, output: int = 0) -> None:
        """Make an input an output, reshaped if necessary."""
        x = self.view(self.operand(index), self.output(output).image_shape)
        self.builder.operands[self.node.outputs[output]] = x

    def add_output(
        self,
        kind: str,
        arguments: Mapping[str, Any] = NOTHING,
        inputs: Sequence[Operand] | None = None,
        params: Params = NOTHING,
    ) -> None:
        """Add the layer that computes the first output, by default from the first input."""
        read = (self.operand(0),) if inputs is None else inputs
        self.set_output(self.add(kind, read, arguments, params=params))

    def by_product(self, index: int, inputs: Sequence[Operand]) -> None:
        """Make what an operator computes on the way an output, if it is read; it costs no more."""
        if self.is_read(index):
            shape = self.output(index).image_shape
            self.set_output(self.add("rearrange", inputs, {"shape": shape}), index)

    def require_unread(self, first: int) -> None:
        """Refuse the node if an output from index ``first`` on is used.

        Raises:
            Refusal: it is.
        """
        for index in range(first, len(self.node.outputs)):
            if self.is_read(index):
                raise Refusal(f"has an output {index + 1} that costcalc has no layer for")


def uncounted(op: OpView) -> Rule:
    """An operator that costcalc does not know: a layer that is not counted for each output."""
    ctx = yield []
    indexes = [index for index, name in enumerate(op.node.inputs) if name]
    inputs = [ctx.operand(index) for index in indexes if not op.input(index).is_static]
    for index in range(len(op.node.outputs)):
        if ctx.is_read(index):
            stated, name = ctx.output(index).image_shape, op.node.shown_name
            x = ctx.uncounted(op.node.operator, inputs, stated, output=index, name=name)
            ctx.set_output(x, index)


class OnnxGraph(NamedTuple):
    """A graph, and what shape inference found out about its tensors."""

    file: str
    nodes: Sequence[OnnxNode]
    outputs: Sequence[str]
    tensors: Mapping[str, TensorInfo]
    initializers: Mapping[str, TensorProto]
    constants: Set[str]
    """The initializers that are Constant nodes; they count only where used as weights."""
    images: int
    """Images in a batch; 1 if no axis of the input is the batch."""


class OnnxBuilder(ModelBuilder):
    """Adds the layers of a graph, node by node.

    Attributes:
        operands: the operand of each tensor that has one.
        ignored: initializers that are not params: statistics, scales, bounds.
        lost: the outputs of nodes that cannot be read.
    """

    def __init__(
        self, graph: OnnxGraph, input: str, operators: Mapping[str, Operator], names: ModuleNames
    ) -> None:
        super().__init__(graph.tensors[input].image_shape, allow_unknown=True)
        self.is_sized = True
        self.graph = graph
        self.operators = operators
        self.names = names
        self.problems = Problems()
        self.lost: set[str] = set()
        self.operands = {input: self.input}
        read = (read_names(node.operator, node.inputs) for node in graph.nodes)
        self.read = {*graph.outputs, *(name for names in read for name in names)}
        self.producers = {name: node for node in graph.nodes for name in node.outputs}
        self.ignored = {
            root
            for node in graph.nodes
            if node.operator in SCALED
            for name in node.inputs[1:]
            for root in graph.tensors[name].roots
        }
        self.params.left.update(
            (name, prod(tensor.dims)) for name, tensor in graph.initializers.items()
        )
        self._static_depth = 0

    def run(self, others: Mapping[str, str]) -> None:
        """Add all layers; ``others`` are the network's inputs but the first, and their types.

        Initializers that no layer counts as params come first, as learned tensors.
        """
        for name, dtype in others.items():
            if name in self.read:
                shape, wanted = self.graph.tensors[name].image_shape, self.names.initializer(name)
                self.operands[name] = self.other_input(wanted, shape, f"tensor '{name}'", dtype)
        for node in self.graph.nodes:
            if not all(self.graph.tensors[name].is_static for name in node.outputs if name):
                self.add_layers(node)
        first = len(self.nodes)
        counted = {params.tensor for params in self.params.counted}
        for name, tensor in self.graph.initializers.items():
            if name in self.ignored or not self.is_param(name):
                continue
            if name not in counted:
                self._learned(name, tensor.dims or (1,))
            elif self.params.left[name]:
                self._learned(name, (self.params.left[name],))
        self.move_to_front(first)
        classes = self.names.blocks([node.name for node in self.nodes])
        self.blocks = {**self.blocks, **classes}

    def add_layers(self, node: OnnxNode) -> None:
        """Add the layers of a node: run its operator's rule to the end.  Problems are noted."""
        if not self.lost.isdisjoint(node.inputs):
            self.lost.update(node.outputs)
            return
        if all(0 in self.graph.tensors[name].shape for name in node.outputs if name):
            return  # nothing is computed, and no layer may be empty
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
            self.lost.update(filter(None, node.outputs))

    def operand(
        self, name: str, shape: Shape | None, reader: OpContext, of: str = "other"
    ) -> Operand:
        """A tensor as an operand, reshaped if a shape is given; ``of`` is its role if learned.

        Raises:
            Refusal: no layer produces it.
        """
        info = self.graph.tensors[name]
        shape = info.image_shape if shape is None else shape
        if info.is_static and name not in self.operands:
            return self._static(name, shape, reader, of)
        return reader.view(self._existing(name), shape)

    def is_learnable(self, name: str) -> bool:
        """Whether a tensor is static and comes from an initializer that counts as params."""
        info = self.graph.tensors[name]
        return info.is_static and any(self.is_param(root) for root in info.roots)

    def is_weight(self, name: str) -> bool:
        """Whether a tensor is static and comes from an initializer that may be weights."""
        info = self.graph.tensors[name]
        return info.is_static and any(self._may_be_weights(root) for root in info.roots)

    def is_param(self, root: str) -> bool:
        """Whether an initializer counts as params.

        Files do not state what is learnable.  A tensor is if it is floating point and
        has several elements; a single number, if it is named like a module's parameter.
        """
        tensor = self.graph.initializers[root]
        if root in self.graph.constants or not is_learnable(tensor.data_type):
            return False
        return prod(tensor.dims) > 1 or self.names.is_parameter(root)

    def stored_in(self, name: str) -> list[StoredParams]:
        """The initializers that hold a tensor's numbers: one, a part of one, or several."""
        return self._stored(name, [root for root in self._roots(name) if not self._is_filler(root)])

    def weights_in(self, name: str) -> list[StoredParams]:
        """Where the numbers of a tensor that serves as a weight are stored.

        That may be a Constant filled with one number, a part of an initializer, or nowhere:
        the graph makes it, with ConstantOfShape.
        """
        info = self.graph.tensors[name]
        if not info.is_static:
            return []
        stored = self._stored(name, info.roots)
        if stored or any(map(self._may_be_weights, info.roots)):
            return stored
        return [StoredParams(name, prod(info.shape))]

    def _stored(self, name: str, candidates: Sequence[str]) -> list[StoredParams]:
        """A candidate as large as the tensor; else all that may be weights, or a part of one."""
        count, sizes = prod(self.graph.tensors[name].shape), self._roots(name)
        weights = [root for root in sizes if self._may_be_weights(root)]
        exact = [root for root in candidates if sizes[root] == count]
        if exact:
            weights = [next((root for root in exact if root in weights), exact[0])]
        elif sum(sizes[root] for root in weights) > count:
            larger = [root for root in weights if sizes[root] > count]
            return [StoredParams(larger[0], count, part=name)] if len(larger) == 1 else []
        return [StoredParams(root, sizes[root]) for root in weights]

    def _roots(self, name: str) -> dict[str, int]:
        """The initializers that a tensor is computed from, and how many numbers each holds."""
        roots = self.graph.tensors[name].roots
        return {root: prod(self.graph.initializers[root].dims) for root in roots}

    def _existing(self, name: str) -> Operand:
        if name not in self.operands:
            raise Refusal(f"reads '{name}', for which there is no layer")
        return self.operands[name]

    def _static(self, name: str, shape: Shape, reader: OpContext, of: str) -> Operand:
        """A tensor that does not depend on the network's input, as an operand."""
        origin = self._viewed(name)
        if origin in self.graph.initializers and self.is_param(origin):
            if origin not in self.operands:
                self.operands[origin] = self._learned(origin, shape, of)
            return reader.view(self.operands[origin], shape)
        if not self.is_learnable(name) or name not in self.producers:
            self.ignored.update(self.graph.tensors[name].roots)
            return self._constant(name, shape)
        self._static_depth += 1
        if self._static_depth > STATIC_DEPTH:
            raise Refusal(f"reads '{name}', which too many operations compute from weights")
        self.add_layers(self.producers[name])
        self._static_depth -= 1
        return reader.view(self._existing(name), shape)

    def _may_be_weights(self, root: str) -> bool:
        """Whether an initializer may be weights; a Constant filled with one number is not."""
        if root not in self.graph.constants:
            return self.is_param(root)
        return is_learnable(self.graph.initializers[root].data_type) and not self._is_filler(root)

    def _is_filler(self, root: str) -> bool:
        """Whether an initializer is a Constant filled with one number."""
        values = self.graph.tensors[root].values
        return root in self.graph.constants and values is not None and len({*values}) < 2

    def _viewed(self, name: str) -> str:
        """The tensor that a chain of views starts from."""
        while name in self.producers and self.producers[name].operator in VIEWS:
            name = self.producers[name].inputs[0]
        return name

    def _constant(self, name: str, shape: Shape) -> Operand:
        fresh = {"fresh": True} if self._is_fresh(name) else {}
        return self._source_node(name, "constant", {"shape": shape, **fresh}, NOTHING)

    def _is_fresh(self, name: str) -> bool:
        """Whether a tensor is data of each pass: random, or zeros that a recurrence begins with."""
        info, producer = self.graph.tensors[name], self.producers.get(self._viewed(name))
        if info.values is not None:
            return len(info.shape) > 1 and not any(info.values)
        return producer is not None and producer.operator in _FRESH

    def _learned(self, name: str, shape: Shape, of: str = "other") -> Operand:
        params = {LEARNED_AS[of]: [StoredParams(name, prod(shape))]}
        return self._source_node(name, "learned", {"shape": shape, "of": of}, params)

    def _source_node(
        self, name: str, kind: str, arguments: Mapping[str, Any], params: Params
    ) -> Operand:
        path, origin = self.free_name(self.names.initializer(name)), f"tensor '{name}'"
        return self.add(path, kind, (), arguments, origin=origin, params=params)
