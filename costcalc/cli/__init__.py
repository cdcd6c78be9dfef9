"""The command line: one module per command, imported when the command is called."""

from __future__ import annotations

import os
from importlib import import_module
from itertools import pairwise
from keyword import iskeyword
from typing import Any

import click

from costcalc.cli.streams import open_closed_streams, readable_errors, readable_warnings
from costcalc.errors import refuse
from costcalc.spec.library import is_standard_input

COMMANDS = {
    "report": "what a network costs: layers, types of layer, totals",
    "formula": "what a layer or a whole network costs, as a formula",
    "check": "whether printed figures can be reproduced, and networks fit budgets",
    "compare": "networks or layers side by side, with ratios to a baseline",
    "plot": "costs as pictures, in the terminal or as files",
    "graph": "the layer graph as a picture, or as text for Mermaid and Graphviz",
    "page": "an interactive page: networks at any settings, in one HTML file",
    "diff": "what changed between two versions of a network",
    "sweep": "what networks cost over a grid of settings",
    "solve": "the largest alpha, resolution or other parameter within budgets",
    "reconcile": "why counting tools disagree, and what reproduces a printed number",
    "memory": "what a network needs in flash and RAM, step by step",
    "fits": "whether a network fits a device: flash, RAM and the bound, with margins",
    "latency": "how fast a network can be on a device: a bound, estimates, what limits",
    "training": "what training a network costs: mult-adds, activations, gradients, states",
    "devices": "the devices that networks run on, or the figures of one",
    "storages": "the ways to keep a network's numbers, or the rules of one",
    "kinds": "the layer kinds with their arguments, or one with an example",
    "conventions": "the counting conventions, or the rules of one",
    "import": "a model as a spec to edit",
    "export": "a network as another tool's model",
    "schema": "the JSON Schema of a file or of an answer, for editors and scripts",
    "networks": "the networks that ship with costcalc",
}
"""Every command with its one-line help; each is in the module of its name."""


COMPLETE = "_COSTCALC_COMPLETE"
"""The environment variable by which a shell asks for a completion."""


class _Context(click.Context):
    """The context of a command whose help fits the terminal."""

    def make_formatter(self) -> click.HelpFormatter:
        """A formatter for the terminal's width."""
        from costcalc.cli.help import Formatter

        return Formatter()


def _with_formatter(command: click.Command) -> click.Command:
    """The command, and those below it, with help that fits the terminal."""
    command.context_class = _Context
    if isinstance(command, click.Group):
        for below in command.commands.values():
            below.short_help = (below.help or "").partition("\n\n")[0]  # Click would cut it off
            _with_formatter(below)
    return command


class _Commands(click.Group):
    """Loads a command's module when the command is called."""

    context_class = _Context

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        command: click.Command = import_module(f"costcalc.cli.{module}").command
        return _with_formatter(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        _refuse_two_of_standard_input(args)
        if args[0] not in COMMANDS and not ctx.resilient_parsing and not args[0].startswith("-"):
            from costcalc.cli.words import UnknownCommand

            raise UnknownCommand(args, COMMANDS, ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Names of commands, from the table instead of every command's module; and options."""
        from click.shell_completion import CompletionItem

        names = [name for name in COMMANDS if name.startswith(incomplete)]
        commands = [CompletionItem(name, help=COMMANDS[name]) for name in names]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]

    def main(self, *args: Any, **extra: Any) -> Any:
        if COMPLETE in os.environ:
            from costcalc.cli import completion  # which tells Click how to talk to the shells

            extra["prog_name"] = completion.PROGRAM
        extra["complete_var"] = COMPLETE
        return super().main(*args, **extra)

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        open_closed_streams()
        with readable_errors():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> object:
        with readable_errors(), readable_warnings():
            return super().invoke(ctx)


def _refuse_two_of_standard_input(args: list[str]) -> None:
    """Refuses a line with standard input for two networks.

    Raises:
        SpecError: there are two.
    """
    read = [
        arg
        for before, arg in pairwise(args)
        if is_standard_input(arg) and before not in ("-o", "--output")
    ]
    if len(read) > 1:
        refuse(
            None,
            "standard input can be read only once",
            expected="one network that is '-'",
            found=" and ".join(read),
        )


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="costcalc")
def main() -> None:
    """What a neural network costs, before anyone builds it.

    A network is a spec, a network that ships with costcalc, or a framework's
    model: costcalc report mobilenet_v1, costcalc report net.onnx, costcalc
    report torch:torchvision.models:resnet18.  For details: costcalc report
    --help.

    The shell completes names if it reads the output of
    _COSTCALC_COMPLETE=bash_source costcalc (or zsh_source, fish_source).
    """
