"""Modules as people have them, each of a kind that counters get wrong or refuse.

Params and multiply-accumulates are worked out beside each module.
"""

from __future__ import annotations

import pytest
import torch
from torch import nn

import costcalc

pytestmark = pytest.mark.filterwarnings("ignore")


def zeros(*shape, dtype=None):
    return torch.zeros(1, *shape, dtype=dtype)


class Fn(nn.Module):
    """A function of the module itself and of what it is called on."""

    def __init__(self, function, **parts):
        super().__init__()
        self.function = function
        for name, part in parts.items():
            setattr(self, name, nn.Parameter(torch.ones(part)) if type(part) is tuple else part)

    def forward(self, *args, **kwargs):
        return self.function(self, *args, **kwargs)


def trunk():
    return nn.Sequential(nn.Conv2d(2, 6, 3, bias=False), nn.ReLU(), nn.Conv2d(6, 4, 1, bias=False))


def steps(s, x):
    h = c = torch.zeros(x.size(0), 7)
    for step in x.unbind(1):
        h, c = s.cell(step, (h, c))
    return h


def routed(s, x):
    scores, chosen = s.router(x).topk(3, dim=-1)
    out = torch.zeros_like(x)
    for number, expert in enumerate(s.experts):
        row, place = (chosen == number).nonzero(as_tuple=True)
        out = out.index_add(0, row, scores[row, place, None] * expert(x[row]))
    return out


def filtered(s, x):
    return torch.fft.irfft(torch.fft.rfft(s.mix(x), dim=1) * torch.view_as_complex(s.w), dim=1)


def deformable():
    from torchvision.ops import DeformConv2d

    return DeformConv2d(3, 5, 3, padding=1, bias=False)


norm = nn.utils.parametrizations.spectral_norm
CONV = 2 * 6 * 9 * 64 + 6 * 4 * 64
"""Of the trunk, at 8 * 8 positions."""

MODULES = {
    # name: what builds it, what it is called on, params, multiply-accumulates
    "a scripted module": (lambda: torch.jit.script(trunk()), [zeros(2, 10, 10)], 132, CONV),
    "a traced module": (
        lambda: torch.jit.trace(trunk(), zeros(2, 10, 10)), [zeros(2, 10, 10)], 132, CONV
    ),
    "a scripted part": (
        lambda: nn.Sequential(torch.jit.script(trunk()), nn.Conv2d(4, 5, 1)),
        [zeros(2, 10, 10)], 132 + 25, CONV + 20 * 64,
    ),
    "a matrix on the left": (
        lambda: Fn(lambda s, x: s.w @ x, w=(6, 9)), [zeros(9, 5)], 54, 6 * 9 * 5
    ),
    "a stored stack": (
        lambda: Fn(lambda s, x: torch.bmm(x, s.w), w=(1, 9, 6)), [zeros(5, 9)], 54, 6 * 9 * 5
    ),
    "addmm": (
        lambda: Fn(lambda s, x: torch.addmm(s.b, x, s.w), b=(6,), w=(9, 6)),
        [torch.zeros(5, 9)], 60, 6 * 9 * 5,
    ),
    "einsum": (
        lambda: Fn(lambda s, x: torch.einsum("bnc,cd->bnd", x, s.w), w=(9, 6)),
        [zeros(5, 9)], 54, 6 * 9 * 5,
    ),
    "two inputs": (
        lambda: Fn(lambda s, a, b: s.l(a) * s.l(b), l=nn.Linear(9, 6)),
        [zeros(9), zeros(9)], 60, 2 * 54,
    ),
    "an image and a step": (
        lambda: Fn(
            lambda s, x, t: s.c(x) + s.l(t)[..., None, None],
            c=nn.Conv2d(1, 4, 3),
            l=nn.Linear(5, 4),
        ),
        [zeros(1, 8, 8), zeros(5)], 40 + 24, 36 * 36 + 20,
    ),
    "a dict of lists": (
        lambda: Fn(lambda s, batch: s.c(batch["x"][0]), c=nn.Conv2d(1, 4, 3)),
        [{"x": [zeros(1, 8, 8)]}], 40, 36 * 36,
    ),
    "half precision": (lambda: trunk().half(), [zeros(2, 10, 10, dtype=torch.half)], 132, CONV),
    "brain floats": (
        lambda: trunk().bfloat16(), [zeros(2, 10, 10, dtype=torch.bfloat16)], 132, CONV
    ),
    "double precision": (lambda: trunk().double(), [zeros(2, 10, 10).double()], 132, CONV),
    "a bag of words": (
        lambda: nn.Sequential(nn.EmbeddingBag(30, 8, mode="sum"), nn.Linear(8, 3, bias=False)),
        [zeros(4, dtype=torch.int64)], 240 + 24, 24,
    ),
    # Four gates of 7, of 3 inputs and 7 states, and two biases each, in 5 steps.
    "cells in a loop": (
        lambda: Fn(steps, cell=nn.LSTMCell(3, 7)), [zeros(5, 3)], 28 * 12, 5 * 28 * 10
    ),
    "a plain recurrence": (
        lambda: nn.RNN(3, 7, batch_first=True), [zeros(5, 3)], 7 * 12, 5 * 7 * 10
    ),
    # 10 rows: each through the router's 4 * 5 and 3 experts of 4 * 4.
    "experts": (
        lambda: Fn(
            routed,
            router=nn.Linear(4, 5, bias=False),
            experts=nn.ModuleList(nn.Linear(4, 4) for _ in range(5)),
        ),
        [torch.zeros(10, 4)], 20 + 5 * 20, 10 * 20 + 10 * 3 * 16,
    ),
    "a deformable convolution": (
        deformable, [zeros(3, 6, 6), zeros(18, 6, 6)], 135, 135 * 36
    ),
    "a volume": (
        lambda: nn.Sequential(
            nn.Conv3d(1, 2, 3), nn.Upsample(scale_factor=3, mode="trilinear"), nn.Conv3d(2, 1, 1)
        ),
        [zeros(1, 4, 4, 4)], 56 + 3, 54 * 8 + 2 * 6**3,
    ),
    # Learned complex numbers: those of the linear layer alone are multiply-accumulates.
    "a filter of frequencies": (
        lambda: Fn(filtered, mix=nn.Linear(6, 6), w=(5, 6, 2)), [zeros(8, 6)], 42 + 60, 8 * 36
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_a_module(name):
    build, inputs, params, macs = MODULES[name]
    network = costcalc.from_torch(build(), args=inputs)
    assert network.totals(convention="torch", unit="macs") == (params, macs)
    assert network.totals().mult_adds == macs


def test_spectral_norm_is_no_work_of_an_image():
    module = nn.Sequential(norm(nn.Conv2d(3, 8, 3)), nn.Flatten(), norm(nn.Linear(8 * 36, 2)))
    network = costcalc.from_torch(module, args=[zeros(3, 8, 8)])
    # 27 * 8 weights at 36 positions, and 288 * 2.
    assert network.totals().mult_adds == 216 * 36 + 576


def test_interpolation_to_a_size_in_half_precision():
    def decode(s, x):
        small = s.down(x)
        return s.out(nn.functional.interpolate(small, size=x.shape[2:], mode="bilinear"))

    build = Fn(decode, down=nn.Conv2d(1, 2, 3, stride=2), out=nn.Conv2d(2, 1, 1))
    network = costcalc.from_torch(build.half(), (1, 9, 7))
    # 9 * 2 weights at 4 * 3 positions, 2 at 9 * 7.
    assert network.totals().mult_adds == 18 * 12 + 2 * 63
