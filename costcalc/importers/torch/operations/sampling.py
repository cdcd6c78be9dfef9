"""Resampling at computed places, and pooling of boxes."""

from __future__ import annotations

from math import prod
from typing import Any

from costcalc.importers import emit
from costcalc.importers.builder import Operand, UnknownOp
from costcalc.importers.torch.calls import ValueRef
from costcalc.importers.torch.context import Rule, TorchContext

_MODES = ("bilinear", "nearest", "bicubic")
"""The interpolations of ``torch.grid_sampler`` by their numbers."""


def grid_sample(op: TorchContext) -> Operand:
    """``F.grid_sample`` and ``torch.grid_sampler``."""
    args = op.bind("input", "grid", "mode")
    images, *shape = op.shape_of(args["input"])
    grid = op.shape_of(args["grid"])
    mode = args.get("mode", "bilinear")
    mode = mode if isinstance(mode, str) else _MODES[mode]
    if images == 1:
        x, places = op.tensor(args["input"], tuple(shape)), op.tensor(args["grid"], grid[1:])
    else:
        x, places = op.tensor(args["input"], (images, *shape)), op.tensor(args["grid"], grid)
    return emit.grid_sample(op, x, places, mode)


def affine_grid(op: TorchContext) -> Operand:
    """``F.affine_grid``: the product of all places and a matrix for each image."""
    theta = op.bind("theta", "size")["theta"]
    images, *places, numbers = op.shape
    stack = (images,) if images > 1 else ()
    shape = (*stack, prod(places), numbers + 1)
    base = op.add("constant", (), {"shape": shape})
    matrix = op.tensor(theta, (*stack, numbers, numbers + 1))
    order = (*range(len(stack)), len(stack) + 1, len(stack))
    turned = emit.transpose(op, matrix, order, part="_transpose")
    return op.view(op.add("matmul", (base, turned)), (*stack, *places, numbers))


_DEFORMED = (
    *("input", "weight", "offset", "mask", "bias", "stride_h", "stride_w", "pad_h", "pad_w"),
    *("dilation_h", "dilation_w", "groups", "offset_groups", "use_mask"),
)


def deform_conv(op: TorchContext) -> Operand:
    """The operator behind ``torchvision.ops.deform_conv2d``.

    Raises:
        UnknownOp: the weights are computed.
    """
    args = op.bind(*_DEFORMED)
    groups, offset_groups, has_mask = (args[name] for name in _DEFORMED[-3:])
    out, _, *kernel = op.shape_of(args["weight"])
    if op.is_computed(args["weight"]):
        raise UnknownOp
    images, places = op.shape[0], op.shape[2:]
    x, offsets = (_stacked(op, args[name]) for name in ("input", "offset"))
    mask = _stacked(op, args["mask"]) if has_mask else None
    # The operator always has a bias: zeros, where the module has none.
    bias = None if op.is_constant(args["bias"]) else args["bias"]
    y = emit.deform_conv(
        op,
        x,
        offsets,
        out=out,
        kernel=kernel,
        groups=groups,
        offset_groups=offset_groups,
        mask=mask,
        bias=bias is not None,
        params={"weights": op.stored(args["weight"]), "biases": op.stored(bias)},
    )
    if images == 1:
        return y
    swapped = (1, 0, *range(2, len(places) + 2))
    return emit.transpose(op, op.view(y, (out, images, *places)), swapped, part="_images")


def roi_pool(mode: str, *, is_sampled: bool = False, is_position_sensitive: bool = False) -> Rule:
    """The operators behind ``torchvision.ops.roi_align``, ``roi_pool`` and their variants."""

    def rule(op: TorchContext) -> Operand | list[Operand]:
        names = ("rois", "spatial_scale", "pooled_height", "pooled_width", "sampling_ratio")
        args = op.bind("input", *names)
        arguments: dict[str, Any] = {"size": op.shape[2:], "mode": mode}
        if is_sampled:
            arguments["samples"] = max(args["sampling_ratio"], 0)
        if is_position_sensitive:
            arguments["position_sensitive"] = True
        x = _stacked(op, args["input"])
        boxes = op.tensor(args["rois"], op.shape_of(args["rois"]))
        y = op.add("roi_pool", (x, boxes), arguments)
        return [y] * len(op.call.outputs)

    return rule


def _stacked(op: TorchContext, value: ValueRef) -> Operand:
    """Maps as one: of several images, one below the other."""
    images, channels, height, *rest = op.shape_of(value)
    if images == 1:
        return op.tensor(value, (channels, height, *rest))
    x = op.tensor(value, (images, channels, height, *rest))
    swapped = emit.transpose(op, x, (1, 0, *range(2, x.rank)), part="_channels")
    return op.view(swapped, (channels, images * height, *rest), "_stacked")
