"""The graph that an importer builds, one operation of its model after another.

A :class:`ModelBuilder` collects the nodes.  Each node gets a unique name and the shape
that its layer kind computes; params are counted once, however many nodes use them.
For each operation, the importer makes an :class:`OpContext`, which names the
operation's nodes, and passes it to the functions of :mod:`costcalc.importers.emit`:

    builder = ModelBuilder(input=(3, 224, 224))
    op = OpContext(builder, path="stem/conv", origin="node 'conv' (Conv)")
    weight = StoredParams("conv.weight", 864)
    x = emit.conv(op, builder.input, out=32, kernel=3, stride=2, params={"weights": [weight]})
    assert x == Operand(0, (32, 111, 111))

An :class:`Operand` is a tensor: the node that produces it, and its shape without the
batch.  Whatever cannot be imported raises a :class:`~costcalc.errors.Refusal`; the
importer adds the location.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from math import prod
from typing import Any

from costcalc.advice import advice, flag, shape_option
from costcalc.errors import Refusal
from costcalc.escaping import shortened
from costcalc.graph.layer import NETWORK_INPUT
from costcalc.importers.model import Borrows, Model, Node, RequestedShapes, Shape
from costcalc.kinds import KINDS
from costcalc.kinds.base import PARAMS, Events, Operation
from costcalc.names import FreeNames
from costcalc.records import NamedTuple
from costcalc.spec import limits
from costcalc.spec.document import ALL

NOTHING: Mapping[str, Any] = {}


class UnknownOp(Refusal):
    """costcalc has no layer kind for an operation; the message may say why."""

    def __init__(self, message: str = "costcalc has no layer kind for it") -> None:
        super().__init__(message)


ALLOW_UNKNOWN_HINT = advice("{}, to leave it uncounted", flag("allow_unknown"))
"""How to import a model in spite of an unknown operation."""


def shape_unknown(name: str, output: int = 0) -> Refusal:
    """The refusal of an unknown operation whose output could have any shape."""
    which = f" {output + 1}" if output else ""
    return Refusal(
        f"costcalc has no layer kind for it, and the shape of its output{which} is not known",
        hint=shape_option(f"{name}.{output + 1}" if output else name),
    )


class Operand(NamedTuple):
    """A tensor that operations read: the node that produces it, and its shape for one image."""

    node: int
    """The node's index, or the graph's NETWORK_INPUT."""
    shape: Shape

    @property
    def rank(self) -> int:
        """The number of its axes."""
        return len(self.shape)


class StoredParams(NamedTuple):
    """Learned numbers as a model stores them: a tensor or a part of one.

    Equal values stand for the same numbers.
    """

    tensor: str
    size: int | None = None
    """How many numbers; None for as many as the layer needs."""
    part: Hashable = None
    """Which part of the tensor; None for all of it."""
    is_computed: bool = False
    """Whether they are computed from the tensor, so that no two are known to be the same."""


Params = Mapping[str, Sequence[StoredParams]]
"""Where the params of a layer are stored, by the name of the event that counts them.

Params of an event without an entry are the layer's own.  An empty entry, as for a
constant scale, means that they are not counted at all.
"""


class ParamCounts:
    """Keeps count of stored numbers, so that only the first layer that uses them counts them."""

    def __init__(self) -> None:
        self.left: dict[str, int] = {}
        """How many numbers of each tensor are not counted yet; no limit for other tensors."""
        self.counted: set[StoredParams] = set()
        self.owners: dict[Hashable, int] = {}
        """The node that counts a layer kind's params, by the kind and where they are stored."""

    def claim(self, stored: StoredParams, most: int) -> int:
        """Count the numbers that no other layer counts, at most ``most``; return how many."""
        if stored in self.counted:
            return 0
        if not stored.is_computed:
            self.counted.add(stored)
        return self._take(stored.tensor, most if stored.size is None else min(most, stored.size))

    def rest(self, tensor: str) -> int:
        """Count the numbers of a tensor that no layer counts; return how many."""
        return self._take(tensor, self.left[tensor])

    def _take(self, tensor: str, most: int) -> int:
        taken = min(most, self.left.get(tensor, most))
        if tensor in self.left:
            self.left[tensor] -= taken
        return taken


class ModelBuilder:
    """Collects the nodes of a model, each reading earlier ones.

    Attributes:
        input: the network's input.
        allow_unknown: whether operations without a layer kind may be added as not counted.
        requested: the shapes of unknown operations that the caller gives.
        is_sized: whether sizes hold for this input only, so that another input size
            needs a new import.
        nodes: the nodes so far.
        blocks: the module class of each inner path in the nodes' names.
        inputs: the types of numbers of the inputs by their names, as in a model.
        folded: the paths of single operations with many nodes, which are one row of a table.
        notes: what a reader must know of the totals, in whole sentences.
        params: which stored numbers are counted.
    """

    def __init__(
        self,
        input: Shape,
        allow_unknown: bool = False,
        shapes: RequestedShapes | None = None,
    ) -> None:
        self.input = Operand(NETWORK_INPUT, input)
        self.allow_unknown = allow_unknown
        self.requested = shapes or RequestedShapes()
        self.is_sized = False
        self.nodes: list[Node] = []
        self.blocks: dict[str, str] = {}
        self.inputs = {"input": ""}
        self.folded: set[str] = set()
        self.notes: dict[str, None] = {}
        self.params = ParamCounts()
        self._in_training: dict[str, list[str]] = {}
        self._applied: list[tuple[Operation, tuple[Shape, ...], Shape]] = []
        """The operation of each node, the shapes of its inputs and of its output."""
        self._names = FreeNames(["input"])

    def free_name(self, wanted: str) -> str:
        """Reserve a name that no node has: the wanted one, or that with a number."""
        wanted = shortened(wanted, limits.NAME)
        if not wanted.isprintable():
            wanted = "".join(char if char.isprintable() else "_" for char in wanted)
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
        """Add a node, named by :meth:`free_name`; return its tensor.

        Arguments equal to the kind's defaults are left out.  Nodes that use the same
        params have the same ``shares``; if the model says where params are stored,
        pass ``params`` instead.

        Raises:
            Refusal: the inputs do not fit, or the model is too large.
        """
        if len(self.nodes) >= limits.STEPS:
            raise Refusal("the model has too many layers", f"at most {limits.STEPS:,}")
        defaults = getattr(KINDS[kind].operation, "_field_defaults", NOTHING)
        arguments = {key: value for key, value in arguments.items() if value != defaults.get(key)}
        shapes = tuple(tensor.shape for tensor in inputs)
        operation = _operation(kind, arguments, shapes)
        shape = operation.output_shape(shapes)
        if not all(1 <= size <= limits.SIZE for size in shape):
            raise Refusal(
                "its output has a dimension out of range",
                expected=f"dimensions from 1 to {limits.SIZE:,}",
                found=" x ".join(map(str, shape)),
            )
        index = len(self.nodes)
        self._applied.append((operation, shapes, shape))
        borrows: Borrows = NOTHING
        if params:
            shares, borrows = self._find_owner(index, kind, params)
        elif shares and not _has_params(self.events(index)):
            shares = ""
        indexes = tuple(tensor.node for tensor in inputs)
        self.nodes.append(
            Node(name, kind, arguments, indexes, None, origin, shares, borrows, functional)
        )
        return Operand(index, shape)

    def note(self, sentence: str) -> None:
        """Say something that a reader must know of the totals: a choice, a bound, a guess."""
        self.notes[sentence] = None

    def name_input(self, name: str, dtype: str = "") -> None:
        """State the name of the network's first input, and what its numbers are."""
        self.inputs = {name: dtype}

    def other_input(self, name: str, shape: Shape, origin: str = "", dtype: str = "") -> Operand:
        """Add another input of the network, beside its first; return its tensor.

        Raises:
            Refusal: the model is too large.
        """
        name = self.free_name(name)
        self.inputs[name] = dtype
        return self.add(name, "input", (), {"shape": shape}, origin=origin)

    def constant(
        self, name: str, shape: Shape, origin: str = "", *, is_fresh: bool = False
    ) -> Operand:
        """Add a tensor that is not learned, stored or made in each pass; return it.

        Raises:
            Refusal: the model is too large.
        """
        arguments = {"shape": shape, **({"fresh": True} if is_fresh else {})}
        return self.add(self.free_name(name), "constant", (), arguments, origin=origin)

    def view(
        self,
        tensor: Operand,
        shape: Shape,
        name: str,
        *,
        origin: str = "",
        functional: str | None = None,
    ) -> Operand:
        """The tensor reshaped, by a node of that name; unchanged if it already has that shape.

        Raises:
            Refusal: it has a different number of elements.
        """
        if tensor.shape == shape:
            return tensor
        kind, arguments = _reshaping(tensor, shape)
        return self.add(
            self.free_name(name), kind, (tensor,), arguments, origin=origin, functional=functional
        )

    def assign_params(self, index: int, params: Params) -> None:
        """Set where the params of a node are stored, so that each counts once.

        A node whose params are all those of an earlier node shares that node's;
        otherwise it borrows those that other nodes count.
        """
        node = self.nodes[index]
        shares, borrows = self._find_owner(index, node.kind, params)
        self.nodes[index] = node._replace(shares=shares, borrows=borrows)

    def _find_owner(self, index: int, kind: str, params: Params) -> tuple[str, Borrows]:
        """The label by which a node shares its params, and the params it borrows."""
        events = self.events(index)
        params = {event: stored for event, stored in params.items() if getattr(events, event)}
        key = (kind, tuple((event, tuple(stored)) for event, stored in params.items()))
        owner = self.params.owners.get(key, index)
        if owner != index:
            label = self.nodes[owner].name
            self.nodes[owner] = self.nodes[owner]._replace(shares=label)
            return label, {}
        borrows: dict[str, int | str] = {}
        for event, stored in params.items():
            left = count = getattr(events, event)
            for part in stored:
                left -= self.params.claim(part, left)
            if left:
                borrows[event] = ALL if left == count else left
        if params and not borrows and all(map(_are_identifiable, params.values())):
            self.params.owners[key] = index
        return "", borrows

    def state_shape(self, tensor: Operand, shape: Shape) -> None:
        """Record the shape that the model states for a node's output."""
        self.nodes[tensor.node] = self.nodes[tensor.node]._replace(output=shape)

    def events(self, index: int) -> Events:
        """The events of a node, including all params it uses."""
        operation, inputs, output = self._applied[index]
        return operation.events(inputs, output)

    def guessed_before(self, tensors: Sequence[Operand]) -> list[str]:
        """The names of the unknown operations, of guessed shape, that some tensors depend on."""
        reached = {tensor.node for tensor in tensors}
        for index in range(len(self.nodes) - 1, -1, -1):
            if index in reached:
                reached.update(self.nodes[index].inputs)
        guessed = (
            index for index in reached - {NETWORK_INPUT} if "guessed" in self.nodes[index].arguments
        )
        return [self.nodes[index].name for index in sorted(guessed)]

    def set_arguments(self, index: int, arguments: Mapping[str, Any]) -> None:
        """Replace a node's arguments, which must leave its output shape unchanged."""
        node, (_, inputs, output) = self.nodes[index], self._applied[index]
        self.nodes[index] = node._replace(arguments=arguments)
        self._applied[index] = (_operation(node.kind, arguments, inputs), inputs, output)

    def truncate(self, count: int) -> None:
        """Remove all nodes but the first ``count``."""
        del self.nodes[count:], self._applied[count:]

    def note_training(self, word: str, name: str) -> None:
        """Note what a module does in training, by a word of :mod:`costcalc.graph.in_training`."""
        self._in_training.setdefault(word, []).append(name)

    def model(self, name: str, file: str, parameters: Mapping[str, Any] = NOTHING) -> Model:
        """The model with the nodes so far."""
        return Model(
            name=shortened(name, limits.NAME),
            file=file,
            source={},
            input=self.input.shape,
            nodes=tuple(self.nodes),
            parameters=parameters,
            is_sized=self.is_sized,
            blocks=self.blocks,
            inputs=self.inputs,
            folded=frozenset(self.folded),
            notes=tuple(self.notes),
            in_training={word: (*names,) for word, names in self._in_training.items()},
        )

    def move_to_front(self, first: int) -> None:
        """Move the nodes from index ``first`` on, which read nothing, before all others."""
        moved = len(self.nodes) - first
        if not moved:
            return
        self.nodes = self.nodes[first:] + [
            node._replace(
                inputs=tuple(
                    index if index == NETWORK_INPUT else index + moved for index in node.inputs
                )
            )
            for node in self.nodes[:first]
        ]
        self._applied = self._applied[first:] + self._applied[:first]


class OpContext:
    """One operation of a model while its nodes are added.

    Importers extend it by what their operations read, and override :meth:`name_for`
    to name nodes differently.
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
        """The operation's name, from :meth:`ModelBuilder.free_name`."""
        self.origin = origin
        """What it is in the model, for messages."""
        self.class_name = class_name
        self.shares = shares
        """A label for its params if other operations use them too."""
        self.functional = functional
        """``function`` or ``operator`` if no module does it; its constants are neither."""
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
        """Add a node of this operation; return its tensor.

        ``part`` tells the nodes of one operation apart: ``/query`` for a part of what it
        computes, ``.reshape`` for a change of its input or output.

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

    def fold(self) -> None:
        """Show all nodes of this operation, whose parts begin with '/', as one row of a table."""
        self.builder.folded.add(self.path)

    def uncounted(
        self,
        operation: str,
        inputs: Sequence[Operand],
        stated: Shape | None,
        *,
        output: int = 0,
        guess: Shape | None = None,
        name: str = "",
    ) -> Operand:
        """Add a node for an output of an operation that costcalc does not know.

        Args:
            operation: the model's name for the operation.
            inputs: what it reads.
            stated: the shape that the model states for the output, if it does.
            output: the output's number.
            guess: its shape if neither the model nor the caller states one.
            name: what the caller calls the operation, by default its path.

        Raises:
            Refusal: its shape is unknown, or the caller gives another one.
        """
        name = name or self.path
        requested = self.builder.requested.find(name, output)
        if None not in (requested, stated) and requested != stated:
            raise Refusal(
                "its output has another shape in the model",
                dims_text(stated or ()),
                dims_text(requested or ()),
            )
        shape = requested or stated
        is_guess = shape is None
        shape = shape or guess
        if shape is None:
            raise shape_unknown(name, output)
        self.builder.is_sized = True
        arguments = {"op": operation, "shape": shape, "guessed": is_guess}
        return self.add("uncounted", inputs, arguments)

    def view(self, tensor: Operand, shape: Shape, part: str = ".reshape") -> Operand:
        """The tensor reshaped; unchanged if it already has that shape.

        Raises:
            Refusal: it has a different number of elements.
        """
        if tensor.shape == shape:
            return tensor
        kind, arguments = _reshaping(tensor, shape)
        return self.add(kind, (tensor,), arguments, part)

    def name_for(self, kind: str, part: str) -> str:
        """A free name for a node of a kind: the operation's path with ``part`` appended."""
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
    return f"({', '.join(str(size) for size in shape)})"


def axis_without_batch(axis: int, rank: int) -> int:
    """Convert an axis of a tensor with a batch to one of the tensor without it, of ``rank`` axes.

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


def _reshaping(tensor: Operand, shape: Shape) -> tuple[str, Mapping[str, Any]]:
    """The kind that reshapes a tensor to ``shape``, and its arguments."""
    if prod(tensor.shape) != prod(shape):
        raise Refusal(
            "has a different shape than costcalc computes",
            expected=f"as many elements as {dims_text(shape)}",
            found=dims_text(tensor.shape),
        )
    return ("flatten", NOTHING) if len(shape) == 1 else ("reshape", {"shape": shape})


def _operation(kind: str, arguments: Mapping[str, Any], inputs: tuple[Shape, ...]) -> Operation:
    row = KINDS[kind]
    operation = row.operation(**row.given, **arguments)
    resolved: Operation = operation.resolve(inputs) if row.becomes else operation
    return resolved


def _are_identifiable(stored: Sequence[StoredParams]) -> bool:
    """Whether there are stored numbers, and equal ones are known to be the same."""
    return bool(stored) and not any(part.is_computed for part in stored)


def _has_params(events: Events) -> bool:
    return bool(events.buffers) or any(getattr(events, name) for name in PARAMS)
