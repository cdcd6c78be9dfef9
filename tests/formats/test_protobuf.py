"""The wire format, compared with the bytes in the protocol's documentation."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costcalc.formats.file_bytes import ByteStream
from costcalc.formats.protobuf import (
    FLOAT32,
    INTEGER,
    SHORT_BYTES,
    TEXT,
    Field,
    MessageWriter,
    Schema,
    WireReader,
    varint,
    wrapped,
)


def written(message: MessageWriter) -> str:
    data = b"".join(message.chunks())
    assert len(data) == message.size
    return data.hex(" ")


@pytest.mark.parametrize(
    ("value", "groups"),
    [
        (0, "00"),
        (1, "01"),
        (127, "7f"),
        (128, "80 01"),
        (150, "96 01"),  # 0010110 first, then 1: the documentation's example
        (-2, "fe ff ff ff ff ff ff ff ff 01"),
        (2**63 - 1, "ff ff ff ff ff ff ff ff 7f"),
    ],
)
def test_varints(value, groups):
    assert varint(value).hex(" ") == groups


def test_fields_are_tags_and_values():
    message = MessageWriter()
    message.integer(1, 150)
    message.text(2, "testing")
    message.float32(5, 1.0)
    # tags: number * 8 + wire type; 0 is a varint, 2 has a length, 5 is four bytes
    assert written(message) == "08 96 01 12 07 74 65 73 74 69 6e 67 2d 00 00 80 3f"


def test_a_nested_message_follows_its_length():
    inner = MessageWriter()
    inner.integer(1, 150)
    outer = MessageWriter()
    outer.message(3, inner)
    outer.message(4, MessageWriter())
    assert written(outer) == "1a 03 08 96 01 22 00"


def test_streams_are_produced_as_they_are_written():
    made = []

    def chunks():
        made.append("now")
        return (b"\x01", b"\x02\x03")

    inner = MessageWriter()
    inner.text(1, "a")
    inner.data(9, ByteStream(3, chunks))
    inner.text(2, "b")
    outer = MessageWriter()
    outer.message(1, inner)
    assert not made
    # 3 of the text, 5 of the stream, 3 of the text: 11
    assert written(outer) == "0a 0b 0a 01 61 4a 03 01 02 03 12 01 62"
    assert made == ["now"]


def test_lone_surrogates_become_escapes():
    message = MessageWriter()
    message.text(1, "é\ud800")
    assert written(message) == "0a 08 c3 a9 5c 75 64 38 30 30"


class Leaf(NamedTuple):
    number: int = 0
    many: tuple[int, ...] = ()
    real: float = 0.0
    data: bytes = b""


class Tree(NamedTuple):
    name: str = ""
    leaf: Leaf | None = None
    leaves: tuple[Leaf, ...] = ()
    inside: str | None = None


LEAF = Schema(
    Leaf,
    {
        1: Field("number", INTEGER),
        2: Field("many", INTEGER, repeated=True),
        16: Field("real", FLOAT32),
        17: Field("data", SHORT_BYTES),
    },
)
TREE = Schema(
    Tree,
    {
        1: Field("name", TEXT),
        2: Field("leaf", LEAF.type),
        3: Field("leaves", LEAF.type, repeated=True),
        2000: Field("inside", wrapped(1, wrapped(7, TEXT))),
    },
)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
LEAVES = st.builds(
    Leaf,
    INTEGERS,
    st.lists(INTEGERS).map(tuple),
    st.floats(width=32, allow_nan=False),
    st.binary(max_size=40),
)


@given(
    st.builds(
        Tree,
        st.text(),
        st.none() | LEAVES,
        st.lists(LEAVES, max_size=3).map(tuple),
        st.none() | st.text(min_size=1),
    )
)
def test_what_is_written_is_read_back(tree):
    message = TREE.encoded(tree)
    data = b"".join(message.chunks())
    assert len(data) == message.size
    assert TREE.read(WireReader(data, "net.pb", "tree"), 0, len(data)) == tree


def test_numbers_may_be_packed():
    # field 2, packed in three bytes: 150 and 5; field 16, whose tag has two bytes: a float32
    data = bytes.fromhex("12 03 96 01 05  85 01 00 00 80 3f")
    read = LEAF.read(WireReader(data, "net.pb", "leaf"), 0, len(data))
    assert read == Leaf(many=(150, 5), real=1.0)
