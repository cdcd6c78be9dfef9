"""Convolutions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
_PADDINGS = ("padding", "output_padding")


def conv(call: Call, to: Lowering) -> None:
    """``conv1d``, ``conv2d`` and ``conv3d``; their weight is (N, M / groups, kernel)."""
    given = bound(call, *_CONV)
    _lower(call, to, "conv", given, to.shape(given["weight"])[0])


def transposed_conv(call: Call, to: Lowering) -> None:
    """``conv_transpose1d`` and so on; their weight is (M, N / groups, kernel)."""
    given = bound(call, *_TRANSPOSED)
    out = to.shape(given["weight"])[1] * given.get("groups", 1)
    _lower(call, to, "transposed_conv", given, out)


def _lower(call: Call, to: Lowering, kind: str, given: Mapping[str, Any], out: int) -> None:
    kernel = to.shape(given["weight"])[2:]
    rank = len(kernel)
    node, held = channels_first(call, to, given["input"], rank)
    images = held[1 : len(held) - rank]

    def each(values: Any, of_images: int) -> Any:
        """A number for each axis, those of several images first; a word as it is."""
        if isinstance(values, str):
            return values
        return even((*(of_images for _ in images), *spread(values, rank)))

    arguments = {
        "out": out,
        "kernel": each(kernel, 1),
        "groups": given.get("groups", 1),
        "bias": given.get("bias") is not None,
        **{name: each(given.get(name, 1), 1) for name in ("stride", "dilation")},
        **{name: each(given[name], 0) for name in _PADDINGS if name in given},
    }
    arguments.setdefault("padding", 0)
    output = (out, *images, *to.shape_of(call)[-rank:])
    stored = {"weights": [given["weight"]], "biases": [given.get("bias")]}
    give_map(call, to, to.add(call, kind, arguments, (node,), output, stored), output, rank)
