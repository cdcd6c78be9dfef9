"""The PyTorch form of each layer kind."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from costcalc.exporters.layers import UNDEFINED, UnwritableLayer
from costcalc.exporters.torch import moving, norms, products, windows
from costcalc.exporters.torch.elementwise import (
    Row,
    expression,
    module,
    operator,
    pairwise,
    reduction,
)
from costcalc.exporters.torch.modules import Argument, ForwardLine, called, positional
from costcalc.graph.layer import Layer


def _dropout(layer: Layer) -> tuple[ForwardLine, ...]:
    operation: Any = layer.operation
    rate = 0.5 if operation.rate is None else float(operation.rate)
    rank = {"element": 0, "channel": len(layer.output) - 1}.get(operation.noise, -1)
    if rank not in range(4) or (rank == 0 and operation.noise == "channel"):
        raise UnwritableLayer(f"torch.nn has no dropout by {operation.noise} of such a shape")
    name = f"nn.Dropout{rank}d" if rank else "nn.Dropout"
    return (called(name, positional("p", rate)),)


KINDS: Mapping[str, Row] = {
    "conv": windows.conv,
    "transposed_conv": windows.transposed_conv,
    "fc": products.fc,
    "embedding": products.embedding,
    "matmul": operator("@"),
    "attention": products.attention,
    "lstm": products.lstm,
    "max_pool": windows.max_pool,
    "avg_pool": windows.avg_pool,
    "adaptive_max_pool": partial(windows.adaptive_pool, "AdaptiveMaxPool"),
    "adaptive_avg_pool": partial(windows.adaptive_pool, "AdaptiveAvgPool"),
    "global_max_pool": partial(windows.adaptive_pool, "AdaptiveMaxPool"),
    "global_avg_pool": partial(windows.adaptive_pool, "AdaptiveAvgPool"),
    "batch_norm": norms.batch_norm,
    "layer_norm": norms.layer_norm,
    "rms_norm": norms.rms_norm,
    "group_norm": norms.group_norm,
    "instance_norm": norms.instance_norm,
    "lrn": norms.lrn,
    "relu": module("nn.ReLU"),
    "relu6": module("nn.ReLU6"),
    "leaky_relu": module("nn.LeakyReLU"),
    "prelu": norms.prelu,
    "sigmoid": module("nn.Sigmoid"),
    "tanh": module("nn.Tanh"),
    "h_sigmoid": module("nn.Hardsigmoid"),
    "swish": module("nn.SiLU"),
    "h_swish": module("nn.Hardswish"),
    "gelu": module("nn.GELU"),
    "gelu_tanh": module("nn.GELU", Argument("approximate", "tanh")),
    "quick_gelu": expression("{0} * torch.sigmoid(1.702 * {0})"),
    "elu": module("nn.ELU"),
    "selu": module("nn.SELU"),
    "celu": module("nn.CELU"),
    "mish": module("nn.Mish"),
    "softplus": module("nn.Softplus"),
    "softsign": module("nn.Softsign"),
    "log_sigmoid": module("nn.LogSigmoid"),
    "hard_tanh": module("nn.Hardtanh"),
    "softmax": partial(norms.softmax, "nn.Softmax"),
    "log_softmax": partial(norms.softmax, "nn.LogSoftmax"),
    "add": operator("+"),
    "subtract": operator("-"),
    "multiply": operator("*"),
    "divide": operator("/"),
    "minimum": pairwise("torch.minimum"),
    "maximum": pairwise("torch.maximum"),
    "power": operator("**"),
    # The graph does not record which comparison it is; truth values are numbers here.
    "compare": expression("torch.gt({0}, {1}).type_as({0})"),
    "where": expression("torch.where({0} != 0, {1}, {2})"),
    "logical_not": expression("torch.eq({0}, 0).type_as({0})"),
    "complement": expression("1 - {0}"),
    # Nor does it record constants: neutral ones take their place.
    "scale": expression("{0} * 1.0"),
    "shift": expression("{0} + 0.0"),
    "clip": expression('{0}.clamp(min=float("-inf"))'),
    "exp": expression("torch.exp({0})"),
    "log": expression("torch.log({0})"),
    "sqrt": expression("torch.sqrt({0})"),
    "rsqrt": expression("torch.rsqrt({0})"),
    "reciprocal": expression("torch.reciprocal({0})"),
    "erf": expression("torch.erf({0})"),
    "sin": expression("torch.sin({0})"),
    "cos": expression("torch.cos({0})"),
    "abs": expression("torch.abs({0})"),
    "neg": expression("torch.neg({0})"),
    "square": expression("torch.square({0})"),
    "floor": expression("torch.floor({0})"),
    "ceil": expression("torch.ceil({0})"),
    "round": expression("torch.round({0})"),
    "sign": expression("torch.sign({0})"),
    "mean": reduction("mean"),
    "sum": reduction("sum"),
    "reduce_max": reduction("amax"),
    "reduce_min": reduction("amin"),
    "argmax": reduction("argmax", takes_several=False, cast=".type_as({0})"),
    "product": reduction("prod", takes_several=False),
    "variance": reduction("var", ", correction=0"),
    "l2_norm": reduction("square().sum", cast=".sqrt()"),
    "concat": moving.concat,
    "split": moving.split,
    "slice": moving.slice_,
    "crop": moving.crop,
    "channel_shuffle": products.channel_shuffle,
    "flatten": products.flatten,
    "zero_pad": moving.zero_pad,
    "pad_channels": moving.pad_channels,
    "upsample": moving.upsample,
    "reshape": moving.reshape,
    "transpose": moving.transpose,
    "dropout": _dropout,
    "identity": module("nn.Identity"),
    "learned": partial(moving.source, "nn.Parameter"),
    "constant": partial(moving.source, "nn.Buffer"),
}
"""The function that lowers each layer kind."""

MISSING = {**UNDEFINED, "input": "the module that is written takes one tensor"}
"""Why the other kinds have no row."""
