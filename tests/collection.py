"""What tests of every network and every convention run on: a few in seconds, or all."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable

import pytest

from costcalc.costs import convention
from costcalc.spec import library

QUICK_NETWORKS = frozenset(
    {
        *("alexnet", "deit_tiny_patch16_224", "densenet121", "efficientformer_l1"),
        *("efficientnet_b0", "googlenet"),
        *("edgenext_xx_small", "ghostnetv2_100", "highway", "mobilenet_v2"),
        *("mobilenet_v3_small", "nasnetamobile", "resnet20_cifar", "shufflenet_v1"),
        *("mobilevitv2_050", "shufflenet_v2_x0_5", "skipnet50", "swin_tiny_patch4_window7_224"),
    }
)
"""Small networks that hold every layer kind of the collection between them."""

QUICK_SPECS = frozenset(
    {
        *("alexnet", "autoencoder_ad", "densenet", "googlenet", "highway", "mobilenet_v2"),
        *("mobilevitv2", "resnet", "shufflenet_v1", "skipnet", "swin"),
    }
)
"""Specs that differ in what they are made of."""

QUICK_CONVENTIONS = frozenset({"fvcore", "paper", "torch"})
"""The default, and two whose unit and whose kinds differ from it."""


def networks(*, without: Collection[str] = ()) -> list[object]:
    """The networks that ship, as a test's parameters: all but the quick ones are ``slow``."""
    return some((name for name in library.shipped() if name not in without), QUICK_NETWORKS)


def specs() -> list[object]:
    """The specs that ship, as a test's parameters: all but the quick ones are ``slow``."""
    own = [name for name in library.shipped() if os.path.exists(library.shipped_path(name))]
    return some(own, QUICK_SPECS)


def conventions() -> list[object]:
    """The conventions that ship, as a test's parameters: all but the quick ones are ``slow``."""
    return some(convention.available(), QUICK_CONVENTIONS)


def some(names: Iterable[object], quick: Collection[object]) -> list[object]:
    """Names as a test's parameters: all but the quick ones are ``slow``."""
    return [pytest.param(name, marks=() if name in quick else pytest.mark.slow) for name in names]
