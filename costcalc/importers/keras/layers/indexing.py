"""Indexing: ``x[:, 1:, ::2]``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import UnknownOp
from costcalc.importers.keras.context import KerasContext, Result
from costcalc.records import NamedTuple


class Pick(NamedTuple):
    """The places that an index picks along one axis."""

    places: range
    drops_axis: bool
    """Whether the index is a single number, which removes the axis."""


def get_item(op: KerasContext) -> Result:
    """``x[...]`` with slices, numbers, an ellipsis and new axes; the batch is kept whole."""
    index = op.option("slice_spec", 1)
    entries = _expanded(index if isinstance(index, list) else [index], op)
    dims = op.keras_shape(op.input)
    tensor, picks, shape = op.input, list[Pick](), list[int]()
    for entry in entries:
        if entry is None:
            shape.append(1)
            continue
        pick = _pick(entry, dims[len(picks)], op)
        if not pick.drops_axis:
            shape.append(len(pick.places))
        picks.append(pick)
    for place, (pick, side) in enumerate(zip(picks, dims, strict=True)):
        if pick.places != range(side):
            op.builder.is_sized = True
            axis = op.axis(place + 1, tensor)
            tensor = emit.take(op, tensor, axis, pick.places, part=f".axis{place + 1}")
    if op.keras_shape(tensor) == tuple(shape or [1]):
        return tensor
    return op.reshape(tensor, shape or [1], ".reshape", is_sized=True)


def _expanded(entries: list[Any], op: KerasContext) -> list[Any]:
    """One entry per axis after the batch, with None for each new axis.

    Raises:
        UnknownOp: the batch is indexed, or there are too many entries.
    """
    kinds = ["ellipsis" if _is_ellipsis(each) else each for each in entries]
    named = sum(each is not None and each != "ellipsis" for each in kinds)
    missing = op.rank + 1 - named
    if missing < 0 or kinds.count("ellipsis") > 1:
        raise UnknownOp
    if "ellipsis" not in kinds:
        kinds.append("ellipsis")
    place = kinds.index("ellipsis")
    whole: list[Any] = [_WHOLE] * missing
    full = [*entries[:place], *whole, *entries[place + 1 :]]
    if not full or not _is_whole(full[0]):
        raise UnknownOp
    return full[1:]


_WHOLE: Mapping[str, Any] = {}


def _is_ellipsis(entry: Any) -> bool:
    return isinstance(entry, Mapping) and (
        entry.get("class_name") == "__ellipsis__" or entry.get("type") == "ellipsis"
    )


def _bounds(entry: Any) -> tuple[Any, Any, Any]:
    """The start, stop and step of a slice of Keras 3 or Keras 2."""
    config = entry.get("config", entry)
    values = config if isinstance(config, Mapping) else {}
    return values.get("start"), values.get("stop"), values.get("step")


def _is_whole(entry: Any) -> bool:
    return isinstance(entry, Mapping) and _bounds(entry) == (None, None, None)


def _pick(entry: Any, side: int, op: KerasContext) -> Pick:
    if isinstance(entry, int) and not isinstance(entry, bool):
        start = entry + side if entry < 0 else entry
        if not 0 <= start < side:
            raise Refusal(f"index {entry} is out of range for an axis of {side}")
        return Pick(range(start, start + 1), drops_axis=True)
    if not isinstance(entry, Mapping):
        raise UnknownOp
    bounds = _bounds(entry)
    if any(each is not None and not isinstance(each, int) for each in bounds) or bounds[2] == 0:
        raise UnknownOp
    places = range(side)[slice(*bounds)]
    if not places:
        raise Refusal(f"its slice of an axis of {side} is empty")
    end = places[-1] + (1 if places.step > 0 else -1)
    return Pick(range(places[0], end, places.step), drops_axis=False)
