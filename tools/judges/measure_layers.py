"""Run the existing counters on single layers and write what they say.

    python measure_layers.py --output layers.json
    python measure_layers.py --kinds conv linear --tools fvcore thop

Each row of the output is a layer in declarative form: the dotted name of its
implementation, the keyword arguments, the input's shape, and whether it is a
function (or an operator) that hooks on modules cannot see.
"""

# PyTorch is not installed where types are checked.
# mypy: allow-subclassing-any

import argparse
import json
import pydoc
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import torch
import torchvision
from counters import COUNTERS, Shape, Task, read_all
from reference import conv_linear_macs, parameter_split
from torch import nn

VECTOR = (1, 64)
SEQUENCE = (1, 8, 10)
IMAGE = (1, 8, 10, 10)
WIDE_IMAGE = (1, 8, 10, 12)
VOLUME = (1, 8, 6, 5, 4)
HEADS = (1, 2, 10, 16)


@dataclass(frozen=True)
class Layer:
    """One layer, as torch is told to make it.

    ``operands`` are the shapes of a function's tensors, each cut from the input;
    ``positional`` names the attributes that follow them without a keyword;
    ``parameters`` and ``buffers`` are tensors that it takes by keyword; ``macs``
    is what hooks cannot measure, written out by hand.
    """

    kind: str
    variant: str
    implementation: str
    attributes: dict[str, Any] = field(default_factory=dict)
    shape: Shape = IMAGE
    operands: tuple[Shape, ...] = ()
    operands_in_list: bool = False
    positional: tuple[str, ...] = ()
    parameters: dict[str, Shape] = field(default_factory=dict)
    buffers: dict[str, Shape] = field(default_factory=dict)
    macs: int = 0

    @property
    def functional(self) -> bool:
        """Whether the implementation is called, not built: a hook never sees it."""
        return not isinstance(find(self.implementation), type)


class Held(nn.Module):
    """A network of one module.  Counters treat the root apart from its children."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.layer(image)


class Called(nn.Module):
    """A network of one function call.

    The function is looked up at every call, as a network's own code does, so
    that a counter that patches it is seen.
    """

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.layer = layer
        self.keywords: dict[str, str] = {}
        for index, (keyword, shape) in enumerate(layer.parameters.items()):
            self.keywords[keyword] = f"p{index}"
            self.register_parameter(f"p{index}", nn.Parameter(torch.ones(shape)))
        for index, (keyword, shape) in enumerate(layer.buffers.items()):
            self.keywords[keyword] = f"b{index}"
            self.register_buffer(f"b{index}", torch.ones(shape))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        function = find(self.layer.implementation)
        tensors = {keyword: getattr(self, name) for keyword, name in self.keywords.items()}
        operands = [cut(image, shape) for shape in self.layer.operands or (self.layer.shape,)]
        tensors_first = [operands] if self.layer.operands_in_list else operands
        keywords = dict(self.layer.attributes)
        values = [keywords.pop(name) for name in self.layer.positional]
        return function(*tensors_first, *values, **keywords, **tensors)


def find(name: str) -> Any:
    """The class or function of a dotted name."""
    return pydoc.locate(name)


def cut(image: torch.Tensor, shape: Shape) -> torch.Tensor:
    """The leading corner of a tensor; the tensor itself when nothing is cut."""
    if image.shape == shape:
        return image
    return image[tuple(slice(size) for size in shape)]


def build(layer: Layer) -> nn.Module:
    """A network of nothing but the layer.

    A layer without parameters gets an empty one: some counters ask a network's
    first parameter for its device.
    """
    if layer.functional:
        model: nn.Module = Called(layer)
    else:
        model = Held(find(layer.implementation)(**layer.attributes))
    if next(model.parameters(), None) is None:
        model.register_parameter("anchor", nn.Parameter(torch.empty(0)))
    return model


CHANNELS: dict[str, dict[str, Any]] = {
    "standard": {"in_channels": 8, "out_channels": 16, "groups": 1},
    "grouped": {"in_channels": 8, "out_channels": 16, "groups": 4},
    "depthwise": {"in_channels": 8, "out_channels": 8, "groups": 8},
}
WINDOWS: dict[str, dict[str, Any]] = {
    "plain": {},
    "padded": {"padding": 1},
    "strided": {"stride": 2, "padding": 1},
    "dilated": {"dilation": 2, "padding": 2},
}
MORE_CONVOLUTIONS: dict[str, dict[str, Any]] = {
    "pointwise": {"in_channels": 8, "out_channels": 16, "kernel_size": 1},
    "pointwise-grouped": {
        "in_channels": 8,
        "out_channels": 16,
        "kernel_size": 1,
        "groups": 2,
    },
    "square": {"in_channels": 8, "out_channels": 8, "kernel_size": 3, "padding": 1},
    "square-grouped": {
        "in_channels": 8,
        "out_channels": 8,
        "kernel_size": 3,
        "padding": 1,
        "groups": 4,
    },
    "depthwise-multiplier-2": {
        "in_channels": 8,
        "out_channels": 16,
        "kernel_size": 3,
        "padding": 1,
        "groups": 8,
    },
    "oblong": {
        "in_channels": 8,
        "out_channels": 16,
        "kernel_size": (1, 5),
        "padding": (0, 2),
        "stride": (2, 1),
    },
    "same": {"in_channels": 8, "out_channels": 16, "kernel_size": 3, "padding": "same"},
    "valid": {"in_channels": 8, "out_channels": 16, "kernel_size": 3, "padding": "valid"},
    "circular": {
        "in_channels": 8,
        "out_channels": 16,
        "kernel_size": 3,
        "padding": 1,
        "padding_mode": "circular",
    },
}
MORE_TRANSPOSED: dict[str, dict[str, Any]] = {
    "2x2-strided": {"in_channels": 8, "out_channels": 4, "kernel_size": 2, "stride": 2},
    "output-padded": {
        "in_channels": 8,
        "out_channels": 4,
        "kernel_size": 3,
        "stride": 2,
        "padding": 1,
        "output_padding": 1,
    },
    "square": {"in_channels": 8, "out_channels": 8, "kernel_size": 4, "stride": 2},
    "square-grouped": {
        "in_channels": 8,
        "out_channels": 8,
        "kernel_size": 4,
        "stride": 2,
        "groups": 4,
    },
    "oblong": {
        "in_channels": 8,
        "out_channels": 4,
        "kernel_size": (1, 5),
        "padding": (0, 2),
        "stride": (2, 1),
    },
}


def convolutions() -> Iterator[Layer]:
    """Every channel arrangement x window x bias, in one to three dimensions."""
    inputs = {1: SEQUENCE, 2: WIDE_IMAGE, 3: VOLUME}
    for kind, transposed in (("conv", ""), ("conv-transposed", "Transpose")):
        for dimensions, channels, window, bias in product(inputs, CHANNELS, WINDOWS, (True, False)):
            yield Layer(
                kind,
                f"{dimensions}d {channels} {window} {bias_word(bias)}",
                f"torch.nn.Conv{transposed}{dimensions}d",
                CHANNELS[channels] | {"kernel_size": 3} | WINDOWS[window] | {"bias": bias},
                inputs[dimensions],
            )
    for kind, name, table in (
        ("conv", "torch.nn.Conv2d", MORE_CONVOLUTIONS),
        ("conv-transposed", "torch.nn.ConvTranspose2d", MORE_TRANSPOSED),
    ):
        for (variant, attributes), bias in product(table.items(), (True, False)):
            yield Layer(kind, f"2d {variant} {bias_word(bias)}", name, attributes | {"bias": bias})
    yield Layer(
        "conv",
        "2d square batch of 4 no bias",
        "torch.nn.Conv2d",
        MORE_CONVOLUTIONS["square"] | {"bias": False},
        (4, *IMAGE[1:]),
    )
    yield Layer(
        "conv",
        "2d functional bias",
        "torch.nn.functional.conv2d",
        {"padding": 1},
        parameters={"weight": (16, 8, 3, 3), "bias": (16,)},
        macs=10 * 10 * 16 * 8 * 3 * 3,
    )


def bias_word(bias: bool) -> str:
    """How a variant's name says whether the layer has a bias."""
    return "bias" if bias else "no bias"


def linears() -> Iterator[Layer]:
    """Linear layers over vectors, sequences and images, and matrix products."""
    shapes = {
        "vector": VECTOR,
        "batch of 4": (4, 64),
        "sequence": (1, 5, 64),
        "image": (1, 3, 5, 64),
    }
    for (variant, shape), bias in product(shapes.items(), (True, False)):
        yield Layer(
            "linear",
            f"{variant} {bias_word(bias)}",
            "torch.nn.Linear",
            {"in_features": 64, "out_features": 10, "bias": bias},
            shape,
        )
    yield Layer(
        "linear",
        "functional bias",
        "torch.nn.functional.linear",
        shape=VECTOR,
        parameters={"weight": (10, 64), "bias": (10,)},
        macs=64 * 10,
    )
    product_macs = 8 * 10 * 10 * 10
    for name in ("operator.matmul", "torch.matmul", "torch.Tensor.matmul"):
        yield Layer("matmul", name, name, operands=(IMAGE, IMAGE), macs=product_macs)
    yield Layer(
        "matmul",
        "torch.bmm",
        "torch.bmm",
        shape=(8, 10, 10),
        operands=((8, 10, 10), (8, 10, 10)),
        macs=product_macs,
    )
    for name in ("operator.matmul", "torch.matmul"):
        yield Layer(
            "matmul",
            f"{name} repeated",
            name,
            operands=(IMAGE, (1, 1, 10, 10)),
            macs=product_macs,
        )
    name = "torch.nn.functional.scaled_dot_product_attention"
    macs = 2 * 2 * 10 * 10 * 16
    yield Layer(
        "attention", "functional", name, shape=HEADS, operands=(HEADS, HEADS, HEADS), macs=macs
    )
    masked = (HEADS, HEADS, HEADS, (1, 2, 10, 10))
    yield Layer("attention", "functional masked", name, shape=HEADS, operands=masked, macs=macs)


def normalisations() -> Iterator[Layer]:
    """Normalisation layers with and without their affine parameters."""
    inputs = {1: SEQUENCE, 2: IMAGE, 3: VOLUME}
    for dimensions, affine in product(inputs, (True, False)):
        affinity = "affine" if affine else "not affine"
        for kind, name in (("batch-norm", "BatchNorm"), ("instance-norm", "InstanceNorm")):
            yield Layer(
                kind,
                f"{dimensions}d {affinity}",
                f"torch.nn.{name}{dimensions}d",
                {"num_features": 8, "affine": affine},
                inputs[dimensions],
            )
    yield Layer(
        "batch-norm",
        "1d on vectors",
        "torch.nn.BatchNorm1d",
        {"num_features": 64},
        (4, 64),
    )
    yield Layer(
        "batch-norm",
        "2d without running statistics",
        "torch.nn.BatchNorm2d",
        {"num_features": 8, "track_running_stats": False},
    )
    yield Layer(
        "batch-norm",
        "functional affine",
        "torch.nn.functional.batch_norm",
        parameters={"weight": (8,), "bias": (8,)},
        buffers={"running_mean": (8,), "running_var": (8,)},
    )
    for affine in (True, False):
        affinity = "affine" if affine else "not affine"
        yield Layer(
            "layer-norm",
            f"over rows {affinity}",
            "torch.nn.LayerNorm",
            {"normalized_shape": 10, "elementwise_affine": affine},
        )
        yield Layer(
            "group-norm",
            affinity,
            "torch.nn.GroupNorm",
            {"num_groups": 2, "num_channels": 8, "affine": affine},
        )
    yield Layer(
        "layer-norm",
        "over rows no bias",
        "torch.nn.LayerNorm",
        {"normalized_shape": 10, "bias": False},
    )
    yield Layer(
        "layer-norm",
        "over all but batch affine",
        "torch.nn.LayerNorm",
        {"normalized_shape": IMAGE[1:]},
    )
    yield Layer(
        "layer-norm",
        "functional affine",
        "torch.nn.functional.layer_norm",
        {"normalized_shape": (10,)},
        parameters={"weight": (10,), "bias": (10,)},
    )
    yield Layer("rms-norm", "over rows", "torch.nn.RMSNorm", {"normalized_shape": 10})
    yield Layer("local-response-norm", "of 5", "torch.nn.LocalResponseNorm", {"size": 5})
    yield Layer(
        "local-response-norm",
        "functional",
        "torch.nn.functional.local_response_norm",
        {"size": 5},
    )


ACTIVATIONS = {
    "relu": ("ReLU", "torch.nn.functional.relu", "torch.relu"),
    "relu6": ("ReLU6", "torch.nn.functional.relu6"),
    "leaky-relu": ("LeakyReLU", "torch.nn.functional.leaky_relu"),
    "elu": ("ELU", "torch.nn.functional.elu"),
    "gelu": ("GELU", "torch.nn.functional.gelu"),
    "silu": ("SiLU", "torch.nn.functional.silu"),
    "sigmoid": ("Sigmoid", "torch.nn.functional.sigmoid", "torch.sigmoid"),
    "tanh": ("Tanh", "torch.nn.functional.tanh", "torch.tanh"),
    "hard-sigmoid": ("Hardsigmoid", "torch.nn.functional.hardsigmoid"),
    "hard-swish": ("Hardswish", "torch.nn.functional.hardswish"),
    "hard-tanh": ("Hardtanh", "torch.nn.functional.hardtanh"),
    "softplus": ("Softplus", "torch.nn.functional.softplus"),
    "mish": ("Mish", "torch.nn.functional.mish"),
    "selu": ("SELU", "torch.nn.functional.selu"),
    "celu": ("CELU", "torch.nn.functional.celu"),
    "softsign": ("Softsign", "torch.nn.functional.softsign"),
    "log-sigmoid": ("LogSigmoid", "torch.nn.functional.logsigmoid"),
}
IN_PLACE = ("ReLU", "ReLU6", "LeakyReLU", "ELU", "SiLU", "Hardsigmoid", "Hardswish")


def activations() -> Iterator[Layer]:
    """Activations as modules, as modules in place, and as functions."""
    for kind, (module, *functions) in ACTIVATIONS.items():
        yield Layer(kind, "module", f"torch.nn.{module}")
        if module in IN_PLACE:
            yield Layer(kind, "module in place", f"torch.nn.{module}", {"inplace": True})
        for function in functions:
            yield Layer(kind, function, function)
    for parameters in (1, 8):
        yield Layer(
            "prelu", f"{parameters} slopes", "torch.nn.PReLU", {"num_parameters": parameters}
        )
    yield Layer("prelu", "functional", "torch.nn.functional.prelu", parameters={"weight": (8,)})
    yield Layer("softmax", "over channels", "torch.nn.Softmax", {"dim": 1})
    yield Layer("softmax", "over a vector", "torch.nn.Softmax", {"dim": 1}, VECTOR)
    yield Layer("softmax", "functional", "torch.nn.functional.softmax", {"dim": 1})
    yield Layer("softmax", "torch.softmax", "torch.softmax", {"dim": 1})
    yield Layer("log-softmax", "over channels", "torch.nn.LogSoftmax", {"dim": 1})
    for name in ("torch.nn.functional.log_softmax", "torch.log_softmax"):
        yield Layer("log-softmax", name, name, {"dim": -1})
    yield Layer("softmax", "over rows", "torch.nn.Softmax", {"dim": -1})
    yield Layer("gelu-tanh", "module", "torch.nn.GELU", {"approximate": "tanh"})
    yield Layer("gelu-tanh", "functional", "torch.nn.functional.gelu", {"approximate": "tanh"})


POOLING_WINDOWS: dict[str, dict[str, Any]] = {
    "2": {"kernel_size": 2},
    "3 stride 2": {"kernel_size": 3, "stride": 2},
    "3 stride 2 padding 1": {"kernel_size": 3, "stride": 2, "padding": 1},
    "3 stride 2 ceiling": {"kernel_size": 3, "stride": 2, "ceil_mode": True},
}


def poolings() -> Iterator[Layer]:
    """Windowed, adaptive and global pooling, as modules and as functions."""
    inputs = {1: SEQUENCE, 2: IMAGE, 3: VOLUME}
    for kind, module, function in (
        ("max-pool", "MaxPool", "max_pool"),
        ("avg-pool", "AvgPool", "avg_pool"),
    ):
        for variant, window in POOLING_WINDOWS.items():
            yield Layer(kind, f"2d {variant}", f"torch.nn.{module}2d", window)
            yield Layer(
                kind, f"2d {variant} functional", f"torch.nn.functional.{function}2d", window
            )
        for dimensions in (1, 3):
            yield Layer(
                kind,
                f"{dimensions}d 2",
                f"torch.nn.{module}{dimensions}d",
                {"kernel_size": 2},
                inputs[dimensions],
            )
    for kind, module, function in (
        ("adaptive-avg-pool", "AdaptiveAvgPool", "adaptive_avg_pool"),
        ("adaptive-max-pool", "AdaptiveMaxPool", "adaptive_max_pool"),
    ):
        for size in (1, 5, 7, (2, 5)):
            attributes: dict[str, Any] = {"output_size": size}
            yield Layer(kind, f"2d to {size}", f"torch.nn.{module}2d", attributes)
            yield Layer(
                kind,
                f"2d to {size} functional",
                f"torch.nn.functional.{function}2d",
                attributes,
                positional=("output_size",),
            )
        for dimensions in (1, 3):
            yield Layer(
                kind,
                f"{dimensions}d to 1",
                f"torch.nn.{module}{dimensions}d",
                {"output_size": 1},
                inputs[dimensions],
            )
    yield Layer(
        "adaptive-avg-pool",
        "2d 5x5 to 6 (upwards)",
        "torch.nn.AdaptiveAvgPool2d",
        {"output_size": 6},
        (1, 8, 5, 5),
    )
    for keepdim in (False, True):
        yield Layer(
            "mean",
            f"torch.Tensor.mean keepdim={keepdim}",
            "torch.Tensor.mean",
            {"dim": (2, 3), "keepdim": keepdim},
        )
    yield Layer("mean", "torch.mean", "torch.mean", {"dim": (2, 3)})


UNARY = (
    "exp", "log", "sqrt", "rsqrt", "reciprocal", "erf", "sin", "cos", "abs", "neg",
    "square", "floor", "ceil", "round", "sign", "logical_not",
)  # fmt: skip
"""Functions of every element alike."""


def reductions() -> Iterator[Layer]:
    """Sums, extremes and the like along some axes."""
    rows = {"dim": -1}
    yield Layer("mean", "torch.mean of rows", "torch.mean", rows)
    yield Layer("mean", "torch.mean of rows kept", "torch.mean", rows | {"keepdim": True})
    for kind, name in (
        ("sum", "torch.sum"),
        ("sum", "torch.Tensor.sum"),
        ("reduce-max", "torch.amax"),
        ("reduce-min", "torch.amin"),
        ("argmax", "torch.argmax"),
        ("product", "torch.prod"),
        ("variance", "torch.var"),
        ("l2-norm", "torch.linalg.vector_norm"),
    ):
        yield Layer(kind, f"{name} of rows", name, rows)


def elementwise() -> Iterator[Layer]:
    """Sums and products of two tensors, of a tensor and a vector, of a scalar."""
    gate = (1, 8, 1, 1)
    functions = {
        "add": ("operator.add", "operator.iadd", "torch.add", "torch.Tensor.add"),
        "multiply": ("operator.mul", "operator.imul", "torch.mul", "torch.Tensor.mul"),
        "subtract": ("operator.sub", "torch.sub"),
        "divide": ("operator.truediv", "torch.div"),
        "minimum": ("torch.minimum",),
        "maximum": ("torch.maximum",),
        "power": ("operator.pow", "torch.pow"),
        "compare": ("operator.gt", "torch.eq"),
    }
    for kind, names in functions.items():
        for name in names:
            yield Layer(kind, name, name, operands=(IMAGE, IMAGE))
    for name in ("operator.mul", "torch.mul"):
        yield Layer("multiply", f"{name} by a gate", name, operands=(IMAGE, gate))
        yield Layer("multiply", f"{name} gate first", name, operands=(gate, IMAGE))
    yield Layer("multiply", "torch.mul by a scalar", "torch.mul", {"other": 2.0})
    yield Layer("add", "torch.add a scalar", "torch.add", {"other": 1.0})
    for name in UNARY:
        yield Layer(name, f"torch.{name}", f"torch.{name}")
    yield Layer("clip", "torch.clamp", "torch.clamp", {"min": -1.0, "max": 2.0})
    yield Layer("cat", "over rows", "torch.cat", {"dim": -1}, IMAGE, (IMAGE, IMAGE), True)
    yield Layer(
        "cat",
        "over channels",
        "torch.cat",
        {"dim": 1},
        operands=(IMAGE, IMAGE),
        operands_in_list=True,
    )


def rearrangements() -> Iterator[Layer]:
    """Layers that move, copy, drop or interpolate elements."""
    yield Layer("dropout", "module", "torch.nn.Dropout")
    yield Layer("dropout", "2d", "torch.nn.Dropout2d")
    yield Layer("dropout", "functional", "torch.nn.functional.dropout", {"training": False})
    yield Layer(
        "stochastic-depth",
        "module",
        "torchvision.ops.StochasticDepth",
        {"p": 0.2, "mode": "row"},
    )
    yield Layer("identity", "module", "torch.nn.Identity")
    yield Layer("flatten", "module", "torch.nn.Flatten")
    yield Layer("flatten", "torch.flatten", "torch.flatten", {"start_dim": 1})
    yield Layer("flatten", "torch.Tensor.flatten", "torch.Tensor.flatten", {"start_dim": 1})
    yield Layer("permute", "torch.permute", "torch.permute", {"dims": (0, 2, 3, 1)})
    yield Layer("reshape", "torch.reshape", "torch.reshape", {"shape": (1, 16, 50)})
    yield Layer("roll", "torch.roll", "torch.roll", {"shifts": 3, "dims": 2})
    yield Layer("repeat", "torch.tile", "torch.tile", {"dims": (1, 1, 2, 1)})
    yield Layer("chunk", "rows in two", "torch.chunk", {"chunks": 2, "dim": -1})
    yield Layer("pad", "circular", "torch.nn.CircularPad2d", {"padding": 1})
    yield Layer("chunk", "in two", "torch.chunk", {"chunks": 2, "dim": 1})
    yield Layer("split", "in two", "torch.split", {"split_size_or_sections": 4, "dim": 1})
    yield Layer("channel-shuffle", "module", "torch.nn.ChannelShuffle", {"groups": 2})
    yield Layer(
        "channel-shuffle",
        "torchvision's",
        "torchvision.models.shufflenetv2.channel_shuffle",
        {"groups": 2},
    )
    yield Layer("pixel-shuffle", "module", "torch.nn.PixelShuffle", {"upscale_factor": 2})
    yield Layer("pad", "module", "torch.nn.ZeroPad2d", {"padding": (1, 2, 1, 2)})
    yield Layer("pad", "reflection", "torch.nn.ReflectionPad2d", {"padding": 1})
    yield Layer("pad", "functional", "torch.nn.functional.pad", {"pad": (1, 2, 1, 2)})
    for mode in ("nearest", "bilinear", "bicubic", "area"):
        attributes = {"scale_factor": 2, "mode": mode}
        yield Layer("upsample", mode, "torch.nn.Upsample", attributes)
        yield Layer("upsample", f"{mode} functional", "torch.nn.functional.interpolate", attributes)
        yield Layer(
            "upsample",
            f"{mode} to a size",
            "torch.nn.Upsample",
            {"size": (20, 15), "mode": mode},
        )
    yield Layer(
        "upsample",
        "bilinear aligned corners",
        "torch.nn.Upsample",
        {"scale_factor": 2, "mode": "bilinear", "align_corners": True},
    )
    yield Layer(
        "upsample",
        "UpsamplingNearest2d",
        "torch.nn.UpsamplingNearest2d",
        {"scale_factor": 2},
    )
    yield Layer(
        "upsample",
        "UpsamplingBilinear2d",
        "torch.nn.UpsamplingBilinear2d",
        {"scale_factor": 2},
    )


class Lookup(nn.Module):
    """An embedding of as many zeros as a tensor has elements."""

    def __init__(self, rows: int, out: int) -> None:
        super().__init__()
        self.table = nn.Embedding(rows, out)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.table(torch.zeros_like(image).long())


class LayerScale(nn.Module):
    """A learned factor for each channel, that is no module's own weight."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(channels, 1, 1))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return image * self.gamma


def learned() -> Iterator[Layer]:
    """Tables of embeddings, and tensors that a network holds itself."""
    attributes: dict[str, Any] = {"rows": 30, "out": 6}
    yield Layer("embedding", "module", "measure_layers.Lookup", attributes, VECTOR)
    yield Layer("layer-scale", "module", "measure_layers.LayerScale", {"channels": 8})


def blocks() -> Iterator[Layer]:
    """Blocks that torchvision's networks take whole from torchvision.ops."""
    yield Layer(
        "squeeze-excitation",
        "ReLU and Sigmoid",
        "torchvision.ops.SqueezeExcitation",
        {"input_channels": 8, "squeeze_channels": 2},
    )
    yield Layer(
        "conv-norm-activation",
        "3x3",
        "torchvision.ops.Conv2dNormActivation",
        {"in_channels": 8, "out_channels": 16},
    )


LAYERS: list[Layer] = [
    *convolutions(),
    *linears(),
    *normalisations(),
    *activations(),
    *poolings(),
    *elementwise(),
    *reductions(),
    *rearrangements(),
    *learned(),
    *blocks(),
]


def reference(layer: Layer) -> dict[str, Any]:
    """Output shape, parameters by role and conv + linear MACs, without any counter."""
    model = build(layer).eval()
    given = torch.zeros(layer.shape)
    with torch.no_grad():
        made = model(given)
    macs = layer.macs if layer.functional else conv_linear_macs(model, given)
    output = made if isinstance(made, torch.Tensor) else made[0]
    return {"output": list(output.shape), "macs": macs} | parameter_split(model)


def measure(layers: list[Layer], tools: list[str], processes: int) -> Iterator[dict[str, Any]]:
    """One row for every layer."""
    tasks = [Task(tool, partial(build, layer), layer.shape) for layer in layers for tool in tools]
    readings = iter(read_all(tasks, processes))
    for layer in layers:
        yield {
            "kind": layer.kind,
            "variant": layer.variant,
            "implementation": layer.implementation,
            "functional": layer.functional,
            "attributes": layer.attributes,
            "input": layer.shape,
            "operands": layer.operands,
            "operands_in_list": layer.operands_in_list,
            "positional": layer.positional,
            "parameters": layer.parameters,
            "buffers": layer.buffers,
            "reference": reference(layer),
            "counts": {tool: next(readings) for tool in tools},
        }


def main() -> None:
    """Parse the command line, measure, write."""
    kinds = list(dict.fromkeys(layer.kind for layer in LAYERS))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, default=Path("layers.json"))
    parser.add_argument("--kinds", nargs="+", choices=kinds, default=kinds, metavar="KIND")
    parser.add_argument("--tools", nargs="+", choices=list(COUNTERS), default=list(COUNTERS))
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()

    layers = [layer for layer in LAYERS if layer.kind in options.kinds]
    rows = []
    for row in measure(layers, options.tools, options.processes):
        print(row["kind"], row["variant"], flush=True)
        rows.append(json.dumps(row))
    head = {
        "torch": torch.__version__.split("+")[0],
        "torchvision": torchvision.__version__.split("+")[0],
        "tools": {tool: COUNTERS[tool].description() for tool in options.tools},
    }
    text = json.dumps(head, indent=1)[:-2] + ',\n "layers": [\n' + ",\n".join(rows) + "\n]}\n"
    options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
