"""Files of both of PyTorch's exporters, compared with the modules they were exported from.

The files and their figures are written by ``tools/judges/export_onnx.py``:
``macs`` are FlopCounterMode's, ``params`` the module's, and ``learned`` the
floating-point numbers of the file, as the onnx package reads it.
"""

import json
from pathlib import Path

import pytest

from costcalc import opening
from tests.importers.onnx.counted import kinds, macs, params

DATA = Path(__file__).parents[2] / "data" / "onnx"
FILES = sorted(path.name.removesuffix(".onnx") for path in DATA.glob("*.onnx"))


def opened(file, **settings):
    return opening.opened(str(DATA / f"{file}.onnx"), settings).graph()


def expected_figures(file):
    network, _, rest = file.partition(".")
    return json.loads((DATA / f"{network}.json").read_text()), rest


@pytest.mark.parametrize("file", FILES)
def test_a_file_costs_what_its_module_does(file):
    graph, (module, kind) = opened(file), expected_figures(file)
    assert macs(graph) == module["macs"]
    assert params(graph) == module["files"][kind]["learned"]
    assert graph.input == tuple(module["input"])
    assert graph.layers[-1].output == tuple(module["output"])


@pytest.mark.parametrize("file", [file for file in FILES if file.endswith("kept")])
def test_files_with_unfolded_norms_have_the_params_of_the_module(file):
    module, _ = expected_figures(file)
    # The older exporter merges 8 equal layer scales into one tensor; the single number
    # 'gain' has no name that tells it from a constant.
    merged = {
        "small_convnext.legacy.kept": 8,
        "operators.legacy.kept": 1,
        "operators.dynamo.kept": 1,
    }
    assert params(opened(file)) == module["params"] - merged.get(file, 0)


def test_published_figures():
    # torchvision's mobilenet_v2: 300,774,272; conv + fc of tool-independent counts.
    assert macs(opened("mobilenet_v2.legacy.folded")) == 300_774_272
    # It would be 27,507,520 without the 39 convolutions after a chunk, which need shape arithmetic.
    assert macs(opened("shufflenet_v2.legacy.folded")) == 40_476_448
    assert macs(opened("resnet18.dynamo.folded")) == 1_814_073_344
    # 11,689,512 params and, 2 for each of 4,800 channels, 9,600 statistics: 11,699,112 numbers.
    kept = opened("resnet18.legacy.kept")
    assert params(kept) == 11_689_512
    assert (
        sum(
            layer.operation.events(layer.input_shapes, layer.output).buffers
            for layer in kept.layers
        )
        == 9_600
    )
    # Folded, a norm's 2 params for each channel become one bias: 11,689,512 - 4,800.
    assert params(opened("resnet18.legacy.folded")) == 11_684_712


def test_layers_have_the_names_and_classes_of_modules():
    graph = opened("small_mobilenet.dynamo.kept")
    names = [layer.name for layer in graph.layers]
    assert "features/0/0" in names
    assert "features/1/block/1/fc1" in names
    assert graph.blocks["features/1"] == "InvertedResidual"
    assert graph.blocks["features/1/block/1"] == "SqueezeExcitation"
    legacy = [layer.name for layer in opened("small_mobilenet.legacy.kept").layers]
    assert {"features/0/0", "features/1/block/1/fc1"} <= {*legacy}


@pytest.mark.parametrize("exporter", ["legacy", "dynamo"])
def test_decomposed_layers_are_recognised(exporter):
    shuffles = kinds(
        opened(f"small_shufflenet.{'legacy.kept' if exporter == 'legacy' else 'dynamo.folded'}")
    )
    assert shuffles.count("channel_shuffle") == 4  # one for each unit: 1 + 2 + 1
    convnext = kinds(opened(f"small_convnext.{exporter}.kept"))
    # Stem, 3 blocks, 1 downsampling and the head; 3 blocks with two matrices, and the head.
    assert (convnext.count("layer_norm"), convnext.count("gelu"), convnext.count("fc")) == (6, 3, 7)
    operators = kinds(opened(f"operators.{exporter}.folded"))
    assert {"group_norm", "instance_norm", "mish", "prelu", "gelu_tanh"} <= {*operators}


def test_a_file_is_read_again_at_another_resolution():
    graph = opened("mobilenet_v2.legacy.folded", res=(160, 96))
    assert graph.input == (3, 160, 96)
    # 300,774,272 - 1,280,000 at 7 x 7 last positions; 5 x 3 of them here, and the classifier.
    assert macs(graph) == (300_774_272 - 1_280_000) * 15 // 49 + 1_280_000
    assert params(graph) == params(opened("mobilenet_v2.legacy.folded"))


def test_a_layer_that_runs_three_times_counts_its_params_once():
    cells = [layer for layer in opened("operators.legacy.folded").layers if "cell" in layer.name]
    assert [layer.shares is None for layer in cells] == [True, False, False]
