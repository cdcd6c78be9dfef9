"""Predictions of PyTorch modules keep their widths at every width multiplier."""

import torch
from torch import nn

import costcalc


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
