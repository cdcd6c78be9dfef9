"""Einsum, as a product of two stacks of matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand
from costcalc.importers.model import Shape
from costcalc.importers.onnx.context import OnnxContext, Operator, OpView, Rule
from costcalc.importers.onnx.tensors import TensorInfo


def einsum(op: OpView) -> Rule:
    """Einsum: sum some axes, multiply two stacks of matrices, and order the axes."""
    terms, result = _letters(op)
    sizes = _sizes(op, terms)
    batch = None
    for index, term in enumerate(terms):
        axis = op.input(index).batch
        if batch is None and axis is not None and term[axis] in result:
            batch = result.index(term[axis])
    ctx = yield [TensorInfo(_shape(result, sizes), batch)]
    if len(terms) == 1:
        x, kept = _summed(ctx, ctx.operand(0, op.shape()), terms[0], {*result})
        ctx.set_output(_permuted(ctx, x, kept, result))
        return
    if len(terms) != 2:
        raise Refusal(
            "multiplies more than two tensors at once", expected="two", found=f"{len(terms)}"
        )
    first, second = terms
    a, left = _summed(ctx, ctx.operand(0, op.shape(0), "weight"), first, {*result, *second})
    b, right = _summed(ctx, ctx.operand(1, op.shape(1), "weight"), second, {*result, *first})
    stack = [letter for letter in left if letter in right and letter in result]
    inner = [letter for letter in left if letter in right and letter not in result]
    rows = [letter for letter in left if letter not in right]
    columns = [letter for letter in right if letter not in left]
    a = _permuted(ctx, a, left, [*stack, *rows, *inner])
    b = _permuted(ctx, b, right, [*stack, *inner, *columns])
    n, k, m = (prod(_shape(letters, sizes)) for letters in (rows, inner, columns))
    depth = (prod(_shape(stack, sizes)),) if stack else ()
    matrices = (ctx.view(a, (*depth, n, k)), ctx.view(b, (*depth, k, m)))
    order = [*stack, *rows, *columns]
    product = ctx.view(ctx.add("matmul", matrices), _shape(order, sizes) or (1,))
    ctx.set_output(_permuted(ctx, product, order, result))


def _letters(op: OpView) -> tuple[list[str], str]:
    """The letters of each input and of the result."""
    equation = op.string("equation", "").replace(" ", "")
    left, arrow, result = equation.partition("->")
    terms = left.split(",")
    if not arrow:
        result = "".join(sorted(letter for letter in {*left} - {","} if left.count(letter) == 1))
    fits = len(terms) == len(op.node.inputs) and all(
        term.isalpha() and len({*term}) == len(term) == len(op.shape(index))
        for index, term in enumerate(terms)
    )
    if not fits or not {*result} <= {*left} or len({*result}) < len(result):
        raise Refusal(
            "has an equation that costcalc does not read",
            expected="a letter for each axis, as in bhid,bhjd->bhij",
            found=equation,
        )
    return terms, result


def _sizes(op: OpView, terms: Sequence[str]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for index, term in enumerate(terms):
        for letter, size in zip(term, op.shape(index), strict=True):
            if sizes.setdefault(letter, size) != size:
                raise Refusal(
                    f"uses the letter '{letter}' for two sizes", found=f"{sizes[letter]} and {size}"
                )
    return sizes


def _summed(
    ctx: OnnxContext, x: Operand, term: Sequence[str], kept: set[str]
) -> tuple[Operand, list[str]]:
    """Sum the axes that are neither multiplied nor kept; return the letters of the others."""
    letters = [letter for letter in term if letter in kept]
    if len(letters) == len(term):
        return x, letters
    axes = [axis for axis, letter in enumerate(term) if letter not in kept]
    return emit.reduce(ctx, x, "sum", axes, keep=False), letters


def _permuted(ctx: OnnxContext, x: Operand, order: Sequence[str], wanted: Sequence[str]) -> Operand:
    if list(order) == list(wanted):
        return x
    return emit.transpose(ctx, x, [list(order).index(letter) for letter in wanted])


def _shape(letters: Sequence[str], sizes: Mapping[str, int]) -> Shape:
    return tuple(sizes[letter] for letter in letters)


TABLE: Mapping[str, Operator] = {"Einsum": einsum}
