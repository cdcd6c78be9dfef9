"""PyTorch's functions of places, values, frequencies and complex numbers.

Every shape is PyTorch's own, as the importer checks; mult-adds are FlopCounterMode's where
it has a formula, and worked out by hand where it has none.
"""

import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional as F  # noqa: N812  # as everybody calls it
from torch.nn.attention.flex_attention import create_block_mask, flex_attention

import costcalc
from tests.frameworks.test_kinds import Calls
from tests.frameworks.test_torch_modules import agrees, layers_of, macs, params

ops = torchvision.ops
BOXES = torch.tensor([[0, 0.0, 0, 4, 4]]).expand(5, 5)


def whole(*shape):
    return torch.zeros(*shape, dtype=torch.int64)


def kinds(function, input):
    """The kinds of a function's layers but for what only moves elements."""
    layers = layers_of(Calls(function), input)
    moving = ("reshaping", "source", "elementwise")
    return [layer.kind.name for layer in layers if layer.kind.family not in moving]


FUNCTIONS = [
    # function, input without the batch, kinds, mult-adds
    (lambda x: F.grid_sample(x, x.new_zeros(1, 7, 6, 2)), (3, 8, 9), ["grid_sample"], 0),
    (
        lambda x: F.grid_sample(x, x.new_zeros(1, 7, 6, 5, 3)),
        (3, 8, 9, 4),
        ["grid_sample"],
        0,
    ),
    (
        lambda x: F.grid_sample(x.expand(2, 3, 8, 9), x.new_zeros(2, 7, 6, 2), mode="bicubic"),
        (3, 8, 9),
        ["grid_sample"],
        0,
    ),
    (
        lambda x: torch.grid_sampler(x, x.new_zeros(1, 7, 6, 2), 1, 0, False),
        (3, 8, 9),
        ["grid_sample"],
        0,
    ),
    # Of each of 8 * 9 places: two sums of three products.
    (lambda x: F.affine_grid(x, (1, 3, 8, 9)), (2, 3), ["matmul"], 8 * 9 * 2 * 3),
    (lambda x: F.affine_grid(x, (1, 3, 8, 9, 4)), (3, 4), ["matmul"], 8 * 9 * 4 * 3 * 4),
    (lambda x: ops.roi_align(x, BOXES.to(x), (3, 2), sampling_ratio=2), (4, 8, 9), ["roi_pool"], 0),
    (lambda x: ops.roi_align(x, [BOXES[:, 1:].to(x)], 3), (4, 8, 9), ["roi_pool"], 0),
    (lambda x: ops.roi_pool(x, BOXES.to(x), (3, 2)), (4, 8, 9), ["roi_pool"], 0),
    (lambda x: ops.ps_roi_align(x, BOXES.to(x), (3, 2)), (12, 8, 9), ["roi_pool"], 0),
    (lambda x: ops.ps_roi_pool(x, BOXES.to(x), (3, 2)), (12, 8, 9), ["roi_pool"], 0),
    (lambda x: x.topk(3)[0], (4, 9), ["top_k"], 0),
    (lambda x: torch.topk(x, 3, dim=1).indices, (4, 9), ["top_k"], 0),
    (lambda x: x.sort(dim=1).values, (4, 9), ["top_k"], 0),
    (lambda x: x.argsort(), (4, 9), ["top_k"], 0),
    (lambda x: torch.msort(x), (4, 9), ["top_k"], 0),
    (lambda x: x.median(), (4, 9), ["top_k"], 0),
    (lambda x: x.median(-1).values, (4, 9), ["top_k"], 0),
    (lambda x: x.kthvalue(2, 1).values, (4, 9), ["top_k"], 0),
    (lambda x: torch.fft.fft(x).real, (4, 9), ["fft"], 0),
    (lambda x: torch.fft.rfft(x, n=16, dim=1).abs(), (4, 9), ["fft"], 0),
    (lambda x: torch.fft.fftn(x).real, (4, 9), ["fft"], 0),
    (
        lambda x: torch.fft.irfft2(torch.fft.rfft2(x, dim=(1, 2)), s=(14, 12), dim=(1, 2)),
        (14, 12, 5),
        ["fft", "fft"],
        0,
    ),
    (lambda x: torch.fft.hfft(torch.fft.ihfft(x)), (4, 9), ["fft", "fft"], 0),
    (lambda x: torch.fft.fftshift(torch.fft.ifft2(x)).imag, (4, 9, 8), ["fft"], 0),
    (
        lambda x: torch.stft(x, 64, 16, window=x.new_ones(64), return_complex=True).abs(),
        (400,),
        ["fft"],
        0,
    ),
    (
        lambda x: torch.stft(
            x, 64, 16, window=x.new_ones(48), win_length=48, center=False, return_complex=True
        ).abs(),
        (400,),
        ["fft"],
        0,
    ),
    (lambda x: torch.cdist(x, x[:, :3]), (7, 5), ["l2_norm"], 0),
    (lambda x: torch.cdist(x, x[:, :3], p=1), (7, 5), ["sum"], 0),
    # PyTorch's counter has no formula for these two.
    (
        lambda x: torch.addbmm(x.new_zeros(3, 4), x.expand(2, 3, 5), x.new_zeros(2, 5, 4)),
        (3, 5),
        ["matmul", "sum"],
        2 * 3 * 5 * 4,
    ),
    (lambda x: torch.addmv(x.new_zeros(3), x[0], x.new_zeros(5)), (3, 5), ["matmul"], 3 * 5),
    (lambda x: x.index_add(1, whole(4), x[:, :4]), (7, 5), [], 0),
    (lambda x: x.scatter_add(1, whole(1, 4, 5), x[:, :4]), (7, 5), [], 0),
    (lambda x: torch.zeros_like(x).index_add_(1, whole(4), x[:, :4]), (7, 5), [], 0),
    (lambda x: x.cumsum(1), (7, 5), [], 0),
    (lambda x: x.cumprod(1) + x.cummax(1).values + x.logcumsumexp(1), (7, 5), [], 0),
    (lambda x: x.diff(n=2, dim=1), (7, 5), [], 0),
    (lambda x: torch.kron(x[0], x[0]), (7, 5), [], 0),
    (lambda x: torch.isin(x, torch.arange(3.0)), (7, 5), ["reduce_max"], 0),
    (lambda x: torch.bucketize(x, torch.arange(8.0)), (7, 5), [], 0),
    (lambda x: torch.searchsorted(torch.arange(8.0), x), (7, 5), [], 0),
    (lambda x: x.quantile(0.5, dim=1), (7, 5), ["top_k"], 0),
    (lambda x: torch.multinomial(x[0], 2), (7, 5), ["top_k"], 0),
    (lambda x: torch.bernoulli(x), (7, 5), [], 0),
    (lambda x: x.sum_to_size(1, 1, 5), (7, 5), ["sum"], 0),
    (lambda x: torch.linalg.vecdot(x, x[:, :1]), (7, 5), ["sum"], 0),
    (lambda x: torch.linalg.vecdot(x, x, dim=1), (7, 5), ["sum"], 0),
    (
        lambda x: torch.dist(x, x[:, :1]) + torch.var_mean(x, 1)[0].sum() + x.aminmax()[1],
        (7, 5),
        ["l2_norm", "variance", "mean", "sum", "reduce_min", "reduce_max"],
        0,
    ),
    (lambda x: torch.trace(x[0]) + x.sum().sort()[0], (5, 5), ["sum", "sum", "top_k"], 0),
    (lambda x: torch.cross(x, x, dim=2) + torch.lerp(x, x, 0.5), (7, 3), [], 0),
    (lambda x: torch.outer(x[0], x[0]), (7,), [], 0),
    (lambda x: torch.dot(x[0, 0], x[0, 1]), (2, 9), ["matmul"], 9),
    (lambda x: torch.vsplit(x[0], 2)[1] + torch.hsplit(x[0, :3], 1)[0], (6, 5), [], 0),
    (lambda x: torch.special.logsumexp(x, -1), (7, 5), ["reduce_max", "sum"], 0),
    # To the fifth power: two squares, and a product of the first and the last.
    (lambda x: torch.linalg.matrix_power(x, 5), (5, 5), ["matmul"] * 3, 3 * 5**3),
]


@pytest.mark.parametrize(("function", "input", "expected", "products"), FUNCTIONS)
def test_functions(function, input, expected, products):
    layers = layers_of(Calls(function), input)
    assert macs(layers) == products
    assert kinds(function, input) == expected


PRODUCTS = [
    (lambda x: torch.einsum("bi,bij,bj->b", x, x.new_zeros(1, 5, 4), x.new_zeros(1, 4)), (5,)),
    (lambda x: torch.einsum("oij,bi,bj->bo", x.new_zeros(6, 5, 4), x, x.new_zeros(1, 4)), (5,)),
    (lambda x: torch.einsum("bii->b", x), (5, 5)),
    (lambda x: torch.einsum("bii,bij->bj", x, x), (5, 5)),
    (lambda x: torch.einsum("...i,...j", x, x), (3, 5)),
    (lambda x: torch.einsum("bnd,bmd->bnm", x, x), (3, 5)),
    (lambda x: torch.einsum("bnd,dk->bk", x, x.new_zeros(5, 4)), (3, 5)),
    (lambda x: torch.einsum(x, [0, 1, 2], x, [0, 3, 2], [0, 1, 3]), (3, 5)),
    (lambda x: torch.tensordot(x, x.new_zeros(5, 3, 4), dims=([1, 2], [1, 0])), (3, 5)),
    (lambda x: torch.tensordot(x, x.new_zeros(5, 4), dims=1), (3, 5)),
    (lambda x: torch.linalg.multi_dot([x[0], x.new_zeros(9, 3), x.new_zeros(3, 4)]), (2, 9)),
    (lambda x: torch.inner(x, x.new_zeros(4, 5)), (3, 5)),
]


@pytest.mark.parametrize(("function", "input"), PRODUCTS)
def test_products(function, input):
    agrees(Calls(function), input)


CAUSAL = create_block_mask(lambda b, h, i, j: i >= j, None, None, 16, 16, device="cpu")


class Grouped(nn.Module):
    """Tokens that are each multiplied by the matrix of an expert; PyTorch counts nothing."""

    def __init__(self):
        super().__init__()
        self.experts = nn.Parameter(torch.empty(4, 32, 64))

    def forward(self, x):
        return F.grouped_mm(x[0].bfloat16(), self.experts.bfloat16(), offs=whole(4).int())


def test_a_grouped_product():
    layers = layers_of(Grouped(), (16, 32))
    # 16 tokens by one matrix each, of the four that are learned.
    assert (macs(layers), params(layers)) == (16 * 32 * 64, 4 * 32 * 64)


def test_a_convolution_of_time():
    layers = layers_of(
        Calls(lambda x: F.conv_tbc(x, x.new_zeros(3, 4, 6), x.new_zeros(6), 1)), (9, 4)
    )
    assert macs(layers) == 9 * 3 * 4 * 6


@pytest.mark.parametrize(
    ("attend", "added"),
    [
        (lambda q: flex_attention(q, q, q), 0),
        (lambda q: flex_attention(q, q, q, score_mod=lambda s, b, h, i, j: s + i - j), 1),
        (lambda q: flex_attention(q, q, q, block_mask=CAUSAL), 1),
        (lambda q: flex_attention(q, q[:, :2], q[:, :2], enable_gqa=True), 0),
    ],
)
def test_flex_attention(attend, added):
    module = Calls(lambda x: attend(x))
    layers = layers_of(module, (4, 16, 8))
    # Two products of 16 queries with 16 keys or values, in four heads.
    assert macs(layers) == 2 * 4 * 16 * 16 * 8
    scores = 4 * 16 * 16
    (layer,) = (layer for layer in layers if layer.kind.name == "attention")
    assert layer.events().additions == scores - 4 * 16 + added * scores
    compiled = Calls(lambda x: torch.compile(attend)(x))
    assert macs(layers_of(compiled, (4, 16, 8))) == macs(layers)


class Complex(nn.Module):
    """A module of complex numbers, on a signal of real ones."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, x):
        return torch.view_as_real(self.module(torch.complex(x, x)))


@pytest.mark.parametrize(
    ("module", "input", "products", "numbers"),
    [
        # Four real products for each complex one.
        (nn.Linear(5, 6, dtype=torch.cfloat), (3, 5), 4 * 3 * 5 * 6, 5 * 6 + 6),
        (nn.Linear(5, 6, bias=False, dtype=torch.cfloat), (3, 5), 4 * 3 * 5 * 6, 5 * 6),
        (nn.Conv1d(2, 6, 3, dtype=torch.cfloat), (2, 9), 4 * 7 * 2 * 3 * 6, 2 * 3 * 6 + 6),
        (nn.Conv2d(4, 4, 3, groups=4, dtype=torch.cfloat), (4, 5, 6), 4 * 3 * 4 * 9 * 4, 4 * 10),
        (Calls(lambda x: x @ x.mT), (3, 5), 4 * 3 * 5 * 3, 0),
        (Calls(lambda x: x * x), (3, 5), 0, 0),
        (Calls(lambda x: torch.einsum("bnd,bmd->bnm", x, x)), (3, 5), 4 * 3 * 5 * 3, 0),
    ],
)
def test_complex_numbers(module, input, products, numbers):
    layers = layers_of(Complex(module), input)
    assert (macs(layers), params(layers)) == (products, numbers)


def test_a_complex_product_is_four_multiplications_and_two_additions():
    layers = layers_of(Complex(Calls(lambda x: x * x)), (3, 5))
    events = [layer.events() for layer in layers]
    assert sum(each.multiplications for each in events) == 4 * 15
    assert sum(each.additions for each in events) == 2 * 15


class Deformed(nn.Module):
    """A deformable convolution of offsets that another one computes."""

    def __init__(self, has_mask, images=1, offset_groups=1, **more):
        super().__init__()
        self.has_mask, self.images = has_mask, images
        self.offset = nn.Conv2d(8, 3 * offset_groups * 9, 3, padding=1)
        self.conv = ops.DeformConv2d(8, 12, 3, padding=1, **more)

    def forward(self, x):
        x = x.expand(self.images, *x.shape[1:])
        places = self.offset(x)
        offsets = places[:, : places.shape[1] // 3 * 2]
        mask = places[:, places.shape[1] // 3 * 2 :].sigmoid() if self.has_mask else None
        return self.conv(x, offsets, mask)


@pytest.mark.parametrize("has_mask", [False, True])
@pytest.mark.parametrize(
    ("more", "images"),
    [({}, 1), ({"bias": False}, 1), ({"groups": 4}, 1), ({"offset_groups": 2}, 1), ({}, 2)],
)
def test_deformable_convolutions(has_mask, more, images):
    module = Deformed(has_mask, images, **more)
    layers = layers_of(module, (8, 6, 5))
    offsets = sum(each.numel() for each in module.offset.parameters())
    own = sum(each.numel() for each in module.conv.parameters())
    assert params(layers) == offsets + own
    places = images * 6 * 5
    out = module.offset.out_channels
    # Every weight once at each place.
    assert macs(layers) == places * (8 * 9 * out + 8 // more.get("groups", 1) * 9 * 12)
    events = [layer.events() for layer in layers if layer.name.startswith("conv/")]
    # Four neighbours of each sample, and the mask.
    samples = places * 9 * 8
    assert sum(each.multiplications for each in events) == samples * (4 + has_mask)


@pytest.mark.parametrize(
    ("module", "input"),
    [
        (ops.Conv2dNormActivation(4, 8), (4, 9, 8)),
        (ops.Conv3dNormActivation(4, 8), (4, 9, 8, 7)),
        (ops.DropBlock2d(0.1, 3), (4, 9, 8)),
        (ops.DropBlock3d(0.1, 3), (4, 9, 8, 7)),
        (ops.FrozenBatchNorm2d(4), (4, 9, 8)),
        (ops.MLP(8, [16, 4]), (6, 8)),
        (ops.Permute([0, 2, 3, 1]), (4, 9, 8)),
        (ops.SqueezeExcitation(8, 2), (8, 9, 8)),
        (ops.StochasticDepth(0.1, "row"), (4, 9, 8)),
        (Calls(lambda x: ops.box_iou(x[0], x[0, :3])), (7, 4)),
        (Calls(lambda x: ops.generalized_box_iou(x[0], x[0])), (7, 4)),
        (Calls(lambda x: ops.box_convert(x[0], "xyxy", "cxcywh")), (7, 4)),
        (Calls(lambda x: ops.sigmoid_focal_loss(x, x)), (7, 4)),
        (Calls(lambda x: torch.nn.utils.rnn.pad_sequence([x[0], x[0, :3]])), (7, 4)),
        (Calls(lambda x: torch.block_diag(x[0], x[0])), (7, 4)),
        (Calls(lambda x: torch.meshgrid(x[0], x[0, :2], indexing="ij")[1]), (7,)),
        (Calls(lambda x: torch.column_stack([x[0, :, 0], x[0]])), (7, 4)),
    ],
)
def test_torchvisions_other_operators(module, input):
    agrees(module, input)


@pytest.mark.parametrize("mask", [None, (16, 16), (1, 1, 16, 16), (1, 8, 16, 16)])
def test_attention_of_groups_of_heads_with_a_mask(mask):
    def attended(x):
        given = None if mask is None else x.new_zeros(mask)
        keys = x[:, :2]
        return F.scaled_dot_product_attention(x, keys, keys, given, enable_gqa=True)

    layers = layers_of(Calls(attended), (8, 16, 4))
    assert macs(layers) == 2 * 8 * 16 * 16 * 4


@pytest.mark.parametrize(
    ("function", "input", "said"),
    [
        (
            lambda x: ops.nms(x[0, :, :4], x[0, :, 4], 0.5),
            (10, 5),
            "How many boxes nms keeps depends on their values: counts are of all.",
        ),
        (
            lambda x: flex_attention(x, x, x, block_mask=CAUSAL),
            (4, 16, 8),
            "What the mask of flex_attention leaves out depends on values: counts are of all.",
        ),
        (
            lambda x: torch.complex(x, x) @ torch.complex(x, x),
            (4, 4),
            "A product of complex numbers counts as four of real ones.",
        ),
    ],
)
def test_what_a_reader_must_know_is_said(function, input, said):
    assert said in str(costcalc.from_torch(Calls(function), input).report())


TRACED = [
    *((Calls(function), input) for function, input, *_ in FUNCTIONS),
    *((Calls(function), input) for function, input in PRODUCTS),
    *((Deformed(has_mask), (8, 6, 5)) for has_mask in (False, True)),
    (Calls(lambda x: ops.nms(x[0, :, :4], x[0, :, 4], 0.5)), (10, 5)),
    (Complex(nn.Linear(5, 6, dtype=torch.cfloat)), (3, 5)),
]


@pytest.mark.parametrize(("module", "input"), TRACED, ids=range(len(TRACED)))
@pytest.mark.filterwarnings("ignore")
def test_traced_functions_are_read_by_their_operators(module, input):
    with torch.no_grad():
        traced = torch.jit.trace(module.eval(), (torch.rand(1, *input),), check_trace=False)
    shown, seen = layers_of(module, input), layers_of(traced, input)
    assert (macs(seen), params(seen)) == (macs(shown), params(shown))
