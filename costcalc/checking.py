"""The questions about printed figures: whether they hold, and which reading gives them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from costcalc.costs import convention as convention_files
from costcalc.opening import AnyNetwork, exact, names_in, opened
from costcalc.spec.library import NameOrPath

if TYPE_CHECKING:
    from costcalc.claims.check import Checked
    from costcalc.claims.found import Search
    from costcalc.claims.verdict import Result
    from costcalc.graph.budgets import Amount

    Watch = Callable[[Iterable[Result], int], Iterable[Result]]


def search(
    network: AnyNetwork,
    printed: str,
    *conventions: NameOrPath | Sequence[NameOrPath],
    **settings: Any,
) -> Search:
    """Which conventions and settings reproduce a number quoted for a network.

    Args:
        network: as for :func:`report`.
        printed: the number, ``"327.5M"`` or ``"320.3 MMac"``.
        conventions: names or paths of conventions to try; by default all that ship.
        settings: as for :func:`report`.

    Returns:
        The matches, the likeliest first; the nearest candidates if there is none.

    Raises:
        CostcalcError: the network, a setting, a shape or a convention is wrong, or
            ``printed`` is not a number.

    >>> search("mobilenet_v2", "327.5M").matches[0].convention
    'thop'
    """
    from costcalc.claims import search as searching
    from costcalc.claims.networks import Networks

    figure = searching.quoted(printed)
    names = [os.fspath(name) for name in names_in(conventions) or convention_files.available()]
    for name in names:
        convention_files.load(name)
    open_network = opened(network, exact(settings))
    networks = Networks()
    claimed = networks.claimed(open_network)
    return searching.search_count(claimed, figure, names, open_network.settings, networks)


def readings(
    id: str,
    *subjects: AnyNetwork,
    convention: NameOrPath = "paper",
    storage: NameOrPath | None = None,
    planner: str | None = None,
    batch: int = 1,
    device: NameOrPath | None = None,
    dtype: str | None = None,
) -> Search:
    """Which readings of a network give the figure of a claim.

    A reading departs from the claim in settings, strides, roundings of widths and maps, its
    convention, parts that are left out, operations for each multiply-accumulate or units;
    those that depart least come first.

    Args:
        id: the id of the claim, as :func:`check` names it.
        subjects: claims files, specs with claims, folders of either, papers or networks,
            as for :func:`check`; by default the papers whose figures ship.
        convention: how figures count that do not say it, as for :func:`check`.
        storage: likewise.
        planner: likewise.
        batch: likewise.
        device: likewise.
        dtype: likewise.

    Returns:
        The readings that give the figure, or the nearest if there are none; what was tried,
        and how many readings would agree with the digits by chance.

    Raises:
        CostcalcError: there is no such claim, it is a bound, or a file or a network is wrong.

    >>> readings("v1.T12.1.224").matches[0].value
    567716352
    """
    from costcalc.claims import sources
    from costcalc.claims.networks import Networks
    from costcalc.claims.search import search_claim

    networks = Networks(convention, storage, planner, batch, device, dtype)
    named = [networks.subject(subject) for subject in subjects]
    files = sources.collect(named, networks, shipped=not named)
    return search_claim(*sources.find_claim(id, files), networks)


def check(
    *subjects: AnyNetwork,
    shipped: bool = False,
    max_mult_adds: Amount = None,
    max_params: Amount = None,
    max_ram: Amount = None,
    max_flash: Amount = None,
    max_traffic: Amount = None,
    max_ms: Amount = None,
    max_mj: Amount = None,
    convention: NameOrPath = "paper",
    storage: NameOrPath | None = None,
    planner: str | None = None,
    batch: int = 1,
    device: NameOrPath | None = None,
    dtype: str | None = None,
    watch: Watch | None = None,
) -> Checked:
    """Whether printed figures can be reproduced, and networks stay within budgets.

    Args:
        subjects: claims files, specs with claims, folders of either, papers by name or
            arXiv number, or networks; by default the claims files and specs of the
            current folder, but not of its subfolders.
        shipped: whether to check the papers whose figures ship, too.
        max_mult_adds: an upper bound on each network's mult-adds, ``"600M"``.
        max_params: likewise on its params.
        max_ram: likewise on its ``peak_bytes``, ``"256 KiB"`` or a number of bytes.
        max_flash: likewise on its ``weight_bytes``.
        max_traffic: likewise on its ``traffic_bytes``.
        max_ms: likewise on its ``bound_ms``, on a device.
        max_mj: likewise on its ``energy``, on a device.
        convention: the convention of figures that do not name one.
        storage: likewise the storage, as for :func:`memory`.
        planner: likewise.
        batch: likewise.
        device: likewise the device, as for :func:`latency`.
        dtype: likewise.
        watch: wraps the iterable of results, given their number too; for progress bars.

    Returns:
        The verdict on every claim; ``holds`` is True if all of them hold.

    Raises:
        CostcalcError: a name is unknown, or a file or a network is wrong.

    >>> check("mobilenet_v2", max_params="5M").holds
    True
    """
    from costcalc.claims import check as checking
    from costcalc.claims import sources
    from costcalc.claims.networks import Networks
    from costcalc.metrics import by_metric

    networks = Networks(convention, storage, planner, batch, device, dtype)
    most = max_mult_adds, max_params, max_ram, max_flash, max_traffic, max_ms, max_mj
    bounds = sources.bounds(by_metric(*most))
    named = [networks.subject(subject) for subject in subjects]
    files = sources.collect(named, networks, bounds, shipped=shipped)
    total = sum(len(file.claims) for file in files)
    watched = (lambda results: watch(results, total)) if watch is not None else iter
    return checking.check(files, networks, watched)
