"""The name of a module and the shape of its input, without PyTorch."""

import sys

import pytest

import costcalc
from costcalc.errors import SpecError
from costcalc.importers.model import Request
from costcalc.importers.torch.reference import Reference, input_shape, parse_reference


def test_a_reference_names_a_module_and_an_attribute():
    assert parse_reference("torch:models:Net") == Reference("models", ("Net",))
    assert parse_reference("torch:a.b:c.d") == Reference("a.b", ("c", "d"))


@pytest.mark.parametrize("network", ["torch:", "torch:models", "torch:models:", "torch:a/b:c"])
def test_a_malformed_reference_is_refused(network):
    with pytest.raises(SpecError, match=r"expected torch:package\.module:name"):
        parse_reference(network)


@pytest.mark.parametrize("network", ["torch:torchvision.models:resnet18", "torch:nonsense"])
def test_without_pytorch_one_message_says_how_to_install_it(monkeypatch, network):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(SpecError) as caught:
        costcalc.report(network)
    (problem,) = caught.value.problems
    assert problem.message == "reading a PyTorch module needs PyTorch"
    assert problem.hint == "pip install 'costcalc[torch]'"


@pytest.mark.parametrize(
    ("input", "res", "shape"),
    [
        (None, None, (3, 224, 224)),
        (None, (96, 64), (3, 96, 64)),
        ((1, 28, 28), None, (1, 28, 28)),
        ((1, 28, 28), 32, (1, 32, 32)),
        ((1, 28, 28), (32, 16), (1, 32, 16)),
        ((80, 100), 200, (80, 200)),
        ((3, 16, 112, 112), 64, (3, 64, 64, 64)),
        ((784,), None, (784,)),
    ],
)
def test_a_resolution_sets_the_spatial_dimensions(input, res, shape):
    assert input_shape(Request(input=input, res=res), "torch:m:n") == shape


@pytest.mark.parametrize(("input", "res"), [((784,), 28), ((80, 100), (96, 64))])
def test_a_resolution_that_does_not_fit_the_input_is_refused(input, res):
    with pytest.raises(SpecError, match=r"the input has (no|1) spatial"):
        input_shape(Request(input=input, res=res), "torch:m:n")
