"""Layers that move elements without computing."""

from __future__ import annotations

from costcalc.exporters.onnx.site import Site, batched, batched_axis, batched_order
from costcalc.exporters.parts import split_of
from costcalc.exporters.unsayable import UnsayableError
from costcalc.formulas.algebra import exact_div
from costcalc.kinds.base import axis_of
from costcalc.kinds.windows import pads


def channel_shuffle(site: Site) -> None:
    """Channels as a table of groups, turned over."""
    channels, *axes = site.shape
    groups = site.operation.groups
    rank = len(axes)
    table = site.whole(1, groups, exact_div(channels, groups), *axes)
    grouped = site.between("Reshape", *site.inputs, table)
    turned = site.between("Transpose", grouped, perm=(0, 2, 1, *range(3, rank + 3)))
    site.last("Reshape", turned, site.whole(1, *site.shape))


def split(site: Site) -> None:
    """Split into all parts at once: the first layer that reads one writes it for all of them."""
    operation, name = site.operation, site.layer.name
    names = site.builder.parts[split_of(site.layer)]
    if next(iter(names.values())) == name:
        outputs = (
            names.get(part) or site.builder.names.free(f"{name}.part{part}")
            for part in range(1, operation.parts + 1)
        )
        site.gives(
            "Split",
            site.inputs,
            tuple(outputs),
            axis=batched_axis(operation.axis),
            num_outputs=operation.parts,
        )
    elif names[operation.part] != name:
        site.last("Identity", names[operation.part])


def slice_(site: Site) -> None:
    """Slice along an axis."""
    operation = site.operation
    axis = axis_of(operation.axis, site.shape) + 1
    ends = (operation.start, operation.stop, axis, operation.step)
    site.last("Slice", *site.inputs, *map(site.whole, ends))


def zero_pad(site: Site) -> None:
    """Pad of the axes from one on."""
    operation, rank = site.operation, len(site.shape)
    first = axis_of(operation.axis, site.shape)
    sides = pads(operation.padding, rank - first)
    _pad(site, (*((0, 0) for _ in range(first)), *sides), _BORDERS[operation.mode])


def pad_channels(site: Site) -> None:
    """Pad behind the channels."""
    more = site.shape[0] - site.input_shape[0]
    _pad(site, ((0, more), *((0, 0) for _ in site.shape[1:])), "constant")


def reshape(site: Site) -> None:
    """Reshape."""
    site.last("Reshape", *site.inputs, site.whole(*batched(site.shape)))


def transpose(site: Site) -> None:
    """Transpose."""
    order = tuple(axis_of(axis, site.shape) for axis in site.operation.axes)
    site.last("Transpose", *site.inputs, perm=batched_order(order))


def rearrange(site: Site) -> None:
    """Nothing: what comes out has a shape, and nobody says how it comes about.

    Raises:
        UnsayableError: always.
    """
    raise UnsayableError("a rearrangement says what shape comes out, and not how")


def dropout(site: Site) -> None:
    """Dropout, which does nothing at inference."""
    rate = site.operation.rate
    ratio = () if rate is None else (site.number(float(rate)),)
    site.last("Dropout", *site.inputs, *ratio)


_BORDERS = {"zero": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
"""What ONNX calls each way to fill a border."""


def _pad(site: Site, sides: tuple[tuple[int, int], ...], mode: str) -> None:
    """Pad of all axes but the batch."""
    amounts = site.whole(0, *(before for before, _ in sides), 0, *(after for _, after in sides))
    site.last("Pad", *site.inputs, amounts, mode=mode)
