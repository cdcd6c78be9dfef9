"""Pooling, padding, cropping and resampling."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import UnknownOp
from costcalc.importers.keras.context import KerasContext, Result, Rule
from costcalc.importers.keras.layers.convolution import PADDINGS

MODES = ("nearest", "bilinear", "bicubic", "area")


def pool(kind: str, rank: int) -> Rule:
    """``MaxPooling2D``, ``AveragePooling2D`` and the like."""

    def rule(op: KerasContext) -> Result:
        size = op.config.per_axis("pool_size", rank, 2)
        is_given = op.config.raw("strides") is not None
        stride = op.config.per_axis("strides", rank) if is_given else size
        padding = op.config.word("padding", "valid", PADDINGS)
        return emit.pool(op, op.input, kind, kernel=size, stride=stride, padding=padding)

    return rule


def global_pool(kind: str) -> Rule:
    """``GlobalAveragePooling2D`` and the like."""

    def rule(op: KerasContext) -> Result:
        x = op.input
        for mask in op.masks() if kind == "global_avg_pool" else ():
            steps = op.reshape(mask, (*op.keras_shape(mask), 1), ".mask", is_sized=True)
            x = op.masked(x, steps, part=".masked")
        pooled = op.add(kind, (x,))
        if op.config.flag("keepdims", False):
            return pooled
        return op.add("flatten", (pooled,), part=".flatten")

    return rule


def adaptive_pool(kind: str, rank: int) -> Rule:
    """``AdaptiveAveragePooling2D`` and the like."""

    def rule(op: KerasContext) -> Result:
        size = op.config.per_axis("output_size", rank)
        return op.add(kind, (op.input,), {"size": emit.compact(size)})

    return rule


def zero_padding(rank: int) -> Rule:
    """``ZeroPadding1D`` to ``ZeroPadding3D``."""

    def rule(op: KerasContext) -> Result:
        return op.add("zero_pad", (op.input,), {"padding": op.config.pairs("padding", rank)})

    return rule


def cropping(rank: int) -> Rule:
    """``Cropping1D`` to ``Cropping3D``."""

    def rule(op: KerasContext) -> Result:
        dims = op.input.shape[1:]
        if len(dims) != rank:
            raise Refusal(f"it needs maps with {rank} spatial axes", found=f"{len(dims)}")
        return op.add("crop", (op.input,), {"cropping": op.config.pairs("cropping", rank)})

    return rule


def center_crop(op: KerasContext) -> Result:
    """``CenterCrop`` of maps that are large enough; smaller ones would be resized."""
    size = (op.config.whole("height"), op.config.whole("width"))
    dims = op.input.shape[1:]
    if len(dims) != 2 or any(n < m for n, m in zip(dims, size, strict=True)):
        raise UnknownOp
    return op.add("crop", (op.input,), {"size": emit.compact(size)})


def upsampling(rank: int) -> Rule:
    """``UpSampling1D`` to ``UpSampling3D``."""

    def rule(op: KerasContext) -> Result:
        mode = op.config.word("interpolation", "nearest", MODES)
        scale = op.config.per_axis("size", rank, 2)
        return emit.resample(op, op.input, scale=scale, mode=mode)

    return rule


def resizing(op: KerasContext) -> Result:
    """``Resizing`` to a fixed height and width."""
    if op.config.flag("crop_to_aspect_ratio", False):
        raise UnknownOp
    size = (op.config.whole("height"), op.config.whole("width"))
    mode = op.config.word("interpolation", "bilinear", MODES)
    return emit.resample(op, op.input, size=size, mode=mode)


TABLE: Mapping[str, Rule] = {
    "CenterCrop": center_crop,
    "Resizing": resizing,
} | {
    name: rule
    for rank in (1, 2, 3)
    for name, rule in (
        (f"MaxPooling{rank}D", pool("max_pool", rank)),
        (f"AveragePooling{rank}D", pool("avg_pool", rank)),
        (f"GlobalMaxPooling{rank}D", global_pool("global_max_pool")),
        (f"GlobalAveragePooling{rank}D", global_pool("global_avg_pool")),
        (f"AdaptiveMaxPooling{rank}D", adaptive_pool("adaptive_max_pool", rank)),
        (f"AdaptiveAveragePooling{rank}D", adaptive_pool("adaptive_avg_pool", rank)),
        (f"ZeroPadding{rank}D", zero_padding(rank)),
        (f"Cropping{rank}D", cropping(rank)),
        (f"UpSampling{rank}D", upsampling(rank)),
    )
}
