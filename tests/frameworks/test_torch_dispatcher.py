"""Operators that only PyTorch's dispatcher sees: compiled code counts as Python does."""

import io

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from costcalc import from_torch
from costcalc.errors import SpecError
from costcalc.graph.expand import expand
from costcalc.importers import torch as importer
from costcalc.importers.document import document
from costcalc.kinds.base import PARAMS
from tests.frameworks.test_torch_functions import CASES, Function

pytestmark = pytest.mark.filterwarnings("ignore")

IMAGE = torch.zeros(1, 3, 16, 16)


def layers_of(module, shape=(3, 16, 16)):
    return expand(document(importer.trace(module, shape)), {}).layers


def counts(layers):
    own = [layer.events() for layer in layers if layer.shares is None]
    learned = sum(getattr(events, name) for events in own for name in PARAMS)
    return learned, sum(layer.events().macs for layer in layers)


def judged(module, shape=(3, 16, 16)):
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(torch.zeros(1, *shape))
    return sum(each.numel() for each in module.parameters()), counter.get_total_flops() // 2


def net():
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.ConvTranspose2d(8, 8, 3, stride=2, groups=4),
        nn.GroupNorm(2, 8),
        nn.GELU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 5),
        nn.LayerNorm(5),
    ).eval()


def loaded():
    file = io.BytesIO()
    torch.jit.save(torch.jit.script(net()), file)
    file.seek(0)
    return torch.jit.load(file)


COMPILED = {
    "scripted": lambda: torch.jit.script(net()),
    "traced": lambda: torch.jit.trace(net(), IMAGE),
    "loaded": loaded,
    "frozen": lambda: torch.jit.freeze(torch.jit.script(net())),
    "exported": lambda: torch.export.export(net(), (IMAGE,)).module(),
    "exported, of few operators": lambda: (
        torch.export.export(net(), (IMAGE,)).run_decompositions().module()
    ),
    "a graph of functions": lambda: torch.fx.symbolic_trace(net()),
    "compiled": lambda: torch.compile(net()),
}


@pytest.mark.parametrize("compiled", COMPILED.values(), ids=COMPILED)
def test_compiled_modules_are_read_as_they_were_written(compiled):
    module = compiled()
    (params, macs), (own_params, own_macs) = counts(layers_of(module)), judged(module)
    assert macs == own_macs
    # 3*3*3*8 at 16*16 places; 8*2*3*3 at 8*8; 8*5.
    assert macs == 216 * 256 + 144 * 64 + 40
    if own_params:  # frozen modules have none
        assert params == own_params


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_a_function_counts_the_same_where_no_python_runs(case):
    shape, function, parameters = (*case, {})[:3]
    module = Function(function, **parameters)
    traced = torch.jit.trace(module, torch.zeros(1, *shape), check_trace=False)
    assert counts(layers_of(traced, shape)) == counts(layers_of(module, shape))


class Around(nn.Module):
    """A convolution, and a function behind it: 3*4 weights, 4 biases and 3*4*256 mult-adds."""

    def __init__(self, function):
        super().__init__()
        self.conv, self.function = nn.Conv2d(3, 4, 1), function

    def forward(self, x):
        return self.function(self.conv(x))


def looped(x):
    y = torch.zeros(1, 4, 16, 16)
    y[:, 0:2] = x[:, 0:2]
    for _ in range(3):
        y = torch.matmul(y, x) + x
    return y


class Product(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        return x @ x


def test_functions_that_python_does_not_show():
    # A product of 16 x 16 matrices for each of 4 channels.
    conv, product = 3 * 4 * 256, 4 * 16**3
    for function, products in (
        (torch.jit.script(looped), 3),
        (Product.apply, 1),
        (lambda x: torch.vmap(lambda matrix: matrix @ matrix)(x.squeeze(0)), 1),
        (lambda x: torch.ops.aten.matmul(x, x), 1),
        (lambda x: torch.ops.aten.matmul.default(x, x), 1),
        (torch.inference_mode()(lambda x: torch.relu_(x @ x)), 1),
    ):
        module = Around(function)
        assert counts(layers_of(module)) == (16, conv + products * product)
    layers = layers_of(Around(torch.inference_mode()(lambda x: torch.relu_(x @ x))))
    assert layers[-1].kind.name == "relu"


def test_what_runs_under_vmap_counts_for_all_of_its_batch():
    module = Around(lambda x: torch.vmap(lambda row: row * 2 + row.square())(x[0]))
    kinds = {layer.kind.name: layer.output for layer in layers_of(module)}
    assert (kinds["scale"], kinds["square"]) == ((4, 16, 16), (4, 16, 16))


@torch.library.custom_op("costcalc_tests::linear", mutates_args=())
def hidden(x: torch.Tensor) -> torch.Tensor:
    return x @ x


@hidden.register_fake
def _(x):
    return torch.empty_like(x)


@torch.library.custom_op("costcalc_tests::work", mutates_args=("x",))
def in_place(x: torch.Tensor) -> None:
    x.copy_(x @ x)


in_place.register_fake(lambda x: None)


def works(x):
    in_place(x)
    return x


def called(x):
    return torch.ops.costcalc_tests.linear(x)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda x: hidden(x), "linear"),
        (called, "linear"),
        (lambda x: torch.jit.script(called)(x), "linear"),
        (lambda x: torch.ops.costcalc_tests.linear.default(x), "linear"),
        (works, "work"),
    ],
)
def test_an_operator_that_may_hide_work_is_named(function, name):
    module = nn.Sequential(Around(function))
    with pytest.raises(SpecError) as caught:
        importer.trace(module, (3, 16, 16))
    (problem,) = caught.value.problems
    assert f"module '0' runs the operator 'costcalc_tests::{name}'" in problem.message
    answer = from_torch(module, (3, 16, 16), allow_unknown=True).report()
    assert f"costcalc_tests::{name}" in str(answer)
    assert answer.totals.mult_adds == 3 * 4 * 256


def test_operators_that_run_functions_are_named():
    def branch(x):
        return torch.cond(x.sum() > 0, torch.sin, torch.cos, (x,))

    with pytest.raises(SpecError, match=r"runs the operator 'cond', for which costcalc has no"):
        from_torch(nn.Sequential(Around(branch)), (3, 16, 16))


def test_an_unknown_function_may_also_put_out_nothing():
    def solve(x):
        return torch.linalg.lstsq(x, x)[0]  # and no ranks

    with pytest.raises(SpecError, match="calls 'linalg_lstsq'"):
        from_torch(Around(solve), (3, 16, 16))


def test_operators_inside_an_operator_of_many_count():
    library = torch.library.Library("costcalc_tests_composite", "DEF")
    library.define("view(Tensor x) -> Tensor")
    library.impl("view", lambda x: x @ x, "CompositeImplicitAutograd")
    module = Around(lambda x: torch.ops.costcalc_tests_composite.view(x))
    assert counts(layers_of(module)) == judged(module)


def test_a_function_without_a_rule_is_read_by_its_operators():
    module = Around(lambda x: torch.kron(x[0, 0], x[0, 1]))
    kinds = {layer.kind.name: layer.output for layer in layers_of(module)}
    assert kinds["multiply"] == (16, 16, 16, 16)


class Ordered(nn.Module):
    """Functions of ``torch`` whose arguments have another order than those of ``F``."""

    def __init__(self):
        super().__init__()
        self.table, self.gain = nn.Parameter(torch.zeros(10, 6)), nn.Parameter(torch.ones(6))
        self.register_buffer("mean", torch.zeros(6))

    def forward(self, x):
        x = torch.embedding(self.table, x.long())
        norm = self.gain, None, self.mean, self.mean, False, 0.1, 1e-5, False
        return torch.batch_norm(x.transpose(1, 2), *norm)


def test_arguments_of_operators_have_their_own_order():
    layers = layers_of(Ordered(), (7,))
    assert [layer.kind.name for layer in layers] == ["embedding", "transpose", "batch_norm"]
    assert counts(layers) == (10 * 6 + 6, 0)


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.LSTM(8, 4, bidirectional=True, batch_first=True)

    def forward(self, x):
        return self.layer(x)[0]


def test_recurrent_layers_that_are_compiled():
    module = Recurrent()
    found = counts(layers_of(torch.jit.script(module), (5, 8)))
    assert found == counts(layers_of(module, (5, 8)))


def test_operators_are_named_after_the_modules_whose_parameters_they_read():
    names = [layer.name for layer in layers_of(nn.Sequential(torch.jit.script(net())))]
    assert {"0/0", "0/1", "0/4", "0/5", "0/9", "0/10"} < {*names}
    assert "0/relu" in names
