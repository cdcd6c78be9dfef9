"""What classes say of themselves."""

from __future__ import annotations

from collections.abc import Sequence

from costcalc.exporters.torch.code import paragraph
from costcalc.exporters.torch.names import quoted
from costcalc.exporters.torch.unions import Instance
from costcalc.graph.layer import LayerGraph
from costcalc.spec.numbers import exact


def class_doc(words: Sequence[str], members: Sequence[Instance]) -> list[str]:
    """The docstring of a class: what it is, and where the network has it."""
    *front, last = words
    title = f"{', '.join(front)} and {last} in a row" if front else f"Block '{last}'"
    first, *others = (each.path for each in members)
    places = f"{first} to {others[-1]}, {len(members)} in all" if others else first
    return paragraph(f"{quoted(title)}: {quoted(places)}.", 1, '"""', '"""')


def network_doc(graph: LayerGraph) -> list[str]:
    """The docstring of the network: its settings, its source, its cost."""
    events = [layer.events() for layer in graph.layers]
    params = sum(
        each.weights + each.biases + each.norm_params + each.other_params
        for each, layer in zip(events, graph.layers, strict=True)
        if layer.shares is None
    )
    mult_adds = sum(each.macs for each in events)
    settings = ", ".join(f"{name}={exact(value)}" for name, value in graph.parameters.items())
    source = "; ".join(f"{name}: {text}" for name, text in graph.source.items())
    input_ = " x ".join(map(str, graph.input))
    found = [*paragraph(f"{quoted(graph.name)}.", 1, '"""'), ""]
    for title, text in (("Settings", settings), ("Source", source), ("Input", input_)):
        if text:
            found += paragraph(quoted(f"{title}: {text.rstrip('.')}."), 1)
    found += paragraph(f"Params: {params:,}. Mult-adds: {mult_adds:,}.", 1)
    return [*found, '    """']
