"""Writes rows as they are computed, so that a result may exceed memory."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, TextIO

from costcalc.advice import option
from costcalc.errors import refuse
from costcalc.escaping import spreadsheet
from costcalc.render.formatting import exact

Columns = Sequence[Sequence[Any]]
"""A batch of consecutive rows, as a list of values for each column."""


def write_csv(file: TextIO, header: Sequence[str], batches: Iterable[Columns]) -> None:
    """CSV with exact values: integers, finite decimals, else ratios."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(map(spreadsheet, header))
    texts: dict[Any, Any] = {}
    for columns in batches:
        writer.writerows(zip(*(_texts(column, texts) for column in columns), strict=True))


def write_parquet(path: str, kinds: Mapping[str, str], batches: Iterable[Columns]) -> None:
    """Parquet: 64-bit integers, fractions as the nearest doubles, other values as text.

    Args:
        path: where to write.
        kinds: the type of each column by name, since the first rows do not determine it.
        batches: the rows.

    Raises:
        SpecError: pyarrow is not installed, or a count does not fit into 64 bits.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        refuse(
            None,
            "Parquet needs the package 'pyarrow', which is not installed",
            hint="pip install 'costcalc[parquet]'",
        )
    schema = pyarrow.schema(list(kinds.items()))
    try:
        with pyarrow.parquet.ParquetWriter(path, schema) as writer:
            for columns in batches:
                arrays = [
                    pyarrow.array(_plain(column, kind), kind)
                    for column, kind in zip(columns, kinds.values(), strict=True)
                ]
                writer.write_table(pyarrow.table(arrays, schema=schema))
    except OverflowError:
        refuse(
            None, "a count does not fit into the 64 bits of Parquet", hint=option("format", "csv")
        )


def kind(values: Iterable[Any]) -> str:
    """The type of a Parquet column for these values.

    >>> kind([1, 2]), kind([1, Fraction(1, 2)]), kind([224, (160, 120)])
    ('int64', 'double', 'string')
    """
    listed = list(values)
    if any(isinstance(value, str | tuple | bool) for value in listed):
        return "string"
    return "double" if any(isinstance(value, Fraction) for value in listed) else "int64"


def _texts(column: Sequence[Any], cache: dict[Any, Any]) -> Sequence[Any]:
    """A column's values as text, each formatted once; integers are unchanged."""
    if all(type(value) is int for value in column):
        return column
    for value in set(column):
        if value not in cache:
            cache[value] = spreadsheet(value) if isinstance(value, str) else _number(value)
    return [cache[value] for value in column]


def _number(value: Any) -> str:
    return repr(value) if isinstance(value, float) else exact(value)


def _plain(column: Sequence[Any], kind: str) -> Sequence[Any]:
    if kind == "string":
        return [value if isinstance(value, str) else exact(value) for value in column]
    return [float(value) for value in column] if kind == "double" else column
