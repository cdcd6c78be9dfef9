"""Runs cases in processes of their own, a few hundred in each, and adds up what came of them."""

from __future__ import annotations

import gc
import json
import mmap
import os
import resource
import selectors
import shutil
import signal
import struct
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from tests.fuzz.case import Case
from tests.fuzz.run import MEMORY, kind_of_fault, prepare, run, shared_files
from tests.fuzz.sources import drawn

CHUNK = 500
"""Cases that a process runs before it makes way for a fresh one."""

LARGEST_FILE = 64 * 2**20
"""Bytes that a case may write to a file."""

PATIENCE = 300
"""Seconds after which a process that reports nothing is ended."""


class Chunk(NamedTuple):
    """Consecutive cases."""

    first: int
    end: int


class Fault(NamedTuple):
    """A case that went wrong, and how."""

    number: int
    kind: str
    fault: str


class Figures:
    """What came of all cases so far."""

    def __init__(self) -> None:
        self.cases: Counter[str] = Counter()
        self.accepted: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.seconds: Counter[str] = Counter()
        self.agreements: Counter[str] = Counter()
        self.slowest = (0.0, -1)
        self.memory = 0
        self.faults: list[Fault] = []

    def add(self, data: dict[str, Any]) -> None:
        """Adds what a process reports of its cases."""
        for kind, code, seconds, number, agreement in data["cases"]:
            self.cases[kind] += 1
            self.accepted[kind] += code in (0, 1)
            self.refused[kind] += code == 2
            self.seconds[kind] += seconds
            self.agreements[agreement] += bool(agreement and code == 0)
            self.slowest = max(self.slowest, (seconds, number))
        self.memory = max(self.memory, data["memory"])

    def __str__(self) -> str:
        rows = [("", "cases", "accepted", "refused", "faults", "s", "ms each")]
        faults = Counter(each.kind for each in self.faults)
        for kind in [*self.cases, ""]:
            chosen = [kind] if kind else [*self.cases]
            cases = sum(self.cases[each] for each in chosen)
            seconds = sum(self.seconds[each] for each in chosen)
            figures = [cases, *(sum(c[e] for e in chosen) for c in (self.accepted, self.refused))]
            figures.append(sum(faults[each] for each in chosen))
            shown = [f"{figure:,}" for figure in figures]
            per_case = 1000 * seconds / max(cases, 1)
            rows.append((kind or "all", *shown, f"{seconds:,.0f}", f"{per_case:.1f}"))
        lines = [f"{row[0]:<16}" + "".join(f"{cell:>11}" for cell in row[1:]) for row in rows]
        held = ", ".join(
            f"{name} {count:,}" for name, count in sorted(self.agreements.items()) if count
        )
        seconds, number = self.slowest
        memory = f"{self.memory / 2**20:,.0f} MiB"
        return "\n".join(
            [
                *lines,
                f"agreements held: {held or 'none'}",
                f"slowest: case {number}, {seconds:.1f} s; peak memory {memory}",
            ]
        )


class Worker:
    """A process that runs a chunk of cases; forked, so that it starts in milliseconds."""

    def __init__(self, seed: int, chunk: Chunk, kind: str) -> None:
        self.chunk = chunk
        self.at = mmap.mmap(-1, 8)
        """The number of the case that runs, which outlives the process."""
        self.at[:] = struct.pack("<q", chunk.first)
        self.read, write = os.pipe()
        self.data = b""
        self.began = time.monotonic()
        sys.stdout.flush()
        self.pid = os.fork()
        if not self.pid:
            os.close(self.read)
            code = 1
            try:
                self._work(seed, kind, write)
                code = 0
            finally:
                os._exit(code)
        os.close(write)

    def _work(self, seed: int, kind: str, write: int) -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        for stream in range(3):  # a case may name /dev/stdin and /dev/stdout
            os.dup2(os.open(os.devnull, os.O_RDWR), stream)
        parent = Path(tempfile.mkdtemp(prefix="fuzz-"))
        folder = parent / "here"  # so that nothing else is in ..
        folder.mkdir()
        with open(write, "w", encoding="utf-8") as pipe:
            try:
                prepare(folder)
                for line in self._lines(seed, kind):
                    pipe.write(json.dumps(line) + "\n")
                    pipe.flush()
            finally:
                shutil.rmtree(parent, ignore_errors=True)

    def _lines(self, seed: int, kind: str) -> Iterator[dict[str, Any]]:
        cases: list[tuple[str, int, float, int, str]] = []
        for number in range(*self.chunk):
            self.at[:] = struct.pack("<q", number)
            kind_drawn, case = drawn(seed, number, kind)
            outcome = run(case)
            cases.append((kind_drawn, outcome.code, outcome.seconds, number, case.agreement))
            if outcome.fault:
                yield {"fault": [number, kind_drawn, outcome.fault]}
        memory = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        yield {"cases": cases, "memory": memory}

    @property
    def number(self) -> int:
        """The case that runs, or ran last."""
        number: int = struct.unpack("<q", self.at[:])[0]
        return number


def run_all(
    seed: int, chunks: Iterator[Chunk], jobs: int, kind: str = "", stop_at: int = 100
) -> Iterator[tuple[Figures, list[Fault]]]:
    """Runs chunks of cases in so many processes; after each, the figures so far and new faults.

    It ends early when there are ``stop_at`` faults.
    """
    _load()
    gc.freeze()
    gc.set_threshold(100_000)
    figures = Figures()
    selector = selectors.DefaultSelector()
    workers: dict[int, Worker] = {}

    def start() -> None:
        chunk = next(chunks, None)
        if chunk is not None and len(figures.faults) < stop_at:
            worker = Worker(seed, chunk, kind)
            workers[worker.read] = worker
            selector.register(worker.read, selectors.EVENT_READ)

    for _ in range(jobs):
        start()
    while workers:
        for key, _ in selector.select(timeout=5):
            worker = workers[key.fd]
            data = os.read(worker.read, 2**20)
            worker.data += data
            if data:
                continue
            new = _finish(worker, figures, selector, workers)
            if worker.number + 1 < worker.chunk.end and new and new[-1].fault.startswith("ended"):
                chunks = _before(Chunk(worker.number + 1, worker.chunk.end), chunks)
            start()
            yield figures, new
        for worker in workers.values():
            if time.monotonic() - worker.began > PATIENCE:
                os.kill(worker.pid, signal.SIGKILL)


def _load() -> None:
    """Loads once what every process would load for itself."""
    for name in ("numpy", "sympy", "matplotlib.figure", "pyarrow.parquet"):
        import_module(name)
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        shared_files()
        os.chdir(here)
    gc.collect()


def _before(chunk: Chunk, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    yield chunk
    yield from chunks


def _finish(
    worker: Worker, figures: Figures, selector: selectors.BaseSelector, workers: dict[int, Worker]
) -> list[Fault]:
    """Adds what a process reported, and how it ended; the new faults."""
    selector.unregister(worker.read)
    del workers[worker.read]
    os.close(worker.read)
    _, status = os.waitpid(worker.pid, 0)
    new = []
    for line in worker.data.splitlines():
        data = json.loads(line)
        if "fault" in data:
            new.append(Fault(*data["fault"]))
        else:
            figures.add(data)
    if status:
        code = os.waitstatus_to_exitcode(status)
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        new.append(Fault(worker.number, "?", f"ended by {how}"))
    figures.faults += new
    return new


def chunks(first: int, count: int) -> Iterator[Chunk]:
    """Numbers of cases, some hundred at a time."""
    for start in range(first, first + count, CHUNK):
        yield Chunk(start, min(start + CHUNK, first + count))


def shown(fault: Fault, case: Case) -> str:
    """A fault with what shows it."""
    text = str(case)
    more = f"\n... {len(text):,} characters" if len(text) > 3000 else ""
    return f"--- case {fault.number} ({fault.kind}): {fault.fault}\n{text[:3000]}{more}"


__all__ = ["Chunk", "Fault", "Figures", "chunks", "kind_of_fault", "run_all", "shown"]
