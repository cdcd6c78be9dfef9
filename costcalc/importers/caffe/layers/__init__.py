"""The table of Caffe layers: for each type, the rule that lowers it.

To support another layer, write a rule in a module of this folder and add a row to
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
"""Layers that only measure how good a network is: they are skipped."""
