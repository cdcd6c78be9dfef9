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


def random_stage(random):
    """A spec of convolutions, pools and activations with shortcuts and joins; and its rows.

    A row is a layer's name, kind, the layers that it reads, its kernel, stride, dilation and
    padding by axis, the channels that it reads in each group, and those that it writes.
    """
    height, width = random.choice([(20, 20), (24, 17), (13, 22)])
    rows, channels, last = [], {"input": 2}, "input"
    lines = ["name: stage", f"input: [2, {height}, {width}]", "layers:"]
    shapes = {"input": (height, width)}
    for number in range(random.randint(2, 6)):
        name = f"l{number}"
        kind = random.choice(["conv", "conv", "dw", "pool", "relu", "add", "concat"])
        equal = [one for one in shapes if shapes[one] == shapes[last] and one != last]
        same = [one for one in equal if channels[one] == channels[last]]
        reads, taps = [last], ((1, 1), (1, 1), (1, 1), (0, 0))
        out, per_output = channels[last], 0
        if kind == "add" and same:
            reads = [random.choice(same), last]
            lines.append(f"  - add: {{from: [{', '.join(reads)}], name: {name}}}")
        elif kind == "concat" and equal:
            reads = [last, random.choice(equal)]
            out = sum(channels[one] for one in reads)
            lines.append(f"  - concat: {{from: [{', '.join(reads)}], name: {name}}}")
        elif kind in ("conv", "dw", "pool"):
            kernel = [random.choice([1, 2, 3, 5]) for _ in range(2)]
            stride = [random.choice([1, 1, 2, 3]) for _ in range(2)]
            dilation = [random.choice([1, 1, 2]) for _ in range(2)]
            extent = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
            if random.random() < 0.5:
                before, padding = [e // 2 for e in extent], [e // 2 for e in extent]
                after = before
            else:
                padding = "same"  # as many windows as strides, the odd zero at the end
                zeros = [
                    max((-(-size // s) - 1) * s + e - size, 0)
                    for size, s, e in zip(shapes[last], stride, extent, strict=True)
                ]
                before, after = [z // 2 for z in zeros], [z - z // 2 for z in zeros]
            windows = f"kernel: {kernel}, stride: {stride}, dilation: {dilation}"
            shape = tuple(
                (size + b + a - e) // s + 1
                for size, b, a, e, s in zip(
                    shapes[last], before, after, extent, stride, strict=True
                )
            )
            if min(shape) < 3:
                continue
            if kind == "conv":
                out = random.choice([1, 3, 4])
                per_output = kernel[0] * kernel[1] * channels[last]
                width_ = f"out: {out}, bias: false, "
            else:
                width_ = "bias: false, " if kind == "dw" else ""
                per_output = kernel[0] * kernel[1] if kind == "dw" else 0
            word = {"conv": "conv", "dw": "depthwise", "pool": "max_pool"}[kind]
            lines.append(
                f"  - {word}: {{{width_}{windows}, padding: {padding}, from: {last}, name: {name}}}"
            )
            taps = kernel, stride, dilation, before
            shapes[name] = shape
        else:
            lines.append(f"  - relu: {{from: {last}, name: {name}}}")
        shapes.setdefault(name, shapes[last])
        channels[name] = out
        rows.append((name, reads, taps, per_output * out))
        last = name
    return "\n".join(lines) + "\n", rows, channels, shapes


def pixels(rows, shapes, last, piece, is_clipped):
    """The rectangle of each layer's output that a piece of the stage's needs.

    Every position of a rectangle is followed to all that its window touches.

    Args:
        rows: those of the stage.
        shapes: height and width by layer.
        last: the stage's last layer.
        piece: the positions of its output.
        is_clipped: whether positions outside a map are left out.
    """
    needed = {last: set(piece)}
    for name, reads, (kernel, stride, dilation, before), _ in reversed(rows):
        if name not in needed:
            continue
        for y, x in needed[name]:
            for row, column in product(range(kernel[0]), range(kernel[1])):
                at = (
                    y * stride[0] + row * dilation[0] - before[0],
                    x * stride[1] + column * dilation[1] - before[1],
                )
                for source in reads:
                    needed.setdefault(source, set()).add(at)
        # What is computed is a rectangle; all that read a layer stand after it.
        for source, positions in needed.items():
            ys, xs = zip(*positions, strict=True)
            filled = set(product(range(min(ys), max(ys) + 1), range(min(xs), max(xs) + 1)))
            if is_clipped:
                filled &= set(product(range(shapes[source][0]), range(shapes[source][1])))
            needed[source] = filled
    return needed


def most_alive(rows, sizes, last):
    """The most bytes alive while some layers run in order, the output of the last one kept."""
    names = [name for name, *_ in rows]
    until = {}
    for at, (_, reads, *_) in enumerate(rows):
        until |= dict.fromkeys(reads, at)
    until[last] = len(rows) - 1
    begins = {name: at for at, name in enumerate(names)}
    return max(
        sum(
            size
            for name, size in sizes.items()
            if begins.get(name, 0) <= at <= until.get(name, begins.get(name, 0))
        )
        for at in range(len(rows))
    )


@pytest.mark.parametrize("seed", range(60))
def test_random_stages_against_pixels_followed_one_by_one(seed, tmp_path, storage):
    random = Random(seed)
    text, rows, channels, shapes = random_stage(random)
    (tmp_path / "stage.yaml").write_text(text)
    graph = opened(str(tmp_path / "stage.yaml")).graph()
    count = random.choice([1, 2, 3])
    found = patches(graph, storage, "liveness", count)
    names = [name for name, *_ in rows]
    read_later = {
        name: max((at for at, row in enumerate(rows) if name in row[1]), default=-1)
        for name in shapes
    }
    cuts = [
        name
        for at, name in enumerate(names)
        if all(read_later[other] <= at for other in ["input", *names[:at]])
    ]
    # Longer ones are not tried once a tile is the whole input.
    assert [
        stage.last for stage in sorted(found.stages, key=lambda stage: names.index(stage.last))
    ] == (cuts[: len(found.stages)])
    for stage in found.stages:
        length = names.index(stage.last) + 1
        inner, (height, width) = rows[:length], shapes[stage.last]
        for name in HALOS:
            macs, most, inputs = 0, 0, []
            for i, j in product(range(count), repeat=2):
                piece = product(
                    range(i * height // count, (i + 1) * height // count),
                    range(j * width // count, (j + 1) * width // count),
                )
                needed = pixels(inner, shapes, stage.last, piece, name == "clipped")
                macs += sum(len(needed[row[0]]) * row[3] for row in inner)
                sizes = {one: len(needed[one]) * channels[one] for one in needed}
                most = max(most, most_alive(inner, sizes, stage.last))
                inputs.append(len(needed["input"]))
            halo = stage.halos[name]
            assert (halo.macs, halo.tile_bytes) == (macs, most), (name, stage.last)
            assert halo.tile[0] * halo.tile[1] * halo.tile[2] == 2 * max(inputs)
        whole = {one: channels[one] * shapes[one][0] * shapes[one][1] for one in shapes}
        assert stage.macs == sum(shapes[r[0]][0] * shapes[r[0]][1] * r[3] for r in inner)
        assert stage.output_bytes == whole[stage.last]
        rest = rows[length:]
        left = {one: whole[one] for one in [stage.last, *names[length:]]}
        assert stage.rest_bytes == (most_alive(rest, left, names[-1]) if rest else 0)


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
    assert round(100 * best.extra_macs("unclipped") / best.macs) == 42
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
    with pytest.raises(
        CostcalcError, match=f"patches: {count} is not a number of pieces along each axis"
    ):
        costcalc.memory("mobilenet_v1", patches=count)


def test_a_batch_multiplies_tiles_and_outputs(tmp_path, storage):
    graph = chain(tmp_path, (8, 8, 1), [["conv", 3, 1, 1, 4, 1], ["conv", 3, 1, 4, 4, 1]])
    one, three = (patches(graph, storage, "liveness", 2, batch) for batch in (1, 3))
    sizes = [(stage.last, 3 * stage.peak, 3 * stage.rest_bytes) for stage in one.stages]
    assert [(stage.last, stage.peak, stage.rest_bytes) for stage in three.stages] == sizes
