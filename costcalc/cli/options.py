"""Options that several commands share, passed to a command as one value."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Protocol, TypeVar

import click

from costcalc.arena.plan import PLANNERS
from costcalc.cli.words import Choice, Whole
from costcalc.costs.convention import load_convention
from costcalc.costs.rules import UNITS, Convention
from costcalc.errors import Mark, Problems, refuse
from costcalc.files import is_device
from costcalc.importers import ALLOW_UNKNOWN, INPUT, NAMED_INPUT, shape_of
from costcalc.importers.model import SCALAR
from costcalc.opening import OpenNetwork, names_in, of_texts, opened
from costcalc.performance import DTYPES
from costcalc.records import NamedTuple
from costcalc.render import Format, formats
from costcalc.spec import library
from costcalc.spec.family import FAMILIES

F = TypeVar("F", bound=Callable[..., Any])

_NEXT_SETTING = re.compile(rf",(?=\s*{library.SETTING}\s*=)")
"""Commas between settings; any other comma is between the values of a sweep."""


class Options(NamedTuple):
    """The values of the shared options; defaults for those that a command lacks."""

    alpha: tuple[str, ...] = ()
    res: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    input: tuple[str, ...] = ()
    allow_unknown: bool = False
    shape: tuple[str, ...] = ()
    convention: str = "paper"
    unit: str | None = None
    storage: str | None = None
    planner: str | None = None
    batch: int = 1
    device: str | None = None
    dtype: str | None = None
    cores: int | None = None
    is_fused: bool = False
    jobs: int = 1
    scheduler: str | None = None
    format: str = "table"
    output: str | None = None

    @property
    def counted_by(self) -> dict[str, Any]:
        """The convention and the unit, as arguments of a question."""
        return {"convention": self.convention, "unit": self.unit}

    @property
    def stored_by(self) -> dict[str, Any]:
        """The storage, the planner and the batch, as arguments of a question."""
        return {"storage": self.storage, "planner": self.planner, "batch": self.batch}

    @property
    def timed_by(self) -> dict[str, Any]:
        """The device and the dtype, as arguments of a question."""
        return {"device": self.device, "dtype": self.dtype}

    @property
    def run_by(self) -> dict[str, Any]:
        """The device and how a network runs there, as arguments of a question."""
        how = {"storage": self.storage, "cores": self.cores, "batch": self.batch}
        return {**self.timed_by, **how}

    @property
    def done_by(self) -> dict[str, Any]:
        """Who does the work, as arguments of a question."""
        return {"jobs": self.jobs, "scheduler": self.scheduler}

    @property
    def has_storage(self) -> bool:
        """Whether any of :attr:`stored_by` is given."""
        return self.storage is not None or self.planner is not None or self.batch != 1

    @property
    def loaded_convention(self) -> Convention:
        """The convention itself.

        Raises:
            ConventionError: there is no such convention, or it is wrong.
        """
        return load_convention(self.convention, self.unit)

    @property
    def texts(self) -> dict[str, str]:
        """The settings of parameters and of the model's importer, as they were written.

        Raises:
            SpecError: a setting is not NAME=VALUE or is set twice, or the input is not a shape.
        """
        problems = Problems()
        given = [("alpha", text, "--alpha") for text in self.alpha]
        given += [("res", text, "--res") for text in self.res]
        given += [(*_input(text), "--input") for text in self.input]
        for text in self.shape:
            node, equals, shape = text.rpartition("=")
            if not equals or not node.strip():
                problems.add(None, f"--shape {text} is not a shape", expected="--shape NODE=8,7,7")
                continue
            written = f"--shape {node}="
            given.append((shape_of(node.strip()), _shape(shape, written), written))
        if self.allow_unknown:
            given.append((ALLOW_UNKNOWN, "true", "--allow-unknown"))
        for item in (part for text in self.sets for part in _NEXT_SETTING.split(text)):
            name, equals, text = item.partition("=")
            if equals and name.strip():
                given.append((name.strip(), text, "--set"))
            else:
                problems.add(None, f"--set {item} is not a setting", expected="--set NAME=VALUE")
        texts: dict[str, str] = {}
        options: dict[str, str] = {}
        for name, value, option in given:
            first = texts.setdefault(name, value)
            if first.strip() != value.strip():
                found = f"{first} by {options[name]}", f"{value} by {option}"
                start = f"--set {name}=" if option == "--set" else f"{option} "
                hint = f"for several values, costcalc sweep with {start}{first},{value}"
                problems.note(library.set_twice(name, *found)._replace(hint=hint))
            options.setdefault(name, option)
        problems.raise_any()
        return texts

    @property
    def settings(self) -> dict[str, Any]:
        """The settings as exact values.

        Raises:
            SpecError: as for :attr:`texts`; or a number is out of range.
        """
        return of_texts(self.texts)

    def opened(
        self, network: str, beside: str | None = None, *, is_one_of_several: bool = False
    ) -> OpenNetwork:
        """Opens a network at the settings of the command line.

        Raises:
            SpecError: the network or a setting is wrong.
        """
        return opened(network, self.settings, beside, is_one_of_several=is_one_of_several)


def _shape(text: str, option: str) -> str:
    sides = [side.strip() for side in re.split("[,x×]", text)]
    if not all(side.isdecimal() and side.isascii() for side in sides):
        refuse(None, f"{option}{text} is not a shape", expected=f"{option}3,224,224")
    return "x".join(sides)


def _input(text: str) -> tuple[str, str]:
    """The setting of an input, and its value: ``3,224,224`` or ``ids=128:int64``."""
    name, equals, value = text.rpartition("=")
    shape, colon, dtype = value.partition(":")
    if bool(equals) != bool(name.strip()):
        expected = "--input 3,224,224, or --input NAME=3,224,224 for one of several"
        refuse(None, f"--input {text} is not a shape", expected)
    is_scalar = bool(equals) and shape.strip() == SCALAR
    sides = SCALAR if is_scalar else _shape(shape, f"--input {name}{equals}")
    value = f"{sides}{colon}{dtype.strip()}"
    return (f"{NAMED_INPUT}{name.strip()}" if equals else INPUT), value


def pass_options(function: F) -> Callable[..., Any]:
    """Passes a command its shared options as one argument, the first."""

    @wraps(function)
    def call(**values: Any) -> Any:
        shared = {name: values.pop(name) for name in Options._fields if name in values}
        return function(Options(**shared), **values)

    return call


def settings_options(function: F) -> F:
    """``--alpha``, ``--res``, ``--set``, ``--input``, ``--allow-unknown`` and ``--shape``."""
    function = click.option(
        "--shape",
        multiple=True,
        metavar="NODE=C,H,W",
        help="For models: the shape of an unknown operation's output; may be repeated.",
    )(function)
    function = click.option(
        "--allow-unknown",
        is_flag=True,
        help="For models: report unknown operations as not counted.",
    )(function)
    function = click.option(
        "--input",
        multiple=True,
        metavar="[NAME=]C,H,W",
        shell_complete=completed_by("inputs"),
        help="For models: the shape of the input, without the batch; of several, each by its "
        "name: --input x=3,224,224 --input ids=128:int64.",
    )(function)
    function = click.option(
        "--set",
        "sets",
        multiple=True,
        metavar="NAME=VALUE,...",
        shell_complete=completed_by("settings"),
        help="Set parameters of the network; may be repeated.",
    )(function)
    function = click.option(
        "--res",
        multiple=True,
        metavar="R",
        help="Input resolution: 160, or 160x120 for height and width.",
    )(function)
    return click.option(
        "--alpha", multiple=True, metavar="A", help="Width multiplier, always exact: 0.5, or 1/3."
    )(function)


def storage_options(function: F) -> F:
    """``--storage``, ``--planner`` and ``--batch``."""
    function = click.option(
        "--batch",
        type=Whole(),
        default=1,
        metavar="N",
        help="Inputs run at once, up to 1,048,576: multiplies the bytes of activations.",
    )(function)
    function = click.option(
        "--planner",
        type=Choice(list(PLANNERS)),
        help="What gives tensors their addresses, or a peak without.  [default: the storage's]",
    )(function)
    return click.option(
        "--storage",
        metavar="NAME",
        shell_complete=completed_by("storages"),
        help="How numbers are kept: a name listed by 'costcalc storages', or a file.  "
        "[default: the network's own, else fp32]",
    )(function)


def device_options(*, required: bool, has_fusing: bool = True) -> Callable[[F], F]:
    """``--device``, ``--dtype``, ``--storage``, ``--cores``, ``--batch`` and ``--fused``."""

    def decorate(function: F) -> F:
        if has_fusing:
            function = click.option(
                "--fused/--unfused",
                "is_fused",
                help="Run sums, and pointwise convolutions after depthwise ones, with the step "
                "before.  [default: unfused]",
            )(function)
        function = click.option(
            "--batch",
            type=Whole(),
            default=1,
            metavar="N",
            help="Inputs run at once, up to 1,048,576: multiplies operations and the bytes of "
            "activations.",
        )(function)
        function = click.option(
            "--cores",
            type=Whole(),
            metavar="N",
            help="How many cores work.  [default: all]",
        )(function)
        function = click.option(
            "--storage",
            metavar="NAME",
            shell_complete=completed_by("storages"),
            help="How numbers are kept: a name listed by 'costcalc storages', or a file.  "
            "[default: that of the dtype]",
        )(function)
        return times_options(function, required=required)

    return decorate


def times_options(function: F, *, required: bool = False) -> F:
    """``--device`` and ``--dtype``."""
    function = click.option(
        "--dtype",
        type=Choice(DTYPES),
        help="What is multiplied.  [default: the storage's, else int8 on microcontrollers, "
        "fp32 elsewhere]",
    )(function)
    more = "" if required else "  For times and energy."
    return click.option(
        "--device",
        required=required,
        metavar="NAME",
        shell_complete=completed_by("devices"),
        help=f"A device listed by 'costcalc devices', or a file.{more}",
    )(function)


def workers_options(function: F) -> F:
    """``--jobs`` and ``--scheduler``."""
    function = click.option(
        "--scheduler",
        metavar="ADDRESS",
        help="A Dask cluster that computes the rows: tcp://HOST:8786.",
    )(function)
    return click.option(
        "--jobs",
        type=Whole(),
        default=1,
        metavar="N",
        help="Processes of this machine that compute the rows, up to 256, by Dask.",
    )(function)


def budget_options(lead: str = "At most", where: str = "") -> Callable[[F], F]:
    """A bound on each metric, as an argument that the table of metrics names.

    Args:
        lead: how the help of each begins.
        where: how it ends.
    """
    rows = [
        ("--max-mult-adds", "N", "mult-adds", "100M"),
        ("--max-params", "N", "params", "2M"),
        ("--max-ram", "SIZE", "of RAM, the peak", "256KiB"),
        ("--max-flash", "SIZE", "of flash, the weights", "1MiB"),
        ("--max-traffic", "SIZE", "read and written", "20MB"),
        ("--max-ms", "T", "ms at the bound", "20, or 20ms"),
        ("--max-mj", "E", "mJ at the bound", "5"),
    ]

    def decorated(function: F) -> F:
        for name, metavar, noun, example in reversed(rows):
            text = f"{lead} {metavar} {noun}{where}: {example}."
            function = click.option(name, metavar=metavar, help=text)(function)
        return function

    return decorated


def completed_by(source: str) -> Callable[..., list[Any]]:
    """Completion of an argument or an option by a function of :mod:`.completion`."""

    def complete(context: click.Context, option: click.Parameter, incomplete: str) -> list[Any]:
        from costcalc.cli import completion

        find = getattr(completion, source)
        return completion.completed(lambda: find(context, incomplete), incomplete)

    return complete


def names_option(*declarations: str, **more: Any) -> Callable[[F], F]:
    """An option for several names, which may be repeated or take commas."""

    def read(
        context: click.Context, option: click.Parameter, values: tuple[str, ...]
    ) -> tuple[str, ...]:
        return names_in(values)

    return click.option(*declarations, multiple=True, callback=read, **more)


def family_options(function: F) -> F:
    """``--family`` and ``--year``."""
    function = click.option(
        "--year",
        metavar="YEAR",
        help="Only networks of a year, 2019, or of several, 2016:2020; either end may be left out.",
    )(function)
    return names_option(
        "--family",
        "families",
        metavar="A,B,...",
        shell_complete=completed_by("families"),
        help=f"Only networks of these families: {', '.join(FAMILIES)}.",
    )(function)


def convention_options(function: F) -> F:
    """``--convention`` and ``--unit``."""
    function = click.option(
        "--unit",
        type=Choice(list(UNITS)),
        help="Unit of mult-adds; a multiply-accumulate is two flops.  [default: the convention's]",
    )(function)
    return click.option(
        "--convention",
        default="paper",
        show_default=True,
        metavar="NAME",
        shell_complete=completed_by("conventions"),
        help="How to count: a name listed by 'costcalc conventions', or a file.",
    )(function)


class _FileFormat(Protocol):
    """A row of a table of formats, with the suffix of its files."""

    @property
    def name(self) -> str: ...

    @property
    def suffix(self) -> str: ...


def chosen_format(format_: str | None, output: str | None, formats: Sequence[_FileFormat]) -> str:
    """The format asked for, or else that of the file's suffix, or else the first.

    Raises:
        SpecError: no format is asked for, and none has the file's suffix.
    """
    if format_ is not None or output is None or is_device(output):
        return format_ or formats[0].name
    suffix = os.path.splitext(output)[1]
    for row in formats:
        if row.suffix and row.suffix == suffix:
            return row.name
    refuse(
        Mark(output),
        f"no format has the suffix '{suffix}'",
        expected="one of " + ", ".join(row.suffix for row in formats if row.suffix),
        hint="-o FILE" + formats[0].suffix,
    )


def _file(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """The path of a file; None for standard output."""
    if value == "":
        raise click.BadParameter("the name of a file is missing")
    if value is not None and (value.endswith(os.sep) or os.path.isdir(value)):
        refuse(Mark(value), "cannot be written: it is a folder")
    return None if value in ("-", "/dev/stdout", "/dev/fd/1") else value


def is_folder(output: str | None) -> bool:
    """Whether a path is that of a folder: it ends with a slash."""
    return output is not None and output.endswith(("/", os.sep))


def _file_or_folder(context: click.Context, option: click.Parameter, value: str | None) -> Any:
    """The path of a file or of a folder; None for standard output."""
    if value is not None and os.path.isdir(value) and not is_folder(value):
        hint = f"-o {value}/, for a Parquet file of each part"
        refuse(Mark(value), "cannot be written: it is a folder", hint=hint)
    return value if is_folder(value) else _file(context, option, value)


def file_option(
    function: F,
    help: str = "Write to FILE, never a partial one; the default, or -, is standard output.",
    *,
    has_folders: bool = False,
) -> F:
    """``-o``: a file instead of standard output."""
    return click.option(
        "-o",
        "--output",
        type=click.Path(readable=False),
        callback=_file_or_folder if has_folders else _file,
        is_eager=True,  # the format may depend on it
        metavar="FILE",
        help=help + " DIR/ is a folder, with a Parquet file of each part." * has_folders,
    )(function)


def output_options(question: str = "", **aliases: str) -> Callable[[F], F]:
    """``--format``, one of those that render the answer to a question, and ``-o``.

    Args:
        question: the question, if it has formats of its own; else empty.
        aliases: other names of formats.
    """
    return format_options(formats(question), **aliases)


def format_options(rows: Sequence[Format], **aliases: str) -> Callable[[F], F]:
    """``--format``, one of ``rows``, the first by default, and ``-o``."""
    folder = next((row.name for row in rows if row.has_parts), None)

    def chosen(context: click.Context, option: click.Parameter, value: str | None) -> str:
        output = context.params["output"]
        if folder is not None and is_folder(output):
            if value not in (None, folder):
                refuse(Mark(output), f"only {folder} is written in parts", "-o FILE", value or "")
            return folder
        return aliases.get(value or "") or chosen_format(value, output, rows)

    def decorate(function: F) -> F:
        function = file_option(function, has_folders=folder is not None)
        return click.option(
            "--format",
            "format",
            type=Choice([*aliases, *(row.name for row in rows)]),
            callback=chosen,
            help=f"Output format; the default is {rows[0].name}, or the format of FILE's suffix.",
        )(function)

    return decorate
