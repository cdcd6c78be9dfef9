"""A class of modules, from its instances in a network."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Sequence

from costcalc.blocks.columns import ABSENT, Column, computed, is_same, present
from costcalc.blocks.parameters import BlockParameter, Expression
from costcalc.blocks.tree import without_number
from costcalc.exporters.torch.code import CallCode, Code, KeywordCode, counted
from costcalc.exporters.torch.modules import (
    CONSTRUCTOR,
    REQUIRED,
    Argument,
    Module,
    ModuleRef,
    Path,
    new,
)
from costcalc.exporters.torch.names import attribute
from costcalc.exporters.torch.parameters import ModuleParameters
from costcalc.exporters.torch.unions import ModuleInstance, UnionGraph, UnionStep
from costcalc.names import FreeNames

_WIDTHS = ("in_channels", "out_channels", "in_features", "out_features", "num_features")


class ModuleClass:
    """The expression for every number of a class, and the conditions of its steps."""

    def __init__(
        self,
        name: str,
        instances: Sequence[ModuleInstance],
        union: UnionGraph,
        base: str,
        words: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.base = base
        self.words = words
        """What the network calls its instances; empty for the network's own class."""
        self.instances = instances
        self.union = union
        self.solver = ModuleParameters([instance.facts for instance in instances])
        self.expressions: dict[str, dict[Path, Expression]] = {}
        """The numbers of each step, by its key and their paths."""
        self.conditions: dict[str, Expression] = {}
        """The condition of each step that some instances lack, by its key."""
        self.holds: dict[str, tuple[bool, ...]] = {}
        self.defaults: dict[str, set[Path]] = {}
        """The numbers that have their default value in every instance."""
        # Steps that all instances have come first: the others are then expressed in the same terms.
        for step in union.steps:
            if all(step.present):
                for path, arguments in step.columns.items():
                    self.solver.known(_values(arguments), path[-1])
        for step in union.steps:
            self._solve(step)
        self.names = _attributes(union)
        self.parameters = self.solver.parameters()
        self.locals = self._locals()

    def module(self, number: int) -> Module:
        """The call of the class that builds an instance."""
        return new(self.name, *(_argument(parameter, number) for parameter in self.parameters))

    def built(self, step: UnionStep) -> Code:
        """The code that builds a step's module."""
        module = step.any.module
        if isinstance(module, ModuleRef):
            return self._text(step.key, (CONSTRUCTOR,))
        if module is None:
            raise AssertionError("a step without a module builds none")
        return self._code(step, module, ())

    def condition(self, step: UnionStep) -> str | None:
        """The condition of a step that some instances lack."""
        condition = self.conditions.get(step.key)
        return condition.text if condition is not None else None

    def numbers(self, step: UnionStep) -> dict[str, str]:
        """The numbers of a step's line in ``forward``."""
        return {
            name: self.kept(step, name) or self._text(step.key, (name,))
            for name in step.any.numbers
        }

    def kept(self, step: UnionStep, number: str) -> str | None:
        """The attribute that stores a number for ``forward``; None for a literal."""
        if _is_literal(self.expressions[step.key][(number,)]):
            return None
        return f"self.{attribute(f'{self.names[step.key]}_{number}')}"

    def number(self, step: UnionStep, number: str) -> str:
        """A number of a step's line, in the constructor."""
        return self._text(step.key, (number,))

    def _solve(self, step: UnionStep) -> None:
        """Finds the expressions for a step's numbers, then its condition."""
        self.expressions[step.key] = expressions = {}
        self.defaults[step.key] = defaults = set()
        for path, arguments in step.columns.items():
            column = _values(arguments)
            if all(map(_is_default, present(arguments))):
                defaults.add(path)
            hint = self._hint(step, path, present(arguments)[0])
            is_padding = path[-1] == "padding" and step.key != "pad"
            conditional = self._conditional(column) if is_padding else None
            expressions[path] = conditional or self.solver.expression(column, hint, path[-1])
        if not all(step.present):
            self.holds[step.key] = holds = step.present
            self.conditions[step.key] = (
                self._given_with_step(expressions, holds)
                or self.solver.condition(holds)
                or self._give_with_step(step, expressions)
                or self.solver.flag(f"has_{step.key}", holds)
            )

    def _given_with_step(
        self, expressions: dict[Path, Expression], holds: tuple[bool, ...]
    ) -> Expression | None:
        """The step's parameter that is given exactly if the step is present."""
        texts = {one.text for one in expressions.values() if not _is_literal(one)}
        for one in self.solver.named():
            is_given = tuple(value is not ABSENT and bool(value) for value in one.column)
            if one.text in texts and is_given == holds:
                return one
        return None

    def _give_with_step(
        self, step: UnionStep, expressions: dict[Path, Expression]
    ) -> Expression | None:
        """A new parameter for the step's only number, given if the step is present."""
        numbers = [path for path in expressions if path[-1] != CONSTRUCTOR]
        only = expressions[numbers[0]] if len(numbers) == 1 else None
        if only is None or not _is_literal(only) or not only.column[0]:
            return None
        expressions[numbers[0]] = self.solver.add(step.key, _where(only.column, step.present))
        return expressions[numbers[0]]

    def _conditional(self, column: Column) -> Expression | None:
        """A padding that depends on whether a padding module comes before it."""
        known = self.solver.known(column, "padding")
        if known is not None:
            return known
        for key, holds in self.holds.items():
            halves = _where(column, holds), _where(column, [not held for held in holds])
            if all(map(present, halves)):
                yes, no = (self.solver.known(half, "padding") for half in halves)
                if yes is not None and no is not None:
                    condition = self.conditions[key]
                    text = f"{yes.text} if {condition.text} else {no.text}"
                    return Expression(text, column, condition.names)
        return None

    def _hint(self, step: UnionStep, path: Path, argument: Argument) -> str:
        if self.base == "nn.Sequential":
            is_act, is_pad = path[-1] == CONSTRUCTOR, step.key == "pad"
            return "act" if is_act else "pad" if is_pad else argument.name
        if isinstance(argument.value, ModuleRef):
            return argument.name
        if argument.name in _WIDTHS:
            return f"{step.key}_channels"
        if path[-1] == CONSTRUCTOR:
            return f"{step.key}_type"
        name = argument.name
        return f"{step.key}_{name}" if name in self.solver.columns else name

    def _locals(self) -> dict[str, str]:
        """Names for arithmetic that occurs more than once, by its text."""
        texts: Counter[str] = Counter()
        hints: dict[str, str] = {}
        for step in self.union.steps:
            for path, one in self.expressions[step.key].items():
                if not _is_literal(one) and " " in one.text:
                    texts[one.text] += path[-1] != "padding"
                    hints.setdefault(one.text, f"{step.key}_{path[-1]}")
                    if path[-1] in _WIDTHS:
                        hints[one.text] = hints[one.text].replace(path[-1], "channels")
        names = FreeNames(parameter.name for parameter in self.parameters)
        return {
            text: names.free(attribute(hints[text])) for text, times in texts.items() if times > 1
        }

    def _text(self, key: str, path: Path) -> str:
        text = self.expressions[key][path].text
        return self.locals.get(text, text)

    def _code(self, step: UnionStep, module: Module, path: Path) -> Code:
        expressions = self.expressions[step.key]
        items: list[Code] = []
        for argument in module.arguments:
            inner = (*path, argument.name)
            if isinstance(argument.value, Module):
                value = self._code(step, argument.value, inner)
            elif inner in self.defaults[step.key] and _is_literal(expressions[inner]):
                continue
            else:
                value = self._text(step.key, inner)
            items.append(value if argument.by_position else KeywordCode(argument.name, value))
        head = expressions[(*path, CONSTRUCTOR)].text
        return CallCode(head, counted(items) if head == "nn.Sequential" else tuple(items))


def _values(arguments: Column) -> Column:
    return computed(operator.attrgetter("value"), arguments)


def _where(column: Column, holds: Sequence[bool]) -> Column:
    """The values of some instances."""
    return tuple(value if held else ABSENT for value, held in zip(column, holds, strict=True))


def _is_default(argument: Argument) -> bool:
    return argument.default is not REQUIRED and is_same(argument.default, argument.value)


def _argument(parameter: BlockParameter, number: int) -> Argument:
    value = parameter.column[number]
    if parameter.default is ABSENT:
        return Argument(parameter.name, value, by_position=True)
    return Argument(parameter.name, None if value is ABSENT else value, parameter.default)


def _is_literal(one: Expression) -> bool:
    return not one.names


def _attributes(union: UnionGraph) -> dict[str, str]:
    """The name of each step's module; unnamed steps are numbered if there are several."""
    words = Counter(without_number(step.key) for step in union.steps if not step.any.is_named)
    shorts = Counter(step.any.short for step in union.steps)
    named = {step.key for step in union.steps if step.any.is_named}
    counts: Counter[str] = Counter()
    names = FreeNames()
    attributes: dict[str, str] = {}
    for step in union.steps:
        key, word = step.key, without_number(step.key)
        if not step.any.is_named:
            counts[word] += 1
            is_only = words[word] == 1 and word not in named
            key = word if is_only else f"{word}{'_' * word[-1].isdigit()}{counts[word]}"
        short = step.any.short
        if short and shorts[short] == 1 and short not in named and short not in words:
            key = short
        attributes[step.key] = names.free(attribute(key, step.any.prefix))
    return attributes
