"""The parameters of a block: which values are given, and which follow from others."""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from typing import Any

from costcalc.blocks.alignment import ABSENT, Column, Template
from costcalc.blocks.block import Parameter
from costcalc.blocks.columns import agree, filled, is_part, most_common, multiple, of_all, rounded
from costcalc.blocks.steps import Formula
from costcalc.blocks.varying import Differing, Slot, word
from costcalc.kinds import KINDS
from costcalc.spec.arguments import COMMON
from costcalc.spec.expression import FUNCTIONS, KEYWORDS
from costcalc.spec.parameters import ALWAYS, HERE

_LETTERS = {"stride": "s", "kernel": "k", "groups": "g", "dilation": "d", "repeat": "n"}
"""What papers call attributes."""

_RESERVED = {*COMMON, *FUNCTIONS, *KEYWORDS, *ALWAYS, *HERE, "classes", "width", "true", "false"}


class Solution:
    """The parameters of groups that are one block, and what their steps say of them."""

    def __init__(
        self, found: list[Differing], ins: Column, outs: Column, squeezed: frozenset[int]
    ) -> None:
        self.ins = ins
        self.outs = outs
        self.columns: dict[str, Column] = {}
        """The parameters that calls give."""
        self.flags = 0
        """How many of them say whether a step is there."""
        self.widths: set[str] = set()
        self.computed: dict[str, str] = {}
        """Parameters that the block computes."""
        self.said: dict[tuple[int, str], Any] = {}
        """What is said at each place."""
        self.texts: list[tuple[str, Column]] = [("in", ins)]
        """What widths are known by."""
        self.open = [each for each in found if each.is_width]
        """Widths that nothing is known of yet."""
        self.squeezed = squeezed
        self.words = Counter(word(each.slots[0], with_numbers=False) for each in self.open)
        lists = [each for each in found if any(isinstance(v, tuple) for v in each.known)]
        for each in found:
            if not each.is_width and each not in lists:
                self._given(each)
        if any(self._is_rest(each) for each in self.open):
            self._new("c", outs)
        while self.open:
            self._width(self.open[0])
        for each in lists:
            self._list(each)

    def output(self) -> str:
        """What the block's output is called, nothing where no name of it is known."""
        return next((text for text, column in self.texts[1:] if agree(column, self.outs)), "")

    def flag(self, word: str, column: Column) -> str:
        """A new parameter that is true or false."""
        name = next((name for name, each in self.columns.items() if each == column), "")
        if not name:
            name = self._free(word)
            self.columns[name] = column
            self.flags += 1
        return name

    def parameters(self) -> dict[str, Parameter]:
        """All parameters, in the order in which calls and tables give them."""
        found = {}
        for name in sorted(self.columns, key=self._rank):
            column = self.columns[name]
            if name in self.widths:
                found[name] = Parameter(is_width=True)
            elif name == "n" or any(isinstance(value, tuple) for value in column):
                found[name] = Parameter()
            else:
                found[name] = Parameter(most_common(column))
        found.update({name: Parameter(Formula(text)) for name, text in self.computed.items()})
        return found

    def _rank(self, name: str) -> int:
        order = ("t", "hidden") if name not in self.widths else ("hidden",)
        if name in order:
            return order.index(name)
        if name in self.widths:
            return 2
        return {"k": 4, "n": 6, "s": 7}.get(name.rstrip("0123456789"), 5)

    def _given(self, each: Differing) -> None:
        """A parameter of its own."""
        attribute = each.slots[0].name
        name = self._free(_LETTERS.get(attribute, attribute))
        self.columns[name] = filled(each.column)
        self._say(each, name)

    def _width(self, each: Differing) -> None:
        """A width: by what its line reads, by the block's input, by another width, or given."""
        lines = self._by_line(each)
        if lines is not None:
            self.open.remove(each)
            for slot, text in zip(each.slots, lines, strict=True):
                self.said[id(slot.template), slot.name] = Formula(text)
            return
        text = self._by_others(each) or self._expanded(each)
        if text:
            self.open.remove(each)
            self._say_text(each, text)
            return
        parts = [other for other in self.open if is_part(other.column, each.column)]
        base = min(parts, key=lambda other: min(other.known), default=each)
        self.open.remove(base)
        is_output = agree(base.column, self.outs) or multiple("c", base.column, self.outs)
        self._say(base, self._new("c" if is_output else self._called(base), base.column))

    def _list(self, each: Differing) -> None:
        """A list of sizes: item by item where each follows from widths, or given as it is."""
        sides = [self._sides(slot) for slot in each.slots]
        if any(found is None for found in sides):
            self._given(each)
            return
        for slot, found in zip(each.slots, sides, strict=True):
            self.said[id(slot.template), slot.name] = found

    def _sides(self, slot: Slot) -> tuple[Any, ...] | None:
        """The items of a list as they are everywhere, or as multiples of widths."""
        column = slot.template.values[slot.name]
        lengths = {len(v) if isinstance(v, tuple) else 0 for v in column if v is not ABSENT}
        if len(lengths) != 1 or not (length := lengths.pop()):
            return None
        found: list[Any] = []
        for at in range(length):
            items = tuple(v if v is ABSENT else v[at] for v in column)
            known = {item for item in items if item is not ABSENT}
            if len(known) == 1:
                found.append(known.pop())
                continue
            if not all(isinstance(item, int) for item in known):
                return None
            widths = [("in", slot.template.reads), *self.texts[1:]]
            text = next(filter(None, (multiple(t, c, items) for t, c in widths)), "")
            if not text:
                return None
            found.append(Formula(text))
        return tuple(found)

    def _is_rest(self, each: Differing) -> bool:
        """Whether a width is what the block's output has beside its input, joined to it."""
        return self._by_line(each) is None and of_all(
            lambda own, out, i: own == out - i, each.column, self.outs, self.ins
        )

    def _new(self, word: str, column: Column) -> str:
        """A new parameter that is a width."""
        name = self._free(word)
        # A width that nothing has is the one that is there already: nothing is expanded.
        column = tuple(i if own is ABSENT else own for own, i in zip(column, self.ins, strict=True))
        self.columns[name] = column
        self.widths.add(name)
        self.texts.append((name, column))
        return name

    def _by_line(self, each: Differing) -> list[str] | None:
        """Each place as a multiple of what its line reads."""
        found = []
        for template, name in each.slots:
            text = multiple("in", template.reads, template.values[name])
            if not text or (False in template.present and text.startswith("in * ")):
                return None
            if text != "in" and _is_repeated(template):
                return None
            found.append(text)
        return found

    def _by_others(self, each: Differing) -> str:
        """A width as a multiple of another, rounded or not, or as what is left of it."""
        absent = any(False in slot.template.present for slot in each.slots)
        known = [*self.texts[1:], self.texts[0]]
        equal = next((text for text, column in known if agree(each.column, column)), "")
        if equal:
            return equal
        for text, column in known:
            found = multiple(text, column, each.column)
            if found and not (absent and text == "in" and " * " in found):
                return found
        for text, column in (*self.texts[1:], self.texts[0]):
            found = rounded(text, column, each.column)
            if found:
                return found
        for text, column in self.texts[1:]:
            if of_all(lambda own, c, i: own == c - i, each.column, column, self.ins):
                return f"{text} - in"
        return ""

    def _expanded(self, each: Differing) -> str:
        """A width inside the block as a whole multiple of the block's input."""
        if agree(each.column, self.outs):
            return ""
        ratios: Column = tuple(
            ABSENT if own is ABSENT or not i else Fraction(own, i)
            for own, i in zip(each.column, self.ins, strict=True)
        )
        known: set[Any] = {ratio for ratio in ratios if ratio is not ABSENT}
        if any(ratio.denominator != 1 for ratio in known) or len(known) >= len(each.known):
            return ""
        if len(known) == 1 and ABSENT not in ratios:
            return ""
        name = self._free("t")
        self.columns[name] = tuple(1 if each is ABSENT else int(each) for each in ratios)
        return f"{name} * in"

    def _say_text(self, each: Differing, text: str) -> None:
        """Says a formula at all places, by a name where it would mean something else there."""
        reads_input = all(
            agree(slot.template.reads, self.ins) and not _is_repeated(slot.template)
            for slot in each.slots
        )
        if re.search(r"\bin\b", text) and not reads_input:
            name = self._free("c" if text == "in" else self._called(each))
            self.computed[name] = text
            self.texts.append((name, each.column))
            text = name
        elif " " in text:
            self.texts.append((text, each.column))
        self._say(each, text)

    def _say(self, each: Differing, text: str) -> None:
        for slot in each.slots:
            self.said[id(slot.template), slot.name] = Formula(text)

    def _called(self, each: Differing) -> str:
        """What a width is called by where it first stands."""
        first = each.slots[0]
        if first.name != "out":
            return first.name
        if id(first.template) in self.squeezed:
            return "squeeze"
        called = word(first, with_numbers=False)
        if self.words[called] > 1:
            called = word(first, with_numbers=True)
        return f"n{called}" if called[:1].isdigit() else called or "hidden"

    def _free(self, word: str) -> str:
        taken = {*self.columns, *self.computed, *_RESERVED, *KINDS}
        name, number = word, 1
        while name in taken:
            number += 1
            name = f"{word.rstrip('0123456789')}{number}"
        return name


def _is_repeated(template: Template) -> bool:
    """Whether what arrives at a step is another thing when it comes again."""
    return any(times not in (1, ABSENT) for times in template.values.get("repeat", ()))
