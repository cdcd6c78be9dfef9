"""Blocks and rows that are repeated or conditional."""

import pytest

from costcalc.errors import SpecError
from costcalc.graph.expand import expand
from costcalc.spec.reader import read

BLOCK = """\
name: repeats
input: [3, 32, 32]
parameters: {deep: false}
blocks:
  unit:
    parameters: {c: width, s: 1}
    layers: [{conv: {out: c, kernel: 3, stride: s}}]
layers:
"""


def outputs(layers: str, **settings):
    graph = expand(read((BLOCK + layers).encode(), "repeats.yaml", lambda name: None), settings)
    return [layer.output for layer in graph.layers]


def test_first_only_applies_to_the_first_repeat():
    # The stride halves 32 to 16 only once.
    assert outputs("  - unit: {c: 8, s: 2, repeat: 3, first_only: s}") == [(8, 16, 16)] * 3
    assert outputs("  - unit: {c: 8, s: 2, repeat: 2}") == [(8, 16, 16), (8, 8, 8)]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("stride", "'first_only' names 'stride', which is not set here"),
        ("[s, d]", "'first_only' names 'd', which is not set here"),
        ("{s: 1}", "'first_only' names arguments"),
        ("c", "'c' has no default for the repeats after the first"),
    ],
)
def test_first_only_names_arguments_that_have_a_default(wrong, message):
    with pytest.raises(SpecError, match=message):
        outputs(f"  - unit: {{c: 8, s: 2, repeat: 3, first_only: {wrong}}}")


ROWS = """\
  - table:
      when: WHEN
      layer: unit
      columns: [c]
      rows:
        - [8]
        - when: deep
          rows:
            - [16]
            - [24]
        - repeat: 2
          rows: [[32]]
"""


def test_conditional_rows():
    spec = ROWS.replace("WHEN", "true")
    assert [channels for channels, *_ in outputs(spec)] == [8, 32, 32]
    assert [channels for channels, *_ in outputs(spec, deep=True)] == [8, 16, 24, 32, 32]
    assert outputs(ROWS.replace("WHEN", "deep")) == []


def test_invalid_rows_are_refused():
    with pytest.raises(SpecError, match="15:11: 'rows' has no argument 'wen'"):
        outputs(ROWS.replace("when: deep", "wen: deep"))
    with pytest.raises(SpecError, match="'table' has no argument 'wen'"):
        outputs(ROWS.replace("when: WHEN", "wen: WHEN"))
