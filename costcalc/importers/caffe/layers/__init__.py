"""The table of Caffe's layers: each type, and the function that lowers it to kinds.

A new layer is a function in one of the modules beside this one, and a row of
that module's table.
"""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.importers.caffe.context import Rule
from costcalc.importers.caffe.layers import (
    convolution,
    elementwise,
    normalisation,
    pooling,
    reshaping,
)

TABLE: Mapping[str, Rule] = {
    **convolution.TABLE,
    **elementwise.TABLE,
    **normalisation.TABLE,
    **pooling.TABLE,
    **reshaping.TABLE,
}

MEASURES = frozenset(
    {
        "Accuracy",
        "ContrastiveLoss",
        "EuclideanLoss",
        "HingeLoss",
        "InfogainLoss",
        "MultinomialLogisticLoss",
        "SigmoidCrossEntropyLoss",
        "Silence",
    }
)
"""Layers that say how good a network is, and are no part of it."""
