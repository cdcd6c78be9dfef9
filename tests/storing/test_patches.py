"""Patch-based inference: worked cases, a paper's stage, positions walked one by one."""

import json
from itertools import product
from random import Random

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main
from costcalc.errors import CostcalcError
from costcalc.opening import opened
from costcalc.storing import files
from costcalc.storing.patches import HALOS, patches
from tests.arena.cases import named

STORAGE = "name: b\ntitle: b\nsource: b\nbits: {activations: 8, weights: 8}\n"


@pytest.fixture
def storage(tmp_path):
    path = tmp_path / "bytes.yaml"
    path.write_text(STORAGE)
    return files.load(str(path))


def chain(tmp_path, shape, layers):
    """A graph of convolutions: kind, kernel, stride, channels in and out, padding."""
    lines = ["name: chain", f"input: [{shape[2]}, {shape[0]}, {shape[1]}]", "layers:"]
    for kind, kernel, stride, _, out, pad in layers:
        width = "" if kind == "dw" else f"out: {out}, "
        name = "depthwise" if kind == "dw" else "conv"
        window = f"kernel: {kernel}, stride: {stride}, padding: {pad}"
        lines.append(f"  - {name}: {{{width}{window}, bias: false}}")
    path = tmp_path / "chain.yaml"
    path.write_text("\n".join(lines) + "\n")
    return opened(str(path)).graph()


@pytest.mark.parametrize("case", **named("patches"))
def test_worked_cases(case, tmp_path, storage):
    graph = chain(tmp_path, case["input"], case["layers"])
    last = graph.layers[-1].name
    found = patches(graph, storage, "layer-io", case["patches"])
    (stage,) = (stage for stage in found.stages if stage.last == last)
    assert stage.macs == case["macs"]
    for name in HALOS:
        halo, expected = stage.halos[name], case[name]
        assert halo.macs == expected["macs"]
        assert halo.tile_bytes == expected["layer_io"]
        assert halo.tile_bytes + stage.output_bytes == expected["peak"]
        side = max(tile[0] for tile in expected["tiles"])
        assert halo.tile == (case["input"][2], side, side)


def walked_macs(layers, side, count, is_clipped):
    """Multiply-accumulates of a square chain in patches, position by position.

    Every tile starts from the positions of its piece, and collects those that the windows
    of each layer touch; between them an unclipped tile has no holes.
    """
    maps = [side]
    for _, kernel, stride, _, _, pad in layers:
        maps.append((maps[-1] + 2 * pad - kernel) // stride + 1)
    lines = []  # for each piece, how many positions each layer computes along an axis
    for piece in range(count):
        positions = set(range(piece * maps[-1] // count, (piece + 1) * maps[-1] // count))
        counts = []
        for index in reversed(range(len(layers))):
            _, kernel, stride, _, _, pad = layers[index]
            counts.append(len(positions))
            touched = {at * stride - pad + tap for at, tap in product(positions, range(kernel))}
            positions = set(range(min(touched), max(touched) + 1))
            if is_clipped:
                positions &= set(range(maps[index]))
        lines.append(counts[::-1])
    total = 0
    for rows, columns in product(lines, repeat=2):
        for (kind, kernel, _, inputs, outputs, _), h, w in zip(layers, rows, columns, strict=True):
            total += h * w * kernel**2 * (outputs if kind == "dw" else inputs * outputs)
    return total


@pytest.mark.parametrize("seed", range(12))
def test_random_chains_against_positions_walked_one_by_one(seed, tmp_path, storage):
    random = Random(seed)
    layers, channels = [], 2
    for _ in range(random.randint(1, 4)):
        kernel = random.choice([1, 3, 5])
        kind = random.choice(["conv", "dw"])
        out = channels if kind == "dw" else random.choice([1, 3, 4])
        layers.append([kind, kernel, random.choice([1, 1, 2]), channels, out, kernel // 2])
        channels = out
    graph = chain(tmp_path, (24, 24, 2), layers)
    found = patches(graph, storage, "liveness", 3)
    for stage in found.stages:
        length = [layer.name for layer in graph.layers].index(stage.last) + 1
        for name in HALOS:
            expected = walked_macs(layers[:length], 24, 3, name == "clipped")
            assert stage.halos[name].macs == expected, (name, stage.last)


def test_a_layer_that_several_read_is_computed_for_all_of_them(tmp_path, storage):
    """Pieces of 4 of 8 positions; the second branch needs 2 more of the stem on the inner side.

    6 x 6 positions of the stem of 9 * 1 * 2, 4 x 4 of each branch of 1 * 2 * 2 and 25 * 2 * 2.
    """
    path = tmp_path / "branches.yaml"
    path.write_text("""\
name: branches
input: [1, 8, 8]
layers:
  - conv: {out: 2, kernel: 3, bias: false, name: stem}
  - conv: {out: 2, kernel: 1, bias: false, name: one}
  - conv: {out: 2, kernel: 5, bias: false, from: stem, name: five}
  - add: {from: [one, five], name: sum}
""")
    found = patches(opened(str(path)).graph(), storage, "liveness", 2)
    (stage,) = (stage for stage in found.stages if stage.last == "sum")
    assert stage.halos["clipped"].macs == 4 * (36 * 18 + 16 * 4 + 16 * 100)
    assert stage.halos["clipped"].tile == (1, 7, 7)


def test_one_patch_is_the_stage_itself(tmp_path, storage):
    graph = chain(tmp_path, (8, 8, 1), [["conv", 3, 1, 1, 4, 1], ["conv", 3, 1, 4, 4, 1]])
    found = patches(graph, storage, "liveness", 1)
    (stage,) = (stage for stage in found.stages if stage.last == "conv2")
    clipped = stage.halos["clipped"]
    assert (clipped.macs, clipped.tile_bytes) == (11520, 512)


def test_the_stage_of_mcunet_v2_is_found():
    """172 kB (KiB) in 4 x 4 patches; a stage of 130 M, 42 % more than at once; tiles of 75 x 75."""
    answer = costcalc.memory("mobilenet_v2", storage="mcunet", patches=4)
    best = answer.patched.stages[0]
    assert best.last == "bottleneck4/project"
    assert best.peak == 28 * 28 * (32 + 192)
    assert best.macs == 91_282_688
    assert best.halos["unclipped"].macs == 129_517_568
    assert best.halos["unclipped"].tile == (3, 75, 75)
    torchvision = costcalc.memory(
        "mobilenet_v2", storage="mcunet", patches=4, implementation="torchvision"
    )
    assert torchvision.patched.stages[0].halos["clipped"].macs == 119_202_032


def test_the_command_says_what_patches_save_and_cost():
    arguments = ["memory", "mobilenet_v2", "--storage", "mcunet", "--patches", "4"]
    printed = CliRunner().invoke(main, arguments).stdout
    assert "4 × 4 up to bottleneck4/project: 175,616 B (171.5 KiB)" in printed
    assert "Stages in 4 × 4 patches" in printed
    data = json.loads(CliRunner().invoke(main, [*arguments, "--format", "json"]).stdout)
    assert data["peak_bytes"] == 1_404_928
    first = data["patches"]["stages"][0]
    assert (first["last"], first["peak_bytes"]) == ("bottleneck4/project", 175_616)
    assert first["unclipped"]["extra_mult_adds"] == 129_517_568 - 91_282_688


def test_a_stage_that_saves_nothing():
    answer = costcalc.memory("googlenet", storage="int8", patches=4)
    assert "no stage needs less" in str(answer)


@pytest.mark.parametrize("network", ["highway", "mobilenet_v1@res=16"])
def test_networks_that_cannot_be_cut(network):
    with pytest.raises(CostcalcError, match="no first layers can run in 16 x 16 patches"):
        costcalc.memory(network, storage="int8", patches=16)


@pytest.mark.parametrize("count", [0, 17, 2.0, True])
def test_a_number_of_patches_that_is_refused(count):
    with pytest.raises(CostcalcError, match="patches are a number of pieces"):
        costcalc.memory("mobilenet_v1", patches=count)
