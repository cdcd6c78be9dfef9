"""The bound and the energy of a report, beside its bytes."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from costcalc.advice import advice, listed_by, option
from costcalc.errors import refuse
from costcalc.graph.layer import LayerGraph
from costcalc.performance.energy import power
from costcalc.performance.roofline import bound
from costcalc.performance.running import device_line, run, usual_storage, work
from costcalc.reporting.stored import StoredReport
from costcalc.spec.library import NameOrPath
from costcalc.storing.rows import stored_report


def timed_report(
    storage: NameOrPath | None,
    planner: str | None,
    batch: int,
    device: NameOrPath | None,
    dtype: str | None,
    has_energy: bool,
) -> Callable[[LayerGraph], StoredReport]:
    """What gives the bytes of a layer graph, with its bound and its energy on a device.

    Args:
        storage: a storage's name or path; None for the device's usual one.
        planner: a planner's name; None for the storage's.
        batch: how many inputs are run at once.
        device: a device's name or path.
        dtype: what is multiplied; None for that of the storage.
        has_energy: whether the energy is needed; if not, it is left out where no source
            states the device's power.

    Raises:
        CostcalcError: there is no such device, storage or dtype; or no device is named.
    """
    if device is None:
        message = advice("{} needs a device", option("dtype", dtype) if dtype else "a time")
        refuse(None, message, option("device", "NAME"), hint=listed_by("devices"))
    on = run(device, dtype, storage, batch=batch)
    on = on._replace(storage=usual_storage(on))
    if has_energy:
        power(on.device)

    def measure(graph: LayerGraph) -> StoredReport:
        report = stored_report(graph, on.storage, planner, batch)
        done = work(graph, on)
        seconds = Fraction(bound(done.moves, done.rates))
        times = {"bound_ms": 1000 * seconds}
        if on.device.power is not None:
            times["energy"] = 1000 * seconds * on.device.power.value
        return report._replace(
            totals={**report.totals, **times},
            facts=(("device", device_line(on)), *report.facts),
        )

    return measure
