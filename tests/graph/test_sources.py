"""The inputs of steps that do not name them."""

import pytest

from costcalc.errors import SpecError
from costcalc.graph.expand import expand
from costcalc.graph.layer import NETWORK_INPUT, Layer
from costcalc.spec.reader import read

SPEC = """
name: small
input: [3, 8, 8]
blocks:
  cell:
    inputs: [last, before]
    layers:
      - concat: {{name: both, from: [last, before]}}
layers:
{layers}
"""


def unfold(layers: str) -> dict[str, Layer]:
    spec = SPEC.format(layers=layers)
    document = read(spec.encode(), "small.yaml", lambda name: None)
    return {layer.name: layer for layer in expand(document, {}).layers}


def inputs(layers: dict[str, Layer], name: str) -> list[str]:
    names = list(layers)
    return ["input" if i == NETWORK_INPUT else names[i] for i in layers[name].inputs]


def test_a_block_with_two_inputs_reads_the_two_steps_before_it():
    layers = unfold("  - conv: {name: a, out: 4, kernel: 3}\n  - cell: {name: x, repeat: 3}")
    assert inputs(layers, "x1/both") == ["a", "input"]
    assert inputs(layers, "x2/both") == ["x1/both", "a"]
    assert inputs(layers, "x3/both") == ["x2/both", "x1/both"]
    # 4 + 3, 7 + 4, 11 + 7 channels.
    assert [layers[f"x{i}/both"].output[0] for i in (1, 2, 3)] == [7, 11, 18]


def test_rows_of_a_table_are_ordinary_steps():
    table = """
  - conv: {name: a, out: 4, kernel: 3}
  - table: {columns: [layer, name], rows: [[cell, x], [cell, y]]}
  - cell: {name: z}
"""
    layers = unfold(table)
    assert inputs(layers, "y/both") == ["x/both", "a"]
    assert inputs(layers, "z/both") == ["y/both", "x/both"]


def test_a_join_is_a_single_step_for_the_steps_after_it():
    residual = """
  - conv: {name: a, out: 3, kernel: 3}
  - residual: {name: r, layers: [conv: {out: 3, kernel: 3}, conv: {out: 3, kernel: 3}]}
  - cell: {name: x}
"""
    assert inputs(unfold(residual), "x/both") == ["r", "a"]


def test_only_the_first_repeat_reads_the_named_inputs():
    layers = unfold(
        "  - conv: {name: a, out: 4, kernel: 3}\n"
        "  - conv: {name: b, out: 5, kernel: 3}\n"
        "  - cell: {name: x, from: [a, input], repeat: 2}"
    )
    assert inputs(layers, "x1/both") == ["a", "input"]
    assert inputs(layers, "x2/both") == ["x1/both", "a"]


def test_too_few_steps_before_a_block():
    with pytest.raises(SpecError, match="block 'cell' reads 2 inputs"):
        unfold("  - cell")


OPTIONAL = """
  - conv: {name: a, out: 4, kernel: 3}
  - sequence:
      when: RES
      layers:
        - conv: {name: b, out: 4, kernel: 3}
  - conv: {name: c, out: 4, kernel: 3, repeat: 1 if RES else 0}
  - add: {name: sum, from: [a, b, c], when: RES}
"""


@pytest.mark.parametrize("taken", [False, True])
def test_a_step_that_is_left_out_may_read_steps_that_are(taken):
    layers = unfold(OPTIONAL.replace("RES", str(taken).lower()))
    assert ("sum" in layers) is taken
    if taken:
        assert inputs(layers, "sum") == ["a", "b", "c1" if "c1" in layers else "c"]


@pytest.mark.parametrize("name", ["b", "c"])
def test_reading_a_step_that_is_left_out_is_an_error_with_its_place(name):
    layers = OPTIONAL.replace("RES", "false") + f"  - relu: {{from: {name}}}"
    with pytest.raises(SpecError) as caught:
        unfold(layers)
    (problem,) = caught.value.problems
    assert f"no layer above is named '{name}'" in problem.message
    line = 1 + next(
        index
        for index, text in enumerate(SPEC.format(layers=layers).splitlines())
        if f"name: {name}," in text
    )
    assert problem.hint == f"'{name}', on line {line}, is left out at these settings"


def test_a_step_that_is_left_out_still_has_to_read_names_that_exist():
    with pytest.raises(SpecError, match="no layer above is named 'd'"):
        unfold("  - conv: {name: a, out: 4, kernel: 3}\n  - add: {from: [a, d], when: false}")
