"""What memory costs to compute, as ratios to the report and to mult-adds.

    python benchmarks/memory.py [--runs N]

- Whole processes: ``costcalc memory`` of networks beside their ``costcalc report``; a
  network of 1,000 layers is promised in a second.
- Over a grid of alpha and resolutions: the bytes alive beside the mult-adds of the same
  settings, promised within a factor of 3.

Best of the runs, in processor time.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from costcalc.costs.convention import load as load_convention
from costcalc.costs.count import count
from costcalc.grid.axes import parse
from costcalc.grid.evaluate import Grid
from costcalc.grid.number import cells
from costcalc.metrics import Accounting
from costcalc.opening import opened
from costcalc.storing.files import load as load_storage
from costcalc.storing.schedule import stored

PROMISE = 3
"""The largest ratio of liveness to mult-adds over a grid."""

NETWORKS = ("mobilenet_v2", "resnet50", "densenet121", "resnet1202_cifar")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5, help="the best of so many counts")
    runs = parser.parse_args().runs
    for network in NETWORKS:
        report, memory = (process(command, network, runs) for command in ("report", "memory"))
        print(f"{network:<18} memory {memory:.2f} s, {memory / report:.2f} of report")
    for network in NETWORKS[:3]:
        counting, living = grid(network, runs)
        print(f"{network:<18} liveness over a grid {living / counting:.2f} of mult-adds")
    print(f"promised: a second for 1,000 layers, a grid within {PROMISE}")


def process(command: str, network: str, runs: int) -> float:
    """The processor time of a command."""

    def once() -> None:
        arguments = [sys.executable, "-m", "costcalc", command, network]
        subprocess.run(arguments, stdout=subprocess.DEVNULL, check=True)

    def seconds() -> float:
        before = os.times()
        once()
        after = os.times()
        return (
            after.children_user
            + after.children_system
            - (before.children_user + before.children_system)
        )

    return min(seconds() for _ in range(runs))


def grid(network: str, runs: int) -> tuple[float, float]:
    """Seconds for the mult-adds and for the bytes alive of some 900,000 settings."""
    document = opened(network).document
    convention, storage = load_convention("paper"), load_storage("int8")
    axes = (parse("alpha", "0.05:2:0.001"), parse("res", "32:512:1"))
    settings = Grid(document, Accounting(convention), {}, axes)

    def mult_adds(at: Mapping[str, Any]) -> Any:
        costs = count(opened(document, at).graph(), convention)
        return sum(cost.mult_adds for cost in costs)

    def liveness(at: Mapping[str, Any]) -> Any:
        return stored(opened(document, at).graph(), storage).schedule.liveness

    def seconds(evaluate: Callable[[Mapping[str, Any]], Any]) -> float:
        start = time.process_time()
        for indexes, result in settings._evaluated(settings._whole(), evaluate):
            cells(result, tuple(map(len, indexes)))
        return time.process_time() - start

    counting = min(seconds(mult_adds) for _ in range(runs))
    return counting, min(seconds(liveness) for _ in range(runs))


if __name__ == "__main__":
    main()
