"""Warnings: on standard error in commands, by the module ``warnings`` in Python."""

import warnings
from pathlib import Path

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main
from costcalc.errors import warn


def spec(folder: Path, shape: str) -> str:
    path = folder / "net.yaml"
    path.write_text(
        f"input: {shape}\nparameters: {{n: 32}}\nlayers: [conv: {{out: 8, kernel: 1, act: relu}}]\n"
    )
    return str(path)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("[32, 32, 3]", "[3, 32, 32]"),
        ("[res, res, 3]", "[3, res, res]"),
        ("[n, n, 1]", "[1, n, n]"),
        ("[28, 28, 1]", "[1, 28, 28]"),
        ("[480, 640, 3]", "[3, 480, 640]"),
        ("[64, 64, 4]", "[4, 64, 64]"),
        ("[16, 112, 112, 3]", "[3, 16, 112, 112]"),
    ],
)
def test_channels_last_are_a_warning(shape, expected, tmp_path: Path):
    path = spec(tmp_path, shape)
    settings = {"res": 32} if "res" in shape else {}
    with pytest.warns(costcalc.CostcalcWarning, match="channels come first") as caught:
        costcalc.report(path, **settings)
    assert f"{path}:1:8: " in str(caught[0].message)
    assert f"expected {expected}" in str(caught[0].message)
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    "shape",
    [
        "[3, 32, 32]",
        "[3, 3, 3]",
        "[1, 28, 28]",
        "[12, 1000, 1]",  # twelve signals
        "[9, 128, 3]",
        "[64, 56, 56]",
        "[16, 16, 8]",  # eight are no colours
        "[256, 7, 3]",
        "[32, 32]",
        "[197, 3]",
        "[3]",
        "32 x 32 x 3",
        "[n, 2 * n, 3]",
    ],
)
def test_other_inputs_are_not(shape, tmp_path: Path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        costcalc.load(spec(tmp_path, shape))


def test_a_command_warns_once_and_answers(tmp_path: Path):
    path = spec(tmp_path, "[32, 32, 3]")
    result = CliRunner().invoke(main, ["compare", path, f"{path}@alpha=0.5", "--format", "json"])
    assert result.exit_code == 0
    assert result.stderr.count("Warning: ") == 1
    assert result.stderr.startswith(f"Warning: {path}:1:8: channels come first")
    assert result.stdout.startswith("{")


def test_warnings_are_safe_to_print():
    with pytest.warns(costcalc.CostcalcWarning) as caught:
        warn(None, "\x1b[31mred\x1b[0m")
    assert str(caught[0].message) == "\\x1b[31mred\\x1b[0m"
