"""``costcalc memory`` and ``costcalc.memory``: the answer, its JSON, what is refused."""

import json

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main
from costcalc.errors import CostcalcError
from tests.importers.tflite import arenas


def run(*arguments):
    return CliRunner().invoke(main, ["memory", *arguments])


@pytest.fixture
def chain(tmp_path):
    """A chain of 3, 9, 8, 8 and 9 numbers, on which greedy planners are beaten."""
    path = tmp_path / "chain.yaml"
    sizes = (9, 8, 8, 9)
    layers = "".join(f"  - fc: {{out: {size}, bias: false}}\n" for size in sizes)
    path.write_text(f"name: chain\ninput: [3]\nlayers:\n{layers}")
    return str(path)


def test_the_json_that_scripts_rely_on(chain):
    result = json.loads(run(chain, "--storage", "tflm", "--format", "json").stdout)
    assert {
        "format_version": 1,
        "network": "chain",
        "storage": "tflm",
        "planner": "tflm",
        "weight_bytes": 3 * 9 + 9 * 8 + 8 * 8 + 8 * 9,
        "peak_bytes": 32,
        "lower_bound_bytes": 32,
        "optimum_bytes": 32,
        "sum_bytes": 5 * 16,
    }.items() <= result.items()
    assert set(result) >= {"parameters", "steps", "tensors"}
    assert [(step["name"], step["alive_bytes"]) for step in result["steps"]] == [
        ("fc1", 32),
        ("fc2", 32),
        ("fc3", 32),
        ("fc4", 32),
    ]
    assert result["tensors"][1] == {
        "name": "fc1",
        "bytes": 9,
        "first": 0,
        "last": 1,
        "offset": 16,  # fc4 at 0, fc3 on top of it, fc2 at 0, fc1 on top of it
    }


def test_bound_plan_and_optimum_are_three_numbers(chain, tmp_path):
    storage = tmp_path / "bytes.yaml"
    storage.write_text(
        "name: b\ntitle: b\nsource: b\nbits: {activations: 8, weights: 8}\nplanner: tflm\n"
    )
    answer = costcalc.memory(chain, storage=str(storage))
    assert (answer.lower_bound, answer.optimum, answer.peak) == (17, 17, 25)
    by_size = costcalc.memory(chain, storage=str(storage), planner="greedy-by-size")
    assert by_size.peak == 25
    plain = costcalc.memory(chain, storage=str(storage), planner="liveness")
    assert plain.peak == 17
    assert plain.data()["tensors"][0]["offset"] is None
    for planner, peak in (("layer-io", 17), ("largest", 9), ("sum", 37)):
        assert costcalc.memory(chain, storage=str(storage), planner=planner).peak == peak


def test_a_fragmented_plan_is_told_from_the_bytes_of_a_step():
    """Visual Wake Words in int8: 96 * 96 * 3 + 48 * 48 * 8 in the first step end at 73,728;
    48 * 48 * 8 + 48 * 48 * 16 are alive in conv2; greedy by size needs 64,512."""
    answer = costcalc.memory("mobilenet_v1_vww", storage="tflm")
    data = answer.data()
    assert (data["peak_bytes"], data["peak_step"]) == (73_728, "conv1")
    assert (data["lower_bound_bytes"], data["lower_bound_step"]) == (55_296, "conv2")
    assert data["optimum_bytes"] == 55_296
    facts = dict(answer.page().facts)
    lost = "18,432 B (18.0 KiB) of it fragmentation: the arena ends in conv1"
    assert facts["RAM"] == f"73,728 B (72.0 KiB), {lost}"
    assert facts["bound"] == "55,296 B (54.0 KiB), the most alive in one step, in conv2"
    assert facts["smaller"] == "64,512 B (63.0 KiB) with planner greedy-by-size"


@pytest.mark.parametrize("planner", ["tflm", "greedy-by-size", "greedy-by-breadth"])
@pytest.mark.parametrize("network", ["mobilenet_v2", "resnet20_cifar", "mobilenet_v1_vww"])
def test_the_step_of_a_peak_holds_the_end_of_the_arena(network, planner):
    """In it some tensor ends at the peak; unfragmented, it is the first step of the bound."""
    answer = costcalc.memory(network, storage="tflm", planner=planner)
    ends = [
        answer.plan.offsets[index] + -(-answer.schedule.tensors[index].bytes // 16) * 16
        for index in answer.alive_in(answer.peak_step)
    ]
    assert max(ends) == answer.peak
    if answer.peak == answer.lower_bound:
        assert answer.peak_step == answer.alive.index(answer.peak)
        assert "smaller" not in dict(answer.page().facts)


def test_the_default_is_fp32(chain):
    answer = costcalc.memory(chain)
    assert answer.storage.name == "fp32"
    assert answer.peak == 17 * 4
    assert costcalc.load(chain).memory(batch=2).peak == 17 * 4 * 2


def test_published_figures():
    """MCUNetV2: 1,372 kB (KiB) for MobileNetV2, of which the first layer needs 539; mcunet's
    README, 0.35 at 144: 303.75 and in place 283.5 KiB; MobileNetV1 0.25 of Visual Wake Words:
    55 kB, 241 kB without reuse."""
    answer = costcalc.memory("mobilenet_v2", storage="mcunet")
    assert answer.peak == 1372 * 1024
    plain = costcalc.memory("mobilenet_v2", storage="int8")
    assert plain.peak == 112 * 112 * 96 + 56 * 56 * 96 == 1470 * 1024
    assert answer.alive[0] == 539 * 1024
    small = {"alpha": 0.35, "res": 144}
    assert costcalc.memory("mobilenet_v2", storage="int8", **small).peak == 303.75 * 1024
    assert costcalc.memory("mobilenet_v2", storage="mcunet", **small).peak == 283.5 * 1024
    person = costcalc.memory("mobilenet_v1_vww@in=1", storage="hello-edge", planner="liveness")
    # The network's input is 96 x 96 bytes; the largest step stands at 48 x 48.
    assert person.peak == 48 * 48 * (8 + 16) == 55_296


def test_the_best_order_and_what_it_saves(tmp_path):
    path = tmp_path / "branches.yaml"
    path.write_text("""\
name: branches
input: [10]
layers:
  - fc: {out: 50, bias: false, name: a1}
  - fc: {out: 40, bias: false, name: b1, from: input}
  - fc: {out: 5, bias: false, name: a2, from: a1}
  - fc: {out: 20, bias: false, name: b2, from: b1}
  - concat: {from: [a2, b2]}
""")
    answer = costcalc.memory(str(path), storage="int8", order="best")
    assert [step.name for step in answer.schedule.steps] == ["a1", "a2", "b1", "b2", "concat1"]
    assert answer.peak == 65
    assert answer.data()["order"] == {"searched": True, "file_bytes": 100, "best_bytes": 65}
    assert answer.data()["steps"][1]["operations"] == 2 * 50 * 5
    printed = run(str(path), "--storage", "int8", "--order", "best").stdout
    assert "the best: a bound of 65 B instead of 100 B" in printed
    chain = costcalc.memory("mobilenet_v1", order="best")
    assert "no other order needs less" in str(chain)


def test_traffic_and_intensity(tmp_path):
    """NVIDIA's guide: 4096 outputs of 1024 inputs in 16 bits, 315 operations a byte for a
    batch of 512 and 1 for a batch of 1; a ReLU 0.25."""
    path = tmp_path / "linear.yaml"
    path.write_text("name: l\ninput: [1024]\nlayers:\n  - fc: {out: 4096, bias: false}\n  - relu\n")
    storage = tmp_path / "half.yaml"
    storage.write_text("name: h\ntitle: h\nsource: h\nbits: {activations: 16, weights: 16}\n")

    def intensity(batch):
        answer = costcalc.memory(str(path), storage=str(storage), batch=batch)
        return [round(step["intensity"], 3) for step in answer.data()["steps"]]

    assert intensity(512) == [315.077, 0.25]  # 2*512*4096*1024 / (2*(512*1024+1024*4096+512*4096))
    assert intensity(1) == [0.999, 0.25]
    row = costcalc.memory(str(path), storage=str(storage)).traffic[0]
    weights = macs = 1024 * 4096
    assert row == (2 * 1024, 2 * 4096, 2 * weights, 2 * macs, macs, 2 * weights)


def test_a_step_explained(chain):
    printed = run(chain, "--explain", "fc2").stdout
    assert "fc1        36  read here\n" in printed
    assert "fc2        32  written here, read later by fc3\n" in printed
    assert run(chain, "--explain", "1").stdout == printed
    data = json.loads(run(chain, "--explain", "fc2", "--format", "json").stdout)
    assert data["tensors"] == [
        {"name": "fc1", "bytes": 36, "why": "read here"},
        {"name": "fc2", "bytes": 32, "why": "written here, read later by fc3"},
    ]
    assert data["intensity"] == 2 * 9 * 8 / (36 + 32 + 4 * 9 * 8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--storage", "tflmm"], "there is no storage 'tflmm'; did you mean 'tflm'?"),
        (["--storage", "none.yaml"], "none.yaml"),
        (["--planner", "best"], "Invalid value for '--planner'"),
        (["--batch", "0"], "--batch: 0 is not a number of inputs"),
        (["--explain", "fc9"], "there is no step 'fc9'; did you mean 'fc"),
        (["--explain", "-1"], "there is no step '-1'"),
        (["--explain", "fc1", "--tensors"], "--explain shows one step"),
        (["--explain", "fc1", "--patches", "2"], "--explain shows one step"),
        (["--tensors", "--format", "json"], "arrange tables; JSON has everything"),
        (["--order", "worst"], "Invalid value for '--order'"),
        (["--alpha", "0"], "alpha"),
        (["--storage", ""], "there is no storage ''"),
    ],
)
def test_what_is_refused(chain, arguments, message):
    result = run(chain, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


@pytest.fixture
def fused(tmp_path):
    """A view of the input, and a step of a layer, a view, a norm and an activation."""
    path = tmp_path / "fused.yaml"
    layers = "[flatten: {name: view}, fc: {out: 10, name: fc}, dropout, relu: {name: act}]"
    path.write_text(f"name: f\ninput: [3, 4, 4]\nlayers: {layers}\n")
    return str(path)


@pytest.mark.parametrize("name", ["fc", "dropout1", "act", "0"])
def test_a_step_is_explained_by_any_layer_in_it(fused, name):
    printed = run(fused, "--explain", name, "--storage", "tflm").stdout
    assert printed.startswith("f: fc\n")
    assert "computes    fc, dropout1, act\n" in printed
    data = costcalc.memory(fused, storage="tflm").explain(name).data()
    assert (data["step"], data["layers"]) == ("fc", ["fc", "dropout1", "act"])


def test_each_layer_names_the_step_that_computes_it():
    answer = costcalc.memory("mobilenet_v2", storage="tflm")
    for number, step in enumerate(answer.schedule.steps):
        for layer in (answer.layers[index] for index in step.layers):
            assert answer.step(layer) == number, layer
    assert len(answer.layers) > len(answer.schedule.steps)


def test_a_layer_that_is_part_of_no_step(fused):
    message = run(fused, "--explain", "view").stderr
    assert "'view' is part of no step: its output is stored, or the input itself" in message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"planner": "first-fit"}, "there is no planner 'first-fit'"),
        ({"batch": 1.5}, "batch: 1.5 is not a number of inputs"),
        ({"batch": True}, "batch: True is not a number of inputs"),
        ({"order": "worst"}, "there is no order 'worst'"),
    ],
)
def test_what_python_refuses(chain, options, message):
    with pytest.raises(CostcalcError, match=message):
        costcalc.memory(chain, **options)


def test_a_network_without_steps(tmp_path):
    path = tmp_path / "view.yaml"
    path.write_text("name: v\ninput: [4, 8, 8]\nlayers: [flatten]\n")
    answer = costcalc.memory(str(path), storage="tflm")
    assert (answer.peak, answer.lower_bound, answer.peak_step) == (256, 256, None)
    assert run(str(path)).exit_code == 0


def test_a_file_is_kept_as_the_runtime_of_its_planner_keeps_it(tmp_path):
    """MLPerf Tiny's autoencoder, at the addresses that LiteRT was seen to use: its input stays."""
    path = tmp_path / "autoencoder.tflite"
    model = costcalc.export("autoencoder_ad", to="tflite", weights="zeros", dtype="int8")
    path.write_bytes(bytes(model))
    phone = costcalc.memory(path, planner="tflite-mobile")
    offsets = [tensor["offset"] for tensor in phone.data()["tensors"]]
    assert offsets == [0, 640, 768, 640, 768, 896, 640, 768, 640, 1280, 640]
    assert phone.peak == phone.lower_bound == 640 + 128 + 640
    report = costcalc.report(path, has_bytes=True, planner="tflite-mobile").data()
    assert report["totals"]["peak_bytes"] == phone.peak
    checked = costcalc.check(path, max_ram=phone.peak - 1, planner="tflite-mobile")
    assert not any(result.holds for result in checked.results)
    micro = costcalc.memory(path)
    assert micro.peak == costcalc.memory(path, planner="tflm").peak == 640 + 128
    assert not any("converter" in note for note in micro.notes)
    path.write_bytes(bytes(costcalc.export("ds_cnn", to="tflite", weights="zeros", dtype="int8")))
    rows = costcalc.memory(path, planner="tflite-mobile").schedule.tensors
    assert [row.name for row in rows if row.kept] == ["input", "softmax1"]
    micro = costcalc.memory(path).schedule.tensors
    scratch = [row.name for row in micro if row.name.startswith("scratch of ")]
    assert scratch
    assert [row.name for row in micro if row.name not in scratch] == [row.name for row in rows]
    assert any("converter" in note for note in costcalc.memory(path, storage="tflm").notes)


@pytest.mark.parametrize(
    ("net", "kept", "bound"),
    [
        # A condition and an image that stay, the IF's input and output, two maps of a branch.
        (arenas.choice(), [("t0", 1), ("t1", 1024), ("t4", 16)], 1 + 1024 + 1024 + 16 + 2 * 1024),
        # The input and the output of the WHILE, and those of the graph that counts.
        (arenas.loop(), [("t0", 4), ("t1", 4)], 4 * 4),
        # An input that no operator reads stays as well.
        (arenas.idle_input(), [("t0", 64), ("t1", 2000), ("t2", 64)], 2 * 64 + 2000),
    ],
)
def test_on_phones_the_inputs_of_a_file_stay_and_those_of_its_inner_graphs_go(
    tmp_path, net, kept, bound
):
    path = tmp_path / "net.tflite"
    path.write_bytes(net.bytes())
    answer = costcalc.load(path, allow_unknown=True).memory(planner="tflite-mobile")
    tensors = answer.schedule.tensors
    assert [(tensor.name, tensor.bytes) for tensor in tensors if tensor.kept] == kept
    assert answer.lower_bound == bound
    assert not any(tensor.name.startswith("scratch") for tensor in tensors)


def test_tensors_as_a_file_for_scripts(chain):
    lines = run(chain, "--storage", "tflm", "--tensors", "--format", "csv").stdout.splitlines()
    assert lines[0] == "tensor,bytes,first,last,offset"
    assert lines[2] == "fc1,9,0,1,16"


@pytest.mark.parametrize(
    ("unit", "bytes_", "text"),
    [
        ("KiB", 1023, "1,023 B"),
        ("KiB", 1024, "1,024 B (1.0 KiB)"),
        ("KiB", 1_404_928, "1,404,928 B (1372.0 KiB)"),
        ("KiB", 25_690_112, "25,690,112 B (24.5 MiB)"),
        ("kB", 1_024, "1,024 B (1.0 kB)"),
        ("KiB", 10_000 * 2**30, "10,737,418,240,000 B (9.8 TiB)"),
        ("kB", 25_690_112, "25,690,112 B (25.7 MB)"),
        ("kB", 25 * 10**9, "25,000,000,000 B (25.0 GB)"),
    ],
)
def test_bytes_in_the_unit_of_a_storage(unit, bytes_, text):
    storage = costcalc.storages("fp32").storage._replace(unit=unit)
    assert storage.amount(bytes_) == text


def test_what_a_converter_adds_is_in_the_file_alone(tmp_path):
    """TFLite pads by 1 on all sides ahead of the pool, from 8 x 8 to 10 x 10."""
    (tmp_path / "net.yaml").write_text(
        "name: n\ninput: [4, 8, 8]\nlayers: [{max_pool: {kernel: 3, stride: 2, padding: 1}}]\n"
    )
    spec, file = str(tmp_path / "net.yaml"), tmp_path / "net.tflite"
    answer = costcalc.memory(spec, storage="tflm")
    assert answer.peak == 4 * 64 + 4 * 16
    assert any("A converter may add operators" in note for note in answer.notes)
    file.write_bytes(bytes(costcalc.export(spec, "tflite", dtype="int8")))
    answer = costcalc.memory(file)
    assert answer.peak == 4 * 64 + 4 * 100
    assert not any("converter" in note for note in answer.notes)
