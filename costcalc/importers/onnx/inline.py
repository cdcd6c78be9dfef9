"""Inlines the functions that a model defines itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

from costcalc.errors import Mark, refuse
from costcalc.formats import onnx_schema as schema
from costcalc.formats.file_bytes import Span
from costcalc.formats.onnx_schema import AttributeType
from costcalc.formats.protobuf import WireReader
from costcalc.importers.onnx.numbers import Number, read_values
from costcalc.importers.onnx.tensors import OnnxNode
from costcalc.records import NamedTuple
from costcalc.spec import limits

OWN = ("", "ai.onnx")
"""The domains of ONNX's own operators."""

PATH = 1000
"""The most characters of the path of function calls that a node's name keeps."""


class TensorAttribute(NamedTuple):
    """A tensor in an attribute, and its values if they are few."""

    tensor: schema.TensorProto
    values: tuple[Number, ...] | None


class Subgraph(NamedTuple):
    """A graph in an attribute, read when needed, and the scope it is in."""

    span: Span
    scope: FunctionScope


class FunctionScope(NamedTuple):
    """The scope of a node: the network, or a call of a function."""

    opsets: Mapping[str, int]
    renamed: Mapping[str, str] | None = None
    """The network's name for each tensor of the function; None in the network itself."""
    arguments: Mapping[str, Any] = {}
    """The attributes of the call."""
    path: str = ""
    calls: tuple[tuple[str, str, str], ...] = ()
    """The functions being inlined, the outermost first."""


class Inliner:
    """Inlines the functions that a model's nodes call."""

    def __init__(self, wire: WireReader, model: schema.ModelProto) -> None:
        self.wire = wire
        self.functions = {(f.domain, f.name, f.overload): f for f in model.functions}
        self.opsets = dict(model.opsets)
        self._parsed: dict[Span, schema.GraphProto] = {}
        self.count = 0
        """The number of nodes so far, calls included."""

    def nodes(
        self, nodes: Sequence[schema.NodeProto], scope: FunctionScope | None = None
    ) -> Iterator[OnnxNode]:
        """The file's nodes as nodes of the graph, with functions inlined.

        Raises:
            SpecError: a function calls itself, or there are too many nodes.
        """
        scope = scope or FunctionScope(self.opsets)
        for node in nodes:
            key = (node.domain, node.operator, node.overload)
            if key in self.functions:
                yield from self._inlined(node, key, scope)
                continue
            self.count += 1
            if self.count > limits.STEPS:
                self._refuse(node, f"more than {limits.STEPS:,} nodes, functions inlined")
            domain = "" if node.domain in OWN else node.domain
            yield OnnxNode(
                _scoped(scope.path, node.name),
                f"{domain}.{node.operator}" if domain else node.operator,
                scope.opsets.get(node.domain, scope.opsets.get("", 1)),
                tuple(_renamed(name, scope) for name in node.inputs),
                tuple(_renamed(name, scope) for name in node.outputs),
                dict(self._attributes(node, scope)),
                tuple(pair for pair in node.metadata if pair[0]),
            )

    def subgraph(self, value: Subgraph, name: str) -> tuple[schema.GraphProto, list[OnnxNode]]:
        """The subgraph of a node of that name; inside a function, its tensors get unique names.

        Raises:
            SpecError: it is not a graph, or there are too many nodes.
        """
        graph = self.parsed(value)
        if value.scope.renamed is None:
            return graph, list(self.nodes(graph.nodes, value.scope._replace(path=name)))
        prefix = f"#{self.count}/"
        own = (*_stored_names(graph), *_computed_names(graph))
        return self._renamed(value, name, {inner: prefix + inner for inner in own})

    def run_of(
        self, value: Subgraph, name: str, label: str, run: int, arguments: Sequence[str]
    ) -> tuple[schema.GraphProto, list[OnnxNode]]:
        """A run of the subgraph of a node of that name, which reads the arguments.

        Its tensors get names of this run, but for those that it stores; ``label`` is unique.

        Raises:
            SpecError: as :meth:`subgraph`.
        """
        graph = self.parsed(value)
        renamed = {inner: f"{label}#{run}/{inner}" for inner in _computed_names(graph)}
        renamed |= {inner: f"{label}#/{inner}" for inner in _stored_names(graph)}
        inputs = (argument.name for argument in graph.inputs)
        renamed |= dict(zip(inputs, arguments, strict=True))
        return self._renamed(value, name, renamed)

    def parsed(self, value: Subgraph) -> schema.GraphProto:
        """The subgraph as it is in the file.

        Raises:
            SpecError: it is not a graph.
        """
        if value.span not in self._parsed:
            self._parsed[value.span] = schema.GRAPH.read(self.wire, *value.span)
        return self._parsed[value.span]

    def _renamed(
        self, value: Subgraph, name: str, renamed: Mapping[str, str]
    ) -> tuple[schema.GraphProto, list[OnnxNode]]:
        """A subgraph, and its nodes, with its own tensors under new names."""
        graph, renamed = self.parsed(value), {**(value.scope.renamed or {}), **renamed}
        scope = value.scope._replace(renamed=renamed, path=name)
        tensors = tuple(tensor._replace(name=renamed[tensor.name]) for tensor in graph.initializers)
        outputs = tuple(
            output._replace(name=renamed.get(output.name, output.name)) for output in graph.outputs
        )
        graph = graph._replace(initializers=tensors, outputs=outputs)
        return graph, list(self.nodes(graph.nodes, scope))

    def _inlined(
        self, node: schema.NodeProto, key: tuple[str, str, str], scope: FunctionScope
    ) -> Iterator[OnnxNode]:
        """The nodes of a function, as called by a node."""
        function = self.functions[key]
        if key in scope.calls:
            self._refuse(node, f"function '{node.operator}' calls itself")
        if len(scope.calls) >= limits.NESTING:
            self._refuse(node, f"functions are called more than {limits.NESTING} levels deep")
        path = _scoped(scope.path, node.name or node.operator)
        renamed = dict.fromkeys(function.inputs, "")
        for names, own in ((node.inputs, function.inputs), (node.outputs, function.outputs)):
            outer = (_renamed(name, scope) for name in names)
            renamed.update(zip(own, outer, strict=False))
        self.count += 1
        prefix = f"#{self.count}/"
        for inner in function.nodes:
            for name in inner.outputs:
                if name not in renamed or not renamed[name]:
                    renamed[name] = prefix + name
        arguments = {default.name: self._value(default, scope) for default in function.defaults}
        arguments.update(self._attributes(node, scope))
        calls = (*scope.calls, key)
        inner_scope = FunctionScope(dict(function.opsets), renamed, arguments, path, calls)
        yield from self.nodes(function.nodes, inner_scope)

    def _attributes(
        self, node: schema.NodeProto, scope: FunctionScope
    ) -> Iterator[tuple[str, Any]]:
        for attribute in node.attributes:
            if not attribute.refers:
                yield attribute.name, self._value(attribute, scope)
            elif attribute.refers in scope.arguments:
                yield attribute.name, scope.arguments[attribute.refers]

    def _value(self, attribute: schema.AttributeProto, scope: FunctionScope) -> Any:
        """An attribute's value; a tensor's values are read if they are few."""
        value = attribute.value
        if attribute.type == AttributeType.TENSOR and value is not None:
            return TensorAttribute(value, read_values(self.wire, value))
        if attribute.type == AttributeType.GRAPH and value is not None:
            return Subgraph(value, scope)
        return value

    def _refuse(self, node: schema.NodeProto, message: str) -> NoReturn:
        refuse(Mark(self.wire.file), f"node '{node.name}' ({node.operator}): {message}")


def _stored_names(graph: schema.GraphProto) -> list[str]:
    """The tensors that a graph stores, in initializers or in Constant nodes."""
    names = [tensor.name for tensor in graph.initializers]
    for node in graph.nodes:
        if node.operator == "Constant":
            names += node.outputs[:1]
    return names


def _computed_names(graph: schema.GraphProto) -> list[str]:
    """The tensors that a graph computes."""
    return [name for node in graph.nodes for name in node.outputs if name]


def _scoped(path: str, name: str) -> str:
    """A name after the path of its scope, of which only the end is kept if it is long."""
    return f"{path[-PATH:]}/{name}" if path else name


def _renamed(name: str, scope: FunctionScope) -> str:
    if scope.renamed is None or not name:
        return name
    return scope.renamed.get(name, name)
