"""A network's bytes: by a storage, or as its own file states them."""

from __future__ import annotations

from typing import NoReturn

from costcalc.advice import advice, option
from costcalc.arena.schedule import Schedule
from costcalc.errors import refuse
from costcalc.formulas.algebra import Size
from costcalc.graph.layer import LayerGraph
from costcalc.spec.library import NameOrPath
from costcalc.storing.files import available, load
from costcalc.storing.schedule import StoredNetwork, stored
from costcalc.storing.storage import DEFAULT_STORAGE, Storage
from costcalc.storing.traffic import operations, traffic

A_STORAGE = option("storage", "NAME")
"""What helps where a file's own bytes do not apply."""

OWN = Storage(
    name="tflite",
    title="as the file states its tensors and steps",
    source="the file",
    bits={},
    alignment=16,
    planner="tflm",
)
"""The storage of a file that states its own tensors and steps."""


def stored_network(
    graph: LayerGraph, storage: NameOrPath | None, batch: int = 1, planner: str | None = None
) -> StoredNetwork:
    """A layer graph under a storage, by default that of its file, or else ``fp32``.

    Args:
        graph: a network; sizes may be numbers of any algebra.
        storage: a storage's name or path.
        batch: how many inputs are run at once.
        planner: a planner's name; a file's own tensors are kept as the planner's runtime does.

    Raises:
        CostcalcError: there is no such storage, or a file's own has no such batch or setting.
    """
    if storage is None and graph.is_file_resized:
        refuse_other_settings(graph.name)
    if storage is None and graph.schedule is not None:
        if batch != 1:
            message = "a file's own tensors have its own batch"
            refuse(None, message, advice("{} for another", A_STORAGE))
        return _own(graph, graph.schedule, planner)
    return stored(graph, storage_or_default(storage), batch)


def _own(graph: LayerGraph, schedule: Schedule, planner: str | None) -> StoredNetwork:
    """What a file states; the runtime of a planner has a storage of the planner's name.

    By it inputs are kept, addresses aligned and scratch, which a file's steps have by
    tflite-micro's rules, is left out if it has none; without one, as tflite-micro does.
    """
    if planner not in available():
        return of_file(graph, OWN, schedule)
    rules = load(planner)
    if not rules.scratch:
        schedule = schedule.without_scratch()
    if "inputs" in rules.keeps:
        schedule = schedule.with_inputs_kept()
    return of_file(graph, OWN._replace(alignment=rules.alignment), schedule)


def storage_or_default(storage: NameOrPath | None) -> Storage:
    """The storage of that name or path; ``fp32`` for None.

    Raises:
        StorageError: there is no such storage, or it is wrong.
    """
    return load(DEFAULT_STORAGE if storage is None else storage)


def refuse_other_settings(network: str) -> NoReturn:
    """Refuses the bytes of a file at settings that are not its own.

    Raises:
        SpecError: always.
    """
    refuse(
        None,
        f"{network} states its bytes at the file's own settings alone",
        advice("{}, which has them at every setting", A_STORAGE),
    )


def is_own(storage: Storage) -> bool:
    """Whether it is the storage of a file's own tensors, the only one without bits by role."""
    return not storage.bits


def of_file(graph: LayerGraph, storage: Storage, schedule: Schedule) -> StoredNetwork:
    """A network with the schedule that its file states, in some order of the steps."""
    rows = []
    for step in schedule.steps:
        events = [graph.layers[index].events() for index in step.layers]
        macs: Size = sum(layer.macs for layer in events)
        rows.append(traffic(schedule, step, sum(map(operations, events)), macs))
    return StoredNetwork(storage, schedule, schedule, tuple(rows))
