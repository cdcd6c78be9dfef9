"""The inputs of a network, at the sizes in the file or those requested."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from fractions import Fraction
from typing import Any, NoReturn

from costcalc.advice import advice, inputs_option, joined, option, set_option
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
from costcalc.importers.onnx.numbers import WHOLE
from costcalc.importers.onnx.tensors import TensorInfo
from costcalc.records import NamedTuple
from costcalc.spec import limits
from costcalc.spec.numbers import exact, plain_value

IMAGE_CHANNELS = (1, 3, 4)

_UNNAMED = ("", "?", -1, 0)
"""What files state for a dimension that is open and has no name."""


class Inputs(NamedTuple):
    """The inputs of a network; the first one is its image."""

    tensors: Mapping[str, TensorInfo]
    images: int
    """Images in a batch; 0 if no axis is the batch."""
    parameters: Mapping[str, Any]
    """The values of named dimensions, and of inputs that are set."""
    are_resized: bool
    """Whether a dimension differs from the one in the file."""


def takes_all_axes(values: Sequence[ValueInfoProto], request: Request) -> bool:
    """Whether the request gives the first input a size for every axis, the leading one too."""
    first = values[0]
    named = request.inputs.get(first.name)
    sizes = request.input if named is None else named.shape
    return sizes is not None and first.dims is not None and len(first.dims) == len(sizes)


def sized_inputs(
    values: Sequence[ValueInfoProto],
    request: Request,
    file: str,
    batch: int | None = 0,
    unsized: Container[str] = (),
) -> Inputs:
    """The inputs at the requested sizes.

    The axis ``batch`` is that of the images, one image unless the file states it; None if
    there is no such axis.  Maps are channels first, or channels last if the file's own
    dimensions say so.  Nothing needs the sizes of inputs in ``unsized``.

    Raises:
        SpecError: dimensions are left open, or do not fit the request.
    """
    mark, first = Mark(file), values[0]
    try:
        request.check_inputs([value.name for value in values])
        requested = [request.shape_for(value.name, is_first=value is first) for value in values]
    except Refusal as refusal:
        refuse(*refusal.problem(mark))
    stated = [_dims(value, shape, mark) for value, shape in zip(values, requested, strict=True)]
    wanted = [list(dims) for dims in stated]
    image = wanted[0]
    are_resized = False
    for value, dims, given in zip(values, wanted, requested, strict=True):
        if given is None:
            continue
        axes = _sized_axes(len(dims), len(given), batch)
        if len(given) != len(axes):
            _refuse_request(mark, value, given)
        are_resized |= _replace(dims, axes, given)
    if request.res is not None:
        spatial = [*_spatial_axes(image)]
        try:
            sizes = sides_at(request.res, len(spatial))
        except Refusal as error:
            refuse(*error.problem(mark, f"input '{first.name}' of {_shown(first)}"))
        are_resized |= _replace(image, spatial, sizes)
    for value, dims in zip(values, wanted, strict=True):
        is_known = value is not first and (_is_empty(value) or _is_set(value, request))
        if value.name in unsized or is_known:
            dims[:] = [dim if isinstance(dim, int) else 1 for dim in dims]
    named = _named_dims(stated, wanted, request.settings, batch, mark)
    _check_open(values, wanted, named, batch, mark)
    shapes = [tuple(_size(dim, named) for dim in dims) for dims in wanted]
    images = 0
    if batch is not None:
        images = next((shape[batch] for shape in shapes if len(shape) > 1), 1)
    tensors = {
        value.name: TensorInfo(
            shape, batch if _leads_with(images, shape, batch) else None, is_input=True
        )
        for value, shape in zip(values, shapes, strict=True)
    }
    for value in values[1:]:
        if _is_empty(value):
            tensors[value.name] = TensorInfo((0,), values=(), is_static=True)
            continue
        if _is_set(value, request):
            named[value.name] = request.settings[value.name]
            tensors[value.name] = _set_value(value, named[value.name], mark)
    return Inputs(tensors, images, named, are_resized)


def _sized_axes(rank: int, count: int, batch: int | None) -> list[int]:
    """The axes that so many sizes are for: all, or all but the batch."""
    return [axis for axis in range(rank) if count == rank or axis != (batch or 0)]


def _is_set(value: ValueInfoProto, request: Request) -> bool:
    """Whether a setting gives the numbers of an input: one, or a list of them."""
    return value.name in request.settings and len(value.dims or ()) < 2


def _is_empty(value: ValueInfoProto) -> bool:
    """Whether an input is a list of no whole numbers, such as axes that are left out."""
    return value.type is not None and value.type.data_type in WHOLE and value.dims == (0,)


def _set_value(value: ValueInfoProto, given: Any, mark: Mark) -> TensorInfo:
    """An input whose numbers are set: a scalar, or a vector of few.

    Raises:
        SpecError: they are no numbers of the input's type, or of another count.
    """
    if isinstance(given, str):  # 1x1x0.5x0.5: fractions are not sides, and are left as a word
        numbers = tuple(map(plain_value, given.split("x")))
    else:
        numbers = given if isinstance(given, tuple) else (given,)
    dims, data_type = value.dims or (), value.type.data_type if value.type else 0
    is_whole = data_type in WHOLE or data_type == DataType.BOOL
    fits = all(
        isinstance(number, int) if is_whole else isinstance(number, int | Fraction)
        for number in numbers
    )
    size = dims[0] if dims else 1
    if not fits or (isinstance(size, int) and size > 0 and size != len(numbers)):
        expected = f"{size if isinstance(size, int) and size > 0 else ''} numbers".strip()
        expected = "one number" if size == 1 else expected
        found = "x".join(map(exact, numbers))
        refuse(mark, f"input '{value.name}' cannot be {found}", expected)
    shape = (len(numbers),) if dims else ()
    values = tuple(number if is_whole else float(number) for number in numbers)
    return TensorInfo(shape, values=values, is_static=True)


def _leads_with(images: int, shape: Shape, batch: int | None) -> bool:
    return batch is not None and len(shape) > max(batch, 1) and shape[batch] == images


def _dims(value: ValueInfoProto, requested: Shape | None, mark: Mark) -> tuple[Dim, ...]:
    """The dimensions of an input, open ones by their names; none of a scalar.

    Files also store a dimension that is open as -1 or 0.

    Raises:
        SpecError: it has no shape, or some are out of range.
    """
    dims = value.dims
    if value.type is None:
        what = f"input '{value.name}' is not a tensor"
        refuse(mark, what, "a tensor; costcalc reads no sequences, maps or optional inputs")
    if dims is None:
        if requested is None:
            hint = advice("{}, without the batch", option("input", "3,224,224"))
            refuse(mark, f"input '{value.name}' has no shape", "a number of axes", hint=hint)
        dims = ("",) * (len(requested) + 1)
    for dim in dims:
        if isinstance(dim, int) and not -1 <= dim <= limits.SIZE:
            refuse(
                mark,
                f"input '{value.name}' has a dimension of {dim}",
                f"dimensions from 1 to {limits.SIZE:,}",
                ", ".join(map(str, dims)),
            )
    return tuple("" if dim in _UNNAMED else dim for dim in dims)


_DTYPES = {DataType.FLOAT: "float32", DataType.DOUBLE: "float64"}


def dtypes(values: Sequence[ValueInfoProto]) -> dict[str, str]:
    """What the numbers of each input are, by its name; '' if the file does not say."""
    known = {int(each) for each in DataType}
    return {
        value.name: _dtype(DataType(value.type.data_type))
        if value.type and value.type.data_type in known
        else ""
        for value in values
    }


def _dtype(data_type: DataType) -> str:
    return _DTYPES.get(data_type, data_type.name.lower())


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
    stated: Sequence[Sequence[Dim]],
    wanted: Sequence[Sequence[Dim]],
    settings: Mapping[str, Any],
    batch: int | None,
    mark: Mark,
) -> dict[str, int]:
    """The sizes of named dimensions: set, replaced, or 1 for a batch."""
    sizes: dict[str, int] = {}
    for names, dims in zip(stated, wanted, strict=True):
        for axis, (name, dim) in enumerate(zip(names, dims, strict=True)):
            if not isinstance(name, str) or not name:
                continue
            if name in settings:
                sizes[name] = _checked_size(name, settings[name], mark)
            elif isinstance(dim, int):
                sizes.setdefault(name, dim)
            elif axis == batch and len(dims) > 1:
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
    batch: int | None,
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
            if isinstance(dim, str) and dim not in named and (axis != batch or len(dims) == 1)
        ]
        if not left:
            continue
        are_sides = len(dims) > 3 and [axis for axis, _ in left] == [*_spatial_axes(dims)]
        hints = [option("res", "224")] if are_sides else []
        if all(dim for _, dim in left):
            hints.append(joined(" and ", map(set_option, dict.fromkeys(dim for _, dim in left))))
        elif value is values[0]:
            hints.append(advice("{}, with all dimensions", option("input")))
        else:
            hints.append(inputs_option([value.name]))
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
    dims = ("?" if dim in _UNNAMED else str(dim) for dim in value.dims or ())
    return f"({', '.join(dims)})"


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
