"""Help fits the terminal, and is broken between words."""

import re

import click
import pytest
from click.testing import CliRunner

from costcalc.cli import COMMANDS, main


def commands():
    """Every command line that ends in --help."""
    context = click.Context(main)
    yield []
    for name in COMMANDS:
        yield [name]
        command = main.get_command(context, name)
        if isinstance(command, click.Group):
            yield from ([name, below] for below in command.commands)


def shown(line, columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    result = CliRunner().invoke(main, [*line, "--help"])
    assert result.exit_code == 0
    return result.stdout


@pytest.mark.parametrize("line", list(commands()), ids=" ".join)
def test_help_is_broken_between_words(line, monkeypatch):
    widest = shown(line, 200, monkeypatch)
    words = unbroken(widest)
    for columns in (40, 60, 80):
        text = shown(line, columns, monkeypatch)
        assert max(map(len, text.split("\n"))) <= columns
        assert unbroken(text) == words


def unbroken(text):
    """The words; choices of an option, and what commas join, may stand on several lines."""
    return re.sub(r"(?<=[|,])\s+", "", text).split()
