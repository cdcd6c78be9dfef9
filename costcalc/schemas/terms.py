"""The terms that schemas are written in: JSON Schema, draft 7, which editors read.

A value of a file is its text to costcalc, and text with a type to an editor: ``32`` is a
number, ``32 * alpha`` a string.  So a schema judges numbers, and takes any string for
arithmetic; the names in it are those of one file, which no schema knows.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from itertools import chain
from types import MappingProxyType
from typing import Any, TypeAlias

from costcalc.spec import limits
from costcalc.spec.numbers import measure_pattern

Term: TypeAlias = Any
"""A schema: a mapping, or ``False`` for what cannot be."""

NO_TERMS: Mapping[str, Term] = MappingProxyType({})

NOTHING: Term = {"type": "null"}
"""What is left out: ``~``, ``null`` or no text."""

WORD: Term = {"type": ["string", "number", "boolean"], "minLength": 1, "maxLength": limits.TEXT}
"""A scalar of any type, taken as its text."""

LINE: Term = {"type": [*WORD["type"], "null"], "maxLength": limits.TEXT}
"""A line of text, or none."""

ARITHMETIC: Term = {
    "type": [*WORD["type"], "null"],
    "maxLength": limits.EXPRESSION,
}
"""A number, a word or an expression."""


def described(term: Term, meaning: str, **more: Any) -> Term:
    """A term with what it means; beside a reference it would be ignored."""
    if not meaning and not more:
        return term
    inner = {"allOf": [term]} if "$ref" in term else term
    return {**({"description": meaning} if meaning else {}), **more, **inner}


def reference(name: str) -> Term:
    """A definition, by its name."""
    return {"$ref": f"#/definitions/{name}"}


def either(*terms: Term) -> Term:
    """Any of several terms."""
    if len(terms) == 1:
        return terms[0]
    flat = [term["anyOf"] if [*term] == ["anyOf"] else [term] for term in terms]
    return {"anyOf": [*chain.from_iterable(flat)]}


def one_of(words: Iterable[object]) -> Term:
    """One of some words or numbers."""
    return {"enum": [*words]}


def suggested(words: Iterable[object]) -> Term:
    """Words to complete, and any other expression."""
    return either(one_of(words), ARITHMETIC)


def whole(least: int, most: int = limits.SIZE) -> Term:
    """A whole number within bounds, or arithmetic."""
    return {
        "type": ["integer", "string"],
        "minimum": least,
        "maximum": most,
        "minLength": 1,
        "maxLength": limits.EXPRESSION,
    }


def counted(most: int) -> Term:
    """A whole number from 1, as such or as text."""
    bounds = {"minimum": 1, "maximum": most, "pattern": "^0*[1-9][0-9]*$"}
    return {"type": ["integer", "string"], **bounds}


def listed(items: Term, least: int = 0, most: int | None = None) -> Term:
    """A list."""
    bounds = {"minItems": least} if least else {}
    return {"type": "array", "items": items, **bounds, **({"maxItems": most} if most else {})}


def one_or_more(item: Term) -> Term:
    """One, or a list of them."""
    return either(item, listed(item))


def named(words: Iterable[str]) -> Term:
    """The name of a file that ships, or the path of one; or none."""
    return either(one_of(words), LINE)


def pattern(regex: re.Pattern[str]) -> str:
    """A pattern that text must match as a whole, in the syntax that Python shares with JavaScript.

    It has no named groups, and its classes are those of ASCII.
    """
    text = re.sub(r"\?P<\w+>", "?:", regex.pattern)
    text = re.sub(r"(?<!\[)\\w", "[A-Za-z0-9_]", text).replace(r"[\w", "[A-Za-z0-9_")
    return rf"^\s*(?:{text.replace(chr(92) + 'd', '[0-9]')})\s*$"


def measured(unit: str) -> Term:
    """A quantity in a unit, with one of its prefixes."""
    return {"type": "string", "pattern": pattern(measure_pattern(unit))}


def mapping(
    properties: Mapping[str, Term],
    required: Collection[str] = (),
    others: Term = False,
    shared: Mapping[str, Iterable[str]] = NO_TERMS,
) -> Term:
    """A mapping with some keys.

    Args:
        properties: the values of its keys.
        required: the keys that it must have.
        others: the values of other keys, which by default it cannot have.
        shared: more of its keys, by the definition that has their values.  They are named
            beside the others, since ``additionalProperties`` sees no definition.
    """
    named = {name: True for names in shared.values() for name in names}
    return {
        "type": "object",
        **({"allOf": [*map(reference, shared)]} if shared else {}),
        "properties": {**named, **properties},
        **({"required": [*required]} if required else {}),
        "additionalProperties": others,
    }


def by_name(value: Term, names: Term | None = None, most: int | None = None) -> Term:
    """A mapping from names that a file chooses itself."""
    term: dict[str, Any] = {"type": "object", "additionalProperties": value}
    if names is not None:
        term["propertyNames"] = names
    if most is not None:
        term["maxProperties"] = most
    return term


def keyed(table: Mapping[str, str], values: Mapping[str, Term]) -> dict[str, Term]:
    """The keys of a reader's table, each with its value and what it means.

    Raises:
        KeyError: the table has a key whose value is not stated.
    """
    return {name: described(values[name], meaning) for name, meaning in table.items()}


def choice(cell: Term) -> Term:
    """``{parameter: {value: cell, ...}}``: what the value of a parameter picks."""
    cases = by_name(cell, most=limits.CASES)
    return {**by_name(cases), "minProperties": 1, "maxProperties": 1}


def prefixed(prefix: str, terms: Mapping[str, Term]) -> dict[str, Term]:
    """Definitions with a prefix to their names."""
    return {f"{prefix}-{name}": term for name, term in terms.items()}


def referred(prefix: str, names: Iterable[str]) -> dict[str, Term]:
    """References to such definitions."""
    return {name: reference(f"{prefix}-{name}") for name in names}
