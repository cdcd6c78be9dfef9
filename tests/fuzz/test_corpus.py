"""What the fuzzer found stays mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.corpus import FOLDER, read
from tests.fuzz.run import prepare, run

SMALL = 4_000
"""The most bytes of a file: what is found is made small before it is kept."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    prepare(tmp_path)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
@pytest.mark.usefixtures("folder")
def test_what_was_found(path: Path) -> None:
    found = read(path)
    outcome = run(found.case)
    assert not outcome.fault, found.found
    assert outcome.code == found.exit, outcome.message
    assert found.says in outcome.output + outcome.message
    assert path.stat().st_size < SMALL
