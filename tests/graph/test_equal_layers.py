"""Equal layers share a computation; the norms that a line may name."""

from __future__ import annotations

import pytest

from costcalc import opening
from costcalc.costs.convention import load
from costcalc.costs.count import count
from costcalc.errors import SpecError
from costcalc.graph.expand import expand
from costcalc.graph.layer import LayerGraph
from costcalc.spec.reader import read


def graph(layers: str) -> LayerGraph:
    spec = f"input: [3, 16, 16]\nlayers:\n{layers}"
    return expand(read(spec.encode(), "net.yaml", lambda name: None), {})


def test_repeats_share_a_computation_and_different_steps_do_not() -> None:
    found = graph(
        "  - conv: {out: 8, kernel: 3, norm: batch, repeat: 4}\n"
        "  - conv: {out: 8, kernel: 3}\n"
        "  - conv: {out: 8, kernel: 3, bias: false}\n"
        "  - conv: {out: 8, kernel: 5, bias: false}\n"
    )
    first, second, third, fourth, alone, bare, wide = (
        layer.computation for layer in found.layers if layer.kind.name == "conv"
    )
    assert first is not second, "3 channels, then 8"
    assert second is third is fourth
    # The norm on its line removes the bias of the convolution.
    assert alone is not fourth and bare is fourth
    assert wide not in (bare, alone)


def test_equal_layers_after_different_ones_are_counted_separately() -> None:
    found = graph(
        "  - conv: {out: 8, kernel: 3, bias: true}\n"
        "  - batch_norm: {}\n"
        "  - conv: {out: 8, kernel: 3, bias: false}\n"
        "  - batch_norm: {}\n"
    )
    norms = [layer for layer in found.layers if layer.kind.name == "batch_norm"]
    assert norms[0].computation is norms[1].computation
    convention = load("onnx-tool")
    apart = [
        count(found._replace(layers=found.layers[: index + 1]), convention)[-1] for index in (1, 3)
    ]
    together = count(found, convention)
    assert [together[1].mult_adds, together[3].mult_adds] == [each.mult_adds for each in apart]


@pytest.mark.parametrize("name", ["mobilenet_v2", "densenet121", "shufflenet_v1", "resnet50"])
def test_a_computation_for_each_kind_attributes_and_shapes(name: str) -> None:
    layers = opening.opened(name).graph().layers
    described = {
        (layer.kind.name, layer.operation, layer.input_shapes, layer.output) for layer in layers
    }
    assert len({layer.computation for layer in layers}) == len(described) < len(layers)


def test_a_norm_with_required_arguments_cannot_be_on_a_line() -> None:
    with pytest.raises(SpecError, match="'group_norm' needs groups, which cannot be set on"):
        graph("  - conv: {out: 8, kernel: 3, norm: group}\n")
