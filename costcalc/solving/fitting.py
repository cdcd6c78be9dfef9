"""What would make a network fit a device that it is too large for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from costcalc.costs.convention import load_convention
from costcalc.errors import CostcalcError
from costcalc.grid.axes import axis
from costcalc.grid.sweep import Sweep, SweepRow
from costcalc.grid.swept import SweptNetwork
from costcalc.metrics import METRICS, Accounting, Measured
from costcalc.opening import OpenNetwork
from costcalc.performance.fits import Check, Fits
from costcalc.performance.running import usual_storage
from costcalc.render.formatting import counted
from costcalc.spec.numbers import is_number
from costcalc.storing.network import is_own

STEPS = {"alpha": Fraction(1, 20), "res": 16}
"""The parameters that are tried, with the steps between their values."""

_MOST = 64
"""The most values that are tried of one."""

_NARROW, _BITS = "int8", 8
"""The storage that is tried where activations or weights are wider, and its bits."""


def with_fitting(answer: Fits, network: OpenNetwork) -> Fits:
    """The answer; for each check that does not hold, and for all, with what would make it hold.

    That is the largest smaller alpha, the largest smaller res, and of bytes a narrower storage
    or another plan.
    """
    if answer.fits or is_own(answer.storage):
        return answer  # a file's own bytes are those of its own settings
    tried = {name: _rows(answer, network, name, step) for name, step in STEPS.items()}
    tried = {name: rows for name, rows in tried.items() if rows}
    checks = tuple(
        check
        if check.holds is not False
        else check._replace(
            change=". ".join([check.change, *_other_ways(answer, check, network)]),
            fitting=_largest(tried, [check]),
        )
        for check in answer.checks
    )
    return replace(answer, checks=checks, fitting=_largest(tried, answer.checks))


def _largest(
    tried: Mapping[str, list[SweepRow]], checks: Iterable[Check]
) -> dict[str, int | Fraction | None]:
    """For each parameter the largest value at which checks hold; None if there is none."""
    listed = [(check.metrics, check.available) for check in checks if check.available is not None]

    def holds(row: SweepRow) -> bool:
        return all(sum(row.costs[name] for name in names) <= most for names, most in listed)

    return {
        name: max((row.settings[name] for row in rows if holds(row)), default=None)
        for name, rows in tried.items()
    }


def _accounting(answer: Fits, storage: str, planner: str | None) -> Accounting:
    run = answer.run
    return Accounting(load_convention("paper", None), storage, planner, run.batch, run)


def _rows(answer: Fits, network: OpenNetwork, name: str, step: Any) -> list[SweepRow]:
    """The costs at smaller values of a parameter; none if it is not free."""
    now = answer.parameters.get(name)
    if not is_number(now):
        return []
    values = [step * count for count in range(1, _MOST + 1) if step * count < now]
    settings = {key: value for key, value in network.settings.items() if key != name}
    metrics = tuple(dict.fromkeys(name for check in answer.checks for name in check.metrics))
    accounting = _accounting(answer, usual_storage(answer.run), answer.planner)
    try:
        axes = (axis(name, values),)
        swept = SweptNetwork(name, network.document, settings, axes, accounting, metrics)
        return list(Sweep([swept], None).rows())
    except CostcalcError:
        return []


def _other_ways(answer: Fits, check: Check, network: OpenNetwork) -> Iterator[str]:
    """Other ways to need fewer bytes at the same settings: a storage, a plan."""
    if check.unit != "B":
        return
    graph, bits = network.graph(), answer.storage.bits
    if max(bits[role] for role in ("activations", "weights")) > _BITS:
        narrow = Measured(graph, _accounting(answer, _NARROW, None))
        bytes_ = sum(METRICS[name].measure(narrow) for name in check.metrics)
        yield f"In {_NARROW} it is {counted(int(bytes_))} B"
    if "peak_bytes" in check.metrics:
        present = _accounting(answer, usual_storage(answer.run), answer.planner)
        for way, bytes_ in Measured(graph, present).smaller_peaks():
            yield f"With {way} tensors need {counted(bytes_)} B"
