"""PyTorch modules read in: params and mult-adds are the module's own and FlopCounterMode's."""

import json

import pytest
import timm
import torch
import torchvision
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from costcalc.costs import convention as conventions
from costcalc.costs.count import count
from costcalc.errors import SpecError
from costcalc.graph.expand import expand
from costcalc.importers import torch as importer
from costcalc.importers.document import document
from costcalc.importers.torch.forward.copies import on_meta
from costcalc.kinds.base import PARAMS
from tests.costs.measured_layers import CONVENTIONS, DATA

pytestmark = pytest.mark.filterwarnings("ignore")  # what the networks' authors are warned of

FIGURES = json.loads((DATA / "networks.json").read_text(encoding="utf-8"))
"""What the counters say of torchvision's networks."""


def layers_of(module, input):
    return expand(document(importer.trace(module, input)), {}).layers


def params(layers):
    own = [layer.events() for layer in layers if layer.shares is None]
    return sum(getattr(events, name) for events in own for name in PARAMS)


def macs(layers):
    return sum(layer.events().macs for layer in layers)


def judged(module, input):
    """What the module itself and FlopCounterMode say of it."""
    module = on_meta(module).eval()
    words = isinstance(module, nn.Sequential) and isinstance(module[0], nn.Embedding)
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        module(torch.empty(1, *input, dtype=torch.int64 if words else None))
    return sum(each.numel() for each in module.parameters()), counter.get_total_flops() // 2


def agrees(module, input):
    layers = layers_of(module, input)
    assert (params(layers), macs(layers)) == judged(module, input)
    return layers


@pytest.mark.parametrize(
    "name",
    [
        "alexnet",
        "googlenet",
        "inception_v3",
        "shufflenet_v2_x0_5",
        "squeezenet1_0",
        "densenet121",
        "mnasnet0_5",
        "mobilenet_v3_small",
        "efficientnet_b0",
        "regnet_x_400mf",
        "convnext_tiny",
        "vit_b_16",
        "swin_t",
        "swin_v2_t",
        "maxvit_t",
    ],
)
def test_torchvisions_networks(name):
    agrees(torchvision.models.get_model(name, weights=None), (3, 224, 224))


@pytest.mark.parametrize(
    "name",
    [
        "nf_resnet50",  # standardised weights
        "dm_nfnet_f0",  # and gains
        "efficientnet_cc_b0_4e",  # weights mixed by what is computed
        "beit_base_patch16_224",  # tables indexed, biases put together
        "swinv2_tiny_window8_256",  # a network over constants
        "botnet26t_256",  # einsum
        "volo_d1_224",  # fold
        "mvitv2_tiny",
        "csatv2",  # a transform by fixed filters
        "resnetblur50",  # filters that are not learned
    ],
)
def test_timms_networks(name):
    with torch.device("meta"):
        module = timm.create_model(name).eval()
    agrees(module, module.pretrained_cfg["input_size"])


@pytest.mark.parametrize("row", FIGURES["networks"], ids=str)
def test_every_counters_convention_holds_for_a_module_as_for_a_spec(row):
    with torch.device("meta"):
        module = torchvision.models.get_model(row["model"], weights=None, **row["arguments"])
    input = (3, row["resolution"], row["resolution"])
    graph = expand(document(importer.trace(module, input)), {})
    for tool, macs, params in zip(FIGURES["tools"], row["macs"], row["params"], strict=True):
        if not tool.startswith("onnx"):  # which reads another program's version of the module
            costs = count(graph, conventions.load(CONVENTIONS.get(tool, tool)))
            assert sum(cost.mult_adds for cost in costs) == macs, tool
            assert params in (None, sum(cost.params for cost in costs)), tool


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.head = nn.Linear(3, 5)
        self.unused = nn.Linear(7, 7)

    def forward(self, x):
        x = self.conv(self.conv(x)).relu_()
        x[:, 0] = 0
        return {"result": self.head(x.mean((2, 3))), "map": x}


def test_a_module_used_twice_and_one_never_used():
    module = Twice()
    layers = agrees(module, (3, 8, 8))
    assert module.training
    assert [layer.name for layer in layers if layer.shares is not None] == ["conv_2"]
    # 3*3*3*3 weights at 8*8 positions, twice; 3*5 of the head.
    assert macs(layers) == 2 * 81 * 64 + 15
    assert params(layers) == (81 + 3) + (15 + 5) + (49 + 7)


@pytest.mark.parametrize(
    ("module", "input"),
    [
        (nn.LSTM(8, 4, num_layers=2, bidirectional=True), (5, 8)),
        (nn.GRU(8, 4, num_layers=2, bidirectional=True, batch_first=True), (5, 8)),
        (nn.GRU(8, 4, bias=False), (5, 8)),
        (nn.MultiheadAttention, (6, 8)),
        (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), (6, 8)),
        (nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 4, 3)), (3, 8, 8)),
        (nn.Sequential(nn.Embedding(10, 4), nn.Flatten(), nn.Linear(28, 2)), (7,)),
        (nn.Sequential(nn.Conv1d(3, 4, 3), nn.PReLU(4), nn.MaxPool1d(2)), (3, 16)),
        (nn.Sequential(nn.Conv3d(1, 2, 3), nn.BatchNorm3d(2), nn.AvgPool3d(2)), (1, 8, 8, 8)),
        (nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2), (4, 5, 7)),
    ],
    ids=lambda each: type(each).__name__,
)
def test_modules_of_pytorch(module, input):
    if module is nn.MultiheadAttention:
        attention = module(8, 2, batch_first=True)
        module = type("Attending", (nn.Module,), {"forward": lambda self, x: self.inner(x, x, x)})()
        module.inner = attention
    agrees(module, input)


class Deciding(nn.Module):
    def forward(self, x):
        return x if x.sum().item() > 0 else -x


class Pair(nn.Module):
    def forward(self, x, y):
        return x + y


@pytest.mark.parametrize(
    ("module", "input", "message", "found"),
    [
        (
            nn.Sequential(Deciding(), nn.Conv2d(3, 3, 1, device="meta")),
            (3, 4, 4),
            "depends on the values of a tensor",
            "test_torch_",
        ),
        (Pair(), (3, 4, 4), "forward does not run without y", ""),
        (
            nn.Sequential(nn.Conv2d(4, 4, 3)),
            (3, 8, 8),
            "module '0' (Conv2d) does not run on an input of 3,8,8",
            "Invalid channel dimensions",
        ),
    ],
)
def test_a_module_that_does_not_run_says_which_part_and_why(module, input, message, found):
    with pytest.raises(SpecError) as caught:
        importer.trace(module, input)
    (problem,) = caught.value.problems
    assert message in problem.message
    assert found in problem.found


def test_lazy_modules_have_the_shapes_of_what_they_are_called_on():
    module = nn.Sequential(
        nn.LazyConv2d(8, 3),
        nn.LazyBatchNorm2d(),
        nn.LazyBatchNorm2d(affine=False),
        nn.LazyInstanceNorm2d(affine=True),
        nn.LazyConvTranspose2d(4, 2),
        nn.Flatten(),
        nn.LazyLinear(5),
    )
    layers = layers_of(module, (3, 8, 8))
    # 3*3*3*8 weights on 6 x 6 places, 8*4*2*2 on as many, 7*7*4*5, with their biases.
    assert params(layers) == (216 + 8) + 16 + 16 + (128 + 4) + (980 + 5)
    assert macs(layers) == 36 * 216 + 36 * 128 + 980
    lazy = nn.Sequential(nn.LazyBatchNorm2d(affine=False))
    assert params(layers_of(lazy, (3, 8, 8))) == 0
