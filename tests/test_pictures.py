"""The pictures of the documentation show what is printed today."""

from __future__ import annotations

import html
import importlib.util
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
_TEXT = re.compile(r'<text [^>]*?y="([\d.]+)"[^>]*>(.*?)</text>')


def letters(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_the_report_in_the_readme_is_todays() -> None:
    """``.venv/bin/python tools/make_pictures.py`` makes it anew."""
    spec = importlib.util.spec_from_file_location(
        "make_pictures", ROOT / "tools" / "make_pictures.py"
    )
    assert spec is not None and spec.loader is not None
    pictures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pictures)
    printed = re.sub(r"\x1b\[[0-9;]*m", "", pictures.report())
    svg = (ROOT / "docs" / "images" / "report.svg").read_text(encoding="utf-8")
    shown: dict[str, str] = {}
    for y, text in _TEXT.findall(svg.partition('-matrix">')[2]):
        shown[y] = shown.get(y, "") + html.unescape(text)
    lines = [letters(line) for line in printed.splitlines()]
    assert [letters(line) for line in shown.values() if letters(line)] == list(filter(None, lines))
    assert "http" not in re.sub(r'xmlns="[^"]*"|<!--.*?-->', "", svg)
