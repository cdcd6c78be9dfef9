"""What reports and comparisons have beside counts, if something asks for it.

That is bytes under a storage, and on a device times and energy.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from costcalc.advice import option
from costcalc.graph.whole_numbers import whole_number
from costcalc.spec.library import NameOrPath

if TYPE_CHECKING:
    from costcalc.reporting.report import BytesOf


def bytes_under(
    storage: NameOrPath | None, planner: str | None, batch: int, has_bytes: bool = False
) -> BytesOf | None:
    """The bytes of a network under a storage, if something asks for them.

    Raises:
        SpecError: as for :func:`asks_for_bytes`.
    """
    if not asks_for_bytes(storage, planner, batch, has_bytes):
        return None
    from costcalc.storing.rows import stored_report

    return partial(stored_report, storage=storage, planner=planner, batch=int(batch))


def costs_beside(
    storage: NameOrPath | None,
    planner: str | None,
    batch: int,
    device: NameOrPath | None,
    dtype: str | None,
    metrics: Iterable[str],
) -> BytesOf | None:
    """The bytes of a network under a storage, with its times on a device, if they are asked for.

    Raises:
        CostcalcError: as for :func:`asks_for_bytes`; or there is a time, but no device.
    """
    from costcalc.metrics import TIMES, has_bytes

    if device is None and dtype is None and set(TIMES).isdisjoint(metrics):
        return bytes_under(storage, planner, batch, has_bytes(metrics))
    from costcalc.performance.rows import timed_report

    return timed_report(storage, planner, batch, device, dtype, "energy" in metrics)


def asks_for_bytes(
    storage: NameOrPath | None, planner: str | None, batch: int, has_bytes: bool = False
) -> bool:
    """Whether bytes are asked for, by a storage, a planner or otherwise.

    Raises:
        SpecError: the batch is not a number of inputs, or there is one without bytes.
    """
    is_one = whole_number("batch", batch) == 1
    is_asked = has_bytes or storage is not None or planner is not None
    if not is_one and not is_asked:
        from costcalc.metrics import COUNTED, refuse_unused

        refuse_unused(COUNTED, option("storage", "NAME"), storage, planner, batch)
    return is_asked
