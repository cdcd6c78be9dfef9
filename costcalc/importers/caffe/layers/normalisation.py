"""Normalisations; in Caffe their statistics and learnable params are separate layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand, UnknownOp
from costcalc.importers.caffe.context import CaffeContext, Result, Rule, raw_axis
from costcalc.importers.caffe.fields import Fields
from costcalc.importers.caffe.layers.elementwise import as_map, padded
from costcalc.importers.model import Shape


def batch_norm(op: CaffeContext) -> Result:
    """``BatchNorm``: statistics only; gamma and beta are in the ``Scale`` after it."""
    return emit.batch_norm(op, op.input, scale=False, shift=False, spatial_rank=op.spatial_rank)


def scale(op: CaffeContext) -> Result:
    """``Scale`` by learnable params, or by another blob.

    Right after a BatchNorm, or with a bias right after an MVN, it becomes part of that norm.
    """
    param = op.param("scale_param")
    has_bias = param.flag("bias_term", False)
    if len(op.inputs) > 1:
        tensor, factor, axis = _two_inputs(op, param)
        scaled = op.add("multiply", (tensor, as_map(op, factor, tensor, axis)))
        return _learned(op, scaled, "add", factor.shape, axis, "") if has_bias else scaled
    axis, shape = _learned_shape(op, param)
    if axis == 0 and shape == op.shape[:1] and _norm_above(op) == {"affine": False}:
        op.builder.set_arguments(op.input.node, {} if has_bias else {"bias": False})
        return op.input
    if shape == op.shape[:1] and has_bias and _norm_above(op, "instance_norm") == {}:
        op.builder.set_arguments(op.input.node, {"affine": True})
        return op.input
    part = "/gamma" if has_bias else ""
    scaled = _learned(op, op.input, "multiply", shape, axis, part)
    return _learned(op, scaled, "add", shape, axis, "/beta") if has_bias else scaled


def _two_inputs(op: CaffeContext, param: Fields) -> tuple[Operand, Operand, int]:
    """The inputs of a layer without params, and the axis of the first where the second begins."""
    tensor, other = op.reads(2, 2)
    axis = raw_axis(param)
    return tensor, other, 0 if axis == 0 else op.axis(axis, tensor)


def _learned_shape(op: CaffeContext, param: Fields) -> tuple[int, Shape]:
    """The axis where the params of a layer begin, and their shape."""
    axis, count = op.param_axis(param), param.whole("num_axes", 1, -1)
    return axis, op.shape[axis:] if count == -1 else op.shape[axis : axis + count]


def _norm_above(op: CaffeContext, kind: str = "batch_norm") -> Mapping[str, Any] | None:
    """The arguments of the norm right above, if this layer reads one; otherwise None."""
    last = len(op.builder.nodes) - 1
    node = op.builder.nodes[last] if last >= 0 and op.input.node == last else None
    return node.arguments if node is not None and node.kind == kind else None


def bias(op: CaffeContext) -> Result:
    """``Bias``: adds learnable params, or another blob.

    Right after a BatchNorm, or after its Scale, it becomes the beta of that norm.
    """
    param = op.param("bias_param")
    if len(op.inputs) > 1:
        tensor, other, axis = _two_inputs(op, param)
        return emit.join(op, "add", (tensor, as_map(op, other, tensor, axis)))
    axis, shape = _learned_shape(op, param)
    above = _norm_above(op)
    if axis == 0 and shape == op.shape[:1] and above in ({"affine": False}, {"bias": False}):
        op.builder.set_arguments(op.input.node, {"scale": False} if "affine" in above else {})
        return op.input
    return _learned(op, op.input, "add", shape, axis, "")


def _learned(
    op: CaffeContext, tensor: Operand, kind: str, shape: Shape, axis: int, part: str
) -> Operand:
    """The tensor joined with learnable params whose axes begin at ``axis``."""
    full = padded(shape, axis, tensor.rank)
    return emit.with_learned(op, kind, tensor, full, part=part, stored=f"{part}.learned")


def bn(op: CaffeContext) -> Result:
    """``BN`` of older forks: statistics, scale and shift in one layer."""
    return emit.batch_norm(op, op.input, spatial_rank=op.spatial_rank)


def lrn(op: CaffeContext) -> Result:
    """``LRN`` across channels, or within each over the places around."""
    param = op.param("lrn_param", ("local_size", "alpha", "beta", "norm_region", "k", "engine"))
    regions = ("ACROSS_CHANNELS", "WITHIN_CHANNEL")
    size = param.whole("local_size", 5)
    if size % 2 == 0:
        raise Refusal("'local_size' is not valid", "an odd number", f"{size}")
    if param.word("norm_region", regions, regions[0]) == regions[0]:
        return emit.on_maps(
            op, op.input, op.spatial_rank, lambda maps: op.add("lrn", (maps,), {"size": size})
        )
    if op.is_list(op.input):
        raise UnknownOp("costcalc reads it of a single map only, not of a list of them")
    # As Caffe computes it: x (1 + alpha mean(x^2)) ^ -beta
    op.fold()
    squares = op.add("square", (op.input,), part="/square")
    window = {"kernel": size, "stride": 1, "padding": size // 2}
    x = op.add("avg_pool", (squares,), window, "/mean")
    for kind in ("scale", "shift"):
        x = op.add(kind, (x,), part=f"/{kind}")
    exponent = op.add("constant", (), {"shape": (1,) * x.rank}, "/beta")
    x = emit.join(op, "power", (x, exponent), part="/power")
    return emit.join(op, "multiply", (op.input, x), part="/multiply")


def mvn(op: CaffeContext) -> Result:
    """``MVN``: each channel, or all of them, normalised by its own mean and variance."""
    param = op.param("mvn_param", ("normalize_variance", "across_channels", "eps"))
    is_across = param.flag("across_channels", False)
    if param.flag("normalize_variance", True):
        if not is_across:
            return op.add("instance_norm", (op.input,))
        arguments = {"axes": tuple(range(op.input.rank)), "affine": False}
        return op.add("layer_norm", (op.input,), arguments)
    axes = range(0 if is_across else 1, op.input.rank)
    mean = emit.reduce(op, op.input, "mean", axes, keep=True, part="/mean")
    return emit.join(op, "subtract", (op.input, mean), part="/subtract")


def normalize(op: CaffeContext) -> Result:
    """``Normalize`` of SSD: vectors of length 1 across the channels, times learnable scales."""
    param = op.param(
        "norm_param", ("across_spatial", "scale_filler", "channel_shared", "fix_scale", "eps")
    )
    rank = op.input.rank
    axes = range(rank) if param.flag("across_spatial", True) else (0,)
    length = emit.reduce(op, op.input, "l2_norm", axes, keep=True, part="/length")
    x = emit.join(op, "divide", (op.input, length), part="/divide")
    is_shared = param.flag("channel_shared", True)
    shape = (1 if is_shared else x.shape[0], *(1,) * (rank - 1))
    return emit.with_learned(op, "multiply", x, shape, part="/scale.multiply", stored="/scale")


TABLE: Mapping[str, Rule] = {
    "BatchNorm": batch_norm,
    "BN": bn,
    "Scale": scale,
    "Bias": bias,
    "LRN": lrn,
    "MVN": mvn,
    "Normalize": normalize,
}
