"""Writes the tables of the layer kinds: ``docs/kinds.md``, and those of the spec language."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Set
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from costcalc.exporters import EXPORTERS
from costcalc.importers import IMPORTERS, missing
from costcalc.kinds import TABLE
from costcalc.kinds.base import Kind
from costcalc.kinds.examples import EXAMPLES, step, written
from costcalc.reporting.kinds import arguments, events_of, operation_summary, summary

DOCS = Path(__file__).parents[1] / "docs"


def alike(kinds: Iterable[Kind]) -> list[list[Kind]]:
    """Kinds by the operation that they share."""
    groups: dict[object, list[Kind]] = {}
    for kind in kinds:
        groups.setdefault((kind.operation, kind.family), []).append(kind)
    return list(groups.values())


def language() -> str:
    """Every kind with its arguments, those that differ in their name alone in one row."""
    lines = [
        "| kind | arguments, the main one first | what it is | also called |",
        "|---|---|---|---|",
    ]
    for kinds in alike(TABLE):
        first = kinds[0]
        does = summary(first, "`") if len(kinds) == 1 else operation_summary(first, "`")
        said = ", ".join(
            f"`{each.name}` {each.default or ''}".rstrip() for each in arguments(first)
        )
        others = "; ".join(
            ", ".join(f"`{alias}`" for alias in kind.aliases) for kind in kinds if kind.aliases
        )
        names = ", ".join(f"`{kind.name}`" for kind in kinds)
        lines.append(f"| {names} | {said or 'none'} | {does} | {others} |")
    return "\n".join(lines)


def sections() -> str:
    """Every kind with its example, family by family."""
    return "\n\n".join(_family(family) for family in dict.fromkeys(kind.family for kind in TABLE))


def _family(family: str) -> str:
    parts = [f"## {family.replace('_', ' ')}"]
    members = [kind for kind in TABLE if kind.family == family]
    for kinds in alike(members):
        parts.append(operation_summary(kinds[0], "`"))
        parts.append("\n".join(_examples(kinds)))
        said = arguments(kinds[0])
        if said:
            lines = ["| argument | default | what it is |", "|---|---|---|"]
            lines += [f"| `{each.name}` | {each.shown} | {each.meaning} |" for each in said]
            parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _examples(kinds: list[Kind]) -> Iterator[str]:
    """A row for each kind; what it does has a column where several share the operation."""
    titles = ["kind", "example", "reads", "gives", "events"]
    if kinds[0].does:
        titles.insert(1, "what it does")
    yield f"| {' | '.join(titles)} |"
    yield "|---" * len(titles) + "|"
    for kind in kinds:
        example = EXAMPLES[kind.name]
        reads = ", ".join(map(written, example.inputs)) or "nothing"
        events = ", ".join(f"{count:,} {name}" for name, count in events_of(kind).items())
        said = step(kind, example.attributes)
        cells = [f"`{kind.name}`", f"`{said}`", reads, written(example.output), events or "none"]
        if kind.does:
            cells.insert(1, kind.does)
        yield f"| {' | '.join(cells)} |"


class Framework(NamedTuple):
    """A framework or a tool, with the kinds that do not go out to it, or come in from it."""

    title: str
    out: Mapping[str, str] | None = None
    """The reasons; None where nothing is written for it."""
    into: Mapping[str, str] | None = None


OUT = {row.title: import_module(row.module).MISSING for row in EXPORTERS}
FRAMEWORKS = [
    Framework(title, OUT.get(title), missing.MISSING.get(title))
    for title in dict.fromkeys((*OUT, *(row.title for row in IMPORTERS)))
]


def frameworks() -> str:
    """Which kinds go out to frameworks and come in from them."""
    titles = [each.title for each in FRAMEWORKS]
    lines = [f"| kind | {' | '.join(titles)} |", "|---" * (len(titles) + 1) + "|"]
    for kind in TABLE:
        name = kind.becomes or kind.name
        cells = (
            " and ".join(
                word
                for word, reasons in (("out", each.out), ("in", each.into))
                if reasons is not None and name not in reasons
            )
            for each in FRAMEWORKS
        )
        lines.append(f"| `{kind.name}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def reasons() -> str:
    """Why the others do not."""
    parts = []
    for each in FRAMEWORKS:
        out, into = (each.out or {}).items(), (each.into or {}).items()
        for title, found in (
            (f"{each.title}, out and in", out & into),
            (f"Out to {each.title}", out - into),
            (f"In from {each.title}", into - out),
        ):
            if found:
                parts.append("\n".join((f"{title}:", "", *_by_reason(found))))
    return "\n\n".join(parts)


def _by_reason(found: Set[tuple[str, str]]) -> Iterator[str]:
    """Kinds and reasons, in the order of the kinds, each reason once."""
    kinds: dict[str, list[str]] = {}
    for kind in TABLE:
        for reason in (reason for name, reason in found if name == kind.name):
            kinds.setdefault(reason, []).append(f"`{kind.name}`")
    for reason, names in kinds.items():
        yield f"- {', '.join(names)}: {reason}"


TABLES = {
    "spec-language.md": {"kinds": language},
    "kinds.md": {"kinds": sections, "frameworks": frameworks, "reasons": reasons},
}
"""The tables of each page, by the marks that they stand between."""


def filled(page: str) -> str:
    """A page with its tables as the kinds are now."""
    text = (DOCS / page).read_text(encoding="utf-8")
    for name, table in TABLES[page].items():
        start, end = f"<!-- {name} -->\n", "<!-- end -->"
        before, _, rest = text.partition(start)
        text = f"{before}{start}{table()}\n{end}{rest.partition(end)[2]}"
    return text


if __name__ == "__main__":
    for each in TABLES:
        (DOCS / each).write_text(filled(each), encoding="utf-8")
    sys.exit(0)
