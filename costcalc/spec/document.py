"""A spec as typed, frozen data; every value keeps its place in the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from costcalc.errors import Mark
from costcalc.kinds.base import Kind
from costcalc.records import NamedTuple
from costcalc.spec.expression import Evaluate
from costcalc.spec.numbers import exact, same

if TYPE_CHECKING:
    from costcalc.arena.schedule import Schedule


class Expression(NamedTuple):
    """A value that is computed from the names in scope."""

    text: str
    evaluate: Evaluate
    names: frozenset[str]
    mark: Mark
    marking: str = ""
    """``fixed`` for a width that the multiplier leaves alone, ``scaled`` for one that it always
    scales; empty for one to which the general rule applies."""


class ListArgument(NamedTuple):
    """A value per axis, or a range per axis."""

    items: tuple[Argument, ...]
    mark: Mark


Argument: TypeAlias = Expression | ListArgument


class Parameter(NamedTuple):
    """A parameter of a network or of a block."""

    name: str
    default: Expression | None
    mark: Mark
    lowest: int | Fraction | None = None
    highest: int | Fraction | None = None
    choices: tuple[Any, ...] = ()
    doc: str = ""
    is_width: bool = False
    """Whether it is a number of channels, which the width multiplier scales."""


class PrintedShape(NamedTuple):
    """A shape that the paper prints beside a layer, channels first."""

    sides: tuple[Expression, ...]
    mark: Mark
    may_be_size: bool = False
    """Whether it may be the columns and rows of a map, whose channels the paper does not print."""


ALL = "all"
"""What a layer borrows if it borrows all its params of an event, at any width."""


class Common(NamedTuple):
    """The arguments that every step may have."""

    mark: Mark
    name: str = ""
    sources: tuple[tuple[str, Mark], ...] | None = None
    """The names of its inputs; None for the step before it."""
    when: Expression | None = None
    repeat: Expression | None = None
    first_only: tuple[tuple[str, Mark], ...] = ()
    """Arguments that apply only to the first of several repeats."""
    input: PrintedShape | None = None
    output: PrintedShape | None = None
    gate: tuple[Step, ...] = ()
    """Steps that read this step's input and decide whether it runs."""
    execute: Expression | None = None
    """The probability that it runs."""
    shares: str = ""
    """Steps with the same word here use the params of the first of them."""
    borrows: Mapping[str, Expression] = MappingProxyType({})
    """Params counted with another layer, by the name of their event."""
    is_hosted: bool = False
    """Whether it is the norm or activation of its input, as if written on the same line."""


class LayerStep(NamedTuple):
    """A layer."""

    common: Common
    kind: Kind
    arguments: Mapping[str, Argument]
    norm: Expression | None = None
    act: Expression | None = None
    filter: PrintedShape | None = None
    """The filter's shape as the paper prints it, to check the channels."""
    functional: Expression | None = None
    """Whether the implementation calls a function or an operator instead of a module."""
    functional_act: Expression | None = None


class BlockStep(NamedTuple):
    """A call of a block."""

    common: Common
    block: str
    arguments: Mapping[str, Argument]
    to: tuple[str, Mark] | None = None
    """For a network: the last layer, or block, by the name that its report has for it."""


class SequenceStep(NamedTuple):
    """Several steps in a row, as one step."""

    common: Common
    steps: tuple[Step, ...]


class Branch(NamedTuple):
    """One of several branches: steps, or the input itself without any."""

    name: str
    """'' for none."""
    steps: tuple[Step, ...]
    when: Expression | None = None
    """If false, there is no such branch."""
    repeat: Expression | None = None
    """How many of them there are, side by side."""


class JoinStep(NamedTuple):
    """Branches that read the same input, and the layer that joins them."""

    common: Common
    kind: Kind
    branches: tuple[Branch, ...]
    act: Expression | None = None
    functional: Expression | None = None
    functional_act: Expression | None = None
    arguments: Mapping[str, Argument] = MappingProxyType({})
    """Arguments of the layer that joins the branches."""


Step: TypeAlias = LayerStep | BlockStep | SequenceStep | JoinStep


def inner_steps(step: Step) -> tuple[Step, ...]:
    """The steps written inside a step, including those of its gate."""
    inner: tuple[Step, ...] = ()
    if isinstance(step, SequenceStep):
        inner = step.steps
    elif isinstance(step, JoinStep):
        inner = tuple(branch_step for branch in step.branches for branch_step in branch.steps)
    return (*step.common.gate, *inner)


class Block(NamedTuple):
    """A named list of steps, with parameters."""

    name: str
    parameters: Mapping[str, Parameter]
    inputs: tuple[str, ...]
    steps: tuple[Step, ...]
    mark: Mark
    network: Document | None = None
    """The network that it is, if it is one; it has no steps of its own then."""
    settings: Mapping[str, Any] = MappingProxyType({})
    """The network's settings, which calls override."""


class Rounding(NamedTuple):
    """How the width multiplier rounds: the rule's name and its divisor."""

    rule: str = "floor"
    divisor: int = 1


class Title(NamedTuple):
    """A network's name, which may depend on its parameters."""

    text: str
    """The name if no case applies; ``{parameter}`` stands for that parameter's value."""
    parameter: str = ""
    cases: tuple[tuple[Any, str], ...] = ()
    """Names at some values of the parameter."""

    def at(self, values: Mapping[str, Any]) -> str:
        """The name at these values of parameters."""
        here = values.get(self.parameter)
        text = next((name for value, name in self.cases if same(here, value)), self.text)
        for parameter, value in values.items():
            if f"{{{parameter}}}" in text:
                text = text.replace(f"{{{parameter}}}", exact(value))
        return text


class Accuracy(NamedTuple):
    """A network's accuracy at some settings, as printed in a paper."""

    settings: Mapping[str, Any]
    """The settings it was measured at; other parameters have their defaults."""
    top1: int | Fraction
    """ImageNet top-1, in per cent."""
    source: str
    mark: Mark


class Declared(NamedTuple):
    """The values of a parameter in the space that a spec declares."""

    values: tuple[Any, ...] | str
    """The values, or the text of a range."""
    marks: tuple[Mark, ...]
    """Where each value is, or the range."""


class Document(NamedTuple):
    """A network's spec, read and checked as far as possible without sizes."""

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
    family: str = ""
    """What it is listed under, a key of ``family.FAMILIES``; '' if its spec does not say."""
    symbols: tuple[str, ...] = ()
    """The parameters that stay symbols in its closed form, if not ``alpha`` and ``res``."""
    space: Mapping[str, Declared] = MappingProxyType({})
    """What a search chooses among, by parameter."""
    sized_by: frozenset[str] = frozenset()
    """Settings for whose values alone it is valid, as for a model traced at one size."""
    reread: Callable[[Mapping[str, Any]], Document] | None = None
    """Reads it again at other values of these settings."""
    groups: Mapping[str, str] = MappingProxyType({})
    """What the paths inside the layers' own names are: blocks or sequences."""
    folded: frozenset[str] = frozenset()
    """The paths that tables show as one row unless a depth is asked for: single operations."""
    notes: tuple[str, ...] = ()
    """What a reader must know of its totals: a choice, a bound, a guess; whole sentences."""
    inputs: Mapping[str, str] = MappingProxyType({})
    """The types of numbers of its inputs, '' if unknown, by name, the first input's first."""
    schedule: Schedule | None = None
    """Its tensors and steps at its own settings, if its file is what a runtime plans."""
    is_file_resized: bool = False
    """Whether its file states its tensors and steps, but at another input."""
    in_training: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    """What a model does in training that no step states: names of modules, by what it is."""

    def titled(self, values: Mapping[str, Any]) -> str:
        """The network's name at these values of its parameters."""
        return self.title.at(values)
