"""Names of layers in tables: MobileNetV1's terms, extended to every kind."""

from __future__ import annotations

from typing import Any

from costcalc.formulas.algebra import exact_div
from costcalc.kinds import convolution
from costcalc.kinds.base import Kind, Shape, elements, spread


def type_name(kind: Kind, operation: Any, inputs: tuple[Shape, ...]) -> str:
    """The layer's type as MobileNetV1's Table 2 names types.

    ``Conv 1x1``, ``Conv DW 3x3`` if every channel is a group of its own,
    ``GConv 5x5`` for other groups; ``Max Pool 3x3``; ``Fully Connected``.  An
    operation unknown to costcalc has the model's own name, and ``(not counted)``.
    """
    if not kind.is_counted:
        return f"{operation.op} (not counted{', shape guessed' if operation.guessed else ''})"
    if "kernel" not in kind.attributes:
        return kind.title
    shape = inputs[0]
    title = kind.title
    if "groups" in kind.attributes:
        title = title.replace("Conv", _convolution(operation.groups, shape[0]))
    kernel = spread(operation.kernel, len(shape) - 1, "kernel")
    return f"{title} {'x'.join(str(side) for side in kernel)}"


def row_label(kind: Kind, operation: Any, inputs: tuple[Shape, ...]) -> str:
    """The layer's name in the table of layers, as in MobileNetV1's Table 1: ``Conv dw``."""
    if not kind.is_counted:
        return type_name(kind, operation, inputs)
    title = kind.short or kind.title
    if "kernel" not in kind.attributes or "groups" not in kind.attributes:
        return title
    words = _convolution(operation.groups, inputs[0][0])
    return title.replace("Conv", words.replace("DW", "dw"))


def _convolution(groups: Any, channels: Any) -> str:
    if groups == 1:
        return "Conv"
    return "Conv DW" if convolution.is_depthwise(groups, channels) else "GConv"


def filter_sides(kind: Kind, operation: Any, inputs: tuple[Shape, ...], output: Shape) -> Shape:
    """The filter's shape as MobileNetV1's Table 1 prints it, () if there is none.

    ``3 x 3 x M x N`` for a convolution (M the channels that one filter sees),
    ``3 x 3 x M`` for a depthwise one, ``M x N`` for a fully connected layer,
    the window for pooling.
    """
    if kind.family == "dense":
        axis = operation.axis
        return (inputs[0][axis] if operation.per_position else elements(inputs[0]), output[axis])
    if kind.family == "pooling" and "kernel" not in kind.attributes:
        return inputs[0][1:] if "size" not in kind.attributes else ()
    if "kernel" not in kind.attributes:
        return ()
    shape = inputs[0]
    kernel = spread(operation.kernel, len(shape) - 1, "kernel")
    if "groups" not in kind.attributes:
        return kernel
    if is_depthwise(kind, operation, inputs):
        return (*kernel, shape[0])
    return (*kernel, exact_div(shape[0], operation.groups), output[0])


def is_depthwise(kind: Kind, operation: Any, inputs: tuple[Shape, ...]) -> bool:
    """Whether it is a convolution in which every input channel is a group of its own."""
    if "kernel" not in kind.attributes or "groups" not in kind.attributes:
        return False
    return convolution.is_depthwise(operation.groups, inputs[0][0])
