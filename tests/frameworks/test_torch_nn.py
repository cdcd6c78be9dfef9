"""Every module of ``torch.nn``: params are its own, mult-adds FlopCounterMode's or by hand."""

import inspect

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import costcalc
from costcalc.importers.torch.forward.copies import on_meta
from costcalc.importers.torch.forward.functions import function_name
from costcalc.importers.torch.table import RULES
from tests.frameworks.test_torch_modules import layers_of, macs, params

MAPS = {1: (4, 9), 2: (4, 9, 8), 3: (4, 9, 8, 7)}
"""An input of each number of spatial axes."""

TOKENS = (6, 8)
VECTOR = (5,)


class On(nn.Module):
    """A module on an input, and on further ones that are constants."""

    def __init__(self, module, *others):
        super().__init__()
        self.module, self.others = module, others

    def forward(self, x):
        return self.module(x, *(make(x) for make in self.others))


def zeros(*shape):
    """Makes another input."""
    return lambda x: x.new_zeros(shape)


def whole(*shape):
    """Makes another input of whole numbers."""
    return lambda x: x.new_zeros(shape, dtype=torch.int64)


class Ids(nn.Module):
    """A module that reads whole numbers."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, x):
        return self.module(x.long())


def by_axes(name, *arguments, ranks=(1, 2, 3), **keywords):
    """The modules for one to three spatial axes."""
    return {
        f"{name}{rank}d": (getattr(nn, f"{name}{rank}d")(*arguments, **keywords), MAPS[rank])
        for rank in ranks
    }


ELEMENTS = (
    "CELU ELU GELU Hardshrink Hardsigmoid Hardswish Hardtanh Identity LeakyReLU LogSigmoid Mish "
    "PReLU RReLU ReLU ReLU6 SELU SiLU Sigmoid Softplus Softshrink Softsign Tanh Tanhshrink "
    "AlphaDropout Dropout FeatureAlphaDropout Flatten GLU"
)

LOSSES = (
    "BCELoss BCEWithLogitsLoss HingeEmbeddingLoss HuberLoss KLDivLoss L1Loss MSELoss "
    "MultiLabelSoftMarginLoss PoissonNLLLoss SmoothL1Loss SoftMarginLoss"
)

MODULES = {
    **{name: (getattr(nn, name)(), MAPS[2]) for name in ELEMENTS.split()},
    **{name: (On(getattr(nn, name)(), zeros(1, 5)), VECTOR) for name in LOSSES.split()},
    **by_axes("AdaptiveAvgPool", 3),
    **by_axes("AdaptiveMaxPool", 3),
    **by_axes("AvgPool", 2),
    **by_axes("MaxPool", 2),
    **by_axes("LPPool", 3, 2),
    **by_axes("FractionalMaxPool", 2, output_size=4, ranks=(2, 3)),
    **by_axes("BatchNorm", 4),
    **by_axes("InstanceNorm", 4, affine=True),
    **by_axes("LazyBatchNorm"),
    **by_axes("LazyInstanceNorm"),
    **by_axes("Conv", 4, 6, 3, groups=2),
    **by_axes("ConvTranspose", 4, 6, 3, stride=2),
    **by_axes("LazyConv", 6, 3),
    **by_axes("LazyConvTranspose", 6, 3),
    **by_axes("CircularPad", 1),
    **by_axes("ConstantPad", 1, 2.0),
    **by_axes("ReflectionPad", 1),
    **by_axes("ReplicationPad", 1),
    **by_axes("ZeroPad", 1),
    **by_axes("Dropout"),
    "MaxUnpool1d": (On(nn.MaxUnpool1d(2), whole(1, 4, 9)), MAPS[1]),
    "MaxUnpool2d": (On(nn.MaxUnpool2d(2), whole(1, 4, 9, 8)), MAPS[2]),
    "MaxUnpool3d": (On(nn.MaxUnpool3d(2), whole(1, 4, 9, 8, 7)), MAPS[3]),
    "Bilinear": (On(nn.Bilinear(5, 3, 6), zeros(1, 3)), VECTOR),
    "ChannelShuffle": (nn.ChannelShuffle(2), MAPS[2]),
    "CosineEmbeddingLoss": (On(nn.CosineEmbeddingLoss(), zeros(1, 5), zeros(1)), VECTOR),
    "CosineSimilarity": (On(nn.CosineSimilarity(), zeros(1, 5)), VECTOR),
    "CrossEntropyLoss": (On(nn.CrossEntropyLoss(), whole(1)), VECTOR),
    "CrossMapLRN2d": (nn.CrossMapLRN2d(3), MAPS[2]),
    "DataParallel": (nn.DataParallel(nn.Linear(8, 4)), TOKENS),
    "Embedding": (Ids(nn.Embedding(10, 4)), VECTOR),
    "EmbeddingBag": (Ids(nn.EmbeddingBag(10, 4, mode="max")), VECTOR),
    "Fold": (nn.Fold(9, 2), (8, 64)),
    "GRU": (nn.GRU(8, 5, 2), TOKENS),
    "GRUCell": (nn.GRUCell(5, 4), VECTOR),
    "GroupNorm": (nn.GroupNorm(2, 4), MAPS[2]),
    "LSTM": (nn.LSTM(8, 5, 2, bidirectional=True), TOKENS),
    "LSTMCell": (nn.LSTMCell(5, 4), VECTOR),
    "LayerNorm": (nn.LayerNorm(8), TOKENS),
    "LazyLinear": (nn.LazyLinear(4), TOKENS),
    "Linear": (nn.Linear(8, 4), TOKENS),
    "LinearCrossEntropyLoss": (On(nn.LinearCrossEntropyLoss(5, 4), whole(1)), VECTOR),
    "LocalResponseNorm": (nn.LocalResponseNorm(3), MAPS[2]),
    "LogSoftmax": (nn.LogSoftmax(1), MAPS[2]),
    "MarginRankingLoss": (On(nn.MarginRankingLoss(), zeros(1, 5), zeros(1, 5)), VECTOR),
    "MultiLabelMarginLoss": (On(nn.MultiLabelMarginLoss(), whole(1, 5)), VECTOR),
    "MultiMarginLoss": (On(nn.MultiMarginLoss(), whole(1)), VECTOR),
    "MultiheadAttention": (
        On(nn.MultiheadAttention(8, 2, batch_first=True), zeros(1, 4, 8), zeros(1, 4, 8)),
        TOKENS,
    ),
    "NLLLoss": (On(nn.NLLLoss(), whole(1, 9, 8)), MAPS[2]),
    "PairwiseDistance": (On(nn.PairwiseDistance(), zeros(1, 5)), VECTOR),
    "PixelShuffle": (nn.PixelShuffle(2), MAPS[2]),
    "PixelUnshuffle": (nn.PixelUnshuffle(2), (4, 8, 8)),
    "RMSNorm": (nn.RMSNorm(8), TOKENS),
    "RNN": (nn.RNN(8, 5, 2), TOKENS),
    "RNNCell": (nn.RNNCell(5, 4), VECTOR),
    "Sequential": (nn.Sequential(nn.Linear(8, 4), nn.ReLU()), TOKENS),
    "Softmax": (nn.Softmax(1), MAPS[2]),
    "Softmax2d": (nn.Softmax2d(), MAPS[2]),
    "Softmin": (nn.Softmin(1), MAPS[2]),
    "SyncBatchNorm": (nn.SyncBatchNorm(4), MAPS[2]),
    "Threshold": (nn.Threshold(0.1, 20), MAPS[2]),
    "Transformer": (On(nn.Transformer(8, 2, 1, 1, 16, batch_first=True), zeros(1, 4, 8)), TOKENS),
    "TransformerDecoder": (
        On(
            nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16, batch_first=True), 2),
            zeros(1, 4, 8),
        ),
        TOKENS,
    ),
    "TransformerDecoderLayer": (
        On(nn.TransformerDecoderLayer(8, 2, 16, batch_first=True), zeros(1, 4, 8)),
        TOKENS,
    ),
    "TransformerEncoder": (
        nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2),
        TOKENS,
    ),
    "TransformerEncoderLayer": (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), TOKENS),
    "TripletMarginLoss": (On(nn.TripletMarginLoss(), zeros(1, 5), zeros(1, 5)), VECTOR),
    "TripletMarginWithDistanceLoss": (
        On(nn.TripletMarginWithDistanceLoss(), zeros(1, 5), zeros(1, 5)),
        VECTOR,
    ),
    "Unflatten": (nn.Unflatten(1, (2, 2)), MAPS[2]),
    "Unfold": (nn.Unfold(2), MAPS[2]),
    "Upsample": (nn.Upsample(scale_factor=2, mode="trilinear"), MAPS[3]),
    "UpsamplingBilinear2d": (nn.UpsamplingBilinear2d(scale_factor=2), MAPS[2]),
    "UpsamplingNearest2d": (nn.UpsamplingNearest2d(scale_factor=2), MAPS[2]),
}
"""A module of each class, and its input without the batch."""

BY_HAND = {
    "Bilinear": 6 * 5 * 3,  # every weight once
    "LinearCrossEntropyLoss": 5 * 4,
}
"""Mult-adds where PyTorch's counter has no formula."""

NO_FORWARD = {
    "Container", "Module", "ModuleDict", "ModuleList", "ParameterDict", "ParameterList",
    "RNNBase", "RNNCellBase", "NLLLoss2d",
}  # fmt: skip
"""Classes that others are built from, and an old name of NLLLoss."""

BY_VALUES = {
    # The head is 5 x 5; no target is among the 6 rare classes, whose 5 x 1 and 1 x 6 do not run.
    "AdaptiveLogSoftmaxWithLoss": (
        On(nn.AdaptiveLogSoftmaxWithLoss(5, 10, [4]), whole(1)), VECTOR, 25, 36
    ),
    "GaussianNLLLoss": (On(nn.GaussianNLLLoss(), zeros(1, 5), zeros(1, 5)), VECTOR, 0, 0),
}  # fmt: skip
"""Modules that ask for values, and run on their own: their products and params by hand."""


def test_every_class_is_here():
    classes = {
        name
        for name, value in vars(nn).items()
        if inspect.isclass(value) and issubclass(value, nn.Module)
    }
    assert classes == {*MODULES} | {*BY_VALUES} | NO_FORWARD | {"CTCLoss"}
    assert len(MODULES) > 145


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.filterwarnings("ignore")
def test_a_module(name):
    module, input = MODULES[name]
    if name.startswith("Lazy"):
        module(torch.zeros(1, *input))
    layers = layers_of(module, input)
    # Without a device's own kernels, which the counter does not see through.
    counted = on_meta(module).eval()
    with torch.device("meta"), torch.no_grad(), FlopCounterMode(display=False) as counter:
        counted(torch.zeros(1, *input))
    numbers = sum(each.numel() for each in module.parameters())
    assert params(layers) == numbers
    assert macs(layers) == BY_HAND.get(name, counter.get_total_flops() // 2)


@pytest.mark.parametrize("name", BY_VALUES)
def test_a_module_that_asks_for_values(name):
    module, input, products, numbers = BY_VALUES[name]
    layers = layers_of(module, input)
    assert (macs(layers), params(layers)) == (products, numbers)


UNTRACED = {name for name in MODULES if name.startswith(("Lazy", "MaxUnpool"))}
"""Modules that torch.jit.trace does not take."""


@pytest.mark.parametrize("name", sorted({*MODULES} - UNTRACED))
@pytest.mark.filterwarnings("ignore")
def test_a_traced_module_is_read_by_its_operators(name):
    """What a device does in one operator, such as an LSTM, is counted as the module is."""
    module, input = MODULES[name]
    with torch.no_grad():
        traced = torch.jit.trace(module.eval(), (torch.zeros(1, *input),), check_trace=False)
    shown, seen = layers_of(module, input), layers_of(traced, input)
    assert (macs(seen), params(seen)) == (macs(shown), params(shown))


def test_a_loss_of_alignments():
    """Which PyTorch computes of numbers alone: of 7 steps of 5 classes, and 3 labels."""
    lengths = torch.tensor([7]), torch.tensor([3])
    args = (torch.zeros(7, 1, 5), torch.ones(1, 3, dtype=torch.int64), *lengths)
    report = costcalc.from_torch(nn.CTCLoss(), args=args).report()
    # At each step, 2 * 3 + 1 states add up three before them.
    sums = [layer for layer in report.layers if layer.kind == "power"]
    assert [layer.output for layer in sums] == [(1, 7, 2 * 3 + 1)] * 2


def test_every_function_that_is_not_written_in_python_has_a_rule():
    """Those written in Python are read by the functions that they call, if they have none."""
    built_in = [
        value
        for name, value in vars(nn.functional).items()
        if inspect.isbuiltin(value) and not name.startswith(("_", "has_torch_function"))
    ]
    assert {*map(function_name, built_in)} <= RULES.names
    assert len(built_in) > 30
