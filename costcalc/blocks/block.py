"""Blocks: steps with parameters, and the arguments of each call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from costcalc.blocks.steps import Step


class Parameter(NamedTuple):
    """What a call gives a block, or what the block computes."""

    default: Any = None
    """A value or a formula; None where every call gives one."""
    is_width: bool = False


class Block(NamedTuple):
    """Steps with parameters, under a name."""

    name: str
    parameters: Mapping[str, Parameter]
    steps: tuple[Step, ...]

    @property
    def given(self) -> tuple[str, ...]:
        """The parameters that calls give."""
        return tuple(
            name for name, each in self.parameters.items() if not hasattr(each.default, "text")
        )
