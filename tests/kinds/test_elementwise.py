"""Activations, norms and elementwise arithmetic, against numbers that count operations."""

import pytest

from costcalc.kinds.base import Events, elements
from tests.kinds.loops import cells
from tests.kinds.oracles import BINARY, UNARY, check, run

SHAPES = [(3,), (4, 5), (2, 3, 5), (4, 2, 3, 2)]
AXES = [(0,), (2,), (-1,), (-1, -2), (0, 1, 2)]
SEVERAL = {"add", "multiply", "minimum", "maximum"}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", UNARY)
def test_functions_of_one_element(name, shape):
    assert run(name, shape)[0] == shape
    check(name, shape)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_prelu(shape, shared):
    check("prelu", shape, shared=shared)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_prelu_along_an_axis(axis):
    check("prelu", (4, 2, 3), axis=axis)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("shape", SHAPES)
def test_softmaxes(name, shape):
    check(name, shape)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
def test_softmaxes_along_an_axis(name, axis):
    check(name, (2, 3, 5), axis=axis)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"scale": False},
        {"bias": False},
        {"scale": False, "bias": False},
        {"affine": False},
        {"affine": False, "bias": True},
    ],
)
@pytest.mark.parametrize("shape", SHAPES)
def test_batch_norm_at_inference(shape, settings):
    check("batch_norm", shape, **settings)


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("shape", [(4, 5), (2, 3, 5), (4, 2, 3, 2)])
@pytest.mark.parametrize("name", ["layer_norm", "instance_norm", "group_norm"])
def test_norms_with_statistics(name, shape, affine):
    check(name, shape, affine=affine, **({"groups": 2} if name == "group_norm" else {}))


@pytest.mark.parametrize(("affine", "bias"), [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize("axes", AXES)
def test_layer_norm_over_axes(axes, affine, bias):
    check("layer_norm", (4, 2, 3), axes=axes, affine=affine, bias=bias)


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("axes", AXES)
def test_rms_norm(axes, affine):
    check("rms_norm", (4, 2, 3), axes=axes, affine=affine)


@pytest.mark.parametrize("size", [1, 3, 5])
@pytest.mark.parametrize("shape", [(4,), (6, 3), (5, 2, 2)])
def test_local_response_norm(shape, size):
    check("lrn", shape, size=size)


@pytest.mark.parametrize(
    "inputs",
    [
        ((2, 3, 4), (2, 3, 4)),
        ((2, 3, 4), (2, 1, 1)),
        ((2, 1, 1), (2, 3, 4)),
        ((1, 3, 1), (2, 1, 4)),
        ((3,), (3,)),
        ((2, 3), (1, 3), (2, 1)),
        ((4, 5, 6), (1, 5, 6), (4, 1, 6)),
    ],
)
@pytest.mark.parametrize("name", BINARY)
def test_functions_of_several_elements(name, inputs):
    if name not in SEVERAL:
        inputs = inputs[:2]
    check(name, *inputs, **({"broadcast": True} if name == "add" else {}))


@pytest.mark.parametrize("shape", [(3,), (2, 4), (2, 3, 4)])
@pytest.mark.parametrize("inputs", [2, 3, 4])
def test_add(shape, inputs):
    check("add", *[shape] * inputs)


def test_a_choice_computes_nothing():
    inputs = ((2, 1), (2, 3), (1, 3))
    # 2 + 6 + 3 read, 6 written
    assert run("where", *inputs) == ((2, 3), Events(reads=11, writes=6))
    check("where", *inputs)


def test_elements_are_cells():
    assert all(elements(shape) == len(list(cells(shape))) for shape in SHAPES)
