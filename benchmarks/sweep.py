"""How fast a sweep is, and how little memory it needs: ``python benchmarks/sweep.py``.

Prints, all measured in this run: settings a second for a million settings of
MobileNetV1 and of MobileNetV2, how often faster that is than a report for each;
how many times as long each metric in bytes takes on top, under a storage that rounds
sizes (tflm) and one that does not (int8), promised within 3 for peaks without addresses;
settings a second with the addresses of a planner; and the peak memory of sweeps of a
million and of four million settings that are streamed to a file.

Then a space of choices of structure, five stages with a kernel, an expansion and a depth: how
long it takes to price its parts, and settings a second once they are priced, against a report
for each in a loop, against the same by a process for each core, and against sweeps that unfold
each structure by itself; the time and the memory to filter all its 14,348,907 networks; and
what pricing takes as stages are added, up to spaces beyond any list, and as choices are.
One thread does everything but the processes of the rival.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from itertools import product
from multiprocessing import get_context
from os import cpu_count
from pathlib import Path
from random import Random
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

import costcalc
from costcalc.grid.tables import CostTables

ALPHAS = "0.05:1.049:0.001"
SIDES = "32:1031"
REPORTS = 50
PROMISE = 3
"""The most times as long as the counts that a peak without addresses may take."""

NETWORKS = ("mobilenet_v1", "mobilenet_v2", "resnet50", "densenet121")
STORAGES = ("int8", "tflm")
BYTES = (("weight_bytes", None), ("traffic_bytes", None), ("peak_bytes", "liveness"))
BYTES += (("peak_bytes", "layer-io"), ("peak_bytes", "sum"))
PLANNED = "0.1:1:0.01", "96:224:8"
MEBIBYTE = 2**20

STAGES = ((24, 2), (40, 2), (80, 2), (112, 1), (160, 2))
"""Widths and strides."""

CHOICES = {"k": (3, 5, 7), "x": (3, 4, 6), "d": (2, 3, 4)}
"""Kernels, expansions and depths of a stage."""

SPACE = """
name: Space
input: [3, 224, 224]
parameters: {{{parameters}}}
defaults: {{conv: {{norm: batch, act: relu6}}}}
blocks:
  mb:
    parameters: {{t: 6, k: 3, c: width, s: 1}}
    layers:
      - residual:
          only_if: s == 1 and in == c
          layers:
            - pointwise: t * in
            - depthwise: {{kernel: k, stride: s}}
            - pointwise: {{out: c, act: none}}
layers:
  - conv: {{out: 16, kernel: 3, stride: 2}}
{layers}
  - global_avg_pool
  - fc: 1000
"""

FILTER = "mult_adds <= 300M and params <= 5M"
REPEATED = (1, 2, 4)
"""How often the stages are repeated to see how pricing grows."""

CHOSEN = (3, 30, 300)
"""How many kernels each stage has to choose from, likewise."""

_STREAM = """
import resource, sys
from costcalc.cli import main
main(sys.argv[1:], standalone_mode=False)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def seconds_of_sweep(network: str, alpha: str = ALPHAS, res: str = SIDES, **more: str) -> float:
    """The processor time for a grid, the network's spec read and every cell filled."""
    begun = time.process_time()
    sweep = costcalc.sweep(network, alpha=alpha, res=res, **more)
    cells = sum(len(chunk.mult_adds) for chunk in sweep.networks[0].grid.chunks())
    taken = time.process_time() - begun
    if cells != sweep.size:
        raise SystemExit(f"{cells} cells of {sweep.size}")
    return taken


def seconds_of_report(network: str) -> float:
    """The time for one report of one setting, as the library's users call it."""
    begun = time.perf_counter()
    for side in range(224, 224 + REPORTS):
        costcalc.report(network, res=side)
    return (time.perf_counter() - begun) / REPORTS


def peak_of_stream(sides: str) -> tuple[int, float]:
    """The peak memory, in bytes, and the time of a sweep to a CSV file."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["sweep", "mobilenet_v1", "--alpha", ALPHAS, "--res", sides]
        begun = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", _STREAM, *command, "-o", str(Path(folder) / "grid.csv")],
            check=True,
            capture_output=True,
            text=True,
        )
        return int(done.stdout), time.perf_counter() - begun


def space(folder: Path, times: int = 1) -> tuple[str, dict[str, tuple[int, ...]]]:
    """The file of a space with the stages a few times over, and its choices."""
    stages = [
        (width, stride if number < 5 else 1)
        for number, (width, stride) in enumerate(STAGES * times)
    ]
    choices = {
        f"{name}{number}": values
        for number in range(len(stages))
        for name, values in CHOICES.items()
    }
    layers = "\n".join(
        f"  - mb: {{t: x{number}, k: k{number}, c: {width}, s: {stride}, repeat: d{number},"
        " first_only: [s]}"
        for number, (width, stride) in enumerate(stages)
    )
    parameters = ", ".join(f"{name}: {values[0]}" for name, values in choices.items())
    path = folder / f"space{times}.yaml"
    path.write_text(SPACE.format(parameters=parameters, layers=layers), encoding="utf-8")
    return str(path), choices


def report_of(path: str, setting: dict[str, int]) -> int:
    """The mult-adds of one network of a space, by its report."""
    return int(costcalc.report(path, **setting).totals.mult_adds)


def space_against_rivals(path: str, choices: dict[str, Any]) -> None:
    """Prints how long a setting takes by tables, and by everything else."""
    begun = time.process_time()
    sweep = costcalc.sweep(path, **choices)
    source = sweep.networks[0].source
    priced = time.process_time() - begun
    if not isinstance(source, CostTables):
        raise SystemExit(f"no tables: {source}")
    begun = time.process_time()
    settings = sum(len(chunk.mult_adds) for chunk in source.chunks())
    added = (time.process_time() - begun) / settings
    print(
        f"space: {len(choices)} parameters priced in {priced:.2f} s by {source.evaluations} "
        f"unfoldings; {1e-6 / added:.0f} million settings a second after that"
    )
    random = Random(0)
    drawn = [
        {name: random.choice(values) for name, values in choices.items()} for _ in range(REPORTS)
    ]
    begun = time.perf_counter()
    alone = [report_of(path, setting) for setting in drawn]
    looped = (time.perf_counter() - begun) / REPORTS
    cores = cpu_count() or 1
    with get_context("spawn").Pool(cores) as pool:
        pool.starmap(report_of, [(path, drawn[0])] * cores)  # imports are not counted
        begun = time.perf_counter()
        spread = pool.starmap(report_of, [(path, setting) for setting in drawn] * 4)
        pooled = (time.perf_counter() - begun) / len(spread)
    few = {name: values[:2] if name[0] == "d" else values[:1] for name, values in choices.items()}
    few["k0"] = choices["k0"]
    grid = costcalc.sweep(path, **few).networks[0].grid
    begun = time.process_time()
    unfolded = sum(len(chunk.mult_adds) for chunk in grid.chunks())
    separate = (time.process_time() - begun) / unfolded
    for name, seconds in (
        ("a report for each", looped),
        (f"a report for each in {cores} processes", pooled),
        ("unfolding each structure", separate),
    ):
        rate = f"{1 / seconds:,.0f} a second"
        print(f"space: {name} takes {seconds / added:,.0f} times as long ({rate})")
    indexes = [
        [values.index(setting[name]) for name, values in choices.items()] for setting in drawn
    ]
    if [source.at("mult_adds", index) for index in indexes] != alone:
        raise SystemExit("sums of tables are not what reports have")


def filtered(path: str, choices: dict[str, Any]) -> None:
    """Prints the time and the memory to filter all networks of a space to a file."""
    values = {name: ",".join(map(str, listed)) for name, listed in choices.items()}
    options = [text for name, listed in values.items() for text in ("--set", f"{name}={listed}")]
    with tempfile.TemporaryDirectory() as folder:
        command = ["sweep", path, *options, "--where", FILTER, "-o", str(Path(folder) / "rows.csv")]
        begun = getrusage(RUSAGE_CHILDREN)
        done = subprocess.run(
            [sys.executable, "-c", _STREAM, *command], check=True, capture_output=True, text=True
        )
        ended = getrusage(RUSAGE_CHILDREN)
    taken = ended.ru_utime - begun.ru_utime + ended.ru_stime - begun.ru_stime
    print(
        f"space: all 14,348,907 networks filtered to a file in {taken:.1f} s of processor time, "
        f"promised 20; at most {int(done.stdout) / MEBIBYTE:.0f} MiB of memory, promised 500"
    )


def pricing_grows(folder: Path) -> None:
    """Prints what pricing takes as the same stages are repeated, and as they have more choices."""
    for times in REPEATED:
        path, choices = space(folder, times)
        begun = time.process_time()
        priced = costcalc.space(path, **choices)
        taken = time.process_time() - begun
        print(
            f"space: {len(choices)} parameters, {priced.size:.1e} networks priced in {taken:.2f} s "
            f"by {priced.tables.evaluations} unfoldings"
        )
    path, choices = space(folder)
    for count in CHOSEN:
        kernels = range(1, 2 * count, 2)
        wide = {name: kernels if name[0] == "k" else own for name, own in choices.items()}
        begun = time.process_time()
        priced = costcalc.space(path, **wide)
        taken = time.process_time() - begun
        cells = sum(table.cells for table in priced.tables.tables)
        print(
            f"space: {count} kernels for each stage, {priced.size:.1e} networks in "
            f"{cells:,} table entries priced in {taken:.2f} s"
        )


def measure_space() -> None:
    """Measures a space of choices of structure, and prints."""
    with tempfile.TemporaryDirectory() as folder:
        path, choices = space(Path(folder))
        space_against_rivals(path, choices)
        filtered(path, choices)
        pricing_grows(Path(folder))


def main() -> None:
    """Measures and prints."""
    for network in ("mobilenet_v1", "mobilenet_v2"):
        seconds_of_sweep(network)
        swept = min(seconds_of_sweep(network) for _ in range(3))
        reported = seconds_of_report(network)
        print(
            f"{network}: 1,000,000 settings in {swept:.3f} s, {1 / swept:.1f} million a second; "
            f"a report for each would take {reported * 10**6 / swept:,.0f} times as long"
        )
    slowest = 0.0
    for network in NETWORKS:
        counted = min(seconds_of_sweep(network) for _ in range(3))
        for storage, (metric, planner) in product(STORAGES, BYTES):
            how = {"storage": storage, **({"planner": planner} if planner else {})}
            taken = min(seconds_of_sweep(network, metrics=metric, **how) for _ in range(3))
            more = (taken - counted) / counted
            slowest = max(slowest, more) if planner else slowest
            shown = " ".join((metric, planner)) if planner else metric
            print(f"{network}: {shown} under {storage} {more:.1f} times as long as the counts")
        planned = seconds_of_sweep(network, *PLANNED, metrics="peak_bytes", storage="tflm")
        settings = len(costcalc.sweep(network, alpha=PLANNED[0], res=PLANNED[1]))
        print(f"{network}: {settings / planned:,.0f} settings a second with the planner tflm")
    print(f"peaks without addresses: at most {slowest:.1f} times, promised within {PROMISE}")
    for sides, million in (("32:1031", 1), ("32:4031", 4)):
        peak, taken = peak_of_stream(sides)
        print(
            f"{million} million settings to a CSV file: {taken:.1f} s, "
            f"at most {peak / MEBIBYTE:.0f} MiB of memory"
        )


if __name__ == "__main__":
    main()
    measure_space()
