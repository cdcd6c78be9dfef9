"""Rules work in every algebra: a sweep over arrays has the same counts as single reports."""

import pytest

import costcalc
from costcalc.errors import ConventionError
from tests import collection


@pytest.mark.parametrize("name", collection.conventions())
@pytest.mark.parametrize("network", ["mobilenet_v3_small", "shufflenet_v2_x1_0"])
def test_a_sweep_has_the_counts_of_reports(network, name):
    rows = list(costcalc.sweep(network, convention=name, alpha="0.5,1", res="96,224").rows())
    assert len(rows) == 4
    for row in rows:
        totals = costcalc.report(network, convention=name, **row.settings).totals
        assert (row.params, row.mult_adds) == (totals.params, totals.mult_adds), row.settings


TOKENS = """
name: Tokens
input: [3, res, res]
parameters: {res: 32}
layers:
  - conv: {out: 32, kernel: 4, stride: 4, name: patches}
  - upsample: {scale: 2, mode: area}
  - zero_pad: {padding: [[0, 1], [1, 0]], axis: -2, mode: replicate}
  - slice: {start: 1, stop: in_height, axis: 1, step: 2}
  - slice: {stop: in_width - 1, axis: -1, step: 2}
  - reshape: [in, -1]
  - transpose: {axes: [1, 0], name: turned_map}
  - learned: {shape: [1, in_height], of: bias, name: position}
  - add: {from: [turned_map, position], broadcast: true, name: tokens}
  - {norm}: {axes: -1}
  - fc: {out: 96, per_position: true, axis: -1, name: qkv, borrows: {biases: 8}}
  - split: {parts: 3, axis: -1, name: q}
  - split: {parts: 3, part: 2, axis: -1, from: qkv, name: k}
  - split: {parts: 3, part: 3, axis: -1, from: qkv, name: v}
  - attention: {from: [q, k, v], name: mixed}
  - transpose: {axes: [-1, 0], from: k, name: turned}
  - matmul: {from: [q, turned]}
  - scale
  - softmax: {axis: -1, name: shares}
  - matmul: {from: [shares, v], name: written}
  - concat: {from: [mixed, written], axis: 1}
  - gelu_tanh
  - prelu: {axis: -1}
  - l2_norm: {axes: 1, keep: true, name: length}
  - maximum: {from: [mixed, length]}
  - divide: {from: [mixed, length]}
  - variance: {axes: [1], keep: true}
  - rearrange: [in, 2]
  - mean: {axes: 0}
  - fc: 10
"""


@pytest.mark.parametrize("name", collection.conventions())
def test_layers_of_tokens_have_the_same_counts_in_every_algebra(name, tmp_path):
    # onnx-tool does not define layer norms.
    text = TOKENS.replace("{norm}: {axes: -1}", "layer_norm: {axes: -1, bias: false}")
    if name.startswith("onnx-tool"):
        text = TOKENS.replace("{norm}: {axes: -1}", "square")
    path = tmp_path / "tokens.yaml"
    path.write_text(text, encoding="utf-8")
    network = str(path)
    values = {"alpha": "0.25,0.5,1,1.5", "res": "16,32,64"}
    rows = list(costcalc.sweep(network, convention=name, **values).rows())
    assert len(rows) == 12
    form = costcalc.formula(network, convention=name)
    exact = 0
    for row in rows:
        totals = costcalc.report(network, convention=name, **row.settings).totals
        assert (row.params, row.mult_adds) == (totals.params, totals.mult_adds), row.settings
        values = tuple(row.settings[name] for name in ("alpha", "res"))
        if form.domain.holds(values):
            exact += 1
            for metric, total in form.totals.items():
                assert total.polynomial(values) == getattr(totals, metric), row.settings
    assert exact > 6


def test_a_kind_that_onnx_tool_does_not_define_is_an_error(tmp_path):
    path = tmp_path / "tokens.yaml"
    path.write_text(TOKENS.replace("{norm}", "layer_norm"), encoding="utf-8")
    with pytest.raises(ConventionError, match="does not define the mult_adds of 'layer_norm'"):
        costcalc.report(str(path), convention="onnx-tool")
