"""Random models with arbitrary connections and names are written unchanged."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from costcalc.blocks.concatenation import chained
from costcalc.graph.expand import expand
from costcalc.graph.layer import LayerGraph
from costcalc.importers.document import document
from costcalc.importers.model import Model, Node
from costcalc.spec.reader import read
from costcalc.specwriter.spec import spec, texts

CHANNELS = 8
"""The channels of every tensor, so that any two can be added."""

ONE = st.sampled_from(["conv", "depthwise", "relu", "batch_norm", "swish", "identity"])
SEVERAL = st.sampled_from(["add", "multiply", "concat"])


@st.composite
def models(draw: st.DrawFn) -> Model:
    """Layers that mostly read the previous one, mostly in groups."""
    nodes: list[Node] = []
    places: list[int] = [-1]
    width = draw(st.integers(1, 6))
    while len(nodes) < draw(st.integers(3, 40)):
        at = len(nodes)
        path = f"stage{at // (width * 4)}/unit{at // width}/"
        if draw(st.integers(0, 3)):
            source = places[-1] if draw(st.integers(0, 5)) else draw(st.sampled_from(places))
            nodes.append(layer(draw, path, at, source))
        else:
            sources = tuple(draw(st.lists(st.sampled_from(places), min_size=2, max_size=3)))
            if draw(st.booleans()):
                sources = (*sources[:-1], places[-1])
            kind = draw(SEVERAL)
            nodes.append(Node(f"{path}{kind}_{at}", kind, {}, sources))
            if kind == "concat":
                narrow = {"out": CHANNELS, "kernel": 1, "bias": True}
                nodes.append(Node(f"{path}conv_{at + 1}", "conv", narrow, (at,)))
        places.append(len(nodes) - 1)
    kinds = {node.name.rpartition("/")[0]: "Unit" for node in nodes} if draw(st.booleans()) else {}
    return Model("Random", "random.onnx", {}, (CHANNELS, 9, 9), tuple(nodes), blocks=kinds)


def layer(draw: st.DrawFn, path: str, at: int, source: int) -> Node:
    kind = draw(ONE)
    arguments: dict[str, Any] = {}
    if kind in ("conv", "depthwise"):
        arguments = {"kernel": 3, "padding": 1, "bias": draw(st.booleans())}
    if kind == "conv":
        arguments["out"] = CHANNELS
    return Node(f"{path}{kind}_{at}", kind, arguments, (source,))


def described(graph: LayerGraph) -> list[tuple[object, ...]]:
    found = []
    for each in graph.layers:
        inputs = sorted(each.inputs) if each.kind.name in ("add", "multiply") else each.inputs
        found.append((each.kind.name, list(inputs), each.output, each.events()))
    return found


@settings(max_examples=100)
@given(models(), st.booleans())
def test_random_models_are_written_unchanged(model: Model, is_flat: bool) -> None:
    graph = expand(document(model), {})
    text = spec(graph, is_flat=is_flat)
    first = next(texts(chained(graph), is_flat=is_flat))
    assert text == first, "less structure is exact too, but hides errors"
    again = expand(read(text.encode(), "net.yaml", lambda name: None), {})
    joins = [each.kind.name == "concat" for each in graph.layers]
    for one, other, is_concat in zip(described(again), described(graph), joins, strict=True):
        # A concatenation may read an earlier one of its first inputs.
        assert one == other or (is_concat and (one[0], *one[2:]) == (other[0], *other[2:]))
