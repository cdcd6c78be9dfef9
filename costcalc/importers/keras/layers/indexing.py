"""``x[:, 1:, ::2]``: what is picked along each axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from costcalc.graph.frame import Tensor
from costcalc.importers.building import LayerError
from costcalc.importers.keras.site import Result, Site


class Pick(NamedTuple):
    """What an index leaves of one axis."""

    start: int
    stop: int
    step: int
    is_gone: bool
    """Whether it is one place, and the axis goes."""


def get_item(site: Site) -> Result:
    """Slices, single places, an ellipsis and new axes; the batch stays whole."""
    index = site.option("slice_spec", 1)
    entries = _expanded(index if isinstance(index, list) else [index], site)
    sides = site.sides(site.input)
    tensor, picks, shape = site.input, list[Pick](), list[int]()
    for entry in entries:
        if entry is None:
            shape.append(1)
            continue
        pick = _pick(entry, sides[len(picks)], site)
        if not pick.is_gone:
            shape.append(-(-(pick.stop - pick.start) // abs(pick.step)))
        picks.append(pick)
    for place, (pick, side) in enumerate(zip(picks, sides, strict=True)):
        tensor = _sliced(site, tensor, place, pick, side)
    return _view(site, tensor, shape or [1])


def _expanded(entries: list[Any], site: Site) -> list[Any]:
    """An entry for each axis behind the batch, new axes between them.

    Raises:
        UnknownLayer: the batch does not stay whole, or there are too many.
    """
    kinds = ["ellipsis" if _is_ellipsis(each) else each for each in entries]
    named = sum(each is not None and each != "ellipsis" for each in kinds)
    missing = site.rank + 1 - named
    if missing < 0 or kinds.count("ellipsis") > 1:
        raise site.unknown()
    if "ellipsis" not in kinds:
        kinds.append("ellipsis")
    place = kinds.index("ellipsis")
    whole: list[Any] = [_WHOLE] * missing
    full = [*entries[:place], *whole, *entries[place + 1 :]]
    if not full or not _is_whole(full[0]):
        raise site.unknown()
    return full[1:]


_WHOLE: Mapping[str, Any] = {}


def _is_ellipsis(entry: Any) -> bool:
    return isinstance(entry, Mapping) and (
        entry.get("class_name") == "__ellipsis__" or entry.get("type") == "ellipsis"
    )


def _bounds(entry: Any) -> tuple[Any, Any, Any]:
    """Start, stop and step of a slice, as Keras 3 or Keras 2 writes it."""
    config = entry.get("config", entry)
    values = config if isinstance(config, Mapping) else {}
    return values.get("start"), values.get("stop"), values.get("step")


def _is_whole(entry: Any) -> bool:
    return isinstance(entry, Mapping) and _bounds(entry) == (None, None, None)


def _pick(entry: Any, side: int, site: Site) -> Pick:
    if isinstance(entry, int) and not isinstance(entry, bool):
        start = entry + side if entry < 0 else entry
        if not 0 <= start < side:
            raise LayerError(f"there is no place {entry} among {side}")
        return Pick(start, start + 1, 1, is_gone=True)
    if not isinstance(entry, Mapping):
        raise site.unknown()
    bounds = _bounds(entry)
    if any(each is not None and not isinstance(each, int) for each in bounds) or bounds[2] == 0:
        raise site.unknown()
    places = range(side)[slice(*bounds)]
    if not places:
        raise LayerError(f"its slice leaves nothing of {side}")
    if places.step < 0:
        return Pick(places[-1], places[0] + 1, places.step, is_gone=False)
    return Pick(places[0], places[-1] + 1, places.step, is_gone=False)


def _sliced(site: Site, tensor: Tensor, place: int, pick: Pick, side: int) -> Tensor:
    if pick.step < 0:
        sides = list(site.sides(tensor))
        sides[place] = -(-(pick.stop - pick.start) // -pick.step)
        site.builder.is_sized = True
        shape = site.layout.turned(sides)
        return site.add("rearrange", (tensor,), {"shape": shape}, f".axis{place + 1}")
    if (pick.start, pick.stop, pick.step) == (0, side, 1):
        return tensor
    axis = site.axis(place + 1, tensor)
    arguments = {"stop": pick.stop, "start": pick.start, "axis": axis, "step": pick.step}
    site.builder.is_sized = True
    return site.add("slice", (tensor,), arguments, f".axis{place + 1}")


def _view(site: Site, tensor: Tensor, sides: Sequence[int]) -> Tensor:
    if site.sides(tensor) == tuple(sides):
        return tensor
    site.builder.is_sized = True
    return site.reshape(tensor, sides)
