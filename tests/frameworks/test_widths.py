"""The width multiplier on one network through PyTorch, ONNX and a spec."""

from fractions import Fraction

import pytest
import torch
from torch import nn

import costcalc


def separable() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Conv2d(16, 16, 3, padding=1, groups=16, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU6(),
        nn.Conv2d(16, 32, 5, padding=2, groups=16),
        nn.ReLU(),
        nn.Conv2d(32, 24, 1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(24, 10),
    )


def grouped() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 16, 3),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, groups=2),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 10),
    )


def upsampling() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1),
        nn.ReLU(),
        nn.ConvTranspose2d(16, 16, 4, stride=2, padding=1, groups=16),
        nn.ReLU(),
        nn.ConvTranspose2d(16, 32, 3, stride=2, groups=16, output_padding=1),
        nn.ReLU(),
        nn.Conv2d(32, 8, 1),
        nn.ReLU(),
    )


def along_time() -> nn.Module:
    return nn.Sequential(
        nn.Conv1d(3, 16, 5),
        nn.ReLU(),
        nn.Conv1d(16, 16, 3, groups=16),
        nn.ReLU(),
        nn.Conv1d(16, 8, 1),
        nn.ReLU(),
    )


NETWORKS = [
    (separable, (3, 32, 32)),
    (grouped, (3, 16, 16)),
    (upsampling, (3, 8, 8)),
    (along_time, (3, 20)),
]

ALPHAS = (Fraction(1, 4), Fraction(1, 2), Fraction(3, 4), 1, Fraction(5, 4), 2)
"""At each, every width of the networks is whole."""


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("build", "shape"), NETWORKS)
def test_every_way_in_scales_alike(build, shape, tmp_path):
    module = build().eval()
    network = costcalc.from_torch(module, shape)
    file, spec, own = (tmp_path / name for name in ("net.onnx", "net.yaml", "own.onnx"))
    torch.onnx.export(module, (torch.zeros(1, *shape),), str(file), dynamo=False)
    spec.write_text(network.to_spec(), encoding="utf-8")
    own.write_bytes(bytes(network.export("onnx")))
    form = network.formula(res=shape[1:] if len(shape) > 2 else shape[-1])
    (symbol,) = form.params.free_symbols
    for alpha in ALPHAS:
        totals = network.totals(alpha=alpha)
        for path in (file, spec, own):
            assert costcalc.totals(path, alpha=alpha) == totals, (path.name, alpha)
        assert form.params.subs(symbol, alpha) == totals.params, alpha


def test_the_widest_within_a_budget():
    # At 1/2: 3*3*3*8 + 3*3*8 + 5*5*16 + 16*12 + 12*10 weights.
    solution = costcalc.solve(
        separable(), "alpha", max_params=1000, values=("1/4", "1/2", 1), input=(3, 32, 32)
    )
    assert (solution.best.value, solution.best.params) == (Fraction(1, 2), 1000)


class Detector(nn.Module):
    """A backbone with a head that stacks boxes and scores."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 3, 2, 1), nn.ReLU()
        )
        self.boxes = nn.Conv2d(32, 6 * 4, 3, padding=1)
        self.scores = nn.Conv2d(32, 6 * 2, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.features(x)
        boxes = self.boxes(x).flatten(1).reshape(len(x), -1, 4)
        scores = self.scores(x).flatten(1).reshape(len(x), -1, 2).softmax(-1)
        return torch.cat([boxes, scores], -1)


def outputs(module: nn.Module, alpha: str) -> list[int]:
    report = costcalc.from_torch(module, (3, 32, 32)).report(alpha=alpha)
    return [layer.output[0] for layer in report.layers if layer.kind in ("conv", "fc")]


def test_a_detector_keeps_its_boxes():
    assert outputs(Detector(), "1/2") == [8, 16, 24, 12]
    assert outputs(Detector(), "2") == [32, 64, 24, 12]


def test_a_segmentation_keeps_its_classes():
    module = nn.Sequential(
        *Detector().features, nn.Conv2d(32, 1, 1), nn.Upsample(scale_factor=4), nn.Sigmoid()
    )
    assert outputs(module, "1/4") == [4, 8, 1]
