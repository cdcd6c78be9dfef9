"""What the rule of an operator works with: its options, inputs and outputs.

Tensors of a file are channels last.  An operand is channels first and without the batch:
(1, H, W, C) is (C, H, W), and (1, T, C) is (C, T).  The leading axis is the batch if it has
as many elements as the network has images, one in nearly every file.  Elements within a
reshape are then in another order, which affects no count.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from costcalc.advice import advice, option
from costcalc.errors import Mark, Problems, Refusal
from costcalc.formats.tflite_schema import (
    NO_BIAS,
    TYPES,
    Activation,
    OperatorTable,
    TensorTable,
)
from costcalc.importers import emit
from costcalc.importers.builder import (
    ModelBuilder,
    OpContext,
    Operand,
    StoredParams,
    UnknownOp,
    dims_text,
)
from costcalc.importers.model import Shape
from costcalc.importers.tflite.file import Number, TfliteFile
from costcalc.importers.tflite.names import LayerNames

Place = tuple[int, int]
"""A subgraph's index, and an index in it."""

AT_ITS_OWN_SIZE = advice("leave out {} and {}", option("res"), option("input"))
"""What helps a network whose shapes are fixed in the file."""

UNNAMED_NUMBER = 0
"""Stands for a constant whose value costcalc does not read, as one of a quantised file."""

ACTIVATIONS = {
    Activation.RELU: "relu",
    Activation.RELU_N1_TO_1: "hard_tanh",
    Activation.RELU6: "relu6",
    Activation.TANH: "tanh",
}
"""The kinds of the activations that are part of other operators."""


class TfliteBuilder(ModelBuilder):
    """Adds the layers of a file, operator by operator.

    Attributes:
        shapes: the shape of each tensor as the file orders its axes, at this input.
        operands: the operand of each tensor that depends on the network's input.
        static: tensors computed from constants and shapes alone.
        layers: the nodes of each operator.
        images: images in a batch.
        image: the network's input, if it is channels first in the file itself.
        padded: in costcalc's own files, tensors that are another padded for the layer after it,
            with the padding of each axis.
        is_resized: whether the input has another size than in the file.
    """

    def __init__(self, file: TfliteFile, names: LayerNames, input: Shape, images: int) -> None:
        super().__init__(input)
        self.is_sized = True
        self.file = file
        self.names = names
        self.images = images
        self.is_resized = False
        self.image: Place | None = None
        self.padded: dict[Place, tuple[Operand, dict[int, tuple[int, int]]]] = {}
        self.problems = Problems()
        self.shapes: dict[Place, Shape] = {place: tensor.shape for place, tensor in file.tensors()}
        self.operands: dict[Place, Operand] = {}
        self.static: dict[Place, tuple[Number, ...] | None] = {}
        self.layers: dict[Place, tuple[int, ...]] = {}

    def has_batch(self, shape: Shape) -> bool:
        """Whether the leading axis of a tensor is the batch."""
        return len(shape) > 1 and shape[0] == self.images

    def image_shape(self, shape: Shape) -> Shape:
        """A tensor's shape as an operand's."""
        return channels_first(shape[1:] if self.has_batch(shape) else shape)


def channels_first(shape: Shape) -> Shape:
    """The last axis moved to the front; one element for a single number.

    >>> channels_first((224, 224, 3))
    (3, 224, 224)
    """
    return (*shape[-1:], *shape[:-1]) or (1,)


def _padded(shape: Shape, rank: int) -> Shape:
    """A shape with dimensions of 1 before it."""
    return (1,) * (rank - len(shape)) + shape


class TfliteContext(OpContext):
    """An operator of a file while its layers are added."""

    builder: TfliteBuilder

    def __init__(self, builder: TfliteBuilder, place: Place, operator: OperatorTable) -> None:
        self.file = builder.file
        self.place = place
        self.operator = operator
        self.kind = self.file.builtin_name(operator)
        named = ""
        if operator.outputs:
            # Converters join the names of all that became one operator; the last is the host's.
            name = self.file.tensor_name((place[0], operator.outputs[0]))
            named = f" of '{name.rpartition(';')[2] or name}'"
        origin = f"operator {place[1]} ({self.file.operator_name(operator)}){named}"
        super().__init__(builder, "", origin)

    def name_for(self, kind: str, part: str) -> str:
        """A free name for a node, the operator's with ``part`` appended."""
        if not self.path:
            self.path = self.builder.free_name(self.builder.names.layer(self.place, kind))
            self.builder.names.give(self.place, self.path)
        return super().name_for(kind, part)

    # Options and inputs.

    @property
    def options(self) -> dict[str, Any]:
        """The operator's options; the defaults if the file leaves them out."""
        return self.file.options(self.operator)

    def has_bias(self, index: int) -> bool:
        """Whether an input is a bias, and not what stands for none in costcalc's own files."""
        names = self.builder.names
        return self.has(index) and not names.is_part(self.source(index), NO_BIAS)

    def padding(self, index: int = 0) -> tuple[tuple[int, int], ...] | None:
        """The padding of the spatial axes of an input that belongs to this layer, if any."""
        if self.source(index) not in self.builder.padded:
            return None
        x, pads = self.builder.padded[self.source(index)]
        return tuple(pads.get(axis, (0, 0)) for axis in range(1, x.rank))

    def has(self, index: int) -> bool:
        """Whether the operator has an input of that index."""
        return index < len(self.operator.inputs) and self.operator.inputs[index] >= 0

    def source(self, index: int) -> Place:
        """The place of an input.

        Raises:
            Refusal: the operator does not have it.
        """
        if not self.has(index):
            count = sum(tensor >= 0 for tensor in self.operator.inputs)
            raise Refusal("reads too few tensors", f"at least {index + 1}", f"{count}")
        return self.place[0], self.operator.inputs[index]

    def tensor(self, index: int) -> TensorTable:
        """The table of an input."""
        return self.file.tensor(self.source(index))

    def shape(self, index: int = 0) -> Shape:
        """The shape of an input as the file orders its axes."""
        return self.builder.shapes[self.source(index)]

    def ranked(self, index: int, rank: int) -> Shape:
        """The shape of an input that must have a number of axes.

        Raises:
            Refusal: it has another number of axes, or none of some of them.
        """
        shape = self.shape(index)
        if len(shape) != rank or 0 in shape:
            raise Refusal(f"its input {index} does not have {rank} axes", found=dims_text(shape))
        return shape

    def output(self, index: int = 0) -> Place:
        """The place of an output.

        Raises:
            Refusal: the operator does not have it.
        """
        if index >= len(self.operator.outputs):
            raise Refusal("has too few outputs", f"at least {index + 1}")
        return self.place[0], self.operator.outputs[index]

    def output_shape(self, index: int = 0) -> Shape:
        """The shape of an output as the file states it."""
        return self.file.tensor(self.output(index)).shape

    def is_static(self, index: int) -> bool:
        """Whether an input does not depend on the network's input."""
        place = self.source(index)
        return place in self.builder.static or self.stored_at(place) is not None

    def stored_at(self, place: Place) -> Place | None:
        """The constant that a tensor is, or is unpacked from."""
        root = self.file.root(place)
        return root if self.file.is_constant(self.file.tensor(root)) else None

    def values(self, index: int) -> tuple[Number, ...]:
        """The numbers of an input that decides a shape.

        Raises:
            UnknownOp: they are not stored in the file.
            Refusal: they are too many.
        """
        place = self.source(index)
        values = self.builder.static.get(place) or self.file.values(self.file.tensor(place))
        if values is None:
            raise UnknownOp(
                f"its input '{self.file.tensor_name(place)}' decides a shape, "
                "and cannot be computed without running the network"
            )
        return values

    def integers(self, index: int) -> Shape:
        """The whole numbers of an input that decides a shape.

        Raises:
            Refusal: as :meth:`values`, or they are not whole.
        """
        values = self.values(index)
        if not all(isinstance(value, int) for value in values):
            raise Refusal(f"its input {index} does not have whole numbers")
        return tuple(int(value) for value in values)

    def number(self, index: int) -> Number | None:
        """An input that is a single constant; None if it is not."""
        if not self.is_static(index) or prod(self.shape(index)) != 1:
            return None
        number = self.file.number(self.tensor(index))
        return UNNAMED_NUMBER if number is None else number

    def is_learnable(self, index: int) -> bool:
        """Whether an input is a constant of several numbers that may be learned.

        Files do not state what is; a tensor is if it is floating point or quantised.
        """
        stored = self.stored_at(self.source(index))
        if stored is None or prod(self.shape(index)) == 1:
            return False
        tensor = self.file.tensor(stored)
        is_float = TYPES[tensor.type].name.startswith(("FLOAT", "BFLOAT"))
        quantization = tensor.quantization
        return is_float or bool(quantization and quantization.scales)

    def params(self, *indexes: int) -> list[StoredParams]:
        """The stored tensors that inputs come from; inputs that are left out have none."""
        places = [self.stored_at(self.source(index)) for index in indexes if self.has(index)]
        return [
            StoredParams(f"{place[0]}:{place[1]}", prod(self.file.tensor(place).shape))
            for place in places
            if place is not None
        ]

    # Operands.

    def operand(self, index: int = 0) -> Operand:
        """An input as an operand; without the padding that belongs to this layer."""
        if self.source(index) in self.builder.padded:
            return self.builder.padded[self.source(index)][0]
        return self.operand_as(index, self.builder.image_shape(self.shape(index)))

    def with_batch(self, index: int) -> Operand:
        """An input with an axis for the batch, as (C, B, H, W)."""
        return self.operand_as(index, channels_first(self.shape(index)))

    def operand_as(self, index: int, shape: Shape) -> Operand:
        """An input in a shape of as many elements."""
        place = self.source(index)
        if place not in self.builder.operands:
            self.builder.operands[place] = (
                emit.transpose(self, self.builder.input, self._image_order)
                if place == self.builder.image
                else self._static_operand(index, shape)
            )
        return self.view(self.builder.operands[place], shape)

    @property
    def _image_order(self) -> Shape:
        """The axes of an image that is channels first in the file, as those of an operand."""
        return channels_first(tuple(range(self.builder.input.rank)))

    def _static_operand(self, index: int, shape: Shape) -> Operand:
        """A tensor that no operator computed as an operand: learned, or another constant.

        What an earlier forward pass left in a variable is a constant to this one.

        Raises:
            Refusal: it is neither stored nor a variable.
        """
        place = self.source(index)
        if not self.is_static(index) and not self.tensor(index).is_variable:
            raise Refusal(f"reads '{self.file.tensor_name(place)}', which nothing computes")
        name = self.builder.names.tensor(place)
        if not self.is_learnable(index):
            return self.add_source("constant", name, shape)
        return self.add_source("learned", name, shape, self.params(index))

    def add_source(
        self, kind: str, name: str, shape: Shape, params: Sequence[StoredParams] = ()
    ) -> Operand:
        """A tensor that reads nothing, as a node of its own name."""
        return self.builder.add(
            self.builder.free_name(name),
            kind,
            (),
            {"shape": shape},
            origin=self.origin,
            params={"other_params": params} if params else {},
        )

    def broadcast(self) -> dict[int, Shape]:
        """The shapes of all inputs as operands, with as many axes as the output has.

        Raises:
            Refusal: one has more axes, or only some have the images of a batch.
        """
        rank = len(self.output_shape())
        shapes = {index: self.shape(index) for index in self.present}
        if any(len(shape) > rank for shape in shapes.values()):
            raise Refusal("reads a tensor with more axes than its output has", f"at most {rank}")
        full = {index: _padded(shape, rank) for index, shape in shapes.items()}
        leading = {shape[0] for shape in full.values() if shape}
        is_batch = rank > 1 and max(leading, default=0) == self.builder.images
        if is_batch and not leading <= {1, self.builder.images}:
            raise Refusal("mixes the images of a batch", found=dims_text(sorted(leading)))
        return {
            index: channels_first(shape[1:] if is_batch else shape) for index, shape in full.items()
        }

    @property
    def present(self) -> list[int]:
        """The indices of the inputs that are not left out."""
        return [index for index in range(len(self.operator.inputs)) if self.has(index)]

    # Axes.

    def axis(self, axis: int, index: int = 0) -> int | None:
        """An axis of an input as one of its operand; None for the batch.

        Raises:
            Refusal: there is no such axis.
        """
        shape = self.shape(index)
        rank = len(shape)
        if not -rank <= axis < rank:
            raise Refusal(f"there is no axis {axis}", f"{-rank} to {rank - 1}", dims_text(shape))
        place = axis % rank - self.builder.has_batch(shape)
        rank -= self.builder.has_batch(shape)
        return None if place < 0 else (place + 1) % rank

    def along(self, axes: Sequence[int], index: int = 0) -> tuple[Operand, list[int]]:
        """An input and some axes of it; with an axis for the batch if that is one of them."""
        places = [self.axis(axis, index) for axis in axes]
        if None not in places:
            return self.operand(index), sorted({place for place in places if place is not None})
        rank = len(self.shape(index))
        return self.with_batch(index), sorted({(axis + 1) % rank for axis in axes})

    def each_axis(self, x: Operand, sizes: Sequence[Any], idle: Any) -> tuple[Any, ...]:
        """Sizes for the last axes of an operand, and ``idle`` for those before them."""
        return (idle,) * (x.rank - 1 - len(sizes)) + tuple(sizes)

    # Outputs.

    def set_output(self, x: Operand, index: int = 0) -> None:
        """Make an operand an output; it may differ from it in dimensions of 1.

        Raises:
            Refusal: the output has a different shape.
        """
        place, builder = self.output(index), self.builder
        stated = self.file.tensor(place).shape
        if builder.is_resized:
            stated = self._resized(x.shape, stated)
            builder.shapes[place] = stated
        shape = builder.image_shape(stated)
        if [size for size in x.shape if size != 1] != [size for size in shape if size != 1]:
            raise Refusal(
                "has a different shape than costcalc computes", dims_text(shape), dims_text(x.shape)
            )
        builder.operands[place] = self.view(x, shape)

    def _resized(self, shape: Shape, stated: Shape) -> Shape:
        """The shape of an output at another input, in the file's order of axes."""
        last = (*shape[1:], *shape[:1])
        if len(last) == len(stated):
            return last
        if len(last) + 1 == len(stated):
            return (self.builder.images, *last)
        message = "cannot be computed at another input size"
        raise Refusal(message, dims_text(stated), dims_text(last))

    def activate(self, x: Operand) -> Operand:
        """The activation that is part of the operator.

        Raises:
            UnknownOp: costcalc has no layer kind for it.
        """
        code = self.options.get("activation", 0)
        if code == Activation.NONE:
            return x
        if code not in ACTIVATIONS:
            raise UnknownOp(f"costcalc has no layer kind for its activation, code {code}")
        kind = ACTIVATIONS[code]
        return self.add(kind, (x,), part=f".{kind}")

    def finish(self, x: Operand) -> None:
        """Make an operand, with the operator's activation, the output."""
        self.set_output(self.activate(x))

    def natural(self, index: int) -> Operand:
        """An input with its axes in the file's order, without the batch."""
        x = self.operand(index)
        return emit.transpose(self, x, (*range(1, x.rank), 0))

    def from_natural(self, x: Operand) -> Operand:
        """An operand in the file's order of axes, channels first."""
        return emit.transpose(self, x, (x.rank - 1, *range(x.rank - 1)))

    def target(self, index: int = 0) -> Shape:
        """The shape of an output as an operand's.

        Raises:
            Refusal: the network is read at another size than the file's.
        """
        if self.builder.is_resized:
            raise Refusal(
                "has a shape that is fixed in the file",
                expected="the file's own input size",
                hint=AT_ITS_OWN_SIZE,
            )
        return self.builder.image_shape(self.output_shape(index))

    def note(self, refusal: Refusal) -> None:
        """Note a problem of the operator."""
        self.builder.problems.note(refusal.problem(Mark(self.file.name), self.origin))


Rule = Callable[[TfliteContext], None]
"""Adds the layers of an operator and sets its outputs."""
