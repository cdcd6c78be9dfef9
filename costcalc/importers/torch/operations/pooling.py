"""Pooling and resizing."""

from __future__ import annotations

from typing import Any

from costcalc.importers.torch.calls import Call
from costcalc.importers.torch.lowering import Lowering, bound
from costcalc.importers.torch.operations.elementwise import Operation
from costcalc.importers.torch.operations.maps import each_map, even, spread

MODES = {
    "nearest": "nearest",
    "nearest-exact": "nearest",
    "linear": "bilinear",
    "bilinear": "bilinear",
    "bicubic": "bicubic",
    "area": "area",
}


def pool(kind: str, rank: int) -> Operation:
    """``max_pool2d``, ``avg_pool2d`` and so on."""
    names = (
        ("input", "kernel_size", "stride", "padding", "dilation", "ceil_mode")
        if kind == "max_pool"
        else ("input", "kernel_size", "stride", "padding", "ceil_mode")
    )

    def lower(call: Call, to: Lowering) -> None:
        given = bound(call, *names)
        arguments: dict[str, Any] = {
            "kernel": even(spread(given["kernel_size"], rank)),
            "padding": even(spread(given.get("padding", 0), rank)),
            "ceil_mode": given.get("ceil_mode", False),
        }
        if given.get("stride") not in (None, ()):
            arguments["stride"] = even(spread(given["stride"], rank))
        if "dilation" in given:
            arguments["dilation"] = even(spread(given["dilation"], rank))
        _pooled(call, to, kind, arguments, rank)

    return lower


def adaptive_pool(kind: str, rank: int) -> Operation:
    """``adaptive_avg_pool2d`` and so on; to one element, the pooling of whole maps."""

    def lower(call: Call, to: Lowering) -> None:
        size = to.shape_of(call)[-rank:]
        if set(size) == {1}:
            _pooled(call, to, f"global_{kind}", {}, rank)
        else:
            _pooled(call, to, f"adaptive_{kind}", {"size": size}, rank)

    return lower


def _pooled(call: Call, to: Lowering, kind: str, arguments: dict[str, Any], rank: int) -> None:
    node, held = each_map(to, bound(call, "input")["input"], rank)
    output = (held[0], *to.shape_of(call)[-rank:])
    to.give(call.outputs[0], to.add(call, kind, arguments, (node,), output), output)


def interpolate(call: Call, to: Lowering) -> None:
    """``F.interpolate``."""
    given = bound(call, "input", "size", "scale_factor", "mode")
    rank = len(to.shape(given["input"])) - 2
    mode = MODES.get(given.get("mode", "nearest"))
    node, held = each_map(to, given["input"], rank)
    output = (held[0], *to.shape_of(call)[-rank:])
    scale = given.get("scale_factor")
    if mode is None or (mode == "bilinear" and rank > 2):
        to.refuse(call)
        return
    arguments: dict[str, Any] = {"size": output[1:], "mode": mode}
    if scale is not None and all(each == int(each) for each in spread(scale, rank)):
        arguments = {"scale": even(tuple(int(each) for each in spread(scale, rank))), "mode": mode}
    to.give(call.outputs[0], to.add(call, "upsample", arguments, (node,), output), output)
