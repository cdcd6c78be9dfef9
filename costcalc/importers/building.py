"""A model's nodes as an importer adds them, each with the shape that its kind gives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from costcalc.graph.frame import Tensor
from costcalc.importers.model import Node, Sides
from costcalc.kinds import KINDS
from costcalc.kinds.base import Events, Operation, Shape, ShapeError
from costcalc.spec import limits


class LayerError(ShapeError):
    """What is wrong with a layer of a model; the caller knows which layer."""


class UnknownLayer(Exception):
    """No layer kind says what a layer computes; the message, where there is one, says why."""


class Builder:
    """Collects the nodes of a model; a node reads tensors of those before it.

    Attributes:
        nodes: what was added.
        is_sized: whether an argument was computed from a size that another input may change.
    """

    def __init__(self, allow_unknown: bool = False) -> None:
        self.allow_unknown = allow_unknown
        self.is_sized = False
        self.nodes: list[Node] = []
        self._applied: list[tuple[Operation, tuple[Shape, ...], Shape]] = []
        """The operation of each node, its inputs' shapes and its output's."""
        self._taken: dict[str, int] = {"input": 1}

    def name(self, wanted: str) -> str:
        """A name that no node has: the wanted one, or the same with a number."""
        wanted = "".join(each if each.isprintable() else "_" for each in wanted)
        if wanted not in self._taken:
            self._taken[wanted] = 1
            return wanted
        while True:
            self._taken[wanted] += 1
            name = f"{wanted}_{self._taken[wanted]}"
            if name not in self._taken:
                self._taken[name] = 1
                return name

    def add(
        self,
        name: str,
        kind: str,
        arguments: Mapping[str, Any],
        inputs: Sequence[Tensor],
        *,
        origin: str = "",
        shares: str = "",
        functional: str | None = None,
    ) -> Tensor:
        """The tensor of a new node, whose name is one of :meth:`name`.

        ``shares`` is left out where the node has no params.

        Raises:
            ShapeError: the inputs do not fit, or the model is too large.
        """
        if len(self.nodes) >= limits.STEPS:
            raise LayerError("the model has too many layers", f"at most {limits.STEPS:,}")
        indexes = tuple(tensor.layer for tensor in inputs)
        node = Node(name, kind, arguments, indexes, origin=origin, functional=functional)
        shapes = tuple(known(tensor) for tensor in inputs)
        operation = _operation(node, shapes)
        shape = operation.output_shape(shapes)
        if any(side < 1 or side > limits.SIZE for side in shape):
            raise LayerError(
                "its output is of no size",
                expected=f"sides from 1 to {limits.SIZE:,}",
                found=" x ".join(str(side) for side in shape),
            )
        if shares and _has_params(operation.events(shapes, shape)):
            node = node._replace(shares=shares)
        self.nodes.append(node)
        self._applied.append((operation, shapes, shape))
        return Tensor(len(self.nodes) - 1, shape)

    def state(self, tensor: Tensor, shape: Sides) -> None:
        """Notes the shape that the model states for a node's output."""
        self.nodes[tensor.layer] = self.nodes[tensor.layer]._replace(output=shape)

    def drop(self, count: int) -> None:
        """Takes nodes away again, all but the first ``count``."""
        del self.nodes[count:], self._applied[count:]

    def events(self, index: int) -> Events:
        """The events of a node, its params among them."""
        operation, inputs, output = self._applied[index]
        return operation.events(inputs, output)

    def replace(self, index: int, arguments: Mapping[str, Any]) -> None:
        """Gives a node other arguments, which leave its shape as it is."""
        _, inputs, output = self._applied[index]
        self.nodes[index] = self.nodes[index]._replace(arguments=arguments)
        self._applied[index] = (_operation(self.nodes[index], inputs), inputs, output)


def known(tensor: Tensor) -> Shape:
    """The tensor's shape, where an importer has made sure that it has one.

    Raises:
        ShapeError: it has none.
    """
    if tensor.shape is None:
        raise LayerError("the shape of what it reads is not known")
    return tensor.shape


def compact(sides: Sequence[Any]) -> Any:
    """One size where all axes have the same, as a person would write it."""
    return sides[0] if len(set(sides)) == 1 else tuple(sides)


def _operation(node: Node, inputs: tuple[Shape, ...]) -> Operation:
    row = KINDS[node.kind]
    operation = row.operation(**row.given, **node.arguments)
    found: Operation = operation.resolve(inputs) if row.becomes else operation
    return found


def _has_params(events: Events) -> bool:
    learned = (events.weights, events.biases, events.norm_params, events.other_params)
    return any(learned) or bool(events.buffers)
