"""``einsum`` and ``tensordot``, as products of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from string import ascii_letters
from typing import Any

from costcalc.importers.builder import Operand
from costcalc.importers.contraction import REST, Term, contracted, equation, over_axes
from costcalc.importers.torch.calls import ValueRef
from costcalc.importers.torch.context import TorchContext
from costcalc.importers.torch.operations.products import multiplied


def einsum(op: TorchContext) -> Operand:
    """A contraction of any number of operands, from left to right as PyTorch does it."""
    text, *values = op.call.arguments
    if isinstance(text, ValueRef):  # each operand is followed by numbers for letters
        text, values = _lettered(op.call.arguments)
    if not isinstance(values[0], ValueRef):
        values = [*values[0]]
    words, result = equation(text, [len(op.shape_of(value)) for value in values])
    return _contracted(op, values, words, result)


def _lettered(arguments: Sequence[Any]) -> tuple[str, list[ValueRef]]:
    """The equation of operands that are each followed by numbers in place of letters."""

    def word(numbers: Sequence[Any]) -> str:
        return "".join(REST if each is Ellipsis else ascii_letters[each] for each in numbers)

    count = len(arguments) // 2
    text = ",".join(map(word, arguments[1 : 2 * count : 2]))
    if len(arguments) > 2 * count:
        text += "->" + word(arguments[-1])
    return text, [*arguments[0 : 2 * count : 2]]


def tensordot(op: TorchContext) -> Operand:
    """A contraction over some axes of each of two operands."""
    args = op.bind("a", "b", "dims")
    values, dims = (args["a"], args["b"]), args.get("dims", 2)
    left, right = (len(op.shape_of(value)) for value in values)
    if not isinstance(dims, int):
        dims = tuple((axes,) if isinstance(axes, int) else axes for axes in dims)
    return _contracted(op, values, *over_axes((left, right), dims))


def _contracted(
    op: TorchContext, values: Sequence[ValueRef], words: Sequence[str], result: str
) -> Operand:
    """Operands multiplied and summed over all letters that the result lacks."""
    terms = [
        Term(op.tensor(value, op.shape_of(value) or (1,)), word)
        for value, word in zip(values, words, strict=True)
    ]
    return contracted(op, terms, result, partial(multiplied, op))
