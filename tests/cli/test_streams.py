"""Standard streams that are closed, full, or without a reader: a message, never a traceback."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from costcalc.cli import COMMANDS, main, streams

COSTCALC = f"{sys.executable} -m costcalc"
LINES = {
    "report": "report mobilenet_v1",
    "formula": "formula conv",
    "check": "check vgg16 --max-params 200M",
    "compare": "compare mobilenet_v1 squeezenet",
    "plot": "plot layers mobilenet_v1",
    "graph": "graph mobilenet_v1",
    "page": "page vgg11 -o -",
    "diff": "diff mobilenet_v1 mobilenet_v1@alpha=0.5",
    "sweep": "sweep mobilenet_v1 --alpha 0.5,1 --format csv",
    "solve": "solve mobilenet_v1 --for alpha --max-params 2M",
    "reconcile": "reconcile mobilenet_v1 --between paper torch",
    "memory": "memory mobilenet_v1",
    "devices": "devices",
    "training": "training mobilenet_v1",
    "storages": "storages",
    "fits": "fits mobilenet_v1@alpha=0.25,res=96 --device stm32f746",
    "latency": "latency mobilenet_v1 --device stm32f746",
    "kinds": "kinds conv",
    "conventions": "conventions",
    "import": "import mobilenet_v1",
    "export": "export mobilenet_v1 --to onnx",
    "schema": "schema device",
    "networks": "networks --search mobilenet",
    "help": "--help",
    "version": "--version",
}
QUICK = ("report", "sweep", "export", "help")
CASES = [
    pytest.param(line, id=name, marks=() if name in QUICK else pytest.mark.slow)
    for name, line in LINES.items()
]
CLOSED = "Error: standard output cannot be written: it is closed\n"


def shell(line: str) -> tuple[int, str, str]:
    """The exit code, standard output and standard error of a line in a shell."""
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {COSTCALC} {line}"], capture_output=True, check=False
    )
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode()


def test_a_long_result_is_written_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_HELD", 4)
    stream = io.StringIO()
    with streams.HeldBack(stream) as held:
        held.write("abc")
        assert stream.getvalue() == ""
        held.write("defgh")
        held.write("i")
        assert stream.getvalue() == "abcdefgh"
    assert stream.getvalue() == "abcdefghi"


def test_every_command_is_tested() -> None:
    assert set(LINES) == set(COMMANDS) | {"help", "version"}


@pytest.mark.parametrize("line", CASES)
def test_a_closed_standard_output_is_one_message(line: str) -> None:
    assert shell(f"{line} >&-") == (2, "", CLOSED)
    assert shell(f"{line} <&- >&- 2>&-") == (2, "", "")


@pytest.mark.parametrize("line", CASES)
def test_a_full_disk_is_one_message(line: str) -> None:
    message = "Error: standard output cannot be written: No space left on device\n"
    assert shell(f"{line} >/dev/full") == (2, "", message)


@pytest.mark.parametrize("line", CASES)
def test_a_reader_that_has_gone_is_not_an_error(line: str) -> None:
    code, _, error = shell(f"{line} | (exec <&-; sleep 0.2)")
    assert (code, error) == (0, "")


@pytest.mark.parametrize("line", CASES)
def test_other_closed_streams_change_nothing(line: str) -> None:
    plain = shell(line)
    assert plain[0] == 0 and plain[1]
    assert shell(f"{line} <&-") == plain
    assert shell(f"{line} 2>&-") == (0, plain[1], "")


def test_an_error_never_goes_to_standard_output() -> None:
    assert shell("report nosuch 2>&-") == (2, "", "")
    assert shell("report nosuch 2>/dev/full") == (2, "", "")


def test_help_without_arguments() -> None:
    result = CliRunner().invoke(main, [])
    assert "Commands:" in result.output


# Errors on a terminal ----------------------------------------------------------------

WRONG = ["report", "mobilenet_v1", "--set", "alpah=1"]
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def on_a_terminal(arguments: list[str], **changes: str) -> str:
    """The standard error of a command, if it is a terminal."""
    names = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM")
    kept = {name: value for name, value in os.environ.items() if name not in names}
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "costcalc", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env={**kept, "TERM": "xterm", **changes},
    )
    os.close(theirs)
    printed = b""
    while True:
        try:
            read = os.read(ours, 65536)
        except OSError:  # how Linux says that the other side has closed
            break
        if not read:
            break
        printed += read
    os.close(ours)
    assert process.wait() == 2
    return printed.decode().replace("\r\n", "\n")


def piped(arguments: list[str], monkeypatch: pytest.MonkeyPatch, **changes: str) -> str:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    return CliRunner().invoke(main, arguments, color=True).stderr


def test_an_error_is_coloured_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = piped(WRONG, monkeypatch)
    assert "\x1b" not in plain
    coloured = on_a_terminal(WRONG, COLUMNS="500")
    assert coloured.startswith("\x1b[1;31mError:\x1b[0m ")
    assert ESCAPE.sub("", coloured) == plain


def test_no_color_and_force_color(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in on_a_terminal(WRONG, NO_COLOR="1")
    assert "\x1b" not in on_a_terminal(WRONG, TERM="dumb")
    assert ESCAPE.search(piped(WRONG, monkeypatch, FORCE_COLOR="1"))
    assert not ESCAPE.search(piped(WRONG, monkeypatch, FORCE_COLOR="1", NO_COLOR="1"))


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_an_error_is_broken_between_words(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = piped(["report", "mobilenet_v1", "--columns", "x"], monkeypatch)
    wrapped = on_a_terminal(
        ["report", "mobilenet_v1", "--columns", "x"], COLUMNS=str(width), NO_COLOR="1"
    )
    assert wrapped.split() == plain.split()
    assert max(map(len, wrapped.split("\n"))) <= width
