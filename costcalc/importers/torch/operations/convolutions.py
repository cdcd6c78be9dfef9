"""Convolutions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.importers import emit
from costcalc.importers.builder import Operand, Params
from costcalc.importers.torch.context import TorchContext, without_batch


def conv(op: TorchContext) -> Operand:
    """``conv1d``, ``conv2d`` and ``conv3d``, with a weight of (out, in / groups, kernel)."""
    args = op.bind("input", "weight", "bias", "stride", "padding", "dilation", "groups")
    out, _, *kernel = op.shape_of(args["weight"])
    x = op.maps(args["input"], len(kernel))
    window = _window(op, args, kernel)
    if not op.is_complex:
        return emit.conv(op, x, out=out, **window)

    def product(part: Operand, params: Params, name: str) -> Operand:
        # The parts of the bias are added once each.
        has_bias = window["bias"] and name in ("/a_c", "/a_d")
        own = {**window, "bias": has_bias, "params": params}
        return emit.conv(op, part, out=out, part=name, **own)

    parts, params = (
        emit.complex_parts(op, x, "input"),
        op.complex_params(args["weight"], args.get("bias")),
    )
    return emit.complex_product(op, parts, params, product, without_batch(op.shape))


def time_conv(op: TorchContext) -> Operand:
    """``F.conv_tbc``: of (T, B, C), with a weight of (kernel, in, out)."""
    args = op.bind("input", "weight", "bias", "pad")
    kernel, _, out = op.shape_of(args["weight"])
    x = op.tensor(args["input"], op.shape_of(args["input"]))
    params = {"weights": op.stored(args["weight"]), "biases": op.stored(args["bias"])}
    maps = emit.transpose(op, x, (1, 2, 0), part="_maps")
    if maps.shape[0] == 1:
        maps = op.view(maps, maps.shape[1:])
    y = emit.conv(
        op, maps, out=out, kernel=(kernel,), padding=args.get("pad", 0), spatial_rank=1,
        params=params,
    )  # fmt: skip
    y = op.view(y, (op.shape[1], out, op.shape[0]))
    return emit.transpose(op, y, (2, 0, 1), part="_steps")


def transposed_conv(op: TorchContext) -> Operand:
    """``conv_transpose1d`` and so on, with a weight of (in, out / groups, kernel)."""
    names = ("stride", "padding", "output_padding", "groups", "dilation")
    args = op.bind("input", "weight", "bias", *names)
    _, out, *kernel = op.shape_of(args["weight"])
    x = op.maps(args["input"], len(kernel))
    return emit.transposed_conv(
        op,
        x,
        out=out * args.get("groups", 1),
        output_padding=args.get("output_padding", 0),
        **_window(op, args, kernel),
    )


def _window(op: TorchContext, args: Mapping[str, Any], kernel: list[int]) -> dict[str, Any]:
    """The arguments that both have."""
    return {
        "kernel": tuple(kernel),
        "stride": args.get("stride", 1),
        "padding": args.get("padding", 0),
        "dilation": args.get("dilation", 1),
        "groups": args.get("groups", 1),
        "bias": args.get("bias") is not None,
        "spatial_rank": len(kernel),
        "params": {"weights": op.stored(args["weight"]), "biases": op.stored(args.get("bias"))},
    }
