"""Answers about conventions: all that ship, or the rules of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from costcalc.costs.measured import undefined, unmeasured
from costcalc.costs.rules import COUNTS, UNITS, Convention
from costcalc.kinds import TABLE
from costcalc.kinds.base import Kind
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.page import Column, Page, Row, Table


@dataclass(frozen=True, repr=False)
class Conventions(Answer):
    """The conventions that ship."""

    conventions: tuple[Convention, ...]

    def page(self) -> Page:
        """One row for each convention."""
        columns = (
            Column("name", "Convention"),
            Column("unit", "Unit"),
            Column("title", "What it counts"),
            Column("version", "Version", rank=1),
        )
        rows = tuple(
            Row(
                (
                    convention.name,
                    UNITS[convention.unit].title,
                    convention.title,
                    convention.version,
                )
            )
            for convention in self.conventions
        )
        return Page("Conventions", (), (Table("Conventions", columns, rows),))

    def data(self) -> dict[str, Any]:
        """The object of ``costcalc conventions --format json``."""
        rows = [_convention_data(convention) for convention in self.conventions]
        return {"format_version": FORMAT_VERSION, "conventions": rows}


@dataclass(frozen=True, repr=False)
class ConventionRules(Answer):
    """What one convention counts for each layer kind, with sources."""

    convention: Convention

    def page(self) -> Page:
        """The rules, in the order of the table of layer kinds."""
        convention = self.convention
        columns = (
            Column("layers", "Layers"),
            Column("mult_adds", UNITS[convention.unit].title),
            Column("params", "Params"),
            Column("source", "Source", rank=2),
            Column("note", "Note", rank=1),
        )
        rows = []
        for name in _order(convention):
            mult_adds = convention.mult_adds.get(name)
            params = convention.params.get(name)
            rule = mult_adds or params
            assert rule is not None  # _order lists only names with a rule
            cells = (
                name,
                mult_adds.text if mult_adds else None,
                params.text if params else None,
                rule.source,
                "; ".join(note for note in _notes(convention, name) if note),
            )
            is_quiet = not any(rule and rule.expression for rule in (mult_adds, params))
            rows.append(Row(cells, is_quiet=is_quiet))
        facts = [("unit", UNITS[convention.unit].title), ("source", convention.source)]
        if convention.tool:
            facts.insert(0, ("tool", f"{convention.tool}, {convention.version}"))
        notes = (
            "An empty cell: the rule of the family holds.",
            *_coverage(convention),
            "CSV, Markdown and JSON have room for every source and note.",
        )
        table = Table("Rules", columns, tuple(rows), notes)
        return Page(f"{convention.name}: {convention.title}", tuple(facts), (table,))

    def data(self) -> dict[str, Any]:
        """The object of ``costcalc conventions NAME --format json``."""
        return {"format_version": FORMAT_VERSION, **_convention_data(self.convention)}


def _coverage(convention: Convention) -> Iterator[str]:
    """Notes on the kinds on which the tool was not run, and on those that are not defined."""
    by_family = unmeasured(convention)
    if by_family:
        yield f"By their family's rule, on which the tool was not run: {_names(by_family)}."
    for reason, kinds in undefined(convention).items():
        yield f"Not defined: {_names(kinds)}" + (f" ({reason})." if reason else ".")


def _names(kinds: Sequence[Kind]) -> str:
    return ", ".join(kind.name for kind in kinds)


def _order(convention: Convention) -> list[str]:
    """The families and kinds with rules, each family before its kinds."""
    names = (name for kind in TABLE for name in (kind.family, kind.name))
    ruled = {*convention.mult_adds, *convention.params}
    return [name for name in dict.fromkeys(names) if name in ruled]


def _notes(convention: Convention, name: str) -> list[str]:
    rules = (convention.mult_adds.get(name), convention.params.get(name))
    return list(dict.fromkeys(rule.note for rule in rules if rule))


def _convention_data(convention: Convention) -> dict[str, Any]:
    return {
        "name": convention.name,
        "title": convention.title,
        "tool": convention.tool,
        "version": convention.version,
        "unit": convention.unit,
        "source": convention.source,
        "rules": [
            {
                "metric": metric,
                "kind": kind,
                "rule": rule.text,
                "source": rule.source,
                "note": rule.note,
            }
            for metric in COUNTS
            for kind, rule in convention.rules(metric).items()
        ],
        "unmeasured": [kind.name for kind in unmeasured(convention)],
        "undefined": {
            kind.name: reason for reason, kinds in undefined(convention).items() for kind in kinds
        },
    }
