"""Names for steps that others read, and for calls of blocks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from costcalc.blocks.branches import fit
from costcalc.blocks.steps import Step, walk
from costcalc.graph.layer import NETWORK_INPUT
from costcalc.names import FreeNames


def named(steps: tuple[Step, ...], is_flat: bool = False) -> tuple[Step, ...]:
    """The steps, with names for those that others read; all have full names if flat."""
    read = {source for step in walk(steps) for source in step.sources}
    # The innermost step with a result has the name, which is also visible around it.
    ends = {
        step.last: step.path
        for step in walk(steps)
        if step.last in read or (is_flat and step.path.rstrip("0123456789") != step.word)
    }
    free = FreeNames(["input"])
    names = {
        line: free.free(fit(path.replace("/", ".")) if is_flat else _last_word(path))
        for line, path in ends.items()
    }
    names[NETWORK_INPUT] = "input"
    return tuple(_named(step, names) for step in steps)


def _named(step: Step, names: Mapping[int, str]) -> Step:
    step = step.map_parts(lambda steps: tuple(_named(inner, names) for inner in steps))
    ends = [part.steps[-1].last for part in step.parts if part.steps]
    return step._replace(
        name=step.name if step.last in ends else names.get(step.last, step.name),
        sources=tuple(names[line] for line in step.sources if isinstance(line, int)),
    )


def titled(steps: tuple[Step, ...], blocks: Collection[str]) -> tuple[Step, ...]:
    """The steps, with the network's names for calls of blocks, if it has any."""
    calls: dict[str, list[Step]] = defaultdict(list)
    for step in steps:
        if step.word in blocks:
            calls[step.word].append(step)
    taken = {step.name for step in steps}
    titles: dict[int, str] = {}
    for block, members in calls.items():
        words = _titles(block, members)
        if words and taken.isdisjoint(words):
            taken.update(words)
            titles.update((step.last, word) for step, word in zip(members, words, strict=True))
    return tuple(
        step._replace(name=step.name or titles.get(step.last, "")) if step.word in blocks else step
        for step in steps
    )


def _titles(block: str, calls: Sequence[Step]) -> list[str]:
    """A word of each call's path that no other has, if there is one at the same depth."""
    paths = [[part for part in step.path.split("/") if not part.isdigit()] for step in calls]
    for depth in range(1, 1 + min(map(len, paths))):
        words = [fit(path[-depth]).rstrip("_-.") or "block" for path in paths]
        plain = {word.rstrip("0123456789").replace("_", "").lower() for word in words}
        if len(calls) > 1 and len({*words}) == len(words) and block.replace("_", "") not in plain:
            return words
    return []


def _last_word(path: str) -> str:
    """The last part of a path that is not a number."""
    parts = [part for part in path.split("/") if not part.isdigit()]
    return fit(parts[-1]) if parts else "layer"
