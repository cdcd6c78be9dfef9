"""Networks as blocks of other networks: ``use: [network: ...]``."""

from pathlib import Path

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main

SEGMENTATION = """\
name: Segmentation
input: [3, res, res]
parameters: {alpha: 1, res: 224, classes: 2}
use:
  - {network: mobilenet_v2, as: backbone}
layers:
  - backbone: {name: features, to: bottleneck17}
  - pointwise: {out: 64, norm: batch, act: relu}
  - pointwise: classes
"""


def written(folder: Path, text: str, name: str = "net.yaml") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def refusal(folder: Path, text: str, **settings) -> str:
    with pytest.raises(costcalc.SpecError) as error:
        costcalc.report(written(folder, text), **settings)
    return str(error.value)


@pytest.mark.parametrize("alpha", ["1", "1/2", "1.4"])
@pytest.mark.parametrize("res", [224, 160, 97])
def test_the_layers_are_those_of_the_network_alone(alpha, res, tmp_path: Path):
    path = written(tmp_path, SEGMENTATION)
    report = costcalc.report(path, alpha=alpha, res=res)
    alone = costcalc.report("mobilenet_v2", alpha=alpha, res=res)
    last = max(
        index for index, layer in enumerate(alone.layers) if layer.name.startswith("bottleneck17")
    )
    inside = [layer for layer in report.layers if layer.name.startswith("features/")]
    assert [
        (layer.name.removeprefix("features/"), layer.output, layer.params, layer.mult_adds)
        for layer in inside
    ] == [
        (layer.name, layer.output, layer.params, layer.mult_adds)
        for layer in alone.layers[: last + 1]
    ]
    assert report.layers[-1].output[0] == 2


def test_every_command_takes_it(tmp_path: Path):
    path = written(tmp_path, SEGMENTATION)
    for command in (
        ["report", path],
        ["formula", path],
        ["graph", path],
        ["sweep", path, "--alpha", "0.5,1"],
        ["solve", path, "--for", "alpha", "--max-params", "3M"],
        ["compare", path, "mobilenet_v2"],
        ["check", path, "--max-params", "3M"],
        ["export", path],
        ["export", path, "--to", "prototxt"],
    ):
        result = CliRunner().invoke(main, command)
        assert result.exit_code == 0, result.output


@pytest.mark.parametrize("suffix", ["yaml", "onnx"])
def test_what_is_written_has_the_same_totals(suffix, tmp_path: Path):
    path, again = written(tmp_path, SEGMENTATION), tmp_path / f"again.{suffix}"
    command = "import" if suffix == "yaml" else "export"
    result = CliRunner().invoke(main, [command, path, "-o", str(again)])
    assert result.exit_code == 0, result.output
    assert costcalc.report(str(again)).totals == costcalc.report(path).totals


def test_closed_forms_and_sweeps_are_reports(tmp_path: Path):
    path = written(tmp_path, SEGMENTATION)
    report = costcalc.report(path, alpha="1/2", res=192)
    form = costcalc.formula(path, alpha="1/2", res=192)
    assert {name: total.reported for name, total in form.totals.items()} == report.totals._asdict()
    (row,) = costcalc.sweep(path, alpha="1/2", res=[192]).rows()
    assert (row.params, row.mult_adds) == report.totals


def test_parameters_are_those_of_the_call(tmp_path: Path):
    text = SEGMENTATION.replace("{name: features, to", "{name: features, alpha: 0.35, to")
    path = written(tmp_path, text)
    alone = {layer.name: layer for layer in costcalc.report("mobilenet_v2", alpha="0.35").layers}
    layers = {layer.name: layer for layer in costcalc.report(path).layers}
    assert layers["features/bottleneck17/project"].params == alone["bottleneck17/project"].params
    # 0.35 * 320 = 112 channels; the head's own alpha is 1.
    assert layers["pointwise1"].params == 112 * 64


def test_layers_inside_are_read_by_their_paths(tmp_path: Path):
    text = SEGMENTATION + "  - pointwise: {out: fixed(5), from: features/bottleneck6}\n"
    layers = costcalc.report(written(tmp_path, text)).layers
    assert (layers[-1].input, layers[-1].output) == ((32, 28, 28), (5, 28, 28))


def test_names_with_settings_and_specs_beside(tmp_path: Path):
    written(
        tmp_path,
        "input: [3, 8, 8]\nparameters: {k: 3}\nlayers: [conv: {out: 4, kernel: k}]\n",
        "small.yaml",
    )
    text = (
        "input: [3, 64, 64]\nuse: [{network: small}, {network: resnet34, as: deep}]\n"
        "layers: [small: {k: 5, name: s}, deep: {to: conv2_x1}]\n"
    )
    layers = {layer.name: layer for layer in costcalc.report(written(tmp_path, text)).layers}
    assert layers["s/conv1"].params == 5 * 5 * 3 * 4
    # A spec's rounding, and the channels that it reads: 7 * 7 * 4 * 64.
    assert layers["deep1/conv1"].params == 12_544


@pytest.mark.parametrize(
    ("use", "call", "expected"),
    [
        ("network: mobilenet_v9", "relu", "there is no network 'mobilenet_v9' to use; did you"),
        ("network: ../net", "relu", "there is no network '../net' to use"),
        ("mobilenet_v2", "relu", "try      - network: mobilenet_v2, for a network"),
        ("{network: vgg16, as: conv}", "relu", "'conv' cannot name a network here"),
        ("{network: vgg16, as: a b}", "relu", "'a b' cannot name a block"),
        ("{network: vgg16, upto: x}", "relu", "a used network has no 'upto'"),
        ("network: vgg16", "vgg16: {depth: 3}", "network 'vgg16' has no argument 'depth'"),
        ("network: vgg16", "vgg16: {alpha: 0}", "alpha cannot be 0"),
        ("network: vgg16", "vgg16: {to: [a]}", "'to' names a layer"),
        ("network: vgg16", "vgg16: conv1_9", "has no layer 'conv1_9'; did you mean 'conv"),
        ("network: net", "net", "found    net.yaml -> net.yaml"),
    ],
)
def test_refusals(use, call, expected, tmp_path: Path):
    text = f"input: [3, 64, 64]\nuse:\n  - {use}\nlayers:\n  - {call}\n"
    assert expected in refusal(tmp_path, text)


@pytest.mark.parametrize(
    ("use", "call"),
    [
        ("network: mobilenet_v9", "mobilenet_v9"),
        ("{network: mobilenet_v9, as: features}", "features: {to: conv1}"),
        ("network: net", "net: {repeat: 2}"),
    ],
)
def test_a_network_that_cannot_be_used_is_one_mistake(use, call, tmp_path: Path):
    text = refusal(tmp_path, f"input: [3, 64, 64]\nuse:\n  - {use}\nlayers:\n  - {call}\n")
    assert text.count("expected ") == 1
    assert "unknown layer kind" not in text


@pytest.mark.parametrize("use", ["use: mobilenet_v2", "use: {network: mobilenet_v2}"])
def test_a_key_of_the_spec_among_its_layers(use, tmp_path: Path):
    text = refusal(tmp_path, f"input: [3, 64, 64]\nlayers:\n  - {use}\n")
    assert "' beside 'layers:'" in text


def test_an_input_among_the_layers_is_another_one(tmp_path: Path):
    alone = "layers:\n  - input: [3, 8, 8]\n  - {relu: {}}\n"
    assert "a spec needs its input's shape" in refusal(tmp_path, alone)
    written(tmp_path, f"input: [3, 64, 64]\n{alone}", "two.yaml")
    report = costcalc.report(str(tmp_path / "two.yaml"))
    assert [layer.kind for layer in report.layers] == ["input", "relu"]


def test_a_circle_of_two(tmp_path: Path):
    written(tmp_path, "input: [3, 8, 8]\nuse: [network: net]\nlayers: [net]\n", "other.yaml")
    text = "input: [3, 8, 8]\nuse: [network: other]\nlayers: [other]\n"
    assert "found    net.yaml -> other.yaml -> net.yaml" in refusal(tmp_path, text)


def test_too_many_in_a_row(tmp_path: Path):
    for index in range(10):
        use = f"use: [network: n{index + 1}]\n" if index < 9 else ""
        call = f"n{index + 1}" if index < 9 else "relu"
        written(tmp_path, f"input: [3, 8, 8]\n{use}layers: [{call}]\n", f"n{index}.yaml")
    assert len(costcalc.report(str(tmp_path / "n2.yaml")).layers) == 1  # n2 to n9: eight
    with pytest.raises(costcalc.SpecError, match="networks use others too deeply"):
        costcalc.report(str(tmp_path / "n1.yaml"))


def test_predictions_of_a_network_at_an_alpha_of_its_own(tmp_path: Path):
    inner = "input: [3, 8, 8]\nlayers: [conv: {out: 8, kernel: 3, act: relu}, pointwise: 10]\n"
    written(tmp_path, inner, "head.yaml")
    text = "input: [3, 8, 8]\nuse: [network: head]\nlayers: [head: {alpha: 1/2}]\n"
    first, _, last = costcalc.report(written(tmp_path, text)).layers
    assert (first.output, last.output) == ((4, 8, 8), (10, 8, 8))


def test_many_that_use_each_other_twice_are_read_once_each(tmp_path: Path):
    for index in range(7):
        use = f"use: [network: n{index + 1}]\n" if index < 6 else ""
        call = f"n{index + 1}: {{repeat: 2}}" if index < 6 else "relu"
        written(tmp_path, f"input: [3, 8, 8]\n{use}layers: [{call}]\n", f"n{index}.yaml")
    assert len(costcalc.report(str(tmp_path / "n0.yaml")).layers) == 2**6


def test_an_unknown_path_has_a_similar_one(tmp_path: Path):
    text = SEGMENTATION + "  - relu: {from: features/bottleneck66}\n"
    assert "did you mean 'features/bottleneck6'?" in refusal(tmp_path, text)
