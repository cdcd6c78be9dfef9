"""Turns recorded calls into nodes.

A rule of :mod:`.table` adds the nodes of one call.  It gets the arguments from
:meth:`TorchContext.bind` and tensors from :meth:`TorchContext.tensor`, and adds nodes
with the functions of :mod:`costcalc.importers.emit`:

    def gelu(op: TorchContext) -> Result:
        args = op.bind("input", "approximate")
        kind = "gelu_tanh" if args.get("approximate") == "tanh" else "gelu"
        return op.add(kind, (op.tensor(args["input"]),))

Nodes have shapes without the batch: a leading dimension of 1 is dropped, while a tensor
with another leading dimension keeps its whole shape.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

from costcalc.errors import Mark, Problems, Refusal, refuse
from costcalc.graph.layer import NETWORK_INPUT
from costcalc.importers.builder import (
    ALLOW_UNKNOWN_HINT,
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
from costcalc.importers.torch.origins import (
    COMPUTED,
    CONSTANT,
    LEARNED,
    Meeting,
    Origins,
    Uses,
    every_call,
    references,
)

Result = Operand | ValueRef | Sequence[Operand | ValueRef]
"""The output of a call: one operand, one per output, or a value with the same elements."""

Rule = Callable[["TorchContext"], Result]
"""Adds the nodes of a call; a rule that raises UnknownOp has not added any."""


class Rules(NamedTuple):
    """The supported functions and their rules."""

    views: Mapping[str, Rule]
    """Functions that compute nothing: the rule is applied once per output that is read."""
    operations: Mapping[str, Rule]
    """Functions that compute, or move elements."""
    products: Collection[str]
    """Operations that count in every forward pass, even if they only read parameters."""
    factories: Collection[str]
    """Functions that create tensors: they read at most the shape of another one."""
    meetings: Mapping[str, Meeting]
    """Products of data and weights, which say what a parameter is."""
    moves: Collection[str]
    """Operations that only move elements."""

    @property
    def names(self) -> frozenset[str]:
        """The functions that have a rule."""
        return frozenset((*self.views, *self.operations))

    @property
    def uses(self) -> Uses:
        """What the functions do with values."""
        return Uses(self.factories, self.views, self.meetings, self.names)


class _EmptyError(Exception):
    """A call reads a tensor without elements."""


class TorchBuilder(ModelBuilder):
    """Adds the nodes of a forward pass, and maps its values to them."""

    def __init__(self, trace: Trace, rules: Rules, file: str, allow_unknown: bool = False) -> None:
        first, *others = (
            index for index, value in enumerate(trace.values) if value.source == "input"
        )
        super().__init__(without_batch(trace.values[first].shape), allow_unknown)
        self.is_sized = True
        self.name_input(trace.values[first].name, trace.values[first].dtype)
        self.blocks.update(trace.classes)
        self.trace = trace
        self.rules = rules
        self.mark = Mark(file)
        self.origins = Origins(trace, rules.uses)
        self.parameters = {
            parameter.name: parameter.as_weight()
            if parameter.name in self.origins.weights
            else parameter
            for parameter in trace.parameters
        }
        for word, names in trace.in_training.items():
            for name in names:
                self.note_training(word, name)
        self.params.left.update({each.name: prod(each.shape) for each in trace.parameters})
        self._operands: dict[int, Operand | ValueRef] = {first: self.input}
        """The node, or the other value, that has the same elements as a value."""
        for index in others:
            value = trace.values[index]
            shape = without_batch(value.shape)
            self._operands[index] = self.other_input(value.name, shape, dtype=value.dtype)
        self._reshaped: dict[tuple[int, Shape], Operand] = {}
        self._read = frozenset(trace.outputs).union(
            *(references((call.arguments, call.keywords)) for call in every_call(trace))
        )
        self._unknown = Problems()
        self._is_alone = False
        """Whether what is being added works on weights alone."""
        self._unclaimed: dict[str, int] = {}
        """The nodes of parameters that only such work reads: a layer may yet count them."""
        self._explained: RecordedCall | None = None
        """The call whose operators are being added in its place."""

    def run(self) -> None:
        """Adds the nodes of all calls; those of views only if something reads them.

        Raises:
            SpecError: some functions have no layer kind; all of them are named.
        """
        for call in self.trace.calls:
            self._run(call)
        for output in self.trace.outputs:
            if self.origins.depends_on[output] == COMPUTED and not self._is_empty([output]):
                self.tensor(output)
        for parameter in self.parameters.values():
            self._add_uncounted_params(parameter)
        self._unknown.raise_any()

    def _run(self, call: RecordedCall) -> None:
        """Adds the nodes of a call, unless it only moves elements that nothing may read."""
        if not call.outputs:
            self._refuse_unknown(call)
            return
        if call.outputs[0] in self.origins.fresh:
            return
        rules, origin = self.rules, max(self.origins.depends_on[each] for each in call.outputs)
        is_work = call.function not in rules.moves and origin == LEARNED
        if call.function not in rules.views and (
            call.function in rules.products or is_work or origin == COMPUTED
        ):
            self._is_alone = origin != COMPUTED
            self._add_layers(call, call.outputs[0])
            self._is_alone = False

    def tensor(self, value: int, shape: Shape | None = None) -> Operand:
        """The operand of a value, reshaped to ``shape`` if given."""
        if shape is None:
            shape = without_batch(self.trace.values[value].shape)
        operand = self._operand(value, shape)
        if operand.shape == shape:
            return operand
        return self.reshape(operand, shape, self._view_name(value, operand))

    def reshape(self, tensor: Operand, shape: Shape, name: str) -> Operand:
        """The tensor reshaped; reshaping it again to the same shape adds no node."""
        key = (tensor.node, shape)
        if tensor.shape == shape:
            return tensor
        if key not in self._reshaped:
            self._reshaped[key] = self.view(tensor, shape, name, functional="operator")
        return self._reshaped[key]

    def owner_of(self, call: RecordedCall) -> str:
        """The module inside the calling one whose parameters an operator reads; '' if none."""
        if not call.is_operator or not self.origins.is_computed(call):
            return ""
        for value in references((call.arguments, call.keywords)):
            region = self.trace.values[value].region
            owner = region.parameter.rpartition("/")[0] if region is not None else ""
            if owner.startswith(call.path_of("")) and owner:
                return owner
        return ""

    def is_read(self, value: int) -> bool:
        """Whether a call reads a value, or the network returns it."""
        return value in self._read

    def stored(self, values: Sequence[ValueRef | None]) -> list[StoredParams]:
        """The stored params of some values.

        Those of a computed value, such as a standardised weight, are the parameters that it
        carries: the others are gains and shifts.
        """
        stored = []
        for value in values:
            if value is None:
                continue
            region = self.trace.values[value.value].region
            if region is not None:
                stored.append(StoredParams(region.parameter, prod(region.shape), region))
            elif not self.origins.is_of_input(value.value):
                carried = sorted(self.origins.carried(value.value))
                stored += [StoredParams(name, is_computed=True) for name in carried]
        return stored

    def _operand(self, value: int, shape: Shape) -> Operand:
        """The operand with the elements of a value, in any shape; adds its node if needed.

        A parameter or a constant is added in the given shape.
        """
        if self._is_empty([value]):
            raise _EmptyError
        for view in self._pending_views(value):
            self._add_layers(self.origins.producer[view], view)
        base, operand = value, self._operands.get(value)
        while not isinstance(operand, Operand):
            call = self.origins.producer.get(base)
            if operand is not None:
                base = operand.value
            elif call is None or self.origins.is_constant(base):
                self._operands[base] = self._source(base, shape)
            else:
                self._add_layers(call, base)
            operand = self._operands.get(base)
        self._operands[value] = operand
        return operand

    def _pending_views(self, value: int) -> list[int]:
        """The views behind a value whose nodes are not added yet, in the order of their calls.

        Adding them in this order needs no recursion, so that chains may be of any length.
        """
        views: list[int] = []
        while not self.origins.is_constant(value) and value in self.origins.producer:
            operand, call = self._operands.get(value), self.origins.producer[value]
            if isinstance(operand, ValueRef):
                value = operand.value
            elif operand is None and call.function in self.rules.views:
                views.append(value)
                value = references((call.arguments, call.keywords))[0]
            else:
                break
        return views[::-1]

    def _add_layers(self, call: RecordedCall, output: int) -> None:
        """Adds the nodes of an operation, or of one output of a view."""
        views, operations = self.rules.views, self.rules.operations
        rule = views.get(call.function) or operations.get(call.function)
        op = TorchContext(self, call, output)
        result: Result
        try:
            if self._is_empty(call.outputs):
                return
            if rule is None:
                raise UnknownOp
            result = rule(op)
        except _EmptyError:
            result = self._without_empty(op)
        except UnknownOp:
            result = self._by_operators(call) or self._uncounted(op)
        except Refusal as refusal:
            refuse(*refusal.problem(self.mark, op.origin))
        if isinstance(result, Operand | ValueRef):
            self._set_output(output, result, op)
        else:
            for index, operand in zip(call.outputs, result, strict=False):
                self._set_output(index, operand, op)

    def _set_output(self, output: int, operand: Operand | ValueRef, op: TorchContext) -> None:
        """Maps an output to the node or value with its elements.

        Raises:
            SpecError: PyTorch computed another shape than costcalc.
        """
        shape = self.trace.values[output].shape
        if isinstance(operand, Operand) and not _fits(operand.shape, shape):
            message = f"{op.origin}: has another shape than costcalc computes"
            refuse(self.mark, message, expected=dims_text(operand.shape), found=dims_text(shape))
        self._operands[output] = operand

    def _is_empty(self, values: Sequence[int]) -> bool:
        """Whether there are values, and all of them are without elements."""
        shapes = [self.trace.values[value].shape for value in values]
        return bool(shapes) and all(0 in shape for shape in shapes)

    def _without_empty(self, op: TorchContext) -> Result:
        """What a call puts out that reads a tensor without elements: its other input, or zeros.

        Adding to no places, such as the tokens of an expert that has none, changes nothing.
        """
        read = references((op.call.arguments, op.call.keywords))
        kept = [value for value in read[:1] if not self._is_empty([value])]
        outputs: list[Operand | ValueRef] = []
        for output in op.call.outputs:
            shape = self.trace.values[output].shape
            if kept and self.trace.values[kept[0]].shape == shape:
                outputs.append(ValueRef(kept[0]))
            else:
                name = op.call.path_of(op.call.function)
                outputs.append(self.constant(name, without_batch(shape), op.origin))
        return outputs

    def _by_operators(self, call: RecordedCall) -> Sequence[Operand | ValueRef]:
        """The outputs of a call by the operators that ran inside it; none if some are unknown."""
        values = [value for value in call.results if value is not None]
        if not call.inside or len(values) < len(call.outputs) or self._unknown_inside(call):
            return []
        self._explained, before = self._explained or call, self._explained
        for operator in call.inside:
            self._run(operator)
        self._explained = before
        return [ValueRef(value) for value in values]

    def _unknown_inside(self, call: RecordedCall) -> list[str]:
        """The operators inside a call that have no rule, but depend on the network's input."""
        known = {*self.rules.views, *self.rules.operations, *self.rules.factories}
        return [
            operator.function
            for operator in call.inside
            if operator.function not in known
            and (self.origins.is_computed(operator) or not operator.outputs)
        ]

    def _uncounted(self, op: TorchContext) -> Sequence[Operand]:
        """Adds uncounted nodes for the outputs of a call that has no layer kind, and sets them."""
        call = op.call
        if not self.allow_unknown and not self._is_alone:
            self._refuse_unknown(call)
        inputs = [op.tensor(value) for value in op.references if not self._is_empty([value.value])]
        for index, output in enumerate(call.outputs):
            if not self._is_empty([output]):
                shape = without_batch(self.trace.values[output].shape)
                operand = op.uncounted(call.function, inputs, shape, output=index)
                self._set_output(output, operand, op)
        return ()

    def _refuse_unknown(self, unknown: RecordedCall) -> None:
        call = self._explained or unknown
        where = f"module '{call.path}'" if call.path else "the network itself"
        verb = "runs the operator" if call.is_operator else "calls"
        operators = self._unknown_inside(call) or [unknown.function]
        operators = [name for name in operators if name != call.function]
        self._unknown.add(
            self.mark,
            f"{where} {verb} '{call.function}', for which costcalc has no layer kind",
            expected="an operation that has a layer kind",
            found=", ".join(dict.fromkeys(operators)),
            hint=ALLOW_UNKNOWN_HINT,
        )

    def _source(self, value: int, shape: Shape) -> Operand:
        """A node for a parameter that is read as a tensor, or for a constant."""
        source, call = self.trace.values[value], self.origins.producer.get(value)
        parameter = self.parameters.get(source.name) if source.source == "parameter" else None
        if parameter is not None:
            if not self._is_alone:
                return self._learned(parameter, shape, _whole(parameter))
            learned = self._learned(parameter, shape, {EVENTS[parameter.role]: []})
            self._unclaimed[parameter.name] = learned.node
            return learned
        name = source.name or (call.own_path if call else "constant")
        return self.constant(name, shape, name, is_fresh=value in self.origins.fresh)

    def _add_uncounted_params(self, parameter: ModuleParameter) -> None:
        """Adds a node for the part of a parameter that no other node counts."""
        node = self._unclaimed.get(parameter.name)
        if node is not None and self.params.left[parameter.name]:
            self.assign_params(node, _whole(parameter))
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
        """The name of a reshape: that of the view that needs it, if there is one."""
        call = self.origins.producer.get(value)
        if call is not None and call.function in self.rules.views:
            return call.own_path
        name = "input" if operand.node == NETWORK_INPUT else self.nodes[operand.node].name
        return f"{name}_reshape"


class TorchContext(OpContext):
    """A recorded call: its arguments, and methods to add its nodes.

    Attributes:
        call: the call.
        output: the output of a view to add, or the first output of an operation.
    """

    builder: TorchBuilder

    def __init__(self, builder: TorchBuilder, call: RecordedCall, output: int) -> None:
        path = call.path if call.functional is None else builder.owner_of(call)
        origin = f"{call.function} in '{call.path}'" if call.path else call.function
        super().__init__(builder, path or call.own_path, origin, functional=call.functional)
        self.call = call
        self.output = output

    def name_for(self, kind: str, part: str) -> str:
        """A free name in the module: the module's own or the function's, or ``constant``."""
        if kind == "constant":
            return self.builder.free_name(self.call.path_of("constant"))
        if part.startswith("/"):
            classes = self.builder.trace.classes if self.functional is None else {}
            class_name = classes.get(self.call.path, self.call.function)
            self.builder.blocks.setdefault(self.path, class_name)
        return self.builder.free_name(self.path + part.replace(".", "_"))

    def view(self, tensor: Operand, shape: Shape, part: str = "_reshape") -> Operand:
        """The tensor reshaped; unchanged if it already has that shape."""
        return self.builder.reshape(tensor, shape, self.call.own_path + part)

    def bind(self, *names: str) -> dict[str, Any]:
        """The arguments that were passed, by the names of the function's parameters."""
        call = self.call
        keywords = {_SYNONYMS.get(name, name): value for name, value in call.keywords.items()}
        return {**dict(zip(names, call.arguments, strict=False)), **keywords}

    def numbers(self, name: str) -> tuple[Any, ...]:
        """Numbers passed one by one or as a sequence, as in ``x.permute(0, 2, 1)``."""
        numbers = self.call.keywords.get(name, self.call.arguments[1:])
        if len(numbers) == 1 and isinstance(numbers[0], tuple):
            numbers = numbers[0]
        return tuple(numbers)

    @property
    def references(self) -> list[ValueRef]:
        """The values that the call reads, in order."""
        return [*map(ValueRef, references((self.call.arguments, self.call.keywords)))]

    @property
    def shape(self) -> Shape:
        """The shape of the output, with the batch."""
        return self.shape_of(ValueRef(self.output))

    def shape_of(self, value: ValueRef) -> Shape:
        """The shape of a value, with the batch."""
        return self.builder.trace.values[value.value].shape

    @property
    def is_complex(self) -> bool:
        """Whether the output consists of complex numbers."""
        return self.builder.trace.values[self.output].is_complex

    def has_complex(self, value: ValueRef) -> bool:
        """Whether a value consists of complex numbers."""
        return self.builder.trace.values[value.value].is_complex

    def complex_params(self, weight: ValueRef, bias: ValueRef | None) -> tuple[Params, Params]:
        """Where the real and the imaginary parts of weights and biases are stored."""
        stored = {"weights": self.stored(weight), "biases": self.stored(bias)}
        real, imaginary = (
            {
                event: [each._replace(part=(each.part, part)) for each in numbers]
                for event, numbers in stored.items()
            }
            for part in ("real", "imaginary")
        )
        return real, imaginary

    def is_computed(self, value: ValueRef) -> bool:
        """Whether a value depends on the network's input."""
        return self.builder.origins.depends_on[value.value] == COMPUTED

    def is_constant(self, value: ValueRef) -> bool:
        """Whether a value depends on neither the network's input nor its parameters."""
        return self.builder.origins.depends_on[value.value] == CONSTANT

    def is_weight(self, value: ValueRef) -> bool:
        """Whether a value is a parameter or another form of some, which have as many numbers."""
        sizes = self.builder.origins.sizes_of(value.value)
        has_all = sum(sizes, 0) >= prod(self.shape_of(value))
        return not self.is_computed(value) and bool(sizes) and has_all

    def stored(self, *values: ValueRef | None) -> list[StoredParams]:
        """The stored params of some arguments."""
        return self.builder.stored(values)

    def tensor(self, value: ValueRef, shape: Shape | None = None) -> Operand:
        """The operand of a value without its batch, or reshaped to ``shape``."""
        return self.builder.tensor(value.value, shape)

    def along_axes(self, value: ValueRef, axes: Sequence[int]) -> tuple[Operand, tuple[int, ...]]:
        """The operand of a value and some of its axes; the batch is kept only if it is one."""
        shape = self.shape_of(value)
        kept = (shape or (1,)) if 0 in axes else without_batch(shape)
        dropped = max(len(shape) - len(kept), 0)
        return self.tensor(value, kept), tuple(axis - dropped for axis in axes)

    def maps(self, value: ValueRef, spatial_rank: int) -> Operand:
        """Maps with their spatial axes last: (C, H, W), or (B, C, H, W) for several images."""
        shape = self.shape_of(value)
        is_one = len(shape) > spatial_rank + 1 and shape[0] == 1
        return self.tensor(value, shape[1:] if is_one else shape)

    def channels(self, value: ValueRef, spatial_rank: int) -> Operand:
        """Maps with batch and channels merged, for layers that treat them the same: (B C, H, W)."""
        shape = self.shape_of(value)
        place = len(shape) - spatial_rank
        return self.tensor(value, (prod(shape[:place]), *shape[place:]))

    def broadcast(self, value: ValueRef, shape: Shape | None = None) -> Operand:
        """A value padded with leading dimensions of 1 to the axes of ``shape`` or the output."""
        shape = self.shape if shape is None else shape
        own = self.shape_of(value)
        full = (1,) * (len(shape) - len(own)) + own
        drops_batch = len(shape) > 1 and shape[0] == 1
        return self.tensor(value, full[1:] if drops_batch else full or (1,))


def _whole(parameter: ModuleParameter) -> Params:
    """Where all numbers of a parameter are stored, by their event."""
    return {EVENTS[parameter.role]: [StoredParams(parameter.name)]}


_SYNONYMS = {"axis": "dim", "keepdims": "keepdim", "x": "input", "self": "input"}
"""NumPy's names of parameters, which PyTorch accepts in place of its own."""


def without_batch(shape: Shape) -> Shape:
    """The shape of a tensor's node: a batch of one is dropped.

    >>> without_batch((1, 64, 56, 56)), without_batch((64, 49, 96)), without_batch(())
    ((64, 56, 56), (64, 49, 96), (1,))
    """
    return shape[1:] if len(shape) > 1 and shape[0] == 1 else shape or (1,)


def _fits(shape: Shape, stated: Shape) -> bool:
    """Whether two shapes may be of the same tensor, but for dimensions of 1 and merged axes."""
    dims, stated_dims = ([side for side in each if side != 1] for each in (shape, stated))
    return prod(dims) == prod(stated_dims) and (
        len(dims) != len(stated_dims) or dims == stated_dims
    )
