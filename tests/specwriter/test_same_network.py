"""What is written is the network that it was written from: layer by layer, for all that ship."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import costcalc
from costcalc import opening
from costcalc.blocks.concatenation import chained
from costcalc.graph.layer import LayerGraph
from costcalc.specwriter.spec import checked, spec, texts
from tests.collection import networks

NAMES = networks(without=["resnet1202_cifar"])
"""All but one: its 1,202 layers are those of ResNet-110, more often."""

SOME = ["mobilenet_v2", "googlenet", "shufflenet_v2", "xception", "skipnet38", "highway_conv"]

GOLDEN = [
    "densenet121",
    "efficientnet_b0",
    "googlenet",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "resnet50",
    "shufflenet_v2",
]
"""Networks whose specs are read before they are committed: would its author know his table?"""


def without_names(graph: LayerGraph, has_paths: bool) -> LayerGraph:
    """A graph whose blocks have no class, and whose layers may have no names either."""
    if has_paths:
        return graph._replace(blocks={})
    layers = (layer._replace(name=f"node{at}") for at, layer in enumerate(graph.layers))
    return graph._replace(blocks={}, layers=tuple(layers))


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


def written(graph: LayerGraph, folder: Path, **how: bool) -> LayerGraph:
    """The graph of the spec that is written of a graph."""
    path = folder / "net.yaml"
    path.write_text(spec(graph, **how), encoding="utf-8")
    return opening.opened(str(path)).graph()


def assert_same(again: LayerGraph, graph: LayerGraph) -> None:
    assert described(again) == described(graph)
    assert shared(again) == shared(graph)
    assert gated(again) == gated(graph)
    assert again.input == graph.input


@pytest.mark.parametrize("name", NAMES)
def test_every_network_that_ships_is_written(name: str, tmp_path: Path) -> None:
    graph = opening.opened(name).graph()
    assert_same(written(graph, tmp_path), graph)


@pytest.mark.parametrize("name", SOME)
def test_networks_are_written_flat(name: str, tmp_path: Path) -> None:
    graph = opening.opened(name).graph()
    assert_same(written(graph, tmp_path, is_flat=True), graph)


@pytest.mark.slow
@pytest.mark.parametrize("has_paths", [True, False], ids=["paths", "numbers"])
@pytest.mark.parametrize("name", SOME)
def test_networks_are_written_where_nobody_says_what_their_parts_are(
    name: str, has_paths: bool, tmp_path: Path
) -> None:
    graph = without_names(opening.opened(name).graph(), has_paths)
    assert_same(written(graph, tmp_path), graph)


@pytest.mark.parametrize("name", NAMES)
def test_structure_is_found_at_the_first_attempt(name: str) -> None:
    """What falls back on less structure is exact too, and longer: no network that ships does."""
    graph = opening.opened(name).graph()
    text = spec(graph)
    assert text == next(texts(chained(graph)))
    lines = text.count("\n")
    assert lines < 130 or (lines < 900 and name.startswith(("nasnet", "highway")))


def test_a_text_that_says_another_network_is_not_given_away() -> None:
    graph = opening.opened("resnet18").graph()
    first, second, *others = texts(graph)
    assert others
    short = first[: first.rindex("  - ")]
    other = second.replace("out: 128", "out: 129")
    unreadable = second.replace("layers:", "layer:")
    assert checked([short, other, unreadable, second], graph) == second
    with pytest.raises(costcalc.SpecError, match=r"no spec expresses all layers of ResNet-18"):
        checked([short, other], graph)
    for text in others:
        assert checked([text], graph) == text


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet18", "googlenet", "shufflenet_v2"])
def test_what_is_written_holds_at_other_resolutions(name: str, tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(spec(opening.opened(name).graph()), encoding="utf-8")
    for res in (192, 225, 256):
        again, graph = (opening.opened(each, {"res": res}).graph() for each in (str(path), name))
        assert described(again) == described(graph)


@pytest.mark.parametrize("name", GOLDEN)
def test_specs_are_those_that_were_read(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"import-{name}.yaml", spec(opening.opened(name).graph()))
