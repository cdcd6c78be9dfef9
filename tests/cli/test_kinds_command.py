"""``costcalc kinds``: all layer kinds, one with its example, and hints for wrong names."""

import csv
import json

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main
from costcalc.kinds import TABLE
from costcalc.spec import library


def run(*arguments, code=0):
    result = CliRunner().invoke(main, ["kinds", *arguments])
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else result.stderr


def test_all_kinds_are_listed_in_order():
    rows = list(csv.DictReader(run("--format", "csv").splitlines()))
    assert [row["kind"] for row in rows] == [kind.name for kind in TABLE]
    assert rows[5]["arguments"] == "out, bias true, per_position false, axis 0"
    assert rows[0]["aliases"] == "convolution, conv2d"


def test_one_kind_with_its_example():
    text = run("transposed_conv")
    assert text.startswith('transposed_conv: A transposed convolution ("deconvolution")')
    assert "example      transposed_conv: {out: 6, kernel: 3, stride: 2}" in text
    # 3*3 * 4*6 weights at 9*8 positions
    assert "15,552 macs" in text
    assert run("deconv") == text


def test_the_string_below_a_field_is_its_meaning():
    assert "whether the last window may extend past the end" in run("max_pool")
    assert "required" in run("max_pool")
    assert "It has no arguments of its own." in run("relu")
    assert run("complement").startswith("complement: 1 - x\n")
    assert run("h_swish").startswith("h_swish: x * ReLU6(x + 3) / 6\n")


@pytest.mark.parametrize("kind", TABLE, ids=lambda kind: kind.name)
def test_the_example_of_the_json_is_a_spec(kind, tmp_path):
    found = json.loads(run(kind.name, "--format", "json"))
    path = tmp_path / "example.yaml"
    path.write_text(found["example"]["spec"], encoding="utf-8")
    layers = {layer.name: layer for layer in costcalc.report(str(path)).layers}
    assert list(layers["example"].output) == found["example"]["output"]
    assert [each["name"] for each in found["arguments"] if each["is_required"]] == sorted(
        kind.required, key=lambda name: name != kind.main
    )


def test_every_kind_as_json():
    found = json.loads(run("--format", "json"))
    assert found["format_version"] == 1
    assert [each["name"] for each in found["kinds"]] == [kind.name for kind in TABLE]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("ReLU", "did you mean 'relu'?"),
        ("Conv2d", "did you mean 'conv'?"),
        ("BatchNorm2d", "did you mean 'batch_norm'?"),
        ("ConvTranspose2d", "did you mean 'transposed_conv'?"),
        ("Linear", "did you mean 'fc'?"),
        ("depthwse", "did you mean 'depthwise'?"),
        ("activation", "one of relu, relu6, leaky_relu, prelu, "),
    ],
)
def test_a_wrong_name_gets_a_suggestion(word, meant, tmp_path):
    text = run(word, code=2)
    assert f"there is no layer kind '{word}'" in text
    assert meant in text
    path = tmp_path / "net.yaml"
    path.write_text(f"input: [3, 8, 8]\nlayers: [{word}]\n", encoding="utf-8")
    with pytest.raises(costcalc.SpecError) as error:
        costcalc.report(str(path))
    assert meant in str(error.value)


WORDS = {
    # What frameworks, papers and reports call it: the hint for a spec and for kinds, for formula.
    "ReLU": ("'relu'", "kinds relu"),
    "Conv2d": ("'conv'", "'conv'"),
    "Conv 3x3": ("'conv'", "'conv'"),
    "BatchNorm2d": ("'batch_norm'", "'batch_norm'"),
    "activation": ("one of relu, relu6", "costcalc kinds"),
    "Dense": ("'fc'", "'fc'"),
    "Gemm": ("'fc'", "'fc'"),
    "MaxPool2D": ("'max_pool'", "'max_pool'"),
    "pool": ("one of max_pool, avg_pool", "pool'"),
    "GELU": ("'gelu'", "kinds gelu"),
    "LSTM": ("'lstm'", "'lstm'"),
    "GRU": ("one of lstm", "costcalc kinds"),
    "Attention": ("'attention'", "kinds attention"),
    "normalization": ("one of batch_norm, layer_norm", "costcalc kinds"),
    "Separable": ("use: [separable]", "'separable'"),
    "SeparableConv2D": ("use: [separable]", "'separable'"),
    "InvertedResidual": ("use: [bottleneck]", "'bottleneck'"),
    "bottlenek": ("use: [bottleneck]", "'bottleneck'"),
    "SEBlock": ("use: [squeeze_excite]", "costcalc kinds"),
    "Global Average Pool": ("'global_avg_pool'", "kinds global_avg_pool"),
}


@pytest.mark.parametrize("word", WORDS)
def test_a_word_that_people_know_leads_to_the_kind_the_block_or_the_formula(word, tmp_path):
    in_a_spec, in_a_formula = WORDS[word]
    path = tmp_path / "net.yaml"
    path.write_text(f"input: [3, 8, 8]\ndefaults: {{'{word}': {{}}}}\nlayers: ['{word}']\n")
    for command, hint in (
        (["report", str(path)], in_a_spec),
        (["kinds", word], in_a_spec),
        (["formula", word], in_a_formula),
    ):
        result = CliRunner().invoke(main, command)
        assert (result.exit_code, result.stdout) == (2, "")
        assert hint in result.stderr, command


def test_the_block_of_a_hint_is_in_the_library_that_it_names(tmp_path):
    path = tmp_path / "net.yaml"
    for block, of in library.shipped_blocks().items():
        path.write_text(f"use: [{of}]\ninput: [3, 8, 8]\nlayers: [{block}]\n")
        result = CliRunner().invoke(main, ["report", str(path)])
        assert "unknown layer kind" not in result.output
