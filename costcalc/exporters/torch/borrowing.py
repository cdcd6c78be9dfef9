"""Layers some of whose params another layer counts."""

from __future__ import annotations

from costcalc.exporters.layers import UnwritableLayer
from costcalc.exporters.torch.pieces import Module, Piece, Word, given
from costcalc.graph.layer import Layer

_TENSORS = {
    "weights": ("weight",),
    "biases": ("bias",),
    "norm_params": ("weight", "bias"),
    "other_params": ("weight",),
}
"""The tensors of a module that hold the params of an event."""


def borrowing(layer: Layer, piece: Piece) -> Piece:
    """The piece, with buffers for what its layer borrows.

    Raises:
        UnwritableLayer: it borrows a part of a tensor, or of several.
    """
    module = piece.module
    if module is None or piece.suffix:
        return piece
    events = layer.operation.events(layer.input_shapes, layer.output)
    names: list[str] = []
    for event, count in layer.borrows.items():
        if count == getattr(events, event) and layer.kind.family != "recurrent":
            names += _TENSORS[event]
        elif count:
            raise UnwritableLayer(f"it borrows a part of its {event}")
    if not names:
        return piece
    if module.constructor == "nn.Parameter":
        return piece._replace(module=module._replace(constructor=Word("nn.Buffer")))
    shown = (given(str(number), name) for number, name in enumerate(names))
    wrapped = Module(Word("borrowing"), (given("module", module), *shown))
    return piece._replace(module=wrapped)
