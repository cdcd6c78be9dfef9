"""Every command in the README and the guides runs, and prints what the page says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple, cast

import click
import pytest

from costcalc.cli import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / ".github" / "CONTRIBUTING.md",
    ROOT / "README.md",
]
GUIDES = [
    path
    for path in PAGES[:-1]
    if "\n$ costcalc " in (text := path.read_text(encoding="utf-8"))
    and "\n$ costcalc report torch:" not in text  # tests/frameworks/test_tutorials.py runs these
]
_BLOCK = re.compile(
    r"(?:<!-- file: (?P<file>[\w./-]+) -->\n)?```(?P<language>\w*)\n(?P<body>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)


class Command(NamedTuple):
    """A command of a console block, with the output shown below it."""

    line: str
    output: list[str]


def commands(body: str) -> list[Command]:
    """The commands of a console block: lines after ``$``, each with its output."""
    found: list[Command] = []
    for line in body.splitlines():
        if line.startswith("$ "):
            found.append(Command(line[2:], []))
        elif found:
            found[-1].output.append(line)
    return found


def matches(shown: list[str], printed: list[str]) -> bool:
    """Whether the output is as shown, where a line ``...`` stands for any lines."""
    shown = [line.rstrip() for line in shown]
    while shown and not shown[-1]:
        shown.pop()
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "..." else re.escape(line) + r"\n" for line in shown
    )
    return re.fullmatch(pattern, "".join(line.rstrip() + "\n" for line in printed)) is not None


def run(command: str, folder: Path) -> list[str]:
    """What a command of a page prints, standard error included, run in a folder."""
    python = f'"{sys.executable}"'
    line = re.sub(r"(?:^|(?<=\| ))costcalc\b", f"{python} -m costcalc", command)
    line = re.sub(r"^python\b", python, line)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        line, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return (done.stdout + done.stderr).splitlines()


def check(text: str, folder: Path) -> None:
    """Every command of a text prints what the text shows, in a folder with the text's files."""
    wrong = []
    for block in _BLOCK.finditer(text):
        if block["file"]:
            (folder / block["file"]).write_text(block["body"], encoding="utf-8")
        if block["language"] != "console":
            continue
        for command in commands(block["body"]):
            printed = run(command.line, folder)
            if not matches(command.output, printed):
                wrong.append(f"$ {command.line}\n" + "\n".join(printed))
    assert not wrong, "\n\n".join(wrong)


def sections() -> list[object]:
    """The README's sections, each with the files that the ones before it show."""
    found, files = [], ""
    for section in re.split(r"^## ", README, flags=re.MULTILINE):
        if "```console" in section:
            found.append(pytest.param(files + section, id=section.partition("\n")[0]))
        files += "".join(f"{block[0]}\n" for block in _BLOCK.finditer(section) if block["file"])
    return found


@pytest.mark.parametrize("section", sections())
def test_every_command_of_the_readme_prints_what_it_shows(section: str, tmp_path: Path) -> None:
    check(section, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("page", GUIDES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_of_a_guide_prints_what_it_shows(page: Path, tmp_path: Path) -> None:
    check(page.read_text(encoding="utf-8"), tmp_path)


def parse(line: str) -> None:
    """Reads a command line as costcalc does, without running it.

    Raises:
        click.UsageError: there is no such command, option or value, or an argument is missing.
    """
    words = shlex.split(line, comments=True)
    ends = (words.index(word) for word in ("|", "&&", ">", ">>") if word in words)
    command, arguments = cast(click.Command, main), words[1 : min(ends, default=len(words))]
    context = main.make_context("costcalc", [*arguments])
    while isinstance(command, click.Group):
        name, below, arguments = command.resolve_command(context, arguments)
        assert name and below
        context = below.make_context(name, [*arguments], parent=context)
        command = below


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_of_a_block_is_one(page: Path) -> None:
    """Also of those that are not run, since they need a file of the reader's or take long."""
    text = page.read_text(encoding="utf-8")
    lines = re.findall(r"^ {4}(costcalc [a-z].*)$", text, re.MULTILINE)
    for block in _BLOCK.finditer(text):
        prompt = {"sh": "", "console": r"\$ "}.get(block["language"], "(?!)")
        pattern = rf"^{prompt}(?:.*\| )?(costcalc [a-z].*)$"
        lines += re.findall(pattern, block["body"], re.MULTILINE)
    for line in lines:
        try:
            parse(line)
        except click.UsageError as error:
            pytest.fail(f"{line}: {error.format_message()}")


def test_a_command_that_is_none_is_told() -> None:
    parse("costcalc plot sweep mobilenet_v1 --alpha 0.5,1 | cat  # a picture")
    for line in ("costcalc reprot vgg16", "costcalc report vgg16 --nosuch", "costcalc plot vgg16"):
        with pytest.raises(click.UsageError):
            parse(line)


def test_the_readme_is_read_in_one_sitting() -> None:
    assert len(README.splitlines()) <= 200
    assert README.count("\n![") == 1
    questions = README.partition("## Eight questions")[2].partition("\n## ")[0]
    assert len(re.findall(r"^\*\*.*\?\*\* ", questions, re.MULTILINE)) == 8


def test_the_matcher_tells_right_output_from_wrong() -> None:
    assert matches(["a", "...", "d"], ["a", "b", "c", "d"])
    assert not matches(["a", "...", "d"], ["a", "b", "c"])
    assert not matches(["a"], ["a", "b"])
    assert not matches([], ["a"])


@pytest.mark.parametrize(
    ("marker", "session", "end"),
    [
        ("test", "tests", '-m pytest -m "slow or not slow"'),
        ("frameworks", "judges", "-m pytest tests/frameworks"),
    ],
)
def test_the_set_up_commands_are_the_ones_that_ci_runs(marker: str, session: str, end: str) -> None:
    (line,) = re.findall(rf"<!-- {marker} command -->\n```sh\n(python3 .*)\n```", README)
    assert line.endswith(end)
    sessions = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    assert f'"bash", "-c", command("{marker}")' in sessions
    (run,) = re.findall(r"--session (.+)$", (ROOT / ".ci" / "run").read_text(encoding="utf-8"))
    assert session in run.split()
