"""Contractions: tensors multiplied and summed along axes that have letters, as ``einsum`` has them.

words, result = equation("bhid,bhjd->bhij", ranks=(4, 4))
terms = [Term(x, words[0]), Term(y, words[1])]
scores = contracted(op, terms, result)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from string import ascii_letters

from costcalc.importers import emit
from costcalc.importers.builder import OpContext, Operand, UnknownOp
from costcalc.records import NamedTuple

REST = "..."
"""The axes without letters in an equation."""


class Term(NamedTuple):
    """A tensor whose axes have letters."""

    x: Operand
    axes: str

    @property
    def sizes(self) -> dict[str, int]:
        """The size of each axis."""
        return dict(zip(self.axes, self.x.shape, strict=True))


Multiply = Callable[[Operand, Operand], Operand]
"""Adds the product of two stacks of matrices."""


def contracted(
    op: OpContext, terms: Sequence[Term], result: str, multiply: Multiply | None = None
) -> Operand:
    """Tensors multiplied from left to right, and summed over all letters that the result lacks."""
    terms = [_distinct(op, term) for term in terms]
    while len(terms) > 1:
        left, right, *rest = terms
        kept = {*result}.union(*(term.axes for term in rest))
        terms = [_product(op, left, right, kept, multiply), *rest]
    (term,) = terms
    term = _summed(op, term, {*result})
    return _permute(op, term.x, term.axes, result) if result else term.x


def _distinct(op: OpContext, term: Term) -> Term:
    """A tensor whose axes have letters of their own; equal letters take a diagonal."""
    if len(set(term.axes)) == len(term.axes):
        return term
    sizes = term.sizes
    diagonal = op.add("rearrange", (term.x,), {"shape": tuple(sizes.values())}, part="_diagonal")
    return Term(diagonal, "".join(sizes))


def _summed(op: OpContext, term: Term, kept: set[str]) -> Term:
    """A tensor without the axes that nothing else needs: sums over them."""
    left = [place for place, name in enumerate(term.axes) if name not in kept]
    if not left:
        return term
    x = emit.reduce(op, term.x, "sum", left, keep=False, part="_sum")
    return Term(x, "".join(name for name in term.axes if name in kept))


def _product(
    op: OpContext, left: Term, right: Term, kept: set[str], multiply: Multiply | None
) -> Term:
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

    def matrices(term: Term, first: list[str], second: list[str]) -> Operand:
        x = _permute(op, term.x, term.axes, [*stack, *first, *second])
        own = term.sizes
        merged = (prod(own[name] for name in group) for group in (first, second))
        return op.view(x, (*(own[name] for name in stack), *merged))

    inputs = matrices(left, rows, summed), matrices(right, summed, columns)
    if not summed:
        x = emit.join(op, "multiply", inputs)
    else:
        x = op.add("matmul", inputs) if multiply is None else multiply(*inputs)
    names = [*stack, *rows, *columns]
    return Term(op.view(x, tuple(sizes[name] for name in names) or (1,)), "".join(names))


def _permute(op: OpContext, x: Operand, names: Sequence[str], order: Sequence[str]) -> Operand:
    """A tensor whose named axes are permuted."""
    if not order:
        return x
    return emit.transpose(op, x, [names.index(name) for name in order], part="")


def equation(text: str, ranks: Sequence[int]) -> tuple[list[str], str]:
    """The letters of the axes of each operand and of the result, with ``...`` expanded.

    Raises:
        UnknownOp: it has another form.

    >>> equation("bij,jk", (3, 2)), equation("...x,xy->...y", (3, 2))
    ((['bij', 'jk'], 'bik'), (['abx', 'xy'], 'aby'))
    """
    given, arrow, result = text.replace(" ", "").partition("->")
    words = given.split(",")
    if len(words) != len(ranks):
        raise UnknownOp
    unnamed = [
        rank - len(word) + len(REST) if REST in word else 0
        for rank, word in zip(ranks, words, strict=True)
    ]
    used = set(text)
    free = [name for name in ascii_letters if name not in used][: max(unnamed)]
    if not arrow:  # the letters that stand once, in alphabetical order
        letters = given.replace(REST, "").replace(",", "")
        once = sorted(name for name in set(letters) if letters.count(name) == 1)
        result = REST * (REST in given) + "".join(once)
    # Axes without letters meet from the last.
    words = [
        word.replace(REST, "".join(free[len(free) - count :]))
        for word, count in zip(words, unnamed, strict=True)
    ]
    result = result.replace(REST, "".join(free))
    fits = all(len(word) == rank for word, rank in zip(words, ranks, strict=True))
    has_letters = all(not word or word.isalpha() for word in (*words, result))
    if (
        not fits
        or not has_letters
        or len({*result}) < len(result)
        or not {*result} <= {*"".join(words)}
    ):
        raise UnknownOp
    return words, result


def over_axes(ranks: tuple[int, int], dims: int | Sequence[Sequence[int]]) -> tuple[list[str], str]:
    """The letters of ``tensordot``: a number of last and first axes, or those of each operand."""
    left, right = ranks
    if isinstance(dims, int):
        dims = (tuple(range(left - dims, left)), tuple(range(dims)))
    first, second = dims
    words = [list(ascii_letters[:left]), list(ascii_letters[left : left + right])]
    for one, other in zip(first, second, strict=True):
        words[1][other % right] = words[0][one % left]
    summed = {words[0][axis % left] for axis in first}
    result = "".join(name for word in words for name in word if name not in summed)
    return ["".join(word) for word in words], result
