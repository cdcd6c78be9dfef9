"""Activations and arithmetic."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand, UnknownOp
from costcalc.importers.caffe.context import CaffeContext, Result, Rule
from costcalc.importers.model import Shape


def unary(kind: str) -> Rule:
    """A layer of one kind, without parameters."""

    def rule(op: CaffeContext) -> Result:
        return op.add(kind, (op.input,))

    return rule


def relu(op: CaffeContext) -> Result:
    """``ReLU``, leaky if its ``negative_slope`` is not zero."""
    slope = op.param("relu_param", ("negative_slope", "engine")).number("negative_slope", 0)
    return op.add("leaky_relu" if slope else "relu", (op.input,))


def prelu(op: CaffeContext) -> Result:
    """``PReLU``."""
    shared = op.param("prelu_param").flag("channel_shared", False)
    return emit.prelu(op, op.input, [] if shared else [op.channel_axis])


def power(op: CaffeContext) -> Result:
    """``Power``: (shift + scale x) ^ power, without the steps that change nothing."""
    param = op.param("power_param", ("power", "scale", "shift"))
    exponent = param.number("power", 1)
    factor, offset = param.number("scale", 1), param.number("shift", 0)
    kinds = []
    if (factor, offset) == (-1, 1):
        kinds.append("complement")
    else:
        kinds += ["neg" if factor == -1 else "scale"] if factor != 1 else []
        kinds += ["shift"] if offset != 0 else []
    if exponent != 1:
        kinds.append(emit.POWERS.get(exponent, ""))
    if "" in kinds:
        raise UnknownOp(f"costcalc has no layer kind for the power {exponent:g}")
    tensor = op.input
    for kind in kinds or ["identity"]:
        tensor = op.add(kind, (tensor,), part=f"/{kind}" if len(kinds) > 1 else "")
    return tensor


def clip(op: CaffeContext) -> Result:
    """``Clip``."""
    param = op.param("clip_param", ("min", "max"))
    low, high = (param.number(name, 0) if name in param else None for name in ("min", "max"))
    return emit.clip(op, op.input, low, high)


def threshold(op: CaffeContext) -> Result:
    """``Threshold``: 1 where the input is above a number, else 0."""
    op.param("threshold_param", ("threshold",))
    level = op.add("constant", (), {"shape": (1,) * op.input.rank}, "/threshold")
    return op.add("compare", (op.input, level))


def eltwise(op: CaffeContext) -> Result:
    """``Eltwise``: a product, a weighted sum, or a maximum."""
    param = op.param("eltwise_param", ("operation", "coeff", "stable_prod_grad"))
    operation = param.word("operation", ("PROD", "SUM", "MAX"), "SUM")
    inputs = op.reads(2)
    factors = param.numbers("coeff")
    if factors and (operation != "SUM" or len(factors) != len(inputs)):
        raise Refusal(
            f"it has {len(factors)} factors", f"one for each of {len(inputs)} inputs of a sum"
        )
    if operation != "SUM":
        return op.add({"PROD": "multiply", "MAX": "maximum"}[operation], inputs)
    if factors == (1, -1):
        return op.add("subtract", inputs)
    scaled = [
        emit.scaled(op, tensor, factor, part="/scale")
        for tensor, factor in zip(inputs, factors or (1,) * len(inputs), strict=True)
    ]
    return emit.join(op, "add", scaled)


def axpy(op: CaffeContext) -> Result:
    """``Axpy``: a x + y, where a has a number for each channel."""
    factor, tensor, other = op.reads(3, 3)
    scaled = op.add("multiply", (as_map(op, factor, tensor), tensor), part="/multiply")
    return op.add("add", (scaled, other), part="/add")


def as_map(op: CaffeContext, factor: Operand, tensor: Operand, axis: int = 0) -> Operand:
    """The factor with as many axes as the tensor: its own begin at ``axis``, the others are 1.

    Raises:
        Refusal: it has too many axes.
    """
    if factor.rank == tensor.rank:
        return factor
    if axis + factor.rank > tensor.rank:
        raise Refusal("its second input has too many axes", f"at most {tensor.rank - axis}")
    # The first side is inferred, so that channels may scale.
    sides = (-1, *factor.shape[1:])[: factor.rank]
    return op.add("reshape", (factor,), {"shape": padded(sides, axis, tensor.rank)}, ".axes")


def padded(shape: Shape, axis: int, rank: int) -> Shape:
    """A shape of ``rank`` axes: the given one from ``axis`` on, and 1 elsewhere."""
    return (*(1,) * axis, *shape, *(1,) * (rank - axis - len(shape)))


TABLE: Mapping[str, Rule] = {
    "ReLU": relu,
    "PReLU": prelu,
    "Power": power,
    "Eltwise": eltwise,
    "Axpy": axpy,
    "AbsVal": unary("abs"),
    "BNLL": unary("softplus"),
    "Clip": clip,
    "Dropout": unary("dropout"),
    "ELU": unary("elu"),
    "Exp": unary("exp"),
    "HardSigmoid": unary("h_sigmoid"),
    "HardSwish": unary("h_swish"),
    "HSigmoid": unary("h_sigmoid"),
    "HSwish": unary("h_swish"),
    "Hswish": unary("h_swish"),
    "Log": unary("log"),
    "Mish": unary("mish"),
    "ReLU6": unary("relu6"),
    "Sigmoid": unary("sigmoid"),
    "Swish": unary("swish"),
    "TanH": unary("tanh"),
    "Threshold": threshold,
}
