"""Normalisations, and what Keras calls preprocessing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.graph.frame import Tensor
from costcalc.importers.building import known
from costcalc.importers.keras.site import Lower, Result, Site


def batch_norm(site: Site) -> Result:
    """``BatchNormalization``: gamma where it has a ``scale``, beta where it has a ``center``."""
    scale, center = site.config.flag("scale", True), site.config.flag("center", True)
    arguments: dict[str, Any] = {} if scale or center else {"affine": False}
    if scale != center:
        arguments = {"bias": False} if scale else {"scale": False}
    return _along_channels(site, "batch_norm", arguments)


def normalization(site: Site) -> Result:
    """``Normalization``: by a mean and a variance that were measured beforehand.

    What it was given when it was made is a constant; what it measured is stored.
    """
    if site.config.raw("mean") is not None or site.config.raw("axis") is None:
        return scaled_and_shifted(site, has_scale=True, has_shift=True)
    return _along_channels(site, "batch_norm", {"affine": False})


def _along_channels(site: Site, kind: str, arguments: Mapping[str, Any]) -> Tensor:
    """The kind along the config's axis, which is brought to the front where it is not there."""
    axes = site.axes(-1 if site.config.raw("axis") is None else site.config.raw("axis"))
    if len(axes) != 1:
        raise site.unknown()
    order = [axes[0], *(axis for axis in range(site.rank) if axis != axes[0])]
    tensor = site.transpose(site.input, order)
    back = [order.index(axis) for axis in range(site.rank)]
    return site.transpose(site.add(kind, (tensor,), arguments), back)


def layer_norm(site: Site) -> Result:
    """``LayerNormalization`` over some axes, the last by default."""
    value = site.config.raw("axis")
    axes = site.axes(-1 if value is None else value)
    scale, center = site.config.flag("scale", True), site.config.flag("center", True)
    arguments: dict[str, Any] = {} if axes == (0,) else {"axes": axes}
    if site.config.flag("rms_scaling", False):
        return site.add("rms_norm", (site.input,), arguments | ({} if scale else {"affine": False}))
    if not scale:
        arguments["affine"] = False
    elif not center:
        arguments["bias"] = False
    normal = site.add("layer_norm", (site.input,), arguments)
    if scale or not center:
        return normal
    shape = tuple(side if axis in axes else 1 for axis, side in enumerate(known(normal)))
    return learned(site, "add", normal, shape, {"broadcast": True}, "norm", ".beta")


def rms_norm(site: Site) -> Result:
    """``RMSNormalization``."""
    axes = site.axes(-1 if site.config.raw("axis") is None else site.config.raw("axis"))
    return site.add("rms_norm", (site.input,), {} if axes == (0,) else {"axes": axes})


def group_norm(site: Site) -> Result:
    """``GroupNormalization``; -1 groups are as many as channels."""
    scale, center = site.config.flag("scale", True), site.config.flag("center", True)
    if scale != center:
        raise site.unknown()
    if site.config.raw("groups") == -1:
        return _along_channels(site, "instance_norm", {"affine": scale})
    groups = site.config.whole("groups", 32)
    return _along_channels(site, "group_norm", {"groups": groups, "affine": scale})


def rescaling(site: Site) -> Result:
    """``Rescaling``: x times a number, plus another."""
    return scaled_and_shifted(
        site,
        has_scale=site.config.raw("scale") != 1,
        has_shift=site.config.raw("offset") not in (0, None),
    )


def scaled_and_shifted(site: Site, has_scale: bool, has_shift: bool) -> Tensor:
    """The input times a constant, plus a constant."""
    tensor = site.input
    for kind, stands in (("scale", has_scale), ("shift", has_shift)):
        if stands:
            part = f"/{kind}" if has_scale and has_shift else ""
            tensor = site.add(kind, (tensor,), part=part)
    return tensor


def layer_scale(site: Site) -> Result:
    """ConvNeXt's ``LayerScale``: a learned factor for each channel."""
    own = site.config.whole("projection_dim")
    shape = site.layout.turned([*(1 for _ in range(site.rank - 1)), own])
    return learned(site, "multiply", site.input, shape, {}, "other", ".gamma")


def learned(
    site: Site,
    kind: str,
    tensor: Tensor,
    shape: tuple[int, ...],
    arguments: Mapping[str, Any],
    of: str,
    part: str,
) -> Tensor:
    """A tensor joined with a learned one, which stands before it."""
    arguments = dict(arguments)
    params = site.add("learned", (), {"shape": shape, "of": of}, part)
    joined = "" if kind == "multiply" else f".{kind}"
    return site.add(kind, (tensor, params), arguments, joined)


TABLE: Mapping[str, Lower] = {
    "BatchNormalization": batch_norm,
    "SyncBatchNormalization": batch_norm,
    "LayerNormalization": layer_norm,
    "RMSNormalization": rms_norm,
    "GroupNormalization": group_norm,
    "Normalization": normalization,
    "Rescaling": rescaling,
    "LayerScale": layer_scale,
}
