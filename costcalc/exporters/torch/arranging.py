"""The steps of a module as people write them: splits, repeats and long rows as one step each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from costcalc.blocks.tree import without_number
from costcalc.exporters.torch.modules import (
    Module,
    ModuleBody,
    ModuleStep,
    TensorRef,
    is_plain,
    sequential,
)
from costcalc.names import FreeNames

_SECTION = 9
"""Layers without names, one after another, that are worth a sequence of their own."""

_REPEATS = 3
"""Layers without names that are worth a sequence; of blocks and of named layers, two are."""

_SECTION_NAME = "features"

_END = "return"
"""The reader of what the module gives."""

Readers = Mapping[TensorRef, list[str]]
"""The keys of the steps that read each tensor."""


def arranged(body: ModuleBody, is_network: bool) -> ModuleBody:
    """The body with fewer steps that do the same."""
    body = _split_once(body)
    if is_network:
        body = _sectioned(body)
    return _folded(body)


def _split_once(body: ModuleBody) -> ModuleBody:
    """All parts of one split, one after another, as one step that gives them all."""
    steps: list[ModuleStep] = []
    renamed: dict[TensorRef, TensorRef] = {}
    start = 0
    while start < len(body.steps):
        step = body.steps[start]
        count = step.numbers["parts"] if "part" in step.numbers else 0
        run = body.steps[start : start + count]
        start += 1
        if count > 1 and [_part(each, step) for each in run] == list(range(count)):
            for part, each in enumerate(run):
                renamed[TensorRef(each.key)] = TensorRef(step.key, part)
            numbers = {name: step.numbers[name] for name in ("parts", "axis")}
            forward = "{0}.chunk({parts}, {axis})"
            names = tuple(each.key for each in run) if all(s.is_named for s in run) else ()
            step = step._replace(forward=forward, numbers=numbers, outputs=count, names=names)
            start += count - 1
        steps.append(step)
    return ModuleBody(tuple(steps), body.outputs).renamed(renamed)


def _part(step: ModuleStep, first: ModuleStep) -> int | None:
    """Which part of what ``first`` splits the step is."""
    if step.forward != first.forward or step.inputs != first.inputs:
        return None
    part = step.numbers["part"]
    return part if {**step.numbers, "part": 0} == {**first.numbers, "part": 0} else None


def _sectioned(body: ModuleBody) -> ModuleBody:
    """Many layers that have no name of their own, one after another, in one sequence."""
    steps, readers = body.steps, _readers(body)
    start = 0
    while start < len(steps):
        end, before = start, steps[start].inputs
        while end < len(steps) and _is_anonymous(steps[end]) and steps[end].inputs == before:
            before = (TensorRef(steps[end].key),)
            end += 1
        # Behind the last layer that others read as well.
        first = max(
            (at for at in range(start + 1, end) if not _follows(steps[at - 1], steps[at], readers)),
            default=start,
        )
        if end - first >= _SECTION:
            name = FreeNames(step.key for step in steps).free(_SECTION_NAME)
            section = _in_sequence(steps[first:end], name)
            names = {TensorRef(steps[end - 1].key): TensorRef(name)}
            return ModuleBody((*steps[:first], section, *steps[end:]), body.outputs).renamed(names)
        start = max(end, start + 1)
    return body


def _is_anonymous(step: ModuleStep) -> bool:
    """Whether it is a layer that the spec did not name, and none that ends the features."""
    ends = isinstance(step.module, Module) and "Adaptive" in step.module.constructor
    return is_plain(step) and not step.is_named and not step.is_block and not ends


def _folded(body: ModuleBody) -> ModuleBody:
    """Repeats of one step, each reading the one before, as one sequence."""
    readers = _readers(body)
    names = FreeNames(step.key for step in body.steps)
    steps: list[ModuleStep] = []
    renamed: dict[TensorRef, TensorRef] = {}
    start = 0
    while start < len(body.steps):
        end = start + 1
        while end < len(body.steps) and _continues(body.steps[end - 1], body.steps[end], readers):
            end += 1
        run = body.steps[start:end]
        start = end
        if len(run) < (2 if run[0].is_block or run[0].is_named else _REPEATS):
            steps += run
            continue
        word = without_number(run[0].key)
        if not any(step.key == word for step in run):
            word = names.free(f"{word}_x" if word in names else word)
        renamed[TensorRef(run[-1].key)] = TensorRef(word)
        steps.append(_in_sequence(run, word))
    return ModuleBody(tuple(steps), body.outputs).renamed(renamed)


def _continues(step: ModuleStep, following: ModuleStep, readers: Readers) -> bool:
    """Whether the second is the next repeat of the first."""
    return (
        is_plain(step)
        and is_plain(following)
        and isinstance(step.module, Module)
        and isinstance(following.module, Module)
        and step.module.constructor == following.module.constructor != "nn.Sequential"
        and without_number(step.key) == without_number(following.key) != following.key
        and following.inputs == (TensorRef(step.key),)
        and _follows(step, following, readers)
    )


def _follows(step: ModuleStep, following: ModuleStep, readers: Readers) -> bool:
    """Whether a step alone reads what the one before it gives."""
    return readers.get(TensorRef(step.key)) == [following.key]


def _in_sequence(run: Sequence[ModuleStep], name: str) -> ModuleStep:
    modules = [step.module for step in run if isinstance(step.module, Module)]
    return run[0]._replace(key=name, module=sequential(modules), is_named=True)


def _readers(body: ModuleBody) -> Readers:
    readers: dict[TensorRef, list[str]] = {}
    for step in body.steps:
        for ref in step.inputs:
            readers.setdefault(ref, []).append(step.key)
    for ref in body.outputs:
        readers.setdefault(ref, []).append(_END)
    return readers
