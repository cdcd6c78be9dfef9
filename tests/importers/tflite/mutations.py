"""Small ``.tflite`` files with something changed: a field of a table, or bytes.

Whatever a change makes of a file, it is read, or refused in one message:

    python -m tests.importers.tflite.mutations --count 100000 --seed 1
"""

from __future__ import annotations

import argparse
import struct
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any

from costcalc.errors import SpecError
from costcalc.formats.tflite_schema import ModelTable
from costcalc.importers.document import document
from costcalc.importers.model import Request
from costcalc.importers.tflite.read import read_model
from costcalc.opening import OpenNetwork
from tests.importers.tflite.models import encoded
from tests.importers.tflite.networks import NETWORKS, Chain
from tests.importers.tflite.samples import CASES

NAME = "case.tflite"

HOSTILE = (
    -(2**31),
    -2,
    -1,
    0,
    0,
    1,
    2,
    3,
    4,
    5,
    7,
    13,
    22,
    23,
    64,
    127,
    128,
    255,
    2**16,
    2**31 - 1,
)
"""Numbers to put in the place of others."""

Path = tuple[Any, ...]
"""Names of fields and places in tuples, from a table to a value inside."""


@cache
def seeds() -> tuple[ModelTable, ...]:
    """The files that are changed."""
    chain = Chain((8, 8, 4))
    chain.conv(6, (3, 3), 2, "conv")
    chain.conv(0, (3, 3), 1, "depthwise")
    chain.classify(10)
    return (chain.net.table(), *(case.sample.net().table() for case in CASES))


@cache
def files() -> tuple[bytes, ...]:
    """The same as bytes, with the networks of MLPerf Tiny."""
    return (*map(encoded, seeds()), *(network()[:20_000] for network in NETWORKS.values()))


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of every value inside a table."""
    if path:
        yield path
    if hasattr(value, "_fields"):
        for name in value._fields:
            yield from places(getattr(value, name), (*path, name))
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from places(inner, (*path, name))
    elif isinstance(value, tuple):
        for index, inner in enumerate(value):
            yield from places(inner, (*path, index))


def changed(value: Any, path: Path, random: Random) -> Any:
    """A value with what is at a path changed."""
    if path:
        step, rest = path[0], path[1:]
        if hasattr(value, "_fields"):
            return value._replace(**{step: changed(getattr(value, step), rest, random)})
        if isinstance(value, dict):
            return {**value, step: changed(value[step], rest, random)}
        return (*value[:step], changed(value[step], rest, random), *value[step + 1 :])
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return random.choice((*HOSTILE, value + 1, value - 1, value * 2))
    if isinstance(value, float):
        return random.choice((0.0, -1.0, float("inf"), float("nan")))
    if isinstance(value, str):
        return random.choice(("", "\0", "a/b", "../x", "é\n", "x" * 300, value * 2))
    if isinstance(value, bytes):
        return random.choice((b"", value[:-1], value + b"\xff" * 3, b"\xff" * len(value)))
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return random.choice(((), value[1:], value[:-1], value + value[:1], value[::-1]))
    return value


def table_case(random: Random) -> bytes:
    """A file with one to three fields changed."""
    table = random.choice(seeds())
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        path = random.choice(tuple(places(table)))
        table = changed(table, path, random)
    return encoded(table)


def bytes_case(random: Random) -> bytes:
    """A file with a few bytes changed, or cut off."""
    data = bytearray(random.choice(files()))
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        at = random.randrange(len(data) or 1)
        change = random.randrange(5)
        if change == 0:
            data[at : at + 4] = struct.pack("<i", random.choice(HOSTILE))
        elif change == 1 and data:
            data[at % len(data)] ^= 1 << random.randrange(8)
        elif change == 2:
            del data[at : at + random.randrange(9)]
        elif change == 3:
            data[at:at] = data[at : at + random.randrange(40)]
        elif random.randrange(4) == 0:
            del data[at:]
    return bytes(data)


def case(seed: int, number: int) -> bytes:
    """The file of a number: the same for ever."""
    random = Random(f"{seed}/{number}")
    while True:
        try:
            return random.choice((table_case, bytes_case))(random)
        except (struct.error, TypeError, KeyError, ValueError, AttributeError):
            continue  # which no file can hold


def outcome(data: bytes, allow_unknown: bool = False) -> str:
    """``read``, or the message that refuses a file."""
    try:
        model = read_model(data, NAME, Request(allow_unknown=allow_unknown))
        OpenNetwork(document(model)).graph()
    except SpecError as error:
        return str(error)
    return "read"


def main() -> None:
    """Run many cases; the first that fails otherwise ends the run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    read = 0
    for number in range(options.count):
        try:
            read += outcome(case(options.seed, number), number % 2 == 1) == "read"
        except BaseException:
            print(f"case {number} of seed {options.seed}")
            raise
    print(f"{options.count:,} files, {read:,} read, the others refused")


if __name__ == "__main__":
    main()
