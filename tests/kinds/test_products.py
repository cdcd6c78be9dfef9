"""Products between activations, multiplied out one number at a time, and against NumPy."""

from collections import Counter
from itertools import product
from math import exp, sqrt

import numpy
import pytest

from costcalc.kinds import KINDS
from costcalc.kinds.base import Events, ShapeError


def run(name, *inputs):
    made = KINDS[name].operation()
    output = made.output_shape(inputs)
    return output, made.events(inputs, output)


def array(shape, seed):
    return numpy.random.default_rng(seed).standard_normal(shape)


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
    first, second = array(inputs[0], 1), array(inputs[1], 2)
    expected, did = first @ second, Counter()
    stack = expected.shape[:-2]
    left = numpy.broadcast_to(first, stack + first.shape[-2:])
    right = numpy.broadcast_to(second, stack + second.shape[-2:])
    found = numpy.zeros(expected.shape)
    for index in product(*map(range, expected.shape)):
        *at, row, column = index
        for k in range(first.shape[-1]):
            found[index] += left[(*at, row, k)] * right[(*at, k, column)]
            did["macs"] += 1
    assert numpy.allclose(found, expected)
    output, events = run("matmul", *inputs)
    assert output == expected.shape
    assert events == Events(macs=did["macs"], reads=first.size + second.size, writes=expected.size)


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
    # Vaswani et al., equation (1), head by head, query by query.
    q, k, v = array(queries, 1), array(keys, 2), array(values, 3)
    stack = numpy.broadcast_shapes(queries[:-2], keys[:-2], values[:-2])
    k = numpy.broadcast_to(k, stack + keys[-2:])
    v = numpy.broadcast_to(v, stack + values[-2:])
    did, found = Counter(), numpy.zeros((*stack, queries[-2], values[-1]))
    for index in product(*map(range, (*stack, queries[-2]))):
        *head, _ = index
        scores = []
        for other in range(keys[-2]):
            score = 0.0
            for d in range(queries[-1]):
                score += q[(*index, d)] * k[(*head, other, d)]
                did["macs"] += 1
            did["multiplications"] += 1
            score /= sqrt(queries[-1])
            if is_masked:
                score += 0.0
                did["additions"] += 1
            scores.append(exp(score))
            did["functions"] += 1
        total = scores[0]
        for score in scores[1:]:
            total += score
            did["additions"] += 1
        shares = [score / total for score in scores]
        did["divisions"] += len(shares)
        for e in range(values[-1]):
            for other, share in enumerate(shares):
                found[(*index, e)] += share * v[(*head, other, e)]
                did["macs"] += 1
    weights = numpy.exp(q @ numpy.swapaxes(k, -1, -2) / sqrt(queries[-1]))
    assert numpy.allclose(found, weights / weights.sum(-1, keepdims=True) @ v)
    mask = (*(1 for _ in stack), queries[-2], keys[-2])
    inputs = (queries, keys, values, *([mask] if is_masked else []))
    output, events = run("attention", *inputs)
    assert output == found.shape
    reads = sum(array(shape, 0).size for shape in inputs)
    assert events == Events(**did, reads=reads, writes=found.size)


def test_swins_equations():
    # arXiv 2103.14030: a first stage of 56 x 56 tokens of C = 96 in windows of M = 7,
    # with 3 heads of 32.  Equation (2) without its projections: 2 M^2 h w C.
    _, windows = run("attention", *[(64, 3, 49, 32)] * 3)
    assert windows.macs == 2 * 7**2 * 56 * 56 * 96
    # Equation (1), over the whole map: 2 (h w)^2 C.
    _, globally = run("attention", *[(3, 3136, 32)] * 3)
    assert globally.macs == 2 * (56 * 56) ** 2 * 96


@pytest.mark.parametrize(
    ("name", "inputs", "message"),
    [
        ("matmul", ((3,), (3, 4)), "needs inputs of two axes or more"),
        ("matmul", ((2, 3), (4, 2)), "rows of 3 cannot be multiplied with columns of 4"),
        ("matmul", ((2, 2, 3), (5, 3, 4)), "cannot be multiplied as matrices"),
        ("matmul", ((2, 2, 3), (3, 4)), "cannot be multiplied as matrices"),
        ("attention", ((2, 3), (2, 4), (2, 3)), "queries of 3 numbers meet keys of 4"),
        ("attention", ((2, 3), (5, 3), (4, 3)), "5 keys have 4 values"),
        ("attention", ((2, 2, 3), (3, 2, 3), (2, 2, 3)), "cannot be attended to"),
    ],
)
def test_what_does_not_fit(name, inputs, message):
    with pytest.raises(ShapeError, match=message):
        run(name, *inputs)
