"""Whole files: networks of MLPerf Tiny, states, graphs inside graphs, what files leave out."""

import json
import struct

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.arena.plan import tflm
from costcalc.cli import main
from costcalc.errors import CostcalcError, SpecError
from costcalc.formats.tflite_schema import (
    OPERATOR_CODES,
    BufferTable,
    MetadataTable,
    QuantizationTable,
)
from costcalc.importers import import_model
from costcalc.kinds.base import PARAMS
from costcalc.opening import opened
from costcalc.storing.memory import memory
from tests.importers.tflite.arenas import ARENAS
from tests.importers.tflite.models import MAP, Net, Sample, bias, encoded
from tests.importers.tflite.networks import NETWORKS, Chain


@pytest.fixture
def network(tmp_path):
    def open_bytes(data, **settings):
        path = tmp_path / "net.tflite"
        path.write_bytes(data if isinstance(data, bytes) else data.bytes())
        return opened(str(path), settings).graph()

    return open_bytes


def kinds(graph):
    return " ".join(layer.kind.name for layer in graph.layers)


def total(graph, *names):
    return sum(getattr(layer.events(), name) for layer in graph.layers for name in names)


def arena(graph):
    return tflm(graph.schedule.buffers, 16).peak


@pytest.mark.parametrize("name", ARENAS)
def test_arenas(network, name):
    make, expected = ARENAS[name]
    assert arena(network(make(), allow_unknown=True)) == expected


# Mult-adds by hand, from the tables of the networks; params after folding, and the head of
# the arena as tflite-micro reports it for the benchmark's own files.
@pytest.mark.parametrize(
    ("name", "macs", "params", "head"),
    [
        # 25*5*(10*4*64 + 4*(9*64 + 64*64)) + 64*12
        ("kws", 2_656_768, 22_604, 16_000),
        # 48*48*8*(27 + 9 + 16) + 24*24*(9*16 + 16*32 + 9*32 + 32*32) + ... + 3*3*(...) + 512
        ("vww", 7_489_664, 210_850, 73_728),
        # 640*128 + 3*128*128 + 2*128*8 + 3*128*128 + 128*640
        ("ad01", 264_192, 265_864, 768),
    ],
)
def test_networks_of_mlperf_tiny(network, name, macs, params, head):
    graph = network(NETWORKS[name]())
    assert total(graph, "macs") == macs
    assert total(graph, *PARAMS) == params
    assert arena(graph) == head


def test_a_schedule_has_the_tensors_and_constants_of_the_file(network):
    chain = Chain((8, 8, 4))
    chain.conv(6, (3, 3), 1, "conv")
    chain.conv(0, (3, 3), 2, "depthwise")
    data = chain.classify(10)
    graph = network(data)
    schedule = graph.schedule
    assert [step.name for step in schedule.steps] == [
        "conv",
        "depthwise",
        "flatten",
        "dense",
        "softmax",
    ]
    assert [(row.name, row.bytes, row.first, row.last) for row in schedule.tensors] == [
        ("input", 8 * 8 * 4, 0, 0),
        ("conv", 8 * 8 * 6, 0, 1),
        ("depthwise", 4 * 4 * 6, 1, 2),
        ("flatten", 96, 2, 3),
        ("dense", 10, 3, 4),
        ("softmax", 10, 4, 4),
    ]
    assert schedule.steps[1].reads == (1,)
    assert [graph.layers[index].name for index in schedule.steps[0].layers] == [
        "conv",
        "conv.relu",
    ]
    stored = dict.fromkeys(("weights", "biases", "constants", "quantisation"), 0)
    for row in schedule.constants:
        stored[row.role] += row.bytes
    assert stored == {
        "weights": 3 * 3 * 4 * 6 + 3 * 3 * 6 + 96 * 10,
        "biases": 4 * (6 + 6 + 10),
        "constants": 2 * 4,
        # A scale of 4 bytes and a zero point of 8 of 6 activations, 3 matrices and 3 biases.
        "quantisation": 12 * 12,
    }
    assert schedule.file_bytes == len(data)


def test_tensors_in_one_buffer_are_stored_once_and_are_params_each(network):
    net = Net()
    x = net.tensor((1, 40))
    weights = net.zeros((40, 40))
    zeros = [net.zeros((40,)), net.tensor((40,), buffer=2)]
    y, z = net.tensor((1, 40)), net.tensor((1, 40))
    net.operator("FULLY_CONNECTED", [x, weights, zeros[0]], [y])
    net.operator("FULLY_CONNECTED", [y, weights, zeros[1]], [z])
    net.ends([x], [z])
    graph = network(net)
    assert (total(graph, "weights"), total(graph, "biases")) == (1600, 80)
    assert sum(row.bytes for row in graph.schedule.constants) == 4 * (1600 + 40)


def test_each_step_reads_the_weights_that_several_share(network):
    """Stored once, 40 * 40 weights and 40 biases of 4 bytes are read by both steps; the third
    reads one of its constants twice.  A graph under a storage moves the same."""
    net = Net()
    x = net.tensor((1, 40))
    weights, biases = net.zeros((40, 40)), net.zeros((40,))
    twin = net.tensor((40, 40), buffer=1)
    y, z, end = (net.tensor((1, 40)) for _ in range(3))
    net.operator("FULLY_CONNECTED", [x, weights, biases], [y])
    net.operator("FULLY_CONNECTED", [y, twin, biases], [z])
    net.operator("ADD", [z, biases], [end])
    net.ends([x], [end])
    graph = network(net)
    own, stored = memory(graph, None), memory(graph, "fp32")
    expected = [4 * (1600 + 40), 4 * (1600 + 40), 4 * 40]
    assert [row.weight_bytes for row in own.traffic] == expected
    assert own.weight_bytes == 4 * (1600 + 40)
    assert [row.weight_bytes for row in stored.traffic] == expected
    assert [row[:2] for row in own.traffic] == [row[:2] for row in stored.traffic]
    # Under a storage the twin is a param of its own; in the file it is in the same buffer.
    for answer, second in ((own, 0), (stored, 4 * 1600)):
        assert [row.macs for row in answer.traffic] == [1600, 1600, 0]
        assert [row.first_bytes for row in answer.traffic] == [4 * (1600 + 40), second, 0]


@pytest.mark.parametrize(
    ("operator", "inputs"),
    [
        ("GATHER", lambda table, which: [table, which]),
        ("GATHER_ND", lambda table, which: [table, which]),
        ("EMBEDDING_LOOKUP", lambda table, which: [which, table]),
    ],
)
def test_a_step_reads_the_rows_that_it_looks_up(network, operator, inputs):
    """Five of 400 rows of 6 numbers of 4 bytes; the rest where the table is multiplied."""
    net = Net()
    which = net.tensor((5, 1) if operator == "GATHER_ND" else (5,), "INT32")
    table, rows, end = net.zeros((400, 6)), net.tensor((5, 6)), net.tensor((5, 400))
    net.operator(operator, inputs(table, which), [rows])
    net.operator("FULLY_CONNECTED", [rows, table], [end])
    net.ends([which], [rows, end])
    answer = memory(network(net, allow_unknown=True), None)
    assert [row.weight_bytes for row in answer.traffic] == [5 * 24, 400 * 24]
    assert [row.first_bytes for row in answer.traffic] == [5 * 24, 395 * 24]
    assert answer.weight_bytes == 400 * 24


def test_a_table_of_fewer_rows_than_are_looked_up_is_read_once(network):
    net = Net()
    which, table, rows = net.tensor((50,), "INT32"), net.zeros((3, 6)), net.tensor((50, 6))
    net.operator("GATHER", [table, which], [rows])
    net.ends([which], [rows])
    assert memory(network(net), None).traffic[0].first_bytes == 3 * 24


def test_the_steps_of_a_file_in_the_best_order(tmp_path):
    """Branches of 50 and of 40 numbers, worked off one after the other: 65 for 100 at once."""
    net = Net()
    x = net.tensor((1, 10))
    p, q, r, s, y = (net.tensor((1, size)) for size in (50, 40, 5, 20, 25))
    for before, after, shape in (
        (x, p, (50, 10)),
        (x, q, (40, 10)),
        (p, r, (5, 50)),
        (q, s, (20, 40)),
    ):
        net.operator("FULLY_CONNECTED", [before, net.zeros(shape)], [after])
    net.operator("CONCATENATION", [r, s], [y], axis=1)
    net.ends([x], [y])
    path = tmp_path / "net.tflite"
    path.write_bytes(net.bytes())
    answer = costcalc.memory(path, planner="liveness", order="best")
    assert answer.schedule.liveness == 4 * 65
    assert answer.reordered[1:] == (4 * 100, 4 * 65)
    assert [row.write_bytes for row in answer.traffic] == [4 * n for n in (50, 5, 40, 20, 25)]


def test_a_step_writes_all_its_outputs(network):
    net = Net()
    x, axis = net.tensor((1, 8)), net.tensor((), "INT32", [1])
    parts = [net.tensor((1, 4)), net.tensor((1, 4))]
    net.operator("SPLIT", [axis, x], parts, num_splits=2)
    net.ends([x], parts)
    (row,) = memory(network(net), None).traffic
    assert (row.read_bytes, row.write_bytes) == (4 * 8, 2 * 4 * 4)


def test_the_size_of_the_file_is_what_flash_holds(network):
    data = NETWORKS["kws"]()
    facts = dict(memory(network(data), None).page().facts)
    assert facts["flash"].startswith(f"{len(data):,} B (")
    assert facts["flash"].endswith("), the file")
    matrices = 10 * 4 * 64 + 4 * (3 * 3 * 64 + 64 * 64) + 64 * 12
    weights = matrices + 4 * (9 * 64 + 12) + 2 * 4  # with biases, and the shape of the reshape
    assert facts["weights"].startswith(f"{weights:,} B (23.8 KiB) of it")
    # A scale of 4 bytes and a zero point of 8 of 14 activations, 10 matrices and 10 biases.
    assert facts["scales"].startswith(f"{34 * 12} B of it")


def test_a_setting_that_changes_sizes_drops_the_schedule(network):
    chain = Chain((8, 8, 4))
    chain.conv(6, (3, 3), 1, "conv")
    data = chain.bytes()
    assert network(data, res=8).schedule is not None
    assert network(data, alpha=2).schedule is None
    graph = network(data, res=16)
    assert (graph.schedule, graph.layers[0].output) == (None, (6, 16, 16))
    with pytest.raises(CostcalcError, match="at the file's own settings alone"):
        memory(graph, None)
    assert memory(graph, "int8").weight_bytes == 3 * 3 * 4 * 6 + 4 * 6


def test_a_step_moves_the_weights_that_are_stored(network):
    chain = Chain((8, 8, 4))
    chain.conv(6, (3, 3), 1, "conv")
    answer = memory(network(chain.bytes()), None)
    assert [row.weight_bytes for row in answer.traffic] == [answer.weight_bytes]


def test_another_size_of_the_input(network):
    chain = Chain((8, 8, 4))
    chain.conv(6, (3, 3), 2, "conv")
    chain.pool((2, 2))
    # 8 x 8 -> 4 x 4 -> 2 x 2; at 16 x 8, 8 x 4 -> 4 x 2.
    graph = network(chain.bytes(), input=(4, 16, 8))
    assert [layer.output for layer in graph.layers] == [(6, 8, 4), (6, 8, 4), (6, 4, 2)]
    data = Chain((8, 8, 4))
    data.conv(6, (3, 3), 2, "conv")
    with pytest.raises(SpecError) as caught:
        network(data.classify(10), res=16)
    assert "(RESHAPE) of 'flatten': reshapes to a shape that is fixed in the file" in str(
        caught.value
    )
    with pytest.raises(SpecError, match=r"input 'input' cannot be \(4, 16\)"):
        network(chain.bytes(), input=(4, 16))


def test_sides_left_open_are_named(network):
    net = Net()
    x = net.tensor((1, 1, 1, 3), signature=(-1, -1, -1, 3), name="image")
    y = net.tensor((1, 1, 1, 8))
    net.operator("CONV_2D", [x, net.zeros((8, 3, 3, 3))], [y], stride_h=1, stride_w=1)
    net.ends([x], [y])
    with pytest.raises(SpecError, match="input 'image' leaves dimensions open: axis 1, axis 2"):
        network(net)
    assert network(net, res=10).layers[0].output == (8, 10, 10)


def test_an_image_that_is_channels_first(network):
    net = Net()
    x = net.tensor((1, 3, 8, 6))
    last, y = net.tensor((1, 8, 6, 3)), net.tensor((1, 8, 6, 5))
    net.operator("TRANSPOSE", [x, net.tensor((4,), "INT32", [0, 2, 3, 1])], [last])
    net.operator("CONV_2D", [last, net.zeros((5, 1, 1, 3))], [y], stride_h=1, stride_w=1)
    net.ends([x], [y])
    graph = network(net)
    assert (graph.input, kinds(graph)) == ((3, 8, 6), "conv")
    assert len(graph.schedule.steps) == 2


def test_a_batch_is_of_equal_images(network):
    sample = Sample(
        "CONV_2D",
        ((4, 8, 8, 2),),
        ((6, 3, 3, 2), bias(6)),
        ((4, 8, 8, 6),),
        {"stride_h": 1, "stride_w": 1},
    )
    graph = network(sample.net())
    assert (graph.input, total(graph, "macs")) == ((2, 8, 8), 64 * 6 * 18)
    assert [row.bytes for row in graph.schedule.tensors] == [4 * 64 * 2 * 4, 4 * 64 * 6 * 4]


def test_states_of_a_streaming_network(network):
    net = Net(2)
    handles = [net.tensor((), "RESOURCE", graph=graph, name="state") for graph in (0, 1)]
    net.operator("CALL_ONCE", [], [], init=1)
    net.operator("VAR_HANDLE", [], [handles[0]], shared_name="state")
    x, before = net.tensor((1, 1, 8), name="x"), net.tensor((1, 3, 8), name="read")
    joined, y = net.tensor((1, 4, 8), name="joined"), net.tensor((1, 3, 8), name="kept")
    net.operator("READ_VARIABLE", [handles[0]], [before])
    net.operator("CONCATENATION", [before, x], [joined], axis=1)
    bounds = [net.tensor((3,), "INT32", row) for row in ([0, 1, 0], [1, 4, 8], [1, 1, 1])]
    net.operator("STRIDED_SLICE", [joined, *bounds], [y])
    net.operator("ASSIGN_VARIABLE", [handles[0], y], [])
    net.ends([x], [joined])
    zeros = net.zeros((1, 3, 8), graph=1)
    net.operator("VAR_HANDLE", [], [handles[1]], graph=1, shared_name="state")
    net.operator("ASSIGN_VARIABLE", [handles[1], zeros], [], graph=1)
    graph = network(net)
    assert kinds(graph) == "constant concat slice"
    # The handles take nothing; the two steps of the graph that runs once come after its own.
    assert [(row.name, row.bytes, row.first, row.last) for row in graph.schedule.tensors] == [
        ("x", 32, 0, 5),
        ("read", 96, 4, 5),
        ("joined", 128, 5, 7),
        ("kept", 96, 6, 7),
    ]


def test_a_choice_of_graphs_is_unknown_and_its_tensors_are_not(network):
    net = Net(3)
    condition, x = net.tensor((1,), "BOOL"), net.tensor((1, 16), name="x")
    y = net.tensor((1, 16), name="y")
    net.operator("IF", [condition, x], [y], **{"then": 1, "else": 2})
    net.ends([x, condition], [y])
    for graph, operator in ((1, "RELU"), (2, "TANH")):
        a, b = (net.tensor((1, 16), graph=graph, name=name) for name in "ab")
        net.operator(operator, [a], [b], graph=graph)
        net.ends([a], [b], graph)
    with pytest.raises(SpecError, match=r"operator 0 \(IF\) of 'y': which of its graphs runs"):
        network(net)
    graph = network(net, allow_unknown=True)
    assert kinds(graph) == "input uncounted"
    assert [(row.first, row.last) for row in graph.schedule.tensors] == [
        (0, 2),  # the condition
        (0, 2),  # x
        (0, 2),  # y
        (1, 1),  # then
        (1, 1),
        (2, 2),  # else
        (2, 2),
    ]


@pytest.mark.parametrize("unpacked", ["half", "sparse", "both"])
def test_weights_that_are_unpacked_are_params(network, unpacked):
    net = Net()
    x, y = net.tensor((1, 8, 8, 4)), net.tensor((1, 8, 8, 6))
    shape = (6, 3, 3, 4)
    sparsity = None if unpacked == "half" else {"traversal_order": (0, 1, 2, 3)}
    type_ = "FLOAT32" if unpacked == "sparse" else "FLOAT16"
    at = net.tensor(shape, type_, b"\0" * 100, sparsity=sparsity)
    for operator in {"half": ["DEQUANTIZE"], "sparse": ["DENSIFY"]}.get(
        unpacked, ["DENSIFY", "DEQUANTIZE"]
    ):
        dense = net.tensor(shape, type_ if operator == "DENSIFY" else "FLOAT32")
        net.operator(operator, [at], [dense])
        at = dense
    net.operator("CONV_2D", [x, at], [y], stride_h=1, stride_w=1)
    net.ends([x], [y])
    graph = network(net)
    assert (kinds(graph), total(graph, "weights")) == ("conv", 6 * 3 * 3 * 4)
    assert [step.name for step in graph.schedule.steps] == ["t" + str(y)]
    assert [row.bytes for row in graph.schedule.tensors] == [1024, 1536]
    assert [(row.bytes, row.role) for row in graph.schedule.constants] == [(100, "weights")]


def test_packed_weights_of_four_bits(network):
    net = Net()
    x, y = net.tensor((1, 9), "INT8"), net.tensor((1, 5), "INT8")
    weights = net.tensor((5, 9), "INT4", b"\0" * 23, scale=(1, 0))  # 45 numbers in 22.5 bytes
    net.operator("FULLY_CONNECTED", [x, weights], [y])
    net.ends([x], [y])
    graph = network(net)
    (stored,) = (row.bytes for row in graph.schedule.constants if row.role == "weights")
    assert (total(graph, "weights"), stored) == (45, 23)


def test_an_activation_of_four_bits_takes_a_byte_for_each_number(network):
    net = Net()
    x, y = (net.tensor((1, 9), "INT4", scale=(1, 0)) for _ in range(2))
    net.operator("RELU", [x], [y])
    net.ends([x], [y])
    assert [row.bytes for row in network(net).schedule.tensors] == [9, 9]


def test_what_a_file_may_leave_out(network):
    """Options that are all defaults, names, unused codes, and the new code of an operator."""
    net = Net()
    x, y = net.tensor(MAP, name=""), net.tensor(MAP, name="")
    net.operator("ADD", [x, net.zeros((1,))], [y])
    net.ends([x], [y])
    table = net.table()
    code = table.operator_codes[0]._replace(new_code=0)
    unused = code._replace(old_code=OPERATOR_CODES["QUANTIZE"])
    old = table._replace(operator_codes=(code, unused, code))
    for data in (encoded(table), encoded(old), encoded(old) + b"PK\3\4labels"):
        graph = network(data)
        assert [(layer.name, layer.kind.name) for layer in graph.layers] == [("shift", "shift")]


def test_a_buffer_after_the_tables(network):
    net = Net()
    x, y = net.tensor((1, 8)), net.tensor((1, 2))
    weights = net.tensor((2, 8), buffer=1)
    net.buffers.append(BufferTable(offset=2**20, size=64))
    net.operator("FULLY_CONNECTED", [x, weights], [y])
    net.ends([x], [y])
    data = net.bytes()
    with pytest.raises(SpecError, match="is in a buffer that is not inside the file"):
        network(data)
    graph = network(data + bytes(2**20 + 64 - len(data)))
    assert (total(graph, "weights"), graph.schedule.constants[0].bytes) == (16, 64)


def test_an_operator_of_a_large_code(network):
    sample = Sample("GELU").net()
    assert sample.codes[0].old_code == 127 or OPERATOR_CODES["GELU"] > 127
    assert kinds(network(sample)) == "gelu"


def test_addresses_that_a_file_fixes(network):
    net = Net()
    x, y, z = (net.tensor((1, 64), "INT8") for _ in range(3))
    net.operator("RELU", [x], [y])
    net.operator("RELU", [y], [z])
    net.ends([x], [z])
    # Version, subgraphs, tensors, offsets; -1 is left to the planner.
    data = struct.pack("<6i", 1, 0, 3, 0, 128, -1)
    net.metadata.append(MetadataTable("OfflineMemoryAllocation", len(net.buffers)))
    net.buffers.append(BufferTable(data))
    schedule = network(net).schedule
    assert [row.offset for row in schedule.tensors] == [0, 128, None]
    assert [(row.name, row.bytes) for row in schedule.constants if row.role == "metadata"] == [
        ("OfflineMemoryAllocation", 24)
    ]


@pytest.mark.parametrize(
    ("tensor", "layer"),
    [
        ("net/conv/Relu;net/conv/BiasAdd;net/conv/Conv2D1", "conv"),
        ("net/conv/BiasAdd/ReadVariableOp/resource1", "conv"),
        ("net/block_1/depthwise/depthwise", "block_1/depthwise"),
        ("StatefulPartitionedCall:0", "relu"),
        ("Identity", "relu"),
        ("", "relu"),
    ],
)
def test_names_of_layers(network, tensor, layer):
    net = Net()
    x, y, z = net.tensor(MAP), net.tensor(MAP, name="net/first/Relu6"), net.tensor(MAP, name=tensor)
    net.operator("RELU6", [x], [y])
    net.operator("RELU", [y], [z])
    net.ends([x], [z])
    # What all names begin with is left out.
    assert [each.name for each in network(net).layers] == ["first", layer]


def test_every_command_takes_a_file(tmp_path):
    path = tmp_path / "net.tflite"
    path.write_bytes(NETWORKS["kws"]())

    def output(*command):
        result = CliRunner().invoke(main, command)
        assert result.exit_code == 0, result.output
        return result.output

    report = json.loads(output("report", str(path), "--format", "json"))
    assert report["totals"]["mult_adds"] == 2_656_768
    memory = json.loads(output("memory", str(path), "--format", "json"))
    assert (memory["peak_bytes"], memory["planner"]) == (16_000, "tflm")
    (tmp_path / "net.yaml").write_text(output("import", str(path)))
    report = json.loads(output("report", str(tmp_path / "net.yaml"), "--format", "json"))
    assert report["totals"]["mult_adds"] == 2_656_768


@pytest.mark.parametrize(("projection", "gates"), [(0, 4), (3, 4), (0, 3), (3, 3)])
def test_an_lstm_may_have_a_projection_and_no_input_gate(network, projection, gates):
    net = Net()
    x, hidden = net.tensor((1, 5, 10)), projection or 6
    left_out = [-1] * (4 - gates)
    weights = [net.zeros((6, 10)) for _ in range(gates)]
    recurrent = [net.zeros((6, hidden)) for _ in range(gates)]
    biases = [net.zeros((6,)) for _ in range(gates)]
    projected = [net.zeros((3, 6)), net.zeros((3,))] if projection else [-1, -1]
    states = [net.tensor((1, size), is_variable=True) for size in (hidden, 6)]
    inputs = [x, *left_out, *weights, *left_out, *recurrent, -1, -1, -1, *left_out, *biases]
    y = net.tensor((1, 5, hidden))
    net.operator("UNIDIRECTIONAL_SEQUENCE_LSTM", [*inputs, *projected, *states], [y])
    net.ends([x], [y])
    graph = network(net)
    assert total(graph, "macs") == 5 * (gates * 6 * (10 + hidden) + 6 * projection)
    assert total(graph, "biases") == gates * 6 + projection
    # Without an input gate's weights, the gate is 1 minus the forget gate.
    assert ("complement" in kinds(graph)) == (gates == 3)


@pytest.mark.parametrize("graph", [0, 2, -1])
def test_a_graph_that_is_run_is_one_of_the_others(network, graph):
    net = Net(2)
    x, y = net.tensor((1, 8)), net.tensor((1, 8))
    net.operator("RELU", [x], [y])
    net.operator("CALL_ONCE", [], [], init=graph)
    net.ends([x], [y])
    with pytest.raises(SpecError, match=rf"operator 1 \(CALL_ONCE\) runs subgraph {graph}"):
        network(net)


def test_scratch_is_a_tensor_of_its_step(network):
    """Of MEAN: 4 places and 2 axes of 4 bytes each, and a sum of 4 bytes for each output."""
    net = Net()
    x, y = net.tensor(MAP, "INT8"), net.tensor((1, 16), "INT8")
    net.operator("MEAN", [x, net.tensor((2,), "INT32", [1, 2])], [y])
    net.ends([x], [y])
    rows = network(net).schedule.tensors
    assert [(row.bytes, row.first, row.last) for row in rows] == [
        (1024, 0, 0),
        (16, 0, 0),
        (16, 0, 0),
        (8, 0, 0),
        (64, 0, 0),
    ]


def test_a_buffer_of_metadata_and_of_a_tensor_is_stored_once(network):
    net = Net()
    x, y = net.tensor((1, 8)), net.tensor((1, 2))
    net.operator("FULLY_CONNECTED", [x, net.zeros((2, 8))], [y])
    net.ends([x], [y])
    net.metadata += [MetadataTable("weights", 1), MetadataTable("none", 99)]
    assert [(row.bytes, row.role) for row in network(net).schedule.constants] == [(64, "weights")]


@pytest.mark.parametrize(
    ("value", "scale", "kind"),
    # (6 - 2) / 2 = 2; (6 - 1) / 2 = 2.5; 20 * 0.1 = 2, of 32 bits 2.0000000298.
    [
        (6, (0.5, 2), "square"),
        (6, (0.5, 1), "constant power"),
        (20, (0.1, 0), "square"),
        (2, (float("inf"), 0), "constant power"),
        (0, (float("inf"), 0), "constant power"),
    ],
)
def test_a_quantised_constant_is_the_number_that_it_stands_for(network, value, scale, kind):
    net = Net()
    x, y = net.tensor(MAP, "INT8"), net.tensor(MAP, "INT8")
    net.operator("POW", [x, net.tensor((1,), "INT8", [value], scale=scale)], [y])
    net.ends([x], [y])
    assert kinds(network(net)) == kind


def test_graphs_that_run_one_another_are_refused(network):
    net = Net(2)
    x, y = net.tensor((1, 8)), net.tensor((1, 8))
    net.operator("RELU", [x], [y])
    net.operator("CALL_ONCE", [], [], init=1)
    net.operator("CALL_ONCE", [], [], graph=1, init=1)
    net.ends([x], [y])
    with pytest.raises(SpecError, match="subgraphs run one another without end"):
        network(net)


def test_the_importer_reports_what_it_does_not_use(tmp_path):
    path = tmp_path / "net.tflite"
    path.write_bytes(NETWORKS["ad01"]())
    assert import_model(str(path), {"tokens": 3})[1] == {"tokens": 3}


def test_buffers_of_another_file_are_stored_once(network):
    net = Net()
    x, y, z = net.tensor((1, 40)), net.tensor((1, 40)), net.tensor((1, 40))
    shared = [net.tensor((40, 40), external_buffer=7) for _ in range(2)]
    other = net.tensor((40,), "INT4", external_buffer=3)
    net.operator("FULLY_CONNECTED", [x, shared[0], other], [y])
    net.operator("FULLY_CONNECTED", [y, shared[1], other], [z])
    net.ends([x], [z])
    graph = network(net)
    assert (total(graph, "weights"), total(graph, "biases")) == (2 * 1600, 40)
    # What the numbers take: 4 bytes each, and half a byte.
    assert [(row.bytes, row.role) for row in graph.schedule.constants] == [
        (6400, "weights"),
        (20, "biases"),
    ]
    assert [row.bytes for row in graph.schedule.tensors] == 3 * [160]


def test_scales_of_blocks_are_quantisation(network):
    net = Net()
    x, y = net.tensor((1, 64)), net.tensor((1, 8))
    scales = net.tensor((8, 2), "FLOAT16", [1.0] * 16)
    details = (2, {"scales": scales, "zero_points": -1})
    table = QuantizationTable(details=details)
    weights = net.tensor((8, 64), "INT4", bytes(256), quantization=table)
    net.operator("FULLY_CONNECTED", [x, weights], [y])
    net.ends([x], [y])
    graph = network(net)
    assert total(graph, "weights") == 512
    assert [(row.bytes, row.role) for row in graph.schedule.constants] == [
        (32, "quantisation"),
        (256, "weights"),
    ]


@pytest.mark.parametrize("name", ["DEQUANTIZE", "TRANSPOSE", "CALL_ONCE", "MEAN", "RELU"])
def test_a_custom_operator_is_none_of_the_schema_whatever_its_name(network, name):
    net = Net()
    x, stored, y = net.tensor(MAP), net.zeros(MAP), net.tensor(MAP)
    net.operator(name, [x, stored], [y], custom=True)
    net.operator(name, [stored], [net.tensor(MAP)], custom=True)
    net.ends([x], [y])
    with pytest.raises(SpecError, match=rf"operator 0 \({name}\) of 't2': costcalc has no"):
        network(net)
    graph = network(net, allow_unknown=True)
    assert kinds(graph) == "uncounted uncounted"
    assert len(graph.schedule.steps) == 2
    assert [row.bytes for row in graph.schedule.tensors] == 3 * [4 * 8 * 8 * 16]


def test_an_activation_may_have_an_empty_buffer_and_a_state_is_not_planned(network):
    net = Net()
    net.buffers.append(BufferTable(b""))
    x, y = net.tensor((1, 8), buffer=1), net.tensor((1, 8), buffer=1)
    state = net.tensor((1, 500), is_variable=True)
    net.operator("RELU", [x], [y])
    net.operator("RELU", [state], [state])
    net.ends([x], [y])
    schedule = network(net, allow_unknown=True).schedule
    assert ([row.bytes for row in schedule.tensors], schedule.constants) == ([32, 32], ())


def test_a_part_of_a_split_may_be_what_is_left(network):
    sizes = ((1, 8, 8, 10), (1, 8, 8, 6))
    sample = Sample("SPLIT_V", (MAP,), ([-1, 6], [3]), sizes, {"parts": 2})
    assert [layer.output for layer in network(sample.net()).layers] == [(10, 8, 8), (6, 8, 8)]


def test_a_slice_with_a_new_axis_is_a_rearrangement(network):
    bounds = ([0, 0, 0], [1, 8, 16], [1, 1, 1])
    options = {"begin_mask": 7, "end_mask": 7, "new_axis_mask": 2}
    sample = Sample("STRIDED_SLICE", ((1, 8, 16),), bounds, ((1, 1, 8, 16),), options)
    assert kinds(network(sample.net())) == "rearrange"


@pytest.mark.parametrize("type_", ["INT32", "INT64", "BOOL", "STRING"])
def test_the_image_is_the_first_input_that_is_not_whole_numbers(network, type_):
    net = Net()
    first, x, y = net.tensor((1, 5), type_), net.tensor(MAP), net.tensor(MAP)
    net.operator("RELU", [x], [y])
    net.ends([first, x], [y])
    assert network(net).input == (16, 8, 8)


def test_images_of_a_batch_are_not_mixed(network):
    net = Net()
    x, y, z = net.tensor((4, 8, 16)), net.tensor((4, 8, 16)), net.tensor((4, 8, 16))
    net.operator("RELU", [x], [y])
    net.operator("ADD", [y, net.zeros((2, 8, 16))], [z])
    net.ends([x], [z])
    with pytest.raises(SpecError, match="mixes the images of a batch"):
        network(net)
