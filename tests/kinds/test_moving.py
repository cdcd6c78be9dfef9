"""Kinds that join, split and move elements, on real maps of labelled cells."""

from collections import Counter

import pytest

from costcalc.kinds import KINDS
from costcalc.kinds.base import Events, ShapeError, elements, shape_text
from tests.kinds.loops import adaptive_pooling, cells


def operation(name: str, **attributes):
    kind = KINDS[name]
    return kind.operation(**kind.given, **attributes)


def run(name: str, *inputs, **attributes):
    made = operation(name, **attributes)
    output = made.output_shape(inputs)
    return output, made.events(inputs, output)


def count(shape) -> int:
    return len(list(cells(shape)))


@pytest.mark.parametrize("shape", [(3,), (2, 4), (2, 3, 4)])
@pytest.mark.parametrize("inputs", [2, 3, 4])
def test_add(shape, inputs):
    additions = 0
    for _ in cells(shape):
        total = 1
        for other in range(1, inputs):
            total += other
            additions += 1
    expected = Events(additions=additions, reads=inputs * count(shape), writes=count(shape))
    assert run("add", *[shape] * inputs) == (shape, expected)


@pytest.mark.parametrize(
    ("inputs", "output"),
    [
        (((4, 5, 6), (4, 1, 1)), (4, 5, 6)),
        (((4, 1, 1), (4, 5, 6)), (4, 5, 6)),
        (((4, 5, 6), (1, 5, 6), (4, 1, 6)), (4, 5, 6)),
        (((3,), (3,)), (3,)),
    ],
)
def test_multiply_repeats_sides_of_one(inputs, output):
    products = 0
    for _ in cells(output):
        for _ in inputs[1:]:
            products += 1
    reads = sum(count(shape) for shape in inputs)
    expected = Events(multiplications=products, reads=reads, writes=count(output))
    assert run("multiply", *inputs) == (output, expected)


@pytest.mark.parametrize("inputs", [((2, 3, 4), (5, 3, 4)), ((1,), (2,), (3,)), ((2, 3), (2, 3))])
def test_concat(inputs):
    found = [(which, *index) for which, shape in enumerate(inputs) for index in cells(shape)]
    channels = {(which, channel) for which, channel, *_ in found}
    output = (len(channels), *inputs[0][1:])
    assert run("concat", *inputs) == (output, Events(reads=len(found), writes=len(found)))


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("add", ((2, 3, 4), (2, 3, 5))),
        ("add", ((2, 3, 4), (2, 3))),
        ("add", ((2, 3, 4), (1, 3, 4))),
        ("multiply", ((2, 3, 4), (2, 3, 5))),
        ("multiply", ((2, 3, 4), (2,))),
        ("concat", ((2, 3, 4), (2, 4, 3))),
        ("concat", ((2, 3, 4), (2, 3))),
    ],
)
def test_what_does_not_join(name, inputs):
    with pytest.raises(ShapeError, match="shapes that differ cannot be") as error:
        run(name, *inputs)
    assert error.value.found == " and ".join(shape_text(shape) for shape in inputs)


@pytest.mark.parametrize(("parts", "part"), [(1, 1), (2, 1), (2, 2), (3, 3), (6, 4)])
def test_split(parts, part):
    size = 6 // parts
    taken = [
        (channel, *at)
        for channel, *at in cells((6, 2, 3))
        if (part - 1) * size <= channel < part * size
    ]
    expected = Events(reads=len(taken), writes=len(taken))
    assert run("split", (6, 2, 3), parts=parts, part=part) == ((size, 2, 3), expected)


@pytest.mark.parametrize(("start", "stop"), [(0, 1), (0, 6), (2, 5), (5, 6)])
def test_slice(start, stop):
    taken = [index for index in cells((6, 2, 3)) if start <= index[0] < stop]
    expected = Events(reads=len(taken), writes=len(taken))
    channels = len({channel for channel, *_ in taken})
    assert run("slice", (6, 2, 3), start=start, stop=stop) == ((channels, 2, 3), expected)


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
def test_channel_shuffle_moves_every_channel_once(groups):
    # ShuffleNet, section 3.1: reshape to (g, n), transpose, flatten.
    each = 6 // groups
    order = [group * each + n for n in range(each) for group in range(groups)]
    assert sorted(order) == list(range(6))
    output, events = run("channel_shuffle", (6, 2, 3), groups=groups)
    assert output == (len(order), 2, 3)
    assert events == Events(reads=36, writes=36)  # 6 * 2 * 3


def test_flatten_is_a_view():
    assert run("flatten", (2, 3, 4)) == ((len(list(cells((2, 3, 4)))),), Events())


@pytest.mark.parametrize("name", ["dropout", "identity"])
def test_nothing_happens_at_inference(name):
    assert run(name, (2, 3, 4)) == ((2, 3, 4), Events())


@pytest.mark.parametrize(
    ("padding", "rows", "columns"),
    [
        (1, (1, 1), (1, 1)),
        ((2, 1), (2, 2), (1, 1)),
        (((0, 1), (2, 3)), (0, 1), (2, 3)),
        (((0, 1), 2), (0, 1), (2, 2)),
    ],
)
def test_zero_padding(padding, rows, columns):
    canvas = {
        (channel, y, x)
        for channel in range(2)
        for y in range(-rows[0], 3 + rows[1])
        for x in range(-columns[0], 4 + columns[1])
    }
    sides = [len({index[axis] for index in canvas}) for axis in range(3)]
    output, events = run("zero_pad", (2, 3, 4), padding=padding)
    assert output == tuple(sides)
    assert events == Events(reads=24, writes=len(canvas))  # 2 * 3 * 4 read


@pytest.mark.parametrize(("scale", "sides"), [(2, (6, 8)), ((3, 1), (9, 4))])
@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
def test_upsampling_by_a_scale(scale, sides, mode):
    output, events = run("upsample", (2, 3, 4), scale=scale, mode=mode)
    did = Counter(reads=24)
    for _ in cells((2, *sides)):
        did["writes"] += 1
        neighbours = {"bilinear": 2 * 2, "bicubic": 4 * 4}.get(mode, 0)
        if neighbours:
            # Each neighbour times its weight, and their sum.
            did["multiplications"] += neighbours
            did["additions"] += neighbours - 1
    assert output == (2, *sides)
    assert events == Events(**did)


@pytest.mark.parametrize("size", [(2, 3), (1, 1), (5, 6)])
def test_areas_are_means_over_adaptive_windows(size):
    output, did = adaptive_pooling((2, 3, 4), size)
    expected = Events(
        additions=did["pairs"], divisions=did["results"], reads=24, writes=did["results"]
    )
    assert run("upsample", (2, 3, 4), size=size, mode="area") == (output, expected)


def test_upsampling_to_a_size():
    assert run("upsample", (2, 3, 4), size=(7, 5))[0] == (2, 7, 5)


@pytest.mark.parametrize("attributes", [{}, {"scale": 2, "size": 4}])
def test_upsampling_needs_one_of_scale_and_size(attributes):
    with pytest.raises(ShapeError, match="takes a scale or a size"):
        run("upsample", (2, 3, 4), **attributes)


@pytest.mark.parametrize(
    ("name", "attributes", "message"),
    [
        ("split", {"parts": 4}, "6 channels cannot be split into 4 equal parts"),
        ("split", {"parts": 2, "part": 3}, "there is no part 3 of 2"),
        ("slice", {"stop": 7}, "channels 0 to 7 are not a part of 6"),
        ("slice", {"start": 3, "stop": 3}, "channels 3 to 3 are not a part of 6"),
        ("channel_shuffle", {"groups": 4}, "6 channels cannot be shuffled across 4 groups"),
        ("group_norm", {"groups": 4}, "6 channels cannot be split into 4 groups"),
        ("zero_pad", {"padding": "same"}, "'same' padding needs a window"),
        ("zero_pad", {"padding": "valid"}, "'valid' padding needs a window"),
        ("zero_pad", {"padding": (1, 2, 3)}, "'padding' has 3 sizes and the input 2 spatial axes"),
        # Two rows: one may be reflected beside the edge's own, two repeated.
        ("zero_pad", {"padding": 2, "mode": "reflect"}, "reflect padding needs as many elements"),
        ("zero_pad", {"padding": 3, "mode": "circular"}, "circular padding needs as many elements"),
        ("max_pool", {"kernel": 3}, "the window is larger than its input"),
        ("max_pool", {"kernel": (1, 2, 3)}, "'kernel' has 3 sizes and the input 2 spatial axes"),
        ("conv", {"out": 4, "kernel": 3, "padding": 0}, "the window is larger than its input"),
        ("conv", {"out": 4, "kernel": 1, "groups": 4}, "6 input channels cannot be split"),
        ("conv", {"out": 4, "kernel": 1, "groups": 3}, "4 output channels cannot be split"),
        (
            "transposed_conv",
            {"out": 4, "kernel": 1, "padding": 3},
            "the padding cuts away the whole output",
        ),
        (
            "transposed_conv",
            {"out": 4, "kernel": 1, "output_padding": 1},
            "'same' padding leaves no room for an output padding",
        ),
        (
            "transposed_conv",
            {"out": 4, "kernel": 3, "padding": 1, "stride": (3, 2), "output_padding": (2, 2)},
            "an output padding must be smaller than the stride, or than the dilation",
        ),
    ],
)
def test_what_does_not_fit(name, attributes, message):
    with pytest.raises(ShapeError, match=message) as error:
        operation(name, **attributes).output_shape(((6, 2, 2),))
    assert error.value.expected


@pytest.mark.parametrize(
    ("mode", "padding", "side"), [("reflect", 1, 4), ("circular", 2, 6), ("replicate", 3, 8)]
)
def test_the_widest_padding_of_what_is_there(mode, padding, side):
    # 2 + 2 * 1, 2 + 2 * 2, and the edge as often as wanted: 2 + 2 * 3.
    assert run("zero_pad", (1, 2, 2), padding=padding, mode=mode)[0] == (1, side, side)


@pytest.mark.parametrize("name", ["conv", "max_pool", "transposed_conv", "zero_pad", "upsample"])
def test_a_vector_is_no_map(name):
    attributes = {
        "conv": {"out": 2, "kernel": 1},
        "max_pool": {"kernel": 1},
        "transposed_conv": {"out": 2, "kernel": 1},
        "zero_pad": {"padding": 1},
        "upsample": {"scale": 2},
    }[name]
    with pytest.raises(ShapeError, match="needs a map, and its input is a vector"):
        operation(name, **attributes).output_shape(((6,),))


def test_groups_that_would_fit_are_suggested():
    with pytest.raises(ShapeError) as error:
        operation("conv", out=12, kernel=1, groups=5).output_shape(((6, 2, 2),))
    # 6 and 12 share the divisors 1, 2, 3 and 6; 3 is the largest up to 5.
    assert error.value.hint == "groups: 3"


def test_fully_connected_layers_flatten():
    units = elements((4, 2, 3))
    multiplies = sum(1 for _ in range(5) for _ in cells((4, 2, 3)))
    assert run("fc", (4, 2, 3), out=5) == (
        (5,),
        Events(macs=multiplies, weights=5 * units, biases=5, additions=5, reads=units, writes=5),
    )
