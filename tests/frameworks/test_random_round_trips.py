"""Random networks as models of frameworks: written, built or read, their totals stay."""

from math import prod
from pathlib import Path

import pytest
from hypothesis import assume, given, settings

from costcalc import opening
from costcalc.errors import SpecError
from costcalc.graph.expand import expand
from costcalc.graph.layer import Layer, LayerGraph
from costcalc.importers.document import document
from costcalc.importers.torch import trace
from tests.frameworks.drawing import networks
from tests.frameworks.random_networks import text
from tests.frameworks.round_trips import as_onnx, built, of_module, totals
from tests.frameworks.torch_network import REFUSALS, TorchNetwork

some = settings(max_examples=40)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("networks")


def opened(spec, folder: Path) -> LayerGraph:
    """The layer graph of a spec, if costcalc takes it."""
    path = folder / "network.yaml"
    path.write_text(text(spec))
    try:
        return opening.opened(str(path)).graph()
    except SpecError:
        assume(False)
        raise


@some
@given(networks())
def test_written_as_a_module(folder, spec):
    graph = opened(spec, folder)
    try:
        module = built(graph)
        judged = of_module(module, graph.input)
    except REFUSALS:
        # What PyTorch alone refuses is refused when the module runs.
        assume(False)
        raise
    assert judged == totals(graph)


@some
@given(networks())
def test_read_from_a_module(folder, spec):
    graph = opened(spec, folder)
    try:
        module = TorchNetwork(spec).eval()
    except REFUSALS:
        assume(False)
        raise
    is_trilinear = any(
        getattr(layer.operation, "mode", "") == "bilinear" and len(layer.output) == 4
        for layer in graph.layers
    )
    assume(not is_trilinear)  # for which PyTorch has a word, and costcalc no rate
    found = totals(expand(document(trace(module, graph.input)), {}))
    assert found._replace(output=found.output) == totals(graph)._replace(output=found.output)
    assert prod(found.output) == prod(totals(graph).output)


def has_a_single_number(layer: Layer) -> bool:
    """Whether it learns one, which nothing in a file tells from a constant."""
    events = layer.operation.events(layer.input_shapes, layer.output)
    return 1 in (events.weights, events.biases, events.other_params) or 0 < events.norm_params <= 2


@some
@given(networks())
def test_written_as_an_onnx_file_and_read_back(folder, spec):
    graph = opened(spec, folder)
    counted = totals(graph)
    assume(counted.macs)  # a file in which nothing is computed is refused
    assume(counted.params < 1_000_000)  # the file holds them
    assume(not any(map(has_a_single_number, graph.layers)))
    try:
        path = as_onnx(graph, folder / "network.onnx")
    except SpecError as error:
        assert "cannot be written for ONNX" in str(error)
        assume(False)
        raise
    found = totals(opening.opened(path).graph())
    # A single number has the batch alone for an axis.
    assert found == counted._replace(output=counted.output or (1,))
