"""Activations."""

from __future__ import annotations

import math
from collections.abc import Mapping

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import dims_text
from costcalc.importers.onnx.context import Operator, Rule
from costcalc.importers.onnx.op_view import OpView
from costcalc.importers.onnx.operators.elementwise import fold_values, unary
from costcalc.importers.onnx.tensors import elements, positive_axis


def clip(op: OpView) -> Rule:
    """Bounds below and above, which are attributes or inputs."""
    known = op.input(0)
    values = None
    if known.values is not None and op.node.version >= 11:
        least = op.numbers(1) or (-math.inf,)
        most = op.numbers(2) or (math.inf,)
        values = fold_values(lambda each: min(max(each, least[0]), most[0]), [known.values])
    to = yield [known._replace(values=values)]
    attributes = op.node.attributes
    low = attributes["min"] if "min" in attributes else to.number(1)
    high = attributes["max"] if "max" in attributes else to.number(2)
    to.configuration(1, 2)
    to.set_output(emit.clip(to, to.source(0), low, high))


def gelu(op: OpView) -> Rule:
    """GELU, by the error function or its approximation."""
    to = yield [op.input(0)._replace(values=None)]
    to.emit_one("gelu_tanh" if op.word("approximate", "none") == "tanh" else "gelu")


def prelu(op: OpView) -> Rule:
    """A slope for every channel, or one for all."""
    known = op.input(0)
    to = yield [known._replace(values=None)]
    slope, params = op.shape(1), {"other_params": to.stored(1)}
    if elements(slope) == 1:
        to.emit_one("prelu", {"shared": True}, params=params)
        return
    padded = (1,) * (len(known.shape) - len(slope)) + slope
    axes = [axis for axis, side in enumerate(padded) if side > 1]
    if len(axes) != 1 or len(padded) != len(known.shape) or padded[axes[0]] != known.shape[axes[0]]:
        raise Refusal(
            "has slopes along several axes",
            expected="one for each channel, or one for all",
            found=dims_text(slope),
        )
    x, (axis,) = to.along_axes(0, axes)
    to.emit_one("prelu", {"axis": axis}, (x,), params)


def softmax(kind: str) -> Operator:
    """A softmax along an axis; along all from one on, before version 13."""

    def rule(op: OpView) -> Rule:
        known, is_one = op.input(0), op.node.version >= 13
        shape = known.shape
        axis = positive_axis(op.whole("axis", -1 if is_one else 1), len(shape))
        to = yield [known._replace(values=None)]
        tail = [each for each in range(axis, len(shape)) if shape[each] > 1]
        if is_one or len(tail) <= 1:
            x, (along,) = to.along_axes(0, [axis if is_one or not tail else tail[0]])
            to.emit_one(kind, {"axis": along}, (x,))
            return
        flat = to.source(0, (elements(shape[:axis]), elements(shape[axis:])))
        to.set_output(to.view(to.add(kind, (flat,), {"axis": 1}), to.output().dims))

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
