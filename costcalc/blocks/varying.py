"""Where groups of steps differ: values that differ, and all the places that have them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from costcalc.blocks.alignment import ABSENT, Column, Template, Templates, every
from costcalc.blocks.block import Block
from costcalc.kinds import KINDS
from costcalc.kinds.base import Width

_USUAL = ("block", "blocks", "layer", "layers", "features", "body", "conv_pw", "conv_dw")
"""Words that modules are called whatever they do."""


class Slot(NamedTuple):
    """A place of a template where groups differ."""

    template: Template
    name: str


class Differing:
    """Values that differ from group to group, and all the places that have them."""

    def __init__(self, slot: Slot, column: Column, is_width: bool) -> None:
        self.slots = [slot]
        self.column = column
        self.is_width = is_width

    def takes(self, slot: Slot, column: Column, is_width: bool) -> bool:
        """Adds a place whose values agree wherever both are there."""
        if is_width != self.is_width or (not is_width and slot.name != self.slots[0].name):
            return False
        both = [
            (a, b)
            for a, b in zip(self.column, column, strict=True)
            if a is not ABSENT and b is not ABSENT
        ]
        if not both or any(type(a) is not type(b) or a != b for a, b in both):
            return False
        self.column = tuple(
            b if a is ABSENT else a for a, b in zip(self.column, column, strict=True)
        )
        self.slots.append(slot)
        return True

    @property
    def known(self) -> set[Any]:
        """Its values, those that are there."""
        return {value for value in self.column if value is not ABSENT}


def differing(templates: Templates, blocks: Mapping[str, Block]) -> list[Differing]:
    """All values that differ, places of the same values together."""
    found: list[Differing] = []
    for template in every(templates):
        for name, column in template.values.items():
            values = [value for value in column if value is not ABSENT]
            if all(type(v) is type(values[0]) and v == values[0] for v in values[1:]):
                continue
            if name in ("first_only", "shares"):
                continue
            if name == "bias" and _follows_norm(template):
                continue
            is_width = _is_width(template, name, blocks)
            slot = Slot(template, name)
            if not any(each.takes(slot, column, is_width) for each in found):
                found.append(Differing(slot, column, is_width))
    return found


def _is_width(template: Template, name: str, blocks: Mapping[str, Block]) -> bool:
    if template.word in blocks:
        return (
            blocks[template.word].parameters[name].is_width
            if name in blocks[template.word].parameters
            else False
        )
    return template.word in KINDS and KINDS[template.word].attributes.get(name) is Width


def _follows_norm(template: Template) -> bool:
    """Whether a bias is there where there is no norm, as a line says by saying nothing."""
    norms = template.values.get("norm", ())
    return bool(norms) and all(
        bias is ABSENT or bias == (norm == "none")
        for bias, norm in zip(template.values["bias"], norms, strict=True)
    )


def squeezed(templates: Templates) -> frozenset[int]:
    """Layers that squeeze channels which others weigh: those behind the pool of a multiply."""
    found = set()
    for each in every(templates):
        for _, part in each.parts if each.word == "multiply" else ():
            weighted = [step for step in part if "out" in step.values]
            if weighted and part[0].word in ("global_avg_pool", "adaptive_avg_pool", "mean"):
                found.add(id(weighted[0]))
    return frozenset(found)


def word(slot: Slot, with_numbers: bool) -> str:
    """What the network calls a layer, but for what is said of every layer."""
    parts = [
        part
        for part in slot.template.path.split("/")
        if (with_numbers and part.isdigit())
        or part.rstrip("0123456789_") not in ("", *KINDS, *_USUAL)
    ]
    if all(part.isdigit() for part in parts):
        return ""
    return re.sub(r"\W+", "_", "_".join(parts), flags=re.ASCII).strip("_").lower()
