"""Products between activations and with weights, multiplied out one number at a time."""

import pytest

from costcalc.kinds import KINDS
from costcalc.kinds.base import ShapeError
from costcalc.kinds.naming import filter_sides
from tests.kinds.oracles import check, run


@pytest.mark.parametrize(
    "inputs",
    [
        ((2, 3), (3, 4)),
        ((1, 1), (1, 1)),
        ((5, 2, 3), (5, 3, 4)),
        ((5, 2, 3), (1, 3, 4)),
        ((1, 5, 2, 3), (4, 1, 3, 2)),
    ],
)
def test_matmul(inputs):
    check("matmul", *inputs)


@pytest.mark.parametrize("is_masked", [False, True])
@pytest.mark.parametrize(
    ("queries", "keys", "values"),
    [
        ((4, 3), (4, 3), (4, 3)),
        ((2, 4, 3), (2, 5, 3), (2, 5, 6)),
        ((2, 2, 4, 3), (2, 2, 1, 3), (2, 2, 1, 2)),
        # All heads share keys and values.
        ((3, 4, 2), (1, 5, 2), (1, 5, 6)),
    ],
)
def test_attention(queries, keys, values, is_masked):
    mask = (*(1 for _ in queries[:-2]), queries[-2], keys[-2])
    check("attention", queries, keys, values, *([mask] if is_masked else []))


def test_swins_equations():
    # arXiv 2103.14030: a first stage of 56 x 56 tokens of C = 96 in windows of M = 7,
    # with 3 heads of 32.  Equation (2) without its projections: 2 M^2 h w C.
    _, windows = run("attention", *[(64, 3, 49, 32)] * 3)
    assert windows.macs == 2 * 7**2 * 56 * 56 * 96
    # Equation (1), over the whole map: 2 (h w)^2 C.
    _, globally = run("attention", *[(3, 3136, 32)] * 3)
    assert globally.macs == 2 * (56 * 56) ** 2 * 96


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(4,), (4, 2, 3)])
def test_fully_connected_layers_flatten(shape, bias):
    check("fc", shape, out=5, bias=bias)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_a_matrix_at_every_position(axis):
    check("fc", (4, 5, 6), out=7, axis=axis, per_position=True)


def test_the_matrix_of_a_fully_connected_layer():
    whole, single = (KINDS["fc"].operation(10, per_position=each) for each in (False, True))
    # 64*3*5 = 960
    assert filter_sides(KINDS["fc"], whole, ((64, 3, 5),), (10,)) == (960, 10)
    assert filter_sides(KINDS["fc"], single, ((64, 3, 5),), (10, 3, 5)) == (64, 10)
    _, events = run("fc", (64, 3, 5), out=10, per_position=True)
    # 64*10 weights at each of 3*5 positions; an addition for each of 10*3*5 outputs
    assert (events.macs, events.weights, events.biases) == (9600, 640, 10)
    assert (events.additions, events.reads, events.writes) == (150, 960, 150)


@pytest.mark.parametrize("shape", [(), (7,), (4, 5)])
def test_an_embedding_is_a_row_for_every_number(shape):
    check("embedding", shape, rows=30, out=6)


@pytest.mark.parametrize(
    ("name", "inputs", "message"),
    [
        ("matmul", ((3,), (3, 4)), "needs inputs of at least two axes"),
        ("matmul", ((2, 3), (4, 2)), "rows of 3 cannot be multiplied with columns of 4"),
        ("matmul", ((2, 2, 3), (5, 3, 4)), "cannot be multiplied as matrices"),
        ("matmul", ((2, 2, 3), (3, 4)), "cannot be multiplied as matrices"),
        ("attention", ((2, 3), (2, 4), (2, 3)), "queries of size 3 do not match keys of size 4"),
        ("attention", ((2, 3), (5, 3), (4, 3)), "5 keys do not match 4 values"),
        ("attention", ((2, 2, 3), (3, 2, 3), (2, 2, 3)), "cannot be attended to"),
    ],
)
def test_inputs_that_do_not_fit(name, inputs, message):
    with pytest.raises(ShapeError, match=message):
        run(name, *inputs)
