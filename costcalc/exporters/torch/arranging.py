"""The steps of a module as people write them: splits, repeats and long chains merged."""

from __future__ import annotations

from collections.abc import Sequence

from costcalc.blocks.tree import without_number
from costcalc.exporters.torch.modules import (
    Module,
    ModuleBody,
    ModuleStep,
    TensorRef,
    is_plain,
    readers,
    sequential,
)
from costcalc.names import FreeNames

_SECTION = 9
"""The fewest consecutive unnamed layers that become the network's features."""

_REPEATS = 3
"""The fewest repeats of an unnamed layer that become a sequence; blocks and named layers: 2."""

_SECTION_NAME = "features"


def arranged(body: ModuleBody, is_network: bool) -> ModuleBody:
    """The same computation in fewer steps."""
    body = _split_once(body)
    if is_network:
        body = _sectioned(body)
    return _folded(body)


def _split_once(body: ModuleBody) -> ModuleBody:
    """The body with consecutive parts of one split as a single step."""
    steps: list[ModuleStep] = []
    renamed: dict[TensorRef, TensorRef] = {}
    start = 0
    while start < len(body.steps):
        step = body.steps[start]
        count = step.numbers["parts"] if "part" in step.numbers else 0
        run = body.steps[start : start + count]
        start += 1
        if count > 1 and [_part(other, step) for other in run] == list(range(count)):
            for part, other in enumerate(run):
                renamed[TensorRef(other.key)] = TensorRef(step.key, part)
            numbers = {name: step.numbers[name] for name in ("parts", "axis")}
            forward = "{0}.chunk({parts}, {axis})"
            names = tuple(other.key for other in run) if all(s.is_named for s in run) else ()
            step = step._replace(forward=forward, numbers=numbers, outputs=count, names=names)
            start += count - 1
        steps.append(step)
    return ModuleBody(tuple(steps), body.outputs).renamed(renamed)


def _part(step: ModuleStep, first: ModuleStep) -> int | None:
    """Which part of the tensor that ``first`` splits a step is."""
    if step.forward != first.forward or step.inputs != first.inputs:
        return None
    part = step.numbers["part"]
    return part if {**step.numbers, "part": 0} == {**first.numbers, "part": 0} else None


def _sectioned(body: ModuleBody) -> ModuleBody:
    """The body with its first long chain of unnamed layers as one sequence."""
    steps, only_read_next = body.steps, _only_read_next(body)
    start = 0
    while start < len(steps):
        end, before = start, steps[start].inputs
        while end < len(steps) and _is_anonymous(steps[end]) and steps[end].inputs == before:
            before = (TensorRef(steps[end].key),)
            end += 1
        # After the last layer that others read as well.
        first = max(
            (at for at in range(start + 1, end) if not only_read_next[at - 1]), default=start
        )
        if end - first >= _SECTION:
            name = FreeNames(step.key for step in steps).free(_SECTION_NAME)
            section = _in_sequence(steps[first:end], name)
            names = {TensorRef(steps[end - 1].key): TensorRef(name)}
            return ModuleBody((*steps[:first], section, *steps[end:]), body.outputs).renamed(names)
        start = max(end, start + 1)
    return body


def _is_anonymous(step: ModuleStep) -> bool:
    """Whether it is a layer that the spec did not name, other than the final pool."""
    is_pool = isinstance(step.module, Module) and "Adaptive" in step.module.constructor
    return is_plain(step) and not step.is_named and not step.is_block and not is_pool


def _folded(body: ModuleBody) -> ModuleBody:
    """The body with each chain of repeats of one step as one sequence."""
    only_read_next = _only_read_next(body)
    names = FreeNames(step.key for step in body.steps)
    steps: list[ModuleStep] = []
    renamed: dict[TensorRef, TensorRef] = {}
    start = 0
    while start < len(body.steps):
        end = start + 1
        while (
            end < len(body.steps)
            and only_read_next[end - 1]
            and _continues(body.steps[end - 1], body.steps[end])
        ):
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


def _continues(step: ModuleStep, following: ModuleStep) -> bool:
    """Whether a step is the next repeat of the previous one."""
    return (
        is_plain(step)
        and is_plain(following)
        and isinstance(step.module, Module)
        and isinstance(following.module, Module)
        and step.module.constructor == following.module.constructor != "nn.Sequential"
        and without_number(step.key) == without_number(following.key) != following.key
        and following.inputs == (TensorRef(step.key),)
    )


def _only_read_next(body: ModuleBody) -> list[bool]:
    """Whether each step is read by the next one and by no other."""
    reading = readers(body.steps, body.outputs)
    return [
        reading.get(TensorRef(step.key)) == [at] and at < len(body.steps)
        for at, step in enumerate(body.steps, 1)
    ]


def _in_sequence(run: Sequence[ModuleStep], name: str) -> ModuleStep:
    modules = [step.module for step in run if isinstance(step.module, Module)]
    return run[0]._replace(key=name, module=sequential(modules), is_named=True)
