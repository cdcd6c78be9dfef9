"""YAML syntax errors, explained for people who do not write YAML every day."""

from __future__ import annotations

import yaml

from costcalc.errors import Mark, Problem

_ADVICE = (
    ("a tab", "spaces instead of the tab"),
    (
        "find expected key",
        "one column for lines that belong together, and each bracket closed once",
    ),
    ("expected '-' indicator", "'- ' before each item of the list, in one column"),
    ("expected ','", "a comma, or the bracket that closes what was opened"),
    (
        "cannot start any token",
        "spaces instead of a tab; quotes around text with @, ` or % in front",
    ),
    ("mapping values", "quotes around text that has ': ' in it, or the column of the line above"),
    ("unexpected end of stream", "the quotes that close the text"),
    ("escape character", "single quotes, in which a backslash is itself"),
)
"""How to fix an error, by a phrase of the parser's message."""


def malformed(error: yaml.YAMLError, file: str) -> Problem:
    """The parser's error as a problem: where the open construct began, and how to fix it."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return Problem(Mark(file), f"not YAML: {str(error).splitlines()[0]}")
    place = error.problem_mark or error.context_mark
    mark = Mark(file, place.line + 1, place.column + 1) if place else Mark(file)
    message = error.problem or error.context or ""
    start = error.context_mark
    construct = f"{error.context}, which begins on line {start.line + 1}" if start else ""
    hint = next((advice for words, advice in _ADVICE if words in message), "")
    return Problem(mark, f"not YAML: {message}", found=construct, hint=hint)
