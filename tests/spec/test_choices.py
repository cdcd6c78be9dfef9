"""Choices: a parameter picks one of several columns, or of several cases."""

import pytest

from costcalc.errors import SpecError
from costcalc.graph.expand import expand
from costcalc.spec.reader import read

TABLE = """\
name: variants
input: [8, 4, 4]
parameters: {alpha: 1, variant: {default: a, choices: [a, b-2, 3, c]}}
layers:
  - table:
      columns: [layer, out: {variant: [a, b-2, 3]}, kernel, repeat: {variant: [a, b-2, 3]}]
      rows:
        - [conv,     16, 24, 32, 3, 1, 2, 0]
        - [max_pool, ~,  ~,  ~,  2, ~, ~, ~]
"""


def layers(spec: str, **settings):
    graph = expand(read(spec.encode(), "variants.yaml", lambda name: None), settings)
    return [(layer.kind.name, layer.output[0]) for layer in graph.layers]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [("conv", 16), ("max_pool", 16)]),
        ({"variant": "b-2"}, [("conv", 24), ("conv", 24), ("max_pool", 24)]),
        ({"variant": 3}, [("max_pool", 8)]),
        # 2 * 16 = 32
        ({"alpha": 2}, [("conv", 32), ("max_pool", 32)]),
    ],
)
def test_the_parameter_picks_the_column(settings, expected):
    assert layers(TABLE, **settings) == expected


@pytest.mark.parametrize(
    ("spec", "settings", "message"),
    [
        (
            TABLE,
            {"variant": "c"},
            "yaml:8:37: .*there is no case for variant = c\n.*one of a, b-2, 3",
        ),
        (TABLE.replace("out: {variant", "out: {varient"), {}, "'varient' is not a parameter"),
        (TABLE.replace("32, 3,", "[32], 3,"), {}, "cells of 'out' are single values"),
        (TABLE.replace("32, 3,", "3,"), {}, "8 cells: layer, a, b-2, 3, kernel, a, b-2, 3"),
        (TABLE.replace("32, 3,", "2 * on, 3,"), {}, "'on' has no meaning here"),
        (TABLE.replace("[a, b-2, 3]}, kernel", "[]}, kernel"), {}, "a column is a name"),
    ],
)
def test_error_messages(spec, settings, message):
    with pytest.raises(SpecError, match=message):
        layers(spec, **settings)


MAPPING = """\
name: variants
input: [3, res, res]
parameters:
  variant: {default: a, choices: [a, b]}
  alpha: {default: {variant: {a: 1, b: 1.5}}}
  res: {default: {variant: {a: 8, b: 16}}}
layers:
  - conv: {out: 16, kernel: {variant: {a: 1, b: 5}}}
"""


@pytest.mark.parametrize(
    ("settings", "output", "kernel"),
    [
        ({}, (16, 8, 8), 1),
        # 1.5 * 16 = 24
        ({"variant": "b"}, (24, 16, 16), 5),
        ({"variant": "b", "alpha": 2, "res": 4}, (32, 4, 4), 5),
    ],
)
def test_a_mapping_is_a_choice_anywhere(settings, output, kernel):
    graph = expand(read(MAPPING.encode(), "variants.yaml", lambda name: None), settings)
    assert (graph.layers[0].output, graph.layers[0].operation.kernel) == (output, kernel)


def test_a_mapping_that_is_not_a_choice_is_refused():
    with pytest.raises(SpecError, match="yaml:8:29: a single value is expected here"):
        layers(MAPPING.replace("{variant: {a: 1, b: 5}}", "{a: 1, b: 5}"))
