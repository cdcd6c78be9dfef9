"""What parameters are by their use, and work on weights alone: numbers by hand."""

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations, parametrize, prune

from costcalc import from_torch
from tests.frameworks.test_torch_functions import Function

pytestmark = pytest.mark.filterwarnings("ignore")

USES = {
    # the input, what is done with it, the parameters' shapes; weights and multiply-accumulates
    "on the right": ((6, 8), lambda s, x: x @ s.w, {"w": (8, 5)}, 40, 6 * 40),
    "on the left": ((8, 6), lambda s, x: s.w @ x, {"w": (5, 8)}, 40, 6 * 40),
    "times a vector": ((8,), lambda s, x: s.w @ x.view(8), {"w": (5, 8)}, 40, 40),
    "a stack": ((6, 8), lambda s, x: torch.bmm(x, s.w), {"w": (1, 8, 5)}, 40, 6 * 40),
    "GPT-2's": (
        (6, 8),
        lambda s, x: torch.addmm(s.b, x.view(6, 8), s.w),
        {"w": (8, 24), "b": (24,)},
        8 * 24,
        6 * 8 * 24,
    ),
    "a sum scaled": (
        (6, 8),
        lambda s, x: torch.addmm(s.b, x.view(6, 8), s.w, beta=2),
        {"w": (8, 24), "b": (24,)},
        8 * 24,
        6 * 8 * 24,
    ),
    "stacked experts": (
        (6, 8),
        lambda s, x: torch.baddbmm(s.b, x.view(2, 3, 8), s.w),
        {"w": (2, 8, 5), "b": (2, 1, 5)},
        80,
        2 * 3 * 40,
    ),
    "an equation": (
        (6, 8),
        lambda s, x: torch.einsum("btd,de,ef->btf", x, s.v, s.w),
        {"v": (8, 3), "w": (3, 5)},
        24 + 15,
        6 * (24 + 15),
    ),
    "axes": ((6, 8), lambda s, x: torch.tensordot(x, s.w, 1), {"w": (8, 5)}, 40, 6 * 40),
    "bilinear": (
        (6, 8),
        lambda s, x: functional.bilinear(x, x, s.w),
        {"w": (5, 8, 8)},
        320,
        6 * 320,
    ),
    "transposed": ((6, 8), lambda s, x: functional.linear(x, s.w.t()), {"w": (8, 5)}, 40, 6 * 40),
    "three at once": (
        (6, 8),
        lambda s, x: functional.linear(x, torch.cat([s.q, s.k, s.v])),
        {"q": (8, 8), "k": (8, 8), "v": (8, 8)},
        192,
        6 * 192,
    ),
    "of low rank": (
        (6, 8),
        lambda s, x: x @ (s.a @ s.b),
        {"a": (8, 2), "b": (2, 5)},
        26,
        6 * 40,
    ),
    "standardised, with a gain": (
        (3, 8, 8),
        lambda s, x: functional.conv2d(x, (s.w - s.w.mean()) / s.w.std() * s.g),
        {"w": (4, 3, 3, 3), "g": (4, 1, 1, 1)},
        108,
        36 * 108,
    ),
    "modulated": (
        (3, 8, 8),
        lambda s, x: functional.conv2d(x, (s.w * (x.mean((2, 3)) @ s.a)[:, :, None, None])),
        {"w": (4, 3, 3, 3), "a": (3, 3)},
        108 + 9,
        36 * 108 + 9,
    ),
    "chosen by the input": (
        (8,),
        lambda s, x: torch.einsum("bk,bkm->bm", x, s.w[x.argmax(1)]),
        {"w": (8, 8, 5)},
        320,
        40,
    ),
    # No weights: a scale, positions, and the queries of attention.
    "a scale": ((6, 8), lambda s, x: x * s.g, {"g": (8,)}, 0, 0),
    "positions": (
        (6, 8),
        lambda s, x: (x + s.p) @ (x + s.p).mT,
        {"p": (6, 8)},
        0,
        6 * 6 * 8,
    ),
    "queries": (
        (6, 8),
        lambda s, x: functional.scaled_dot_product_attention(s.q, x, x),
        {"q": (1, 2, 8)},
        0,
        2 * 2 * 6 * 8,
    ),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_parameter_is_a_weight_where_it_meets_data_in_a_product(use):
    shape, function, shapes, weights, macs = use
    module = Function(function, **shapes)
    totals = from_torch(module, shape).totals()
    assert (totals.params, totals.mult_adds) == (weights, macs)
    every = from_torch(module, shape).report(convention="torch").totals.params
    assert every == sum(each.numel() for each in module.parameters())


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_so_it_is_where_no_python_runs(use):
    shape, function, shapes, weights, macs = use
    module = Function(function, **shapes)
    traced = torch.jit.trace(module, torch.zeros(1, *shape), check_trace=False)
    answer = from_torch(traced, shape)
    if use is not USES["queries"]:  # attention in TorchScript is products like others
        assert answer.totals().params == weights
    assert answer.totals().mult_adds == macs


def pruned(layer):
    prune.l1_unstructured(layer, "weight", 0.5)
    return layer


class Halved(nn.Module):
    def forward(self, weight):
        return weight / 2


def halved(layer):
    parametrize.register_parametrization(layer, "weight", Halved())
    return layer


LAYER = 3 * 8 * 9, 3 * 8 * 9 * 36
"""The weights of a convolution, and its multiply-accumulates on 6 x 6 places."""

NORMALISED = {
    # what is done to the convolution; other parameters beside 8 biases; products on its weights
    "spectral norm": (parametrizations.spectral_norm, 0, 216 + 8),  # W v, then u
    "spectral norm of old": (nn.utils.spectral_norm, 0, 216 + 8),
    "weight norm": (parametrizations.weight_norm, 8, 0),
    "weight norm of old": (nn.utils.weight_norm, 8, 0),
    "pruned": (pruned, 0, 0),
    "parametrised": (halved, 0, 0),
}


@pytest.mark.parametrize("normalised", NORMALISED.values(), ids=NORMALISED)
def test_work_on_weights_alone_is_no_work_of_an_image(normalised):
    change, others, products = normalised
    weights, macs = LAYER
    network = from_torch(nn.Sequential(change(nn.Conv2d(3, 8, 3)), nn.ReLU()), (3, 8, 8))
    answer = network.report()
    assert (answer.totals.params, answer.totals.mult_adds) == LAYER
    assert any(layer.is_of_weights for layer in answer.layers)
    assert "On weights alone, no work of an image, and free" in str(answer)
    counted = network.report(convention="torch").totals
    assert counted.params == weights + 8 + others
    assert counted.mult_adds == 2 * (macs + products)


@pytest.mark.parametrize("normalised", NORMALISED.values(), ids=NORMALISED)
def test_memory_and_files_have_the_weights_as_they_are_computed(normalised):
    change = normalised[0]
    plain, changed = (
        from_torch(nn.Sequential(layer, nn.ReLU()), (3, 8, 8))
        for layer in (nn.Conv2d(3, 8, 3), change(nn.Conv2d(3, 8, 3)))
    )
    assert changed.memory().data()["peak_bytes"] == plain.memory().data()["peak_bytes"]
    bounds = [network.latency(device="stm32f746").bound for network in (plain, changed)]
    assert bounds[0] == bounds[1]
    written = changed.export("prototxt").content
    assert written.count('type: "Convolution"') == 1
    assert "parametrizations" not in written


def test_work_on_weights_alone_that_is_unknown_is_named():
    module = nn.Sequential(parametrizations.orthogonal(nn.Linear(8, 8)))
    answer = from_torch(module, (8,)).report()
    assert (answer.totals.params, answer.totals.mult_adds) == (64, 64)
    assert "Not counted: 1 aten::linalg_matrix_exp" in str(answer)
    assert "1 aten::linalg_matrix_exp" not in str(answer).split("Not counted")[0].split("free:")[1]
