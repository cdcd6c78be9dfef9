"""How long ``costcalc report`` takes as a whole process, beside the imports that it cannot avoid.

    pip install .
    python benchmarks/startup.py [--runs N]

Runs the commands one after another, again and again, so that a busy machine is
busy for all of them alike, and prints medians and their ratio to the time of
``python -c "import click, rich.console, rich.table, yaml"``.  The promise is a
ratio of at most 1.5 to a terminal and 1.25 to a pipe.  Nothing but costcalc is needed; on
Windows the terminal is left out.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

PROMISES = {"terminal": 1.5, "pipe": 1.25}
"""The largest ratio to each place."""

IMPORTS = "import click, rich.console, rich.table, yaml"


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--network", default="mobilenet_v1.yaml")
    options = parser.parse_args()
    scripts = os.path.dirname(sys.executable)
    costcalc = shutil.which("costcalc", path=scripts) or sys.exit(
        f"costcalc is not installed beside {sys.executable}"
    )
    report = [costcalc, "report", options.network]
    commands = {
        "the imports alone": [sys.executable, "-c", IMPORTS],
        "report, to a pipe": report,
        "report --format json, to a pipe": [*report, "--format", "json"],
        "report, to a terminal": report,
    }
    if os.name == "nt":
        del commands["report, to a terminal"]
    times: dict[str, list[float]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as folder:
        # The first round writes bytecode that is missing, and is not counted.
        for run in range(options.runs + 1):
            for name, command in commands.items():
                taken = seconds(command, folder, is_terminal=name.endswith("terminal"))
                if run:
                    times[name].append(taken)
    base = statistics.median(times["the imports alone"])
    for name, taken_each in times.items():
        median = statistics.median(taken_each)
        promise = PROMISES.get(name.rpartition(" ")[2])
        print(
            f"{name:<32} {1000 * median:6.1f} ms   {median / base:.2f} x"
            + (f"   promised: {promise} x" if promise else "")
        )


def seconds(command: list[str], folder: str, *, is_terminal: bool) -> float:
    """The time from start to end of a process, in an empty folder."""
    environment = {**os.environ, "TERM": "xterm-256color"}
    for name in ("PYTHONDONTWRITEBYTECODE", "NO_COLOR", "FORCE_COLOR"):
        environment.pop(name, None)
    start = time.perf_counter()
    if is_terminal:
        import pty

        ours, theirs = pty.openpty()
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=theirs)
        os.close(theirs)
        try:
            while os.read(ours, 65536):
                pass
        except OSError:  # how Linux says that the other side has closed
            pass
        os.close(ours)
    else:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
        )
        process.communicate()
    if process.wait():
        sys.exit(f"{' '.join(command)} failed")
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
