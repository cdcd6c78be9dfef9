"""Values in which the instances of a block differ, and the places where they occur."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from costcalc.blocks.alignment import AlignedStep, AlignedSteps, every
from costcalc.blocks.columns import ABSENT, Column, computed, fits, is_constant, is_same, present
from costcalc.blocks.steps import Block
from costcalc.kinds import KINDS
from costcalc.kinds.base import Width

_USUAL = ("block", "blocks", "layer", "layers", "features", "body", "conv_pw", "conv_dw")
"""Names of modules that do not describe them."""


class AttributePlace(NamedTuple):
    """The place of a value: an attribute of a step."""

    step: AlignedStep
    name: str

    @property
    def column(self) -> Column:
        """The value in each instance."""
        return self.step.column(self.name)

    @property
    def key(self) -> tuple[int, str]:
        """The unique key of the place."""
        return id(self.step), self.name


class VaryingValue:
    """A value that varies between instances, and the places where it occurs."""

    def __init__(self, place: AttributePlace, is_width: bool) -> None:
        self.places = [place]
        self.column = place.column
        self.is_width = is_width

    def takes(self, place: AttributePlace, is_width: bool) -> bool:
        """Adds a place if its values agree wherever both are present; whether they do."""
        if is_width != self.is_width or (not is_width and place.name != self.places[0].name):
            return False
        agreeing = present(computed(is_same, self.column, place.column))
        if not agreeing or not all(agreeing):
            return False
        self.column = tuple(
            there if here is ABSENT else here
            for here, there in zip(self.column, place.column, strict=True)
        )
        self.places.append(place)
        return True

    @property
    def values(self) -> set[Any]:
        """The values in all instances."""
        return set(present(self.column))


def varying(steps: AlignedSteps, blocks: Mapping[str, Block]) -> list[VaryingValue]:
    """All values that vary; places with the same values are one."""
    values: list[VaryingValue] = []
    for step in every(steps):
        for name in step.names:
            place = AttributePlace(step, name)
            if is_constant(place.column) or name in ("first_only", "shares"):
                continue
            if name == "bias" and _follows_norm(step):
                continue
            is_width = _is_width(step, name, blocks)
            if not any(value.takes(place, is_width) for value in values):
                values.append(VaryingValue(place, is_width))
    return values


def _is_width(step: AlignedStep, name: str, blocks: Mapping[str, Block]) -> bool:
    if step.word in blocks:
        parameter = blocks[step.word].parameters.get(name)
        return parameter is not None and parameter.is_width
    return step.word in KINDS and KINDS[step.word].attributes.get(name) is Width


def _follows_norm(step: AlignedStep) -> bool:
    """Whether there is a bias exactly where there is no norm, which is the default."""
    has_no_norm = computed(lambda norm: norm == "none", step.column("norm"))
    return "norm" in step.names and fits(step.column("bias"), has_no_norm)


def squeezed(steps: AlignedSteps) -> frozenset[int]:
    """The squeezing layers of squeeze-and-excite blocks: the first after a multiply's pool."""
    layers = set()
    for step in every(steps):
        for _, part in step.parts if step.word == "multiply" else ():
            weighted = [inner for inner in part if "out" in inner.names]
            if weighted and part[0].word in ("global_avg_pool", "adaptive_avg_pool", "mean"):
                layers.add(id(weighted[0]))
    return frozenset(layers)


def word(place: AttributePlace, with_numbers: bool) -> str:
    """The network's name for a layer, without words that any layer may have."""
    parts = [
        part
        for part in place.step.path.split("/")
        if (with_numbers and part.isdigit())
        or part.rstrip("0123456789_") not in ("", *KINDS, *_USUAL)
    ]
    if all(part.isdigit() for part in parts):
        return ""
    return re.sub(r"\W+", "_", "_".join(parts), flags=re.ASCII).strip("_").lower()
