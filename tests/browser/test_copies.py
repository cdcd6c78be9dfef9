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
        listed = run(f"{command} --format csv")
        assert reader.copied("CSV") == listed
        assert shown(reader).totals == [
            f"{sum(int(row[key] or 0) for row in table(listed)):,}"
            for key in ("mult_adds", "params")
        ]
        latex = run(f"{command} --by layer --format latex")
        assert rows(reader.copied("LaTeX")) == rows(latex)
        claims = tmp_path / "claims.yaml"
        claims.write_text(reader.copied("claim"))
        verdict = "exact" if convention == "paper" else "convention"
        assert f"2: 2 {verdict}\n" in run(f"costcalc check {claims}")


def test_csv_beyond_a_float(page: Opening, tmp_path: Path) -> None:
    """Counts have every digit, and shares are the floats nearest to them."""
    spec = tmp_path / "wide.yaml"
    layers = "".join(f"  - conv: {{out: wide + {n}, kernel: {n}}}\n" for n in range(1, 16))
    spec.write_text(
        "name: Wide\ninput: [3, 1024, 1024]\n"
        f"parameters:\n  wide: {{default: 1000000, doc: channels}}\nlayers:\n{layers}"
    )
    reader = page(spec)
    for wide in ("1000000", "1000003", "9999991"):
        reader.move("wide", wide)
        listed = run(f"costcalc report {spec} --set wide={wide} --format csv")
        assert reader.copied("CSV") == listed
        assert int(table(listed)[-1]["mult_adds"]) > 2**60


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
