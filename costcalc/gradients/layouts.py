"""Where PyTorch keeps the elements of each tensor of a graph: whose memory, in which order.

A view has the memory of the tensor that it is a view of, so that whoever keeps the view keeps
all of that.  Whether a reshaped tensor is a view depends on the order of its elements in
memory: it is for ``x.flatten(1)``, not for ``x.permute(0, 2, 3, 1).flatten(1)``.

    LayerGraph × images --layouts--> a Layout for the network's input and for each layer
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from costcalc.gradients.rules import drops
from costcalc.graph.layer import INPUT, NETWORK_INPUT, Layer, LayerGraph
from costcalc.kinds.base import axis_of
from costcalc.records import NamedTuple

Sizes = tuple[int, ...]

_BY_CHANNELS = ("convolution", "transposed_convolution", "pooling", "resampling")
"""Families whose output has its channels last in memory if the input has."""

_ELEMENTWISE = ("activation", "elementwise", "inactive")
"""Families whose output is in the order of its input."""

_CONTIGUOUS = ("softmax", "log_softmax")
"""Activations whose output is in the order of its axes."""


class Allocation(NamedTuple):
    """A piece of memory that holds a tensor, and views of it."""

    name: str
    """The layer that fills it."""
    elements: int
    """For the whole batch."""


class Layout(NamedTuple):
    """A tensor in memory, with the batch as its first axis."""

    memory: int | None
    """The layer that fills the memory, or :data:`NETWORK_INPUT`; None for stored numbers."""
    sizes: Sizes
    strides: Sizes

    @property
    def is_contiguous(self) -> bool:
        """Whether its elements are in the order of its axes, without gaps."""
        return in_order(self.sizes, self.strides) == in_order(self.sizes, packed(self.sizes))

    def viewed(self, sizes: Sizes) -> Layout | None:
        """The same elements in another shape, if no element moves."""
        strides = view_strides(self.sizes, self.strides, sizes)
        return None if strides is None else Layout(self.memory, sizes, strides)

    def permuted(self, axes: Sequence[int]) -> Layout:
        """The axes in another order."""
        sizes = tuple(self.sizes[axis] for axis in axes)
        return Layout(self.memory, sizes, tuple(self.strides[axis] for axis in axes))


def images(graph: LayerGraph, batch: int) -> Mapping[int, int]:
    """How many images each layer computes for, by its index, and the network's input.

    What depends on stored numbers alone, such as a table of positions, is computed once.
    """
    found = {NETWORK_INPUT: batch}
    for index, layer in enumerate(graph.layers):
        alone = batch if layer.kind.name == INPUT else 1
        found[index] = max((found[source] for source in layer.inputs), default=alone)
    return found


def layouts(
    graph: LayerGraph, images: Mapping[int, int], is_training: bool
) -> Mapping[int, Layout]:
    """The layout of each layer's output, by its index, and of the network's input."""
    sizes = (images[NETWORK_INPUT], *graph.input)
    found = {NETWORK_INPUT: Layout(NETWORK_INPUT, sizes, packed(sizes))}
    for index, layer in enumerate(graph.layers):
        read = [found[source] for source in layer.inputs]
        found[index] = _layout(index, layer, read, images[index], is_training)
    return found


def memory_of(graph: LayerGraph, index: int, images: int) -> Allocation:
    """The memory that a layer fills, or the network's input."""
    count = images * prod(graph.shape_of(index))
    return Allocation("input" if index == NETWORK_INPUT else graph.layers[index].name, count)


def _layout(
    index: int, layer: Layer, read: Sequence[Layout], images: int, is_training: bool
) -> Layout:
    sizes = (images, *layer.output)
    kind = layer.kind
    if kind.family == "source" and kind.name != INPUT:
        return Layout(None, sizes, packed(sizes))
    view = _view(layer, read[0], sizes, is_training) if read else None
    if view is not None:
        return view
    if kind.family in _ELEMENTWISE and kind.name not in _CONTIGUOUS:
        alike = [one for one in read if one.sizes == sizes]
        strides = in_order_of(alike[0].strides, sizes) if alike else packed(sizes)
    elif kind.name == "attention":
        strides = in_order_of(read[0].strides[: len(sizes)], sizes)
    elif (kind.family in _BY_CHANNELS or kind.name in ("batch_norm", "concat", "zero_pad")) and all(
        is_channels_last(one) for one in read
    ):
        strides = channels_last(sizes)
    else:
        strides = packed(sizes)
    return Layout(index, sizes, strides)


def _view(layer: Layer, read: Layout, sizes: Sizes, is_training: bool) -> Layout | None:
    """The layout of a layer that moves no element; None if it fills memory of its own."""
    name, operation = layer.kind.name, layer.operation
    shape = layer.input_shapes[0]
    if name == "identity" or (name == "dropout" and not drops(layer, is_training)):
        return read
    if name in ("reshape", "flatten"):
        return read.viewed(sizes)
    if name == "transpose":
        axes: Any = operation
        return read.permuted((0, *(axis_of(axis, shape) + 1 for axis in axes.axes)))
    if name in ("split", "slice", "crop"):
        step: Any = operation
        strides = list(read.strides)
        if name == "slice":
            strides[axis_of(step.axis, shape) + 1] *= step.step
        return Layout(read.memory, sizes, tuple(strides))
    return None


def packed(sizes: Sizes) -> Sizes:
    """The strides of a tensor whose last axis changes first.

    >>> packed((2, 3, 4))
    (12, 4, 1)
    """
    return tuple(prod(sizes[axis + 1 :]) for axis in range(len(sizes)))


def channels_last(sizes: Sizes) -> Sizes:
    """The strides of maps, images first, whose channels change first.

    >>> channels_last((2, 3, 4, 5))
    (60, 1, 15, 3)
    """
    strides = packed((sizes[0], *sizes[2:], sizes[1]))
    return (strides[0], strides[-1], *strides[1:-1])


def is_channels_last(layout: Layout) -> bool:
    """Whether maps have their channels last in memory, as far as PyTorch can tell.

    As ``is_channels_last_strides_2d`` (c10/core/MemoryFormat.h): from the channels on, each
    axis reaches at least as far as the one before it, even if it has a single place.
    """
    sizes, strides = layout.sizes, layout.strides
    if len(sizes) not in (4, 5):
        return False
    least = 0
    for axis in (1, *range(len(sizes) - 1, 1, -1), 0):
        if strides[axis] < least or (axis == 0 and least == strides[1]):
            return False
        least = strides[axis] * sizes[axis]
    return strides[1] != 0


def in_order(sizes: Sizes, strides: Sizes) -> Sizes:
    """The strides of the axes that are longer than 1; the others do not matter."""
    return tuple(stride for size, stride in zip(sizes, strides, strict=True) if size != 1)


def in_order_of(strides: Sizes, sizes: Sizes) -> Sizes:
    """The strides of a tensor without gaps, its axes in the order that these strides have.

    PyTorch's elementwise operations (``TensorIterator``) fill memory in the order of their
    input, without the gaps that a part of a tensor has.

    >>> in_order_of((40, 1, 10), (2, 3, 4))  # from (2, 10, 4), channels last
    (12, 1, 3)
    """
    found, step = [0] * len(sizes), 1
    # Of equal strides the last axis changes first, as it does in a packed tensor.
    for axis in sorted(range(len(sizes)), key=lambda axis: (strides[axis], -axis)):
        found[axis] = step
        step *= sizes[axis]
    return tuple(found)


def view_strides(sizes: Sizes, strides: Sizes, shape: Sizes) -> Sizes | None:
    """The strides of the same elements in another shape; None if they have to move.

    As PyTorch's ``computeStride`` (aten/src/ATen/TensorUtils.cpp): axes that follow one
    another in memory are one run, and each axis of the new shape lies within one run.

    >>> view_strides((2, 3, 4), (12, 4, 1), (6, 4)), view_strides((2, 3), (1, 2), (6,))
    ((4, 1), None)
    """
    found = [0] * len(shape)
    place, step = len(shape) - 1, strides[-1] if strides else 1
    run = filled = 1  # elements of the run, and of the new axes within it
    for axis in range(len(sizes) - 1, -1, -1):
        run *= sizes[axis]
        if axis and (sizes[axis - 1] == 1 or strides[axis - 1] == run * step):
            continue
        while place >= 0 and (filled < run or shape[place] == 1):
            found[place] = filled * step
            filled *= shape[place]
            place -= 1
        if filled != run:
            return None
        if axis:
            step, run, filled = strides[axis - 1], 1, 1
    return tuple(found)
