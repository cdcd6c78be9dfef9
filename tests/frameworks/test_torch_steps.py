"""Loops: time linear in their steps, and writes into parts of a tensor told apart."""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

import pytest
import torch
from torch import nn

import costcalc
from costcalc.importers.torch.forward.extents import extent


class Loop(nn.Module):
    """A linear layer of 4 numbers in every step."""

    def __init__(self, steps: int, how: str) -> None:
        super().__init__()
        self.layer, self.steps, self.how = nn.Linear(4, 4, bias=False), steps, how

    def forward(self, x):
        buffer = torch.zeros(1, self.steps, 4)
        rows = [buffer[:, step] for step in range(self.steps)]
        for step in range(self.steps):
            y = self.layer(x)
            if self.how == "views":
                rows[step][...] = y
                x = rows[step] + rows[step - 1]
            elif self.how == "buffer":
                buffer[:, step] = y
                x = buffer[:, step] + x
            elif self.how == "in place":
                x = x.clone() if step == 0 else x
                x += y
            else:
                x = x + y
        return x if self.how == "chain" else x + buffer[:, -1]


def seconds(call: Callable[[], object]) -> float:
    start = process_time()
    call()
    return process_time() - start


@pytest.mark.parametrize("how", ["views", "buffer", "in place", "chain"])
def test_reading_takes_time_linear_in_the_steps(how):
    costcalc.from_torch(Loop(10, how), (4,))
    networks = {}

    def read(steps):
        networks[steps] = costcalc.from_torch(Loop(steps, how), (4,))

    short, long = seconds(lambda: read(125)), seconds(lambda: read(1000))
    # Eight times the steps; quadratic would be 64 times, and a busy machine may double a time.
    assert long < 24 * short
    assert networks[1000].totals().mult_adds == 16 * 1000


@pytest.mark.parametrize("how", ["views", "buffer"])
def test_a_write_is_read_by_those_who_share_its_elements(how):
    layers = costcalc.from_torch(Loop(6, how), (4,)).report().layers
    assert sum(layer.kind == "fc" for layer in layers) == 6
    assert len(layers) < 6 * 8


MATRIX = torch.zeros(6, 10)


@pytest.mark.parametrize(
    ("first", "second", "do_overlap"),
    [
        (MATRIX[:, 2], MATRIX[:, 3], False),
        (MATRIX[:, 2], MATRIX[:, 2], True),
        (MATRIX[1], MATRIX[2], False),
        (MATRIX[1:3], MATRIX[2:4], True),
        (MATRIX[::2], MATRIX[1::2], True),  # rows of consecutive elements: not told apart
        (MATRIX[:, ::2], MATRIX[:, 1::2], False),
        (MATRIX[3, 4], MATRIX[3], True),
        (MATRIX[3, 4], MATRIX[:, 5], False),
        (MATRIX.view(torch.uint8)[0, 8:12], MATRIX[0, 2], True),
        (MATRIX.view(torch.uint8)[0, 8:12], MATRIX[0, 3], False),
    ],
)
def test_extents(first, second, do_overlap):
    assert extent(first).may_overlap(extent(second)) == do_overlap
    assert extent(second).may_overlap(extent(first)) == do_overlap
