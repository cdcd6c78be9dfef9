"""What people type, from habit or from other tools, leads to what does it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from costcalc.cli import COMMANDS, main, words
from costcalc.importers.foreign import FORMATS


def run(line: str) -> Result:
    return CliRunner().invoke(main, shlex.split(line))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text("input: [3, 8, 8]\nlayers: [fc: 10]\n")
    return tmp_path


TYPED = {
    "help": "costcalc --help",
    "list": "costcalc networks",
    "show vgg16 --alpha 0.5": "costcalc report vgg16 --alpha 0.5",
    "flops vgg16": "costcalc report vgg16",
    "mobilenet_v1 --alpha 0.5": "costcalc report mobilenet_v1 --alpha 0.5",
    "net.yaml": "costcalc report net.yaml",
    "resnet50@classes=10": "costcalc report resnet50@classes=10",
    "version": "costcalc --version",
    "-v": "costcalc --version",
    "-V": "costcalc --version",
    "completion": "_COSTCALC_COMPLETE=bash_source",
    "test": "costcalc check",
    "chek": "did you mean 'check'?",
    "frobnicate": "costcalc --help",
    "report": "a name that 'costcalc networks' lists",
    "compare": "a name that 'costcalc networks' lists",
    "solve net.yaml": "--for alpha",
    "report ./": "costcalc check ./",
    "report net.yaml @alpha=0.5": "--set alpha=0.5",
    "report resnet-50": "did you mean 'resnet50'?",
    "report MobileNetV2": "did you mean 'mobilenet_v2'?",
    "report mobilenet_v2.YAML": "did you mean 'mobilenet_v2'?",
    "report conv": "costcalc kinds conv",
    "report Conv2d": "costcalc kinds conv",
    "report dinosaur": "torch:torchvision.models:NAME for a network of torchvision",
    "report notes.txt": "there is no file 'notes.txt'",
    "report net.yml": "there is no file 'net.yml'; did you mean 'net.yaml'?",
    "compare net.yaml vs vgg16": "without 'vs'",
    "compare net.yaml and vgg16": "without 'and'",
    "report -@alpha=2": "/dev/stdin@NAME=VALUE",
    "compare vgg16 -@alpha=2": "/dev/stdin@NAME=VALUE",
    "report torchvision.models.resnet18": "torch:torchvision.models:resnet18",
    "report https://example.org/net.yaml": "download",
    "report net.yaml vgg16": "costcalc compare",
    "report net.yaml alpha=0.5": "--set alpha=0.5",
    "report net.yaml 0.5": "--alpha 0.5",
    "report net.yaml --input-size 3,8,8": "--input 3,224,224",
    "report net.yaml --resolution 8": "--res",
    "report net.yaml --batch 8": "a batch of N costs N times as much",
    "report net.yaml --verbose": "--all, or --explain LAYER",
    "report net.yaml --width 0.5": "--alpha",
    "report net.yaml --num-classes 10": "--set classes=10",
    "report net.yaml --json": "--format json",
    "report net.yaml --flops": "--unit flops",
    "report net.yaml --device cuda": "need no device",
    "report net.yaml --no-color": "NO_COLOR=1",
    "report net.yaml --format md": "Did you mean 'markdown'?",
    "report net.yaml --format text": "Did you mean 'table'?",
    "report net.yaml --by kind": "Did you mean 'type'?",
    "report net.yaml --sort flops": "did you mean 'mult_adds'",
    "report net.yaml --columns kernel": "did you mean 'filter'?",
    "solve net.yaml --for alpha --max-flops 1M": "--max-mult-adds",
    "check --all": "--shipped",
    "check net.pdf": "is a document or a picture",
    "plot vgg16": "costcalc plot layers vgg16",
    "train vgg16": "costcalc training vgg16",
    "export net.yaml --to pytorch": "Did you mean 'torch'?",
    **{f"report net{suffix}": row.instead for row in FORMATS for suffix in row.suffixes},
}


@pytest.mark.parametrize("line", TYPED)
def test_what_people_type_is_answered_with_what_does_it(folder: Path, line: str) -> None:
    if "net.pdf" in line:
        (folder / "net.pdf").write_bytes(b"%PDF-1.7")
    result = run(line)
    assert (result.exit_code, result.stdout) == (2, "")
    assert TYPED[line] in " ".join(result.stderr.split())


def test_values_of_options_are_read_in_any_case(folder: Path) -> None:
    assert (
        run("report net.yaml --format JSON").output == run("report net.yaml --format json").output
    )
    expected = run("report net.yaml --unit flops").output
    assert run("report net.yaml --unit FLOPs").output == expected


def options(command: click.Command) -> set[str]:
    own = {name for parameter in command.params for name in parameter.opts}
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            own |= options(inner)
    return own


def choices(command: click.Command) -> set[str]:
    own = {
        choice
        for parameter in command.params
        if isinstance(parameter.type, click.Choice)
        for choice in parameter.type.choices
    }
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            own |= choices(inner)
    return own


def test_every_hint_names_commands_options_and_choices_that_exist() -> None:
    known = {*options(main), "--version", "--help", "-h"}
    hints = (*words.COMMANDS.values(), *words.OPTIONS.values(), *words._OF_COMMAND.values())
    for hint in hints:
        assert set(re.findall(r"(?<!\w)--?[a-z][a-z-]*", hint)) <= known, hint
        for command in re.findall(r"costcalc ([a-z]+)", hint):
            assert command in COMMANDS, hint
    assert set(words.CHOICES.values()) <= choices(main)
    assert not set(words.COMMANDS) & set(COMMANDS)


def test_an_option_is_suggested_only_where_it_exists(folder: Path) -> None:
    assert "--explain" not in run("sweep net.yaml --verbose").stderr
    assert "--alpha" not in run("kinds --width 3").stderr


def test_hostile_words_are_made_safe(folder: Path) -> None:
    (folder / "evil\x1b[31m.yaml").write_text("input: [3]\nlayers: []\n")
    for line in ("'evil\x1b[31m.yaml'", "plot 'evil\x1b[31m.yaml'", "report net.yaml '\x1b[31m=1'"):
        result = run(line)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "\x1b" not in result.stderr
    result = run("report net.yaml " + "x" * 100_000)
    assert result.exit_code == 2
    assert len(result.stderr) < 10_000
