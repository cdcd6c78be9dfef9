"""Answers about storages: all that ship, or one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.page import Column, Page, Row, Table
from costcalc.storing.storage import ROLES, Storage


@dataclass(frozen=True, repr=False)
class Storages(Answer):
    """The storages that ship."""

    storages: tuple[Storage, ...]

    def page(self) -> Page:
        """One row for each storage."""
        columns = (
            Column("name", "Storage"),
            Column("activations", "Activations", "right", rank=2),
            Column("weights", "Weights", "right", rank=2),
            Column("planner", "Planner", rank=1),
            Column("title", "What it keeps"),
        )
        rows = tuple(
            Row((row.name, row.bits["activations"], row.bits["weights"], row.planner, row.title))
            for row in self.storages
        )
        return Page("Storages", (), (Table("Storages, in bits", columns, rows),))

    def data(self) -> dict[str, Any]:
        """The object of ``costcalc storages --format json``."""
        rows = [_data(storage) for storage in self.storages]
        return {"format_version": FORMAT_VERSION, "storages": rows}


@dataclass(frozen=True, repr=False)
class StorageRules(Answer):
    """One storage: bits, what is one step, what works in place, the planner."""

    storage: Storage

    def page(self) -> Page:
        """The bits by role, and the rules."""
        storage = self.storage
        facts = (
            ("source", storage.source),
            ("norms", storage.norms),
            ("fused", ", ".join(storage.fused) or "nothing"),
            ("in place", ", ".join(storage.in_place) or "nothing"),
            ("concat", storage.concat),
            ("kept", ", ".join(storage.keeps) or "nothing"),
            ("scales", _scales(storage)),
            ("planner", f"{storage.planner}, alignment {storage.alignment}"),
            ("unit", storage.unit),
        )
        columns = (Column("role", "Numbers"), Column("bits", "Bits", "right"))
        rows = [Row((role.replace("_", " "), storage.bits[role])) for role in ROLES]
        rows += [Row((f"weights of {name}", bits)) for name, bits in storage.mixed.items()]
        tables = [Table("Bits", columns, tuple(rows))]
        if storage.scratch:
            columns = (Column("kind", "Layers"), Column("bytes", "Scratch, bytes"))
            rows = [
                Row((name, " and ".join(rule.text for rule in rules)))
                for name, rules in storage.scratch.items()
            ]
            tables.append(Table("Scratch", columns, tuple(rows)))
        return Page(f"{storage.name}: {storage.title}", facts, tuple(tables))

    def data(self) -> dict[str, Any]:
        """The object of ``costcalc storages NAME --format json``."""
        return {"format_version": FORMAT_VERSION, **_data(self.storage)}


def _scales(storage: Storage) -> str:
    if not storage.scales:
        return "none"
    group = storage.scales.get("group")
    each = "channel" if group is None else f"{group} weights"
    return f"{storage.scales['bits']} bits for each {each}"


def _data(storage: Storage) -> dict[str, Any]:
    scratch = {name: [rule.text for rule in rules] for name, rules in storage.scratch.items()}
    return {
        **{name: _plain(value) for name, value in storage._asdict().items()},
        "scratch": scratch,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if hasattr(value, "items") else value
