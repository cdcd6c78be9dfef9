"""Activations."""

from __future__ import annotations

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import sides_text
from costcalc.importers.onnx.context import OnnxContext
from costcalc.importers.onnx.op_view import OpView
from costcalc.importers.onnx.tensors import TensorInfo, elements, front


def clip(op: OnnxContext) -> None:
    """Bounds below and above, which are attributes or inputs."""
    low = op.attribute("min") if "min" in op.node.attributes else op.number(1)
    high = op.attribute("max") if "max" in op.node.attributes else op.number(2)
    op.configuration(1, 2)
    op.set_output(emit.clip(op, op.source(0), low, high))


def gelu(op: OnnxContext) -> None:
    """GELU, by the error function or its approximation."""
    op.emit_one("gelu_tanh" if op.word("approximate", "none") == "tanh" else "gelu")


def prelu(op: OnnxContext) -> None:
    """A slope for every channel, or one for all."""
    known, slope = op.input(0), op.input(1)
    if elements(slope.shape) == 1:
        op.emit_one("prelu", {"shared": True}, params={"other_params": op.stored(1)})
        return
    padded = (1,) * (len(known.shape) - len(slope.shape)) + slope.shape
    axes = [axis for axis, side in enumerate(padded) if side > 1]
    if len(axes) != 1 or len(padded) != len(known.shape) or padded[axes[0]] != known.shape[axes[0]]:
        raise Refusal(
            "has slopes along several axes",
            expected="one for each channel, or one for all",
            found=sides_text(slope.shape),
        )
    x, (axis,) = op.along_axes(0, axes)
    op.emit_one("prelu", {"axis": axis}, (x,), {"other_params": op.stored(1)})


def softmax(op: OnnxContext) -> None:
    """Softmax along an axis; along all from one on, before version 13."""
    _along(op, "softmax")


def log_softmax(op: OnnxContext) -> None:
    """The logarithm of it."""
    _along(op, "log_softmax")


def softmax_shapes(op: OpView) -> list[TensorInfo]:
    """The input's."""
    known = op.input(0)
    front(op.whole("axis", -1 if op.node.version >= 13 else 1), len(known.shape))
    return [known._replace(values=None)]


def _along(op: OnnxContext, kind: str) -> None:
    shape = op.shape()
    is_one = op.node.version >= 13
    axis = front(op.whole("axis", -1 if is_one else 1), len(shape))
    tail = [each for each in range(axis, len(shape)) if shape[each] > 1]
    if is_one or len(tail) <= 1:
        x, (along,) = op.along_axes(0, [axis if is_one or not tail else tail[0]])
        op.emit_one(kind, {"axis": along}, (x,))
        return
    flat = op.source(0, (elements(shape[:axis]), elements(shape[axis:])))
    op.set_output(op.view(op.add(kind, (flat,), {"axis": 1}), op.output().dims))
