"""Activations and arithmetic."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand, UnknownOp
from costcalc.importers.caffe.context import CaffeContext, Result, Rule


def named(kind: str) -> Rule:
    """A layer that is one function of every element."""

    def rule(op: CaffeContext) -> Result:
        return op.add(kind, (op.input,))

    return rule


def relu(op: CaffeContext) -> Result:
    """``ReLU``, leaky where its negative slope is not zero."""
    slope = op.param("relu_param", ("negative_slope", "engine")).number("negative_slope", 0)
    return op.add("leaky_relu" if slope else "relu", (op.input,))


def prelu(op: CaffeContext) -> Result:
    """``PReLU``."""
    shared = op.param("prelu_param").flag("channel_shared", False)
    return op.add("prelu", (op.input,), {"shared": True} if shared else {})


def power(op: CaffeContext) -> Result:
    """``Power``: (shift + scale x) ^ power, of which what changes nothing is not there."""
    param = op.param("power_param", ("power", "scale", "shift"))
    exponent = param.number("power", 1)
    factor, level = param.number("scale", 1), param.number("shift", 0)
    kinds = []
    if (factor, level) == (-1, 1):
        kinds.append("complement")
    else:
        kinds += ["neg" if factor == -1 else "scale"] if factor != 1 else []
        kinds += ["shift"] if level != 0 else []
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


def eltwise(op: CaffeContext) -> Result:
    """``Eltwise``: a product, a sum with factors, or the largest."""
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
    """``Axpy`` of squeeze-and-excite: a x + y, a being a number for each channel."""
    factor, tensor, other = op.reads(3, 3)
    scaled = op.add("multiply", (as_map(op, factor, tensor), tensor), part="/multiply")
    return op.add("add", (scaled, other), part="/add")


def as_map(op: CaffeContext, factor: Operand, tensor: Operand, axis: int = 0) -> Operand:
    """The factor with sides of 1 around its own, which begin at an axis of the tensor.

    Raises:
        Refusal: it has more sides than there is place for.
    """
    own, rank = factor.shape, tensor.rank
    if len(own) == rank:
        return factor
    after = rank - axis - len(own)
    if after < 0:
        raise Refusal("its second input has too many axes", f"at most {rank - axis}")
    shape = (*(1 for _ in range(axis)), *own, *(1 for _ in range(after)))
    return op.add("reshape", (factor,), {"shape": shape}, ".axes")


TABLE: Mapping[str, Rule] = {
    "ReLU": relu,
    "PReLU": prelu,
    "Power": power,
    "Eltwise": eltwise,
    "Axpy": axpy,
    "AbsVal": named("abs"),
    "BNLL": named("softplus"),
    "Clip": clip,
    "Dropout": named("dropout"),
    "ELU": named("elu"),
    "Exp": named("exp"),
    "HardSigmoid": named("h_sigmoid"),
    "HardSwish": named("h_swish"),
    "HSigmoid": named("h_sigmoid"),
    "HSwish": named("h_swish"),
    "Hswish": named("h_swish"),
    "Log": named("log"),
    "Mish": named("mish"),
    "ReLU6": named("relu6"),
    "Sigmoid": named("sigmoid"),
    "Swish": named("swish"),
    "TanH": named("tanh"),
}
