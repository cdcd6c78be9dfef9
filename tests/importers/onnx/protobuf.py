"""A protobuf writer for small models: a message is a sequence of numbered fields."""

import struct


def varint(value):
    value &= 2**64 - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def field(number, value):
    """An int as a varint, a float as four bytes, text and bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def message(*fields):
    """Fields ``(number, value)``; a list is one field for each of its items."""
    return b"".join(
        field(number, item)
        for number, value in fields
        for item in (value if isinstance(value, list) else [value])
    )
