"""Pooling and resizing, which treat all channels the same."""

from __future__ import annotations

from math import prod

from costcalc.importers import emit
from costcalc.importers.builder import Operand
from costcalc.importers.torch.context import Rule, TorchContext, without_batch


def pool(kind: str, spatial_rank: int) -> Rule:
    """``max_pool2d``, ``avg_pool2d`` and so on."""
    dilation = ("dilation",) if kind == "max_pool" else ()
    names = ("input", "kernel_size", "stride", "padding", *dilation, "ceil_mode")

    def rule(op: TorchContext) -> Operand:
        args = op.bind(*names)
        return emit.pool(
            op,
            op.channels(args["input"], spatial_rank),
            kind,
            kernel=args["kernel_size"],
            stride=args.get("stride") or None,
            padding=args.get("padding", 0),
            dilation=args.get("dilation", 1),
            ceil_mode=args.get("ceil_mode", False),
            spatial_rank=spatial_rank,
        )

    return rule


def fractional_pool(op: TorchContext) -> list[Operand]:
    """``fractional_max_pool2d`` and so on: the largest of windows that begin anywhere."""
    args = op.bind("input", "kernel_size")
    rank, kernel = int(op.call.function[-2]), args["kernel_size"]
    taps = kernel**rank if isinstance(kernel, int) else prod(kernel)
    shape = without_batch(op.shape)
    x = op.tensor(args["input"])
    windows = op.add("rearrange", (x,), {"shape": (taps, *shape)}, part="_windows")
    return [emit.reduce(op, windows, "reduce_max", (0,), keep=False)] * len(op.call.outputs)


def adaptive_pool(kind: str, spatial_rank: int) -> Rule:
    """``adaptive_avg_pool2d`` and so on; to a single element it is a global pool."""

    def rule(op: TorchContext) -> Operand:
        x, size = op.channels(op.bind("input")["input"], spatial_rank), op.shape[-spatial_rank:]
        if set(size) == {1}:
            return op.add(f"global_{kind}", (x,))
        return op.add(f"adaptive_{kind}", (x,), {"size": size})

    return rule


def interpolate(op: TorchContext) -> Operand:
    """``F.interpolate``."""
    args = op.bind("input", "size", "scale_factor", "mode")
    mode, scale = args.get("mode", "nearest"), args.get("scale_factor")
    spatial_rank = len(op.shape) - 2
    x = op.channels(args["input"], spatial_rank)
    scales = scale if isinstance(scale, tuple) else (scale,)
    if scale is not None and all(factor == int(factor) for factor in scales):
        return emit.resample(op, x, scale=tuple(map(int, scales)), mode=mode)
    return emit.resample(op, x, size=op.shape[-spatial_rank:], mode=mode)
