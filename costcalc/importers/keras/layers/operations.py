"""Operations between layers: ``x + y`` and ``ops.mean(x)`` of Keras 3, TensorFlow's of Keras 2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.graph.frame import Tensor
from costcalc.importers.building import LayerError, known
from costcalc.importers.keras.config import is_number, whole, wholes
from costcalc.importers.keras.layers import activation, joining
from costcalc.importers.keras.layers.indexing import get_item
from costcalc.importers.keras.layout import PLAIN
from costcalc.importers.keras.site import Lower, Result, Site


def unary(kind: str) -> Lower:
    """A function of every element."""

    def lower(site: Site) -> Result:
        return site.add(kind, (site.input,), functional="function")

    return lower


def binary(kind: str, by_constant: str) -> Lower:
    """An operation between two tensors, or one that a constant does to every element."""

    def lower(site: Site) -> Result:
        if len(site.inputs) == 1:
            _check_constant(site)
            return site.add(by_constant, (site.input,), functional="operator")
        return joining.joined(site, kind, site.inputs)

    return lower


def _check_constant(site: Site) -> None:
    """The other operand is a number, or one for each channel.

    Raises:
        UnknownLayer: it may repeat the tensor.
    """
    operands = [*site.args, *site.kwargs.values()]
    for value in operands:
        own = [value] if is_number(value) else value
        is_row = isinstance(own, list) and all(is_number(each) for each in own)
        if is_row and len(own) not in (1, site.sides(site.input)[-1]):
            raise site.unknown()
        if isinstance(value, Mapping) or (isinstance(value, list) and not is_row):
            raise site.unknown()


def reduction(kind: str) -> Lower:
    """A reduction along some axes."""

    def lower(site: Site) -> Result:
        value = site.option("axis", 1)
        keep = site.option("keepdims", 2)
        arguments: dict[str, Any] = {"axes": site.axes(value)}
        if keep is True:
            arguments["keep"] = True
        reduced = site.add(kind, (site.input,), arguments, functional="operator")
        if keep is True or site.layout.last(site.rank) not in arguments["axes"]:
            return reduced
        # What is left has Keras' order: the axis that stood elsewhere is gone.
        return site.transpose(reduced, PLAIN.to(site.layout, len(known(reduced))))

    return lower


def reshape(site: Site) -> Result:
    """``Reshape`` to a shape whose first side is the batch."""
    value = site.option("newshape")
    shape = value if value is not None else site.option("shape", 1)
    sides = wholes(shape, "'shape'", -1)[1:]
    if not sides or sides.count(-1) > 1 or 0 in sides:
        raise site.unknown()
    return site.add("reshape", (site.input,), {"shape": site.layout.turned(sides)})


def transpose(site: Site) -> Result:
    """``Transpose`` that leaves the batch where it is."""
    value = site.option("axes", 1)
    places = wholes(site.option("perm", 1) if value is None else value, "'axes'", 0)
    if sorted(places) != list(range(site.rank + 1)) or places[0] != 0:
        raise site.unknown()
    axes = site.layout.permutation([place - 1 for place in places[1:]])
    return site.add("transpose", (site.input,), {"axes": axes})


def expand_dims(site: Site) -> Result:
    """``ExpandDims``: a side of 1."""
    sides = list(site.sides(site.input))
    (axis,) = wholes(site.option("axis", 1), "'axis'", -len(sides) - 1)
    place = axis + len(sides) + 1 if axis < 0 else axis - 1
    if not 0 <= place <= len(sides):
        raise site.unknown()
    return _view(site, [*sides[:place], 1, *sides[place:]])


def squeeze(site: Site) -> Result:
    """``Squeeze``: sides of 1 away."""
    sides = site.sides(site.input)
    value = site.option("axis", 1)
    rank = len(sides)
    gone = [
        axis + rank if axis < 0 else axis - 1
        for axis in (wholes(value, "'axis'", -rank) if value is not None else ())
    ]
    if value is None:
        gone = [place for place, side in enumerate(sides) if side == 1]
    if any(not 0 <= place < rank or sides[place] != 1 for place in gone):
        raise LayerError("it takes sides of 1 away, and one is another", found=f"axis: {value}")
    return _view(site, [side for place, side in enumerate(sides) if place not in gone] or [1])


def _view(site: Site, sides: list[int]) -> Tensor:
    """A reshape of sides that hold at this size alone."""
    site.builder.is_sized = True
    return site.add("reshape", (site.input,), {"shape": site.layout.turned(sides)})


def split(site: Site) -> Result:
    """``Split`` into equal parts, each a tensor."""
    parts = site.option("indices_or_sections", 1)
    parts = site.option("num_or_size_splits", 1) if parts is None else parts
    value = site.option("axis", 2)
    axis = site.axis(0 if value is None else value)
    if isinstance(parts, list):
        raise site.unknown()
    count = whole(parts, "the number of parts", 1)
    if count > known(site.input)[axis]:
        raise LayerError(f"{known(site.input)[axis]} cannot be split into {count} parts")
    given = {"axis": axis} if axis else {}
    return tuple(
        site.add("split", (site.input,), {"parts": count, "part": part, **given}, f"/part{part}")
        for part in range(1, count + 1)
    )


def matmul(site: Site) -> Result:
    """``Matmul`` of two stacks of matrices, whose order of axes is Keras'."""
    if len(site.inputs) != 2 or any(site.option(each) for each in ("transpose_a", "transpose_b")):
        raise site.unknown()
    plain = [
        site.transpose(tensor, site.layout.to(PLAIN, len(known(tensor))), ".matrix")
        for tensor in site.inputs
    ]
    result = site.add("matmul", plain, functional="operator")
    return site.transpose(result, PLAIN.to(site.layout, len(known(result))))


def _functions() -> dict[str, Lower]:
    """Operations by the name of their class in Keras 3."""
    table: dict[str, Lower] = {
        "Gelu": activation.gelu,
        "Softmax": activation.softmax("softmax"),
        "LogSoftmax": activation.softmax("log_softmax"),
        "Reshape": reshape,
        "Transpose": transpose,
        "ExpandDims": expand_dims,
        "Squeeze": squeeze,
        "Concatenate": joining.concatenate,
        "Split": split,
        "Matmul": matmul,
        "GetItem": get_item,
    }
    for name, kind in _UNARY.items():
        table[name] = unary(kind)
    for name, (kind, by_constant) in _BINARY.items():
        table[name] = binary(kind, by_constant)
    for name, kind in _REDUCTIONS.items():
        table[name] = reduction(kind)
    return table


_UNARY = {
    "Relu": "relu",
    "Relu6": "relu6",
    "LeakyRelu": "leaky_relu",
    "Elu": "elu",
    "Selu": "selu",
    "Celu": "celu",
    "Sigmoid": "sigmoid",
    "HardSigmoid": "h_sigmoid",
    "LogSigmoid": "log_sigmoid",
    "Tanh": "tanh",
    "HardTanh": "hard_tanh",
    "Silu": "swish",
    "HardSilu": "h_swish",
    "Mish": "mish",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Exp": "exp",
    "Log": "log",
    "Sqrt": "sqrt",
    "Rsqrt": "rsqrt",
    "Reciprocal": "reciprocal",
    "Erf": "erf",
    "Sin": "sin",
    "Cos": "cos",
    "Abs": "abs",
    "Absolute": "abs",
    "Negative": "neg",
    "Square": "square",
    "Floor": "floor",
    "Ceil": "ceil",
    "Round": "round",
    "Sign": "sign",
    "Clip": "clip",
    "Cast": "identity",
    "StopGradient": "identity",
}

_BINARY = {
    "Add": ("add", "shift"),
    "Subtract": ("subtract", "shift"),
    "Multiply": ("multiply", "scale"),
    "Divide": ("divide", "scale"),
    "TrueDivide": ("divide", "scale"),
    "Maximum": ("maximum", "relu"),
    "Minimum": ("minimum", "relu"),
}
"""The kind between two tensors, and the one by a constant; a maximum with one is a comparison."""

_REDUCTIONS = {
    "Mean": "mean",
    "Sum": "sum",
    "Max": "reduce_max",
    "Min": "reduce_min",
    "Prod": "product",
    "Var": "variance",
}

TABLE: Mapping[str, Lower] = _functions()

TENSORFLOW = {
    "__operators__.add": "Add",
    "math.add": "Add",
    "math.subtract": "Subtract",
    "math.multiply": "Multiply",
    "math.divide": "Divide",
    "math.truediv": "Divide",
    "math.maximum": "Maximum",
    "math.minimum": "Minimum",
    "math.reduce_mean": "Mean",
    "math.reduce_sum": "Sum",
    "math.reduce_max": "Max",
    "math.reduce_min": "Min",
    "nn.relu": "Relu",
    "nn.relu6": "Relu6",
    "nn.leaky_relu": "LeakyRelu",
    "nn.elu": "Elu",
    "nn.selu": "Selu",
    "nn.gelu": "Gelu",
    "nn.silu": "Silu",
    "nn.swish": "Silu",
    "nn.sigmoid": "Sigmoid",
    "math.sigmoid": "Sigmoid",
    "nn.softmax": "Softmax",
    "nn.softplus": "Softplus",
    "nn.tanh": "Tanh",
    "math.tanh": "Tanh",
    "math.exp": "Exp",
    "math.log": "Log",
    "math.sqrt": "Sqrt",
    "math.rsqrt": "Rsqrt",
    "math.square": "Square",
    "math.abs": "Abs",
    "math.negative": "Negative",
    "clip_by_value": "Clip",
    "cast": "Cast",
    "stop_gradient": "StopGradient",
    "reshape": "Reshape",
    "transpose": "Transpose",
    "expand_dims": "ExpandDims",
    "squeeze": "Squeeze",
    "concat": "Concatenate",
    "split": "Split",
    "linalg.matmul": "Matmul",
    "__operators__.getitem": "GetItem",
}
"""Functions of TensorFlow, as Keras 2 names them, and what Keras 3 calls the same."""
