"""``costcalc graph``."""

from __future__ import annotations

import shutil
import subprocess

import click

from costcalc.cli.options import convention_options, output_option, settings, settings_options
from costcalc.cli.output import chosen_format, emit, whole
from costcalc.costs import convention as conventions
from costcalc.costs.count import count
from costcalc.errors import Problem, SpecError
from costcalc.opening import opened
from costcalc.render import Format

_TEXT = (
    Format("mermaid", "costcalc.pictures.graph_text", ".mmd"),
    Format("dot", "costcalc.pictures.graph_text", ".dot"),
)
_DRAWN = tuple(
    Format(name, "costcalc.pictures.graph_text", f".{name}") for name in ("svg", "png", "pdf")
)
_MOST_DRAWN = 5000
"""Layers that Graphviz is given: its time grows faster than they do."""


@click.command()
@click.argument("network")
@settings_options
@convention_options
@output_option((*_TEXT, *_DRAWN))
def command(
    network: str,
    alpha: str | None,
    res: str | None,
    sets: tuple[str, ...],
    convention: str,
    unit: str | None,
    format_: str | None,
    output: str | None,
) -> None:
    """The layers of NETWORK as a picture: shapes on the arrows, mult-adds as shade.

    Text for Mermaid or Graphviz (dot); svg, png and pdf are drawn by
    Graphviz's program, where it is installed.
    """
    from costcalc.pictures.diagram import diagram
    from costcalc.pictures.graph_text import dot, mermaid

    format_ = chosen_format(format_, output, (*_TEXT, *_DRAWN))
    if format_ in (row.name for row in _DRAWN):
        if output is None:
            raise SpecError([Problem(None, f"{format_} is for a file", f"-o FILE.{format_}")])
        _find_program(format_)
    layers = opened(network, settings(alpha, res, sets)).graph()
    drawn = diagram(layers, count(layers, conventions.load(convention).converted(unit)))
    if format_ == "mermaid":
        emit(mermaid(drawn), output)
    elif format_ == "dot" or output is None:
        emit(dot(drawn), output)
    else:
        if len(drawn.nodes) > _MOST_DRAWN:
            problem = Problem(
                None,
                f"{len(drawn.nodes):,} layers are too many to draw",
                expected=f"at most {_MOST_DRAWN:,}",
                hint="-o FILE.dot or -o FILE.mmd",
            )
            raise SpecError([problem])
        _draw(dot(drawn), format_, output)


def _find_program(format_: str) -> None:
    if shutil.which("dot") is None:
        problem = Problem(
            None,
            f"{format_} files are drawn by Graphviz's program 'dot', which is not installed",
            expected="-o FILE.mmd or -o FILE.dot, which need nothing",
            hint="install the package 'graphviz' of your system: apt install graphviz",
        )
        raise SpecError([problem])


def _draw(text: str, format_: str, output: str) -> None:
    with whole(output) as partial:
        done = subprocess.run(
            ["dot", f"-T{format_}", "-o", partial],
            check=False,
            input=text.encode(),
            capture_output=True,
        )
        if done.returncode:
            reason = done.stderr.decode(errors="replace").strip()
            raise SpecError([Problem(None, f"Graphviz could not draw it: {reason}")])
