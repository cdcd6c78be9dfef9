"""Writes rows as they are computed, so that a result may exceed memory.

Rows come a batch at a time, as columns.  Digits are written for whole columns at once,
by NumPy, and a value that many rows share is formatted once.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache, partial
from typing import Any, TextIO, TypeAlias

import numpy

from costcalc.advice import option
from costcalc.errors import refuse
from costcalc.escaping import spreadsheet
from costcalc.records import NamedTuple
from costcalc.render.formatting import exact

Array: TypeAlias = "numpy.ndarray[Any, numpy.dtype[Any]]"


class Choices(NamedTuple):
    """A column whose values are few: which of ``values`` each row has."""

    values: Sequence[Any]
    indexes: Array


Column: TypeAlias = "Choices | Array"
"""A column's values, or which of a few they are."""

Columns: TypeAlias = "Sequence[Column]"
"""A batch of consecutive rows."""

_FACTS = "costcalc"
"""The name of the facts in a file."""

_DIGITS = 4
"""Digits that are written together."""

_TEN_THOUSAND = 10**_DIGITS

_BLOCK = 2**22
"""Bytes of CSV that are put together at once, which bounds the memory."""


def write_csv(file: TextIO, header: Sequence[str], batches: Iterable[Columns]) -> None:
    """CSV with exact values: integers, finite decimals, else ratios."""
    csv.writer(file, lineterminator="\n").writerow(map(spreadsheet, header))
    texts = _Once(_texts)
    for columns in batches:
        fields = [
            texts.of(column.values)[column.indexes]
            if isinstance(column, Choices)
            else _numerals(column)
            for column in columns
        ]
        for lines in _lines(fields):
            file.write(lines)


def write_parquet(
    path: str,
    kinds: Mapping[str, str],
    batches: Iterable[Columns],
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Parquet, a row group for each batch.

    Integers have 64 bits, fractions are the nearest doubles, other values text.

    Args:
        path: where to write.
        kinds: the type of each column by name, since the first rows do not determine it.
        batches: the rows.
        facts: what the file says of its rows, as JSON has it; known once these are written.

    Raises:
        SpecError: pyarrow is not installed, or a count does not fit into 64 bits.
    """
    parquet = _parquet()
    import pyarrow

    schema = pyarrow.schema(list(kinds.items()))
    arrays = {kind: _Once(partial(_arrow, kind)) for kind in set(kinds.values())}
    try:
        with parquet.ParquetWriter(path, schema) as writer:
            for columns in batches:
                table = [
                    arrays[kind].of(column.values).take(pyarrow.array(column.indexes))
                    if isinstance(column, Choices)
                    else _arrow(kind, column)
                    for column, kind in zip(columns, kinds.values(), strict=True)
                ]
                writer.write_table(pyarrow.table(table, schema=schema))
            if facts is not None:
                writer.add_key_value_metadata({_FACTS: json.dumps(facts)})
    except OverflowError:
        refuse(
            None, "a count does not fit into the 64 bits of Parquet", hint=option("format", "csv")
        )


def read_facts(path: str) -> Mapping[str, Any] | None:
    """The ``facts`` of a Parquet file; None if it is not a whole file with some."""
    parquet = _parquet()
    from pyarrow import ArrowException

    try:
        metadata = parquet.read_metadata(path).metadata or {}
        return dict(json.loads(metadata[_FACTS.encode()]))
    except OSError as error:
        if error.errno is None or isinstance(error, FileNotFoundError):  # None is Arrow's own
            return None
        raise
    except (ArrowException, KeyError, ValueError):
        return None


def kind(values: Iterable[Any]) -> str:
    """The type of a Parquet column for these values.

    >>> kind([1, 2]), kind([1, Fraction(1, 2)]), kind([224, (160, 120)])
    ('int64', 'double', 'string')
    """
    listed = list(values)
    if any(isinstance(value, str | tuple | bool) for value in listed):
        return "string"
    return "double" if any(isinstance(value, Fraction) for value in listed) else "int64"


def _parquet() -> Any:
    try:
        import pyarrow.parquet
    except ImportError:
        refuse(
            None,
            "Parquet needs the package 'pyarrow', which is not installed",
            hint="pip install 'costcalc[parquet]'",
        )
    return pyarrow.parquet


class _Once:
    """What a function makes of sequences of values, each of which it is asked for once."""

    def __init__(self, make: Callable[[Sequence[Any]], Any]) -> None:
        self.make = make
        self.made: dict[int, tuple[Sequence[Any], Any]] = {}

    def of(self, values: Sequence[Any]) -> Any:
        """The function's result for this sequence, known by its identity."""
        if id(values) not in self.made:
            self.made[id(values)] = values, self.make(values)
        return self.made[id(values)][1]


def _lines(fields: Sequence[Array]) -> Iterator[str]:
    """Lines of CSV from texts padded with NULs, which no field has."""
    comma, end = (numpy.array([mark], numpy.uint8) for mark in b",\n")
    width = sum(field.itemsize * (field.size // len(field)) + 1 for field in fields)
    step = max(1, _BLOCK // width)
    for start in range(0, len(fields[0]), step):
        own = [_bytes(field[start : start + step]) for field in fields]
        ends = [numpy.broadcast_to(mark, (len(own[0]), 1)) for mark in (comma, end)]
        parts = [part for field in own for part in (field, ends[0])]
        table = numpy.concatenate([*parts[:-1], ends[1]], axis=1)
        yield table.tobytes().translate(None, b"\0").decode()


def _bytes(field: Array) -> Array:
    """Texts as bytes, shape (rows, the longest)."""
    return numpy.ascontiguousarray(field).view(numpy.uint8).reshape(len(field), -1)


def _texts(values: Iterable[Any]) -> Array:
    """Values as fields of CSV."""
    return numpy.array([_field(value) for value in values])


def _field(value: Any) -> bytes:
    if isinstance(value, str):
        text = spreadsheet(value)
    else:
        text = repr(value) if isinstance(value, float) else exact(value)
    field = io.StringIO()
    csv.writer(field, lineterminator="").writerow((text,))
    return field.getvalue().encode()


def _numerals(column: Array) -> Array:
    """Numbers in digits."""
    if column.dtype != numpy.int64 or not len(column) or column.min() < 0:
        return _texts(column.tolist())
    groups = -(-len(str(column.max())) // _DIGITS)
    text = numpy.empty((len(column), groups), numpy.uint32)
    rest = column
    for group in reversed(range(groups)):
        above = rest // _TEN_THOUSAND
        place = rest - above * _TEN_THOUSAND
        place += _TEN_THOUSAND * (above == 0)  # the first digits, without zeros before them
        if group < groups - 1:
            place[rest == 0] = 2 * _TEN_THOUSAND
        text[:, group] = _numerals_of_four()[place]
        rest = above
    return text


@cache
def _numerals_of_four() -> Array:
    """Four digits as 32 bits: with leading zeros, without these, and none."""
    numbers = range(_TEN_THOUSAND)
    padded = [b"%04d" % number for number in numbers]
    plain = [b"%d" % number for number in numbers]
    return numpy.array([*padded, *plain, b""], f"S{_DIGITS}").view(numpy.uint32)


def _arrow(kind: str, values: Any) -> Any:
    """Values as an array of Arrow, which takes Python's own numbers from lists alone."""
    import pyarrow

    if isinstance(values, numpy.ndarray) and values.dtype == object:
        values = values.tolist()
    if kind == "string":
        values = [value if isinstance(value, str) else exact(value) for value in values]
    elif kind == "double":
        values = [float(value) for value in values]
    return pyarrow.array(values, kind)
