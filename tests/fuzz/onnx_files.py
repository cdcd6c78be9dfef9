"""ONNX files: changed field by field and byte by byte, and single operators on any shapes."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

from costcalc.errors import CostcalcError
from costcalc.exporters import export_graph
from costcalc.graph.expand import expand
from costcalc.importers.onnx.operators import TABLE
from costcalc.spec.reader import read
from tests.drawing.draws import Draws
from tests.exporters.every_kind import specs
from tests.exporters.onnx_file import varint
from tests.fuzz import agreements, command_lines, hostile, mutations
from tests.fuzz.case import Case
from tests.importers.onnx import models, protobuf
from tests.importers.onnx.test_mutated_nodes import EMPTY, EVERY, attributes, file

PATH = "case.onnx"
DATA = Path(__file__).parents[1] / "data" / "onnx"
LARGEST = 16_000
"""The most bytes of a file of tests/data that is changed."""


@cache
def seeds() -> tuple[bytes, ...]:
    """The files that are changed: costcalc's own of every kind, and small ones of PyTorch."""
    stored = [path.read_bytes() for path in sorted(DATA.glob("*.onnx"))]
    return (*exported("onnx"), *(data for data in stored if len(data) < LARGEST))


@cache
def exported(format_: str) -> tuple[bytes, ...]:
    """The files that costcalc writes of an example of each kind, and of small networks."""
    files = []
    for text in specs().values():
        graph = expand(read(text.encode(), "example.yaml", lambda name: None), {})
        try:
            file = export_graph(graph, format_)
        except CostcalcError:
            continue  # which another format has, and this one lacks
        files.append(file.encode() if isinstance(file, str) else b"".join(file))
    return tuple(files)


def case(draws: Draws, data: bytes) -> Case:
    """A command line over a file."""
    line = command_lines.of(draws, PATH)
    if line[0] in ("report", "import") and draws.chance(4):
        line = (*line, "--allow-unknown")
    agreement = agreements.of_model(draws) if draws.chance(8) else ""
    return Case(line, {PATH: data}, b"", agreement, PATH)


def changed_bytes(draws: Draws) -> Case:
    """A file with some bytes changed."""
    return case(draws, mutations.of_bytes(draws, draws.of(*seeds())))


# Messages ---------------------------------------------------------------------------

Schema = Mapping[int, Any]
"""The messages within a message, by the numbers of their fields in onnx.proto."""

TENSOR: Schema = {13: {}}
TYPE: dict[int, Any] = {1: {2: {1: {}}}}
TYPE |= {4: {1: TYPE}, 9: {1: TYPE}, 8: {1: {2: {1: {}}}}}
VALUE: Schema = {2: TYPE}
ATTRIBUTE: dict[int, Any] = {5: TENSOR, 10: TENSOR, 14: TYPE}
NODE: Schema = {5: ATTRIBUTE, 9: {}}
GRAPH: Schema = {1: NODE, 5: TENSOR, 11: VALUE, 12: VALUE, 13: VALUE, 15: {1: TENSOR, 2: TENSOR}}
ATTRIBUTE |= {6: GRAPH, 11: GRAPH}
MODEL: Schema = {7: GRAPH, 8: {}, 14: {}, 25: {7: NODE, 9: {}, 11: ATTRIBUTE}}

Fields = list[Any]
"""Triples ``[number, value, schema]``: a whole number, a float, bytes, or the fields within."""


def parsed(data: bytes, schema: Schema) -> Fields:
    """The fields of a message."""
    found: Fields = []
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, wire_type = key >> 3, key & 7
        value: Any
        if wire_type == 0:
            value, at = varint(data, at)
        elif wire_type == 5:
            value, at = struct.unpack_from("<f", data, at)[0], at + 4
        else:
            length, at = varint(data, at)
            value, at = data[at : at + length], at + length
            if number in schema:
                value = parsed(value, schema[number])
        found.append([number, value, schema])
    return found


def encoded(fields: Fields) -> bytes:
    """The message of fields."""
    return b"".join(
        protobuf.field(number, encoded(value) if isinstance(value, list) else value)
        for number, value, _ in fields
    )


def walk(fields: Fields) -> Iterator[tuple[Fields, int]]:
    """Every field of a message and of those within, as a list and an index in it."""
    for index, (_, value, _) in enumerate(fields):
        yield fields, index
        if isinstance(value, list):
            yield from walk(value)


@cache
def _parsed_seeds() -> tuple[bytes, ...]:
    """Files whose fields are read; the largest take too long to change by the hundred."""
    return tuple(data for data in seeds() if len(data) < LARGEST // 2)


def changed_messages(draws: Draws) -> Case:
    """A file with fields changed, left out, doubled, moved, or taken from another file."""
    model = parsed(draws.of(*_parsed_seeds()), MODEL)
    names = [
        value
        for fields, index in walk(model)
        for _, value, schema in [fields[index]]
        if isinstance(value, bytes) and schema in (NODE, GRAPH)
    ]
    for _ in range(mutations.few(draws)):
        places = list(walk(model))
        if not places:
            break
        fields, index = draws.of(*places)
        if draws.chance(2):  # as often as not in a node, where most is read
            inside = [place for place in places if place[0][place[1]][2] in (NODE, ATTRIBUTE)]
            fields, index = draws.of(*inside) if inside else (fields, index)
        _change(draws, fields, index, names)
    return case(draws, encoded(model))


def _change(draws: Draws, fields: Fields, index: int, names: list[bytes]) -> None:
    number, value, schema = fields[index]
    change = draws.upto(8)
    if change == 1:
        del fields[index]
    elif change == 2:
        fields.insert(index, _copied(fields[index]))
    elif change == 3:
        other = draws.whole(0, len(fields) - 1)
        fields[index], fields[other] = fields[other], fields[index]
    elif change == 4:
        donor = parsed(draws.of(*_parsed_seeds()), MODEL)
        alike = [
            place[0][place[1]]
            for place in walk(donor)
            if place[0][place[1]][2] == schema and place[0][place[1]][0] == number
        ]
        if alike:
            fields[index] = draws.of(*alike)
    elif change == 5:
        numbers = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 20, 21, 25]
        fields[index] = [draws.of(*numbers), value, schema]
    elif isinstance(value, int):
        fields[index][1] = hostile.integer(draws)
    elif isinstance(value, float):
        fields[index][1] = draws.of(0.0, -1.0, 0.5, float("inf"), float("nan"), 3.0e38)
    elif isinstance(value, bytes):
        operators = [name.encode() for name in TABLE]
        words = operators if schema == NODE and number == 4 else names
        fields[index][1] = draws.of(
            *(draws.of(*words) if words else b"", draws.of(*words) if words else b"", b""),
            mutations.encoded(draws.of(*hostile.WORDS)),
            mutations.of_bytes(draws, value),
            struct.pack("<q", hostile.integer(draws) % 2**63),
        )
    else:
        fields[index][1] = draws.of([], hostile.integer(draws), b"", value[:-1])


def _copied(field: Any) -> Any:
    number, value, schema = field
    return [number, [*map(_copied, value)] if isinstance(value, list) else value, schema]


# Operators --------------------------------------------------------------------------

ATTRIBUTES = (
    *("axis", "axes", "group", "strides", "pads", "dilations", "kernel_shape", "auto_pad", "perm"),
    *("keepdims", "k", "split", "shape", "num_groups", "num_outputs", "equation", "mode", "scales"),
    *("transA", "transB", "to", "value", "blocksize", "allowzero", "output_padding", "direction"),
    *("output_shape", "q_num_heads", "kv_num_heads", "batch_dims", "repeats", "hidden_size"),
    *("noop_with_empty_axes", "ceil_mode", "count_include_pad", "body", "then_branch", "values"),
)
"""Attributes of ONNX's operators that decide shapes and costs."""

VALUE_TEXTS = (
    "SAME_UPPER",
    "VALID",
    "linear",
    "ab,bc->ac",
    "ij->j",
    "",
    "DCR",
    "reflect",
    "...i,i",
)


def operator(draws: Draws) -> Case:
    """An operator as it should be, changed in a few places; or on any tensors."""
    if draws.chance(3):
        return case(draws, _any_operator(draws))
    name, base = draws.of(*EVERY)
    values = dict(base.attributes)
    shapes = {stored: dims for stored, dims, _ in base.stored}
    numbers = {stored: filling for stored, _, filling in base.stored}
    inputs = list(base.names)
    for _ in range(mutations.few(draws)):
        change = draws.upto(7)
        if change <= 3:
            values[draws.of(*(values or ATTRIBUTES), draws.of(*ATTRIBUTES))] = _attribute(draws)
        elif change == 4:
            base = base._replace(x=draws.of(*_SHAPES))
        elif change == 5 and shapes:
            shapes[draws.of(*shapes)] = tuple(draws.upto(6, 0) for _ in range(draws.upto(5, 0)))
        elif change == 6 and numbers:
            numbers[draws.of(*numbers)] = draws.of(0.5, draws.upto(4, -1), hostile.integer(draws))
        else:
            inputs.insert(draws.whole(0, len(inputs)), draws.of("x", EMPTY, "absent", *inputs))
            inputs = inputs[: draws.upto(len(inputs))]
    stored = tuple((name, shapes[name], numbers[name]) for name in shapes)
    changed = base._replace(attributes=values, stored=stored, inputs=" ".join(inputs))
    opset = base.opset if draws.chance(2) else draws.of(1, 6, 9, 11, 13, 18, 21, 23, 99)
    tensors = [_tensor(*tensor) for tensor in stored]
    return case(draws, file(name, changed._replace(opset=opset), tensors, attributes(changed)))


_SHAPES = ((1, 4, 4, 4), (1, 4, 8), (2, 6), (1,), (), (1, 3, 2, 2, 2), ("n", 3, 4, 4), (1, 0, 2))


def _tensor(name: str, dims: tuple[int, ...], filling: Any) -> bytes:
    """A stored tensor, filled with a number or with several in turn."""
    count = prod(dims)
    numbers = filling if isinstance(filling, tuple) else (filling,)
    small = [n if isinstance(n, float) or n < 2**63 else -1 for n in numbers]
    return models.tensor(name, list(dims), [*(small * (count + 1))[:count]])


def _any_operator(draws: Draws) -> bytes:
    """An operator on tensors of any shapes, with any attributes."""
    stored, names = [], ["x"]
    for index in range(draws.upto(5, 0)):
        dims = [draws.upto(4, 0) for _ in range(draws.upto(5, 0))]
        numbers = [draws.upto(4, -1) for _ in range(prod(dims))] if draws.chance(2) else ()
        stored.append(models.tensor(f"t{index}", dims, numbers))
        names.append(draws.of(f"t{index}", f"t{index}", f"t{index}", "x", "absent"))
    values = {draws.of(*ATTRIBUTES): _attribute(draws) for _ in range(draws.upto(4, 0))}
    outputs = " ".join(["y", "z", "w"][: draws.upto(3)])
    node = models.node(draws.of(*sorted(TABLE)), " ".join(names), outputs, **values)
    then = models.node("Relu", "y", "end") if draws.chance(2) else b""
    graph = models.graph(
        [each for each in (node, then) if each],
        [models.value("x", *draws.of(*_SHAPES))],
        [models.value("end" if then else "y")],
        stored,
    )
    return models.model(graph, draws.of(20, 20, 13, 9, 1, 23, 99))


def _attribute(draws: Draws) -> Any:
    return draws.of(
        draws.upto(5, -3),
        hostile.integer(draws),
        tuple(draws.upto(5, -3) for _ in range(draws.upto(6, 0))),
        tuple(draws.upto(4, 0) / 2 for _ in range(draws.upto(4))),
        draws.upto(9, -2) / 2,
        draws.of(*VALUE_TEXTS),
        models.tensor("v", [draws.upto(3, 0)], ()),
    )
