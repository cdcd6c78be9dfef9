"""Pooling."""

from __future__ import annotations

from costcalc.importers.onnx.call import Call
from costcalc.importers.onnx.known import Known, NodeProblem, text
from costcalc.importers.onnx.operators.windows import window
from costcalc.importers.onnx.site import Site


def pool_shapes(call: Call) -> list[Known]:
    """A window's positions; MaxPool may say where each maximum was."""
    x = call.input(0)
    if len(x.shape) < 3:
        raise NodeProblem("pools no map", expected="images, channels, axes", found=text(x.shape))
    positions = window(call, call.sizes("kernel_shape", len(x.shape) - 2, None)).over(x.shape[2:])
    pooled = Known((*x.shape[:2], *positions), call.image_batch(x))
    return [pooled, pooled]


def max_pool(site: Site) -> None:
    """The largest of a window."""
    _pool(site, "max_pool")


def average_pool(site: Site) -> None:
    """The mean of a window."""
    _pool(site, "avg_pool")


def global_shapes(call: Call) -> list[Known]:
    """One position."""
    x = call.input(0)
    if len(x.shape) < 3:
        raise NodeProblem("pools no map", expected="images, channels, axes", found=text(x.shape))
    return [Known((*x.shape[:2], *(1 for _ in x.shape[2:])), call.image_batch(x))]


def global_average(site: Site) -> None:
    """The mean of the whole map."""
    _global(site, "global_avg_pool", "mean")


def global_max(site: Site) -> None:
    """The largest of the whole map."""
    _global(site, "global_max_pool", "reduce_max")


def _pool(site: Site, kind: str) -> None:
    if len(site.operation.outputs) > 1 and site.operation.outputs[1]:
        site.unread(1)
    slid = window(site, site.sizes("kernel_shape", len(site.shape()) - 2, None))
    image = site.image(0)
    if image.several:
        slid = slid.ahead()
    site.give_image(kind, {**slid.arguments(), "ceil_mode": slid.is_ceil}, image)


def _global(site: Site, kind: str, reduction: str) -> None:
    image = site.image(0)
    if image.several:
        axes = tuple(range(2, len(site.shape())))
        site.give_image(reduction, {"axes": axes, "keep": True}, image)
    else:
        site.give_image(kind, {}, image)
