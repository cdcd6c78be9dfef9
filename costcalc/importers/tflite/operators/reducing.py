"""Reductions."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.importers import emit
from costcalc.importers.tflite.context import Rule, TfliteContext


def reduction(kind: str) -> Rule:
    """A reduction over axes; the mean of all places of a map is a global average pool."""

    def rule(op: TfliteContext) -> None:
        x, axes = op.along(op.integers(1))
        is_map = x.rank > 1 and axes == list(range(1, x.rank))
        if kind == "mean" and is_map:
            y = op.add("global_avg_pool", (x,))
        elif axes:
            y = emit.reduce(op, x, kind, axes, keep=bool(op.options["keep_dims"]))
        else:
            y = x
        op.set_output(y if op.builder.is_resized else op.view(y, op.target()))

    return rule


def place_of_largest(op: TfliteContext) -> None:
    """ARG_MAX and ARG_MIN."""
    x, axes = op.along(op.integers(1))
    op.set_output(op.view(emit.reduce(op, x, "argmax", axes, keep=True), op.target()))


TABLE: Mapping[str, Rule] = {
    "MEAN": reduction("mean"),
    "SUM": reduction("sum"),
    "REDUCE_PROD": reduction("product"),
    "REDUCE_MAX": reduction("reduce_max"),
    "REDUCE_MIN": reduction("reduce_min"),
    "REDUCE_ANY": reduction("reduce_max"),
    "REDUCE_ALL": reduction("reduce_min"),
    "ARG_MAX": place_of_largest,
    "ARG_MIN": place_of_largest,
}
