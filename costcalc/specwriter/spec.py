"""The whole spec, which is read back and compared with its network before it is returned."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from costcalc.blocks.attributes import attributes
from costcalc.blocks.concatenation import chained
from costcalc.blocks.finder import Structure, structures
from costcalc.blocks.lines import FlatSteps, flat_steps
from costcalc.blocks.steps import Block, Formula, Step, walk
from costcalc.errors import Mark, SpecError, refuse
from costcalc.escaping import printable, shortened
from costcalc.graph.expand import at_sizes, expand
from costcalc.graph.layer import LayerGraph
from costcalc.graph.predictions import predictions
from costcalc.graph.widths import WidthOrigin
from costcalc.kinds import KINDS
from costcalc.kinds.base import NONE
from costcalc.spec import limits
from costcalc.spec.document import Document
from costcalc.spec.reader import read
from costcalc.specwriter import yaml
from costcalc.specwriter.defaults import convolutions
from costcalc.specwriter.names import named, titled
from costcalc.specwriter.same import difference
from costcalc.specwriter.text import Context, block, items

_SHOWN = 8
"""The most names of layers that a comment lists."""

_NOTHING = yaml.Below([{"identity": {"when": False}}])
"""The layers of a network that has none: a spec lists at least one, left out."""


def to_spec(
    document: Document,
    settings: Mapping[str, Any],
    comments: tuple[str, ...] = (),
    is_flat: bool = False,
) -> str:
    """The spec of a model, or of another spec, at given settings.

    Its only parameters are the resolution and the number of classes.  ``comments`` are
    written above it.

    Raises:
        SpecError: a setting or a shape is wrong, or no spec can express the network.
    """
    document = at_sizes(document, settings)
    graph = expand(document, settings)
    return spec(graph, comments, is_flat, is_sized="res" in document.sized_by)


def spec(
    graph: LayerGraph,
    comments: tuple[str, ...] = (),
    is_flat: bool = False,
    is_sized: bool = False,
) -> str:
    """The text of a spec with exactly the layers of a graph.

    If branches, repeats and blocks would change the layers or their order, the spec has
    fewer of them; with ``is_flat`` it has none.

    Raises:
        SpecError: no text has the same layers.
    """
    graph = chained(graph)
    return checked(texts(graph, comments, is_flat, is_sized), graph)


def checked(texts: Iterable[str], graph: LayerGraph) -> str:
    """The first text with the layers of a graph.

    Raises:
        SpecError: none has.
    """
    found = ""
    for text in texts:
        found = _difference(text, graph)
        if not found:
            return text
    refuse(Mark(graph.file), f"no spec expresses all layers of {graph.name}", found=found)


def texts(
    graph: LayerGraph,
    comments: tuple[str, ...] = (),
    is_flat: bool = False,
    is_sized: bool = False,
) -> Iterator[str]:
    """Specs of a graph with less and less structure."""
    sized = _sized(flat_steps(graph)) if is_sized else ()
    sentences = (*map(printable, graph.notes), *([_warning(sized)] if sized else []))
    comments = (*comments, *(line for sentence in sentences for line in _wrapped(sentence)))
    for structure in structures(graph, is_flat):
        yield _text(graph, _named(structure), comments, is_sized=bool(sized))


def _named(structure: Structure) -> Structure:
    """The structure, with names for steps that others read and for calls of blocks."""
    steps = named(structure.steps, structure.is_flat)
    blocks = {
        name: block._replace(steps=named(block.steps)) for name, block in structure.blocks.items()
    }
    return structure._replace(steps=titled(steps, blocks), blocks=blocks)


def _sized(flat: FlatSteps) -> tuple[str, ...]:
    """The layers with numbers as sizes, which may be valid for only one input size."""
    paths = []
    for step, *_ in flat.steps:
        is_weight = step.values.get("of", "other") != "other"
        sizes = step.values.get("size" if step.word == "upsample" else "shape")
        if not is_weight and _are_numbers(sizes):
            paths.append(step.path)
    return tuple(paths)


def _are_numbers(values: Any) -> bool:
    """Whether an attribute contains several sizes as numbers."""
    if isinstance(values, int):
        return True
    return isinstance(values, tuple) and (
        sum(isinstance(value, int) and value not in (1, -1) for value in values) > 1
    )


def _warning(layers: tuple[str, ...]) -> str:
    shown = ", ".join(map(printable, layers[:_SHOWN]))
    more = f" and {len(layers) - _SHOWN} more" if len(layers) > _SHOWN else ""
    what = "At another resolution the sizes would be others that these layers hold as numbers: "
    return f"{what}{shown}{more}."


def _wrapped(sentence: str) -> list[str]:
    return textwrap.wrap(sentence, width=yaml.WIDTH - 2, break_on_hyphens=False)


def _difference(text: str, graph: LayerGraph) -> str:
    """The first difference between a text and a graph; empty if there is none."""
    try:
        document = read(text.encode(), graph.file, lambda name: None)
        return difference(expand(document, {}), graph)
    except SpecError as error:
        return str(error)


def _words(text: str) -> str:
    """A text of a model as one that a spec may have."""
    return shortened(printable(text), limits.NAME)


def _text(
    graph: LayerGraph,
    structure: Structure,
    comments: tuple[str, ...],
    is_sized: bool,
) -> str:
    parameters, input = _input(graph, is_sized)
    blocks = structure.blocks
    steps, classes = _classified(structure, graph)
    if classes is not None:
        parameters["classes"] = _parameter(classes, "outputs of the classifier")
    all_steps = (*steps, *(step for each in blocks.values() for step in each.steps))
    conv = convolutions(walk(all_steps))
    context = Context(conv, blocks)
    head: dict[str, yaml.Node] = {"name": _words(graph.name)}
    if graph.source:
        head["source"] = yaml.Rows({key: _words(text) for key, text in graph.source.items()})
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
    layers = items(steps, context) if steps else _NOTHING
    return "\n".join([*text, *yaml.lines({"layers": layers}), ""])


def _input(graph: LayerGraph, is_sized: bool) -> tuple[dict[str, yaml.Node], list[yaml.Node]]:
    """The parameter for the resolution of a square input, and the input."""
    channels, *sizes = graph.input
    if len(sizes) == 2 and len(set(sizes)) == 1 and not is_sized:
        size = Formula("res")
        return {"res": _parameter(sizes[0], "input resolution")}, [channels, size, size]
    return {}, [channels, *sizes]


def _classified(structure: Structure, graph: LayerGraph) -> tuple[tuple[Step, ...], Any]:
    """The steps with ``classes`` as the width of the classifier, and that width.

    The classifier is the last layer with an ``out``, if its width is one that the width
    multiplier leaves as it is: fully connected, or a convolution in a network whose output
    is a vector.
    """
    steps, blocks = structure.steps, structure.blocks
    if not _ends_in_prediction(graph):
        return steps, None
    is_vector = all(size == 1 for size in graph.shape_of(graph.outputs[-1])[1:])
    for at in range(len(steps) - 1, -1, -1):
        step = steps[at]
        if _is_source(step, blocks):
            continue
        if step.parts or step.word not in KINDS or step.values.get("repeat", 1) != 1:
            break
        out = step.values.get("out")
        if out is None:
            continue
        if step.word == "fc" or (step.word == "pointwise" and is_vector):
            classifier = step.with_values(out=Formula("classes"))
            return (*steps[:at], classifier, *steps[at + 1 :]), out
        break
    return steps, None


def _ends_in_prediction(graph: LayerGraph) -> bool:
    """Whether the last layer with a width is a prediction if every width is scaled."""
    widths: dict[int, WidthOrigin] = {}
    for index, layer in enumerate(graph.layers):
        word, values = attributes(layer)
        if KINDS[word].width in values:
            widths[index] = "scaled"
    return bool(widths) and max(widths) in predictions(graph, widths)


def _is_source(step: Step, blocks: Mapping[str, Block]) -> bool:
    """Whether a step has no input: a stored tensor, or a block of these."""
    if step.word in blocks:
        return all(_is_source(inner, blocks) for inner in blocks[step.word].steps)
    return step.word in KINDS and KINDS[step.word].arity == NONE


def _parameter(value: Any, doc: str) -> Mapping[str, yaml.Node]:
    return {"default": value, "doc": doc}
