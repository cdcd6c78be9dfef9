"""How long all claims that ship take, beside the start-up of the program.

    python benchmarks/check.py [--runs N]

Each command runs in a process of its own; the shortest of the runs counts, in
seconds of processor time, which other work on the machine does not add to.

Each spec is read once, and a network is expanded once at its settings, however many
figures are about it.  The promise is at most a fifth of the start-up for a network at its
settings, so that a collection of three hundred takes at most sixty times the start-up.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    start = best(["--version"], runs)
    check = ["check", "--shipped"]
    everything = best(check, runs)
    done = subprocess.run(command([*check, "--format", "json"]), capture_output=True, check=True)
    claims = json.loads(done.stdout)["claims"]
    settings = {(claim["network"], str(claim["parameters"])) for claim in claims}
    print(f"start-up     {start:.2f} s")
    print(f"check        {everything:.2f} s, {everything / start:.1f} times the start-up")
    print(f"             {len(claims)} claims of {len(settings)} networks at their settings")
    print(f"             {everything / start / len(settings):.2f} times the start-up for each")


def best(arguments: list[str], runs: int) -> float:
    """The shortest processor time of some runs, in seconds."""
    times = []
    for _ in range(runs):
        before = spent()
        subprocess.run(command(arguments), stdout=subprocess.DEVNULL, check=True)
        times.append(spent() - before)
    return min(times)


def spent() -> float:
    """Processor time of all processes that have ended, in seconds."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def command(arguments: list[str]) -> list[str]:
    """The command line in this interpreter."""
    return [sys.executable, "-m", "costcalc", *arguments]


if __name__ == "__main__":
    main()
