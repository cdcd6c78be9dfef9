"""A file has the outputs of its graph in every format; a gate's decision is not one."""

import ast

import pytest

from costcalc.exporters import onnx, prototxt, torch
from costcalc.spec import library
from tests.collection import networks
from tests.exporters.caffe import Net
from tests.exporters.networks import shipped
from tests.exporters.onnx_file import File
from tests.exporters.test_prototxt import LACKING

UNGATED = [name for name in library.shipped() if not name.startswith(("highway", "skipnet"))]


def output_count(code: str) -> int:
    """How many tensors the last class of a PyTorch module returns."""
    *_, network = (each for each in ast.parse(code).body if isinstance(each, ast.ClassDef))
    (forward,) = (each for each in network.body if getattr(each, "name", "") == "forward")
    *_, last = forward.body
    assert isinstance(last, ast.Return)
    return len(last.value.elts) if isinstance(last.value, ast.Tuple) else 1


@pytest.mark.parametrize("name", networks(without=UNGATED))
def test_a_gated_network_has_one_output_in_every_format(name):
    graph = shipped(name)
    assert graph.gated
    (output,) = (graph.layers[index].name for index in graph.outputs)
    assert list(File(b"".join(onnx.write(graph))).outputs) == [output]
    assert output_count(torch.write(graph)) == 1
    if name not in LACKING:
        assert Net(prototxt.write(graph)).outputs == {output}


@pytest.mark.parametrize("name", networks(without=set(library.shipped()) - set(UNGATED)))
def test_no_other_network_has_gates(name):
    assert not shipped(name).gated
