"""The table of Caffe layers: for each type, the rule that lowers it.

To support another layer, write a rule in a module of this folder and add a row to
that module's table.
"""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.importers.caffe.context import Rule
from costcalc.importers.caffe.layers import (
    convolution,
    detection,
    elementwise,
    normalisation,
    pooling,
    recurrent,
    reshaping,
)

TABLE: Mapping[str, Rule] = {
    **convolution.TABLE,
    **detection.TABLE,
    **elementwise.TABLE,
    **normalisation.TABLE,
    **pooling.TABLE,
    **recurrent.TABLE,
    **reshaping.TABLE,
}

SINGLE = frozenset(
    {
        "Axpy",
        "ChannelShuffle",
        "Crop",
        "Interp",
        "MVN",
        "Normalize",
        "Permute",
        "Reorg",
        "SPP",
        "ShuffleChannel",
        "Upsample",
    }
)
"""Layers that costcalc reads of a single map only, not of a list."""

MEASURES = frozenset(
    {
        "Accuracy",
        "ContrastiveLoss",
        "EuclideanLoss",
        "HingeLoss",
        "InfogainLoss",
        "MultiBoxLoss",
        "MultinomialLogisticLoss",
        "SigmoidCrossEntropyLoss",
        "Silence",
        "SmoothL1Loss",
    }
)
"""Layers that only measure how good a network is: they are skipped."""
