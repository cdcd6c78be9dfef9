"""Random inputs and command lines: none may end in a traceback, a hang or a disagreement.

    python -m tests.fuzz --seed 1 --count 1000000 --jobs 2

prints how many cases of each kind were accepted and refused, and every one that went wrong.
A case depends on the seed and its number alone: ``--seed 1 --case 4711`` shows and runs
one again.  Exit code 1 where one goes wrong.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.fuzz import corpus
from tests.fuzz.run import prepare, run
from tests.fuzz.sources import SOURCES, drawn
from tests.fuzz.workers import Figures, chunks, kind_of_fault, run_all, shown

MANY = 50_000
"""Cases from which a run shows how far it is."""


def main() -> int:
    """Run as many cases as asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=1, help="of the random choices")
    parser.add_argument("--count", type=int, default=10_000, help="cases to run")
    parser.add_argument("--start", type=int, default=0, help="number of the first case")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    parser.add_argument("--kind", choices=SOURCES, default="", help="cases of this kind only")
    parser.add_argument("--case", type=int, help="show and run the case of this number")
    parser.add_argument("--save", type=Path, help="with --case: write it as a file of the corpus")
    asked = parser.parse_args()
    if asked.case is not None:
        return one(asked.seed, asked.case, asked.kind, asked.save)
    # A thread for each core would take memory in each process.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    began = time.monotonic()
    figures, kinds, said = Figures(), Counter[str](), 0
    numbers = chunks(asked.start, asked.count)
    for figures, new in run_all(asked.seed, numbers, asked.jobs, asked.kind):
        for fault in new:
            kind = kind_of_fault(fault.fault)
            kinds[kind] += 1
            if kinds[kind] == 1:
                print(shown(fault, drawn(asked.seed, fault.number, asked.kind)[1]), flush=True)
        done = figures.cases.total()
        if done >= said + asked.count // 20 and asked.count > MANY:
            said = done
            print(f"... {done:,} cases, {time.monotonic() - began:,.0f} s", flush=True)
    print(f"seed {asked.seed}, cases {asked.start:,} to {asked.start + asked.count - 1:,}")
    print(figures)
    for kind, count in kinds.most_common():
        print(f"{count} x {kind}")
    print(f"{time.monotonic() - began:,.0f} s")
    return 1 if figures.faults else 0


def one(seed: int, number: int, kind: str, path: Path | None) -> int:
    """Show a case, run it, and show what came of it."""
    kind, case = drawn(seed, number, kind)
    print(f"case {number} ({kind})\n{case}", flush=True)
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "here"
        folder.mkdir()
        prepare(folder)
        outcome = run(case)
        os.chdir(here)
    print(
        f"--- exit code {outcome.code}, {outcome.seconds:.2f} s\n{outcome.output}{outcome.message}"
    )
    if path is not None:
        corpus.write(path, case, outcome)
    print(outcome.fault or "as it should be")
    return 1 if outcome.fault else 0


if __name__ == "__main__":
    sys.exit(main())
