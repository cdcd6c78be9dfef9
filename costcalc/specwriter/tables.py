"""Calls of one block after another as the rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.blocks.steps import Block, Step
from costcalc.specwriter.yaml import Aligned, Node

_FEWEST = 3
"""Rows that make a table."""

_WIDE = 4
"""Cells of a row that make a table of two."""


def runs(steps: tuple[Step, ...], blocks: Mapping[str, Block]) -> list[tuple[Step, ...]]:
    """Steps, those together that are rows of one table."""
    found: list[tuple[Step, ...]] = []
    for step in steps:
        if found and _is_row(step, blocks) and _fit((*found[-1], step), blocks):
            found[-1] = (*found[-1], step)
        else:
            found.append((step,))
    return [
        part for run in found for part in ([run] if _is_table(run) else [(step,) for step in run])
    ]


def _is_table(steps: tuple[Step, ...]) -> bool:
    return len(steps) >= _FEWEST or (len(steps) > 1 and len(steps[0].values) >= _WIDE)


def _is_row(step: Step, blocks: Mapping[str, Block]) -> bool:
    if step.word not in blocks or step.sources:
        return False
    return {*step.values} <= {*blocks[step.word].given, "repeat", "first_only"}


def _fit(steps: tuple[Step, ...], blocks: Mapping[str, Block]) -> bool:
    """Whether steps are calls of one block, which agree in what holds for the first alone."""
    if not all(step.word == steps[0].word and _is_row(step, blocks) for step in steps):
        return False
    if not blocks[steps[0].word].given:
        return False
    first_only = _first_only(steps)
    parameters = blocks[steps[0].word].parameters
    return all(
        step.value("repeat") == 1
        or name in step.values.get("first_only", ())
        or step.values.get(name) == parameters[name].default
        for step in steps
        for name in first_only
    )


def _first_only(steps: tuple[Step, ...]) -> tuple[str, ...]:
    names = [name for step in steps for name in step.values.get("first_only", ())]
    return tuple(dict.fromkeys(names))


def table(steps: tuple[Step, ...], blocks: Mapping[str, Block]) -> Node:
    """Calls of one block as a table."""
    block = blocks[steps[0].word]
    columns: list[Node] = []
    cells: list[list[Any]] = [[] for _ in steps]
    if any(step.name for step in steps):
        columns.append("name")
        for row, step in zip(cells, steps, strict=True):
            row.append(step.name or None)
    names = list(block.given)
    if any(step.value("repeat") != 1 for step in steps):
        # The stride stands behind the number of repeats, as papers have it.
        behind = 1 if names[-1] == "s" else 0
        names.insert(len(names) - behind, "repeat")
    for name in names:
        values = [step.value(name) for step in steps]
        if name != "repeat" and all(_is_silent(block, name, value) for value in values):
            continue
        columns.append({"n": "repeat"} if name == "repeat" and "n" not in names else name)
        for row, value in zip(cells, values, strict=True):
            row.append(value)
    said: dict[str, Node] = {"layer": block.name, "columns": columns}
    first_only = _first_only(steps)
    if first_only:
        said["first_only"] = list(first_only)
    return {"table": {**said, "rows": Aligned(cells)}}


def _is_silent(block: Block, name: str, value: Any) -> bool:
    given = block.parameters[name].default
    return type(given) is type(value) and bool(given == value)
