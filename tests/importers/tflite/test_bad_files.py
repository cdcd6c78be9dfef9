"""Damaged and hostile files: one message with the file and the place, never a traceback."""

import struct
import time

import pytest
from click.testing import CliRunner

from costcalc.cli import main
from costcalc.errors import SpecError
from costcalc.importers import import_model
from tests.importers.tflite import mutations
from tests.importers.tflite.models import MAP, Net, Sample, encoded
from tests.importers.tflite.networks import NETWORKS, Chain


def refused(tmp_path, data, **settings):
    path = tmp_path / "net.tflite"
    path.write_bytes(data)
    with pytest.raises(SpecError) as caught:
        import_model(str(path), settings)
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    return text.removeprefix(f"{path}: ")


@pytest.mark.parametrize("number", range(400))
def test_a_changed_file_is_read_or_refused(number):
    result = mutations.outcome(mutations.case(1, number), number % 2 == 1)
    assert result == "read" or result.startswith("case.tflite: ")


def test_some_changed_files_are_read_and_some_are_refused():
    results = [mutations.outcome(mutations.case(2, number)) == "read" for number in range(100)]
    assert 10 < sum(results) < 90


@pytest.mark.parametrize("size", [0, 3, 7, 8, 20, 100, 1000])
def test_a_file_that_is_cut_off(tmp_path, size):
    assert "byte" in refused(tmp_path, NETWORKS["kws"]()[:size])


def test_another_file(tmp_path):
    text = refused(tmp_path, b"\x08\x07\x12\x07pytorch")
    assert text.startswith("byte 4: is not a .tflite file\n    expected the identifier TFL3")


def test_the_command_ends_with_2(tmp_path):
    path = tmp_path / "net.tflite"
    path.write_bytes(NETWORKS["kws"]()[:5000])
    result = CliRunner().invoke(main, ["report", str(path)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "net.tflite: byte" in result.stderr


def net_of(**changes):
    net = Sample("RELU").net()
    graph = net.graphs[0]
    graph.update(changes)
    return net


@pytest.mark.parametrize(
    ("net", "message"),
    [
        (net_of(inputs=[7]), "subgraph 0 uses tensor 7"),
        (net_of(outputs=[-1]), "subgraph 0 uses tensor -1"),
        (net_of(inputs=[]), "the graph has no inputs"),
        (net_of(operators=[]), "no output depends on the network's input"),
    ],
)
def test_indices_are_of_something(tmp_path, net, message):
    assert refused(tmp_path, net.bytes()).startswith(message)


def test_a_tensor_that_nothing_computes(tmp_path):
    net = Net()
    x, y, z = (net.tensor(MAP, name=name) for name in "xyz")
    net.operator("ADD", [x, y], [z])
    net.ends([x], [z])
    assert "operator 0 (ADD) of 'z': reads 'y', which nothing computes" in refused(
        tmp_path, net.bytes()
    )


def test_all_problems_are_reported_at_once(tmp_path):
    net = Net()
    x, y, z = (net.tensor(MAP, name=name) for name in "xyz")
    net.operator("WHERE", [x], [y])
    net.operator("STABLEHLO_ADD", [y], [z])
    net.ends([x], [z])
    text = refused(tmp_path, net.bytes())
    assert "operator 0 (WHERE) of 'y'" in text
    assert "operator 1 (STABLEHLO_ADD) of 'z'" in text


def test_a_shape_that_does_not_follow(tmp_path):
    sample = Sample(
        "CONV_2D", (MAP,), ((24, 3, 3, 16),), ((1, 9, 8, 24),), {"stride_h": 1, "stride_w": 1}
    )
    text = refused(tmp_path, sample.net().bytes())
    assert "operator 0 (CONV_2D) of 'y': has a different shape than costcalc computes" in text
    assert "(24, 9, 8)" in text and "(24, 8, 8)" in text


def test_graphs_that_double_are_bounded(tmp_path):
    """Twenty graphs, each running the next one twice: a million steps."""
    count = 21
    net = Net(count)
    x, y = net.tensor((1, 8)), net.tensor((1, 8))
    net.operator("RELU", [x], [y])
    net.ends([x], [y])
    for graph in range(count - 1):
        for _ in range(2):
            net.operator("CALL_ONCE", [], [], graph=graph, init=graph + 1)
    started = time.process_time()
    assert "too many steps" in refused(tmp_path, net.bytes())
    assert time.process_time() - started < 20


def test_many_operators_are_bounded(tmp_path):
    """A vector of operators that all point to one, and of tensors that all are one."""
    chain = Chain((8, 8, 4))
    chain.conv(6, (3, 3), 2, "conv")
    table = chain.net.table()
    graph = table.subgraphs[0]
    many = graph._replace(operators=graph.operators * 40_000)
    started = time.process_time()
    text = refused(tmp_path, encoded(table._replace(subgraphs=(many,))))
    assert text and time.process_time() - started < 60


def wide():
    """A sum of as many tensors as would take minutes if each looked at all others."""
    net = Net()
    inputs, y = [net.tensor((1, 8)) for _ in range(10_000)], net.tensor((1, 8))
    net.operator("ADD_N", inputs, [y])
    net.ends(inputs, [y])
    return net


def unpacked():
    """A constant that is unpacked again and again."""
    net = Net()
    x, y, at = net.tensor((1, 8)), net.tensor((1, 8)), net.zeros((8, 8))
    for _ in range(10_000):
        net.operator("DEQUANTIZE", [at], [at := net.tensor((8, 8))])
    net.operator("FULLY_CONNECTED", [x, at], [y])
    net.ends([x], [y])
    return net


@pytest.mark.parametrize("make", [wide, unpacked])
def test_work_grows_with_the_file(make, tmp_path):
    path = tmp_path / "net.tflite"
    path.write_bytes(make().bytes())
    started = time.process_time()
    import_model(str(path), {})
    assert time.process_time() - started < 5


def test_a_vtable_ahead_of_the_file(tmp_path):
    data = bytearray(NETWORKS["kws"]())
    struct.pack_into("<i", data, *struct.unpack_from("<I", data), 2**30)
    text = refused(tmp_path, bytes(data))
    assert text.startswith(f"byte {struct.unpack_from('<I', data)[0]}: Model: not a table")
