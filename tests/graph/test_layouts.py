"""Which axis of a tensor holds its channels, and how shapes are printed."""

from pathlib import Path

import pytest

import costcalc
from costcalc.graph.layouts import channel_axes
from costcalc.opening import opened
from costcalc.pictures.diagram import shape_label

VIT = """\
input: [3, 32, 32]
blocks:
  heads:
    layers:
      - fc: {out: 12, per_position: true, axis: -1}
      - reshape: [16, 3, 4]
      - transpose: [1, 0, 2]
layers:
  - conv: {out: 12, kernel: 8, stride: 8}
  - reshape: [12, -1]
  - transpose: {axes: [1, 0], name: patches}
  - learned: {shape: [16, 12], name: positions}
  - add: {from: [patches, positions], name: tokens}
  - layer_norm: {axes: -1, name: normed}
  - heads: {name: q}
  - heads: {name: k, from: normed}
  - heads: {name: v, from: normed}
  - attention: {from: [q, k, v]}
  - transpose: [1, 0, 2]
  - reshape: [16, 12]
  - fc: {out: 24, per_position: true, axis: -1, act: gelu, name: mlp}
  - mean: {axes: 0}
  - fc: 10
"""


@pytest.fixture
def vit(tmp_path: Path) -> str:
    path = tmp_path / "vit.yaml"
    path.write_text(VIT)
    return str(path)


def sizes(network, **options) -> dict[str, tuple[str, str]]:
    report = costcalc.report(network, **options)
    rows = report.rendered("csv").splitlines()
    names = rows[0].split(",")
    cells = [dict(zip(names, row.split(","), strict=True)) for row in rows[1:]]
    return {row["name"]: (row["input"], row["output"]) for row in cells}


def test_a_transformer_is_printed_as_tokens(vit):
    assert sizes(vit) == {
        "conv1": ("32x32x3", "4x4x12"),
        "reshape1": ("4x4x12", "16x12"),
        "patches": ("16x12", "16x12"),
        "positions": ("", "16x12"),
        "tokens": ("16x12", "16x12"),
        "normed": ("16x12", "16x12"),
        **{
            f"{name}/{layer}": shapes
            for name in "qkv"
            for layer, shapes in {
                "fc1": ("16x12", "16x12"),
                "reshape1": ("16x12", "16x3x4"),
                "transpose1": ("16x3x4", "3x16x4"),
            }.items()
        },
        "attention1": ("3x16x4", "3x16x4"),
        "transpose1": ("3x16x4", "16x3x4"),
        "reshape2": ("16x3x4", "16x12"),
        "mlp": ("16x12", "16x24"),
        "mean1": ("16x24", "24"),
        "fc1": ("24", "10"),
    }


def test_json_has_the_shapes_as_they_are(vit):
    layers = {layer["name"]: layer for layer in costcalc.report(vit).data()["layers"]}
    assert layers["reshape1"]["output"] == [12, 16]
    assert layers["tokens"]["output"] == [16, 12]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("input: [16, 12]\nlayers: [fc: {out: 5, per_position: true, axis: -1}]", "16x12"),
        ("input: [16, 12]\nlayers: [relu, layer_norm: {axes: 1}]", "16x12"),
        ("input: [16, 12]\nlayers: [conv: {out: 5, kernel: 3}]", "12x16"),
        ("input: [16, 12]\nlayers: [fc: {out: 5, per_position: true}]", "12x16"),
        ("input: [16, 12]\nlayers: [relu]", "12x16"),
        ("input: [16, 12]\nlayers: [fc: 5]", "12x16"),
        ("input: [77]\nlayers: [embedding: {rows: 9, out: 8}, relu]", "77"),
    ],
)
def test_inputs(text, expected, tmp_path: Path):
    path = tmp_path / "net.yaml"
    path.write_text(f"{text}\n")
    report = costcalc.report(str(path))
    assert next(iter(sizes(str(path)).values()))[0] == expected
    assert dict(report.page().facts)["input"] == expected.replace("x", " × ")


def test_mixing_tokens_keeps_them(tmp_path: Path):
    path = tmp_path / "mixer.yaml"
    path.write_text(
        "input: [16, 12]\nlayers:\n"
        "  - fc: {out: 12, per_position: true, axis: -1}\n"
        "  - fc: {out: 20, per_position: true, axis: 0}\n"
    )
    assert sizes(str(path))["fc2"] == ("16x12", "20x12")


@pytest.mark.parametrize("network", ["mobilenet_v1", "shufflenet_v1", "densenet121", "highway"])
def test_images_have_their_channels_first(network):
    assert set(channel_axes(opened(network).graph()).values()) <= {0}


def test_labels_of_graphs():
    assert shape_label((197, 768), 1) == "197×768"
    assert shape_label((32, 112, 112)) == "112×112×32"
    assert shape_label(()) == "a number"


def test_explanations_speak_of_tokens(vit):
    text = costcalc.explain(vit, "mlp").rendered("table")
    assert "width of the input" in text
    assert "16  tokens" in text
