"""Spaces of tables with random costs, and all that their networks cost."""

import numpy as np

from costcalc.grid.axes import axis
from costcalc.grid.tables import CostTable, CostTables


def random_space(seed, tables=6, choices=7, reach=1000):
    """Tables of one axis each, and how many networks have each pair of costs."""
    random = np.random.default_rng(seed)
    axes = tuple(axis(f"p{at}", range(choices)) for at in range(tables))
    costs = random.integers(0, reach, (tables, 2, choices))
    made = [
        CostTable((at,), {"params": own[0], "mult_adds": own[1]}) for at, own in enumerate(costs)
    ]
    sums = [np.zeros((), int), np.zeros((), int)]
    for own in costs:
        sums = [np.add.outer(total, part).ravel() for total, part in zip(sums, own, strict=True)]
    return CostTables(axes, tuple(made), 0), sums
