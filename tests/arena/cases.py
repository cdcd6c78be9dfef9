"""Worked cases of planners, orders, memory in place and patches, with their answers."""

import json
from pathlib import Path

from costcalc.arena.schedule import Schedule, Step, Tensor

CASES = json.loads(
    (Path(__file__).parent.parent / "data" / "memory" / "cases.json").read_text(encoding="utf-8")
)


def named(section):
    """The cases of a section, for ``parametrize``; and their names as its ids."""
    return {"argvalues": CASES[section], "ids": [case["name"] for case in CASES[section]]}


def schedule_of(case):
    """The schedule of a case that lists its steps: name, tensors read, tensor written."""
    names = list(case["sizes"])
    steps = tuple(
        Step(step, tuple(map(names.index, reads)), (names.index(writes),))
        for step, reads, writes, *_ in case["steps"]
    )
    tensors = tuple(
        Tensor(name, size, 0, 0, kept=name in case["outputs"])
        for name, size in case["sizes"].items()
    )
    return Schedule(steps, tensors).in_order(range(len(steps)))
