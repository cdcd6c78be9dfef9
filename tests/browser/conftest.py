"""Interactive pages in a browser: tests of their own, ``nox -s browser``."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import costcalc
from tests.browser.reader import Reader

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")

Opening = Callable[..., Reader]
"""Opens a file: ``read(path, hash)``, with options of :class:`Reader`."""

Making = Callable[..., Path]
"""The file of the page that ``costcalc.page`` makes of the same arguments."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", metavar="FOLDER", help="write what pages look like to FOLDER")


def pytest_configure(config: pytest.Config) -> None:
    """Without a browser there is no verdict, and a skipped test would look like one."""
    missing = {
        "playwright": find_spec("playwright") is None,
        "Chromium (or its path in CHROMIUM)": chromium() is None,
        "axe-core (its axe.min.js in AXE_CORE)": not Path(os.environ.get("AXE_CORE", "")).is_file(),
        "terser (its command in TERSER)": not Path(os.environ.get("TERSER", "")).is_file(),
    }
    if any(missing.values()):
        names = ", ".join(name for name, is_missing in missing.items() if is_missing)
        raise pytest.UsageError(f"tests/browser needs {names}: nox -s browser")


def chromium() -> str | None:
    """The path of a Chromium that is installed."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUMS)), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A Chromium without a screen."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Root, as in a container, cannot have a sandbox; a container's shared memory is small.
        options = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        opened = playwright.chromium.launch(executable_path=chromium(), args=options)
        yield opened
        opened.close()


@pytest.fixture
def read(browser: Any) -> Iterator[Opening]:
    """Opens files for a reader; no page may ask for another file, or complain."""
    readers: list[Reader] = []

    def opening(path: Path, hash: str = "", **options: Any) -> Reader:
        readers.append(Reader(browser, path, hash, **options))
        return readers[-1]

    yield opening
    for reader in readers:
        reader.close()
    assert [reader.complaints for reader in readers] == [[]] * len(readers)
    assert {request for reader in readers for request in reader.requests} == {
        reader.path.as_uri() for reader in readers
    }


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Making:
    """The files of pages, each made once."""
    folder = tmp_path_factory.mktemp("pages")
    files: dict[str, Path] = {}

    def making(*networks: Any, **options: Any) -> Path:
        key = repr((networks, options))
        if key not in files:
            path = folder / f"page{len(files)}.html"
            costcalc.page(*networks, **options).save(path)
            files[key] = path
        return files[key]

    return making


@pytest.fixture
def page(made: Making, read: Opening) -> Opening:
    """Opens the page of some networks: ``page("vgg16", convention="torch")``."""

    def opening(*networks: Any, hash: str = "", reading: Any = (), **options: Any) -> Reader:
        return read(made(*networks, **options), hash, **dict(reading))

    return opening


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Callable[[Reader, str], None]:
    """Writes what a reader sees to the folder that was asked for, to be looked at."""
    folder = request.config.getoption("--pictures")
    return partial(_write_picture, folder)


def _write_picture(folder: str | None, reader: Reader, name: str) -> None:
    if folder:
        reader.page.screenshot(path=Path(folder, f"{name}.png"), full_page=True)
