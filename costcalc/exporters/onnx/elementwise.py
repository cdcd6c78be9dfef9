"""Activations and arithmetic, element by element."""

from __future__ import annotations

from collections.abc import Callable

from costcalc.exporters.onnx.model import Attribute
from costcalc.exporters.onnx.site import Site
from costcalc.exporters.onnx.weights import Spread

_SLOPE = Spread(0.25, 0.1)
"""A PReLU's slope where its training begins: He et al., arXiv 1502.01852, section 2.1."""


def operator(name: str, **attributes: Attribute) -> Callable[[Site], None]:
    """The operator of that name, with all that the layer reads."""
    return lambda site: site.last(name, *site.inputs, **attributes)


def relu6(site: Site) -> None:
    """Clip between 0 and 6."""
    site.last("Clip", *site.inputs, site.number(0.0), site.number(6.0))


def swish(site: Site) -> None:
    """Mul with its own Sigmoid."""
    site.last("Mul", *site.inputs, site.between("Sigmoid", *site.inputs))


def complement(site: Site) -> None:
    """Sub from 1."""
    site.last("Sub", site.number(1.0), *site.inputs)


def prelu(site: Site) -> None:
    """PRelu, whose slopes stand along the channels."""
    axes = (1,) * (len(site.shape) - 1)
    slopes = 1 if site.operation.shared else site.shape[0]
    site.last("PRelu", *site.inputs, site.learned("weight", (slopes, *axes), _SLOPE))


def add(site: Site) -> None:
    """Add; Sum of more than two."""
    site.last("Add" if len(site.inputs) == 2 else "Sum", *site.inputs)


def multiply(site: Site) -> None:
    """Mul, one after another where there are more than two."""
    product, *others, last = site.inputs
    for other in others:
        product = site.between("Mul", product, other)
    site.last("Mul", product, last)
