"""Quantised modules and prepared ones: the counts of the modules that they were made of."""

import copy

import pytest
import torch
from torch import nn
from torch.ao import quantization

from costcalc import from_torch

pytestmark = pytest.mark.filterwarnings("ignore")

SHAPE = (3, 8, 8)
# 3*3*3*8 weights at 6*6 places, and a layer of 8*5.
WEIGHTS, MACS = 216 + 40, 216 * 36 + 40
BIASES, NORM = 8 + 5, 8 + 8


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.quant, self.dequant = quantization.QuantStub(), quantization.DeQuantStub()
        self.conv, self.bn, self.relu = nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU()
        self.sum, self.pool, self.fc = (
            torch.ao.nn.quantized.FloatFunctional(),
            nn.AdaptiveAvgPool2d(1),
            nn.Linear(8, 5),
        )

    def forward(self, x):
        x = self.relu(self.bn(self.conv(self.quant(x))))
        x = self.pool(self.sum.add(x, x)).flatten(1)
        return self.dequant(self.fc(x))


def prepared():
    net = quantization.fuse_modules(Net().eval(), [["conv", "bn", "relu"]])
    net.qconfig = quantization.get_default_qconfig("fbgemm")
    net = quantization.prepare(net)
    net(torch.randn(1, *SHAPE))
    return net


def aware():
    net = quantization.fuse_modules_qat(Net().train(), [["conv", "bn", "relu"]])
    net.qconfig = quantization.get_default_qat_qconfig("fbgemm")
    net = quantization.prepare_qat(net)
    net(torch.randn(2, *SHAPE))
    return net


@pytest.fixture(autouse=True)
def engine():
    before = torch.backends.quantized.engine
    torch.backends.quantized.engine = "fbgemm"
    yield
    torch.backends.quantized.engine = before


@pytest.mark.parametrize(
    ("made", "norm"),
    [
        (prepared, 0),
        (lambda: quantization.convert(prepared()), 0),
        (aware, NORM),
        (lambda: quantization.convert(aware().eval()), 0),
    ],
    ids=["prepared", "static", "aware", "converted"],
)
def test_static_quantisation_leaves_the_counts_as_they_are(made, norm):
    network = from_torch(made(), SHAPE)
    totals = network.totals()
    assert (totals.params, totals.mult_adds) == (WEIGHTS, MACS)
    every = network.report(convention="torch").totals
    assert (every.params, every.mult_adds) == (WEIGHTS + BIASES + norm, 2 * MACS)
    kinds = [layer.kind for layer in network.report().layers]
    assert [kinds.count(kind) for kind in ("conv", "relu", "fc")] == [1, 1, 1]


def test_dynamic_quantisation():
    net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4))
    for dtype in (torch.qint8, torch.float16):
        quantised = quantization.quantize_dynamic(copy.deepcopy(net), {nn.Linear}, dtype=dtype)
        totals = from_torch(quantised, (6, 8)).totals()
        # 8*16 + 16*4 weights, for each of 6 rows.
        assert (totals.params, totals.mult_adds) == (192, 6 * 192)


def test_a_module_used_twice_packs_its_weights_once():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(8, 8)

        def forward(self, x):
            return self.layer(self.layer(x))

    quantised = quantization.quantize_dynamic(Twice(), {nn.Linear})
    totals = from_torch(quantised, (8,)).totals()
    assert (totals.params, totals.mult_adds) == (64, 2 * 64)


def test_transposed_and_one_dimensional_convolutions():
    quantised = torch.ao.nn.quantized

    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            self.rows = quantised.Conv1d(3, 8, 3, padding=1)
            self.up = quantised.ConvTranspose1d(8, 4, 2, stride=2)

        def forward(self, x):
            x = torch.quantize_per_tensor(x, 0.1, 0, torch.quint8)
            return self.up(self.rows(x)).dequantize()

    torch.backends.quantized.engine = "qnnpack"
    totals = from_torch(Both(), (3, 10)).totals()
    # 3*8*3 weights at 10 places; 8*4*2 at 10.
    assert (totals.params, totals.mult_adds) == (72 + 64, 720 + 640)
