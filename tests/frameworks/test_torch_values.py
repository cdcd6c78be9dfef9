"""Modules that ask for values: of constants, of routers, and of what they compute."""

from __future__ import annotations

import json
import sys
from functools import lru_cache

import numpy
import pytest
import torch
from click.testing import CliRunner
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import costcalc
from costcalc.cli import main


class Mixture(nn.Module):
    """Each row goes to some of the experts, which are linear layers of 5 numbers."""

    def __init__(self, count=6, top=2, by="topk"):
        super().__init__()
        self.router = nn.Linear(5, count, bias=False)
        self.experts = nn.ModuleList(nn.Linear(5, 5, bias=False) for _ in range(count))
        self.top, self.by = top, by

    def forward(self, x):
        scores = self.router(x).softmax(-1)
        out = torch.zeros_like(x)
        if self.by == "argmax":
            chosen = scores.argmax(-1, keepdim=True)
        else:
            _, chosen = scores.topk(self.top, dim=-1)
        for number, expert in enumerate(self.experts):
            if self.by == "mask":
                rows = (chosen == number).any(-1)
                out[rows] = out[rows] + expert(x[rows])
            elif self.by == "one_hot":
                hot = nn.functional.one_hot(chosen, len(self.experts))[..., number].sum(-1)
                (row,) = torch.nonzero(hot, as_tuple=True)
                out.index_add_(0, row, expert(x[row]))
            else:
                row, _ = torch.where(chosen == number)
                out = out.index_add(0, row, expert(x[row]))
        return out


@pytest.mark.parametrize("by", ["topk", "mask", "one_hot", "argmax"])
@pytest.mark.parametrize("rows", [1, 3, 6, 12])
def test_each_row_goes_to_as_many_experts_whatever_the_values(by, rows):
    top = 1 if by == "argmax" else 2
    module = Mixture(by=by)
    report = costcalc.from_torch(module, args=(torch.zeros(rows, 5),)).report(unit="macs")
    # The router's 5*6 for each row, and 5*5 for each of the experts that it goes to.
    assert report.totals.mult_adds == rows * 30 + rows * top * 25
    assert report.totals.params == 30 + 6 * 25
    assert f"{top} of 6 are chosen for each row, whatever the values" in str(report)
    on_meta = costcalc.from_torch(Mixture(by=by).to("meta"), args=(torch.zeros(rows, 5),))
    assert on_meta.totals(unit="macs") == report.totals


class Constants(nn.Module):
    """Sizes that are computed by tensors, but not from the input."""

    def __init__(self, how):
        super().__init__()
        self.how = how

    def forward(self, x):
        sizes = torch.arange(1, 4)
        if self.how == "item":
            count = (sizes * 2).max().item()
        elif self.how == "tolist":
            count = sum(sizes.tolist())
        elif self.how == "branch":
            count = 6 if sizes.sum() > 5 else 1
        elif self.how == "nonzero":
            count = torch.ones_like(x[0, :2, :3]).nonzero().shape[0]
        elif self.how == "mask":
            kept = torch.zeros(8, dtype=torch.bool)
            kept[1:7] = True
            return x[:, kept] @ x.transpose(1, 2)
        elif self.how == "iterate":
            count = 0
            for size in sizes:
                count += int(size)
        else:
            count = [3, 6, 9][torch.tensor(1)]
        return x[:, :count] @ x.transpose(1, 2)


@pytest.mark.parametrize("how", ["item", "tolist", "branch", "nonzero", "mask", "iterate", "index"])
def test_values_of_constants_are_known(how):
    report = costcalc.from_torch(Constants(how), (8, 10)).report(unit="macs")
    # 6 rows of 10 numbers by 8 columns.
    assert report.totals.mult_adds == 6 * 10 * 8
    assert "values" not in " ".join(report.notes)


class Lengths(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4, bias=False)

    def forward(self, x, lengths):
        return self.layer(x[:, : lengths.max().item()])


def test_values_of_given_inputs_are_known():
    args = torch.zeros(2, 9, 4), torch.tensor([3, 7])
    network = costcalc.from_torch(Lengths().to("meta"), args=args)
    assert network.totals(unit="macs").mult_adds == 2 * 7 * 4 * 4


class Sparse(nn.Module):
    """A layer for the pixels that are above zero after a convolution."""

    def __init__(self):
        super().__init__()
        self.conv, self.layer = nn.Conv2d(1, 2, 3), nn.Linear(2, 7)

    def forward(self, x):
        pixels = self.conv(x).movedim(1, -1).flatten(0, 2)
        return self.layer(pixels[pixels[:, 0] > 0])


def test_what_values_decide_runs_on_the_modules_own_weights():
    module, image = Sparse(), torch.randn(1, 1, 12, 12)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(image)
    report = costcalc.from_torch(module, args=(image,)).report(unit="macs")
    assert report.totals.mult_adds == counter.get_total_flops() // 2
    assert report.totals.params == 18 + 14
    assert (
        "Shapes depend on values (getitem): counts are of one run, on the module's own weights "
        "and the inputs that were given." in report.notes
    )
    again = costcalc.from_torch(module, (1, 12, 12)).report()
    assert again.totals == costcalc.from_torch(module, (1, 12, 12)).report().totals
    assert "the module's own weights and random inputs" in str(again)


class Graph(nn.Module):
    """A layer whose rows are mixed by a sparse matrix."""

    def __init__(self, mix, layout):
        super().__init__()
        self.layer, self.mix = nn.Linear(8, 4), mix
        self.register_buffer("edges", torch.eye(6).to_sparse(layout=layout))

    def forward(self, x):
        return self.mix(self.edges, self.layer(x))


@pytest.mark.filterwarnings("ignore:Sparse")
@pytest.mark.parametrize("layout", [torch.sparse_coo, torch.sparse_csr])
@pytest.mark.parametrize(
    "mix",
    [
        torch.sparse.mm,
        torch.matmul,
        lambda edges, x: torch.sparse.addmm(torch.zeros(6, 4), edges, x),
        lambda edges, x: edges.to_dense() @ x,
    ],
)
def test_a_sparse_tensor_counts_as_a_full_one(mix, layout):
    network = costcalc.from_torch(Graph(mix, layout), args=(torch.zeros(6, 8),))
    assert network.totals() == (32, 6 * 32 + 6 * 6 * 4)
    assert "A sparse tensor is counted as a full one of its shape." in network.report().notes


@pytest.mark.parametrize(
    "outside",
    [
        lambda x: torch.from_numpy(numpy.asarray(x) + 1),
        lambda x: torch.tensor(x.numpy()),
        lambda x: torch.as_tensor(x.tolist()),
    ],
)
def test_what_leaves_pytorch_is_named(outside):
    class Outside(nn.Conv2d):
        def forward(self, x):
            return super().forward(outside(x))

    module = Outside(3, 4, 3)
    for inputs in ({"args": (torch.zeros(1, 3, 8, 8),)}, {"input": (3, 8, 8)}):
        report = costcalc.from_torch(module, **inputs).report()
        assert report.totals == (108, 36 * 108)
        assert "computed outside of PyTorch, as by NumPy, is not counted" in str(report)


def test_lists_of_constants_leave_nothing():
    class Constant(nn.Conv2d):
        def forward(self, x):
            return super().forward(x[..., : torch.tensor([8]).tolist()[0]])

    assert "outside" not in str(costcalc.from_torch(Constant(3, 4, 3), (3, 8, 8)))


def test_a_module_without_data_is_named():
    with pytest.raises(costcalc.CostcalcError, match="depends on the values of a tensor"):
        costcalc.from_torch(Sparse().to("meta"), (1, 12, 12))


def test_a_run_on_data_leaves_the_module_as_it_is():
    module = Sparse().train()
    module.register_buffer("count", torch.zeros(1))
    module.conv.register_forward_hook(lambda *_: print(module.count.add_(1)))
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    costcalc.from_torch(module, (1, 12, 12))
    assert module.training
    assert torch.rand(1) == expected


def test_a_named_module_is_built_with_data(tmp_path, monkeypatch):
    (tmp_path / "sparse_nets.py").write_text(
        "import torch\nfrom torch import nn\n\n\n"
        "class Sparse(nn.Module):\n"
        "    def __init__(self, out=7):\n"
        "        super().__init__()\n"
        "        self.layer = nn.Linear(3, out)\n\n"
        "    def forward(self, x):\n"
        "        x = x.flatten(2).transpose(1, 2)\n"
        "        return self.layer(x[self.layer(x)[..., 0] > 0])\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "sparse_nets", raising=False)
    arguments = ["report", "torch:sparse_nets:Sparse", "--set", "out=2", "--input", "3,8,8"]
    first, second = (CliRunner().invoke(main, arguments) for _ in range(2))
    assert first.exit_code == 0, first.output
    assert "counts are of one run, on random weights and random inputs" in first.stdout
    assert first.stdout == second.stdout


DETECTORS = [
    pytest.param("fasterrcnn_resnet50_fpn", marks=pytest.mark.slow),
    pytest.param("fasterrcnn_resnet50_fpn_v2", marks=pytest.mark.slow),
    "fcos_resnet50_fpn",
    "retinanet_resnet50_fpn",
    pytest.param("maskrcnn_resnet50_fpn_v2", marks=pytest.mark.slow),
    pytest.param("ssd300_vgg16", marks=pytest.mark.slow),
    "ssdlite320_mobilenet_v3_large",
]
"""Those whose operations torchvision publishes at the images that they read."""


def detector(name):
    import torchvision

    with torch.device("meta"):
        return torchvision.models.get_model(name, weights=None, weights_backbone=None)


@pytest.mark.parametrize("name", DETECTORS)
def test_a_detector_by_its_stated_boxes(name):
    import torchvision

    side = {"ssd300_vgg16": 300, "ssdlite320_mobilenet_v3_large": 320}.get(name, 800)
    module = detector(name)
    report = costcalc.from_torch(module, args=([torch.zeros(3, side, side)],)).report(
        convention="torch", unit="macs"
    )
    published = torchvision.models.get_model_weights(name).DEFAULT.meta["_ops"]
    # In thousands of millions of multiply-accumulates, with three decimals.
    assert abs(report.totals.mult_adds / 1e9 - published) < 0.001
    assert report.totals.params == sum(each.numel() for each in module.parameters())
    assert "counts are the most there can be" in " ".join(report.notes)


KEPT = 3
"""How many boxes the small detectors below keep."""

HEADS = {
    # Beside the boxes, for each of those that are kept: a convolution of 3 x 3 on 14 x 14 places,
    # one that doubles them by 2 x 2, and one of 1 x 1 for both classes.
    "Mask": 14 * 14 * (8 * 4 * 9 + 4 * 4 * 4) + 28 * 28 * 4 * 2,
    # The same, then one that doubles them by 4 x 4, for both points.
    "Keypoint": 14 * 14 * (8 * 4 * 9 + 4 * 2 * 16),
}


def small_detector(kind):
    from torchvision.models import detection as of
    from torchvision.ops import MultiScaleRoIAlign

    heads = {
        "Faster": {},
        "Mask": {
            "mask_roi_pool": MultiScaleRoIAlign(["0"], 14, 2),
            "mask_head": of.mask_rcnn.MaskRCNNHeads(8, (4,), 1),
            "mask_predictor": of.mask_rcnn.MaskRCNNPredictor(4, 4, 2),
        },
        "Keypoint": {
            "keypoint_roi_pool": MultiScaleRoIAlign(["0"], 14, 2),
            "keypoint_head": of.keypoint_rcnn.KeypointRCNNHeads(8, (4,)),
            "keypoint_predictor": of.keypoint_rcnn.KeypointRCNNPredictor(4, 2),
        },
    }
    backbone = nn.Conv2d(3, 8, 3, 8)
    backbone.out_channels = 8
    with torch.device("meta"):
        return getattr(of, f"{kind}RCNN")(
            backbone,
            box_predictor=of.faster_rcnn.FastRCNNPredictor(1024, 2),
            rpn_anchor_generator=of.anchor_utils.AnchorGenerator(((16,),), ((1.0,),)),
            box_roi_pool=MultiScaleRoIAlign(["0"], 7, 2),
            rpn_post_nms_top_n_test=5,
            box_detections_per_img=KEPT,
            min_size=64,
            max_size=64,
            **heads[kind],
        )


@pytest.mark.parametrize("kind", HEADS)
def test_what_is_found_of_each_box(kind):
    call = [torch.zeros(3, 50, 60)]
    report = costcalc.from_torch(small_detector(kind), args=(call,)).report(unit="macs")
    boxes = costcalc.from_torch(small_detector("Faster"), args=(call,)).totals(unit="macs")
    assert report.totals.mult_adds == boxes.mult_adds + KEPT * HEADS[kind]
    assert "All boxes are as large as the image" in " ".join(report.notes)
    assert not any("are chosen for each row" in note for note in report.notes)


def test_a_detector_on_the_command_line():
    name = "torch:torchvision.models.detection:ssdlite320_mobilenet_v3_large"
    arguments = ["--set", "weights_backbone=None", "--input", "3,320,320", "--format", "json"]
    result = CliRunner().invoke(main, ["report", name, *arguments])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["totals"]["mult_adds"] // 10**6 == 583


class Cropped(nn.Module):
    """Keeps as many rows as a mask has, or pads to them."""

    def __init__(self, keep):
        super().__init__()
        self.layer, self.keep = nn.Linear(5, 7, bias=False), keep

    def forward(self, x, mask):
        return self.layer(self.keep(x, mask.sum()))


@pytest.mark.parametrize(
    ("keep", "rows"),
    [
        (lambda x, n: x[:, :n], 3),
        (lambda x, n: x[:, n:], 6),
        (lambda x, n: x.narrow(1, 0, n), 3),
        (lambda x, n: nn.functional.pad(x, (0, 0, 0, n)), 12),
        (lambda x, n: x.unflatten(1, (n, -1)), 9),
        (lambda x, n: x.repeat(1, n, 1), 27),
        (lambda x, n: x.split([n, 9 - n], dim=1)[1], 6),
        (lambda x, n: nn.functional.interpolate(x.mT, size=(n,)).mT, 3),
    ],
)
def test_known_numbers_are_sizes(keep, rows):
    call = torch.zeros(1, 9, 5), torch.tensor([[1, 1, 1, 0]])
    module = Cropped(keep)
    assert module(*call).numel() == rows * 7
    assert costcalc.from_torch(module, args=call).totals() == (35, rows * 35)


@lru_cache
def places(count, device):
    return torch.arange(count, device=device).float()[:, None].repeat(1, 5)


class Placed(nn.Module):
    """Adds what a cache keeps between calls, as rotary embeddings do."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(5, 5, bias=False)

    def forward(self, x):
        return self.layer(x + places(x.shape[-2], x.device))


def test_a_cache_keeps_what_an_earlier_pass_made():
    for _ in range(3):
        assert costcalc.from_torch(Placed(), (4, 5)).totals() == (25, 4 * 25)


class Autocast(nn.Module):
    """Leaves the narrow numbers of its caller, as rotary embeddings do."""

    def __init__(self, **how):
        super().__init__()
        self.layer, self.how = nn.Linear(5, 5, bias=False), how

    def forward(self, x):
        with torch.autocast(x.device.type, **self.how):
            return self.layer(x)


@pytest.mark.parametrize("how", [{"enabled": False}, {"dtype": torch.bfloat16}])
def test_a_module_may_ask_for_autocast(how):
    assert costcalc.from_torch(Autocast(**how), (4, 5)).totals() == (25, 4 * 25)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.bfloat16


class Checked(nn.Module):
    """Refuses values that are too small, as vision-language networks refuse missing images."""

    def forward(self, x):
        torch._check_tensor_all(x > 0)
        return x * 2


def test_a_check_of_all_values():
    report = costcalc.from_torch(Checked(), args=(torch.ones(1, 4),)).report()
    kinds = [layer.kind for layer in report.layers if layer.kind != "constant"]
    assert kinds == ["compare", "reduce_min", "scale"]


class Outside(nn.Module):
    """A linear layer on what other code computes of the input."""

    def __init__(self, compute):
        super().__init__()
        self.layer, self.compute = nn.Linear(5, 5, bias=False), compute

    def forward(self, x):
        return self.layer(self.compute(x))


@pytest.mark.parametrize(
    "compute",
    [
        lambda x: torch.from_numpy(x.numpy() + 1),
        lambda x: torch.from_numpy(x.numpy()).float() * 2,
        lambda x: torch.as_tensor(numpy.asarray(x)),
        lambda x: torch.tensor(x.tolist()),
        lambda x: x.new_tensor(x.tolist()) * 2,
        lambda x: torch.full((1, 4, 5), x.mean().item()),
        lambda x: torch.full((1, 4, 5), float(x.mean())),
    ],
)
def test_what_other_code_computes_is_data(compute):
    call = (torch.ones(1, 4, 5),)
    assert costcalc.from_torch(Outside(compute), args=call).totals() == (25, 4 * 25)
    assert costcalc.from_torch(Outside(compute), (4, 5)).totals() == (25, 4 * 25)


def test_work_of_numpy_is_named():
    module = Outside(lambda x: torch.from_numpy(x.numpy() @ numpy.ones((5, 5), "float32")))
    notes = costcalc.from_torch(module, (4, 5)).report().notes
    said = "What is computed outside of PyTorch, as by NumPy, is not counted"
    assert notes.count(f"{said}: in the network itself.") == 1


def test_optical_flow_reads_two_images():
    import torchvision

    with torch.device("meta"):
        module = torchvision.models.optical_flow.raft_small()
    pair = torch.zeros(1, 3, 128, 128), torch.zeros(1, 3, 128, 128)
    with torch.device("meta"), torch.no_grad(), FlopCounterMode(display=False) as counter:
        module.eval()(*(image.to("meta") for image in pair))
    network = costcalc.from_torch(module, args=pair)
    params = sum(each.numel() for each in module.parameters())
    expected = (params, counter.get_total_flops() // 2)
    assert network.totals(convention="torch", unit="macs") == expected
