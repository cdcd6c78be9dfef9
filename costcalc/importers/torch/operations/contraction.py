"""``einsum``: sums of products over named axes, as products of matrices."""

from __future__ import annotations

from math import prod

from costcalc.importers.torch.calls import Call, Ref
from costcalc.importers.torch.lowering import Lowering
from costcalc.importers.torch.operations.views import order_node

_REST = "..."
"""Stands for axes without names."""


def einsum(call: Call, to: Lowering) -> None:
    """Two operands, each axis of which is kept or summed with the other's; or one, reordered."""
    equation, *operands = call.arguments
    if not isinstance(operands[0], Ref):
        operands = [*operands[0]]
    words = _words(equation, operands, to)
    if words is None:
        to.refuse(call)
        return
    given, result = words
    if len(given) == 1:
        node = to.node(operands[0], to.shape(operands[0]))
        node = order_node(call, to, node, [given[0].index(name) for name in result])
        to.give(call.outputs[0], node, to.held(node))
        return
    left, right = given
    sizes: dict[str, int] = {}
    for word, operand in zip((left, right), operands, strict=True):
        sizes.update(zip(word, to.shape(operand), strict=True))
    stack = [name for name in left if name in right and name in result]
    summed = [name for name in left if name in right and name not in result]
    rows = [name for name in left if name not in right]
    columns = [name for name in right if name not in left]
    if {*rows, *columns} - {*result}:
        to.refuse(call)
        return

    def matrices(operand: Ref, word: str, first: list[str], second: list[str]) -> int:
        axes = [word.index(name) for name in (*stack, *first, *second)]
        node = order_node(call, to, to.node(operand, to.shape(operand)), axes)
        held = (*(sizes[name] for name in stack), _all(first), _all(second))
        return to.reshape(call, node, held)

    def _all(names: list[str]) -> int:
        return prod(sizes[name] for name in names)

    inputs = (
        matrices(operands[0], left, rows, summed),
        matrices(operands[1], right, summed, columns),
    )
    held = (*(sizes[name] for name in stack), _all(rows), _all(columns))
    node = to.add(call, "matmul" if summed else "multiply", {}, inputs, held)
    names = [*stack, *rows, *columns]
    node = to.reshape(call, node, tuple(sizes[name] for name in names))
    node = order_node(call, to, node, [names.index(name) for name in result])
    to.give(call.outputs[0], node, to.held(node))


def _words(equation: str, operands: list[Ref], to: Lowering) -> tuple[list[str], str] | None:
    """The letters of one operand or two and of the result; None where they are otherwise."""
    given, arrow, result = equation.replace(" ", "").partition("->")
    words = given.split(",")
    if not arrow or len(words) != len(operands) or len(words) > 2:
        return None
    spare = iter("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    ranks = {
        len(to.shape(operand)) - len(word) + len(_REST)
        for operand, word in zip(operands, words, strict=True)
        if _REST in word
    }
    if len(ranks) > 1:
        return None
    letters = "".join(next(spare) for _ in range(ranks.pop() if ranks else 0))
    words = [word.replace(_REST, letters) for word in words]
    result = result.replace(_REST, letters)
    if any(len(set(word)) < len(word) for word in (*words, result)):
        return None
    if len(words) == 1 and set(words[0]) != set(result):
        return None
    return words, result
