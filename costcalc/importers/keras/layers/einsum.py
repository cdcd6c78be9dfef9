"""``EinsumDense``: a dense layer along any axes, as a dense layer or a grouped convolution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from costcalc.errors import Refusal
from costcalc.formulas.algebra import product
from costcalc.importers import emit
from costcalc.importers.builder import Operand, UnknownOp
from costcalc.importers.keras.config import shown, wholes
from costcalc.importers.keras.context import KerasContext, Result, Rule
from costcalc.importers.keras.layers.activation import activate
from costcalc.importers.keras.layout import KERAS_ORDER
from costcalc.records import NamedTuple

_REST = "..."
"""The axes without letters in an equation."""


class _Equation(NamedTuple):
    """An equation with a name for each axis: its letter, or a number for one of ``...``."""

    input: tuple[str, ...]
    """Without the batch."""
    kernel: tuple[str, ...]
    output: tuple[str, ...]
    """Without the batch."""

    @property
    def stack(self) -> list[str]:
        """The axes with a matrix of their own for each place."""
        return [name for name in self.input if name in self.kernel and name in self.output]

    @property
    def summed(self) -> list[str]:
        """The axes that the products are summed along."""
        return [name for name in self.input if name in self.kernel and name not in self.output]

    @property
    def rows(self) -> list[str]:
        """The axes of the input that the kernel does not have."""
        return [name for name in self.input if name not in self.kernel]

    @property
    def columns(self) -> list[str]:
        """The axes of the kernel that the input does not have."""
        return [name for name in self.kernel if name not in self.input]


def einsum_dense(op: KerasContext) -> Result:
    """``EinsumDense`` of an input and a kernel, such as ``abc,cde->abde``.

    Along axes of the input that the kernel and the output have too, each place has a
    matrix of its own: a convolution with as many groups.
    """
    x = op.to_layout(op.input, KERAS_ORDER)
    equation = _equation(op)
    sizes = _sizes(op, equation, x)
    x, names = _without_unused(op, equation, x)
    stack, summed, columns = equation.stack, equation.summed, equation.columns
    rows = [name for name in equation.rows if name in names]
    biased = _biased(op, equation)
    has_bias = bool(biased) and biased == {*stack, *columns}
    order = [*stack, *summed, *rows] if stack else [*rows, *summed]
    x = emit.transpose(op, x, [names.index(name) for name in order], part=".axes")

    def count(group: Sequence[str]) -> int:
        return int(product([sizes[name] for name in group]))

    op.builder.is_sized = True
    if stack:
        x = op.view(x, (count(stack) * count(summed), count(rows)), ".groups")
        out = count(stack) * count(columns)
        x = emit.conv(op, x, out=out, kernel=1, groups=count(stack), bias=has_bias)
        done = [*stack, *columns, *rows]
    else:
        x = op.view(x, (*([count(rows)] if rows else []), count(summed)), ".matrix")
        x = emit.dense(op, x, out=count(columns), bias=has_bias)
        done = [*rows, *columns]
    x = op.view(x, tuple(sizes[name] for name in done) or (1,), ".result")
    x = emit.transpose(op, x, [done.index(name) for name in equation.output], part=".order")
    if biased and not has_bias:
        shape = tuple(sizes[name] if name in biased else 1 for name in equation.output)
        x = emit.with_learned(op, "add", x, shape, of="bias", part=".bias.add", stored=".bias")
    return activate(op, op.from_layout(x, KERAS_ORDER))


def _equation(op: KerasContext) -> _Equation:
    """The layer's equation.

    Raises:
        Refusal: it is not one of an input and a kernel.
        UnknownOp: its batch is not an axis of its own.
    """
    value = op.config.raw("equation")
    text = value.replace(" ", "") if isinstance(value, str) else ""
    left, _, result = text.partition("->")
    first, _, kernel = left.partition(",")
    given, output = (_letters(term, op.rank + 1, first) for term in (first, result))
    words = (given, tuple(kernel), output)
    fits = kernel.isalpha() and all(word and len({*word}) == len(word) for word in words)
    if not fits or len(given) != op.rank + 1 or not {*output} <= {*given, *kernel}:
        raise Refusal(
            "'equation' is not valid",
            "a letter for each axis, as in abc,cd->abd or ...x,xy->...y",
            shown(value),
        )
    if given[0] in kernel or output[0] != given[0]:
        raise UnknownOp("costcalc has no layer kind for an equation that moves the batch")
    if not {*kernel} <= {*given, *output}:
        raise UnknownOp("costcalc has no layer kind for a kernel that is summed by itself")
    return _Equation(given[1:], tuple(kernel), output[1:])


def _letters(term: str, rank: int, first: str) -> tuple[str, ...]:
    """The names of a term's axes; those of ``...`` are numbered, as in the first term."""
    before, rest, after = term.partition(_REST)
    if not (before + after).isalpha():
        return ()
    missing = rank - len(first.replace(_REST, "")) if rest else 0
    return (*before, *map(str, range(missing)), *after)


def _sizes(op: KerasContext, equation: _Equation, x: Operand) -> dict[str, int]:
    """The size of each axis: the input's, and those that ``output_shape`` adds.

    Raises:
        Refusal: a size is not stated, or does not fit.
    """
    sizes = dict(zip(equation.input, x.shape, strict=True))
    value: Any = op.config.raw("output_shape")
    stated = value if isinstance(value, list) else [value]
    named = [name for name in equation.output if not name.isdecimal()]
    if len(stated) != len(named):
        raise Refusal("'output_shape' is not valid", f"{len(named)} sizes", shown(value))
    for name, side in zip(named, stated, strict=True):
        if side is None and name in sizes:
            continue
        (size,) = wholes(side, "'output_shape'", 1, least=1, most=1)
        if sizes.setdefault(name, size) != size:
            raise Refusal("'output_shape' is not valid", f"{sizes[name]}", f"{size}")
    return sizes


def _without_unused(op: KerasContext, equation: _Equation, x: Operand) -> tuple[Operand, list[str]]:
    """The input summed along the axes that neither the kernel nor the output has."""
    kept = [name for name in equation.input if name in equation.kernel or name in equation.output]
    axes = [at for at, name in enumerate(equation.input) if name not in kept]
    return (emit.reduce(op, x, "sum", axes, keep=False, part=".sum") if axes else x), kept


def _biased(op: KerasContext, equation: _Equation) -> set[str]:
    """The axes of the output with a bias for each place.

    Raises:
        Refusal: one is not an axis of the output.
    """
    value = op.config.raw("bias_axes")
    if value is not None and not (isinstance(value, str) and {*value} <= {*equation.output}):
        raise Refusal("'bias_axes' is not valid", "letters of the output", shown(value))
    return {*(value or "")}


TABLE: Mapping[str, Rule] = {"EinsumDense": einsum_dense}
