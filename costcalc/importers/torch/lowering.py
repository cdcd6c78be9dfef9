"""From recorded calls to nodes of layer kinds.

A lowering of :mod:`.table` reads the nodes of a call's arguments by
:meth:`Lowering.node`, adds nodes by :meth:`Lowering.add`, and says by
:meth:`Lowering.give` which of them holds a result.  Nodes have shapes without the
batch: a leading side of 1 is dropped, and a tensor that has other elements there
keeps all its sides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from costcalc.errors import Mark, Problem, SpecError
from costcalc.graph.layer import NETWORK_INPUT
from costcalc.importers.model import Node, Sides
from costcalc.importers.torch.calls import Call, Parameter, Ref, Trace
from costcalc.importers.torch.ledger import EVENTS, Ledger
from costcalc.importers.torch.origins import COMPUTED, CONSTANT, Origins, references
from costcalc.kinds import KINDS

if TYPE_CHECKING:
    from costcalc.importers.torch.table import Table


def sides(shape: Sides) -> Sides:
    """A tensor's shape as a node's: without the batch of one.

    >>> sides((1, 64, 56, 56)), sides((64, 49, 96)), sides(())
    ((64, 56, 56), (64, 49, 96), (1,))
    """
    return shape[1:] if len(shape) > 1 and shape[0] == 1 else shape or (1,)


class Lowering:
    """Nodes made so far, and where each value stands among them."""

    def __init__(self, trace: Trace, table: Table, file: str, allow_unknown: bool = False) -> None:
        self.table = table
        self.trace = trace
        self.file = file
        self.allow_unknown = allow_unknown
        self.nodes: list[Node] = []
        self.made: dict[int, tuple[int, Sides]] = {}
        """The node that holds a value, and in what shape."""
        self.alike: dict[int, int] = {}
        """Values that hold the elements of another in its order."""
        self.reshaped: dict[tuple[int, Sides], int] = {}
        self.taken = {"input"}
        self.first: dict[tuple[Any, ...], int] = {}
        self.unknown: dict[tuple[str, str], None] = {}
        self.parameters = {each.name: each for each in trace.parameters}
        self.ledger = Ledger(trace.parameters)
        self.origins = Origins(trace, table.makers)
        for index, value in enumerate(trace.values):
            if value.source == "input":
                self.input = sides(value.shape)
                self.made[index] = (NETWORK_INPUT, self.input)
        self.eager = [
            call
            for call in trace.calls
            if call.function not in table.views
            and (call.function in table.products or self.origins.is_computed(call))
        ]

    def run(self) -> tuple[Node, ...]:
        """The nodes of all calls.

        Raises:
            SpecError: some functions are of no known kind; all are named.
        """
        for call in self.eager:
            self._lower(call)
        for output in self.trace.outputs:
            if self.origins.depends[output] == COMPUTED:
                self.node(output)
        for parameter in self.trace.parameters:
            self._unread(parameter)
        if self.unknown and not self.allow_unknown:
            raise SpecError([self._problem(*each) for each in self.unknown])
        return tuple(self.nodes)

    # What lowerings ask.

    def shape(self, value: Ref) -> Sides:
        """The value's shape, the batch included."""
        return self.trace.values[value.value].shape

    def shape_of(self, call: Call) -> Sides:
        """The shape of the call's first output, the batch included."""
        return self.trace.values[call.outputs[0]].shape

    def is_computed(self, value: Ref) -> bool:
        """Whether it depends upon the network's input."""
        return self.origins.depends[value.value] == COMPUTED

    def is_stored(self, value: Ref) -> bool:
        """Whether it is a parameter or a part of one."""
        return self.trace.values[value.value].region is not None

    def node(self, value: Ref | int, wanted: Sides | None = None) -> int:
        """The index of the node that holds the value, in its own sides or in those wanted."""
        index = value.value if isinstance(value, Ref) else value
        if wanted is None:
            wanted = sides(self.trace.values[index].shape)
        base = self._base(index)
        if base not in self.made:
            self.made[base] = (self._source(base, wanted), wanted)
        node, has = self.made[base]
        return node if has == wanted else self._reshape(node, wanted, self._view_name(index, node))

    def held(self, node: int) -> Sides:
        """The sides of a node's output."""
        return self.input if node == NETWORK_INPUT else self.nodes[node].output or ()

    # What lowerings do.

    def add(
        self,
        call: Call,
        kind: str,
        arguments: Mapping[str, Any],
        inputs: Sequence[int],
        output: Sides,
        stored: Mapping[str, Sequence[Ref | None]] | None = None,
        word: str = "",
    ) -> int:
        """A node for a call, or for a part of it that ``word`` names.

        ``stored`` holds the tensors that each event's learned numbers are in.
        Arguments that a kind has by default are left out.
        """
        row = KINDS[kind]
        arguments = {name: value for name, value in arguments.items() if value != row.default(name)}
        borrows, shares = self._learned(kind, arguments, inputs, output, stored or {})
        node = Node(
            name=self._named(call, word),
            kind=kind,
            arguments=arguments,
            inputs=tuple(inputs),
            output=output,
            origin=f"{call.function} in '{call.path}'" if call.path else call.function,
            shares=shares,
            borrows=borrows,
            functional=call.how,
        )
        self.nodes.append(node)
        return len(self.nodes) - 1

    def reshape(self, call: Call, node: int, wanted: Sides) -> int:
        """The node's elements in other sides."""
        if self.held(node) == wanted:
            return node
        return self._reshape(node, wanted, f"{self._path(call, call.function)}_reshape")

    def constant(self, call: Call, shape: Sides) -> int:
        """A node for numbers that the call itself states."""
        return self._plain(self._path(call, "constant"), "constant", shape)

    def give(self, output: int, node: int, held: Sides | None = None) -> None:
        """The node holds the output, in its own sides or in ``held``."""
        self.made[output] = (node, held or sides(self.trace.values[output].shape))

    def same(self, output: int, value: Ref) -> None:
        """The output holds the elements of the value in their order."""
        self.alike[output] = value.value

    def refuse(self, call: Call) -> None:
        """The call is of no kind; its outputs are not counted."""
        self.unknown[call.function, call.path] = None
        inputs = [self.node(index) for index in references((call.arguments, call.keywords))]
        for output in call.outputs:
            shape = sides(self.trace.values[output].shape)
            arguments = {"op": call.function, "shape": shape}
            self.give(output, self.add(call, "uncounted", arguments, inputs, shape))

    # How values become nodes.

    def _lower(self, call: Call) -> None:
        lowering = self.table.operations.get(call.function)
        if lowering is None:
            self.refuse(call)
            return
        lowering(call, self)

    def _base(self, index: int) -> int:
        """The value whose elements, in order, these are; lowered if it was not."""
        while index not in self.made:
            if index in self.alike:
                index = self.alike[index]
                continue
            call = self.origins.maker.get(index)
            if call is None or self.origins.depends[index] == CONSTANT:
                return index
            view = self.table.views.get(call.function)
            if view is not None:
                view(call, self, index)
            else:
                self._lower(call)
        return index

    def _source(self, index: int, wanted: Sides) -> int:
        """A node for what no call computes: a parameter, or a constant."""
        value = self.trace.values[index]
        parameter = self.parameters.get(value.name) if value.source == "parameter" else None
        if parameter is not None:
            return self._parameter(parameter, wanted)
        call = self.origins.maker.get(index)
        name = value.name or (self._path(call, call.function) if call else "constant")
        return self._plain(name, "constant", wanted)

    def _parameter(self, parameter: Parameter, wanted: Sides) -> int:
        """A node of a parameter that some operation reads as it reads any tensor."""
        missing = prod(parameter.shape) - self.ledger.rest(parameter.name)
        borrows = {EVENTS[parameter.role]: missing} if missing else {}
        return self._plain(parameter.name, "learned", wanted, of=parameter.role, borrows=borrows)

    def _unread(self, parameter: Parameter) -> None:
        """A node of what no layer counts of a parameter."""
        rest = self.ledger.rest(parameter.name)
        if rest:
            shape = parameter.shape if rest == prod(parameter.shape) else (rest,)
            self._plain(parameter.name, "learned", shape or (1,), of=parameter.role)

    def _plain(
        self,
        name: str,
        kind: str,
        shape: Sides,
        borrows: Mapping[str, int] | None = None,
        **of: str,
    ) -> int:
        arguments = {"shape": shape, **of}
        node = Node(self._unique(name), kind, arguments, (), shape, name, borrows=borrows or {})
        self.nodes.append(node)
        return len(self.nodes) - 1

    def _reshape(self, node: int, wanted: Sides, name: str) -> int:
        if (node, wanted) in self.reshaped:
            return self.reshaped[node, wanted]
        kind, arguments = ("flatten", {}) if len(wanted) == 1 else ("reshape", {"shape": wanted})
        self.nodes.append(
            Node(self._unique(name), kind, arguments, (node,), wanted, functional="operator")
        )
        self.reshaped[node, wanted] = len(self.nodes) - 1
        return len(self.nodes) - 1

    def _view_name(self, value: int, node: int) -> str:
        """The name of a reshape: that of the view which asks for it, where one does."""
        call = self.origins.maker.get(value)
        if call is not None and call.function in self.table.views:
            return self._path(call, call.function)
        return f"{self.nodes[node].name if node >= 0 else 'input'}_reshape"

    # Names, params, what depends upon what.

    def _named(self, call: Call, word: str) -> str:
        name = call.path if call.how is None and call.path else self._path(call, call.function)
        return self._unique(f"{name}_{word}" if word else name)

    def _path(self, call: Call, word: str) -> str:
        return f"{call.path}/{word}" if call.path else word

    def _unique(self, name: str) -> str:
        found, number = name, 1
        while found in self.taken:
            number += 1
            found = f"{name}_{number}"
        self.taken.add(found)
        return found

    def _learned(
        self,
        kind: str,
        arguments: Mapping[str, Any],
        inputs: Sequence[int],
        output: Sides,
        stored: Mapping[str, Sequence[Ref | None]],
    ) -> tuple[dict[str, int], str]:
        """What of the layer's learned numbers other nodes count, or the node that counts all."""
        if not stored:
            return {}, ""
        row = KINDS[kind]
        operation = row.operation(**row.given, **arguments)
        events = operation.events(tuple(self.held(node) for node in inputs), output)
        total, borrows, regions = 0, {}, []
        for event in EVENTS.values():
            count = left = getattr(events, event)
            values = [value for value in stored.get(event, ()) if value is not None]
            for each in (self.origins.stored(value.value) for value in values):
                regions.append(each.region)
                left -= self.ledger.claim(each, left)
            total += count
            if left:
                borrows[event] = left
        key = (kind, *regions)
        if None in regions or not total:
            return borrows, ""
        if not borrows:
            self.first[key] = len(self.nodes)
        elif sum(borrows.values()) == total and key in self.first:
            owner = self.first[key]
            word = self.nodes[owner].name
            self.nodes[owner] = self.nodes[owner]._replace(shares=word)
            return {}, word
        return borrows, ""

    def _problem(self, function: str, path: str) -> Problem:
        where = f"module '{path}'" if path else "the network itself"
        return Problem(
            Mark(self.file),
            f"{where} calls '{function}', which is of no kind that costcalc knows",
            expected="an operation of a known kind",
            hint="--allow-unknown, to leave it uncounted",
        )


_SYNONYMS = {"axis": "dim", "keepdims": "keepdim", "x": "input", "self": "input"}
"""Names of arguments that PyTorch takes in place of its own, as NumPy has them."""


def bound(call: Call, *names: str) -> dict[str, Any]:
    """The call's arguments by name, those that were given."""
    given = {_SYNONYMS.get(name, name): value for name, value in call.keywords.items()}
    return {**dict(zip(names, call.arguments, strict=False)), **given}


def several(call: Call, name: str, first: int = 1) -> tuple[Any, ...]:
    """Numbers that are given one by one, or as one sequence: ``x.permute(0, 2, 1)``."""
    found = call.keywords.get(name, call.arguments[first:])
    if len(found) == 1 and isinstance(found[0], tuple):
        found = found[0]
    return tuple(found)
