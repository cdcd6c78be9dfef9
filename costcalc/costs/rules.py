"""A convention as typed, frozen data: rules for the kinds of layers, with their sources."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.errors import ConventionError, refuse
from costcalc.kinds.base import Kind
from costcalc.records import NamedTuple
from costcalc.spec.document import Expression

COUNTS = ("mult_adds", "params")
"""What a convention counts."""


WEIGHTS_ALONE = ("counted", "free")
"""Work on weights alone, such as a power iteration: the same for every image, or no work of one."""


class Unit(NamedTuple):
    """What a convention counts in."""

    title: str
    operations: int
    """How many of it one multiply-accumulate is."""


UNITS = {"macs": Unit("mult-adds", 1), "flops": Unit("FLOPs", 2)}
"""A multiply-accumulate is one mult-add, or two operations."""


class Rule(NamedTuple):
    """What a layer counts: an expression over the names in :mod:`.names`, or None if it is free."""

    expression: Expression | None
    source: str
    note: str = ""
    """What is surprising about it."""

    @property
    def text(self) -> str:
        """The rule as it is written."""
        return self.expression.text if self.expression else "free"


Rules = Mapping[str, Rule]
"""A rule for each kind or family of kinds."""


class Convention(NamedTuple):
    """One way to count, with its sources."""

    name: str
    title: str
    tool: str
    """The tool that counts this way, and the call; '' for a paper."""
    version: str
    """The tool's version."""
    source: str
    unit: str
    """One of :data:`UNITS`, the tool's own."""
    implementation: str
    """The implementation of a network that it is usually run on."""
    mult_adds: Rules
    params: Rules
    undefined: Mapping[str, str]
    """Why a kind, or a family of kinds, has no rule."""
    weights_alone: str = "counted"
    """One of :data:`WEIGHTS_ALONE`: mult-adds of layers that no input of the network reaches."""
    factor: int = 1
    """What counts are multiplied by after a conversion of the unit."""
    divisor: int = 1

    def rules(self, metric: str) -> Rules:
        """The rules for one of :data:`COUNTS`."""
        return self.mult_adds if metric == "mult_adds" else self.params

    def rule(self, metric: str, kind: Kind) -> Rule:
        """The rule for a kind, or for its family.

        Raises:
            ConventionError: the convention does not define this kind.
        """
        rules = self.rules(metric)
        for name in (kind.name, kind.family):
            if name in rules:
                return rules[name]
        message = f"convention '{self.name}' does not define the {metric} of '{kind.name}'"
        reason = self.undefined.get(kind.name) or self.undefined.get(kind.family)
        expected = f"a rule for '{kind.name}' or for its family '{kind.family}'"
        message = f"{message}: {reason}" if reason else message
        refuse(None, message, expected, error=ConventionError)

    def uses(self, names: frozenset[str]) -> bool:
        """Whether some rule uses one of these names."""
        rules = (*self.mult_adds.values(), *self.params.values())
        return any(rule.expression and rule.expression.names & names for rule in rules)

    def converted(self, unit: str | None) -> Convention:
        """The same convention in another unit, by the fixed factor of two FLOPs per mult-add."""
        if unit is None or unit == self.unit:
            return self
        if unit not in UNITS:
            refuse(
                None,
                f"there is no unit '{unit}'",
                expected=f"one of {', '.join(UNITS)}",
                error=ConventionError,
            )
        factor, divisor = UNITS[unit].operations, UNITS[self.unit].operations
        title = f"{self.title}; converted, {UNITS['flops'].operations} FLOPs a multiply-accumulate"
        return self._replace(title=title, unit=unit, factor=factor, divisor=divisor)
