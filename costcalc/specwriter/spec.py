"""The whole spec, held to the network that it was written from before it is given away."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from costcalc.blocks.block import Block
from costcalc.blocks.branches import nested
from costcalc.blocks.concatenation import chained
from costcalc.blocks.finder import Blocks
from costcalc.blocks.lines import Lines, lines
from costcalc.blocks.repeats import repeated
from costcalc.blocks.steps import Formula, Step, walk
from costcalc.errors import Mark, Problem, SpecError
from costcalc.graph.expand import expand
from costcalc.graph.layer import LayerGraph
from costcalc.kinds import KINDS
from costcalc.kinds.base import NONE
from costcalc.reporting.figures import printable
from costcalc.spec.reader import read
from costcalc.specwriter import yaml
from costcalc.specwriter.defaults import convolutions
from costcalc.specwriter.names import named, titled
from costcalc.specwriter.same import difference
from costcalc.specwriter.text import Context, block, items

_SHOWN = 8
"""Names of layers that a comment lists."""


def spec(
    graph: LayerGraph,
    comments: tuple[str, ...] = (),
    is_flat: bool = False,
    is_sized: bool = False,
) -> str:
    """The text of a spec whose layers are those of a graph, one by one.

    The text is read back before it is given away.  Where branches, repeats and
    blocks would not give the same layers in the same order, it has fewer of
    them; ``is_flat`` asks for none.

    Raises:
        SpecError: no text gives this graph.
    """
    graph = chained(graph)
    sized = _sized(lines(graph)) if is_sized else ()
    if sized:
        comments = (*comments, *_warning(sized))
    found = ""
    for steps, blocks in _attempts(graph, is_flat):
        text = _text(graph, steps, blocks, comments, is_sized=bool(sized))
        found = _wrong(text, graph)
        if not found:
            return text
    raise SpecError(
        [Problem(Mark(graph.file), f"no spec gives all layers of {graph.name}", found=found)]
    )


def _attempts(
    graph: LayerGraph, is_flat: bool
) -> Iterator[tuple[tuple[Step, ...], Mapping[str, Block]]]:
    """The steps of a network, and its blocks, with less and less structure."""
    if not is_flat:
        found = lines(graph)
        steps = nested(found, graph.gated)
        finder = Blocks(found, graph.blocks)
        called = titled(named(finder.called(steps)), finder.blocks)
        yield called, {name: _named(block) for name, block in finder.blocks.items()}
        yield named(repeated(steps, {})), {}
    for is_folded in (True, False):
        steps = nested(lines(graph, is_folded), graph.gated, is_flat=True)
        yield named(steps, is_flat=True), {}


def _named(block: Block) -> Block:
    return block._replace(steps=named(block.steps))


def _sized(found: Lines) -> tuple[str, ...]:
    """The layers that hold sizes as numbers, which may hold for one input alone."""
    named = []
    for step, *_ in found.lines:
        is_weight = step.values.get("of", "other") != "other"
        sizes = step.values.get("size" if step.word == "upsample" else "shape")
        if not is_weight and _holds_sizes(sizes):
            named.append(step.path)
    return tuple(named)


def _holds_sizes(values: Any) -> bool:
    """Whether a list is of several sizes that are numbers."""
    if isinstance(values, int):
        return True
    return isinstance(values, tuple) and (
        sum(isinstance(value, int) and value not in (1, -1) for value in values) > 1
    )


def _warning(layers: tuple[str, ...]) -> list[str]:
    shown = ", ".join(map(printable, layers[:_SHOWN]))
    more = f" and {len(layers) - _SHOWN} more" if len(layers) > _SHOWN else ""
    return textwrap.wrap(
        "At another resolution the sizes would be others that these layers hold as numbers: "
        f"{shown}{more}.",
        width=yaml.WIDTH - 2,
        break_on_hyphens=False,
    )


def _wrong(text: str, graph: LayerGraph) -> str:
    """What a text says differently from a graph; nothing where the two agree."""
    try:
        document = read(text.encode(), graph.file, lambda name: None)
        return difference(expand(document, {}), graph)
    except SpecError as error:
        return str(error)


def _text(
    graph: LayerGraph,
    steps: tuple[Step, ...],
    blocks: Mapping[str, Block],
    comments: tuple[str, ...],
    is_sized: bool,
) -> str:
    parameters, input = _input(graph, is_sized)
    steps, classes = _classified(steps, blocks, graph)
    if classes is not None:
        parameters["classes"] = _parameter(classes, "outputs of the classifier")
    conv = convolutions(walk((*steps, *(step for each in blocks.values() for step in each.steps))))
    context = Context(conv, blocks)
    head: dict[str, yaml.Node] = {"name": printable(graph.name)}
    if graph.source:
        head["source"] = yaml.Rows({key: printable(text) for key, text in graph.source.items()})
    head["input"] = input
    if parameters:
        head["parameters"] = yaml.Rows(parameters)
    if conv:
        head["defaults"] = yaml.Rows(conv=conv)
    text = [*(f"# {line}" for line in comments), *yaml.lines(head), ""]
    if blocks:
        text.append("blocks:")
        for name, each in blocks.items():
            text += [*(f"  {line}" for line in yaml.lines({name: block(each, context)})), ""]
    return "\n".join([*text, *yaml.lines({"layers": items(steps, context)}), ""])


def _input(graph: LayerGraph, is_sized: bool) -> tuple[dict[str, yaml.Node], list[yaml.Node]]:
    """The parameter that the sides of a square input are, and the input."""
    channels, *sides = graph.input
    if len(sides) == 2 and len(set(sides)) == 1 and not is_sized:
        side = Formula("res")
        return {"res": _parameter(sides[0], "input resolution")}, [channels, side, side]
    return {}, [channels, *sides]


def _classified(
    steps: tuple[Step, ...], blocks: Mapping[str, Block], graph: LayerGraph
) -> tuple[tuple[Step, ...], Any]:
    """Steps whose classifier speaks of ``classes``, and how many those are.

    It is the last layer with an ``out``: fully connected, or a convolution where
    the network gives no map.
    """
    gives_vector = all(side == 1 for side in graph.layers[-1].output[1:])
    for at in range(len(steps) - 1, -1, -1):
        step = steps[at]
        if _is_source(step, blocks):
            continue
        if step.parts or step.word not in KINDS:
            break
        out = step.values.get("out")
        if out is None:
            continue
        if step.word == "fc" or (step.word == "pointwise" and gives_vector):
            return (*steps[:at], step.say(out=Formula("classes")), *steps[at + 1 :]), out
        break
    return steps, None


def _is_source(step: Step, blocks: Mapping[str, Block]) -> bool:
    """Whether a step reads nothing: a learned tensor, or a block of such."""
    if step.word in blocks:
        return all(_is_source(each, blocks) for each in blocks[step.word].steps)
    return step.word in KINDS and KINDS[step.word].arity == NONE


def _parameter(value: Any, doc: str) -> Mapping[str, yaml.Node]:
    return {"default": value, "doc": doc}
