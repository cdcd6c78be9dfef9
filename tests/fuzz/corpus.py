"""What was found: one file for each case that went wrong, with what comes of it now."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.fuzz.case import Case
from tests.fuzz.run import Outcome

FOLDER = Path(__file__).parent / "corpus"


class Found(NamedTuple):
    """A case that went wrong once."""

    found: str
    """What was wrong."""
    case: Case
    exit: int
    """The exit code that it has."""
    says: str
    """Words of what is printed."""


def read(path: Path) -> Found:
    """One file of the corpus."""
    data = yaml.load(path.read_bytes(), yaml.CSafeLoader)
    files = {
        name: text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
        for name, text in data.get("files", {}).items()
    }
    line = tuple(shlex.split(data["line"]) if isinstance(data["line"], str) else data["line"])
    about = data.get("about", "")
    case = Case(
        line,
        files,
        data.get("input", "").encode(),
        data.get("agreement", ""),
        about,
        data.get("columns", 0),
    )
    return Found(data["found"], case, data["exit"], data.get("says", ""))


def write(path: Path, case: Case, outcome: Outcome) -> None:
    """Writes a case as a file of the corpus, for a person to make small and to describe."""
    data: dict[str, Any] = {"found": outcome.fault, "line": list(case.line)}
    data["files"] = {name: _text(content) for name, content in case.files.items()}
    if case.input:
        data["input"] = case.input.decode("utf-8", "backslashreplace")
    if case.agreement:
        data |= {"agreement": case.agreement, "about": case.about}
    if case.columns:
        data["columns"] = case.columns
    data |= {"exit": outcome.code, "says": ""}
    text = yaml.dump(data, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=100)
    path.write_text(text, encoding="utf-8")


def _text(content: bytes) -> str | bytes:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return content
    return text if text.replace("\n", "").isprintable() else content
