"""Answers about layer kinds: all of them, or one with its arguments and an example."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple, NoReturn, get_args

from costcalc.errors import refuse
from costcalc.kinds import KINDS, TABLE
from costcalc.kinds.base import Kind
from costcalc.kinds.examples import EXAMPLES, spec, step, written
from costcalc.kinds.lookup import hint
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.page import Column, Page, Row, Table
from costcalc.spec.arguments import STRUCTURES
from costcalc.spec.library import shipped_blocks


class Argument(NamedTuple):
    """An argument of a layer in a spec."""

    name: str
    default: str | None
    """In the notation of specs; None if there is none."""
    is_required: bool
    meaning: str

    @property
    def shown(self) -> str:
        """Its default as tables show it."""
        return "required" if self.is_required else self.default or ""


@dataclass(frozen=True, repr=False)
class KindList(Answer):
    """Every layer kind."""

    kinds: tuple[Kind, ...]

    def page(self) -> Page:
        """One table, in the order of the table of kinds."""
        columns = (
            Column("kind", "Kind"),
            Column("family", "Family", rank=1),
            Column("arguments", "Arguments"),
            Column("aliases", "Also called", rank=2),
        )
        rows = tuple(
            Row((kind.name, kind.family, arguments_text(kind), ", ".join(kind.aliases)))
            for kind in self.kinds
        )
        notes = ("costcalc kinds NAME shows one, with an example.",)
        return Page("Layer kinds", (), (Table("Layer kinds", columns, rows, notes),))

    def data(self) -> dict[str, Any]:
        """The object of ``costcalc kinds --format json``."""
        return {"format_version": FORMAT_VERSION, "kinds": [_facts(kind) for kind in self.kinds]}


@dataclass(frozen=True, repr=False)
class KindDescription(Answer):
    """One layer kind."""

    kind: Kind

    def page(self) -> Page:
        """Its example with the events in it, and its arguments."""
        kind, example = self.kind, EXAMPLES[self.kind.name]
        events = ", ".join(f"{count:,} {name}" for name, count in events_of(kind).items())
        facts = {
            "family": kind.family,
            "also called": ", ".join(kind.aliases),
            "becomes": kind.becomes,
            "inputs": str(kind.arity),
            "example": step(kind, example.attributes),
            "reads": " and ".join(map(written, example.inputs)),
            "gives": written(example.output),
            "events": events or "none",
        }
        columns = (
            Column("argument", "Argument"),
            Column("default", "Default"),
            Column("meaning", "What it is"),
        )
        rows = tuple(
            Row((argument.name, argument.shown, argument.meaning)) for argument in arguments(kind)
        )
        notes = () if rows else ("It has no arguments of its own.",)
        return Page(
            f"{kind.name}: {summary(kind)}",
            tuple((name, fact) for name, fact in facts.items() if fact),
            (Table("Arguments", columns, rows, notes),),
        )

    def data(self) -> dict[str, Any]:
        """The object of ``costcalc kinds NAME --format json``."""
        example = EXAMPLES[self.kind.name]
        return {
            "format_version": FORMAT_VERSION,
            **_facts(self.kind),
            "example": {
                "spec": spec(self.kind),
                "inputs": [list(shape) for shape in example.inputs],
                "output": list(example.output),
                "events": events_of(self.kind),
            },
        }


def kinds() -> KindList:
    """Every layer kind."""
    return KindList(TABLE)


def kind(name: str) -> KindDescription:
    """The layer kind of a name or an alias.

    Raises:
        SpecError: there is no such kind; the message suggests one.
    """
    if name not in KINDS:
        _refuse_unknown(name)
    return KindDescription(KINDS[name])


def _refuse_unknown(name: str) -> NoReturn:
    """Refuses a word that is not a layer kind.

    Raises:
        SpecError: always.
    """
    if name in STRUCTURES:
        refuse(None, f"'{name}' groups layers in a spec, and is not a kind of layer")
    words = hint(name, blocks=shipped_blocks())
    expected = "" if words else "a kind that 'costcalc kinds' lists"
    refuse(None, f"there is no layer kind '{name}'", expected, hint=words)


def summary(kind: Kind, quote: str = "'") -> str:
    """What a layer of the kind does, in a line; names are put in ``quote``."""
    return kind.does or operation_summary(kind, quote)


def operation_summary(kind: Kind, quote: str = "'") -> str:
    """What all layers with the kind's operation do, in a line."""
    first, _, _ = (inspect.getdoc(kind.operation) or "").partition("\n\n")
    return " ".join(first.split()).replace("``", quote)


def arguments(kind: Kind) -> tuple[Argument, ...]:
    """The arguments of a layer of the kind, the main one first."""
    names = sorted(kind.attributes, key=lambda name: name != kind.main)
    meanings = documented(kind.operation)
    lines = []
    for name in names:
        default = kind.default(name)
        is_required = name in kind.required
        shown = None if is_required or default is None else written(default)
        meaning = "; ".join(filter(None, (_meaning(kind.attributes[name]), meanings.get(name))))
        lines.append(Argument(name, shown, is_required, meaning))
    return tuple(lines)


def arguments_text(kind: Kind) -> str:
    """The arguments in a line, each with its default: ``out, kernel, stride 1``."""
    listed = arguments(kind)
    return ", ".join(f"{argument.name} {argument.default or ''}".rstrip() for argument in listed)


def _meaning(annotation: Any) -> str:
    """The meaning in an attribute's annotation: a phrase, or choices."""
    _, meaning, *_ = get_args(annotation)
    return meaning if isinstance(meaning, str) else ", ".join(meaning)


def events_of(kind: Kind) -> Mapping[str, int]:
    """The events in the kind's example, without those that do not occur."""
    return {name: count for name, count in EXAMPLES[kind.name].events._asdict().items() if count}


def _facts(kind: Kind) -> dict[str, Any]:
    return {
        "name": kind.name,
        "title": kind.title,
        "family": kind.family,
        "aliases": list(kind.aliases),
        "inputs": {"least": kind.arity.least, "most": kind.arity.most},
        "becomes": kind.becomes or None,
        "summary": summary(kind),
        "arguments": [argument._asdict() for argument in arguments(kind)],
    }


@cache
def documented(operation: Any) -> Mapping[str, str]:
    """The strings below the fields of a named tuple.

    They are read from its source, since Python does not keep them.
    """
    try:
        source = textwrap.dedent(inspect.getsource(operation))
    except OSError:  # an installation without sources
        return {}
    body = getattr(ast.parse(source).body[0], "body", [])
    meanings = {}
    for field, below in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr):
            text = " ".join(str(getattr(below.value, "value", "")).split()).rstrip(".")
            meanings[ast.unparse(field.target)] = text[:1].lower() + text[1:]
    return meanings
