"""What values are made of: the network's input, parameters, or nothing of either."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from costcalc.importers.torch.calls import Call, Ref, Trace
from costcalc.importers.torch.ledger import Stored

CONSTANT, LEARNED, COMPUTED = range(3)
"""What a value depends upon: nothing, parameters, the network's input."""


class Origins:
    """Where each value of a trace comes from."""

    def __init__(self, trace: Trace, makers: Collection[str]) -> None:
        self.trace = trace
        self.maker = {output: call for call in trace.calls for output in call.outputs}
        """The call that gives a value."""
        self.depends = [
            {"input": COMPUTED, "parameter": LEARNED}.get(value.source, CONSTANT)
            for value in trace.values
        ]
        self.sources: dict[int, frozenset[str]] = {}
        """The parameters that values are computed of, where nothing else is."""
        for call in trace.calls:
            self._note(call, call.function in makers)

    def is_computed(self, call: Call) -> bool:
        """Whether the call gives something that depends upon the network's input."""
        return any(self.depends[output] == COMPUTED for output in call.outputs)

    def stored(self, index: int) -> Stored:
        """The parameter that a value is a part of, or those that it is computed of."""
        region = self.trace.values[index].region
        return Stored(region, self.sources.get(index, frozenset()))

    def _note(self, call: Call, is_maker: bool) -> None:
        read = references((call.arguments, call.keywords))
        of = max((self.depends[index] for index in read), default=CONSTANT)
        parameters = frozenset[str]()
        for index in read:
            stored = self.stored(index)
            parameters |= {stored.region.parameter} if stored.region else stored.sources
        for output in call.outputs:
            self.depends[output] = CONSTANT if is_maker else of
            if self.depends[output] == LEARNED:
                self.sources[output] = parameters


def references(held: Any) -> list[int]:
    """The values that a call's arguments hold, in order."""
    if isinstance(held, Ref):
        return [held.value]
    if isinstance(held, dict):
        held = tuple(held.values())
    if isinstance(held, slice):
        held = (held.start, held.stop, held.step)
    if isinstance(held, tuple):
        return [index for each in held for index in references(each)]
    return []
