"""Which layer kinds PyTorch modules come in as: the examples written, built and read again."""

import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional

import costcalc
from costcalc import opening
from costcalc.errors import CostcalcError
from costcalc.graph.expand import expand
from costcalc.importers import missing
from costcalc.kinds.examples import spec
from costcalc.spec.reader import read
from tests.exporters.every_kind import forms
from tests.frameworks.judged import judged
from tests.frameworks.round_trips import built
from tests.frameworks.torch_layers import MAKERS
from tests.frameworks.torch_tensors import JOINS

pytestmark = pytest.mark.complete


def test_the_tables_have_the_kinds_that_are_read_without_pytorch():
    """tests/kinds/test_examples.py holds them to the table of kinds."""
    assert judged() == {*MAKERS, *JOINS}


ANOTHER = {
    # Written as expressions, which come in as what they compute.
    "quick_gelu": {"scale", "sigmoid", "multiply"},
    "complement": {"neg", "shift"},
    "logical_not": {"compare"},
    "l2_norm": {"square", "sum", "sqrt"},
    # A mean over both axes of a map is what a global pool gives.
    "mean": {"mean", "global_avg_pool"},
    "reduce_max": {"reduce_max", "global_max_pool"},
    # No operation that runs.
    "identity": set(),
}
"""The kinds that another one comes back as."""

AROUND = {"transpose", "reshape", "flatten", "zero_pad", "slice", "constant", "compare", "add"}
"""What may stand around a layer: views, uneven padding, truth values, what reads a source."""


class Calls(nn.Module):
    """A module that is one call of a function."""

    def __init__(self, function) -> None:
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class Sum(nn.Module):
    """A module with two inputs."""

    def forward(self, x, y):
        return x + y


FUNCTIONS = (
    torch.logical_not,
    lambda x: torch.rsub(x, 1),
    lambda x: torch.linalg.vector_norm(x, dim=-1),
    lambda x: x.flip(-1),
    torch.special.bessel_j0,
    lambda x: functional.grid_sample(x, x.new_zeros(1, 7, 6, 2)),
    lambda x: torchvision.ops.roi_pool(x, x.new_zeros(5, 5), 3),
    lambda x: x.topk(3)[0],
    lambda x: torchvision.ops.nms(x[0, 0, :, :4], x[0, 1, :, 0], 0.5),
    lambda x: torch.fft.fft(x).real,
)
"""Calls that costcalc does not write, one of a kind that it does not know."""


def kinds_of(module: nn.Module, input_: tuple[int, ...]) -> set[str]:
    """The kinds that a module comes in as."""
    network = opening.opened(costcalc.from_torch(module, input_, allow_unknown=True))
    return {layer.kind.name for layer in network.graph().layers}


def kinds_back():
    """What each example of a kind is when it has been written as a module and read again."""
    for kind, attributes in forms().values():
        graph = expand(read(spec(kind, attributes).encode(), "e.yaml", lambda name: None), {})
        try:
            module = built(graph)
        except CostcalcError:
            continue  # the exporters' own tests say which kinds a module has
        yield kind.becomes or kind.name, kinds_of(module, graph.input)


def test_round_trips_keep_the_kind():
    seen = set()
    for name, kinds in kinds_back():
        seen.add(name)
        if name in missing.TORCH:
            continue
        expected = ANOTHER.get(name, {name})
        assert not expected or kinds & expected, (name, kinds)
        assert kinds <= expected | AROUND, (name, kinds)
    assert len(seen) > 85


def test_the_kinds_that_come_in(golden):
    """The file stands for PyTorch where that is not installed: tests/importers/test_kinds.py."""
    found = set().union(*(kinds for _, kinds in kinds_back()))
    for function in FUNCTIONS:
        found |= kinds_of(Calls(function), (4, 9, 8))
    several = costcalc.from_torch(Sum(), args=(torch.zeros(1, 4), torch.zeros(1, 4)))
    found |= {layer.kind.name for layer in opening.opened(several).graph().layers}
    golden("kinds_from_torch.txt", "".join(f"{name}\n" for name in sorted(found)))
