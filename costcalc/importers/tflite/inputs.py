"""The inputs of a network, at the sizes in the file or those requested."""

from __future__ import annotations

from typing import NoReturn

from costcalc.advice import advice, option
from costcalc.errors import Mark, Refusal, refuse
from costcalc.formats.tflite_schema import TYPES
from costcalc.graph.input import sides_at
from costcalc.importers.builder import dims_text
from costcalc.importers.model import Request, Shape
from costcalc.importers.tflite.context import channels_first
from costcalc.importers.tflite.file import TfliteFile
from costcalc.kinds.base import channels_last
from costcalc.records import NamedTuple
from costcalc.spec import limits


class Inputs(NamedTuple):
    """The inputs of a network; its image is the first that is not whole numbers."""

    image: int
    """The index of the image's tensor."""
    others: tuple[int, ...]
    operand: Shape
    """The image's shape, channels first and without the batch."""
    shape: Shape
    """The same as the file orders its axes, with the batch."""
    images: int
    """Images in a batch."""
    is_channels_first: bool
    """Whether the image is (B, C, H, W) in the file itself."""
    is_resized: bool
    """Whether a dimension differs from the one in the file."""


def sized_inputs(file: TfliteFile, request: Request) -> Inputs:
    """The inputs at the requested sizes, which are channels first and without the batch.

    Raises:
        SpecError: there are none, or their dimensions are open or do not fit the request.
    """
    graph, mark = file.model.subgraphs[0], Mark(file.name)
    if not graph.inputs:
        refuse(mark, "the graph has no inputs", "a network")
    image = next((index for index in graph.inputs if not _is_whole(file, index)), graph.inputs[0])
    name, stated = file.tensor_name((0, image)), graph.tensors[image].shape
    images = _images(file, stated)
    batch = stated[:1] if len(stated) > 1 and stated[0] == images else ()
    own = stated[len(batch) :]
    is_first = bool(batch) and _is_channels_first(file, image)
    operand = own if is_first else channels_first(own)
    sizes = list(operand)
    try:
        request.check_inputs([file.tensor_name((0, index)) for index in graph.inputs])
        requested = request.shape_for(name, is_first=True)
    except Refusal as refusal:
        refuse(*refusal.problem(mark))
    if requested is not None:
        if len(requested) != len(sizes):
            refuse_request(mark, name, requested, operand)
        sizes = list(requested)
    if request.res is not None:
        try:
            sizes[1:] = sides_at(request.res, len(sizes) - 1)
        except Refusal as error:
            refuse(*error.problem(mark, f"input '{name}' of {dims_text(operand)}"))
    if requested is None:
        _check_open(file, image, len(batch), is_res_given=request.res is not None)
    wanted = tuple(sizes) if is_first else channels_last(tuple(sizes))
    shape = (*batch, *wanted)
    if not all(1 <= size <= limits.SIZE for size in shape):
        refuse(
            mark,
            f"input '{name}' has a dimension out of range",
            f"dimensions from 1 to {limits.SIZE:,}",
            dims_text(shape),
        )
    return Inputs(
        image=image,
        others=tuple(index for index in graph.inputs if index != image),
        operand=tuple(sizes),
        shape=shape,
        images=images,
        is_channels_first=is_first,
        is_resized=shape != stated and bool(stated),
    )


def _is_channels_first(file: TfliteFile, image: int) -> bool:
    """Whether all that reads a tensor is transpositions to channels last."""
    graph = file.model.subgraphs[0]
    orders = []
    for operator in graph.operators:
        if image in operator.inputs:
            is_transpose = file.builtin_name(operator) == "TRANSPOSE" and len(operator.inputs) > 1
            order = file.values(graph.tensors[operator.inputs[1]]) if is_transpose else None
            orders.append(order)
    rank = len(graph.tensors[image].shape)
    return rank > 3 and bool(orders) and set(orders) == {(0, *range(2, rank), 1)}


def _is_whole(file: TfliteFile, index: int) -> bool:
    """Whether a tensor holds sizes, places or tokens, and no image."""
    tensor = file.tensor((0, index))
    return TYPES[tensor.type].name in ("INT32", "INT64", "UINT32", "UINT64", "BOOL", "STRING")


def _images(file: TfliteFile, image: Shape) -> int:
    """The images in a batch: more than one only if all that is computed leads with as many.

    Where a recurrent operator says so, the leading axis is time.
    """
    graph = file.model.subgraphs[0]
    is_time = any(file.options(row).get("time_major") for row in graph.operators)
    if len(image) < 2 or image[0] <= 1 or is_time:
        return 1
    computed = [graph.tensors[index] for row in graph.operators for index in row.outputs]
    shapes = [tensor.shape for tensor in computed if not tensor.is_variable]
    return image[0] if all(shape[:1] == image[:1] for shape in shapes) else 1


def _check_open(file: TfliteFile, image: int, first: int, *, is_res_given: bool) -> None:
    """Check that no dimension of the image but its batch is left open.

    Raises:
        SpecError: one is.
    """
    signature = file.tensor((0, image)).signature
    left = [axis for axis, size in enumerate(signature) if size == -1 and axis >= max(first, 1)]
    if is_res_given and len(signature) == 4:
        left = [axis for axis in left if axis not in (1, 2)]
    if left:
        refuse(
            Mark(file.name),
            f"input '{file.tensor_name((0, image))}' leaves dimensions open: "
            + ", ".join(f"axis {axis}" for axis in left),
            "a number for each",
            dims_text(signature),
            advice("{} or {}, with all dimensions", option("res", "224"), option("input")),
        )


def refuse_request(mark: Mark, name: str, sizes: Shape, shape: Shape) -> NoReturn:
    """Refuses a requested shape that has other axes than the input.

    Raises:
        SpecError: always.
    """
    refuse(
        mark,
        f"input '{name}' cannot be {dims_text(sizes)}",
        "as many dimensions as the input has, channels first and without the batch",
        dims_text(shape),
    )
