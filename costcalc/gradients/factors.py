"""What Adafactor keeps of the params of each layer: sums of rows and of columns.

Shazeer and Stern (arXiv 1804.04235), section 3: of a matrix of n x m params, n + m numbers; of
a vector every number.  A param with more axes is a stack of matrices, which are its last two
axes in PyTorch's order, as in ``torch.optim.Adafactor``: of a convolution, the sides of its
kernel.
"""

from __future__ import annotations

from math import prod
from typing import Any

from costcalc.gradients.updates import Updated
from costcalc.graph.layer import Layer
from costcalc.kinds.base import axes_of, axis_of, elements, spread

Shapes = list[tuple[int, ...]]


def factored(layer: Layer, row: Updated) -> int:
    """The numbers that Adafactor keeps of the params of a layer that are updated.

    Of weights that are in part another layer's, as many as there are: at most.
    """
    weights, biases = row.trained
    shapes = _weights(layer) if weights else []
    if sum(map(prod, shapes)) != weights:
        shapes = [(weights,)]
    shifts = _normalised(layer) if layer.kind.name == "layer_norm" else [(biases,)]
    return sum(map(_sums, shapes)) + (sum(map(_sums, shifts)) if biases else 0)


def _sums(shape: tuple[int, ...]) -> int:
    """The sums of the rows and columns of a stack of matrices; the elements of a vector.

    >>> _sums((4, 3, 5, 7)), _sums((6,))  # 4*3*5 + 4*3*7
    (144, 6)
    """
    count = prod(shape)
    return count if len(shape) < 2 else count // shape[-1] + count // shape[-2]


def _weights(layer: Layer) -> Shapes:
    """The shapes of a layer's weights, as PyTorch has them; none for a vector."""
    operation: Any = layer.operation
    family, name, inputs = layer.kind.family, layer.kind.name, layer.input_shapes
    count = int(layer.events().weights)
    if family in ("convolution", "transposed_convolution"):
        kernel = spread(operation.kernel, len(layer.output) - 1, "kernel")
        channels = layer.output[0] if family == "transposed_convolution" else inputs[0][0]
        matrix = (channels // operation.groups, *kernel)
        return [(count // prod(matrix), *matrix)]
    if name == "fc":
        out = layer.output[axis_of(operation.axis, layer.output)]
        return [(out, count // out)]
    if name == "embedding":
        return [(operation.rows, operation.out)]
    if name == "lstm":
        gates = 4 * operation.hidden
        return [(gates, elements(inputs[0])), (gates, operation.hidden)]
    if name == "learned":
        return [operation.shape]
    return _normalised(layer) if name in ("layer_norm", "rms_norm") else []


def _normalised(layer: Layer) -> Shapes:
    """The shape of a norm's scales: the axes that it normalises over."""
    operation: Any = layer.operation
    return [tuple(layer.output[axis] for axis in axes_of(operation.axes, layer.output))]
