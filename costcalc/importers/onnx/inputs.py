"""What a network reads, at the sizes of the file or at those that are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from costcalc.errors import Mark, Problems, refuse
from costcalc.formats.onnx_schema import (
    WEIGHTS_ARE_INPUTS,
    DataType,
    Dim,
    GraphProto,
    ModelProto,
    TensorProto,
    ValueInfoProto,
)
from costcalc.importers.builder import dims_text
from costcalc.importers.model import Request, Shape
from costcalc.importers.onnx.tensors import TensorInfo
from costcalc.records import NamedTuple
from costcalc.spec import limits

COLOURS = (1, 3, 4)
"""Channels that images have."""


class Inputs(NamedTuple):
    """What a network reads, the first input being its own."""

    tensors: Mapping[str, TensorInfo]
    images: int
    """Images in a batch."""
    parameters: Mapping[str, Any]
    """The values of named dimensions."""
    are_other: bool
    """Whether a side is not what the file says."""


def sized(values: Sequence[ValueInfoProto], request: Request, file: str) -> Inputs:
    """The inputs at the sizes that are asked for.

    The leading side is that of a batch; it is one image where the file leaves it
    open.  Maps are channels first, or last where the file's own sides say so.

    Raises:
        SpecError: sides are left open, or cannot be what is asked for.
    """
    mark, first = Mark(file), values[0]
    wanted = [list(_dims(value, mark)) for value in values]
    stated = wanted[0]
    are_other = False
    if request.input is not None:
        if len(request.input) != len(stated) - 1:
            _misfit(mark, first, request.input)
        are_other = _replace(stated, range(1, len(stated)), request.input)
    if request.res is not None:
        axes = _map(stated)
        if len(axes) < 2:
            _misfit(mark, first, request.res)
        are_other |= _replace(stated, axes[-2:], request.res)
    found = _found(values, wanted, request.settings, mark)
    _check_open(values, wanted, found, mark)
    shapes = [tuple(_side(dim, found) for dim in dims) for dims in wanted]
    images = shapes[0][0] if len(shapes[0]) > 1 else 1
    tensors = {
        value.name: TensorInfo(shape, 0 if len(shape) > 1 and shape[0] == images else None)
        for value, shape in zip(values, shapes, strict=True)
    }
    named = {name: side for name, side in found.items() if name}
    return Inputs(tensors, images, named, are_other)


def _dims(value: ValueInfoProto, mark: Mark) -> tuple[Dim, ...]:
    """The sides of an input, open ones by their names.

    Raises:
        SpecError: it has none, or sides that no tensor has.
    """
    if not value.dims:
        refuse(mark, f"input '{value.name}' has no shape", "a tensor with its sides")
    for dim in value.dims:
        if isinstance(dim, int) and not 0 <= dim <= limits.SIZE:
            refuse(
                mark,
                f"input '{value.name}' has a side of {dim}",
                f"sides from 1 to {limits.SIZE:,}",
                ", ".join(map(str, value.dims)),
            )
    return tuple(dim or "" for dim in value.dims)


def _map(dims: Sequence[Dim]) -> range:
    """The axes of a map, its channels in front of them or behind."""
    if len(dims) > 2 and dims[-1] in COLOURS and dims[1] not in COLOURS:
        return range(1, len(dims) - 1)
    return range(2, len(dims))


def _replace(dims: list[Dim], axes: Sequence[int], sides: Shape) -> bool:
    """Puts sides in the place of others; whether one was another number."""
    is_other = False
    for axis, side in zip(axes, sides, strict=True):
        is_other |= isinstance(dims[axis], int) and dims[axis] != side
        dims[axis] = side
    return is_other


def _found(
    values: Sequence[ValueInfoProto],
    wanted: Sequence[Sequence[Dim]],
    settings: Mapping[str, Any],
    mark: Mark,
) -> dict[str, int]:
    """What the names of open sides stand for."""
    found: dict[str, int] = {}
    for value, dims in zip(values, wanted, strict=True):
        for axis, (name, dim) in enumerate(zip(value.dims or (), dims, strict=True)):
            if not isinstance(name, str) or not name:
                continue
            if name in settings:
                found[name] = _whole(name, settings[name], mark)
            elif isinstance(dim, int):
                found.setdefault(name, dim)
            elif axis == 0 and len(dims) > 1:
                found.setdefault(name, 1)
    return found


def _whole(name: str, value: Any, mark: Mark) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= limits.SIZE:
        return value
    refuse(mark, f"'{name}' cannot be {value}", f"a whole number from 1 to {limits.SIZE:,}")


def _check_open(
    values: Sequence[ValueInfoProto],
    wanted: Sequence[Sequence[Dim]],
    found: Mapping[str, int],
    mark: Mark,
) -> None:
    """All sides that nothing gives are named at once."""
    problems = Problems()
    for value, dims in zip(values, wanted, strict=True):
        left = [
            (axis, dim)
            for axis, dim in enumerate(dims)
            if isinstance(dim, str) and dim not in found and (axis or len(dims) == 1)
        ]
        if not left:
            continue
        names = [f"--set {dim}=..." for _, dim in left if dim]
        sides = ", ".join(str(dim) or "?" for dim in value.dims or ())
        hints = (["--res 224"] if len(dims) > 3 else []) + (names or ["--input, with all sides"])
        problems.add(
            mark,
            f"input '{value.name}' leaves sides open: "
            + ", ".join(str(dim) or f"axis {axis}" for axis, dim in left),
            "a number for each",
            f"({sides})",
            " or ".join(hints),
        )
    problems.raise_any()


def _side(dim: Dim, found: Mapping[str, int]) -> int:
    return found.get(dim, 1) if isinstance(dim, str) else dim


def _misfit(mark: Mark, value: ValueInfoProto, sides: Shape) -> NoReturn:
    shown = ", ".join(str(dim) or "?" for dim in value.dims or ())
    refuse(
        mark,
        f"input '{value.name}' cannot be {dims_text(sides)}",
        "as many sides as the input has, without the batch",
        f"({shown})",
    )


def with_weights_stored(model: ModelProto, graph: GraphProto, file: str) -> GraphProto:
    """The model's graph; where its weights are inputs, to be fed when it runs, as if stored.

    Raises:
        SpecError: a weight leaves sides open.
    """
    if WEIGHTS_ARE_INPUTS not in model.metadata or not graph.inputs:
        return graph
    first, *others = graph.inputs
    weights = []
    for value in others:
        stated = value.dims or ("",)
        dims = tuple(dim for dim in stated if isinstance(dim, int))
        if len(dims) < len(stated):
            refuse(Mark(file), f"weight '{value.name}' leaves sides open", "a number each")
        weights.append(TensorProto(value.name, dims, DataType.FLOAT, location=1))
    return graph._replace(inputs=(first,), initializers=(*graph.initializers, *weights))
