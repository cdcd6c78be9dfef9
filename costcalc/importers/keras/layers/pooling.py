"""Pooling, enlarging and cutting maps."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.graph.frame import Tensor
from costcalc.importers.building import LayerError, compact, known
from costcalc.importers.keras.layers.convolution import PADDINGS
from costcalc.importers.keras.site import Lower, Result, Site

MODES = ("nearest", "bilinear", "bicubic", "area")


def pool(kind: str, rank: int) -> Lower:
    """``MaxPooling2D``, ``AveragePooling2D`` and the like."""

    def lower(site: Site) -> Result:
        size = site.config.per_axis("pool_size", rank, 2)
        is_given = site.config.raw("strides") is not None
        arguments = {
            "kernel": compact(size),
            "stride": compact(site.config.per_axis("strides", rank) if is_given else size),
            "padding": site.config.word("padding", "valid", PADDINGS),
        }
        return site.add(kind, (site.input,), arguments)

    return lower


def global_pool(kind: str) -> Lower:
    """``GlobalAveragePooling2D`` and the like; one number for each channel."""

    def lower(site: Site) -> Result:
        pooled = site.add(kind, (site.input,))
        if site.config.flag("keepdims", False):
            return pooled
        return site.add("flatten", (pooled,), part=".flatten")

    return lower


def adaptive_pool(kind: str, rank: int) -> Lower:
    """``AdaptiveAveragePooling2D`` and the like."""

    def lower(site: Site) -> Result:
        size = site.config.per_axis("output_size", rank)
        return site.add(kind, (site.input,), {"size": compact(size)})

    return lower


def zero_padding(rank: int) -> Lower:
    """``ZeroPadding1D`` to ``ZeroPadding3D``."""

    def lower(site: Site) -> Result:
        return site.add("zero_pad", (site.input,), {"padding": site.config.pairs("padding", rank)})

    return lower


def cropping(rank: int) -> Lower:
    """``Cropping1D`` to ``Cropping3D``: rows cut off at both ends of each axis."""

    def lower(site: Site) -> Result:
        shape = known(site.input)
        if len(shape) != rank + 1:
            raise LayerError(f"it cuts maps of {rank} axes", found=f"{len(shape) - 1}")
        ends = [
            (before, side - after)
            for side, (before, after) in zip(
                shape[1:], site.config.pairs("cropping", rank), strict=True
            )
        ]
        return cut(site, ends)

    return lower


def center_crop(site: Site) -> Result:
    """``CenterCrop``: the middle of a map that is large enough."""
    wanted = (site.config.whole("height"), site.config.whole("width"))
    sides = known(site.input)[1:]
    if len(sides) != 2 or any(n < m for n, m in zip(sides, wanted, strict=True)):
        raise site.unknown()
    starts = [(n - m) // 2 for n, m in zip(sides, wanted, strict=True)]
    return cut(site, [(start, start + m) for start, m in zip(starts, wanted, strict=True)])


def cut(site: Site, ends: list[tuple[int, int]]) -> Tensor:
    """The rows from each start up to each stop, which hold at this size alone."""
    site.builder.is_sized = True
    tensor = site.input
    for axis, (start, stop) in enumerate(ends, 1):
        if (start, stop) != (0, known(tensor)[axis]):
            arguments = {"stop": max(stop, 0), "start": start, "axis": axis}
            tensor = site.add("slice", (tensor,), arguments, f".axis{axis}")
    return tensor


def upsampling(rank: int) -> Lower:
    """``UpSampling1D`` to ``UpSampling3D``."""

    def lower(site: Site) -> Result:
        mode = site.config.word("interpolation", "nearest", MODES)
        scale = compact(site.config.per_axis("size", rank, 2))
        return site.add("upsample", (site.input,), {"scale": scale, "mode": mode})

    return lower


def resizing(site: Site) -> Result:
    """``Resizing``: to a height and a width, whatever arrives."""
    if site.config.flag("crop_to_aspect_ratio", False):
        raise site.unknown()
    size = (site.config.whole("height"), site.config.whole("width"))
    mode = site.config.word("interpolation", "bilinear", MODES)
    return site.add("upsample", (site.input,), {"size": compact(size), "mode": mode})


TABLE: Mapping[str, Lower] = {
    "CenterCrop": center_crop,
    "Resizing": resizing,
} | {
    name: lower
    for rank in (1, 2, 3)
    for name, lower in (
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
