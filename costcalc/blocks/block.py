"""Blocks: steps with parameters, and the arguments of each call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from costcalc.blocks.parameters import Parameter
from costcalc.blocks.steps import Step


class Block(NamedTuple):
    """Steps with parameters, under a name."""

    name: str
    parameters: Mapping[str, Parameter]
    steps: tuple[Step, ...]

    @property
    def given(self) -> tuple[str, ...]:
        """The parameters that calls give."""
        return tuple(name for name, each in self.parameters.items() if each.column)

    def arguments(self, call: int) -> dict[str, Any]:
        """What a call gives, counted from the first."""
        return {name: self.parameters[name].column[call] for name in self.given}
