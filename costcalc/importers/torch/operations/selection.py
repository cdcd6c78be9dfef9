"""Picking elements by their values."""

from __future__ import annotations

from math import prod

from costcalc.importers import emit
from costcalc.importers.builder import Operand, UnknownOp
from costcalc.importers.torch.calls import ValueRef
from costcalc.importers.torch.context import TorchContext, without_batch


def largest(op: TorchContext) -> list[Operand]:
    """``topk``, ``sort``, ``argsort`` and ``msort``: elements and their places are one layer."""
    names = ("input", "k", "dim") if op.call.function == "topk" else ("input", "dim")
    args = op.bind(*names)
    shape = op.shape or (1,)
    axis = int(args.get("dim", 0 if op.call.function == "msort" else -1)) % len(shape)
    x, (place,) = op.along_axes(args["input"], [axis])
    y = op.add("top_k", (x,), {"k": shape[axis], "axis": place})
    return [y] * len(op.call.outputs)


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


def distinct(op: TorchContext) -> list[Operand]:
    """``unique``: a sort, and a comparison of neighbours; ``unique_consecutive`` without a sort."""
    value = op.bind("input")["input"]
    x = op.tensor(value, (prod(op.shape_of(value)),))
    if op.call.function == "unique":
        x = op.add("top_k", (x,), part="_sorted")
    before = op.add("rearrange", (x,), {"shape": x.shape}, part="_before")
    different = emit.join(op, "compare", (x, before), part="_compare")
    return [
        op.add("rearrange", (x, different), {"shape": without_batch(op.shape_of(ValueRef(output)))})
        for output in op.call.outputs
    ]


def quantile(op: TorchContext) -> Operand:
    """``quantile``: between two elements of each sorted row."""
    args = op.bind("input", "q", "dim")
    shape = op.shape_of(args["input"])
    if args.get("dim") is None:
        x, axis = op.tensor(args["input"], (prod(shape),)), -1
    else:
        x, (axis,) = op.along_axes(args["input"], [args["dim"] % len(shape)])
    y = op.add("top_k", (x,), {"axis": axis}, part="_sorted")
    below, above = (
        op.add("rearrange", (y,), {"shape": without_batch(op.shape)}, part=f"_{side}")
        for side in ("below", "above")
    )
    step = emit.binary(op, "multiply", emit.join(op, "subtract", (above, below)), 0.5)
    return emit.join(op, "add", (below, step))


def drawn(op: TorchContext) -> Operand:
    """``multinomial``: the largest of the weights over random numbers."""
    args = op.bind("input", "num_samples")
    x = op.tensor(args["input"], op.shape_of(args["input"]))
    chance = op.add("constant", (), {"shape": x.shape})
    odds = emit.join(op, "divide", (x, chance), part="_odds")
    return op.add("top_k", (odds,), {"k": min(op.shape[-1], x.shape[-1])})


def placed(op: TorchContext) -> Operand:
    """``searchsorted`` and ``bucketize``: each number by bisection among sorted ones."""
    args = op.bind("first", "second")
    given = args.get("first", args.get("input", args.get("sorted_sequence")))
    other = args.get("second", args.get("boundaries", args.get("input")))
    values, bounds = (given, other) if op.call.function == "bucketize" else (other, given)
    if not isinstance(values, ValueRef) or not isinstance(bounds, ValueRef):
        raise UnknownOp
    x = op.tensor(values)
    rounds = max(op.shape_of(bounds)[-1].bit_length(), 1)
    shape = {"shape": (rounds, *x.shape)}
    middles = op.add("rearrange", (op.tensor(bounds),), shape, part="_middles")
    compared = emit.join(op, "compare", (op.view(x, (1, *x.shape)), middles), part="_compare")
    return op.add("rearrange", (compared,), {"shape": x.shape})


def suppressed(op: TorchContext) -> Operand:
    """``torchvision.ops.nms``: all boxes may be kept, which bounds the cost."""
    args = op.bind("dets", "scores")
    boxes, scores = (op.tensor(args[name], op.shape_of(args[name])) for name in ("dets", "scores"))
    op.builder.note("How many boxes nms keeps depends on their values: counts are of all.")
    return op.add("nms", (boxes, scores), {"most": op.shape[0]})


def added_at(op: TorchContext) -> Operand:
    """``index_add``, ``scatter_add`` and the like: numbers added at places."""
    args = op.bind("input", "dim", "index", "src")
    source = args["src" if "src" in args else "source"]
    return emit.add_at(op, op.tensor(args["input"]), op.tensor(source))


def histogram(op: TorchContext) -> Operand:
    """``histc`` and ``bincount``: one, or its weight, is added at the bin of each number."""
    args = op.bind("input", "weights") if op.call.function == "bincount" else op.bind("input")
    bins = op.add("constant", (), {"shape": op.shape})
    weights = args["input"] if args.get("weights") is None else args["weights"]
    return emit.add_at(op, bins, op.tensor(weights))
