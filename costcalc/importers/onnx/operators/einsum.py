"""Sums of products, written by letters: one product of stacks of matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand
from costcalc.importers.model import Shape
from costcalc.importers.onnx.context import OnnxContext, Operator, OpView, Rule
from costcalc.importers.onnx.tensors import TensorInfo, elements


def einsum(op: OpView) -> Rule:
    """Both tensors as stacks of matrices, multiplied, and the axes put in order."""
    terms, result = _letters(op)
    sides = _sides(op, terms)
    batch = None
    for index, term in enumerate(terms):
        axis = op.input(index).batch
        if batch is None and axis is not None and term[axis] in result:
            batch = result.index(term[axis])
    ctx = yield [TensorInfo(_of(result, sides), batch)]
    if len(terms) == 1:
        x, kept = _summed(ctx, ctx.operand(0, op.shape()), terms[0], {*result})
        ctx.set_output(_ordered(ctx, x, kept, result))
        return
    if len(terms) != 2:
        raise Refusal(
            "multiplies more than two tensors at once", expected="two", found=f"{len(terms)}"
        )
    first, second = terms
    left, before = _summed(ctx, ctx.operand(0, op.shape(0)), first, {*result, *second})
    right, behind = _summed(ctx, ctx.operand(1, op.shape(1)), second, {*result, *first})
    stack = [each for each in before if each in behind and each in result]
    inner = [each for each in before if each in behind and each not in result]
    rows = [each for each in before if each not in behind]
    columns = [each for each in behind if each not in before]
    left = _ordered(ctx, left, before, [*stack, *rows, *inner])
    right = _ordered(ctx, right, behind, [*stack, *inner, *columns])
    n, k, m = (elements(_of(each, sides)) for each in (rows, inner, columns))
    high = (elements(_of(stack, sides)),) if stack else ()
    matrices = (ctx.view(left, (*high, n, k)), ctx.view(right, (*high, k, m)))
    order = [*stack, *rows, *columns]
    product = ctx.view(ctx.add("matmul", matrices), _of(order, sides) or (1,))
    ctx.set_output(_ordered(ctx, product, order, result))


def _letters(op: OpView) -> tuple[list[str], str]:
    """The letters of each input, and those of the result."""
    equation = op.string("equation", "").replace(" ", "")
    left, arrow, result = equation.partition("->")
    terms = left.split(",")
    if not arrow:
        result = "".join(sorted(each for each in {*left} - {","} if left.count(each) == 1))
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


def _sides(op: OpView, terms: Sequence[str]) -> dict[str, int]:
    sides: dict[str, int] = {}
    for index, term in enumerate(terms):
        for letter, side in zip(term, op.shape(index), strict=True):
            if sides.setdefault(letter, side) != side:
                raise Refusal(
                    f"gives the letter '{letter}' two sides", found=f"{sides[letter]} and {side}"
                )
    return sides


def _summed(
    ctx: OnnxContext, x: Operand, term: Sequence[str], kept: set[str]
) -> tuple[Operand, list[str]]:
    """Without the axes that are summed before anything is multiplied."""
    left = [letter for letter in term if letter in kept]
    if len(left) == len(term):
        return x, left
    axes = [axis for axis, letter in enumerate(term) if letter not in kept]
    return emit.reduce(ctx, x, "sum", axes, keep=False), left


def _ordered(ctx: OnnxContext, x: Operand, found: Sequence[str], wanted: Sequence[str]) -> Operand:
    """With the axes in another order."""
    if list(found) == list(wanted):
        return x
    return emit.transpose(ctx, x, [list(found).index(letter) for letter in wanted])


def _of(letters: Sequence[str], sides: dict[str, int]) -> Shape:
    return tuple(sides[letter] for letter in letters)


TABLE: Mapping[str, Operator] = {"Einsum": einsum}
