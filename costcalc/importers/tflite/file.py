"""A ``.tflite`` file with its indices checked: what is constant, what each operator is called."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from math import prod
from typing import Any, NoReturn

from costcalc.errors import Mark, refuse
from costcalc.formats import tflite_schema as schema
from costcalc.formats.file_bytes import FileBytes, Span
from costcalc.formats.flatbuffers import FlatReader, root
from costcalc.formats.tflite_schema import (
    OPTIONS,
    OPTIONS_OF,
    TYPES,
    ModelTable,
    OperatorTable,
    QuantizationTable,
    SubgraphTable,
    TensorTable,
)
from costcalc.spec import limits

MOST = 8192
"""The most elements of a constant whose values are read."""

FOLDED = ("DEQUANTIZE", "DENSIFY")
"""Operators that unpack stored numbers; of a constant, a runtime or costcalc does it ahead."""

SUBGRAPHS: Mapping[str, tuple[str, ...]] = {
    "IF": ("then", "else"),
    "WHILE": ("cond", "body"),
    "CALL_ONCE": ("init",),
}
"""The options that name the subgraphs which an operator runs."""

OFFLINE_PLAN = "OfflineMemoryAllocation"
"""Metadata of addresses: version, number of subgraphs, number of tensors, then the offsets."""

_UNPLANNED = -1

_HALVES = (schema.CODES["FLOAT16"], schema.CODES["BFLOAT16"])

Number = int | float


class TfliteFile:
    """A file whose indices of tensors, operators, subgraphs and buffers are all valid."""

    def __init__(self, data: FileBytes, name: str) -> None:
        """Read the tables of a file's bytes.

        Raises:
            SpecError: it is damaged, or is another file.
        """
        self.data = data
        self.name = name
        self.size = len(data)
        reader = FlatReader(data, name, ".tflite file")
        self.model: ModelTable = root(reader, schema.MODEL, schema.IDENTIFIER)
        self._check()

    def _check(self) -> None:
        if not self.model.subgraphs:
            self._refuse("has no graph", "a network")
        for number, graph in enumerate(self.model.subgraphs):
            for index in range(len(graph.tensors)):
                self._check_tensor((number, index), graph)
            self._check_indices(f"subgraph {number}", graph, (*graph.inputs, *graph.outputs))
            for index in range(len(graph.operators)):
                self._check_operator(number, index, graph)

    def _check_tensor(self, place: tuple[int, int], graph: SubgraphTable) -> None:
        tensor = graph.tensors[place[1]]
        what = f"tensor '{self.tensor_name(place)}'"
        if not 0 <= tensor.type < len(TYPES):
            self._refuse(f"{what} has an element type of code {tensor.type}", "one of TFLite's")
        if not all(0 <= size <= limits.SIZE for size in tensor.shape):
            found = ", ".join(map(str, tensor.shape[: limits.AXES]))
            self._refuse(f"{what} has a dimension out of range", f"0 to {limits.SIZE:,}", found)
        if len(tensor.shape) > limits.AXES:
            self._refuse(f"{what} has {len(tensor.shape)} axes", f"at most {limits.AXES}")
        if tensor.buffer >= max(len(self.model.buffers), 1):
            self._refuse(f"{what} is in buffer {tensor.buffer}", self._count("buffers"))
        buffer = self.model.buffers[tensor.buffer] if tensor.buffer else schema.BufferTable()
        if buffer.offset > 1 and buffer.offset + buffer.size > self.size:
            self._refuse(f"{what} is in a buffer that is not inside the file", "a complete file")

    def _check_operator(self, number: int, index: int, graph: SubgraphTable) -> None:
        operator = graph.operators[index]
        if operator.code >= len(self.model.operator_codes):
            what = f"operator {index} of subgraph {number} is of code {operator.code}"
            self._refuse(what, self._count("operator_codes"))
        what = f"operator {index} ({self.operator_name(operator)})"
        present = [tensor for tensor in operator.inputs if tensor != -1]
        self._check_indices(what, graph, (*present, *operator.outputs))
        for inner in self.inner_subgraphs(operator):
            if not 0 < inner < len(self.model.subgraphs):
                self._refuse(f"{what} runs subgraph {inner}", self._count("subgraphs"))

    def _check_indices(self, what: str, graph: SubgraphTable, tensors: Sequence[int]) -> None:
        for tensor in tensors:
            if not 0 <= tensor < len(graph.tensors):
                self._refuse(f"{what} uses tensor {tensor}", f"less than {len(graph.tensors):,}")

    def _count(self, field: str) -> str:
        return f"less than {len(getattr(self.model, field)):,}, as many as the file has"

    def _refuse(self, message: str, expected: str, found: str = "") -> NoReturn:
        refuse(Mark(self.name), message, expected, found)

    # Operators.

    @cached_property
    def _operator_names(self) -> list[str]:
        names = schema.OPERATORS
        return [
            row.custom or "CUSTOM"
            if row.code == schema.CUSTOM
            else names[row.code]
            if 0 <= row.code < len(names)
            else f"operator {row.code}"
            for row in self.model.operator_codes
        ]

    def operator_name(self, operator: OperatorTable) -> str:
        """The schema's name of an operator, or the name of a custom one."""
        return self._operator_names[operator.code]

    def builtin_name(self, operator: OperatorTable) -> str:
        """The schema's name of an operator; empty for a custom one, whatever its name is."""
        is_custom = self.model.operator_codes[operator.code].code == schema.CUSTOM
        return "" if is_custom else self.operator_name(operator)

    def options(self, operator: OperatorTable) -> dict[str, Any]:
        """An operator's options; the defaults if the file leaves them out."""
        type_ = OPTIONS_OF.get(self.builtin_name(operator), 0)
        number, options = operator.options
        if options is not None and number == type_:
            return dict(options)
        return dict(OPTIONS[type_].absent()) if type_ else {}

    def operators(self) -> Iterator[tuple[tuple[int, int], OperatorTable]]:
        """The operators by subgraph and index."""
        for number, graph in enumerate(self.model.subgraphs):
            for index, operator in enumerate(graph.operators):
                yield (number, index), operator

    def inner_subgraphs(self, operator: OperatorTable) -> tuple[int, ...]:
        """The subgraphs that an operator runs."""
        options = self.options(operator)
        named = SUBGRAPHS.get(self.builtin_name(operator), ())
        return tuple(options.get(name, 0) for name in named)

    # Tensors.

    def tensors(self) -> Iterator[tuple[tuple[int, int], TensorTable]]:
        """The tensors by subgraph and index."""
        for number, graph in enumerate(self.model.subgraphs):
            for index, tensor in enumerate(graph.tensors):
                yield (number, index), tensor

    def tensor(self, place: tuple[int, int]) -> TensorTable:
        """The tensor of a subgraph and an index."""
        return self.model.subgraphs[place[0]].tensors[place[1]]

    def tensor_name(self, place: tuple[int, int]) -> str:
        """A tensor's name, or its number if it has none."""
        return self.tensor(place).name or f"tensor {place[1]}"

    def number_type(self, place: tuple[int, int]) -> str:
        """What a tensor's numbers are: ``int8``."""
        return schema.TYPES[self.tensor(place).type].name.lower()

    def is_constant(self, tensor: TensorTable) -> bool:
        """Whether its numbers are stored; an empty buffer is an activation's."""
        if tensor.external_buffer:
            return True
        return bool(tensor.buffer) and self.model.buffers[tensor.buffer].bytes > 0

    def is_planned(self, tensor: TensorTable) -> bool:
        """Whether it takes memory of the arena."""
        type_ = TYPES[tensor.type]
        return bool(type_.bits and prod(tensor.shape)) and not (
            tensor.is_variable or self.is_constant(tensor)
        )

    def buffer_key(self, tensor: TensorTable) -> tuple[int, int]:
        """What tells the buffers of constants apart, those of other files included."""
        return tensor.external_buffer, 0 if tensor.external_buffer else tensor.buffer

    def stored_bytes(self, tensor: TensorTable) -> int:
        """The bytes of a constant; in another file, those that its numbers take."""
        if tensor.external_buffer:
            return -(-prod(tensor.shape) * TYPES[tensor.type].bits // 8)
        return self.model.buffers[tensor.buffer].bytes

    def quantisation_bytes(self, tensor: TensorTable) -> int:
        """The bytes of its scales, zero points and ranges."""
        given = tensor.quantization or QuantizationTable()
        parts = (given.minima, given.maxima, given.scales, given.zero_points)
        return sum(part.end - part.start for part in parts if isinstance(part, Span))

    def tensors_of_scales(self, place: tuple[int, int]) -> list[tuple[int, int]]:
        """The tensors that hold the scales and zero points of a tensor's blocks."""
        _, blocks = (self.tensor(place).quantization or QuantizationTable()).details
        return [(place[0], index) for index in (blocks or {}).values()]

    def values(self, tensor: TensorTable) -> tuple[Number, ...] | None:
        """The numbers of a small constant; None if they are many, or not stored in the file."""
        count, letter = prod(tensor.shape), TYPES[tensor.type].letter
        if not letter or count > MOST or tensor.external_buffer or not self.is_constant(tensor):
            return None
        buffer = self.model.buffers[tensor.buffer]
        start = buffer.offset
        if isinstance(buffer.data, Span) and buffer.data.end > buffer.data.start:
            start = buffer.data.start
        if buffer.bytes != struct.calcsize(f"<{count}{letter}"):
            return None
        return struct.unpack_from(f"<{count}{letter}", self.data, start)

    def number(self, tensor: TensorTable) -> Number | None:
        """The number of a constant of one element; None if it is not stored in the file.

        A quantised one is what its whole number stands for, to six digits.
        """
        values, given = self.values(tensor), tensor.quantization or QuantizationTable()
        if (
            not values
            or not isinstance(given.scales, Span)
            or not given.scales[1] > given.scales[0]
        ):
            return values[0] if values else None
        (scale,) = struct.unpack_from("<f", self.data, given.scales.start)
        point = 0
        if isinstance(given.zero_points, Span) and given.zero_points.end > given.zero_points.start:
            (point,) = struct.unpack_from("<q", self.data, given.zero_points.start)
        return float(f"{scale * (values[0] - point):.6g}")

    def root(self, place: tuple[int, int]) -> tuple[int, int]:
        """The constant that a tensor is unpacked from; of any other, the tensor itself."""
        return self.unpacked.get(place, place)

    @cached_property
    def unpacked(self) -> dict[tuple[int, int], tuple[int, int]]:
        """The tensors that hold a constant's numbers unpacked, and the constant of each."""
        found: dict[tuple[int, int], tuple[int, int]] = {}
        for (number, _), operator in self.operators():
            if self.builtin_name(operator) not in FOLDED or len(operator.inputs) != 1:
                continue
            source = number, operator.inputs[0]
            if source[1] < 0:
                continue
            root = found.get(source, source)
            if self.is_constant(self.tensor(root)):
                for place in ((number, output) for output in operator.outputs):
                    if not self.is_constant(self.tensor(place)):
                        found.setdefault(place, root)
        return found

    def is_unpacked_ahead(self, place: tuple[int, int]) -> bool:
        """Whether runtimes unpack it before they run: from halves of floats, or sparse numbers."""
        if place not in self.unpacked:
            return False
        root = self.tensor(self.unpacked[place])
        return root.sparsity is not None or root.type in _HALVES

    @cached_property
    def _offline_plan(self) -> dict[tuple[int, int], int]:
        """The offsets that the file fixes, of tensors of its first subgraph."""
        for entry in self.model.metadata:
            if entry.name != OFFLINE_PLAN or entry.buffer >= len(self.model.buffers):
                continue
            data = self.model.buffers[entry.buffer].data
            if not isinstance(data, Span) or data.end - data.start < 12:
                continue
            count = (data.end - data.start) // 4
            _, _, stated, *offsets = struct.unpack_from(f"<{count}i", self.data, data.start)
            return {(0, index): offset for index, offset in enumerate(offsets[: max(stated, 0)])}
        return {}

    def offline_offset(self, place: tuple[int, int]) -> int | None:
        """A tensor's address, if the file fixes it."""
        offset = self._offline_plan.get(place, _UNPLANNED)
        return None if offset == _UNPLANNED else offset
