"""One graph in the making: what every importer adds the operations of its model to.

A :class:`ModelBuilder` holds the nodes.  Each has the shape that its layer kind
gives it, a name that no other has, and counts what it learned once, however many
nodes use it.  An importer walks along its model; for each operation it makes an
:class:`OpContext`, which knows how the nodes of that operation are called, and
lets :mod:`costcalc.importers.emit` add them:

    builder = ModelBuilder(input=(3, 224, 224))
    op = OpContext(builder, path="stem/conv", origin="node 'conv' (Conv)")
    weight = StoredParams("conv.weight", 864)
    x = emit.conv(op, builder.input, out=32, kernel=3, stride=2, params={"weights": [weight]})
    assert x == Operand(0, (32, 111, 111))

An :class:`Operand` is a tensor: the node that gives it, and its shape without the
batch.  What cannot be imported is raised as a :class:`~costcalc.errors.Refusal`, to which
the importer's walk along the model adds the place.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from math import prod
from typing import Any

from costcalc.errors import Refusal
from costcalc.graph.layer import NETWORK_INPUT
from costcalc.importers.model import Model, Node, Shape
from costcalc.kinds import KINDS
from costcalc.kinds.base import PARAMS, Events, Operation
from costcalc.names import FreeNames
from costcalc.records import NamedTuple
from costcalc.spec import limits

NOTHING: Mapping[str, Any] = {}


class UnknownOp(Refusal):
    """There is no layer kind for what an operation computes; the message may say why."""

    def __init__(self, message: str = "costcalc has no layer kind for it") -> None:
        super().__init__(message)


class Operand(NamedTuple):
    """A tensor that operations read: the node that gives it, and its shape for one image."""

    node: int
    """Its index, or the graph's NETWORK_INPUT."""
    shape: Shape

    @property
    def rank(self) -> int:
        """The number of its axes."""
        return len(self.shape)


class StoredParams(NamedTuple):
    """Learned numbers as a model stores them: a tensor, or a part of one.

    Two that are equal are the same numbers.
    """

    tensor: str
    size: int | None = None
    """How many there are; None for as many as their layer has."""
    part: Hashable = None
    """Which part of the tensor, where it is not the whole."""
    is_computed: bool = False
    """Whether they are computed of the tensor, so that no two are known to be the same."""


Params = Mapping[str, Sequence[StoredParams]]
"""Where the params of a layer are stored, by the name of the event that counts them.

Params of an event that is not named here are the layer's own.  Those of an event that is
named without stored numbers, such as a constant scale, count nowhere.
"""


class ParamCounts:
    """How many of the stored numbers are counted: each once, by the first layer that has it."""

    def __init__(self) -> None:
        self.left: dict[str, int] = {}
        """Numbers of each tensor that are not counted yet; of others there is no bound."""
        self.counted: set[StoredParams] = set()
        self.owners: dict[Hashable, int] = {}
        """The node that counts some stored numbers, each as params of some event."""

    def claim(self, stored: StoredParams, most: int) -> int:
        """How many numbers count here for the first time, ``most`` at the highest."""
        if stored in self.counted:
            return 0
        if not stored.is_computed:
            self.counted.add(stored)
        return self._take(stored.tensor, most if stored.size is None else min(most, stored.size))

    def rest(self, tensor: str) -> int:
        """All numbers of a tensor that are not counted yet, which count now."""
        return self._take(tensor, self.left[tensor])

    def _take(self, tensor: str, most: int) -> int:
        taken = min(most, self.left.get(tensor, most))
        if tensor in self.left:
            self.left[tensor] -= taken
        return taken


class ModelBuilder:
    """Collects the nodes of a model, each of which reads those before it.

    Attributes:
        input: the network's input.
        allow_unknown: whether operations of no known kind may stand as not counted.
        is_sized: whether a size was computed for this input alone, so that another
            size of the input needs a new import.
        nodes: what was added.
        blocks: what each inner path of the nodes' names is: a module's class.
        params: which numbers are counted.
    """

    def __init__(self, input: Shape, allow_unknown: bool = False) -> None:
        self.input = Operand(NETWORK_INPUT, input)
        self.allow_unknown = allow_unknown
        self.is_sized = False
        self.nodes: list[Node] = []
        self.blocks: dict[str, str] = {}
        self.params = ParamCounts()
        self._applied: list[tuple[Operation, tuple[Shape, ...], Shape]] = []
        """The operation of each node, the shapes of its inputs and of its output."""
        self._names = FreeNames(["input"])

    def free_name(self, wanted: str) -> str:
        """A name that no node has: the wanted one, or the same with a number."""
        if not wanted.isprintable():
            wanted = "".join(each if each.isprintable() else "_" for each in wanted)
        return self._names.free(wanted)

    def add(
        self,
        name: str,
        kind: str,
        inputs: Sequence[Operand] = (),
        arguments: Mapping[str, Any] = NOTHING,
        *,
        origin: str = "",
        shares: str = "",
        params: Params = NOTHING,
        functional: str | None = None,
    ) -> Operand:
        """The tensor of a new node, whose name is one of :meth:`free_name`.

        Arguments that the kind has by default are left out.  ``shares`` is a word that
        all nodes say which use the params of the first of them; ``params`` says where
        they are stored instead.

        Raises:
            Refusal: the inputs do not fit, or the model is too large.
        """
        if len(self.nodes) >= limits.STEPS:
            raise Refusal("the model has too many layers", f"at most {limits.STEPS:,}")
        defaults = getattr(KINDS[kind].operation, "_field_defaults", NOTHING)
        given = {key: value for key, value in arguments.items() if value != defaults.get(key)}
        shapes = tuple(each.shape for each in inputs)
        operation = _operation(kind, given, shapes)
        shape = operation.output_shape(shapes)
        if any(side < 1 or side > limits.SIZE for side in shape):
            raise Refusal(
                "its output has no size",
                expected=f"sides from 1 to {limits.SIZE:,}",
                found=" x ".join(str(side) for side in shape),
            )
        index = len(self.nodes)
        self._applied.append((operation, shapes, shape))
        borrows: Mapping[str, int] = NOTHING
        if params:
            shares, borrows = self._owned(index, kind, params)
        elif shares and not _has_params(self.events(index)):
            shares = ""
        indexes = tuple(each.node for each in inputs)
        self.nodes.append(
            Node(name, kind, given, indexes, None, origin, shares, borrows, functional)
        )
        return Operand(index, shape)

    def view(
        self,
        tensor: Operand,
        shape: Shape,
        name: str,
        *,
        origin: str = "",
        functional: str | None = None,
    ) -> Operand:
        """A tensor's elements in another shape; itself where it has that shape.

        ``name`` is the one that a node gets which is needed for it, or the same with a number.

        Raises:
            Refusal: it has another number of elements.
        """
        if tensor.shape == shape:
            return tensor
        kind, arguments = _viewed(tensor, shape)
        return self.add(
            self.free_name(name), kind, (tensor,), arguments, origin=origin, functional=functional
        )

    def assign_params(self, index: int, params: Params) -> None:
        """Says where the params of a node are stored, so that each counts once.

        A node whose params are all those of an earlier one shares them with it;
        otherwise it borrows those that others count.
        """
        node = self.nodes[index]
        shares, borrows = self._owned(index, node.kind, params)
        self.nodes[index] = node._replace(shares=shares, borrows=borrows)

    def _owned(self, index: int, kind: str, params: Params) -> tuple[str, dict[str, int]]:
        """The word that a node shares its params by, or those that it borrows."""
        events = self.events(index)
        params = {event: stored for event, stored in params.items() if getattr(events, event)}
        if params and all(_are_told_apart(stored) for stored in params.values()):
            key = (kind, tuple((event, tuple(stored)) for event, stored in params.items()))
            owner = self.params.owners.setdefault(key, index)
            if owner != index:
                word = self.nodes[owner].name
                self.nodes[owner] = self.nodes[owner]._replace(shares=word)
                return word, {}
        borrows = {}
        for event, stored in params.items():
            left = getattr(events, event)
            for each in stored:
                left -= self.params.claim(each, left)
            if left:
                borrows[event] = left
        return "", borrows

    def state_shape(self, tensor: Operand, shape: Shape) -> None:
        """Notes the shape that the model states for a node's output."""
        self.nodes[tensor.node] = self.nodes[tensor.node]._replace(output=shape)

    def events(self, index: int) -> Events:
        """The events of a node, all params that it uses among them."""
        operation, inputs, output = self._applied[index]
        return operation.events(inputs, output)

    def set_arguments(self, index: int, arguments: Mapping[str, Any]) -> None:
        """Gives a node other arguments, which leave its shape as it is."""
        node, (_, inputs, output) = self.nodes[index], self._applied[index]
        self.nodes[index] = node._replace(arguments=arguments)
        self._applied[index] = (_operation(node.kind, arguments, inputs), inputs, output)

    def truncate(self, count: int) -> None:
        """Takes nodes away again, all but the first ``count``."""
        del self.nodes[count:], self._applied[count:]

    def model(self, name: str, file: str, parameters: Mapping[str, Any] = NOTHING) -> Model:
        """The model that was built."""
        return Model(
            name=name,
            file=file,
            source={},
            input=self.input.shape,
            nodes=tuple(self.nodes),
            parameters=parameters,
            is_sized=self.is_sized,
            blocks=self.blocks,
        )

    def move_to_front(self, first: int) -> None:
        """Puts the nodes from one on, which read nothing, before all others."""
        moved = len(self.nodes) - first
        if not moved:
            return
        self.nodes = self.nodes[first:] + [
            node._replace(
                inputs=tuple(
                    each if each == NETWORK_INPUT else each + moved for each in node.inputs
                )
            )
            for node in self.nodes[:first]
        ]
        self._applied = self._applied[first:] + self._applied[:first]


class OpContext:
    """One operation of a model while its nodes are added.

    An importer that calls its nodes otherwise overrides :meth:`name_for`, and one whose
    operations read more than this adds its own reading.
    """

    def __init__(
        self,
        builder: ModelBuilder,
        path: str,
        origin: str = "",
        *,
        class_name: str = "",
        shares: str = "",
        functional: str | None = None,
    ) -> None:
        self.builder = builder
        self.path = path
        """Its name: one of :meth:`ModelBuilder.free_name`."""
        self.origin = origin
        """What it is in the model, for messages."""
        self.class_name = class_name
        self.shares = shares
        """The word for its params where several operations use them."""
        self.functional = functional
        """What does it, if no module; the constants that it states are nobody's work."""
        self._is_unnamed = True

    def add(
        self,
        kind: str,
        inputs: Sequence[Operand] = (),
        arguments: Mapping[str, Any] = NOTHING,
        part: str = "",
        *,
        params: Params = NOTHING,
        functional: str | None = None,
    ) -> Operand:
        """The tensor of a node of this operation.

        ``part`` tells several nodes of one operation apart: ``/query`` is a part of what
        it computes, ``.reshape`` fits what it reads or gives.

        Raises:
            Refusal: the inputs do not fit.
        """
        return self.builder.add(
            self.name_for(kind, part),
            kind,
            inputs,
            arguments,
            origin=self.origin,
            shares=self.shares and self.shares + part,
            params=params,
            functional=functional or (self.functional if inputs else None),
        )

    def view(self, tensor: Operand, shape: Shape, part: str = ".reshape") -> Operand:
        """A tensor's elements in another shape; itself where it has that shape.

        Raises:
            Refusal: it has another number of elements.
        """
        if tensor.shape == shape:
            return tensor
        kind, arguments = _viewed(tensor, shape)
        return self.add(kind, (tensor,), arguments, part)

    def name_for(self, kind: str, part: str) -> str:
        """A free name for a node of a kind: the operation's own, and what ``part`` adds."""
        if part.startswith("/"):
            self.builder.blocks.setdefault(self.path, self.class_name)
        if self._is_unnamed and not part:
            self._is_unnamed = False
            return self.path
        return self.builder.free_name(self.path + part)


def dims_text(shape: Sequence[int | float]) -> str:
    """A shape for messages, as frameworks print it.

    >>> dims_text((1, 3, 224, 224))
    '(1, 3, 224, 224)'
    """
    return f"({', '.join(str(side) for side in shape)})"


def axis_without_batch(axis: int, rank: int) -> int:
    """An axis that counts the batch as its first, of a tensor of so many axes without it.

    Raises:
        Refusal: it is the batch, or there is no such axis.

    >>> axis_without_batch(1, 3), axis_without_batch(-1, 3)
    (0, 2)
    """
    place = axis + rank if axis < 0 else axis - 1
    if not 0 <= place < rank:
        what = "the batch" if axis in (0, -rank - 1) else "not an axis of its input"
        raise Refusal(f"axis {axis} is {what}", f"1 to {rank}, or -{rank} to -1", f"axis: {axis}")
    return place


def _viewed(tensor: Operand, shape: Shape) -> tuple[str, Mapping[str, Any]]:
    """The kind that gives a tensor another shape, and its arguments."""
    if prod(tensor.shape) != prod(shape):
        raise Refusal(
            "has another shape than costcalc computes",
            expected=f"as many elements as {dims_text(shape)}",
            found=dims_text(tensor.shape),
        )
    return ("flatten", NOTHING) if len(shape) == 1 else ("reshape", {"shape": shape})


def _operation(kind: str, arguments: Mapping[str, Any], inputs: tuple[Shape, ...]) -> Operation:
    row = KINDS[kind]
    operation = row.operation(**row.given, **arguments)
    found: Operation = operation.resolve(inputs) if row.becomes else operation
    return found


def _are_told_apart(stored: Sequence[StoredParams]) -> bool:
    """Whether there are stored numbers, and equal ones are known to be the same."""
    return bool(stored) and not any(each.is_computed for each in stored)


def _has_params(events: Events) -> bool:
    return bool(events.buffers) or any(getattr(events, name) for name in PARAMS)
