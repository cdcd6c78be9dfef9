"""Activations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from math import prod

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import dims_text
from costcalc.importers.onnx.context import Operator, OpView, Rule
from costcalc.importers.onnx.operators.elementwise import broadcast_info, fold_values, unary
from costcalc.importers.onnx.tensors import positive_axis


def clip(op: OpView) -> Rule:
    """Clip, whose bounds are attributes or inputs."""
    info = op.input(0)
    values = None
    if info.values is not None and op.node.version >= 11:
        least = op.numbers(1) or (-math.inf,)
        most = op.numbers(2) or (math.inf,)
        values = fold_values(lambda value: min(max(value, least[0]), most[0]), [info.values])
    ctx = yield [info._replace(values=values)]
    attributes = op.node.attributes
    low = attributes["min"] if "min" in attributes else ctx.number(1)
    high = attributes["max"] if "max" in attributes else ctx.number(2)
    ctx.ignore_params(1, 2)
    ctx.set_output(emit.clip(ctx, ctx.operand(0), low, high))


def gelu(op: OpView) -> Rule:
    """Gelu, by the error function or the approximation by tanh."""
    ctx = yield [op.input(0)._replace(values=None)]
    ctx.add_output("gelu_tanh" if op.string("approximate", "none") == "tanh" else "gelu")


def prelu(op: OpView) -> Rule:
    """PRelu, with a slope for each channel or one for all."""
    info = op.input(0)
    ctx = yield [info._replace(values=None)]
    slope, params = op.shape(1), {"other_params": ctx.stored(1)}
    if prod(slope) == 1:
        ctx.add_output("prelu", {"shared": True}, params=params)
        return
    padded = (1,) * (len(info.shape) - len(slope)) + slope
    if len(slope) == 1 < len(info.shape) and slope[0] not in info.shape[-1:]:
        # Before opset 7, and in files that keep to it, slopes are those of channels.
        padded = (1, *slope, *(1,) * (len(info.shape) - 2))
    axes = [axis for axis, size in enumerate(padded) if size > 1]
    if len(padded) != len(info.shape) or any(padded[axis] != info.shape[axis] for axis in axes):
        raise Refusal(
            "has slopes that do not fit its input",
            expected="one for each channel, or one for all",
            found=dims_text(slope),
        )
    x, own = ctx.along_axes(0, axes)
    ctx.set_output(emit.prelu(ctx, x, own, params=params))


def thresholded(op: OpView) -> Rule:
    """ThresholdedRelu: x above a number, 0 elsewhere."""
    ctx = yield [op.input(0)._replace(values=None)]
    ctx.set_output(emit.beyond(ctx, ctx.operand(0)))


def shrink(op: OpView) -> Rule:
    """Shrink: x closer to 0 by a number where it is far from it, 0 elsewhere."""
    ctx = yield [op.input(0)._replace(values=None)]
    x = ctx.operand(0)
    moved = ctx.add("shift", (x,)) if op.attribute("bias") else x
    ctx.set_output(emit.beyond(ctx, moved, ctx.add("abs", (x,))))


def gated(op: OpView) -> Rule:
    """SwiGLU: the Swish of one tensor times another."""
    ctx = yield [broadcast_info(op)]
    gate, x = ctx.broadcast_inputs([0, 1])
    ctx.set_output(emit.join(ctx, "multiply", (ctx.add("swish", (gate,)), x)))


def softmax(kind: str) -> Operator:
    """A softmax along an axis; before opset 13, over that axis and all that follow."""

    def rule(op: OpView) -> Rule:
        info, is_single_axis = op.input(0), op.node.version >= 13
        shape = info.shape
        axis = positive_axis(op.integer("axis", -1 if is_single_axis else 1), len(shape))
        ctx = yield [info._replace(values=None)]
        tail = [place for place in range(axis, len(shape)) if shape[place] > 1]
        if is_single_axis or len(tail) <= 1:
            x, (along,) = ctx.along_axes(0, [axis if is_single_axis or not tail else tail[0]])
            ctx.add_output(kind, {"axis": along}, (x,))
            return
        flat = ctx.operand(0, (prod(shape[:axis]), prod(shape[axis:])))
        ctx.set_output(ctx.view(ctx.add(kind, (flat,), {"axis": 1}), ctx.output().image_shape))

    return rule


TABLE: Mapping[str, Operator] = {
    "Relu": unary("relu"),
    "LeakyRelu": unary("leaky_relu"),
    "PRelu": prelu,
    "Clip": clip,
    "Sigmoid": unary("sigmoid"),
    "Tanh": unary("tanh"),
    "HardSigmoid": unary("h_sigmoid"),
    "HardSwish": unary("h_swish"),
    "Swish": unary("swish"),
    "Gelu": gelu,
    "Mish": unary("mish"),
    "Elu": unary("elu"),
    "Selu": unary("selu"),
    "Celu": unary("celu"),
    "Softplus": unary("softplus"),
    "Softsign": unary("softsign"),
    "ThresholdedRelu": thresholded,
    "Shrink": shrink,
    "SwiGLU": gated,
    "Softmax": softmax("softmax"),
    "LogSoftmax": softmax("log_softmax"),
}

PATTERNS: Mapping[str, Operator] = {
    "LogSigmoidPattern": unary("log_sigmoid"),
    "SoftplusPattern": unary("softplus"),
    "GeluPattern": unary("gelu"),
    "GeluTanhPattern": unary("gelu_tanh"),
    "QuickGeluPattern": unary("quick_gelu"),
    "MishPattern": unary("mish"),
    "SwishPattern": unary("swish"),
    "HardSigmoidPattern": unary("h_sigmoid"),
    "HardSwishPattern": unary("h_swish"),
}
