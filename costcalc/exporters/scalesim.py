"""Writes a network as a topology for SCALE-Sim, a simulator of accelerators.

The format is that of SCALE-Sim 3 (https://github.com/scalesim-project/SCALE-Sim,
``topology_utils.py``): one convolution per row, with a comma at the end of each row.
The simulator has no padding, so the map is written as large as the area its windows
cover.  Layers without multiply-accumulates have no rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from costcalc.errors import Mark, refuse
from costcalc.exporters.layers import UnwritableLayer, for_each_layer, row_of
from costcalc.exporters.windows import window_of
from costcalc.formulas.algebra import exact_div, product
from costcalc.formulas.recurrent import LSTM_MATRICES
from costcalc.graph.layer import Layer, LayerGraph
from costcalc.kinds import TABLE
from costcalc.kinds.base import UNCOUNTED, axis_of, elements, spread
from costcalc.names import FreeNames

HEADER = (
    "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, "
    "Channels, Num Filter, Strides,"
)

MOST = 1_000_000
"""The most rows of a file."""

_PER_CHANNEL = "DP"
"""In a row's name it makes the simulator repeat the row for each channel."""


class Row(NamedTuple):
    """A convolution without padding, or several copies of one."""

    map: tuple[int, int]
    filter: tuple[int, int]
    channels: int
    filters: int
    stride: int = 1
    suffix: str = ""
    """Appended to the layer's name."""
    copies: int = 1
    is_depthwise: bool = False

    def copied(self, word: str, copies: int) -> Row:
        """Several copies of the row, named by the word and a number."""
        if copies == 1:
            return self
        return self._replace(suffix=f"{self.suffix}_{word}", copies=copies)


def write(graph: LayerGraph) -> str:
    """The topology's text.

    Raises:
        SpecError: SCALE-Sim cannot express some layers, or there are too many rows.
    """
    layers = graph.layers
    rows_of_layers = for_each_layer(graph, lambda index: _rows(layers[index]), "SCALE-Sim")
    count = sum(row.copies for rows in rows_of_layers for row in rows)
    if count > MOST:
        refuse(Mark(graph.file), f"{count:,} rows are too many", f"at most {MOST:,}")
    names = FreeNames()
    lines = [HEADER]
    for layer, rows in zip(layers, rows_of_layers, strict=True):
        for row in rows:
            lines += _lines(layer, row, names)
    return "\n".join((*lines, ""))


def _rows(layer: Layer) -> tuple[Row, ...]:
    if not layer.operation.events(layer.input_shapes, layer.output).macs:
        return ()
    return row_of(layer, KINDS, MISSING)(layer)


def _conv(layer: Layer) -> tuple[Row, ...]:
    operation: Any = layer.operation
    channels, positions, groups = layer.input_shapes[0][0], layer.output[1:], operation.groups
    kernel, strides, dilation, _ = window_of(layer)
    if len(positions) > 2:
        raise UnwritableLayer(f"SCALE-Sim's maps have two axes, not {len(positions)}")
    if any(rate > 1 for rate in dilation):
        raise UnwritableLayer("SCALE-Sim has no dilation")
    # The stride of an axis with a single window does not matter.
    used = {s for s, n in zip(strides, positions, strict=True) if n > 1} or {strides[-1]}
    if len(used) > 1:
        raise UnwritableLayer(
            f"SCALE-Sim has one stride for both axes, not {' x '.join(map(str, strides))}"
        )
    (stride,) = used
    row = Row(
        _two(tuple((n - 1) * stride + k for n, k in zip(positions, kernel, strict=True))),
        _two(kernel),
        exact_div(channels, groups),
        exact_div(operation.out, groups),
        stride,
    )
    if groups == channels and groups > 1:
        return (row._replace(channels=channels, is_depthwise=True),)
    return (row.copied("group", groups),)


def _transposed_conv(layer: Layer) -> tuple[Row, ...]:
    """A product of every input position and all weights; adding up the results has no row."""
    operation: Any = layer.operation
    channels, *axes = layer.input_shapes[0]
    groups = operation.groups
    kernel = spread(operation.kernel, len(axes), "kernel")
    results = exact_div(operation.out, groups) * product(kernel)
    row = _product(product(axes), exact_div(channels, groups), results)
    return (row.copied("group", groups),)


def _fc(layer: Layer) -> tuple[Row, ...]:
    operation: Any = layer.operation
    shape = layer.input_shapes[0]
    if not operation.per_position:
        return (_product(1, elements(shape), operation.out),)
    channels = shape[axis_of(operation.axis, shape)]
    return (_product(exact_div(elements(shape), channels), channels, operation.out),)


def _matmul(layer: Layer) -> tuple[Row, ...]:
    *stack, rows, columns = layer.output
    return (_product(rows, layer.input_shapes[0][-1], columns).copied("matrix", product(stack)),)


def _attention(layer: Layer) -> tuple[Row, ...]:
    """The products of queries and keys, and of the scores and values."""
    (*_, width), (*_, keys, _) = layer.input_shapes[:2]
    *stack, queries, values = layer.output
    heads = product(stack)
    return (
        _product(queries, width, keys, "_scores").copied("head", heads),
        _product(queries, keys, values, "_values").copied("head", heads),
    )


def _lstm(layer: Layer) -> tuple[Row, ...]:
    hidden = layer.output[0]
    results = LSTM_MATRICES * hidden
    return (
        _product(1, elements(layer.input_shapes[0]), results, "_input"),
        _product(1, hidden, results, "_hidden"),
    )


KINDS: Mapping[str, Callable[[Layer], tuple[Row, ...]]] = {
    "conv": _conv,
    "transposed_conv": _transposed_conv,
    "fc": _fc,
    "matmul": _matmul,
    "attention": _attention,
    "lstm": _lstm,
}
"""The function that makes the rows of each layer kind."""

_WITHOUT_PRODUCTS = (
    "embedding",
    "pooling",
    "norm",
    "activation",
    "elementwise",
    "reduction",
    "reshaping",
    "resampling",
    "sampling",
    "selection",
    "transform",
    "inactive",
    "source",
    UNCOUNTED,
)
"""Families whose layers have no rows."""

MISSING: Mapping[str, str] = {
    kind.name: "a topology holds convolutions and matrix products only"
    for kind in TABLE
    if kind.family in _WITHOUT_PRODUCTS
}
"""Why the other kinds have no row; a file omits their layers."""


def _product(rows: int, inner: int, columns: int, suffix: str = "") -> Row:
    """A matrix product, as a pointwise convolution of a map with one column."""
    return Row((rows, 1), (1, 1), inner, columns, suffix=suffix)


def _two(dims: tuple[int, ...]) -> tuple[int, int]:
    """The height and width of a map; a map with one spatial axis has a height of 1."""
    height, width = (1, *dims)[-2:]
    return height, width


def _lines(layer: Layer, row: Row, names: FreeNames) -> Iterator[str]:
    numbers = (*row.map, *row.filter, row.channels, row.filters, row.stride)
    for copy in range(1, row.copies + 1):
        number = str(copy) if row.copies > 1 else ""
        name = names.free(_plain(layer.name + row.suffix + number, row.is_depthwise))
        yield ", ".join((name, *map(str, numbers))) + ","


def _plain(name: str, is_depthwise: bool) -> str:
    """The name in letters, digits and ``_ . / -``, which neither end a cell nor begin a formula."""
    plain = re.sub(r"[^A-Za-z0-9_./-]|^[./-]", "_", name, flags=re.ASCII)
    plain = plain.replace(_PER_CHANNEL, _PER_CHANNEL.lower()) or "_"
    return f"{_PER_CHANNEL}_{plain}" if is_depthwise else plain
