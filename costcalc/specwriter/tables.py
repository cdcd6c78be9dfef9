"""Calls of one block after another as the rows of a table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from costcalc.blocks.columns import is_same
from costcalc.blocks.steps import Block, Step
from costcalc.specwriter.yaml import Aligned, Node

_FEWEST = 3
"""Rows that make a table."""

_WIDE = 4
"""Cells of a row that make a table of two."""


def in_tables(steps: tuple[Step, ...], blocks: Mapping[str, Block]) -> list[list[Step]]:
    """Steps, those together that are rows of one table."""
    runs: list[_Rows] = []
    for step in steps:
        block = blocks.get(step.word)
        if block is not None and runs and runs[-1].takes(step, block):
            runs[-1].steps.append(step)
        else:
            runs.append(_Rows(step))
    return [
        part for run in runs for part in ([run.steps] if run.is_table else [[s] for s in run.steps])
    ]


class _Rows:
    """Steps that may be the rows of one table: calls of one block."""

    def __init__(self, step: Step) -> None:
        self.steps = [step]
        self.first_only = set(_first_only([step]))
        """What some of them say of the first alone of their repeats."""

    @property
    def is_table(self) -> bool:
        """Whether they are enough for one."""
        is_wide = len(self.steps[0].values) >= _WIDE
        return len(self.steps) >= _FEWEST or (len(self.steps) > 1 and is_wide)

    def takes(self, step: Step, block: Block) -> bool:
        """Whether a step may be the next row, by what holds for the first repeat alone."""
        if step.word != self.steps[0].word or not block.given:
            return False
        if not _is_row(step, block) or not _is_row(self.steps[-1], block):
            return False
        first_only = self.first_only.union(_first_only([step]))
        more = first_only - self.first_only
        if not _agrees(step, first_only, block):
            return False
        if more and not all(_agrees(each, more, block) for each in self.steps):
            return False
        self.first_only = first_only
        return True


def _is_row(step: Step, block: Block) -> bool:
    return not step.sources and {*step.values} <= {*block.given, "repeat", "first_only"}


def _agrees(step: Step, first_only: Collection[str], block: Block) -> bool:
    """Whether a row is the same if its table says that some arguments are the first's alone."""
    return step.value("repeat") == 1 or all(
        name in step.values.get("first_only", ())
        or step.values.get(name) == block.parameters[name].default
        for name in first_only
    )


def _first_only(steps: Sequence[Step]) -> tuple[str, ...]:
    names = [name for step in steps for name in step.values.get("first_only", ())]
    return tuple(dict.fromkeys(names))


def table(steps: Sequence[Step], block: Block) -> Node:
    """Calls of one block as a table."""
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
        if name != "repeat" and all(
            is_same(block.parameters[name].default, value) for value in values
        ):
            continue
        columns.append({"n": "repeat"} if name == "repeat" and "n" not in names else name)
        for row, value in zip(cells, values, strict=True):
            row.append(value)
    entries: dict[str, Node] = {"layer": block.name, "columns": columns}
    first_only = _first_only(steps)
    if first_only:
        entries["first_only"] = list(first_only)
    return {"table": {**entries, "rows": Aligned(cells)}}
