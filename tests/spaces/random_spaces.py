"""Spaces of tables with random costs, and all that their networks cost."""

import numpy as np

from costcalc.grid.axes import axis
from costcalc.grid.tables import CostTable, CostTables


def random_space(seed, tables=6, choices=7, reach=1000, metrics=("params", "mult_adds")):
    """Tables of one axis each, and each cost of all networks."""
    random = np.random.default_rng(seed)
    axes = tuple(axis(f"p{at}", range(choices)) for at in range(tables))
    costs = random.integers(1, reach, (tables, len(metrics), choices))
    made = [CostTable((at,), dict(zip(metrics, own, strict=True))) for at, own in enumerate(costs)]
    sums = [np.zeros((), int) for _ in metrics]
    for own in costs:
        sums = [np.add.outer(total, part).ravel() for total, part in zip(sums, own, strict=True)]
    return CostTables(axes, tuple(made), 0), sums
