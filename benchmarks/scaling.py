"""How time and memory grow with a network's layers.

    python benchmarks/scaling.py [--layers N] [--repeats N]

Reports a spec of literal layers, one line each, and a spec of one layer that
repeats, at an eighth, a quarter, a half and the whole of their size, each in a
process of its own.  Where the work grows linearly the time for one line stays
the same.  Equal layers are counted once: the promise is at most 40 us a line of
100,000 repeats, on a machine where the bare imports of ``startup.py`` take 60 ms.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import redirect_stdout, suppress

_LAYER = "conv: {out: 16, kernel: 3, norm: batch, act: relu}"


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--layers", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=100_000)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure)
        return
    print(f"{'spec':<18} {'lines':>8} {'seconds':>8} {'peak MB':>8} {'us/line':>8} {'KB/line':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for kind, most in (("literal layers", options.layers), ("one repeat", options.repeats)):
            for lines in (most // 8, most // 4, most // 2, most):
                path = os.path.join(folder, "network.yaml")
                with open(path, "w", encoding="utf-8") as file:
                    file.write(spec(kind, lines))
                command = [sys.executable, __file__, "--measure", path]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                taken, peak, idle = map(float, done.stdout.split())
                print(
                    f"{kind:<18} {lines:>8,} {taken:>8.2f} {peak / 1024:>8.0f} "
                    f"{1e6 * taken / lines:>8.0f} {(peak - idle) / lines:>8.2f}"
                )


def spec(kind: str, lines: int) -> str:
    """A network of that many layers, written out or repeated."""
    head = f"name: {kind}\ninput: [3, 32, 32]\nlayers:\n"
    if kind == "one repeat":
        return head + f"  - {_LAYER[:-1]}, repeat: {lines}}}\n"
    return head + f"  - {_LAYER}\n" * lines


def measure(path: str) -> None:
    """Prints a report's seconds of the processor, the peak of memory, and that before, in KB.

    The report is the command's, but for what a process needs to start.
    """
    from costcalc.__main__ import main as command
    from costcalc.cli import report  # noqa: F401  # imported here: start-up is startup.py's

    idle = peak()
    sys.argv = ["costcalc", "report", path]
    start = time.process_time()
    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,
        redirect_stdout(nowhere),
        suppress(SystemExit),
    ):
        command()
    print(time.process_time() - start, peak(), idle)


def peak() -> int:
    """The most memory that this process has held, in KB."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used // 1024 if sys.platform == "darwin" else used


if __name__ == "__main__":
    main()
