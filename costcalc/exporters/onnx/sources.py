"""What reads nothing."""

from __future__ import annotations

from costcalc.exporters.onnx.site import Learned, Site, batched
from costcalc.exporters.onnx.weights import OTHER, SCALE
from costcalc.exporters.unsayable import UnsayableError


def learned(site: Site) -> None:
    """A tensor by the layer's own name; where it is another layer's, its Identity."""
    spread = SCALE if site.operation.of == "norm" else OTHER
    if site.layer.shares is None:
        tensor = Learned(site.layer.name, batched(site.shape), spread)
        site.builder.learned[site.layer.name, ""] = tensor
    else:
        site.last("Identity", site.builder.layers[site.layer.shares].name)


def constant(site: Site) -> None:
    """ConstantOfShape: zeros, as nobody says what stands there."""
    site.last("ConstantOfShape", site.whole(*batched(site.shape)))


def uncounted(site: Site) -> None:
    """Nothing: costcalc does not know the operation.

    Raises:
        UnsayableError: always.
    """
    raise UnsayableError(f"costcalc does not know what '{site.operation.op}' does")
