"""The nodes of a network: every layer lowered, each blob what was last given under its name."""

from __future__ import annotations

from costcalc.errors import Mark, Problems, did_you_mean
from costcalc.graph.frame import Tensor
from costcalc.importers.building import Builder, UnknownLayer
from costcalc.importers.caffe.layers import MEASURES, TABLE
from costcalc.importers.caffe.network import Layer, Network
from costcalc.importers.caffe.site import Site
from costcalc.importers.caffe.sizes import DATA
from costcalc.kinds.base import ShapeError

_LOST = Tensor(0, None)
"""A blob that an earlier problem left without a shape."""

_LEARNED = ("weights", "biases", "norm_params", "other_params")
"""Events of which a layer's learned blobs are, in the order of the blobs."""


class Walk:
    """Lowers a network; what is wrong with it goes to ``problems``."""

    def __init__(self, blobs: dict[str, Tensor], builder: Builder, problems: Problems) -> None:
        self.blobs = blobs
        self.builder = builder
        self.problems = problems
        self.blocks: dict[str, str] = {}
        self.owned: set[str] = set()
        """Names of learned blobs that a layer above has."""
        self.owners: set[str] = set()
        """The same of all blobs of one layer together."""

    def run(self, network: Network) -> None:
        """Every layer, in the order of the file."""
        for layer in network.layers:
            if layer.type == "Input" or layer.type in DATA or layer.type in MEASURES:
                continue
            tops = self._layer(layer)
            for index, top in enumerate(layer.tops):
                self.blobs[top.text] = tops[index] if index < len(tops) else _LOST

    def _layer(self, layer: Layer) -> tuple[Tensor, ...]:
        name = self.builder.name(layer.name)
        inputs = self._inputs(layer)
        lower = TABLE.get(layer.type)
        if lower is None:
            return self._unknown(layer, name, inputs, "no layer kind says what it computes")
        if any(tensor.shape is None for tensor in inputs):
            return ()
        site = Site(layer, name, inputs, self.builder, self.blocks)
        start = len(self.builder.nodes)
        try:
            result = lower(site)
        except UnknownLayer as unknown:
            self.builder.drop(start)
            return self._unknown(layer, name, inputs, str(unknown))
        except ShapeError as error:
            mark = getattr(error, "mark", None) or layer.mark
            self._note(layer, mark, error.message, error.expected, error.found, error.hint)
            return ()
        self._share(layer, start)
        return (result,) if isinstance(result, Tensor) else result

    def _inputs(self, layer: Layer) -> tuple[Tensor, ...]:
        """The blobs that it reads; a problem for each that nothing gave."""
        found = []
        labels = 1 if layer.type == "SoftmaxWithLoss" else None
        for bottom in layer.bottoms[:labels]:
            if bottom.text not in self.blobs:
                self._note(
                    layer,
                    bottom.mark,
                    f"no layer above gives '{bottom.text}' in the test phase",
                    "a blob that stands above",
                    "",
                    did_you_mean(bottom.text, self.blobs),
                )
            found.append(self.blobs.get(bottom.text, _LOST))
        return tuple(found)

    def _unknown(
        self, layer: Layer, name: str, inputs: tuple[Tensor, ...], message: str
    ) -> tuple[Tensor, ...]:
        """A layer of no kind: prototxt states no shapes, so it keeps that of its first input."""
        shape = inputs[0].shape if inputs else None
        if self.builder.allow_unknown and shape is not None:
            arguments = {"op": layer.type, "shape": shape}
            return (
                self.builder.add(name, "uncounted", arguments, inputs[:1], origin=layer.origin),
            ) * max(1, len(layer.tops))
        hint = did_you_mean(layer.type, [*TABLE, *MEASURES, *DATA])
        allow = "--allow-unknown, which leaves it out as if it kept its input's shape"
        self._note(layer, layer.mark, message, hint=hint or allow)
        return inputs[:1] * max(1, len(layer.tops))

    def _share(self, layer: Layer, start: int) -> None:
        """Marks nodes whose learned blobs are another's by name: all of them, or some."""
        names = iter(layer.params)
        for index in range(start, len(self.builder.nodes)):
            events = self.builder.events(index)
            counts = {each: getattr(events, each) for each in _LEARNED}
            named = {each: next(names, "") for each, count in counts.items() if count}
            word = ",".join(named.values())
            if not any(named.values()):
                continue
            is_whole = all(named.values())
            borrows = {
                each: counts[each]
                for each, name in named.items()
                if name in self.owned and not (is_whole and word in self.owners)
            }
            shares = word if is_whole else ""
            node = self.builder.nodes[index]
            self.builder.nodes[index] = node._replace(shares=shares, borrows=borrows)
            self.owned.update(name for name in named.values() if name)
            if is_whole:
                self.owners.add(word)

    def _note(
        self,
        layer: Layer,
        mark: Mark,
        message: str,
        expected: str = "",
        found: str = "",
        hint: str = "",
    ) -> None:
        self.problems.add(mark, f"{layer.origin}: {message}", expected, found, hint)
