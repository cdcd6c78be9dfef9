"""``report --explain``: what is written out is what is counted."""

import json
import re

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main
from costcalc.costs.convention import available, load
from costcalc.costs.rules import METRICS
from costcalc.errors import ConventionError, SpecError
from costcalc.kinds import KINDS, TABLE
from costcalc.spec import expression
from costcalc.symbolic.explain import explain
from costcalc.symbolic.writing import ASCII, written

EVERY_KIND = """
name: Everything
input: [4, 12, 10]
layers:
  - conv: {name: conv, out: 8, kernel: [3, 5], dilation: [1, 2]}
  - conv: {name: grouped, out: 12, kernel: 3, groups: 4, norm: batch, act: h_swish}
  - depthwise: {name: dw, kernel: 5, stride: 2, bias: false}
  - depthwise: {name: multiplied, kernel: 3, multiplier: 2}
  - transposed_conv: {name: up, out: 6, kernel: 2, stride: 2, groups: 2}
  - layer_norm
  - group_norm: {groups: 3}
  - instance_norm: {affine: true}
  - lrn: 5
  - relu
  - relu6
  - leaky_relu
  - prelu
  - sigmoid
  - tanh
  - h_sigmoid
  - swish
  - gelu
  - complement
  - rms_norm: {axes: [0, 1]}
  - layer_norm: {axes: [-1, -2], bias: false}
  - log_softmax: {axis: 1}
  - prelu: {axis: -1}
  - gelu_tanh
  - quick_gelu
  - elu
  - selu
  - celu
  - mish
  - softplus
  - softsign
  - log_sigmoid
  - hard_tanh
  - scale
  - shift
  - clip
  - exp
  - log
  - sqrt
  - rsqrt
  - reciprocal
  - erf
  - sin
  - cos
  - abs
  - neg
  - square
  - floor
  - ceil
  - round
  - sign
  - logical_not
  - max_pool: {kernel: 3, stride: 2, padding: 1}
  - avg_pool: {kernel: [2, 1], stride: 1}
  - upsample: {scale: 2, mode: bilinear}
  - adaptive_max_pool: {size: [5, 7]}
  - adaptive_avg_pool: {size: [3, 4]}
  - residual:
      - pointwise: {name: same, out: 6}
  - concat:
      branches:
        left: [pointwise: {name: l, out: 3}]
        right: [pointwise: {name: r, out: 5}]
  - multiply:
      branches:
        gate: [global_max_pool: ~, conv: {out: 8, kernel: 1}]
        self: []
  - zero_pad: {padding: [[1, 0]], axis: -1, mode: reflect, name: bordered}
  - learned: {shape: [8, 1, 1], of: norm, name: gain}
  - constant: {shape: [8, 1, 5], name: mask}
  - subtract: {from: [bordered, gain]}
  - divide: {from: [bordered, gain]}
  - minimum: {from: [bordered, gain, mask]}
  - maximum: {from: [bordered, gain]}
  - power: {from: [bordered, gain]}
  - compare: {from: [bordered, mask]}
  - where: {from: [bordered, gain, mask]}
  - add: {from: [bordered, gain], broadcast: true}
  - reshape: {shape: [8, -1], name: matrix}
  - transpose: {axes: [1, 0], name: turned}
  - matmul: {from: [matrix, turned]}
  - attention: {from: [turned, turned, turned]}
  - fc: {name: projected, out: 6, per_position: true, axis: -1, borrows: {biases: 2}}
  - reduce_max: {axes: 0, keep: true}
  - embedding: {rows: 9, out: 4, from: mask}
  - mean: {axes: [-1]}
  - variance: {axes: 0, keep: true}
  - product: {axes: 0, from: matrix, keep: true}
  - l2_norm: {axes: 0, from: matrix, keep: true}
  - sum: {axes: 0, from: matrix}
  - reduce_min: {from: matrix}
  - argmax: {from: matrix}
  - slice: {stop: 7, axis: 1, step: 3, from: matrix}
  - uncounted: {op: Mystery, shape: [8, 3, 4]}
  - rearrange: {shape: [8, 3, 4], from: bordered}
  - channel_shuffle: 2
  - split: 2
  - slice: {start: 1, stop: 4}
  - zero_pad: 1
  - pad_channels: 6
  - identity
  - dropout: 0.5
  - global_avg_pool
  - flatten
  - lstm: 5
  - fc: {name: fc, out: 7}
  - softmax
"""
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
def everything(tmp_path):
    path = tmp_path / "everything.yaml"
    path.write_text(EVERY_KIND, encoding="utf-8")
    return str(path)


def defined(convention):
    """The lines that a convention has rules for, and that read no line without."""
    lost = set()
    for line in EVERY_KIND.splitlines():
        if is_defined(line, convention) and lost.isdisjoint(re.findall(r"\w+", line)):
            yield line
        else:
            lost.update(re.findall(r"name: (\w+)", line))


def is_defined(line, convention):
    """Whether a convention has rules for the layer on a line: not all tools know all kinds."""
    word = line.removeprefix("  - ").partition(":")[0]
    if not line.startswith("  - ") or word not in KINDS or not KINDS[word].is_counted:
        return True
    try:
        return all(convention.rule(metric, KINDS[word]) for metric in METRICS)
    except ConventionError:
        return False


def value(node):
    """A formula's value by another way: its text, read by the parser of specs."""
    return expression.parse(written(node, ASCII).replace("^", "**")).evaluate({})


def test_the_network_has_every_kind(everything):
    kinds = {layer.kind for layer in costcalc.report(everything).layers}
    assert kinds == {kind.name for kind in TABLE if not kind.becomes}


@pytest.mark.parametrize("convention", available())
def test_every_kind_adds_up_in_every_convention(convention, tmp_path):
    path = tmp_path / "defined.yaml"
    path.write_text("\n".join(defined(load(convention))), encoding="utf-8")
    report = costcalc.report(str(path), convention=convention)
    assert len(report.layers) > 35
    for layer in report.layers:
        found = explain(str(path), layer.name, {}, convention)
        assert found.block is None
        for step in found.layers[0].steps:
            assert step.value == getattr(layer, step.metric) == value(step.numbers), layer.name


def test_an_explanation_reads_as_a_textbook_does():
    heading, settings, rest = run("mobilenet_v1", "--explain", "depthwise2").split("\n\n")
    assert heading == "depthwise2 of MobileNetV1, convention paper"
    assert settings.startswith("At alpha = 1, res = 224, ")
    assert rest == TEXT


def test_settings_change_the_numbers_and_not_the_formula():
    text = run("mobilenet_v1", "--explain", "conv2", "--alpha", "0.5", "--res", "160")
    assert "= M·N·D_F²\n" in text
    assert "= 16·32·80²\n" in text  # half of 32 and of 64 channels, 160 / 2
    assert "= 3,276,800\n" in text  # 16 * 32 * 6400


def test_grouped_oblong_and_transposed(everything):
    steps = {
        name: [written(step.formula) for step in explain(everything, name, {}).layers[0].steps]
        for name in ("conv", "grouped", "up", "fc")
    }
    assert steps == {
        "conv": ["D_K1·D_K2·M·N·H_F·W_F", "D_K1·D_K2·M·N"],
        "grouped": ["D_K²·(M/g)·N·H_F·W_F", "D_K²·(M/g)·N"],
        "up": ["D_K²·(M/g)·N·H_I·W_I", "D_K²·(M/g)·N"],
        "fc": ["M·N", "M·N"],
    }


def test_a_block_is_the_sum_of_its_layers():
    found = costcalc.explain("mobilenet_v2", "bottleneck2")
    report = costcalc.report("mobilenet_v2")
    inside = [layer for layer in report.layers if layer.name.startswith("bottleneck2/")]
    assert [layer.name for layer in found.layers] == [layer.name for layer in inside]
    assert found.total("mult_adds") == sum(layer.mult_adds for layer in inside)
    text = run("mobilenet_v2", "--explain", "bottleneck2")
    # 112*112*16*96 + 56*56*9*96 + 56*56*96*24 = 29202432
    assert "= 19,267,584 + 2,709,504 + 7,225,344\n" in text
    assert "= 29,202,432\n" in text


def test_what_is_free_is_said_to_be():
    text = run("mobilenet_v1", "--explain", "conv1.batch_norm")
    assert "Batch Norm, which the convention declares free" in text


def test_json_markdown_and_latex():
    found = json.loads(run("mobilenet_v1", "--explain", "depthwise2", "--format", "json"))
    assert found["totals"] == {"params": 576, "mult_adds": 1806336}
    layer = found["layers"][0]
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
        (["--explain", "conv1", "--format", "csv"], "not as csv"),
        (["--explain", "conv1", "--by", "type"], "--explain prints none"),
    ],
)
def test_what_is_wrong_is_said(arguments, message):
    assert message in run("mobilenet_v1", *arguments, code=2)


def test_an_unknown_block_has_a_likely_name():
    with pytest.raises(SpecError, match="did you mean 'bottleneck2'"):
        explain("mobilenet_v2", "botleneck2", {})
