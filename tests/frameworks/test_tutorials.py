"""The pages whose commands need PyTorch; tests/test_readme.py runs the others."""

from pathlib import Path

import pytest

from tests.test_readme import ROOT, check

PAGES = [
    path
    for path in sorted((ROOT / "docs").rglob("*.md"))
    if "\n$ costcalc report torch:" in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_a_page_prints_what_it_shows(page: Path, tmp_path: Path) -> None:
    check(page.read_text(encoding="utf-8"), tmp_path)


def test_there_is_such_a_page() -> None:
    assert [page.stem for page in PAGES] == ["pytorch"]
