"""TFLite's runtimes as judges: shapes of LiteRT, the arena of tflite-micro to the byte.

An arena of tflite-micro has a head, which its planner fills with tensors and scratch, and a
tail of its own structures.  What costcalc plans of a file's schedule is the head.

LiteRT reports no size of its arena.  What can be read is where each tensor is, and that is
where the planner ``tflite-mobile`` puts it unless a kernel has hidden tensors.
"""

import os
from pathlib import Path

import pytest

import costcalc
from costcalc.arena.plan import tflm
from costcalc.errors import SpecError
from costcalc.exporters import tflite
from costcalc.formats.file_bytes import map_file
from costcalc.importers.tflite.file import TfliteFile
from costcalc.opening import opened
from tests.collection import networks
from tests.exporters.every_kind import forms, specs
from tests.exporters.networks import lacks, shipped
from tests.exporters.test_tflite import LACKING, SCALES, UNWRITABLE
from tests.frameworks.tflite_runtimes import addresses, heads, outputs, packaged, shapes
from tests.importers.tflite.arenas import ARENAS
from tests.importers.tflite.networks import NETWORKS
from tests.importers.tflite.samples import CASES

TYPES = ("FLOAT32", "INT8", "INT16")

ABSENT = {
    "BIDIRECTIONAL_SEQUENCE_LSTM",
    "CONV_3D",
    "FAKE_QUANT",
    "GELU",
    "LOCAL_RESPONSE_NORMALIZATION",
    "NON_MAX_SUPPRESSION_V4",
    "POW",
    "REDUCE_PROD",
    "RELU_0_TO_1",
    "RELU_N1_TO_1",
    "RFFT2D",
    "RNN",
    "SELECT",
    "SIGN",
    "TILE",
    "TOPK_V2",
    "UNIDIRECTIONAL_SEQUENCE_RNN",
}
"""Operators that tflite-micro does not have."""

FILES = sorted(Path(os.environ.get("COSTCALC_TFLITE_FILES", "/nowhere")).rglob("*.tflite"))
"""Files of your own, or of packages that are too large to be installed with the judges."""


PACKAGED = [path for name in ("pymicro_wakeword", "tflite_micro") for path in packaged(name)]


def planned(path):
    schedule = opened(str(path), {"allow_unknown": True}).graph().schedule
    return tflm(schedule.buffers, 16).peak


@pytest.mark.parametrize("name", ARENAS)
def test_arenas_of_graphs_states_and_addresses(name, tmp_path):
    make, arena = ARENAS[name]
    path = tmp_path / "net.tflite"
    path.write_bytes(make().bytes())
    assert heads([path]) == {path: arena}


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """Every operator alone, in every type; and what tflite-micro says of it."""
    folder = tmp_path_factory.mktemp("samples")
    files = {}
    for number, case in enumerate(CASES):
        for type_ in TYPES:
            path = folder / f"{number}_{case.sample.operator}_{type_}.tflite"
            path.write_bytes(case.sample.net(type_).bytes())
            files[path] = case.sample.operator
    return files, heads(list(files))


def test_the_arena_of_each_operator(samples):
    files, said = samples
    ran = set()
    for path, operator in files.items():
        if not isinstance(said[path], int):
            continue
        ran.add(operator)
        try:
            assert planned(path) == said[path], path.name
        except SpecError as error:
            assert "no output depends on the network's input" in str(error), path.name
    assert {case.sample.operator for case in CASES} - ran == ABSENT


def test_what_the_runtime_lacks(samples):
    files, said = samples
    for path, operator in files.items():
        if operator in ABSENT:
            assert f"Didn't find op for builtin opcode '{operator}'" in str(said[path])


@pytest.mark.parametrize("name", NETWORKS)
def test_the_arena_of_networks(name, tmp_path):
    path = tmp_path / f"{name}.tflite"
    path.write_bytes(NETWORKS[name]())
    assert heads([path]) == {path: planned(path)}


def stated(path):
    """The shapes of a file's first graph, as costcalc reads them."""
    with map_file(str(path)) as data:
        tensors = TfliteFile(data, str(path)).model.subgraphs[0].tensors
        return [tensor.shape for tensor in tensors]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.sample.operator)
def test_shapes_of_each_operator(case, tmp_path):
    """LiteRT computes the shape that the file states, and costcalc checks its own against."""
    path = tmp_path / "net.tflite"
    path.write_bytes(case.sample.net().bytes())
    found = shapes(path)
    if isinstance(found, dict):
        expected = stated(path)
        assert [found[index] for index in range(len(expected))] == expected
    else:
        assert case.sample.operator in REFUSED, found


NOT_MICRO = {"lrn", "gelu", "gelu_tanh", "hard_tanh", "clip", "power", "sign", "product"}
"""Kinds whose operators tflite-micro does not have."""


@pytest.mark.parametrize("name", networks(without=LACKING))
def test_the_arena_of_shipped_networks(name, tmp_path):
    """Networks that cannot be written stand in tests/exporters/test_tflite.py, with the reason."""
    graph, path = shipped(name), tmp_path / f"{name}.tflite"
    if lacks(graph, {*tflite.MISSING, *NOT_MICRO}):
        pytest.skip("TFLite, or tflite-micro, has no operator for one of its layers")
    with path.open("wb") as file:
        file.writelines(tflite.write(graph, dtype="int8"))
    assert heads([path]) == {path: planned(path)}


@pytest.mark.parametrize("dtype", ["float32", "int8"])
def test_joins_of_several_scales(dtype, tmp_path):
    spec, path = tmp_path / "net.yaml", tmp_path / "net.tflite"
    spec.write_text(SCALES, encoding="utf-8")
    path.write_bytes(b"".join(tflite.write(opened(str(spec)).graph(), dtype=dtype)))
    assert heads([path]) == {path: planned(path)}


@pytest.mark.parametrize("dtype", ["float32", "int8"])
@pytest.mark.parametrize("name", ["efficientnet_b0", "mobilenet_v3_small", "shufflenet_v2_x0_5"])
def test_litert_runs_what_is_written(name, dtype, tmp_path):
    path = tmp_path / "net.tflite"
    with path.open("wb") as file:
        file.writelines(tflite.write(shipped(name), "random", dtype=dtype))
    found = shapes(path)
    assert isinstance(found, dict), found
    assert [found[index] for index in range(len(stated(path)))] == stated(path)


RUN = [
    *("autoencoder_ad", "densenet121", "densenet_cifar", "ds_cnn", "ds_cnn_l", "efficientnet_b0"),
    *("googlenet_bn", "highway", "highway_conv", "micronet_ad", "micronet_kws", "mnasnet0_5"),
    *("mobilenet_v1", "mobilenet_v1_vww", "mobilenet_v2", "mobilenet_v3_small", "resnet18"),
    *("resnet20_cifar", "resnet8", "shufflenet_v1", "shufflenet_v2_x0_5", "skipnet38"),
    *("ghostnet_100", "lcnet_050", "mixnet_s", "mobilenetv4_conv_small", "mobileone_s0"),
    *("proxylessnas_mobile", "repvgg_a0", "squeezenet1_1", "tinynet_e", "xception"),
]


@pytest.mark.parametrize("dtype", ["float32", "int8"])
@pytest.mark.parametrize("name", RUN)
def test_litert_computes_the_outputs_that_a_report_prints(name, dtype, tmp_path):
    path = tmp_path / "net.tflite"
    with path.open("wb") as file:
        file.writelines(tflite.write(shipped(name), "random", dtype=dtype))
    channels, *sides = costcalc.report(name).data()["layers"][-1]["output"]
    assert outputs(path) == [[dtype, 1, *sides, channels]]


@pytest.mark.parametrize("dtype", ["float32", "int8"])
@pytest.mark.parametrize("name", ["autoencoder_ad", "ds_cnn", "mobilenet_v1_vww"])
def test_addresses_of_the_arena_on_phones(name, dtype, tmp_path):
    """Tensors alone: kernels have hidden ones, which move the outputs of their own steps."""
    path = tmp_path / "net.tflite"
    path.write_bytes(b"".join(tflite.write(shipped(name), dtype=dtype)))
    found = addresses(path)
    rows = costcalc.memory(path, planner="tflite-mobile").data()["tensors"]
    planned = [row for row in rows if row["name"] in found]  # scratch is tflite-micro's
    start = min(found[tensor["name"]] for tensor in planned)
    moved = [row["name"] for row in planned if found[row["name"]] - start != row["offset"]]
    assert len(planned) > 10
    assert {*moved} <= HIDDEN, moved


HIDDEN = {"conv1", "global_avg_pool1"}
"""Steps whose kernels have hidden tensors: columns of a 3 x 3 convolution, sums of a mean."""


ENDS = ("no output depends on the network's input", "has no int8 form")


@pytest.mark.parametrize("dtype", ["float32", "int8"])
def test_the_arena_of_each_kind(dtype, tmp_path):
    files = {}
    for name, (kind, _) in forms().items():
        if (kind.becomes or kind.name) not in tflite.KINDS or name in UNWRITABLE:
            continue
        spec, path = tmp_path / "net.yaml", tmp_path / f"{len(files)}_{kind.name}.tflite"
        spec.write_text(specs()[name], encoding="utf-8")
        try:
            path.write_bytes(b"".join(tflite.write(opened(str(spec)).graph(), dtype=dtype)))
            files[path] = kind.name, planned(path)
        except SpecError as error:
            assert any(end in str(error) for end in ENDS), error
    said = heads(list(files))
    for path, (kind, arena) in files.items():
        if kind in NOT_MICRO:
            assert "Didn't find op" in str(said[path]), kind
        else:
            assert said[path] == arena, kind


REFUSED = {
    "BROADCAST_TO": "its first version was never released",
    "ARG_MAX": "the type of its output is an option that costcalc does not need",
}
"""Operators that LiteRT does not run as the sample has them, and why."""


PACKAGED = packaged("pymicro_wakeword") + packaged("tflite_micro")


@pytest.mark.parametrize("path", PACKAGED + FILES, ids=lambda path: path.name)
def test_files_that_others_wrote(path):
    (head,) = heads([path]).values()
    if isinstance(head, int):
        assert planned(path) == head
    found = shapes(path)
    has_verdict = isinstance(head, int) or isinstance(found, dict)
    assert has_verdict or "unresolved custom op" in found, f"{head}\n{found}"
    if isinstance(found, dict):
        expected = stated(path)
        assert [found[index] for index in range(len(expected))] == expected
