"""Results that cannot be written completely: a full disk, a closed pipe, a signal."""

import os
import signal
import subprocess
import sys
import time

import pytest

COSTCALC = [sys.executable, "-c", "from costcalc.cli import main; main()"]
INTERRUPTIBLE = [
    sys.executable,
    "-c",
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); " + COSTCALC[-1],
]
"""Processes started by tests in the background ignore interrupts."""
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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_sweep_that_is_stopped_leaves_no_file(tmp_path, number):
    started = subprocess.Popen(
        [*INTERRUPTIBLE, *GRID, "-o", str(tmp_path / "grid.csv")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    while not list(tmp_path.iterdir()) and started.poll() is None:
        time.sleep(0.01)
    started.send_signal(number)
    started.communicate()
    assert started.returncode != 0
    assert list(tmp_path.iterdir()) == []
