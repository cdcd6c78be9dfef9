"""The fuzzer draws what it says, the same for ever, and sees what goes wrong."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import click
import pytest

import costcalc
from costcalc import questions
from costcalc.cli import COMMANDS
from tests.drawing.draws import Draws
from tests.fuzz import (
    agreements,
    command_lines,
    data_files,
    onnx_files,
    other_models,
    run,
    specs,
    workers,
)
from tests.fuzz.case import Case
from tests.fuzz.sources import SOURCES, drawn

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    run.prepare(here)
    yield


def outcome(*line: str, **more: Any) -> run.Outcome:
    return run.run(Case(line, **more))


@pytest.mark.parametrize("kind", SOURCES)
def test_cases_of_every_kind(kind: str) -> None:
    """Of sixty, some are accepted and some are refused, and all as they should be."""
    codes = Counter[int]()
    for number in range(60):
        _, case = drawn(1, number, kind)
        came = run.run(case)
        assert not came.fault, f"{came.fault}\n{case}"
        codes[came.code] += 1
    assert codes[0] + codes[1] > 2
    assert codes[2] > 2


def test_a_case_depends_on_its_number_alone() -> None:
    cases = [drawn(5, number) for number in range(60)]
    assert cases == [drawn(5, number) for number in range(60)]
    assert cases[40] == drawn(5, 40)
    assert len({kind for kind, _ in cases}) > 8
    assert len({case for _, (case, *_) in cases}) > 20


SEEDS: dict[str, tuple[str, Callable[[], tuple[Any, ...]]]] = {
    "language": ("case.yaml", specs.seeds),
    "specs": ("case.yaml", specs.shipped),
    "onnx": ("case.onnx", onnx_files.seeds),
    "keras": ("case.json", other_models.keras_seeds),
    "caffe": ("case.prototxt", other_models.caffe_seeds),
}


@pytest.mark.parametrize(("path", "seeds"), SEEDS.values(), ids=SEEDS)
def test_what_is_changed_is_right_before(path: str, seeds: Callable[[], tuple[Any, ...]]) -> None:
    for seed in dict.fromkeys(seeds()):
        data = seed if isinstance(seed, bytes) else seed.encode()
        came = outcome("report", path, "--allow-unknown", files={path: data})
        is_view = "no output depends on the network's input" in came.message
        assert came.code == 0 or is_view, came.message


def test_claims_and_conventions_are_right_before_they_are_changed() -> None:
    for text in dict.fromkeys(data_files.claims()):
        came = outcome("check", "case.yaml", files={"case.yaml": text.encode()})
        assert came.code in (0, 1), came.message
    for text in data_files.conventions():
        line = ("report", "net.yaml", "--convention", "case.yaml")
        assert outcome(*line, files={"case.yaml": text.encode()}).code == 0


def test_every_field_of_a_file_is_reached_and_written_back() -> None:
    for data in onnx_files.seeds():
        fields = onnx_files.parsed(data, onnx_files.MODEL)
        assert onnx_files.encoded(fields) == data


def test_every_command_and_option_is_drawn() -> None:
    draws = Draws(Random(1).randint, is_careful=False)
    assert {command_lines.line(draws)[0] for _ in range(2000)} == {*COMMANDS}
    for name, (_, command) in command_lines.commands().items():
        lines = [command_lines.line(draws, name=name) for _ in range(300)]
        seen = {word.partition("=")[0] for line in lines for word in line}
        for param in command.params:
            if isinstance(param, click.Option) and param.name not in command_lines.SLOW_OPTIONS:
                assert {*param.opts} & seen, f"{name} {param.opts}"


def test_nothing_is_written_but_to_the_files_of_the_table() -> None:
    draws = Draws(Random(2).randint, is_careful=False)
    for _ in range(3000):
        assert command_lines.safe(command_lines.command_line(draws).line)
    for line in (["-o", "/x"], ["-o/x"], ["--output=/x"], ["--output", "/x"]):
        assert not command_lines.safe(["report", "net.yaml", *line])


def test_a_traceback_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "report", lambda *_, **__: 1 // 0)
    assert outcome("report", "net.yaml").fault.startswith("ZeroDivisionError")


def test_a_hang_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: object, **__: object) -> None:
        while True:
            pass

    monkeypatch.setattr(run, "SECONDS", 0.2)
    monkeypatch.setattr(questions, "report", hang)
    assert outcome("report", "net.yaml").fault.startswith("more than 0.2 s")
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


def test_what_is_printed_is_judged() -> None:
    assert run.wrong(3, "", "") == "exit code 3"
    assert run.wrong(2, "", "") == "exit code 2 without a message"
    assert "after output" in run.wrong(2, "a,b\n", "Error: no\n")
    assert "do not print" in run.wrong(0, "a\x1b[2J\n", "")
    assert "do not print" in run.wrong(2, "", "Error: a\u202eb\n")
    assert "characters" in run.wrong(2, "", "x" * 40_000)
    assert run.wrong(2, "", "Error: no\n") == run.wrong(0, "a\tb ×\n", "") == ""


def test_a_partial_file_is_seen() -> None:
    Path(".out.csv.1.partial").touch()
    assert "partial" in outcome("report", "net.yaml").fault
    assert not outcome("report", "net.yaml").fault


def test_a_disagreement_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in agreements.ABOUT_SPECS:
        came = outcome("report", "net.yaml", agreement=name, about="net.yaml")
        assert not came.fault, name
    assert not outcome("report", "net.onnx", agreement="imported", about="net.onnx").fault
    monkeypatch.setattr(agreements, "counted", lambda graph: (id(graph), 0))
    came = outcome("report", "net.yaml", agreement="onnx", about="net.yaml")
    assert came.fault.startswith("disagreement (onnx): (macs, params)")
    monkeypatch.setattr(costcalc, "report", lambda *_: questions.report("net.yaml", alpha=2))
    came = outcome("report", "net.yaml", agreement="parts", about="net.yaml")
    assert came.fault.startswith("disagreement (parts)")


def test_a_process_that_ends_is_a_fault_and_the_next_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def ending(case: Case) -> run.Outcome:
        if case.line == ("kill",):
            os.kill(os.getpid(), signal.SIGKILL)
        return run.Outcome(0, 0.1)

    def numbered(seed: int, number: int, kind: str) -> tuple[str, Case]:
        return "any", Case(("kill",) if number == 7 else ("report",))

    monkeypatch.setattr(workers, "run", ending)
    monkeypatch.setattr(workers, "drawn", numbered)
    monkeypatch.setattr(workers, "CHUNK", 5)
    *_, (figures, _) = workers.run_all(1, workers.chunks(0, 20), jobs=2)
    assert [fault[:1] + fault[2:] for fault in figures.faults] == [(7, "ended by SIGKILL")]
    assert figures.cases["any"] == 17  # 5 to 7 are in the report that the process took with it


def test_the_command() -> None:
    def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tests.fuzz", "--seed", "3", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    done = ran("--count", "40", "--jobs", "2")
    assert "seed 3, cases 0 to 39" in done.stdout
    assert done.returncode == 0, done.stdout + done.stderr
    done = ran("--case", "11")
    assert done.stdout.startswith("case 11 (")
    assert done.stdout.endswith("as it should be\n")


def test_the_page_lists_kinds_and_agreements() -> None:
    page = (ROOT / "docs" / "fuzzing.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \|", page, re.MULTILINE)
    names = {name for row in rows for name in row.split(", ")}
    assert {*SOURCES, *agreements.ABOUT_NETWORKS, *agreements.ABOUT_MODELS} <= names
