"""Adds the nodes of a network: lowers every layer, and resolves blobs by name."""

from __future__ import annotations

from costcalc.advice import advice
from costcalc.errors import Mark, Problems, Refusal, did_you_mean
from costcalc.importers.builder import (
    ALLOW_UNKNOWN_HINT,
    ModelBuilder,
    Operand,
    StoredParams,
    UnknownOp,
)
from costcalc.importers.caffe.context import CaffeContext
from costcalc.importers.caffe.layers import MEASURES, TABLE
from costcalc.importers.caffe.network import CaffeLayer, CaffeNetwork
from costcalc.importers.caffe.sizes import DATA
from costcalc.kinds.base import PARAMS

Blob = Operand | None
"""The tensor of a blob; None after an earlier problem."""


class CaffeWalk:
    """Lowers a network and collects its problems."""

    def __init__(self, blobs: dict[str, Blob], builder: ModelBuilder, problems: Problems) -> None:
        self.blobs = blobs
        self.builder = builder
        self.problems = problems

    def run(self, network: CaffeNetwork) -> None:
        """Lowers the layers in the order of the file: a name means the last blob of that name."""
        for layer in network.layers:
            if layer.type == "Input" or layer.type in DATA or layer.type in MEASURES:
                continue
            tops = self._layer(layer)
            for index, top in enumerate(layer.tops):
                self.blobs[top.text] = tops[index] if index < len(tops) else None

    def _layer(self, layer: CaffeLayer) -> tuple[Blob, ...]:
        name = self.builder.free_name(layer.name)
        blobs = self._inputs(layer)
        rule = TABLE.get(layer.type)
        if rule is None:
            return self._unknown(layer, name, blobs, UnknownOp())
        inputs = tuple(blob for blob in blobs if blob is not None)
        if len(inputs) < len(blobs):
            return ()
        start = len(self.builder.nodes)
        try:
            result = rule(CaffeContext(layer, name, inputs, self.builder))
        except UnknownOp as unknown:
            self.builder.truncate(start)
            return self._unknown(layer, name, inputs, unknown)
        except Refusal as refusal:
            self._note(layer, layer.mark, refusal)
            return ()
        self._assign_params(layer, start)
        return (result,) if isinstance(result, Operand) else result

    def _inputs(self, layer: CaffeLayer) -> tuple[Blob, ...]:
        """The layer's input blobs; notes a problem for each unknown name."""
        labels = 1 if layer.type == "SoftmaxWithLoss" else None
        for bottom in layer.bottoms[:labels]:
            if bottom.text not in self.blobs:
                missing = Refusal(
                    f"no layer above outputs '{bottom.text}' in the test phase",
                    "a blob of a layer above",
                    hint=did_you_mean(bottom.text, self.blobs),
                )
                self._note(layer, bottom.mark, missing)
        return tuple(self.blobs.get(bottom.text) for bottom in layer.bottoms[:labels])

    def _unknown(
        self, layer: CaffeLayer, name: str, inputs: tuple[Blob, ...], unknown: UnknownOp
    ) -> tuple[Blob, ...]:
        """An uncounted node: prototxt states no shapes, so it has that of the first input."""
        tops = max(1, len(layer.tops))
        first = inputs[0] if inputs else None
        if self.builder.allow_unknown and first is not None:
            op = CaffeContext(layer, name, (first,), self.builder)
            return (op.add("uncounted", (first,), {"op": layer.type, "shape": first.shape}),) * tops
        unknown.hint = did_you_mean(layer.type, [*TABLE, *MEASURES, *DATA]) or (
            advice("{}, with the shape of its input", ALLOW_UNKNOWN_HINT)
        )
        self._note(layer, layer.mark, unknown)
        return inputs[:1] * tops

    def _assign_params(self, layer: CaffeLayer, start: int) -> None:
        """Assigns the layer's named params to its nodes, so that layers can share them."""
        if start == len(self.builder.nodes):
            # A Scale or Bias that became part of the norm above it has no node of its own.
            stored = [StoredParams(name) for name in layer.params if name]
            if stored and layer.type in ("Scale", "Bias"):
                self.builder.assign_params(start - 1, {"norm_params": stored})
            return
        names = iter(layer.params)
        for index in range(start, len(self.builder.nodes)):
            events = self.builder.events(index)
            named = {event: next(names, "") for event in PARAMS if getattr(events, event)}
            self.builder.assign_params(
                index, {event: [StoredParams(name)] for event, name in named.items() if name}
            )

    def _note(self, layer: CaffeLayer, mark: Mark, refusal: Refusal) -> None:
        self.problems.note(refusal.problem(mark, layer.origin))
