"""Completion of the words of a command line, in bash, zsh and fish: Click's own, with its values.

A shell calls the program anew for every word, so nothing here reads a network except for
its settings and layers, and models of frameworks, which may run code, are never read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
    split_arg_string,
)

from costcalc.errors import CostcalcError

if TYPE_CHECKING:
    from costcalc.opening import OpenNetwork
    from costcalc.spec.document import Document, Parameter

Items = Iterable["str | tuple[str, str]"]
"""Words, some with a help text."""

PROGRAM = "costcalc"
"""The name of the command to complete, whatever path it was called by."""

_OPEN = "=,@/:"
"""Characters at which a word goes on, so that no space follows them."""


def completed(items: Callable[[], Items], incomplete: str) -> list[Any]:
    """The items that begin with the incomplete word.

    None for a broken spec: an error would appear in the middle of a command line.
    """
    try:
        words = [item if isinstance(item, tuple) else (item, None) for item in items()]
    except (CostcalcError, OSError):
        return []
    return [
        CompletionItem(word, help=help_) for word, help_ in words if word.startswith(incomplete)
    ]


def networks(context: click.Context, incomplete: str) -> Items:
    """Shipped networks, specs and models in the current folder; after an ``@``, settings."""
    from costcalc.importers import SUFFIXES
    from costcalc.spec import library

    network, at, tail = incomplete.rpartition("@")
    if at:
        return _settings(network, f"{network}@", tail)
    return (*library.shipped(), *_files((".yaml", ".yml", *SUFFIXES), incomplete))


def networks_and_layers(context: click.Context, incomplete: str) -> Items:
    """Networks, and the layers that have a formula."""
    return (*networks(context, incomplete), *formulas(context, incomplete))


def papers(context: click.Context, incomplete: str) -> Items:
    """What can be checked: networks, and papers whose figures ship."""
    from costcalc.claims import sources

    return dict.fromkeys((*networks(context, incomplete), *sources.papers()))


def formulas(context: click.Context, incomplete: str) -> Items:
    """The layers that have a formula."""
    from costcalc.symbolic.catalogue import TABLE

    return ((entry.name, entry.title) for entry in TABLE)


def conventions(context: click.Context, incomplete: str) -> Items:
    """Conventions that ship, and files."""
    from costcalc.costs.convention import available

    return (*available(), *_files((".yaml", ".yml"), incomplete))


def storages(context: click.Context, incomplete: str) -> Items:
    """Storages that ship, and files."""
    from costcalc.storing.files import available

    return (*available(), *_files((".yaml", ".yml"), incomplete))


def devices(context: click.Context, incomplete: str) -> Items:
    """Devices that ship, and files."""
    from costcalc.performance.files import available

    return (*available(), *_files((".yaml", ".yml"), incomplete))


def schemas(context: click.Context, incomplete: str) -> Items:
    """Names of schemas."""
    from costcalc.schemas.schema import SCHEMAS

    return ((name, row.title) for name, row in SCHEMAS.items())


def metrics(context: click.Context, incomplete: str) -> Items:
    """Names of metrics, with commas between them."""
    from costcalc.metrics import METRICS

    return _listed(((name, row.title) for name, row in METRICS.items()), incomplete)


def families(context: click.Context, incomplete: str) -> Items:
    """Families of networks, with commas between them."""
    from costcalc.spec.family import FAMILIES

    return _listed(FAMILIES.items(), incomplete)


def several_conventions(context: click.Context, incomplete: str) -> Items:
    """Conventions, with commas between them."""
    last = incomplete[incomplete.rfind(",") + 1 :]
    return _listed(conventions(context, last), incomplete)


def units(context: click.Context, incomplete: str) -> Items:
    """Units of mult-adds, with commas between them."""
    from costcalc.costs.rules import UNITS

    return _listed(((name, unit.title) for name, unit in UNITS.items()), incomplete)


def kinds(context: click.Context, incomplete: str) -> Items:
    """Layer kinds, or their other names where no kind begins so."""
    from costcalc.kinds import KINDS, TABLE

    names = [(kind.name, kind.title) for kind in TABLE]
    if any(name.startswith(incomplete) for name, _ in names):
        return names
    return ((alias, kind.name) for alias, kind in KINDS.items())


def settings(context: click.Context, incomplete: str) -> Items:
    """``NAME=VALUE`` for the parameters of the command's network."""
    from costcalc.symbolic.catalogue import FORMULAS

    network = _network(context)
    if network in FORMULAS:
        symbols = FORMULAS[network].notation.symbols
        return ((f"{symbol.name.name}=", symbol.meaning) for symbol in symbols)
    return _settings(network, "", incomplete)


def inputs(context: click.Context, incomplete: str) -> Items:
    """``NAME=`` for the inputs of a PyTorch module whose class a file defines."""
    from costcalc.importers.torch.candidates import inputs_of

    network = _network(context)
    return (f"{name}=" for name in inputs_of(network)) if network.startswith("torch:") else ()


def parameters(context: click.Context, incomplete: str) -> Items:
    """The names of the parameters of the command's network."""
    return ((name, doc) for name, doc, _ in _parameters(_network(context)))


def several_parameters(context: click.Context, incomplete: str) -> Items:
    """Names of parameters, with commas between them."""
    return _listed(parameters(context, incomplete), incomplete)


def ranks(context: click.Context, incomplete: str) -> Items:
    """What rows of a sweep are ranked by: metrics, accuracy and parameters."""
    from costcalc.metrics import METRICS

    return (*METRICS, "accuracy", *(name for name, _, _ in _parameters(_network(context))))


def multipliers(context: click.Context, incomplete: str) -> Items:
    """The multipliers of a layer's formula."""
    return _listed([("alpha", "width multiplier"), ("rho", "resolution multiplier")], incomplete)


def columns(context: click.Context, incomplete: str) -> Items:
    """Keys of the columns of a report, with commas between them."""
    return _listed(keys(context, incomplete), incomplete)


def keys(context: click.Context, incomplete: str) -> Items:
    """Keys of the columns of a report."""
    from costcalc.reporting.report import layer_columns, type_columns

    by = context.params.get("by")
    shown = [] if by == "type" else list(layer_columns(is_by_block=by == "block"))
    shown += [] if by in ("layer", "block") else type_columns()
    return dict.fromkeys(column.key for column in shown)


def layers(context: click.Context, incomplete: str) -> Items:
    """The layers and blocks of the command's network, a spec."""
    network = _opened(_network(context))
    if network is None:
        return ()
    graph = network.graph()
    names = {layer.name: layer.kind.title for layer in graph.layers}
    return (*names.items(), *(name for name in graph.blocks if name not in names))


def steps(context: click.Context, incomplete: str) -> Items:
    """The layers of the command's network, a spec, that are part of a step."""
    network = _opened(_network(context))
    layers = network.graph().layers if network is not None else ()
    return ((row.name, row.kind.title) for row in layers if row.kind.family != "source")


def _listed(items: Items, incomplete: str) -> Iterator[tuple[str, str]]:
    """The items that are not listed yet, each after what is listed before the last comma."""
    before = incomplete[: incomplete.rfind(",") + 1]
    for item in items:
        word, help_ = item if isinstance(item, tuple) else (item, "")
        if word not in before.split(","):
            yield before + word, help_


def _files(suffixes: tuple[str, ...], incomplete: str) -> Iterator[str]:
    """The folders, and the files with these suffixes, in the folder of an incomplete path."""
    folder = incomplete[: incomplete.rfind("/") + 1]
    with os.scandir(os.path.expanduser(folder) or os.curdir) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            is_hidden = entry.name.startswith(".") and not incomplete.startswith(f"{folder}.")
            if is_hidden or not entry.name.isprintable():  # a line break would end the item
                continue
            if entry.is_dir():
                yield f"{folder}{entry.name}/"
            elif entry.name.endswith(suffixes):
                yield folder + entry.name


def _network(context: click.Context) -> str:
    """The network that the command line names first; '' if it names none yet."""
    for name in ("network", "network_or_layer", "networks", "versions"):
        value = context.params.get(name)
        if value:
            return value if isinstance(value, str) else value[0]
    # Click stops at an option whose value is being completed; it leaves what is before it here.
    return context.args[0] if context.args else ""


def _settings(network: str, before: str, incomplete: str) -> Iterator[tuple[str, str]]:
    """``name=`` for each parameter, or ``name=value`` once its name is complete."""
    start = incomplete.rfind(",") + 1
    name, equals, _ = incomplete[start:].partition("=")
    before += incomplete[:start]
    for known, doc, values in _parameters(network):
        if not equals:
            yield f"{before}{known}=", doc
        elif known == name:
            for value in values:
                yield f"{before}{known}={value}", ""


def _parameters(network: str) -> Iterator[tuple[str, str, list[str]]]:
    """The name, the meaning and the usual values of each parameter; alpha and res of a model."""
    from costcalc.graph.parameters import all_parameters
    from costcalc.spec.numbers import exact

    spec = _opened(network)
    if spec is None:
        yield "alpha", "width multiplier", []
        yield "res", "input resolution", []
        return
    for parameter in all_parameters(spec.document).values():
        yield parameter.name, parameter.doc, list(map(exact, _values(parameter, spec.document)))


def _values(parameter: Parameter, document: Document) -> list[Any]:
    """A parameter's choices, or its default and the values at which papers print an accuracy."""
    if parameter.choices:
        return list(parameter.choices)
    default = parameter.default
    values = [] if default is None or default.names else [default.evaluate({})]
    if any(isinstance(value, bool) for value in values):
        return [True, False]
    published = (accuracy.settings.get(parameter.name) for accuracy in document.accuracies)
    return list(dict.fromkeys(value for value in (*values, *published) if value is not None))


def _opened(network: str) -> OpenNetwork | None:
    """A spec at its settings; None for a model or a stream, which are not read."""
    from costcalc.importers import importer
    from costcalc.opening import opened
    from costcalc.spec import library

    spec = library.reference(network).network if network else ""
    is_stream = library.is_standard_input(spec) or spec.startswith(("/dev/", "/proc/"))
    return opened(network) if spec and not is_stream and importer(spec) is None else None


class _WholeWord(ShellComplete):
    """Completes ``--option=value`` as one word, as shells do."""

    def get_completions(self, args: list[str], incomplete: str) -> list[Any]:
        """Click's completions of the value, each after the option and ``=``."""
        items = super().get_completions(args, incomplete)
        option, equals, _ = incomplete.partition("=")
        if not (equals and option.startswith("-")):
            return items
        return [
            CompletionItem(f"{option}={item.value}", help=item.help)
            if item.type == "plain"
            else item
            for item in items
        ]


@add_completion_class
class _Bash(_WholeWord, BashComplete):
    """Bash, which splits words at ``=``, ``@`` and ``:``, and completes their last part alone."""

    source_template = """\
%(complete_func)s() {
    local IFS=$'\\n' completion type value
    COMPREPLY=()
    while IFS=',' read -r type value; do
        if [[ $type == file ]]; then
            compopt -o default
        elif [[ $type == dir ]]; then
            compopt -o dirnames
        elif [[ $type == plain ]]; then
            COMPREPLY+=("$value")
            if [[ $value == *[=,@/:] ]]; then compopt -o nospace; fi
        fi
    done < <(COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD \\
        COMP_WORDBREAKS="$COMP_WORDBREAKS" COMP_PART="$2" %(complete_var)s=bash_complete "$1")
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The whole words before the incomplete one, and the incomplete one."""
        self.cut = 0
        words = os.environ["COMP_WORDS"].split("\n")
        breaks = set(os.environ.get("COMP_WORDBREAKS", "")) & set("=@:")
        if "COMP_PART" not in os.environ:  # called as Click's own script calls it
            return super().get_completion_args()
        joined: list[str] = []
        is_after_break = True
        for word in words[1 : int(os.environ["COMP_CWORD"]) + 1]:
            if joined and (is_after_break or word[:1] in breaks):
                joined[-1] += word
            else:
                joined.append(word)
            is_after_break = bool(word) and set(word) <= breaks
        incomplete = joined.pop() if joined else ""
        self.cut = max(0, len(incomplete) - len(os.environ["COMP_PART"]))
        args = [part for word in joined for part in split_arg_string(word)]
        return args, "".join(split_arg_string(incomplete))

    def format_completion(self, item: CompletionItem[str]) -> str:
        """A line for the script: the type, and the part of the value that Bash completes."""
        return f"{item.type},{item.value[self.cut :]}"


@add_completion_class
class _Zsh(_WholeWord, ZshComplete):
    """Zsh, told where a word goes on."""

    source_template = ZshComplete.source_template.replace(
        'completions+=("$key")',
        'if [[ "$key" == *[=,@/:] ]]; then compadd -U -S "" -- "$key"; '
        'else completions+=("$key"); fi',
    )

    def format_completion(self, item: CompletionItem[str]) -> str:
        """Three lines for the script; a word that goes on has no help, which adds a space."""
        if item.value.endswith(tuple(_OPEN)):
            item = CompletionItem(item.value, item.type)
        return super().format_completion(item)


@add_completion_class
class _Fish(_WholeWord, FishComplete):
    """Fish, told that words and their help texts may have commas."""

    source_template = FishComplete.source_template.replace(
        'string split ","', 'string split --max 1 ","'
    )
