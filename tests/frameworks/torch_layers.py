"""The modules of a spec's layers, from what PyTorch's documentation says of them.

Nothing of costcalc is used: the words of a spec are read anew, and every size is
the framework's own, so that a mistake would have to be made twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.frameworks.torch_tensors import TENSOR_MAKERS, Call, Shape, at_the_end, dimension


def sides(value: Any, rank: int) -> tuple[int, ...]:
    """A size for each axis: ``3``, ``[3, 5]`` or ``3x5``."""
    if isinstance(value, str):
        value = [int(side) for side in value.split("x")]
    found = (value,) * rank if isinstance(value, int) else tuple(value)
    if len(found) != rank:
        raise ValueError(f"{len(found)} sizes for {rank} axes")
    return found


def pairs(padding: Any, rank: int) -> list[tuple[int, int]]:
    """What is added before and after each axis."""
    listed = sides(padding, rank)
    return [(side, side) if isinstance(side, int) else (side[0], side[1]) for side in listed]


def pad(rank: int, around: Sequence[tuple[int, int]], value: float) -> nn.Module:
    """``nn.ConstantPad2d`` takes the last axis first."""
    flat = [side for pair in reversed(around) for side in pair]
    if not any(flat):
        return nn.Identity()
    return getattr(nn, f"ConstantPad{rank}d")(flat, value)


def same(axes: Shape, kernel: Shape, stride: Shape, dilation: Shape) -> list[tuple[int, int]]:
    """TensorFlow's "SAME": as many windows as strides begin, the odd zero behind."""
    found = []
    for n, k, s, d in zip(axes, kernel, stride, dilation, strict=True):
        windows = -(-n // s)
        total = max((windows - 1) * s + d * (k - 1) + 1 - n, 0)
        found.append((total // 2, total - total // 2))
    return found


def axes_of(shape: Shape) -> Shape:
    if len(shape) < 2:
        raise ValueError("a map is needed")
    if len(shape) > 4:
        raise ValueError("PyTorch's windows slide along up to three axes")
    return shape[1:]


def conv(
    shape: Shape,
    out: int,
    kernel: Any,
    stride: Any = 1,
    padding: Any = "same",
    dilation: Any = 1,
    groups: int = 1,
    bias: bool = True,
) -> nn.Module:
    axes = axes_of(shape)
    rank = len(axes)
    kernel, stride, dilation = (sides(each, rank) for each in (kernel, stride, dilation))
    make = partial(
        getattr(nn, f"Conv{rank}d"),
        shape[0],
        out,
        kernel,
        stride=stride,
        dilation=dilation,
        groups=groups,
        bias=bias,
        device="meta",
    )
    if padding == "valid":
        return make()
    if padding == "same" and set(stride) == {1}:
        return make(padding="same")
    if padding == "same":
        return nn.Sequential(pad(rank, same(axes, kernel, stride, dilation), 0.0), make())
    around = pairs(padding, rank)
    if all(before == after for before, after in around):
        return make(padding=[before for before, _ in around])
    return nn.Sequential(pad(rank, around, 0.0), make())


def depthwise(shape: Shape, multiplier: int = 1, **arguments: Any) -> nn.Module:
    return conv(shape, out=shape[0] * multiplier, groups=shape[0], **arguments)


def pointwise(shape: Shape, **arguments: Any) -> nn.Module:
    return conv(shape, kernel=1, **arguments)


def transposed_conv(
    shape: Shape,
    out: int,
    kernel: Any,
    stride: Any = 1,
    padding: Any = "same",
    output_padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    bias: bool = True,
) -> nn.Module:
    axes = axes_of(shape)
    rank = len(axes)
    kernel, stride, dilation = (sides(each, rank) for each in (kernel, stride, dilation))
    extra = sides(output_padding, rank)
    if padding == "same":
        over = [d * (k - 1) + 1 - s for k, s, d in zip(kernel, stride, dilation, strict=True)]
        if any(extra):
            raise ValueError("stride times the input has no room for an output padding")
        extra = tuple(max(-each, 0) for each in over)
        around = [(max(each, 0) // 2, max(each, 0) - max(each, 0) // 2) for each in over]
    else:
        around = pairs(0 if padding == "valid" else padding, rank)
    symmetric = all(before == after for before, after in around)
    make = partial(
        getattr(nn, f"ConvTranspose{rank}d"),
        kernel_size=kernel,
        stride=stride,
        padding=[before for before, _ in around] if symmetric else 0,
        output_padding=extra,
        dilation=dilation,
        bias=bias,
    )
    if any(extra):
        # The meta device takes any output padding: a single channel is run in earnest.
        make(1, 1)(torch.empty(1, 1, *axes))
    made = make(shape[0], out, groups=groups, device="meta")
    return made if symmetric else nn.Sequential(made, Call(partial(cropped, around)))


def transposed_depthwise(shape: Shape, multiplier: int = 1, **arguments: Any) -> nn.Module:
    return transposed_conv(shape, out=shape[0] * multiplier, groups=shape[0], **arguments)


def cropped(around: Sequence[tuple[int, int]], x: Tensor) -> Tensor:
    for axis, (before, after) in enumerate(around, start=2):
        x = x.narrow(axis, before, x.shape[axis] - before - after)
    return x


def fc(
    shape: Shape, out: int, bias: bool = True, per_position: bool = False, axis: int = 0
) -> nn.Module:
    if per_position:
        dim = dimension(axis, shape)
        return at_the_end(nn.Linear(shape[dim - 1], out, bias=bias, device="meta"), [dim])
    sizes = torch.Size(shape).numel()
    return nn.Sequential(flatten(), nn.Linear(sizes, out, bias=bias, device="meta"))


def flatten() -> nn.Module:
    return Call(lambda x: x.reshape(1, -1))


def pool(
    which: str,
    shape: Shape,
    kernel: Any,
    stride: Any = None,
    padding: Any = "valid",
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> nn.Module:
    axes = axes_of(shape)
    rank = len(axes)
    kernel = sides(kernel, rank)
    stride = kernel if stride is None else sides(stride, rank)
    dilation = sides(dilation, rank)
    arguments = {"kernel_size": kernel, "stride": stride, "ceil_mode": ceil_mode}
    if which == "Max":
        arguments["dilation"] = dilation
    make = partial(getattr(nn, f"{which}Pool{rank}d"), **arguments)
    if padding == "valid":
        return make()
    empty = float("-inf") if which == "Max" else 0.0
    if padding == "same":
        return nn.Sequential(pad(rank, same(axes, kernel, stride, dilation), empty), make())
    around = pairs(padding, rank)
    if all(before == after for before, after in around):
        return make(padding=[before for before, _ in around])
    return nn.Sequential(pad(rank, around, empty), make())


def adaptive_pool(which: str, shape: Shape, size: Any) -> nn.Module:
    rank = len(axes_of(shape))
    return getattr(nn, f"Adaptive{which}Pool{rank}d")(sides(size, rank))


def global_pool(reduce: Callable[..., Tensor], shape: Shape) -> nn.Module:
    over = tuple(range(2, 2 + len(axes_of(shape))))
    return Call(lambda x: reduce(x, over, keepdim=True))


def batch_norm(shape: Shape, affine: bool = True) -> nn.Module:
    rank = max(len(shape) - 1, 1)
    return getattr(nn, f"BatchNorm{rank}d")(shape[0], affine=affine, device="meta")


def group_norm(shape: Shape, groups: int, affine: bool = True) -> nn.Module:
    return nn.GroupNorm(groups, shape[0], affine=affine, device="meta")


def instance_norm(shape: Shape, affine: bool = False) -> nn.Module:
    rank = len(axes_of(shape))
    return getattr(nn, f"InstanceNorm{rank}d")(shape[0], affine=affine, device="meta")


def upsample(shape: Shape, scale: Any = None, size: Any = None, mode: str = "nearest") -> nn.Module:
    rank = len(axes_of(shape))
    linear = {1: "linear", 2: "bilinear", 3: "trilinear"}[rank]
    arguments = {"mode": linear if mode == "bilinear" else mode}
    if scale is not None:
        factor = tuple(float(side) for side in sides(scale, rank))
        return Call(partial(functional.interpolate, scale_factor=factor, **arguments))
    return Call(partial(functional.interpolate, size=sides(size, rank), **arguments))


def pad_channels(shape: Shape, out: int) -> nn.Module:
    if out < shape[0]:
        raise ValueError("channels are added, not cut off")
    behind = [0, 0] * (len(shape) - 1) + [0, out - shape[0]]
    return Call(lambda x: functional.pad(x, behind))


def prelu(shape: Shape, shared: bool = False, axis: int = 0) -> nn.Module:
    dim = dimension(axis, shape)
    slopes = nn.PReLU(1 if shared else shape[dim - 1], device="meta")
    return nn.Sequential(
        Call(lambda x: x.movedim(dim, 1)), slopes, Call(lambda x: x.movedim(1, dim))
    )


def function(module: Callable[[], nn.Module]) -> Callable[[Shape], nn.Module]:
    return lambda shape: module()


MAKERS: Mapping[str, Callable[..., nn.Module]] = {
    **TENSOR_MAKERS,
    "conv": conv,
    "depthwise": depthwise,
    "pointwise": pointwise,
    "transposed_conv": transposed_conv,
    "transposed_depthwise": transposed_depthwise,
    "fc": fc,
    "max_pool": partial(pool, "Max"),
    "avg_pool": partial(pool, "Avg"),
    "adaptive_max_pool": partial(adaptive_pool, "Max"),
    "adaptive_avg_pool": partial(adaptive_pool, "Avg"),
    "global_max_pool": partial(global_pool, torch.amax),
    "global_avg_pool": partial(global_pool, torch.mean),
    "batch_norm": batch_norm,
    "group_norm": group_norm,
    "instance_norm": instance_norm,
    # LocalResponseNorm views its input, which a transposed one does not allow.
    "lrn": lambda shape, size=5: nn.Sequential(
        Call(lambda x: x.contiguous()), nn.LocalResponseNorm(size)
    ),
    "prelu": prelu,
    "relu": function(nn.ReLU),
    "relu6": function(nn.ReLU6),
    "leaky_relu": function(nn.LeakyReLU),
    "sigmoid": function(nn.Sigmoid),
    "tanh": function(nn.Tanh),
    "h_sigmoid": function(nn.Hardsigmoid),
    "swish": function(nn.SiLU),
    "h_swish": function(nn.Hardswish),
    "gelu": function(nn.GELU),
    "gelu_tanh": function(partial(nn.GELU, approximate="tanh")),
    "quick_gelu": function(lambda: Call(lambda x: x * torch.sigmoid(1.702 * x))),
    "elu": function(nn.ELU),
    "selu": function(nn.SELU),
    "celu": function(nn.CELU),
    "mish": function(nn.Mish),
    "softplus": function(nn.Softplus),
    "softsign": function(nn.Softsign),
    "log_sigmoid": function(nn.LogSigmoid),
    "hard_tanh": function(nn.Hardtanh),
    "channel_shuffle": lambda shape, groups: nn.ChannelShuffle(groups),
    "flatten": function(flatten),
    "pad_channels": pad_channels,
    "upsample": upsample,
    "dropout": lambda shape, rate=0.5: nn.Dropout(rate),
    "identity": function(nn.Identity),
}
"""The module of each kind for the shape that it reads, the batch left away."""
