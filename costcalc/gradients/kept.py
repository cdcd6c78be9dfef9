"""What a network keeps from its forward pass for the backward pass, each tensor once.

LayerGraph × rules × layouts --Keeper.kept--> Kept, by the layer that keeps it first
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import prod
from typing import Any

from costcalc.gradients.layouts import Layout, images, layouts, memory_of
from costcalc.gradients.rules import BYTE, OUTPUT, Keep, Numbers, Wanted, drops, rule
from costcalc.graph.layer import NETWORK_INPUT, Layer, LayerGraph
from costcalc.kinds.base import axis_of, spread
from costcalc.kinds.windows import explicit_pads
from costcalc.records import NamedTuple

_VIEWS = ("reshape", "flatten", "transpose", "identity")
_PARTS = ("split", "slice", "crop")
"""Kinds whose output is a part of their input."""

Key = tuple[str, int]
"""What a tensor is known by: ``memory`` or another word, and the index of a layer."""


class Kept(NamedTuple):
    """Something that a layer keeps."""

    layer: int
    """The layer that keeps it."""
    key: Key
    """Equal for what is kept once."""
    what: str
    """The layer whose output it is, or what it is besides."""
    bytes: int


class Pass(NamedTuple):
    """How a network is trained, as far as what it keeps depends on it."""

    policy: str
    is_training: bool
    batch: int
    activation: int
    """Bytes of one number between layers."""
    statistic: int
    """Bytes of a statistic of a norm."""


class Keeper:
    """What layers keep under a policy, for some of the layers at a time."""

    def __init__(self, graph: LayerGraph, wanted: Sequence[Wanted], how: Pass) -> None:
        self.graph = graph
        self.wanted = wanted
        self.how = how
        self._tensors = (_AsPyTorch if how.policy == "pytorch" else _AsParts)(graph, how)

    def kept(self, layers: Iterable[int]) -> tuple[Kept, ...]:
        """Everything that some layers keep, in their order; nothing twice."""
        found: dict[Key, Kept] = {}
        by_output = []
        for index in layers:
            wanted = self.wanted[index]
            if not wanted.is_any:
                continue
            keep = self._keep(index)
            for place in keep.tensors(self.graph.layers[index], wanted):
                for one in self._tensors.tensor(index, place):
                    found.setdefault(one.key, one)
            found.update(self._numbers(index, keep.numbers))
            if keep.beside_output or keep.instead_of_output:
                by_output.append(index)
        for index in by_output:
            keep, is_kept = self._keep(index), self._tensors.has_output(index, found)
            numbers = keep.beside_output if is_kept else keep.instead_of_output
            found.update(self._numbers(index, numbers))
        capped = self._tensors.capped(found.values())
        return tuple(sorted(capped, key=lambda one: one.layer))

    def read(self, index: int) -> Iterator[tuple[int, Kept]]:
        """The inputs of a layer, kept as such: each with the layer that makes it."""
        for place, source in enumerate(self.graph.layers[index].inputs):
            for one in self._tensors.tensor(index, place, is_whole=True):
                yield source, one

    def _keep(self, index: int) -> Keep:
        keep: Keep = getattr(rule(self.graph.layers[index].kind), self.how.policy)
        return keep

    def _numbers(self, index: int, kept: Iterable[Numbers]) -> Iterator[tuple[Key, Kept]]:
        layer = self.graph.layers[index]
        for numbers in kept:
            images = 1 if numbers.is_shared else self._tensors.images[index]
            count = numbers.amount(layer, self.wanted[index]) * images
            bits = self.how.statistic * BYTE if numbers.is_statistic else numbers.bits
            key, size = (numbers.what, index), stored(count, bits, self.how)
            if size:
                yield key, Kept(index, key, numbers.what, size)


def checkpointed(keeper: Keeper, segments: Sequence[Sequence[int]]) -> tuple[Kept, ...]:
    """What is kept if each segment keeps its inputs alone, and runs again when it is needed.

    Chen et al., "Training Deep Nets with Sublinear Memory Cost" (arXiv 1604.06174), section
    4.1: the inputs of all segments, and everything that the largest one keeps.
    """
    inputs: dict[Key, Kept] = {}
    inner = []
    for segment in segments:
        kept, inside = keeper.kept(segment), frozenset(segment)
        if kept:
            inner.append(kept)
            for index in segment:
                for source, one in keeper.read(index):
                    if source not in inside:
                        inputs.setdefault(one.key, one)
    besides = [tuple(one for one in kept if one.key not in inputs) for kept in inner]
    largest = max(besides, key=lambda kept: sum(one.bytes for one in kept), default=())
    return tuple(sorted((*inputs.values(), *largest), key=lambda one: one.layer))


def stored(count: int, bits: int | None, how: Pass) -> int:
    """Numbers in whole bytes; of activations if ``bits`` is None."""
    return -(-count * (how.activation * BYTE if bits is None else bits) // BYTE)


class _AsPyTorch:
    """A tensor is kept with all of the memory that it is in."""

    def __init__(self, graph: LayerGraph, how: Pass) -> None:
        self.graph = graph
        self.how = how
        self.images = images(graph, how.batch)
        self.layouts = layouts(graph, self.images, how.is_training)

    def tensor(self, index: int, place: int, is_whole: bool = False) -> Iterator[Kept]:
        """What is kept where a layer keeps its output or an input; stored numbers are not.

        An operation that copies its input keeps the copy, unless ``is_whole``.
        """
        layer = self.graph.layers[index]
        layout = self.layouts[index if place == OUTPUT else layer.inputs[place]]
        if layout.memory is None:
            return
        copied = None if is_whole else _copied(layer, place, layout)
        if copied is not None:
            size = stored(copied, None, self.how)
            yield Kept(index, (f"copy {place}", index), "copy of its input", size)
            return
        memory = memory_of(self.graph, layout.memory, self.images[layout.memory])
        is_condition = layer.kind.name == "where" and place == 0
        size = stored(memory.elements, BYTE if is_condition else None, self.how)
        word = "condition" if is_condition else "memory"
        yield Kept(index, (word, layout.memory), memory.name, size)

    def has_output(self, index: int, found: Mapping[Key, Kept]) -> bool:
        """Whether the output of a layer is kept."""
        return any(one.key in found for one in self.tensor(index, OUTPUT))

    def capped(self, found: Iterable[Kept]) -> Iterable[Kept]:
        """Memory is whole: nothing is kept in parts."""
        return found


def _copied(layer: Layer, place: int, layout: Layout) -> int | None:
    """The elements of the copy that an operation makes of an input, and keeps instead of it."""
    kind, operation = layer.kind, layer.operation
    sizes = layout.sizes
    if place == OUTPUT:
        return None
    if kind.family == "convolution":
        return _padded(operation, sizes)
    if kind.family == "dense":
        fc: Any = operation
        if not fc.per_position:
            is_view = layout.viewed((sizes[0], prod(sizes[1:])))
        else:
            axis = axis_of(fc.axis, sizes[1:]) + 1
            others = [other for other in range(len(sizes)) if other != axis]
            is_view = layout.permuted((*others, axis)).viewed(
                (prod(sizes) // sizes[axis], sizes[axis])
            )
        return None if is_view is not None else prod(sizes)
    if kind.name == "matmul":
        stack = (sizes[0], *layer.output[:-2])
        strides = tuple(
            0 if size != side else stride
            for size, side, stride in zip(sizes, stack, layout.strides, strict=False)
        )
        whole = Layout(layout.memory, (*stack, *sizes[-2:]), (*strides, *layout.strides[-2:]))
        is_view = whole.viewed((prod(stack), *sizes[-2:]))
        return None if is_view is not None else prod(whole.sizes)
    if kind.name in ("instance_norm", "lrn"):
        return None if layout.is_contiguous else prod(sizes)
    return None


def _padded(convolution: Any, sizes: tuple[int, ...]) -> int | None:
    """The elements of a convolution's input, padded where its two sides differ.

    PyTorch pads both sides alike while it convolves; what one side has beyond the other is
    padded before, in a copy (aten/src/ATen/native/Convolution.cpp, ``convolution_same``).
    With strides it has no ``same`` padding, and its networks pad both sides alike.
    """
    axes = sizes[2:]
    strides = spread(convolution.stride, len(axes), "stride")
    if convolution.padding == "same" and set(strides) != {1}:
        return None
    pads = explicit_pads(
        axes, convolution.kernel, strides, convolution.padding, convolution.dilation
    )
    more = [int(abs(after - before)) for before, after in pads]
    if not any(more):
        return None
    return prod(sizes[:2]) * prod(size + extra for size, extra in zip(axes, more, strict=True))


class _AsParts:
    """A tensor is kept once, whatever views there are of it, and a part of it as a part."""

    def __init__(self, graph: LayerGraph, how: Pass) -> None:
        self.graph = graph
        self.how = how
        self.images = images(graph, how.batch)
        self.wholes: dict[Key, int] = {}
        """The tensor that a part is a part of."""

    def tensor(self, index: int, place: int, is_whole: bool = False) -> Iterator[Kept]:
        """What is kept where a layer keeps its output or an input; stored numbers are not."""
        layer = self.graph.layers[index]
        source = self._origin(index if place == OUTPUT else layer.inputs[place])
        whole = source
        while whole != NETWORK_INPUT and self.graph.layers[whole].kind.name in _PARTS:
            whole = self._origin(self.graph.layers[whole].inputs[0])
        memory = memory_of(self.graph, source, self.images[source])
        if whole != NETWORK_INPUT and self.graph.layers[whole].kind.family == "source":
            return
        if whole != source:
            self.wholes["memory", source] = whole
        size = stored(memory.elements, None, self.how)
        yield Kept(index, ("memory", source), memory.name, size)

    def has_output(self, index: int, found: Mapping[Key, Kept]) -> bool:
        """Whether the output of a layer is kept, as such or in parts."""
        for one in self.tensor(index, OUTPUT):
            if one.key in found:
                return True
            parts = [key[1] for key, whole in self.wholes.items() if whole == one.key[1]]
            kept = [self.graph.layers[part] for part in parts if ("memory", part) in found]
            if _is_covered(map(_range, kept)):
                return True
        return False

    def _origin(self, index: int) -> int:
        """The tensor that a tensor is a view of."""
        while index != NETWORK_INPUT:
            layer = self.graph.layers[index]
            is_idle = layer.kind.name == "dropout" and not drops(layer, self.how.is_training)
            if not (layer.kind.name in _VIEWS or is_idle):
                return index
            index = layer.inputs[0]
        return index

    def capped(self, found: Iterable[Kept]) -> Iterable[Kept]:
        """Parts of one tensor, which together take no more than the whole."""
        listed = list(found)
        left = {}
        for one in listed:
            if one.key not in self.wholes:
                left[one.key] = 0
        for one in listed:
            whole = self.wholes.get(one.key)
            if whole is not None:
                memory = memory_of(self.graph, whole, self.images[whole])
                room = left.setdefault(("memory", whole), stored(memory.elements, None, self.how))
                left["memory", whole] = max(room - one.bytes, 0)
                yield one._replace(bytes=min(one.bytes, room))
            else:
                yield one


class _Range(NamedTuple):
    """The places of an axis that are in a part of a tensor."""

    axis: int
    start: int
    stop: int
    side: int


def _range(layer: Layer) -> _Range | None:
    """What a split or a slice takes; None of anything else."""
    part: Any = layer.operation
    if layer.kind.name not in ("split", "slice") or getattr(part, "step", 1) != 1:
        return None
    axis = axis_of(part.axis, layer.output)
    length, side = layer.output[axis], layer.input_shapes[0][axis]
    start = part.start if layer.kind.name == "slice" else (part.part - 1) * length
    return _Range(axis, start, start + length, side)


def _is_covered(ranges: Iterable[_Range | None]) -> bool:
    """Whether ranges of one axis leave nothing of it out."""
    ends: dict[int, int] = {}
    for axis, start, stop, side in sorted(one for one in ranges if one is not None):
        end = ends.get(axis, 0)
        ends[axis] = max(end, stop) if start <= end else end
        if ends[axis] == side:
            return True
    return False
