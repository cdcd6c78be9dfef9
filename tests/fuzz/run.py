"""Runs a case in this process, and says what came of it."""

from __future__ import annotations

import ast
import csv
import io
import json
import os
import re
import resource
import signal
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from click.testing import CliRunner
from rich.cells import cell_len

import costcalc
from costcalc.cli import main
from costcalc.errors import CostcalcError
from costcalc.render import FORMATS
from tests.fuzz.agreements import Disagreement, check
from tests.fuzz.case import Case
from tests.fuzz.specs import LANGUAGE

SECONDS = 10
"""Processor time that a case may take."""

MEMORY = 2 * 2**30
"""Bytes that a process may have."""

LINES, LINE, MESSAGE = 140, 2_100, 30_000
"""The most lines of a message, characters of a line, and characters in all."""

BINARY = re.compile(rb"\x08|.{4}TFL3", re.DOTALL)
"""How output begins that is no text: an ONNX or a TFLite file."""

READABLE = 60
"""Columns of a terminal from which tables fit."""

NET = """
input: [3, res, res]
parameters: {res: 32}
layers:
  - conv: {out: 8, kernel: 3, norm: batch, act: relu}
  - depthwise: 3
  - pointwise: 12
  - global_avg_pool
  - fc: 10
"""

CONVENTION = """
name: mine
title: my count
extends: paper
unit: macs
mult_adds:
  dense: {rule: macs + additions, source: "count.py"}
"""


_COLOURS = re.compile(r"\x1b\[[\d;]*m")


class Outcome(NamedTuple):
    """What came of a case."""

    code: int
    """The exit code; -1 if there is none."""
    seconds: float
    """Processor time."""
    fault: str = ""
    """What is wrong with it: empty if nothing is."""
    output: str = ""
    message: str = ""


class OutOfTime(BaseException):
    """A case took longer than it may; nothing in costcalc catches this."""


@cache
def shared_files() -> Mapping[str, bytes]:
    """The files of every folder."""
    files = {
        "net.yaml": NET.encode(),
        "wide.yaml": LANGUAGE.encode(),
        "empty.yaml": b"",
        "damaged.onnx": b"\x08\x0a\x3a\xff",
        "mine.yaml": CONVENTION.encode(),
        "claims.yaml": b"claims: [{network: net.yaml, params: 504}]\n",
        "folder/net.yaml": NET.encode(),
    }
    Path("net.yaml").write_text(NET, encoding="utf-8")
    for to, name in (("onnx", "net.onnx"), ("prototxt", "net.prototxt"), ("tflite", "net.tflite")):
        files[name] = bytes(costcalc.export("net.yaml", to))
    from tests.fuzz.other_models import keras_seeds

    files["net.json"] = keras_seeds()[0].encode()
    return files


def prepare(folder: Path) -> None:
    """Makes a folder the current one, and writes the files that every case finds."""
    os.chdir(folder)
    for name, data in shared_files().items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(data)


def run(case: Case) -> Outcome:
    """Runs a case in the current folder, which it leaves as it was."""
    for name, data in case.files.items():
        Path(name).write_bytes(data)
    began = time.process_time()
    code, output, message, fault = -1, "", "", ""
    try:
        with alarm():
            shown = {"FORCE_COLOR": "1", "COLUMNS": str(case.columns)} if case.columns else {}
            result = CliRunner().invoke(main, list(case.line), input=case.input, env=shown)
            code, message = result.exit_code, result.stderr
            output = "" if BINARY.match(result.stdout_bytes) else result.stdout
            if case.columns:
                output, message = _COLOURS.sub("", output), _COLOURS.sub("", message)
            error = result.exception
            if error is not None and not isinstance(error, SystemExit):
                fault = trace(error)
            elif case.agreement:
                check(case.agreement, case.about)
    except OutOfTime as error:
        fault = f"more than {SECONDS} s: {trace(error)}"
    except Disagreement as error:
        fault = f"disagreement ({case.agreement}): {error}"
    except CostcalcError as error:
        fault = f"reported, and then refused ({case.agreement}): {error}"
    except Exception as error:
        fault = f"({case.agreement}) {trace(error)}"
    seconds = time.process_time() - began
    if not fault:
        fault = wrong(code, output, message)
    if not fault and code in (0, 1) and output:
        fault = unreadable(case.line, output) or too_wide(case.line, output, case.columns)
    left = clean(case)
    if not fault:
        fault = left
    return Outcome(code, seconds, fault, output, message)


def wrong(code: int, output: str, message: str) -> str:
    """What is wrong with an exit code and what was printed; empty if nothing is."""
    if code not in (0, 1, 2):
        return f"exit code {code}"
    if code == 2:
        if not message.strip():
            return "exit code 2 without a message"
        if output:
            return f"exit code 2 after output: {output[:200]!r}"
    lines = message.split("\n")
    if len(lines) > LINES or len(message) > MESSAGE or max(map(len, lines)) > LINE:
        return f"a message of {len(lines)} lines and {len(message)} characters"
    for text in (message, output):
        if not text.isascii() or "\x1b" in text:
            for line in text.split("\n"):
                if not line.replace("\t", " ").isprintable():
                    return f"characters that do not print: {line[:300]!a}"
    if "Traceback (most recent call last)" in message:
        return f"a traceback: {message}"
    return ""


def words_of(line: Sequence[str]) -> set[str]:
    """The words of a line, the values of options among them."""
    return {*line} | {word.partition("=")[2] for word in line if word.startswith("--")}


def too_wide(line: Sequence[str], output: str, columns: int) -> str:
    """The line of a table that a terminal would break; empty if there is none."""
    others = {"export", "import", "graph", "plot", *(row.name for row in FORMATS[1:]), "text"}
    if columns < READABLE or others & words_of(line):
        return ""
    wide = next((text for text in output.split("\n") if cell_len(text) > columns), "")
    return f"a line of {cell_len(wide)} cells: {wide}" if wide else ""


def unreadable(line: Sequence[str], output: str) -> str:
    """Why a program could not read what a command printed; empty if it could."""
    words = words_of(line)
    if "-h" in words or "--help" in words or "--version" in words:
        return ""
    try:
        if line[0] == "export" and not {"onnx", "tflite", "prototxt", "csv-scalesim"} & words:
            ast.parse(output)
        if "json" in words and line[0] not in ("graph", "plot"):
            json.loads(output)
        if "junit" in words:
            ElementTree.fromstring(output)
        if "csv" in words and line[0] not in ("graph", "plot"):
            widths = {len(row) for row in csv.reader(io.StringIO(output)) if row}
            if len(widths) > 1:
                return f"CSV with rows of {sorted(widths)} cells"
    except (SyntaxError, ValueError, RecursionError) as error:
        return f"output that cannot be read ({type(error).__name__}: {error})"
    return ""


def clean(case: Case) -> str:
    """Removes what a case left; says what it may not leave."""
    fault = ""
    kept = shared_files()
    for entry in [*os.scandir(".")]:
        if entry.is_dir():
            continue
        if ".partial" in entry.name:
            fault = f"a partial file: {entry.name}"
        if entry.name not in kept:
            os.unlink(entry.name)
    return fault


def trace(error: BaseException) -> str:
    """The last calls of a traceback, and the error."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "costcalc" in frame.filename][-4:] or frames[-4:]
    calls = " > ".join(f"{Path(each.filename).name}:{each.lineno} {each.name}" for each in own)
    return f"{type(error).__name__}: {str(error)[:500]} ({calls})"


def kind_of_fault(fault: str) -> str:
    """A fault without its numbers and names, to tell one kind from another."""
    place = re.search(r"\(([^()]* > [^()]*|\w+\.py:\d+ \w+)\)$", fault)
    head = re.sub(r"'[^']*'|\"[^\"]*\"|[\d.,/]+", "_", fault.partition("\n")[0])[:70]
    return f"{head} {place[1].split(' > ')[-1]}" if place else head


@contextmanager
def alarm() -> Iterator[None]:
    """Raises :class:`OutOfTime` after some seconds of processor time.

    A call that Python cannot interrupt ends the process twice as late.
    """

    def ring(number: int, frame: object) -> None:
        raise OutOfTime

    limits = resource.getrlimit(resource.RLIMIT_CPU)
    # The kernel's own count differs, the more the longer the process has run.
    latest = int(1.2 * time.process_time() + 2 * SECONDS) + 5
    resource.setrlimit(resource.RLIMIT_CPU, (latest, limits[1]))
    previous = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)
        resource.setrlimit(resource.RLIMIT_CPU, limits)
