"""Random networks, judged: what costcalc says of each layer against what PyTorch does.

    python -m tests.frameworks.random_networks --count 10000 --seed 1

prints the seed, how many networks agree and in what, and every one that does not
as a spec to save. Exit code 1 where one disagrees. Every network is drawn by itself,
from the seed and its number, so that ``--start 4711 --count 1`` draws one again.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import yaml

import costcalc
from costcalc.errors import CostcalcError
from tests.frameworks.drawing import network
from tests.frameworks.torch_network import REFUSALS, Row, measured

Spec = Mapping[str, Any]

DIFFERENCES = {
    "pad should be at most half of effective kernel size": "Caffe pads pools by more, too",
    "pad should be smaller than or equal to half of kernel size": "MaxPool3d, of dilated kernels",
    "windows slide along up to three axes": "a window of any number of axes is defined",
    "smaller than kernel size (kT": "only AvgPool3d: AvgPool2d and MaxPool3d take such windows",
    "Expected more than 1 spatial element": "the norm of a single element is defined: zero",
    "Expected more than 1 value per channel": "the norm of a single element is defined: zero",
}
"""What PyTorch refuses and costcalc counts, by PyTorch's words, and why."""

REFUSED_ALONE = "refused by PyTorch alone, for a known reason"


class Verdict(NamedTuple):
    """What the two say of one network."""

    ours: list[Row] | str
    """Its layers, or why it is refused."""
    theirs: list[Row] | str

    @property
    def is_refused(self) -> bool:
        """Whether both refuse it."""
        return isinstance(self.ours, str) and isinstance(self.theirs, str)

    @property
    def difference(self) -> str:
        """PyTorch's words where it alone refuses, for a reason that is known."""
        if isinstance(self.theirs, str) and not isinstance(self.ours, str):
            return next((words for words in DIFFERENCES if words in str(self.theirs)), "")
        return ""

    @property
    def agrees(self) -> bool:
        """Whether both refuse it, or say the same of every layer."""
        if isinstance(self.ours, str) or isinstance(self.theirs, str):
            return self.is_refused
        return [row[1:] for row in self.ours] == [row[1:] for row in self.theirs]

    def __str__(self) -> str:
        if isinstance(self.ours, str) or isinstance(self.theirs, str):
            return f"costcalc: {self.ours}\nPyTorch: {self.theirs}"
        lines = [
            f"costcalc {ours}\nPyTorch  {theirs}"
            for ours, theirs in zip(self.ours, self.theirs, strict=False)
            if ours[1:] != theirs[1:]
        ]
        return "\n".join(lines) or f"{len(self.ours)} and {len(self.theirs)} layers"


def judged(spec: Spec, folder: Path) -> Verdict:
    """A network, counted by costcalc from a spec in a folder and run by PyTorch."""
    return Verdict(counted(spec, folder), run(spec))


def counted(spec: Spec, folder: Path) -> list[Row] | str:
    """What costcalc says of the spec as a file."""
    path = folder / "network.yaml"
    path.write_text(text(spec))
    try:
        report = costcalc.report(str(path), convention="torch", unit="macs")
    except CostcalcError as error:
        return str(error)
    names = [row.name for row in report.layers]
    assert len({*names}) == len(names), f"two layers of one name in {text(spec)}"
    return [Row(row.kind, row.output, row.params, row.mult_adds) for row in report.layers]


def run(spec: Spec) -> list[Row] | str:
    """What PyTorch says."""
    try:
        return measured(spec)
    except REFUSALS as error:
        return str(error)


def text(spec: Spec) -> str:
    """The spec as a file."""
    written: str = yaml.safe_dump(dict(spec), sort_keys=False, default_flow_style=None, width=100)
    return written


def main() -> int:
    """Judge as many networks as asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000, help="networks to judge")
    parser.add_argument("--seed", type=int, default=1, help="of the random choices")
    parser.add_argument("--start", type=int, default=0, help="number of the first network")
    asked = parser.parse_args()
    began = time.perf_counter()
    tally: Counter[str] = Counter()
    layers: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(asked.start, asked.start + asked.count):
            spec = network(Random(f"{asked.seed}/{number}").randint)
            verdict = judged(spec, Path(folder))
            if verdict.difference:
                tally[REFUSED_ALONE] += 1
            elif not verdict.agrees:
                tally["disagree"] += 1
                print(f"--- network {number}\n{text(spec)}{verdict}", flush=True)
            elif isinstance(verdict.ours, str):
                tally["refused by both"] += 1
            else:
                tally["counted alike"] += 1
                layers.update(row.kind for row in verdict.ours)
    print(f"seed {asked.seed}, {tally.total():,} networks, {layers.total():,} layers")
    for what in ("counted alike", "refused by both", REFUSED_ALONE, "disagree"):
        print(f"{what}: {tally[what]:,}")
    print(", ".join(f"{kind} {count:,}" for kind, count in layers.most_common()))
    print(f"{time.perf_counter() - began:.0f} s")
    return 1 if tally["disagree"] else 0


if __name__ == "__main__":
    sys.exit(main())
