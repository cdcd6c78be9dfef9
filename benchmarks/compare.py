"""How long a comparison of ten networks takes beside a report of one.

    python benchmarks/compare.py

Whole commands, start-up included, the fastest of several runs each.
"""

from __future__ import annotations

import subprocess
import sys
import time

RUNS = 7
TEN = (
    "mobilenet_v1",
    "mobilenet_v2",
    "mobilenet_v3",
    "googlenet",
    "squeezenet",
    "alexnet",
    "vgg16",
    "resnet18",
    "mobilenet_v1@alpha=0.5",
    "mobilenet_v2@res=160",
)


def seconds(*arguments: str) -> float:
    """The shortest time of a command."""
    times = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        command = [sys.executable, "-m", "costcalc", *arguments]
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - begun)
    return min(times)


def main() -> None:
    """Measures and prints."""
    one, ten = seconds("report", TEN[0]), seconds("compare", *TEN)
    print(f"report of one network: {one:.3f} s")
    print(f"compare of ten networks: {ten:.3f} s, {ten / one:.2f} times as long")


if __name__ == "__main__":
    main()
