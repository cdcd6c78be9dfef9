"""The shapes of a model's inputs, as stated in the file or set by the caller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from costcalc.advice import Advice, advice, option, set_option
from costcalc.errors import Refusal
from costcalc.graph.input import sides_at
from costcalc.importers.keras.config import shown
from costcalc.importers.keras.layout import Layout
from costcalc.importers.keras.structure import KerasLayer
from costcalc.importers.model import Request, Shape
from costcalc.records import NamedTuple
from costcalc.spec import limits
from costcalc.spec.numbers import exact

Open = tuple[int | None, ...]
"""A shape that may have unknown dimensions."""


class Sizes(NamedTuple):
    """The inputs' shapes in costcalc's order, and the settings they come from."""

    shapes: tuple[Shape, ...]
    parameters: dict[str, Any]
    is_as_stated: bool
    """Whether every dimension that the file states was kept."""


def sizes(layers: Sequence[KerasLayer], layout: Layout, request: Request) -> Sizes:
    """The shape of every input.

    A shape without a name is the first input's; ``--set NAME=128`` sets the unknown
    dimensions of the input of that name.

    Raises:
        Refusal: a dimension stays unknown, or does not fit.
    """
    shapes, parameters, is_as_stated = [], {}, True
    request.check_inputs([layer.name for layer in layers])
    for index, layer in enumerate(layers):
        stated = stated_shape(layer, layout)
        shape = stated
        if layer.name in request.settings:
            parameters[layer.name] = request.settings[layer.name]
            shape = _with_setting(shape, request.settings[layer.name], layer)
        wanted = request.shape_for(layer.name, is_first=index == 0)
        if wanted is not None:
            shape = _requested(shape, wanted, layer)
        if request.res is not None:
            shape = _at_resolution(shape, request.res, is_first=index == 0)
        closed = tuple(side for side in shape or () if side is not None)
        if shape is None or len(closed) < len(shape):
            raise _incomplete(shape, layout, layer)
        shapes.append(closed)
        is_as_stated &= stated is None or all(
            known in (None, side) for known, side in zip(stated, closed, strict=True)
        )
    return Sizes(tuple(shapes), parameters, is_as_stated)


def stated_shape(layer: KerasLayer, layout: Layout) -> Open | None:
    """An input layer's shape in costcalc's order, with None for unknown dimensions.

    Raises:
        Refusal: the value is not a shape.
    """
    value = layer.config.raw("batch_shape") or layer.config.raw("batch_input_shape")
    if value is None:
        return None
    if not isinstance(value, list) or not 0 < len(value) <= limits.AXES + 1:
        raise Refusal(
            f"{layer.origin}: its shape is not valid",
            f"the batch and up to {limits.AXES} dimensions",
            shown(value),
        )
    for side in value[1:]:
        is_whole = isinstance(side, int) and not isinstance(side, bool)
        if side is not None and not (is_whole and 0 < side <= limits.SIZE):
            raise Refusal(
                f"{layer.origin}: a dimension of its shape is not valid",
                f"a whole number from 1 to {limits.SIZE:,}, or null",
                shown(side),
            )
    return layout.from_keras(value[1:])


def _with_setting(shape: Open | None, value: Any, layer: KerasLayer) -> Open:
    """The shape with every unknown dimension set to a value."""
    is_open = shape is not None and None in shape
    if shape is None or not is_open or type(value) is not int or value < 1:
        raise Refusal(
            f"{layer.origin} does not take {layer.name}={exact(value)}",
            "a whole number above zero for each of its open dimensions",
            "" if is_open else "no open dimension",
        )
    return tuple(value if side is None else side for side in shape)


def _requested(shape: Open | None, input: Shape, layer: KerasLayer) -> Open:
    """The caller's shape, channels first, checked against the stated one."""
    if shape is None:
        return input
    is_map = len(shape) > 1
    if len(input) != len(shape) or (is_map and shape[0] not in (None, input[0])):
        channels = f", the first of them {shape[0]}" if is_map and shape[0] else ""
        raise Refusal(
            f"{layer.origin} does not take an input of {'x'.join(map(str, input))}",
            f"{len(shape)} dimensions{channels}: channels come first",
            hint=option("input", "3,224,224") if len(shape) == 3 else "",
        )
    return input


def _at_resolution(shape: Open | None, res: int | Shape, is_first: bool) -> Open | None:
    """The shape at a resolution; inputs but the first keep their known dimensions.

    Raises:
        Refusal: the first input does not take it.
    """
    if shape is None:
        return None
    try:
        dims = sides_at(res, len(shape) - 1)
    except Refusal:
        if is_first:
            raise
        return shape
    return (
        shape[0],
        *(
            new if old is None or is_first else old
            for old, new in zip(shape[1:], dims, strict=True)
        ),
    )


def _incomplete(shape: Open | None, layout: Layout, layer: KerasLayer) -> Refusal:
    if shape is None:
        return Refusal(
            f"{layer.origin}: the file does not state the shape of its input",
            advice("{}, channels first", option("input", "3,224,224")),
        )
    text = " x ".join("?" if side is None else str(side) for side in layout.to_keras(shape))
    missing = sum(side is None for side in shape)
    hint = set_option(layer.name, "128")
    if len(shape) == 3 and shape[0] is not None:
        hint = Advice("--res 224, or NETWORK@res=224", 'res=224, or "NETWORK@res=224"')
    return Refusal(
        f"{layer.origin}: its shape {text} leaves {missing} dimension{'s' * (missing > 1)} open",
        hint=hint,
    )
