"""A terminal gets colours and its own width; a pipe gets the same plain bytes anywhere."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from rich.console import Console

import costcalc
from costcalc.render.formatting import counted
from costcalc.render.layout import page_lines, table_lines, text_width
from costcalc.render.page import Column, Page, Row, Share, Table
from costcalc.render.terminal import console_page, page
from costcalc.reporting.report import Report, TableOptions

ROOT = Path(__file__).parent.parent.parent
COMMAND = [sys.executable, "-m", "costcalc", "report", "mobilenet_v1"]
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def environment(**changes: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM", "COLORTERM")
    }
    return {**kept, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT), **changes}


def piped(**changes: str) -> bytes:
    done = subprocess.run(COMMAND, env=environment(**changes), capture_output=True, check=True)
    return done.stdout


def on_a_terminal(columns: int, **changes: str) -> str:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    process = subprocess.Popen(COMMAND, stdout=theirs, env=environment(**changes))
    os.close(theirs)
    printed = b""
    while True:
        try:
            printed += (read := os.read(ours, 65536))
        except OSError:  # how Linux says that the other side has closed
            break
        if not read:
            break
    os.close(ours)
    assert process.wait() == 0
    return printed.decode().replace("\r\n", "\n")


def longest(text: str) -> int:
    return max(text_width(ESCAPE.sub("", line)) for line in text.split("\n"))


def test_a_pipe_gets_the_same_plain_bytes_anywhere() -> None:
    printed = piped()
    assert b"\x1b" not in printed
    assert printed.decode() == page(costcalc.report("mobilenet_v1").page())
    assert piped(COLUMNS="40", TERM="dumb", PYTHONHASHSEED="7", NO_COLOR="1") == printed


def test_a_pipe_is_coloured_only_if_forced() -> None:
    assert ESCAPE.search(piped(FORCE_COLOR="1").decode())


def test_a_terminal_gets_colours_in_its_width() -> None:
    printed = on_a_terminal(80)
    assert ESCAPE.search(printed)
    assert longest(printed) <= 80
    assert "568,740,352" in printed


def test_no_color_is_plain_in_the_terminals_width() -> None:
    printed = on_a_terminal(80, NO_COLOR="1")
    assert "\x1b" not in printed
    assert longest(printed) <= 80


def test_a_dumb_terminal_gets_no_escapes() -> None:
    assert "\x1b" not in on_a_terminal(80, TERM="dumb")


def test_colours_are_the_terminals_own(small: Report) -> None:
    """Named colours and attributes adapt to light and dark; numbered ones do not."""
    console = Console(
        file=io.StringIO(), force_terminal=True, color_system="truecolor", width=120, _environ={}
    )
    codes = {
        code
        for found in ESCAPE.findall(console_page(small.page(), console))
        for code in found[2:-1].split(";")
    }
    assert codes <= {"0", "1", "2", "36"}, "reset, bold, dim, cyan: nothing black or white"


@pytest.mark.parametrize("width", [80, 100, 200])
@pytest.mark.parametrize(
    "network, view",
    [
        ("mobilenet_v1", TableOptions()),
        ("mobilenet_v2", TableOptions(depth=1)),
        ("mobilenet_v2", TableOptions()),
        ("googlenet", TableOptions()),
        ("vgg16", TableOptions()),
        ("googlenet", TableOptions(by="block")),
    ],
)
def test_nothing_is_cut_off_at_any_usual_width(
    width: int, network: str, view: TableOptions
) -> None:
    report = costcalc.report(network)
    shown = report.page(view)
    lines = ["".join(span.text for span in line) for line in page_lines(shown, width)]
    assert max(map(text_width, lines)) <= width
    assert not any("…" in line for line in lines)
    table = shown.tables[0].seen_by("people")
    keys = [column.key for column in table.columns]
    mult_adds, percent = keys.index("mult_adds"), keys.index("mult_adds_percent")
    text = "\n".join(lines)
    for row in table.rows:
        count, part = row.cells[mult_adds], row.cells[percent]
        assert isinstance(count, int)
        assert isinstance(part, Share)
        assert f" {counted(count)} " in text


def shown(table: Table, width: int | None) -> list[str]:
    return ["".join(span.text for span in line) for line in table_lines(table, width)]


@pytest.mark.parametrize("network", ["mobilenet_v1", "mobilenet_v2", "googlenet", "vgg16"])
def test_names_survive_shapes_and_what_is_missing_is_said(network: str) -> None:
    report = costcalc.report(network)
    table = report.page().tables[0].seen_by("people")
    lines = shown(table, 80)
    for word in ("Type", "Layer", "Mult-Adds", "Params"):
        assert word in lines[0]
    assert lines[0].count("%") == 2
    names = [
        row.cells[[column.key for column in table.columns].index("name")] for row in table.rows
    ]
    assert all(f" {name} " in line for name, line in zip(names, lines[2:], strict=False) if name)
    note = " ".join(lines[lines.index(lines[1], 2) + 2 :])
    assert note.startswith("Not shown: Filter Shape")
    assert note.endswith(" columns, or -o FILE.txt, have room for all.")
    needed = int(note.split("; ")[1].split()[0])
    assert not any("Not shown" in line for line in shown(table, needed))
    assert any("Not shown" in line for line in shown(table, needed - 1))
    assert not any("Not shown" in line for line in shown(table, None)), "a pipe has all"


WIDE = Table(
    "",
    (
        Column("name", "Name"),
        *(
            column
            for word in ("one", "two", "three")
            for column in (
                Column(word, word, "right"),
                Column(f"{word}_verdict", "verdict", is_beside=True),
            )
        ),
    ),
    (
        Row(("first/path/of/a/layer", 123456789, "holds", 1, "holds", 2, "mismatch")),
        Row(("second", 5, "holds", 98765432, "mismatch", 3, "holds")),
    ),
)
"""Three figures, each with its verdict."""


@pytest.mark.parametrize("width", [28, 30, 40, 60, 80, 200])
def test_columns_that_have_no_room_stand_below(width: int) -> None:
    lines = shown(WIDE, width)
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    for word in ("one", "two", "three", "123,456,789", "98,765,432", "mismatch", "second"):
        assert word in text.split(), f"{word} is whole"
    heads = [line.split() for line in lines if "verdict" in line]
    assert sum(head.count("verdict") for head in heads) == 3
    if width >= 30:
        assert all(head[-1] == "verdict" for head in heads), "a verdict is beside its figure"


def test_a_path_is_broken_behind_its_signs() -> None:
    # Beside a number of 11 columns and a word of 7, 8 of 30 are left.
    assert [line[:8].strip() for line in shown(WIDE, 30)[2:5]] == ["first/", "path/of/", "a/layer"]


def test_names_are_broken_before_they_are_left_out() -> None:
    columns = Column("name", "Name", rank=1), Column("count", "Count", "right")
    table = Table("", columns, (Row(("features/denseblock1/conv", 123456789)),))
    assert [line.split() for line in shown(table, 30)[2:]] == [
        ["features/", "123,456,789"],
        ["denseblock1/conv"],
    ]
    assert "Not shown: Name;" in " ".join(shown(table, 20))


@pytest.mark.parametrize("width", [20, 40, 60, 80])
def test_prose_is_broken_between_words(width: int) -> None:
    page = costcalc.formula("mobilenet_v1", variables=("alpha", "res", "classes")).page()
    lines = ["".join(span.text for span in line) for line in page_lines(page, width)]
    whole = ["".join(span.text for span in line) for line in page_lines(page, None)]
    assert " ".join(lines).split() == " ".join(whole).split()
    assert max(map(text_width, lines)) <= max(width, 24), "no word is longer than 24"


def test_a_wide_terminal_draws_shares_as_bars(small: Report) -> None:
    lines = ["".join(span.text for span in line) for line in page_lines(small.page(), 200)]
    drawn = {line.split()[1]: line.count("━") for line in lines if "━" in line and "/" not in line}
    assert drawn["3x3"] == 40, "the largest share of each of two columns is twenty cells long"
    # 768 of 4032 is 3.81 of 20 cells, 48 of 252 is 3.81 too: three and a half or four.
    assert drawn["1x1"] == 8


def test_names_are_broken_into_lines_and_numbers_stay_whole() -> None:
    names = Column("name", "Name"), Column("count", "Count", "right")
    rows = (Row(("a name of many words that goes on", 123456789)), Row(("x" * 40, 5)))
    lines = [
        "".join(span.text for span in line) for line in table_lines(Table("", names, rows), 26)
    ]
    assert max(map(len, lines)) <= 26
    assert any("123,456,789" in line for line in lines)
    assert "".join(lines).count("x") == 40


def test_wide_letters_are_measured() -> None:
    table = Table(
        "", (Column("a", "A"), Column("b", "B", "right")), (Row(("畳み", 1)), Row(("abcd", 2)))
    )
    lines = ["".join(span.text for span in line) for line in table_lines(table, None)]
    assert lines[2:] == ["畳み  1", "abcd  2"]


def test_a_page_without_facts_rows_or_columns_is_a_page() -> None:
    empty = Page("Nothing", (), (Table("", (), ()), Table("", (Column("a", "A"),), ())))
    assert page(empty).startswith("Nothing\n")
    assert all(page_lines(empty, width) for width in (1, 10, 80))
