"""The table of what each layer kind becomes in PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from costcalc.exporters.torch import windows
from costcalc.exporters.torch.pieces import (
    Argument,
    Module,
    Piece,
    Word,
    built,
    given,
    option,
    per_axis,
)
from costcalc.exporters.unsayable import UnsayableError
from costcalc.graph.layer import Layer
from costcalc.kinds.base import elements
from costcalc.kinds.windows import explicit_pads

Pieces = tuple[Piece, ...]

_FLATTEN = Piece("{0}.flatten(1)", suffix="flatten")


def _module(constructor: str, *arguments: Argument) -> Callable[[Layer], Pieces]:
    """A module whose arguments the kind fixes."""
    return lambda layer: (built(constructor, *arguments),)


def _operator(sign: str) -> Callable[[Layer], Pieces]:
    """An operator between all inputs."""
    return lambda layer: (
        Piece(f" {sign} ".join(f"{{{index}}}" for index in range(len(layer.inputs)))),
    )


def _fc(layer: Layer) -> Pieces:
    operation: Any = layer.operation
    shape = layer.input_shapes[0]
    arguments = (
        given("in_features", shape[0] if operation.per_position else elements(shape)),
        given("out_features", operation.out),
        option("bias", operation.bias, True),
    )
    if len(shape) == 1:
        return (built("nn.Linear", *arguments),)
    if not operation.per_position:
        return (_FLATTEN, built("nn.Linear", *arguments))
    module = Module(Word("nn.Linear"), arguments)
    return (Piece("{module}({0}.movedim(1, -1)).movedim(-1, 1)", module),)


def _lstm(layer: Layer) -> Pieces:
    operation: Any = layer.operation
    shape = layer.input_shapes[0]
    if operation.bias_vectors > 2:
        raise UnsayableError(f"nn.LSTMCell has two bias vectors, not {operation.bias_vectors}")
    arguments = (
        given("input_size", elements(shape)),
        given("hidden_size", operation.hidden),
        option("bias", operation.bias_vectors > 0, True),
    )
    constructor, helper = "nn.LSTMCell", ""
    if operation.bias_vectors == 1:
        constructor, helper = "OneBiasLSTMCell", "OneBiasLSTMCell"
    cell = Piece("{module}({0})[0]", Module(Word(constructor), arguments), helper=helper)
    return (cell,) if len(shape) == 1 else (_FLATTEN, cell)


def _batch_norm(layer: Layer) -> Pieces:
    operation: Any = layer.operation
    channels = given("num_features", layer.output[0])
    return (
        built(
            f"nn.BatchNorm{_norm_rank(layer)}d", channels, option("affine", operation.affine, True)
        ),
    )


def _layer_norm(layer: Layer) -> Pieces:
    operation: Any = layer.operation
    shape = given("normalized_shape", layer.output[0])
    affine = option("elementwise_affine", operation.affine, True)
    if len(layer.output) == 1:
        return (built("nn.LayerNorm", shape, affine),)
    module = Module(Word("nn.LayerNorm"), (shape, affine))
    return (Piece("{module}({0}.movedim(1, -1)).movedim(-1, 1)", module),)


def _group_norm(layer: Layer) -> Pieces:
    operation: Any = layer.operation
    return (
        built(
            "nn.GroupNorm",
            given("num_groups", operation.groups),
            given("num_channels", layer.output[0]),
            option("affine", operation.affine, True),
        ),
    )


def _instance_norm(layer: Layer) -> Pieces:
    operation: Any = layer.operation
    if len(layer.output) == 1:
        raise UnsayableError("an instance norm needs a map")
    return (
        built(
            f"nn.InstanceNorm{_norm_rank(layer)}d",
            given("num_features", layer.output[0]),
            option("affine", operation.affine, False),
        ),
    )


def _norm_rank(layer: Layer) -> int:
    """The number in the name of a norm of this map; a vector's is 1."""
    rank = max(len(layer.output) - 1, 1)
    if rank > 3:
        raise UnsayableError(f"PyTorch's norms know maps of up to 3 axes, not of {rank}")
    return rank


def _lrn(layer: Layer) -> Pieces:
    operation: Any = layer.operation
    return (built("nn.LocalResponseNorm", given("size", operation.size)),)


def _prelu(layer: Layer) -> Pieces:
    operation: Any = layer.operation
    slopes = 1 if operation.shared else layer.output[0]
    return (built("nn.PReLU", option("num_parameters", slopes, 1)),)


def _concat(layer: Layer) -> Pieces:
    return (Piece("torch.cat([{inputs}], {axis})", numbers={"axis": 1}),)


def _split(layer: Layer) -> Pieces:
    operation: Any = layer.operation
    numbers = {"parts": operation.parts, "part": operation.part - 1, "axis": 1}
    return (Piece("{0}.chunk({parts}, {axis})[{part}]", numbers=numbers),)


def _slice(layer: Layer) -> Pieces:
    operation: Any = layer.operation
    numbers = {"start": operation.start, "stop": operation.stop}
    return (Piece("{0}[:, {start}:{stop}]", numbers=numbers),)


def _channel_shuffle(layer: Layer) -> Pieces:
    operation: Any = layer.operation
    return (built("nn.ChannelShuffle", given("groups", operation.groups)),)


def _zero_pad(layer: Layer) -> Pieces:
    operation: Any = layer.operation
    axes = layer.input_shapes[0][1:]
    return windows.padded(explicit_pads(axes, 1, 1, operation.padding), suffix="") or (
        built("nn.Identity"),
    )


def _pad_channels(layer: Layer) -> Pieces:
    operation: Any = layer.operation
    axes = "0, 0, " * (len(layer.output) - 1)
    text = f"F.pad({{0}}, ({axes}0, {{channels}} - {{0}}.shape[1]))"
    return (Piece(text, numbers={"channels": operation.out}),)


def _upsample(layer: Layer) -> Pieces:
    operation: Any = layer.operation
    rank = len(layer.output) - 1
    mode = operation.mode
    if mode == "bilinear":
        mode = {1: "linear", 2: "bilinear", 3: "trilinear"}.get(rank)
    if mode is None or not 1 <= rank <= 3:
        raise UnsayableError(f"PyTorch enlarges maps of up to 3 axes, not of {rank}")
    size = given("size", per_axis(layer.output[1:]))
    return (built("nn.Upsample", size, option("mode", mode, "nearest")),)


def _dropout(layer: Layer) -> Pieces:
    operation: Any = layer.operation
    rate = 0.5 if operation.rate is None else float(operation.rate)
    return (built("nn.Dropout", given("p", rate)),)


KINDS: Mapping[str, Callable[[Layer], Pieces]] = {
    "conv": windows.conv,
    "transposed_conv": windows.transposed_conv,
    "fc": _fc,
    "lstm": _lstm,
    "max_pool": windows.max_pool,
    "avg_pool": windows.avg_pool,
    "adaptive_max_pool": partial(windows.adaptive_pool, "AdaptiveMaxPool"),
    "adaptive_avg_pool": partial(windows.adaptive_pool, "AdaptiveAvgPool"),
    "global_max_pool": partial(windows.adaptive_pool, "AdaptiveMaxPool"),
    "global_avg_pool": partial(windows.adaptive_pool, "AdaptiveAvgPool"),
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "group_norm": _group_norm,
    "instance_norm": _instance_norm,
    "lrn": _lrn,
    "relu": _module("nn.ReLU"),
    "relu6": _module("nn.ReLU6"),
    "leaky_relu": _module("nn.LeakyReLU"),
    "prelu": _prelu,
    "sigmoid": _module("nn.Sigmoid"),
    "tanh": _module("nn.Tanh"),
    "h_sigmoid": _module("nn.Hardsigmoid"),
    "swish": _module("nn.SiLU"),
    "h_swish": _module("nn.Hardswish"),
    "gelu": _module("nn.GELU"),
    "softmax": _module("nn.Softmax", Argument("dim", 1)),
    "add": _operator("+"),
    "multiply": _operator("*"),
    "complement": lambda layer: (Piece("1 - {0}"),),
    "concat": _concat,
    "split": _split,
    "slice": _slice,
    "channel_shuffle": _channel_shuffle,
    "flatten": lambda layer: (_FLATTEN,),
    "zero_pad": _zero_pad,
    "pad_channels": _pad_channels,
    "upsample": _upsample,
    "dropout": _dropout,
    "identity": _module("nn.Identity"),
}
"""What a layer of each kind becomes; kinds that become another have none."""
