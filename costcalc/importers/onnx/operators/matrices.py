"""Matrix products: fully connected layers if one matrix is static, ``matmul`` otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand, dims_text
from costcalc.importers.onnx.context import OnnxContext, Operator, OpView, Rule
from costcalc.importers.onnx.tensors import TensorInfo, broadcast, broadcast_batch


def matmul(second: int, *configuration: int) -> Operator:
    """MatMul and its quantised forms, by the indices of the second matrix and of scales."""

    def rule(op: OpView) -> Rule:
        ctx = yield [_product_of(op, 0, second)]
        ctx.ignore_params(*configuration)
        _multiply(ctx, second)

    return rule


def linear(op: OpView) -> Rule:
    """A product with a static matrix and perhaps a vector, of inputs x, matrix, bias."""
    ctx = yield []
    _multiply(ctx, 1, bias=2 if op.has(2) else None)


def gemm(op: OpView) -> Rule:
    """Gemm: a fully connected layer, or a product and a sum."""
    a, b = op.input(0), op.input(1)
    if len(a.shape) != 2 or len(b.shape) != 2:
        raise Refusal(
            "does not multiply two matrices",
            found=f"{dims_text(a.shape)} and {dims_text(b.shape)}",
        )
    is_transposed = [bool(op.integer(name, 0)) for name in ("transA", "transB")]
    n, k = a.shape[::-1] if is_transposed[0] else a.shape
    rows, m = b.shape[::-1] if is_transposed[1] else b.shape
    if k != rows:
        raise _misfit(a, b)
    batch_axis = 1 if is_transposed[0] else 0
    ctx = yield [TensorInfo((n, m), 0 if a.batch == batch_axis else None)]

    def matrix(index: int) -> Operand:
        if is_transposed[index]:
            return emit.transpose(ctx, ctx.operand(index, op.shape(index)), (1, 0))
        return ctx.operand(index, op.shape(index) if index or not b.is_static else None)

    has_bias = op.has(2)
    fits = has_bias and op.input(2).is_static and prod(op.shape(2)) == m
    if b.is_static:
        y = _dense(ctx, matrix(0), -1, m, 1, 2 if fits else None)
    else:
        y = ctx.add("matmul", (matrix(0), matrix(1)))
    if has_bias and not (fits and b.is_static):
        y = emit.join(
            ctx, "add", (ctx.view(y, ctx.output().image_shape), *ctx.broadcast_inputs([2]))
        )
    ctx.set_output(y)


def _product_of(op: OpView, first: int, second: int) -> TensorInfo:
    """The matrix product of two inputs, by the rules of NumPy's ``matmul``."""
    a, b = op.input(first), op.input(second)
    if not a.shape or not b.shape:
        raise Refusal("cannot multiply a single number as a matrix")
    left = a.shape if len(a.shape) > 1 else (1, *a.shape)
    right = b.shape if len(b.shape) > 1 else (*b.shape, 1)
    if left[-1] != right[-2]:
        raise _misfit(a, b)
    stack = broadcast([left[:-2], right[:-2]]) if len(left) + len(right) > 4 else ()
    rows = () if len(a.shape) == 1 else (left[-2],)
    columns = () if len(b.shape) == 1 else (right[-1],)
    shape = (*stack, *rows, *columns)
    # A batch along the inner axis, which the product sums over, is lost.
    batched = [
        info._replace(shape=(*info.shape[:-1], 1))
        for info, inner in ((a, len(a.shape) - 1), (b, max(len(b.shape) - 2, 0)))
        if info.batch is not None and info.batch != inner
    ]
    return TensorInfo(shape, broadcast_batch(batched, shape, op.images))


def _multiply(ctx: OnnxContext, second: int, bias: int | None = None) -> None:
    a, b = ctx.input(0), ctx.input(second)
    if b.is_static and len(b.shape) == 2 and not a.is_static:
        x = ctx.operand(0, a.shape if a.batch == len(a.shape) - 1 else None)
        ctx.set_output(_dense(ctx, x, -1, b.shape[1], second, bias))
        return
    is_stacked = len(b.shape) > 1 and (b.batch is None or b.batch < len(b.shape) - 2)
    if a.is_static and len(a.shape) == 2 and is_stacked and not b.is_static:
        ctx.set_output(_dense(ctx, ctx.operand(second), -2, a.shape[0], 0, None))
        return
    product = _stacked(ctx, second)
    if bias is not None:
        inputs = (ctx.view(product, ctx.output().image_shape), *ctx.broadcast_inputs([bias]))
        product = emit.join(ctx, "add", inputs)
    ctx.set_output(product)


def _dense(
    ctx: OnnxContext, x: Operand, axis: int, width: int, weight: int, bias: int | None
) -> Operand:
    """A fully connected layer along an axis."""
    biases = [] if bias is None else [bias]
    params = {"weights": ctx.weights(weight), "biases": ctx.stored(*biases)}
    return emit.dense(ctx, x, out=width, bias=bias is not None, axis=axis, params=params)


def _stacked(ctx: OnnxContext, second: int) -> Operand:
    """A product of two activations, as stacks of matrices of equal rank."""
    a, b, out = ctx.input(0), ctx.input(second), ctx.output()
    left = a.shape if len(a.shape) > 1 else (1, *a.shape)
    right = b.shape if len(b.shape) > 1 else (*b.shape, 1)
    rank = max(len(left), len(right))
    left = (1,) * (rank - len(left)) + left
    right = (1,) * (rank - len(right)) + right
    if out.batch is not None and out.batch < rank - 2 and rank > 2:
        axis = out.batch
        for shape in (left, right):
            if shape[axis] not in (1, ctx.images):
                raise Refusal("mixes the images of a batch", found=dims_text(shape))
        left = left[:axis] + left[axis + 1 :]
        right = right[:axis] + right[axis + 1 :]
    factors = (ctx.operand(0, left, "weight"), ctx.operand(second, right, "weight"))
    return ctx.add("matmul", factors)


def _misfit(a: TensorInfo, b: TensorInfo) -> Refusal:
    return Refusal(
        "multiplies matrices that do not fit together",
        expected="rows of the first as long as columns of the second",
        found=f"{dims_text(a.shape)} and {dims_text(b.shape)}",
    )


TABLE: Mapping[str, Operator] = {
    "MatMul": matmul(1),
    "MatMulInteger": matmul(1, 2, 3),
    "QLinearMatMul": matmul(3, 1, 2, 4, 5, 6, 7),
    "Gemm": gemm,
}

PATTERNS: Mapping[str, Operator] = {
    "LinearPattern": linear,
    "MatMulIntegerPattern": linear,
    "GemmBiasPattern": gemm,
}
