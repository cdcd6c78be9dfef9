"""``costcalc.from_torch``: a module in a script is a network like any other."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import costcalc


class Twice(nn.Module):
    """One convolution used twice, a function, an operator and a classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.shared = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.classifier = nn.Linear(8, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.stem(x))
        y = self.shared(self.shared(y)) + y
        return self.classifier(y.mean((2, 3)))


def test_a_module_is_reported():
    report = costcalc.from_torch(Twice(), (3, 16, 16)).report(convention="torch", unit="macs")
    # 3*3*3*8 + 8 = 224, 3*3*8*8 = 576 once, 8*10 + 10 = 90
    assert report.totals.params == 224 + 576 + 90
    # (3*3*3*8 + 2 * 3*3*8*8) * 16*16 + 8*10
    assert report.totals.mult_adds == (216 + 2 * 576) * 256 + 80


def test_a_module_takes_widths_and_resolutions():
    network = costcalc.from_torch(Twice(), (3, 16, 16))
    assert network.report(alpha=0.5).totals.params == 27 * 4 + 9 * 4 * 4 + 4 * 10
    assert network.report(res=32).totals.mult_adds == (216 + 2 * 576) * 1024 + 80
    rows = costcalc.sweep(network, "mobilenet_v1", res=[32, 64]).rows()
    assert [row.mult_adds for row in rows][:2] == [1368 * 1024 + 80, 1368 * 4096 + 80]


def test_a_module_stays_as_it_is():
    module = Twice().train()
    before = {name: (value.device, value.data_ptr()) for name, value in module.named_parameters()}
    costcalc.from_torch(module, (3, 16, 16))
    assert module.training
    after = {name: (value.device, value.data_ptr()) for name, value in module.named_parameters()}
    assert after == before


def test_an_input_that_does_not_fit_is_said():
    with pytest.raises(costcalc.SpecError, match="stem"):
        costcalc.from_torch(Twice(), (4, 16, 16))


def test_a_module_is_written_as_a_spec(tmp_path):
    network = costcalc.from_torch(Twice(), (3, 16, 16))
    spec = tmp_path / "twice.yaml"
    spec.write_text(costcalc.to_spec(network), encoding="utf-8")
    assert costcalc.report(str(spec)).totals == network.report().totals
