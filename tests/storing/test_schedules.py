"""Layer graphs as schedules: what is one step, what is alive, what is stored."""

import pytest

import costcalc
from costcalc.errors import StorageError
from costcalc.opening import opened
from costcalc.storing import files
from costcalc.storing.schedule import stored

RESIDUAL = """\
name: residual
input: [2, 16, 16]
defaults: {conv: {norm: batch_norm}}
layers:
  - conv: {out: 4, kernel: 3, act: relu6, name: stem}
  - conv: {out: 24, kernel: 1, act: relu6, name: expand}
  - depthwise: {kernel: 3, act: relu6, name: dw}
  - conv: {out: 4, kernel: 1, name: project}
  - add: {from: [stem, project], name: sum}
  - global_avg_pool
  - fc: 10
"""


def alive(graph, storage, **options):
    schedule = stored(graph, storage, **options).schedule
    return {step.name: bytes_ for step, bytes_ in zip(schedule.steps, schedule.alive, strict=True)}


def constants(graph, storage):
    return {row.name: row.bytes for row in stored(graph, storage).schedule.constants}


def test_a_line_is_a_step(network):
    """Input 2 * 256 = 512 bytes, stem and project 4 * 256 = 1024, expand and dw 24 * 256 = 6144."""
    assert alive(network(RESIDUAL), files.load("int8")) == {
        "stem": 512 + 1024,
        "expand": 1024 + 6144,
        "dw": 1024 + 6144 + 6144,
        "project": 1024 + 6144 + 1024,
        "sum": 1024 + 1024 + 1024,
        "global_avg_pool1": 1024 + 4,
        "fc1": 4 + 10,
    }


def test_without_fusion_each_layer_is_a_step(network, storage):
    found = alive(network(RESIDUAL), storage("norms: kept"))
    assert list(found)[:4] == ["stem", "stem.batch_norm", "stem.relu6", "expand"]
    assert found["dw.batch_norm"] == 1024 + 6144 + 6144


def test_an_add_in_the_step_before_it(network, storage):
    """The sum is written where the projection would be, and reads the stem's output."""
    found = alive(network(RESIDUAL), storage("fused: [batch_norm, activation, add]"))
    assert "sum" not in found
    assert found["project"] == 6144 + 1024 + 1024


def test_in_place(network):
    """A depthwise convolution needs a channel of 16 * 16 more; the sum takes an operand's place."""
    found = alive(network(RESIDUAL), files.load("mcunet"))
    assert found["dw"] == 1024 + 6144 + 256
    assert found["sum"] == 1024 + 1024


def test_a_batch_multiplies_activations_alone(network):
    graph, storage = network(RESIDUAL), files.load("int8")
    one, three = stored(graph, storage).schedule, stored(graph, storage, 3).schedule
    assert three.alive == tuple(3 * bytes_ for bytes_ in one.alive)
    assert three.weight_bytes == one.weight_bytes


def test_bytes_of_weights_with_norms_kept(network):
    """Weights, scale and shift, running mean and variance: 4 bytes each."""
    found = constants(network(RESIDUAL), files.load("fp32"))
    assert found["stem/weights"] == 4 * 3 * 3 * 2 * 4
    assert found["stem.batch_norm/norm_params"] == 4 * 2 * 4
    assert found["stem.batch_norm/buffers"] == 4 * 2 * 4
    assert found["dw/weights"] == 4 * 3 * 3 * 24
    assert found["fc1/biases"] == 4 * 10
    assert "stem/biases" not in found


def test_bytes_of_weights_with_norms_folded(network):
    """A folded norm leaves a bias for each channel, in 32 bits."""
    assert constants(network(RESIDUAL), files.load("int8")) == {
        "stem/weights": 3 * 3 * 2 * 4,
        "stem/biases": 4 * 4,
        "expand/weights": 4 * 24,
        "expand/biases": 4 * 24,
        "dw/weights": 3 * 3 * 24,
        "dw/biases": 4 * 24,
        "project/weights": 24 * 4,
        "project/biases": 4 * 4,
        "fc1/weights": 4 * 10,
        "fc1/biases": 4 * 10,
    }


def test_a_norm_without_a_layer_to_fold_into_keeps_scale_and_shift(network):
    text = "name: n\ninput: [4, 8, 8]\nlayers: [batch_norm, relu, {conv: {out: 2, kernel: 1}}]\n"
    graph = network(text)
    assert constants(graph, files.load("int8"))["batch_norm1/norm_params"] == 4 * 2 * 4
    assert list(alive(graph, files.load("int8"))) == ["batch_norm1", "conv1"]


def test_bits_by_pattern_and_group_scales(network, storage):
    graph = network(RESIDUAL)
    found = constants(graph, storage("mixed: {'fc*': 4, 'd?': 3}", "scales: {bits: 16, group: 5}"))
    assert found["fc1/weights"] == 4 * 10 // 2
    assert found["dw/weights"] == 81  # 3 * 3 * 24 * 3 bits
    assert found["stem/weights"] == 72
    # 18 weights of each of 4 channels: 4 groups of at most 5, 2 bytes each
    assert found["stem/scales"] == 4 * 4 * 2
    per_channel = constants(graph, storage("scales: {bits: 32}"))
    assert per_channel["dw/scales"] == 24 * 4


def test_a_pattern_that_nothing_matches_is_named(storage, tmp_path):
    storage("mixed: {'*/fc*': 4}")
    answer = costcalc.memory("mobilenet_v1", storage=str(tmp_path / "mine.yaml"))
    assert "No layer has a name like '*/fc*'" in "".join(answer.notes)


def test_a_norm_folded_into_a_layer_is_a_bias_that_is_added(network, storage):
    """8 x 8 maps: 2 * 9 * 2 * 4 operations for each position, and 4 additions of biases."""
    line = "input: [2, 8, 8]\nlayers:\n  - conv: {{out: 4, kernel: 3, {}}}\n"
    fused = storage("fused: [batch_norm]")
    for rest in ("norm: batch_norm", "bias: true", "bias: true, norm: batch_norm"):
        (traffic,) = stored(network(line.format(rest)), fused).traffic
        assert traffic.operations == 64 * (2 * 9 * 2 * 4 + 4), rest
        assert traffic.weight_bytes == 9 * 2 * 4 + 4


def test_a_folded_norm_is_no_step_whatever_is_fused(network, storage):
    text = "name: n\ninput: [2, 8, 8]\nlayers: [{conv: {out: 4, kernel: 3}}, NORM]\n"
    folded = storage("fused: []")
    assert list(alive(network(text.replace("NORM", "batch_norm")), folded)) == ["conv1"]
    assert list(alive(network(text.replace("NORM", "batch_norm")), storage("norms: kept"))) == [
        "conv1",
        "batch_norm1",
    ]


def test_a_norm_that_measures_its_input_is_not_folded(network, storage):
    """A layer norm may be part of a step, and keeps its scale and shift there."""
    conv = "{conv: {out: 4, kernel: 3, bias: false}}"
    text = f"name: n\ninput: [2, 8, 8]\nlayers: [{conv}, layer_norm]\n"
    graph, fused = network(text), storage("fused: [norm]")
    assert list(alive(graph, fused)) == ["conv1"]
    assert "conv1/biases" not in constants(graph, fused)
    assert "layer_norm1/norm_params" in constants(graph, fused)


def test_a_norm_after_an_activation_is_not_folded(network):
    text = "name: n\ninput: [4, 8, 8]\nlayers: [{conv: {out: 2, kernel: 1}}, relu, batch_norm]\n"
    graph = network(text)
    found = constants(graph, files.load("int8"))
    assert found["batch_norm1/norm_params"] == 4 * 2 * 2
    assert list(alive(graph, files.load("int8"))) == ["conv1", "batch_norm1"]


BRANCHES = """\
name: branches
input: [4, 8, 8]
layers:
  - conv: {out: 4, kernel: 1, name: a}
  - conv: {out: 4, kernel: 1, from: input, name: b}
  - LAYER
  - conv: {out: 4, kernel: 3, from: b, name: other}
  - add: {from: [sum, other], name: end}
"""


def test_what_others_read_is_not_fused_over(network, storage):
    """The ReLU cannot be part of b's step: another layer reads b without it."""
    kept = storage("fused: [activation]")
    found = alive(network(BRANCHES.replace("LAYER", "relu: {from: b, name: sum}")), kept)
    assert list(found) == ["a", "b", "sum", "other", "end"]


def test_an_add_is_not_part_of_a_step_before_its_other_input(network, storage):
    """The sum reads a, and b by a view, while b is made after a."""
    layers = "dropout: {from: b, name: d}\n  - add: {from: [a, d], name: sum}"
    found = alive(network(BRANCHES.replace("LAYER", layers)), storage("fused: [add]"))
    assert list(found) == ["a", "b", "sum", "other"]


def test_shared_weights_are_stored_once(network):
    text = """\
name: shared
input: [4, 8, 8]
layers:
  - conv: {out: 4, kernel: 3, name: first, shares: kernel}
  - conv: {out: 4, kernel: 3, name: second, shares: kernel}
"""
    graph = network(text)
    result = stored(graph, files.load("int8"))
    assert [row.name for row in result.schedule.constants if row.role == "weights"] == [
        "first/weights"
    ]
    read = 3 * 3 * 4 * 4 + 4 * 4  # both read the weights, and biases of 4 bytes
    assert [traffic.weight_bytes for traffic in result.traffic] == [read, read]


def test_params_that_a_layer_borrows_are_read_by_it(network):
    text = """\
name: tied
input: [4]
layers:
  - fc: {out: 4, bias: false, name: first}
  - fc: {out: 4, bias: false, name: second, borrows: {weights: 16}}
"""
    result = stored(network(text), files.load("int8"))
    assert result.schedule.weight_bytes == 16
    assert [traffic.weight_bytes for traffic in result.traffic] == [16, 16]


@pytest.mark.parametrize("view", ["reshape: [4, 8]", "dropout: 0.5", "flatten: {}"])
def test_a_view_of_what_is_stored_is_read_as_stored(network, view):
    text = f"""\
name: position
input: [8, 4]
layers:
  - learned: {{shape: [8, 4], name: table}}
  - {view}
  - relu
"""
    (relu,) = stored(network(text), files.load("fp32")).traffic
    assert (relu.read_bytes, relu.weight_bytes) == (0, 4 * 8 * 4)


def test_learned_tensors_are_stored_and_not_activations(network):
    text = """\
name: position
input: [8, 4]
layers:
  - learned: {shape: [8, 4], name: table}
  - add: {from: [input, table], name: sum}
"""
    schedule = stored(network(text), files.load("fp32")).schedule
    assert [tensor.name for tensor in schedule.tensors] == ["input", "sum"]
    assert [(row.name, row.bytes) for row in schedule.constants] == [("table/other_params", 128)]
    assert schedule.alive == (2 * 128,)


def test_views_take_no_step_and_no_memory(network):
    text = "name: v\ninput: [4, 8, 8]\nlayers: [relu, dropout, flatten, {fc: 10}]\n"
    schedule = stored(network(text), files.load("int8")).schedule
    assert [step.name for step in schedule.steps] == ["relu1", "fc1"]
    assert schedule.alive == (512, 256 + 10)
    assert [step.layers for step in schedule.steps] == [(0, 1, 2), (3,)]


def test_a_view_of_the_input_that_is_an_output(network):
    schedule = stored(
        network("name: v\ninput: [4, 8, 8]\nlayers: [flatten]\n"), files.load("int8")
    ).schedule
    assert schedule.steps == ()
    assert schedule.planned("tflm").peak == 256


INCEPTION = """\
name: inception
input: [64, 1, 1]
layers:
  - concat:
      name: cat
      branches:
        - [{conv: {out: 16, kernel: 1}}]
        - [{conv: {out: 24, kernel: 1}}]
        - [{conv: {out: 8, kernel: 1}}]
        - [{conv: {out: 8, kernel: 1}}]
  - relu
"""


def test_a_concat_copies_or_is_a_view(network, storage):
    graph = network(INCEPTION)
    copied = alive(graph, storage("fused: [activation]"))
    assert list(copied.values()) == [80, 104, 112, 120, 112]
    viewed = stored(graph, storage("fused: []", "concat: view")).schedule
    assert viewed.alive == (64 + 56, 120, 120, 120, 56 + 56)
    assert [tensor.name for tensor in viewed.tensors] == ["input", "cat", "relu1"]


DENSE = """\
name: dense
input: [8, 1, 1]
layers:
  - conv: {out: 4, kernel: 1, name: x0}
  - conv: {out: 2, kernel: 1, name: x1}
  - concat: {from: [x0, x1], name: c1}
  - conv: {out: 2, kernel: 1, name: x2}
  - concat: {from: [x0, x1, x2], name: c2}
  - conv: {out: 1, kernel: 1, name: y}
"""


def test_concats_of_growing_lists_share_one_buffer(network, storage):
    """DenseNet: all features in one buffer of 8, of which the shorter list is the beginning."""
    schedule = stored(network(DENSE), storage("concat: view")).schedule
    assert [(tensor.name, tensor.bytes) for tensor in schedule.tensors] == [
        ("input", 8),
        ("c2", 8),
        ("y", 1),
    ]
    assert schedule.alive == (16, 8, 8, 9)


def test_a_concat_with_a_view_after_it_is_a_view(network, storage):
    text = INCEPTION.replace("  - relu\n", "  - dropout\n  - conv: {out: 4, kernel: 1}\n")
    schedule = stored(network(text), storage("concat: view")).schedule
    assert [tensor.name for tensor in schedule.tensors] == ["input", "cat", "conv5"]
    assert schedule.alive == (64 + 56, 120, 120, 120, 56 + 4)
    fused = stored(network(INCEPTION), storage("concat: view", "fused: [activation]")).schedule
    assert [step.name for step in fused.steps][-1] == "cat"  # which computes the activation


def test_a_concat_in_another_order_is_a_copy(network, storage):
    schedule = stored(
        network(DENSE.replace("[x0, x1], name", "[x1, x0], name")), storage("concat: view")
    ).schedule
    assert [step.name for step in schedule.steps] == ["x0", "x1", "c1", "x2", "y"]
    assert schedule.alive == (16, 8, 14, 14, 9)


def test_a_tensor_is_part_of_one_output_alone(network, storage):
    text = DENSE.replace("[x0, x1, x2], name: c2", "[x1, x0], name: c2").replace(
        "  - conv: {out: 1, kernel: 1, name: y}\n", "  - concat: {from: [c1, c2], name: both}\n"
    )
    schedule = stored(network(text), storage("concat: view")).schedule
    # c2 has the parts of c1 in another order: one of the two must be a copy.
    assert [step.name for step in schedule.steps].count("both") + [
        step.name for step in schedule.steps
    ].count("c1") >= 1


def test_inputs_kept_to_the_end(network, storage):
    graph = network(RESIDUAL)
    kept = alive(graph, storage("fused: [batch_norm, activation]", "keeps: [inputs, outputs]"))
    assert kept["fc1"] == 512 + 4 + 10


def test_scratch_is_alive_in_its_step_alone(network, storage):
    graph = network(RESIDUAL)
    lines = ("fused: [batch_norm, activation]", "scratch: {fc: [7, 2 * n_out * batch]}")
    found = alive(graph, storage(*lines), batch=3)
    assert found["fc1"] == 3 * (4 + 10) + 7 + 2 * 10 * 3
    assert found["global_avg_pool1"] == 3 * (1024 + 4)


@pytest.mark.parametrize(
    ("rule", "found"),
    [("9 - n_out", "-1"), ("n_out / (n_out - 10)", "a division by zero"), ("n_out == 10", "True")],
)
def test_scratch_that_is_not_a_size(network, storage, rule, found):
    kept = storage(f"scratch: {{fc: {rule}}}")
    with pytest.raises(StorageError) as caught:
        stored(network(RESIDUAL), kept)
    (problem,) = caught.value.problems
    assert problem.message == f"the scratch '{rule}' of layer 'fc1' is not a size"
    assert (problem.mark.line, problem.mark.column) == (5, 15)
    assert problem.found == found


def test_states_are_kept_once_for_shared_cells():
    """SkipNet's gates share one cell of 10 hidden units: two states of 10, 4 bytes each."""
    graph = opened("skipnet50").graph()
    schedule = stored(graph, files.load("fp32")).schedule
    states = [tensor for tensor in schedule.tensors if "states" in tensor.name]
    assert [(tensor.bytes, tensor.first, tensor.last) for tensor in states] == [
        (80, 0, len(schedule.steps) - 1)
    ]
    tflm = stored(graph, files.load("tflm")).schedule
    assert not any("states" in tensor.name for tensor in tflm.tensors)


def test_gates_are_open():
    answer = costcalc.memory("skipnet38")
    assert "With every gate open." in answer.notes


def test_of_several_patterns_the_last_one_wins(network, storage):
    found = constants(network(RESIDUAL), storage("mixed: {'*': 4, 'fc*': 2}"))
    assert found["fc1/weights"] == 4 * 10 * 2 // 8
    assert found["stem/weights"] == 3 * 3 * 2 * 4 * 4 // 8


def test_a_batch_is_rounded_to_bytes_as_a_whole(network, storage):
    """Two inputs of 3 numbers in 4 bits are 3 bytes; one is 2."""
    graph = network("name: n\ninput: [3]\nlayers: [{fc: 5}]\n")
    half = storage("mixed: {}")._replace(bits={**storage("mixed: {}").bits, "activations": 4})
    assert alive(graph, half) == {"fc1": 2 + 3}
    assert alive(graph, half, batch=2) == {"fc1": 3 + 5}


def test_a_concat_with_scratch_is_no_view(network, storage):
    schedule = stored(network(INCEPTION), storage("concat: view", "scratch: {concat: 8}")).schedule
    assert "cat" in [step.name for step in schedule.steps]
    assert max(tensor.bytes for tensor in schedule.tensors if "scratch" in tensor.name) == 8


def test_further_inputs_are_there_from_the_start_to_their_last_reader(network):
    graph = network("""\
name: two
input: [2, 9, 9]
layers:
  - conv: {name: first, out: 4, kernel: 3}
  - input: {name: other, shape: [4, 9, 9]}
  - add: {name: sum, from: [first, other]}
  - conv: {name: last, out: 2, kernel: 1}
""")
    schedule = stored(graph, files.load("int8")).schedule
    alive = {row.name: (row.bytes, row.first, row.last) for row in schedule.tensors}
    assert alive["other"] == (4 * 9 * 9, 0, 1)
    assert not [row for row in schedule.constants if row.name.startswith("other")]


def test_a_network_without_layers_has_its_input(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text("input: [3, 8, 8]\nlayers: [relu: {when: false}]\n")
    memory = costcalc.memory(path)
    assert (memory.data()["peak_bytes"], memory.weight_bytes) == (3 * 8 * 8 * 4, 0)
