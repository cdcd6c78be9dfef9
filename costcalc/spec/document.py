"""A spec as typed, frozen data: every value still knows where it was written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any, TypeAlias

from costcalc.errors import Mark
from costcalc.kinds.base import Kind
from costcalc.records import NamedTuple
from costcalc.spec.expression import Evaluate
from costcalc.spec.numbers import exact, same


class Expression(NamedTuple):
    """A value that is computed from the names in scope."""

    text: str
    evaluate: Evaluate
    names: frozenset[str]
    mark: Mark
    is_fixed: bool = False
    """Whether it is a width that the multiplier leaves alone."""


class ListArgument(NamedTuple):
    """A value per axis, or a range per axis."""

    items: tuple[Argument, ...]
    mark: Mark


Argument: TypeAlias = Expression | ListArgument


class Parameter(NamedTuple):
    """A name that a network or a block computes with."""

    name: str
    default: Expression | None
    mark: Mark
    lowest: int | Fraction | None = None
    highest: int | Fraction | None = None
    choices: tuple[Any, ...] = ()
    doc: str = ""
    is_width: bool = False
    """Whether its value is channels, which the width multiplier scales on the way in."""


class PrintedShape(NamedTuple):
    """A shape that the paper prints beside a layer, channels first."""

    sides: tuple[Expression, ...]
    mark: Mark


class Common(NamedTuple):
    """What every kind of step may state besides its own arguments."""

    mark: Mark
    name: str = ""
    sources: tuple[tuple[str, Mark], ...] | None = None
    """What it reads, by name; None for the step before it."""
    when: Expression | None = None
    repeat: Expression | None = None
    first_only: tuple[tuple[str, Mark], ...] = ()
    """Arguments that hold for the first of several repeats alone."""
    input: PrintedShape | None = None
    output: PrintedShape | None = None
    gate: tuple[Step, ...] = ()
    """Steps that read what this one reads, and decide whether it runs."""
    execute: Expression | None = None
    """The probability that it runs."""
    shares: str = ""
    """All steps that say one word here use the params of the first of them."""
    borrows: Mapping[str, Expression] = MappingProxyType({})
    """Params of the layer that another one counts, by the name of their event."""
    is_hosted: bool = False
    """Whether it is the norm or the activation of the layer that it reads, as on one line."""


class LayerStep(NamedTuple):
    """A layer of some kind."""

    common: Common
    kind: Kind
    arguments: Mapping[str, Argument]
    norm: Expression | None = None
    act: Expression | None = None
    filter: PrintedShape | None = None
    """The filter's shape as the paper prints it, for the check of its channels."""
    functional: Expression | None = None
    """Whether the implementation spoken of calls a function, or an operator, and no module."""
    functional_act: Expression | None = None


class BlockStep(NamedTuple):
    """A block, called with arguments."""

    common: Common
    block: str
    arguments: Mapping[str, Argument]


class SequenceStep(NamedTuple):
    """Steps one after another, as one."""

    common: Common
    steps: tuple[Step, ...]


class JoinStep(NamedTuple):
    """Branches from one input, joined by a layer."""

    common: Common
    kind: Kind
    branches: tuple[tuple[str, tuple[Step, ...]], ...]
    """Each branch's name, empty for none, and its steps; without steps, the input itself."""
    act: Expression | None = None
    only_if: Expression | None = None
    """Where it does not hold, the last branch stands alone."""
    functional: Expression | None = None
    functional_act: Expression | None = None
    arguments: Mapping[str, Argument] = MappingProxyType({})
    """Of the layer that joins them."""


Step: TypeAlias = LayerStep | BlockStep | SequenceStep | JoinStep


class Block(NamedTuple):
    """Steps with parameters, under a name."""

    name: str
    parameters: Mapping[str, Parameter]
    inputs: tuple[str, ...]
    steps: tuple[Step, ...]
    mark: Mark


class Rounding(NamedTuple):
    """How the width multiplier rounds: the rule's name and its divisor."""

    rule: str = "floor"
    divisor: int = 1


class Title(NamedTuple):
    """What a network is called."""

    text: str
    """Its name, where none of the cases holds; ``{parameter}`` is that parameter's value."""
    parameter: str = ""
    cases: tuple[tuple[Any, str], ...] = ()
    """Its name at some values of the parameter."""

    def at(self, values: Mapping[str, Any]) -> str:
        """The name at these values of parameters."""
        here = values.get(self.parameter)
        text = next((name for value, name in self.cases if same(here, value)), self.text)
        for parameter, value in values.items():
            text = text.replace(f"{{{parameter}}}", exact(value))
        return text


class Accuracy(NamedTuple):
    """What a network achieves at some settings, as a paper prints it."""

    settings: Mapping[str, Any]
    """The settings that it was measured at; other parameters have their defaults."""
    top1: int | Fraction
    """ImageNet top-1, in per cent."""
    source: str
    mark: Mark


class Document(NamedTuple):
    """A network's spec, read and checked as far as it can be without its sizes."""

    title: Title
    file: str
    source: Mapping[str, str]
    input: tuple[Expression, ...]
    parameters: Mapping[str, Parameter]
    rounding: Rounding
    blocks: Mapping[str, Block]
    steps: tuple[Step, ...]
    description: str = ""
    accuracies: tuple[Accuracy, ...] = ()
    sized_by: frozenset[str] = frozenset()
    """Settings at whose values alone it holds, as a model does that was traced at one size."""
    reread: Callable[[Mapping[str, Any]], Document] | None = None
    """Reads it again at other values of these."""
    groups: Mapping[str, str] = MappingProxyType({})
    """What paths inside the layers' names are, where the names themselves hold them."""

    def titled(self, values: Mapping[str, Any]) -> str:
        """The network's name at these values of its parameters."""
        return self.title.at(values)
