"""Sums of products, written by letters: one product of stacks of matrices."""

from __future__ import annotations

from collections.abc import Sequence

from costcalc.importers.model import Sides
from costcalc.importers.onnx.call import Call
from costcalc.importers.onnx.known import Known, NodeProblem, elements
from costcalc.importers.onnx.site import Site


def shapes(call: Call) -> list[Known]:
    """The sides that the letters of the result have."""
    terms, result = _letters(call)
    sides = _sides(call, terms)
    batch = None
    for index, term in enumerate(terms):
        axis = call.input(index).batch
        if batch is None and axis is not None and term[axis] in result:
            batch = result.index(term[axis])
    return [Known(tuple(sides[letter] for letter in result), batch)]


def einsum(site: Site) -> None:
    """Both tensors as stacks of matrices, multiplied, and the axes put in order."""
    terms, result = _letters(site)
    sides = _sides(site, terms)
    if len(terms) == 1:
        read = site.source(0, site.shape())
        source, kept = _summed(site, read, terms[0], {*result}, sides)
        site.give(_ordered(site, source, kept, result, sides))
        return
    if len(terms) != 2:
        raise NodeProblem(
            "multiplies more than two tensors at once", expected="two", found=f"{len(terms)}"
        )
    first, second = terms
    left, before = _summed(site, site.source(0, site.shape(0)), first, {*result, *second}, sides)
    right, behind = _summed(site, site.source(1, site.shape(1)), second, {*result, *first}, sides)
    stack = [each for each in before if each in behind and each in result]
    inner = [each for each in before if each in behind and each not in result]
    rows = [each for each in before if each not in behind]
    columns = [each for each in behind if each not in before]
    left = _ordered(site, left, before, [*stack, *rows, *inner], sides)
    right = _ordered(site, right, behind, [*stack, *inner, *columns], sides)
    n, k, m = (elements(_of(each, sides)) for each in (rows, inner, columns))
    high = (elements(_of(stack, sides)),) if stack else ()
    left = site.shaped(left, (*high, n, k))
    right = site.shaped(right, (*high, k, m))
    layer = site.layer("matmul", {}, (left, right), (*high, n, m))
    order = [*stack, *rows, *columns]
    layer = site.shaped(layer, _of(order, sides) or (1,))
    site.give(_ordered(site, layer, order, result, sides))


def _letters(call: Call) -> tuple[list[str], str]:
    """The letters of each input, and those of the result."""
    equation = call.word("equation", "").replace(" ", "")
    left, arrow, result = equation.partition("->")
    terms = left.split(",")
    if not arrow:
        result = "".join(sorted(each for each in {*left} - {","} if left.count(each) == 1))
    fits = len(terms) == len(call.operation.inputs) and all(
        term.isalpha() and len({*term}) == len(term) == len(call.shape(index))
        for index, term in enumerate(terms)
    )
    if not fits or not {*result} <= {*left} or len({*result}) < len(result):
        raise NodeProblem(
            "has an equation that costcalc does not read",
            expected="a letter for each axis, as in bhid,bhjd->bhij",
            found=equation,
        )
    return terms, result


def _sides(call: Call, terms: Sequence[str]) -> dict[str, int]:
    sides: dict[str, int] = {}
    for index, term in enumerate(terms):
        for letter, side in zip(term, call.shape(index), strict=True):
            if sides.setdefault(letter, side) != side:
                raise NodeProblem(
                    f"gives the letter '{letter}' two sides", found=f"{sides[letter]} and {side}"
                )
    return sides


def _summed(
    site: Site, source: int, term: Sequence[str], kept: set[str], sides: dict[str, int]
) -> tuple[int, list[str]]:
    """Without the axes that are summed before anything is multiplied."""
    left = [letter for letter in term if letter in kept]
    if len(left) == len(term):
        return source, left
    axes = tuple(axis for axis, letter in enumerate(term) if letter not in kept)
    shape = _of(left, sides) or (1,) * len(term)
    arguments = {"axes": axes, "keep": not left}
    return site.layer("sum", arguments, (source,), shape), left


def _ordered(
    site: Site, source: int, found: Sequence[str], wanted: Sequence[str], sides: dict[str, int]
) -> int:
    """With the axes in another order."""
    if list(found) == list(wanted):
        return source
    order = tuple(list(found).index(letter) for letter in wanted)
    return site.layer("transpose", {"axes": order}, (source,), _of(wanted, sides))


def _of(letters: Sequence[str], sides: dict[str, int]) -> Sides:
    return tuple(sides[letter] for letter in letters)
