"""Layers that hold another layer."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.importers.keras.site import Lower, Result, Site
from costcalc.importers.keras.structure import layer

POSITIONWISE = frozenset(
    {"Dense", "Activation", "ReLU", "LeakyReLU", "ELU", "Softmax", "Dropout", "Identity"}
)
"""Layers that do to every position alike, so that time is one axis of positions more."""


def time_distributed(table: Mapping[str, Lower]) -> Lower:
    """``TimeDistributed``: a layer at every step of time."""

    def lower(site: Site) -> Result:
        inner = layer(site.config.raw("layer"))
        if inner.class_name not in POSITIONWISE:
            raise site.unknown()
        return table[inner.class_name](site.of(inner))

    return lower
