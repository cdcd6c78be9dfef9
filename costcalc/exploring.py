"""Questions about many settings of a network, one function each: a grid, a space, the best.

The others are in :mod:`.questions`.

    reference --opened--> OpenNetwork × axes --> Sweep, Space, Solution
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import prod
from typing import TYPE_CHECKING, Any

from costcalc import opening
from costcalc.advice import Advice, advice, option
from costcalc.costs.convention import load_convention
from costcalc.errors import refuse
from costcalc.opening import AnyNetwork, exact, names_in
from costcalc.reporting.implementations import as_usually_run
from costcalc.spec.library import NameOrPath

if TYPE_CHECKING:
    from costcalc.costs.convention import Convention
    from costcalc.graph.budgets import Amount
    from costcalc.grid.sweep import Sweep
    from costcalc.metrics import Accounting
    from costcalc.solving.several import BestNetworks
    from costcalc.solving.solve import Solution
    from costcalc.spaces.space import Space


def sweep(
    *networks: AnyNetwork,
    metrics: Iterable[str] | str = (),
    where: str | None = None,
    storage: NameOrPath | None = None,
    planner: str | None = None,
    batch: int = 1,
    device: NameOrPath | None = None,
    dtype: str | None = None,
    jobs: int = 1,
    scheduler: str | None = None,
    convention: NameOrPath = "paper",
    unit: str | None = None,
    space: bool = False,
    at: Mapping[str, Iterable[Any] | str] | None = None,
    **values: Iterable[Any] | str,
) -> Sweep:
    """What networks cost over a grid of settings.

    Args:
        networks: each as for :func:`report`.
        metrics: costs besides ``params`` and ``mult_adds``: ``weight_bytes``, ``peak_bytes``,
            ``traffic_bytes``; ``bound_ms`` and ``energy`` of a device.
        where: a condition that rows must meet, ``"mult_adds <= 100M"``.
        storage: of metrics in bytes, as for :func:`memory`.
        planner: likewise.  One without addresses is computed as fast as mult-adds, one with
            addresses at each setting, of which there may be 100,000 then.
        batch: likewise.
        device: of ``bound_ms`` and ``energy``, as for :func:`latency`.
        dtype: likewise.
        jobs: how many processes of this machine compute the rows; more than one need Dask.
        scheduler: the address of a Dask cluster that computes them instead.
        convention: as for :func:`report`.
        unit: as for :func:`report`.
        space: whether the parameters of the space that the spec declares vary, too.
        at: values of parameters whose names are arguments of this function.
        values: the values of each parameter that varies, the last one fastest: an
            iterable, or text as on the command line, ``"0.05:2:0.001"``.

    Returns:
        The sweep, whose ``rows()`` are computed as they are read, with counts as exact
        integers; ``top`` and ``pareto`` select among them.

    Raises:
        CostcalcError: a network, a value, the condition or the convention is wrong.

    >>> [row.mult_adds for row in sweep("mobilenet_v1", alpha=[0.5, 1], res=[224]).rows()]
    [149497088, 568740352]
    >>> [row.peak_bytes for row in
    ...  sweep("mobilenet_v2", metrics="peak_bytes", storage="mcunet", res=[96, 224]).rows()]
    [258048, 1404928]
    """
    from costcalc.graph.whole_numbers import whole_number
    from costcalc.grid.networks import axes_of, declared_space, swept
    from costcalc.grid.select import Condition
    from costcalc.grid.sweep import Sweep, check_size
    from costcalc.jobs.workers import engine

    if not networks:
        refuse(None, "a sweep needs a network", expected="one or more networks")
    if space and len(networks) > 1:
        refuse(None, "each network has a space of its own", "one network", f"{len(networks)}")
    axes = axes_of({**(declared_space(networks[0]) if space else {}), **(at or {}), **values})
    check_size(len(networks), axes)
    asked, accounting = _asked(
        metrics, load_convention(convention, unit), storage, planner, batch, device, dtype
    )
    condition = Condition(where) if where is not None else None
    is_several = len(networks) > 1
    rows = [swept(network, axes, accounting, asked, is_several) for network in networks]
    return Sweep(rows, condition, engine(whole_number("jobs", jobs), scheduler))


def space(
    network: AnyNetwork,
    *,
    metrics: Iterable[str] | str = (),
    storage: NameOrPath | None = None,
    planner: str | None = None,
    batch: int = 1,
    device: NameOrPath | None = None,
    dtype: str | None = None,
    convention: NameOrPath = "paper",
    unit: str | None = None,
    declared: bool | None = None,
    at: Mapping[str, Iterable[Any] | str] | None = None,
    **values: Iterable[Any] | str,
) -> Space:
    """The space of networks that choices for some parameters make of one spec.

    Its parts are priced once; its methods then count, sample and search it without listing it.

    Args:
        network: as for :func:`report`.
        metrics: costs besides ``params`` and ``mult_adds``, as for :func:`sweep`.
        storage: likewise.
        planner: likewise.
        batch: likewise.
        device: likewise; times are those of whole networks, and no sums.
        dtype: likewise.
        convention: as for :func:`report`.
        unit: as for :func:`report`.
        declared: whether the parameters of the space that the spec declares vary; by default
            if no values are given.
        at: values of parameters whose names are arguments of this function.
        values: the values of each parameter that varies, as for :func:`sweep`.

    Raises:
        CostcalcError: the network, a value or the convention is wrong; or parts of the network
            depend on too many parameters together.
    """
    from costcalc.grid.networks import axes_of, declared_space, swept
    from costcalc.grid.tables import Coupled, seconds_one_by_one, tables
    from costcalc.render.formatting import counted, duration
    from costcalc.spaces.space import Space

    given = {**(at or {}), **values}
    if declared or (declared is None and not given):
        given = {**declared_space(network), **given}
    axes = axes_of(given)
    asked, accounting = _asked(
        metrics, load_convention(convention, unit), storage, planner, batch, device, dtype
    )
    named = swept(network, axes, accounting, asked, False)
    priced = tables(named.grid, worth=0)
    if isinstance(priced, Coupled):
        settings, about = prod(named.grid.shape), duration(seconds_one_by_one(named.grid))
        refuse(
            None,
            str(priced),
            hint=f"a sweep that lists its rows counts each of the {counted(settings)} settings by "
            f"itself, in about {about}",
        )
    if (refusal := priced.refusal()) is not None:
        raise refusal.error
    return Space(named, priced)


def solve(
    network: AnyNetwork,
    name: str | Iterable[str] | Mapping[str, Iterable[Any] | str] = "",
    *,
    max_mult_adds: Amount = None,
    max_params: Amount = None,
    max_ram: Amount = None,
    max_flash: Amount = None,
    max_traffic: Amount = None,
    max_ms: Amount = None,
    max_mj: Amount = None,
    min_mult_adds: Amount = None,
    min_params: Amount = None,
    storage: NameOrPath | None = None,
    planner: str | None = None,
    batch: int = 1,
    device: NameOrPath | None = None,
    dtype: str | None = None,
    step: Any = None,
    values: Iterable[Any] | str = (),
    space: bool = False,
    by: str = "",
    top: int = 1,
    convention: NameOrPath = "paper",
    unit: str | None = None,
    watch: Callable[[int], None] | None = None,
    at: Mapping[str, Any] | None = None,
    **settings: Any,
) -> Solution | BestNetworks:
    """The largest value of a parameter at which a network stays within budgets.

    For several parameters, the largest networks that their choices make within the budgets, or
    the cheapest that have at least so many params.

    Args:
        network: as for :func:`report`.
        name: the parameter, such as ``"alpha"`` or ``"res"``; or several, all of whose choices
            are searched, or the values to search of each.
        max_mult_adds: a limit, ``100_000_000``, ``100e6`` or ``"100M"``; None for none.
        max_params: likewise.
        max_ram: a limit on the peak, ``peak_bytes``: ``"256 KiB"``, or a number of bytes.
        max_flash: likewise on ``weight_bytes``.
        max_traffic: likewise on ``traffic_bytes``.
        max_ms: likewise on ``bound_ms``, of a device.
        max_mj: likewise on ``energy``, of a device.
        min_mult_adds: the least that is asked for, of several parameters.
        min_params: likewise.
        storage: of limits in bytes, as for :func:`memory`.
        planner: likewise.
        batch: likewise.
        device: of limits on times and energy, as for :func:`latency`.
        dtype: likewise.
        step: the search covers the multiples of this; by default 0.001 for alpha, else 1.
        values: the values to search instead.
        space: whether to solve for all parameters of the space that the spec declares.
        by: the metric that the networks of several parameters are ranked by, the largest
            first; with ``-``, the smallest.  By default mult-adds: the largest if anything is
            limited, else the smallest, or the fewest params if ``min_mult_adds`` is given.
        top: how many networks of several parameters.
        convention: as for :func:`report`.
        unit: as for :func:`report`.
        watch: called with the number of values counted so far; for progress bars.
        at: settings whose names are arguments of this function.
        settings: values for the other parameters.

    Returns:
        The solution; if nothing fits, ``best`` is None and ``nearest`` is the closest
        value.  For several parameters, ``best`` are the networks.

    Raises:
        CostcalcError: the network, the parameter, a setting or the convention is wrong.

    >>> solve("mobilenet_v1", "res", max_mult_adds=10**8, step=32, alpha=0.5).best
    Candidate(value=160, params=1319648, mult_adds=76524800)
    >>> best = solve("mobilenet_v1", {"alpha": [0.5, 0.75], "res": [128, 160]}, max_params="2M")
    >>> best.best[0].settings, best.best[0].mult_adds
    ({'alpha': Fraction(1, 2), 'res': 160}, 76524800)
    """
    from costcalc import metrics
    from costcalc.solving import solve as solving
    from costcalc.solving.search import Budgets

    if not name and not space:
        refuse(
            None,
            "the parameter to solve for is missing",
            Advice("--for alpha", 'solve(network, "alpha", max_mult_adds=...)'),
        )
    most = max_mult_adds, max_params, max_ram, max_flash, max_traffic, max_ms, max_mj
    limits = metrics.limits(metrics.by_metric(*most))
    loaded_convention = load_convention(convention, unit)
    instead = option("max_ram", "256KiB") if device is None else option("max_ms", "20")
    how = storage, planner, batch, device, dtype, instead
    accounting = metrics.accounting(loaded_convention, limits, *how)
    fixed = exact({**(at or {}), **settings})
    least = metrics.floors({"mult_adds": min_mult_adds, "params": min_params})
    if space or least or not isinstance(name, str):
        from costcalc.solving.several import best_networks, named

        names = _choices(name, values, step)
        searched = named(network, names, fixed, accounting, limits, is_declared=space)
        return best_networks(searched, Budgets(limits), least, by, top)
    if by or top != 1:
        refuse(
            None,
            advice(
                "{} and {} rank the networks of several parameters", option("top"), option("by")
            ),
            expected=Advice("--for NAME --for NAME", "a list of parameters"),
        )
    network = opening.opened_for([name], network, fixed)
    network = as_usually_run(network, loaded_convention)
    return solving.solve(
        network.document,
        accounting,
        name,
        network.settings,
        Budgets(limits),
        *solving.searched(name, step, values),
        has_closed_form=unit is None,
        watch=watch,
    )


def _choices(
    name: str | Iterable[str] | Mapping[str, Iterable[Any] | str],
    values: Iterable[Any] | str,
    step: Any,
) -> Iterable[str] | Mapping[str, Iterable[Any] | str]:
    """The parameters of a space, perhaps with their values.

    Raises:
        SpecError: a step, or the values of one parameter, are given for several.
    """
    if step is not None or (values and not isinstance(name, str)):
        refuse(
            None,
            advice("{} and {} are those of one parameter", option("step"), option("values")),
            expected=Advice("--for NAME=VALUES", 'solve(network, {"alpha": [0.5, 1]})'),
        )
    if not isinstance(name, str):
        return name
    return {name: values} if name else ()


def _asked(
    metrics: Iterable[str] | str,
    convention: Convention,
    storage: NameOrPath | None,
    planner: str | None,
    batch: int,
    device: NameOrPath | None = None,
    dtype: str | None = None,
) -> tuple[tuple[str, ...], Accounting]:
    """The metrics of each row, ``params`` and ``mult_adds`` first, and how they are measured.

    Raises:
        CostcalcError: there is no such metric, or as for :func:`costcalc.metrics.accounting`.
    """
    from costcalc.metrics import COUNTED, accounting, named_metrics

    asked = tuple(dict.fromkeys((*COUNTED, *named_metrics(names_in(metrics)))))
    instead = option("metrics", "peak_bytes" if device is None else "bound_ms")
    how = storage, planner, batch, device, dtype, instead
    return asked, accounting(convention, asked, *how)
