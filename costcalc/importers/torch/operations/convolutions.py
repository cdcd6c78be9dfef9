"""Convolutions."""

from __future__ import annotations

from costcalc.importers.torch.calls import Call
from costcalc.importers.torch.lowering import Lowering, bound
from costcalc.importers.torch.operations.maps import channels_first, even, give_map, spread

_CONV = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
_TRANSPOSED = (
    "input",
    "weight",
    "bias",
    "stride",
    "padding",
    "output_padding",
    "groups",
    "dilation",
)


def conv(call: Call, to: Lowering) -> None:
    """``conv1d``, ``conv2d`` and ``conv3d``; their weight is (N, M / groups, kernel)."""
    given = bound(call, *_CONV)
    out, _, *kernel = to.shape(given["weight"])
    rank = len(kernel)
    node, held = channels_first(call, to, given["input"], rank)
    images = (1,) * (len(held) - 1 - rank)
    padding = given.get("padding", 0)
    if not isinstance(padding, str):
        padding = even((*(0 for _ in images), *spread(padding, rank)))
    shape = to.shape_of(call)
    arguments = {
        "out": out,
        "kernel": even((*images, *kernel)),
        "stride": even((*images, *spread(given.get("stride", 1), rank))),
        "padding": padding,
        "dilation": even((*images, *spread(given.get("dilation", 1), rank))),
        "groups": given.get("groups", 1),
        "bias": given.get("bias") is not None,
    }
    output = (out, *held[1 : 1 + len(images)], *shape[len(shape) - rank :])
    stored = {"weights": [given["weight"]], "biases": [given.get("bias")]}
    give_map(call, to, to.add(call, "conv", arguments, (node,), output, stored), output)


def transposed_conv(call: Call, to: Lowering) -> None:
    """``conv_transpose1d`` and so on; their weight is (M, N / groups, kernel)."""
    given = bound(call, *_TRANSPOSED)
    _, out, *kernel = to.shape(given["weight"])
    rank = len(kernel)
    node, held = channels_first(call, to, given["input"], rank)
    images = (1,) * (len(held) - 1 - rank)
    added = {*spread(given.get("output_padding", 0), rank)}
    if len(added) > 1 or (images and added != {0}):
        to.refuse(call)
        return
    groups, shape = given.get("groups", 1), to.shape_of(call)
    arguments = {
        "out": out * groups,
        "kernel": even((*images, *kernel)),
        "stride": even((*images, *spread(given.get("stride", 1), rank))),
        "padding": even((*(0 for _ in images), *spread(given.get("padding", 0), rank))),
        "output_padding": added.pop(),
        "dilation": even((*images, *spread(given.get("dilation", 1), rank))),
        "groups": groups,
        "bias": given.get("bias") is not None,
    }
    output = (out * groups, *held[1 : 1 + len(images)], *shape[len(shape) - rank :])
    stored = {"weights": [given["weight"]], "biases": [given.get("bias")]}
    give_map(call, to, to.add(call, "transposed_conv", arguments, (node,), output, stored), output)
