"""Activations and arithmetic, element by element.

A number that a spec does not state is 1 where it scales and 0 where it shifts.
"""

from __future__ import annotations

from collections.abc import Callable

from costcalc.exporters.onnx.site import Attribute, Site, batched_axis
from costcalc.exporters.onnx.weights import Spread
from costcalc.formats.onnx_schema import DataType
from costcalc.kinds.base import axis_of

_SLOPE = Spread(0.25, 0.1)
"""A PReLU's slope where its training begins: He et al., arXiv 1502.01852, section 2.1."""

Writer = Callable[[Site], None]


def operator(name: str, **attributes: Attribute) -> Writer:
    """The operator of that name, with all that the layer reads."""
    return lambda site: site.last(name, *site.inputs, **attributes)


def along(name: str) -> Writer:
    """The operator of that name, along the layer's axis."""
    return lambda site: site.last(name, *site.inputs, axis=batched_axis(site.operation.axis))


def chained(*names: str) -> Writer:
    """Operators one after another."""

    def write(site: Site) -> None:
        *firsts, last = names
        inputs = site.inputs
        for name in firsts:
            inputs = (site.between(name, *inputs),)
        site.last(last, *inputs)

    return write


def with_number(name: str, *numbers: float) -> Writer:
    """The operator of that name, with numbers behind what the layer reads."""
    return lambda site: site.last(name, *site.inputs, *map(site.number, numbers))


def several(name: str, of_two: str) -> Writer:
    """An operator that reads any number of tensors, and one that reads two."""
    return lambda site: site.last(of_two if len(site.inputs) == 2 else name, *site.inputs)


def swish(site: Site) -> None:
    """Mul with its own Sigmoid."""
    site.last("Mul", *site.inputs, site.between("Sigmoid", *site.inputs))


def quick_gelu(site: Site) -> None:
    """Mul with the Sigmoid of 1.702 times as much."""
    steeper = site.between("Mul", *site.inputs, site.number(1.702))
    site.last("Mul", *site.inputs, site.between("Sigmoid", steeper))


def complement(site: Site) -> None:
    """Sub from 1."""
    site.last("Sub", site.number(1.0), *site.inputs)


def prelu(site: Site) -> None:
    """PRelu, whose slopes stand along an axis."""
    axis = axis_of(site.operation.axis, site.shape)
    slopes = 1 if site.operation.shared else site.shape[axis]
    shape = (slopes, *(1 for _ in site.shape[axis + 1 :]))
    site.last("PRelu", *site.inputs, site.learned("weight", shape, _SLOPE))


def multiply(site: Site) -> None:
    """Mul, one after another where there are more than two."""
    product, *others, last = site.inputs
    for other in others:
        product = site.between("Mul", product, other)
    site.last("Mul", product, last)


def compare(site: Site) -> None:
    """Greater, its truth as 1 or 0."""
    site.last("Cast", site.between("Greater", *site.inputs), to=DataType.FLOAT)


def where(site: Site) -> None:
    """Where, chosen by what is not 0."""
    condition, chosen, other = site.inputs
    site.last("Where", site.between("Cast", condition, to=DataType.BOOL), chosen, other)


def logical_not(site: Site) -> None:
    """Not of what is not 0, as 1 or 0."""
    truth = site.between("Cast", *site.inputs, to=DataType.BOOL)
    site.last("Cast", site.between("Not", truth), to=DataType.FLOAT)
