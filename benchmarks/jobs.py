"""What a sweep on many processes is made of: ``python benchmarks/jobs.py``.

Prints, all measured in this run: rows that one core computes and writes to Parquet in a
second, counts and peaks with addresses; the size of a row; the time of a part; rows of CSV
in a second; and what Dask adds: the time to start, and the time of the one process that
hands out units of work.  docs/jobs.md works out from these what a cluster does.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import costcalc
from costcalc.grid.streamed import ROWS
from costcalc.jobs.workers import Workers
from costcalc.render.stream import write_csv

GRIDS = {
    "counts": {"alpha": "0.05:1.049:0.001", "res": "32:2031"},
    "peaks with addresses": {
        "alpha": "0.1:1:0.005",
        "res": "96:224:4",
        "metrics": "peak_bytes",
        "storage": "tflm",
    },
}
UNITS = 2000
"""Units of work that do nothing."""


def seconds_of_csv() -> float:
    """The processor time of one row."""
    sweep = costcalc.sweep("mobilenet_v2", **GRIDS["counts"])
    with tempfile.TemporaryFile("w", encoding="utf-8") as file:
        begun = time.process_time()
        columns = map(sweep.streamed.columns, sweep.pieces(ROWS))
        write_csv(file, list(sweep.streamed.kinds), columns)
        return (time.process_time() - begun) / sweep.size


def seconds_of_unit() -> float:
    """The processor time of this process, which has Dask's scheduler and its client."""
    workers = Workers(processes=2)
    begun = time.process_time()
    list(workers.results(abs, range(1)))
    between = time.process_time()
    list(workers.results(abs, range(1 + UNITS)))
    return (time.process_time() - between - (between - begun)) / UNITS


def main() -> None:
    """Measures and prints."""
    for what, grid in GRIDS.items():
        with tempfile.TemporaryDirectory() as folder:
            begun = time.process_time()
            written = costcalc.sweep("mobilenet_v2", **grid).write_parts(folder)
            taken = time.process_time() - begun
            size = sum(path.stat().st_size for path in Path(folder).glob("*.parquet"))
        print(
            f"{what}: {written.rows / taken:,.0f} rows a second of a core to Parquet, "
            f"{size / written.rows:.1f} bytes a row, {taken / written.parts:.2f} s a part"
        )
    print(f"{1 / seconds_of_csv():,.0f} rows a second of a core to CSV")
    begun = time.perf_counter()
    list(Workers(processes=2).results(abs, range(1)))
    print(f"Dask: {time.perf_counter() - begun:.1f} s to start two processes and end them")
    print(f"Dask: {1000 * seconds_of_unit():.2f} ms for each unit where they are handed out")


if __name__ == "__main__":
    main()
