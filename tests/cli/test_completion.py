"""Completion of command lines in bash, zsh and fish, as the shells ask for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from costcalc.cli import COMMANDS, main
from costcalc.spec import library
from costcalc.spec.stored import store

SHELLS = ("bash", "zsh", "fish")


def asked(shell: str, line: str) -> dict[str, str]:
    """The variables by which a shell asks how the line goes on."""
    words = line.split(" ")
    place = words[-1] if shell == "fish" else str(len(words) - 1)
    return {
        "_COSTCALC_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": place,
    }


def complete(line: str, shell: str = "bash") -> list[str]:
    """The words that a shell is offered."""
    result = CliRunner().invoke(main, [], env=asked(shell, line))
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    lines = result.stdout.splitlines()
    if shell == "zsh":
        return lines[1::3]
    words = [line.removeprefix("plain,") for line in lines]
    return [word.partition("\t")[0] for word in words if word]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    spec = "input: [3, 8, 8]\nparameters: {size: {default: 3, choices: [3, 5]}}\n"
    (tmp_path / "mine.yaml").write_text(f"{spec}layers: [conv: {{out: 8, kernel: size}}, fc: 10]\n")
    (tmp_path / ".hidden.yaml").touch()
    return tmp_path


OFFERED = {
    "rec": ["reconcile"],
    "report mobilenet_v3": ["mobilenet_v3", "mobilenet_v3_large", "mobilenet_v3_small"],
    "report resnet101": ["resnet101"],
    "report mine": ["mine.yaml"],
    "report ./": ["./mine.yaml"],
    "report ./.": ["./.hidden.yaml"],
    "report mobilenet_v1@al": ["mobilenet_v1@alpha="],
    "report mobilenet_v1@alpha=0.": [f"mobilenet_v1@alpha=0.{n}" for n in ("75", "5", "25")],
    "report mobilenet_v1@alpha=0.5,r": ["mobilenet_v1@alpha=0.5,res="],
    "report resnet50@implementation=": ["resnet50@implementation=paper",
                                        "resnet50@implementation=torchvision"],
    "report mine.yaml --set si": ["size="],
    "report mine.yaml --set size=": ["size=3", "size=5"],
    "sweep mine.yaml --set alpha=1,size=": ["alpha=1,size=3", "alpha=1,size=5"],
    "report mine.yaml --explain c": ["conv1"],
    "memory mine.yaml --explain f": ["fc1"],
    "memory mobilenet_v1 --explain conv1.": ["conv1.batch_norm", "conv1.relu"],
    "memory mobilenet_v2 --explain bottleneck1/de": [],
    "memory mobilenet_v2 --explain bottleneck1/pr": ["bottleneck1/project",
                                                     "bottleneck1/project.batch_norm"],
    "memory mobilenet_v2 --explain bottleneck10": [
        f"bottleneck10/{layer}" for layer in ("expand", "expand.batch_norm", "expand.relu6", "dw",
        "dw.batch_norm", "dw.relu6", "project", "project.batch_norm", "add1")],
    "report vgg16 --convention torchi": ["torchinfo", "torchinfo-1.8.0"],
    "reconcile vgg16 --between paper,th": ["paper,thop"],
    "reconcile vgg16 --between paper th": ["thop"],
    "report vgg16 --columns type,pa": ["type,params", "type,params_percent"],
    "report vgg16 --by type --sort ty": ["type"],
    "report vgg16 --format j": ["json"],
    "report vgg16 --format=j": ["--format=json"],
    "plot ac": ["accuracy"],
    "plot types alexnet --of ": ["mult_adds", "params", "weight_bytes", "traffic_bytes"],
    "kinds depth": ["depthwise"],
    "kinds conv2": ["conv2d"],
    "conventions dee": ["deepspeed", "deepspeed-flops"],
    "networks alexnet_": ["alexnet_one_column"],
    "formula separ": ["separable"],
    "formula separable --over co": ["conv"],
    "formula separable --set D_": ["D_K=", "D_F="],
    "formula separable --with alpha,": ["alpha,rho"],
    "formula mobilenet_v1 --in alpha,r": ["alpha,res"],
    "compare alexnet alexnet_": ["alexnet_one_column"],
    "solve mobilenet_v1 --for r": ["res"],
    "sweep mobilenet_v1 --by p": ["params", "peak_bytes"],
    "sweep mobilenet_v1 --metrics peak_bytes,w": ["peak_bytes,weight_bytes"],
    "sweep mobilenet_v1 --planner tflm": ["tflm"],
    "check read": ["readmes"],
    "report net.onnx --set a": ["alpha="],
    "export vgg16 --to o": ["onnx"],
}  # fmt: skip


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("line", OFFERED)
def test_what_is_offered(folder: Path, line: str, shell: str) -> None:
    assert complete(f"costcalc {line}", shell) == OFFERED[line]


FREE = {
    *("--alpha", "--res", "--input", "--shape", "--depth", "--where", "--top", "--printed"),
    *("--bins", "--sample"),
    "--search",
    *(
        "--max-mult-adds",
        "--max-params",
        "--max-ram",
        "--max-flash",
        "--max-traffic",
        "--step",
        "--values",
        "--seed",
        "--batch",
        "--patches",
        "--checkpoint",
        "--last",
        "--zero",
        "--ranks",
        "--cores",
        "--fast-memory",
        "--measured",
        "--max-ms",
        "--max-mj",
        "--min-mult-adds",
        "--min-params",
        "--year",
        "--jobs",
        "--scheduler",
        "--sample",
        "--histogram",
        "--quantiles",
    ),
}
"""Options whose values are numbers or sentences."""


def parameters(command: click.Command, name: str) -> list[tuple[str, click.Parameter]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        return [
            row
            for sub in command.list_commands(context)
            for row in parameters(command.get_command(context, sub) or command, f"{name} {sub}")
        ]
    return [(name, parameter) for parameter in command.params]


def test_every_value_that_is_a_name_is_completed() -> None:
    context = click.Context(main)
    for name in COMMANDS:
        command = main.get_command(context, name)
        assert command is not None
        for path, parameter in parameters(command, name):
            if getattr(parameter, "is_flag", False) or set(parameter.opts) & FREE:
                continue
            is_known = isinstance(parameter.type, click.Choice | click.Path)
            assert is_known or parameter._custom_shell_complete, (path, parameter.opts)


def loaded(line: str) -> set[str]:
    """The modules that a completion imports."""
    code = (
        "import atexit, sys\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        "from costcalc.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **asked("bash", line)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "line", ["costcalc report mob", "costcalc report x --convention p", "costcalc kinds c"]
)
def test_names_are_completed_without_reading_yaml(line: str) -> None:
    modules = loaded(line)
    heavy = {"yaml", "sympy", "numpy", "rich", "costcalc.spec.reader", "costcalc.spec.nodes"}
    assert not modules & heavy


def test_commands_are_completed_without_importing_them() -> None:
    assert not loaded("costcalc re") & {"costcalc.cli.report", "costcalc.questions"}


def test_the_stored_names_are_up_to_date() -> None:
    names = Path(library.shipped_folder()) / "names.yaml"
    data = names.read_bytes()
    stored = store(library.named_variants(data, str(names)), data)
    is_stored = names.with_suffix(".json").read_text() == stored
    assert is_stored, "specs/names.json: .venv/bin/python tools/make_names.py"


def test_a_broken_spec_or_a_models_code_offers_nothing_and_says_nothing(folder: Path) -> None:
    (folder / "broken.yaml").write_text("input: [3, 8\nlayers: [\n")
    (folder / "evil.py").write_text("raise SystemExit('the code of a model was run')\n")
    for network in ("broken.yaml", "nowhere.yaml"):
        for option in ("--set ", "--explain ", "--set a"):
            assert complete(f"costcalc report {network} {option}") == []
    # A model's code is not run, and a terminal is not read.
    for network in ("torch:evil:net", "-", "/dev/stdin", "/dev/fd/0"):
        assert complete(f"costcalc report {network} --explain ") == []
        assert complete(f"costcalc report {network} --set ") == ["alpha=", "res="]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_names_of_files_that_would_be_several_lines_are_left_out(folder: Path) -> None:
    (folder / "min\nplain,evil.yaml").touch()
    (folder / "min\x1b[31m.yaml").touch()
    (folder / "min e.yaml").touch()
    (folder / "minfolder").mkdir()
    (folder / "min.txt").touch()
    assert complete("costcalc report min") == ["min e.yaml", "mine.yaml", "minfolder/"]
    assert complete(f"costcalc report {folder}/mine") == [f"{folder}/mine.yaml"]


def run_in(shell: str, script: str, folder: Path) -> str:
    """What a shell prints that has read its script from the program."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    result = CliRunner().invoke(main, [], env={"_COSTCALC_COMPLETE": f"{shell}_source"})
    assert (result.exit_code, result.stderr) == (0, "")
    (folder / "source").write_text(result.stdout)
    program = folder / "bin" / "costcalc"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m costcalc "$@"\n')
    program.chmod(0o755)
    done = subprocess.run(
        {"bash": ["bash", "--norc"], "zsh": ["zsh", "-f"], "fish": ["fish", "--no-config"]}[shell],
        input=script,
        env={**os.environ, "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


IN_BASH = r"""
source source
compopt() { echo "(goes on)"; }
COMP_WORDBREAKS=$' \t\n"\'@><=;|&(:'
try() {  # the words as Bash splits them, the last as it is to be completed
    local part="$1"; shift
    COMP_WORDS=(costcalc "$@"); COMP_CWORD=$#
    _costcalc_completion costcalc "$part" ""
    echo "${COMPREPLY[@]}"
}
try vgg11_ report vgg11_
try @al report mobilenet_v1 @ al
try 0.2 report mobilenet_v1 @ alpha = 0.2
try "" report mobilenet_v1 --set convolution =
try j report mobilenet_v1 --format = j
"""


def test_bash_completes_the_part_of_a_word_that_it_knows(folder: Path) -> None:
    assert run_in("bash", IN_BASH, folder).splitlines() == [
        "vgg11_bn vgg11_lrn",
        "(goes on)",
        "@alpha=",
        "0.25",
        "separable full",
        "json",
    ]


IN_ZSH = r"""
compdef() { }
_describe() { for word in ${(P)3}; do echo "$word"; done }
compadd() {
    if [[ "$*" == *-S* ]]; then echo "${@[-1]} (goes on)"; else echo $completions; fi
}
source ./source
try() { words=(costcalc "$@"); CURRENT=$#words; _costcalc_completion }
try report vgg11_
try report mobilenet_v1@al
try report mobilenet_v1 --set convolution=
try report mobilenet_v1 --format=j
try kinds pointw
"""


def test_zsh_completes_whole_words(folder: Path) -> None:
    assert run_in("zsh", IN_ZSH, folder).splitlines() == [
        "vgg11_bn vgg11_lrn",
        "mobilenet_v1@alpha= (goes on)",
        "convolution=separable convolution=full",
        "--format=json",
        "pointwise:Conv 1x1",
    ]


IN_FISH = r"""
source source
complete -C "costcalc report vgg11_"
complete -C "costcalc report mobilenet_v1@al"
complete -C "costcalc report mobilenet_v1 --set convolution=fu"
complete -C "costcalc report mobilenet_v1 --format=j"
complete -C "costcalc report mobilenet_v1 --columns type,mult_adds_"
complete -C "costcalc repo"
"""


def test_fish_completes_whole_words_with_their_help(folder: Path) -> None:
    assert run_in("fish", IN_FISH, folder).splitlines() == [
        "vgg11_bn",
        "vgg11_lrn",
        "mobilenet_v1@alpha=\twidth multiplier",
        "convolution=full",
        "--format=json",
        "type,mult_adds_percent",
        f"report\t{COMMANDS['report']}",
    ]
