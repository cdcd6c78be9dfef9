"""``costcalc plot``."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import click

from costcalc import exploring, questions, resources
from costcalc.cli.options import (
    F,
    Options,
    budget_options,
    chosen_format,
    completed_by,
    convention_options,
    device_options,
    family_options,
    file_option,
    names_option,
    pass_options,
    settings_options,
    storage_options,
    times_options,
)
from costcalc.cli.output import emit
from costcalc.cli.streams import terminal_width, write_note
from costcalc.cli.words import Choice
from costcalc.errors import refuse
from costcalc.opening import opened
from costcalc.render import Format

_FIGURES = tuple(
    Format(name, "costcalc.pictures.plots", f".{name}") for name in ("svg", "png", "pdf")
)


def _output_option(function: F) -> F:
    return file_option(function, "Draw to FILE.svg, .png or .pdf; the default is the terminal.")


@click.group(subcommand_metavar="PICTURE NETWORK...")
def command() -> None:
    """Costs as figures, in the terminal or as files for papers."""


@command.command("layers")
@click.argument("network", shell_complete=completed_by("networks"))
@settings_options
@names_option(
    "--metrics",
    metavar="A,B,...",
    shell_complete=completed_by("metrics"),
    help="What to show: mult_adds, params, weight_bytes, traffic_bytes.  [default: the first two]",
)
@convention_options
@storage_options
@_output_option
@pass_options
def layers(
    options: Options,
    network: str,
    metrics: tuple[str, ...],
) -> None:
    """The cost of each layer of NETWORK, from input to output."""
    from costcalc.metrics import COUNTED, has_bytes, named_metrics
    from costcalc.pictures.data import series

    shown = named_metrics(metrics) or tuple(reversed(COUNTED))
    report = questions.report(
        options.opened(network),
        **options.stored_by,
        has_bytes=has_bytes(shown),
        **options.counted_by,
    )
    _draw("along", series(report, shown), options.output, report.caveats())


@command.command("memory")
@click.argument("network", shell_complete=completed_by("networks"))
@settings_options
@storage_options
@_output_option
@pass_options
def memory(options: Options, network: str) -> None:
    """What NETWORK keeps in memory, step by step, and where.

    Where a storage's planner gives no addresses, those drawn are of greedy-by-size;
    with --planner liveness there are none.
    """
    from costcalc.pictures.data import arena
    from costcalc.reporting.phrases import notes_of

    opened_network = options.opened(network)
    answer = resources.memory(opened_network, **options.stored_by)
    notes = notes_of(opened_network.graph())
    _draw("arena", arena(answer, options.planner), options.output, notes)


@command.command("types")
@click.argument(
    "networks",
    nargs=-1,
    required=True,
    metavar="NETWORK...",
    shell_complete=completed_by("networks"),
)
@click.option(
    "--of",
    "metric",
    type=Choice(["mult_adds", "params", "weight_bytes", "traffic_bytes"]),
    default="mult_adds",
    show_default=True,
    help="The cost to show shares of.",
)
@settings_options
@convention_options
@storage_options
@_output_option
@pass_options
def types(
    options: Options,
    networks: tuple[str, ...],
    metric: str,
) -> None:
    """The share of each type of layer in NETWORKs, side by side."""
    from costcalc.beside_counts import bytes_under
    from costcalc.comparing.compare import side_by_side
    from costcalc.metrics import has_bytes
    from costcalc.pictures.data import shares

    opened = [options.opened(network, is_one_of_several=True) for network in networks]
    bytes_of = bytes_under(**options.stored_by, has_bytes=has_bytes([metric]))
    entries = side_by_side(opened, options.loaded_convention, bytes_of)
    notes = (note for entry in entries for note in entry.report.caveats(entry.label))
    _draw("stacked", shares(entries, metric), options.output, notes)


@command.command("accuracy")
@click.argument("networks", nargs=-1, metavar="NETWORK...", shell_complete=completed_by("networks"))
@family_options
@times_options
@convention_options
@_output_option
@pass_options
def accuracy(
    options: Options, networks: tuple[str, ...], families: tuple[str, ...], year: str | None
) -> None:
    """Published accuracy against mult-adds; the area of a bubble shows params.

    Of NETWORKs, and of those that ship by --family and --year.  With --device against the
    bound there: no run is faster, and most are slower.
    """
    from costcalc.metrics import accounting
    from costcalc.pictures.accuracies import accuracies
    from costcalc.reporting.gallery import Selection, oldest_first, selection

    how = None
    if options.device is not None or options.dtype is not None:
        how = accounting(options.loaded_convention, ("bound_ms",), **options.timed_by)
    shown = list(map(opened, networks))
    which = selection("", families, year)
    shown += oldest_first(which) if which != Selection() else []
    if not shown:
        wanted = "NETWORK..., or a --family that 'costcalc networks' lists"
        refuse(None, f"there is no network{which.text} to draw", wanted)
    data = accuracies(shown, options.loaded_convention, how)
    without = data.left_out if options.output is not None else ()  # the terminal's figure says it
    _draw("bubbles", data, options.output, (f"Without {reason}" for reason in without))


@command.command("roofline")
@click.argument("network", shell_complete=completed_by("networks"))
@settings_options
@device_options(required=True)
@_output_option
@pass_options
def roofline(
    options: Options,
    network: str,
) -> None:
    """The roofline of a device with NETWORK's layers as points, sized by their share of the time.

    An estimate, not a measurement: points lie on the roof, runs below it.
    """
    from costcalc.pictures import timing

    answer = resources.latency(
        options.opened(network),
        **options.run_by,
        fused=options.is_fused,
    )
    _draw("roof", timing.roofline(answer), options.output)


@command.command("latency")
@click.argument("network", shell_complete=completed_by("networks"))
@settings_options
@device_options(required=True)
@_output_option
@pass_options
def latency(
    options: Options,
    network: str,
) -> None:
    """The time of each layer of NETWORK on a device by the roofline, an estimate, by its limit."""
    from costcalc.pictures import timing

    answer = resources.latency(
        options.opened(network),
        **options.run_by,
        fused=options.is_fused,
    )
    _draw("times", timing.timeline(answer), options.output)


@command.command("sweep")
@click.argument("network", shell_complete=completed_by("networks"))
@settings_options
@click.option(
    "--of",
    "metric",
    type=Choice(
        [
            "mult_adds",
            "params",
            "weight_bytes",
            "peak_bytes",
            "traffic_bytes",
            "bound_ms",
            "energy",
        ]
    ),
    default="mult_adds",
    show_default=True,
    help="The cost to show; bound_ms and energy need --device.",
)
@budget_options("A contour at")
@convention_options
@storage_options
@times_options
@_output_option
@pass_options
def sweep(
    options: Options,
    network: str,
    metric: str,
    **budgets: Any,
) -> None:
    """A cost over two parameters of NETWORK as a heat map, budgets as contours."""
    from costcalc.metrics import by_metric, limits, refuse_unused
    from costcalc.pictures.data import heat_map
    from costcalc.solving.search import Budgets

    bounds = limits(by_metric(**budgets))
    asking = "--of peak_bytes, or --max-ram 256KiB"
    if options.device is not None or options.dtype is not None:
        asking = "--of bound_ms, or --max-ms 20"
    refuse_unused((metric, *bounds), asking, **options.stored_by, **options.timed_by)
    if not options.texts:
        refuse(None, "there is nothing to sweep", "--alpha VALUES and --res VALUES")
    swept = exploring.sweep(
        network,
        metrics=(metric, *bounds),
        **options.stored_by,
        **options.timed_by,
        at=options.texts,
        **options.counted_by,
    )
    notes = (note for each in swept.networks for note in each.caveats(each.title))
    _draw("heat", heat_map(swept, Budgets(bounds), metric), options.output, notes)


def _draw(picture: str, data: Any, output: str | None, notes: Iterable[str] = ()) -> None:
    """Draws to a file in the format of its suffix, or in the terminal; notes stand beside it."""
    if output is None:
        from costcalc.pictures import terminal

        emit(getattr(terminal, picture)(data, terminal_width(sys.stdout)), None)
    else:
        format_ = chosen_format(None, output, _FIGURES)
        from costcalc.pictures import plots, timed_plots

        figure = getattr(plots, picture, None) or getattr(timed_plots, picture)
        emit((plots.drawn(figure(data), format_),), output)
    for note in notes:
        write_note(note)
