"""The parts of a network at some settings: what each hands on, and what it costs.

Settings may be numbers of a grid, so one unfolding may stand for many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from costcalc.costs.names import OF_LAYER_READ
from costcalc.formulas.algebra import Size
from costcalc.graph.expand import expand_part
from costcalc.graph.layer import NETWORK_INPUT, LayerGraph
from costcalc.grid.evaluate import Grid
from costcalc.grid.memory import leans, peak_of_steps, tangle
from costcalc.grid.parts import PartText
from costcalc.kinds.base import Shape
from costcalc.metrics import METRICS, Measured
from costcalc.records import NamedTuple
from costcalc.storing.storage import Storage

STATE = "state"
"""The key of what is known of a part."""

STEPS = "steps"
"""The key of the steps that it unfolds to, which no other part depends on."""

KNOWN, REFUSED = 1, -1
"""States of a part; 0 where another one is wrong."""


class Entangled(Exception):
    """A cost that does not add up over parts with few parameters each.

    Attributes:
        reason: what couples them.
        names: the parameters.
    """

    def __init__(self, reason: str, names: Iterable[str] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.names = tuple(names)


class Leaning(Exception):
    """A part that is, under a storage, partly in a step of parts before it.

    Attributes:
        part: its number.
    """

    def __init__(self, part: int) -> None:
        super().__init__("a part leans on another")
        self.part = part


class PartAt(NamedTuple):
    """A part at some settings."""

    number: int
    """Its place among the parts."""
    state: int
    """:data:`KNOWN` or :data:`REFUSED`."""
    layers: tuple[int, ...]
    shape: Shape
    """What the next part reads, unless it names another."""
    tensor: int
    """The layer that has this output, or :data:`NETWORK_INPUT`."""
    unfolded: int
    """The steps that it unfolds to."""


class UnfoldedParts:
    """The parts of a network, read off where the network is unfolded."""

    def __init__(
        self,
        grid: Grid,
        parts: Sequence[PartText],
        predicting: frozenset[int],
        storage: Storage | None,
    ) -> None:
        """Finds what the costs ask of parts.

        Args:
            grid: the network, and its costs.
            parts: their text.
            predicting: the parts whose widths are not scaled, as they have predictions.
            storage: how bytes are stored; None if no cost is in bytes.
        """
        self.grid = grid
        self.parts = parts
        self.predicting = predicting
        self.storage = storage
        self.index = {id(step): at for at, part in enumerate(parts) for step in part.steps}
        self.makers: dict[Any, int] = {}
        self.is_kind_asked = grid.accounting.convention.uses(OF_LAYER_READ) or (
            storage is not None and storage.uses(OF_LAYER_READ)
        )

    def interfaces(self, settings: Mapping[str, Any], chosen: frozenset[int]) -> dict[Any, Any]:
        """What parts hand on: a shape, and what the costs of others ask of its layer."""
        graph, parts = self.parts_at(settings)
        alone = graph.weights_alone
        found: dict[Any, Any] = {}
        for part in parts:
            if part.number not in chosen:
                continue
            found[part.number, STATE] = part.state
            if part.state == REFUSED:
                continue
            if self.storage is not None and leans(graph, part.layers, self.storage):
                raise Leaning(part.number)
            found |= {(part.number, key): value for key, value in self._handed(graph, part, alone)}
        return found

    def _handed(
        self, graph: LayerGraph, part: PartAt, alone: frozenset[int]
    ) -> Iterator[tuple[str, Any]]:
        """What a part hands on, by key; ``alone`` are layers that the input does not reach."""
        yield STEPS, part.unfolded
        yield "rank", len(part.shape)
        for number, side in enumerate(part.shape):
            yield f"side {number}", side
        maker: Any = None
        if part.tensor != NETWORK_INPUT:
            layer = graph.layers[part.tensor]
            maker = (part.tensor in alone,)
            if self.is_kind_asked:
                has_bias = bool(getattr(layer.operation, "bias", False))
                maker = *maker, layer.kind.name, has_bias
        yield "maker", self.makers.setdefault(maker, len(self.makers))

    def costs(self, settings: Mapping[str, Any], chosen: frozenset[int]) -> dict[Any, Any]:
        """What parts cost."""
        graph, parts = self.parts_at(settings)
        network = Measured(graph, self.grid.accounting)
        if self.storage is not None and parts[-1].state == REFUSED:
            parts = parts[-1:]  # how long tensors are alive is known of whole networks alone
        elif self.storage is not None:
            handed = {part.tensor for part in parts}
            layers = [part.layers for part in parts]
            if reason := tangle(network, layers, handed, "peak_bytes" in self.grid.metrics):
                raise Entangled(reason)
        found: dict[Any, Any] = {}
        for part in parts:
            if part.number not in chosen:
                continue
            found[part.number, STATE] = part.state
            if part.state == KNOWN:
                for name in self.grid.metrics:
                    found[part.number, name] = self.cost(name, network, part)
        return found

    def cost(self, metric: str, network: Measured, part: PartAt) -> Size:
        """What a part costs."""
        if METRICS[metric].is_largest:
            return peak_of_steps(network, frozenset(part.layers))
        return METRICS[metric].measure(network.part(part.layers))

    def parts_at(self, settings: Mapping[str, Any]) -> tuple[LayerGraph, list[PartAt]]:
        """The network at some settings, part by part, up to the first that is wrong.

        Raises:
            Entangled: what is wrong is not one part.
        """
        expanded = expand_part(self.grid.document, settings)
        graph, refused = expanded.graph, expanded.refused
        wrong = self.index.get(id(refused)) if expanded.problems else None
        if expanded.problems and wrong is None:
            raise Entangled("what is wrong at some settings is not one of its parts")
        steps = {id(outermost.step): outermost for outermost in graph.steps}
        shape, tensor = graph.input, NETWORK_INPUT
        parts = []
        for index, part in enumerate(self.parts):
            if index == wrong:
                parts.append(PartAt(index, REFUSED, (), shape, tensor, 0))
                break
            there = [one for step in part.steps if (one := steps.get(id(step))) is not None]
            if there:
                shape, tensor = there[-1].output, there[-1].tensor
            layers = tuple(at for one in there for at in one.layers)
            unfolded = sum(one.unfolded for one in there)
            parts.append(PartAt(index, KNOWN, layers, shape, tensor, unfolded))
        if self.predicting and wrong is None:
            self.check_outputs(graph, parts)
        return graph, parts

    def check_outputs(self, graph: LayerGraph, parts: Iterable[PartAt]) -> None:
        """Refuses outputs of the network, whose widths are kept, of other parts than is known.

        Raises:
            Entangled: there are some.
        """
        known = {at for part in parts if part.number in self.predicting for at in part.layers}
        if not known.issuperset(graph.outputs) and len(self.predicting) < len(self.parts):
            raise Entangled("which widths are kept depends on all parts")
