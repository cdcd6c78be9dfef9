"""Pictures in the terminal and as files."""

import sys

import pytest
from click.testing import CliRunner

import costcalc
from costcalc import opening
from costcalc.cli import main
from costcalc.comparing.compare import ComparedNetwork
from costcalc.costs.convention import load
from costcalc.pictures import plots
from costcalc.pictures.data import heat_map, points, series, shares
from costcalc.solving.solve import Budgets

SIGNS = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}
PICTURES = {
    "layers": ["mobilenet_v1"],
    "types": ["mobilenet_v1", "vgg16", "alexnet"],
    "accuracy": ["mobilenet_v1", "squeezenet"],
    "sweep": [
        *("mobilenet_v1", "--alpha", "0.25:1:0.25", "--res", "128:224:32"),
        *("--max-mult-adds", "100M", "--max-params", "2M"),
    ],
}


def accuracies(references):
    return points([opening.opened(each) for each in references], load("paper"))


def run(*arguments):
    return CliRunner().invoke(main, ["plot", *arguments])


@pytest.mark.parametrize(
    "picture",
    [
        "layers",
        *(pytest.param(each, marks=pytest.mark.slow) for each in PICTURES if each != "layers"),
    ],
)
def test_files(picture, tmp_path):
    for suffix, sign in SIGNS.items():
        path = tmp_path / f"figure.{suffix}"
        result = run(picture, *PICTURES[picture], "-o", str(path))
        assert (result.exit_code, result.output) == (0, "")
        assert path.read_bytes().startswith(sign)


@pytest.mark.slow
def test_the_same_figure_has_the_same_bytes(tmp_path):
    paths = tmp_path / "a.svg", tmp_path / "b.svg"
    for path in paths:
        run("layers", "mobilenet_v1", "-o", str(path))
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_labels_cover_neither_each_other_nor_a_bubble():
    figure = plots.bubbles(accuracies(["mobilenet_v1", "mobilenet_v2", "vgg16"]))
    renderer = figure.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in figure.axes[0].texts]
    assert len(boxes) == 13
    overlapping = [(a, b) for i, a in enumerate(boxes) for b in boxes[i + 1 :] if a.overlaps(b)]
    assert overlapping == []


def test_a_point_that_two_references_name_is_shown_once():
    once = accuracies(["mobilenet_v1"])
    assert accuracies(["mobilenet_v1", "mobilenet_v1@alpha=0.5"]) == once


def test_an_axis_of_less_than_a_power_of_ten_has_numbers_too():
    figure = plots.bubbles(accuracies(["googlenet"]))
    figure.canvas.draw()
    axis = figure.axes[0].xaxis
    labels = [
        text.get_text() for text in [*axis.get_majorticklabels(), *axis.get_minorticklabels()]
    ]
    # 1.58 G lies between.
    assert {"1.00 G", "2.00 G"} <= set(labels) and "3.00 G" not in labels


def test_a_heat_map_sorts_its_values():
    maps = [
        heat_map(
            costcalc.sweep("mobilenet_v1", alpha=alpha, res=res),
            Budgets(None, None),
        )
        for alpha, res in (("0.25,0.5,1", "128,160,224"), ("0.5,1,0.25", "224,128,160"))
    ]
    assert maps[0] == maps[1]
    assert maps[0].across == ("res", (128, 160, 224))


def test_a_network_that_costs_nothing_has_no_heat_map(tmp_path):
    path = tmp_path / "free.yaml"
    path.write_text("input: [1, res, res]\nparameters: {res: 8}\nlayers: [relu]\n")
    result = run("sweep", str(path), "--alpha", "1,2", "--res", "8,16")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no setting of the grid costs a mult-add" in result.stderr


def test_shares_add_up_to_the_whole():
    entries = [ComparedNetwork(name, costcalc.report(name)) for name in ("mobilenet_v1", "alexnet")]
    figure = plots.stacked(shares(entries, "mult_adds"))
    widths = {}
    for bar in figure.axes[0].patches:
        widths[bar.get_y()] = widths.get(bar.get_y(), 0) + bar.get_width()
    assert list(widths.values()) == pytest.approx([100, 100])


def test_bars_are_as_high_as_their_costs():
    figure = plots.along(series(costcalc.report("mobilenet_v1")))
    mult_adds, params = ([bar.get_height() for bar in panel.patches] for panel in figure.axes)
    assert (sum(mult_adds), sum(params)) == (568740352, 4209088)


def test_layers_in_the_terminal():
    lines = run("layers", "mobilenet_v1").stdout.splitlines()
    assert lines[2] == "mult-adds"
    assert lines[3].split() == ["conv1", "━━━━━━━━╸", "10.8", "M"]
    # 51.4 M is the largest, and fills the width.
    assert f"conv4        {'━' * 40} 51.4 M" in lines


def test_types_in_the_terminal():
    text = run("types", "mobilenet_v1", "vgg16").stdout
    assert "94.9 %" in text and "99.2 %" in text


def test_accuracy_in_the_terminal_starts_with_the_highest():
    lines = run("accuracy", "mobilenet_v1").stdout.splitlines()
    assert lines[1].startswith(" 71.7 %  MobileNetV1 (convolution full)")


def test_a_heat_map_in_the_terminal():
    lines = run("sweep", *PICTURES["sweep"]).stdout.splitlines()
    # alpha 0.5 at 128 and 160 fits 100 M; at 192 it does not.
    assert next(line for line in lines if line.startswith("alpha  0.5"))[-2:] == "xx"
    assert next(line for line in lines if line.startswith("alpha    1")).endswith("xxxx")
    assert "x: more than 100 M mult-adds" in lines


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["layers", "mobilenet_v1", "-o", "x.gif"], "one of .svg, .png, .pdf"),
        (["accuracy", "resnext"], "no accuracy is published"),
        (["sweep", "mobilenet_v1"], "nothing to sweep"),
        (["sweep", "mobilenet_v1", "--alpha", "0.5,1"], "two parameters that vary"),
        (["sweep", "googlenet", "--alpha", "1,2", "--res", "3:5"], "larger than its input"),
        (
            ["sweep", "mobilenet_v1", "--alpha", "1,2", "--res", "1,2", "--max-params", "x"],
            "--max-params cannot be 'x'",
        ),
    ],
)
def test_bad_input_is_one_message_and_exit_code_2(arguments, message):
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_a_missing_extra_tells_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = run("layers", "mobilenet_v1", "-o", str(tmp_path / "figure.svg"))
    assert result.exit_code == 2
    assert "pip install 'costcalc[plot]'" in result.stderr
    assert list(tmp_path.iterdir()) == []
