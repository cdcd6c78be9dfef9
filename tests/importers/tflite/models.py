"""Small ``.tflite`` files, tensor by tensor and operator by operator."""

import struct
from math import prod
from typing import Any, NamedTuple

from costcalc.formats.flatbuffers import file_chunks
from costcalc.formats.tflite_schema import (
    CODES,
    IDENTIFIER,
    MODEL,
    OPERATOR_CODES,
    OPTIONS_OF,
    TYPES,
    BufferTable,
    MetadataTable,
    ModelTable,
    OperatorCodeTable,
    OperatorTable,
    QuantizationTable,
    SubgraphTable,
    TensorTable,
)

OUTPUT_SCALES = {"SOFTMAX": (1 / 256, -128), "LOGISTIC": (1 / 256, -128), "TANH": (1 / 128, 0)}
"""The scale and zero point of an int8 output that a runtime insists upon."""


class Net:
    """A file being made."""

    def __init__(self, subgraphs: int = 1) -> None:
        self.buffers = [BufferTable()]
        self.codes: list[OperatorCodeTable] = []
        self.graphs: list[dict[str, list[Any]]] = [
            {"tensors": [], "inputs": [], "outputs": [], "operators": []} for _ in range(subgraphs)
        ]
        self.metadata: list[MetadataTable] = []

    def tensor(
        self,
        shape: tuple[int, ...],
        type_: str = "FLOAT32",
        values: Any = None,
        *,
        graph: int = 0,
        scale: tuple[float, int] | None = None,
        **more: Any,
    ) -> int:
        """A tensor; with values (a list of numbers, or bytes) a constant. Returns its index."""
        tensors = self.graphs[graph]["tensors"]
        if values is not None:
            if not isinstance(values, bytes):
                letter = TYPES[CODES[type_]].letter
                values = struct.pack(f"<{len(values)}{letter}", *values)
            more["buffer"] = len(self.buffers)
            self.buffers.append(BufferTable(values))
        if scale is None and type_ == "INT8":
            scale = (1 / 64, 0)
        if scale is not None:
            more["quantization"] = QuantizationTable(scales=(scale[0],), zero_points=(scale[1],))
        more.setdefault("name", f"t{len(tensors)}")
        tensors.append(TensorTable(shape, CODES[type_], **more))
        return len(tensors) - 1

    def zeros(self, shape: tuple[int, ...], type_: str = "FLOAT32", **more: Any) -> int:
        """A constant of zeros."""
        return self.tensor(shape, type_, bytes(prod(shape) * TYPES[CODES[type_]].bits // 8), **more)

    def operator(
        self,
        name: str,
        inputs: list[int],
        outputs: list[int],
        *,
        graph: int = 0,
        custom: bool = False,
        **options: Any,
    ) -> None:
        """An operator; options that are not given are left out of the file."""
        custom = custom or name not in OPERATOR_CODES
        code = OPERATOR_CODES["CUSTOM" if custom else name]
        row = OperatorCodeTable(min(code, 127), name if custom else "", 1, code)
        if row not in self.codes:
            self.codes.append(row)
        type_ = OPTIONS_OF.get(name, 0)
        table = OperatorTable(
            self.codes.index(row), tuple(inputs), tuple(outputs), (type_, options or None)
        )
        self.graphs[graph]["operators"].append(table)

    def table(self, **more: Any) -> ModelTable:
        """The file as its table."""
        graphs = (
            SubgraphTable(**{key: tuple(rows) for key, rows in graph.items()})
            for graph in self.graphs
        )
        return ModelTable(
            3,
            tuple(self.codes),
            tuple(graphs),
            buffers=tuple(self.buffers),
            metadata=tuple(self.metadata),
            **more,
        )

    def bytes(self, **more: Any) -> bytes:
        """The file's bytes."""
        return encoded(self.table(**more))

    def ends(self, inputs: list[int], outputs: list[int], graph: int = 0) -> None:
        """Name the inputs and outputs of a graph."""
        self.graphs[graph]["inputs"], self.graphs[graph]["outputs"] = inputs, outputs


def encoded(table: ModelTable) -> bytes:
    """A file's bytes."""
    return b"".join(file_chunks(MODEL, table, IDENTIFIER))


class Sample(NamedTuple):
    """One operator with what it reads and writes."""

    operator: str
    inputs: tuple[tuple[int, ...], ...] = ((1, 8, 8, 16),)
    constants: tuple[Any, ...] = ()
    """After the inputs: a shape of weights, ``bias(n)``, or a list of whole numbers."""
    outputs: tuple[tuple[int, ...], ...] = ((1, 8, 8, 16),)
    options: dict[str, Any] = {}  # noqa: RUF012
    order: tuple[int, ...] = ()
    """The places of inputs and constants among what it reads; in order by default."""
    types: tuple[str, ...] = ()
    """The types of the inputs and then of the outputs, where not the one asked for."""

    def net(self, type_: str = "FLOAT32") -> Net:
        """A file with this operator alone."""
        net = Net()
        types = (*self.types, *("",) * 8)
        read = [
            net.tensor(shape, types[n] or type_, name=f"x{n}")
            for n, shape in enumerate(self.inputs)
        ]
        inputs = list(read)
        for constant in self.constants:
            if isinstance(constant, list):
                shape = (len(constant),)
                is_pairs = "PAD" in self.operator or (len(constant) == 4 and "_ND" in self.operator)
                if is_pairs:
                    shape = (len(constant) // 2, 2)
                if "SUPPRESSION" in self.operator:
                    shape = ()
                whole = isinstance(constant[0], int)
                read.append(net.tensor(shape, "INT32" if whole else "FLOAT32", constant))
            elif isinstance(constant, int):
                if constant < 0:
                    read.append(-1)
                else:
                    wide = "FLOAT32" if type_ == "FLOAT32" else "INT32"
                    scale = None if type_ == "FLOAT32" else (1 / 4096, 0)
                    read.append(net.zeros((constant,), wide, scale=scale))
            elif isinstance(constant, str):
                read.append(self._state(net, constant, type_))
            else:
                read.append(net.zeros(constant, type_))
        if self.order:
            read = [read[place] for place in self.order]
        scale = OUTPUT_SCALES.get(self.operator) if type_ == "INT8" else None
        outputs = [
            net.tensor(shape, types[n] or type_, scale=scale, name="y")
            for n, shape in enumerate(self.outputs, len(self.inputs))
        ]
        net.operator(self.operator, read, outputs, **self.options)
        net.ends(inputs, outputs)
        return net

    def _state(self, net: Net, shape: str, type_: str) -> int:
        sides, _, wide = shape.partition(" ")
        type_ = "INT16" if wide and type_ == "INT8" else type_
        sides = tuple(map(int, sides.split("x")))
        return net.tensor(sides, type_, scale=(1 / 64, 0), is_variable=True)


def bias(count: int) -> int:
    """A bias of so many numbers."""
    return count


LEFT_OUT = -1
MAP = (1, 8, 8, 16)
