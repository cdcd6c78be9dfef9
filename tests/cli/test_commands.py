"""The commands and their help."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from costcalc.cli import COMMANDS, main

ROOT = Path(__file__).parent.parent.parent


def test_help_lists_every_command_in_full() -> None:
    shown = " ".join(CliRunner().invoke(main, ["--help"]).stdout.split())
    for name, purpose in COMMANDS.items():
        assert f"{name} {purpose}" in shown


def test_help_loads_no_command() -> None:
    code = (
        "import sys; from costcalc.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not {f"costcalc.cli.{name}" for name in COMMANDS} & set(done.stderr.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_does(name: str) -> None:
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage:")


def test_an_unknown_command_is_a_usage_error() -> None:
    result = CliRunner().invoke(main, ["reprot"])
    assert result.exit_code == 2
    assert "No such command 'reprot'; did you mean 'report'?" in result.stderr
