"""Lowers the lines of a network to modules: one for each line if possible, or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

from costcalc.blocks.tree import LayerLine
from costcalc.exporters.layers import UnwritableLayer, for_each_layer, row_of
from costcalc.exporters.torch.kinds import KINDS, MISSING
from costcalc.exporters.torch.modules import (
    CALL,
    ForwardLine,
    ForwardLines,
    Module,
    ModuleStep,
    TensorRef,
    Word,
    new,
    positional,
    sequential,
)
from costcalc.exporters.torch.unions import ModuleInstance
from costcalc.graph.layer import Layer, LayerGraph

_ROLES = {
    "convolution": "Conv",
    "transposed_convolution": "TransposedConv",
    "dense": "Linear",
    "norm": "Norm",
}
"""What a layer's family is called in the name of a class."""

_TENSORS = {
    "weights": ("weight",),
    "biases": ("bias",),
    "norm_params": ("weight", "bias"),
    "other_params": ("weight",),
}
"""The tensors of a module that hold the params of an event."""

LayerPart = tuple[Layer, ForwardLine]


class FusedModule(NamedTuple):
    """The part of a line that fits into one module, or a single line that is not a module."""

    suffix: str
    """What its key appends to the line's."""
    lines: ForwardLines
    words: tuple[str, ...] = ()
    """The words of its class's name: ``Conv, Norm, ReLU6``; empty if it needs no class."""
    roles: tuple[str, ...] = ()
    """Like ``words``, with any activation as ``Act``: ``nn.Conv2d, nn.BatchNorm2d, Act``."""
    is_stateful: bool = False
    """Whether it has parameters or buffers."""

    @property
    def module(self) -> Module | None:
        """All its modules as one."""
        modules = [line.module for line in self.lines if line.module is not None]
        return sequential(modules) if modules else None


def lowered(graph: LayerGraph, lines: Sequence[LayerLine]) -> Mapping[LayerLine, list[FusedModule]]:
    """The modules of every line.

    Raises:
        SpecError: PyTorch cannot express some layers.
    """
    layers = for_each_layer(graph, lambda index: _lowered(graph.layers[index]), "PyTorch")
    return {line: _fused(line, [layers[index] for index in line.indexes]) for line in lines}


def instance_of(path: str, fused: FusedModule) -> ModuleInstance:
    """A fused module as an instance of a class."""
    steps: list[ModuleStep] = []
    before = TensorRef("")
    for number, line in enumerate(fused.lines):
        key = line.suffix or f"part{len(fused.lines) - number - 1}"
        steps.append(ModuleStep(key, CALL, line.module, {}, (before,)))
        before = TensorRef(key)
    main = next(line.module for line in fused.lines if not line.suffix)
    arguments = main.arguments if main is not None else ()
    facts = {
        argument.name: argument.value
        for argument in arguments
        if type(argument.value) is int and argument.name != "padding"
    }
    return ModuleInstance(path, (0,), tuple(steps), (before,), facts)


def _lowered(layer: Layer) -> ForwardLines:
    lines = row_of(layer, KINDS, MISSING)(layer)
    return tuple(map(partial(_borrowing, layer), lines)) if layer.borrows else lines


def _borrowing(layer: Layer, line: ForwardLine) -> ForwardLine:
    """The line, with buffers for the params that its layer borrows.

    Raises:
        UnwritableLayer: it borrows only part of a tensor.
    """
    module = line.module
    if module is None or line.suffix:
        return line
    names: list[str] = []
    for event, count in layer.borrows.items():
        is_whole = count == getattr(layer.computation.events, event)
        if is_whole and layer.kind.family != "recurrent":
            names += _TENSORS[event]
        elif count:
            raise UnwritableLayer(f"it shares only some of its {event} with another layer")
    if not names:
        return line
    if module.constructor == "nn.Parameter":
        return line._replace(module=module._replace(constructor=Word("nn.Buffer")))
    buffers = (positional(str(number), name) for number, name in enumerate(names))
    return line._replace(module=new("borrowing", positional("module", module), *buffers))


def _fused(line: LayerLine, layers: Sequence[ForwardLines]) -> list[FusedModule]:
    """A network's line as modules, each as large as possible."""
    runs: list[list[LayerPart]] = []
    for layer, lines in zip(line.layers, layers, strict=True):
        for forward in lines:
            if runs and forward.is_module and runs[-1][-1][1].is_module:
                runs[-1].append((layer, forward))
            else:
                runs.append([(layer, forward)])
    return [_module(line, parts) for run in runs for parts in _without_bare_padding(run)]


def _module(line: LayerLine, parts: Sequence[LayerPart]) -> FusedModule:
    own = [layer for layer, forward in parts if not forward.suffix]
    layer, first = parts[0]
    is_own = any(layer is line.layers[0] for layer in own)
    suffix = "" if is_own else f":{first.suffix or layer.kind.name}"
    is_stateful = any(layer.is_learned or layer.computation.events.buffers for layer in own)
    forwards = tuple(forward for _, forward in parts)
    return FusedModule(suffix, forwards, *_words(parts), is_stateful)


def _without_bare_padding(parts: list[LayerPart]) -> list[list[LayerPart]]:
    """The parts, split up if they are only a padding and a layer without norm or activation."""
    is_bare = len(parts) > 1 and not _words(parts)[0]
    return [[part] for part in parts] if is_bare else [parts]


def _words(parts: Sequence[LayerPart]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words and roles of a fused module; none if it is a single layer."""
    words, roles = [], []
    for layer, line in parts:
        if line.suffix or line.module is None:
            continue
        name = line.module.constructor.removeprefix("nn.")
        words.append(_ROLES.get(layer.kind.family, name))
        is_act = layer.kind.family == "activation" and not line.module.arguments
        roles.append("Act" if is_act else line.module.constructor)
    return (tuple(words), tuple(roles)) if len(words) > 1 else ((), ())
