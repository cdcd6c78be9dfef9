"""Run the existing counters on torchvision's networks and write what they say.

    python measure_tools.py --output tools.json
    python measure_tools.py --models resnet18 mobilenet_v2 --tools fvcore thop

Every network is built without weights, put in eval mode and given one image.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torchvision
from counters import COUNTERS, Task, read_all
from reference import conv_linear_macs, parameter_split
from torch import nn

RESOLUTIONS = (224, 192)


@dataclass(frozen=True)
class Network:
    """A torchvision network with the arguments it is built with."""

    model: str
    arguments: dict[str, Any] = field(default_factory=dict)


NETWORKS = [
    Network("resnet18"),
    Network("resnet50"),
    Network("mobilenet_v2", {"width_mult": 0.5}),
    Network("mobilenet_v2", {"width_mult": 0.75}),
    Network("mobilenet_v2", {"width_mult": 1.0}),
    Network("mobilenet_v2", {"width_mult": 1.4}),
    Network("mobilenet_v3_large"),
    Network("mobilenet_v3_small"),
    Network("vgg16"),
    Network("alexnet"),
    Network("squeezenet1_0"),
    Network("squeezenet1_1"),
    Network(
        "googlenet",
        {"aux_logits": False, "transform_input": False, "init_weights": False},
    ),
    Network("densenet121"),
    Network("shufflenet_v2_x0_5"),
    Network("shufflenet_v2_x1_0"),
    Network("shufflenet_v2_x1_5"),
    Network("shufflenet_v2_x2_0"),
    Network("efficientnet_b0"),
    Network("resnext50_32x4d"),
    Network("mnasnet0_5"),
    Network("mnasnet1_0"),
]


def build(model: str, arguments: dict[str, Any]) -> nn.Module:
    """The network, without trained weights."""
    return torchvision.models.get_model(model, weights=None, **arguments)


def reference(network: Network, resolution: int) -> dict[str, int]:
    """Parameters by role and conv + linear MACs, without any counter."""
    with torch.device("meta"):
        model = build(network.model, network.arguments).eval()
        image = torch.empty(1, 3, resolution, resolution)
        return parameter_split(model) | {"conv_linear_macs": conv_linear_macs(model, image)}


def measure(networks: list[Network], tools: list[str], processes: int) -> Iterator[dict[str, Any]]:
    """One row for every network at every resolution."""
    cases = [(network, resolution) for network in networks for resolution in RESOLUTIONS]
    tasks = [
        Task(tool, partial(build, network.model, network.arguments), (1, 3, size, size))
        for network, size in cases
        for tool in tools
    ]
    readings = iter(read_all(tasks, processes))
    for network, resolution in cases:
        yield {
            "model": network.model,
            "arguments": network.arguments,
            "resolution": resolution,
            "reference": reference(network, resolution),
            "counts": {tool: next(readings) for tool in tools},
        }


def main() -> None:
    """Parse the command line, measure, write."""
    names = list(dict.fromkeys(network.model for network in NETWORKS))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, default=Path("tools.json"))
    parser.add_argument("--models", nargs="+", choices=names, default=names, metavar="MODEL")
    parser.add_argument("--tools", nargs="+", choices=list(COUNTERS), default=list(COUNTERS))
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()

    networks = [network for network in NETWORKS if network.model in options.models]
    models = []
    for row in measure(networks, options.tools, options.processes):
        print(row["model"], row["arguments"], row["resolution"], flush=True)
        models.append(row)
    fixture = {
        "torchvision": torchvision.__version__.split("+")[0],
        "tools": {tool: COUNTERS[tool].description() for tool in options.tools},
        "models": models,
    }
    options.output.write_text(json.dumps(fixture, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
