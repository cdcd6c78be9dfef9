"""Names of layers that have a formula, listed with names of networks."""

from __future__ import annotations

from collections.abc import Sequence

from costcalc import opening
from costcalc.errors import refuse
from costcalc.opening import AnyNetwork
from costcalc.spec import library


def is_layer(name: str) -> bool:
    """Whether a name, which may carry settings, is that of a layer with a formula.

    Raises:
        SpecError: a setting is malformed.
    """
    # Imported here: symbols take long to import, and names of networks need none.
    from costcalc.symbolic.catalogue import FORMULAS

    return name in FORMULAS or library.reference(name).network in FORMULAS


def refuse_unknown(name: str) -> None:
    """Refuses a name that is neither a layer nor a network.

    Raises:
        SpecError: it is neither.
    """
    if not opening.is_network(name):
        from costcalc.symbolic.catalogue import refuse_unknown_name

        refuse_unknown_name(library.reference(name).network)


def layer_names(names: Sequence[AnyNetwork]) -> list[str]:
    """The names if all of them are layers; none if all are networks.  Networks win.

    Raises:
        SpecError: some are layers and some are networks, which cannot be compared.
    """
    layers = [
        name
        for name in names
        if isinstance(name, str) and not opening.is_network(name) and is_layer(name)
    ]
    if layers and len(layers) < len(names):
        refuse(
            None,
            f"'{layers[0]}' is a layer, and cannot be compared with a network",
            expected="only networks, or only layers",
        )
    return layers
