"""Command lines, drawn from Click's own tree of commands and options."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import click

from costcalc.cli import COMMANDS, main
from costcalc.cli.words import Whole
from tests.drawing.draws import Draws
from tests.fuzz import hostile
from tests.fuzz.case import Case, one_of

NETWORK = "net.yaml"
"""The network that every folder has."""

GOOD = (
    *(NETWORK, NETWORK, NETWORK, "net", "wide.yaml"),
    *("net.onnx", "net.prototxt", "net.json", "net.tflite"),
    *("net.yaml@alpha=0.5", "net.yaml@res=16", "net.onnx@alpha=2", "wide.yaml@n=2,alpha=1/3"),
    *("wide.yaml", "net.onnx", "mobilenet_v1", "mobilenet_v2@alpha=0.35,res=96", "vgg11"),
)
"""Networks that are read within a tenth of a second."""

NETWORKS = (
    *(
        *GOOD,
        *GOOD,
        *GOOD,
        "squeezenet",
        "alexnet",
        "missing.yaml",
        "missing.onnx",
        "mobilenet",
        "folder",
        "empty.yaml",
        "damaged.onnx",
    ),
    *("-", "/dev/null", "/dev/stdin", "torch:", "torch:nowhere:Thing", "torch:os.path", "conv"),
)
"""Networks of all kinds, and what is none; any number of them is read within a second."""

LAYERS = ("conv", "depthwise", "separable", "fc", "bottleneck", "conv@M=3,N=8,D_K=3", "con")

VALUES: dict[str, tuple[str, ...]] = {
    "network": NETWORKS,
    "networks": NETWORKS,
    "versions": NETWORKS,
    "others": ("paper", "torch", "fvcore", "mine.yaml"),
    "network_or_layer": (*NETWORKS, *LAYERS, *LAYERS),
    "paths": ("net.yaml", "claims.yaml", ".", "folder", *GOOD[:4], "missing", "vgg"),
    "alpha": (
        *("0.5", "1", "1/3", "2", "0.05", "0.25,0.5", "0.5:1:0.25", "0.01", "0.01:2:0.01"),
        *("1:1e12:1", "1:0", "0:1:0", "-1:1:0.5", "1:2", "0.1:1:1/3"),
    ),
    "res": (
        *("32", "16", "24x16", "8x8x8", "1", "7", "8,16", "8:32:8", "32,24x16", "1:300"),
        *("16:8:-8", "1:1e9", "8:32:0", "8x8:16x16:8"),
    ),
    "sets": (
        *("alpha=0.5", "res=16", "n=2", "width=12", "kind=b", "n=1,2,3", "e1=3", "alpha=e1"),
        *("n=", "=2", "n", "unknown=1", "alpha=1,2", "res=8:64:8", "classes=10", "input=3"),
    ),
    "input": ("3,16,16", "3,32,32", "1,8,8", "3,16", "16", "3x16x16", "3,-1,4", "0,0,0"),
    "convention": (
        *("paper", "torch", "fvcore", "thop", "ptflops", "keras", "mine.yaml", "papr"),
        "paper-with-bias",
    ),
    "between": ("paper", "torch", "fvcore", "mine.yaml", "paper,torch", "thop"),
    "columns": ("name", "name,mult_adds,params", "type,kernel", "mult_adds,mult_adds", "nme", ","),
    "sort": ("mult_adds", "params", "name", "type", "parms"),
    "by": ("mult_adds", "params", "-params", "alpha", "-alpha", "resolution", "layer", "type"),
    "layer": ("conv1", "fc1", "block1", "stem", "conv", "Conv 3x3", "*"),
    "over": LAYERS,
    "multipliers": ("alpha", "rho", "alpha,rho", "beta"),
    "variables": ("alpha", "alpha,res", "res", "n", "kind", "alpha,alpha"),
    "where": (
        *("mult_adds <= 100K", "params < 1M and alpha > 0.3", "alpha == 0.5", "res >= 16"),
        *("mult_adds", "1", "name == 'a'", "params <= 1K or res * 2 < 40", "mult_adds <= "),
    ),
    "max_mult_adds": ("100K", "1M", "50000", "0", "1e9", "1G", "7.5m"),
    "max_params": ("1K", "2M", "500", "0", "1e9", "5 MB"),
    "step": ("0.25", "1", "8", "1/3", "0", "-1"),
    "values": ("0.25,0.5", "8:32:8", "16,32", "1,x", "32,64x64", "a,b", "1:1000", "1:1e9"),
    "name": ("alpha", "res", "n", "width", "kind", "conv", "paper", "net.yaml", "relu", "wide"),
    "printed": ("393336", "393 K", "0.39M", "504", "1 MMac", "320.3 MMac", "39"),
    "baseline": GOOD,
    "search": ("mobile", "net 2015", "", "vgg"),
    "output": (
        *("out.csv", "out.json", "out.html", "out.tex", "out.md", "out.txt", "out.onnx", "out"),
        *("out.prototxt", "out.py", "out.yaml", "-", "folder", "missing/out.csv", "/dev/null"),
        *("/dev/full", "/dev/stdout", "net.yaml", "", "out.svg", "out.parquet", "parts/"),
        *("folder/", "/dev/null/", "net.yaml/"),
    ),
    "jobs": ("1", "0", "-1", "1000", "two"),
    "scheduler": ("", " ", "host", "tcp://", "tcp:/host:8786", "http://host:8786", "8786"),
}
"""Values to try for each option and argument, by Click's names for them."""

ANYTHING = ("1", "2", "net.yaml", "alpha", "relu", "paper", "100", "10 ms", "int8", "0.5", "conv")
"""Values for options without a row."""

COMMON: dict[str, int] = {"report": 30, "sweep": 8, "compare": 8, "formula": 8, "import": 6}
SELDOM: dict[str, int] = {"conventions": 1, "networks": 1, "plot": 1, "solve": 2, "kinds": 2}
"""How often a command is drawn, if not four times; some take long, and some have few options."""

SLOW = {("networks",): 40, ("check",): 60, ("plot", "accuracy"): 10, ("conventions",): 4}
"""Commands that walk through all that ships when they are given nothing, one in how many."""

SLOW_OPTIONS = {"shipped": 40}
"""Options for which a command walks through all that ships, and one in how many is drawn."""

PICTURES = frozenset({"svg", "png", "pdf", "out.svg"})
"""Formats that take a tenth of a second to draw, which are tried one time in twelve."""

LISTED = frozenset({"output", "jobs", "scheduler"})
"""Options for which no value is drawn but those in the table: paths that are written to, and
processes and clusters, which take seconds to start or to give up."""


@cache
def commands() -> dict[str, tuple[tuple[str, ...], click.Command]]:
    """All commands by their words; those of a group one by one."""
    found: dict[str, tuple[tuple[str, ...], click.Command]] = {}

    def walk(words: tuple[str, ...], command: click.Command) -> None:
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                inside = command.get_command(context, name)
                assert inside is not None
                walk((*words, name), inside)
        else:
            found[" ".join(words)] = words, command

    walk((), main)
    return found


@cache
def weights() -> dict[str, int]:
    return {name: {**COMMON, **SELDOM}.get(name.split()[0], 4) for name in commands()}


def line(
    draws: Draws, networks: Sequence[str] = (), is_careful: bool = True, name: str = ""
) -> tuple[str, ...]:
    """A command line.

    Args:
        draws: the random choices.
        networks: what stands where a network belongs; else one of those that folders have.
        is_careful: whether all values are ones to try, and the line is whole.
        name: the command; by default any.
    """
    words, command = commands()[name or one_of(draws, weights())]
    arguments: list[str] = []
    options: list[str] = []
    given = 0
    for param in command.params:
        if isinstance(param, click.Argument):
            count = 1 if param.nargs == 1 else draws.upto(3, 1 if param.required else 0)
            if words[0] == "diff":
                count = draws.of(2, 2, 2, 1, 7)
            if words[0] in ("conventions", "kinds", "networks") and draws.chance(3):
                count = 0
            names = networks if "network" in (param.name or "") or param.name == "versions" else ()
            for index in range(count):
                arguments.append(_value(draws, param, names if index == 0 else (), is_careful))
            given += count
        elif param.required or draws.chance(SLOW_OPTIONS.get(param.name or "", 1) * 12):
            options += _option(draws, param, is_careful)
    if not given and draws.whole(1, SLOW.get(words, 1)) > 1:
        arguments.append(NETWORK)
    written = [*words, *arguments, *options]
    if not is_careful:
        written = _damaged(draws, written)
    return tuple(written)


def _option(draws: Draws, param: click.Parameter, is_careful: bool) -> list[str]:
    name = draws.of(*param.opts, *param.secondary_opts)
    if getattr(param, "is_flag", False):
        return [name]
    if param.nargs > 1:
        return [name, *(_value(draws, param, (), is_careful) for _ in range(param.nargs))]
    value = _value(draws, param, (), is_careful)
    if name.startswith("--") and draws.chance(4):
        return [f"{name}={value}"]
    return [name, value]


def _value(draws: Draws, param: click.Parameter, networks: Sequence[str], is_careful: bool) -> str:
    if networks:
        return draws.of(*networks)
    is_odd = not is_careful and draws.chance(3)
    if param.name in LISTED or (param.name in VALUES and not is_odd):
        chosen = draws.of(*VALUES[param.name or ""])
    elif is_odd:
        chosen = hostile.text(draws).replace("\0", "")
    elif isinstance(param.type, click.Choice):
        chosen = draws.of(*map(str, param.type.choices))
    elif isinstance(param.type, Whole):
        chosen = str(draws.of(0, 1, 2, 3, 10))
    else:
        chosen = draws.of(*ANYTHING)
    if chosen in PICTURES and not draws.chance(12):
        return _value(draws, param, networks, is_careful)
    return chosen


def _damaged(draws: Draws, written: list[str]) -> list[str]:
    """A line with a word misspelt, left out, doubled or moved; as often as not, unchanged."""
    change = draws.upto(10)
    at = draws.whole(0, len(written) - 1)
    is_path = written[at] in ("-o", "--output") or written[at - 1] in ("-o", "--output")
    if is_path or change > 6:
        return written
    word = written[at]
    if change == 1:
        written[at] = _misspelt(draws, word)
    elif change == 2:
        del written[at]
    elif change == 3:
        written.insert(at, word)
    elif change == 4:
        written.append(draws.of("--help", "-h", "--version", "--", "--nosuch", "-x", "--format"))
    elif change == 5:
        written.insert(draws.whole(0, len(written)), hostile.text(draws).replace("\0", ""))
    else:
        written[at : at + 2] = reversed(written[at : at + 2])
    return written if safe(written) else ["report", NETWORK]


def safe(line: Sequence[str]) -> bool:
    """Whether nothing is written but to the files in the table."""
    targets = [word[2:] for word in line if word.startswith("-o")]
    targets += [word.partition("=")[2] for word in line if word.startswith("--output=")]
    targets += [target for word, target in pairwise((*line, "")) if word in ("-o", "--output")]
    return {*targets} <= {"", *VALUES["output"]}


def _misspelt(draws: Draws, word: str) -> str:
    if not word:
        return "x"
    at = draws.whole(0, len(word) - 1)
    return draws.of(
        word[:at] + word[at + 1 :],
        word[:at] + word[at] + word[at:],
        word[:at] + draws.of("x", "-", "=", " ", "1", "@", ",") + word[at:],
        word.upper(),
        word[: at + 1],
    )


def command_line(draws: Draws) -> Case:
    """A command line over the files that every folder has, often with something odd in it."""
    written = line(draws, is_careful=draws.chance(2))
    return Case(written, input=draws.of(b"", SMALL, b"\xff", b"input: [3, 8, 8]\n"))


SMALL = b"input: [3, 8, 8]\nlayers: [{conv: {out: 4, kernel: 3}}, {fc: 2}]\n"


def reference(draws: Draws) -> Case:
    """A network with settings behind an @, usual ones or any, under any command that takes one."""
    if draws.chance(2):
        return Case(of(draws, draws.of("net.yaml", "mobilenet_v1") + "@" + draws.of(*_USUAL)))
    settings = [
        draws.of(*_SETTINGS) if draws.chance(2) else _setting(draws) for _ in range(draws.upto(3))
    ]
    network = draws.of("net.yaml", "net", "net.onnx", "net.prototxt", "wide.yaml", "mobilenet_v1")
    text = (
        network
        + draws.of("@", "@", "@", "@", "@@", "")
        + draws.of(",", ",", ",", ";").join(settings)
    )
    return Case(line(draws, [text.replace("\0", "")]))


_USUAL = ("alpha=0.5", "res=16", "alpha=1/3,res=24")
_SETTINGS = (*_USUAL, "n=2", "alpha=1/3", "kind=b", "res=24x16", "width=4")


def _setting(draws: Draws) -> str:
    name = draws.of("alpha", "res", "n", "input", "kind", draws.of(*hostile.WORDS))
    return name + draws.of("=", "=", "=", "", " = ", "==") + hostile.text(draws)


def of(draws: Draws, network: str) -> tuple[str, ...]:
    """A command line for a file: a plain report more often than not."""
    if draws.chance(2):
        return ("report", network)
    if draws.chance(2):
        return ("report", network, "--format", draws.of(*_formats()))
    return line(draws, [network])


@cache
def _formats() -> tuple[str, ...]:
    _, command = commands()["report"]
    (option,) = (param for param in command.params if param.name == "format")
    choices: Any = option.type
    return tuple(map(str, choices.choices))


assert not set(COMMON) - set(COMMANDS), "a command was renamed"
