"""What values depend on, and which parameters are weights.

A parameter is a weight where it meets what depends on the network's input in a product,
through whatever is computed from it on the way: transposed, standardised or joined with
others, picked by computed places, or scaled for one image.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from math import prod
from typing import Any, NamedTuple

from costcalc.importers.torch.calls import RecordedCall, Trace, ValueRef

CONSTANT, LEARNED, COMPUTED = range(3)
"""What a value depends on: neither, only parameters, or the network's input."""

Parameters = frozenset[str]

_NONE: Parameters = frozenset()

_JOINING = "add cat concat concatenate hstack stack sub subtract vstack where"
_SCALING = "div divide mean mul multiply sum true_divide"

_JOINS = frozenset(_JOINING.split())
"""Functions of several weights whose result consists of all of them; of others, the largest."""

_SCALES = frozenset((*_JOINING.split(), *_SCALING.split()))
"""Functions that leave a weight one, though they join it with what depends on the input."""


_FRESH = ("zeros", "rand")
"""How factories of data are named: of random numbers, and of a recurrence's first state."""

_NUMBERS = "as_tensor asarray from_numpy full full_like new_full new_tensor scalar_tensor tensor"
_RETURNING = frozenset(_NUMBERS.split())
"""Functions that make tensors of numbers from other code."""


class Meeting(NamedTuple):
    """What a product reads beside its factors, and whether a layer has one of them."""

    place: int | None = None
    """The place of the operand that it only adds."""
    names: tuple[str, ...] = ()
    """The names of that operand."""
    is_layer: bool = False
    """Whether the product is a layer with weights, whose result carries none on."""

    def factors(self, call: RecordedCall) -> list[int]:
        """The values that a call multiplies."""
        given = [each for place, each in enumerate(call.arguments) if place != self.place]
        named = {name: each for name, each in call.keywords.items() if name not in self.names}
        return references((tuple(given), named))


class Uses(NamedTuple):
    """What functions do with values."""

    factories: Collection[str]
    """They read at most the shape of a tensor."""
    views: Collection[str]
    """They compute nothing."""
    meetings: Mapping[str, Meeting]
    """They multiply data and weights."""
    known: Collection[str]
    """They are known, so that the operators inside them say nothing more."""


class Origins:
    """The origin of each value of a trace.

    Attributes:
        weights: the parameters that are weights by their use.
    """

    def __init__(self, trace: Trace, uses: Uses) -> None:
        self.trace = trace
        self.uses = uses
        self.producer = {output: call for call in every_call(trace) for output in call.outputs}
        """The call that outputs a value."""
        sources = {"input": COMPUTED, "returned": COMPUTED, "parameter": LEARNED, "stored": LEARNED}
        self.depends_on = [sources.get(value.source, CONSTANT) for value in trace.values]
        self.weights: set[str] = set()
        self.fresh = {n for n, value in enumerate(trace.values) if value.source == "returned"}
        """The random numbers and zeros of a pass, which are data where they meet weights, and
        what other code returns, which may follow from the input's values."""
        self._sizes = {each.name: prod(each.shape) for each in trace.parameters}
        self._carried: dict[int, Parameters] = {}
        """The parameters that a value is, in another form."""
        for call in trace.calls:
            for operator in call.inside:
                self._propagate(operator, is_hidden=call.function in uses.known)
            self._propagate(call)

    def is_computed(self, call: RecordedCall) -> bool:
        """Whether an output of the call depends on the network's input."""
        return any(self.depends_on[output] == COMPUTED for output in call.outputs)

    def is_constant(self, value: int) -> bool:
        """Whether a value depends on nothing, even if it is data of the pass."""
        return self.depends_on[value] == CONSTANT or value in self.fresh

    def is_of_input(self, value: int) -> bool:
        """Whether a value depends on the network's input."""
        return self.depends_on[value] == COMPUTED

    def carried(self, value: int) -> Parameters:
        """The parameters that a value is in another form: none of data, one of a view of it."""
        region = self.trace.values[value].region
        return frozenset([region.parameter]) if region else self._carried.get(value, _NONE)

    def sizes_of(self, value: int) -> list[int]:
        """How many numbers each parameter has that a value carries."""
        region = self.trace.values[value].region
        if region is not None:
            return [prod(region.shape)]
        return [self._sizes.get(name, 0) for name in self.carried(value)]

    def _propagate(self, call: RecordedCall, is_hidden: bool = False) -> None:
        is_factory = call.function in self.uses.factories
        inputs = [] if is_factory else references((call.arguments, call.keywords))
        if self.trace.left and not inputs and _plain(call) in _RETURNING:
            self.fresh.update(call.outputs)
            for output in call.outputs:
                self.depends_on[output] = COMPUTED
            return
        meeting = self.uses.meetings.get(call.function)
        if meeting is not None:
            self._meet_fresh(meeting.factors(call))
        elif (not inputs and any(word in call.function for word in _FRESH)) or (
            call.function in self.uses.views and not self.fresh.isdisjoint(inputs[:1])
        ):
            self.fresh.update(call.outputs)
        origin = max((self.depends_on[value] for value in inputs), default=CONSTANT)
        for output in call.outputs:
            self.depends_on[output] = origin
        carried = self._kept(call, inputs) if origin == COMPUTED else self._joined(call, inputs)
        if carried:
            self._carried.update(dict.fromkeys(call.outputs, carried))
        if meeting is not None and origin == COMPUTED and not is_hidden:
            self._meet(meeting.factors(call))

    def _joined(self, call: RecordedCall, inputs: list[int]) -> Parameters:
        """What the result of a call on parameters alone carries."""
        parameters = _NONE.union(*map(self.carried, inputs))
        meeting = self.uses.meetings.get(call.function)
        if len(parameters) < 2 or _plain(call) in _JOINS:
            return parameters
        if meeting is not None:
            return _NONE if meeting.is_layer else parameters
        sizes = {name: self._sizes.get(name, 0) for name in parameters}
        return frozenset(name for name, size in sizes.items() if size == max(sizes.values()))

    def _kept(self, call: RecordedCall, inputs: list[int]) -> Parameters:
        """What a result that depends on the input carries: weights picked, or scaled."""
        if call.function in self.uses.views:
            return self.carried(inputs[0])
        if _plain(call) not in _SCALES:
            return _NONE
        sizes = {value: prod(self.trace.values[value].shape) for value in inputs}
        data = (size for value, size in sizes.items() if not self.carried(value))
        smallest = max(data, default=0)
        return _NONE.union(*(self.carried(value) for value in inputs if sizes[value] > smallest))

    def _meet_fresh(self, factors: list[int]) -> None:
        """Notes that what a pass makes is data, if it meets nothing but weights."""
        if max((self.depends_on[value] for value in factors), default=CONSTANT) == LEARNED:
            for value in self.fresh.intersection(factors):
                self.depends_on[value] = COMPUTED

    def _meet(self, factors: list[int]) -> None:
        """Notes the weights of a product; of two tensors that may both be weights, neither is."""
        learned = [value for value in factors if self.depends_on[value] == LEARNED]
        computed = [value for value in factors if self.depends_on[value] == COMPUTED]
        if any(not self.carried(value) for value in computed):
            learned += computed
        self.weights.update(*map(self.carried, learned))


def _plain(call: RecordedCall) -> str:
    """The name of a call, whoever saw it."""
    return call.function.removeprefix("aten::")


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
