"""Boxes of settings are divided by the outcomes that comparisons have there."""

from itertools import product

import pytest

from costcalc.tape.player import Player
from costcalc.tape.tables import Tables
from costcalc.tape.tape import Parameter, Tape, TooLarge

AXES = ((1, 2, 5), (0, 3, 4, 7), (2, 6))


def tables(build):
    """The tables of a tape of three numbers, and the node of a comparison of them."""
    tape = Tape([Parameter(name, 0, 9, True) for name in "abc"])
    return Tables(Player(tape), AXES), build(tape)


@pytest.mark.parametrize("operation", ["+", "-", "*", "max"])
@pytest.mark.parametrize("operands", list(product(range(3), repeat=3)))
def test_parts_have_the_outcomes_of_their_settings(operation, operands):
    first, second, third = operands
    divided, node = tables(
        lambda tape: tape.operation("<", tape.operation(operation, first, second), third)
    )
    seen = {}
    for outcome, box in divided.divided(node, divided.whole):
        for places in product(*box):
            seen[places] = outcome
    expected = {}
    for places in product(*map(range, map(len, AXES))):
        numbers = [axis[place] for axis, place in zip(AXES, places, strict=True)]
        expected[places] = bool(divided.player.value(node, numbers))
    assert seen == expected


def test_a_comparison_without_a_value_divides_nothing():
    divided, node = tables(lambda tape: tape.operation("<", tape.operation("/", 0, 1), 2))
    with pytest.raises(TooLarge):
        list(divided.divided(node, divided.whole))
    assert list(divided.divided(node, ((0,), (1, 2), (0,))))
