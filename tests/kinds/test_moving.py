"""Kinds that join, split, pad and enlarge maps, and inputs that do not fit them."""

import pytest

from costcalc.kinds.base import ShapeError, shape_text
from tests.kinds.oracles import check, run


@pytest.mark.parametrize("inputs", [((2, 3, 4), (5, 3, 4)), ((1,), (2,), (3,)), ((2, 3), (2, 3))])
def test_concat(inputs):
    check("concat", *inputs)


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
def test_inputs_that_cannot_be_joined(name, inputs):
    with pytest.raises(ShapeError, match="shapes that differ cannot be") as error:
        run(name, *inputs)
    assert error.value.found == " and ".join(shape_text(shape) for shape in inputs)


@pytest.mark.parametrize(("parts", "part"), [(1, 1), (2, 1), (2, 2), (3, 3), (6, 4)])
def test_split(parts, part):
    check("split", (6, 2, 3), parts=parts, part=part)


@pytest.mark.parametrize(("start", "stop"), [(0, 1), (0, 6), (2, 5), (5, 6)])
def test_slice(start, stop):
    check("slice", (6, 2, 3), start=start, stop=stop)


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
def test_channel_shuffle_moves_every_channel_once(groups):
    check("channel_shuffle", (6, 2, 3), groups=groups)


def test_flatten_is_a_view():
    check("flatten", (2, 3, 4))


@pytest.mark.parametrize("name", ["dropout", "identity"])
def test_nothing_happens_at_inference(name):
    check(name, (2, 3, 4))


@pytest.mark.parametrize("padding", [1, (2, 1), ((0, 1), (2, 3)), ((0, 1), 2)])
def test_zero_padding(padding):
    check("zero_pad", (2, 3, 4), padding=padding)


@pytest.mark.parametrize("out", [16, 17, 32])
def test_channels_of_zeros_are_written_but_not_read(out):
    check("pad_channels", (16, 8, 4), out=out)


def test_padding_channels_removes_none():
    with pytest.raises(ShapeError, match="16 channels cannot be padded to 8"):
        run("pad_channels", (16, 8, 4), out=8)


@pytest.mark.parametrize("scale", [2, (3, 1)])
@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic", "area"])
def test_upsampling_by_a_scale(scale, mode):
    check("upsample", (2, 3, 4), scale=scale, mode=mode)


@pytest.mark.parametrize("size", [(2, 3), (1, 1), (5, 6)])
@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic", "area"])
def test_upsampling_to_sizes(size, mode):
    check("upsample", (2, 3, 4), size=size, mode=mode)


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
        (
            "zero_pad",
            {"padding": (1, 2, 3)},
            "'padding' has 3 sizes, but the input has 2 spatial axes",
        ),
        # Two rows: one may be reflected beside the edge's own, two repeated.
        ("zero_pad", {"padding": 2, "mode": "reflect"}, "reflect padding needs as many elements"),
        ("zero_pad", {"padding": 3, "mode": "circular"}, "circular padding needs as many elements"),
        ("max_pool", {"kernel": 3}, "the window is larger than its input"),
        (
            "max_pool",
            {"kernel": (1, 2, 3)},
            "'kernel' has 3 sizes, but the input has 2 spatial axes",
        ),
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
def test_inputs_that_do_not_fit(name, attributes, message):
    with pytest.raises(ShapeError, match=message) as error:
        run(name, (6, 2, 2), **attributes)
    assert error.value.expected


@pytest.mark.parametrize(
    ("mode", "padding", "side"), [("reflect", 1, 4), ("circular", 2, 6), ("replicate", 3, 8)]
)
def test_the_widest_padding_of_each_mode(mode, padding, side):
    # 2 + 2 * 1, 2 + 2 * 2, and the edge as often as wanted: 2 + 2 * 3.
    assert run("zero_pad", (1, 2, 2), padding=padding, mode=mode)[0] == (1, side, side)


@pytest.mark.parametrize("name", ["conv", "max_pool", "transposed_conv", "zero_pad", "upsample"])
def test_a_vector_has_no_spatial_axis(name):
    attributes = {
        "conv": {"out": 2, "kernel": 1},
        "max_pool": {"kernel": 1},
        "transposed_conv": {"out": 2, "kernel": 1},
        "zero_pad": {"padding": 1},
        "upsample": {"scale": 2},
    }[name]
    with pytest.raises(ShapeError, match="needs at least one spatial axis"):
        run(name, (6,), **attributes)


def test_groups_that_would_fit_are_suggested():
    with pytest.raises(ShapeError) as error:
        run("conv", (6, 2, 2), out=12, kernel=1, groups=5)
    # 6 and 12 share the divisors 1, 2, 3 and 6; 3 is the largest up to 5.
    assert error.value.hint == "groups: 3"
