"""Adds the nodes of a network: lowers every layer, and resolves blobs by name."""

from __future__ import annotations

from costcalc.advice import inputs_option, joined, shape_option
from costcalc.errors import Mark, Problems, Refusal, did_you_mean
from costcalc.importers.builder import (
    ALLOW_UNKNOWN_HINT,
    ModelBuilder,
    Operand,
    StoredParams,
    UnknownOp,
)
from costcalc.importers.caffe.context import CaffeContext
from costcalc.importers.caffe.layers import MEASURES, SINGLE, TABLE
from costcalc.importers.caffe.layers.unread import REASONS
from costcalc.importers.caffe.network import CaffeLayer, CaffeNetwork
from costcalc.importers.caffe.sizes import DATA
from costcalc.kinds.base import PARAMS

Blob = Operand | None
"""The tensor of a blob; None after an earlier problem."""


class CaffeWalk:
    """Lowers a network and collects its problems."""

    def __init__(
        self,
        blobs: dict[str, Blob],
        builder: ModelBuilder,
        problems: Problems,
        lists: set[int],
        unsized: set[str],
    ) -> None:
        self.blobs = blobs
        self.lists = lists
        """The nodes whose first axis is a list of boxes."""
        self.unsized = unsized
        """Inputs of unknown shape."""
        self.lacking: dict[str, str] = {}
        """Blobs that the rules of their layers do not compute, with what they are."""
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
                self.unsized.discard(top.text)
                self.lacking.pop(top.text, None)
                if tops and index >= len(tops):
                    self.lacking[top.text] = f"output {index + 1} of {layer.origin}"

    def _layer(self, layer: CaffeLayer) -> tuple[Blob, ...]:
        name = self.builder.free_name(layer.name)
        blobs = self._inputs(layer)
        rule = TABLE.get(layer.type)
        if rule is None:
            unknown = UnknownOp()
            unknown.message += f": {REASONS[layer.type]}" if layer.type in REASONS else ""
            return self._unknown(layer, name, blobs, unknown)
        inputs = tuple(blob for blob in blobs if blob is not None)
        if len(inputs) < len(blobs):
            return ()
        start = len(self.builder.nodes)
        try:
            if layer.type in SINGLE and self._are_lists(inputs):
                raise UnknownOp("costcalc reads it of a single map only, not of a list of them")
            result = rule(CaffeContext(layer, name, inputs, self.builder, self.lists))
        except UnknownOp as unknown:
            self.builder.truncate(start)
            return self._unknown(layer, name, inputs, unknown)
        except Refusal as refusal:
            self._note(layer, layer.mark, self._behind_guesses(refusal, inputs))
            return ()
        self._assign_params(layer, start)
        tops = (result,) if isinstance(result, Operand) else result
        if self._are_lists(inputs):
            self.lists.update(top.node for top in tops)
        return tops

    def _are_lists(self, inputs: tuple[Operand, ...]) -> bool:
        return not self.lists.isdisjoint(blob.node for blob in inputs)

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
            elif bottom.text in self.lacking:
                what = f"reads {self.lacking[bottom.text]}, which costcalc does not compute"
                self._note(layer, bottom.mark, Refusal(what))
            elif bottom.text in self.unsized:
                missing = Refusal(
                    f"the file does not state the shape of '{bottom.text}', which it reads",
                    hint=inputs_option([bottom.text]),
                )
                self._note(layer, bottom.mark, missing)
        return tuple(self.blobs.get(bottom.text) for bottom in layer.bottoms[:labels])

    def _unknown(
        self, layer: CaffeLayer, name: str, inputs: tuple[Blob, ...], unknown: UnknownOp
    ) -> tuple[Blob, ...]:
        """Uncounted nodes: prototxt states no shapes, and each is guessed to be the input's."""
        tops = range(max(1, len(layer.tops)))
        if not self.builder.allow_unknown:
            types = {*TABLE, *MEASURES, *DATA}
            similar = "" if layer.type in types else did_you_mean(layer.type, sorted(types))
            unknown.message += f"; {similar}" if similar else ""
            unknown.hint = ALLOW_UNKNOWN_HINT
            self._note(layer, layer.mark, unknown)
            return (None,) * len(tops)
        known = tuple(blob for blob in inputs if blob is not None)
        if len(known) < len(inputs):
            return (None,) * len(tops)
        op = CaffeContext(layer, name, known, self.builder, self.lists)
        guess = known[0].shape if known else None
        try:
            outputs = tuple(
                op.uncounted(layer.type, known, None, output=top, guess=guess) for top in tops
            )
            return tuple(map(op.as_list, outputs)) if self._are_lists(known[:1]) else outputs
        except Refusal as refusal:
            self._note(layer, layer.mark, refusal)
            return (None,) * len(tops)

    def _behind_guesses(self, refusal: Refusal, inputs: tuple[Operand, ...]) -> Refusal:
        """The refusal of a layer whose inputs have guessed shapes: it asks for these."""
        guessed = self.builder.guessed_before(inputs)
        if not guessed:
            return refusal
        options = joined(" ", map(shape_option, guessed))
        return Refusal(
            f"it cannot be read behind layers whose shapes are guessed: {refusal.message}",
            found=refusal.found,
            hint=options,
            mark=refusal.mark,
        )

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
