"""Matrix products: with stored matrices, fully connected layers; of activations, products."""

from __future__ import annotations

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand, sides_text
from costcalc.importers.onnx.context import OnnxContext
from costcalc.importers.onnx.op_view import OpView
from costcalc.importers.onnx.tensors import TensorInfo, broadcast, elements, meeting_batch


def matmul_shapes(op: OpView) -> list[TensorInfo]:
    """Rows of the first by columns of the second, over stacks that meet."""
    return [product_of(op, 0, 1)]


def quantised_shapes(op: OpView) -> list[TensorInfo]:
    """QLinearMatMul's: a scale and a zero point stand behind each tensor."""
    return [product_of(op, 0, 3)]


def matmul(op: OnnxContext) -> None:
    """A product, one side of which may be stored."""
    _multiplied(op, 0, 1, None)


def integer(op: OnnxContext) -> None:
    """A product of whole numbers; zero points follow."""
    op.configuration(2, 3)
    _multiplied(op, 0, 1, None)


def quantised(op: OnnxContext) -> None:
    """A product of quantised numbers."""
    op.configuration(1, 2, 4, 5, 6, 7)
    _multiplied(op, 0, 3, None)


def linear(op: OnnxContext) -> None:
    """A product with a stored matrix, and a stored vector added: x, matrix, bias."""
    _multiplied(op, 0, 1, 2)


def gemm_shapes(op: OpView) -> list[TensorInfo]:
    """Rows of A' by columns of B'."""
    a, b = op.input(0), op.input(1)
    if len(a.shape) != 2 or len(b.shape) != 2:
        raise Refusal(
            "multiplies what is no matrix", found=f"{sides_text(a.shape)} and {sides_text(b.shape)}"
        )
    n, k = a.shape[::-1] if op.whole("transA", 0) else a.shape
    depth, m = b.shape[::-1] if op.whole("transB", 0) else b.shape
    if k != depth:
        raise _do_not_fit(a, b)
    batch = a.batch
    if batch is not None and op.whole("transA", 0):
        batch = 1 - batch
    return [TensorInfo((n, m), 0 if batch == 0 else None)]


def gemm(op: OnnxContext) -> None:
    """A fully connected layer, or a product and a sum."""
    a, b, out = op.input(0), op.input(1), op.output()
    m = out.shape[1]
    has_bias = op.has(2)
    fits = has_bias and op.input(2).is_static and elements(op.shape(2)) == m
    if not b.is_static:
        x = _stacked(op)
    else:
        x = _turned(op, 0, a) if op.whole("transA", 0) else op.source(0)
        x = _connected(op, x, -1, m, 1, 2 if fits else None)
    if has_bias and not (fits and b.is_static):
        x = emit.join(op, "add", (op.view(x, out.dims), *op.broadcast_inputs([2])))
    op.set_output(x)


def product_of(op: OpView, first: int, second: int) -> TensorInfo:
    """The matrix product of two inputs, as NumPy's ``matmul`` has it."""
    a, b = op.input(first), op.input(second)
    if not a.shape or not b.shape:
        raise Refusal("multiplies a single number as a matrix")
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
    return TensorInfo(shape, meeting_batch(moved, shape, op.images))


def _multiplied(op: OnnxContext, first: int, second: int, bias: int | None) -> None:
    a, b, out = op.input(first), op.input(second), op.output()
    if b.is_static and len(b.shape) == 2 and not a.is_static:
        x = op.source(first, a.shape if a.batch == len(a.shape) - 1 else None)
        op.set_output(_connected(op, x, -1, b.shape[1], second, bias))
        return
    is_stacked = len(b.shape) > 1 and (b.batch is None or b.batch < len(b.shape) - 2)
    if a.is_static and len(a.shape) == 2 and is_stacked and not b.is_static:
        op.set_output(_connected(op, op.source(second), -2, a.shape[0], first, None))
        return
    product = _stacked(op, first, second)
    if bias is not None:
        inputs = (op.view(product, out.dims), *op.broadcast_inputs([bias]))
        product = emit.join(op, "add", inputs)
    op.set_output(product)


def _connected(
    op: OnnxContext, x: Operand, axis: int, width: int, weight: int, bias: int | None
) -> Operand:
    """A fully connected layer along an axis; over a vector where there is no other."""
    biases = [] if bias is None else [bias]
    params = {"weights": op.stored(weight), "biases": op.stored(*biases)}
    return emit.dense(op, x, out=width, bias=bias is not None, axis=axis, params=params)


def _stacked(op: OnnxContext, first: int = 0, second: int = 1) -> Operand:
    """A product of two activations, in stacks of as many axes."""
    a, b, out = op.input(first), op.input(second), op.output()
    is_gemm = op.node.operator == "Gemm"
    left = a.shape if len(a.shape) > 1 else (1, *a.shape)
    right = b.shape if len(b.shape) > 1 else (*b.shape, 1)
    if is_gemm:
        matrices = (
            _turned(op, 0, a) if op.whole("transA", 0) else op.source(0, left),
            _turned(op, 1, b) if op.whole("transB", 0) else op.source(1, right),
        )
        return op.add("matmul", matrices)
    rank = max(len(left), len(right))
    left = (1,) * (rank - len(left)) + left
    right = (1,) * (rank - len(right)) + right
    if out.batch is not None and out.batch < rank - 2 and rank > 2:
        axis = out.batch
        for shape in (left, right):
            if shape[axis] not in (1, op.images):
                raise Refusal("mixes the images of a batch", found=sides_text(shape))
        left = left[:axis] + left[axis + 1 :]
        right = right[:axis] + right[axis + 1 :]
    return op.add("matmul", (op.source(first, left), op.source(second, right)))


def _turned(op: OnnxContext, index: int, known: TensorInfo) -> Operand:
    return emit.transpose(op, op.source(index, known.shape), (1, 0))


def _do_not_fit(a: TensorInfo, b: TensorInfo) -> Refusal:
    return Refusal(
        "multiplies matrices that do not fit together",
        expected="rows of the first as long as columns of the second",
        found=f"{sides_text(a.shape)} and {sides_text(b.shape)}",
    )
