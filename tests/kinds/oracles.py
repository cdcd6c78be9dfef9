"""An oracle for every layer kind: the layer computed one number at a time, and counted.

An oracle is given the shapes of a layer's inputs and its attributes.  It knows no
formula: it does what the layer does, by the loops of :mod:`.loops` or by numbers that
count what is done with them (:mod:`.tally`), and gives the output's shape and the
events that happened.  Shapes of what only moves are NumPy's.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from math import ceil, exp, floor, isclose, pi, prod, sqrt
from typing import Any

import numpy

from costcalc.kinds import KINDS
from costcalc.kinds.base import Events
from tests.kinds import loops
from tests.kinds.loops import Shape, cells
from tests.kinds.tally import Counted, Tally, added

Result = tuple[Shape, Events]
Oracle = Callable[..., Result]


def run(name: str, *inputs: Shape, **attributes: Any) -> Result:
    """The output and events of the kind itself."""
    kind = KINDS[name]
    made = kind.operation(**kind.given, **attributes)
    if kind.becomes:
        made = made.resolve(inputs)
    output = made.output_shape(inputs)
    return output, made.events(inputs, output)


def check(name: str, *inputs: Shape, **attributes: Any) -> None:
    """Checks that the kind agrees with the oracle."""
    assert run(name, *inputs, **attributes) == ORACLES[name](*inputs, **attributes)


def count(shape: Iterable[int]) -> int:
    return len(list(cells(shape)))


def moved(inputs: Iterable[Shape], output: Shape, **events: int) -> Result:
    """The output and the events, with all inputs read and the output written."""
    reads = sum(count(shape) for shape in inputs)
    return tuple(output), Events(**events, reads=reads, writes=count(output))


def per_axis(value: Any, rank: int) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,) * rank


# Windows


def window(shape: Shape, attributes: Mapping[str, Any], padding: Any) -> dict[str, Any]:
    """Kernel, stride, dilation and pads for every axis."""
    rank = len(shape) - 1
    kernel = per_axis(attributes["kernel"], rank)
    stride = per_axis(attributes.get("stride", 1), rank)
    dilation = per_axis(attributes.get("dilation", 1), rank)
    padding = attributes.get("padding", padding)
    if padding == "same":
        sliding = zip(shape[1:], kernel, stride, dilation, strict=True)
        pads = tuple(loops.same_pads(n, d * (k - 1) + 1, s) for n, k, s, d in sliding)
    else:
        sides = per_axis(0 if padding == "valid" else padding, rank)
        pads = tuple(side if isinstance(side, tuple) else (side, side) for side in sides)
    return {"kernel": kernel, "stride": stride, "dilation": dilation, "pads": pads}


def with_bias(inputs: tuple[Shape, ...], output: Shape, did: Tally | Any, bias: bool) -> Result:
    """The result of a product with weights; with a bias, an addition for every element."""
    return moved(
        inputs,
        output,
        macs=did["macs"],
        weights=did["weights"],
        biases=output[0] if bias else 0,
        additions=count(output) if bias else 0,
    )


def conv(shape: Shape, *, out: int, groups: int = 1, bias: bool = True, **sliding: Any) -> Result:
    settings = window(shape, sliding, "same")
    output, did = loops.convolution(shape, out=out, groups=groups, **settings)
    return with_bias((shape,), output, did, bias)


def depthwise(shape: Shape, *, multiplier: int = 1, bias: bool = True, **sliding: Any) -> Result:
    channels = shape[0]
    return conv(shape, out=channels * multiplier, groups=channels, bias=bias, **sliding)


def pointwise(shape: Shape, **attributes: Any) -> Result:
    return conv(shape, kernel=1, **attributes)


def transposed_conv(
    shape: Shape,
    *,
    out: int,
    groups: int = 1,
    bias: bool = True,
    output_padding: Any = 0,
    **sliding: Any,
) -> Result:
    rank = len(shape) - 1
    padding = sliding.get("padding", "same")
    settings = window(shape, {**sliding, "padding": 0 if padding == "same" else padding}, 0)
    output, did = loops.transposed_convolution(shape, out=out, groups=groups, **settings)
    if padding == "same":
        sides = tuple(n * s for n, s in zip(shape[1:], settings["stride"], strict=True))
    else:
        extra = per_axis(output_padding, rank)
        sides = tuple(side + more for side, more in zip(output[1:], extra, strict=True))
    return with_bias((shape,), (out, *sides), did, bias)


def transposed_depthwise(shape: Shape, *, multiplier: int = 1, **arguments: Any) -> Result:
    return transposed_conv(shape, out=shape[0] * multiplier, groups=shape[0], **arguments)


def largest(inputs: tuple[Shape, ...], output: Shape, pairs: int) -> Result:
    return moved(inputs, output, comparisons=pairs)


def mean(inputs: tuple[Shape, ...], output: Shape, pairs: int) -> Result:
    return moved(inputs, output, additions=pairs, divisions=count(output))


Reduce = Callable[[tuple[Shape, ...], Shape, int], Result]


def pool(reduce: Reduce, shape: Shape, *, ceil_mode: bool = False, **sliding: Any) -> Result:
    sliding.setdefault("stride", sliding["kernel"])
    settings = window(shape, sliding, "valid")
    output, did = loops.pooling(shape, is_ceil=ceil_mode, **settings)
    return reduce((shape,), output, did["pairs"])


def adaptive_pool(reduce: Reduce, shape: Shape, *, size: Any) -> Result:
    output, did = loops.adaptive_pooling(shape, per_axis(size, len(shape) - 1))
    return reduce((shape,), output, did["pairs"])


def global_pool(reduce: Reduce, shape: Shape) -> Result:
    return adaptive_pool(reduce, shape, size=1)


# Products


def fc(
    shape: Shape, *, out: int, bias: bool = True, per_position: bool = False, axis: int = 0
) -> Result:
    if not per_position:
        shape, axis = (count(shape),), 0
    weights = numpy.zeros((shape[axis], out))
    vectors = numpy.moveaxis(numpy.zeros(shape), axis, -1)
    macs = sum(weights.size for _ in cells(vectors.shape[:-1]))
    output = numpy.moveaxis(vectors @ weights, -1, axis).shape
    return moved(
        (shape,),
        output,
        macs=macs,
        weights=weights.size,
        biases=out if bias else 0,
        additions=count(output) if bias else 0,
    )


def embedding(shape: Shape, *, rows: int, out: int) -> Result:
    table = numpy.zeros((rows, out))
    return moved((shape,), table[numpy.zeros(shape, dtype=int)].shape, weights=table.size)


def array(shape: Shape, seed: int) -> numpy.ndarray:
    return numpy.random.default_rng(seed).standard_normal(shape)


def matmul(*inputs: Shape) -> Result:
    first, second = array(inputs[0], 1), array(inputs[1], 2)
    expected, macs = first @ second, 0
    stack = expected.shape[:-2]
    left = numpy.broadcast_to(first, stack + first.shape[-2:])
    right = numpy.broadcast_to(second, stack + second.shape[-2:])
    found = numpy.zeros(expected.shape)
    for index in cells(expected.shape):
        *at, row, column = index
        for k in range(first.shape[-1]):
            found[index] += left[(*at, row, k)] * right[(*at, k, column)]
            macs += 1
    assert numpy.allclose(found, expected)
    return moved(inputs, expected.shape, macs=macs)


def attention(*inputs: Shape) -> Result:
    """Vaswani et al., equation (1), head by head, query by query."""
    queries, keys, values = inputs[:3]
    q, k, v = array(queries, 1), array(keys, 2), array(values, 3)
    stack = numpy.broadcast_shapes(queries[:-2], keys[:-2], values[:-2])
    k = numpy.broadcast_to(k, stack + keys[-2:])
    v = numpy.broadcast_to(v, stack + values[-2:])
    did, found = Tally(), numpy.zeros((*stack, queries[-2], values[-1]))
    for index in cells((*stack, queries[-2])):
        *head, _ = index
        powers = []
        for other in range(keys[-2]):
            score = 0.0
            for d in range(queries[-1]):
                score += q[(*index, d)] * k[(*head, other, d)]
                did["macs"] += 1
            scaled = did.number(score).times(1 / sqrt(queries[-1]))
            if len(inputs) > 3:
                scaled = scaled.plus(0.0)
            powers.append(scaled.exp())
        total = added(powers[1:], powers[0])
        shares = [power.over(total).value for power in powers]
        for e in range(values[-1]):
            for other, share in enumerate(shares):
                found[(*index, e)] += share * v[(*head, other, e)]
                did["macs"] += 1
    weights = numpy.exp(q @ numpy.swapaxes(k, -1, -2) / sqrt(queries[-1]))
    assert numpy.allclose(found, weights / weights.sum(-1, keepdims=True) @ v)
    return moved(inputs, found.shape, **did)


def lstm(shape: Shape, *, hidden: int, bias_vectors: int = 2) -> Result:
    """One step: four sums of products, three sigmoids, two tanh; both states read and written."""
    did, size = Tally(), count(shape)
    for _ in ("input", "forget", "output", "candidate"):
        for _ in range(hidden):
            for _ in (*range(size), *range(hidden)):
                did["macs"] += 1
                did["weights"] += 1
            for _ in range(bias_vectors):
                did.number(1).plus(1)
                did["biases"] += 1
    for _ in range(hidden):
        x, c = did.number(0.5), did.number(0.25)
        i, f, o = sigmoid(x), sigmoid(x), sigmoid(x)
        state = f.times(c).plus(i.times(x.tanh()))
        o.times(state.tanh())
    return (hidden,), Events(**did, reads=size + 2 * hidden, writes=2 * hidden, states=2 * hidden)


# Functions of every element


def relu(x: Counted) -> Counted:
    return x.at_least(0)


def relu6(x: Counted) -> Counted:
    return x.at_least(0).at_most(6)


def leaky_relu(x: Counted) -> Counted:
    # Every element is multiplied by the slope, as in vector units.
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
    # Both branches are computed, and one is chosen.
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


UNARY: Mapping[str, Callable[[Counted], Any]] = {
    "relu": relu,
    "relu6": relu6,
    "leaky_relu": leaky_relu,
    "sigmoid": sigmoid,
    "tanh": Counted.tanh,
    "h_sigmoid": h_sigmoid,
    "swish": swish,
    "h_swish": h_swish,
    "gelu": gelu,
    "gelu_tanh": gelu_tanh,
    "quick_gelu": quick_gelu,
    "elu": elu,
    "selu": selu,
    "celu": celu,
    "mish": lambda x: x.times(softplus(x).tanh()),
    "softplus": softplus,
    "softsign": softsign,
    # A sign is free: -log(1 + exp(-x)).
    "log_sigmoid": softplus,
    "hard_tanh": lambda x: x.at_least(-1).at_most(1),
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
"""The functions of one element, each as defined in its paper, one operation at a time."""


def unary(function: Callable[[Counted], Any], shape: Shape) -> Result:
    tally = Tally()
    for index in cells(shape):
        function(tally.number(0.5 + sum(index)))
    return moved((shape,), shape, **tally)


def prelu(shape: Shape, *, shared: bool = False, axis: int = 0) -> Result:
    tally, slopes = Tally(), set()
    for index in cells(shape):
        leaky_relu(tally.number(sum(index)))
        slopes.add(0 if shared else index[axis])
    return moved((shape,), shape, **tally, other_params=len(slopes))


def groups_along(shape: Shape, axes: Iterable[int]) -> tuple[list[list[Shape]], int]:
    """The groups of cells that are normalised together, and the size of a group."""
    axes = [axis % len(shape) for axis in axes]
    groups: dict[Shape, list[Shape]] = {}
    for index in cells(shape):
        place = tuple(i for axis, i in enumerate(index) if axis not in axes)
        groups.setdefault(place, []).append(index)
    places = {tuple(index[axis] for axis in axes) for index in cells(shape)}
    return list(groups.values()), len(places)


def softmax(shape: Shape, *, axis: int = 0, is_log: bool = False) -> Result:
    tally = Tally()
    for group in groups_along(shape, (axis,))[0]:
        values = [tally.number(sum(index) / 8) for index in group]
        powers = [value.exp() for value in values]
        total = added(powers[1:], powers[0])
        if is_log:
            logarithm = total.log()
            shares = [exp(value.plus(-logarithm.value).value) for value in values]
        else:
            shares = [power.over(total).value for power in powers]
        assert isclose(sum(shares), 1)
    return moved((shape,), shape, **tally)


# Norms


def normalise(values: list[Counted], has_scale: bool, has_shift: bool) -> None:
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
        if has_scale:
            scaled = scaled.times(2)
        if has_shift:
            scaled.plus(1)


def batch_norm(
    shape: Shape, *, affine: bool = True, scale: bool = True, bias: bool = True
) -> Result:
    # gamma and beta, mean and variance are folded into one scale and one shift.
    names = [name for name, has in (("gamma", scale), ("beta", bias)) if affine and has]
    tally, learned, kept = Tally(), set(), set()
    for channel, *_ in cells(shape):
        tally.number(channel).times(2).plus(1)
        learned |= {(channel, name) for name in names}
        kept |= {(channel, name) for name in ("mean", "variance")}
    return moved((shape,), shape, **tally, norm_params=len(learned), buffers=len(kept))


def normalised(
    shape: Shape, groups: Iterable[list[Shape]], scales: int, has_scale: bool, has_shift: bool
) -> Result:
    tally = Tally()
    for group in groups:
        normalise([tally.number(sum(index)) for index in group], has_scale, has_shift)
    return moved((shape,), shape, **tally, norm_params=scales * (has_scale + has_shift))


def layer_norm(
    shape: Shape, *, affine: bool = True, axes: Iterable[int] = (0,), bias: bool = True
) -> Result:
    groups, places = groups_along(shape, axes)
    return normalised(shape, groups, places, affine, affine and bias)


def rms_norm(shape: Shape, *, affine: bool = True, axes: Iterable[int] = (0,)) -> Result:
    """Zhang and Sennrich, arXiv 1910.07467, equation (4)."""
    tally = Tally()
    groups, places = groups_along(shape, axes)
    for group in groups:
        values = [tally.number(1 + sum(index)) for index in group]
        squares = [value.times(value) for value in values]
        root = added(squares, tally.number(0)).over(len(values)).plus(1e-5).root()
        for value in values:
            scaled = value.times(1 / root.value)
            if affine:
                scaled.times(2)
    return moved((shape,), shape, **tally, norm_params=places if affine else 0)


def group_norm(shape: Shape, *, groups: int, affine: bool = True) -> Result:
    each = shape[0] // groups
    members: list[list[Shape]] = [[] for _ in range(groups)]
    for index in cells(shape):
        members[index[0] // each].append(index)
    return normalised(shape, members, shape[0], affine, affine)


def instance_norm(shape: Shape, *, affine: bool = False) -> Result:
    return group_norm(shape, groups=shape[0], affine=affine)


def lrn(shape: Shape, *, size: int = 5) -> Result:
    """Krizhevsky et al. (2012), section 3.3: x / (k + alpha * sum of squares) ** beta."""
    # Channels beyond the first and the last are zeros, summed like others.
    tally = Tally()
    for _ in cells(shape):
        x = tally.number(2)
        x.times(x)
        total = tally.number(0)
        for _ in range(size - 1):
            total = total.plus(4)
        x.over(total.times(1e-4).plus(2).power(0.75))
    return moved((shape,), shape, **tally)


# Functions of several elements

BINARY: Mapping[str, Callable[[Counted, Counted], Counted]] = {
    "add": Counted.plus,
    "subtract": lambda x, y: x.plus(-y.value),
    "multiply": Counted.times,
    "divide": Counted.over,
    "minimum": lambda x, y: x.at_most(y.value),
    "maximum": lambda x, y: x.at_least(y.value),
    "power": lambda x, y: x.power(y.value),
    "compare": lambda x, y: x.at_least(y.value),
}


def binary(
    function: Callable[[Counted, Counted], Counted], *inputs: Shape, broadcast: bool = True
) -> Result:
    assert broadcast or len(set(inputs)) == 1
    output = numpy.broadcast_shapes(*inputs)
    tally = Tally()
    for index in cells(output):
        result = tally.number(1 + sum(index))
        for _ in inputs[1:]:
            result = function(result, tally.number(2))
    return moved(inputs, output, **tally)


def where(*inputs: Shape) -> Result:
    arrays = [numpy.zeros(shape) for shape in inputs]
    return moved(inputs, numpy.where(*arrays).shape)


# Reductions


def total(values: list[Counted]) -> Counted:
    return added(values[1:], values[0])


def product(values: list[Counted]) -> Counted:
    result = values[0]
    for value in values[1:]:
        result = result.times(value)
    return result


def maximum(values: list[Counted]) -> Counted:
    result = values[0]
    for value in values[1:]:
        result = value.at_least(result.value)
    return result


def average(values: list[Counted]) -> Counted:
    return total(values).over(len(values))


def variance(values: list[Counted]) -> Counted:
    middle = average(values).value
    squares = [(centred := value.plus(-middle)).times(centred) for value in values]
    return average(squares)


def l2_norm(values: list[Counted]) -> Counted:
    return total([value.times(value) for value in values]).root()


REDUCTIONS: Mapping[str, tuple[Callable[[list[Counted]], Counted], Callable[..., Any]]] = {
    "mean": (average, numpy.mean),
    "sum": (total, numpy.sum),
    "reduce_max": (maximum, numpy.max),
    # The same comparisons, with the opposite result.
    "reduce_min": (maximum, numpy.min),
    "argmax": (maximum, numpy.argmax),
    "product": (product, numpy.prod),
    "variance": (variance, numpy.var),
    "l2_norm": (l2_norm, numpy.linalg.norm),
}
"""The loop that reduces numbers to one, and NumPy's function."""


def reduction(
    loop: Callable[[list[Counted]], Counted],
    shape: Shape,
    *,
    axes: tuple[int, ...] | None = None,
    keep: bool = False,
) -> Result:
    tally = Tally()
    groups, _ = groups_along(shape, range(len(shape)) if axes is None else axes)
    for group in groups:
        loop([tally.number(1 + sum(index)) for index in group])
    output = numpy.sum(numpy.ones(shape), axis=axes, keepdims=keep).shape
    assert len(groups) == prod(output)
    return moved((shape,), output, **tally)


# Moving


def concat(*inputs: Shape, axis: int = 0) -> Result:
    output = numpy.concatenate([numpy.zeros(shape) for shape in inputs], axis).shape
    return moved(inputs, output)


def split(shape: Shape, *, parts: int, part: int = 1, axis: int = 0) -> Result:
    taken = numpy.split(numpy.zeros(shape), parts, axis)[part - 1].shape
    return moved((taken,), taken)


def slice_(shape: Shape, *, stop: int, start: int = 0, axis: int = 0, step: int = 1) -> Result:
    which = [slice(None)] * len(shape)
    which[axis] = slice(start, stop, step)
    taken = numpy.zeros(shape)[tuple(which)].shape
    return moved((taken,), taken)


def crop(
    shape: Shape,
    like: Shape | None = None,
    *,
    cropping: object = None,
    size: object = None,
    offset: object = None,
) -> Result:
    """The elements that are left, one index after another."""
    rank = len(shape) - 1
    which: list[list[int]] = []
    for axis, n in enumerate(shape[1:]):
        if cropping is not None:
            pair = cropping[axis] if isinstance(cropping, tuple) else cropping
            before, after = pair if isinstance(pair, tuple) else (pair, pair)
            which.append([place for place in range(n) if before <= place < n - after])
            continue
        sizes = like[1:] if like else size if isinstance(size, tuple) else (size,) * rank
        starts = offset if isinstance(offset, tuple) else (offset,) * rank
        start = (n - sizes[axis]) // 2 if starts[axis] is None else starts[axis]
        which.append([*range(n)][start : start + sizes[axis]])
    taken = numpy.zeros(shape)[numpy.ix_(range(shape[0]), *which)].shape
    return moved((taken,), taken)


def channel_shuffle(shape: Shape, *, groups: int) -> Result:
    """ShuffleNet, section 3.1: reshape to (g, n), transpose, flatten."""
    each = shape[0] // groups
    order = [group * each + n for n in range(each) for group in range(groups)]
    assert sorted(order) == list(range(shape[0]))
    return moved((shape,), (len(order), *shape[1:]))


def flatten(shape: Shape) -> Result:
    return (count(shape),), Events()


def zero_pad(shape: Shape, *, padding: Any, axis: int = 1, mode: str = "zero") -> Result:
    words = {"zero": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    first = axis % len(shape)
    sides = per_axis(padding, len(shape) - first)
    pads = [side if isinstance(side, tuple) else (side, side) for side in sides]
    widths = [(0, 0)] * first + pads
    return moved((shape,), numpy.pad(numpy.zeros(shape), widths, words[mode]).shape)


def pad_channels(shape: Shape, *, out: int) -> Result:
    return moved((shape,), (len([*range(shape[0]), *range(shape[0], out)]), *shape[1:]))


def upsample(shape: Shape, *, scale: Any = None, size: Any = None, mode: str = "nearest") -> Result:
    if size is None:
        scales = per_axis(scale, len(shape) - 1)
        size = tuple(n * s for n, s in zip(shape[1:], scales, strict=True))
    size = per_axis(size, len(shape) - 1)
    if mode == "area":
        return adaptive_pool(mean, shape, size=size)
    tally = Tally()
    for _ in cells((shape[0], *size)):
        interpolated(tally, mode, len(size))
    return moved((shape,), (shape[0], *size), **tally)


def interpolated(tally: Tally, mode: str, rank: int) -> Counted:
    """Each neighbour times its weight, and their sum."""
    if mode == "nearest":
        return tally.number(1)
    sides = [range({"bilinear": 2, "bicubic": 4}[mode])] * rank
    weighted = [tally.number(1).times(0.5) for _ in itertools.product(*sides)]
    return total(weighted)


def grid_sample(shape: Shape, places: Shape, *, mode: str = "bilinear") -> Result:
    tally, output = Tally(), (shape[0], *places[:-1])
    for _ in cells(output):
        interpolated(tally, mode, places[-1])
    return moved((shape, places), output, **tally)


def roi_pool(
    shape: Shape,
    boxes: Shape,
    *,
    size: Any,
    mode: str = "max",
    samples: int | None = None,
    position_sensitive: bool = False,
) -> Result:
    """Every box is the whole map."""
    bins = per_axis(size, len(shape) - 1)
    tally = Tally()
    channels = shape[0] // prod(bins) if position_sensitive else shape[0]
    output = (boxes[0], channels, *bins)
    for index in cells(output):
        window = [
            range(floor(i * n / m), ceil((i + 1) * n / m))
            for i, n, m in zip(index[2:], shape[1:], bins, strict=True)
        ]
        if samples is not None:
            counts = [samples or ceil(n / m) for n, m in zip(shape[1:], bins, strict=True)]
            window = [range(count) for count in counts]
        sampled = [
            tally.number(1) if samples is None else interpolated(tally, "bilinear", len(bins))
            for _ in itertools.product(*window)
        ]
        (maximum if mode == "max" else average)(sampled)
    return moved((shape, boxes), output, **tally)


# Picking by values


def rounds(n: int) -> int:
    """Rounds of a tournament of n players."""
    count = 0
    while n > 1:
        n, count = (n + 1) // 2, count + 1
    return count


def tournament(tally: Tally, n: int, k: int) -> None:
    """Every player but the best loses once; the path of each winner is played again."""
    players = [tally.number(each) for each in range(n)]
    while len(players) > 1:
        byes = players[len(players) & ~1 :]
        pairs = zip(players[::2], players[1::2], strict=False)
        players = [one.at_least(other.value) for one, other in pairs] + byes
    for _ in range(k - 1):
        for _ in range(rounds(n)):
            tally.number(0).at_least(1)


def top_k(shape: Shape, *, k: int | None = None, axis: int = -1) -> Result:
    tally, kept = Tally(), list(shape)
    kept[axis] = shape[axis] if k is None else k
    groups, _ = groups_along(shape, (axis,))
    for group in groups:
        tournament(tally, len(group), kept[axis])
    return moved((shape,), tuple(kept), **tally)


def nms(boxes: Shape, scores: Shape, *, most: int | None = None) -> Result:
    tally = Tally()
    n = boxes[0]
    tournament(tally, n, n)

    def area(width: Counted, height: Counted) -> Counted:
        return width.times(height.value)

    areas = []
    for _ in range(n):
        left, top, right, bottom = (tally.number(each) for each in (0, 0, 2, 2))
        areas.append(area(right.plus(-left.value), bottom.plus(-top.value)))
    for one in range(n):
        for other in range(one):
            low = [tally.number(0).at_least(1) for _ in range(2)]
            high = [tally.number(2).at_most(3) for _ in range(2)]
            sides = [
                above.plus(-below.value).at_least(0) for below, above in zip(low, high, strict=True)
            ]
            shared = area(*sides)
            union = areas[one].plus(areas[other]).plus(-shared.value)
            shared.over(union).at_least(0.5)
    return moved((boxes, scores), (n if most is None else most,), **tally)


# Fourier transforms


def fft(shape: Shape, *, axes: Shape = (-1,), size: Any = None, real: str = "none") -> Result:
    """Stages of butterflies of two elements: of a product and a sum and a difference."""
    tally = Tally()
    lengths = list(shape)
    if size is not None:
        for axis, side in zip(axes, per_axis(size, len(axes)), strict=True):
            lengths[axis] = side
    elif real == "output":
        lengths[axes[-1]] = len(range(0, shape[axes[-1]] - 1)) * 2
    elements = 0
    for axis in axes:
        for _ in range(rounds(lengths[axis])):
            elements += count(lengths)
    # Two elements a butterfly; real numbers take half as many.
    for _ in range(ceil(elements / (2 if real == "none" else 4))):
        # (a + ib)(c + id), then the sum and the difference of complex numbers.
        a, b = tally.number(1), tally.number(2)
        real_part = a.times(3).plus(-b.times(4).value)
        imaginary = a.times(4).plus(b.times(3))
        for part in (real_part, imaginary):
            part.plus(1)
            part.plus(-1)
    output = list(lengths)
    if real == "input":
        output[axes[-1]] = numpy.fft.rfft(numpy.zeros(lengths[axes[-1]])).shape[0]
    return moved((shape,), tuple(output), **tally)


def reshape(inputs: Shape, *, shape: Shape) -> Result:
    return numpy.zeros(inputs).reshape(shape).shape, Events()


def transpose(shape: Shape, *, axes: Shape) -> Result:
    return numpy.zeros(shape).transpose(axes).shape, Events()


def rearrange(*inputs: Shape, shape: Shape) -> Result:
    return moved(inputs, shape)


def unchanged(shape: Shape, **attributes: Any) -> Result:
    """Nothing happens at inference."""
    return shape, Events()


def learned(*, shape: Shape, of: str = "other") -> Result:
    events = {"other": "other_params", "weight": "weights", "bias": "biases", "norm": "norm_params"}
    return shape, Events(**{events[of]: count(shape)})


def stored(*inputs: Shape, shape: Shape, **attributes: Any) -> Result:
    """A given shape, with no events."""
    return shape, Events()


ORACLES: Mapping[str, Oracle] = {
    "conv": conv,
    "depthwise": depthwise,
    "pointwise": pointwise,
    "transposed_conv": transposed_conv,
    "transposed_depthwise": transposed_depthwise,
    "fc": fc,
    "embedding": embedding,
    "matmul": matmul,
    "attention": attention,
    "lstm": lstm,
    "max_pool": partial(pool, largest),
    "avg_pool": partial(pool, mean),
    "adaptive_max_pool": partial(adaptive_pool, largest),
    "adaptive_avg_pool": partial(adaptive_pool, mean),
    "global_max_pool": partial(global_pool, largest),
    "global_avg_pool": partial(global_pool, mean),
    "batch_norm": batch_norm,
    "layer_norm": layer_norm,
    "rms_norm": rms_norm,
    "group_norm": group_norm,
    "instance_norm": instance_norm,
    "lrn": lrn,
    **{name: partial(unary, function) for name, function in UNARY.items()},
    "prelu": prelu,
    "softmax": softmax,
    "log_softmax": partial(softmax, is_log=True),
    **{name: partial(binary, function) for name, function in BINARY.items()},
    "where": where,
    **{name: partial(reduction, loop) for name, (loop, _) in REDUCTIONS.items()},
    "concat": concat,
    "split": split,
    "slice": slice_,
    "crop": crop,
    "channel_shuffle": channel_shuffle,
    "flatten": flatten,
    "zero_pad": zero_pad,
    "pad_channels": pad_channels,
    "upsample": upsample,
    "grid_sample": grid_sample,
    "roi_pool": roi_pool,
    "top_k": top_k,
    "nms": nms,
    "fft": fft,
    "reshape": reshape,
    "transpose": transpose,
    "rearrange": rearrange,
    "dropout": unchanged,
    "identity": unchanged,
    "learned": learned,
    "constant": stored,
    "input": stored,
    "uncounted": stored,
}
"""The oracle of every kind: ``oracle(*shapes, **attributes)``."""
