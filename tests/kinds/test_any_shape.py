"""Whatever a kind is given, it gives a shape and events, or says what does not fit."""

import pytest

from costcalc.kinds import KINDS, TABLE
from costcalc.kinds.base import Events, ShapeError

SHAPES = [(), (1,), (3,), (2, 3), (4, 1, 1), (2, 4, 4), (1, 2, 3, 4), (2, 1, 2, 1, 2)]
REQUIRED = {
    "out": 4,
    "kernel": 2,
    "hidden": 3,
    "size": 2,
    "groups": 2,
    "parts": 2,
    "stop": 2,
    "padding": 1,
    "axes": (1, 0),
    "shape": (2, 3),
    "rows": 5,
    "op": "Foo",
}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("kind", TABLE, ids=lambda kind: kind.name)
def test_a_shape_or_a_reason(kind, shape):
    inputs = (shape,) * max(kind.arity.least, 0 if kind.arity.most == 0 else 1)
    made = kind.operation(**kind.given, **{name: REQUIRED[name] for name in kind.required})
    try:
        if kind.becomes:
            made = made.resolve(inputs)
        output = made.output_shape(inputs)
    except ShapeError as error:
        assert error.message
        return
    events = made.events(inputs, output)
    assert isinstance(events, Events)
    assert all(type(count) is int and count >= 0 for count in events)
    assert all(type(side) is int and side > 0 for side in output)


@pytest.mark.parametrize(
    "name", ["batch_norm", "instance_norm", "group_norm", "lrn", "channel_shuffle", "pad_channels"]
)
def test_a_single_number_has_no_channels(name):
    kind = KINDS[name]
    made = kind.operation(**{each: REQUIRED[each] for each in kind.required})
    with pytest.raises(ShapeError, match="a single number, and has no channels"):
        made.output_shape(((),))
