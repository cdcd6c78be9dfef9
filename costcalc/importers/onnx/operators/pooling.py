"""Pooling."""

from __future__ import annotations

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand, sides_text
from costcalc.importers.onnx.context import OnnxContext
from costcalc.importers.onnx.op_view import OpView
from costcalc.importers.onnx.operators.windows import window
from costcalc.importers.onnx.tensors import TensorInfo


def pool_shapes(op: OpView) -> list[TensorInfo]:
    """A window's positions; MaxPool may say where each maximum was."""
    x = op.input(0)
    if len(x.shape) < 3:
        raise Refusal("pools no map", expected="images, channels, axes", found=sides_text(x.shape))
    positions = window(op, op.sizes("kernel_shape", len(x.shape) - 2, None)).over(x.shape[2:])
    pooled = TensorInfo((*x.shape[:2], *positions), op.image_batch(x))
    return [pooled, pooled]


def max_pool(op: OnnxContext) -> None:
    """The largest of a window."""
    _pool(op, "max_pool")


def average_pool(op: OnnxContext) -> None:
    """The mean of a window."""
    _pool(op, "avg_pool")


def global_shapes(op: OpView) -> list[TensorInfo]:
    """One position."""
    x = op.input(0)
    if len(x.shape) < 3:
        raise Refusal("pools no map", expected="images, channels, axes", found=sides_text(x.shape))
    return [TensorInfo((*x.shape[:2], *(1 for _ in x.shape[2:])), op.image_batch(x))]


def global_average(op: OnnxContext) -> None:
    """The mean of the whole map."""
    _global(op, "global_avg_pool", "mean")


def global_max(op: OnnxContext) -> None:
    """The largest of the whole map."""
    _global(op, "global_max_pool", "reduce_max")


def _pool(op: OnnxContext, kind: str) -> None:
    if len(op.node.outputs) > 1 and op.node.outputs[1]:
        op.unread(1)
    axes = len(op.shape()) - 2
    slid = window(op, op.sizes("kernel_shape", axes, None))
    sizes = slid.arguments()
    op.set_output(emit.pool(op, op.maps(), kind, **sizes, ceil_mode=slid.is_ceil, axes=axes))


def _global(op: OnnxContext, kind: str, reduction: str) -> None:
    axes = len(op.shape()) - 2

    def over(maps: Operand) -> Operand:
        if maps.rank == axes + 1:
            return op.add(kind, (maps,))
        return emit.reduce(op, maps, reduction, range(2, maps.rank), keep=True)

    op.set_output(emit.on_maps(op, op.maps(), axes, over))
