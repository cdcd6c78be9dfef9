"""Turns a model into a document, so that whatever reads specs also reads models.

A document holds expressions, since a spec may compute sizes from its parameters.  A
model holds plain numbers; each becomes a constant expression here.  That costs a few
microseconds, and gives specs and models the same expansion, width multiplier and checks.
"""

from __future__ import annotations

from typing import Any

from costcalc.errors import Mark
from costcalc.graph.layer import NETWORK_INPUT
from costcalc.importers.folding import blocks, hosted_nodes
from costcalc.importers.model import Model, Node
from costcalc.kinds import KINDS
from costcalc.spec.document import (
    Argument,
    Common,
    Document,
    Expression,
    LayerStep,
    ListArgument,
    Parameter,
    PrintedShape,
    Rounding,
    Title,
)
from costcalc.spec.values import constant


def document(model: Model) -> Document:
    """The document whose layers are the model's nodes, connected by name."""
    mark = Mark(model.file)
    hosted = hosted_nodes(model.nodes)
    shown, folded = blocks(model, hosted)
    return Document(
        title=Title(model.name),
        file=model.file,
        source=model.source,
        input=tuple(_constant(size, mark) for size in model.input),
        parameters={
            name: Parameter(name, _constant(value, mark), mark)
            for name, value in model.parameters.items()
        },
        rounding=Rounding(),
        blocks={},
        steps=tuple(_step(node, model, index in hosted) for index, node in enumerate(model.nodes)),
        sized_by=frozenset(model.parameters) | ({"res"} if model.is_sized else frozenset()),
        groups=shown,
        folded=folded,
        inputs=model.inputs,
        notes=model.notes,
        schedule=model.schedule,
        is_file_resized=model.is_file_resized,
        in_training=model.in_training,
    )


def _step(node: Node, model: Model, is_hosted: bool) -> LayerStep:
    mark = Mark(f"{model.file}: {node.origin or node.name}")
    sources = tuple((_name(index, model), mark) for index in node.inputs)
    common = Common(
        mark,
        name=node.name,
        sources=sources,
        output=_stated_shape(node, mark),
        shares=node.shares,
        borrows={name: _constant(count, mark) for name, count in node.borrows.items()},
        is_hosted=is_hosted,
    )
    arguments = {name: _argument(value, mark) for name, value in node.arguments.items()}
    return LayerStep(
        common, KINDS[node.kind], arguments, functional=_functional(node.functional, mark)
    )


def _name(index: int, model: Model) -> str:
    return "input" if index == NETWORK_INPUT else model.nodes[index].name


def _stated_shape(node: Node, mark: Mark) -> PrintedShape | None:
    if node.output is None:
        return None
    return PrintedShape(tuple(_constant(size, mark) for size in node.output), mark)


def _argument(value: Any, mark: Mark) -> Argument:
    if isinstance(value, tuple):
        return ListArgument(tuple(_argument(item, mark) for item in value), mark)
    return _constant(value, mark)


def _constant(value: Any, mark: Mark) -> Expression:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return constant(value, text, mark)


def _functional(word: str | None, mark: Mark) -> Expression | None:
    if word is None:
        return None
    return _constant(True if word == "function" else word, mark)
