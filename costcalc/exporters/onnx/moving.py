"""Layers that move elements without computing."""

from __future__ import annotations

from costcalc.exporters.onnx.site import Site
from costcalc.exporters.parts import split_of
from costcalc.formulas.algebra import exact_div
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
        site.gives("Split", site.inputs, tuple(outputs), axis=1, num_outputs=operation.parts)
    elif names[operation.part] != name:
        site.last("Identity", names[operation.part])


def slice_(site: Site) -> None:
    """Slice of the channels."""
    operation = site.operation
    ends = (site.whole(operation.start), site.whole(operation.stop), site.whole(1))
    site.last("Slice", *site.inputs, *ends)


def zero_pad(site: Site) -> None:
    """Pad of the spatial axes."""
    sides = pads(site.operation.padding, len(site.shape) - 1)
    _pad(site, ((0, 0), (0, 0), *sides))


def pad_channels(site: Site) -> None:
    """Pad behind the channels."""
    more = site.shape[0] - site.input_shape[0]
    _pad(site, ((0, 0), (0, more), *((0, 0) for _ in site.shape[1:])))


def dropout(site: Site) -> None:
    """Dropout, which does nothing at inference."""
    rate = site.operation.rate
    ratio = () if rate is None else (site.number(float(rate)),)
    site.last("Dropout", *site.inputs, *ratio)


def _pad(site: Site, sides: tuple[tuple[int, int], ...]) -> None:
    amounts = site.whole(*(before for before, _ in sides), *(after for _, after in sides))
    site.last("Pad", *site.inputs, amounts)
