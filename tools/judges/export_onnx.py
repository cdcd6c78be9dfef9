"""Write real ONNX files of both of PyTorch's exporters, without their weights.

    python export_onnx.py --fixtures                       # tests/data/onnx, all or those named
    python export_onnx.py torchvision:resnet18 timm:vit_tiny_patch16_224 --to FOLDER

Each network is exported four times: by the older exporter and by the one on
torch.export ("dynamo"), with batch norms folded and kept.  Params of one axis and
buffers are random, as exporters merge tensors that are equal; then the numbers of
large tensors are taken out.  ``NAME.json`` beside the files says what the module
and FlopCounterMode say, and how many numbers each file holds that may be learned.
"""

import argparse
import json
import math
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import onnx
import onnx.numpy_helper
import timm
import torch
import torchvision
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models import convnext, mobilenetv3, shufflenetv2, vision_transformer

DATA = Path(__file__).resolve().parents[2] / "tests" / "data" / "onnx"
FLOATS = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE)
KEPT_NUMBERS = 64
KEPT_METADATA = ("pkg.torch.onnx.name_scopes", "pkg.torch.onnx.class_hierarchy")
OF_A_MODULE = re.compile(r"[A-Za-z_]\w*(\.\w+)*\.(?!lifted_tensor)\w+")
VIEWS = ("Identity", "Cast", "CastLike", "Expand")
FILES = ("legacy.folded", "legacy.kept", "dynamo.folded", "dynamo.kept")


class Network(NamedTuple):
    """A module, and the input that it is exported with."""

    name: str
    build: Callable[[], nn.Module]
    input: tuple[int, ...]
    files: tuple[str, ...] = FILES


def main() -> None:
    """Export what the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("networks", nargs="*", metavar="LIBRARY:NAME")
    parser.add_argument("--fixtures", action="store_true", help="the files of tests/data/onnx")
    parser.add_argument("--to", type=Path, default=DATA, help="the folder to write to")
    arguments = parser.parse_args()
    torch.backends.mha.set_fastpath_enabled(False)
    arguments.to.mkdir(parents=True, exist_ok=True)
    chosen = arguments.networks
    networks = (
        (each for each in fixtures() if not chosen or each.name in chosen)
        if arguments.fixtures
        else map(named, chosen)
    )
    for network in networks:
        measured = written(network, arguments.to)
        text = json.dumps(measured, indent=1)
        (arguments.to / f"{network.name}.json").write_text(f"{text}\n")
        print(network.name, *measured["files"], flush=True)


def fixtures() -> Iterator[Network]:
    """Networks of every sort, small ones where a small one has everything."""
    models = torchvision.models
    yield Network("mobilenet_v2", models.mobilenet_v2, (3, 224, 224), ("legacy.folded",))
    yield Network("shufflenet_v2", models.shufflenet_v2_x0_5, (3, 224, 224), ("legacy.folded",))
    yield Network("resnet18", models.resnet18, (3, 224, 224), FILES[:3])
    files = ("legacy.kept", "dynamo.folded")
    yield Network("small_shufflenet", small_shufflenet, (3, 64, 64), files)
    yield Network("small_mobilenet", small_mobilenet, (3, 64, 64))
    yield Network("small_convnext", small_convnext, (3, 64, 64))
    yield Network("small_vit", small_vit, (3, 32, 32))
    yield Network("operators", Operators, (3, 33, 33))


def small_shufflenet() -> nn.Module:
    """Channels that are split, shuffled and joined."""
    return shufflenetv2.ShuffleNetV2([1, 2, 1], [8, 16, 32, 64, 64], num_classes=10)


def small_mobilenet() -> nn.Module:
    """Squeeze and excitation, h-swish and h-sigmoid."""
    block = mobilenetv3.InvertedResidualConfig
    blocks = [
        block(8, 3, 8, 8, True, "RE", 2, 1, 1),
        block(8, 5, 24, 8, True, "HS", 1, 1, 1),
    ]
    return mobilenetv3.MobileNetV3(blocks, 64, num_classes=10)


def small_convnext() -> nn.Module:
    """Layer norms of channels, GELU, and a learned scale for each."""
    block = convnext.CNBlockConfig
    return convnext.ConvNeXt([block(8, 16, 2), block(16, None, 1)], num_classes=10)


def small_vit() -> nn.Module:
    """Attention, a class token and position embeddings."""
    return vision_transformer.VisionTransformer(32, 8, 1, 2, 32, 64, num_classes=10)


class Operators(nn.Module):  # type: ignore[misc]  # where PyTorch is not installed
    """Layers that the networks above do not have."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 12, 5, stride=2, padding="valid", groups=3)
        self.prelu = nn.PReLU(12)
        self.group = nn.GroupNorm(3, 12)
        self.instance = nn.InstanceNorm2d(12, affine=True)
        self.up = nn.ConvTranspose2d(12, 8, 3, stride=2, padding=1, output_padding=1)
        self.pool = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.gain = nn.Parameter(torch.ones(()))
        self.table = nn.Parameter(torch.ones(8, 1, 1))
        self.head = nn.Linear(8, 4)
        self.cell = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Every layer once, the last two three times over."""
        x = nn.functional.mish(self.group(self.prelu(self.stem(x))))
        x = nn.functional.elu(self.instance(x)) * self.gain
        x = self.pool(self.up(x)) + self.table
        x = nn.functional.interpolate(x, scale_factor=2.0, mode="bilinear")
        x = nn.functional.pad(x, (1, 2, 0, 1), mode="reflect")
        x = torch.einsum("bchw,bdhw->bcd", x, x).softmax(-1) / x.shape[-1]
        x = self.head(x)
        for _ in range(3):
            x = self.cell(nn.functional.gelu(x, approximate="tanh"))
        return x.mean(1)


def named(reference: str) -> Network:
    """A network of torchvision or timm, at the size that it is made for."""
    library, _, name = reference.partition(":")
    if library == "timm":
        size = timm.create_model(name, pretrained=False).pretrained_cfg["input_size"]
        return Network(f"{library}-{name}", lambda: timm.create_model(name), tuple(size))
    arguments = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    side = 299 if name == "inception_v3" else 224
    return Network(
        f"{library}-{name}",
        lambda: torchvision.models.get_model(name, weights=None, **arguments),
        (3, side, side),
    )


def written(network: Network, folder: Path) -> dict[str, Any]:
    """What is known of a network, its files written on the way."""
    torch.manual_seed(0)
    module = network.build().eval().requires_grad_(False)
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.is_floating_point() and tensor.dim() < 2:
            tensor.copy_(torch.rand_like(tensor) + 0.5)
    image = torch.zeros(1, *network.input)
    measured = {"input": network.input, **truth(module, image), "files": {}}
    for file in network.files:
        model = exported(module, image, file)
        measured["files"][file] = {"learned": learned(model)}
        bared(model)
        onnx.save(model, str(folder / f"{network.name}.{file}.onnx"))
    return measured


def truth(module: nn.Module, image: torch.Tensor) -> dict[str, Any]:
    """What the module itself and FlopCounterMode say."""
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        output = module(image)
    statistics = [each for name, each in module.named_buffers() if name.endswith(("_mean", "_var"))]
    return {
        "output": list(output.shape[1:]),
        "params": sum(each.numel() for each in module.parameters()),
        "statistics": sum(each.numel() for each in statistics),
        "macs": counter.get_total_flops() // 2,
    }


def exported(module: nn.Module, image: torch.Tensor, file: str) -> onnx.ModelProto:
    """The module as a file of an exporter, batch norms folded or kept."""
    exporter, _, norms = file.partition(".")
    is_kept = norms == "kept"
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "net.onnx")
        if exporter == "dynamo":
            torch.onnx.export(
                module, (image,), path, dynamo=True, optimize=not is_kept, external_data=False
            )
        else:
            mode = torch.onnx.TrainingMode
            torch.onnx.export(
                module,
                (image,),
                path,
                dynamo=False,
                do_constant_folding=not is_kept,
                training=mode.PRESERVE if is_kept else mode.EVAL,
            )
        return onnx.load(path)


def learned(model: onnx.ModelProto) -> int:
    """Numbers of the file's floating-point tensors, but for statistics, scales and constants.

    An instance normalisation by ones and zeros is how a group normalisation is written.
    A tensor of one number counts where it has the name of a module's parameter.
    """
    producers = {name: node for node in model.graph.node for name in node.output}

    def leaf(name: str) -> str:
        while name in producers and producers[name].op_type in VIEWS:
            name = producers[name].input[0]
        return name

    others, read = set(), set()
    filled = {each.name for each in model.graph.initializer if is_filled(each)}
    for node in model.graph.node:
        names = [leaf(name) for name in node.input]
        if node.op_type == "InstanceNormalization" and {*names[1:]} <= filled:
            others.update(names[1:])
        elif node.op_type == "BatchNormalization":
            others.update(names[3:])
            read.update(names[1:3])
        elif node.op_type == "Resize":
            others.update(names[1:])
        elif node.op_type not in VIEWS:
            read.update(names)
    return sum(
        math.prod(tensor.dims)
        for tensor in model.graph.initializer
        if tensor.data_type in FLOATS
        and (tensor.name in read or tensor.name not in others)
        and (math.prod(tensor.dims) > 1 or OF_A_MODULE.fullmatch(tensor.name))
    )


def is_filled(tensor: onnx.TensorProto) -> bool:
    """Whether a tensor holds one number, as often as it may be."""
    numbers = onnx.numpy_helper.to_array(tensor)
    return bool(numbers.size and (numbers == numbers.flat[0]).all())


def bared(model: onnx.ModelProto) -> None:
    """Take the numbers of large tensors out, and what no reader of graphs asks for."""
    for tensor in tensors(model):
        if tensor.data_type in FLOATS and math.prod(tensor.dims) > KEPT_NUMBERS:
            tensor.ClearField("raw_data")
            tensor.ClearField("float_data")
            tensor.data_location = onnx.TensorProto.EXTERNAL
            entry = tensor.external_data.add()
            entry.key, entry.value = "location", "weights"
    graph = model.graph
    for node in graph.node:
        kept = [entry for entry in node.metadata_props if entry.key in KEPT_METADATA]
        del node.metadata_props[:]
        node.metadata_props.extend(kept)
        node.ClearField("doc_string")
    for value in (*graph.value_info, *graph.input, *graph.output, *graph.initializer):
        del value.metadata_props[:]
    del model.metadata_props[:], graph.metadata_props[:]


def tensors(model: onnx.ModelProto) -> Iterable[onnx.TensorProto]:
    """The tensors of a file: stored ones, and large ones among the nodes."""
    yield from model.graph.initializer
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t") and math.prod(attribute.t.dims) > 8192:
                yield attribute.t


if __name__ == "__main__":
    main()
