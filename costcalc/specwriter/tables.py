"""Consecutive calls of one block as the rows of a table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from costcalc.blocks.columns import is_same
from costcalc.blocks.steps import Block, Step
from costcalc.specwriter.yaml import Aligned, Node

_FEWEST = 3
"""The fewest rows of a table."""

_WIDE = 4
"""The fewest arguments of a call for which two rows are enough."""


def in_tables(steps: tuple[Step, ...], blocks: Mapping[str, Block]) -> list[list[Step]]:
    """The steps, with the rows of each table together."""
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
    """Calls of one block, as possible rows of a table."""

    def __init__(self, step: Step) -> None:
        self.steps = [step]
        self.first_only = set(_first_only([step]))
        """Arguments that some of them have only in their first repeat."""

    @property
    def is_table(self) -> bool:
        """Whether there are enough for a table."""
        is_wide = len(self.steps[0].values) >= _WIDE
        return len(self.steps) >= _FEWEST or (len(self.steps) > 1 and is_wide)

    def takes(self, step: Step, block: Block) -> bool:
        """Whether a step may be the next row; if so, updates ``first_only``."""
        if step.word != self.steps[0].word or not block.settable:
            return False
        if not _is_row(step, block) or not _is_row(self.steps[-1], block):
            return False
        first_only = self.first_only.union(_first_only([step]))
        more = first_only - self.first_only
        if not _agrees(step, first_only, block):
            return False
        if not all(_agrees(row, more, block) for row in self.steps):
            return False
        self.first_only = first_only
        return True


def _is_row(step: Step, block: Block) -> bool:
    return not step.sources and {*step.values} <= {*block.settable, "repeat", "first_only"}


def _agrees(step: Step, first_only: Collection[str], block: Block) -> bool:
    """Whether a row stays the same if its table has some arguments as ``first_only``."""
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
    names = list(block.settable)
    if any(step.value("repeat") != 1 for step in steps):
        # As in papers, the stride comes after the repeat count.
        names.insert(len(names) - (names[-1] == "s"), "repeat")
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
