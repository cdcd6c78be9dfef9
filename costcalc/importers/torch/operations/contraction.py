"""``einsum`` and ``tensordot``, as products of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from string import ascii_letters
from typing import Any

from costcalc.importers import emit
from costcalc.importers.builder import Operand, UnknownOp
from costcalc.importers.torch.calls import ValueRef
from costcalc.importers.torch.context import TorchContext
from costcalc.importers.torch.operations.products import multiplied
from costcalc.records import NamedTuple

_REST = "..."
"""The axes without letters in an equation."""


class _Term(NamedTuple):
    """A tensor whose axes have letters."""

    x: Operand
    axes: str

    @property
    def sizes(self) -> dict[str, int]:
        """The size of each axis."""
        return dict(zip(self.axes, self.x.shape, strict=True))


def einsum(op: TorchContext) -> Operand:
    """A contraction of any number of operands, from left to right as PyTorch does it."""
    equation, *values = op.call.arguments
    if isinstance(equation, ValueRef):  # each operand is followed by numbers for letters
        equation, values = _lettered(op.call.arguments)
    if not isinstance(values[0], ValueRef):
        values = [*values[0]]
    words, result = _words(equation, [len(op.shape_of(value)) for value in values])
    return _contracted(op, values, words, result)


def _lettered(arguments: Sequence[Any]) -> tuple[str, list[ValueRef]]:
    """The equation of operands that are each followed by numbers in place of letters."""

    def word(numbers: Sequence[Any]) -> str:
        return "".join(_REST if each is Ellipsis else ascii_letters[each] for each in numbers)

    count = len(arguments) // 2
    equation = ",".join(map(word, arguments[1 : 2 * count : 2]))
    if len(arguments) > 2 * count:
        equation += "->" + word(arguments[-1])
    return equation, [*arguments[0 : 2 * count : 2]]


def tensordot(op: TorchContext) -> Operand:
    """A contraction over some axes of each of two operands."""
    args = op.bind("a", "b", "dims")
    values, dims = (args["a"], args["b"]), args.get("dims", 2)
    left, right = (len(op.shape_of(value)) for value in values)
    if isinstance(dims, int):
        dims = (tuple(range(left - dims, left)), tuple(range(dims)))
    first, second = ((axes,) if isinstance(axes, int) else axes for axes in dims)
    words = [list(ascii_letters[:left]), list(ascii_letters[left : left + right])]
    for one, other in zip(first, second, strict=True):
        words[1][other % right] = words[0][one % left]
    summed = {words[0][axis % left] for axis in first}
    result = "".join(name for word in words for name in word if name not in summed)
    return _contracted(op, values, ["".join(word) for word in words], result)


def _contracted(
    op: TorchContext, values: Sequence[ValueRef], words: Sequence[str], result: str
) -> Operand:
    """Operands multiplied and summed over all letters that the result lacks."""
    terms = [
        _distinct(op, op.tensor(value, op.shape_of(value) or (1,)), word)
        for value, word in zip(values, words, strict=True)
    ]
    while len(terms) > 1:
        left, right, *rest = terms
        kept = {*result}.union(*(term.axes for term in rest))
        terms = [_product(op, left, right, kept), *rest]
    (term,) = terms
    term = _summed(op, term, {*result})
    return _permute(op, term.x, term.axes, result) if result else term.x


def _distinct(op: TorchContext, x: Operand, axes: str) -> _Term:
    """A tensor whose axes have letters of their own; equal letters take a diagonal."""
    if len(set(axes)) == len(axes):
        return _Term(x, axes)
    sizes = dict(zip(axes, x.shape, strict=True))
    diagonal = op.add("rearrange", (x,), {"shape": tuple(sizes.values())}, part="_diagonal")
    return _Term(diagonal, "".join(sizes))


def _summed(op: TorchContext, term: _Term, kept: set[str]) -> _Term:
    """A tensor without the axes that nothing else needs: sums over them."""
    left = [place for place, name in enumerate(term.axes) if name not in kept]
    if not left:
        return term
    x = emit.reduce(op, term.x, "sum", left, keep=False, part="_sum")
    return _Term(x, "".join(name for name in term.axes if name in kept))


def _product(op: TorchContext, left: _Term, right: _Term, kept: set[str]) -> _Term:
    """Two tensors multiplied, and summed over the letters that nothing else needs."""
    left = _summed(op, left, kept | {*right.axes})
    right = _summed(op, right, kept | {*left.axes})
    for name in {*left.axes} & {*right.axes} - kept:
        # An axis of one element is repeated along the other's, which may be summed at once.
        if 1 in (left.sizes[name], right.sizes[name]):
            without = {*left.axes, *right.axes} - {name}
            left, right = _summed(op, left, without), _summed(op, right, without)
    sizes = {
        name: max(left.sizes.get(name, 1), right.sizes.get(name, 1))
        for name in left.axes + right.axes
    }
    shared = [name for name in left.axes if name in right.axes]
    stack = [name for name in shared if name in kept]
    summed = [name for name in shared if name not in kept]
    rows = [name for name in left.axes if name not in right.axes]
    columns = [name for name in right.axes if name not in left.axes]

    def matrices(term: _Term, first: list[str], second: list[str]) -> Operand:
        x = _permute(op, term.x, term.axes, [*stack, *first, *second])
        own = term.sizes
        merged = (prod(own[name] for name in group) for group in (first, second))
        return op.view(x, (*(own[name] for name in stack), *merged))

    inputs = matrices(left, rows, summed), matrices(right, summed, columns)
    x = multiplied(op, *inputs) if summed else emit.join(op, "multiply", inputs)
    names = [*stack, *rows, *columns]
    return _Term(op.view(x, tuple(sizes[name] for name in names) or (1,)), "".join(names))


def _permute(op: TorchContext, x: Operand, names: Sequence[str], order: Sequence[str]) -> Operand:
    """A tensor whose named axes are permuted."""
    if not order:
        return x
    return emit.transpose(op, x, [names.index(name) for name in order], part="")


def _words(equation: str, ranks: Sequence[int]) -> tuple[list[str], str]:
    """The letters of the axes of each operand and of the result, with ``...`` expanded.

    Raises:
        UnknownOp: the equation has another form.
    """
    given, arrow, result = equation.replace(" ", "").partition("->")
    words = given.split(",")
    if len(words) != len(ranks):
        raise UnknownOp
    unnamed = [
        rank - len(word) + len(_REST) if _REST in word else 0
        for rank, word in zip(ranks, words, strict=True)
    ]
    used = set(equation)
    free = [name for name in ascii_letters if name not in used][: max(unnamed)]
    if not arrow:  # the letters that stand once, in alphabetical order
        letters = given.replace(_REST, "").replace(",", "")
        once = sorted(name for name in set(letters) if letters.count(name) == 1)
        result = _REST * (_REST in given) + "".join(once)
    # Axes without letters meet from the last.
    words = [
        word.replace(_REST, "".join(free[len(free) - count :]))
        for word, count in zip(words, unnamed, strict=True)
    ]
    if any(len(word) != rank for word, rank in zip(words, ranks, strict=True)):
        raise UnknownOp
    return words, result.replace(_REST, "".join(free))
