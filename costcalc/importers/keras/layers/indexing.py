"""``x[:, 1:, ::2]``: what is picked along each axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand, UnknownOp
from costcalc.importers.keras.context import KerasContext, Result
from costcalc.records import NamedTuple


class Pick(NamedTuple):
    """What an index leaves of one axis."""

    places: range
    is_gone: bool
    """Whether it is one place, and the axis goes."""


def get_item(op: KerasContext) -> Result:
    """Slices, single places, an ellipsis and new axes; the batch stays whole."""
    index = op.option("slice_spec", 1)
    entries = _expanded(index if isinstance(index, list) else [index], op)
    sides = op.keras_shape(op.input)
    tensor, picks, shape = op.input, list[Pick](), list[int]()
    for entry in entries:
        if entry is None:
            shape.append(1)
            continue
        pick = _pick(entry, sides[len(picks)], op)
        if not pick.is_gone:
            shape.append(len(pick.places))
        picks.append(pick)
    for place, (pick, side) in enumerate(zip(picks, sides, strict=True)):
        tensor = _sliced(op, tensor, place, pick, side)
    return _view(op, tensor, shape or [1])


def _expanded(entries: list[Any], op: KerasContext) -> list[Any]:
    """An entry for each axis behind the batch, new axes between them.

    Raises:
        UnknownOp: the batch does not stay whole, or there are too many.
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
    """Start, stop and step of a slice, as Keras 3 or Keras 2 writes it."""
    config = entry.get("config", entry)
    values = config if isinstance(config, Mapping) else {}
    return values.get("start"), values.get("stop"), values.get("step")


def _is_whole(entry: Any) -> bool:
    return isinstance(entry, Mapping) and _bounds(entry) == (None, None, None)


def _pick(entry: Any, side: int, op: KerasContext) -> Pick:
    if isinstance(entry, int) and not isinstance(entry, bool):
        start = entry + side if entry < 0 else entry
        if not 0 <= start < side:
            raise Refusal(f"index {entry} is out of range for {side} places")
        return Pick(range(start, start + 1), is_gone=True)
    if not isinstance(entry, Mapping):
        raise UnknownOp
    bounds = _bounds(entry)
    if any(each is not None and not isinstance(each, int) for each in bounds) or bounds[2] == 0:
        raise UnknownOp
    places = range(side)[slice(*bounds)]
    if not places:
        raise Refusal(f"its slice leaves nothing of {side}")
    end = places[-1] + (1 if places.step > 0 else -1)
    return Pick(range(places[0], end, places.step), is_gone=False)


def _sliced(op: KerasContext, tensor: Operand, place: int, pick: Pick, side: int) -> Operand:
    if pick.places == range(side):
        return tensor
    op.builder.is_sized = True
    axis = op.axis(place + 1, tensor)
    return emit.take(op, tensor, axis, pick.places, part=f".axis{place + 1}")


def _view(op: KerasContext, tensor: Operand, sides: Sequence[int]) -> Operand:
    if op.keras_shape(tensor) == tuple(sides):
        return tensor
    op.builder.is_sized = True
    return op.reshape(tensor, sides)
