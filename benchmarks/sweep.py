"""How fast a sweep is, and how little memory it needs: ``python benchmarks/sweep.py``.

Prints, all measured in this run: settings a second for a million settings of
MobileNetV1 and of MobileNetV2, how often faster that is than a report for each;
how many times as long each metric in bytes takes on top, under a storage that rounds
sizes (tflm) and one that does not (int8), promised within 3 for peaks without addresses;
settings a second with the addresses of a planner; and the peak memory of sweeps of a
million and of four million settings that are streamed to a file.  One thread does
everything.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path

import costcalc

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
