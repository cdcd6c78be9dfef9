"""Operations: ``x + y`` and ``ops.mean(x)`` in Keras 3, TensorFlow functions in Keras 2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import UnknownOp
from costcalc.importers.keras.config import is_number, whole, wholes
from costcalc.importers.keras.context import KerasContext, Result, Rule
from costcalc.importers.keras.layers import activation, arrays, joining
from costcalc.importers.keras.layers.arrays import reduction
from costcalc.importers.keras.layers.attention import swapped
from costcalc.importers.keras.layers.indexing import get_item
from costcalc.importers.keras.layers.normalisation import unit_length
from costcalc.importers.keras.layout import KERAS_ORDER
from costcalc.spec import limits


def unary(kind: str) -> Rule:
    """A function of each element."""

    def rule(op: KerasContext) -> Result:
        return op.add(kind, (op.input,), functional="function")

    return rule


def binary(kind: str) -> Rule:
    """An operation of two tensors, or of a tensor and a constant."""

    def rule(op: KerasContext) -> Result:
        if len(op.inputs) == 1:
            _check_constant(op)
            is_one_less = kind == "subtract" and op.args[:1] == (1,)
            by_constant = "complement" if is_one_less else emit.BY_NUMBER.get(kind, "relu")
            return op.add(by_constant, (op.input,), functional="operator")
        return joining.join(op, kind, op.inputs)

    return rule


def comparison(op: KerasContext) -> Result:
    """A comparison of two tensors, or with a constant."""
    if len(op.inputs) == 1:
        _check_constant(op)
        return emit.binary(op, "compare", op.input, 0)
    return joining.join(op, "compare", op.inputs)


def power(op: KerasContext) -> Result:
    """``Power``; squares and square roots have their own kinds."""
    if len(op.inputs) == 2:
        return joining.join(op, "power", op.inputs)
    exponent = op.option("x2", 1)
    if not is_number(exponent):
        raise UnknownOp
    return emit.binary(op, "power", op.input, exponent)


def where(op: KerasContext) -> Result:
    """``Where`` of three tensors."""
    if len(op.inputs) != 3:
        raise UnknownOp
    return joining.join(op, "where", op.inputs)


def norm(op: KerasContext) -> Result:
    """``Norm`` of vectors: the root of the sum of squares."""
    if op.option("ord") not in (None, 2) or (op.option("ord") and op.option("axis") is None):
        raise UnknownOp
    return reduction("l2_norm")(op)


def top_k(op: KerasContext) -> Result:
    """``TopK``: the largest elements along the last axis, and where they are."""
    k = whole(op.option("k", 1), "'k'", 1)
    found = op.add("top_k", (op.input,), {"k": k, "axis": op.layout.last(op.rank)})
    return found, found


def normalize(op: KerasContext) -> Result:
    """``Normalize``: vectors of length 1."""
    if op.option("order", 2) not in (None, 2):
        raise UnknownOp
    value = op.option("axis", 1)
    return unit_length(op, op.input, op.axes(-1 if value is None else value))


def _check_constant(op: KerasContext) -> None:
    """Checks that the other operand is a number, or has a number for each channel.

    Raises:
        UnknownOp: it is something else, which may broadcast the tensor.
    """
    for value in (*op.args, *op.kwargs.values()):
        stored = _stored_shape(value)
        if stored is not None and _fits(stored, (1, *op.keras_shape(op.input))):
            continue
        is_row = isinstance(value, list) and all(is_number(item) for item in value)
        if is_row and len(value) not in (1, op.keras_shape(op.input)[-1]):
            raise UnknownOp
        if isinstance(value, Mapping) or (isinstance(value, list) and not is_row):
            raise UnknownOp


def _stored_shape(value: Any) -> tuple[int, ...] | None:
    """The shape of a tensor whose numbers are in the file; None of anything else."""
    if not isinstance(value, Mapping) or value.get("class_name") not in ("__tensor__", "__numpy__"):
        return None
    config, dims = value.get("config"), list[int]()
    numbers = config.get("value") if isinstance(config, Mapping) else None
    while isinstance(numbers, list) and numbers and len(dims) <= limits.AXES:
        dims.append(len(numbers))
        numbers = numbers[0]
    return tuple(dims) if is_number(numbers) else None


def _fits(stored: Sequence[int], dims: Sequence[int]) -> bool:
    """Whether a stored tensor spreads over dimensions without making them larger."""
    return len(stored) <= len(dims) and all(
        side in (1, dim) for side, dim in zip(reversed(stored), reversed(dims), strict=False)
    )


def reshape(op: KerasContext) -> Result:
    """``Reshape`` to a shape that begins with the batch."""
    value = op.option("newshape")
    shape = value if value is not None else op.option("shape", 1)
    if isinstance(shape, list) and shape[:1] == [None]:
        shape = [-1, *shape[1:]]  # of ops.shape(x)[0], the batch
    target = wholes(shape, "'shape'", -1)[1:]
    if not target or target.count(-1) > 1 or 0 in target:
        raise UnknownOp
    return op.reshape(op.input, target)


def transpose(op: KerasContext) -> Result:
    """``Transpose`` with the batch in place."""
    value = op.option("axes", 1)
    places = wholes(op.option("perm", 1) if value is None else value, "'axes'", 0)
    if sorted(places) != list(range(op.rank + 1)) or places[0] != 0:
        raise UnknownOp
    axes = op.layout.permutation([place - 1 for place in places[1:]])
    return op.add("transpose", (op.input,), {"axes": axes})


def expand_dims(op: KerasContext) -> Result:
    """``ExpandDims``."""
    dims, rank = op.keras_shape(op.input), op.rank
    (axis,) = wholes(op.option("axis", 1), "'axis'", -rank - 1, least=1, most=1)
    place = axis + rank + 1 if axis < 0 else axis - 1
    if not 0 <= place <= rank:
        raise UnknownOp
    return op.reshape(op.input, (*dims[:place], 1, *dims[place:]), is_sized=True)


def squeeze(op: KerasContext) -> Result:
    """``Squeeze`` of some dimensions of 1, or of all."""
    dims, rank = op.keras_shape(op.input), op.rank
    value = op.option("axis", 1)
    if value is None:
        removed = [place for place, side in enumerate(dims) if side == 1]
    else:
        axes = wholes(value, "'axis'", -rank)
        removed = [axis + rank if axis < 0 else axis - 1 for axis in axes]
    if any(not 0 <= place < rank or dims[place] != 1 for place in removed):
        raise Refusal("it squeezes a dimension that is not 1", found=f"axis: {value}")
    kept = [side for place, side in enumerate(dims) if place not in removed]
    return op.reshape(op.input, kept or [1], is_sized=True)


def split(op: KerasContext) -> Result:
    """``Split`` into equal parts."""
    parts = op.option("indices_or_sections", 1)
    parts = op.option("num_or_size_splits", 1) if parts is None else parts
    axis = op.axis(op.option("axis", 2), default=0)
    if isinstance(parts, list):
        return _split_at(op, axis, wholes(parts, "'indices_or_sections'", 1))
    count = whole(parts, "the number of parts", 1)
    if count > op.input.shape[axis]:
        raise Refusal(f"{op.input.shape[axis]} cannot be split into {count} parts")
    return tuple(emit.split(op, op.input, axis, count, part="/part{}"))


def _split_at(op: KerasContext, axis: int, places: Sequence[int]) -> Result:
    """The parts between some places of an axis."""
    side = op.input.shape[axis]
    ends = [*places, side]
    if sorted({*ends}) != ends:
        raise Refusal(f"an axis of {side} cannot be split at these places", found=f"{places}")
    op.builder.is_sized = True
    return tuple(
        emit.take(op, op.input, axis, range(start, stop), part=f"/part{number}")
        for number, (start, stop) in enumerate(pairwise((0, *ends)), 1)
    )


def matmul(op: KerasContext) -> Result:
    """``Matmul`` of two stacks of matrices, in Keras' order of axes."""
    if len(op.inputs) != 2:
        raise UnknownOp
    matrices = []
    for name, tensor in zip(("transpose_a", "transpose_b"), op.inputs, strict=True):
        x = op.to_layout(tensor, KERAS_ORDER, ".matrix")
        is_swapped = op.option(name) is True and x.rank > 1
        matrices.append(emit.transpose(op, x, swapped(x), part=".swapped") if is_swapped else x)
    return op.from_layout(op.add("matmul", matrices, functional="operator"), KERAS_ORDER)


_UNARY = {
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
    "LogicalNot": "logical_not",
    "Cast": "identity",
    "StopGradient": "identity",
}
"""The kinds of functions of one tensor that are not activations."""

_BINARY = {
    "Add": "add",
    "Subtract": "subtract",
    "Multiply": "multiply",
    "Divide": "divide",
    "TrueDivide": "divide",
    "Maximum": "maximum",
    "Minimum": "minimum",
}
"""The kind of two tensors; a maximum with a constant costs the same as a ReLU."""

_REDUCTIONS = {
    "Mean": "mean",
    "Sum": "sum",
    "Max": "reduce_max",
    "Min": "reduce_min",
    "Prod": "product",
    "Var": "variance",
    "Argmax": "argmax",
}

_COMPARISONS = (
    "Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual",
    "LogicalAnd", "LogicalOr", "LogicalXor",
)  # fmt: skip

TABLE: Mapping[str, Rule] = {
    **{name.title().replace("_", ""): unary(kind) for name, kind in activation.FUNCTIONS.items()},
    **arrays.TABLE,
    **{name: unary(kind) for name, kind in {**_UNARY, **arrays.UNARY}.items()},
    **{name: binary(kind) for name, kind in {**_BINARY, **arrays.BINARY}.items()},
    **{name: reduction(kind) for name, kind in _REDUCTIONS.items()},
    **dict.fromkeys(_COMPARISONS, comparison),
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
    "Power": power,
    "Where": where,
    "Norm": norm,
    "TopK": top_k,
    "Normalize": normalize,
}
"""The rule of each operation, by its class in Keras 3."""

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
"""The class in Keras 3 of each TensorFlow function that Keras 2 refers to."""
