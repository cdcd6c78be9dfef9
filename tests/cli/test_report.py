"""``costcalc report``: its options, its formats, and what it does not load."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from costcalc.cli import main

ROOT = Path(__file__).parent.parent.parent


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["report", *arguments])


def test_the_numbers_of_the_paper() -> None:
    result = run("mobilenet_v1", "--alpha", "0.5", "--res", "160", "--format", "json")
    assert json.loads(result.stdout)["totals"] == {"params": 1319648, "mult_adds": 76524800}


@pytest.mark.parametrize("format_", ["table", "csv", "markdown", "latex", "html"])
@pytest.mark.parametrize(
    "options, expected, missing",
    [
        (["--by", "type"], "Conv 1x1", "bottleneck"),
        (["--by", "block"], "bottleneck17", "expand"),
        (["--by", "layer", "--depth", "1"], "bottleneck17", "expand"),
        (["--by", "layer", "--columns", "name,output"], "bottleneck17/expand", "Params"),
        (["--by", "layer", "--sort", "mult_adds"], "bottleneck17/expand", "bottleneck18"),
        (["--by", "layer", "--all", "--columns", "name,type"], "ReLU6", "1 x 1"),
    ],
)
def test_options_mean_the_same_in_every_format(
    format_: str, options: list[str], expected: str, missing: str
) -> None:
    result = run("mobilenet_v2", *options, "--format", format_)
    assert result.exit_code == 0, result.stderr
    table = result.stdout if format_ == "csv" else result.stdout.partition("In all")[0]
    assert expected in table
    assert missing not in table


def test_csv_has_only_the_first_table() -> None:
    rows = list(csv.reader(io.StringIO(run("mobilenet_v1", "--format", "csv").stdout)))
    assert len({len(row) for row in rows}) == 1
    assert len(rows) == 1 + 30  # 27 convolutions, the pool, fc and softmax


@pytest.mark.parametrize(
    "options, words",
    [
        (["--columns", "nam"], ["no column 'nam'", "'name'", "params"]),
        (["--sort", "mult-adds"], ["no column 'mult-adds'", "'mult_adds'"]),
        (["--by", "type", "--sort", "filter"], ["no column 'filter'", "layers"]),
        (["--by", "tpye"], ["tpye", "type"]),
        (["--by", "type", "--depth", "1"], ["no depth"]),
        (["--depth", "0"], ["0", "whole number from 1"]),
        (["--format", "json", "--columns", "name"], ["--columns", "JSON"]),
        (["--format", "jsn"], ["jsn", "json"]),
        (["-o", "report.doc"], ["report.doc", "'.doc'", ".csv"]),
    ],
)
def test_errors(options: list[str], words: list[str]) -> None:
    result = run("mobilenet_v1", *options)
    assert result.exit_code == 2
    assert result.stdout == ""
    for word in words:
        assert word in result.stderr


@pytest.mark.parametrize(
    "suffix, start",
    [
        (".txt", "MobileNetV1\n"),
        (".json", "{\n"),
        (".csv", "name,type"),
        (".md", "# MobileNetV1\n"),
        (".tex", "% MobileNetV1\n"),
        (".html", "<!doctype html>\n"),
    ],
)
def test_the_suffix_chooses_the_format(suffix: str, start: str, tmp_path: Path) -> None:
    file = tmp_path / f"report{suffix}"
    result = run("mobilenet_v1", "-o", str(file))
    assert result.exit_code == 0, result.stderr
    assert result.stdout == ""
    assert file.read_text(encoding="utf-8").startswith(start)
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_in_a_forced_terminal_stays_plain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    file = tmp_path / "report.txt"
    run("mobilenet_v1", "-o", str(file))
    assert "\x1b" not in file.read_text(encoding="utf-8")


def test_a_failure_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "report.csv"
    file.write_text("before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    result = run("mobilenet_v1", "-o", str(file))
    assert result.exit_code == 2
    assert "No space left" in result.stderr
    assert file.read_text() == "before"
    assert list(tmp_path.iterdir()) == [file]


def test_a_table_is_ascii_if_the_encoding_lacks_its_lines() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "costcalc", "report", "mobilenet_v2"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
    )
    lines = done.stdout.decode("ascii").splitlines()
    assert "\\" not in done.stdout.decode("ascii")
    assert any(line.startswith("| Conv dw / s1") for line in lines)
    assert any(line and not line.strip("-") for line in lines)
    assert any("3 x 3 x 32 dw" in line for line in lines)


def test_control_characters_of_an_argument_do_not_reach_the_terminal() -> None:
    result = CliRunner().invoke(main, ["report", "\x1b[31mred"], color=True)
    assert result.exit_code == 2
    assert "\x1b" not in result.stderr
    assert r"\x1b[31mred" in result.stderr


@pytest.mark.parametrize(
    "options, unwanted",
    [
        (["--format", "json"], ["rich", "sympy", "numpy", "csv", "html"]),
        (["--format", "csv"], ["rich", "sympy", "numpy"]),
        ([], ["rich", "sympy", "numpy", "dataclasses", "pathlib"]),
    ],
)
def test_a_report_loads_little(options: list[str], unwanted: list[str]) -> None:
    """What is not imported takes no time; measured by benchmarks/startup.py."""
    code = (
        "import sys, click, yaml; before = set(sys.modules)\n"
        "from costcalc.cli import main\n"
        "main(['report', 'mobilenet_v1', *sys.argv[1:]], standalone_mode=False)\n"
        "print(*sorted(set(sys.modules) - before), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *options], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert "costcalc" in loaded
    assert "costcalc.kinds.examples" not in done.stderr.split()
    assert loaded.isdisjoint(unwanted)
