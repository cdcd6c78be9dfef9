"""Reading and writing ONNX's messages, and refusing invalid ones."""

import pytest

from costcalc.errors import SpecError
from costcalc.formats import onnx_schema as schema
from costcalc.formats.file_bytes import map_file
from costcalc.formats.protobuf import WireReader
from costcalc.importers.onnx.numbers import MOST, read_values
from tests.importers.onnx.models import graph, model, node, tensor, value
from tests.importers.onnx.protobuf import field, message, varint


def wire(data):
    return WireReader(data, "net.onnx", "ONNX model")


def read_model(data):
    return schema.MODEL.read(wire(data), 0, len(data))


def read_tensor(data):
    return schema.TENSOR.read(wire(data), 0, len(data))


def refused(data):
    with pytest.raises(SpecError) as caught:
        read_model(data)
    (problem,) = caught.value.problems
    assert problem.mark.file == "net.onnx"
    return problem.message


def test_reading_a_model():
    nodes = [node("Conv", "x w", "y", name="stem", strides=(2, 2), group=1)]
    inside = graph(
        nodes, [value("x", "batch", 3, None)], [value("y", 1, -8)], [tensor("w", [8, 3])]
    )
    read = read_model(model(inside))
    assert read.producer == "by hand"
    assert read.opsets == (("", 20), ("own", 1))
    (conv,) = read.graph.nodes
    assert (conv.name, conv.operator, conv.inputs, conv.outputs) == (
        "stem",
        "Conv",
        ("x", "w"),
        ("y",),
    )
    assert [(each.name, each.value) for each in conv.attributes] == [
        ("strides", (2, 2)),
        ("group", 1),
    ]
    assert [(each.name, each.dims) for each in read.graph.inputs] == [("x", ("batch", 3, ""))]
    assert [(each.name, each.dims) for each in read.graph.outputs] == [("y", (1, -8))]
    assert [(each.name, each.dims) for each in read.graph.initializers] == [("w", (8, 3))]


def test_packed_and_unpacked_numbers_are_equal():
    packed = message((1, varint(3) + varint(500)), (2, 7), (7, varint(7) + varint(-1)))
    unpacked = message((1, [3, 500]), (2, 7), (7, [7, -1]))
    first, second = read_tensor(packed), read_tensor(unpacked)
    assert first.dims == second.dims == (3, 500)
    two = [message((1, [2]), (2, 7), rest) for rest in ((7, varint(7) + varint(-1)), (7, [7, -1]))]
    for data in two:
        assert read_values(wire(data), read_tensor(data)) == (7, -1)


def test_unknown_fields_are_skipped():
    strange = (
        field(99, 5)
        + field(98, b"\xff\xff")
        + field(97, 1.5)
        + bytes([96 << 3 & 127 | 1 | 128, 6])
        + bytes(8)
    )
    assert read_model(strange + model(graph([], [], []))).producer == "by hand"


@pytest.mark.parametrize(
    "data, message",
    [
        (varint(7 << 3 | 2) + varint(100), "byte 0: a length of 100 bytes reaches past the end"),
        (varint(7 << 3 | 2) + varint(2**31), "byte 0: a length of 2,147,483,648 bytes"),
        (varint(7 << 3 | 2) + varint(2**64 - 1), "byte 0: a length of 18,446,744,073,709,551,615"),
        (varint(1 << 3) + b"\xff" * 10 + b"\x01", "byte 1: a number does not end"),
        (varint(1 << 3) + b"\xff\xff", "byte 1: a number does not end"),
        (varint(1 << 3), "byte 1: a number does not end"),
        (b"\xff" * 12, "byte 0: a number does not end"),
        (varint(7 << 3 | 3) + varint(7 << 3 | 4), "byte 0: a field of wire type 3"),
        (varint(7 << 3 | 6), "byte 0: a field of wire type 6"),
        (varint(9 << 3 | 5) + b"abc", "byte 0: a number of 4 bytes is cut off"),
        (field(2, "n" * 70_000), "a name of 70,000 bytes"),
    ],
)
def test_an_invalid_message_is_refused_at_its_byte(data, message):
    assert message in refused(data)


def test_a_length_beyond_the_enclosing_message_is_refused():
    # The name claims two bytes, but only one is left in its node; the file continues after it.
    broken = field(1, b"\x0a\x02a") + field(2, "graph")
    assert "byte 4: a length of 2 bytes" in refused(field(7, broken))


@pytest.mark.slow
def test_too_many_fields_are_refused():
    assert "more than 5,000,000 fields" in refused(field(1, 1) * 5_000_001)


def test_a_tensor_must_have_as_many_values_as_its_dimensions_say():
    data = tensor("axes", [3], [1, 2])
    read = read_tensor(data)
    with pytest.raises(SpecError, match=r"tensor 'axes' holds 2 numbers"):
        read_values(wire(data), read)


def test_values_of_large_tensors_are_not_read():
    data = tensor("w", [MOST + 1])
    assert read_values(wire(data), read_tensor(data)) is None


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    for path, reason in (("nothing.onnx", "cannot be read: No such file"), (".", "is not a file")):
        with pytest.raises(SpecError, match=reason), map_file(str(tmp_path / path)):
            pass


def test_an_empty_file_is_an_empty_message(tmp_path):
    (tmp_path / "net.onnx").write_bytes(b"")
    with map_file(str(tmp_path / "net.onnx")) as empty:
        assert read_model(empty).graph is None


def test_what_is_written_is_read_back():
    weight = schema.TensorProto("w", (2,), schema.DataType.FLOAT, b"\x00" * 8)
    conv = schema.NodeProto(
        ("x", "", "w"),
        ("y",),
        "stem",
        "Conv",
        "own",
        attributes=(
            schema.attribute("group", 0),
            schema.attribute("alpha", 0.0),
            schema.attribute("auto_pad", ""),
            schema.attribute("pads", (0, -1)),
            schema.attribute("value", schema.TensorProto(data_type=schema.DataType.INT64)),
        ),
    )
    types = (
        None,
        schema.TensorType(1),
        schema.TensorType(1, ()),
        schema.TensorType(1, (0, "n", "")),
    )
    written = schema.ModelProto(
        ir_version=10,
        producer="costcalc",
        graph=schema.GraphProto(
            "net", (conv,), (weight,), outputs=tuple(schema.ValueInfoProto("y", t) for t in types)
        ),
        opsets=(schema.OperatorSet("own", 1),),
        metadata=(schema.WEIGHTS_ARE_INPUTS,),
    )
    data = b"".join(schema.MODEL.encoded(written).chunks())
    read = read_model(data)
    (stored_weight,) = read.graph.initializers
    place = stored_weight.raw_data
    assert data[place.start : place.end] == weight.raw_data
    weights = (stored_weight._replace(raw_data=weight.raw_data),)
    assert read._replace(graph=read.graph._replace(initializers=weights)) == written
    # Zeros are written: ONNX's checker refuses an attribute without a value.
    assert {each.name: each.value for each in read.graph.nodes[0].attributes}["group"] == 0
