"""FlatBuffers written and read back, and the bytes against the format's own rules."""

import struct

import pytest

from costcalc.errors import SpecError
from costcalc.formats.file_bytes import ByteStream, Span
from costcalc.formats.flatbuffers import (
    BOOL,
    INT8,
    INT32,
    INT64,
    STORED_BYTES,
    TEXT,
    FlatReader,
    Table,
    TableField,
    Union,
    file_chunks,
    root,
    stored,
    vector,
)

INNER = Table("Inner", dict, {0: TableField("size", INT32, 1), 1: TableField("name", TEXT)})
OUTER = Table(
    "Outer",
    dict,
    {
        0: TableField("flag", BOOL),
        1: TableField("small", INT8),
        2: TableField("large", INT64),
        3: TableField("sizes", vector(INT32)),
        4: TableField("inner", vector(INNER.type)),
        5: TableField("data", STORED_BYTES),
        6: TableField("many", stored(INT64)),
        7: Union("choice", {4: INNER}),
    },
)
VALUE = {
    "flag": True,
    "small": -3,
    "large": 2**40,
    "sizes": (1, -1, 7),
    "inner": ({"size": 5, "name": "a"}, {"size": 1, "name": "é"}),
    "choice": (4, {"size": 2, "name": ""}),
}


def written(value, table=OUTER):
    return b"".join(file_chunks(table, value, b"TEST"))


def read(data, table=OUTER):
    return root(FlatReader(data, "net.bin", "test file"), table, b"TEST")


def test_what_is_written_is_read_back():
    data = written({**VALUE, "data": b"abc", "many": (1, 2)})
    back = read(data)
    assert {name: back[name] for name in VALUE} == VALUE
    assert data[slice(*back["data"])] == b"abc"
    assert struct.unpack("<2q", data[slice(*back["many"])]) == (1, 2)


def test_an_absent_field_has_its_default():
    back = read(written({"inner": ({"size": 1, "name": ""},)}))
    assert back["inner"] == ({"size": 1, "name": ""},)
    assert back["data"] is None
    assert back["choice"] == (0, None)
    assert (back["large"], back["sizes"]) == (0, ())


def test_numbers_are_aligned_to_their_size_and_bytes_to_16():
    data = written({**VALUE, "data": ByteStream(3, lambda: [b"a", b"bc"]), "many": (9,)})
    back = read(data)
    assert isinstance(back["data"], Span)
    assert back["data"].start % 16 == 0
    assert back["many"].start % 8 == 0
    (table,) = struct.unpack_from("<I", data)
    (distance,) = struct.unpack_from("<i", data, table)
    vtable = table - distance
    entries = struct.unpack_from("<9H", data, vtable)[2:]
    assert (table + entries[2]) % 8 == 0  # the field of 8 bytes
    assert (table + entries[3]) % 4 == 0


def test_equal_vtables_are_written_once():
    few, many = (written({"inner": ({"size": 5, "name": "ab"},) * n}) for n in (2, 3))
    # The distance (4), the table's distance to its vtable, size and name (12), the name (8).
    assert len(many) - len(few) == 24


def test_an_unknown_union_is_skipped():
    other = Table("Outer", dict, {7: Union("choice", {})})
    assert read(written(VALUE), other)["choice"] == (4, None)


@pytest.mark.parametrize(
    ("at", "value", "message"),
    [
        (0, 2**31, "a distance to byte 2,147,483,648"),
        (4, 0x41414141, "is not a test file"),
    ],
)
def test_a_root_that_is_not_one_is_refused(at, value, message):
    data = bytearray(written(VALUE))
    struct.pack_into("<I", data, at, value)
    with pytest.raises(SpecError, match=message):
        read(bytes(data))


def test_every_truncation_is_refused_or_reads_less():
    data = written({**VALUE, "data": b"abc" * 20})
    for end in range(len(data)):
        try:
            read(data[:end])
        except SpecError as error:
            assert "net.bin: byte" in str(error)


def test_every_wrong_distance_is_refused_or_read():
    data = written({**VALUE, "data": b"abc"})
    for at in range(0, len(data) - 4, 2):
        for value in (0, 1, 0x7FFFFFFF, 0xFFFFFFFF):
            changed = bytearray(data)
            struct.pack_into("<I", changed, at, value)
            try:
                read(bytes(changed))
            except SpecError as error:
                assert "net.bin: byte" in str(error)


def test_values_are_bounded():
    """A vector of a million distances to one table of a thousand numbers."""
    wide = Table("Wide", dict, {0: TableField("sizes", vector(INT32))})
    table = Table("Many", dict, {0: TableField("inner", vector(wide.type))})
    data = bytearray(written({"inner": ({"sizes": tuple(range(1000))},)}, table))
    start = read(bytes(data), Table("Many", dict, {0: TableField("inner", stored(INT32))}))["inner"]
    count, place = 1_000_000, len(data)
    (target,) = struct.unpack_from("<I", data, start.start)
    target += start.start
    data += bytes(-place % 4)
    place = len(data)
    # Distances are forward alone, so the table is copied behind the vector's end.
    (outer,) = struct.unpack_from("<I", data)
    struct.pack_into("<I", data, outer + 4, place - outer - 4)
    data += struct.pack("<I", count)
    copy = place + 4 + 4 * count
    data += struct.pack(f"<{count}I", *range(4 * count, 0, -4))
    (distance,) = struct.unpack_from("<i", data, target)
    vtable = bytes(data[target - distance : target])
    body = bytes(data[target : target + 8 + 4 + 4000])
    shift = copy - target
    data += struct.pack("<i", distance + shift) + body[4:]
    assert len(vtable) >= 4
    with pytest.raises(SpecError, match="has more than 5,000,000 values"):
        read(bytes(data), table)


def test_a_field_outside_its_table_is_refused():
    data = bytearray(written({"large": 2**40}))
    (table,) = struct.unpack_from("<I", data)
    (distance,) = struct.unpack_from("<i", data, table)
    struct.pack_into("<H", data, table - distance + 2, 8)  # the table's own bytes
    with pytest.raises(SpecError, match="Outer: its field 'large' is outside the table"):
        read(bytes(data) + bytes(16))


def test_a_long_name_is_refused():
    assert read(written({"inner": ({"name": "a" * 2**16},)}))["inner"][0]["name"] == "a" * 2**16
    with pytest.raises(SpecError, match="a name of 65,537 bytes"):
        read(written({"inner": ({"name": "a" * (2**16 + 1)},)}))


def test_a_file_of_more_bytes_than_distances_span_is_refused():
    table = Table("Large", dict, {0: TableField("data", STORED_BYTES)})
    chunks = file_chunks(table, {"data": ByteStream(2**31, list)}, b"TEST")
    with pytest.raises(SpecError, match="the file is too large"):
        next(iter(chunks))
