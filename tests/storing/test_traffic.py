"""Bytes moved and operations of blocks that ship, by hand."""

from fractions import Fraction

import pytest

import costcalc


def moved(network, prefix, **how):
    """Read, written and weight bytes and operations of the steps under a prefix."""
    answer = costcalc.memory(network, **how)
    steps = zip(answer.schedule.steps, answer.traffic, strict=True)
    return {step.name: tuple(row[:4]) for step, row in steps if step.name.startswith(prefix)}


def test_a_separable_block_of_mobilenet_v1_in_int8():
    """Biases of 32 bits from the folded norms; a bias and a comparison for each output."""
    map_ = 112 * 112
    found = moved("mobilenet_v1", "", storage="int8")
    assert found["depthwise1"] == (
        32 * map_,
        32 * map_,
        9 * 32 + 4 * 32,
        2 * 9 * 32 * map_ + 32 * map_ + 32 * map_,
    )
    assert found["conv2"] == (
        32 * map_,
        64 * map_,
        32 * 64 + 4 * 64,
        2 * 32 * 64 * map_ + 64 * map_ + 64 * map_,
    )


@pytest.mark.parametrize("batch", [1, 5])
def test_a_residual_block_of_resnet18_in_floats(batch):
    """Norms are kept: scale, shift, mean and variance; two operations for each value."""
    values = 64 * 56 * 56
    found = moved("resnet18", "conv2_x1/", storage="fp32", batch=batch)
    weights = 4 * (9 * 64 * 64 + 4 * 64)
    macs = 2 * 9 * 64 * values
    conv = (4 * values * batch, 4 * values * batch, weights)
    assert found == {
        "conv2_x1/conv1": (*conv, (macs + 2 * values + values) * batch),
        "conv2_x1/conv2": (*conv, (macs + 2 * values) * batch),
        # the sum and the activation after it
        "conv2_x1/add1": (2 * 4 * values * batch, 4 * values * batch, 0, 2 * values * batch),
    }


INCEPTION = {
    # 3a: kernel, channels in and out
    "3a/1x1/pointwise1": (1, 192, 64),
    "3a/3x3/reduce": (1, 192, 96),
    "3a/3x3/conv1": (3, 96, 128),
    "3a/5x5/reduce": (1, 192, 16),
    "3a/5x5/conv1": (5, 16, 32),
    "3a/pool/proj": (1, 192, 32),
}


def test_an_inception_module_of_googlenet_in_int8():
    map_ = 28 * 28
    expected = {
        name: (
            m * map_,
            n * map_,
            k * k * m * n + 4 * n,
            (2 * k * k * m + 1 + 1) * n * map_,  # with a bias and an activation
        )
        for name, (k, m, n) in INCEPTION.items()
    }
    whole = (64 + 128 + 32 + 32) * map_
    # The largest of nine takes eight comparisons, at the border as well.
    expected["3a/pool/max_pool1"] = (192 * map_, 192 * map_, 0, 192 * 8 * map_)
    expected["3a/concat1"] = (whole, whole, 0, 0)
    assert moved("googlenet", "3a/", storage="int8") == expected


FUSED_ADD = """\
name: fused
title: an add is part of the projection before it
source: for a test
extends: int8
fused: [batch_norm, activation, add]
"""


def test_an_inverted_residual_of_mobilenet_v2_with_its_add_fused(tmp_path):
    path = tmp_path / "fused.yaml"
    path.write_text(FUSED_ADD)
    map_, wide = 56 * 56, 6 * 24
    found = moved("mobilenet_v2", "bottleneck3/", storage=str(path))
    assert found == {
        "bottleneck3/expand": (
            24 * map_,
            wide * map_,
            24 * wide + 4 * wide,
            (2 * 24 + 1 + 2) * wide * map_,  # ReLU6 is two comparisons
        ),
        "bottleneck3/dw": (
            wide * map_,
            wide * map_,
            9 * wide + 4 * wide,
            (2 * 9 + 1 + 2) * wide * map_,
        ),
        # The shortcut is read as well, and the sum alone is written.
        "bottleneck3/project": (
            (wide + 24) * map_,
            24 * map_,
            wide * 24 + 4 * 24,
            (2 * wide + 1 + 1) * 24 * map_,
        ),
    }
    answer = costcalc.memory("mobilenet_v2", storage=str(path))
    names = [step.name for step in answer.schedule.steps]
    row = answer.traffic[names.index("bottleneck3/dw")]
    assert row.intensity == Fraction(21 * wide * map_, 2 * wide * map_ + 13 * wide)


def test_memory_access_costs_of_shufflenet_v2(tmp_path):
    """Its Table 1 at 56 x 56: as many operations each, the slower the more values are moved."""
    costs = []
    for inputs, outputs in ((128, 128), (90, 180), (52, 312), (36, 432)):
        path = tmp_path / "pointwise.yaml"
        layer = f"pointwise: {{out: {outputs}, bias: false}}"
        path.write_text(f"input: [{inputs}, 56, 56]\nlayers:\n  - {layer}\n")
        (row,) = costcalc.memory(path, storage="int8").traffic
        costs.append(row.traffic_bytes)
        assert row.traffic_bytes == 56 * 56 * (inputs + outputs) + inputs * outputs
        # The bound of the paper: 2 * sqrt(h * w * B) + B / (h * w), met by equal widths alone.
        macs = row.operations // 2
        bound = 2 * (56 * 56 * macs) ** 0.5 + macs / (56 * 56)
        assert (row.traffic_bytes == round(bound)) == (inputs == outputs)
    assert costs == sorted(costs)


def test_an_embedding_reads_the_rows_that_it_looks_up(tmp_path):
    """Of a table of 100 rows of 8 bytes, 5 are looked up; a table of 3 rows is read whole."""
    for rows, read in ((100, 5 * 8), (3, 3 * 8)):
        path = tmp_path / "table.yaml"
        layer = f"embedding: {{rows: {rows}, out: 8}}"
        path.write_text(f"input: [5]\nlayers:\n  - {layer}\n")
        answer = costcalc.memory(path, storage="int8")
        assert [row.weight_bytes for row in answer.traffic] == [read]
        assert [row.first_bytes for row in answer.traffic] == [read]
        assert answer.weight_bytes == rows * 8


def test_rows_of_a_table_that_two_steps_look_up(tmp_path):
    """The first needs 4 rows of 8 bytes; the second 6 of the same 100, of which 2 at least are
    new."""
    path = tmp_path / "table.yaml"
    path.write_text(
        "input: [4]\n"
        "layers:\n"
        "  - embedding: {rows: 100, out: 8, shares: table}\n"
        "  - flatten\n"
        "  - slice: {stop: 6}\n"
        "  - embedding: {rows: 100, out: 8, shares: table}\n"
    )
    answer = costcalc.memory(path, storage="int8")
    tables = [row for row in answer.traffic if row.weight_bytes]
    assert [row.weight_bytes for row in tables] == [4 * 8, 6 * 8]
    assert [row.first_bytes for row in tables] == [4 * 8, 2 * 8]
    assert answer.weight_bytes == 100 * 8
