"""Ways out of costcalc and back: a network as another tool's model, and its totals there."""

from __future__ import annotations

import types
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from costcalc.costs import convention as conventions
from costcalc.costs.count import count
from costcalc.exporters import export_graph
from costcalc.graph.layer import LayerGraph


class Totals(NamedTuple):
    """What a network comes to, in all."""

    params: int
    macs: int
    output: tuple[int, ...]


def totals(graph: LayerGraph) -> Totals:
    """As costcalc counts them."""
    layers = count(graph, conventions.load("torch").converted("macs"))
    params, macs = sum(each.params for each in layers), sum(each.mult_adds for each in layers)
    return Totals(params, macs, graph.layers[-1].output if graph.layers else graph.input)


def of_module(module: nn.Module, input: tuple[int, ...]) -> Totals:
    """As the module itself and FlopCounterMode do."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        given = module(torch.empty(1, *input, device="meta"))
    # What nothing reads is an output too; the network's own is the last.
    output = given[-1] if isinstance(given, tuple) else given
    params = sum(each.numel() for each in module.parameters())
    return Totals(params, counter.get_total_flops() // 2, tuple(output.shape[1:]))


def built(graph: LayerGraph) -> nn.Module:
    """The exported module, in memory that holds no weights."""
    scope = types.ModuleType("exported")
    code = "".join(export_graph(graph, "torch"))
    exec(compile(code, "exported.py", "exec"), scope.__dict__)
    network = [each for each in vars(scope).values() if isinstance(each, type)][-1]
    with torch.device("meta"):
        return network().eval()


def as_onnx(graph: LayerGraph, path: Path) -> str:
    """The exported file's path."""
    path.write_bytes(b"".join(export_graph(graph, "onnx", weights="random")))
    return str(path)
