"""torchvision's and timm's own models, read in: their own params, FlopCounterMode's mult-adds."""

import json
import subprocess
import sys
from functools import partial
from itertools import pairwise

import pytest
import timm
import torch
import torchvision
from timm.utils.model import reparameterize_model
from torch import nn
from torch.nn.functional import max_pool2d, pad
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models import mobilenet_v3_large, mobilenet_v3_small

import costcalc
from costcalc.costs import convention as conventions
from costcalc.costs.count import count
from costcalc.graph.expand import expand
from costcalc.importers.document import document
from costcalc.importers.torch import trace
from costcalc.spec import library

pytestmark = pytest.mark.filterwarnings("ignore")  # what the networks' authors are warned of


def judged(module: nn.Module, input: tuple[int, ...]) -> tuple[int, int]:
    """Params and multiply-accumulates, as the module itself and FlopCounterMode say."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(torch.empty(1, *input, device=next(module.parameters()).device))
    return sum(each.numel() for each in module.parameters()), counter.get_total_flops() // 2


@pytest.mark.parametrize(
    "name",
    [
        "coat_lite_tiny",
        "convnextv2_atto",
        "densenet121",
        "dla34",
        "edgenext_xx_small",
        "efficientformer_l1",
        "efficientvit_b0",
        "ese_vovnet19b_dw",
        "fastvit_t8",
        "ghostnet_100",
        "hrnet_w18_small",
        "inception_next_tiny",
        "levit_128s",
        "mixer_s32_224",
        "mixnet_s",
        "mobilevit_xxs",
        "mobilevitv2_050",
        "poolformer_s12",
        "pvt_v2_b0",
        "regnety_002",
        "repvgg_a0",
        "res2net50_14w_8s",
        "resnest14d",
        "rexnet_100",
        "tf_efficientnetv2_b0",
    ],
)
def test_timms_networks(name):
    with torch.device("meta"):
        module = timm.create_model(name).eval()
    input = module.pretrained_cfg["input_size"]
    graph = expand(document(trace(module, input)), {})
    layers = count(graph, conventions.load("torch").converted("macs"))
    totals = sum(each.params for each in layers), sum(each.mult_adds for each in layers)
    assert totals == judged(module, input)


SPECS = [
    # Our network, timm's, and two resolutions.
    *(
        (f"edgenext_{size}",) * 2 + ((256, 192),)
        for size in ("xx_small", "x_small", "small", "base")
    ),
    *((f"ghostnetv2_{width}",) * 2 + ((224, 160),) for width in ("100", "130", "160")),
    *(
        (f"starnet_s{size}",) * 2 + ((224, 160),)
        for size in ("1", "2", "3", "4", "050", "100", "150")
    ),
    *((f"convnext_{size}",) * 2 + ((224, 192),) for size in ("tiny", "small", "base", "large")),
    ("convnext_xlarge", "convnext_xlarge", (224, 384)),
    *(
        (f"{name}@implementation=timm", name, (224, 192))
        for name in ("ghostnet_050", "ghostnet_100", "ghostnet_130")
    ),
    ("efficientnetv2_s", "efficientnetv2_s", (384, 300)),
    ("efficientnetv2_m", "efficientnetv2_m", (480, 320)),
    ("efficientnetv2_l", "efficientnetv2_l", (480, 384)),
    ("efficientnetv2_b0", "tf_efficientnetv2_b0", (224, 192)),
    ("efficientnetv2_b1", "tf_efficientnetv2_b1", (240, 192)),
    ("efficientnetv2_b2", "tf_efficientnetv2_b2", (260, 208)),
    ("efficientnetv2_b3", "tf_efficientnetv2_b3", (300, 240)),
    ("vit_base_patch16_224", "vit_base_patch16_224", (224, 384)),
    ("vit_base_patch32_224", "vit_base_patch32_224", (224, 384)),
    ("vit_large_patch16_224", "vit_large_patch16_224", (224, 384)),
    ("vit_huge_patch14_224", "vit_huge_patch14_224", (224, 336)),
    *((f"vit_{size}_384",) * 2 + ((384, 224),) for size in ("base_patch16", "base_patch32")),
    *((f"vit_{size}_384",) * 2 + ((384, 224),) for size in ("large_patch16", "large_patch32")),
    ("swin_tiny_patch4_window7_224", "swin_tiny_patch4_window7_224", (224, 448)),
    ("swin_small_patch4_window7_224", "swin_small_patch4_window7_224", (224, 448)),
    ("swin_base_patch4_window7_224", "swin_base_patch4_window7_224", (224, 448)),
    ("swin_base_patch4_window12_384", "swin_base_patch4_window12_384", (384, 768)),
    ("swin_large_patch4_window12_384", "swin_large_patch4_window12_384", (384, 768)),
    ("swin_large_patch4_window7_224", "swin_large_patch4_window7_224", (224, 448)),
    ("mobilevit_xxs", "mobilevit_xxs", (256, 224)),
    ("mobilevit_xs", "mobilevit_xs", (256, 320)),
    ("mobilevit_s", "mobilevit_s", (256, 320)),
    ("mobilevitv2_050", "mobilevitv2_050", (256, 224)),
    *(
        (f"mobilevitv2_{width}",) * 2 + ((256, 384),)
        for width in ("075", "100", "125", "150", "175", "200")
    ),
    ("levit_128s", "levit_128s", (224, 256)),
    ("levit_128", "levit_128", (224, 256)),
    ("levit_192", "levit_192", (224, 256)),
    ("levit_256", "levit_256", (224, 256)),
    ("levit_384", "levit_384", (224, 256)),
    # timm's EfficientFormer is for 224 x 224 alone.
    ("efficientformer_l1", "efficientformer_l1", (224,)),
    ("efficientformer_l3", "efficientformer_l3", (224,)),
    ("efficientformer_l7", "efficientformer_l7", (224,)),
    ("efficientformerv2_s0", "efficientformerv2_s0", (224, 256)),
    ("efficientformerv2_s1", "efficientformerv2_s1", (224, 256)),
    ("efficientformerv2_s2", "efficientformerv2_s2", (224, 256)),
    ("efficientformerv2_l", "efficientformerv2_l", (224, 256)),
    *(
        (f"deit_{size}{distilled}_patch16_224",) * 2 + ((224, 384),)
        for size in ("tiny", "small", "base")
        for distilled in ("", "_distilled")
    ),
    ("deit_base_patch16_384", "deit_base_patch16_384", (384, 224)),
    ("deit_base_distilled_patch16_384", "deit_base_distilled_patch16_384", (384, 224)),
    ("tinynet_a", "tinynet_a", (192, 224)),
    ("tinynet_b", "tinynet_b", (188, 224)),
    ("tinynet_c", "tinynet_c", (184, 224)),
    ("tinynet_d", "tinynet_d", (152, 224)),
    ("tinynet_e", "tinynet_e", (106, 224)),
    ("mixnet_s", "mixnet_s", (224, 192)),
    ("mixnet_m", "mixnet_m", (224, 192)),
    ("mixnet_l", "mixnet_l", (224, 192)),
    ("lcnet_035@implementation=timm", "lcnet_035", (224, 192)),
    ("lcnet_050@implementation=timm", "lcnet_050", (224, 192)),
    ("lcnet_075@implementation=timm", "lcnet_075", (224, 192)),
    ("lcnet_100@implementation=timm", "lcnet_100", (224, 192)),
    ("lcnet_150@implementation=timm", "lcnet_150", (224, 192)),
    ("fbnetc_100", "fbnetc_100", (224, 192)),
    *((f"semnasnet_{width}",) * 2 + ((224, 160),) for width in ("050", "075", "100", "140")),
    ("mnasnet_small", "mnasnet_small", (224, 160)),
    ("pnasnet5large", "pnasnet5large", (331, 224)),
    ("nasnetalarge", "nasnetalarge", (331, 224)),
    ("resnext101_32x4d", "resnext101_32x4d", (224, 192)),
    ("mobilenetv4_conv_small", "mobilenetv4_conv_small", (224, 256)),
    ("mobilenetv4_conv_medium", "mobilenetv4_conv_medium", (256, 224)),
    ("mobilenetv4_conv_large", "mobilenetv4_conv_large", (384, 256)),
    (
        "mobilenetv4_hybrid_medium@implementation=timm",
        "mobilenetv4_hybrid_medium",
        (256, 224),
    ),
    ("mobilenetv4_hybrid_large@implementation=timm", "mobilenetv4_hybrid_large", (384, 256)),
]


def of_timm(name: str, side: int) -> nn.Module:
    """timm's module for 1000 classes and images of a resolution, without numbers."""
    settings = {"num_classes": 1000}
    if timm.get_pretrained_cfg(name).fixed_input_size:
        settings["img_size"] = side
    with torch.device("meta"):
        return timm.create_model(name, **settings).eval()


@pytest.mark.parametrize(("network", "name", "sides"), SPECS, ids=[row[0] for row in SPECS])
def test_specs_equal_timms_networks(network, name, sides):
    for side in sides:
        module = of_timm(name, side)
        report = costcalc.report(network, res=side, convention="torch", unit="macs")
        totals = report.totals.params, report.totals.mult_adds
        assert totals == judged(module, (3, side, side))


REPARAMETERIZED = [
    # Our network, as it is trained and with its branches merged, and timm's.
    *((f"mobileone_s{size}@implementation=timm", f"mobileone_s{size}") for size in range(5)),
    *((f"fastvit_{size}",) * 2 for size in ("t8", "t12", "s12", "sa12", "sa24", "sa36", "ma36")),
    *((f"repvit_m{size}",) * 2 for size in ("0_9", "1_0", "1_1", "1_5", "2_3")),
    *((f"repvgg_{size}",) * 2 for size in ("a0", "a1", "a2", "b0", "b1", "b2", "b3")),
    *((f"repvgg_{size}g4",) * 2 for size in ("b1", "b2", "b3")),
]


@pytest.mark.parametrize("merged", [False, True], ids=["trained", "merged"])
@pytest.mark.parametrize(("network", "name"), REPARAMETERIZED)
def test_specs_equal_timms_networks_in_both_forms(network, name, merged):
    with torch.device("meta"):
        module = timm.create_model(name).eval()
        if merged:
            module = reparameterize_model(module)
    for side in (224, 160):
        report = costcalc.report(network, res=side, merged=merged, convention="torch", unit="macs")
        totals = report.totals.params, report.totals.mult_adds
        assert totals == judged(module, (3, side, side))


class SSDLite(nn.Module):
    """What of torchvision's detector is a network: no resizing, boxes or suppression."""

    def __init__(self) -> None:
        super().__init__()
        detection = torchvision.models.detection
        self.detector = detection.ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None)

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        return self.detector.head(list(self.detector.backbone(image).values()))


class BlazeBlock(nn.Module):
    """A block of MediaPipe's face detector, as its TFLite file has it."""

    def __init__(self, channels: int, out: int, stride: int = 1) -> None:
        super().__init__()
        self.stride, self.zeros = stride, out - channels
        self.depthwise = nn.Conv2d(channels, channels, 3, stride, 2 - stride, groups=channels)
        self.pointwise = nn.Conv2d(channels, out, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        filtered = self.pointwise(self.depthwise(pad(x, (0, 2, 0, 2)) if self.stride == 2 else x))
        shortcut = max_pool2d(x, 2) if self.stride == 2 else x
        return torch.relu(filtered + pad(shortcut, (0, 0, 0, 0, 0, self.zeros)))


class BlazeFace(nn.Module):
    """MediaPipe's face detector for front cameras."""

    def __init__(self) -> None:
        super().__init__()
        widths = [24, 24, 28, 32, 36, 42, 48, 56, 64, 72, 80, 88, 96, 96, 96, 96, 96]
        blocks = [
            BlazeBlock(c, out, 2 if out in (32, 48) or c == 88 else 1)
            for c, out in pairwise(widths)
        ]
        self.large = nn.Sequential(nn.Conv2d(3, 24, 5, 2), nn.ReLU(), *blocks[:11])
        self.small = nn.Sequential(*blocks[11:])
        self.of_large = nn.ModuleList(nn.Conv2d(88, out, 1) for out in (2, 32))
        self.of_small = nn.ModuleList(nn.Conv2d(96, out, 1) for out in (6, 96))

    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        large = self.large(pad(image, (1, 2, 1, 2)))
        small = self.small(large)
        predicted = [head(large) for head in self.of_large]
        return predicted + [head(small) for head in self.of_small]


def segments(name: str) -> nn.Module:
    """torchvision's network for segmentation, without numbers."""
    return getattr(torchvision.models.segmentation, name)(weights=None, weights_backbone=None)


HEADS = {
    # Our network, the module, and two resolutions.
    "ssdlite320_mobilenet_v3_large": (SSDLite, (320, 256)),
    "lraspp_mobilenet_v3_large": (partial(segments, "lraspp_mobilenet_v3_large"), (520, 513)),
    "deeplabv3_mobilenet_v3_large": (partial(segments, "deeplabv3_mobilenet_v3_large"), (520, 513)),
    "blazeface_mediapipe": (BlazeFace, (128, 256)),
    "mobilenet_v3_large@tail=2": (partial(mobilenet_v3_large, reduced_tail=True), (224, 192)),
    "mobilenet_v3_small@tail=2": (partial(mobilenet_v3_small, reduced_tail=True), (224, 192)),
    "mobilenet_v3_large@output_stride=16": (partial(mobilenet_v3_large, dilated=True), (224, 200)),
    "mobilenet_v3_small@output_stride=16": (partial(mobilenet_v3_small, dilated=True), (224, 200)),
}


@pytest.mark.parametrize("network", HEADS)
def test_specs_equal_torchvisions_heads(network):
    make, sides = HEADS[network]
    module = make().eval()
    for side in sides:
        report = costcalc.report(network, res=f"{side}x{side}", convention="torch", unit="macs")
        totals = report.totals.params, report.totals.mult_adds
        assert totals == judged(module, (3, side, side))


TORCHVISION = sorted({*library.shipped()}.intersection(torchvision.models.list_models()) - {*HEADS})

OTHER_NAMES = {"alexnet": "alexnet_one_column", "googlenet": "googlenet_bn"}
"""Our networks that are torchvision's of another name."""

WITH_AUXILIARY = {"googlenet", "inception_v3"}
"""Networks whose auxiliary classifiers are built, but not run, unless they are declined."""


@pytest.mark.parametrize("name", TORCHVISION)
def test_specs_equal_torchvisions_networks(name):
    declined = {"aux_logits": False, "init_weights": False} if name in WITH_AUXILIARY else {}
    with torch.device("meta"):
        module = torchvision.models.get_model(name, weights=None, **declined).eval()
    for side in (224, 192):
        network = OTHER_NAMES.get(name, name)
        report = costcalc.report(network, res=side, convention="torch", unit="macs")
        totals = report.totals.params, report.totals.mult_adds
        assert totals == judged(module, (3, side, side))


def test_every_network_that_timm_spells_is_held():
    spelt = {*library.shipped()}.intersection(timm.list_models())
    held = {row[1] for row in (*SPECS, *REPARAMETERIZED)}
    assert spelt <= held.union(TORCHVISION)


def written(module: nn.Module, input: tuple[int, ...], path: str, dynamo: bool) -> None:
    """An ONNX file of one of PyTorch's two exporters.

    Both merge tensors that are equal, as all fresh norms are; none is here.
    """
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.dim() == 1:
            nn.init.uniform_(tensor, 0.5, 1.5)
    image = torch.zeros(1, *input)
    torch.onnx.export(module, (image,), path, dynamo=dynamo, verbose=False)


def folded(module: nn.Module) -> int:
    """Params where every batch norm is the bias of the convolution in front of it."""
    norms = [each for each in module.modules() if isinstance(each, nn.BatchNorm2d)]
    return sum(each.numel() for each in module.parameters()) - sum(n.num_features for n in norms)


@pytest.mark.parametrize("dynamo", [False, True], ids=["older exporter", "dynamo"])
@pytest.mark.parametrize("name", ["squeezenet1_1", "shufflenet_v2_x0_5", "mobilenet_v3_small"])
def test_torchvisions_networks_as_onnx_files(name, dynamo, tmp_path):
    module = torchvision.models.get_model(name, weights=None).eval()
    path = str(tmp_path / "network.onnx")
    written(module, (3, 224, 224), path, dynamo)
    totals = costcalc.report(path, convention="torch", unit="macs").totals
    _, macs = judged(module, (3, 224, 224))
    assert (totals.params, totals.mult_adds) == (folded(module), macs)


def test_a_spec_a_file_and_a_module_are_three_equal_rows(tmp_path):
    module = torchvision.models.mobilenet_v2(weights=None).eval()
    written(module, (3, 224, 224), str(tmp_path / "mobilenet_v2.onnx"), dynamo=False)
    networks = ["mobilenet_v2", "mobilenet_v2.onnx", "torch:torchvision.models:mobilenet_v2"]
    command = [sys.executable, "-m", "costcalc", "compare", *networks, "--format", "json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["networks"]
    assert [row["ratio"] for row in rows] == [{"params": 1.0, "mult_adds": 1.0}] * 3
    # The table of MobileNetV2's paper: 3.4 M and 300 M.
    assert {(row["totals"]["params"], row["totals"]["mult_adds"]) for row in rows} == {
        (3_469_760, 300_774_272)
    }
