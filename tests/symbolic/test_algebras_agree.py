"""Each formula gives the same over ints, NumPy arrays and SymPy symbols."""

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costcalc.symbolic.catalogue import TABLE
from costcalc.symbolic.layers import layer_formula
from costcalc.symbolic.notation import Sizes

SIZE = st.integers(1, 40)
GROUPED = st.builds(
    lambda k, g, m, n, h, t: Sizes((k, k), g * m, g * n, (h, h), g, t),
    *(SIZE,) * 6,
)


@pytest.mark.slow
@pytest.mark.parametrize("entry", TABLE, ids=lambda entry: entry.name)
@settings(max_examples=20, deadline=None)
@given(several=st.lists(GROUPED, min_size=1, max_size=4))
def test_ints_arrays_and_symbols_agree(entry, several):
    columns = Sizes(*(_column(values) for values in zip(*several, strict=True)))
    arrays = {metric: count(columns) for metric, count in entry.counts.items()}
    for index, sizes in enumerate(several):
        names = _values(entry.notation.sizes, sizes)
        formula = layer_formula(entry.name)
        for count in formula.counts:
            exact = entry.counts[count.metric](sizes)
            assert type(exact) is int
            assert numpy.broadcast_to(arrays[count.metric], (len(several),))[index] == exact
            expression = count.expression
            values = {symbol: names[symbol.name] for symbol in expression.free_symbols}
            assert expression.subs(values) == exact


def _column(values):
    if isinstance(values[0], tuple):
        return tuple(numpy.array(side) for side in zip(*values, strict=True))
    return numpy.array(values)


def _values(names, sizes):
    values = {}
    for name, size in zip(names, sizes, strict=True):
        values.update(zip(name, size, strict=True) if isinstance(name, tuple) else [(name, size)])
    return values
