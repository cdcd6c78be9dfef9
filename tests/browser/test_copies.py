"""What a reader takes along is what costcalc itself writes at the same settings."""

from __future__ import annotations

import csv
import io
import random
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from costcalc.cli import main
from tests.browser.conftest import Opening
from tests.browser.expected import random_settings, shown


def run(command: str) -> str:
    """What a command prints, as a shell would run it."""
    name, *words = shlex.split(command)
    assert name == "costcalc"
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("network", ["mobilenet_v2", "mobilenet_v3_small", "resnet50"])
@pytest.mark.parametrize("convention", ["paper", "torch"])
def test_every_copy(page: Opening, tmp_path: Path, network: str, convention: str) -> None:
    numbers = random.Random(network + convention)
    reader = page(network, convention=("paper", "torch"))
    reader.move("convention", convention)
    for _ in range(2):
        for name, value in random_settings(reader.controls, numbers).items():
            reader.move(name, value)
        command = reader.copied("command")
        listed = table(run(f"{command} --format csv"))
        copied = table(reader.copied("CSV"))
        assert len(copied) == len(listed)
        for row, expected in zip(copied, listed, strict=True):
            for key, text in row.items():
                if key.endswith("_percent") and text:
                    assert float(text) == pytest.approx(float(expected[key]), rel=1e-15)
                else:
                    assert text == expected[key]
        assert shown(reader).totals == [
            f"{sum(int(row[key] or 0) for row in listed):,}" for key in ("mult_adds", "params")
        ]
        latex = run(f"{command} --by layer --format latex")
        assert rows(reader.copied("LaTeX")) == rows(latex)
        claims = tmp_path / "claims.yaml"
        claims.write_text(reader.copied("claim"))
        verdict = "exact" if convention == "paper" else "convention"
        assert f"2: 2 {verdict}\n" in run(f"costcalc check {claims}")


def test_copies_of_several_networks(page: Opening, tmp_path: Path) -> None:
    reader = page("mobilenet_v1", "mobilenet_v2@alpha=0.5")
    reader.move("res", "160")
    command = reader.copied("command")
    compared = table(run(f"{command} --format csv"))
    assert reader.totals() == [
        [f"{int(row[key]):,}" for key in ("mult_adds", "params")] for row in compared
    ]
    claims = tmp_path / "claims.yaml"
    claims.write_text(reader.copied("claim"))
    assert "4: 4 exact\n" in run(f"costcalc check {claims}")


def table(text: str) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(text)))


def rows(latex: str) -> list[str]:
    """The rows of LaTeX's table, without the space that aligns them."""
    return [" ".join(line.split()) for line in latex.splitlines() if line.endswith("\\\\")]
