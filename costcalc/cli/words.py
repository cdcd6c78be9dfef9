"""What people type out of habit or from other tools, and the command or option for it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

from costcalc.errors import SpecError, did_you_mean
from costcalc.graph.whole_numbers import whole_number
from costcalc.spec import library


def _each(words: str, hint: str) -> dict[str, str]:
    """The hint for each of some words, which stand between spaces."""
    return dict.fromkeys(words.split(), hint)


COMMANDS = {
    **_each("help man usage", "costcalc --help, or costcalc COMMAND --help"),
    **_each("version --v", "costcalc --version"),
    **_each("list ls models zoo search find all", "costcalc networks"),
    **_each(
        "show info summary describe print stats analyze analyse profile run count cost costs "
        "flops macs madds mult_adds params parameters size layers table get",
        "costcalc report",
    ),
    **_each("test verify validate lint claims papers", "costcalc check"),
    **_each("convert save to onnx pytorch torch", "costcalc export"),
    **_each("read load from", "costcalc import"),
    **_each("draw visualize visualise view picture dot mermaid", "costcalc graph"),
    **_each("figure chart", "costcalc plot"),
    **_each("train backward backprop gradients activations optimizer", "costcalc training"),
    **_each("grid search-space scan", "costcalc sweep"),
    **_each("speed time timing benchmark runtime seconds ms roofline", "costcalc latency"),
    **_each("fit deploy", "costcalc fits"),
    **_each("budget optimize optimise scale tune", "costcalc solve"),
    **_each("explain", "costcalc report NETWORK --explain LAYER"),
    **_each("equation equations latex", "costcalc formula"),
    **_each("tools counters thop fvcore ptflops torchinfo", "costcalc conventions"),
    **_each("why", "costcalc reconcile"),
    **_each("layer kind ops operators blocks", "costcalc kinds"),
    **_each(
        "completion completions complete autocomplete install-completion",
        'eval "$(_COSTCALC_COMPLETE=bash_source costcalc)", or zsh_source, or fish_source',
    ),
    **_each(
        "install setup init config", "costcalc report mobilenet_v1: there is nothing to set up"
    ),
}
"""Words typed in place of a command."""

_ONE_INPUT = "without it: counts are of one input, and a batch of N costs N times as much"
_ARITHMETIC = "without it: counts are arithmetic, and need no data type or weights"
_ON_A_DEVICE = "costcalc latency NETWORK --device NAME, for seconds; counts need no device"

OPTIONS = {
    **_each("--input-size --input-shape --input_size --shape", "--input 3,224,224 for a model"),
    **_each("--input-res --input_res --resolution --image-size --img-size --imgsz --size", "--res"),
    **_each("--width --width-mult --width-multiplier --multiplier --mult --rho", "--alpha"),
    **_each("--classes --num-classes --num_classes --nc", "--set classes=10"),
    **_each("--batch --batch-size --batch_size --bs -b", _ONE_INPUT),
    **_each("--device --gpu --cpu --cuda --board", _ON_A_DEVICE),
    **_each("--dtype --precision --fp16 --weights", _ARITHMETIC),
    **{f"--{name}": f"--format {name}" for name in ("json", "csv", "markdown", "latex", "html")},
    **_each("--output-format --fmt -f --as", "--format json"),
    **_each("--out --save --save-to --file --to-file", "-o FILE"),
    **_each("--flops --macs --ops --madds --gflops", "--unit flops, or --unit macs"),
    **_each("--summary --total --totals --types", "--by type"),
    **_each("--layers --per-layer --print-per-layer-stat --table", "--by layer"),
    **_each("--params --columns-only --fields", "--columns type,params"),
    **_each("--tool --backend --like --count --counter", "--convention"),
    **_each("--verbose -v --debug --detailed --details --full", "--all, or --explain LAYER"),
    **_each("--quiet -q --silent", "without it: standard output carries only the result"),
    **_each("--no-color --no-colour --color --colour", "NO_COLOR=1 before the command"),
    **_each("--max-flops --max-macs --max-madds --budget", "--max-mult-adds"),
    **_each("--max-parameters --max-weights", "--max-params"),
    **_each("--model --net --network --arch --name -m", "the network's name or path by itself"),
    **_each("--config --cfg --spec -c", "the spec's path by itself"),
    **_each("--list --models", "costcalc networks"),
    **_each("--version -V", "costcalc --version"),
}
"""Options of other tools, or given in the wrong place."""

_OF_COMMAND = {
    ("check", "--all"): "--shipped, or the path of a folder",
    ("check", "--papers"): "--shipped",
    ("check", "--claims"): "--shipped, or the path of a claims file",
    ("costcalc", "-v"): "costcalc --version",
    ("costcalc", "-V"): "costcalc --version",
    ("costcalc", "--list"): "costcalc networks",
    ("solve", "--parameter"): "--for alpha",
    ("compare", "--to"): "the networks one after another, the baseline first",
    ("reconcile", "--with"): "--between",
    ("reconcile", "--conventions"): "--between",
    ("reconcile", "--tools"): "--between",
}
"""Words that mean something to one command only."""


_NETWORK = "a name that 'costcalc networks' lists, or the path of a spec or a model"
_MISSING = {
    **_each("network networks network_or_layer versions", _NETWORK),
    "name": "--for alpha, or --for res",
    "device": "--device NAME, one that 'costcalc devices' lists, or the path of a file",
}
"""What to write for an argument or an option that is missing."""


class UnknownCommand(click.UsageError):
    """A word that is not a command, with what to type instead."""

    def __init__(
        self, args: Sequence[str], commands: Iterable[str], context: click.Context
    ) -> None:
        super().__init__(f"No such command '{args[0]}'.", context)
        self.hint = _command(args) or did_you_mean(args[0], commands) or "costcalc --help"


CHOICES = {
    **_each("md gfm", "markdown"),
    **_each("tex", "latex"),
    **_each("text txt plain ascii terminal", "table"),
    **_each("htm web", "html"),
    **_each("kind kinds types op", "type"),
    **_each("layers name", "layer"),
    **_each("blocks stage stages module", "block"),
    **_each("mac mult-adds mult_adds madds", "macs"),
    **_each("flop ops gflops", "flops"),
    **_each("graphviz gv", "dot"),
}
"""What a value of an option is called elsewhere."""


class Choice(click.Choice):  # type: ignore[type-arg]  # only newer releases of click have one
    """One of several words, in any case; an error suggests the likeliest."""

    def __init__(
        self, choices: Iterable[str], hint: Callable[[str], str] = lambda word: ""
    ) -> None:
        super().__init__(list(choices), case_sensitive=False)
        self.hint = hint

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The choice.

        Raises:
            click.BadParameter: there is no such choice.
        """
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            meant = CHOICES.get(value.lower(), value.lower())
            hint = self.hint(value) or did_you_mean(meant, self.choices)
            self.fail(f"{error.message} {hint[:1].upper()}{hint[1:]}".rstrip(), param, ctx)


class Whole(click.ParamType):  # type: ignore[type-arg]  # likewise
    """A whole number within the limits of the option's name."""

    name = "integer"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number.

        Raises:
            SpecError: the text is not a whole number, or the number is out of range.
        """
        assert param is not None and param.name is not None  # always that of an option
        is_plain = isinstance(value, str) and re.fullmatch("[0-9]{1,20}", value)
        return whole_number(param.name, int(value) if is_plain else value)


def hint(error: click.UsageError) -> str:
    """What to type instead; '' if nothing is known."""
    if isinstance(error, UnknownCommand):
        return error.hint
    if isinstance(error, click.NoSuchOption):
        return _option(error)
    if isinstance(error, click.MissingParameter):
        return _MISSING.get(error.param.name or "" if error.param else "", "")
    extra = re.fullmatch(r"Got unexpected extra arguments? \((.*)\)", error.message, re.DOTALL)
    if extra is not None:
        return _extra(extra[1])
    picture = re.fullmatch(r"No such command '(.*)'\.", error.message, re.DOTALL)
    if picture is not None and _is_network(picture[1]):
        return f"costcalc plot layers {picture[1]}"
    return ""


def _command(args: Sequence[str]) -> str:
    """The command that a word stands for; ``report`` for a network by itself."""
    word, *rest = args
    if _is_network(word):
        return shlex.join(["costcalc", "report", word, *rest])
    command = COMMANDS.get(word.lower(), "")
    is_whole = len(command.split()) > 2 or not rest
    return command if is_whole else f"{command} {shlex.join(rest)}"


def _option(error: click.NoSuchOption) -> str:
    """The option that is meant, if the command has it."""
    context, option = error.ctx, error.option_name
    if option == "-@":
        return "/dev/stdin@NAME=VALUE for a spec on standard input, or - with --set NAME=VALUE"
    command = context.info_name if context and context.parent else "costcalc"
    meant = _OF_COMMAND.get((command or "", option)) or OPTIONS.get(option.lower(), "")
    own = {name for param in context.command.params for name in param.opts} if context else set()
    return meant if not meant.startswith("-") or meant.split()[0].rstrip(",") in own else ""


def _extra(text: str) -> str:
    """What is meant by arguments that a command does not take."""
    words = [word.removeprefix("@") for word in text.split()]
    if all("=" in word for word in words):
        return " ".join(f"--set {word}" for word in words)
    if len(words) == 1 and re.fullmatch(r"[0-9.]+", text):
        return f"--alpha {text}, or --res {text}"
    if any(map(_is_network, words)):
        return "costcalc compare, which takes several networks"
    return ""


def _is_network(word: str) -> bool:
    from costcalc.opening import is_network

    try:
        return is_network(word) and not library.is_standard_input(word)
    except (ValueError, SpecError):
        return False
