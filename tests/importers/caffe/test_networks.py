"""Whole networks as prototxt, held to the shipped specs; pieces, to arithmetic.

The files of tests/data/caffe are written for these tests by Caffe's published format.
"""

from pathlib import Path

import pytest

import costcalc
from costcalc import opening
from costcalc.exporters.prototxt import write as exported
from tests.importers.caffe.written import graph, layer, network, totals, written

DATA = Path(__file__).parents[2] / "data" / "caffe"
SPECS = {
    "alexnet": "alexnet",
    "mobilenet_v1": "mobilenet_v1",
    "squeezenet": "squeezenet@conv10_padding=1",  # the released model's
}


@pytest.mark.parametrize("convention", ["paper", "torch", "keras"])
@pytest.mark.parametrize("name", SPECS)
def test_totals_are_those_of_the_spec(name, convention):
    file = costcalc.report(str(DATA / f"{name}.prototxt"), convention=convention)
    assert file.totals == costcalc.report(SPECS[name], convention=convention).totals


def test_totals_at_other_resolutions():
    rows = costcalc.sweep(str(DATA / "mobilenet_v1.prototxt"), res=[128, 160, 192]).rows()
    same = costcalc.sweep("mobilenet_v1", res=[128, 160, 192]).rows()
    assert [row.mult_adds for row in rows] == [row.mult_adds for row in same]


def test_compared_with_the_spec_the_ratio_is_one():
    file = str(DATA / "alexnet.prototxt")
    comparison = costcalc.compare("alexnet", file)
    assert len({entry.report.totals for entry in comparison.entries}) == 1


def conv(bottom, top, out, kernel=1, **fields):
    more = " ".join(f"{name}: {value}" for name, value in fields.items())
    param = f"convolution_param {{ num_output: {out} kernel_size: {kernel} {more} }}"
    return layer("Convolution", bottom, top, param)


def test_an_inception_module(tmp_path):
    # GoogLeNet's 3a (arXiv 1409.4842, Table 1): 64, 96 -> 128, 16 -> 32, 32 at 28 x 28.
    found = graph(
        tmp_path,
        network(
            (192, 28, 28),
            conv("data", "a/1x1", 64),
            conv("data", "a/3x3_reduce", 96),
            conv("a/3x3_reduce", "a/3x3", 128, 3, pad=1),
            conv("data", "a/5x5_reduce", 16),
            conv("a/5x5_reduce", "a/5x5", 32, 5, pad=2),
            layer("Pooling", "data", "a/pool", "pooling_param { kernel_size: 3 stride: 1 pad: 1 }"),
            conv("a/pool", "a/pool_proj", 32),
            layer("Concat", "a/1x1 a/3x3 a/5x5 a/pool_proj", "a/output"),
        ),
    )
    assert found.layers[-1].output == (256, 28, 28)
    weights = 192 * (64 + 96 + 16 + 32) + 9 * 96 * 128 + 25 * 16 * 32
    biases = 64 + 96 + 128 + 16 + 32 + 32
    assert totals(found) == (weights + biases, weights * 28 * 28)


def norm(blob):
    return layer("BatchNorm", blob, blob, name=f"{blob}/bn") + layer(
        "Scale", blob, blob, "scale_param { bias_term: true }", name=f"{blob}/scale"
    )


def test_a_bottleneck_of_mobilenet_v2(tmp_path):
    # arXiv 1801.04381, Table 1: 24 channels, t = 6, stride 1, with its shortcut.
    found = graph(
        tmp_path,
        network(
            (24, 56, 56),
            conv("data", "expand", 144, bias_term="false"),
            norm("expand"),
            layer("ReLU6", "expand", "expand", name="expand/relu"),
            layer(
                "DepthwiseConvolution",
                "expand",
                "dw",
                "convolution_param { num_output: 144 kernel_size: 3 pad: 1 group: 144 "
                "bias_term: false }",
            ),
            norm("dw"),
            layer("ReLU6", "dw", "dw", name="dw/relu"),
            conv("dw", "linear", 24, bias_term="false"),
            norm("linear"),
            layer("Eltwise", "data linear", "sum", "eltwise_param { operation: SUM }"),
        ),
    )
    weights = 24 * 144 + 9 * 144 + 144 * 24
    assert totals(found) == (weights + 2 * (144 + 144 + 24), weights * 56 * 56)
    assert [each.kind.name for each in found.layers].count("batch_norm") == 3


def test_squeeze_and_excitation(tmp_path):
    # arXiv 1709.01507, figure 3, r = 16: as its released prototxt has it, with Axpy.
    found = graph(
        tmp_path,
        network(
            (256, 14, 14),
            conv("data", "x", 256),
            layer("Pooling", "x", "squeeze", "pooling_param { pool: AVE global_pooling: true }"),
            conv("squeeze", "down", 16),
            layer("ReLU", "down", "down", name="relu"),
            conv("down", "up", 256),
            layer("Sigmoid", "up", "prob"),
            layer("Axpy", "prob x data", "out"),
        ),
    )
    assert found.layers[-1].output == (256, 14, 14)
    assert [each.kind.name for each in found.layers][-2:] == ["multiply", "add"]
    assert totals(found) == (
        (256 * 256 + 256) + (256 * 16 + 16) + (16 * 256 + 256),
        256 * 256 * 14 * 14 + 2 * 256 * 16,
    )


def test_a_shuffle_unit(tmp_path):
    # arXiv 1707.01083, figure 2(c), g = 3: 24 -> 240, of which the shortcut gives 24.
    found = graph(
        tmp_path,
        network(
            (24, 56, 56),
            layer(
                "Pooling", "data", "pool", "pooling_param { pool: AVE kernel_size: 3 stride: 2 }"
            ),
            conv("data", "reduce", 60, group=1, bias_term="false"),
            norm("reduce"),
            layer("ShuffleChannel", "reduce", "shuffle", "shuffle_channel_param { group: 3 }"),
            layer(
                "ConvolutionDepthwise",
                "shuffle",
                "dw",
                "convolution_param { num_output: 60 kernel_size: 3 pad: 1 stride: 2 "
                "bias_term: false }",
            ),
            norm("dw"),
            conv("dw", "restore", 216, group=3, bias_term="false"),
            norm("restore"),
            layer("Concat", "pool restore", "out"),
        ),
    )
    # Caffe's pooling rounds up: 56 -> 28 without padding, as the padded convolution.
    assert found.layers[-1].output == (240, 28, 28)
    weights = (24 * 60, 9 * 60, 60 * 216 // 3)
    assert totals(found) == (
        sum(weights) + 2 * (60 + 60 + 216),
        weights[0] * 56 * 56 + (weights[1] + weights[2]) * 28 * 28,
    )


@pytest.mark.parametrize(
    "name", ["googlenet", "resnet50", "densenet121", "mobilenet_v2", "vgg16", "inception_v3"]
)
def test_costcalc_reads_what_it_writes_for_caffe(tmp_path, name):
    graph = opening.opened(name).graph()
    path = written(tmp_path, exported(graph))
    for convention in ("paper", "torch", "keras"):
        given = costcalc.report(name, convention=convention, **graph.parameters).totals
        assert costcalc.report(path, convention=convention).totals == given
