"""The parameters of a spec's block: values that calls set, and formulas for the others.

In formulas, ``in`` is the channels that a step reads; a width may be a multiple or a
fraction of another, rounded or not.
"""

from __future__ import annotations

import operator
import re
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from itertools import product
from typing import Any

from costcalc.blocks.alignment import AlignedStep
from costcalc.blocks.columns import (
    ABSENT,
    Column,
    computed,
    filled,
    fits,
    most_common,
    present,
    ratio,
)
from costcalc.blocks.parameters import (
    BlockParameter,
    Expression,
    ParameterSolver,
    equality,
    junction,
    number,
    truth,
)
from costcalc.blocks.steps import Formula
from costcalc.blocks.varying import AttributePlace, VaryingValue, word
from costcalc.formulas.algebra import round_to_multiple
from costcalc.kinds import KINDS
from costcalc.spec.arguments import COMMON
from costcalc.spec.expression import FUNCTIONS, KEYWORDS
from costcalc.spec.parameters import INPUT_NAMES, NETWORK_NAMES

_LETTERS = {"stride": "s", "kernel": "k", "groups": "g", "dilation": "d", "repeat": "n"}
"""Names of attributes in papers."""

_RESERVED = {
    *COMMON,
    *FUNCTIONS,
    *KEYWORDS,
    *NETWORK_NAMES,
    *INPUT_NAMES,
    *("classes", "width", "true", "false"),
}

_DIVISORS = (2, 3, 4, 6, 8, 12, 16, 24, 32)
"""Ratios of squeezed widths."""


class BlockParameters(ParameterSolver):
    """The parameters of a block, and the formulas for its values."""

    def __init__(
        self, varying: list[VaryingValue], ins: Column, outs: Column, squeezed: frozenset[int]
    ) -> None:
        super().__init__({})
        self.input = Expression("in", ins)
        self.outs = outs
        self.width_names: set[str] = set()
        self.computed: dict[str, str] = {}
        """The formulas of parameters that the block computes."""
        self.formulas: dict[tuple[int, str], Any] = {}
        """The formula at each place of a varying value."""
        self.widths: list[Expression] = []
        """Widths that formulas may use, besides the input."""
        self.open = [value for value in varying if value.is_width]
        """Widths that have no formula or parameter yet."""
        self.squeezed = squeezed
        self.words = Counter(word(value.places[0], with_numbers=False) for value in self.open)
        lists = [value for value in varying if any(isinstance(v, tuple) for v in value.values)]
        for value in varying:
            if not value.is_width and value not in lists:
                self._add_value(value)
        if any(self._is_rest(value) for value in self.open):
            self._add_width("c", outs)
        while self.open:
            self._solve_width(self.open[0])
        for value in lists:
            self._solve_list(value)

    def parameters(self) -> dict[str, BlockParameter]:
        """All parameters, in the order of calls and of columns of tables."""
        parameters = {}
        for name in sorted(self.columns, key=self._rank):
            column = self.columns[name]
            is_width = name in self.width_names
            is_list = any(isinstance(value, tuple) for value in column)
            default = ABSENT if is_width or is_list or name == "n" else most_common(column)
            parameters[name] = BlockParameter(name, column, default, is_width)
        for name, text in self.computed.items():
            parameters[name] = BlockParameter(name, default=Formula(text))
        return parameters

    def condition(self, holds: Column, reads: Column, is_about_shapes: bool) -> str:
        """A known condition that holds in the given instances; empty if there is none.

        Steps that are there to change the shape may depend on strides and widths;
        others only on parameters that are true or false.
        """
        flags = (condition for one in self.named() if _is_flag(one) for condition in truth(one))
        shapes = self._of_shapes(Expression("in", reads)) if is_about_shapes else ()
        condition = self.find(holds, (*flags, *shapes))
        return condition.text if condition is not None else ""

    def _of_shapes(self, arriving: Expression) -> Iterator[Expression]:
        """Conditions on strides and widths together, then on either."""
        known = {width.text: width for width in self.widths}
        output = next((width.text for width in self.widths if fits(width.column, self.outs)), "")
        texts = dict.fromkeys([output, *known] if output else known)
        of_widths = [comparison for text in texts for comparison in equality(arriving, known[text])]
        of_numbers = [
            comparison
            for one in self.named()
            if not _is_flag(one) and one.text not in self.width_names
            for comparison in equality(one, number(1, len(one.column)))
        ]
        for stride, width in product(of_numbers, of_widths[:2]):
            # The shape stays the same if both do, and changes if either does.
            if stride.text == "s == 1" and " == " in width.text:
                yield junction(stride, "and", width)
            if stride.text == "s != 1" and " != " in width.text:
                yield junction(stride, "or", width)
        yield from (comparison for comparison in of_numbers if comparison.names[0] in ("t", "s"))
        yield from of_widths

    def _rank(self, name: str) -> int:
        order = ("t", "hidden") if name not in self.width_names else ("hidden",)
        if name in order:
            return order.index(name)
        if name in self.width_names:
            return 2
        return {"k": 4, "n": 6, "s": 7}.get(name.rstrip("0123456789"), 5)

    def _add_value(self, value: VaryingValue) -> None:
        """Adds a parameter for a value."""
        attribute = value.places[0].name
        self._put(value, self.add(_LETTERS.get(attribute, attribute), filled(value.column)).text)

    def _solve_width(self, value: VaryingValue) -> None:
        """Derives a width from its line's input, the block's input or another width, or adds it."""
        by_line = self._by_line(value)
        if by_line is not None:
            self.open.remove(value)
            for place, text in zip(value.places, by_line, strict=True):
                self.formulas[place.key] = Formula(text)
            return
        derived = self.find(value.column, self._derived(value)) or self._expanded(value)
        if derived is not None:
            self.open.remove(value)
            self._put_derived(value, derived.text)
            return
        parts = [other for other in self.open if _is_part(other.column, value.column)]
        base = min(parts, key=lambda other: min(present(other.column)), default=value)
        self.open.remove(base)
        as_output = _multiple(Expression("c", base.column), self.outs)
        is_output = fits(base.column, self.outs) or as_output is not None
        self._put(base, self._add_width("c" if is_output else self._word(base), base.column))

    def _solve_list(self, value: VaryingValue) -> None:
        """Derives a list of sizes item by item from widths, or adds a parameter for it."""
        lists = [self._items(place) for place in value.places]
        if None in lists:
            self._add_value(value)
            return
        for place, items in zip(value.places, lists, strict=True):
            self.formulas[place.key] = items

    def _items(self, place: AttributePlace) -> tuple[Any, ...] | None:
        """The items of a list as constants or multiples of widths, if all are."""
        lists = place.column
        lengths = {len(v) if isinstance(v, tuple) else 0 for v in present(lists)}
        if len(lengths) != 1 or not (length := lengths.pop()):
            return None
        items: list[Any] = []
        for at in range(length):
            column = computed(operator.itemgetter(at), lists)
            values = present(column)
            if len(set(values)) == 1:
                items.append(values[0])
                continue
            if not all(isinstance(item, int) for item in values):
                return None
            widths = (Expression("in", place.step.reads), *self.widths)
            multiples = (_multiple(width, column) for width in widths)
            formula = next(filter(None, multiples), None)
            if formula is None:
                return None
            items.append(Formula(formula.text))
        return tuple(items)

    def _is_rest(self, value: VaryingValue) -> bool:
        """Whether a width is the difference of the block's output and input, as in DenseNet."""
        rest = computed(operator.sub, self.outs, self.input.column)
        return self._by_line(value) is None and fits(value.column, rest)

    def _add_width(self, word: str, column: Column) -> str:
        """A new parameter that is a width."""
        # An instance without the width has its input's: nothing is expanded there.
        ins = self.input.column
        column = tuple(i if own is ABSENT else own for own, i in zip(column, ins, strict=True))
        width = self.add(word, column)
        self.width_names.add(width.text)
        self.widths.append(width)
        return width.text

    def _by_line(self, value: VaryingValue) -> list[str] | None:
        """Each place as a multiple of its line's input, if all are."""
        texts = []
        for place in value.places:
            multiple = _multiple(Expression("in", place.step.reads), place.column)
            if multiple is None:
                return None
            text = multiple.text
            if text.startswith("in * ") and False in place.step.present:
                return None
            if text != "in" and _is_repeated(place.step):
                return None
            texts.append(text)
        return texts

    def _derived(self, value: VaryingValue) -> Iterator[Expression]:
        """Formulas for a width: another, a multiple of one, rounded or not, or a difference."""
        known = (*self.widths, self.input)
        yield from known
        is_optional = any(False in place.step.present for place in value.places)
        for multiple in filter(None, (_multiple(one, value.column) for one in known)):
            if not (is_optional and multiple.text.startswith("in * ")):
                yield multiple
        for one, divisor in product(known, _DIVISORS):
            column = computed(partial(_rounded, divisor), one.column)
            yield Expression(f"round_to_multiple({one.text} / {divisor}, 8)", column, one.names)
        for one in self.widths:
            rest = computed(operator.sub, one.column, self.input.column)
            yield Expression(f"{one.text} - in", rest, one.names)

    def _expanded(self, value: VaryingValue) -> Expression | None:
        """An inner width as a new factor times the block's input."""
        if fits(value.column, self.outs):
            return None
        ins = tuple(width or ABSENT for width in self.input.column)
        times = computed(Fraction, value.column, ins)
        known = set(present(times))
        if any(factor.denominator != 1 for factor in known):
            return None
        if len(known) >= len(value.values) or (len(known) == 1 and ABSENT not in times):
            return None
        factor = self.add("t", computed(int, tuple(1 if t is ABSENT else t for t in times)))
        return Expression(f"{factor.text} * in", value.column, factor.names)

    def _put_derived(self, value: VaryingValue, text: str) -> None:
        """Puts a formula at all places, under a name if ``in`` differs at one of them."""
        reads_input = all(
            fits(place.step.reads, self.input.column) and not _is_repeated(place.step)
            for place in value.places
        )
        if re.search(r"\bin\b", text) and not reads_input:
            name = self.free("c" if text == "in" else self._word(value))
            self.computed[name] = text
            text = name
            self.widths.append(Expression(text, value.column))
        elif " " in text:
            self.widths.append(Expression(text, value.column))
        self._put(value, text)

    def _put(self, value: VaryingValue, text: str) -> None:
        for place in value.places:
            self.formulas[place.key] = Formula(text)

    def _word(self, value: VaryingValue) -> str:
        """A name for a width, from its first place."""
        first = value.places[0]
        if first.name != "out":
            return first.name
        if id(first.step) in self.squeezed:
            return "squeeze"
        called = word(first, with_numbers=False)
        if self.words[called] > 1:
            called = word(first, with_numbers=True)
        return f"n{called}" if called[:1].isdigit() else called or "hidden"

    def free(self, word: str) -> str:
        """The word, with a number if it is taken: ``c``, ``c2``."""
        taken = {*self.columns, *self.computed, *_RESERVED, *KINDS}
        name, number = word, 1
        while name in taken:
            number += 1
            name = f"{word.rstrip('0123456789')}{number}"
        return name


def _is_flag(one: Expression) -> bool:
    return all(isinstance(value, bool) for value in one.column)


def _is_repeated(step: AlignedStep) -> bool:
    """Whether a step is repeated, so that its input differs from one repeat to the next."""
    return any(times != 1 for times in present(step.column("repeat")))


def _multiple(one: Expression, column: Column) -> Expression | None:
    """A column as a multiple or a fraction of another, if it is one."""
    factor = ratio(column, one.column)
    if not factor or 1 not in (factor.numerator, factor.denominator):
        return None
    if factor == 1:
        return one
    text = f"({one.text})" if re.search(r"[-+]", one.text) else one.text
    text = f"{text} * {factor}" if factor > 1 else f"{text} / {factor.denominator}"
    return one._replace(text=text, column=column)


def _is_part(column: Column, other: Column) -> bool:
    """Whether a column is another one divided by an integer."""
    part = ratio(column, other)
    return part is not None and part.numerator == 1 < part.denominator


def _rounded(divisor: int, width: int) -> int:
    return int(round_to_multiple(Fraction(width, divisor), 8))
