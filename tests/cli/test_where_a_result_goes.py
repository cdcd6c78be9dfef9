"""Results are written whole or not at all: to files, links, devices and standard output."""

import os
import signal
import stat
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from costcalc.cli import main

COSTCALC = [sys.executable, "-c", "from costcalc.cli import main; main()"]
INTERRUPTIBLE = [
    sys.executable,
    "-c",
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "signal.signal(signal.SIGHUP, signal.SIG_DFL); " + COSTCALC[-1],
]
"""Processes that tests start in the background ignore interrupts, and hang-ups under nohup."""
GRID = ["sweep", "mobilenet_v1", "--alpha", "0.001:1:0.001", "--res", "32:1000"]


@pytest.mark.parametrize("arguments", [["report", "mobilenet_v1"], [*GRID, "--format", "csv"]])
def test_a_full_disk_is_one_message(arguments):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*COSTCALC, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr == "Error: standard output cannot be written: No space left on device\n"


@pytest.mark.parametrize("arguments", [["report", "mobilenet_v1"], [*GRID, "--format", "csv"]])
def test_a_reader_may_close_the_pipe_early(arguments):
    read, write = os.pipe()
    os.close(read)
    with open(write, "w") as closed:
        done = subprocess.run(
            [*COSTCALC, *arguments], stdout=closed, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_sweep_that_is_stopped_leaves_no_file(tmp_path, number):
    started = subprocess.Popen(
        [*INTERRUPTIBLE, *GRID, "-o", str(tmp_path / "grid.csv")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    while not list(tmp_path.iterdir()) and started.poll() is None:
        time.sleep(0.01)
    started.send_signal(number)
    _, error = started.communicate()
    assert started.returncode == 128 + number
    assert b"Traceback" not in error
    assert list(tmp_path.iterdir()) == []


def test_a_hang_up_under_nohup_is_ignored(tmp_path):
    ignoring = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); " + COSTCALC[-1]
    started = subprocess.Popen(
        [sys.executable, "-c", ignoring, *GRID, "-o", str(tmp_path / "grid.csv")],
        stderr=subprocess.DEVNULL,
    )
    while not list(tmp_path.iterdir()) and started.poll() is None:
        time.sleep(0.01)
    started.send_signal(signal.SIGHUP)
    assert started.wait() == 0
    assert [path.name for path in tmp_path.iterdir()] == ["grid.csv"]


def run(*arguments, **options):
    result = CliRunner().invoke(main, arguments, **options)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


REPORT = ["report", "mobilenet_v1", "--format", "csv"]
LINES = [
    REPORT,
    ["formula", "conv"],
    ["compare", "mobilenet_v1", "vgg16"],
    ["check", "vgg16", "--max-params", "200M"],
    ["graph", "mobilenet_v1"],
    ["plot", "layers", "mobilenet_v1"],
    ["diff", "mobilenet_v1", "vgg16"],
    ["sweep", "mobilenet_v1", "--alpha", "0.5,1", "--format", "csv"],
    ["solve", "mobilenet_v1", "--for", "alpha", "--max-params", "2M"],
    ["reconcile", "mobilenet_v1", "--between", "paper", "torch"],
    ["kinds"],
    ["conventions"],
    ["import", "mobilenet_v1"],
    ["export", "mobilenet_v1"],
    ["export", "mobilenet_v1", "--to", "onnx"],
    ["networks", "mobilenet_v1"],
]


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_a_dash_is_standard_output(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plain = run(*line).stdout_bytes
    assert plain
    assert run(*line, "-o", "-").stdout_bytes == plain
    assert run(*line, "-o", "/dev/stdout").stdout_bytes == plain
    assert list(tmp_path.iterdir()) == []


def test_a_device_and_a_pipe_take_the_whole_result(tmp_path):
    plain = run(*REPORT).stdout
    assert run(*REPORT, "-o", "/dev/null").output == ""
    assert run("plot", "layers", "mobilenet_v1", "-o", "/dev/null").output == ""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True) as reader:
        assert run(*REPORT, "-o", str(pipe)).exit_code == 0
        assert reader.communicate()[0] == plain
    assert list(tmp_path.iterdir()) == [pipe]


def test_a_full_device_is_one_message(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    result = run(*REPORT, "-o", "/dev/full")
    assert result.exit_code == 2
    assert result.stderr == "Error: /dev/full: cannot be written: No space left on device\n"
    assert list(tmp_path.iterdir()) == []


def test_a_link_stays_a_link_and_a_file_keeps_its_permissions(tmp_path):
    file, link = tmp_path / "file.csv", tmp_path / "link.csv"
    file.write_text("old")
    file.chmod(0o640)
    link.symlink_to(file)
    assert run(*REPORT, "-o", str(link)).exit_code == 0
    assert link.is_symlink()
    assert file.read_text() == run(*REPORT).stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_link_to_nothing_makes_the_file(tmp_path):
    link = tmp_path / "link.csv"
    link.symlink_to("file.csv")
    assert run(*REPORT, "-o", str(link)).exit_code == 0
    assert (tmp_path / "file.csv").is_file()


@pytest.mark.parametrize("refused", ["file.csv", "folder/new.csv"])
def test_what_may_not_be_written_is_one_message(refused, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    (tmp_path / "file.csv").write_text("old")
    (tmp_path / "folder").write_text("no folder")
    result = run(*REPORT, "-o", str(tmp_path / refused))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "cannot be written: " in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.csv", "folder"]
    assert (tmp_path / "file.csv").read_text() == "old"


@pytest.mark.parametrize("name", ["folder", "folder/", "nowhere/"])
def test_a_folder_is_one_message(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    result = run("report", "mobilenet_v1", "-o", name)
    assert (result.exit_code, result.stderr) == (
        2,
        f"Error: {name}: cannot be written: it is a folder\n",
    )


def test_a_name_as_long_as_a_file_may_have(tmp_path):
    path = tmp_path / f"{'a' * 251}.csv"
    assert run(*REPORT, "-o", str(path)).exit_code == 0
    assert list(tmp_path.iterdir()) == [path]


def test_a_sweep_that_is_refused_late_has_printed_nothing():
    # 3,469,760 are MobileNetV2's params: the condition fails in the second network.
    line = ["sweep", "mobilenet_v1", "mobilenet_v2", "--res", "32,64", "--format", "csv"]
    result = run(*line, "--where", "1 / (params - 3469760) < 1")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "divides by zero" in result.stderr


def test_a_long_sweep_is_written_while_it_is_computed(monkeypatch):
    line = ["sweep", "mobilenet_v1", "--alpha", "0.5,1", "--res", "32:64", "--format", "csv"]
    plain = run(*line).stdout
    monkeypatch.setattr("costcalc.cli.streams._HELD", 100)
    assert run(*line).stdout == plain


# A spec on standard input ------------------------------------------------------------

SPEC = """\
name: Small
input: [3, res, res]
parameters: {res: 32, alpha: 1}
params: 108
layers:
  - conv: {out: 4, kernel: 3, name: a}
"""
READERS = [
    ["report", "SPEC"],
    ["report", "SPEC", "--explain", "a"],
    ["formula", "SPEC"],
    ["compare", "SPEC", "mobilenet_v1"],
    ["compare", "mobilenet_v1", "SPEC"],
    ["check", "SPEC"],
    ["check", "SPEC", "--max-params", "1K"],
    ["graph", "SPEC"],
    ["plot", "layers", "SPEC"],
    ["plot", "types", "SPEC"],
    ["plot", "sweep", "SPEC", "--alpha", "1,2", "--res", "8,16"],
    ["diff", "SPEC", "mobilenet_v1"],
    ["sweep", "SPEC", "--alpha", "1,2"],
    ["solve", "SPEC", "--for", "alpha", "--max-params", "1K"],
    ["reconcile", "SPEC", "--between", "paper", "torch"],
    ["import", "SPEC"],
    ["export", "SPEC"],
    ["networks", "SPEC"],
]


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
@pytest.mark.parametrize("line", READERS, ids=" ".join)
def test_a_spec_on_standard_input(line, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.yaml").write_text(SPEC)
    expected = run(*(part.replace("SPEC", "s.yaml") for part in line))
    result = run(*(part.replace("SPEC", name) for part in line), input=SPEC)
    assert result.stderr == ""
    assert result.exit_code == expected.exit_code == 0
    shown = "<stdin>" if line[0] == "check" else name
    assert words(result.stdout) == words(expected.stdout.replace("s.yaml", shown))


def words(text):
    """The words of a result, without rules, and without the line that a spec was written by."""
    return [
        word
        for line in text.splitlines()
        for word in line.split()
        if not line.startswith(("# Written", "─"))
    ]


def test_what_is_wrong_on_standard_input_has_its_line():
    result = run("report", "-", input=SPEC.replace("kernel", "kernl"))
    assert result.exit_code == 2
    assert "<stdin>:6:20: 'conv' has no argument 'kernl'" in result.stderr
    assert "<stdin>: the file is empty" in run("report", "-", input="").stderr


@pytest.mark.parametrize("command", ["compare", "diff", "sweep", "check"])
def test_standard_input_is_one_network(command):
    result = run(command, "-", "/dev/stdin", input=SPEC)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "standard input can be read only once" in result.stderr
    assert "found    - and /dev/stdin" in result.stderr


def test_standard_input_to_standard_output():
    result = run("report", "-", "-o", "-", "--format", "csv", input=SPEC)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[1].startswith("a,Conv 3x3,")


def test_the_output_of_another_command():
    line = f"{sys.executable} -m costcalc report <(cat) --by type --format csv"
    done = subprocess.run(
        ["bash", "-c", line], input=SPEC, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[1] == "Conv 3x3,1,110592,100.0,108,100.0"
