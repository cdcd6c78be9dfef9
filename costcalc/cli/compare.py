"""``costcalc compare``."""

from __future__ import annotations

import click

from costcalc import questions
from costcalc.cli.options import (
    Options,
    completed_by,
    convention_options,
    names_option,
    output_options,
    pass_options,
    settings_options,
    storage_options,
    times_options,
)
from costcalc.cli.output import show


@click.command()
@click.argument(
    "networks",
    nargs=-1,
    required=True,
    metavar="NETWORK NETWORK...",
    shell_complete=completed_by("networks_and_layers"),
)
@click.option(
    "--baseline",
    metavar="NETWORK",
    shell_complete=completed_by("networks"),
    help="The one to compare with; by default the first.",
)
@settings_options
@convention_options
@storage_options
@times_options
@names_option(
    "--metrics",
    metavar="A,B,...",
    shell_complete=completed_by("metrics"),
    help="What to show: mult_adds, params, weight_bytes, peak_bytes, traffic_bytes, "
    "bound_ms, energy.  "
    "[default: the first two; all with --storage]",
)
@output_options()
@pass_options
def command(
    options: Options,
    networks: tuple[str, ...],
    baseline: str | None,
    metrics: tuple[str, ...],
) -> None:
    """NETWORKs side by side: totals, ratios to a baseline, types of layer, stages.

    Each is a spec, a shipped network or a model, and may carry its own settings:
    mobilenet_v1@alpha=0.5,res=160, which come before options.

    Layers and blocks are compared by formula, and by number if --set gives values
    for their symbols: separable bottleneck --set D_K=3 --set M=64.  The layers
    are conv, gconv, dwconv, pwconv, separable, bottleneck, residual,
    transposed_conv and fc; they may carry values too: separable@M=32,N=64.
    """
    comparison = questions.compare(
        *networks,
        baseline=baseline,
        **options.stored_by,
        **options.timed_by,
        metrics=metrics,
        at=options.settings,
        **options.counted_by,
    )
    show(comparison, options)
