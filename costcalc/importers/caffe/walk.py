"""The nodes of a network: every layer lowered, each blob what was last given under its name."""

from __future__ import annotations

from costcalc.errors import Mark, Problems, Refusal, did_you_mean
from costcalc.importers.builder import ModelBuilder, Operand, StoredParams, UnknownOp
from costcalc.importers.caffe.context import CaffeContext
from costcalc.importers.caffe.layers import MEASURES, TABLE
from costcalc.importers.caffe.network import CaffeLayer, CaffeNetwork
from costcalc.importers.caffe.sizes import DATA
from costcalc.kinds.base import PARAMS

Blob = Operand | None
"""What a name stands for; None where an earlier problem left no tensor."""


class CaffeWalk:
    """Lowers a network; what is wrong with it goes to ``problems``."""

    def __init__(self, blobs: dict[str, Blob], builder: ModelBuilder, problems: Problems) -> None:
        self.blobs = blobs
        self.builder = builder
        self.problems = problems

    def run(self, network: CaffeNetwork) -> None:
        """Every layer, in the order of the file."""
        for layer in network.layers:
            if layer.type == "Input" or layer.type in DATA or layer.type in MEASURES:
                continue
            tops = self._layer(layer)
            for index, top in enumerate(layer.tops):
                self.blobs[top.text] = tops[index] if index < len(tops) else None

    def _layer(self, layer: CaffeLayer) -> tuple[Blob, ...]:
        name = self.builder.free_name(layer.name)
        blobs = self._inputs(layer)
        lower = TABLE.get(layer.type)
        if lower is None:
            return self._unknown(layer, name, blobs, UnknownOp())
        inputs = tuple(blob for blob in blobs if blob is not None)
        if len(inputs) < len(blobs):
            return ()
        start = len(self.builder.nodes)
        try:
            result = lower(CaffeContext(layer, name, inputs, self.builder))
        except UnknownOp as unknown:
            self.builder.truncate(start)
            return self._unknown(layer, name, inputs, unknown)
        except Refusal as refusal:
            self._note(layer, layer.mark, refusal)
            return ()
        self._own(layer, start)
        return (result,) if isinstance(result, Operand) else result

    def _inputs(self, layer: CaffeLayer) -> tuple[Blob, ...]:
        """The blobs that it reads; a problem for each that nothing gave."""
        labels = 1 if layer.type == "SoftmaxWithLoss" else None
        for bottom in layer.bottoms[:labels]:
            if bottom.text not in self.blobs:
                missing = Refusal(
                    f"no layer above gives '{bottom.text}' in the test phase",
                    "a blob that stands above",
                    hint=did_you_mean(bottom.text, self.blobs),
                )
                self._note(layer, bottom.mark, missing)
        return tuple(self.blobs.get(bottom.text) for bottom in layer.bottoms[:labels])

    def _unknown(
        self, layer: CaffeLayer, name: str, inputs: tuple[Blob, ...], unknown: UnknownOp
    ) -> tuple[Blob, ...]:
        """A layer of no kind: prototxt states no shapes, so it keeps that of its first input."""
        tops = max(1, len(layer.tops))
        first = inputs[0] if inputs else None
        if self.builder.allow_unknown and first is not None:
            arguments = {"op": layer.type, "shape": first.shape}
            add = self.builder.add
            return (add(name, "uncounted", (first,), arguments, origin=layer.origin),) * tops
        unknown.hint = did_you_mean(layer.type, [*TABLE, *MEASURES, *DATA]) or (
            "--allow-unknown, which leaves it out as if it kept its input's shape"
        )
        self._note(layer, layer.mark, unknown)
        return inputs[:1] * tops

    def _own(self, layer: CaffeLayer, start: int) -> None:
        """Says of nodes which of their params are another layer's by name."""
        if start == len(self.builder.nodes):
            # A Scale or a Bias adds nothing where it is part of the norm straight above.
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
