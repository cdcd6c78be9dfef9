"""Patch-based inference: the first layers of a network run a piece of their output at a time.

MCUNetV2 (arXiv 2110.15352).  The output of a stage is cut into N pieces along
each axis; a piece needs a tile of the stage's input, larger by a halo where windows overlap,
so that some of it is computed more than once.

    memory = one tile's tensors + the whole output of the stage, or what the rest needs
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from costcalc.errors import refuse
from costcalc.formulas.memory import stored_bytes
from costcalc.formulas.windows import window_extent
from costcalc.graph.layer import NETWORK_INPUT, Layer, LayerGraph
from costcalc.kinds.base import Shape, elements, spread
from costcalc.kinds.windows import explicit_pads
from costcalc.records import NamedTuple
from costcalc.storing.schedule import stored
from costcalc.storing.storage import Storage

HALOS = ("clipped", "unclipped")
"""A halo ends at the border of its map, or is counted beyond it as well."""

LOCAL = ("convolution", "pooling", "activation", "elementwise", "inactive")
"""Families whose output depends only on nearby positions, if they have windows or none."""

_ELSEWHERE = ("softmax", "log_softmax")
"""Kinds of these families that look at all positions."""

_BY_POSITION = ("batch_norm", "concat")
"""Kinds of other families that work position by position."""

Span = tuple[int, int]
"""The first and the last position along an axis; below 0 or beyond the end in a halo."""


class Halo(NamedTuple):
    """The tiles of a stage with one kind of halo."""

    tile: Shape
    """The largest tile of the network's input."""
    tile_bytes: int
    """The most bytes alive at once for one tile, its piece of the output included."""
    macs: int
    """Multiply-accumulates of the stage, over all tiles."""


class Stage(NamedTuple):
    """The layers up to one of them, run in patches."""

    last: str
    """The layer whose output is the stage's."""
    macs: int
    """Multiply-accumulates of the stage when it is run at once."""
    output_bytes: int
    input_bytes: int
    rest_bytes: int
    """The most bytes alive in one step after the stage."""
    halos: Mapping[str, Halo]

    @property
    def stage_bytes(self) -> int:
        """The bytes that the stage needs: a tile with clipped halos, and the whole output."""
        return self.halos["clipped"].tile_bytes + self.output_bytes

    @property
    def peak(self) -> int:
        """The bytes that the whole network needs, if the input is read tile by tile."""
        return max(self.stage_bytes, self.rest_bytes)

    @property
    def resident_peak(self) -> int:
        """The same if the whole input stays in memory while the stage runs."""
        return max(self.stage_bytes + self.input_bytes, self.rest_bytes)

    def extra_macs(self, halo: str) -> int:
        """Multiply-accumulates that are repeated."""
        return self.halos[halo].macs - self.macs

    def data(self) -> dict[str, Any]:
        """The stage in JSON."""
        return {
            "last": self.last,
            "peak_bytes": self.peak,
            "resident_peak_bytes": self.resident_peak,
            "output_bytes": self.output_bytes,
            "rest_bytes": self.rest_bytes,
            "mult_adds": self.macs,
            **{
                name: {
                    "tile": list(halo.tile),
                    "tile_bytes": halo.tile_bytes,
                    "mult_adds": halo.macs,
                    "extra_mult_adds": self.extra_macs(name),
                }
                for name, halo in self.halos.items()
            },
        }


class Patches(NamedTuple):
    """Every stage that a network may run in patches, the best first."""

    patches: int
    stages: tuple[Stage, ...]
    macs: int
    """Multiply-accumulates of the whole network, run at once."""
    peak: int
    """The bytes that the whole network needs, run at once."""

    def data(self) -> dict[str, Any]:
        """The stages in JSON."""
        stages = [stage.data() for stage in self.stages]
        return {"patches": self.patches, "mult_adds": self.macs, "stages": stages}


def patches(
    graph: LayerGraph, storage: Storage, planner: str, count: int, batch: int = 1
) -> Patches:
    """The stages of a network that can run in ``count`` pieces along each axis.

    Bytes are without addresses: those that one layer reads and writes if the planner is
    ``layer-io``, else the most alive at once.

    The best has the smallest peak, of equals the one that repeats least.  Longer stages are
    tried until the tile of the input is the whole input.

    Raises:
        SpecError: no stage of the network can be cut.
    """
    stages = []
    run = _Run(storage, planner, count, batch)
    for last, name in _cuts(graph, storage):
        output = graph.layers[last].output
        if len(output) < 2 or min(output[1:]) < count:
            break
        stage = _stage(graph, run, last, name)
        stages.append(stage)
        if stage.halos["clipped"].tile == graph.input and count > 1:
            break
    if not stages:
        refuse(
            None,
            f"{graph.name}: no first layers can run in {count} x {count} patches",
            expected="layers with windows whose output has that many rows and columns",
            hint="fewer patches",
        )
    stages.sort(key=lambda stage: (stage.peak, stage.extra_macs("clipped")))
    macs = sum(layer.computation.events.macs for layer in graph.layers)
    return Patches(count, tuple(stages), macs, run.peak(graph))


class _Run(NamedTuple):
    """What is the same for all stages."""

    storage: Storage
    planner: str
    pieces: int
    batch: int

    def peak(self, graph: LayerGraph) -> int:
        """The bytes of a network or a part of one."""
        schedule = stored(graph, self.storage, self.batch).schedule
        return int(schedule.layer_io if self.planner == "layer-io" else schedule.liveness)

    def bytes(self, shape: Shape) -> int:
        """The bytes of a tensor."""
        bits = self.storage.bits["activations"]
        return int(stored_bytes(elements(shape) * self.batch, bits))


def spans(
    layers: Sequence[Layer], shape: Shape, last: int, span: Span, axis: int, halo: str
) -> dict[int, Span]:
    """What one piece of a stage's output needs of each layer's, and of the network's input.

    Args:
        layers: the network's.
        shape: the network's input.
        last: the layer whose output is cut.
        span: the piece, along one axis.
        axis: that axis, counted from the first spatial one.
        halo: one of :data:`HALOS`.
    """
    needed = {last: span}
    for index in range(last, -1, -1):
        if index not in needed:
            continue
        layer = layers[index]
        first, end = _window(layer, needed[index], axis)
        for source in layer.inputs:
            a, b = needed.get(source, (first, end))
            a, b = min(a, first), max(b, end)
            if halo == "clipped":
                whole = shape if source == NETWORK_INPUT else layers[source].output
                a, b = max(a, 0), min(b, whole[1 + axis] - 1)
            needed[source] = a, b
    return needed


def _window(layer: Layer, span: Span, axis: int) -> Span:
    """What a span of a layer's output needs of its input."""
    operation: Any = layer.operation
    if "kernel" not in layer.kind.attributes:
        return span
    axes = layer.input_shapes[0][1:]
    rank = len(axes)
    kernel = operation.kernel
    stride = kernel if operation.stride is None else operation.stride
    pads = explicit_pads(axes, kernel, stride, operation.padding, operation.dilation)
    s = spread(stride, rank, "stride")[axis]
    extent = window_extent(
        spread(kernel, rank, "kernel")[axis], spread(operation.dilation, rank, "dilation")[axis]
    )
    before = pads[axis][0]
    return span[0] * s - before, span[1] * s - before + extent - 1


def _is_local(layer: Layer) -> bool:
    kind = layer.kind
    if kind.name in _BY_POSITION:
        operation: Any = layer.operation
        return kind.name != "concat" or operation.axis in (0, -len(layer.output))
    if kind.family not in LOCAL or kind.name in _ELSEWHERE:
        return False
    if kind.family == "pooling" and "kernel" not in kind.attributes:
        return False
    # Elementwise layers may repeat a side of 1; then they look at other positions.
    spatial = {shape[1:] for shape in layer.input_shapes}
    return "kernel" in kind.attributes or spatial == {layer.output[1:]}


def _cuts(graph: LayerGraph, storage: Storage) -> Iterator[tuple[int, str]]:
    """Layers after which a network can be cut in two, with the names of their steps.

    One tensor alone goes across a cut, and all layers before it are local.
    """
    last_reader: dict[int, int] = {}
    for index, layer in enumerate(graph.layers):
        last_reader |= dict.fromkeys(layer.inputs, index)
    steps = {index: step for step in stored(graph, storage).apart.steps for index in step.layers}
    first_output = min(graph.outputs, default=0)
    needed = last_reader.get(NETWORK_INPUT, 0)
    for index, layer in enumerate(graph.layers):
        if not _is_local(layer) or first_output < index:
            return
        step = steps.get(index)
        if needed <= index and step is not None and max(step.layers) == index:
            yield index, step.name
        needed = max(needed, last_reader.get(index, index))


def _stage(graph: LayerGraph, run: _Run, last: int, name: str) -> Stage:
    rest = _rest(graph, last)
    return Stage(
        last=name,
        macs=sum(layer.computation.events.macs for layer in graph.layers[: last + 1]),
        output_bytes=run.bytes(graph.layers[last].output),
        input_bytes=run.bytes(graph.input),
        rest_bytes=run.peak(rest) if rest.layers else 0,
        halos={halo: _halo(graph, run, last, halo) for halo in HALOS},
    )


def _halo(graph: LayerGraph, run: _Run, last: int, halo: str) -> Halo:
    output, count = graph.layers[last].output, run.pieces
    # For each axis, the tiles along it: what each needs of every layer.
    sides = []
    for axis, size in enumerate(output[1:]):
        tiles = []
        for piece in range(count):
            span = piece * size // count, (piece + 1) * size // count - 1
            needed = spans(graph.layers, graph.input, last, span, axis, halo)
            tiles.append({index: b - a + 1 for index, (a, b) in needed.items()})
        sides.append(tiles)
    layers = graph.layers[: last + 1]

    @cache
    def macs(index: int, sizes: tuple[int, ...]) -> int:
        layer = layers[index]
        shape = (layer.output[0], *sizes)
        operation: Any = layer.operation
        done: int = operation.events(layer.input_shapes, shape).macs
        return done

    total, peak = 0, 0
    largest: Shape = (0,)
    seen = set[tuple[Shape, ...]]()
    for tile in _choices(sides):
        total += sum(macs(index, tuple(side[index] for side in tile)) for index in range(last + 1))
        shapes = tuple(
            tuple(side[index] for side in tile) for index in range(NETWORK_INPUT, last + 1)
        )
        if shapes not in seen:
            seen.add(shapes)
            tiled = _tiled(graph, last, shapes)
            peak = max(peak, run.peak(tiled))
            largest = max(largest, tiled.input, key=elements)
    return Halo(largest, peak, total)


def _choices(sides: Sequence[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    """One of each side, in all combinations."""
    if not sides:
        yield ()
        return
    for chosen in sides[0]:
        for others in _choices(sides[1:]):
            yield (chosen, *others)


def _tiled(graph: LayerGraph, last: int, sizes: tuple[Shape, ...]) -> LayerGraph:
    """The stage on one tile; ``sizes`` are those of the network's input, then of the layers."""

    def shape(index: int) -> Shape:
        whole = graph.input if index == NETWORK_INPUT else graph.layers[index].output
        return (whole[0], *sizes[index + 1])

    layers = tuple(
        layer.computing(
            input_shapes=tuple(shape(source) for source in layer.inputs), output=shape(index)
        )
        for index, layer in enumerate(graph.layers[: last + 1])
    )
    return graph._replace(input=shape(NETWORK_INPUT), layers=layers, gated=(), schedule=None)


def _rest(graph: LayerGraph, last: int) -> LayerGraph:
    """The layers after a stage, as a network whose input is the stage's output."""
    start = last + 1

    def moved(index: int) -> int:
        return NETWORK_INPUT if index == last else index - start

    layers = tuple(
        layer._replace(
            inputs=tuple(map(moved, layer.inputs)),
            host=None if layer.host is None or layer.host < start else layer.host - start,
            shares=None if layer.shares is None or layer.shares < start else layer.shares - start,
        )
        for layer in graph.layers[start:]
    )
    return graph._replace(input=graph.layers[last].output, layers=layers, gated=(), schedule=None)
