"""``costcalc import``: what it writes, where, and with which comments."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main

SPEC = """\
input: [3, 32, 32]
parameters: {deep: false}
layers:
  - conv: {out: 8, kernel: 3, norm: batch, act: relu}
  - conv: {out: 8, kernel: 3, norm: batch, act: relu, when: deep}
  - fc: 10
"""


def imported(*arguments: str) -> str:
    done = CliRunner().invoke(main, ["import", *arguments])
    assert done.exit_code == 0, done.stderr
    return done.stdout


def test_the_totals_are_the_same_to_the_last_digit(tmp_path: Path) -> None:
    out = tmp_path / "net.yaml"
    assert imported("mobilenet_v2", "--alpha", "0.35", "--res", "160", "-o", str(out)) == ""
    for convention in ("paper", "fvcore"):
        again = costcalc.report(str(out), convention=convention)
        wanted = costcalc.report("mobilenet_v2", alpha="0.35", res=160, convention=convention)
        assert again.totals == wanted.totals


def test_the_comment_has_the_settings_but_no_folder(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SPEC, encoding="utf-8")
    text = imported(str(path), "--set", "deep=true")
    assert text.startswith("# Written by costcalc import small.yaml@deep=true\n")
    assert str(tmp_path) not in text
    assert "  - conv: {out: 8, kernel: 3, norm: batch, act: relu, repeat: 2}\n" in text


def test_flat_layers_have_full_names() -> None:
    text = imported("resnet18", "--flat")
    assert "residual" not in text
    assert "- conv: {name: conv2_x1.conv1, out: 64, kernel: 3, act: relu}\n" in text


@pytest.mark.parametrize("name", ["nothing", "nothing.yaml"])
def test_an_unknown_network_leaves_no_file(name: str, tmp_path: Path) -> None:
    out = tmp_path / "net.yaml"
    done = CliRunner().invoke(main, ["import", name, "-o", str(out)])
    assert done.exit_code == 2
    assert "Traceback" not in done.stderr
    assert not out.exists()
