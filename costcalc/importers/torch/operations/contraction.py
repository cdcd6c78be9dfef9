"""``einsum``, as a product of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from costcalc.importers import emit
from costcalc.importers.builder import Operand, UnknownOp
from costcalc.importers.torch.calls import ValueRef
from costcalc.importers.torch.context import TorchContext

_REST = "..."
"""The axes without letters in an equation."""


def einsum(op: TorchContext) -> Operand:
    """A contraction of two operands, or a permutation of one.

    Every axis of two operands must be kept, or summed over both.

    Raises:
        UnknownOp: the equation has another form.
    """
    equation, *values = op.call.arguments
    if not isinstance(values[0], ValueRef):
        values = [*values[0]]
    words, result = _words(equation, [len(op.shape_of(value)) for value in values])
    if len(words) == 1:
        x = op.tensor(values[0], op.shape_of(values[0]))
        return _permute(op, x, words[0], result)
    left, right = words
    sizes: dict[str, int] = {}
    for word, value in zip(words, values, strict=True):
        sizes.update(zip(word, op.shape_of(value), strict=True))
    stack = [name for name in left if name in right and name in result]
    summed = [name for name in left if name in right and name not in result]
    rows = [name for name in left if name not in right]
    columns = [name for name in right if name not in left]
    if {*rows, *columns} - {*result}:
        raise UnknownOp

    def shape(*groups: Sequence[str]) -> tuple[int, ...]:
        merged = (prod(sizes[name] for name in group) for group in groups)
        return (*(sizes[name] for name in stack), *merged)

    def matrices(value: ValueRef, word: str, first: list[str], second: list[str]) -> Operand:
        x = _permute(op, op.tensor(value, op.shape_of(value)), word, [*stack, *first, *second])
        return op.view(x, shape(first, second))

    inputs = matrices(values[0], left, rows, summed), matrices(values[1], right, summed, columns)
    x = op.add("matmul", inputs) if summed else emit.join(op, "multiply", inputs)
    names = [*rows, *columns]
    return _permute(op, op.view(x, shape(*names)), [*stack, *names], result)


def _permute(op: TorchContext, x: Operand, names: Sequence[str], order: Sequence[str]) -> Operand:
    """A tensor whose named axes are permuted."""
    return emit.transpose(op, x, [names.index(name) for name in order], part="")


def _words(equation: str, ranks: Sequence[int]) -> tuple[list[str], str]:
    """The letters of the axes of each operand and of the result, with ``...`` expanded.

    Raises:
        UnknownOp: the equation has another form, or repeats a letter in an operand.
    """
    given, arrow, result = equation.replace(" ", "").partition("->")
    words = given.split(",")
    if not arrow or len(words) != len(ranks) or len(words) > 2:
        raise UnknownOp
    unnamed = {
        rank - len(word) + len(_REST)
        for rank, word in zip(ranks, words, strict=True)
        if _REST in word
    }
    if len(unnamed) > 1:
        raise UnknownOp
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: max(unnamed, default=0)]
    words = [word.replace(_REST, letters) for word in words]
    result = result.replace(_REST, letters)
    if any(len(set(word)) < len(word) for word in (*words, result)):
        raise UnknownOp
    if len(words) == 1 and set(words[0]) != set(result):
        raise UnknownOp
    return words, result
