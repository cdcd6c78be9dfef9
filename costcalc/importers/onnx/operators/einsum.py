"""Einsum, as products of stacks of matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from costcalc.errors import Refusal
from costcalc.importers.builder import UnknownOp
from costcalc.importers.contraction import Term, contracted, equation
from costcalc.importers.onnx.context import Operator, OpView, Rule
from costcalc.importers.onnx.tensors import TensorInfo


def einsum(op: OpView) -> Rule:
    """Einsum of any number of tensors."""
    words, result = _letters(op)
    sizes = _sizes(op, words)
    batch = None
    for index, word in enumerate(words):
        axis = op.input(index).batch
        if batch is None and axis is not None and word[axis] in result:
            batch = result.index(word[axis])
    ctx = yield [TensorInfo(tuple(sizes[letter] for letter in result), batch)]
    roles = ("weight",) if len(words) > 1 else ()
    terms = [
        Term(ctx.operand(index, op.shape(index), *roles), word) for index, word in enumerate(words)
    ]
    ctx.set_output(contracted(ctx, terms, result))


def _letters(op: OpView) -> tuple[list[str], str]:
    """The letters of each input and of the result."""
    text = op.string("equation", "")
    try:
        return equation(text, [len(op.shape(index)) for index in range(len(op.node.inputs))])
    except UnknownOp:
        raise Refusal(
            "has an equation that costcalc does not read",
            expected="a letter for each axis, as in bhid,bhjd->bhij",
            found=text,
        ) from None


def _sizes(op: OpView, words: Sequence[str]) -> dict[str, int]:
    """The size of each letter; one of 1 is repeated."""
    sizes: dict[str, int] = {}
    for index, word in enumerate(words):
        for letter, size in zip(word, op.shape(index), strict=True):
            known = sizes.get(letter, 1)
            if 1 not in (known, size) and known != size:
                raise Refusal(
                    f"uses the letter '{letter}' for two sizes", found=f"{known} and {size}"
                )
            sizes[letter] = max(known, size)
    return sizes


TABLE: Mapping[str, Operator] = {"Einsum": einsum}
