"""Matrix products: linear layers, products of activations and attention; and embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from costcalc.importers import emit
from costcalc.importers.builder import Operand, Params, UnknownOp
from costcalc.importers.model import Shape
from costcalc.importers.torch.calls import ValueRef
from costcalc.importers.torch.context import TorchContext, without_batch


def linear(op: TorchContext) -> Operand:
    """``F.linear``: ``x W^T + b`` along the last axis, with a weight of (out, in)."""
    args = op.bind("input", "weight", "bias")
    weight, bias = args["weight"], args.get("bias")
    if op.is_computed(weight):
        return _linear_of_computed(op, args["input"], weight, bias)
    x, out = op.tensor(args["input"]), op.shape_of(weight)[0]
    return _dense(op, x, out, weight, bias)


def _dense(
    op: TorchContext,
    x: Operand,
    out: int,
    weight: ValueRef,
    bias: ValueRef | None = None,
    *,
    axis: int = -1,
    part: str = "",
) -> Operand:
    """A fully connected layer with stored weights; four of complex numbers."""
    has_bias = bias is not None
    if not op.is_complex:
        params = {"weights": op.stored(weight), "biases": op.stored(bias)}
        return emit.dense(op, x, out=out, bias=has_bias, axis=axis, params=params, part=part)

    def product(part: Operand, params: Params, name: str) -> Operand:
        # The parts of the bias are added once each.
        is_biased = has_bias and name in ("/a_c", "/a_d")
        return emit.dense(op, part, out=out, bias=is_biased, axis=axis, params=params, part=name)

    parts = emit.complex_parts(op, x, "input")
    shape = (*x.shape[:-1], out) if axis == -1 else (*x.shape[:-2], out, x.shape[-1])
    return emit.complex_product(op, parts, op.complex_params(weight, bias), product, shape)


def _linear_of_computed(
    op: TorchContext, value: ValueRef, weight: ValueRef, bias: ValueRef | None
) -> Operand:
    """A linear layer whose weight is computed: a matrix product, then a sum with the bias."""
    out, inputs = op.shape_of(weight)
    shape = without_batch(op.shape_of(value))
    shape = shape if len(shape) > 1 else (1, *shape)
    matrix = emit.transpose(op, op.tensor(weight, (out, inputs)), (1, 0), part="")
    matrix = op.view(matrix, (*(1 for _ in shape[2:]), inputs, out))
    product = op.add("matmul", (op.tensor(value, shape), matrix))
    if bias is None:
        return product
    added = op.tensor(bias, (*(1 for _ in shape[1:]), out))
    return emit.join(op, "add", (product, added), part="_bias")


def embedding(op: TorchContext) -> Operand:
    """``F.embedding``."""
    args = op.bind("input", "weight")
    rows, out = op.shape_of(args["weight"])
    params = {"weights": op.stored(args["weight"])}
    return op.add(
        "embedding", (op.tensor(args["input"]),), {"rows": rows, "out": out}, params=params
    )


_BAGS = ("sum", "mean", "reduce_max")
"""How rows of a bag are reduced, by PyTorch's numbers."""


def embedding_bag(op: TorchContext) -> Operand:
    """``F.embedding_bag``: rows of a table, those of each bag together."""
    names = ("max_norm", "norm_type", "scale_grad_by_freq", "mode", "sparse")
    args = op.bind("input", "weight", "offsets", *names, "per_sample_weights")
    ids, weights = args["input"], args.get("per_sample_weights")
    rows, out = op.shape_of(args["weight"])
    params = {"weights": op.stored(args["weight"])}
    count = prod(op.shape_of(ids))
    arguments = {"rows": rows, "out": out}
    x = op.add("embedding", (op.tensor(ids, (count,)),), arguments, part="_rows", params=params)
    if weights is not None:
        factors = op.tensor(weights, (count, 1))
        x = emit.join(op, "multiply", (x, factors), part="_weighted")
    mode = args.get("mode", "mean")
    kind = _BAGS[mode if isinstance(mode, int) else ("sum", "mean", "max").index(mode)]
    shape = without_batch(op.shape)
    bags = prod(shape) // out
    if count % bags == 0 and args.get("offsets") is None:
        bag = op.view(x, (*shape[:-1], count // bags, out), "_bags")
        return emit.reduce(op, bag, kind, (bag.rank - 2,), keep=False)
    return emit.ragged(op, x, kind, shape)


def matmul(op: TorchContext) -> Operand:
    """``a @ b``; if one is a stored matrix, a linear layer without a bias."""
    args = op.bind("input", "other")
    b = args[next(name for name in ("other", "mat2", "vec") if name in args)]
    return _weighted(op, args["input"], b)


def _weighted(op: TorchContext, a: ValueRef, b: ValueRef, part: str = "") -> Operand:
    """The product of two stacks of matrices; a fully connected layer if one is a weight."""
    if op.is_computed(a) and _is_matrix(op, b):
        return _dense(op, op.tensor(a), op.shape_of(b)[-1], b, part=part)
    if op.is_computed(b) and _is_matrix(op, a):
        shape = op.shape_of(b)
        shape = shape[1:] if len(shape) > 2 and shape[0] == 1 else shape
        axis = -1 if len(shape) == 1 else -2
        return _dense(op, op.tensor(b, shape), op.shape_of(a)[-2], a, axis=axis, part=part)
    return _product(op, a, b, part)


def _is_matrix(op: TorchContext, value: ValueRef) -> bool:
    """Whether a value is one matrix of weights."""
    shape = op.shape_of(value)
    return op.is_weight(value) and len(shape) > 1 and prod(shape[:-2]) == 1


def dot(op: TorchContext) -> Operand:
    """``torch.dot`` and ``vdot``: of two vectors."""
    args = op.bind("input", "other")
    return _product(op, args["input"], args["tensor" if "tensor" in args else "other"])


def inner(op: TorchContext) -> Operand:
    """``torch.inner``: the last axes of both are summed over; with a number, a product."""
    args = op.bind("input", "other")
    a, b = args["input"], args["other"]
    left, right = op.shape_of(a), op.shape_of(b)
    if not left or not right:
        return emit.join(op, "multiply", (op.broadcast(a), op.broadcast(b)))
    x, y = op.tensor(a, (prod(left[:-1]), left[-1])), op.tensor(b, (prod(right[:-1]), right[-1]))
    turned = emit.transpose(op, y, (1, 0), part="_transpose")
    return op.view(multiplied(op, x, turned), without_batch(op.shape))


def chain(op: TorchContext) -> Operand:
    """``torch.linalg.multi_dot`` and ``chain_matmul``, in the order that multiplies least."""
    values = op.call.arguments
    if len(values) == 1 and not isinstance(values[0], ValueRef):
        values = values[0]
    factors = [op.tensor(value, op.shape_of(value)) for value in values]
    if factors[0].rank == 1:
        factors[0] = op.view(factors[0], (1, *factors[0].shape))
    if factors[-1].rank == 1:
        factors[-1] = op.view(factors[-1], (*factors[-1].shape, 1))
    return _in_best_order(op, factors)


def _in_best_order(op: TorchContext, factors: Sequence[Operand]) -> Operand:
    """Matrices multiplied in the order of the fewest multiply-accumulates.

    By dynamic programming over ranges (Cormen et al., section 15.2).
    """
    sizes = [factors[0].shape[0], *(factor.shape[1] for factor in factors)]
    costs: dict[tuple[int, int], tuple[int, int]] = {}
    """By the first factor and the last: the least products, and the factor before the cut."""
    for length in range(1, len(factors)):
        for first in range(len(factors) - length):
            last = first + length
            costs[first, last] = min(
                (
                    costs.get((first, cut), (0, 0))[0]
                    + costs.get((cut + 1, last), (0, 0))[0]
                    + sizes[first] * sizes[cut + 1] * sizes[last + 1],
                    cut,
                )
                for cut in range(first, last)
            )

    def multiply(first: int, last: int) -> Operand:
        if first == last:
            return factors[first]
        cut = costs[first, last][1]
        return op.add("matmul", (multiply(first, cut), multiply(cut + 1, last)))

    return multiply(0, len(factors) - 1)


def power_of_matrix(op: TorchContext) -> Operand:
    """``torch.linalg.matrix_power``, by squaring."""
    args = op.bind("input", "n")
    n = args["n"]
    if n < 1:
        raise UnknownOp
    value = args["input"]
    square = op.tensor(value, without_batch(op.shape_of(value)))
    result: Operand | None = None
    while n:
        if n % 2:
            result = square if result is None else multiplied(op, result, square, "_product")
        n //= 2
        if n:
            square = multiplied(op, square, square, "_square")
    return result or square


def bilinear(op: TorchContext) -> Operand:
    """``F.bilinear``: ``y_o = x^T W_o z + b_o``, a linear layer on the products of x and z.

    Every weight is multiplied once at each position.
    """
    args = op.bind("input1", "input2", "weight", "bias")
    return bilinear_form(op, args["input1"], args["input2"], args["weight"], args.get("bias"))


def bilinear_form(
    op: TorchContext, left: ValueRef, right: ValueRef, weight: ValueRef, bias: ValueRef | None
) -> Operand:
    """``y_o = x^T W_o z + b_o`` at every position."""
    out, first, second = op.shape_of(weight)[-3:]
    shape = without_batch(op.shape)[:-1]
    x, z = op.tensor(left, (*shape, first, 1)), op.tensor(right, (*shape, 1, second))
    outer = op.view(emit.join(op, "multiply", (x, z), part="_outer"), (*shape, first * second))
    params = {"weights": op.stored(weight), "biases": op.stored(bias)}
    return emit.dense(op, outer, out=out, bias=bias is not None, params=params)


def distances(op: TorchContext) -> Operand:
    """``torch.cdist``: the length of the difference of each row of one and each of the other."""
    args = op.bind("x1", "x2", "p")
    *stack, rows, columns = op.shape
    width = op.shape_of(args["x1"])[-1]
    x = op.broadcast(args["x1"], (*stack, rows, width))
    y = op.broadcast(args["x2"], (*stack, columns, width))
    x = op.view(x, (*x.shape[:-1], 1, width), "_rows")
    y = op.view(y, (*y.shape[:-2], 1, *y.shape[-2:]), "_columns")
    differences = emit.join(op, "subtract", (x, y), part="_differences")
    return emit.length(op, differences, (differences.rank - 1,), args.get("p", 2.0), keep=False)


def triangular_solve(op: TorchContext) -> Operand:
    """``torch.linalg.solve_triangular``: each unknown less its products with those before it.

    Of n unknowns these are n (n - 1) / 2 products and subtractions, then n divisions if the
    diagonal is not of ones.

    Raises:
        UnknownOp: the numbers are complex.
    """
    if op.is_complex:
        raise UnknownOp
    args = op.bind("A", "B")
    is_left = args.get("left", True)
    *_, rows, columns = op.shape
    n = rows if is_left else columns

    def sides(of_matrix: int, of_others: int) -> Shape:
        return (of_matrix, of_others) if is_left else (of_others, of_matrix)

    def padded(value: ValueRef) -> Operand:
        own = op.shape_of(value)
        return op.tensor(value, (1,) * (len(op.shape) - len(own)) + own)

    op.fold()
    matrix, y = padded(args["A"]), padded(args["B"])
    others, pairs = columns if is_left else rows, n * (n - 1) // 2
    if pairs:
        shape = {"shape": (*matrix.shape[:-2], *sides(pairs, 1))}
        factors = op.add("rearrange", (matrix,), shape, "/factors")
        shape = {"shape": (*y.shape[:-2], *sides(pairs, others))}
        unknowns = op.add("rearrange", (y,), shape, "/unknowns")
        terms = emit.join(op, "multiply", (factors, unknowns), part="/products")
        y = emit.join(op, "subtract", (unknowns, terms), part="/differences")
    if pairs or y.shape != op.shape:
        y = op.add("rearrange", (y,), {"shape": op.shape}, "/rows")
    if not args.get("unitriangular", False):
        shape = {"shape": (*matrix.shape[:-2], *sides(n, 1))}
        diagonal = op.add("rearrange", (matrix,), shape, "/diagonal")
        y = emit.join(op, "divide", (y, diagonal), part="/solved")
    return op.view(y, without_batch(op.shape))


def add_product(op: TorchContext) -> Operand:
    """``addmm``, ``baddbmm``, ``addmv`` and ``addbmm``, which adds up the products of a stack."""
    args = op.bind("input", "batch1", "batch2")
    names = {"batch1": "mat1", "batch2": "mat2"}
    if op.call.function == "addmv":
        names = {"batch1": "mat", "batch2": "vec"}
    a, b = (args[name if name in args else other] for name, other in names.items())
    scales = args.get("alpha", 1), args.get("beta", 1)
    if scales == (1, 1) and op.is_computed(a) and _is_matrix(op, b):
        out = op.shape_of(b)[-1]
        shape = op.shape_of(args["input"])
        if shape[-1:] == (out,) and prod(shape) == out and not op.is_computed(args["input"]):
            return _dense(op, op.tensor(a), out, b, args["input"])
    product = _weighted(op, a, b, part="_product")
    if op.call.function == "addbmm" and product.rank > 2:
        product = emit.reduce(op, product, "sum", (0,), keep=False, part="_sum")
    product = emit.scaled(op, product, args.get("alpha", 1), part="_scale")
    added = op.broadcast(args["input"])
    product = op.view(product, without_batch(op.shape))
    added = emit.scaled(op, added, args.get("beta", 1), part="_scale")
    return emit.join(op, "add", (added, product))


def _product(op: TorchContext, a: ValueRef, b: ValueRef, part: str = "") -> Operand:
    """The product of two stacks of matrices; vectors become matrices."""
    left, right = op.shape_of(a), op.shape_of(b)
    left = left if len(left) > 1 else (1, *left)
    right = right if len(right) > 1 else (*right, 1)
    rank = max(len(left), len(right))
    left, right = ((1,) * (rank - len(shape)) + shape for shape in (left, right))
    if rank > 2 and left[0] == right[0] == 1:
        left, right = left[1:], right[1:]
    return multiplied(op, op.tensor(a, left), op.tensor(b, right), part)


def multiplied(op: TorchContext, left: Operand, right: Operand, part: str = "") -> Operand:
    """The product of two stacks of matrices; four of complex numbers."""
    if not op.is_complex:
        return op.add("matmul", (left, right), part=part)

    def product(one: Operand, other: Operand, name: str) -> Operand:
        return op.add("matmul", (one, other), part=name)

    parts = emit.complex_parts(op, left, "left"), emit.complex_parts(op, right, "right")
    stack = [max(sides) for sides in zip(left.shape[:-2], right.shape[:-2], strict=True)]
    shape = (*stack, left.shape[-2], right.shape[-1])
    return emit.complex_product(op, *parts, product, shape)


def attention(op: TorchContext) -> Operand:
    """``F.scaled_dot_product_attention``; its stack axes broadcast."""
    args = op.bind("query", "key", "value", "attn_mask")
    values = [args[name] for name in ("query", "key", "value")]
    mask = args.get("attn_mask")
    *stack, n, _ = op.shape
    keys = op.shape_of(args["key"])
    if args.get("enable_gqa") and keys[-3] != stack[-1]:
        return _grouped_attention(op, values, keys, mask)
    inputs = [op.broadcast(value, (*stack, *op.shape_of(value)[-2:])) for value in values]
    if mask is not None:
        inputs.append(op.broadcast(mask, (*stack, n, keys[-2])))
    return op.add("attention", inputs)


def flex_attention(op: TorchContext) -> list[Operand]:
    """``flex_attention``: every query meets every key, which bounds what a block mask leaves.

    A modified score counts as one that is masked.
    """
    args = op.bind("query", "key", "value", "is_modified", "is_masked")
    values = [args[name] for name in ("query", "key", "value")]
    *stack, heads, n, _ = op.shape
    keys = op.shape_of(args["key"])
    if args["is_masked"]:
        op.builder.note(
            f"What the mask of {op.origin} leaves out depends on values: counts are of all."
        )
    if keys[-3] != heads:
        y = _grouped_attention(op, values, keys)
    else:
        inputs = [
            op.broadcast(value, (*stack, heads, *op.shape_of(value)[-2:])) for value in values
        ]
        if args["is_modified"] or args["is_masked"]:
            shape = (*(1 for _ in inputs[0].shape[:-2]), n, keys[-2])
            inputs.append(op.add("constant", (), {"shape": shape}))
        y = op.add("attention", inputs)
    if not op.builder.is_read(op.call.outputs[1]):
        return [y]
    sums = without_batch(op.shape_of(ValueRef(op.call.outputs[1])))
    return [y, op.add("rearrange", (y,), {"shape": sums}, part="_sums")]


def grouped_product(op: TorchContext) -> Operand:
    """``F.grouped_mm``: rows that are each multiplied by the matrix of their group.

    Without groups of rows, the products of two stacks of matrices; of two matrices, the
    columns of one are grouped with the rows of the other.
    """
    args = op.bind("input", "mat2", "offs", "bias")
    a, b = args["input"], args["mat2"]
    left, right = op.shape_of(a), op.shape_of(b)
    if len(left) == len(right) == 3:
        y = _product(op, a, b, part="_product")
    elif len(right) == 3:
        x, stack = op.tensor(a, left), op.tensor(b, right)
        matrix = op.add("rearrange", (stack,), {"shape": right[1:]}, part="_matrix")
        y = multiplied(op, x, matrix, "_product")
    elif len(left) == 3:
        stack, x = op.tensor(a, left), op.tensor(b, right)
        matrix = op.add("rearrange", (stack,), {"shape": left[1:]}, part="_matrix")
        y = multiplied(op, matrix, x, "_product")
    else:
        groups = op.shape[0]
        y = multiplied(op, op.tensor(a, left), op.tensor(b, right), "_product")
        y = op.add("rearrange", (y,), {"shape": (groups, *y.shape)}, part="_groups")
    if args.get("bias") is not None:
        bias = op.tensor(args["bias"], (*(1 for _ in y.shape[1:]), y.shape[-1]))
        y = emit.join(op, "add", (y, bias), part="_bias")
    return op.view(y, without_batch(op.shape))


def _grouped_attention(
    op: TorchContext,
    values: Sequence[ValueRef],
    keys: Sequence[int],
    mask: ValueRef | None = None,
) -> Operand:
    """Attention of groups of query heads, which share one head of keys and values each."""
    *stack, heads, _, _ = keys
    sizes = (op.shape[-3] // heads, 1, 1)
    inputs = [
        op.tensor(value, (*stack, heads, size, *op.shape_of(value)[-2:]))
        for value, size in zip(values, sizes, strict=True)
    ]
    if mask is not None:
        own = op.shape_of(mask)
        own = (1,) * (len(op.shape) - len(own)) + own
        groups = (heads, sizes[0]) if own[-3] > 1 else (1, 1)
        inputs.append(op.tensor(mask, (*own[:-3], *groups, *own[-2:])))
    return op.add("attention", inputs)
