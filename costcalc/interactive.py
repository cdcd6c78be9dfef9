"""The question that a page answers: what networks cost at any of their settings.

The others are in :mod:`.questions`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from costcalc.costs.convention import load_convention
from costcalc.errors import refuse
from costcalc.opening import AnyNetwork, names_in, opened, stated_in_grid
from costcalc.spec.library import NameOrPath

if TYPE_CHECKING:
    from costcalc.performance.running import Run
    from costcalc.webpage.answer import WebPage


def page(
    *networks: AnyNetwork,
    convention: NameOrPath | Iterable[NameOrPath] = "paper",
    unit: str | Iterable[str] | None = None,
    storage: NameOrPath | Iterable[NameOrPath] = (),
    device: NameOrPath | Iterable[NameOrPath] = (),
    **settings: Iterable[Any] | str,
) -> WebPage:
    """An interactive page: one HTML file, in which a reader moves the networks' parameters.

    Args:
        networks: the networks, as for :func:`report`; the first is the one that others are
            compared with.
        convention: the conventions to choose from, by name or by the paths of their files.
        unit: as for :func:`report`, or several to choose from.
        storage: adds memory over steps, under storages to choose from.
        device: adds times and a roofline, on devices to choose from.
        settings: a value of a parameter, which the page then does not move, or several, as
            for :func:`sweep`, of which the reader chooses.

    Returns:
        The page, which ``save(path)`` writes.

    Raises:
        CostcalcError: as for :func:`report`, or there is no network or no convention.

    >>> page("mobilenet_v2", res=[160, 192, 224]).save("/dev/null")
    """
    from costcalc.webpage.answer import AskedNetwork, web_page
    from costcalc.webpage.model import Measures, ways_to_count

    values = _values(settings)
    fixed = {name: own[0] for name, own in values.items() if len(own) == 1}
    ranges = {name: own for name, own in values.items() if len(own) > 1}
    if not networks:
        refuse(None, "a page needs a network", 'page("mobilenet_v2")')
    is_one_of_several = len(networks) > 1
    asked = []
    for network in networks:
        own = stated_in_grid(network, values, is_one_of_several)
        moved = {name: ranges[name] for name in ranges if name not in own}
        found = opened(network, fixed, is_one_of_several=is_one_of_several)
        asked.append(AskedNetwork(found, moved))
    references = _each_once(convention)
    if not references:
        refuse(None, "a page needs a convention", 'convention="paper"')
    units = _each_once(() if unit is None else unit)
    conventions = tuple(load_convention(*each) for each in ways_to_count(references, units))
    runs = _runs(_each_once(device))
    measures = Measures(conventions, _each_once(storage), runs, references, units)
    return web_page(asked, measures, fixed)


def _each_once(given: NameOrPath | Iterable[NameOrPath]) -> tuple[str, ...]:
    """Names to choose from, in their order."""
    return tuple(dict.fromkeys(names_in(given)))


def _runs(devices: Sequence[str]) -> tuple[Run, ...]:
    """What the networks run on."""
    if not devices:
        return ()
    from costcalc.performance.running import run

    return tuple(map(run, devices))


def _values(settings: Mapping[str, Any]) -> Mapping[str, Sequence[Any]]:
    """The values of each setting, from Python or from their text."""
    if not settings:
        return {}
    from costcalc.grid.networks import axes_of  # with NumPy

    return {axis.name: axis.values for axis in axes_of(settings)}
