"""Orders nodes so that each reads only the outputs of earlier ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush

from costcalc.errors import Mark, Problems
from costcalc.importers.onnx.tensors import OnnxNode

SHOWN = 5
"""The most nodes of a cycle that a message names."""


def topological_order(
    nodes: Sequence[OnnxNode],
    reads: Mapping[tuple[str, ...], Sequence[str]],
    given: Iterable[str],
    wanted: Iterable[str],
    mark: Mark,
) -> list[OnnxNode]:
    """The nodes that the wanted tensors depend on, each after those it reads.

    ``reads`` has the inputs of each node by its outputs; ``given`` are tensors that
    no node computes.

    Raises:
        SpecError: a tensor is read that nothing computes, two nodes compute the same
            one, or there is a cycle.
    """
    problems, known = Problems(), {*given, ""}
    producers: dict[str, OnnxNode] = {}
    for node in nodes:
        for name in filter(None, node.outputs):
            if name in producers or name in known:
                problems.add(mark, f"{node.origin}: computes '{name}', which exists already")
            else:
                producers[name] = node
    needed = _needed(producers, reads, known, wanted, problems, mark)
    kept = [node for node in nodes if node.outputs in needed]
    ordered = _in_order(kept, reads, problems, mark)
    problems.raise_any()
    return ordered


def _in_order(
    nodes: Sequence[OnnxNode],
    reads: Mapping[tuple[str, ...], Sequence[str]],
    problems: Problems,
    mark: Mark,
) -> list[OnnxNode]:
    """Nodes after those they read, otherwise in the given order."""
    places = {name: place for place, node in enumerate(nodes) for name in node.outputs}
    sorter = TopologicalSorter[int]()
    for place, node in enumerate(nodes):
        sorter.add(place, *(places[name] for name in reads[node.outputs] if name in places))
    try:
        sorter.prepare()
    except CycleError as error:
        cycle = [nodes[place].origin for place in error.args[1]]
        shown = [*cycle[:SHOWN], *(["..."] if len(cycle) > SHOWN else [])]
        message = f"the graph has a cycle: {' -> '.join(shown)}"
        problems.add(mark, message, expected="a graph without cycles")
        return []
    ready, ordered = sorted(sorter.get_ready()), []
    while ready:
        place = heappop(ready)
        ordered.append(nodes[place])
        sorter.done(place)
        for next_place in sorter.get_ready():
            heappush(ready, next_place)
    return ordered


def _needed(
    producers: Mapping[str, OnnxNode],
    reads: Mapping[tuple[str, ...], Sequence[str]],
    known: set[str],
    wanted: Iterable[str],
    problems: Problems,
    mark: Mark,
) -> set[tuple[str, ...]]:
    """The nodes that the wanted tensors depend on, by their outputs."""
    needed: set[tuple[str, ...]] = set()
    pending = []
    for name in wanted:
        if name not in producers and name not in known:
            problems.add(mark, f"no node computes the graph's output '{name}'")
        pending.append(name)
    while pending:
        producer = producers.get(pending.pop())
        if producer is None or producer.outputs in needed:
            continue
        needed.add(producer.outputs)
        for name in reads[producer.outputs]:
            if name not in producers and name not in known:
                problems.add(mark, f"{producer.origin}: reads '{name}', which nothing computes")
            pending.append(name)
    return needed
