"""The largest settings at which a network that is too large for a device fits it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from costcalc.costs.convention import load_convention
from costcalc.errors import CostcalcError
from costcalc.metrics import Accounting
from costcalc.opening import OpenNetwork
from costcalc.performance.fits import Fits
from costcalc.performance.running import usual_storage
from costcalc.solving.search import Budgets
from costcalc.solving.solve import solve
from costcalc.spec.numbers import is_number

STEPS = {"alpha": Fraction(1, 20), "res": 16}
"""The parameters that are tried, with the steps between their values."""

_MOST = 64
"""The most values that are tried of one."""

_METRICS = {"flash": "weight_bytes", "ram": "peak_bytes", "bound": "bound_ms"}


def with_fitting(answer: Fits, network: OpenNetwork) -> Fits:
    """The answer; if the network does not fit, with the largest alpha and res that do."""
    if answer.fits or [check.name for check in answer.checks][:2] != ["flash", "ram"]:
        return answer  # weights and tensors together are no metric
    fitting = {}
    for name, step in STEPS.items():
        value = _largest(answer, network, name, step)
        if value is not None:
            fitting[name] = value
    return replace(answer, fitting=fitting)


def _largest(answer: Fits, network: OpenNetwork, name: str, step: Any) -> Any:
    """The largest smaller value at which all checks hold; None if there is none."""
    now = answer.parameters.get(name)
    if not is_number(now):
        return None
    values = [step * count for count in range(1, _MOST + 1) if step * count < now]
    limits = {
        _METRICS[check.name]: check.available
        for check in answer.checks
        if check.available is not None
    }
    settings = {key: value for key, value in network.settings.items() if key != name}
    run = answer.run
    accounting = Accounting(
        load_convention("paper", None), usual_storage(run), answer.planner, run.batch, run
    )
    try:
        solution = solve(
            network.document,
            accounting,
            name,
            settings,
            Budgets(limits),
            values=values,
            has_closed_form=False,
        )
    except CostcalcError:
        return None  # as for a parameter that is not free, or a file with bytes of its own
    return None if solution.best is None else solution.best.value
