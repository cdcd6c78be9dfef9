"""Losses and distances: arithmetic on two tensors or three, and what reduces it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from costcalc.importers import emit
from costcalc.importers.builder import Operand
from costcalc.importers.torch.calls import ValueRef
from costcalc.importers.torch.context import Rule, TorchContext, without_batch

Arithmetic = Callable[..., Operand]
"""Adds an operation on elements: ``do("multiply", x, y)``."""


def loss(arithmetic: Callable[..., Operand]) -> Rule:
    """A loss of each element, then their mean or sum, if the call asks for one.

    ``arithmetic`` is given what adds operations, and the tensors of the call.
    """

    def rule(op: TorchContext) -> Operand:
        return _reduced(op, arithmetic(partial(_do, op), *_tensors(op)))

    return rule


def _do(op: TorchContext, kind: str, *inputs: Operand) -> Operand:
    """An operation on elements, with broadcasting."""
    return emit.join(op, kind, inputs, part=f"_{kind}")


def squared(do: Arithmetic, x: Operand, y: Operand) -> Operand:
    """``(x - y)^2``."""
    return do("square", do("subtract", x, y))


def absolute(do: Arithmetic, x: Operand, y: Operand) -> Operand:
    """``|x - y|``."""
    return do("abs", do("subtract", x, y))


def huber(do: Arithmetic, x: Operand, y: Operand) -> Operand:
    """``d^2 / 2`` for a small ``d = |x - y|``, else ``d - 1 / 2``, both scaled."""
    distance = absolute(do, x, y)
    near, far = do("scale", do("square", distance)), do("scale", do("shift", distance))
    return do("where", do("logical_not", distance), near, far)


def divergence(do: Arithmetic, x: Operand, y: Operand) -> Operand:
    """``y (log y - x)``."""
    return do("multiply", y, do("subtract", do("log", y), x))


def entropy(do: Arithmetic, x: Operand, y: Operand, *weights: Operand) -> Operand:
    """``- y log x - (1 - y) log(1 - x)``."""
    one = do("multiply", y, do("log", x))
    other = do("multiply", do("complement", y), do("log", do("complement", x)))
    return _weighted(do, do("neg", do("add", one, other)), weights)


def entropy_of_logits(do: Arithmetic, x: Operand, y: Operand, *weights: Operand) -> Operand:
    """``(1 - y) x + log(1 + exp(-x))``."""
    linear = do("multiply", do("complement", y), x)
    return _weighted(do, do("add", linear, do("softplus", do("neg", x))), weights)


def soft_margin(do: Arithmetic, x: Operand, y: Operand) -> Operand:
    """``log(1 + exp(-x y))``."""
    return do("softplus", do("neg", do("multiply", x, y)))


def poisson(do: Arithmetic, x: Operand, y: Operand) -> Operand:
    """``exp(x) - x y``."""
    return do("subtract", do("exp", x), do("multiply", x, y))


def hinge(do: Arithmetic, x: Operand, y: Operand) -> Operand:
    """The element where its target is 1, else ``max(0, margin - x)``."""
    return do("where", do("logical_not", y), x, do("relu", do("complement", x)))


def ranking(do: Arithmetic, x: Operand, z: Operand, y: Operand) -> Operand:
    """``max(0, -y (x - z) + margin)``."""
    return do("relu", do("shift", do("neg", do("multiply", y, do("subtract", x, z)))))


def _weighted(do: Arithmetic, x: Operand, weights: tuple[Operand, ...]) -> Operand:
    for weight in weights:
        x = do("multiply", x, weight)
    return x


def cross_entropy(op: TorchContext) -> Operand:
    """``F.cross_entropy``: the logarithm of the softmax, at the classes that are right."""
    args = op.bind("input", "target")
    shape = op.shape_of(args["input"])
    x, (axis,) = op.along_axes(args["input"], [1 if len(shape) > 1 else 0])
    logs = op.add("log_softmax", (x,), {"axis": axis}, part="_log_softmax")
    if op.shape_of(args["target"]) == shape:  # a probability for each class
        target = op.tensor(args["target"], x.shape)
        products = emit.join(op, "multiply", (logs, target), part="_multiply")
        chosen = emit.reduce(op, products, "sum", (axis,), keep=False, part="_sum")
        return _reduced(op, op.add("neg", (chosen,), part="_neg"))
    return _reduced(op, _chosen(op, logs, args["target"]))


def likelihood(op: TorchContext) -> Operand:
    """``F.nll_loss``: what was predicted for the classes that are right."""
    args = op.bind("input", "target")
    return _reduced(op, _chosen(op, op.tensor(args["input"]), args["target"]))


def _chosen(op: TorchContext, x: Operand, target: ValueRef) -> Operand:
    """The elements of the right classes, with their signs turned."""
    shape = {"shape": without_batch(op.shape_of(target))}
    chosen = op.add("rearrange", (x, op.tensor(target)), shape, part="_chosen")
    return op.add("neg", (chosen,), part="_neg")


def multi_margin(op: TorchContext) -> Operand:
    """``F.multi_margin_loss``: ``max(0, margin - x_y + x_c)`` over the classes."""
    args = op.bind("input", "target")
    shape = op.shape_of(args["input"])
    x = op.tensor(args["input"], shape if len(shape) > 1 else (1, *shape))
    inputs = (x, op.tensor(args["target"]))
    right = op.add("rearrange", inputs, {"shape": (x.shape[0], 1)}, part="_chosen")
    do = partial(_do, op)
    beyond = do("relu", do("shift", do("subtract", x, right)))
    return _reduced(op, emit.reduce(op, beyond, "mean", (1,), keep=False, part="_mean"))


def multi_label_margin(op: TorchContext) -> Operand:
    """``F.multilabel_margin_loss``: ``max(0, 1 - x_y + x_c)``, were all classes right ones."""
    args = op.bind("input", "target")
    images, classes = (1, *op.shape_of(args["input"]))[-2:]
    x = op.tensor(args["input"], (images, 1, classes))
    inputs = (x, op.tensor(args["target"]))
    right = op.add("rearrange", inputs, {"shape": (images, classes, 1)}, part="_chosen")
    do = partial(_do, op)
    beyond = do("relu", do("shift", do("subtract", x, right)))
    return _reduced(op, emit.reduce(op, beyond, "mean", (1, 2), keep=False, part="_mean"))


def alignment(op: TorchContext) -> Operand:
    """``F.ctc_loss``: the sum over alignments of each step with labels and blanks between them.

    At each of T steps, each of 2 S + 1 states adds up to three states before (Graves et al.,
    2006, equation 6), in logarithms.
    """
    args = op.bind("log_probs", "targets")
    steps = op.shape_of(args["log_probs"])[0]
    labels = op.shape_of(args["targets"])
    images = (1, *op.shape_of(args["log_probs"]))[-2]
    longest = labels[-1] if len(labels) > 1 else -(-labels[0] // images)
    shape = {"shape": (images, steps, 2 * longest + 1)}
    chances = op.tensor(args["log_probs"], op.shape_of(args["log_probs"]))
    emitted = op.add("rearrange", (chances, op.tensor(args["targets"])), shape, part="_emitted")
    same, last, skipped = (
        op.add("rearrange", (emitted,), shape, part=f"_{name}") for name in ("same", "last", "skip")
    )
    do = partial(_do, op)
    states = do("add", emitted, do("power", do("power", same, last), skipped))
    ends = op.add("rearrange", (states,), {"shape": (images,)}, part="_ends")
    return _reduced(op, do("neg", ends))


def triplet(op: TorchContext) -> Operand:
    """``F.triplet_margin_loss``: ``max(0, |a - p| - |a - n| + margin)``."""
    anchor, positive, negative = _tensors(op)[:3]
    near, far = (_distance(op, anchor, other) for other in (positive, negative))
    do = partial(_do, op)
    return _reduced(op, do("relu", do("shift", do("subtract", near, far))))


def cosine_embedding(op: TorchContext) -> Operand:
    """``F.cosine_embedding_loss``: ``1 - cos``, or the cosine above a margin, by the target."""
    args = op.bind("input1", "input2", "target")
    x, y = (op.tensor(args[name]) for name in ("input1", "input2"))
    do = partial(_do, op)
    cosine = _cosine(op, x, y, (x.rank - 1,))
    apart = do("relu", do("shift", cosine))
    target = op.tensor(args["target"], cosine.shape)
    return _reduced(op, do("where", do("logical_not", target), do("complement", cosine), apart))


def similarity(op: TorchContext) -> Operand:
    """``F.cosine_similarity``: a product over the lengths of both."""
    args = op.bind("x1", "x2", "dim")
    values = [args[name] for name in ("x1", "x2")]
    rank = max(len(op.shape_of(value)) for value in values)
    x, y = _tensors(op)
    axis = args.get("dim", 1) % rank - (rank - x.rank)
    return _cosine(op, x, y, (axis,))


def _cosine(op: TorchContext, x: Operand, y: Operand, axes: tuple[int, ...]) -> Operand:
    do = partial(_do, op)
    dot = emit.reduce(op, do("multiply", x, y), "sum", axes, keep=False, part="_dot")
    lengths = (emit.length(op, each, axes, 2, keep=False, part="_length") for each in (x, y))
    return do("divide", dot, do("multiply", *(do("clip", each) for each in lengths)))


def pairwise(op: TorchContext) -> Operand:
    """``F.pairwise_distance``: the length of a difference, to which a constant is added."""
    args = op.bind("x1", "x2", "p", "eps", "keepdim")
    x, y = _tensors(op)
    return _distance(op, x, y, args.get("p", 2.0), keep=bool(args.get("keepdim", False)))


def _distance(
    op: TorchContext, x: Operand, y: Operand, p: float = 2.0, *, keep: bool = False
) -> Operand:
    do = partial(_do, op)
    difference = do("shift", do("subtract", x, y))
    axes = (difference.rank - 1,)
    return emit.length(op, difference, axes, p, keep=keep, part="_distance")


def pairs(op: TorchContext) -> Operand:
    """``F.pdist``: the distance of each two rows."""
    args = op.bind("input", "p")
    rows, width = op.shape_of(args["input"])
    x, shape = op.tensor(args["input"], (rows, width)), {"shape": (op.shape[0], width)}
    ends = (op.add("rearrange", (x,), shape, part=f"_{end}") for end in ("first", "second"))
    difference = _do(op, "subtract", *ends)
    return emit.length(op, difference, (1,), args.get("p", 2.0), keep=False)


def _tensors(op: TorchContext) -> list[Operand]:
    """The tensors of a call, with as many axes as the one that has most."""
    given: tuple[Any, ...] = (*op.call.arguments, *op.call.keywords.values())
    values = [value for value in given if isinstance(value, ValueRef)]
    most = max((op.shape_of(value) for value in values), key=len)
    return [op.broadcast(value, most) for value in values]


def _reduced(op: TorchContext, x: Operand) -> Operand:
    """The mean of a loss or the sum, which are one number; or the loss of each element."""
    words = (*op.call.arguments, *op.call.keywords.values())
    if op.shape or x.shape in ((), (1,)):
        return x
    kind = "sum" if "sum" in words or 2 in op.call.arguments[2:] else "mean"
    return emit.reduce(op, x, kind, range(x.rank), keep=False)
