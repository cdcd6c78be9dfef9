"""What values depend on: the network's input, parameters, or neither."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from costcalc.importers.torch.calls import RecordedCall, Trace, ValueRef

CONSTANT, LEARNED, COMPUTED = range(3)
"""What a value depends on: neither, only parameters, or the network's input."""


class Origins:
    """The origin of each value of a trace."""

    def __init__(self, trace: Trace, factories: Collection[str]) -> None:
        self.trace = trace
        self.producer = {output: call for call in every_call(trace) for output in call.outputs}
        """The call that outputs a value."""
        self.depends_on = [
            {"input": COMPUTED, "parameter": LEARNED}.get(value.source, CONSTANT)
            for value in trace.values
        ]
        self._parameters: dict[int, frozenset[str]] = {}
        """The parameters that a LEARNED value is computed from."""
        for call in every_call(trace):
            self._propagate(call, call.function in factories)

    def is_computed(self, call: RecordedCall) -> bool:
        """Whether an output of the call depends on the network's input."""
        return any(self.depends_on[output] == COMPUTED for output in call.outputs)

    def is_of_input(self, value: int) -> bool:
        """Whether a value depends on the network's input."""
        return self.depends_on[value] == COMPUTED

    def parameters(self, value: int) -> frozenset[str]:
        """The parameter that a value is a view of, or those that a LEARNED one is computed from."""
        region = self.trace.values[value].region
        return frozenset([region.parameter]) if region else self._parameters.get(value, frozenset())

    def _propagate(self, call: RecordedCall, is_factory: bool) -> None:
        inputs = [] if is_factory else references((call.arguments, call.keywords))
        origin = max((self.depends_on[value] for value in inputs), default=CONSTANT)
        for output in call.outputs:
            self.depends_on[output] = origin
        if origin == LEARNED:
            parameters = frozenset[str]().union(*map(self.parameters, inputs))
            self._parameters.update(dict.fromkeys(call.outputs, parameters))


def every_call(trace: Trace) -> Iterator[RecordedCall]:
    """The recorded calls, each behind the operators that ran inside it."""
    for call in trace.calls:
        yield from call.inside
        yield call


def references(arguments: Any) -> list[int]:
    """The values in a call's arguments, in order."""
    if isinstance(arguments, ValueRef):
        return [arguments.value]
    if isinstance(arguments, dict):
        arguments = tuple(arguments.values())
    if isinstance(arguments, slice):
        arguments = (arguments.start, arguments.stop, arguments.step)
    if isinstance(arguments, tuple):
        return [index for argument in arguments for index in references(argument)]
    return []
