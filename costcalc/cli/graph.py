"""``costcalc graph``."""

from __future__ import annotations

import shutil
import subprocess

import click

from costcalc.cli.options import (
    Options,
    completed_by,
    convention_options,
    format_options,
    pass_options,
    settings_options,
)
from costcalc.cli.output import emit
from costcalc.cli.words import Whole
from costcalc.costs.count import count
from costcalc.costs.rules import UNITS
from costcalc.errors import refuse
from costcalc.render import Format
from costcalc.reporting.implementations import as_usually_run

_TEXT = (
    Format("mermaid", "costcalc.pictures.graph_text", ".mmd"),
    Format("dot", "costcalc.pictures.graph_text", ".dot"),
)
_DRAWN = tuple(
    Format(name, "costcalc.pictures.graph_text", f".{name}") for name in ("svg", "png", "pdf")
)
_MOST_DRAWN = 5000
"""The most layers to draw with Graphviz, whose time grows faster than their number."""


@click.command()
@click.argument("network", shell_complete=completed_by("networks"))
@settings_options
@convention_options
@click.option(
    "--depth",
    type=Whole(),
    metavar="N",
    help="Show N levels of blocks; fold deeper blocks into one box each, and those that "
    "are alike and follow each other into one.",
)
@format_options((*_TEXT, *_DRAWN))
@pass_options
def command(options: Options, network: str, depth: int | None) -> None:
    """The layers of NETWORK as a graph: shapes on the arrows, mult-adds as shade.

    The output is text for Mermaid or Graphviz (dot); svg, png and pdf files
    need Graphviz installed.
    """
    from costcalc.pictures.diagram import diagram
    from costcalc.pictures.graph_text import dot, mermaid

    is_drawn = options.format in (row.name for row in _DRAWN)
    if is_drawn:
        _find_program(options.format)
    convention = options.loaded_convention
    graph = as_usually_run(options.opened(network), convention).graph()
    drawn = diagram(graph, count(graph, convention), depth, UNITS[convention.unit].title)
    if options.format == "mermaid":
        emit(mermaid(drawn), options.output)
    elif not is_drawn:
        emit(dot(drawn), options.output)
    else:
        if len(drawn.nodes) > _MOST_DRAWN:
            refuse(
                None,
                f"{len(drawn.nodes):,} layers are too many to draw",
                expected=f"at most {_MOST_DRAWN:,}",
                hint="--depth 1, -o FILE.dot or -o FILE.mmd",
            )
        emit((_draw(dot(drawn), options.format),), options.output)


def _find_program(format_: str) -> None:
    if shutil.which("dot") is None:
        refuse(
            None,
            f"{format_} files need Graphviz's program 'dot', which is not installed",
            expected="-o FILE.mmd or -o FILE.dot, which do not need it",
            hint="install your system's package 'graphviz': apt install graphviz",
        )


def _draw(text: str, format_: str) -> bytes:
    done = subprocess.run(
        ["dot", f"-T{format_}"], check=False, input=text.encode(), capture_output=True
    )
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip()
        refuse(None, f"Graphviz could not draw the graph: {reason}")
    return done.stdout
