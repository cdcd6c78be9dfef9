"""Picking elements by their values."""

from __future__ import annotations

from math import prod

from costcalc.importers import emit
from costcalc.importers.builder import Operand
from costcalc.importers.torch.context import TorchContext, without_batch


def largest(op: TorchContext) -> list[Operand]:
    """``topk``, ``sort``, ``argsort`` and ``msort``: elements and their places are one layer."""
    args = op.bind("input")
    shape = op.shape_of(args["input"])
    changed = [axis for axis, side in enumerate(shape) if side != op.shape[axis]]
    axis = changed[0] if changed else _axis(op, len(shape))
    x, (place,) = op.along_axes(args["input"], [axis])
    y = op.add("top_k", (x,), {"k": op.shape[axis], "axis": place})
    return [y] * len(op.call.outputs)


def _axis(op: TorchContext, rank: int) -> int:
    """The axis of a sort."""
    names = ("input", "k", "dim") if op.call.function == "topk" else ("input", "dim")
    axis = op.bind(*names).get("dim", 0 if op.call.function == "msort" else -1)
    return int(axis) % rank


def ranked(op: TorchContext) -> list[Operand]:
    """``median``, ``nanmedian``, ``kthvalue`` and ``mode``: one element of a sorted row each."""
    names = ("input", "k", "dim") if op.call.function == "kthvalue" else ("input", "dim")
    args = op.bind(*names)
    shape = op.shape_of(args["input"])
    if args.get("dim") is None and op.call.function in ("median", "nanmedian"):
        x, axis = op.tensor(args["input"], (prod(shape),)), -1
    else:
        x, (axis,) = op.along_axes(args["input"], [args.get("dim", -1) % len(shape)])
    y = op.add("top_k", (x,), {"axis": axis}, part="_sorted")
    outputs = without_batch(op.shape)
    return [op.add("rearrange", (y,), {"shape": outputs})] * len(op.call.outputs)


def suppressed(op: TorchContext) -> Operand:
    """``torchvision.ops.nms``: all boxes may be kept, which bounds the cost."""
    args = op.bind("dets", "scores")
    boxes, scores = (op.tensor(args[name], op.shape_of(args[name])) for name in ("dets", "scores"))
    op.builder.note(
        f"How many boxes {op.origin} keeps depends on their values: counts are of all, "
        f"{op.shape[0]:,}."
    )
    return op.add("nms", (boxes, scores), {"most": op.shape[0]})


def added_at(op: TorchContext) -> Operand:
    """``index_add``, ``scatter_add`` and the like: numbers added at places."""
    args = op.bind("input", "dim", "index", "src")
    source = args["src" if "src" in args else "source"]
    return emit.add_at(op, op.tensor(args["input"]), op.tensor(source))
