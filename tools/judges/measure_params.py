"""Write the parameters and multiply-accumulates of torchvision's and timm's networks.

    python measure_params.py --output params.json --layers params_layers

Networks are built on the meta device: no weights, no arithmetic.  The totals
go to ``--output``; the layers of each network at its default resolution go to
``LAYERS_torchvision.json`` and ``LAYERS_timm.json``, as rows of name, type,
weight shape, output shape and multiply-accumulates.
"""

import argparse
import importlib.metadata
import json
from collections.abc import Iterable
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

import timm
import torch
import torchvision
from reference import conv_linear_macs, layer_costs, parameter_split
from torch import nn

MOBILE_RESOLUTIONS = (96, 128, 160, 192, 224)
GOOGLENET = {"transform_input": False, "init_weights": False}


@dataclass(frozen=True)
class Network:
    """A network of a library, with its arguments and the resolutions to cost it at."""

    library: str
    model: str
    arguments: dict[str, Any] = field(default_factory=dict)
    resolutions: tuple[int, ...] = (224,)

    @property
    def label(self) -> str:
        """The key of the network in the files of layers."""
        settings = ",".join(f"{name}={value}" for name, value in self.arguments.items())
        return f"{self.model}@{settings}" if settings else self.model


def torchvision_networks() -> Iterable[Network]:
    """The networks of the papers that costcalc ships, as torchvision defines them."""
    for width in (0.25, 0.35, 0.5, 0.75, 1.0, 1.3, 1.4):
        yield Network("torchvision", "mobilenet_v2", {"width_mult": width}, MOBILE_RESOLUTIONS)
    for model in ("mobilenet_v3_large", "mobilenet_v3_small"):
        for width in (0.35, 0.5, 0.75, 1.0, 1.25):
            yield Network("torchvision", model, {"width_mult": width}, MOBILE_RESOLUTIONS)
    for depth in (11, 13, 16, 19):
        yield Network("torchvision", f"vgg{depth}")
        yield Network("torchvision", f"vgg{depth}_bn")
    for model in ("googlenet", "inception_v3"):
        for auxiliary in (False, True):
            yield Network("torchvision", model, {"aux_logits": auxiliary} | GOOGLENET, (224, 299))
    for model in ("alexnet", "squeezenet1_0", "squeezenet1_1"):
        yield Network("torchvision", model, {}, (224, 227))
    for depth in (18, 34, 50, 101, 152):
        yield Network("torchvision", f"resnet{depth}")
    for model in ("resnext50_32x4d", "resnext101_32x8d", "resnext101_64x4d"):
        yield Network("torchvision", model)
    for variant in ("x0_5", "x1_0", "x1_5", "x2_0"):
        yield Network("torchvision", f"shufflenet_v2_{variant}")
    for depth in (121, 161, 169, 201):
        yield Network("torchvision", f"densenet{depth}")
    yield Network(
        "torchvision",
        "DenseNet",
        {"growth_rate": 32, "block_config": (6, 12, 64, 48), "num_init_features": 64},
    )
    for index in range(8):
        yield Network("torchvision", f"efficientnet_b{index}")
    for variant in ("0_5", "0_75", "1_0", "1_3"):
        yield Network("torchvision", f"mnasnet{variant}")


def timm_networks() -> Iterable[Network]:
    """The same networks as timm defines them, and those that torchvision lacks."""
    for width in (0.25, 0.5, 0.75, 1.0):
        arguments = {"channel_multiplier": width}
        yield Network("timm", "mobilenetv1_100", arguments, MOBILE_RESOLUTIONS)
    for variant in ("035", "050", "075", "100", "140"):
        yield Network("timm", f"mobilenetv2_{variant}", {}, MOBILE_RESOLUTIONS)
    for variant in (
        "large_075",
        "large_100",
        "large_minimal_100",
        "small_075",
        "small_100",
        "small_minimal_100",
    ):
        yield Network("timm", f"tf_mobilenetv3_{variant}", {}, MOBILE_RESOLUTIONS)
    for variant in ("large_075", "large_100", "small_050", "small_075", "small_100"):
        yield Network("timm", f"mobilenetv3_{variant}", {}, MOBILE_RESOLUTIONS)
    for depth in (11, 13, 16, 19):
        yield Network("timm", f"vgg{depth}")
        yield Network("timm", f"vgg{depth}_bn")
    for model in ("inception_v3", "legacy_xception", "xception41", "xception65", "xception71"):
        yield Network("timm", model)
    for depth in (18, 34, 50, 101, 152):
        yield Network("timm", f"resnet{depth}")
    for model in ("resnext50_32x4d", "resnext101_32x4d", "resnext101_64x4d"):
        yield Network("timm", model)
    for variant in ("121", "161", "169", "201", "264d"):
        yield Network("timm", f"densenet{variant}")
    yield Network("timm", "nasnetalarge")
    for index in range(8):
        yield Network("timm", f"efficientnet_b{index}")
        yield Network("timm", f"tf_efficientnet_b{index}")
    for model in ("mnasnet_050", "mnasnet_075", "mnasnet_100", "mnasnet_140", "semnasnet_100"):
        yield Network("timm", model)


NETWORKS = [*torchvision_networks(), *timm_networks()]


def build(network: Network) -> nn.Module:
    """The network on the current device, without trained weights.

    Two families are built below the libraries' named networks: DenseNet-264 and
    MobileNetV1 of other widths have no name there.
    """
    if "channel_multiplier" in network.arguments:
        return timm.models.efficientnet._gen_mobilenet_v1(network.model, **network.arguments)
    if network.library == "timm":
        return timm.create_model(network.model, pretrained=False, **network.arguments)
    if network.model == "DenseNet":
        return torchvision.models.DenseNet(**network.arguments)
    return torchvision.models.get_model(network.model, weights=None, **network.arguments)


def default_resolution(network: Network, model: Any) -> int:
    """The resolution at which the library evaluates its own trained weights."""
    if network.library == "timm":
        return int(model.pretrained_cfg["input_size"][-1])
    if network.model == "DenseNet":
        return 224
    weights: Any = torchvision.models.get_model_weights(network.model)
    return int(weights.DEFAULT.transforms.keywords["crop_size"])


def measure(network: Network) -> tuple[dict[str, Any], list[tuple[Any, ...]]]:
    """The totals of one network, and its layers at the default resolution."""
    with torch.device("meta"):
        model = build(network).eval()
        default = default_resolution(network, model)
        macs = {
            str(size): conv_linear_macs(model, torch.empty(1, 3, size, size))
            for size in sorted({default, *network.resolutions})
        }
        costs = layer_costs(model, torch.empty(1, 3, default, default))
    row = {
        "library": network.library,
        "model": network.model,
        "arguments": network.arguments,
        **parameter_split(model),
        "default_resolution": default,
        "conv_linear_macs": macs,
    }
    return row, [astuple(cost) for cost in costs]


def write_layers(path: Path, library: str, tables: dict[str, list[tuple[Any, ...]]]) -> None:
    """One file of layers: a network a line."""
    networks = [
        f"{json.dumps(label)}: {json.dumps(rows, separators=(',', ':'))}"
        for label, rows in tables.items()
    ]
    head = {
        "library": library,
        "version": importlib.metadata.version(library),
        "columns": ["name", "type", "weight", "output", "macs"],
    }
    text = json.dumps(head)[:-1] + ', "networks": {\n' + ",\n".join(networks) + "\n}}\n"
    path.write_text(text, encoding="utf-8")


def main() -> None:
    """Parse the command line, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, default=Path("params.json"))
    parser.add_argument("--layers", default="params_layers", help="start of the names of two files")
    options = parser.parse_args()

    rows = []
    tables: dict[str, dict[str, list[tuple[Any, ...]]]] = {"torchvision": {}, "timm": {}}
    for network in NETWORKS:
        row, layers = measure(network)
        rows.append(row)
        tables[network.library][network.label] = layers
        print(network.library, network.label, row["params"], flush=True)
    fixture = {
        "versions": {name: importlib.metadata.version(name) for name in ("torch", *tables)},
        "models": rows,
    }
    options.output.write_text(json.dumps(fixture, indent=1) + "\n", encoding="utf-8")
    for library, table in tables.items():
        write_layers(Path(f"{options.layers}_{library}.json"), library, table)


if __name__ == "__main__":
    main()
