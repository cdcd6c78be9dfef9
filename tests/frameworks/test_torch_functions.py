"""Single functions of PyTorch: shapes at every node, params and mult-adds.

A node whose output is not what PyTorch gives is an error of the import itself.
"""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import costcalc
from costcalc.errors import SpecError
from costcalc.graph.expand import expand
from costcalc.importers import torch as importer
from costcalc.importers.document import document
from costcalc.kinds.base import PARAMS

pytestmark = pytest.mark.filterwarnings("ignore")


class Function(nn.Module):
    """A function of the input and of parameters that have these shapes."""

    def __init__(self, function, **shapes):
        super().__init__()
        self.function = function
        for name, shape in shapes.items():
            self.register_parameter(name, nn.Parameter(torch.empty(shape)))

    def forward(self, x):
        return self.function(self, x)


CASES = [
    # the input's shape, the function, the parameters' shapes
    ((4, 6, 6), lambda s, x: x.permute(0, 2, 3, 1).reshape(6, 6, 4)),
    ((4, 6, 6), lambda s, x: x.transpose(0, 1)),
    ((4, 6, 6), lambda s, x: torch.cat([x, x], 0)),
    ((4, 6, 6), lambda s, x: torch.cat([x, x], 0).sum(0)),
    ((4, 6, 6), lambda s, x: torch.stack([x, x]).mean(0)),
    ((4, 6, 6), lambda s, x: torch.stack([x, x], dim=-1)),
    ((4, 6, 6), lambda s, x: torch.stack([x, x, x], dim=1).unbind(1)[2]),
    ((4, 6, 6), lambda s, x: x[:, ::2, 1:-1, None]),
    ((4, 6, 6), lambda s, x: x[0]),
    ((4, 6, 6), lambda s, x: x[..., -1]),
    ((4, 6, 6), lambda s, x: x[:, [0, 2]]),
    ((4, 6, 6), lambda s, x: x[:, torch.tensor([0, 2])]),
    ((4, 6, 6), lambda s, x: x.squeeze()),
    ((4, 6, 6), lambda s, x: x.squeeze(0).unsqueeze(1)),
    (
        (4, 6, 6),
        lambda s, x: nn.functional.conv2d(x.squeeze(0).unsqueeze(1), s.w, padding=1).relu(),
        {"w": (3, 1, 3, 3)},
    ),
    (
        (8, 8, 8),
        lambda s, x: nn.functional.conv2d(x.squeeze(0), s.w, padding=1)[0:3],
        {"w": (8, 8, 3, 3)},
    ),
    ((8, 6, 6), lambda s, x: nn.functional.max_pool2d(x.squeeze(0), 2)),
    ((8, 6, 6), lambda s, x: nn.functional.adaptive_max_pool2d(x, (3, 2))),
    ((8, 6, 6), lambda s, x: nn.functional.adaptive_max_pool2d(x, (3, 2), return_indices=True)[0]),
    ((8, 6, 6), lambda s, x: nn.functional.max_pool2d(x, 2, return_indices=True)[0]),
    ((8, 7, 7), lambda s, x: nn.functional.max_pool2d(x, 3, 2, ceil_mode=True)),
    ((8, 7, 7), lambda s, x: nn.functional.avg_pool2d(x, 3, 2, 1, True, False)),
    ((8, 6, 6), lambda s, x: nn.functional.interpolate(x, scale_factor=2, mode="bilinear")),
    ((8, 6, 6), lambda s, x: nn.functional.interpolate(x, size=(9, 7))),
    ((8, 6, 6), lambda s, x: nn.functional.interpolate(x, scale_factor=(1.5, 2), mode="bicubic")),
    ((8, 6), lambda s, x: nn.functional.interpolate(x, scale_factor=2, mode="linear")),
    ((2, 4, 4, 4), lambda s, x: nn.functional.interpolate(x, scale_factor=2)),
    ((8, 6, 6), lambda s, x: nn.functional.pad(x, (1, 2, 3, 0))),
    ((8, 6, 6), lambda s, x: nn.functional.pad(x, (1, -2))),
    ((8, 6, 6), lambda s, x: nn.functional.pad(x, (0, 0, 0, 0, 1, 2))),
    ((8, 6, 6), lambda s, x: nn.functional.pad(x, (1, 1, 1, 1), mode="reflect")),
    ((8, 6, 6), lambda s, x: nn.functional.pad(x, (1, 1, 1, 1), value=float("-inf"))),
    ((8, 6, 6), lambda s, x: x * s.g + s.b, {"g": (8, 1, 1), "b": (1, 8, 1, 1)}),
    ((8, 6, 6), lambda s, x: s.g * x, {"g": ()}),
    ((8, 6, 6), lambda s, x: 1 - x),
    ((8, 6, 6), lambda s, x: 2 / x),
    ((8, 6, 6), lambda s, x: x / 2 + 3 - 1),
    ((8, 6, 6), lambda s, x: torch.add(x, x, alpha=2)),
    ((8, 6, 6), lambda s, x: torch.sub(x, x.mean((2, 3), keepdim=True), alpha=2)),
    ((8, 6, 6), lambda s, x: x**2 + x**0.5 + x**3),
    ((8, 6, 6), lambda s, x: 2**x),
    ((8, 6, 6), lambda s, x: torch.where(x > 0, x, -x)),
    ((8, 6, 6), lambda s, x: torch.where(x > 0, x, 0.0)),
    ((8, 6, 6), lambda s, x: x.masked_fill(x > 1, 0)),
    ((8, 6, 6), lambda s, x: x.clamp(0, 1).clamp_min(0.5)),
    ((8, 6, 6), lambda s, x: torch.maximum(x, -x)),
    ((8, 6, 6), lambda s, x: torch.max(x, -x)),
    ((8, 6, 6), lambda s, x: x.max(dim=1)[0]),
    ((8, 6, 6), lambda s, x: x.max(1, keepdim=True).values),
    ((8, 6, 6), lambda s, x: x.amax((1, 2))),
    ((8, 6, 6), lambda s, x: x.max()),
    ((8, 6, 6), lambda s, x: x.mean()),
    ((8, 6, 6), lambda s, x: x.mean(dim=[-1, -2])),
    ((8, 6, 6), lambda s, x: x.mean(axis=1)),
    ((8, 6, 6), lambda s, x: x.sum(dim=1, keepdim=True)),
    ((8, 6, 6), lambda s, x: x.std(1) + x.var(dim=1)),
    ((8, 6, 6), lambda s, x: x.norm(dim=1)),
    ((8, 6, 6), lambda s, x: torch.linalg.norm(x, dim=1)),
    ((8, 6, 6), lambda s, x: torch.linalg.vector_norm(x, dim=1)),
    ((8, 6, 6), lambda s, x: x.argmax(1)),
    ((8, 6, 6), lambda s, x: nn.functional.normalize(x)),
    (
        (8, 6),
        lambda s, x: nn.functional.normalize(x, dim=-1)
        @ nn.functional.normalize(x, dim=-1).transpose(-1, -2),
    ),
    ((8, 6, 6), lambda s, x: nn.functional.softmax(x, dim=1)),
    ((8, 6, 6), lambda s, x: x.flatten(1).softmax(-1)),
    ((8, 6, 6), lambda s, x: nn.functional.log_softmax(x.flatten(1), 1)),
    ((8, 6, 6), lambda s, x: nn.functional.glu(x, dim=1)),
    ((6, 8), lambda s, x: nn.functional.glu(x)),
    ((6, 8), lambda s, x: x @ s.w, {"w": (8, 5)}),
    ((8,), lambda s, x: x @ s.w + s.b, {"w": (8, 5), "b": (5,)}),
    ((8,), lambda s, x: torch.addmm(s.b, x, s.w), {"w": (8, 5), "b": (5,)}),
    (
        (6, 8),
        lambda s, x: torch.baddbmm(s.b, x, s.w, beta=0.5, alpha=2),
        {"w": (1, 8, 5), "b": (1, 1, 5)},
    ),
    ((6, 8), lambda s, x: torch.bmm(x, x.transpose(1, 2))),
    ((6, 8), lambda s, x: x.squeeze(0).mm(x.squeeze(0).t())),
    ((6, 8), lambda s, x: s.w @ x, {"w": (5, 6)}),
    ((6, 8), lambda s, x: torch.einsum("bnc,bmc->bnm", x, x)),
    ((6, 8), lambda s, x: torch.einsum("bnc,dc->bnd", x, s.w), {"w": (5, 8)}),
    ((6, 8), lambda s, x: torch.einsum("bnc,c->bnc", x, s.w), {"w": (8,)}),
    ((6, 8), lambda s, x: torch.einsum("bnc->bcn", x)),
    ((6, 8), lambda s, x: nn.functional.linear(x, x.squeeze(0))),
    ((6, 8), lambda s, x: nn.functional.scaled_dot_product_attention(x, x, x)),
    (
        (4, 6, 8),
        lambda s, x: nn.functional.scaled_dot_product_attention(
            x, x, x, attn_mask=torch.zeros(6, 6)
        ),
    ),
    (
        (4, 6, 8),
        lambda s, x: nn.functional.scaled_dot_product_attention(
            x, x[:, :2], x[:, :2], enable_gqa=True
        ),
    ),
    ((6, 8), lambda s, x: nn.functional.layer_norm(x, (8,), s.g, s.b), {"g": (8,), "b": (8,)}),
    ((6, 8), lambda s, x: nn.functional.layer_norm(x, (6, 8))),
    ((8,), lambda s, x: nn.functional.layer_norm(x, (8,), s.g), {"g": (8,)}),
    ((6, 8), lambda s, x: nn.functional.rms_norm(x, (8,), s.g), {"g": (8,)}),
    ((8, 6, 6), lambda s, x: nn.functional.group_norm(x, 2, s.g, s.g), {"g": (8,)}),
    ((8, 6, 6), lambda s, x: nn.functional.instance_norm(x)),
    ((8, 6, 6), lambda s, x: nn.functional.batch_norm(x, None, None, s.g, None, True), {"g": (8,)}),
    ((8, 6, 6), lambda s, x: nn.functional.local_response_norm(x, 5)),
    ((8, 6, 6), lambda s, x: nn.functional.pixel_shuffle(x, 2)),
    ((8, 6, 6), lambda s, x: nn.functional.unfold(x, 3)),
    (
        (8, 6, 6),
        lambda s, x: nn.functional.fold(
            nn.functional.unfold(x, 3, padding=1), (6, 6), 3, padding=1
        ),
    ),
    ((8, 6, 6), lambda s, x: x.unfold(2, 3, 1)),
    ((8, 6, 6), lambda s, x: x.repeat(1, 2, 1, 1) + x.tile(1, 2, 1, 1)),
    ((8, 6, 6), lambda s, x: x.expand(3, -1, -1, -1)),
    ((8, 6, 6), lambda s, x: x.roll((1, 1), (2, 3)).flip(1)),
    ((8, 6, 6), lambda s, x: x.view(2, 4, 6, 6).transpose(0, 1).contiguous().view(1, 8, 6, 6)),
    ((8, 6, 6), lambda s, x: nn.functional.prelu(x, s.a), {"a": (8,)}),
    ((8, 6, 6), lambda s, x: nn.functional.prelu(x, s.a), {"a": (1,)}),
    ((8, 6, 6), lambda s, x: x.split([3, 5], 1)[1]),
    ((8, 6, 6), lambda s, x: x.tensor_split(3, 1)[2]),
    ((8, 6, 6), lambda s, x: torch.chunk(x, 3, 1)[0]),
    ((8, 6, 6), lambda s, x: x.narrow(1, 2, 3).select(2, 1)),
    ((8, 6, 6), lambda s, x: x.index_select(1, torch.tensor([1, 2]))),
    ((8, 6, 6), lambda s, x: x.movedim(1, -1)),
    ((8, 6, 6), lambda s, x: torch.zeros_like(x) + x * torch.ones(6)),
    ((8, 6, 6), lambda s, x: x.to(torch.float16).float().to(x.dtype)),
    ((8, 6, 6), lambda s, x: torch.logical_and(x > 0, x < 1) & (x == 2) | ~(x != 3)),
    ((8, 6, 6), lambda s, x: x.add_(1).mul_(2)),
    ((8, 6, 6), lambda s, x: torch.relu_(x.clone())),
    ((8, 6, 6), lambda s, x: x.unflatten(1, (2, 4)).flatten(0, 1)),
    ((10, 8), lambda s, x: x[0]),
    ((8, 6, 6), lambda s, x: x.log2().exp2().log1p()),
    ((8, 6, 6), lambda s, x: x.mT),
    ((8, 6, 6), lambda s, x: x.mean(axis=1)),
    ((2, 6, 8), lambda s, x: nn.functional.linear(x, x[0, 0], s.b), {"b": (6,)}),
    ((8, 6, 6), lambda s, x: nn.functional.group_norm(x.reshape(2, 4, 6, 6), 2)),
    (
        (8, 6, 6),
        lambda s, x: nn.functional.group_norm(x.reshape(2, 4, 6, 6), 2, s.g, s.b),
        {"g": (4,), "b": (4,)},
    ),
    (
        (8, 6, 6),
        lambda s, x: nn.functional.instance_norm(x.reshape(2, 4, 6, 6), weight=s.g, bias=s.b),
        {"g": (4,), "b": (4,)},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_a_function_is_read_as_it_is_computed(case):
    shape, function, parameters = (*case, {})[:3]
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        module = Function(function, **parameters)
        module(torch.empty(1, *shape).clone())
    layers = expand(document(importer.trace(module, shape)), {}).layers
    assert sum(layer.events().macs for layer in layers) == counter.get_total_flops() // 2
    learned = sum(getattr(layer.events(), name) for layer in layers for name in PARAMS)
    assert learned == sum(each.numel() for each in module.parameters())


def test_a_matrix_times_a_vector_is_counted_though_flopcountermode_does_not():
    module = Function(lambda s, x: x.matmul(s.v), v=(8,))
    layers = expand(document(importer.trace(module, (6, 8))), {}).layers
    assert sum(layer.events().macs for layer in layers) == 6 * 8


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda s, x: torch.special.bessel_j0(x), "special_bessel_j0"),
        (lambda s, x: torch.linalg.inv(x), "linalg_inv"),
        (lambda s, x: torch.linalg.svdvals(x), "linalg_svdvals"),
        (lambda s, x: torch.linalg.norm(x, ord="nuc", dim=(2, 3)), "linalg_norm"),
    ],
)
def test_what_has_no_kind_is_named(function, name):
    module = Function(function)
    with pytest.raises(SpecError, match=f"calls '{name}', for which costcalc has no layer kind"):
        importer.trace(module, (8, 6, 6))
    assert "uncounted" in [node.kind for node in importer.trace(module, (8, 6, 6), True).nodes]


def test_a_function_that_only_moves_is_a_view():
    module = Function(lambda s, x: x.permute(0, 2, 3, 1).reshape(1, 36, 8)[:, 1:].chunk(5, 1)[1])
    layers = expand(document(importer.trace(module, (8, 6, 6))), {}).layers
    assert [(layer.kind.name, layer.output) for layer in layers] == [
        ("transpose", (6, 6, 8)),
        ("reshape", (36, 8)),
        ("slice", (35, 8)),
        ("split", (7, 8)),
    ]


def substituted(matrix, sides, has_ones):
    """The solution of ``L x = b`` for each column b, and how much of each operation it takes."""
    n, columns = sides.shape
    solution, counts = sides.clone(), dict.fromkeys(TAKEN, 0)
    for column in range(columns):
        for row in range(n):
            for before in range(row):
                solution[row, column] -= matrix[row, before] * solution[before, column]
                counts["multiplications"] += 1
                counts["additions"] += 1
            if not has_ones:
                solution[row, column] /= matrix[row, row]
                counts["divisions"] += 1
    return solution, counts


TAKEN = ("multiplications", "additions", "divisions")


@pytest.mark.parametrize("is_left", [True, False])
@pytest.mark.parametrize("has_ones", [True, False])
@pytest.mark.parametrize("n", [1, 2, 5])
def test_a_triangular_solve_is_a_substitution(n, has_ones, is_left):
    matrix = torch.rand(n, n, dtype=torch.float64).tril() + torch.eye(n, dtype=torch.float64)
    matrix = matrix.tril(-1) + torch.eye(n, dtype=torch.float64) if has_ones else matrix
    sides = torch.rand(n, 3, dtype=torch.float64)
    expected, taken = substituted(matrix, sides, has_ones)
    solve = torch.linalg.solve_triangular
    how = {"upper": not is_left, "left": is_left, "unitriangular": has_ones}
    matrix, sides = (matrix, sides) if is_left else (matrix.T, sides.T)
    solution = solve(matrix, sides, **how)
    assert torch.allclose(solution if is_left else solution.T, expected)

    module = Function(lambda s, x: solve(x, sides.to(x.device), **how))
    network = costcalc.from_torch(module, args=(matrix.expand(4, n, n),))
    layers = expand(network.document, network.settings).layers
    for name in TAKEN:
        assert sum(getattr(layer.events(), name) for layer in layers) == 4 * taken[name]
