"""``report --explain``: the explanation equals the count."""

import json

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main
from costcalc.costs.convention import load
from costcalc.costs.rules import COUNTS
from costcalc.errors import ConventionError, SpecError
from costcalc.kinds import TABLE
from costcalc.spec import expression
from costcalc.symbolic.formula import ASCII, written
from tests.collection import conventions
from tests.exporters.every_kind import together

SEVERAL = """
name: Several
input: [4, 12, 10]
layers:
  - conv: {name: conv, out: 8, kernel: [3, 5], dilation: [1, 2]}
  - conv: {name: grouped, out: 12, kernel: 3, groups: 4, norm: batch, act: h_swish}
  - depthwise: {name: dw, kernel: 5, stride: 2, bias: false}
  - transposed_conv: {name: up, out: 6, kernel: 2, stride: 2, groups: 2}
  - residual:
      - pointwise: {name: same, out: 6}
  - concat:
      branches:
        left: [pointwise: {name: l, out: 3}]
        right: [pointwise: {name: r, out: 5}]
  - multiply:
      name: scaled
      branches:
        gate: [global_max_pool: ~, conv: {out: 8, kernel: 1}]
        self: []
  - learned: {shape: [8, 1, 1], of: norm, name: gain}
  - constant: {shape: [8, 1, 10], name: mask}
  - where: {from: [mask, scaled, gain]}
  - minimum: {from: [scaled, gain, mask]}
  - add: {from: [scaled, gain], broadcast: true}
  - fc: {name: projected, out: 6, per_position: true, axis: -1, borrows: {biases: 2}}
  - flatten
  - fc: {name: fc, out: 7}
"""
"""Layers that no shipped network combines: joins, branches, fused lines, shared params."""

TEXT = """\
depthwise2: Conv DW 3x3
  D_K =  3  side of the kernel
  M   = 64  input channels
  D_F = 56  side of the output
  mult-adds = macs
            = D_K²·M·D_F²
            = 3²·64·56²
            = 1,806,336
  params    = weights
            = D_K²·M
            = 3²·64
            = 576
"""  # 9 * 64 * 3136 = 1806336


def run(*arguments, code=0):
    result = CliRunner().invoke(main, ["report", *arguments])
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else result.stderr


@pytest.fixture
def several(tmp_path):
    path = tmp_path / "several.yaml"
    path.write_text(SEVERAL, encoding="utf-8")
    return str(path)


def is_defined(kind, convention):
    """Whether a convention has rules for a kind; not every tool counts every kind."""
    try:
        return all(convention.rule(metric, kind) for metric in COUNTS)
    except ConventionError:
        return not kind.is_counted


def value(node):
    """A formula's value by another route: its text, evaluated by the spec's parser."""
    return expression.parse(written(node, ASCII).replace("^", "**")).evaluate({})


@pytest.mark.parametrize("convention", conventions())
def test_every_kind_adds_up_in_every_convention(convention, tmp_path):
    rules = load(convention)
    path = tmp_path / "every.yaml"
    path.write_text(together(lambda kind: is_defined(kind, rules)), encoding="utf-8")
    report = costcalc.report(str(path), convention=convention)
    kinds = {kind.name for kind in TABLE if is_defined(kind, rules) and not kind.becomes}
    assert {layer.kind for layer in report.layers} == kinds
    explained = costcalc.explain(str(path), "every", convention=convention)
    check(report, {layer.name: layer for layer in explained.layers})


@pytest.mark.parametrize("convention", ["paper", "paper-with-bias", "torch", "thop", "fvcore"])
def test_layers_of_networks_add_up(several, convention):
    report = costcalc.report(several, convention=convention)
    explained = {}
    for layer in report.layers:
        explanation = costcalc.explain(several, layer.name, convention=convention)
        assert explanation.block is None
        (explained[layer.name],) = explanation.layers
    check(report, explained)


def check(report, explained):
    """Checks that each layer's explanation equals the report's count."""
    assert len(report.layers) == len(explained)
    for layer in report.layers:
        for step in explained[layer.name].steps:
            assert step.value == getattr(layer, step.metric) == value(step.numbers), layer.name


def test_the_text_of_an_explanation():
    heading, settings, rest = run("mobilenet_v1", "--explain", "depthwise2").split("\n\n")
    assert heading == "depthwise2 of MobileNetV1, convention paper"
    assert settings.startswith("At alpha = 1, res = 224, ")
    assert rest == TEXT


def test_settings_change_the_numbers_but_not_the_formula():
    text = run("mobilenet_v1", "--explain", "conv2", "--alpha", "0.5", "--res", "160")
    assert "= M·N·D_F²\n" in text
    assert "= 16·32·80²\n" in text  # half of 32 and of 64 channels, 160 / 2
    assert "= 3,276,800\n" in text  # 16 * 32 * 6400


def test_grouped_oblong_and_transposed(several):
    steps = {
        name: [written(step.formula) for step in costcalc.explain(several, name).layers[0].steps]
        for name in ("conv", "grouped", "up", "fc")
    }
    assert steps == {
        "conv": ["D_K1·D_K2·M·N·H_F·W_F", "D_K1·D_K2·M·N"],
        "grouped": ["D_K²·(M/g)·N·H_F·W_F", "D_K²·(M/g)·N"],
        "up": ["D_K²·(M/g)·N·H_I·W_I", "D_K²·(M/g)·N"],
        "fc": ["M·N", "M·N"],
    }


def test_a_block_is_the_sum_of_its_layers():
    explanation = costcalc.explain("mobilenet_v2", "bottleneck2")
    report = costcalc.report("mobilenet_v2")
    inside = [layer for layer in report.layers if layer.name.startswith("bottleneck2/")]
    assert [layer.name for layer in explanation.layers] == [layer.name for layer in inside]
    assert explanation.total("mult_adds") == sum(layer.mult_adds for layer in inside)
    text = run("mobilenet_v2", "--explain", "bottleneck2")
    # 112*112*16*96 + 56*56*9*96 + 56*56*96*24 = 29202432
    assert "= 19,267,584 + 2,709,504 + 7,225,344\n" in text
    assert "= 29,202,432\n" in text


def test_free_layers_are_marked():
    text = run("mobilenet_v1", "--explain", "conv1.batch_norm")
    assert "Batch Norm, which the convention declares free" in text


def test_json_markdown_and_latex():
    data = json.loads(run("mobilenet_v1", "--explain", "depthwise2", "--format", "json"))
    assert data["totals"] == {"params": 576, "mult_adds": 1806336}
    layer = data["layers"][0]
    assert layer["symbols"][0] == {"name": "D_K", "meaning": "side of the kernel", "value": 3}
    assert layer["mult_adds"]["ascii"] == "D_K^2*M*D_F^2"
    assert layer["mult_adds"]["numbers"] == "3^2*64*56^2"
    markdown = run("mobilenet_v1", "--explain", "depthwise2", "--format", "markdown")
    assert markdown.startswith("## depthwise2 of MobileNetV1")
    assert markdown.count("```") == 2
    latex = run("mobilenet_v1", "--explain", "depthwise2", "--format", "latex")
    assert r"&= 3^{2} \cdot 64 \cdot 56^{2} \\" in latex


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--explain", "depthwise99"], "did you mean 'depthwise"),
        (["--explain", ""], "has no layer ''"),
        (["--explain", "conv1", "--by", "type"], "--explain prints none"),
    ],
)
def test_mistakes_are_reported(arguments, message):
    assert message in run("mobilenet_v1", *arguments, code=2)


def test_an_unknown_block_gets_a_suggestion():
    with pytest.raises(SpecError, match="did you mean 'bottleneck2'"):
        costcalc.explain("mobilenet_v2", "botleneck2")


ATTENTION = """
input: [{queries}]
layers:
  - constant: {{name: k, shape: [{keys}]}}
  - constant: {{name: v, shape: [{values}]}}
  - attention: {{name: heads, from: [input, k, v]}}
"""


@pytest.mark.parametrize(
    ("queries", "keys", "values", "formula", "value"),
    [
        # Vaswani et al.: n tokens of width d = 8 in h = 2 heads, each with each, twice.
        ((2, 5, 4), (2, 5, 4), (2, 5, 4), "h*n^2*(d/h) + h*n^2*(d/h)", 2 * 8 * 5**2),
        ((5, 4), (5, 4), (5, 4), "n^2*d + n^2*d", 2 * 4 * 5**2),
        ((2, 5, 4), (2, 3, 4), (2, 3, 4), "h*n*(d/h)*m + h*n*m*(d/h)", 2 * 8 * 5 * 3),
        ((2, 5, 4), (2, 5, 4), (2, 5, 6), "h*n^2*d_k + h*n^2*d_v", 2 * 5**2 * (4 + 6)),
        # Swin: 9 windows of n tokens each.
        ((9, 2, 5, 4), (9, 2, 5, 4), (9, 2, 5, 4), None, 2 * 9 * 8 * 5**2),
    ],
)
def test_attention_in_the_symbols_of_its_papers(tmp_path, queries, keys, values, formula, value):
    shapes = {"queries": queries, "keys": keys, "values": values}
    text = ATTENTION.format(**{k: ", ".join(map(str, v)) for k, v in shapes.items()})
    path = tmp_path / "attention.yaml"
    path.write_text(text)
    (layer,) = costcalc.explain(str(path), "heads").data()["layers"]
    assert layer["mult_adds"]["value"] == value
    assert layer["mult_adds"]["ascii"] == (formula or "G*h*n^2*(d/h) + G*h*n^2*(d/h)")


@pytest.mark.parametrize(
    ("axes", "formula", "value"),
    [
        ((5, 4), "d_in*d_out*n", 4 * 6 * 5),
        # Swin: 9 windows of 5 tokens each.
        ((9, 5, 4), "d_in*d_out*G*n", 4 * 6 * 9 * 5),
        # A map whose channels are last.
        ((5, 5, 4), "M*N*D_F^2", 4 * 6 * 5**2),
    ],
)
def test_layers_of_tokens_in_the_symbols_of_attention(tmp_path, axes, formula, value):
    path = tmp_path / "tokens.yaml"
    path.write_text(
        f"input: {list(axes)}\nlayers: [fc: {{out: 6, per_position: true, axis: -1}}]\n"
    )
    (layer,) = costcalc.explain(str(path), "fc1").data()["layers"]
    assert (layer["mult_adds"]["ascii"], layer["mult_adds"]["value"]) == (formula, value)
