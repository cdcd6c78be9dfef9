"""Matrix products: with stored matrices, fully connected layers; of activations, products."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand, dims_text
from costcalc.importers.onnx.context import OnnxContext, Operator, OpView, Rule
from costcalc.importers.onnx.tensors import TensorInfo, broadcast, broadcast_batch, elements


def matmul(second: int, *configuration: int) -> Operator:
    """A product, one side of which may be stored; scales and zero points are configuration."""

    def rule(op: OpView) -> Rule:
        ctx = yield [_product_of(op, 0, second)]
        ctx.ignore_params(*configuration)
        _multiply(ctx, second)

    return rule


def linear(op: OpView) -> Rule:
    """A product with a stored matrix, and a stored vector added: x, matrix, bias."""
    ctx = yield []
    _multiply(ctx, 1, bias=2)


def gemm(op: OpView) -> Rule:
    """Rows of A' by columns of B': a fully connected layer, or a product and a sum."""
    a, b = op.input(0), op.input(1)
    if len(a.shape) != 2 or len(b.shape) != 2:
        raise Refusal(
            "does not multiply two matrices",
            found=f"{dims_text(a.shape)} and {dims_text(b.shape)}",
        )
    is_turned = [bool(op.integer(name, 0)) for name in ("transA", "transB")]
    n, k = a.shape[::-1] if is_turned[0] else a.shape
    depth, m = b.shape[::-1] if is_turned[1] else b.shape
    if k != depth:
        raise _do_not_fit(a, b)
    batch_axis = 1 if is_turned[0] else 0
    ctx = yield [TensorInfo((n, m), 0 if a.batch == batch_axis else None)]

    def matrix(index: int) -> Operand:
        if is_turned[index]:
            return emit.transpose(ctx, ctx.operand(index, op.shape(index)), (1, 0))
        return ctx.operand(index, op.shape(index) if index or not b.is_static else None)

    has_bias = op.has(2)
    fits = has_bias and op.input(2).is_static and elements(op.shape(2)) == m
    if b.is_static:
        y = _dense(ctx, matrix(0), -1, m, 1, 2 if fits else None)
    else:
        y = ctx.add("matmul", (matrix(0), matrix(1)))
    if has_bias and not (fits and b.is_static):
        y = emit.join(ctx, "add", (ctx.view(y, ctx.output().dims), *ctx.broadcast_inputs([2])))
    ctx.set_output(y)


def _product_of(op: OpView, first: int, second: int) -> TensorInfo:
    """The matrix product of two inputs, as NumPy's ``matmul`` has it."""
    a, b = op.input(first), op.input(second)
    if not a.shape or not b.shape:
        raise Refusal("cannot multiply a single number as a matrix")
    left = a.shape if len(a.shape) > 1 else (1, *a.shape)
    right = b.shape if len(b.shape) > 1 else (*b.shape, 1)
    if left[-1] != right[-2]:
        raise _do_not_fit(a, b)
    stack = broadcast([left[:-2], right[:-2]]) if len(left) + len(right) > 4 else ()
    rows = () if len(a.shape) == 1 else (left[-2],)
    columns = () if len(b.shape) == 1 else (right[-1],)
    shape = (*stack, *rows, *columns)
    kept = [
        each
        for each, inner in ((a, len(a.shape) - 1), (b, max(len(b.shape) - 2, 0)))
        if each.batch is not None and each.batch != inner
    ]
    moved = [each._replace(shape=(*each.shape[:-1], 1)) for each in kept]
    return TensorInfo(shape, broadcast_batch(moved, shape, op.images))


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
        inputs = (ctx.view(product, ctx.output().dims), *ctx.broadcast_inputs([bias]))
        product = emit.join(ctx, "add", inputs)
    ctx.set_output(product)


def _dense(
    ctx: OnnxContext, x: Operand, axis: int, width: int, weight: int, bias: int | None
) -> Operand:
    """A fully connected layer along an axis; over a vector where there is no other."""
    biases = [] if bias is None else [bias]
    params = {"weights": ctx.stored(weight), "biases": ctx.stored(*biases)}
    return emit.dense(ctx, x, out=width, bias=bias is not None, axis=axis, params=params)


def _stacked(ctx: OnnxContext, second: int) -> Operand:
    """A product of two activations, in stacks of as many axes."""
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
    return ctx.add("matmul", (ctx.operand(0, left), ctx.operand(second, right)))


def _do_not_fit(a: TensorInfo, b: TensorInfo) -> Refusal:
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

PATTERNS: Mapping[str, Operator] = {"LinearPattern": linear}
