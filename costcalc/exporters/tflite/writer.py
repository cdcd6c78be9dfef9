"""Builds a ``.tflite`` file: its tensors, its buffers and its operators.

Tensors are channels last, with a batch of one image: a layer's (C, H, W) is (1, H, W, C).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

from costcalc.exporters.layers import Splits
from costcalc.exporters.weights import BIAS, Spread, random_bytes, random_data, zeros
from costcalc.formats.file_bytes import ByteStream
from costcalc.formats.tflite_schema import (
    CODES,
    NO_BIAS,
    OPERATOR_CODES,
    OPTIONS_OF,
    PLACEHOLDER,
    PRODUCER,
    TYPES,
    BufferTable,
    ModelTable,
    OperatorCodeTable,
    OperatorTable,
    QuantizationTable,
    SubgraphTable,
    TensorTable,
)
from costcalc.formulas.algebra import product
from costcalc.graph.layer import NETWORK_INPUT, Layer, LayerGraph
from costcalc.kinds.base import Shape, channels_last
from costcalc.names import FreeNames
from costcalc.records import NamedTuple

_LOWEST = -3.4028234663852886e38
"""The lowest number of 32 bits."""

REACH = 127
"""The largest weight in bytes; the smallest is its negative, so that 0 is 0."""


class Scale(NamedTuple):
    """What whole numbers stand for: ``scale * (number - zero_point)``."""

    scale: float
    zero_point: int = 0


ACTIVATIONS = Scale(1 / 16)
"""Of activations: -8 to almost 8."""

FIXED = {
    "LOGISTIC": Scale(1 / 256, -128),
    "SOFTMAX": Scale(1 / 256, -128),
    "LOG_SOFTMAX": Scale(16 / 256, 127),
    "TANH": Scale(1 / 128),
    "L2_NORMALIZATION": Scale(1 / 128),
}
"""Scales of outputs that runtimes require of these operators."""

MOVING = frozenset(
    [
        "CONCATENATION",
        "MAX_POOL_2D",
        "AVERAGE_POOL_2D",
        "MIRROR_PAD",
        "PAD",
        "PADV2",
        "RESHAPE",
        "RESIZE_BILINEAR",
        "RESIZE_NEAREST_NEIGHBOR",
        "SPLIT",
        "STRIDED_SLICE",
        "TRANSPOSE",
        "REDUCE_MAX",
        "REDUCE_MIN",
        "MAXIMUM",
        "MINIMUM",
        "ADD_N",
    ]
)
"""Operators whose outputs have the scale of their input."""


class FileBuilder:
    """Collects the tensors and operators of a file, layer by layer."""

    def __init__(self, graph: LayerGraph, dtype: str, seed: int | None) -> None:
        self.layers = graph.layers
        self.readers = graph.readers
        self.outputs = frozenset(graph.outputs)
        self.is_whole = dtype == "int8"
        self.type = "INT8" if self.is_whole else "FLOAT32"
        self.seed = seed
        self.splits = Splits(graph.layers)
        self.names = FreeNames(layer.name for layer in graph.layers)
        self.tensors: list[TensorTable] = []
        self.scales: list[Scale] = []
        self.buffers = [BufferTable()]
        self.operators: list[OperatorTable] = []
        self.codes: dict[int, int] = {}
        self.computed: dict[int, int] = {}
        """The tensor that holds a layer's output."""
        self.parts: dict[str, int] = {}
        """The tensors of the parts of splits, by name."""
        self._stored: dict[object, int] = {}
        self.input = self.activation(self.names.free("input"), graph.input)
        self.computed[NETWORK_INPUT] = self.input
        self.inputs = [self.input]

    def activation(self, name: str, shape: Shape, scale: Scale = ACTIVATIONS) -> int:
        """Add a tensor that is computed, of a layer's shape."""
        return self.add(name, batched(shape), self.type, scale if self.is_whole else None)

    def add(
        self,
        name: str,
        shape: Shape,
        type_: str,
        scale: Scale | None = None,
        data: bytes | ByteStream | None = None,
        *,
        scales: Sequence[float] = (),
        axis: int = 0,
    ) -> int:
        """Add a tensor of a shape in the file's order; return its index."""
        buffer = 0
        if data is not None:
            buffer = len(self.buffers)
            self.buffers.append(BufferTable(data))
        quantization = None
        if scale is not None:
            scales = tuple(scales) or (scale.scale,)
            points = (scale.zero_point,) * len(scales)
            quantization = QuantizationTable(scales=scales, zero_points=points, axis=axis)
        self.tensors.append(TensorTable(shape, CODES[type_], buffer, name, quantization))
        self.scales.append(scale or ACTIVATIONS)
        return len(self.tensors) - 1

    def integers(self, values: Sequence[int], shape: Shape = ()) -> int:
        """A constant of whole numbers; equal ones are one tensor."""
        key = (tuple(values), shape)
        if key not in self._stored:
            data = struct.pack(f"<{len(values)}i", *values)
            name = self.names.free("_".join(("constant", *map(str, values))))
            self._stored[key] = self.add(name, shape or (len(values),), "INT32", None, data)
        return self._stored[key]

    def number(self, value: float) -> int:
        """A constant number: the largest byte, at a scale that makes it the number."""
        if value not in self._stored:
            name = self.names.free(f"constant_{value:g}")
            if self.is_whole:
                scale = Scale(abs(value) / REACH or 1.0)
                data = struct.pack("<b", (value > 0) * REACH - (value < 0) * REACH)
                self._stored[value] = self.add(name, (1,), "INT8", scale, data)
            else:
                data = struct.pack("<f", value)
                self._stored[value] = self.add(name, (1,), "FLOAT32", None, data)
        return self._stored[value]

    def learned(
        self, owner: str, role: str, shape: Shape, spread: Spread, channels: int | None = None
    ) -> int:
        """A learnable tensor; with an axis of channels, a scale for each of them."""
        key = (owner, role)
        if key not in self._stored:
            index, count = len(self._stored), product(shape)
            name = self.names.free(f"{owner}.{role}")
            reach = spread.reach + abs(spread.centre)
            scale = Scale(reach / REACH) if self.is_whole else None
            data = zeros(count * (1 if self.is_whole else 4))
            if self.seed is not None and self.is_whole:
                data = random_bytes(count, REACH, self.seed, index)
            elif self.seed is not None:
                data = random_data(shape, spread, self.seed, index)
            many = (reach / REACH,) * (1 if channels is None else shape[channels])
            self._stored[key] = self.add(
                name, shape, self.type, scale, data, scales=many, axis=channels or 0
            )
        return self._stored[key]

    def lowest(self, like: int) -> int:
        """A constant: the lowest number that a tensor may hold."""
        scale = self.scales[like]
        key = ("lowest", scale)
        if key not in self._stored:
            name = self.names.free("constant_lowest")
            data = struct.pack("<b", -128) if self.is_whole else struct.pack("<f", _LOWEST)
            self._stored[key] = self.add(
                name, (1,), self.type, scale if self.is_whole else None, data
            )
        return self._stored[key]

    def bias(self, owner: str, count: int, read: int, weights: int, *, has_bias: bool) -> int:
        """A bias: in whole numbers, at the product of the scales of input and weights.

        Runtimes want one of layers that have none, too: zeros, of a name that says so.
        """
        key = (owner, "bias")
        if key not in self._stored:
            index = len(self._stored)
            name = self.names.free(f"{owner}.{'bias' if has_bias else NO_BIAS}")
            seed = self.seed if has_bias else None
            data = zeros(4 * count)
            if self.is_whole:
                table = self.tensors[weights].quantization or QuantizationTable()
                of_weights = table.scales if isinstance(table.scales, tuple) else ()
                scales = [self.scales[read].scale * scale for scale in of_weights]
                if seed is not None:
                    data = _whole_biases(count, seed, index)
                scale = Scale(scales[0])
                self._stored[key] = self.add(name, (count,), "INT32", scale, data, scales=scales)
            else:
                if seed is not None:
                    data = random_data((count,), BIAS, seed, index)
                self._stored[key] = self.add(name, (count,), "FLOAT32", None, data)
        return self._stored[key]

    def operator(
        self, name: str, inputs: Sequence[int], outputs: Sequence[int], options: Mapping[str, Any]
    ) -> None:
        """Add an operator."""
        code = self.codes.setdefault(OPERATOR_CODES[name], len(self.codes))
        type_ = OPTIONS_OF.get(name, 0)
        row = OperatorTable(code, tuple(inputs), tuple(outputs), (type_, dict(options) or None))
        self.operators.append(row)

    def table(self) -> ModelTable:
        """The file."""
        outputs = [self.computed[index] for index in sorted(self.outputs)]
        graph = SubgraphTable(
            tuple(self.tensors),
            tuple(self.inputs),
            tuple(dict.fromkeys(outputs)),
            tuple(self.operators),
            "main",
        )
        codes = tuple(OperatorCodeTable(min(code, PLACEHOLDER), "", 1, code) for code in self.codes)
        return ModelTable(
            operator_codes=codes,
            subgraphs=(graph,),
            description=PRODUCER,
            buffers=tuple(self.buffers),
        )


def _whole_biases(count: int, seed: int, index: int) -> ByteStream:
    """Whole numbers of 32 bits: bytes with their signs extended."""
    narrow = random_bytes(count, REACH, seed, index)

    def chunks() -> Any:
        for chunk in narrow.chunks():
            yield struct.pack(f"<{len(chunk)}i", *struct.unpack(f"<{len(chunk)}b", chunk))

    return ByteStream(4 * count, chunks)


class LayerWriter:
    """Writes the operators of one layer."""

    def __init__(self, builder: FileBuilder, index: int, *, has_norm: bool = False) -> None:
        self.builder = builder
        self.index = index
        self.has_norm = has_norm
        """Whether a norm is folded into its weights."""
        self.layer: Layer = builder.layers[index]
        self.operation: Any = self.layer.operation
        self.shape: Shape = self.layer.output
        self.input_shape: Shape = self.layer.input_shapes[0] if self.layer.input_shapes else ()
        self.inputs = [builder.computed[source] for source in self.layer.inputs]

    @property
    def owner(self) -> str:
        """The layer whose params this one uses."""
        shares = self.layer.shares
        return self.layer.name if shares is None else self.builder.layers[shares].name

    def before(
        self,
        operator: str,
        shape: Shape,
        *inputs: int,
        part: str = "",
        scale: Scale | None = None,
        **options: Any,
    ) -> int:
        """Add an operator whose output, of a layer's shape, others of this layer read."""
        name = self.builder.names.free(f"{self.layer.name}.{part or operator.lower()}")
        return self._add(operator, name, shape, inputs, options, scale)

    def last(self, operator: str, *inputs: int, **options: Any) -> int:
        """Add the operator whose output is the layer's."""
        output = self._add(operator, self.layer.name, self.shape, inputs, options, None)
        self.builder.computed[self.index] = output
        return output

    def same(self) -> None:
        """Let the layer's output be its input."""
        self.builder.computed[self.index] = self.inputs[0]

    def rescaled(self) -> list[int]:
        """The inputs at one scale, that of the first, as some operators want them."""
        builder, scales = self.builder, self.builder.scales
        wanted = scales[self.inputs[0]]
        return [
            self.before("QUANTIZE", shape, tensor, scale=wanted)
            if builder.is_whole and scales[tensor] != wanted
            else tensor
            for tensor, shape in zip(self.inputs, self.layer.input_shapes, strict=True)
        ]

    def axis(self, axis: int) -> int:
        """An axis of the layer's output as the file orders them."""
        rank = len(self.shape)
        return file_axis(axis % rank, rank)

    def integers(self, *values: int) -> int:
        """A constant vector of whole numbers."""
        return self.builder.integers(values)

    def per_axis(self, pairs: Sequence[tuple[int, int]]) -> int:
        """A constant of two numbers for each axis, given in a layer's order without the batch."""
        ordered = ((0, 0), *pairs[1:], pairs[0])
        flat = [number for pair in ordered for number in pair]
        return self.builder.integers(flat, (len(ordered), 2))

    def _add(
        self,
        operator: str,
        name: str,
        shape: Shape,
        inputs: Sequence[int],
        options: Mapping[str, Any],
        scale: Scale | None,
    ) -> int:
        builder = self.builder
        if scale is None and operator in MOVING:
            # The first input that is not a constant of whole numbers.
            scale = next(builder.scales[each] for each in inputs if self._is_computed(each))
        output = builder.activation(name, shape, scale or FIXED.get(operator, ACTIVATIONS))
        builder.operator(operator, inputs, [output], options)
        return output

    def _is_computed(self, tensor: int) -> bool:
        return TYPES[self.builder.tensors[tensor].type].name == self.builder.type


def batched(shape: Shape) -> Shape:
    """A layer's shape in the file's order, with a batch of one image."""
    return (1, *channels_last(shape))


def file_axis(axis: int, rank: int) -> int:
    """An axis of a layer's shape as one of the tensor in the file.

    >>> [file_axis(axis, 3) for axis in range(3)]
    [3, 1, 2]
    """
    return axis or rank
