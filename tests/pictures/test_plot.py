"""Pictures in the terminal and as files."""

import sys
from fractions import Fraction

import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.text import Text

import costcalc
from costcalc import opening
from costcalc.cli import main
from costcalc.comparing.compare import ComparedNetwork
from costcalc.costs.convention import load
from costcalc.pictures import plots, terminal
from costcalc.pictures.accuracies import Point, accuracies
from costcalc.pictures.data import arena, heat_map, series, shares
from costcalc.render.layout import text_width
from costcalc.reporting.gallery import Selection, oldest_first
from costcalc.solving.solve import Budgets

SIGNS = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}
PICTURES = {
    "layers": ["mobilenet_v1"],
    "types": ["mobilenet_v1", "vgg16", "alexnet"],
    "accuracy": ["mobilenet_v1", "squeezenet"],
    "memory": ["mobilenet_v1", "--storage", "tflm"],
    "roofline": ["mobilenet_v1", "--device", "rpi4"],
    "latency": ["mobilenet_v1", "--device", "rpi4"],
    "sweep": [
        *("mobilenet_v1", "--alpha", "0.25:1:0.25", "--res", "128:224:32"),
        *("--max-mult-adds", "100M", "--max-params", "2M"),
    ],
}


def published(references):
    return accuracies([opening.opened(each) for each in references], load("paper"))


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
    figure = plots.bubbles(published(["mobilenet_v1", "mobilenet_v2", "vgg16"]))
    renderer = figure.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in figure.axes[0].texts]
    assert len(boxes) == 13
    overlapping = [(a, b) for i, a in enumerate(boxes) for b in boxes[i + 1 :] if a.overlaps(b)]
    assert overlapping == []


@pytest.fixture(scope="module")
def mobile():
    return accuracies(oldest_first(Selection(families=("mobile",))), load("paper"))


def test_labels_of_a_whole_family_stand_apart(mobile):
    """Each is a text of its own: they cover neither each other, nor a bubble, nor the frame."""
    figure = plots.bubbles(mobile)
    figure.canvas.draw()
    panel, renderer = figure.axes[0], figure.canvas.get_renderer()
    texts = [text.get_text() for text in panel.texts]
    # Without the line to the point.
    boxes = [Text.get_window_extent(text, renderer) for text in panel.texts]
    assert {"MobileNetV1", "alpha 0.25", "Conv-S", "S4"} <= {*texts}
    # Nearly all have room: with fewer, the picture would say too little.
    assert 0.9 * len(mobile.points) < len(texts) <= len(mobile.points)
    overlapping = [(a, b) for i, a in enumerate(boxes) for b in boxes[i + 1 :] if a.overlaps(b)]
    assert overlapping == []
    assert all(panel.get_window_extent(renderer).containsx(box.x0) for box in boxes)
    for bubble in panel.collections:
        (centre,) = panel.transData.transform(bubble.get_offsets())
        radius = (bubble.get_sizes()[0] / 3.1416) ** 0.5 * figure.dpi / 72 * 0.9
        for text, box in zip(texts, boxes, strict=True):
            nearest = [
                min(max(at, low), high)
                for at, low, high in zip(centre, box.min, box.max, strict=True)
            ]
            away = sum((a - b) ** 2 for a, b in zip(nearest, centre, strict=True)) ** 0.5
            assert away >= radius, text


def test_a_network_without_accuracies_is_named_as_people_type_it():
    shown = accuracies(oldest_first(Selection(families=("transformer",))), load("paper"))
    assert shown.left_out == ("vit: its spec has no 'accuracy:'",)


def test_a_legend_tells_the_networks_of_a_family_apart(mobile):
    figure = plots.bubbles(mobile)
    (legend,) = figure.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names[:3] == ["SqueezeNet v1.0, 2016", "MobileNetV1, 2017", "ShuffleNet, 2017"]
    years = [int(name[-4:]) for name in names]
    assert years == sorted(years)
    looks = [(line.get_color(), line.get_marker()) for line in legend.get_lines()]
    assert len({*looks}) == len(names) == len(mobile.by_series())
    # A line joins the variants of each, in the order of their costs.
    lines = [[*line.get_xdata()] for line in figure.axes[0].lines]
    assert sorted(map(len, lines)) == sorted(map(len, mobile.by_series().values()))
    assert all(costs == sorted(costs) for costs in lines)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_family_in_the_terminal_is_a_scatter_with_a_letter_for_each_network(mobile, width):
    text = terminal.bubbles(mobile, width)
    assert max(map(text_width, text.splitlines())) <= width
    scatter, _, below = text.partition("└")
    assert "50.0 │" in scatter
    letters = [line[0] for line in below.splitlines() if line[1:3] == "  " and line[0].isalpha()]
    assert letters == [*"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: len(mobile.by_series())]]
    assert "A SqueezeNet v1.0, 2016: 57.5 %, 833 M" in " ".join(text.split())
    # MobileNetV1 at a quarter of its width is the least accurate: 50.6 %, in the last row.
    last = scatter.splitlines()[-2]
    assert [letter for letter in last if letter.isalpha()] == ["B"]


@pytest.mark.parametrize(
    ("series", "label", "variant"),
    [
        ("EfficientNet", "EfficientNet-B0", "B0"),
        ("MobileNetV1", "MobileNetV1 (alpha 0.5, res 160)", "alpha 0.5, res 160"),
        ("ShuffleNet", "ShuffleNet 2x (g = 3)", "2x (g = 3)"),
        ("MobileNetV3", "MobileNetV3-Small (alpha 0.75)", "Small (alpha 0.75)"),
        ("VGG16", "VGG16", "VGG16"),
    ],
)
def test_a_variant_is_what_its_network_does_not_say(series, label, variant):
    assert Point(series, label, 1, 1, 50.0).variant == variant


def test_networks_and_families_are_drawn_together():
    shown = run("accuracy", "vgg16", "--family", "mobile", "--year", "2016:2018").stdout
    assert " 71.5 %  VGG16 " in shown and " 57.5 %  SqueezeNet v1.0 " in shown
    assert "EfficientNet" not in shown
    refused = run("accuracy", "--family", "gated", "--year", "1999")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "there is no network of gated of 1999 to draw" in refused.stderr


def test_a_point_that_two_references_name_is_shown_once():
    once = published(["mobilenet_v1"])
    assert published(["mobilenet_v1", "mobilenet_v1@alpha=0.5"]) == once


def test_an_axis_of_less_than_a_power_of_ten_has_numbers_too():
    figure = plots.bubbles(published(["googlenet"]))
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
            Budgets({}),
        )
        for alpha, res in (("0.25,0.5,1", "128,160,224"), ("0.5,1,0.25", "224,128,160"))
    ]
    assert maps[0] == maps[1]
    assert maps[0].across == ("res", (128, 160, 224))


def test_a_heat_map_of_bytes_is_what_memory_says_at_each_setting():
    line = ["mobilenet_v1", "--alpha", "0.25,0.5", "--res", "96,128", "--of", "peak_bytes"]
    budgets = ["--max-ram", "100 kB", "--max-flash", "1MiB"]
    lines = run("sweep", *line, "--storage", "tflm", *budgets).stdout.splitlines()
    assert lines[1:3] == ["x: more than 100 K peak bytes", "x: more than 1.05 M weight bytes"]
    assert " ".join(lines[-2].split()) == "alpha 0.5 111 K x 197 K x"
    assert " ".join(lines[-1].split()) == "alpha 0.25 73.7 K · 131 K x"
    # In maps of 48 x 48, the input is 12 deep.  At alpha 0.5, 32 of the pointwise layer come
    # first, 16 of the depthwise one on top, 16 of conv1 between.  At 0.25, 8 of conv1 do not
    # fit between 12 and 16, so that they are on top of 16 and 8.
    sizes = [
        costcalc.memory("mobilenet_v1", alpha=alpha, res=res, storage="tflm").peak
        for alpha in (0.25, 0.5)
        for res in (96, 128)
    ]
    assert sizes == [48 * 48 * 32, 64 * 64 * 32, 48 * 48 * 48, 64 * 64 * 48]


def test_every_budget_of_a_heat_map_is_a_contour():
    budgets = {
        "peak_bytes": 300_000,
        "weight_bytes": 10**6,
        "params": 10**6,
        "mult_adds": 5 * 10**7,
    }
    swept = costcalc.sweep(
        "mobilenet_v1", metrics=budgets, storage="int8", alpha="0.25,0.5,1", res="96,128,224"
    )
    drawn = plots.heat(heat_map(swept, Budgets(budgets), "peak_bytes"))
    labels = {text.get_text() for text in drawn.axes[0].texts}
    counts = {"1.00 M params", "50.0 M mult-adds"}
    assert labels == {"300 K peak bytes", "1.00 M weight bytes", *counts}
    assert drawn.axes[1].get_ylabel() == "peak bytes"


def test_a_heat_map_of_bounds_is_what_latency_says_at_each_setting():
    """49.5 M and 14.8 M mult-adds in maps of 128, two of them a cycle at 216 MHz."""
    grid = ["mobilenet_v1", "--alpha", "0.25,0.5", "--res", "96,128", "--of", "bound_ms"]
    lines = run("sweep", *grid, "--device", "stm32f746", "--max-ms", "100").stdout.splitlines()
    title = "MobileNetV1, stm32f746, int8: ms at the bound (no run is faster) from 17.9 (·) to 114"
    assert lines[:2] == [f"{title} (█)", "x: more than 100 ms at the bound"]
    rows = [" ".join(line.split()) for line in lines[-2:]]
    assert rows == ["alpha 0.5 64.5 ▓ 114 x", "alpha 0.25 17.9 · 31.4 ░"]
    bounds = [
        1000 * costcalc.latency("mobilenet_v1", "stm32f746", alpha=alpha, res=res).bound
        for alpha in ("0.25", "0.5")
        for res in (96, 128)
    ]
    assert [f"{float(bound):.1f}" for bound in bounds] == ["17.9", "31.4", "64.5", "113.8"]


def test_a_heat_map_of_energy_is_in_millijoules_and_may_be_below_one():
    grid = ["mobilenet_v1", "--alpha", "0.25,0.5", "--res", "96,128", "--of", "energy"]
    lines = run("sweep", *grid, "--device", "stm32u575", "--max-mj", "1").stdout.splitlines()
    assert "int8: mJ at the bound (no run needs less) from 0.637 (·) to 4.04 (█)" in lines[0]
    assert lines[1] == "x: more than 1.00 mJ at the bound"
    # 26.3 mW for 7,745,152 mult-adds, two a cycle at 160 MHz.
    assert round(26.3 * 7_745_152 / (2 * 160e6), 3) == 0.637


def test_a_heat_map_of_bounds_as_a_figure():
    swept = costcalc.sweep(
        "mobilenet_v1", metrics="bound_ms", device="h100-sxm", alpha="0.25,0.5,1", res="96,128,224"
    )
    budgets = {"bound_ms": Fraction(3, 1000)}
    figure = plots.heat(heat_map(swept, Budgets(budgets), "bound_ms"))
    assert figure.axes[1].get_ylabel() == "ms at the bound (no run is faster)"
    assert "0.00300 ms at the bound" in [text.get_text() for text in figure.axes[0].texts]
    figure.canvas.draw()
    labels = [text.get_text() for text in figure.axes[1].get_yticklabels()]
    assert "0.01" in labels and "0" not in labels


def test_a_network_that_costs_nothing_has_no_heat_map(tmp_path):
    path = tmp_path / "free.yaml"
    path.write_text("input: [1, res, res]\nparameters: {res: 8}\nlayers: [relu]\n")
    result = run("sweep", str(path), "--alpha", "1,2", "--res", "8,16")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no setting of the grid costs any mult-adds" in result.stderr


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


def test_bars_of_bytes_are_those_of_the_storage():
    memory = costcalc.memory("mobilenet_v1", storage="tflm")
    report = costcalc.report("mobilenet_v1", storage="tflm")
    figure = plots.along(series(report, ("weight_bytes",)))
    (panel,) = figure.axes
    assert sum(bar.get_height() for bar in panel.patches) == memory.weight_bytes
    parts = shares([ComparedNetwork("mobilenet_v1", report)], "traffic_bytes")
    assert sum(parts.parts[0].values()) == sum(step.traffic_bytes for step in memory.traffic)
    assert parts.counted == "traffic bytes"


@pytest.mark.parametrize("network", ["mobilenet_v2", "resnet18", "densenet121"])
def test_an_arena_has_every_tensor_at_its_address(network):
    memory = costcalc.memory(network, storage="tflm")
    figure = plots.arena(arena(memory, None))
    alive, addresses = figure.axes
    assert [bar.get_height() for bar in alive.patches] == list(memory.alive)
    drawn = set()
    for path in addresses.collections[0].get_paths():
        box = path.get_extents()
        drawn.add((box.x0 + 0.5, box.x1 - 0.5, box.y0, box.y1))
    assert drawn == {
        (tensor.first, tensor.last, offset, offset + tensor.bytes)
        for tensor, offset in zip(memory.schedule.tensors, memory.plan.offsets, strict=True)
    }


@pytest.mark.parametrize("network", ["mobilenet_v2", "resnet18", "densenet121"])
def test_names_in_an_arena_stand_in_their_tensors_and_cover_no_other(network):
    memory = arena(costcalc.memory(network, storage="tflm"), None)
    figure = plots.arena(memory)
    panel, renderer = figure.axes[1], figure.canvas.get_renderer()
    names = [text.get_text() for text in panel.texts]
    assert names
    boxes = [text.get_window_extent(renderer) for text in panel.texts]
    assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[i + 1 :] if a.overlaps(b)]
    by_name = {block.name: block for block in memory.blocks}
    for name, box in zip(names, boxes, strict=True):
        left, low = panel.transData.transform((by_name[name].first - 0.5, by_name[name].offset))
        right, high = panel.transData.transform(
            (by_name[name].last + 0.5, by_name[name].offset + by_name[name].bytes)
        )
        assert left <= box.x0 and box.x1 <= right and low <= box.y0 and box.y1 <= high


CHAIN = """
name: chain
input: [3, 32, 32]
layers:
  - conv: {out: 16, kernel: 3, act: relu}
  - max_pool: {kernel: 2}
  - conv: {out: 32, kernel: 3, act: relu}
"""


def test_thousands_of_tensors_are_not_hidden_by_their_edges(tmp_path):
    """Every address is in use in every step, so that the lower panel has the colour of tensors."""
    path = tmp_path / "deep.yaml"
    path.write_text("name: d\ninput: [64]\nlayers: [{fc: {out: 64, repeat: 3000}}]\n")
    figure = plots.arena(arena(costcalc.memory(str(path), storage="tflm"), None))
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(int)
    low, high = figure.axes[1].get_window_extent().get_points()
    height = pixels.shape[0]
    top, bottom = int(height - high[1] * 0.9), int(height - low[1] * 1.1)
    inside = pixels[top:bottom, int(low[0]) + 5 : int(high[0]) - 5]
    blue = np.array([0x56, 0xB4, 0xE9])
    assert (abs(inside - blue).max(axis=-1) < 60).mean() > 0.9


def test_an_arena_in_the_terminal(tmp_path):
    path = tmp_path / "chain.yaml"
    path.write_text(CHAIN)
    lines = run("memory", str(path)).stdout.splitlines()
    # Numbers of 4 bytes: an input of 3 x 32 x 32, 16 x 32 x 32, 16 x 16 x 16, 32 x 16 x 16.
    assert lines[0] == "chain, fp32: 80.0 KiB by greedy-by-size, 80.0 KiB alive at once"
    assert [line.split("━ ")[-1].strip() for line in lines[3:6]] == [
        *("76.0 KiB", "80.0 KiB", "48.0 KiB"),
    ]
    # Sixteen bands of 5 KiB, from the top; the largest tensor lies lowest.
    first = lines.index("arena") + 1
    assert [line.split()[-1] for line in lines[first:][:16]] == [
        "····CCCCCCCC",
        *2 * ["DDDDCCCCCCCC"],
        *7 * ["AAAAAAAA····"],
        *6 * ["AAAAAAAABBBB"],
    ]
    assert lines[-4:] == [
        "A  conv1, 64.0 KiB, conv1 to max_pool1",
        "B  conv2, 32.0 KiB, conv2",
        "C  max_pool1, 16.0 KiB, max_pool1 to conv2",
        "D  input, 12.0 KiB, conv1",
    ]


def test_planners_without_addresses_draw_none():
    memory = costcalc.memory("mobilenet_v1", planner="layer-io")
    figure = plots.arena(arena(memory, "layer-io"))
    assert len(figure.axes) == 1
    assert "arena" not in run("memory", "mobilenet_v1", "--planner", "layer-io").stdout


def test_a_network_without_steps_has_a_picture(tmp_path):
    path = tmp_path / "view.yaml"
    path.write_text("name: view\ninput: [3, 4, 4]\nlayers: [flatten]\n")
    assert run("memory", str(path)).exit_code == 0
    assert run("memory", str(path), "-o", str(tmp_path / "view.svg")).exit_code == 0


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


GRID = ["--alpha", "0.5,1", "--res", "160,224", "--max-mult-adds", "300M"]


@pytest.mark.parametrize("picture", [["layers"], ["types"], ["sweep", *GRID], ["accuracy"]])
def test_pictures_name_the_unit_of_their_numbers(picture):
    name, *options = picture
    drawn = run(name, "mobilenet_v1", *options, "--unit", "flops").stdout
    assert "FLOPs" in drawn and "mult-adds" not in drawn
    assert "FLOPs" not in run(name, "mobilenet_v1", *options).stdout


def test_accuracy_and_graph_name_the_unit_of_their_numbers():
    accuracies = run("accuracy", "mobilenet_v1", "--unit", "flops").stdout
    # Table 4: 569 million mult-adds, 2 FLOPs each.
    assert " 1.14 G FLOPs, 4.21 M params" in accuracies
    drawn = CliRunner().invoke(main, ["graph", "mobilenet_v1", "--unit", "flops"]).stdout
    # conv1: 3*3*3*32 weights at 112*112 positions.
    assert "21.7 M FLOPs" in drawn and "mult-adds" not in drawn


def test_a_heat_map_in_the_terminal_shows_numbers():
    lines = run("sweep", *PICTURES["sweep"]).stdout.splitlines()
    # MobileNetV1's Table 7, and what lies over the budget of 100 M.
    assert lines[-5].split() == ["res", "128", "160", "192", "224"]
    assert " ".join(lines[-4].split()) == "alpha 1 186 M x 291 M x 418 M x 569 M x"
    # From 13.6 M to 569 M in five equal steps of the logarithm: beyond 28.7, 60.6 and 128 M.
    assert " ".join(lines[-2].split()) == "alpha 0.5 49.2 M ░ 76.5 M ▒ 110 M x 149 M x"
    assert "x: more than 100 M mult-adds" in lines


def test_a_heat_map_of_bytes():
    """The map after conv2 and the one before it: 32 and 64 times alpha channels of a quarter."""
    grid = ["mobilenet_v1", "--alpha", "0.5,1", "--res", "128,256"]
    budgets = ["--max-ram", "256KiB", "--max-flash", "5MB", "--max-params", "1G"]
    lines = run("sweep", *grid, "--of", "peak_bytes", "--storage", "tflm", *budgets).stdout
    assert "MobileNetV1, tflm: peak bytes from 197 K (·) to 1.57 M (█)" in lines
    assert "x: more than 262 K peak bytes\nx: more than 5.00 M weight bytes\n" in lines
    rows = [" ".join(line.split()) for line in lines.splitlines()[-3:]]
    assert rows == ["res 128 256", "alpha 1 393 K x 1.57 M x", "alpha 0.5 197 K · 786 K x"]
    assert 96 * 64 * 64 // 2 == 196_608 and 96 * 128 * 128 == 1_572_864


def test_a_heat_map_of_bytes_as_a_figure():
    swept = costcalc.sweep(
        "mobilenet_v1", alpha="0.25,0.5,1", res="128,192,224", metrics="peak_bytes", storage="tflm"
    )
    figure = plots.heat(heat_map(swept, Budgets({"peak_bytes": 262_144}), "peak_bytes"))
    assert [axes.get_ylabel() for axes in figure.axes] == ["alpha", "peak bytes"]
    assert "262 K peak bytes" in [text.get_text() for text in figure.axes[0].texts]


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_pictures_fit_the_terminal(width):
    at = {"alpha": "0.25:1:0.25", "res": "32:224"}
    budgets = Budgets({"mult_adds": 100_000_000})
    texts = {
        "layers": terminal.along(series(costcalc.report("mobilenet_v2")), width),
        "types": terminal.stacked(
            shares([ComparedNetwork("vgg", costcalc.report("vgg16"))], "params"), width
        ),
        "accuracy": terminal.bubbles(published(["mobilenet_v1", "vgg16", "resnext"]), width),
        "sweep": terminal.heat(heat_map(costcalc.sweep("mobilenet_v1", at=at), budgets), width),
        "memory": terminal.arena(arena(costcalc.memory("resnet152"), None), width),
    }
    for name, text in texts.items():
        assert max(map(text_width, text.splitlines())) <= width, name
    assert "4.87 G mult-adds, 29.3 M params" in texts["accuracy"]
    last = [line.split()[-1] for line in texts["sweep"].splitlines() if line.startswith("res")]
    assert last == ["224"], "the ends of the grid are always there"
    assert "of 193 values of res" in texts["sweep"]


def test_networks_without_accuracy_are_named(tmp_path):
    line = ["accuracy", "mobilenet_v1", "ds_cnn", "squeezenet@alpha=0.5"]
    reasons = [
        "Without ds_cnn: its spec has no 'accuracy:'",
        "Without squeezenet@alpha=0.5: published only at the default settings",
    ]
    assert run(*line).stdout.splitlines()[-2:] == reasons
    result = run(*line, "-o", str(tmp_path / "figure.svg"))
    assert (result.stdout, result.stderr.splitlines()) == ("", reasons)


def test_ticks_stand_on_the_values_of_the_grid():
    few = heat_map(
        costcalc.sweep("mobilenet_v1", alpha="0.25,0.5,0.75,1", res="128:224:32"),
        Budgets({}),
    )
    panel = plots.heat(few).axes[0]
    assert list(panel.get_xticks()) == [128, 160, 192, 224]
    assert [label.get_text() for label in panel.get_yticklabels()] == ["0.25", "0.5", "0.75", "1"]
    many = heat_map(costcalc.sweep("mobilenet_v1", alpha="0.5,1", res="32:512:8"), Budgets({}))
    ticks = list(plots.heat(many).axes[0].get_xticks())
    assert len(ticks) <= 13 and ticks[0] == 32 and ticks[-1] == 512
    assert all(tick % 8 == 0 for tick in ticks)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["layers", "mobilenet_v1", "-o", "x.gif"], "one of .svg, .png, .pdf"),
        (["layers", "vgg16", "--metrics", "peak_bytes"], "peak_bytes is not a sum over layers"),
        (["layers", "vgg16", "--metrics", "weights"], "there is no metric 'weights'"),
        (["layers", "vgg16", "--batch", "2"], "--batch 2 would change nothing"),
        (["memory", "vgg16", "--storage", "none"], "there is no storage 'none'"),
        (["accuracy", "ds_cnn"], "found    ds_cnn: its spec has no 'accuracy:'"),
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


def test_names_that_the_font_lacks_are_one_warning(tmp_path):
    spec = tmp_path / "net.yaml"
    spec.write_text("name: 畳み込み\ninput: [3, 8, 8]\nlayers: [conv: {out: 4, kernel: 3}]\n")
    result = run("layers", str(spec), "-o", str(tmp_path / "figure.png"))
    assert result.exit_code == 0
    if result.stderr:  # unless Matplotlib finds a font that has them
        assert result.stderr.startswith("Warning: the font lacks characters of some names")
        assert result.stderr.count("\n") == 2
    assert run("layers", str(spec), "-o", str(tmp_path / "figure.svg")).stderr == ""
    assert "畳み込み" in (tmp_path / "figure.svg").read_text(encoding="utf-8")


def test_variants_are_told_apart_by_their_names_alone():
    shown = accuracies(oldest_first(Selection(families=("classic", "residual"))), load("paper"))
    variants = {
        name: [each.variant for each in each_of] for name, each_of in shown.by_series().items()
    }
    assert variants["VGG"] == ["11", "11-LRN", "13", "C", "16", "19"]
    assert variants["ResNeXt"] == ["50 (32x4d)", "101 (32x4d)", "101 (64x4d)"]
    text = terminal.bubbles(shown, 200)
    assert "VGG, 2014: 11 70.4 %, 7.61 G; 11-LRN" in text
