"""Kinds that slide a window, against loops that do the same."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costcalc.kinds.base import ShapeError
from costcalc.kinds.convolution import Conv
from costcalc.kinds.pooling import Pool, largest, mean
from costcalc.kinds.windows import explicit_pads
from tests.kinds.oracles import ORACLES, check, run

many = settings(max_examples=150)


@st.composite
def windows(draw: st.DrawFn, longest: int = 7) -> dict:
    """A small map of one to three axes, and a window that fits it."""
    rank = draw(st.integers(1, 3))
    top = {1: longest, 2: 6, 3: 3}[rank]
    channels = draw(st.sampled_from([1, 2, 4, 6]))
    kernel = tuple(draw(st.integers(1, 3)) for _ in range(rank))
    dilation = tuple(draw(st.integers(1, 2)) for _ in range(rank))
    extents = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    pads = tuple((draw(st.integers(0, e - 1)), draw(st.integers(0, e - 1))) for e in extents)
    axes = tuple(
        draw(st.integers(max(1, e - sum(pad)), max(top, e)))
        for e, pad in zip(extents, pads, strict=True)
    )
    return {
        "shape": (channels, *axes),
        "kernel": kernel,
        "stride": tuple(draw(st.integers(1, 3)) for _ in range(rank)),
        "dilation": dilation,
        "pads": pads,
    }


def sides(window: dict) -> dict:
    """The window as a kind's attributes."""
    return {
        "kernel": window["kernel"],
        "stride": window["stride"],
        "padding": window["pads"],
        "dilation": window["dilation"],
    }


@many
@given(windows(), st.sampled_from([1, 2, 3, 4, 6]), st.booleans(), st.data())
def test_convolutions(window, factor, bias, data):
    channels = window["shape"][0]
    groups = data.draw(st.sampled_from([g for g in (1, 2, 3, 4, 6) if channels % g == 0]))
    settings = {"out": groups * factor, "groups": groups, "bias": bias, **sides(window)}
    check("conv", window["shape"], **settings)


@many
@given(windows(), st.integers(1, 3), st.booleans())
def test_depthwise_convolutions(window, multiplier, bias):
    check("depthwise", window["shape"], multiplier=multiplier, bias=bias, **sides(window))


@many
@given(windows(), st.sampled_from([1, 2, 4]))
def test_same_padding_is_tensorflows(window, out):
    check("conv", window["shape"], out=out, bias=False, **{**sides(window), "padding": "same"})


@pytest.mark.parametrize("padding", ["valid", 0, (0, 0), ((0, 0), (0, 0))])
def test_four_ways_to_write_no_padding(padding):
    attributes = {"out": 4, "kernel": (3, 2), "stride": (1, 2), "bias": False}
    expected = ORACLES["conv"]((2, 5, 6), padding=((0, 0), (0, 0)), **attributes)
    assert run("conv", (2, 5, 6), padding=padding, **attributes) == expected


@pytest.mark.parametrize(
    ("padding", "pads"),
    [(1, ((1, 1), (1, 1))), ((2, 0), ((2, 2), (0, 0))), (((0, 1), 2), ((0, 1), (2, 2)))],
)
def test_one_padding_per_axis_or_per_side(padding, pads):
    attributes = {"out": 2, "kernel": 3, "stride": (2, 1), "bias": False}
    expected = ORACLES["conv"]((1, 5, 4), padding=pads, **attributes)
    assert run("conv", (1, 5, 4), padding=padding, **attributes) == expected


@pytest.mark.parametrize("bias", [True, False])
def test_pointwise_convolutions_are_convolutions(bias):
    check("pointwise", (4, 3, 5), out=6, stride=2, groups=2, bias=bias)


@many
@given(windows(longest=5), st.booleans(), st.data())
def test_transposed_convolutions(window, bias, data):
    channels = window["shape"][0]
    groups = data.draw(st.sampled_from([g for g in (1, 2, 4) if channels % g == 0]))
    out = groups * data.draw(st.integers(1, 2))
    steps = zip(window["stride"], window["dilation"], strict=True)
    extra = tuple(data.draw(st.integers(0, max(s, d) - 1)) for s, d in steps)
    settings = {"out": out, "groups": groups, "output_padding": extra, "bias": bias}
    # Padding no larger than the window leaves some of the output.
    output, _ = ORACLES["transposed_conv"](window["shape"], **settings, **sides(window))
    if min(output) < 1:
        return
    check("transposed_conv", window["shape"], **settings, **sides(window))


@many
@given(windows(longest=5), st.integers(1, 3), st.booleans())
def test_transposed_depthwise_convolutions(window, multiplier, bias):
    window["pads"] = tuple((0, 0) for _ in window["pads"])
    check(
        "transposed_depthwise", window["shape"], multiplier=multiplier, bias=bias, **sides(window)
    )


def test_same_padding_of_a_transposed_convolution_multiplies_by_the_stride():
    assert run("transposed_conv", (8, 5, 7), out=3, kernel=4, stride=(2, 3))[0] == (3, 10, 21)
    check("transposed_conv", (8, 5, 7), out=3, kernel=4, stride=(2, 3))


@many
@given(windows(), st.booleans(), st.sampled_from(["max_pool", "avg_pool"]))
def test_pools(window, is_ceil, name):
    check(name, window["shape"], ceil_mode=is_ceil, **sides(window))


@many
@given(windows(), st.sampled_from(["max_pool", "avg_pool"]))
def test_same_padding_of_pools(window, name):
    check(name, window["shape"], **{**sides(window), "padding": "same"})


@many
@given(windows())
def test_the_last_window_of_a_pool_in_ceil_mode_starts_inside(window):
    pool = Pool(
        largest, window["kernel"], window["stride"], window["pads"], window["dilation"], True
    )
    output = pool.output_shape((window["shape"],))
    for n, positions, s, (before, _) in zip(
        window["shape"][1:], output[1:], window["stride"], window["pads"], strict=True
    ):
        assert (positions - 1) * s - before < n


def test_ceil_mode_of_googlenets_pools():
    # 112 -> 56 by 3x3/2 without padding: windows begin at 0, 2, ..., 110.
    pool = Pool(largest, 3, 2, ceil_mode=True)
    assert pool.output_shape(((64, 112, 112),)) == (64, 56, 56)
    assert Pool(largest, 3, 2).output_shape(((64, 112, 112),)) == (64, 55, 55)


def test_a_pool_in_ceil_mode_may_extend_past_a_map_smaller_than_its_window():
    # (2 - 4) / 4 rounded up is 0, and one position: rows 0 to 3 of which two are there.
    assert Pool(largest, 4, ceil_mode=True).output_shape(((3, 2, 9),)) == (3, 1, 3)
    # (2 - 4) / 2 is -1: no position.
    with pytest.raises(ShapeError, match="larger than its input") as error:
        Pool(largest, 4, 2, ceil_mode=True).output_shape(((3, 2, 9),))
    assert error.value.expected == "an input of at least 3 for a window of 4"


def test_the_stride_of_a_pool_is_its_kernel():
    assert Pool(mean, (2, 3)).output_shape(((1, 8, 9),)) == (1, 4, 3)


@many
@given(st.integers(1, 3), st.sampled_from(["adaptive_max_pool", "adaptive_avg_pool"]), st.data())
def test_adaptive_pools(channels, name, data):
    rank = data.draw(st.integers(1, 2))
    axes = tuple(data.draw(st.integers(1, 12)) for _ in range(rank))
    size = tuple(data.draw(st.integers(1, 14)) for _ in range(rank))
    check(name, (channels, *axes), size=size)


@pytest.mark.parametrize("shape", [(3, 7), (2, 4, 5), (2, 3, 2, 2)])
@pytest.mark.parametrize("name", ["global_max_pool", "global_avg_pool"])
def test_global_pools_are_adaptive_pools_to_one(name, shape):
    check(name, shape)


def test_windows_with_three_spatial_axes():
    # 2 * 3 * 4 positions of a 2x2x2 kernel over 3 channels into 5.
    operation = Conv(5, 2, padding="valid", bias=False)
    events = operation.events(((3, 3, 4, 5),), operation.output_shape(((3, 3, 4, 5),)))
    positions = len(list(product(range(2), range(3), range(4))))
    assert events.macs == positions * 2 * 2 * 2 * 3 * 5


@many
@given(windows())
def test_same_padding_in_numbers(window):
    shape, sliding = window["shape"], {k: window[k] for k in ("kernel", "stride", "dilation")}
    pairs = explicit_pads(shape[1:], padding="same", **sliding)
    same = Conv(out=2, padding="same", **sliding).output_shape((shape,))
    assert Conv(out=2, padding=pairs, **sliding).output_shape((shape,)) == same
    # The same before and after, or one row more after; and only rows that a window needs.
    for axis, (before, after) in enumerate(pairs):
        assert after - before in (0, 1)
        if after:
            fewer = tuple((b, a - (place == axis)) for place, (b, a) in enumerate(pairs))
            try:
                smaller = Conv(out=2, padding=fewer, **sliding).output_shape((shape,))
            except ShapeError:
                continue
            assert smaller != same


@pytest.mark.parametrize(
    ("padding", "pairs"), [("valid", ((0, 0), (0, 0))), ((1, (2, 3)), ((1, 1), (2, 3)))]
)
def test_other_paddings_in_numbers(padding, pairs):
    assert explicit_pads((9, 8), kernel=5, stride=2, padding=padding) == pairs
