"""From recorded calls to nodes: what a call reads among the nodes, and what it gives.

A rule of :mod:`.table` adds the nodes of one call.  It takes the arguments by
:meth:`TorchContext.bind`, the tensors among them by :meth:`TorchContext.tensor`, and
adds nodes in the words of :mod:`costcalc.importers.emit`:

    def gelu(op: TorchContext) -> Result:
        args = op.bind("input", "approximate")
        kind = "gelu_tanh" if args.get("approximate") == "tanh" else "gelu"
        return op.add(kind, (op.tensor(args["input"]),))

Nodes have shapes without the batch: a leading side of 1 is dropped, and a tensor that
has other elements there keeps all its sides.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

from costcalc.errors import Mark, Problems, Refusal, SpecError, refuse
from costcalc.graph.layer import NETWORK_INPUT
from costcalc.importers.builder import (
    NOTHING,
    ModelBuilder,
    OpContext,
    Operand,
    Params,
    StoredParams,
    UnknownOp,
    dims_text,
)
from costcalc.importers.model import Shape
from costcalc.importers.torch.calls import (
    EVENTS,
    ModuleParameter,
    RecordedCall,
    Trace,
    ValueRef,
)
from costcalc.importers.torch.origins import COMPUTED, CONSTANT, Origins, references

Result = Operand | ValueRef | Sequence[Operand]
"""What a call gives: an operand, one for each output, or the elements of a value in their order."""

Rule = Callable[["TorchContext"], Result]
"""Adds the nodes of a call; where it raises UnknownOp, it does so before it adds any."""


class Rules(NamedTuple):
    """What functions are known, and the rule of each."""

    views: Mapping[str, Rule]
    """Functions that compute nothing: the rule is asked for each output that something reads."""
    operations: Mapping[str, Rule]
    """Functions that compute, or move."""
    products: Collection[str]
    """Operations that count at every pass, whatever they read."""
    makers: Collection[str]
    """Functions whose result holds nothing of what they read."""


class TorchBuilder(ModelBuilder):
    """The nodes of a forward pass, and which of them gives each of its values."""

    def __init__(self, trace: Trace, rules: Rules, file: str, allow_unknown: bool = False) -> None:
        (first,) = (index for index, each in enumerate(trace.values) if each.source == "input")
        super().__init__(without_batch(trace.values[first].shape), allow_unknown)
        self.is_sized = True
        self.blocks.update(trace.classes)
        self.trace = trace
        self.rules = rules
        self.mark = Mark(file)
        self.origins = Origins(trace, rules.makers)
        self.parameters = {each.name: each for each in trace.parameters}
        self.params.left.update({each.name: prod(each.shape) for each in trace.parameters})
        self._operands: dict[int, Operand | ValueRef] = {first: self.input}
        """What has the elements of a value in their order: a node, or another value."""
        self._reshaped: dict[tuple[int, Shape], Operand] = {}
        self._unknown = Problems()

    def run(self) -> None:
        """Adds the nodes of all calls; a view's where something reads what it gives.

        Raises:
            SpecError: some functions are of no known kind; all are named.
        """
        for call in self.trace.calls:
            if call.function not in self.rules.views and (
                call.function in self.rules.products or self.origins.is_computed(call)
            ):
                self._call(call, call.outputs[0])
        for output in self.trace.outputs:
            if self.origins.depends[output] == COMPUTED:
                self.tensor(output)
        for parameter in self.trace.parameters:
            self._unread(parameter)
        self._unknown.raise_any()

    def tensor(self, value: int, shape: Shape | None = None) -> Operand:
        """The operand of a value, in its own shape or in another of as many elements."""
        if shape is None:
            shape = without_batch(self.trace.values[value].shape)
        found = self._operand(value, shape)
        if found.shape == shape:
            return found
        return self.reshape(found, shape, self._view_name(value, found))

    def reshape(self, tensor: Operand, shape: Shape, name: str) -> Operand:
        """A tensor's elements in another shape: one node, however often it is asked for."""
        key = (tensor.node, shape)
        if tensor.shape == shape:
            return tensor
        if key not in self._reshaped:
            self._reshaped[key] = self.view(tensor, shape, name, functional="operator")
        return self._reshaped[key]

    def stored(self, values: Sequence[ValueRef | None]) -> list[StoredParams]:
        """Where the learned numbers of some values are stored.

        Numbers that are computed, as in a standardised weight, are those of the
        parameter that has most of them: the others are gains and shifts.
        """
        found = []
        for value in values:
            if value is None:
                continue
            region = self.trace.values[value.value].region
            parameters = self.origins.parameters(value.value)
            if region is not None:
                found.append(StoredParams(region.parameter, prod(region.shape), region))
            elif parameters:
                largest = max(sorted(parameters), key=self.params.left.__getitem__)
                found.append(StoredParams(largest, is_computed=True))
        return found

    def _operand(self, value: int, shape: Shape) -> Operand:
        """The operand with the elements of a value, in any shape; it is added if it was not.

        What no call computes, a parameter or a constant, is added in the shape given.
        """
        for view in self._views_behind(value):
            self._call(self.origins.maker[view], view)
        base, operand = value, self._operands.get(value)
        while not isinstance(operand, Operand):
            call = self.origins.maker.get(base)
            if operand is not None:
                base = operand.value
            elif call is None or self.origins.depends[base] == CONSTANT:
                self._operands[base] = self._source(base, shape)
            else:
                self._call(call, base)
            operand = self._operands.get(base)
        self._operands[value] = operand
        return operand

    def _views_behind(self, value: int) -> list[int]:
        """The views of which a value is made that nothing has read yet, in the order of the calls.

        Added in this order, instead of each when the next one reads it, a chain of them
        may be of any length.
        """
        views: list[int] = []
        while self.origins.depends[value] != CONSTANT and value in self.origins.maker:
            operand, call = self._operands.get(value), self.origins.maker[value]
            if isinstance(operand, ValueRef):
                value = operand.value
            elif operand is None and call.function in self.rules.views:
                views.append(value)
                value = references((call.arguments, call.keywords))[0]
            else:
                break
        return views[::-1]

    def _call(self, call: RecordedCall, output: int) -> None:
        """Adds the nodes of a call, or of the one output of it that is asked for."""
        views, operations = self.rules.views, self.rules.operations
        rule = views.get(call.function) or operations.get(call.function)
        op = TorchContext(self, call, output)
        try:
            if rule is None:
                raise UnknownOp
            result = rule(op)
        except UnknownOp:
            result = self._uncounted(op)
        except Refusal as refusal:
            raise SpecError([refusal.problem(self.mark, op.origin)]) from None
        if isinstance(result, Operand | ValueRef):
            self._set_output(output, result, op)
        else:
            for index, operand in zip(call.outputs, result, strict=False):
                self._set_output(index, operand, op)

    def _set_output(self, output: int, operand: Operand | ValueRef, op: TorchContext) -> None:
        """Notes what has the elements of an output, in the shape that PyTorch gives it.

        Raises:
            SpecError: it has another shape.
        """
        shape = self.trace.values[output].shape
        if isinstance(operand, Operand) and not _is_same(operand.shape, shape):
            message = f"{op.origin}: is not what costcalc takes it for"
            refuse(self.mark, message, expected=dims_text(operand.shape), found=dims_text(shape))
        self._operands[output] = operand

    def _uncounted(self, op: TorchContext) -> list[Operand]:
        """Nodes for the outputs of a call that no layer kind stands for."""
        call = op.call
        if not self.allow_unknown:
            where = f"module '{call.path}'" if call.path else "the network itself"
            self._unknown.add(
                self.mark,
                f"{where} calls '{call.function}', for which costcalc has no layer kind",
                expected="an operation of a known kind",
                hint="--allow-unknown, to leave it uncounted",
            )
        inputs = [self.tensor(index) for index in references((call.arguments, call.keywords))]
        shapes = [without_batch(self.trace.values[output].shape) for output in call.outputs]
        arguments = [{"op": call.function, "shape": shape} for shape in shapes]
        return [op.add("uncounted", inputs, each) for each in arguments]

    def _source(self, value: int, shape: Shape) -> Operand:
        """A node for what no call computes: a parameter that is read as a tensor, or a constant."""
        source, call = self.trace.values[value], self.origins.maker.get(value)
        parameter = self.parameters.get(source.name) if source.source == "parameter" else None
        if parameter is not None:
            params = {EVENTS[parameter.role]: [StoredParams(parameter.name)]}
            return self._learned(parameter, shape, params)
        name = source.name or (call.inside(call.function) if call else "constant")
        return self.add(self.free_name(name), "constant", (), {"shape": shape}, origin=name)

    def _unread(self, parameter: ModuleParameter) -> None:
        """A node for what no other counts of a parameter."""
        rest = self.params.rest(parameter.name)
        if rest:
            whole = parameter.shape or (1,)
            self._learned(parameter, whole if rest == prod(whole) else (rest,))

    def _learned(
        self, parameter: ModuleParameter, shape: Shape, params: Params = NOTHING
    ) -> Operand:
        name, arguments = parameter.name, {"shape": shape, "of": parameter.role}
        return self.add(self.free_name(name), "learned", (), arguments, origin=name, params=params)

    def _view_name(self, value: int, operand: Operand) -> str:
        """What a node in another shape is called: like the view that asks for it, if one does."""
        call = self.origins.maker.get(value)
        if call is not None and call.function in self.rules.views:
            return call.inside(call.function)
        name = "input" if operand.node == NETWORK_INPUT else self.nodes[operand.node].name
        return f"{name}_reshape"


class TorchContext(OpContext):
    """A recorded call: what it reads, and a way to add its nodes.

    Attributes:
        call: the call.
        output: the value that it is asked for; of an operation, its first.
    """

    builder: TorchBuilder

    def __init__(self, builder: TorchBuilder, call: RecordedCall, output: int) -> None:
        place = call.inside(call.function)
        path = call.path if call.how is None and call.path else place
        origin = f"{call.function} in '{call.path}'" if call.path else call.function
        super().__init__(builder, path, origin, functional=call.how)
        self.call = call
        self.output = output

    def name_for(self, kind: str, part: str) -> str:
        """A free name: that of the module, or of the function in it; constants stand beside it."""
        if kind == "constant":
            return self.builder.free_name(self.call.inside("constant"))
        return self.builder.free_name(self.path + part.replace(".", "_"))

    def view(self, tensor: Operand, shape: Shape, part: str = "_reshape") -> Operand:
        """A tensor's elements in another shape; itself where it has that shape."""
        return self.builder.reshape(tensor, shape, self.call.inside(self.call.function) + part)

    # What it reads.

    def bind(self, *names: str) -> dict[str, Any]:
        """The arguments by the names of the function's parameters, those that were given."""
        call = self.call
        keywords = {_SYNONYMS.get(name, name): value for name, value in call.keywords.items()}
        return {**dict(zip(names, call.arguments, strict=False)), **keywords}

    def numbers(self, name: str) -> tuple[Any, ...]:
        """Numbers that are given one by one, or as one sequence: ``x.permute(0, 2, 1)``."""
        given = self.call.keywords.get(name, self.call.arguments[1:])
        if len(given) == 1 and isinstance(given[0], tuple):
            given = given[0]
        return tuple(given)

    @property
    def shape(self) -> Shape:
        """The shape of its output, the batch included."""
        return self.shape_of(ValueRef(self.output))

    def shape_of(self, value: ValueRef) -> Shape:
        """The shape of a value, the batch included."""
        return self.builder.trace.values[value.value].shape

    def is_computed(self, value: ValueRef) -> bool:
        """Whether a value depends upon the network's input."""
        return self.builder.origins.depends[value.value] == COMPUTED

    def is_stored(self, value: ValueRef) -> bool:
        """Whether a value is a parameter or a part of one."""
        return self.builder.trace.values[value.value].region is not None

    def stored(self, *values: ValueRef | None) -> list[StoredParams]:
        """Where the learned numbers of some arguments are stored."""
        return self.builder.stored(values)

    def tensor(self, value: ValueRef, shape: Shape | None = None) -> Operand:
        """A value without its batch, or in another shape of as many elements."""
        return self.builder.tensor(value.value, shape)

    def along_axes(self, value: ValueRef, axes: Sequence[int]) -> tuple[Operand, tuple[int, ...]]:
        """A value to work on along some axes, without the batch where none is that one."""
        shape = self.shape_of(value)
        kept = (shape or (1,)) if 0 in axes else without_batch(shape)
        dropped = max(len(shape) - len(kept), 0)
        return self.tensor(value, kept), tuple(axis - dropped for axis in axes)

    def maps(self, value: ValueRef, axes: int) -> Operand:
        """Maps of so many spatial axes: (C, H, W), or (B, C, H, W) of several images."""
        shape = self.shape_of(value)
        is_one = len(shape) > axes + 1 and shape[0] == 1
        return self.tensor(value, shape[1:] if is_one else shape)

    def channels(self, value: ValueRef, axes: int) -> Operand:
        """Maps whose channels are all treated alike, those of several images too: (B C, H, W)."""
        shape = self.shape_of(value)
        place = len(shape) - axes
        return self.tensor(value, (prod(shape[:place]), *shape[place:]))

    def broadcast(self, value: ValueRef, shape: Shape | None = None) -> Operand:
        """A value in as many axes as a node of ``shape`` has, which is that of the output."""
        shape = self.shape if shape is None else shape
        own = self.shape_of(value)
        full = (1,) * (len(shape) - len(own)) + own
        is_dropped = len(shape) > 1 and shape[0] == 1
        return self.tensor(value, full[1:] if is_dropped else full or (1,))


_SYNONYMS = {"axis": "dim", "keepdims": "keepdim", "x": "input", "self": "input"}
"""Names of parameters that PyTorch takes in place of its own, as NumPy has them."""


def without_batch(shape: Shape) -> Shape:
    """The shape of a tensor's node: without the batch of one.

    >>> without_batch((1, 64, 56, 56)), without_batch((64, 49, 96)), without_batch(())
    ((64, 56, 56), (64, 49, 96), (1,))
    """
    return shape[1:] if len(shape) > 1 and shape[0] == 1 else shape or (1,)


def _is_same(shape: Shape, other: Shape) -> bool:
    """Whether shapes can be of the same elements: but for sides of 1, and for joined ones."""
    wide, wide_other = ([side for side in each if side != 1] for each in (shape, other))
    return prod(wide) == prod(wide_other) and (len(wide) != len(wide_other) or wide == wide_other)
