"""Operators that run as one: what their traffic is then.

An elementwise sum that is part of the convolution before it reads its other operand alone.  A
pointwise convolution that is part of the depthwise one before it reads no tensor between them.
"""

from __future__ import annotations

from typing import Any

from costcalc.arena.schedule import Step
from costcalc.graph.layer import LayerGraph
from costcalc.kinds.base import spread
from costcalc.kinds.naming import is_depthwise
from costcalc.performance.roofline import Moves
from costcalc.storing.schedule import StoredNetwork
from costcalc.storing.storage import Storage
from costcalc.storing.traffic import Traffic, total

SUM = "add"
"""The kind that is part of the step whose output it adds to."""


def with_sums(storage: Storage) -> Storage:
    """The storage with sums as part of the convolution before them."""
    return storage._replace(fused=tuple(dict.fromkeys((*storage.fused, SUM))))


def with_pairs(graph: LayerGraph, network: StoredNetwork, work: Moves) -> Moves:
    """The traffic with each depthwise convolution and the pointwise one after it as one step."""
    schedule = network.apart
    readers: dict[int, list[str]] = {}
    for step in schedule.steps:
        for tensor in step.reads:
            readers.setdefault(tensor, []).append(step.name)
    steps = {step.name: step for step in schedule.steps}
    rows = dict(zip(work.names, work.traffic, strict=True))
    parts = dict(zip(work.names, work.parts, strict=True))
    for step in schedule.steps:
        middle = step.writes[0] if step.writes else None
        if middle is None or schedule.tensors[middle].kept or step.name not in rows:
            continue
        after = readers.get(middle, [])
        if len(after) != 1 or not _is_pair(graph, step, steps[after[0]]):
            continue
        pair = rows.pop(step.name), rows[after[0]]
        rows[after[0]] = _joined(*pair, schedule.tensors[middle].bytes)
        parts[after[0]] = (step.name, after[0])
    return work._replace(parts=tuple(parts[name] for name in rows), traffic=tuple(rows.values()))


def _joined(first: Traffic, second: Traffic, middle: int) -> Traffic:
    """The traffic of two steps without the tensor between them."""
    both = total((first, second))
    return both._replace(read_bytes=both.read_bytes - middle, write_bytes=both.write_bytes - middle)


def _is_pair(graph: LayerGraph, first: Step, second: Step) -> bool:
    """Whether the steps are a depthwise convolution and a pointwise one of all its channels."""
    if not first.layers or not second.layers:
        return False
    depthwise, pointwise = (graph.layers[step.layers[0]] for step in (first, second))
    operation: Any = pointwise.operation
    if pointwise.kind.family != "convolution" or operation.groups != 1:
        return False
    kernel = spread(operation.kernel, len(pointwise.output) - 1, "kernel")
    return set(kernel) == {1} and is_depthwise(
        depthwise.kind, depthwise.operation, depthwise.input_shapes
    )
