"""Kinds that resample, pick by values and transform, against loops and NumPy."""

import numpy
import pytest

import costcalc
from costcalc.formulas.selection import doublings, pairs
from costcalc.kinds.base import ShapeError
from tests.kinds.oracles import check, run, tournament
from tests.kinds.tally import Tally


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
@pytest.mark.parametrize(
    ("shape", "places"),
    [((2, 5), (3, 1)), ((2, 5, 4), (3, 7, 2)), ((2, 5, 4, 3), (2, 2, 3, 3)), ((2, 5, 4), (9, 2))],
)
def test_sampling(shape, places, mode):
    check("grid_sample", shape, places, mode=mode)


@pytest.mark.parametrize("mode", ["mean", "max"])
@pytest.mark.parametrize("samples", [None, 0, 1, 2])
@pytest.mark.parametrize(("size", "is_sensitive"), [(3, False), ((2, 3), False), ((2, 3), True)])
def test_boxes(mode, samples, size, is_sensitive):
    arguments = {"size": size, "mode": mode, "samples": samples}
    check("roi_pool", (12, 7, 5), (4, 5), position_sensitive=is_sensitive, **arguments)


@pytest.mark.parametrize("k", [None, 1, 2, 5])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_the_largest(k, axis):
    check("top_k", (5, 6, 7), k=k, axis=axis)


@pytest.mark.parametrize("n", range(1, 40))
def test_a_tournament_finds_the_largest(n):
    tally = Tally()
    tournament(tally, n, 1)
    assert tally["comparisons"] == n - 1
    assert 2 ** doublings(n) >= n > 2 ** (doublings(n) - 1)
    assert pairs(n) == sum(1 for one in range(n) for _ in range(one))


@pytest.mark.parametrize("most", [None, 1, 9])
def test_boxes_that_overlap(most):
    check("nms", (9, 4), (9,), most=most)


@pytest.mark.parametrize(
    ("shape", "axes", "more", "expected"),
    [
        ((3, 8), (-1,), {}, numpy.fft.fft),
        ((3, 8), (0, 1), {"size": (4, 16)}, lambda x: numpy.fft.fftn(x, (4, 16), (0, 1))),
        ((3, 8), (1,), {"real": "input"}, numpy.fft.rfft),
        ((3, 9), (1,), {"real": "input"}, numpy.fft.rfft),
        ((3, 9), (1,), {"real": "output"}, numpy.fft.irfft),
        ((5, 3, 9), (0, 2), {"real": "input"}, lambda x: numpy.fft.rfftn(x, axes=(0, 2))),
        ((5, 3), (1, 0), {"real": "output"}, lambda x: numpy.fft.irfftn(x, axes=(1, 0))),
        (
            (5, 3),
            (1, 0),
            {"real": "output", "size": (3, 7)},
            lambda x: numpy.fft.irfftn(x, (3, 7), (1, 0)),
        ),
    ],
)
def test_transforms(shape, axes, more, expected):
    check("fft", shape, axes=axes, **more)
    assert run("fft", shape, axes=axes, **more)[0] == expected(numpy.ones(shape)).shape


@pytest.mark.parametrize(
    ("kind", "inputs", "attributes", "message"),
    [
        ("grid_sample", ((2, 5, 4), (3, 3)), {}, "places of 3 numbers are not in a map of 2 axes"),
        ("grid_sample", ((2, 5, 4), ()), {}, "places of no numbers"),
        ("grid_sample", ((2,), (3, 1)), {}, "needs at least one spatial axis"),
        ("roi_pool", ((2, 5, 4), (3,)), {"size": 2}, "boxes are a list"),
        ("roi_pool", ((2, 5, 4), (3, 4)), {"size": (2, 2, 2)}, "'size' has 3 sizes"),
        (
            "roi_pool",
            ((5, 5, 4), (3, 4)),
            {"size": 2, "position_sensitive": True},
            "5 channels are not as many for each of 4 bins",
        ),
        ("top_k", ((3, 4),), {"k": 5}, "there are no 5 largest of 4 elements"),
        ("top_k", ((),), {}, "there is no axis -1"),
        ("nms", ((3, 4), (3,)), {"most": 4}, "4 of 3 boxes cannot be kept"),
        ("nms", ((), ()), {}, "without channels"),
        ("fft", ((3, 4),), {"axes": (2,)}, "there is no axis 2"),
        ("fft", ((3, 4),), {"axes": (1, 1)}, "named twice"),
        ("fft", ((3, 4),), {"axes": (), "real": "output"}, "nothing to transform"),
        ("fft", ((3, 1),), {"real": "output"}, "nothing to transform"),
    ],
)
def test_what_does_not_fit(kind, inputs, attributes, message):
    with pytest.raises(ShapeError, match=message):
        run(kind, *inputs, **attributes)


SPEC = """
name: Pick
input: [4, res, res]
parameters: {res: 16}
layers:
  - conv: {out: 8, kernel: 3, name: map}
  - fft: {axes: [1, 2], real: input}
  - fft: {axes: [1, 2], real: output, size: res}
  - top_k: {k: in_height // 2, axis: 1}
  - learned: {shape: [res, 2], name: places, of: other}
  - grid_sample: {from: [map, places]}
  - learned: {shape: [6, 4], name: boxes, of: other}
  - roi_pool: {from: [map, boxes], size: 2, samples: 2, mode: mean}
"""


def test_counts_are_the_same_in_every_algebra(tmp_path):
    path = tmp_path / "pick.yaml"
    path.write_text(SPEC, encoding="utf-8")
    rows = list(costcalc.sweep(str(path), alpha="0.5,1", res="8,16,24").rows())
    form = costcalc.formula(str(path))
    assert len(rows) == 6
    for row in rows:
        totals = costcalc.report(str(path), **row.settings).totals
        assert (row.params, row.mult_adds) == (totals.params, totals.mult_adds), row.settings
        values = tuple(row.settings[name] for name in ("alpha", "res"))
        if form.domain.holds(values):
            assert form.totals["mult_adds"].polynomial(values) == totals.mult_adds
