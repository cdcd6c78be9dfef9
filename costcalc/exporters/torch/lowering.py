"""Layers to modules: what each leaf of a tree becomes, and as how many modules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

from costcalc.exporters.layers import for_each_layer, row_of
from costcalc.exporters.torch.borrowing import borrowing
from costcalc.exporters.torch.kinds import KINDS, MISSING
from costcalc.exporters.torch.pieces import CALLED, Module, Piece
from costcalc.exporters.torch.steps import CALL, Ref, Step, sequential
from costcalc.exporters.torch.tree import Leaf
from costcalc.exporters.torch.unions import Instance
from costcalc.graph.layer import Layer, LayerGraph

Part = tuple[Layer, Piece]

_ROLES = {
    "convolution": "Conv",
    "transposed_convolution": "TransposedConv",
    "dense": "Linear",
    "norm": "Norm",
}
"""What the layers of a family are called in the name of a class."""


class Run(NamedTuple):
    """Pieces of a leaf that one module can hold, or one piece that none can."""

    suffix: str
    """What its key has behind the leaf's."""
    pieces: tuple[Piece, ...]
    words: tuple[str, ...] = ()
    """What a class of such runs is called: ``Conv, Norm, ReLU6``; nothing where none is made."""
    roles: tuple[str, ...] = ()
    """The same, whatever the activation is: ``nn.Conv2d, nn.BatchNorm2d, Act``."""
    is_stateful: bool = False
    """Whether it holds params, or what training leaves behind."""

    @property
    def module(self) -> Module | None:
        """All its modules as one."""
        modules = [each.module for each in self.pieces if each.module is not None]
        return sequential(modules) if modules else None

    @property
    def forward(self) -> str:
        """The line that calls it."""
        return CALL if _is_module(self.pieces[0]) else self.pieces[0].forward


def lowered(graph: LayerGraph, leaves: Sequence[Leaf]) -> Mapping[Leaf, list[Run]]:
    """What every leaf becomes.

    Raises:
        SpecError: PyTorch cannot express some layers.
    """
    pieces = for_each_layer(graph, lambda index: _pieces(graph.layers[index]), "PyTorch")
    return {leaf: _runs(leaf, [pieces[index] for index in leaf.indexes]) for leaf in leaves}


def chain(path: str, run: Run) -> Instance:
    """A run as an instance of a class of such runs."""
    steps: list[Step] = []
    before = Ref("")
    for number, piece in enumerate(reversed(run.pieces)):
        key = piece.suffix or f"part{number}"
        steps.insert(0, Step(key, CALL, piece.module, {}, ()))
    for number, step in enumerate(steps):
        steps[number] = step._replace(inputs=(before,))
        before = Ref(step.key)
    main = next(piece.module for piece in run.pieces if not piece.suffix)
    arguments = main.arguments if main is not None else ()
    facts = {
        each.name: each.value
        for each in arguments
        if type(each.value) is int and each.name != "padding"
    }
    return Instance(path, (0,), tuple(steps), (before,), facts)


def _pieces(layer: Layer) -> tuple[Piece, ...]:
    pieces = row_of(layer, KINDS, MISSING)(layer)
    return tuple(map(partial(borrowing, layer), pieces)) if layer.borrows else pieces


def _runs(leaf: Leaf, lowered: Sequence[tuple[Piece, ...]]) -> list[Run]:
    """The leaf's pieces, as many of them together as one module can hold."""
    found: list[list[Part]] = []
    for layer, pieces in zip(leaf.layers, lowered, strict=True):
        for piece in pieces:
            if found and _is_module(piece) and _is_module(found[-1][-1][1]):
                found[-1].append((layer, piece))
            else:
                found.append([(layer, piece)])
    return [_run(leaf, part) for each in found for part in _apart(each)]


def _run(leaf: Leaf, parts: Sequence[Part]) -> Run:
    is_own = any(layer is leaf.layers[0] and not piece.suffix for layer, piece in parts)
    layer, piece = parts[0]
    suffix = "" if is_own else f":{piece.suffix or layer.kind.name}"
    is_stateful = any(_is_stateful(layer) for layer, piece in parts if not piece.suffix)
    return Run(suffix, tuple(piece for _, piece in parts), *_called(parts), is_stateful)


def _is_stateful(layer: Layer) -> bool:
    events = layer.operation.events(layer.input_shapes, layer.output)
    held = (events.weights, events.biases, events.norm_params, events.other_params, events.buffers)
    return any(held)


def _apart(run: list[Part]) -> list[list[Part]]:
    """A padding stands apart from a layer without a norm and an activation."""
    is_bare = len(run) > 1 and not _called(run)[0]
    return [[each] for each in run] if is_bare else [run]


def _called(run: Sequence[Part]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the layers of a run are; nothing where it is one alone."""
    words, roles = [], []
    for layer, piece in run:
        if piece.suffix or piece.module is None:
            continue
        name = piece.module.constructor.removeprefix("nn.")
        words.append(_ROLES.get(layer.kind.family, name))
        is_act = layer.kind.family == "activation" and not piece.module.arguments
        roles.append("Act" if is_act else piece.module.constructor)
    return (tuple(words), tuple(roles)) if len(words) > 1 else ((), ())


def _is_module(piece: Piece) -> bool:
    return piece.module is not None and piece.forward == CALLED
