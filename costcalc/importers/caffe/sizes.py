"""The shapes of a network's inputs: as the file states them, or as the caller sets them."""

from __future__ import annotations

from collections.abc import Iterator

from costcalc.errors import Mark, Refusal
from costcalc.importers.caffe.fields import Fields, whole
from costcalc.importers.caffe.network import CaffeLayer, CaffeNetwork
from costcalc.importers.model import Request, Shape
from costcalc.records import NamedTuple
from costcalc.spec import limits

DATA = frozenset(
    {"Data", "ImageData", "HDF5Data", "WindowData", "MemoryData", "DummyData", "AnnotatedData"}
)
"""Layers that read images and give them, and labels behind them."""


class Input(NamedTuple):
    """A blob that nothing computes."""

    blob: str
    shape: Shape | None
    """Without the batch; None where the file states none."""
    mark: Mark


def inputs(network: CaffeNetwork) -> list[Input]:
    """Every blob that comes from outside, in the order of the file.

    Raises:
        Refusal: what is said of a shape is none.
    """
    found = [*_declared(network.fields)]
    for layer in network.layers:
        found += _given(layer)
    if not found:
        raise Refusal(
            "the network has no input in the test phase",
            'input: "data" with an input_shape, or a layer of type Input or Data',
            mark=network.fields.mark,
        )
    return found


def _declared(fields: Fields) -> Iterator[Input]:
    """Blobs of ``input``, each with its ``input_shape`` or with four ``input_dim``."""
    names = fields.scalars("input")
    shapes = [_dims(Fields(each), "dim") for each in fields.messages("input_shape")]
    dims = [whole(each, "input_dim", 1) for each in fields.scalars("input_dim")]
    if dims and (shapes or len(dims) != 4 * len(names)):
        raise Refusal(
            f"{len(dims)} input_dim for {len(names)} inputs",
            "four for each, or input_shape instead",
            mark=fields.scalars("input_dim")[0].mark,
        )
    shapes = shapes or [(*dims[at + 1 : at + 4],) for at in range(0, len(dims), 4)]
    for index, name in enumerate(names):
        yield Input(name.text, shapes[index] if index < len(shapes) else None, name.mark)


def _given(layer: CaffeLayer) -> Iterator[Input]:
    """The blobs of an input layer or a data layer."""
    shape: Shape | None
    if layer.type in ("Input", "DummyData"):
        param = layer.fields.message(f"{'input' if layer.type == 'Input' else 'dummy_data'}_param")
        shapes = [_dims(Fields(each), "dim") for each in param.messages("shape")]
        for index, top in enumerate(layer.tops):
            shape = shapes[min(index, len(shapes) - 1)] if shapes else None
            yield Input(top.text, shape, top.mark)
    elif layer.type in DATA:
        for index, top in enumerate(layer.tops):
            yield Input(top.text, () if index else _cropped(layer), top.mark)


def _cropped(layer: CaffeLayer) -> Shape | None:
    """The images of a data layer: of three channels unless they are made grey."""
    transform = layer.fields.message("transform_param")
    side = transform.whole("crop_size", 0, 0)
    old = [name for name in layer.fields.names if name.endswith("data_param")]
    for name in old if not side else ():
        side = layer.fields.message(name).whole("crop_size", 0, 0)
    if not side:
        return None
    return (1 if transform.flag("force_gray", False) else 3, side, side)


def _dims(shape: Fields, name: str) -> Shape:
    """The sides behind the batch; a blob of one side has that side."""
    sides = shape.wholes(name)
    return sides[1:] if len(sides) > 1 else sides


def sized(first: Input, request: Request) -> Shape:
    """The first input's shape, as the caller sets it.

    Raises:
        Refusal: nobody says it, or what the caller says does not fit.
    """
    shape = first.shape
    if request.input is not None:
        if shape and (len(request.input) != len(shape) or request.input[0] != shape[0]):
            raise Refusal(
                f"the network does not take an input of {'x'.join(map(str, request.input))}",
                f"{len(shape)} sides, the first of them {shape[0]}: channels come first",
                mark=first.mark,
            )
        shape = request.input
    if not shape:
        raise Refusal(
            f"the file does not say the shape of '{first.blob}'",
            "an input_shape, a crop_size, or --input 3,224,224",
            mark=first.mark,
        )
    if request.res is not None and len(shape) == 3:
        shape = (shape[0], *request.res)
    if len(shape) > limits.AXES:
        raise Refusal(f"an input has at most {limits.AXES} sides", mark=first.mark)
    return shape
