"""Normalisations; Caffe keeps their statistics and their learned numbers in two layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.importers import emit
from costcalc.importers.builder import Operand, UnknownOp
from costcalc.importers.caffe.context import CaffeContext, Result, Rule
from costcalc.importers.caffe.layers.elementwise import as_map


def batch_norm(op: CaffeContext) -> Result:
    """``BatchNorm``: statistics alone; the Scale behind it has gamma and beta."""
    return emit.batch_norm(op, op.input, scale=False, shift=False)


def scale(op: CaffeContext) -> Result:
    """``Scale``: by learned numbers, or by another blob.

    Straight behind a BatchNorm, or with a bias behind an MVN, the two are one norm.
    """
    param = op.param("scale_param")
    has_bias = param.flag("bias_term", False)
    axis = param.whole("axis", 1, -9)
    if len(op.inputs) > 1:
        tensor, factor = op.reads(2, 2)
        place = 0 if axis == 0 else op.axis(axis, tensor)
        scaled = op.add("multiply", (tensor, as_map(op, factor, tensor, place)))
        return _learned(op, scaled, "add", factor.shape, place, "") if has_bias else scaled
    count = param.whole("num_axes", 1, -1)
    place = op.axis(axis)
    shape = op.shape[place:] if count == -1 else op.shape[place : place + count]
    if shape == op.shape[:1] and _norm_above(op) == {"affine": False}:
        op.builder.set_arguments(op.input.node, {} if has_bias else {"bias": False})
        return op.input
    if shape == op.shape[:1] and has_bias and _norm_above(op, "instance_norm") == {}:
        op.builder.set_arguments(op.input.node, {"affine": True})
        return op.input
    part = "/gamma" if has_bias else ""
    scaled = _learned(op, op.input, "multiply", shape, place, part)
    return _learned(op, scaled, "add", shape, place, "/beta") if has_bias else scaled


def _norm_above(op: CaffeContext, kind: str = "batch_norm") -> Mapping[str, Any] | None:
    """What the norm straight above is, which this layer reads; None where none is."""
    last = len(op.builder.nodes) - 1
    node = op.builder.nodes[last] if last >= 0 and op.input.node == last else None
    return node.arguments if node is not None and node.kind == kind else None


def bias(op: CaffeContext) -> Result:
    """``Bias``: plus learned numbers, or plus another blob.

    Straight behind a BatchNorm, or behind its Scale, it is that norm's beta.
    """
    param = op.param("bias_param")
    axis = param.whole("axis", 1, -9)
    if len(op.inputs) > 1:
        tensor, other = op.reads(2, 2)
        place = 0 if axis == 0 else op.axis(axis, tensor)
        level = as_map(op, other, tensor, place)
        return emit.join(op, "add", (tensor, level))
    count = param.whole("num_axes", 1, -1)
    place = op.axis(axis)
    shape = op.shape[place:] if count == -1 else op.shape[place : place + count]
    above = _norm_above(op)
    if shape == op.shape[:1] and above in ({"affine": False}, {"bias": False}):
        op.builder.set_arguments(op.input.node, {"scale": False} if "affine" in above else {})
        return op.input
    return _learned(op, op.input, "add", shape, place, "")


def _learned(
    op: CaffeContext, tensor: Operand, kind: str, shape: tuple[int, ...], axis: int, part: str
) -> Operand:
    """The tensor joined with learned numbers, whose sides begin at an axis of it."""
    ahead = (1,) * axis
    full = (*ahead, *shape, *(1,) * (tensor.rank - axis - len(shape)))
    return emit.with_learned(op, kind, tensor, full, part=part, stored=f"{part}.learned")


def bn(op: CaffeContext) -> Result:
    """``BN`` of older forks: statistics, slope and bias in one layer."""
    return emit.batch_norm(op, op.input)


def lrn(op: CaffeContext) -> Result:
    """``LRN`` across channels."""
    param = op.param("lrn_param", ("local_size", "alpha", "beta", "norm_region", "k", "engine"))
    regions = ("ACROSS_CHANNELS", "WITHIN_CHANNEL")
    if param.word("norm_region", regions, regions[0]) != regions[0]:
        raise UnknownOp("costcalc has no layer kind for a response norm within a channel")
    return op.add("lrn", (op.input,), {"size": param.whole("local_size", 5)})


def mvn(op: CaffeContext) -> Result:
    """``MVN``: each channel by its own mean and variance."""
    param = op.param("mvn_param", ("normalize_variance", "across_channels", "eps"))
    if param.flag("across_channels", False) or not param.flag("normalize_variance", True):
        raise UnknownOp(
            "costcalc has no layer kind for a normalisation across channels, or by means alone"
        )
    return op.add("instance_norm", (op.input,))


TABLE: Mapping[str, Rule] = {
    "BatchNorm": batch_norm,
    "BN": bn,
    "Scale": scale,
    "Bias": bias,
    "LRN": lrn,
    "MVN": mvn,
}
