"""SCALE-Sim topologies, read back by the simulator's own rules."""

import math

import pytest
from click.testing import CliRunner

from costcalc import opening
from costcalc.cli import main
from costcalc.errors import SpecError
from costcalc.exporters.scalesim import write
from costcalc.spec import library
from tests.collection import networks
from tests.exporters.every_kind import specs
from tests.exporters.networks import mult_adds, shipped

HEADER = (
    "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, "
    "Channels, Num Filter, Strides,"
)

UNKNOWN = ("conv: {out: 6, kernel: [3, 2], stride: 2, dilation: 2}", "maps of three axes")
"""Networks of :func:`.specs` that the simulator cannot express."""

UNEVEN = ("ds_cnn_m", "ds_cnn_l")
"""Networks whose strides differ from axis to axis, which the simulator cannot express."""

DILATED = tuple(name for name in library.shipped() if name.startswith(("deeplabv3", "lraspp")))
"""Networks with dilated convolutions, which it does not have."""


def read(topology: str) -> dict[str, int]:
    """The multiply-accumulates of each row, as computed by topology_utils.py of SCALE-Sim 3.0.0."""
    header, *lines = topology.splitlines()
    assert header == HEADER
    rows = {}
    for line in lines:
        *cells, nothing = line.split(",")
        assert not nothing, "the last field is dropped"
        name, *numbers = (cell.strip() for cell in cells)
        height, width, filter_height, filter_width, channels, filters, stride = map(int, numbers)
        assert filter_height <= height
        assert filter_width <= width
        times = channels if "DP" in name else 1  # a row for each channel
        rows[name] = (
            times
            * math.ceil((height - filter_height + stride) / stride)
            * math.ceil((width - filter_width + stride) / stride)
            * filter_height
            * filter_width
            * (1 if "DP" in name else channels)
            * filters
        )
    assert len(rows) == len(lines), "a name stands there twice"
    return rows


def topology(layers: str, tmp_path, input_: str = "[4, 9, 9]") -> list[str]:
    path = tmp_path / "small.yaml"
    path.write_text(f"input: {input_}\nlayers:\n{layers}", encoding="utf-8")
    return write(opening.opened(str(path)).graph()).splitlines()[1:]


@pytest.mark.parametrize("name", networks(without=(*UNEVEN, *DILATED)))
def test_every_network_that_ships(name):
    graph = shipped(name)
    assert sum(read(write(graph)).values()) == mult_adds(graph)


@pytest.mark.parametrize("name", DILATED)
def test_a_dilated_network_is_refused(name):
    with pytest.raises(SpecError, match="SCALE-Sim has no dilation"):
        write(shipped(name))


def test_mobilenet_v1_row_by_row():
    rows = read(write(shipped("mobilenet_v1")))
    assert len(rows) == 28  # 1 + 13 * 2 convolutions and the classifier
    assert rows.pop("fc1") == 1_024_000  # 1024 * 1000
    assert rows["conv1"] == 10_838_016  # 112 * 112 * 3 * 3 * 3 * 32
    assert rows["DP_depthwise2"] == 1_806_336  # 56 * 56 * 3 * 3 * 64
    assert sum(rows.values()) == 567_716_352  # the simulator's own sum


@pytest.mark.parametrize(
    ("layer", "rows"),
    [
        # (5 - 1) * 2 + 3 = 11 rows and columns are what the windows cover
        ("conv: {name: a, out: 8, kernel: 3, stride: 2}", ["a, 11, 11, 3, 3, 4, 8, 2,"]),
        ("conv: {name: a, out: 8, kernel: 3, padding: valid}", ["a, 9, 9, 3, 3, 4, 8, 1,"]),
        ("conv: {name: a, out: 8, kernel: 1x5}", ["a, 9, 13, 1, 5, 4, 8, 1,"]),
        (
            "conv: {name: a, out: 8, kernel: 3, groups: 2}",
            ["a_group1, 11, 11, 3, 3, 2, 4, 1,", "a_group2, 11, 11, 3, 3, 2, 4, 1,"],
        ),
        ("depthwise: {name: a, kernel: 3, multiplier: 2}", ["DP_a, 11, 11, 3, 3, 4, 2, 1,"]),
        # the stride along an axis with one position says nothing
        (
            "conv: {name: a, out: 8, kernel: 9x3, stride: 3x2, padding: [0, 1]}",
            ["a, 9, 11, 9, 3, 4, 8, 2,"],
        ),
        # 9 * 9 positions, 4 channels to 6 * 2 * 2 results each
        (
            "transposed_conv: {name: a, out: 6, kernel: 2, stride: 2}",
            ["a, 81, 1, 1, 1, 4, 24, 1,"],
        ),
        (
            "transposed_conv: {name: a, out: 6, kernel: 2, stride: 2, groups: 2}",
            ["a_group1, 81, 1, 1, 1, 2, 12, 1,", "a_group2, 81, 1, 1, 1, 2, 12, 1,"],
        ),
        ("fc: {name: a, out: 10}", ["a, 1, 1, 1, 1, 324, 10, 1,"]),  # 4 * 9 * 9
        ("fc: {name: a, out: 10, per_position: true}", ["a, 81, 1, 1, 1, 4, 10, 1,"]),
        (
            "lstm: {name: a, hidden: 5}",  # four matrices of each
            ["a_input, 1, 1, 1, 1, 324, 20, 1,", "a_hidden, 1, 1, 1, 1, 5, 20, 1,"],
        ),
        # 4 positions along the channels and 9 along the columns, of 9 numbers each
        ("fc: {name: a, out: 10, per_position: true, axis: 1}", ["a, 36, 1, 1, 1, 9, 10, 1,"]),
        ("max_pool: {name: a, kernel: 3}", []),
    ],
)
def test_rows(layer, rows, tmp_path):
    assert topology(f"  - {layer}", tmp_path) == rows


def test_products_of_activations(tmp_path):
    layers = """
  - transpose: {name: keys, axes: [0, 2, 1]}
  - matmul: {name: scores, from: [input, keys]}
  - attention: {name: attended, from: [input, input, input]}
  - reshape: {name: flat, shape: [5, 6], from: input}
  - attention: {name: one, from: [flat, flat, flat]}
"""
    assert topology(layers, tmp_path, "[2, 5, 3]") == [
        "scores_matrix1, 5, 1, 1, 1, 3, 5, 1,",
        "scores_matrix2, 5, 1, 1, 1, 3, 5, 1,",
        "attended_scores_head1, 5, 1, 1, 1, 3, 5, 1,",
        "attended_scores_head2, 5, 1, 1, 1, 3, 5, 1,",
        "attended_values_head1, 5, 1, 1, 1, 5, 3, 1,",
        "attended_values_head2, 5, 1, 1, 1, 5, 3, 1,",
        "one_scores, 5, 1, 1, 1, 6, 5, 1,",
        "one_values, 5, 1, 1, 1, 5, 6, 1,",
    ]


@pytest.mark.parametrize("name", specs())
def test_every_kind(name, tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(specs()[name], encoding="utf-8")
    graph = opening.opened(str(path)).graph()
    if any(word in name for word in UNKNOWN):
        with pytest.raises(SpecError):
            write(graph)
    else:
        assert sum(read(write(graph)).values()) == sum(each.events().macs for each in graph.layers)


def test_a_map_with_one_spatial_axis_is_a_row_of_positions(tmp_path):
    layers = "  - conv: {name: a, out: 8, kernel: 3, stride: 2}"
    assert topology(layers, tmp_path, "[4, 9]") == ["a, 1, 11, 1, 3, 4, 8, 2,"]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ('=cmd|"x",1\n2', "_cmd__x__1_2"),
        ("-1+2", "_1_2"),
        ("a/b.c-d_é", "a/b.c-d__"),
        ("ADP", "Adp"),  # or else the simulator takes it for a depthwise layer
        ("", "__2"),  # the first layer is "_"
        ("a b", "a_b_2"),
    ],
)
def test_names_neither_end_a_cell_nor_begin_a_formula(name, written, tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text("input: [4, 9, 9]\nlayers: [pointwise: 4, pointwise: 4, pointwise: 4]")
    graph = opening.opened(str(path)).graph()
    names = ("_" if not name else "a_b", "b", name)
    layers = [layer._replace(name=each) for layer, each in zip(graph.layers, names, strict=True)]
    last = write(graph._replace(layers=tuple(layers))).splitlines()[-1]
    assert last == f"{written}, 9, 9, 1, 1, 4, 4, 1,"


def test_all_layers_that_the_simulator_lacks_are_named_at_once(tmp_path):
    layers = """
  - conv: {name: oblong, out: 4, kernel: 3, stride: 1x2}
  - conv: {name: dilated, out: 4, kernel: 3, dilation: 2}
"""
    with pytest.raises(SpecError) as caught:
        topology(layers, tmp_path)
    message = str(caught.value)
    says = "cannot be written for SCALE-Sim: SCALE-Sim has"
    assert f"small.yaml:4:5: layer 'oblong' {says} one stride for both axes, not 1 x 2" in message
    assert f"small.yaml:5:5: layer 'dilated' {says} no dilation" in message
    with pytest.raises(SpecError, match="maps have two axes, not 3"):
        topology("  - conv: {out: 4, kernel: 1}", tmp_path, "[4, 5, 6, 7]")


def test_the_number_of_rows_is_limited(tmp_path):
    layers = "  - conv: {out: 2200000, kernel: 1, groups: 1100000}"
    with pytest.raises(SpecError, match=r"1,100,000 rows are too many(.|\n)*1,000,000"):
        topology(layers, tmp_path, "[2200000, 1, 1]")


def test_the_command(tmp_path):
    path = tmp_path / "net.csv"
    done = CliRunner().invoke(main, ["export", "alexnet", "-o", str(path)])
    assert (done.exit_code, done.output) == (0, "")
    assert path.read_bytes().decode() == write(shipped("alexnet"))
