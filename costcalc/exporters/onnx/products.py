"""Matrix products: fully connected layers and cells."""

from __future__ import annotations

from costcalc.exporters.onnx.site import Site
from costcalc.exporters.onnx.weights import BIAS, weight
from costcalc.exporters.unsayable import UnsayableError
from costcalc.formulas.recurrent import LSTM_MATRICES
from costcalc.kinds.base import elements


def fc(site: Site) -> None:
    """Gemm over the flattened input, or MatMul at every position."""
    if site.operation.per_position and len(site.shape) > 1:
        _per_position(site)
        return
    inputs, outputs = elements(site.input_shape), site.operation.out
    matrix = site.learned("weight", (outputs, inputs), weight(inputs))
    site.last("Gemm", _flat(site), matrix, *_bias(site), transB=1)


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
    states = site.between("LSTM", step, *matrices, *bias, hidden_size=hidden)
    site.last("Squeeze", states, site.whole(0, 1))


def _per_position(site: Site) -> None:
    """The channels are moved to the end, where MatMul reads them, and back."""
    rank = len(site.shape)
    channels, outputs = site.input_shape[0], site.operation.out
    matrix = site.learned("weight", (channels, outputs), weight(channels))
    product = site.between("Transpose", *site.inputs, perm=(0, *range(2, rank + 1), 1))
    product = site.between("MatMul", product, matrix)
    for bias in _bias(site):
        product = site.between("Add", product, bias)
    site.last("Transpose", product, perm=(0, rank, *range(1, rank)))


def _flat(site: Site) -> str:
    """The input as a vector."""
    if len(site.input_shape) == 1:
        return site.inputs[0]
    return site.between("Flatten", *site.inputs)


def _bias(site: Site) -> tuple[str, ...]:
    """The name of the bias, where there is one."""
    return (site.learned("bias", (site.operation.out,), BIAS),) if site.operation.bias else ()
