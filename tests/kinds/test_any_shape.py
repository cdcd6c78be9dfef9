"""On any input, a kind returns a shape and events, or an error about the shape."""

import pytest

from costcalc.kinds import KINDS, TABLE
from costcalc.kinds.base import Events, ShapeError
from costcalc.kinds.examples import EXAMPLES

SHAPES = [(), (1,), (3,), (2, 3), (4, 1, 1), (2, 4, 4), (1, 2, 3, 4), (2, 1, 2, 1, 2)]


def made(kind):
    """The kind with the attributes of its example that a spec must set."""
    settings = EXAMPLES[kind.name].attributes
    return kind.operation(**kind.given, **{name: settings[name] for name in kind.required})


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("kind", TABLE, ids=lambda kind: kind.name)
def test_a_shape_or_an_error(kind, shape):
    inputs = (shape,) * max(kind.arity.least, 0 if kind.arity.most == 0 else 1)
    layer = made(kind)
    try:
        if kind.becomes:
            layer = layer.resolve(inputs)
        output = layer.output_shape(inputs)
    except ShapeError as error:
        assert error.message
        return
    events = layer.events(inputs, output)
    assert isinstance(events, Events)
    assert all(type(count) is int and count >= 0 for count in events)
    assert all(type(side) is int and side > 0 for side in output)


@pytest.mark.parametrize(
    "name", ["batch_norm", "instance_norm", "group_norm", "lrn", "channel_shuffle", "pad_channels"]
)
def test_a_single_number_has_no_channels(name):
    with pytest.raises(ShapeError, match="a single number, without channels"):
        made(KINDS[name]).output_shape(((),))
