"""Activations and arithmetic."""

from __future__ import annotations

import math
from collections.abc import Mapping

from costcalc.graph.frame import Tensor
from costcalc.importers.building import LayerError, known
from costcalc.importers.caffe.site import Lower, Result, Site


def named(kind: str) -> Lower:
    """A layer that is one function of every element."""

    def lower(site: Site) -> Result:
        return site.add(kind, (site.input,))

    return lower


def relu(site: Site) -> Result:
    """``ReLU``, leaky where its negative slope is not zero."""
    slope = site.param("relu_param", ("negative_slope", "engine")).number("negative_slope", 0)
    return site.add("leaky_relu" if slope else "relu", (site.input,))


def prelu(site: Site) -> Result:
    """``PReLU``."""
    shared = site.param("prelu_param").flag("channel_shared", False)
    return site.add("prelu", (site.input,), {"shared": True} if shared else {})


def power(site: Site) -> Result:
    """``Power``: (shift + scale x) ^ power, of which what changes nothing is not there."""
    param = site.param("power_param", ("power", "scale", "shift"))
    exponent = param.number("power", 1)
    factor, level = param.number("scale", 1), param.number("shift", 0)
    kinds = []
    if (factor, level) == (-1, 1):
        kinds.append("complement")
    else:
        kinds += ["neg" if factor == -1 else "scale"] if factor != 1 else []
        kinds += ["shift"] if level != 0 else []
    if exponent != 1:
        kinds.append(_POWERS.get(exponent, ""))
    if "" in kinds:
        raise site.unknown(f"no layer kind is the power {exponent:g}")
    tensor = site.input
    for kind in kinds or ["identity"]:
        tensor = site.add(kind, (tensor,), part=f"/{kind}" if len(kinds) > 1 else "")
    return tensor


_POWERS = {2: "square", 0.5: "sqrt", -0.5: "rsqrt", -1: "reciprocal"}


def clip(site: Site) -> Result:
    """``Clip``: ReLU6 and its relations by their names."""
    param = site.param("clip_param", ("min", "max"))
    bounds = (param.number("min", -math.inf), param.number("max", math.inf))
    return site.add(_CLIPS.get(bounds, "clip"), (site.input,))


_CLIPS: Mapping[tuple[float, float], str] = {(0, 6): "relu6", (-1, 1): "hard_tanh"}


def eltwise(site: Site) -> Result:
    """``Eltwise``: a product, a sum with factors, or the largest."""
    param = site.param("eltwise_param", ("operation", "coeff", "stable_prod_grad"))
    operation = param.word("operation", ("PROD", "SUM", "MAX"), "SUM")
    inputs = site.reads(2)
    factors = param.numbers("coeff")
    if factors and (operation != "SUM" or len(factors) != len(inputs)):
        raise LayerError(
            f"it has {len(factors)} factors", f"one for each of {len(inputs)} inputs of a sum"
        )
    if operation != "SUM":
        return site.add({"PROD": "multiply", "MAX": "maximum"}[operation], inputs)
    if factors == (1, -1):
        return site.add("subtract", inputs)
    scaled = [
        site.add("scale", (tensor,), part="/scale") if factor != 1 else tensor
        for tensor, factor in zip(inputs, factors or (1,) * len(inputs), strict=True)
    ]
    return site.add("add", scaled)


def axpy(site: Site) -> Result:
    """``Axpy`` of squeeze-and-excite: a x + y, a being a number for each channel."""
    factor, tensor, other = site.reads(3, 3)
    scaled = site.add("multiply", (as_map(site, factor, tensor), tensor), part="/multiply")
    return site.add("add", (scaled, other), part="/add")


def as_map(site: Site, factor: Tensor, tensor: Tensor, axis: int = 0) -> Tensor:
    """The factor with sides of 1 around its own, which begin at an axis of the tensor.

    Raises:
        LayerError: it has more sides than there is place for.
    """
    own, rank = known(factor), len(known(tensor))
    if len(own) == rank:
        return factor
    after = rank - axis - len(own)
    if after < 0:
        raise LayerError("its second input has too many axes", f"at most {rank - axis}")
    shape = (*(1 for _ in range(axis)), *own, *(1 for _ in range(after)))
    return site.add("reshape", (factor,), {"shape": shape}, ".axes")


TABLE: Mapping[str, Lower] = {
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
