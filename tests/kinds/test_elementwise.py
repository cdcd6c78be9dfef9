"""Activations and normalisations, done by numbers that count what is done with them.

Every function here is the definition in its paper, one operation after another.
"""

from math import pi, sqrt

import numpy
import pytest

from costcalc.kinds import KINDS
from costcalc.kinds.base import Events, elements
from tests.kinds.loops import cells
from tests.kinds.tally import Counted, Tally, added


def relu(x: Counted) -> Counted:
    return x.at_least(0)


def relu6(x: Counted) -> Counted:
    return x.at_least(0).at_most(6)


def leaky_relu(x: Counted) -> Counted:
    # Every element takes the slope's product into account, as vector units do.
    x.is_positive()
    return x.times(0.01)


def sigmoid(x: Counted) -> Counted:
    # 1 / (1 + exp(-x)); a sign is free.
    one = Counted(1, x.tally)
    return one.over(Counted(-x.value, x.tally).exp().plus(1))


def h_sigmoid(x: Counted) -> Counted:
    return relu6(x.plus(3)).times(1 / 6)


def swish(x: Counted) -> Counted:
    return x.times(sigmoid(x))


def h_swish(x: Counted) -> Counted:
    return x.times(h_sigmoid(x))


def gelu(x: Counted) -> Counted:
    return x.times(0.5).times(x.times(1 / sqrt(2)).erf().plus(1))


def gelu_tanh(x: Counted) -> Counted:
    cube = x.times(x).times(x).times(0.044715)
    return x.times(0.5).times(x.plus(cube).times(sqrt(2 / pi)).tanh().plus(1))


def quick_gelu(x: Counted) -> Counted:
    return x.times(sigmoid(x.times(1.702)))


def elu(x: Counted) -> Counted:
    # Both branches are computed, and one is taken.
    x.is_positive()
    return x.exp().plus(-1).times(0.5)


def selu(x: Counted) -> Counted:
    return elu(x).times(1.0507)


def celu(x: Counted) -> Counted:
    return x.at_least(0).plus(x.over(2).exp().plus(-1).times(2).at_most(0))


def softplus(x: Counted) -> Counted:
    return x.exp().plus(1).log()


def softsign(x: Counted) -> Counted:
    # Clearing a sign is free.
    return x.over(Counted(abs(x.value), x.tally).plus(1))


ACTIVATIONS = {
    "gelu_tanh": gelu_tanh,
    "quick_gelu": quick_gelu,
    "elu": elu,
    "selu": selu,
    "celu": celu,
    "softplus": softplus,
    "mish": lambda x: x.times(softplus(x).tanh()),
    "softsign": softsign,
    # A sign is free: -log(1 + exp(-x)).
    "log_sigmoid": softplus,
    "hard_tanh": lambda x: x.at_least(-1).at_most(1),
    "relu": relu,
    "relu6": relu6,
    "leaky_relu": leaky_relu,
    "sigmoid": sigmoid,
    "tanh": Counted.tanh,
    "h_sigmoid": h_sigmoid,
    "swish": swish,
    "h_swish": h_swish,
    "gelu": gelu,
}
SHAPES = [(3,), (4, 5), (2, 3, 5), (4, 2, 3, 2)]


def operation(name: str, **attributes):
    kind = KINDS[name]
    return kind.operation(**kind.given, **attributes)


def check(operation, shape, tally: Tally, **learned) -> None:
    assert operation.output_shape((shape,)) == shape
    n = len(list(cells(shape)))
    assert operation.events((shape,), shape) == tally.events(reads=n, writes=n, **learned)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name, shape):
    tally = Tally()
    for index in cells(shape):
        ACTIVATIONS[name](tally.number(sum(index) - 2))
    check(operation(name), shape, tally)


def test_every_activation_is_covered():
    # PReLU has params and the softmaxes sum: they have tests of their own.
    named = {kind.name for kind in KINDS.values() if kind.family == "activation"}
    assert named == {*ACTIVATIONS, "prelu", "softmax", "log_softmax"}


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_prelu(shape, shared):
    tally, slopes = Tally(), set()
    for channel, *position in cells(shape):
        leaky_relu(tally.number(sum(position)))
        slopes.add(0 if shared else channel)
    check(operation("prelu", shared=shared), shape, tally, other_params=len(slopes))


@pytest.mark.parametrize("shape", SHAPES)
def test_softmax(shape):
    tally = Tally()
    channels, *axes = shape
    for _ in cells(axes):
        powers = [tally.number(channel).exp() for channel in range(channels)]
        total = added(powers[1:], powers[0])
        for power in powers:
            power.over(total)
    check(operation("softmax"), shape, tally)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
def test_softmaxes_along_an_axis(name, axis):
    tally, shape = Tally(), (2, 3, 5)
    along = range(3)[axis]
    for _ in cells(side for index, side in enumerate(shape) if index != along):
        values = [tally.number(place) for place in range(shape[along])]
        powers = [value.exp() for value in values]
        total = added(powers[1:], powers[0])
        if name == "softmax":
            for power in powers:
                power.over(total)
        else:
            logarithm = total.log()
            for value in values:
                value.plus(-logarithm.value)
    check(operation(name, axis=axis), shape, tally)


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, ("gamma", "beta")),
        ({"scale": False}, ("beta",)),
        ({"bias": False}, ("gamma",)),
        ({"scale": False, "bias": False}, ()),
        ({"affine": False}, ()),
        ({"affine": False, "bias": True}, ()),
    ],
)
@pytest.mark.parametrize("shape", SHAPES)
def test_batch_norm_at_inference(shape, settings, names):
    # gamma and beta, mean and variance are folded into one scale and one shift.
    tally, learned, kept = Tally(), set(), set()
    for channel, *_ in cells(shape):
        tally.number(channel).times(2).plus(1)
        learned |= {(channel, name) for name in names}
        kept |= {(channel, name) for name in ("mean", "variance")}
    check(
        operation("batch_norm", **settings),
        shape,
        tally,
        norm_params=len(learned),
        buffers=len(kept),
    )


def normalise(values: list[Counted], affine: bool) -> None:
    """Ba et al., arXiv 1607.06450, equation (4): mean, variance, and the scaled rest."""
    tally = values[0].tally
    mean = added(values, tally.number(0)).over(len(values))
    centred = [value.plus(-mean.value) for value in values]
    squares = [value.times(value) for value in centred]
    variance = added(squares, tally.number(0)).over(len(values))
    deviation = variance.plus(1e-5).root()
    for value in centred:
        # The reciprocal of the deviation belongs to the root: one function.
        scaled = value.times(1 / (deviation.value or 1))
        if affine:
            scaled.times(2).plus(1)


UNARY = {
    "scale": lambda x: x.times(2),
    "shift": lambda x: x.plus(2),
    "clip": lambda x: x.at_least(-1).at_most(1),
    "complement": lambda x: Counted(1, x.tally).plus(-x.value),
    "exp": Counted.exp,
    "log": Counted.log,
    "sqrt": Counted.root,
    # The reciprocal belongs to the root, as in norms.
    "rsqrt": Counted.root,
    "reciprocal": lambda x: Counted(1, x.tally).over(x),
    "erf": Counted.erf,
    "sin": Counted.wave,
    "cos": Counted.wave,
    # A sign that is cleared or changed is free.
    "abs": lambda x: x,
    "neg": lambda x: x,
    "square": lambda x: x.times(x),
    "floor": Counted.rounded,
    "ceil": Counted.rounded,
    "round": Counted.rounded,
    # Above zero, below zero, or neither.
    "sign": lambda x: (x.is_positive(), x.is_positive()),
    "logical_not": lambda x: x.is_positive(),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", UNARY)
def test_functions_of_one_element(name, shape):
    tally = Tally()
    for index in cells(shape):
        UNARY[name](tally.number(1 + sum(index)))
    check(operation(name), shape, tally)


BINARY = {
    "add": Counted.plus,
    "subtract": lambda x, y: x.plus(-y.value),
    "multiply": Counted.times,
    "divide": Counted.over,
    "minimum": lambda x, y: x.at_most(y.value),
    "maximum": lambda x, y: x.at_least(y.value),
    "power": lambda x, y: x.power(y.value),
    "compare": lambda x, y: x.at_least(y.value),
}
SEVERAL = {"add", "multiply", "minimum", "maximum"}


def test_every_elementwise_kind_is_covered():
    named = {kind.name for kind in KINDS.values() if kind.family == "elementwise"}
    assert named == {*UNARY, *BINARY, "where"}


@pytest.mark.parametrize(
    "inputs",
    [
        ((2, 3, 4), (2, 3, 4)),
        ((2, 3, 4), (2, 1, 1)),
        ((1, 3, 1), (2, 1, 4)),
        ((3,), (3,)),
        ((2, 3), (1, 3), (2, 1)),
    ],
)
@pytest.mark.parametrize("name", BINARY)
def test_functions_of_several_elements(name, inputs):
    if name not in SEVERAL:
        inputs = inputs[:2]
    output = numpy.broadcast_shapes(*inputs)
    tally = Tally()
    for index in cells(output):
        result = tally.number(1 + sum(index))
        for _ in inputs[1:]:
            result = BINARY[name](result, tally.number(2))
    made = operation(name, **({"broadcast": True} if name == "add" else {}))
    assert made.output_shape(inputs) == output
    reads = sum(len(list(cells(shape))) for shape in inputs)
    expected = tally.events(reads=reads, writes=len(list(cells(output))))
    assert made.events(inputs, output) == expected


def test_a_choice_computes_nothing():
    made = operation("where")
    inputs = ((2, 1), (2, 3), (1, 3))
    assert made.output_shape(inputs) == (2, 3)
    # 2 + 6 + 3 read, 6 written
    assert made.events(inputs, (2, 3)) == Events(reads=11, writes=6)


def groups_of(shape, name, groups):
    channels, *axes = shape
    if name == "layer_norm":
        return [[(c, *at) for c in range(channels)] for at in cells(axes)]
    if name == "instance_norm":
        return [[(c, *at) for at in cells(axes)] for c in range(channels)]
    each = channels // groups
    return [[(g * each + c, *at) for c in range(each) for at in cells(axes)] for g in range(groups)]


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("shape", [(4, 5), (2, 3, 5), (4, 2, 3, 2)])
@pytest.mark.parametrize("name", ["layer_norm", "instance_norm", "group_norm"])
def test_norms_with_statistics(name, shape, affine):
    tally = Tally()
    for group in groups_of(shape, name, groups=2):
        normalise([tally.number(sum(index)) for index in group], affine)
    attributes = {"groups": 2} if name == "group_norm" else {}
    params = {(channel, which) for channel in range(shape[0]) for which in "gb"} if affine else ()
    check(operation(name, affine=affine, **attributes), shape, tally, norm_params=len(params))


AXES = [(0,), (2,), (-1,), (-1, -2), (0, 1, 2)]


def groups_along(shape, axes):
    """What is normalised together, and how many places it has."""
    axes = [axis % len(shape) for axis in axes]
    groups = {}
    for index in cells(shape):
        place = tuple(i for axis, i in enumerate(index) if axis not in axes)
        groups.setdefault(place, []).append(index)
    places = {tuple(index[axis] for axis in axes) for index in cells(shape)}
    return groups.values(), len(places)


@pytest.mark.parametrize(("affine", "bias"), [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize("axes", AXES)
def test_layer_norm_over_axes(axes, affine, bias):
    tally, shape = Tally(), (4, 2, 3)
    groups, places = groups_along(shape, axes)
    for group in groups:
        normalise([tally.number(sum(index)) for index in group], affine)
    if affine and not bias:
        tally["additions"] -= 24  # no shift of 4 * 2 * 3 elements
    params = places * (1 + bias) if affine else 0
    made = operation("layer_norm", axes=axes, affine=affine, bias=bias)
    check(made, shape, tally, norm_params=params)


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("axes", AXES)
def test_rms_norm(axes, affine):
    # Zhang and Sennrich, arXiv 1910.07467, equation (4).
    tally, shape = Tally(), (4, 2, 3)
    groups, places = groups_along(shape, axes)
    for group in groups:
        values = [tally.number(1 + sum(index)) for index in group]
        squares = [value.times(value) for value in values]
        root = added(squares, tally.number(0)).over(len(values)).plus(1e-5).root()
        for value in values:
            scaled = value.times(1 / root.value)
            if affine:
                scaled.times(2)
    made = operation("rms_norm", axes=axes, affine=affine)
    check(made, shape, tally, norm_params=places if affine else 0)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_prelu_along_an_axis(axis):
    tally, slopes = Tally(), set()
    for index in cells((4, 2, 3)):
        leaky_relu(tally.number(sum(index)))
        slopes.add(index[axis])
    check(operation("prelu", axis=axis), (4, 2, 3), tally, other_params=len(slopes))


@pytest.mark.parametrize("size", [1, 3, 5])
@pytest.mark.parametrize("shape", [(4,), (6, 3), (5, 2, 2)])
def test_local_response_norm(shape, size):
    # Krizhevsky et al. (2012), section 3.3: x / (k + alpha * sum of squares) ** beta.
    # Channels beyond the first and the last are zeros, summed like others.
    tally = Tally()
    for _ in cells(shape):
        x = tally.number(2)
        x.times(x)
        total = tally.number(0)
        for _ in range(size - 1):
            total = total.plus(4)
        x.over(total.times(1e-4).plus(2).power(0.75))
    check(operation("lrn", size=size), shape, tally)


def test_elements_are_cells():
    assert all(elements(shape) == len(list(cells(shape))) for shape in SHAPES)
