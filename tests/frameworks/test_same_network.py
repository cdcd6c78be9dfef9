"""One network as a PyTorch module, as ONNX files of it, and as a Keras model: the same totals.

Keras' recurrent layers have one bias where PyTorch's have two, and a projection of attention
may be one product or three: what is compared are weights and multiply-accumulates, by family.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import keras
import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional

import costcalc

layers = keras.layers


class Pair(NamedTuple):
    """A network in both frameworks; shapes are without the batch."""

    module: nn.Module
    shape: tuple[int, ...]
    """PyTorch's input."""
    made: Sequence = ()
    """Keras' layers, one after another; none if Keras has no such layer."""
    keras_shape: tuple[int, ...] = ()
    exporters: tuple[bool, ...] = (False, True)
    """Which of PyTorch's exporters write it: the older one, and that of ``torch.export``."""
    quantised: str = ""
    """How Keras' model is quantised."""


class Last(nn.Module):
    """The output of a recurrent layer at its last step."""

    def __init__(self, rnn: nn.Module) -> None:
        super().__init__()
        self.rnn = rnn

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.rnn(x)[0][:, -1]


class SelfAttention(nn.Module):
    """Attention of tokens to each other, with a shortcut and a norm."""

    def __init__(self, size: int, heads: int) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(size, heads, batch_first=True)
        self.norm = nn.LayerNorm(size)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(x + self.attention(x, x, x, need_weights=False)[0])


class KerasSelfAttention:
    """The same in Keras."""

    def __init__(self, size: int, heads: int) -> None:
        self.attention = layers.MultiHeadAttention(heads, size // heads)
        self.norm = layers.LayerNormalization()

    def __call__(self, x):
        return self.norm(layers.add([x, self.attention(x, x)]))


class Squeezed(nn.Module):
    """Squeeze and excitation."""

    def __init__(self, width: int, narrow: int) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(width, narrow, 1), nn.Conv2d(narrow, width, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scale = self.down(x.mean((2, 3), keepdim=True)).relu()
        return x * self.up(scale).sigmoid()


class KerasSqueezed:
    """The same in Keras."""

    def __init__(self, width: int, narrow: int) -> None:
        self.pool = layers.GlobalAveragePooling2D(keepdims=True)
        self.down = layers.Conv2D(narrow, 1, activation="relu")
        self.up = layers.Conv2D(width, 1, activation="sigmoid")

    def __call__(self, x):
        return layers.multiply([x, self.up(self.down(self.pool(x)))])


def separable():
    module = nn.Sequential(
        nn.Conv2d(3, 16, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1, groups=16),
        nn.Conv2d(32, 24, 1),
        nn.ReLU6(),
        nn.MaxPool2d(2),
        nn.Conv2d(24, 36, (3, 5), dilation=(2, 1), groups=3),
        nn.SiLU(),
        Squeezed(36, 9),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(36, 10),
    )
    made = [
        layers.ZeroPadding2D(1),
        layers.Conv2D(16, 3, strides=2, use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2),
        layers.Conv2D(24, 1),
        layers.Activation("relu6"),
        layers.MaxPooling2D(2),
        layers.Conv2D(36, (3, 5), dilation_rate=(2, 1), groups=3, activation="silu"),
        KerasSqueezed(36, 9),
        layers.GlobalAveragePooling2D(),
        layers.Dense(10),
    ]
    return Pair(module, (3, 40, 48), made, (40, 48, 3))


def upsampled():
    module = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.PReLU(8),
        nn.Upsample(scale_factor=2, mode="bilinear"),
        nn.ConvTranspose2d(8, 6, 4, stride=2, padding=1),
        nn.GroupNorm(3, 6),
        nn.Conv2d(6, 2, 1),
    )
    made = [
        layers.Conv2D(8, 3, padding="same"),
        layers.PReLU(shared_axes=[1, 2]),
        layers.UpSampling2D(2, interpolation="bilinear"),
        layers.Conv2DTranspose(6, 4, strides=2, padding="same"),
        layers.GroupNormalization(3),
        layers.Conv2D(2, 1),
    ]
    return Pair(module, (3, 10, 12), made, (10, 12, 3))


def volumes():
    module = nn.Sequential(
        nn.Conv3d(2, 4, 3), nn.ELU(), nn.AvgPool3d(2), nn.Flatten(), nn.Linear(4 * 3 * 4 * 5, 7)
    )
    made = [
        layers.Conv3D(4, 3, activation="elu"),
        layers.AveragePooling3D(2),
        layers.Flatten(),
        layers.Dense(7),
    ]
    return Pair(module, (2, 8, 10, 12), made, (8, 10, 12, 2))


def recurrent(kind: str, is_bidirectional: bool):
    cell = getattr(nn, {"SimpleRNN": "RNN"}.get(kind, kind))
    rnn = cell(6, 5, batch_first=True, bidirectional=is_bidirectional)
    width = 10 if is_bidirectional else 5
    made = getattr(layers, kind)(5, return_sequences=is_bidirectional)
    tail = []
    if is_bidirectional:
        made, tail = layers.Bidirectional(made), [layers.Cropping1D((8, 0)), layers.Flatten()]
    module = nn.Sequential(Last(rnn), nn.Linear(width, 3))
    return Pair(module, (9, 6), [made, *tail, layers.Dense(3)], (9, 6))


def transformer():
    module = nn.Sequential(
        SelfAttention(16, 4), nn.Linear(16, 64), nn.GELU(), nn.Linear(64, 16), nn.Flatten()
    )
    made = [
        KerasSelfAttention(16, 4),
        layers.Dense(64, activation="gelu"),
        layers.Dense(16),
        layers.Flatten(),
    ]
    return Pair(module, (7, 16), made, (7, 16))


class Deformed(nn.Module):
    """A deformable convolution, whose offsets are those of another."""

    def __init__(self) -> None:
        super().__init__()
        self.offsets = nn.Conv2d(4, 18, 3, padding=1)
        self.conv = torchvision.ops.DeformConv2d(4, 6, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x, self.offsets(x))


class Sampled(nn.Module):
    """Maps at places that a layer computes, whose best are kept."""

    def __init__(self) -> None:
        super().__init__()
        self.places = nn.Linear(4 * 6 * 8, 5 * 7 * 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        places = self.places(x.flatten(1)).reshape(-1, 5, 7, 2)
        return functional.grid_sample(x, places, align_corners=False).flatten(1).topk(3).values


class Contracted(nn.Module):
    """A weight that meets the data in an ``einsum``."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(8, 3, 5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.einsum("bti,ioc->btoc", x, self.weight)


class Spectrum(nn.Module):
    """A layer behind a Fourier transform."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(9, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(torch.fft.rfft(x).abs())


def quantised():
    """Exporters do not write PyTorch's quantised layers."""
    module = nn.Sequential(nn.Linear(12, 20), nn.ReLU(), nn.Linear(20, 6))
    module = torch.ao.quantization.quantize_dynamic(module, {nn.Linear})
    made = [layers.Dense(20, activation="relu"), layers.Dense(6)]
    return Pair(module, (12,), made, (12,), exporters=(), quantised="int8")


NETWORKS = {
    "deformable": lambda: Pair(Deformed(), (4, 7, 9), exporters=(True,)),
    "sampled": lambda: Pair(Sampled(), (4, 6, 8)),
    "contracted": lambda: Pair(Contracted(), (5, 8)),
    "spectrum": lambda: Pair(Spectrum(), (3, 16), exporters=(True,)),
    "quantised": quantised,
    "separable convolutions": separable,
    "resampling": upsampled,
    "volumes": volumes,
    "transformer": transformer,
    **{
        f"{kind}{' both ways' * is_bidirectional}": lambda kind=kind, both=is_bidirectional: (
            recurrent(kind, both)
        )
        for kind in ("LSTM", "GRU", "SimpleRNN")
        for is_bidirectional in (False, True)
    },
}


AHEAD = {"SimpleRNN": 5 * 5, "SimpleRNN both ways": 2 * 5 * 5}
"""Multiply-accumulates that the ``torch.export``-based exporter leaves out: it unrolls an ``RNN``,
and computes the product with the first state, zeros, in advance."""


def counts(network) -> Counter:
    """Weights and multiply-accumulates, by the family of their layers."""
    found = Counter()
    for layer in network.graph().layers:
        events = layer.events()
        own = 0 if layer.shares is not None else events.weights
        found[layer.kind.family, "weights"] += own
        found[layer.kind.family, "macs"] += events.macs
    return +found


def of_keras(pair: Pair, folder):
    x = y = keras.Input(pair.keras_shape)
    for made in pair.made:
        y = made(y)
    model = keras.Model(x, y)
    if pair.quantised:
        model.quantize(pair.quantised)
    path = folder / "net.json"
    path.write_text(model.to_json())
    return costcalc.load(str(path))


def of_onnx(pair: Pair, folder, dynamo: bool):
    path = str(folder / "net.onnx")
    sample = (torch.zeros(1, *pair.shape),)
    torch.onnx.export(
        pair.module.eval(), sample, path, dynamo=dynamo, verbose=False, opset_version=20
    )
    return costcalc.load(path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NETWORKS)
def test_every_way_in_has_the_same_totals(name, tmp_path):
    pair = NETWORKS[name]()
    module = counts(costcalc.from_torch(pair.module, pair.shape))
    assert module
    if pair.made:
        assert counts(of_keras(pair, tmp_path)) == module
    for dynamo in pair.exporters:
        module["dense", "macs"] -= AHEAD.get(name, 0) if dynamo else 0
        assert counts(of_onnx(pair, tmp_path, dynamo=dynamo)) == module
