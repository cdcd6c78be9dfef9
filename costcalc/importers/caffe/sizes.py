"""The shapes of a network's inputs, as stated in the file or set by the caller."""

from __future__ import annotations

from collections.abc import Iterator

from costcalc.advice import advice, option
from costcalc.errors import Mark, Refusal
from costcalc.graph.input import sides_at
from costcalc.importers.caffe.fields import Fields, whole
from costcalc.importers.caffe.network import CaffeLayer, CaffeNetwork
from costcalc.importers.model import Request, Shape
from costcalc.records import NamedTuple
from costcalc.spec import limits

DATA = frozenset(
    {"Data", "ImageData", "HDF5Data", "WindowData", "MemoryData", "DummyData", "AnnotatedData"}
)
"""Layers that load images, and labels as further tops."""


class Input(NamedTuple):
    """An input blob."""

    blob: str
    shape: Shape | None
    """Its shape without the batch; None if the file does not state it."""
    mark: Mark
    is_constant: bool = False
    """Whether the file fills it, always with the same numbers."""
    images: int = 1
    """The size of its first axis: the images of a batch, or the boxes of a list."""


def inputs(network: CaffeNetwork, is_whole: bool = False) -> list[Input]:
    """Every input blob, in the order of the file; with its first axis if it is read whole.

    Args:
        network: the network.
        is_whole: whether first axes are no batch.

    Raises:
        Refusal: there is none, or a stated shape is not valid.
    """
    blobs = [*_declared(network.fields, is_whole)]
    for layer in network.layers:
        blobs += _of_layer(layer, is_whole)
    if not blobs:
        raise Refusal(
            "the network has no input in the test phase",
            'input: "data" with an input_shape, or a layer of type Input or Data',
            mark=network.fields.mark,
        )
    return blobs


def _declared(fields: Fields, is_whole: bool) -> Iterator[Input]:
    """The blobs of ``input``, with an ``input_shape`` or four ``input_dim`` each."""
    names = fields.scalars("input")
    shapes = [
        _counted(Fields(shape).wholes("dim"), is_whole) for shape in fields.messages("input_shape")
    ]
    dims = tuple(whole(dim, "input_dim", 1) for dim in fields.scalars("input_dim"))
    if dims and (shapes or len(dims) != 4 * len(names)):
        raise Refusal(
            f"{len(dims)} input_dim for {len(names)} inputs",
            "four for each, or input_shape instead",
            mark=fields.scalars("input_dim")[0].mark,
        )
    shapes = shapes or [_counted(dims[at : at + 4], is_whole) for at in range(0, len(dims), 4)]
    for index, name in enumerate(names):
        images, shape = shapes[index] if index < len(shapes) else (1, None)
        yield Input(name.text, shape, name.mark, images=images)


def _of_layer(layer: CaffeLayer, is_whole: bool) -> Iterator[Input]:
    """The tops of an input layer or a data layer."""
    if layer.type in ("Input", "DummyData"):
        param = layer.fields.message(f"{'input' if layer.type == 'Input' else 'dummy_data'}_param")
        shapes = [
            _counted(Fields(message).wholes("dim"), is_whole) for message in param.messages("shape")
        ]
        for index, top in enumerate(layer.tops):
            images, shape = shapes[min(index, len(shapes) - 1)] if shapes else (1, None)
            yield Input(top.text, shape, top.mark, layer.type == "DummyData", images)
    elif layer.type in DATA:
        for index, top in enumerate(layer.tops):
            shape = () if index or is_whole else _cropped(layer)
            yield Input(top.text, shape, top.mark)


def _cropped(layer: CaffeLayer) -> Shape | None:
    """The images of a data layer: three channels, or one with ``force_gray``."""
    transform = layer.fields.message("transform_param")
    side = transform.whole("crop_size", 0, 0)
    old_params = [name for name in layer.fields.names if name.endswith("data_param")]
    for name in old_params if not side else ():
        side = layer.fields.message(name).whole("crop_size", 0, 0)
    if not side:
        return None
    return (1 if transform.flag("force_gray", False) else 3, side, side)


def _counted(dims: Shape, is_whole: bool) -> tuple[int, Shape | None]:
    """The size of the batch, and the dimensions after it; a single dimension is kept."""
    return (dims[0], dims[1:]) if len(dims) > 1 and not is_whole else (1, dims)


def requested_shape(first: Input, request: Request, is_whole: bool = False) -> Shape:
    """The first input's shape, as set by the caller or stated in the file.

    If it ``is_whole``, its first axis is none of channels.

    Raises:
        Refusal: there is no shape, or the caller's does not fit.
    """
    shape, wanted = first.shape, request.shape_for(first.blob, is_first=True)
    if wanted is not None:
        has_channels = shape and not is_whole
        if shape and (len(wanted) != len(shape) or (has_channels and wanted[0] != shape[0])):
            which = f", the first of them {shape[0]}: channels come first" if has_channels else ""
            raise Refusal(
                f"the network does not take an input of {'x'.join(map(str, wanted))}",
                f"{len(shape)} dimensions{which}",
                mark=first.mark,
            )
        shape = wanted
    if not shape:
        raise Refusal(
            f"the file does not state the shape of '{first.blob}'",
            advice("an input_shape, or {}", option("input", "16,1,3,224,224"))
            if is_whole
            else advice("an input_shape, a crop_size, or {}", option("input", "3,224,224")),
            mark=first.mark,
        )
    if request.res is not None:
        kept = 1
        if is_whole:  # frames, (T * N, C, H, W), or (T, N, C, H, W); else numbers without places
            kept = len(shape) - 2 if len(shape) > 3 else len(shape)
        shape = (*shape[:kept], *sides_at(request.res, len(shape) - kept))
    _check_axes(shape, first)
    return shape


def other_shape(other: Input, first: Input, request: Request) -> tuple[Shape | None, bool]:
    """The shape of another input, and whether it is a list of boxes.

    It is one if its first dimension is not the batch of the first input, or if the caller
    sets one dimension more than the file states.
    """
    wanted = request.shape_for(other.blob, is_first=False)
    if wanted is not None:
        _check_axes(wanted, other)
        is_list = _sides(wanted[1:]) == _sides(other.shape or ())
        return wanted, is_list and len(wanted) > 1
    if not other.shape:
        return None, False
    is_list = other.images != first.images
    return ((other.images, *other.shape) if is_list else other.shape), is_list


def _sides(shape: Shape) -> Shape:
    """A shape without dimensions of 1."""
    return tuple(side for side in shape if side != 1)


def _check_axes(shape: Shape, input: Input) -> None:
    if len(shape) > limits.AXES:
        raise Refusal(f"an input has at most {limits.AXES} dimensions", mark=input.mark)
