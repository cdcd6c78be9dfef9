"""What is written is the network that it was written from: layer by layer, for all that ship."""

from __future__ import annotations

from pathlib import Path

import pytest

from costcalc import pipeline
from costcalc.graph.layer import LayerGraph
from costcalc.spec import library
from costcalc.writing.spec import spec

NAMES = library.shipped()


def described(graph: LayerGraph) -> list[tuple[object, ...]]:
    """What a graph's layers are, but for their names; sums and products in any order."""
    found = []
    for layer in graph.layers:
        together = list(zip(layer.inputs, layer.input_shapes, strict=True))
        if layer.kind.name in ("add", "multiply"):
            together.sort()
        events = layer.operation.events(layer.input_shapes, layer.output)
        found.append((layer.kind.name, together, layer.output, events, layer.functional))
    return found


def shared(graph: LayerGraph) -> list[tuple[int, int]]:
    """Which layers with weights use those of which other."""
    return [
        (index, layer.shares)
        for index, layer in enumerate(graph.layers)
        if layer.shares is not None
        and layer.operation.events(layer.input_shapes, layer.output).weights
    ]


def gated(graph: LayerGraph) -> list[tuple[object, ...]]:
    return [(part.execute, part.gate, part.layers) for part in graph.gated]


@pytest.mark.parametrize("is_flat", [False, True], ids=["nested", "flat"])
@pytest.mark.parametrize("name", NAMES)
def test_every_network_that_ships_is_written(name: str, is_flat: bool, tmp_path: Path) -> None:
    graph = pipeline.graph(name, {})
    path = tmp_path / "net.yaml"
    path.write_text(spec(graph, is_flat=is_flat), encoding="utf-8")
    again = pipeline.graph(str(path), {})
    assert described(again) == described(graph)
    assert shared(again) == shared(graph)
    assert gated(again) == gated(graph)
    assert again.input == graph.input


@pytest.mark.parametrize(
    "name", ["mobilenet_v2", "resnet18", "googlenet", "vgg16", "shufflenet_v2"]
)
def test_what_is_written_holds_at_other_resolutions(name: str, tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(spec(pipeline.graph(name, {})), encoding="utf-8")
    for res in (192, 225, 256):
        again, graph = (pipeline.graph(each, {"res": res}) for each in (str(path), name))
        assert described(again) == described(graph)
