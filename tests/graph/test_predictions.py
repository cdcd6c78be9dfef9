"""Predictions keep their widths at every width multiplier; features scale."""

from pathlib import Path

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main
from costcalc.opening import opened

BACKBONE = """\
input: [3, 32, 32]
layers:
  - conv: {name: c1, out: 16, kernel: 3, stride: 2, norm: batch, act: relu}
  - conv: {name: c2, out: 32, kernel: 3, stride: 2, norm: batch, act: relu}
"""

# What follows the backbone, and the widths of its convolutions and fully connected layers at
# alpha = 0.5.
HEADS = {
    "a segmentation": ("- pointwise: 2\n- upsample: 4", [2]),
    "a segmentation of one class": ("- pointwise: 1\n- sigmoid", [1]),
    "behind dropout and softmax": ("- dropout: 0.5\n- pointwise: 7\n- softmax", [7]),
    "scores pooled": ("- pointwise: 7\n- global_avg_pool\n- flatten", [7]),
    "a softmax behind a norm and an activation": (
        "- pointwise: {out: 7, norm: batch, act: relu}\n- global_avg_pool\n- softmax",
        [7],
    ),
    "features behind a norm": ("- pointwise: {out: 6, norm: batch}", [3]),
    "features behind an activation": ("- pointwise: 6\n- relu\n- global_avg_pool", [3]),
    "features behind a max pool": ("- pointwise: 6\n- max_pool: 2", [3]),
    "only the last": ("- conv: {out: 6, kernel: 1, repeat: 3}", [3, 3, 6]),
    "fully connected layers": ("- fc: 64\n- relu\n- fc: 10\n- tanh", [32, 10]),
    "a fully connected layer with an activation": ("- fc: {out: 10, act: relu}", [10]),
    "up again": ("- transposed_conv: {out: 3, kernel: 4, stride: 4}\n- tanh", [3]),
    "scores enlarged by channel": (
        "- pointwise: 6\n- transposed_depthwise: {kernel: 4, stride: 2}",
        [6],
    ),
    "a depthwise layer at the end": ("- pointwise: 6\n- depthwise: 3", [6]),
    "two branches that are stacked": (
        "- concat:\n"
        "  - [pointwise: 24, reshape: [4, -1]]\n"
        "  - [pointwise: 12, reshape: [2, -1], softmax]",
        [24, 12],
    ),
    "two outputs": (
        "- conv: {name: f, out: 8, kernel: 3, act: relu}\n"
        "- pointwise: {name: a, out: 5}\n"
        "- pointwise: {name: b, from: f, out: 9}\n"
        "- sigmoid: {from: a}",
        [4, 5, 9],
    ),
    "a pyramid whose maps are read on": (
        "- pointwise: {name: p2, out: 8}\n"
        "- upsample: {name: up, scale: 2}\n"
        "- pointwise: {name: p1, from: c1, out: 8}\n"
        "- add: {name: sum, from: [up, p1]}\n"
        "- conv: {out: 8, kernel: 3, act: relu}\n"
        "- pointwise: 5",
        [4, 4, 4, 5],
    ),
    "a pyramid whose sums are outputs": (
        "- pointwise: {name: p2, out: 8}\n"
        "- upsample: {name: up, scale: 2}\n"
        "- pointwise: {name: p1, from: c1, out: 8}\n"
        "- add: {from: [up, p1]}",
        [8, 8],
    ),
    "what is added to features": (
        "- residual: {layers: [conv: {out: 32, kernel: 3}], act: none}",
        [16],
    ),
    "what is added to the image": (
        "- transposed_conv: {name: image, out: 3, kernel: 4, stride: 4}\n"
        "- add: {from: [image, input]}",
        [3],
    ),
    "chained sums with features": (
        "- pointwise: {name: a, out: 32}\n"
        "- pointwise: {name: b, from: c2, out: 32}\n"
        "- pointwise: {name: c, from: c2, out: 32}\n"
        "- add: {name: ab, from: [a, b]}\n"
        "- add: {name: bc, from: [b, c]}\n"
        "- add: {name: all, from: [c, c2]}\n"
        "- concat: {from: [ab, bc, all]}",
        [16, 16, 16],
    ),
    "squeeze and excite at the end": (
        "- multiply:\n"
        "  - []\n"
        "  - [global_avg_pool, pointwise: {out: 8, act: relu}, pointwise: {out: 32, act: sigmoid}]",
        [4, 16],
    ),
    "fixed and scaled": ("- concat: [[pointwise: fixed(6)], [pointwise: scaled(6)]]", [6, 3]),
    "scaled names": ("- pointwise: scaled(classes)", [5]),
    "shared with features": (
        "- conv: {out: 32, kernel: 3, act: relu, shares: w}\n"
        "- conv: {out: 32, kernel: 3, shares: w}",
        [16, 16],
    ),
    "shared predictions": (
        "- concat:\n"
        "    axis: 1\n"
        "    branches:\n"
        "    - [conv: {out: 6, kernel: 3, shares: w}, reshape: [6, -1]]\n"
        "    - [max_pool: 2, conv: {out: 6, kernel: 3, shares: w}, reshape: [6, -1]]",
        [6, 6],
    ),
}


def spec(head: str, top: str = "") -> str:
    lines = "".join(f"  {line}\n" for line in head.splitlines())
    text = BACKBONE.replace("layers:", "parameters: {classes: 10}\nlayers:")
    return f"{text}{lines}{top}"


def widths(network, **settings) -> list[int]:
    """The widths of the layers behind the backbone that have one of their own."""
    layers = opened(str(network), costcalc.opening.exact(settings)).graph().layers
    families = ("convolution", "transposed_convolution", "dense")
    own = [layer for layer in layers if layer.kind.family in families]
    grouped = ("depthwise", "transposed_depthwise")
    return [
        layer.output[0]
        for layer in own
        if layer.kind.name not in grouped and getattr(layer.operation, "groups", 1) == 1
    ][2:]


@pytest.fixture(params=HEADS.values(), ids=HEADS)
def head(request, tmp_path: Path):
    text, expected = request.param
    path = tmp_path / "net.yaml"
    path.write_text(spec(text))
    return path, expected


def test_widths_at_half_the_width(head):
    path, expected = head
    assert widths(path, alpha="1/2") == expected


@pytest.mark.parametrize("alpha", ["1/2", "1/4", "2"])
def test_sweeps_are_reports(head, alpha):
    path, _ = head
    (row,) = costcalc.sweep(str(path), alpha=alpha).rows()
    totals = costcalc.report(str(path), alpha=alpha).totals
    assert (row.params, row.mult_adds) == totals


def test_closed_forms_are_exact(head):
    path, _ = head
    form = costcalc.formula(str(path), alpha="1/2")
    report = costcalc.report(str(path), alpha="1/2")
    for metric, total in form.totals.items():
        assert (total.value, total.reported) == (getattr(report.totals, metric),) * 2


@pytest.mark.parametrize("suffix", ["onnx", "prototxt", "yaml"])
def test_models_scale_as_specs_do(head, suffix, tmp_path: Path):
    path, expected = head
    again = tmp_path / f"again.{suffix}"
    if "fixed(" in path.read_text() or "scaled(" in path.read_text():
        pytest.skip("a model has no words for these")
    if suffix == "yaml":
        again.write_text(costcalc.load(str(path)).to_spec(flat=True))
    else:
        result = CliRunner().invoke(main, ["export", str(path), "-o", str(again)])
        if "cannot be written" in result.output:
            pytest.skip(result.output)
        assert result.exit_code == 0, result.output
    assert widths(again, alpha="1/2") == expected


def test_a_width_of_a_block_is_kept_in_the_prediction_alone(tmp_path: Path):
    path = tmp_path / "net.yaml"
    path.write_text(
        "blocks:\n"
        "  head:\n"
        "    parameters: {c: width, mid: 2 * c}\n"
        "    layers:\n"
        "      - conv: {out: c, kernel: 3, act: relu}\n"
        "      - conv: {out: mid, kernel: 3, act: relu}\n"
        "      - inner: {c: mid}\n"
        "  inner:\n"
        "    parameters: {c: width}\n"
        "    layers: [pointwise: c]\n" + spec("- head: {c: 12}")
    )
    assert widths(path, alpha="1/2") == [6, 12, 24]
    assert widths(path) == [12, 24, 24]


def test_rounding_to_eights_leaves_predictions(tmp_path: Path):
    path = tmp_path / "net.yaml"
    path.write_text(f"width_rounding: {{divisible_by: 8}}\n{spec('- pointwise: 21')}")
    assert widths(path) == [21]
    assert widths(path, alpha="1/2") == [21]


def test_a_convolution_of_the_image_is_a_feature(tmp_path: Path):
    path = tmp_path / "net.yaml"
    path.write_text("input: [3, 8, 8]\nlayers: [identity, conv: {out: 8, kernel: 3}]\n")
    assert costcalc.report(str(path), alpha="1/2").layers[-1].output[0] == 4
    path.write_text("input: [3, 8, 8]\nlayers: [fc: 8]\n")
    assert costcalc.report(str(path), alpha="1/2").layers[-1].output[0] == 8


def test_fixed_contradicts_scaled(tmp_path: Path):
    path = tmp_path / "net.yaml"
    path.write_text(spec('- pointwise: "max(fixed(3), scaled(4))"'))
    with pytest.raises(costcalc.SpecError, match="a width is fixed or scaled, not both"):
        costcalc.report(str(path))
