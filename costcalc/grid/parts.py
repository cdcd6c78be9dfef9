"""The parts of a network that its costs are the sum of, and the parameters that each names.

A part is an outermost step: a row of the network's table, a block, a layer.  What it costs
depends on the names in its own text, on what reaches it, and on what shares its params, its
name or its memory; the text tells which parts these are.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from functools import reduce
from itertools import pairwise

from costcalc.graph.bindings import AXES
from costcalc.graph.calls import names
from costcalc.graph.outline import default_name
from costcalc.graph.parameters import all_parameters
from costcalc.graph.scope import REMEMBERED
from costcalc.records import NamedTuple
from costcalc.spec.document import (
    Block,
    BlockStep,
    Document,
    Expression,
    JoinStep,
    LayerStep,
    SequenceStep,
    Step,
    inner_steps,
)


class PartText(NamedTuple):
    """An outermost step of a network, or several in a row, and the names in their text."""

    steps: tuple[Step, ...]
    names: frozenset[str]
    """The names in the text, and in the conditions of the sequences around it."""
    structure: frozenset[str]
    """Those of them that may decide which layers it has, rather than their sizes."""
    conditions: frozenset[str]
    """Those of them that decide whether, and how often, it occurs."""
    widths: frozenset[str]
    """Those of them in the width that it hands on, as far as the text tells."""
    is_optional: bool
    """Whether it may be left out."""
    reads: frozenset[str]
    """The outermost steps that it reads by their names."""
    follows: bool
    """Whether it reads the step before it."""
    has_recent: bool
    """Whether it reads several of the steps before it, by their order."""
    called: frozenset[str]
    """The names of its steps, by which others read their results."""
    inner: frozenset[str]
    """The names of steps inside unnamed sequences, likewise."""
    shares: frozenset[str]
    """The words by which it shares params."""
    words: frozenset[str]
    """What layers without a name are called: they are numbered throughout the network."""

    def joined(self, other: PartText) -> PartText:
        """This part and the next one as one."""
        return PartText(
            (*self.steps, *other.steps),
            self.names | other.names,
            self.structure | other.structure,
            self.conditions | other.conditions,
            other.widths,
            self.is_optional and other.is_optional,
            self.reads | other.reads,
            self.follows or other.follows,
            self.has_recent or other.has_recent,
            self.called | other.called,
            self.inner | other.inner,
            self.shares | other.shares,
            self.words | other.words,
        )


def parts(document: Document) -> tuple[PartText, ...]:
    """The parts of a network, in the order in which they run."""
    return tuple(_parts(document, document.steps, frozenset(), is_optional=False))


def joined(parts: Sequence[PartText], index: int) -> tuple[PartText, ...]:
    """The parts, with one of them joined to those that it reads and all in between."""
    part = parts[index]
    before = [at for at in range(index) if not part.reads.isdisjoint(parts[at].called)]
    first = index - 1
    if part.follows:
        while first > 0 and parts[first].is_optional:
            first -= 1
    first = max(0, min([first, *before, *([index - REMEMBERED] if part.has_recent else [])]))
    together = reduce(PartText.joined, parts[first : index + 1])
    return (*parts[:first], together, *parts[index + 1 :])


def predicting(document: Document, parts: Sequence[PartText]) -> frozenset[int]:
    """The parts among which the network's predictions are, whose widths are not scaled.

    They are the last ones, from one on through whose layers with a width all ways to the
    outputs lead; all parts, if the text does not tell.
    """
    found = set[int]()
    for index in reversed(range(len(parts))):
        found.add(index)
        if _ends_features(document, parts[index]):
            break
    first = min(found, default=0)
    outside = frozenset[str]().union(*(part.called | part.inner for part in parts[:first]))
    read = frozenset[str]().union(*(part.reads for part in parts if not part.is_optional))
    inside = frozenset[str]().union(*(parts[index].reads for index in found))
    is_told = inside.isdisjoint({*outside, "input"}) and not any("/" in name for name in inside)
    for before, after in pairwise(parts[: first + 1]):
        is_told = is_told and (after.follows or not before.called.isdisjoint(read))
    has_features = any(_ends_features(document, part) for part in parts[:first])
    return frozenset(found if is_told and has_features else range(len(parts)))


def _ends_features(document: Document, part: PartText) -> bool:
    """Whether what a part hands on was made by a layer with a width, at any setting."""
    is_single = len(part.steps) == 1 and part.follows and not part.is_optional
    return is_single and _has_width(document, part.steps)


def _has_width(document: Document, steps: Sequence[Step]) -> bool:
    """Whether the last of some steps, or one before it, is always a layer with a width."""
    for step in reversed(steps):
        common = step.common
        if common.sources is not None:
            return False
        if common.when is not None or common.repeat is not None:
            continue
        inside: Sequence[Sequence[Step]] = ()
        if isinstance(step, LayerStep) and step.kind.width in step.arguments:
            return True
        if isinstance(step, BlockStep):
            inside = (document.blocks[step.block].steps,)
        elif isinstance(step, SequenceStep):
            inside = (step.steps,)
        elif isinstance(step, JoinStep):
            inside = [branch.steps for branch in step.branches]
        if inside and all(_has_width(document, own) for own in inside):
            return True
    return False


def varied_by(document: Document, names: Iterable[str], varied: Container[str]) -> frozenset[str]:
    """The varied parameters that some names depend on, also through the defaults of others."""
    parameters = all_parameters(document)
    found, pending = set(), [*names]
    seen: set[str] = set()
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in varied:
            found.add(name)
        elif name in parameters:
            pending += _of(parameters[name].default)
    return frozenset(found)


def _parts(
    document: Document, steps: tuple[Step, ...], around: frozenset[str], *, is_optional: bool
) -> Iterator[PartText]:
    for step in steps:
        common = step.common
        may_lack = is_optional or common.when is not None or common.repeat is not None
        if is_plain(step):
            assert isinstance(step, SequenceStep)
            inside = around | _of(common.when)
            yield from _parts(document, step.steps, inside, is_optional=may_lack)
            continue
        written = tuple(_written(step))
        yield PartText(
            (step,),
            around | _text(document, step),
            around | _structure(document, step),
            around | _of(common.when) | _of(common.repeat),
            _widths(document, step),
            may_lack,
            frozenset(word for inner in written for word, _ in inner.common.sources or ()),
            common.sources is None,
            any(_reads_recent(document, inner) for inner in written),
            frozenset((common.name,) if common.name else ()),
            frozenset(_inner_names(step)),
            frozenset(_shared(document, step)),
            frozenset(default_name(inner) for inner in written),
        )


def is_plain(step: Step) -> bool:
    """Whether a step only groups others, which are then parts themselves."""
    common = step.common
    if not _of(common.when).isdisjoint(AXES):
        return False  # its condition depends on the shape that reaches it
    return isinstance(step, SequenceStep) and not (
        common.name
        or common.repeat
        or common.gate
        or common.execute
        or common.shares
        or common.sources
    )


def _written(step: Step) -> Iterator[Step]:
    """A step and all steps written inside it, except those of blocks that it calls."""
    yield step
    for inner in inner_steps(step):
        yield from _written(inner)


def _inner_names(step: Step) -> Iterator[str]:
    """The names inside a sequence without one, which are visible around it."""
    if isinstance(step, SequenceStep) and not step.common.name:
        for inner in step.steps:
            if inner.common.name:
                yield inner.common.name
            yield from _inner_names(inner)


def _reads_recent(document: Document, step: Step) -> bool:
    is_block = isinstance(step, BlockStep) and len(document.blocks[step.block].inputs) > 1
    return is_block and step.common.sources is None


def _text(document: Document, step: Step) -> frozenset[str]:
    """The names in a step's text, and in the blocks that it calls."""
    return frozenset[str]().union(*(_own(document, inner) for inner in _written(step)))


def _structure(document: Document, step: Step) -> frozenset[str]:
    """The names that may decide which layers a step has."""
    if not isinstance(step, LayerStep) or step.common.gate:
        return _text(document, step)
    return frozenset[str]().union(
        *map(_of, (step.common.when, step.common.repeat, step.norm, step.act))
    )


def _widths(document: Document, step: Step) -> frozenset[str]:
    """The names in the width of a layer, in those given to a block, or in those of a last step."""
    if isinstance(step, SequenceStep):
        return _widths(document, step.steps[-1]) if step.steps else frozenset()
    if isinstance(step, LayerStep):
        given = {step.kind.width}
    elif isinstance(step, BlockStep):
        parameters = document.blocks[step.block].parameters.items()
        given = {name for name, parameter in parameters if parameter.is_width}
    else:
        return frozenset()
    arguments = step.arguments.items()
    return frozenset[str]().union(*(names(value) for name, value in arguments if name in given))


def _own(document: Document, step: Step) -> frozenset[str]:
    common = step.common
    found = _of(common.when) | _of(common.repeat) | _of(common.execute)
    found = found.union(*map(_of, common.borrows.values()))
    if isinstance(step, LayerStep | BlockStep | JoinStep):
        found |= frozenset[str]().union(*map(names, step.arguments.values()))
    if isinstance(step, LayerStep):
        found |= _of(step.norm) | _of(step.act)
    if isinstance(step, LayerStep | JoinStep):
        found |= _of(step.functional) | _of(step.functional_act)
    if isinstance(step, JoinStep):
        found |= _of(step.act)
        for branch in step.branches:
            found |= _of(branch.when) | _of(branch.repeat)
    if isinstance(step, BlockStep):
        found |= _inside(document, document.blocks[step.block])
    return found | {"alpha"}


def _inside(document: Document, block: Block) -> frozenset[str]:
    """The names of the network that a block reads without being given them."""
    inside = frozenset[str]().union(*(_text(document, step) for step in block.steps))
    for parameter in block.parameters.values():
        inside |= _of(parameter.default)
    return inside - block.parameters.keys()


def _of(expression: Expression | None) -> frozenset[str]:
    return expression.names if expression is not None else frozenset()


def _shared(document: Document, step: Step) -> Iterator[str]:
    """The words by which a step, or one inside it, shares params."""
    for inner in _written(step):
        if inner.common.shares:
            yield inner.common.shares
        if isinstance(inner, BlockStep):
            block = document.blocks[inner.block]
            for own in block.steps:
                yield from _shared(document, own)
            if block.network is not None:
                for own in block.network.steps:
                    yield from _shared(block.network, own)
