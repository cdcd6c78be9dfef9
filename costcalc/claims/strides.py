"""A network with one stride changed or moved, as misprints in tables do."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from costcalc.spec.document import (
    BlockStep,
    Document,
    Expression,
    JoinStep,
    LayerStep,
    SequenceStep,
    Step,
)
from costcalc.spec.values import constant

_STRIDES = ("stride", "s")
"""The names of the argument in layers and blocks."""


def other_strides(document: Document) -> Iterator[tuple[str, Document]]:
    """Every other placement of the strides, each with a description.

    Either a layer or block of the network has stride 1 instead of 2 or the reverse,
    or a stride in a block moves to another of its layers.
    """
    document = _without_printed_shapes(document)
    yield from _changed_strides(document)
    yield from _moved_strides(document)


def _changed_strides(document: Document) -> Iterator[tuple[str, Document]]:
    for path, step in _steps(document.steps):
        for stride in (1, 2):
            changed = _with_stride(step, stride)
            if changed is not None:
                words = f"with stride {stride} on line {step.common.mark.line} of the spec"
                yield words, document._replace(steps=_replaced(document.steps, path, changed))


def _moved_strides(document: Document) -> Iterator[tuple[str, Document]]:
    for block in document.blocks.values():
        layers = [
            (path, step)
            for path, step in _steps(block.steps)
            if isinstance(step, LayerStep) and "stride" in step.kind.attributes
        ]
        strided = [(path, layer) for path, layer in layers if "stride" in layer.arguments]
        others = [(path, layer) for path, layer in layers if "stride" not in layer.arguments]
        for (old_path, old), (new_path, new) in product(strided, others):
            bare = {name: value for name, value in old.arguments.items() if name != "stride"}
            arguments = {**new.arguments, "stride": old.arguments["stride"]}
            steps = _replaced(block.steps, old_path, old._replace(arguments=bare))
            steps = _replaced(steps, new_path, new._replace(arguments=arguments))
            words = (
                f"with the stride of {block.name} on line {new.common.mark.line} "
                f"instead of line {old.common.mark.line}"
            )
            blocks = {**document.blocks, block.name: block._replace(steps=steps)}
            yield words, document._replace(blocks=blocks)


Path = tuple[Any, ...]


def _steps(steps: tuple[Step, ...], path: Path = ()) -> Iterator[tuple[Path, Step]]:
    """Every layer and block with its path."""
    for index, step in enumerate(steps):
        here = (*path, index)
        if isinstance(step, SequenceStep):
            yield from _steps(step.steps, here)
        elif isinstance(step, JoinStep):
            for number, branch in enumerate(step.branches):
                yield from _steps(branch.steps, (*here, number))
        else:
            yield here, step


def _replaced(steps: tuple[Step, ...], path: Path, new: Step) -> tuple[Step, ...]:
    index, *rest = path
    old = steps[index]
    if not rest:
        changed: Step = new
    elif isinstance(old, SequenceStep):
        changed = old._replace(steps=_replaced(old.steps, tuple(rest), new))
    else:
        assert isinstance(old, JoinStep)  # only these two contain steps
        number, *inner = rest
        branches = list(old.branches)
        steps = _replaced(branches[number].steps, tuple(inner), new)
        branches[number] = branches[number]._replace(steps=steps)
        changed = old._replace(branches=tuple(branches))
    return (*steps[:index], changed, *steps[index + 1 :])


def _without_printed_shapes(document: Document) -> Document:
    """The document without printed shapes, which are those of the original strides."""
    blocks = {
        name: block._replace(steps=_without_shapes(block.steps))
        for name, block in document.blocks.items()
    }
    return document._replace(steps=_without_shapes(document.steps), blocks=blocks)


def _without_shapes(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    bare: list[Step] = []
    for step in steps:
        common = step.common._replace(input=None, output=None)
        if isinstance(step, SequenceStep):
            bare.append(step._replace(common=common, steps=_without_shapes(step.steps)))
        elif isinstance(step, JoinStep):
            branches = tuple(
                branch._replace(steps=_without_shapes(branch.steps)) for branch in step.branches
            )
            bare.append(step._replace(common=common, branches=branches))
        elif isinstance(step, LayerStep):
            bare.append(step._replace(common=common, filter=None))
        else:
            bare.append(step._replace(common=common))
    return tuple(bare)


def _with_stride(step: Step, stride: int) -> Step | None:
    """The step with another stride; None if it has none, or has that one already."""
    if not isinstance(step, LayerStep | BlockStep):
        return None
    for name in _STRIDES:
        old = step.arguments.get(name)
        if isinstance(old, Expression) and old.text in ("1", "2") and old.text != str(stride):
            new = constant(stride, str(stride), old.mark)
            return step._replace(arguments={**step.arguments, name: new})
    return None
