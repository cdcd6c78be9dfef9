"""Layers that move elements, and tensors that the network stores."""

from __future__ import annotations

from itertools import chain
from typing import Any

from costcalc.exporters.layers import UnwritableLayer
from costcalc.exporters.torch.modules import (
    ForwardLine,
    ForwardLines,
    called,
    new,
    option,
    per_axis,
    positional,
)
from costcalc.exporters.torch.norms import dim
from costcalc.exporters.torch.windows import padded
from costcalc.graph.layer import Layer
from costcalc.kinds.base import axis_of
from costcalc.kinds.windows import pads

_BORDERS = {"reflect": "ReflectionPad", "replicate": "ReplicationPad", "circular": "CircularPad"}


def concat(layer: Layer) -> ForwardLines:
    """``torch.cat`` along an axis."""
    operation: Any = layer.operation
    return (ForwardLine("torch.cat([{inputs}], {axis})", numbers={"axis": dim(operation.axis)}),)


def split(layer: Layer) -> ForwardLines:
    """One part of a ``chunk``."""
    operation: Any = layer.operation
    numbers = {"parts": operation.parts, "part": operation.part - 1, "axis": dim(operation.axis)}
    return (ForwardLine("{0}.chunk({parts}, {axis})[{part}]", numbers=numbers),)


def slice_(layer: Layer) -> ForwardLines:
    """An index, ``x[:, start:stop]``."""
    operation: Any = layer.operation
    before = ":, " * (axis_of(operation.axis, layer.input_shapes[0]) + 1)
    numbers = {"start": operation.start, "stop": operation.stop}
    step = ""
    if operation.step != 1:
        step, numbers["step"] = ":{step}", operation.step
    return (ForwardLine(f"{{0}}[{before}{{start}}:{{stop}}{step}]", numbers=numbers),)


def crop(layer: Layer) -> ForwardLines:
    """An index along the spatial axes, ``x[:, :, start:stop, start:stop]``."""
    operation: Any = layer.operation
    ends = list(enumerate(operation.ends(layer.input_shapes), 1))
    index = ", ".join(f"{{start{axis}}}:{{stop{axis}}}" for axis, _ in ends)
    numbers = {f"start{axis}": start for axis, (start, _) in ends}
    numbers |= {f"stop{axis}": stop for axis, (_, stop) in ends}
    return (ForwardLine(f"{{0}}[:, :, {index}]", numbers=numbers),)


def zero_pad(layer: Layer) -> ForwardLines:
    """``nn.ZeroPad2d`` or its relatives; ``F.pad`` along other axes than the spatial ones."""
    operation: Any = layer.operation
    shape = layer.input_shapes[0]
    first = axis_of(operation.axis, shape)
    pairs = pads(operation.padding, len(shape) - first)
    is_map = first == 1 and 1 <= len(pairs) <= 3
    sides = tuple(chain(*reversed(pairs)))
    if operation.mode == "zero" and is_map:
        return padded(pairs, suffix="") or (called("nn.Identity"),)
    if operation.mode == "zero":
        return (ForwardLine("F.pad({0}, {padding})", numbers={"padding": sides}),)
    if not is_map:
        raise UnwritableLayer(
            f"in mode '{operation.mode}' PyTorch pads only the spatial axes of a map"
        )
    return (called(f"nn.{_BORDERS[operation.mode]}{len(pairs)}d", positional("padding", sides)),)


def pad_channels(layer: Layer) -> ForwardLines:
    """``F.pad`` to a number of channels."""
    operation: Any = layer.operation
    axes = "0, 0, " * (len(layer.output) - 1)
    text = f"F.pad({{0}}, ({axes}0, {{channels}} - {{0}}.shape[1]))"
    return (ForwardLine(text, numbers={"channels": operation.out}),)


def upsample(layer: Layer) -> ForwardLines:
    """``nn.Upsample`` to a size."""
    operation: Any = layer.operation
    rank = len(layer.output) - 1
    modes = {
        "nearest": {1: "nearest", 2: "nearest", 3: "nearest"},
        "bilinear": {1: "linear", 2: "bilinear", 3: "trilinear"},
        "bicubic": {2: "bicubic"},
        "area": {1: "area", 2: "area", 3: "area"},
    }
    mode = modes[operation.mode].get(rank)
    if mode is None:
        raise UnwritableLayer(f"nn.Upsample has no mode '{operation.mode}' for {rank} axes")
    size = positional("size", per_axis(layer.output[1:]))
    return (called("nn.Upsample", size, option("mode", mode, "nearest")),)


def reshape(layer: Layer) -> ForwardLines:
    """``reshape`` of all axes but the batch."""
    numbers = {f"side_{axis}": size for axis, size in enumerate(layer.output)}
    sizes = "".join(f", {{{name}}}" for name in numbers)
    return (ForwardLine(f"{{0}}.reshape(-1{sizes})", numbers=numbers),)


def transpose(layer: Layer) -> ForwardLines:
    """``permute`` of all axes but the batch."""
    operation: Any = layer.operation
    shape = layer.input_shapes[0]
    axes = ", ".join(str(axis_of(axis, shape) + 1) for axis in operation.axes)
    return (ForwardLine(f"{{0}}.permute(0, {axes})"),)


def source(constructor: str, layer: Layer) -> ForwardLines:
    """A stored tensor, expanded to the batch size of ``{0}``."""
    sizes = tuple(positional(f"side_{axis}", size) for axis, size in enumerate(layer.output))
    tensor = new("torch.zeros", *(sizes or (positional("size", ()),)))
    module = new(constructor, positional("data", tensor))
    kept = "".join(", -1" for _ in layer.output)
    return (ForwardLine(f"{{module}}.expand(len({{0}}){kept})", module),)
