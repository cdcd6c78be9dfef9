"""Nodes in an order in which each reads what stands before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush

from costcalc.errors import Mark, Problems
from costcalc.importers.onnx.tensors import OnnxNode

SHOWN = 5
"""Nodes of a cycle that a message names."""


def topological_order(
    nodes: Sequence[OnnxNode],
    reads: Mapping[tuple[str, ...], Sequence[str]],
    given: Iterable[str],
    wanted: Iterable[str],
    mark: Mark,
) -> list[OnnxNode]:
    """The nodes that the wanted tensors depend on, each behind those that it reads.

    Raises:
        SpecError: nothing gives a tensor that is read, or two nodes do, or there is a cycle.
    """
    problems, known = Problems(), {*given, ""}
    producers: dict[str, OnnxNode] = {}
    for each in nodes:
        for name in filter(None, each.outputs):
            if name in producers or name in known:
                problems.add(mark, f"{each.origin}: gives '{name}', which is given before")
            else:
                producers[name] = each
    needed = _needed(producers, reads, known, wanted, problems, mark)
    found = _in_order([each for each in nodes if each.outputs in needed], reads, problems, mark)
    problems.raise_any()
    return found


def _in_order(
    nodes: Sequence[OnnxNode],
    reads: Mapping[tuple[str, ...], Sequence[str]],
    problems: Problems,
    mark: Mark,
) -> list[OnnxNode]:
    """Nodes behind those that they read, otherwise as they stand."""
    places = {name: place for place, each in enumerate(nodes) for name in each.outputs}
    sorter = TopologicalSorter[int]()
    for place, each in enumerate(nodes):
        sorter.add(place, *(places[name] for name in reads[each.outputs] if name in places))
    try:
        sorter.prepare()
    except CycleError as error:
        cycle = [nodes[place].origin for place in error.args[1]]
        shown = [*cycle[:SHOWN], *(["..."] if len(cycle) > SHOWN else [])]
        message = f"the graph has a cycle: {' -> '.join(shown)}"
        problems.add(mark, message, expected="a graph without cycles")
        return []
    ready, found = sorted(sorter.get_ready()), []
    while ready:
        place = heappop(ready)
        found.append(nodes[place])
        sorter.done(place)
        for each_ready in sorter.get_ready():
            heappush(ready, each_ready)
    return found


def _needed(
    producers: Mapping[str, OnnxNode],
    reads: Mapping[tuple[str, ...], Sequence[str]],
    known: set[str],
    wanted: Iterable[str],
    problems: Problems,
    mark: Mark,
) -> set[tuple[str, ...]]:
    """The nodes that some tensors depend on, by their outputs."""
    needed: set[tuple[str, ...]] = set()
    open_ = []
    for name in wanted:
        if name not in producers and name not in known:
            problems.add(mark, f"no node gives the graph's output '{name}'")
        open_.append(name)
    while open_:
        producer = producers.get(open_.pop())
        if producer is None or producer.outputs in needed:
            continue
        needed.add(producer.outputs)
        for name in reads[producer.outputs]:
            if name not in producers and name not in known:
                problems.add(mark, f"{producer.origin}: reads '{name}', which nothing gives")
            open_.append(name)
    return needed
