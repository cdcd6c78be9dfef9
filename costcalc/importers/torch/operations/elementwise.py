"""Elementwise operations: activations and other functions of one tensor, and of several."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from costcalc.importers import emit
from costcalc.importers.builder import Operand, UnknownOp
from costcalc.importers.torch.calls import ValueRef
from costcalc.importers.torch.context import Rule, TorchContext, without_batch

# Of one tensor.


def unary(kind: str) -> Rule:
    """A function of each element."""
    return lambda op: op.add(kind, (op.tensor(op.bind("input")["input"]),))


def gelu(op: TorchContext) -> Operand:
    """``F.gelu``, exact or approximated with tanh."""
    args = op.bind("input", "approximate")
    kind = "gelu_tanh" if args.get("approximate") == "tanh" else "gelu"
    return op.add(kind, (op.tensor(args["input"]),))


def hard_tanh(op: TorchContext) -> Operand:
    """``F.hardtanh``, which is a ReLU6 between 0 and 6."""
    args = op.bind("input", "min_val", "max_val")
    bounds = args.get("min_val", -1), args.get("max_val", 1)
    return emit.clip(op, op.tensor(args["input"]), *bounds)


def prelu(op: TorchContext) -> Operand:
    """``F.prelu``, with slopes along PyTorch's second axis."""
    args = op.bind("input", "weight")
    x, weight = op.tensor(args["input"]), args["weight"]
    arguments: dict[str, bool | int]
    arguments = {"shared": True} if prod(op.shape_of(weight)) == 1 else {}
    if x.rank == len(op.shape) > 1:
        arguments |= {"axis": 1}
    return op.add("prelu", (x,), arguments, params={"other_params": op.stored(weight)})


def softmax(kind: str) -> Rule:
    """A softmax or log-softmax along an axis."""

    def rule(op: TorchContext) -> Operand:
        args = op.bind("input", "dim")
        axis = (-1 if args.get("dim") is None else args["dim"]) % max(len(op.shape), 1)
        x, (axis,) = op.along_axes(args["input"], [axis])
        return op.add(kind, (x,), {"axis": axis})

    return rule


def gated_linear(op: TorchContext) -> Operand:
    """``F.glu``: one half times the sigmoid of the other."""
    args = op.bind("input", "dim")
    axis = args.get("dim", -1) % len(op.shape)
    x = op.tensor(args["input"])
    axis -= len(op.shape) - x.rank
    half, other = emit.split(op, x, axis, 2, part="_part{}")
    gate = op.add("sigmoid", (other,), part="_sigmoid")
    return emit.join(op, "multiply", (half, gate))


# Of several.


def binary(kind: str, *, by_number: str | None = None, reflected: bool = False) -> Rule:
    """An operation of two tensors, or of a tensor and a number."""

    def rule(op: TorchContext) -> Operand:
        args = op.bind("input", "other")
        pair: tuple[Any, Any] = (args["input"], args["other"])
        left, right = pair[::-1] if reflected else pair
        if isinstance(left, ValueRef) and isinstance(right, ValueRef):
            return join(op, kind, [left, right], alpha=args.get("alpha", 1))
        if isinstance(left, ValueRef):
            return emit.binary(op, kind, op.tensor(left), right, by_number=by_number)
        x = op.tensor(right)
        if kind in _INVERSES:  # two operations per element: a - x = a + (-x)
            x = op.add(_INVERSES[kind], (x,), part=f"_{_INVERSES[kind]}")
            return emit.binary(op, kind, x, left)
        return emit.binary(op, kind, left, x, by_number=by_number)

    return rule


_INVERSES = {"subtract": "neg", "divide": "reciprocal"}


def join(op: TorchContext, kind: str, values: Sequence[Any], alpha: Any = 1) -> Operand:
    """Tensors and numbers element by element, with broadcasting; ``alpha`` scales the last."""
    if kind == "multiply" and op.is_complex:
        return _complex_product(op, values)
    rank = len(without_batch(op.shape))
    *inputs, last = (
        op.broadcast(value)
        if isinstance(value, ValueRef)
        else op.add("constant", (), {"shape": (1,) * rank})
        for value in values
    )
    return emit.join(op, kind, (*inputs, emit.scaled(op, last, alpha, part="_scale")))


def _complex_product(op: TorchContext, values: Sequence[ValueRef]) -> Operand:
    """Complex numbers multiplied: four products, or two if one factor is real."""
    left, right = (op.broadcast(value) for value in values)
    if all(map(op.has_complex, values)):

        def product(one: Operand, other: Operand, name: str) -> Operand:
            return emit.join(op, "multiply", (one, other), part=name)

        parts = emit.complex_parts(op, left, "left"), emit.complex_parts(op, right, "right")
        return emit.complex_product(op, *parts, product, without_batch(op.shape))
    op.fold()
    number, factor = (left, right) if op.has_complex(values[0]) else (right, left)
    products = [
        emit.join(op, "multiply", (part, factor), part=f"/{name}")
        for part, name in zip(
            emit.complex_parts(op, number, "number"), ("real", "imaginary"), strict=True
        )
    ]
    return op.add("rearrange", products, {"shape": without_batch(op.shape)}, "/joined")


def power(op: TorchContext) -> Operand:
    """``x ** n``."""
    args = op.bind("input", "exponent")
    exponent: Any = args.get("exponent", args.get("other"))
    if isinstance(exponent, ValueRef):
        return join(op, "power", [args["input"], exponent])
    return emit.binary(op, "power", op.tensor(args["input"]), exponent)


def where(op: TorchContext) -> Operand | list[Operand]:
    """``where(condition, a, b)``; of a condition alone, the places where it holds, by axis."""
    args = op.bind("condition", "input", "other")
    if "input" not in args:
        mask = op.tensor(args["condition"])
        shapes = (without_batch(op.shape_of(ValueRef(output))) for output in op.call.outputs)
        return [op.add("rearrange", (mask,), {"shape": shape}) for shape in shapes]
    return join(op, "where", [args["condition"], args["input"], args["other"]])


def masked_fill(op: TorchContext) -> Operand:
    """``x.masked_fill(mask, value)``."""
    args = op.bind("input", "mask", "value")
    return join(op, "where", [args["mask"], args["value"], args["input"]])


def chain(*steps: str) -> Rule:
    """Functions of each element, one after another."""

    def rule(op: TorchContext) -> Operand:
        x = op.tensor(op.bind("input")["input"])
        for step in steps[:-1]:
            x = op.add(step, (x,), part=f"_{step}")
        return op.add(steps[-1], (x,))

    return rule


def less_function(kind: str) -> Rule:
    """``x - f(x)``: the part of x beyond a range, or beyond its tanh."""

    def rule(op: TorchContext) -> Operand:
        x = op.tensor(op.bind("input")["input"])
        return emit.join(op, "subtract", (x, op.add(kind, (x,), part=f"_{kind}")))

    return rule


def threshold(op: TorchContext) -> Operand:
    """``F.threshold`` and ``F.hardshrink``: x where it is beyond a number, else a constant."""
    x = op.tensor(op.bind("input")["input"])
    size = op.add("abs", (x,), part="_abs") if op.call.function == "hardshrink" else x
    return emit.beyond(op, x, size)


def weighted_mean(op: TorchContext) -> Operand:
    """``torch.lerp``: ``a + w (b - a)``."""
    args = op.bind("input", "end", "weight")
    start, end = (op.broadcast(args[name]) for name in ("input", "end"))
    difference = emit.join(op, "subtract", (end, start), part="_difference")
    weight = args["weight"]
    factor = op.broadcast(weight) if isinstance(weight, ValueRef) else weight
    scaled = emit.binary(op, "multiply", difference, factor, part="_weighted")
    return emit.join(op, "add", (start, scaled))


def differences(op: TorchContext) -> Operand:
    """``torch.diff``: each element less the one before it, once or several times."""
    args = op.bind("input", "n", "dim")
    if isinstance(args.get("prepend", args.get("append")), ValueRef):
        raise UnknownOp
    shape = op.shape_of(args["input"])
    x, (axis,) = op.along_axes(args["input"], [args.get("dim", -1) % len(shape)])
    for _ in range(args.get("n", 1)):
        size = x.shape[axis]
        later = emit.take(op, x, axis, range(1, size), part="_later")
        earlier = emit.take(op, x, axis, range(size - 1), part="_earlier")
        x = emit.join(op, "subtract", (later, earlier))
    return x


def kronecker(op: TorchContext) -> Operand:
    """``torch.kron``: every element of one tensor times all of the other."""
    args = op.bind("input", "other")
    shapes = [op.shape_of(args[name]) for name in ("input", "other")]
    rank = max(map(len, shapes))
    left, right = ((1,) * (rank - len(shape)) + shape for shape in shapes)
    x = op.tensor(args["input"], tuple(side for n in left for side in (n, 1)))
    y = op.tensor(args["other"], tuple(side for n in right for side in (1, n)))
    return op.view(emit.join(op, "multiply", (x, y)), without_batch(op.shape))


def membership(op: TorchContext) -> Operand:
    """``torch.isin``: each element compared with all of a list."""
    args = op.bind("elements", "test_elements")
    if not all(isinstance(args[name], ValueRef) for name in ("elements", "test_elements")):
        raise UnknownOp
    sizes = [prod(op.shape_of(args[name])) for name in ("elements", "test_elements")]
    x = op.tensor(args["elements"], (sizes[0], 1))
    y = op.tensor(args["test_elements"], (1, sizes[1]))
    found = emit.join(op, "compare", (x, y), part="_compare")
    largest = emit.reduce(op, found, "reduce_max", (1,), keep=False)
    return op.view(largest, without_batch(op.shape))


def chance(op: TorchContext) -> Operand:
    """``torch.bernoulli``: whether each element is above a random number."""
    x = op.tensor(op.bind("input")["input"])
    random = op.add("constant", (), {"shape": x.shape})
    return emit.join(op, "compare", (random, x))


def outer(op: TorchContext) -> Operand:
    """``torch.outer``: every element of one vector times every one of the other."""
    args = op.bind("input", "vec2")
    rows, columns = args["input"], args["vec2"]
    x = op.tensor(rows, (*op.shape_of(rows), 1))
    y = op.tensor(columns, (1, *op.shape_of(columns)))
    return emit.join(op, "multiply", (x, y))


def cross(op: TorchContext) -> Operand:
    """``torch.cross``: two products for each element, and their difference."""
    args = op.bind("input", "other")
    x, y = (op.broadcast(args[name]) for name in ("input", "other"))
    turned = [
        op.add("rearrange", (each,), {"shape": each.shape}, part="_turned") for each in (x, y, x, y)
    ]
    products = [emit.join(op, "multiply", turned[at : at + 2], part="_product") for at in (0, 2)]
    return emit.join(op, "subtract", products)


def add_product(kind: str) -> Rule:
    """``addcmul`` and ``addcdiv``: ``a + value b c``, ``a + value b / c``."""

    def rule(op: TorchContext) -> Operand:
        args = op.bind("input", "tensor1", "tensor2")
        pair = [op.broadcast(args[name]) for name in ("tensor1", "tensor2")]
        product = emit.join(op, kind, pair, part=f"_{kind}")
        product = emit.scaled(op, product, args.get("value", 1), part="_scale")
        return emit.join(op, "add", (op.broadcast(args["input"]), product))

    return rule
