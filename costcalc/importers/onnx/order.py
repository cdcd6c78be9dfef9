"""Operations in an order in which each reads what stands before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from heapq import heappop, heappush

from costcalc.errors import Mark, Problems
from costcalc.importers.onnx.tensors import OnnxNode

SHOWN = 5
"""Nodes of a cycle that a message names."""


def ordered(
    operations: Sequence[OnnxNode],
    reads: Mapping[tuple[str, ...], Sequence[str]],
    given: Iterable[str],
    wanted: Iterable[str],
    problems: Problems,
    file: str,
) -> list[OnnxNode]:
    """The operations that the wanted tensors depend on, each behind those that it reads.

    What is wrong with the graph goes to ``problems``: tensors that nothing gives,
    or two operations, and cycles.
    """
    mark, known = Mark(file), {*given, ""}
    producers: dict[str, OnnxNode] = {}
    for each in operations:
        for name in filter(None, each.outputs):
            if name in producers or name in known:
                problems.add(mark, f"{each.origin}: gives '{name}', which is given before")
            else:
                producers[name] = each
    needed = _needed(producers, reads, known, wanted, problems, mark)
    return _in_order([each for each in operations if each.outputs in needed], reads, problems, mark)


def _in_order(
    operations: Sequence[OnnxNode],
    reads: Mapping[tuple[str, ...], Sequence[str]],
    problems: Problems,
    mark: Mark,
) -> list[OnnxNode]:
    """Operations behind those that they read, otherwise as they stand."""
    places = {name: place for place, each in enumerate(operations) for name in each.outputs}
    readers: list[list[int]] = [[] for _ in operations]
    missing = []
    for place, each in enumerate(operations):
        ahead = {places[name] for name in reads[each.outputs] if name in places}
        missing.append(len(ahead))
        for other in ahead:
            readers[other].append(place)
    ready = [place for place, count in enumerate(missing) if not count]
    found = []
    while ready:
        place = heappop(ready)
        found.append(operations[place])
        for reader in readers[place]:
            missing[reader] -= 1
            if not missing[reader]:
                heappush(ready, reader)
    if len(found) < len(operations):
        left = [each.origin for place, each in enumerate(operations) if missing[place] > 0]
        problems.add(
            mark,
            f"the graph has a cycle; it goes through some of: {', '.join(left[:SHOWN])}",
            expected="a graph without cycles",
        )
    return found


def _needed(
    producers: Mapping[str, OnnxNode],
    reads: Mapping[tuple[str, ...], Sequence[str]],
    known: set[str],
    wanted: Iterable[str],
    problems: Problems,
    mark: Mark,
) -> set[tuple[str, ...]]:
    """The operations that some tensors depend on, by their outputs."""
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
