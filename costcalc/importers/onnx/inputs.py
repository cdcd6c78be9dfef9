"""The inputs of a network, at the sizes in the file or those requested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from costcalc.advice import advice, joined, option, set_option
from costcalc.errors import Mark, Problems, Refusal, refuse
from costcalc.formats.onnx_schema import (
    WEIGHTS_ARE_INPUTS,
    DataType,
    Dim,
    GraphProto,
    ModelProto,
    TensorProto,
    ValueInfoProto,
)
from costcalc.graph.input import sides_at
from costcalc.importers.builder import dims_text
from costcalc.importers.model import Request, Shape
from costcalc.importers.onnx.tensors import TensorInfo
from costcalc.records import NamedTuple
from costcalc.spec import limits

IMAGE_CHANNELS = (1, 3, 4)


class Inputs(NamedTuple):
    """The inputs of a network; the first one is its image."""

    tensors: Mapping[str, TensorInfo]
    images: int
    """Images in a batch."""
    parameters: Mapping[str, Any]
    """The values of named dimensions."""
    are_resized: bool
    """Whether a dimension differs from the one in the file."""


def sized_inputs(values: Sequence[ValueInfoProto], request: Request, file: str) -> Inputs:
    """The inputs at the requested sizes.

    The leading dimension is the batch, one image unless the file states it.  Maps are
    channels first, or channels last if the file's own dimensions say so.

    Raises:
        SpecError: dimensions are left open, or do not fit the request.
    """
    mark, first = Mark(file), values[0]
    wanted = [list(_dims(value, mark)) for value in values]
    image = wanted[0]
    are_resized = False
    if request.input is not None:
        if len(request.input) != len(image) - 1:
            _refuse_request(mark, first, request.input)
        are_resized = _replace(image, range(1, len(image)), request.input)
    if request.res is not None:
        axes = _spatial_axes(image)
        try:
            sizes = sides_at(request.res, len(axes))
        except Refusal as error:
            refuse(*error.problem(mark, f"input '{first.name}' of {_shown(first)}"))
        are_resized |= _replace(image, axes, sizes)
    named = _named_dims(values, wanted, request.settings, mark)
    _check_open(values, wanted, named, mark)
    shapes = [tuple(_size(dim, named) for dim in dims) for dims in wanted]
    images = shapes[0][0] if len(shapes[0]) > 1 else 1
    tensors = {
        value.name: TensorInfo(shape, 0 if len(shape) > 1 and shape[0] == images else None)
        for value, shape in zip(values, shapes, strict=True)
    }
    return Inputs(tensors, images, named, are_resized)


def _dims(value: ValueInfoProto, mark: Mark) -> tuple[Dim, ...]:
    """The dimensions of an input, open ones by their names.

    Raises:
        SpecError: it has none, or some are out of range.
    """
    if not value.dims:
        refuse(mark, f"input '{value.name}' has no shape", "a tensor with its dimensions")
    for dim in value.dims:
        if isinstance(dim, int) and not 0 <= dim <= limits.SIZE:
            refuse(
                mark,
                f"input '{value.name}' has a dimension of {dim}",
                f"dimensions from 1 to {limits.SIZE:,}",
                ", ".join(map(str, value.dims)),
            )
    return tuple(dim or "" for dim in value.dims)


def _spatial_axes(dims: Sequence[Dim]) -> range:
    """The spatial axes of a map, channels first or last."""
    if len(dims) > 2 and dims[-1] in IMAGE_CHANNELS and dims[1] not in IMAGE_CHANNELS:
        return range(1, len(dims) - 1)
    return range(2, len(dims))


def _replace(dims: list[Dim], axes: Sequence[int], sizes: Shape) -> bool:
    """Replace some dimensions; return whether a number changed."""
    is_changed = False
    for axis, size in zip(axes, sizes, strict=True):
        is_changed |= isinstance(dims[axis], int) and dims[axis] != size
        dims[axis] = size
    return is_changed


def _named_dims(
    values: Sequence[ValueInfoProto],
    wanted: Sequence[Sequence[Dim]],
    settings: Mapping[str, Any],
    mark: Mark,
) -> dict[str, int]:
    """The sizes of named dimensions: set, replaced, or 1 for a batch."""
    sizes: dict[str, int] = {}
    for value, dims in zip(values, wanted, strict=True):
        for axis, (name, dim) in enumerate(zip(value.dims or (), dims, strict=True)):
            if not isinstance(name, str) or not name:
                continue
            if name in settings:
                sizes[name] = _checked_size(name, settings[name], mark)
            elif isinstance(dim, int):
                sizes.setdefault(name, dim)
            elif axis == 0 and len(dims) > 1:
                sizes.setdefault(name, 1)
    return sizes


def _checked_size(name: str, value: Any, mark: Mark) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= limits.SIZE:
        return value
    refuse(mark, f"'{name}' cannot be {value}", f"a whole number from 1 to {limits.SIZE:,}")


def _check_open(
    values: Sequence[ValueInfoProto],
    wanted: Sequence[Sequence[Dim]],
    named: Mapping[str, int],
    mark: Mark,
) -> None:
    """Check that no dimension is left open; report all that are.

    Raises:
        SpecError: some are.
    """
    problems = Problems()
    for value, dims in zip(values, wanted, strict=True):
        left = [
            (axis, dim)
            for axis, dim in enumerate(dims)
            if isinstance(dim, str) and dim not in named and (axis or len(dims) == 1)
        ]
        if not left:
            continue
        names = [set_option(dim) for _, dim in left if dim]
        complete = [advice("{}, with all dimensions", option("input"))]
        hints = ([option("res", "224")] if len(dims) > 3 else []) + (names or complete)
        problems.add(
            mark,
            f"input '{value.name}' leaves dimensions open: "
            + ", ".join(str(dim) or f"axis {axis}" for axis, dim in left),
            "a number for each",
            _shown(value),
            joined(" or ", hints),
        )
    problems.raise_any()


def _size(dim: Dim, named: Mapping[str, int]) -> int:
    return named.get(dim, 1) if isinstance(dim, str) else dim


def _refuse_request(mark: Mark, value: ValueInfoProto, sizes: Shape) -> NoReturn:
    refuse(
        mark,
        f"input '{value.name}' cannot be {dims_text(sizes)}",
        "as many dimensions as the input has, without the batch",
        _shown(value),
    )


def _shown(value: ValueInfoProto) -> str:
    return f"({', '.join(str(dim) or '?' for dim in value.dims or ())})"


def with_weights_as_initializers(model: ModelProto, graph: GraphProto, file: str) -> GraphProto:
    """The model's graph; if its weights are inputs, they become initializers.

    Raises:
        SpecError: a weight leaves dimensions open.
    """
    key, word = WEIGHTS_ARE_INPUTS
    said, _, count = dict(model.metadata).get(key, "").partition(" ")
    if said != word or not graph.inputs:
        return graph
    inputs = int(count) if count.isdecimal() and len(count) < 4 else 1
    weights = []
    for value in graph.inputs[inputs:]:
        stated = value.dims or ("",)
        dims = tuple(dim for dim in stated if isinstance(dim, int))
        if len(dims) < len(stated):
            refuse(Mark(file), f"weight '{value.name}' leaves dimensions open", "a number for each")
        weights.append(TensorProto(value.name, dims, DataType.FLOAT, location=1))
    return graph._replace(
        inputs=graph.inputs[:inputs], initializers=(*graph.initializers, *weights)
    )
