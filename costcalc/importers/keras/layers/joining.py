"""Layers that join several tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from costcalc.formulas.algebra import product
from costcalc.graph.frame import Tensor
from costcalc.importers.building import LayerError, known
from costcalc.importers.keras.config import wholes
from costcalc.importers.keras.site import Lower, Result, Site


def elementwise(kind: str) -> Lower:
    """``Add``, ``Multiply`` and the like; one tensor by itself is as it was."""

    def lower(site: Site) -> Result:
        if len(site.inputs) == 1:
            return site.add("identity", (site.input,))
        return joined(site, kind, site.inputs)

    return lower


def joined(site: Site, kind: str, inputs: Sequence[Tensor], part: str = "") -> Tensor:
    """Tensors element by element; where one has fewer axes, sides of 1 stand first."""
    rank = max(len(known(tensor)) for tensor in inputs)
    level = []
    for tensor in inputs:
        sides = site.sides(tensor)
        level.append(
            site.reshape(tensor, (*(1 for _ in range(rank - len(sides))), *sides), ".axes")
        )
    is_broadcast = kind == "add" and len({tensor.shape for tensor in level}) > 1
    return site.add(kind, level, {"broadcast": True} if is_broadcast else {}, part)


def average(site: Site) -> Result:
    """``Average``: the sum, times a constant."""
    if len(site.inputs) == 1:
        return site.add("identity", (site.input,))
    total = joined(site, "add", site.inputs, "/add")
    return site.add("scale", (total,), part="/scale")


def concatenate(site: Site) -> Result:
    """``Concatenate`` along an axis, the last by default."""
    if len(site.inputs) == 1:
        return site.add("identity", (site.input,))
    value = site.option("axis")
    axis = site.axis(-1 if value is None else value)
    return site.add("concat", site.inputs, {"axis": axis} if axis else {})


def dot(site: Site) -> Result:
    """``Dot``: the product along an axis of each, a matrix product once it stands last."""
    if len(site.inputs) != 2:
        raise LayerError("it reads two tensors", found=f"{len(site.inputs)}")
    if site.config.flag("normalize", False):
        raise site.unknown()
    value = wholes(site.config.raw("axes"), "'axes'", -8)
    places = (value * 2)[:2]
    left, right = site.inputs
    kept: list[int] = []
    matrices = []
    for tensor, place, is_left in ((left, places[0], True), (right, places[1], False)):
        sides = site.sides(tensor)
        rank = len(sides)
        index = site.layout.back(range(rank)).index(site.axis(place, tensor))
        others = [each for each in range(rank) if each != index]
        order = [*others, index] if is_left else [index, *others]
        turned = site.transpose(tensor, site.layout.permutation(order))
        own = [sides[each] for each in others]
        kept += own
        n = product(own)
        flat = (n, sides[index]) if is_left else (sides[index], n)
        matrices.append(_plain(site, turned, flat))
    site.builder.is_sized = True
    result = site.add("matmul", matrices)
    return site.add("reshape", (result,), {"shape": site.layout.turned(kept or [1])}, ".reshape")


def _plain(site: Site, tensor: Tensor, sides: tuple[int, int]) -> Tensor:
    return site.add("reshape", (tensor,), {"shape": sides}, ".matrix")


def scaled_sum(site: Site) -> Result:
    """InceptionResNetV2's ``CustomScaleLayer``: a tensor, and another times a constant."""
    if len(site.inputs) != 2:
        raise LayerError("it reads two tensors", found=f"{len(site.inputs)}")
    scaled = site.add("scale", site.inputs[1:], part="/scale")
    return joined(site, "add", (site.input, scaled), "/add")


TABLE: Mapping[str, Lower] = {
    "Add": elementwise("add"),
    "Subtract": elementwise("subtract"),
    "Multiply": elementwise("multiply"),
    "Maximum": elementwise("maximum"),
    "Minimum": elementwise("minimum"),
    "Average": average,
    "Concatenate": concatenate,
    "Dot": dot,
    "CustomScaleLayer": scaled_sum,
}
