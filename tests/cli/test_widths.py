"""Every command in terminals of every width: lines fit, and no word is broken within."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from costcalc.cli import COMMANDS, main
from costcalc.render.layout import text_width

LINES = {
    "report": "report googlenet",
    "report by block": "report mobilenet_v2 --by block",
    "report of all columns": "report mobilenet_v1 --all",
    "explain": "report mobilenet_v2 --explain bottleneck3",
    "formula": "formula mobilenet_v1 --in alpha,res,classes",
    "formula of a layer": "formula bottleneck --with alpha,rho",
    "check": "check mobilenet_v1 squeezenet resnet",
    "compare": "compare mobilenet_v1@alpha=0.5,res=160 vgg16 resnet50 densenet121",
    "compare layers": "compare separable conv",
    "plot": "plot layers mobilenet_v2",
    "plot accuracy": "plot accuracy mobilenet_v1 vgg16 resnext",
    "plot types": "plot types mobilenet_v1 vgg16",
    "plot sweep": "plot sweep mobilenet_v1 --alpha 0.25:1:0.25 --res 32:224",
    "diff": "diff mobilenet_v1 mobilenet_v1@alpha=0.5,res=160",
    "sweep": "sweep mobilenet_v1 mobilenet_v2 --alpha 0.5,1 --res 160,192",
    "sweep as a pivot": "sweep mobilenet_v1 --alpha 0.5,1 --res 96:256:16 --pivot",
    "solve": "solve mobilenet_v1 --for alpha --max-params 2M --max-mult-adds 300M",
    "reconcile": "reconcile mobilenet_v1",
    "search": "reconcile mobilenet_v1 --printed 575M",
    "memory": "memory mobilenet_v2 --storage mcunet --patches 4",
    "memory of tensors": "memory squeezenet --storage tflm --tensors --traffic",
    "memory of a step": "memory mobilenet_v2 --storage tflm --explain bottleneck3/dw",
    "fits": "fits mobilenet_v1 --device stm32f746 --max-ms 100",
    "fits everywhere": "fits mobilenet_v1 --max-ms 100",
    "latency": "latency mobilenet_v2 --device stm32f746 --measured 1118ms",
    "latency of a step": "latency mobilenet_v2 --device stm32f746 --explain bottleneck3/dw",
    "devices": "devices",
    "device": "devices stm32l4r5",
    "training": "training mobilenet_v2 --optimizer adam --checkpoint every 8",
    "storages": "storages",
    "storage": "storages tflm",
    "kinds": "kinds",
    "kind": "kinds conv",
    "conventions": "conventions",
    "convention": "conventions thop",
    "schema": "schema",
    "networks": "networks --search mobilenet",
    "parameters": "networks mobilenet_v1",
}
QUICK = {"report", "check", "compare", "plot sweep"}
TEXT = {"graph", "import", "export", "page"}
"""Commands whose result is a file of another tool."""

CASES = [
    pytest.param(line, width, id=f"{name} {width}", marks=() if is_quick else pytest.mark.slow)
    for name, line in LINES.items()
    for width in (40, 60, 80, 100, 200)
    for is_quick in [name in QUICK and width in (40, 80)]
]
NOTES = "Not shown: columns, or -o FILE.txt, have room for all. values of 'costcalc sweep' lists"
"""What only narrow terminals show."""

LONG = 16
"""Words of more letters may be broken behind a sign."""


def on_terminal(line: str, width: int, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("costcalc.cli.plot.terminal_width", lambda stream: width)
    result = CliRunner().invoke(main, line.split())
    assert result.exit_code in (0, 1), result.output
    return result.stdout


def words(text: str) -> set[str]:
    """The words of a result, without shapes, whose spaces may go, bars and rules."""
    return {word for word in text.split() if not re.search("[×━╸─│├└]", word)}


def test_every_command_is_tested() -> None:
    assert {line.split()[0] for line in LINES.values()} == set(COMMANDS) - TEXT


@pytest.mark.parametrize(("line", "width"), CASES)
def test_lines_fit_and_words_are_whole(
    line: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = on_terminal(line, width, monkeypatch)
    assert max(map(text_width, text.split("\n"))) <= width
    whole = words(on_terminal(line, 1000, monkeypatch)) | words(NOTES)
    long = [word for word in whole if len(word) > LONG]
    broken = [
        word
        for word in words(text) - whole
        if not any(word in each for each in long)
        and not word.rstrip(";,").isdecimal()
        and word.rstrip(";,") not in whole
    ]
    assert broken == []
