"""``costcalc sweep``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

import click

from costcalc import questions
from costcalc.cli.options import convention_options, output_option, setting_texts, settings_options
from costcalc.cli.output import chosen_format, emit, printed, show, whole
from costcalc.cli.progress import progress
from costcalc.errors import Problem, SpecError
from costcalc.render import FORMATS, PARQUET

if TYPE_CHECKING:
    from costcalc.grid.sweep import Batch, Progress, Sweep, SweepRow

_FORMATS = (*FORMATS, PARQUET)


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
@output_option(_FORMATS)
def command(
    networks: tuple[str, ...],
    alpha: str | None,
    res: str | None,
    sets: tuple[str, ...],
    where: str | None,
    top: int | None,
    by: str | None,
    pareto: bool,
    pivot: bool,
    convention: str,
    unit: str | None,
    format_: str | None,
    output: str | None,
) -> None:
    """What NETWORKs cost over a grid of settings, each exactly as report counts it.

    Values are lists and ranges with their last value in: --alpha 0.25,0.5,1
    --res 128:224:32 --set t=4,6.  The last parameter varies fastest.  CSV and
    Parquet are written as they are computed, whatever their size.
    """
    format_ = chosen_format(format_, output, _FORMATS)
    _check(format_, output, top, by, pareto)
    grid = setting_texts(alpha, res, sets)
    if not grid:
        raise _wrong("there is nothing to sweep", "--alpha VALUES, --res VALUES or --set")
    sweep = questions.sweep(*networks, grid=grid, where=where, convention=convention, unit=unit)
    with progress("settings", sweep.size) as report:
        chosen: list[SweepRow] | None = None
        if top is not None:
            chosen = sweep.top(top, by or "mult_adds", report)
        elif pareto:
            chosen = sweep.pareto(report)
        if format_ in ("csv", "parquet") and not pivot:
            _stream(sweep, chosen, format_, output, report)
            return
        from costcalc.grid.pages import ROWS, limited, too_many

        if chosen is None:
            if where is None and sweep.size > ROWS:
                raise too_many(f"{sweep.size:,}")
            chosen = limited(sweep.rows(report))
    if not chosen and sweep.refused and where is None:
        raise sweep.refused[0].refusal.error
    if format_ == "json":
        from costcalc.render.sweeps import sweep_json

        emit(sweep_json(sweep, chosen), output)
        return
    from costcalc.grid.pages import pivot_page, sweep_page

    page = pivot_page if pivot else sweep_page
    show(page(sweep, chosen, _facts(sweep, top, by, pareto)), format_, output)


def _check(format_: str, output: str | None, top: int | None, by: str | None, pareto: bool) -> None:
    if top is not None and pareto:
        raise _wrong("--top and --pareto choose rows by different rules", "one of the two")
    if by is not None and top is None:
        raise _wrong("--by says what --top ranks by", "--top N --by KEY")
    if format_ == "parquet" and output is None:
        raise _wrong("Parquet is a binary file", "-o FILE.parquet")


def _facts(sweep: Sweep, top: int | None, by: str | None, pareto: bool) -> list[tuple[str, str]]:
    convention = sweep.networks[0].grid.convention
    facts = [("convention", f"{convention.name}: {convention.title}")]
    if sweep.condition is not None:
        facts.insert(0, ("where", sweep.condition.text))
    if top is not None:
        facts.insert(0, ("rows", f"the first {top} by {by or 'mult_adds'}"))
    if pareto:
        facts.insert(0, ("rows", "the Pareto front"))
    return facts


def _stream(
    sweep: Sweep,
    chosen: list[SweepRow] | None,
    format_: str,
    output: str | None,
    report: Progress | None,
) -> None:
    """Writes rows as they are computed, to a file that is complete or not there."""
    from costcalc.grid.pages import remarks
    from costcalc.render.stream import kind, write_csv, write_parquet

    several = len(sweep.networks) > 1
    kinds = {"network": "string"} if several else {}
    kinds |= {axis.name: kind(axis.values) for axis in sweep.axes}
    kinds |= {"params": "int64", "mult_adds": "int64"}
    header = list(kinds)
    batches = sweep.batches(report) if chosen is None else _batches(chosen)
    columns = (
        [
            *([[batch.network] * len(batch.params)] if several else []),
            *batch.settings.values(),
            batch.params,
            batch.mult_adds,
        ]
        for batch in batches
    )
    if output is None:
        with printed() as file:
            write_csv(file, header, columns)
    else:
        with whole(output) as partial:
            if format_ == "parquet":
                write_parquet(partial, kinds, columns)
            else:
                with open(partial, "x", encoding="utf-8", newline="") as file:
                    write_csv(file, header, columns)
    for note in remarks(sweep):
        click.echo(note, err=True)


def _batches(rows: list[SweepRow]) -> Iterator[Batch]:
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


def _wrong(message: str, expected: str) -> SpecError:
    return SpecError([Problem(None, message, expected=expected)])
