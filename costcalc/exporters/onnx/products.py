"""Matrix products: with learned matrices, and between activations."""

from __future__ import annotations

from costcalc.exporters.onnx.site import Site, Step, batched
from costcalc.exporters.onnx.weights import BIAS, Spread, weight
from costcalc.exporters.unsayable import UnsayableError
from costcalc.formats.onnx_schema import DataType
from costcalc.formulas.algebra import product
from costcalc.formulas.recurrent import LSTM_MATRICES
from costcalc.kinds.base import axis_of, elements

_ROWS = Spread(0.0, 1.0)
"""Of a table that is looked up in."""


def fc(site: Site) -> None:
    """Gemm over the flattened input, or MatMul along an axis."""
    if site.operation.per_position and len(site.shape) > 1:
        _per_position(site)
        return
    inputs, outputs = elements(site.input_shape), site.operation.out
    matrix = site.learned("weight", (outputs, inputs), weight(inputs))
    site.last("Gemm", _flat(site), matrix, *_bias(site), transB=1)


def embedding(site: Site) -> None:
    """Gather of rows."""
    operation = site.operation
    table = site.learned("weight", (operation.rows, operation.out), _ROWS)
    site.last("Gather", table, site.between("Cast", *site.inputs, to=DataType.INT64))


def attention(site: Site) -> None:
    """Attention, which came with opset 23; its heads are all sides before the matrices.

    Raises:
        UnsayableError: queries, keys and values have heads that repeat along several axes.
    """
    site.builder.opset = 23
    shapes = site.layer.input_shapes
    if len(site.shape) == 3:
        site.last("Attention", *site.inputs)
        return
    if len({shape[:-2] for shape in shapes}) > 1:
        raise UnsayableError("ONNX's Attention repeats heads along one axis alone")
    heads = [
        site.between("Reshape", name, site.whole(1, product(shape[:-2]), *shape[-2:]))
        for name, shape in zip(site.inputs, shapes, strict=True)
    ]
    found = site.main("Attention", *heads)
    site.after("Reshape", found, site.whole(*batched(site.shape)))


def lstm(site: Site) -> None:
    """LSTM over a sequence of one step.

    Raises:
        UnsayableError: ONNX keeps two bias vectors, or none.
    """
    hidden, vectors = site.operation.hidden, site.operation.bias_vectors
    inputs, rows = elements(site.input_shape), LSTM_MATRICES * hidden
    if vectors not in (0, 2):
        raise UnsayableError(
            f"ONNX's LSTM has two bias vectors or none, and this one {vectors}", "bias_vectors: 2"
        )
    matrices = (
        site.learned("weight_ih", (1, rows, inputs), weight(inputs)),
        site.learned("weight_hh", (1, rows, hidden), weight(hidden)),
    )
    bias = (site.learned("bias", (1, 2 * rows), BIAS),) if vectors else ()
    step = site.between("Unsqueeze", _flat(site), site.whole(0))
    states = site.main("LSTM", step, *matrices, *bias, hidden_size=hidden)
    site.after("Squeeze", states, site.whole(0, 1))


def _per_position(site: Site) -> None:
    axis = axis_of(site.operation.axis, site.shape)
    channels = site.input_shape[axis]
    matrix = site.learned("weight", (channels, site.operation.out), weight(channels))
    bias = (Step("Add", _bias(site)),) if site.operation.bias else ()
    site.trailing((axis,), Step("MatMul", (matrix,)), *bias)


def _flat(site: Site) -> str:
    """The input as a vector."""
    if len(site.input_shape) == 1:
        return site.inputs[0]
    return site.between("Flatten", *site.inputs)


def _bias(site: Site) -> tuple[str, ...]:
    """The name of the bias, where there is one."""
    return (site.learned("bias", (site.operation.out,), BIAS),) if site.operation.bias else ()
