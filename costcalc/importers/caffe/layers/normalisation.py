"""Normalisations; Caffe keeps their statistics and their learned numbers in two layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.graph.frame import Tensor
from costcalc.importers.building import known
from costcalc.importers.caffe.layers.elementwise import as_map
from costcalc.importers.caffe.site import Lower, Result, Site


def batch_norm(site: Site) -> Result:
    """``BatchNorm``: statistics alone; the Scale behind it has gamma and beta."""
    return site.add("batch_norm", (site.input,), {"affine": False})


def scale(site: Site) -> Result:
    """``Scale``: by learned numbers, or by another blob.

    Straight behind a BatchNorm the two are one batch norm.
    """
    param = site.param("scale_param")
    has_bias = param.flag("bias_term", False)
    axis = param.whole("axis", 1, -9)
    if len(site.inputs) > 1:
        tensor, factor = site.reads(2, 2)
        place = 0 if axis == 0 else site.axis(axis, tensor)
        scaled = site.add("multiply", (tensor, as_map(site, factor, tensor, place)))
        return _learned(site, scaled, "add", known(factor), place, "") if has_bias else scaled
    count = param.whole("num_axes", 1, -1)
    place = site.axis(axis)
    shape = site.shape[place:] if count == -1 else site.shape[place : place + count]
    if shape == site.shape[:1] and _norm_above(site) == {"affine": False}:
        site.builder.replace(site.input.layer, {} if has_bias else {"bias": False})
        return site.input
    part = "/gamma" if has_bias else ""
    scaled = _learned(site, site.input, "multiply", shape, place, part)
    return _learned(site, scaled, "add", shape, place, "/beta") if has_bias else scaled


def _norm_above(site: Site) -> Mapping[str, Any] | None:
    """What the batch norm straight above is, which this layer reads; None where none is."""
    last = len(site.builder.nodes) - 1
    node = site.builder.nodes[last] if last >= 0 and site.input.layer == last else None
    return node.arguments if node is not None and node.kind == "batch_norm" else None


def bias(site: Site) -> Result:
    """``Bias``: plus learned numbers, or plus another blob.

    Straight behind a BatchNorm, or behind its Scale, it is that norm's beta.
    """
    param = site.param("bias_param")
    axis = param.whole("axis", 1, -9)
    if len(site.inputs) > 1:
        tensor, other = site.reads(2, 2)
        place = 0 if axis == 0 else site.axis(axis, tensor)
        level = as_map(site, other, tensor, place)
        return site.add("add", (tensor, level), {"broadcast": True})
    count = param.whole("num_axes", 1, -1)
    place = site.axis(axis)
    shape = site.shape[place:] if count == -1 else site.shape[place : place + count]
    above = _norm_above(site)
    if shape == site.shape[:1] and above in ({"affine": False}, {"bias": False}):
        site.builder.replace(site.input.layer, {"scale": False} if "affine" in above else {})
        return site.input
    return _learned(site, site.input, "add", shape, place, "")


def _learned(
    site: Site, tensor: Tensor, kind: str, shape: tuple[int, ...], axis: int, part: str
) -> Tensor:
    """The tensor joined with learned numbers, whose sides begin at an axis of it."""
    rank = len(known(tensor))
    full = (*(1 for _ in range(axis)), *shape)
    full = (*full, *(1 for _ in range(rank - len(full))))
    params = site.add("learned", (), {"shape": full, "of": "norm"}, f"{part}.learned")
    return site.add(kind, (tensor, params), {"broadcast": True} if kind == "add" else {}, part)


def bn(site: Site) -> Result:
    """``BN`` of older forks: statistics, slope and bias in one layer."""
    return site.add("batch_norm", (site.input,))


def lrn(site: Site) -> Result:
    """``LRN`` across channels."""
    param = site.param("lrn_param", ("local_size", "alpha", "beta", "norm_region", "k", "engine"))
    regions = ("ACROSS_CHANNELS", "WITHIN_CHANNEL")
    if param.word("norm_region", regions, regions[0]) != regions[0]:
        raise site.unknown("a response norm within a channel is no kind")
    return site.add("lrn", (site.input,), {"size": param.whole("local_size", 5)})


def mvn(site: Site) -> Result:
    """``MVN``: each channel by its own mean and variance."""
    param = site.param("mvn_param", ("normalize_variance", "across_channels", "eps"))
    if param.flag("across_channels", False) or not param.flag("normalize_variance", True):
        raise site.unknown("it is no instance norm")
    return site.add("instance_norm", (site.input,))


TABLE: Mapping[str, Lower] = {
    "BatchNorm": batch_norm,
    "BN": bn,
    "Scale": scale,
    "Bias": bias,
    "LRN": lrn,
    "MVN": mvn,
}
