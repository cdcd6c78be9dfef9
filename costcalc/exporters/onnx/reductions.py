"""Reductions along axes."""

from __future__ import annotations

from collections.abc import Callable

from costcalc.exporters.onnx.site import Site, batched
from costcalc.exporters.unsayable import UnsayableError
from costcalc.formats.onnx_schema import DataType
from costcalc.kinds.base import axes_of


def reduced(operator: str) -> Callable[[Site], None]:
    """The operator of that name, along the layer's axes."""
    return lambda site: site.last(operator, *site.inputs, _axes(site), keepdims=_keeps(site))


def variance(site: Site) -> None:
    """The mean of the squares of what is left without the mean."""
    axes = _axes(site)
    centred = site.between("Sub", *site.inputs, site.between("ReduceMean", *site.inputs, axes))
    squares = site.between("Mul", centred, centred)
    site.last("ReduceMean", squares, axes, keepdims=_keeps(site))


def argmax(site: Site) -> None:
    """ArgMax along one axis, or over everything.

    Raises:
        UnsayableError: it is along several, and not along all.
    """
    axes = axes_of(site.operation.axes, site.input_shape)
    if len(axes) == 1:
        place = site.between("ArgMax", *site.inputs, axis=axes[0] + 1, keepdims=_keeps(site))
        site.last("Cast", place, to=DataType.FLOAT)
        return
    if len(axes) < len(site.input_shape):
        raise UnsayableError("ONNX's ArgMax is along one axis, or over everything")
    place = site.between("ArgMax", site.between("Flatten", *site.inputs), axis=1)
    number = site.between("Cast", place, to=DataType.FLOAT)
    site.last("Reshape", number, site.whole(*batched(site.shape)))


def _axes(site: Site) -> str:
    return site.whole(*(axis + 1 for axis in axes_of(site.operation.axes, site.input_shape)))


def _keeps(site: Site) -> int:
    return int(site.operation.keep)
