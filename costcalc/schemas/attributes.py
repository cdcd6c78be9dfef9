"""Schemas of the values of arguments: one for each annotation of a kind's attributes."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, get_args

from costcalc.kinds.base import (
    Axes,
    Axis,
    Count,
    FirstAxis,
    Flag,
    Kind,
    Number,
    Offset,
    Offsets,
    OpenSides,
    Padding,
    Sides,
    Spatial,
    Width,
    Word,
)
from costcalc.reporting.kinds import arguments
from costcalc.schemas.terms import (
    ARITHMETIC,
    NOTHING,
    WORD,
    Term,
    choice,
    described,
    either,
    listed,
    one_of,
    reference,
    suggested,
    whole,
)
from costcalc.spec import limits

EXPRESSION: Term = either(ARITHMETIC, reference("choice"))
"""A number, a word or an expression, or what the value of a parameter picks."""


def _size(least: int) -> Term:
    """A whole number, or a choice among them."""
    return either(whole(least), reference("choice"))


def _per_axis(least: int) -> Term:
    """A whole number, or one for each axis."""
    return either(whole(least), listed(_size(least), 1, limits.AXES))


_AXIS = whole(-limits.AXES, limits.AXES - 1)
_TRUTH: Term = {"type": ["boolean", "number", "string"], "maxLength": limits.EXPRESSION}
_SIDES = either(whole(1), listed(_size(1), most=limits.AXES))
_PAD = either(*_size(0)["anyOf"], listed(_size(0), 2, 2))

BARE: Mapping[str, tuple[Any, Term]] = {
    "width": (Width, whole(1)),
    "count": (Count, whole(1)),
    "offset": (Offset, whole(0)),
    "number": (Number, {"type": ["number", "string"], "maxLength": limits.EXPRESSION}),
    "flag": (Flag, _TRUTH),
    "spatial": (Spatial, _per_axis(1)),
    "offsets": (Offsets, _per_axis(0)),
    "padding": (
        Padding,
        either(one_of(("same", "valid")), whole(0), listed(_PAD, 1, limits.AXES)),
    ),
    "axis": (Axis, _AXIS),
    "first-axis": (FirstAxis, _AXIS),
    "axes": (Axes, either(_AXIS, listed(either(_AXIS, reference("choice")), 1, limits.AXES))),
    "sides": (Sides, _SIDES),
    "open-sides": (OpenSides, either(whole(-1), listed(_size(-1), most=limits.AXES))),
    "word": (Word, {**WORD, "maxLength": limits.EXPRESSION}),
}
"""What may stand for an attribute with each annotation, other than a choice or nothing."""

SHAPE: Term = either(_per_axis(1), reference("choice"))
"""A shape, as a list or as papers print it."""

_NAMES: Mapping[Any, str] = {annotation: name for name, (annotation, _) in BARE.items()}


def definitions() -> dict[str, Term]:
    """What these schemas refer to."""
    values = {
        f"value-{name}": either(term, *(() if name == "word" else (reference("choice"),)), NOTHING)
        for name, (_, term) in BARE.items()
    }
    return {
        "choice": described(choice(ARITHMETIC), "{parameter: {value: what holds there}}"),
        "argument": either(ARITHMETIC, reference("choice"), listed(reference("argument"))),
        **values,
    }


def bare(annotation: Any) -> Term:
    """What may stand for an attribute, other than a choice or nothing."""
    name = _NAMES.get(annotation)
    return suggested(get_args(annotation)[1]) if name is None else BARE[name][1]


def _value(annotation: Any) -> Term:
    """What may stand for an attribute."""
    name = _NAMES.get(annotation)
    if name is None:
        return either(bare(annotation), reference("choice"), NOTHING)
    return reference(f"value-{name}")


def attributes(kind: Kind) -> dict[str, Term]:
    """The attributes of a layer kind, the main one first."""
    terms = {}
    for argument in arguments(kind):
        default = _plain(kind.default(argument.name))
        shown = {} if default is None else {"default": default}
        term = _value(kind.attributes[argument.name])
        terms[argument.name] = described(term, argument.meaning, **shown)
    return terms


def _plain(default: Any) -> Any:
    """An attribute's default in JSON; None if it has none."""
    if isinstance(default, tuple):
        return [*map(_plain, default)]
    return str(default) if isinstance(default, Fraction) else default
