"""Answers about schemas: their names, or one as JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NamedTuple, overload

from costcalc.errors import did_you_mean, refuse
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.page import Column, Page, Row, Table

DIALECT = "http://json-schema.org/draft-07/schema#"
"""Draft 7: the latest that editors of YAML read whole."""


class Source(NamedTuple):
    """A row of the table of schemas: what it describes, and the call that makes it."""

    title: str
    module: str
    function: str
    arguments: tuple[str, ...] = ()


_FILES = "costcalc.schemas.data_files"

_COMMANDS = (
    *("report", "formula", "compare", "diff", "sweep", "solve", "check", "reconcile", "memory"),
    *("fits", "latency", "training", "networks", "conventions", "storages", "devices", "kinds"),
)
"""The commands whose JSON has a schema."""

SCHEMAS: Mapping[str, Source] = {
    "spec": Source("a network as YAML", "costcalc.schemas.spec", "spec"),
    "blocks": Source("a library of blocks, blocks/NAME.yaml", "costcalc.schemas.spec", "library"),
    "claims": Source("printed figures, for costcalc check", "costcalc.schemas.claims", "claims"),
    "convention": Source("a counting convention", _FILES, "convention"),
    "storage": Source("a way to keep a network's numbers", _FILES, "storage"),
    "device": Source("a device with its figures", _FILES, "device"),
    **{
        name: Source(f"the JSON of costcalc {name}", "costcalc.schemas.types", "command", (name,))
        for name in _COMMANDS
    },
}
"""The schemas by name: files that costcalc reads, then the JSON that it writes."""


@dataclass(frozen=True, repr=False)
class SchemaList(Answer):
    """The names of the schemas."""

    titles: Mapping[str, str]

    def page(self) -> Page:
        """One row for each."""
        columns = Column("name", "Name"), Column("title", "What it describes")
        rows = tuple(map(Row, self.titles.items()))
        notes = ("costcalc schema NAME prints one.",)
        return Page("JSON Schemas", (), (Table("JSON Schemas", columns, rows, notes),))

    def data(self) -> dict[str, Any]:
        """Names and titles."""
        rows = [{"name": name, "title": title} for name, title in self.titles.items()]
        return {"format_version": FORMAT_VERSION, "schemas": rows}


class Schema:
    """One JSON Schema.

    Attributes:
        name: its name, one of those that :func:`schema` lists.
    """

    def __init__(self, name: str, source: Source) -> None:
        """Makes the schema of a row of :data:`SCHEMAS`."""
        self.name = name
        make = getattr(import_module(source.module), source.function)
        head = {"$schema": DIALECT, "title": f"costcalc {name}", "description": source.title}
        self._data = {**head, **make(*source.arguments)}

    def data(self) -> dict[str, Any]:
        """The schema, as Python's ``jsonschema`` takes it."""
        return self._data

    def to_json(self) -> str:
        """The schema as a file."""
        return as_file(self._data)

    def __str__(self) -> str:
        return self.to_json().removesuffix("\n")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}; print() shows it>"


def as_file(data: Mapping[str, Any]) -> str:
    """A schema as JSON, with a line for each key, property and definition."""
    lines = []
    for key, value in data.items():
        if key in ("properties", "definitions"):
            inner = ",\n".join(f"    {_line(name)}: {_line(value[name])}" for name in value)
            lines.append(f"  {_line(key)}: {{\n{inner}\n  }}")
        else:
            lines.append(f"  {_line(key)}: {_line(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


@overload
def schema(name: None = None) -> SchemaList: ...
@overload
def schema(name: str) -> Schema: ...
def schema(name: str | None = None) -> SchemaList | Schema:
    """The JSON Schema of a file that costcalc reads, or of the JSON that an answer has.

    It is draft 7, generated from the tables that read the file.

    Args:
        name: ``"spec"``, ``"claims"``, ``"convention"``, ...; without it, the names.

    Returns:
        The schema, whose ``data()`` is its JSON as Python objects; or the names.

    Raises:
        SpecError: there is no schema of that name.

    >>> schema("spec").data()["required"]
    ['input', 'layers']
    """
    if name is None:
        return SchemaList({name: row.title for name, row in SCHEMAS.items()})
    if name not in SCHEMAS:
        hint = did_you_mean(name, SCHEMAS)
        refuse(None, f"there is no schema '{name}'", "one of " + ", ".join(SCHEMAS), hint=hint)
    return Schema(name, SCHEMAS[name])
