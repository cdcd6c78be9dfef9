"""Matrix products: linear layers, products of activations and attention; and embeddings."""

from __future__ import annotations

from collections.abc import Sequence

from costcalc.importers import emit
from costcalc.importers.builder import Operand, UnknownOp
from costcalc.importers.torch.calls import ValueRef
from costcalc.importers.torch.context import TorchContext, without_batch


def linear(op: TorchContext) -> Operand:
    """``F.linear``: ``x W^T + b`` along the last axis, with a weight of (out, in)."""
    args = op.bind("input", "weight", "bias")
    weight, bias = args["weight"], args.get("bias")
    if op.is_computed(weight):
        return _linear_of_computed(op, args["input"], weight, bias)
    params = {"weights": op.stored(weight), "biases": op.stored(bias)}
    x, out = op.tensor(args["input"]), op.shape_of(weight)[0]
    return emit.dense(op, x, out=out, bias=bias is not None, params=params)


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


def matmul(op: TorchContext) -> Operand:
    """``a @ b``; if b is a parameter, a linear layer without a bias."""
    args = op.bind("input", "other")
    a, b = args["input"], args[next(name for name in ("other", "mat2", "vec") if name in args)]
    if op.is_stored(b) and len(op.shape_of(b)) == 2 and op.is_computed(a):
        params = {"weights": op.stored(b)}
        return emit.dense(op, op.tensor(a), out=op.shape_of(b)[1], bias=False, params=params)
    return _product(op, a, b)


def add_product(op: TorchContext) -> Operand:
    """``addmm`` and ``baddbmm``: ``beta c + alpha a @ b``."""
    args = op.bind("input", "batch1", "batch2")
    a, b = (args[f"{'batch' if f'batch{i}' in args else 'mat'}{i}"] for i in (1, 2))
    product = _product(op, a, b, part="_product")
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
    return op.add("matmul", (op.tensor(a, left), op.tensor(b, right)), part=part)


def attention(op: TorchContext) -> Operand:
    """``F.scaled_dot_product_attention``; its stack axes broadcast."""
    args = op.bind("query", "key", "value", "attn_mask")
    values = [args[name] for name in ("query", "key", "value")]
    mask = args.get("attn_mask")
    *stack, n, _ = op.shape
    keys = op.shape_of(args["key"])
    if args.get("enable_gqa") and keys[-3] != stack[-1]:
        if mask is not None:
            raise UnknownOp
        return _grouped_attention(op, values, keys)
    inputs = [op.broadcast(value, (*stack, *op.shape_of(value)[-2:])) for value in values]
    if mask is not None:
        inputs.append(op.broadcast(mask, (*stack, n, keys[-2])))
    return op.add("attention", inputs)


def _grouped_attention(
    op: TorchContext, values: Sequence[ValueRef], keys: Sequence[int]
) -> Operand:
    """Attention of groups of query heads, which share one head of keys and values each."""
    *stack, heads, _, _ = keys
    sizes = (op.shape[-3] // heads, 1, 1)
    return op.add(
        "attention",
        [
            op.tensor(value, (*stack, heads, size, *op.shape_of(value)[-2:]))
            for value, size in zip(values, sizes, strict=True)
        ],
    )
