"""``costcalc sweep``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import TYPE_CHECKING

import click

from costcalc import exploring
from costcalc.cli.options import (
    Options,
    completed_by,
    convention_options,
    is_folder,
    names_option,
    output_options,
    pass_options,
    settings_options,
    storage_options,
    times_options,
    workers_options,
)
from costcalc.cli.output import cleaned_up, show, whole
from costcalc.cli.progress import progress
from costcalc.cli.streams import HeldBack, printed, write_note
from costcalc.cli.words import Whole
from costcalc.errors import refuse

if TYPE_CHECKING:
    from costcalc.grid.sweep import Sweep
    from costcalc.render.answer import Answer
    from costcalc.render.stream import Columns
    from costcalc.spaces.space import Space


@click.command()
@click.argument(
    "networks",
    nargs=-1,
    required=True,
    metavar="NETWORK...",
    shell_complete=completed_by("networks"),
)
@settings_options
@click.option(
    "--space",
    is_flag=True,
    help="All networks of the space that the spec declares: 'space: {k1: [3, 5, 7]}'.",
)
@names_option(
    "--metrics",
    metavar="NAMES",
    shell_complete=completed_by("metrics"),
    help="More costs of each row: weight_bytes (flash), peak_bytes (RAM), traffic_bytes, "
    "bound_ms and energy (with --device).",
)
@storage_options
@times_options
@click.option(
    "--where",
    metavar="CONDITION",
    help="Only rows for which it holds: 'mult_adds <= 100M and peak_bytes <= 256 KiB'.",
)
@click.option("--top", type=Whole(), metavar="N", help="Only the N largest rows.")
@click.option(
    "--by",
    metavar="KEY",
    shell_complete=completed_by("ranks"),
    help="Rank --top by mult_adds (the default), another metric or a parameter; -KEY for the "
    "smallest.  Of --pareto, two metrics, or one and accuracy: bound_ms,accuracy.",
)
@click.option(
    "--pareto",
    is_flag=True,
    help="Only rows that no other row beats: in accuracy and mult-adds if the specs have "
    "published accuracies, else in params and mult-adds.",
)
@click.option(
    "--count",
    is_flag=True,
    help="How many networks there are, and with --where how many satisfy it; none is listed.",
)
@click.option(
    "--histogram",
    metavar="METRIC",
    shell_complete=completed_by("metrics"),
    help="How many networks have so many mult_adds, or so much of another metric.",
)
@click.option(
    "--bins",
    type=Whole(),
    metavar="N",
    help="Of --histogram: about how many, of one width.  [default: 20]",
)
@click.option(
    "--quantiles",
    metavar="METRIC",
    shell_complete=completed_by("metrics"),
    help="The least cost, the greatest, and those that a quarter, half and three quarters of the "
    "networks do not exceed.",
)
@click.option("--sample", type=Whole(), metavar="N", help="N networks, drawn at random.")
@click.option("--seed", type=Whole(), metavar="S", help="Of --sample.  [default: 0]")
@click.option("--pivot", is_flag=True, help="The last parameter's values as columns.")
@workers_options
@convention_options
@output_options("sweep")
@pass_options
def command(
    options: Options,
    networks: tuple[str, ...],
    space: bool,
    metrics: tuple[str, ...],
    where: str | None,
    top: int | None,
    by: str | None,
    pareto: bool,
    count: bool,
    histogram: str | None,
    bins: int | None,
    quantiles: str | None,
    sample: int | None,
    seed: int | None,
    pivot: bool,
) -> None:
    """What NETWORKs cost over a grid of settings, each exactly as report counts it.

    Values are lists, and ranges that include their last value: --alpha 0.25,0.5,1
    --res 128:224:32 --set t=4,6.  The last parameter varies fastest.  CSV and
    Parquet are written as they are computed, so they may exceed memory.  -o DIR/
    is a folder of Parquet files, whose missing ones the same command adds.

    Bytes are those of memory.  Without addresses (liveness, layer-io) they are
    computed as fast as mult-adds, with addresses one setting after another.

    --count, --histogram, --quantiles and --sample list nothing, and neither do --top and
    --pareto of a --space: the network may have 10^20 settings and more.
    """
    asked = {
        "top": top is not None,
        "pareto": pareto,
        "count": count,
        "histogram": histogram is not None,
        "quantiles": quantiles is not None,
        "sample": sample is not None,
    }
    details = {"by": by, "bins": bins, "seed": seed}
    _refuse_conflicts(asked, {name for name, value in details.items() if value is not None})
    if options.format == "parquet" and options.output is None:
        refuse(None, "Parquet can only be written to a file", "-o FILE.parquet")
    if is_folder(options.output) and (any(asked.values()) or pivot):
        refuse(None, "a folder of parts has every row that meets --where", "-o FILE.parquet")
    if not options.texts and not space:
        expected = "--alpha VALUES, --res VALUES, --set or --space"
        refuse(None, "there is nothing to sweep", expected)
    is_of_space = any(is_given for name, is_given in asked.items() if name not in ("top", "pareto"))
    if is_of_space or (space and (top is not None or pareto)):
        if pivot or options.format == "parquet":
            what = "--pivot" if pivot else "Parquet"
            refuse(None, f"{what} is of a grid, and this does not list one", "-o FILE.csv")
        named = _space(options, networks, space, metrics)

        def answer(asked_of: Space) -> Answer:
            if count:
                return asked_of.count(where)
            if histogram is not None:
                return asked_of.histogram(histogram, bins or BINS, where)
            if quantiles is not None:
                return asked_of.quantiles(quantiles, where=where)
            if sample is not None:
                return asked_of.sample(sample, seed or 0, where)
            if top is not None:
                return asked_of.top(top, by or "mult_adds", where)
            weighed = {"by": [name.strip() for name in by.split(",")]} if by else {}
            return asked_of.pareto(**weighed, where=where)

        from costcalc.jobs.workers import engine
        from costcalc.spaces.space import BINS

        (answered,) = engine(options.jobs, options.scheduler).results(answer, [named])
        show(answered, options)
        return
    sweep = exploring.sweep(
        *networks,
        metrics=metrics,
        where=where,
        **options.stored_by,
        **options.timed_by,
        **options.done_by,
        space=space,
        at=options.texts,
        **options.counted_by,
    )
    is_streamed = options.format in ("csv", "parquet") and not pivot
    with cleaned_up(), progress("settings", sweep.size) as report:
        if options.output is not None and is_folder(options.output):
            write_note(str(sweep.write_parts(options.output, report)))
            _write_notes(sweep)
            return
        if is_streamed and top is None and not pareto:
            from costcalc.grid.streamed import ROWS

            columns = sweep.streamed.columns
            _stream(sweep, options, map(columns, sweep.pieces(ROWS, report)))
            return
        chosen = sweep.chosen(top, by or "", is_front=pareto, progress=report)
        if is_streamed:
            _stream(sweep, options, [sweep.streamed.listed(chosen.rows)] if chosen.rows else [])
            for note in chosen.notes:
                write_note(note)
            return
    show(chosen, options, *([True] if pivot else []))


def _space(
    options: Options, networks: tuple[str, ...], is_declared: bool, metrics: tuple[str, ...]
) -> Space:
    """The space of one network: the one that its spec declares, and the settings beside it."""
    if len(networks) > 1:
        refuse(None, "each network has a space of its own", "one network", f"{len(networks)}")
    return exploring.space(
        networks[0],
        metrics=metrics,
        **options.stored_by,
        **options.timed_by,
        declared=is_declared,
        at=options.texts,
        **options.counted_by,
    )


def _refuse_conflicts(asked: Mapping[str, bool], details: Set[str]) -> None:
    """Refuses several questions at once, and details of one that is not asked."""
    given = [f"--{name}" for name, is_given in asked.items() if is_given]
    if len(given) > 1:
        refuse(None, f"{' and '.join(given)} are different questions", "one of them")
    for name, of, expected in (
        ("by", ("top", "pareto"), "--top N --by KEY, or --pareto --by METRIC,METRIC"),
        ("bins", ("histogram",), "--histogram METRIC --bins N"),
        ("seed", ("sample",), "--sample N --seed S"),
    ):
        if name in details and not any(asked[one] for one in of):
            refuse(None, f"--{name} needs --{of[0]}", expected)


def _stream(sweep: Sweep, options: Options, batches: Iterable[Columns]) -> None:
    """Writes rows as they are computed; never leaves a partial file."""
    from costcalc.render.stream import write_csv, write_parquet

    kinds = sweep.streamed.kinds
    if options.output is None:
        with printed() as file:
            with HeldBack(file) as held:
                write_csv(held, list(kinds), batches)
            file.flush()  # no notes to a reader that has closed the pipe
            _write_notes(sweep)
    else:
        with whole(options.output) as partial:
            if options.format == "parquet":
                write_parquet(partial, kinds, batches)
            else:
                with open(partial, "x", encoding="utf-8", newline="") as file:
                    write_csv(file, list(kinds), batches)
        _write_notes(sweep)


def _write_notes(sweep: Sweep) -> None:
    for note in sweep.notes():
        write_note(note)
