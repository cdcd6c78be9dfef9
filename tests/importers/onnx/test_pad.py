"""Pad along any axes."""

import pytest

from costcalc import opening
from tests.importers.onnx import models
from tests.importers.onnx.counted import kinds, outputs


@pytest.mark.parametrize(
    ("pads", "output"),
    [
        # Before all axes, then after all: batch, channels, rows, columns.
        ((0, 0, 0, 0, 0, 0, 0, 1), (3, 4, 6)),
        ((0, 0, 1, 0, 0, 0, 2, 0), (3, 7, 5)),
        ((0, 2, 0, 0, 0, 0, 0, 0), (5, 4, 5)),
        ((0, 1, 0, 3, 0, 0, 0, 0), (4, 4, 8)),
    ],
)
def test_axes_after_the_padded_ones_are_unchanged(tmp_path, pads, output):
    graph = models.graph(
        [models.node("Pad", "x pads", "y", mode="constant")],
        [models.value("x", 1, 3, 4, 5)],
        [models.value("y", 1, *output)],
        [models.tensor("pads", (8,), pads)],
    )
    path = tmp_path / "pad.onnx"
    path.write_bytes(models.model(graph))
    padded = opening.opened(str(path)).graph()
    assert kinds(padded) == ["zero_pad"]
    assert outputs(padded) == [output]
