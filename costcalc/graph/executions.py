"""The probabilities that gated steps run: as the spec states them, or as the caller sets them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from costcalc.errors import Problems, Refusal, did_you_mean
from costcalc.graph.bindings import StepScope
from costcalc.graph.checks import evaluate, quoted
from costcalc.graph.layer import Gated
from costcalc.spec.document import Expression
from costcalc.spec.numbers import exact, is_number

PREFIX = "execute."
"""``execute.conv3_x2=0.5`` sets the gated steps of one block."""

EXPECTED = "a probability, from 0 to 1"


def is_execution(name: str) -> bool:
    """Whether a setting is the probability of a block, and not a parameter."""
    return name.startswith(PREFIX)


def is_probability(value: Any) -> bool:
    """Whether it is a number from 0 to 1."""
    return is_number(value) and bool(value >= 0) and bool(value <= 1)


class Executions:
    """The probabilities that a caller sets for blocks, by the names of the settings."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = settings
        self.unused = dict.fromkeys(settings)

    def of(self, path: str, stated: Expression | None, here: StepScope) -> Any:
        """The probability of a gated step: the one set for it, or the stated one, or 1.

        Raises:
            Refusal: the stated value is not a probability.
        """
        for name, value in self.settings.items():
            block = name.removeprefix(PREFIX)
            if path == block or path.startswith(f"{block}/"):
                self.unused.pop(name, None)
                return value
        if stated is None:
            return 1
        value = evaluate(stated, here)
        if not is_probability(value):
            raise Refusal(
                f"'execute' cannot be {exact(value)}",
                expected=EXPECTED,
                found=quoted(stated),
                mark=stated.mark,
            )
        return value

    def refuse_unused(self, network: str, gated: Iterable[Gated], problems: Problems) -> None:
        """Notes the probabilities that were set for blocks without a gate."""
        names = [part.name for part in gated]
        for name in self.unused:
            block = name.removeprefix(PREFIX)
            problems.add(
                None,
                f"{network} has no gated block '{block}'",
                expected="one of " + ", ".join(names) if names else "a network with gates",
                hint=did_you_mean(block, names),
            )
