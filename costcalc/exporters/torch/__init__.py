"""A network as a PyTorch module: readable code that needs nothing but PyTorch."""

from __future__ import annotations

from costcalc.errors import Problem, SpecError
from costcalc.exporters.torch.kinds import KINDS
from costcalc.exporters.torch.names import attribute, class_name, free, quoted
from costcalc.exporters.torch.pieces import Argument, Piece, UnsayableError
from costcalc.graph.layer import NETWORK_INPUT, LayerGraph


def text(graph: LayerGraph) -> str:
    """The code of the network's module.

    Raises:
        SpecError: PyTorch has no words for some layers; all of them are named.
    """
    init: list[str] = []
    forward: list[str] = []
    names = {NETWORK_INPUT: "x"}
    taken: set[str] = set()
    for index, (layer, pieces) in enumerate(zip(graph.layers, _lowered(graph), strict=True)):
        inputs = [names[each] for each in layer.inputs]
        for piece in pieces:
            name = free(attribute(f"{layer.name}_{piece.suffix}"), taken)
            taken.add(name)
            if piece.module is not None:
                arguments = ", ".join(map(_argument, piece.module.arguments))
                init.append(f"        self.{name} = {piece.module.constructor}({arguments})")
            expression = piece.forward.format(
                *inputs, inputs=", ".join(inputs), module=f"self.{name}", **piece.numbers
            )
            forward.append(f"        {name} = {expression}")
            inputs = [name]
        names[index] = inputs[0]
    return "\n".join(
        [
            "import torch",
            "from torch import nn",
            "from torch.nn import functional as F",
            "",
            "",
            f"class {class_name(graph.name)}(nn.Module):",
            f'    """{quoted(graph.name)}."""',
            "",
            "    def __init__(self):",
            "        super().__init__()",
            *init,
            "",
            "    def forward(self, x):",
            *forward,
            f"        return {names[len(graph.layers) - 1]}",
            "",
        ]
    )


def _lowered(graph: LayerGraph) -> list[tuple[Piece, ...]]:
    """What every layer becomes."""
    found, problems = [], []
    for layer in graph.layers:
        try:
            found.append(KINDS[layer.kind.name](layer))
        except UnsayableError as error:
            message = f"layer '{layer.name}' cannot be written for PyTorch: {error}"
            problems.append(Problem(layer.mark, message))
    if problems:
        raise SpecError(problems)
    return found


def _argument(argument: Argument) -> str:
    value = argument.value
    shown = value if type(value).__name__ == "Word" else repr(value)
    return shown if argument.by_position else f"{argument.name}={shown}"
