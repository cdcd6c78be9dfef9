"""``costcalc page``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click
from click.core import ParameterSource

from costcalc import interactive
from costcalc.cli.options import (
    Options,
    completed_by,
    file_option,
    names_option,
    pass_options,
    settings_options,
)
from costcalc.cli.output import emit
from costcalc.cli.streams import write_note
from costcalc.costs.rules import UNITS
from costcalc.escaping import NAME, shortened


@click.command()
@click.argument(
    "networks",
    nargs=-1,
    required=True,
    metavar="NETWORK...",
    shell_complete=completed_by("networks"),
)
@settings_options
@names_option(
    "--convention",
    "conventions",
    metavar="A,B,...",
    shell_complete=completed_by("several_conventions"),
    help="How to count: names listed by 'costcalc conventions', or files; the reader chooses.  "
    "[default: paper]",
)
@names_option(
    "--unit",
    "units",
    metavar="A,B,...",
    shell_complete=completed_by("units"),
    help=f"Units of mult-adds, {' or '.join(UNITS)}; the reader chooses.  "
    "[default: the convention's]",
)
@names_option(
    "--storage",
    "storages",
    metavar="A,B,...",
    shell_complete=completed_by("storages"),
    help="Add memory over steps: names listed by 'costcalc storages', or files.",
)
@names_option(
    "--device",
    "devices",
    metavar="A,B,...",
    shell_complete=completed_by("devices"),
    help="Add times and a roofline: names listed by 'costcalc devices', or files.",
)
@click.option("--open", "is_opened", is_flag=True, help="Show the page in the browser.")
@partial(
    file_option,
    help="Write to FILE, never a partial one; - is standard output.  [default: NETWORK.html]",
)
@pass_options
@click.pass_context
def command(
    context: click.Context,
    options: Options,
    networks: tuple[str, ...],
    conventions: tuple[str, ...],
    units: tuple[str, ...],
    storages: tuple[str, ...],
    devices: tuple[str, ...],
    is_opened: bool,
) -> None:
    """An interactive page: NETWORKs at any settings, in one HTML file.

    Its reader moves the width, the resolution and the other parameters, and
    sees the report at each setting, in exact numbers, with the formula of
    every layer.  The file needs no network and no other file; without
    JavaScript it shows the report at the settings that it opens with.

    --alpha, --res and --set fix a parameter, or list the values that the
    reader chooses from, as for sweep: --alpha 0.25:1:0.25 --set depth=18,34,50.
    """
    answer = interactive.page(
        *networks,
        convention=conventions or ("paper",),
        unit=units or None,
        storage=storages,
        device=devices,
        **options.texts,
    )
    output = options.output
    if context.get_parameter_source("output") is ParameterSource.DEFAULT:
        output = _file_name(networks)
    if is_opened and output is None:
        raise click.UsageError("--open shows a file, but -o - writes none.")
    emit(answer.html, output)
    if output is not None:
        write_note(f"{output} ({len(answer.html.encode()) / 1000:.0f} kB)")
    if is_opened and output is not None:
        import webbrowser

        if not webbrowser.open(Path(output).resolve().as_uri()):
            write_note("there is no browser to show it in")


def _file_name(networks: Sequence[str]) -> str:
    """The page's file if none is named: ``mobilenet_v2.html``."""
    stems = [Path(re.split("[@:]", name.partition("@")[0])[-1]).stem for name in networks]
    names = [re.sub(r"[^\w.-]+", "_", stem).strip("._-") or "network" for stem in stems]
    return shortened("-".join(dict.fromkeys(names)), NAME) + ".html"
