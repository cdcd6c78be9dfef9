"""Reductions along axes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.importers import emit
from costcalc.importers.builder import Operand, UnknownOp
from costcalc.importers.torch.calls import ValueRef
from costcalc.importers.torch.context import Rule, TorchContext, without_batch
from costcalc.importers.torch.operations.elementwise import join


def reduction(kind: str, of_maps: str = "") -> Rule:
    """``x.sum(axes)`` and the like; ``of_maps`` is the kind for all spatial axes of a map."""

    def rule(op: TorchContext) -> Operand:
        args = op.bind("input", "dim", "keepdim")
        shape = op.shape_of(args["input"])
        spatial = tuple(range(2, len(shape)))
        if of_maps and len(spatial) > 1 and shape[0] == 1 and _axes(op, args) == spatial:
            return op.add(of_maps, (op.tensor(args["input"], shape[1:]),))
        return _reduce(op, kind, args)

    return rule


def extreme(kind: str, of_two: str) -> Rule:
    """``x.max()``, ``x.max(axis)`` with indices, and ``torch.max(x, y)``."""

    def rule(op: TorchContext) -> Operand | list[Operand]:
        args = op.bind("input", "dim", "keepdim")
        other = args.get("other", args.get("dim"))
        if isinstance(other, ValueRef):
            return join(op, of_two, [args["input"], other])
        kinds = (kind, "argmax")[: len(op.call.outputs)]
        return [_reduce(op, output_kind, args) for output_kind in kinds]

    return rule


def pair(first: str, second: str, root: bool = False) -> Rule:
    """``var_mean``, ``std_mean`` and ``aminmax``: two reductions."""

    def rule(op: TorchContext) -> list[Operand]:
        args = op.bind("input", "dim")
        results = [_reduce(op, kind, args, part=f"_{kind}") for kind in (first, second)]
        if root:
            results[0] = op.add("sqrt", (results[0],), part="_sqrt")
        return results

    return rule


def of_function(kind: str, *steps: str) -> Rule:
    """A reduction of functions of each element, as ``count_nonzero`` and ``nansum`` are."""

    def rule(op: TorchContext) -> Operand:
        args = op.bind("input", "dim", "keepdim")
        x, axes = _reduced(op, args)
        for step in steps:
            x = op.add(step, (x,), part=f"_{step}")
        return emit.reduce(op, x, kind, axes, keep=bool(args.get("keepdim", False)))

    return rule


def log_sum(op: TorchContext) -> Operand:
    """``logsumexp``: ``m + log(sum(exp(x - m)))``, with the largest as m."""
    args = op.bind("input", "dim", "keepdim")
    x, axes = _reduced(op, args)
    largest = emit.reduce(op, x, "reduce_max", axes, keep=True, part="_largest")
    less = emit.join(op, "subtract", (x, largest), part="_less")
    total = emit.reduce(
        op, op.add("exp", (less,), part="_exp"), "sum", axes, keep=True, part="_sum"
    )
    y = emit.join(op, "add", (op.add("log", (total,), part="_log"), largest))
    shape = without_batch(op.shape)
    return op.view(y, shape)


def dot(op: TorchContext) -> Operand:
    """``torch.linalg.vecdot``: products added up along an axis."""
    args = op.bind("input", "y", "dim")
    values = [args["input"], args["y"]]
    shape = max((op.shape_of(value) for value in values), key=len)
    x, y = (op.broadcast(value, shape) for value in values)
    products = emit.join(op, "multiply", (x, y), part="_products")
    axis = args.get("dim", -1) % len(shape) - (len(shape) - products.rank)
    return emit.reduce(op, products, "sum", (axis,), keep=False)


def distance(op: TorchContext) -> Operand:
    """``torch.dist``: the length of a difference."""
    args = op.bind("input", "other", "p")
    x, y = (op.broadcast(args[n], op.shape_of(args["input"])) for n in ("input", "other"))
    difference = emit.join(op, "subtract", (x, y), part="_difference")
    return emit.length(op, difference, range(difference.rank), args.get("p", 2), keep=False)


def trace(op: TorchContext) -> Operand:
    """``torch.trace``: the sum of a diagonal."""
    value = op.bind("input")["input"]
    x = op.tensor(value, op.shape_of(value))
    diagonal = op.add("rearrange", (x,), {"shape": (min(x.shape),)}, part="_diagonal")
    return emit.reduce(op, diagonal, "sum", (0,), keep=False)


def deviation(op: TorchContext) -> Operand:
    """``x.std(axes)``: the square root of the variance."""
    args = op.bind("input", "dim")
    variance = _reduce(op, "variance", args, part="_variance")
    return op.add("sqrt", (variance,))


def length(op: TorchContext) -> Operand:
    """``x.norm(p, axes)`` and the norms of ``torch.linalg``.

    Raises:
        UnknownOp: the norm is of a matrix, and not the root of the sum of the squares.
    """
    args = op.bind("input", "p", "dim", "keepdim")
    p: Any = args.get("p", args.get("ord"))
    p = 2 if p in ("fro", None) else p
    of_matrix = op.call.function in ("linalg_norm", "linalg_matrix_norm")
    if isinstance(p, str) or (of_matrix and p != 2 and len(_axes(op, args)) > 1):
        raise UnknownOp
    x, axes = _reduced(op, args)
    return emit.length(op, x, axes, p, keep=bool(args.get("keepdim", False)))


def scan(kind: str) -> Rule:
    """``cumsum``, ``cumprod``, ``cummax`` and ``cummin``."""

    def rule(op: TorchContext) -> list[Operand]:
        args = op.bind("input", "dim")
        shape = op.shape_of(args["input"])
        x, (axis,) = op.along_axes(args["input"], [args["dim"] % max(len(shape), 1)])
        return [emit.scan(op, x, axis, kind)] * len(op.call.outputs)

    return rule


def log_scan(op: TorchContext) -> Operand:
    """``logcumsumexp``: the logarithm of running sums of exponentials."""
    args = op.bind("input", "dim")
    shape = op.shape_of(args["input"])
    x, (axis,) = op.along_axes(args["input"], [args["dim"] % max(len(shape), 1)])
    sums = emit.scan(op, op.add("exp", (x,), part="/exp"), axis)
    return op.add("log", (sums,), part="/log")


def to_size(op: TorchContext) -> Operand:
    """``x.sum_to_size(...)``: sums along the axes that become 1, or are dropped."""
    value = op.call.arguments[0]
    before, after = op.shape_of(value), op.shape
    kept = (1,) * (len(before) - len(after)) + after
    axes = [place for place, side in enumerate(before) if side != kept[place]]
    if not axes:
        return op.tensor(value)
    x, axes_of_x = op.along_axes(value, axes)
    return op.view(emit.reduce(op, x, "sum", axes_of_x, keep=True), without_batch(after))


def _axes(op: TorchContext, args: Mapping[str, Any]) -> tuple[int, ...]:
    """The reduced axes as sorted nonnegative numbers; all axes by default."""
    dim, rank = args.get("dim"), len(op.shape_of(args["input"]))
    if dim is None or dim == ():
        return tuple(range(rank))
    return tuple(sorted(axis % rank for axis in (dim if isinstance(dim, tuple) else (dim,))))


def _reduced(op: TorchContext, args: Mapping[str, Any]) -> tuple[Operand, tuple[int, ...]]:
    """What is reduced, and its axes."""
    value, axes = args["input"], _axes(op, args)
    if len(axes) == len(op.shape_of(value)):  # a batch of one needs no reduction
        x = op.tensor(value)
        return x, tuple(range(x.rank))
    return op.along_axes(value, axes)


def _reduce(op: TorchContext, kind: str, args: Mapping[str, Any], part: str = "") -> Operand:
    x, axes = _reduced(op, args)
    return emit.reduce(op, x, kind, axes, keep=bool(args.get("keepdim", False)), part=part)
