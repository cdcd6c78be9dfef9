"""Questions about bytes, one function each; the others are in :mod:`.questions`.

A layer graph under a storage is a schedule, from which the answer follows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from costcalc.errors import refuse
from costcalc.graph.whole_numbers import whole_number
from costcalc.opening import AnyNetwork, exact, opened
from costcalc.spec.library import NameOrPath

if TYPE_CHECKING:
    from costcalc.storing.memory import Memory
    from costcalc.storing.storages import StorageRules, Storages

ORDERS = ("file", "best")
"""Orders of the steps."""


def memory(
    network: AnyNetwork,
    *,
    storage: NameOrPath | None = None,
    planner: str | None = None,
    batch: int = 1,
    order: str = "file",
    patches: int | None = None,
    **settings: Any,
) -> Memory:
    """What a network needs in flash and RAM, step by step.

    Args:
        network: as for :func:`report`.
        storage: the name of a storage, or the path of its file; by default that of the
            network's own file, or else ``"fp32"``.
        planner: the planner of the arena; by default the storage's.
        batch: how many inputs are run at once.
        order: ``"file"``, or ``"best"`` for the order of the steps with the lowest bound.
        patches: run the first layers in that many pieces along each axis of their output;
            every stage that can be cut is tried.
        settings: as for :func:`report`.

    Returns:
        Bytes as exact integers.

    Raises:
        CostcalcError: the network, a setting, the storage or the planner is wrong.

    >>> answer = memory("mobilenet_v2", storage="mcunet")
    >>> answer.peak, answer.weight_bytes  # 112 * 112 * (16 + 96)
    (1404928, 3541984)
    """
    from costcalc.storing.memory import memory as answer

    if order not in ORDERS:
        refuse(None, f"there is no order '{order}'", "one of " + ", ".join(ORDERS))
    if patches is not None:
        patches = whole_number("patches", patches)
    batch = whole_number("batch", batch)
    graph = opened(network, exact(settings)).graph()
    return answer(graph, storage, planner, batch, order == "best", patches)


def storages(name: NameOrPath | None = None) -> Storages | StorageRules:
    """The storages that ship, or one.

    Raises:
        StorageError: there is no such storage, or it is wrong.

    >>> storages("tflm").storage.planner
    'tflm'
    """
    from costcalc.storing import files
    from costcalc.storing.storages import StorageRules, Storages

    if name is not None:
        return StorageRules(files.load(name))
    return Storages(tuple(map(files.load, files.available())))
