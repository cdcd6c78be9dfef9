"""The nodes of a graph, the model's own functions written out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

from costcalc.errors import Mark, refuse
from costcalc.formats import onnx_schema as schema
from costcalc.formats.onnx_schema import AttributeType
from costcalc.formats.protobuf import Span, WireReader
from costcalc.importers.onnx.numbers import Number, stored
from costcalc.importers.onnx.tensors import OnnxNode
from costcalc.records import NamedTuple
from costcalc.spec import limits

OWN = ("", "ai.onnx")
"""The domains of ONNX's own operators."""


PATH = 1000
"""Characters of the functions around a node that its name keeps."""


class Literal(NamedTuple):
    """A tensor in an attribute, and its numbers where they are few."""

    tensor: schema.TensorProto
    values: tuple[Number, ...] | None


class Subgraph(NamedTuple):
    """A graph in an attribute, which is read when it is needed; and what it stands in."""

    span: Span
    scope: FunctionScope


class FunctionScope(NamedTuple):
    """What a node stands in: the network, or a call of a function."""

    opsets: Mapping[str, int]
    renamed: Mapping[str, str] | None = None
    """Tensors of the function by their names in the network; None in the network itself."""
    given: Mapping[str, Any] = {}
    """The attributes of the call."""
    path: str = ""
    calls: tuple[tuple[str, str, str], ...] = ()
    """The functions that are being written out."""


class Inliner:
    """Writes out the functions that a model's nodes call."""

    def __init__(self, wire: WireReader, model: schema.ModelProto) -> None:
        self.wire = wire
        self.functions = {(each.domain, each.name, each.overload): each for each in model.functions}
        self.opsets = dict(model.opsets)
        self.written = 0

    def nodes(
        self, nodes: Sequence[schema.NodeProto], scope: FunctionScope | None = None
    ) -> Iterator[OnnxNode]:
        """Nodes of the file as nodes of the graph.

        Raises:
            SpecError: a function calls itself, or there are too many nodes.
        """
        scope = scope or FunctionScope(self.opsets)
        for node in nodes:
            key = (node.domain, node.operator, node.overload)
            if key in self.functions:
                yield from self._called(node, key, scope)
                continue
            self.written += 1
            if self.written > limits.STEPS:
                self._refuse(node, f"more than {limits.STEPS:,} nodes, functions written out")
            domain = "" if node.domain in OWN else node.domain
            yield OnnxNode(
                _within(scope.path, node.name),
                f"{domain}.{node.operator}" if domain else node.operator,
                scope.opsets.get(node.domain, scope.opsets.get("", 1)),
                tuple(_renamed(name, scope) for name in node.inputs),
                tuple(_renamed(name, scope) for name in node.outputs),
                dict(self._attributes(node, scope)),
                tuple(pair for pair in node.metadata if pair[0]),
            )

    def inside(self, inside: Subgraph, name: str) -> tuple[schema.GraphProto, list[OnnxNode]]:
        """A graph inside an operation of a name; its tensors are named apart in a function.

        Raises:
            SpecError: it is no graph, or there are too many nodes.
        """
        graph = schema.GRAPH.read(self.wire, *inside.span)
        scope = inside.scope
        if scope.renamed is not None:
            own = [each.name for each in graph.initializers]
            own += [each for node in graph.nodes for each in node.outputs if each]
            prefix = f"#{self.written}/"
            renamed = {**scope.renamed, **{each: prefix + each for each in own}}
            scope = scope._replace(renamed=renamed)
            graph = graph._replace(
                initializers=tuple(
                    each._replace(name=renamed[each.name]) for each in graph.initializers
                ),
                outputs=tuple(
                    each._replace(name=renamed.get(each.name, each.name)) for each in graph.outputs
                ),
            )
        return graph, list(self.nodes(graph.nodes, scope._replace(path=name)))

    def _called(
        self, node: schema.NodeProto, key: tuple[str, str, str], scope: FunctionScope
    ) -> Iterator[OnnxNode]:
        """The nodes of a function where it is called."""
        function = self.functions[key]
        if key in scope.calls:
            self._refuse(node, f"function '{node.operator}' calls itself")
        if len(scope.calls) >= limits.NESTING:
            self._refuse(node, f"functions are called more than {limits.NESTING} levels deep")
        path = _within(scope.path, node.name or node.operator)
        renamed = dict.fromkeys(function.inputs, "")
        for names, own in ((node.inputs, function.inputs), (node.outputs, function.outputs)):
            outer = (_renamed(name, scope) for name in names)
            renamed.update(zip(own, outer, strict=False))
        self.written += 1
        prefix = f"#{self.written}/"
        for inner in function.nodes:
            for name in inner.outputs:
                if name not in renamed or not renamed[name]:
                    renamed[name] = prefix + name
        given = {each.name: self._value(each, scope) for each in function.defaults}
        given.update(self._attributes(node, scope))
        inside = FunctionScope(dict(function.opsets), renamed, given, path, (*scope.calls, key))
        yield from self.nodes(function.nodes, inside)

    def _attributes(
        self, node: schema.NodeProto, scope: FunctionScope
    ) -> Iterator[tuple[str, Any]]:
        for each in node.attributes:
            if not each.refers:
                yield each.name, self._value(each, scope)
            elif each.refers in scope.given:
                yield each.name, scope.given[each.refers]

    def _value(self, attribute: schema.AttributeProto, scope: FunctionScope) -> Any:
        """An attribute's value, a tensor's numbers read where they are few."""
        value = attribute.value
        if attribute.type == AttributeType.TENSOR and value is not None:
            return Literal(value, stored(self.wire, value))
        if attribute.type == AttributeType.GRAPH and value is not None:
            return Subgraph(value, scope)
        return value

    def _refuse(self, node: schema.NodeProto, message: str) -> NoReturn:
        refuse(Mark(self.wire.file), f"node '{node.name}' ({node.operator}): {message}")


def _within(path: str, name: str) -> str:
    """A name behind what it stands in, of which the end is kept where that is long."""
    return f"{path[-PATH:]}/{name}" if path else name


def _renamed(name: str, scope: FunctionScope) -> str:
    if scope.renamed is None or not name:
        return name
    return scope.renamed.get(name, name)
