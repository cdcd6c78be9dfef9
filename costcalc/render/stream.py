"""Rows written as they come, so that a result may be larger than the memory."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, TextIO

from costcalc.errors import Problem, SpecError
from costcalc.render.csv import guarded
from costcalc.reporting.figures import exact

Columns = Sequence[Sequence[Any]]
"""Rows that follow one another, as one list of values for each column."""


def write_csv(file: TextIO, header: Sequence[str], batches: Iterable[Columns]) -> None:
    """CSV with exact values: integers, decimals where they end, else ratios."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    texts: dict[Any, Any] = {}
    for columns in batches:
        writer.writerows(zip(*(_texts(column, texts) for column in columns), strict=True))


def write_parquet(path: str, header: Sequence[str], batches: Iterable[Columns]) -> None:
    """Parquet: integers of 64 bits; fractions as the nearest doubles, words as text.

    Raises:
        SpecError: pyarrow is not installed, or a count needs more than 64 bits.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        problem = Problem(
            None,
            "Parquet needs the package 'pyarrow', which is not installed",
            hint="pip install 'costcalc[parquet]'",
        )
        raise SpecError([problem]) from None
    writer = None
    kinds: list[Any] = []
    try:
        for columns in batches:
            arrays = [_plain(column) for column in columns]
            if writer is None:
                kinds = [pyarrow.array(array).type for array in arrays]
                schema = pyarrow.schema(list(zip(header, kinds, strict=True)))
                writer = pyarrow.parquet.ParquetWriter(path, schema)
            typed = [pyarrow.array(a, kind) for a, kind in zip(arrays, kinds, strict=True)]
            writer.write_table(pyarrow.table(typed, names=list(header)))
        if writer is None:
            empty = pyarrow.table({name: pyarrow.array([], "int64") for name in header})
            pyarrow.parquet.write_table(empty, path)
    except OverflowError:
        problem = Problem(None, "Parquet holds counts of 64 bits", hint="--format csv")
        raise SpecError([problem]) from None
    finally:
        if writer is not None:
            writer.close()


def _texts(column: Sequence[Any], known: dict[Any, Any]) -> Sequence[Any]:
    """A column's values as text, each found once; integers stay."""
    if all(type(value) is int for value in column):
        return column
    for value in set(column):
        if value not in known:
            known[value] = guarded(value) if isinstance(value, str) else exact(value)
    return [known[value] for value in column]


def _plain(column: Sequence[Any]) -> Sequence[Any]:
    if any(isinstance(value, str | tuple | bool) for value in column):
        return [exact(value) for value in column]
    if any(isinstance(value, Fraction) for value in column):
        return [float(value) for value in column]
    return column
