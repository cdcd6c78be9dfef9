"""Layers to modules: what each line of a network becomes, and as how many modules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

from costcalc.blocks.tree import LayerLine
from costcalc.exporters.layers import UnwritableLayer, for_each_layer, row_of
from costcalc.exporters.torch.kinds import KINDS, MISSING
from costcalc.exporters.torch.modules import (
    CALL,
    CALLED,
    ForwardLine,
    ForwardLines,
    Module,
    ModuleStep,
    TensorRef,
    Word,
    given,
    sequential,
)
from costcalc.exporters.torch.unions import Instance
from costcalc.graph.layer import Layer, LayerGraph

_ROLES = {
    "convolution": "Conv",
    "transposed_convolution": "TransposedConv",
    "dense": "Linear",
    "norm": "Norm",
}
"""What the layers of a family are called in the name of a class."""

_TENSORS = {
    "weights": ("weight",),
    "biases": ("bias",),
    "norm_params": ("weight", "bias"),
    "other_params": ("weight",),
}
"""The tensors of a module that hold the params of an event."""

LayerPart = tuple[Layer, ForwardLine]


class FusedModule(NamedTuple):
    """What one module of a line can hold: lines of ``forward``, or one that no module can."""

    suffix: str
    """What its key has behind the line's."""
    lines: ForwardLines
    words: tuple[str, ...] = ()
    """What a class of its like is called: ``Conv, Norm, ReLU6``; nothing where none is made."""
    roles: tuple[str, ...] = ()
    """The same, whatever the activation is: ``nn.Conv2d, nn.BatchNorm2d, Act``."""
    is_stateful: bool = False
    """Whether it holds params, or what training leaves behind."""

    @property
    def module(self) -> Module | None:
        """All its modules as one."""
        modules = [each.module for each in self.lines if each.module is not None]
        return sequential(modules) if modules else None

    @property
    def forward(self) -> str:
        """The line that calls it."""
        return CALL if _is_module(self.lines[0]) else self.lines[0].forward


def lowered(graph: LayerGraph, lines: Sequence[LayerLine]) -> Mapping[LayerLine, list[FusedModule]]:
    """What every line becomes.

    Raises:
        SpecError: PyTorch cannot express some layers.
    """
    layers = for_each_layer(graph, lambda index: _lowered(graph.layers[index]), "PyTorch")
    return {line: _fused(line, [layers[index] for index in line.indexes]) for line in lines}


def instance(path: str, fused: FusedModule) -> Instance:
    """A fused module as an instance of a class of its like."""
    steps: list[ModuleStep] = []
    before = TensorRef("")
    for number, line in enumerate(fused.lines):
        key = line.suffix or f"part{len(fused.lines) - number - 1}"
        steps.append(ModuleStep(key, CALL, line.module, {}, (before,)))
        before = TensorRef(key)
    main = next(line.module for line in fused.lines if not line.suffix)
    arguments = main.arguments if main is not None else ()
    facts = {
        each.name: each.value
        for each in arguments
        if type(each.value) is int and each.name != "padding"
    }
    return Instance(path, (0,), tuple(steps), (before,), facts)


def _lowered(layer: Layer) -> ForwardLines:
    lines = row_of(layer, KINDS, MISSING)(layer)
    return tuple(map(partial(_borrowing, layer), lines)) if layer.borrows else lines


def _borrowing(layer: Layer, line: ForwardLine) -> ForwardLine:
    """The line, with buffers for the params that its layer borrows.

    Raises:
        UnwritableLayer: it borrows a part of a tensor, or of several.
    """
    module = line.module
    if module is None or line.suffix:
        return line
    events = layer.operation.events(layer.input_shapes, layer.output)
    names: list[str] = []
    for event, count in layer.borrows.items():
        if count == getattr(events, event) and layer.kind.family != "recurrent":
            names += _TENSORS[event]
        elif count:
            raise UnwritableLayer(f"it shares only some of its {event} with another layer")
    if not names:
        return line
    if module.constructor == "nn.Parameter":
        return line._replace(module=module._replace(constructor=Word("nn.Buffer")))
    shown = (given(str(number), name) for number, name in enumerate(names))
    return line._replace(module=Module(Word("borrowing"), (given("module", module), *shown)))


def _fused(line: LayerLine, layers: Sequence[ForwardLines]) -> list[FusedModule]:
    """A network's line as modules, as much of it in each as one module can hold."""
    found: list[list[LayerPart]] = []
    for layer, lines in zip(line.layers, layers, strict=True):
        for each in lines:
            if found and _is_module(each) and _is_module(found[-1][-1][1]):
                found[-1].append((layer, each))
            else:
                found.append([(layer, each)])
    return [_module(line, parts) for together in found for parts in _apart(together)]


def _module(line: LayerLine, parts: Sequence[LayerPart]) -> FusedModule:
    is_own = any(layer is line.layers[0] and not each.suffix for layer, each in parts)
    layer, first = parts[0]
    suffix = "" if is_own else f":{first.suffix or layer.kind.name}"
    is_stateful = any(_is_stateful(layer) for layer, each in parts if not each.suffix)
    return FusedModule(suffix, tuple(each for _, each in parts), *_called(parts), is_stateful)


def _is_stateful(layer: Layer) -> bool:
    events = layer.operation.events(layer.input_shapes, layer.output)
    return layer.is_learned or bool(events.buffers)


def _apart(parts: list[LayerPart]) -> list[list[LayerPart]]:
    """A padding stands apart from a layer without a norm and an activation."""
    is_bare = len(parts) > 1 and not _called(parts)[0]
    return [[each] for each in parts] if is_bare else [parts]


def _called(parts: Sequence[LayerPart]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the layers of a module are; nothing where it is one alone."""
    words, roles = [], []
    for layer, line in parts:
        if line.suffix or line.module is None:
            continue
        name = line.module.constructor.removeprefix("nn.")
        words.append(_ROLES.get(layer.kind.family, name))
        is_act = layer.kind.family == "activation" and not line.module.arguments
        roles.append("Act" if is_act else line.module.constructor)
    return (tuple(words), tuple(roles)) if len(words) > 1 else ((), ())


def _is_module(line: ForwardLine) -> bool:
    return line.module is not None and line.forward == CALLED
