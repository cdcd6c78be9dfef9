"""What values are made of: the network's input, parameters, or nothing of either."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from costcalc.importers.torch.calls import RecordedCall, Trace, ValueRef

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
        self._parameters: dict[int, frozenset[str]] = {}
        """The parameters that values are computed of, where nothing else is."""
        for call in trace.calls:
            self._note(call, call.function in makers)

    def is_computed(self, call: RecordedCall) -> bool:
        """Whether the call gives something that depends upon the network's input."""
        return any(self.depends[output] == COMPUTED for output in call.outputs)

    def parameters(self, value: int) -> frozenset[str]:
        """The parameter that a value is a part of, or those that it alone is computed of."""
        region = self.trace.values[value].region
        return frozenset([region.parameter]) if region else self._parameters.get(value, frozenset())

    def _note(self, call: RecordedCall, is_maker: bool) -> None:
        read = references((call.arguments, call.keywords))
        of = CONSTANT if is_maker else max((self.depends[each] for each in read), default=CONSTANT)
        for output in call.outputs:
            self.depends[output] = of
        if of == LEARNED:
            parameters = frozenset[str]().union(*map(self.parameters, read))
            self._parameters.update(dict.fromkeys(call.outputs, parameters))


def references(arguments: Any) -> list[int]:
    """The values that a call's arguments hold, in order."""
    if isinstance(arguments, ValueRef):
        return [arguments.value]
    if isinstance(arguments, dict):
        arguments = tuple(arguments.values())
    if isinstance(arguments, slice):
        arguments = (arguments.start, arguments.stop, arguments.step)
    if isinstance(arguments, tuple):
        return [index for each in arguments for index in references(each)]
    return []
