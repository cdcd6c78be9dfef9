"""Kinds that reshape or move elements, against NumPy."""

import numpy
import pytest

from costcalc.kinds.base import Events, ShapeError
from tests.kinds.oracles import check, run


@pytest.mark.parametrize(
    "shape", [(24,), (-1,), (4, 6), (2, -1), (-1, 2, 2), (1, 24, 1), (2, 3, 4), (4, -1, 3)]
)
def test_reshape(shape):
    check("reshape", (2, 3, 4), shape=shape)


def test_a_single_number_has_a_shape():
    assert run("reshape", (1, 1), shape=())[0] == ()
    assert run("reshape", (), shape=(1, -1))[0] == (1, 1)
    assert run("exp", ())[1] == Events(functions=1, reads=1, writes=1)


@pytest.mark.parametrize("shape", [(5,), (5, -1), (2, 3), (48,)])
def test_a_shape_with_another_number_of_elements(shape):
    with pytest.raises(ValueError, match="cannot reshape"):
        numpy.zeros((2, 3, 4)).reshape(shape)
    with pytest.raises(ShapeError, match="24 elements do not fill the shape") as error:
        run("reshape", (2, 3, 4), shape=shape)
    assert error.value.found == str([*shape])


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1), (-1, 0, 1), (1, 0, 2)])
def test_transpose(axes):
    check("transpose", (2, 3, 4), axes=axes)


@pytest.mark.parametrize(
    ("axes", "message"),
    [((0, 1), "of 3 axes names 2 of them"), ((0, 1, 1), "named twice"), ((0, 1, 3), "no axis 3")],
)
def test_axes_that_are_not_named_exactly_once(axes, message):
    with pytest.raises(ShapeError, match=message):
        run("transpose", (2, 3, 4), axes=axes)


def test_rearranged_elements_are_read_and_written():
    # A gather of 5 rows by 5 numbers: 12 + 5 read, 20 written.
    assert run("rearrange", (3, 4), (5,), shape=(5, 4)) == ((5, 4), Events(reads=17, writes=20))


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
@pytest.mark.parametrize(("start", "stop", "step"), [(0, 4, 1), (1, 4, 2), (0, 4, 3), (1, 2, 5)])
def test_slice_along_an_axis(axis, start, stop, step):
    check("slice", (4, 5, 6), start=start, stop=stop, step=step, axis=axis)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_split_along_an_axis(axis):
    check("split", (6, 9, 3), parts=3, part=2, axis=axis)


@pytest.mark.parametrize(("axis", "other"), [(0, (5, 3, 4)), (1, (2, 5, 4)), (-1, (2, 3, 1))])
def test_concat_along_an_axis(axis, other):
    check("concat", (2, 3, 4), other, axis=axis)


@pytest.mark.parametrize("mode", ["zero", "reflect", "replicate", "circular"])
@pytest.mark.parametrize(
    ("axis", "pads"), [(0, ((1, 0), (0, 2), (1, 1))), (1, ((1, 2), (0, 1))), (-1, ((2, 0),))]
)
def test_padding_starting_from_an_axis(axis, pads, mode):
    check("zero_pad", (3, 4, 5), padding=pads, axis=axis, mode=mode)


@pytest.mark.parametrize(
    ("name", "attributes", "message"),
    [
        (
            "split",
            {"parts": 2, "axis": 1},
            "5 places cannot be split into 2 equal parts along axis 1",
        ),
        ("slice", {"stop": 7, "axis": -1}, "places 0 to 7 are not a part of 6 along axis 2"),
        ("softmax", {"axis": 3}, "there is no axis 3"),
        ("prelu", {"axis": -4}, "there is no axis -4"),
        ("layer_norm", {"axes": (0, 0)}, "an axis is named twice"),
        ("rms_norm", {"axes": (5,)}, "there is no axis 5"),
        ("fc", {"out": 3, "axis": 1}, "a matrix over the whole input has no axis"),
        ("fc", {"out": 3, "axis": 3, "per_position": True}, "there is no axis 3"),
    ],
)
def test_axes_that_do_not_fit(name, attributes, message):
    with pytest.raises(ShapeError, match=message):
        run(name, (4, 5, 6), **attributes)
