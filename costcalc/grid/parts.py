"""The parts of a network that its costs are the sum of, and the parameters that each names.

A part is an outermost step: a row of the network's table, a block, a layer.  What it costs
depends on the names in its own text, on the shapes that reach it, and on nothing else.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping

from costcalc.graph.calls import names
from costcalc.graph.parameters import all_parameters
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
    """An outermost step of a network, and the names in its text."""

    step: Step
    names: frozenset[str]
    """The names in its text, and in the conditions of the sequences around it."""
    conditions: frozenset[str]
    """Those of them that decide whether, and how often, it occurs."""
    reads: frozenset[str]
    """The outermost steps that it reads by their names."""
    has_recent: bool
    """Whether it reads several of the steps before it, by their order."""


def parts(document: Document) -> tuple[PartText, ...]:
    """The parts of a network, in the order in which they run."""
    found = [*_parts(document, document.steps, frozenset())]
    shared: dict[str, frozenset[str]] = {}
    for part in found:
        for word in _shared(document, part.step):
            shared[word] = shared.get(word, frozenset()) | part.names
    return tuple(
        part._replace(
            names=part.names.union(*(shared[word] for word in _shared(document, part.step)))
        )
        for part in found
    )


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
    document: Document, steps: tuple[Step, ...], around: frozenset[str]
) -> Iterator[PartText]:
    for step in steps:
        if is_plain(step):
            assert isinstance(step, SequenceStep)
            yield from _parts(document, step.steps, around | _of(step.common.when))
        else:
            conditions = around | _of(step.common.when) | _of(step.common.repeat)
            reads = frozenset(word for inner in _written(step) for word, _ in _sources(inner))
            recent = any(_reads_recent(document, inner) for inner in _written(step))
            yield PartText(step, around | _text(document, step), conditions, reads, recent)


def is_plain(step: Step) -> bool:
    """Whether a step only stands around others, each of which is a part of its own."""
    common = step.common
    return isinstance(step, SequenceStep) and not (
        common.name or common.repeat or common.gate or common.execute or common.shares
    )


def _written(step: Step) -> Iterator[Step]:
    """A step and all that are written inside it, without those of blocks."""
    yield step
    for inner in inner_steps(step):
        yield from _written(inner)


def _sources(step: Step) -> tuple[tuple[str, object], ...]:
    return step.common.sources or ()


def _reads_recent(document: Document, step: Step) -> bool:
    is_block = isinstance(step, BlockStep) and len(document.blocks[step.block].inputs) > 1
    return is_block and step.common.sources is None


def _text(document: Document, step: Step) -> frozenset[str]:
    """The names in a step's text, and in the blocks that it calls."""
    return frozenset[str]().union(*(_own(document, inner) for inner in _written(step)))


def _own(document: Document, step: Step) -> frozenset[str]:
    common = step.common
    found = _of(common.when) | _of(common.repeat) | _of(common.execute)
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


def _shared(document: Document, step: Step) -> Mapping[str, None]:
    """The words by which a step, or one inside it, shares params."""
    words: dict[str, None] = {}
    for inner in _written(step):
        if inner.common.shares:
            words[inner.common.shares] = None
        if isinstance(inner, BlockStep):
            for own in document.blocks[inner.block].steps:
                words |= dict(_shared(document, own))
    return words
