"""Fully connected layers: over the whole input, and at every position."""

from costcalc.kinds import KINDS
from costcalc.kinds.dense import FullyConnected
from costcalc.kinds.naming import filter_sides


def test_one_matrix_over_the_whole_input():
    layer = FullyConnected(out=10)
    assert layer.output_shape(((64, 3, 5),)) == (10,)
    events = layer.events(((64, 3, 5),), (10,))
    assert (events.macs, events.weights) == (64 * 3 * 5 * 10, 64 * 3 * 5 * 10)
    assert filter_sides(KINDS["fc"], layer, ((64, 3, 5),), (10,)) == (960, 10)


def test_one_matrix_at_every_position():
    layer = FullyConnected(out=10, per_position=True)
    assert layer.output_shape(((64, 3, 5),)) == (10, 3, 5)
    events = layer.events(((64, 3, 5),), (10, 3, 5))
    macs = sum(1 for _ in range(3 * 5) for _ in range(10) for _ in range(64))
    assert (events.macs, events.weights, events.biases) == (macs, 640, 10)
    # one addition of the bias for each of the 10*3*5 outputs
    assert (events.additions, events.reads, events.writes) == (150, 960, 150)
    assert filter_sides(KINDS["fc"], layer, ((64, 3, 5),), (10, 3, 5)) == (64, 10)
