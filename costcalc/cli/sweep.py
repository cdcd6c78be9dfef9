"""``costcalc sweep``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, groupby, islice
from typing import TYPE_CHECKING, Any

import click

from costcalc import questions
from costcalc.cli.options import (
    Options,
    convention_options,
    output_options,
    pass_options,
    settings_options,
)
from costcalc.cli.output import printed, show, whole
from costcalc.cli.progress import progress
from costcalc.errors import refuse

if TYPE_CHECKING:
    from costcalc.grid.sweep import Batch, Progress, Sweep, SweepRow


@click.command()
@click.argument("networks", nargs=-1, required=True, metavar="NETWORK...")
@settings_options
@click.option(
    "--where", metavar="CONDITION", help="Rows alone where it holds: 'mult_adds <= 100M'."
)
@click.option("--top", type=click.IntRange(min=1), metavar="N", help="The N largest rows alone.")
@click.option(
    "--by",
    metavar="KEY",
    help="What --top ranks by: mult_adds (the default), params or a parameter; "
    "-KEY for the smallest.",
)
@click.option(
    "--pareto",
    is_flag=True,
    help="Rows alone that no other beats: in published accuracy and mult-adds where specs "
    "carry accuracies, else in params and mult-adds.",
)
@click.option("--pivot", is_flag=True, help="The last parameter's values as columns.")
@convention_options
@output_options("sweep")
@pass_options
def command(
    options: Options,
    networks: tuple[str, ...],
    where: str | None,
    top: int | None,
    by: str | None,
    pareto: bool,
    pivot: bool,
) -> None:
    """What NETWORKs cost over a grid of settings, each exactly as report counts it.

    Values are lists and ranges with their last value in: --alpha 0.25,0.5,1
    --res 128:224:32 --set t=4,6.  The last parameter varies fastest.  CSV and
    Parquet are written as they are computed, whatever their size.
    """
    _check(options, top, by, pareto)
    if not options.texts:
        refuse(None, "there is nothing to sweep", "--alpha VALUES, --res VALUES or --set")
    sweep = questions.sweep(*networks, where=where, at=options.texts, **options.counting)
    with progress("settings", sweep.size) as report:
        if options.format in ("csv", "parquet") and not pivot:
            rows = None
            if top is not None or pareto:
                rows = sweep.chosen(top, by or "mult_adds", is_front=pareto, progress=report).rows
            _stream(sweep, rows, options, report)
            return
        chosen = sweep.chosen(top, by or "mult_adds", is_front=pareto, progress=report)
    show(chosen, options, *([True] if pivot else []))


def _check(options: Options, top: int | None, by: str | None, pareto: bool) -> None:
    if top is not None and pareto:
        refuse(None, "--top and --pareto choose rows by different rules", "one of the two")
    if by is not None and top is None:
        refuse(None, "--by sets what --top ranks by", "--top N --by KEY")
    if options.format == "parquet" and options.output is None:
        refuse(None, "Parquet is a binary file", "-o FILE.parquet")


def _stream(
    sweep: Sweep,
    chosen: Sequence[SweepRow] | None,
    options: Options,
    report: Progress | None,
) -> None:
    """Writes rows as they are computed, to a file that is complete or not there."""
    from costcalc.render.stream import kind, write_csv, write_parquet

    several = len(sweep.networks) > 1
    kinds = {"network": "string"} if several else {}
    kinds |= {axis.name: kind(axis.values) for axis in sweep.axes}
    kinds |= {"params": "int64", "mult_adds": "int64"}
    header = list(kinds)
    batches = sweep.batches(report) if chosen is None else _batches(chosen)
    columns: Iterator[list[Any]] = (
        [
            *([[batch.network] * len(batch.params)] if several else []),
            *batch.settings.values(),
            batch.params,
            batch.mult_adds,
        ]
        for batch in batches
    )
    # What cannot be computed is refused before anything is written.
    first = list(islice(columns, 1))
    columns = chain(first, columns)
    if options.output is None:
        with printed() as file:
            write_csv(file, header, columns)
            # A reader that has left by now wants no remarks, either.
            file.flush()
            _remark(sweep)
    else:
        with whole(options.output) as partial:
            if options.format == "parquet":
                write_parquet(partial, kinds, columns)
            else:
                with open(partial, "x", encoding="utf-8", newline="") as file:
                    write_csv(file, header, columns)
        _remark(sweep)


def _remark(sweep: Sweep) -> None:
    for note in sweep.remarks():
        click.echo(note, err=True)


def _batches(rows: Sequence[SweepRow]) -> Iterator[Batch]:
    """Rows as the columns that they are written in, those of one network together."""
    from costcalc.grid.sweep import Batch

    for network, group in groupby(rows, lambda row: row.network):
        listed = list(group)
        yield Batch(
            network,
            {name: [row.settings[name] for row in listed] for name in listed[0].settings},
            [row.params for row in listed],
            [row.mult_adds for row in listed],
        )
