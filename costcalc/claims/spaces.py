"""The size of the space that a spec declares: a figure of many networks, not of one."""

from __future__ import annotations

from costcalc.errors import refuse
from costcalc.metrics import Accounting
from costcalc.opening import OpenNetwork


def network_count(network: OpenNetwork, accounting: Accounting) -> int:
    """The networks of the space that a spec declares, without the parameters that are set.

    Settings that differ only in choices that change nothing are one network.

    Raises:
        SpecError: the spec declares no space, or its parts depend on too many parameters.
    """
    from costcalc.grid.evaluate import Grid
    from costcalc.grid.networks import axes_of, declared_space
    from costcalc.grid.tables import Coupled, tables
    from costcalc.spaces.counting import networks

    document, settings = network.document, network.settings
    axes = tuple(axes_of(declared_space(network)))
    grid = Grid(document, accounting, settings, axes, ())
    priced = tables(grid, worth=0)
    if isinstance(priced, Coupled):
        refuse(None, f"the networks of {document.titled({})} are not counted: {priced}")
    return networks(priced)
