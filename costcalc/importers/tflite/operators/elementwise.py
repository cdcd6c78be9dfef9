"""Operators on elements: activations, arithmetic, comparisons, functions."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand, UnknownOp, dims_text
from costcalc.importers.tflite.context import Rule, TfliteContext


def unary(kind: str) -> Rule:
    """A function of each element."""

    def rule(op: TfliteContext) -> None:
        op.finish(op.add(kind, (op.operand(),)))

    return rule


def softmax(kind: str) -> Rule:
    """SOFTMAX and LOG_SOFTMAX, along the last axis, which is an operand's first."""
    return unary(kind)


def gelu(op: TfliteContext) -> None:
    """GELU, whose option selects the form with tanh."""
    op.set_output(op.add("gelu_tanh" if op.options["approximate"] else "gelu", (op.operand(),)))


def prelu(op: TfliteContext) -> None:
    """PRELU: slopes that are shared along the axes where they have one element."""
    x = op.operand()
    if not op.is_static(1):
        raise UnknownOp("costcalc has no layer kind for slopes that are computed")
    shape, slopes = op.shape(), op.shape(1)
    full = (1,) * (len(shape) - len(slopes)) + slopes
    places = [op.axis(axis) for axis, size in enumerate(full) if size > 1]
    own = sorted(place for place in places if place is not None)
    params = {"other_params": op.params(1)}
    op.set_output(emit.prelu(op, x, own, params=params))


def binary(kind: str) -> Rule:
    """An operation on two tensors, or on a tensor and a constant."""

    def rule(op: TfliteContext) -> None:
        left, right = op.number(0), op.number(1)
        known = emit.kind_with_number(kind, left, right)
        if known is None:
            op.finish(_joined(op, kind))
        else:
            index = 0 if left is None else 1
            op.finish(op.add(known, (op.operand_as(index, op.broadcast()[index]),)))

    return rule


def _joined(op: TfliteContext, kind: str, part: str = "") -> Operand:
    if len(op.present) < 2:
        raise Refusal("reads too few tensors", "at least 2", f"{len(op.present)}")
    inputs = [op.operand_as(index, shape) for index, shape in op.broadcast().items()]
    return emit.join(op, kind, inputs, part=part)


def joined(kind: str) -> Rule:
    """An operation on tensors, element by element."""

    def rule(op: TfliteContext) -> None:
        op.finish(_joined(op, kind))

    return rule


def total(op: TfliteContext) -> None:
    """ADD_N: a sum of tensors; of a single one, the tensor itself."""
    if len(op.present) == 1:
        op.set_output(op.operand())
    else:
        op.set_output(_joined(op, "add"))


def squared_difference(op: TfliteContext) -> None:
    """SQUARED_DIFFERENCE."""
    op.set_output(op.add("square", (_joined(op, "subtract", ".subtract"),)))


def floored(op: TfliteContext) -> None:
    """FLOOR_DIV: a quotient rounded down."""
    op.set_output(op.add("floor", (_joined(op, "divide", ".divide"),)))


def l2_normalisation(op: TfliteContext) -> None:
    """L2_NORMALIZATION: each vector along the last axis over its length."""
    x = op.operand()
    length = emit.reduce(op, x, "l2_norm", (0,), keep=True, part=".l2_norm")
    op.finish(emit.join(op, "divide", (x, length)))


def response_normalisation(op: TfliteContext) -> None:
    """LOCAL_RESPONSE_NORMALIZATION, over ``2 radius + 1`` channels."""
    op.set_output(op.add("lrn", (op.operand(),), {"size": 2 * op.options["radius"] + 1}))


def same_elements(op: TfliteContext) -> None:
    """Operators that only change the type of elements: no layer."""
    if prod(op.shape()) != prod(op.output_shape()) and not op.builder.is_resized:
        raise Refusal("changes the number of elements", dims_text(op.output_shape()))
    op.set_output(op.operand())


TABLE: Mapping[str, Rule] = {
    "RELU": unary("relu"),
    "RELU6": unary("relu6"),
    "RELU_N1_TO_1": unary("hard_tanh"),
    "RELU_0_TO_1": unary("clip"),
    "LEAKY_RELU": unary("leaky_relu"),
    "ELU": unary("elu"),
    "GELU": gelu,
    "HARD_SWISH": unary("h_swish"),
    "LOGISTIC": unary("sigmoid"),
    "TANH": unary("tanh"),
    "PRELU": prelu,
    "SOFTMAX": softmax("softmax"),
    "LOG_SOFTMAX": softmax("log_softmax"),
    "ADD": binary("add"),
    "SUB": binary("subtract"),
    "MUL": binary("multiply"),
    "DIV": binary("divide"),
    "POW": binary("power"),
    "ADD_N": total,
    "MAXIMUM": joined("maximum"),
    "MINIMUM": joined("minimum"),
    "FLOOR_DIV": floored,
    "FLOOR_MOD": joined("divide"),
    "SQUARED_DIFFERENCE": squared_difference,
    "EQUAL": joined("compare"),
    "NOT_EQUAL": joined("compare"),
    "GREATER": joined("compare"),
    "GREATER_EQUAL": joined("compare"),
    "LESS": joined("compare"),
    "LESS_EQUAL": joined("compare"),
    "LOGICAL_AND": joined("compare"),
    "LOGICAL_OR": joined("compare"),
    "LOGICAL_NOT": unary("logical_not"),
    "SELECT": joined("where"),
    "SELECT_V2": joined("where"),
    "EXP": unary("exp"),
    "LOG": unary("log"),
    "SQRT": unary("sqrt"),
    "RSQRT": unary("rsqrt"),
    "SIN": unary("sin"),
    "COS": unary("cos"),
    "ABS": unary("abs"),
    "NEG": unary("neg"),
    "SQUARE": unary("square"),
    "FLOOR": unary("floor"),
    "CEIL": unary("ceil"),
    "ROUND": unary("round"),
    "SIGN": unary("sign"),
    "L2_NORMALIZATION": l2_normalisation,
    "LOCAL_RESPONSE_NORMALIZATION": response_normalisation,
    "CAST": same_elements,
    "QUANTIZE": same_elements,
    "DEQUANTIZE": same_elements,
    "FAKE_QUANT": same_elements,
}
