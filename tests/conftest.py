"""What tests of several folders share."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# The same examples on every machine, and none of them timed: a busy machine fails nothing.
settings.register_profile(
    "costcalc", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("quick", settings.get_profile("costcalc"), max_examples=25)

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what is printed now to tests/golden/, to be read before it is committed",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Fewer examples where time counts: without arguments, and nowhere in CI."""
    settings.load_profile("quick" if config.option.markexpr == "not slow" else "costcalc")
    if config.option.markexpr == "complete":
        config.option.doctestmodules = False


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """``pytest -m complete`` takes seconds: it opens no file in which nothing is marked so."""
    if config.option.markexpr != "complete" or collection_path.suffix != ".py":
        return None
    return "mark.complete" not in collection_path.read_text(encoding="utf-8") or None


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """``pytest -m complete`` ends with a list of what is left out, and where."""
    if config.option.markexpr != "complete":
        return
    failed = [*terminalreporter.stats.get("failed", ()), *terminalreporter.stats.get("error", ())]
    crashes = (getattr(report.longrepr, "reprcrash", None) for report in failed)
    for place in dict.fromkeys(left_out(crash.message) for crash in crashes if crash):
        if place:
            terminalreporter.write_line(f"left out: {place}")


MESSAGE = re.compile(r"AssertionError: (.*\b(?:costcalc|docs|specs|tests)/\w.*|README\.md.*)")


def left_out(failure: str) -> str:
    """The first line of a failed assertion if its message names a file; empty if not.

    A missing row breaks other tests, too, in ways that say nothing of where it belongs.
    """
    match = MESSAGE.match(failure)
    return match[1] if match else ""


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Folders run on every core; a file or a test by name starts sooner in this process."""
    return None if any(Path(name).is_dir() for name in config.args) else 0


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares text to a file of tests/golden/; ``--update-golden`` writes it instead."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.write_text(text, encoding="utf-8", newline="")
        where = path.relative_to(GOLDEN.parent.parent)
        assert path.exists(), f"{where}: pytest --update-golden writes it, to be read"
        with path.open(encoding="utf-8", newline="") as file:
            assert text == file.read()

    return compare
