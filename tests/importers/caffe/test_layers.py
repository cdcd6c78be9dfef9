"""Single layers of Caffe: shapes, params and multiply-accumulates."""

import pytest

from costcalc.errors import SpecError
from costcalc.importers.caffe.layers import MEASURES, TABLE
from costcalc.importers.caffe.layers.unread import REASONS
from costcalc.importers.caffe.sizes import DATA
from tests.importers.caffe.written import events, graph, layer, network, totals

MAP = (4, 9, 12)


def pool(*fields):
    return layer("Pooling", "data", "x", f"pooling_param {{ {' '.join(fields)} }}")


def conv(*fields, kind="Convolution"):
    return layer(kind, "data", "x", f"convolution_param {{ {' '.join(fields)} }}")


@pytest.mark.parametrize(
    ("made", "output", "learned", "macs"),
    [
        # 3*3*4*8 + 8, at 7 x 10 places
        (conv("num_output: 8 kernel_size: 3"), (8, 7, 10), 296, 288 * 70),
        (conv("num_output: 8 kernel_size: 3 pad: 1 bias_term: false"), (8, 9, 12), 288, 288 * 108),
        (
            conv("num_output: 8 kernel_h: 1 kernel_w: 3 pad_h: 0 pad_w: 1"),
            (8, 9, 12),
            104,
            96 * 108,
        ),
        (
            conv("num_output: 8 kernel_size: 1 kernel_size: 3 pad: 0 pad: 1"),
            (8, 9, 12),
            104,
            96 * 108,
        ),
        # convolutions round down: (9 - 2) / 2 + 1 = 4
        (conv("num_output: 8 kernel_size: 2 stride: 2"), (8, 4, 6), 136, 128 * 24),
        (conv("num_output: 8 kernel_size: 3 dilation: 2"), (8, 5, 8), 296, 288 * 40),
        (conv("num_output: 8 kernel_size: 3 group: 2"), (8, 7, 10), 152, 144 * 70),
        (conv("num_output: 8 kernel_size: 3 group: 4"), (8, 7, 10), 80, 72 * 70),
        (
            conv("num_output: 4 kernel_size: 3", kind="DepthwiseConvolution"),
            (4, 7, 10),
            40,
            36 * 70,
        ),
        # 2 * (9 - 1) + 4 - 2 = 18; every weight at 9 x 12 places
        (
            conv("num_output: 2 kernel_size: 4 stride: 2 pad: 1", kind="Deconvolution"),
            (2, 18, 24),
            130,
            128 * 108,
        ),
        (
            layer("InnerProduct", "data", "x", "inner_product_param { num_output: 5 }"),
            (5,),
            432 * 5 + 5,
            2160,
        ),
        # one matrix over the columns of every channel and row
        (
            layer("InnerProduct", "data", "x", "inner_product_param { num_output: 5 axis: 3 }"),
            (4, 9, 5),
            12 * 5 + 5,
            60 * 36,
        ),
        # pools round up: ceil((9 - 2) / 2) + 1 = 5
        (pool("kernel_size: 2 stride: 2"), (4, 5, 6), 0, 0),
        (pool("kernel_size: 2 stride: 2 round_mode: FLOOR"), (4, 4, 6), 0, 0),
        (pool("kernel_size: 2 stride: 2 ceil_mode: false"), (4, 4, 6), 0, 0),
        (pool("kernel_size: 3 pool: AVE"), (4, 7, 10), 0, 0),
        # ceil((9 + 2 - 2) / 2) + 1 = 6, whose last window would begin at the padding: 5
        (pool("kernel_size: 2 stride: 2 pad: 1"), (4, 5, 7), 0, 0),
        (pool("global_pooling: true pool: AVE"), (4, 1, 1), 0, 0),
        (layer("LRN", "data", "x"), MAP, 0, 0),
        (layer("PReLU", "data", "x"), MAP, 4, 0),
        (layer("PReLU", "data", "x", "prelu_param { channel_shared: true }"), MAP, 1, 0),
        (layer("Scale", "data", "x"), MAP, 4, 0),
        (layer("Scale", "data", "x", "scale_param { bias_term: true }"), MAP, 8, 0),
        (layer("Scale", "data", "x", "scale_param { axis: 2 num_axes: 2 }"), MAP, 108, 0),
        (layer("Bias", "data", "x"), MAP, 4, 0),
        (layer("BatchNorm", "data", "x"), MAP, 0, 0),
        (layer("BN", "data", "x"), MAP, 8, 0),
        (layer("Flatten", "data", "x"), (432,), 0, 0),
        (layer("Flatten", "data", "x", "flatten_param { axis: 2 }"), (4, 108), 0, 0),
        (
            layer("Reshape", "data", "x", "reshape_param { shape { dim: 0 dim: 0 dim: -1 } }"),
            (4, 108),
            0,
            0,
        ),
        (
            layer("Permute", "data", "x", "permute_param { order: [0, 2, 3, 1] }"),
            (9, 12, 4),
            0,
            0,
        ),
        (layer("Upsample", "data", "x", "upsample_param { scale: 2 }"), (4, 18, 24), 0, 0),
        # between the corners: 9 + 8 * (2 - 1)
        (layer("Interp", "data", "x", "interp_param { zoom_factor: 2 }"), (4, 17, 23), 0, 0),
        (layer("Interp", "data", "x", "interp_param { height: 5 width: 7 }"), (4, 5, 7), 0, 0),
        (layer("ArgMax", "data", "x", "argmax_param { axis: 1 }"), (1, 9, 12), 0, 0),
        (layer("Tile", "data", "x", "tile_param { axis: 2 tiles: 3 }"), (4, 27, 12), 0, 0),
        (layer("Reduction", "data", "x", "reduction_param { axis: 2 }"), (4,), 0, 0),
        (layer("Reduction", "data", "x", "reduction_param { axis: -1 }"), (4, 9), 0, 0),
        # A blob for the batch of one image, and one that says nothing of a batch.
        (
            layer("Parameter", "", "x", "parameter_param { shape { dim: 1 dim: 5 dim: 2 } }"),
            (5, 2),
            10,
            0,
        ),
        (layer("Parameter", "", "x", "parameter_param { shape { dim: 6 } }"), (6,), 6, 0),
    ],
)
def test_a_layer(tmp_path, made, output, learned, macs):
    found = graph(tmp_path, network(MAP, made))
    assert found.layers[-1].output == output
    assert totals(found) == (learned, macs)


@pytest.mark.parametrize(
    ("made", "kinds"),
    [
        (layer("ReLU", "data", "x"), ["relu"]),
        (layer("ReLU", "data", "x", "relu_param { negative_slope: 0.1 }"), ["leaky_relu"]),
        (layer("TanH", "data", "x"), ["tanh"]),
        (layer("ELU", "data", "x"), ["elu"]),
        (layer("HSwish", "data", "x"), ["h_swish"]),
        (layer("Power", "data", "x", "power_param { power: 2 }"), ["square"]),
        (layer("Power", "data", "x", "power_param { scale: 2 shift: 1 }"), ["scale", "shift"]),
        (layer("Power", "data", "x"), ["identity"]),
        (layer("Dropout", "data", "x"), ["dropout"]),
        (layer("Split", "data", "a b") + layer("Eltwise", "a b", "x"), ["add"]),
        (layer("Eltwise", "data data", "x", "eltwise_param { operation: PROD }"), ["multiply"]),
        (layer("Eltwise", "data data", "x", "eltwise_param { operation: 2 }"), ["maximum"]),
        (
            layer("Eltwise", "data data", "x", "eltwise_param { coeff: 1 coeff: -1 }"),
            ["subtract"],
        ),
        (
            layer("Eltwise", "data data", "x", "eltwise_param { coeff: 1 coeff: 0.5 }"),
            ["scale", "add"],
        ),
        (layer("SoftmaxWithLoss", "data label", "x"), ["softmax"]),
        (layer("MVN", "data", "x"), ["instance_norm"]),
        (layer("MVN", "data", "x", "mvn_param { across_channels: true }"), ["layer_norm"]),
        (
            layer("MVN", "data", "x", "mvn_param { normalize_variance: false }"),
            ["mean", "subtract"],
        ),
        (
            layer("MVN", "data", "x")
            + layer("Scale", "x", "x", "scale_param { bias_term: true }", name="scale"),
            ["instance_norm"],
        ),
        (layer("Reduction", "data", "x", "reduction_param { axis: 2 }"), ["sum"]),
        (
            layer("Reduction", "data", "x", "reduction_param { operation: MEAN axis: -1 }"),
            ["mean"],
        ),
        (
            layer("Reduction", "data", "x", "reduction_param { operation: 2 axis: 1 coeff: 3 }"),
            ["abs", "sum", "scale"],
        ),
        (
            layer("Reduction", "data", "x", "reduction_param { operation: SUMSQ axis: 1 }"),
            ["square", "sum"],
        ),
        (layer("Silence", "data", ""), []),
        (
            layer("Threshold", "data", "x", "threshold_param { threshold: 0.5 }"),
            ["constant", "compare"],
        ),
        (
            layer("BatchNorm", "data", "x") + layer("Scale", "x", "x", name="scale"),
            ["batch_norm"],
        ),
    ],
)
def test_the_kinds_of_a_layer(tmp_path, made, kinds):
    relu = layer("ReLU", "data", "first")
    found = graph(tmp_path, network(MAP, relu, made))
    assert [each.kind.name for each in found.layers] == ["relu", *kinds]


def test_a_reduction_covers_an_axis_and_all_after_it(tmp_path):
    reduced = layer("Reduction", "data", "x", "reduction_param { operation: MEAN axis: 2 }")
    (mean,) = graph(tmp_path, network(MAP, reduced)).layers
    assert mean.output == (4,)
    with pytest.raises(SpecError, match="axis 0 is the batch"):
        graph(tmp_path, network(MAP, layer("Reduction", "data", "x")))


def test_a_parameter_is_of_one_image(tmp_path):
    shape = "parameter_param { shape { dim: 1 dim: 4 dim: 9 dim: 12 } }"
    found = graph(
        tmp_path,
        network(MAP, layer("Parameter", "", "w", shape), layer("Eltwise", "data w", "x")),
    )
    assert [each.output for each in found.layers] == [MAP, MAP]
    assert totals(found) == (432, 0)  # 4 * 9 * 12


def test_a_norm_and_a_scale_right_after_it_are_one_layer(tmp_path):
    norm = layer("BatchNorm", "data", "x", name="norm")
    both = "scale_param { bias_term: true }"
    for scale, learned in ((layer("Scale", "x", "x"), 4), (layer("Scale", "x", "x", both), 8)):
        found = graph(tmp_path, network(MAP, norm, scale))
        assert [each.name for each in found.layers] == ["norm"]
        assert totals(found) == (learned, 0)
        assert events(found)["norm"].buffers == 8
    beta = layer("Bias", "x", "x", name="beta")
    for behind, learned in ((beta, 4), (layer("Scale", "x", "x", name="gamma") + beta, 8)):
        found = graph(tmp_path, network(MAP, norm, behind))
        assert [each.name for each in found.layers] == ["norm"]
        assert totals(found) == (learned, 0)
    # a norm that has its own gamma and beta takes no others
    own = layer("BN", "data", "x", name="norm")
    assert totals(graph(tmp_path, network(MAP, own, layer("Scale", "x", "x", both)))) == (16, 0)
    assert totals(graph(tmp_path, network(MAP, own, beta))) == (12, 0)
    # nor does one above that the layer does not read
    beside = graph(tmp_path, network(MAP, norm, layer("Scale", "data", "y", both)))
    assert [each.kind.name for each in beside.layers].count("multiply") == 1
    between = layer("ReLU", "x", "x", name="relu")
    found = graph(tmp_path, network(MAP, norm, between, layer("Scale", "x", "x", both)))
    assert totals(found) == (8, 0)
    assert len(found.layers) > 3


def test_a_convolution_of_one_channel_is_not_depthwise(tmp_path):
    text = network((1, 9, 12), conv("num_output: 8 kernel_size: 3"))
    alone = graph(tmp_path, text, alpha=2)
    assert alone.layers[0].output[0] == 16  # a width of its own, which the multiplier scales


def test_slices_at_points_and_in_equal_parts(tmp_path):
    points = layer("Slice", "data", "a b", "slice_param { slice_point: 1 }")
    found = graph(tmp_path, network(MAP, points, layer("ReLU", "b", "x")))
    assert [each.output[0] for each in found.layers] == [1, 3, 3]
    equal = layer("Slice", "data", "a b c", "slice_param { axis: 2 }")
    found = graph(tmp_path, network(MAP, equal, layer("Concat", "c a", "x")))
    assert [each.output for each in found.layers] == [(4, 3, 12)] * 3 + [(8, 3, 12)]
    assert found.layers[-1].inputs == (2, 0)


def test_a_crop_has_the_size_of_another_blob(tmp_path):
    found = graph(
        tmp_path,
        network(
            MAP,
            conv("num_output: 2 kernel_size: 3"),
            layer("Crop", "data x", "y", "crop_param { axis: 2 offset: 1 }"),
        ),
    )
    assert found.layers[-1].output == (4, 7, 10)


def test_a_scale_by_another_blob(tmp_path):
    found = graph(
        tmp_path,
        network(
            MAP,
            layer("Pooling", "data", "p", "pooling_param { global_pooling: true }"),
            layer("Flatten", "p", "f"),
            layer("Scale", "data f", "x", "scale_param { axis: 0 }"),
        ),
    )
    assert [each.kind.name for each in found.layers][-2:] == ["reshape", "multiply"]
    assert found.layers[-1].output == MAP


def test_params_of_one_name_count_once(tmp_path):
    both = 'param { name: "w" } param { name: "b" }'
    conv = "convolution_param { num_output: 4 kernel_size: 3 pad: 1 }"
    found = graph(
        tmp_path,
        network(
            MAP,
            layer("Convolution", "data", "a", both, conv),
            layer("Convolution", "a", "b", both, conv),
            layer("Convolution", "b", "c", 'param { name: "w" } param { name: "own" }', conv),
        ),
    )
    assert found.layers[1].shares == 0
    learned, macs = totals(found)
    assert macs == 3 * 144 * 108
    borrowed = sum(found.layers[2].borrows.values())
    assert learned - borrowed == (144 + 4) + 4  # and the third one's biases


def test_names_of_params_in_the_older_format(tmp_path):
    def conv(bottom, top):
        return (
            f'layers {{ name: "{top}" type: CONVOLUTION bottom: "{bottom}" top: "{top}" '
            'param: "w" param: "b" blobs_lr: 1 blobs_lr: 2 '
            "convolution_param { num_output: 4 kernel_size: 3 pad: 1 } }\n"
        )

    found = graph(tmp_path, network(MAP, conv("data", "a"), conv("a", "b")))
    assert [each.shares for each in found.layers] == [None, 0]
    assert totals(found) == (144 + 4, 2 * 144 * 108)


def test_the_test_phase_at_level_0_without_stages(tmp_path):
    text = network(
        MAP,
        layer("ReLU", "data", "x", "include { phase: TRAIN }", name="train"),
        layer("ReLU", "data", "x", "include { phase: TEST }", name="test"),
        layer("ReLU", "data", "x", "exclude { phase: TEST }", name="excluded"),
        layer("ReLU", "data", "x", 'include { stage: "deploy" }', name="staged"),
        layer("ReLU", "data", "x", "include { min_level: 1 }", name="level"),
        layer("ReLU", "data", "x", "include { max_level: -1 }", name="below"),
        layer("ReLU", "data", "x", 'exclude { phase: TEST stage: "deploy" }', name="kept"),
    )
    assert [each.name for each in graph(tmp_path, text).layers] == ["test", "kept"]


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ('input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 9', (3, 8, 9)),
        ('input: "data" input_shape { dim: [1, 3, 8, 9] }', (3, 8, 9)),
        (
            'layer { name: "d" type: "Input" top: "data" '
            "input_param { shape: { dim: 1 dim: 3 dim: 8 dim: 9 } } }",
            (3, 8, 9),
        ),
        (
            'layer { name: "d" type: "ImageData" top: "data" top: "label" '
            "transform_param { crop_size: 8 } }",
            (3, 8, 8),
        ),
        (
            'layers { name: "d" type: DATA top: "data" top: "label" '
            'data_param { source: "x" crop_size: 8 } include: { phase: TEST } }',
            (3, 8, 8),
        ),
        (
            'layer { name: "d" type: "Data" top: "data" '
            "transform_param { crop_size: 8 force_gray: true } }",
            (1, 8, 8),
        ),
    ],
)
def test_where_the_input_is_stated(tmp_path, text, shape):
    text = f"{text}\n{layer('ReLU', 'data', 'x')}"
    assert graph(tmp_path, text).input == shape
    assert graph(tmp_path, text, res=16).input == (shape[0], 16, 16)


def test_the_callers_input(tmp_path):
    text = 'input: "data"' + layer("ReLU", "data", "x")
    assert graph(tmp_path, text, input=(3, 8, 9)).input == (3, 8, 9)
    with pytest.raises(SpecError, match="the file does not state the shape of 'data'"):
        graph(tmp_path, text)
    with pytest.raises(SpecError, match="does not take an input of 5x8x9"):
        graph(tmp_path, network(MAP, layer("ReLU", "data", "x")), input=(5, 8, 9))


def test_several_inputs(tmp_path):
    text = (
        'input: "data" input_shape { dim: [1, 3, 8, 9] } '
        'input: "mask" input_shape { dim: [1, 3, 8, 9] }\n'
    )
    found = graph(tmp_path, text + layer("Eltwise", "data mask", "x"))
    assert [each.kind.name for each in found.layers] == ["input", "add"]


def test_norms_share_params_that_their_scales_name_the_same(tmp_path):
    names = 'param { name: "gamma" } param { name: "beta" } scale_param { bias_term: true }'
    pairs = [
        layer("BatchNorm", source, f"n{at}", name=f"norm{at}")
        + layer("Scale", f"n{at}", f"n{at}", names, name=f"scale{at}")
        for at, source in enumerate(("data", "n0"))
    ]
    found = graph(tmp_path, network(MAP, *pairs))
    assert [each.kind.name for each in found.layers] == ["batch_norm", "batch_norm"]
    assert totals(found) == (8, 0)  # 4 channels, gamma and beta, once


def test_a_response_norm_within_each_channel(tmp_path):
    """``x (1 + alpha mean(x^2)) ^ -beta`` over 3 x 3 places, as py-faster-rcnn's ZF has it."""
    param = "lrn_param { local_size: 3 norm_region: WITHIN_CHANNEL }"
    found = graph(tmp_path, network((4, 6, 5), layer("LRN", "data", "x", param)))
    kinds = [each.kind.name for each in found.layers]
    assert kinds == ["square", "avg_pool", "scale", "shift", "constant", "power", "multiply"]
    assert found.layers[-1].output == (4, 6, 5)
    with pytest.raises(SpecError, match="'local_size' is not valid"):
        graph(
            tmp_path, network((4, 6, 5), layer("LRN", "data", "x", "lrn_param { local_size: 4 }"))
        )


def test_a_pyramid_of_pools(tmp_path):
    """1 + 4 + 16 places of each of 4 channels."""
    spp = layer("SPP", "data", "x", "spp_param { pyramid_height: 3 }")
    found = graph(tmp_path, network((4, 9, 12), spp))
    pools = [each for each in found.layers if each.kind.name == "max_pool"]
    assert [each.output for each in pools] == [(4, 1, 1), (4, 2, 2), (4, 4, 4)]
    assert found.layers[-1].output == (4 * 21,)
    tall = layer("SPP", "data", "x", "spp_param { pyramid_height: 5 }")
    with pytest.raises(SpecError, match="its 5 levels do not fit"):
        graph(tmp_path, network((4, 9, 12), tall))


STOCK = """
    AbsVal Accuracy ArgMax BatchNorm BatchReindex Bias BNLL Clip Concat ContrastiveLoss Convolution
    Crop Data Deconvolution Dropout DummyData Eltwise ELU Embed EuclideanLoss Exp Filter Flatten
    HDF5Data HDF5Output HingeLoss Im2col ImageData InfogainLoss InnerProduct Input Log LRN LSTM
    MemoryData MultinomialLogisticLoss MVN Parameter Pooling Power PReLU Python Recurrent Reduction
    ReLU Reshape RNN Scale Sigmoid SigmoidCrossEntropyLoss Silence Slice Softmax SoftmaxWithLoss
    Split SPP Swish TanH Threshold Tile WindowData
"""
"""The layers of Caffe 1.0: https://caffe.berkeleyvision.org/tutorial/layers.html"""


@pytest.mark.parametrize("kind", STOCK.split())
def test_every_layer_of_caffe_is_read_or_has_a_reason(kind):
    known = {*TABLE, *MEASURES, *DATA, "Input"}
    assert (kind in known) != (kind in REASONS)


def test_blocks_of_places_become_channels(tmp_path):
    reorg = layer("Reorg", "data", "x", "reorg_param { stride: 2 }")
    found = graph(tmp_path, network((6, 26, 28), reorg))
    assert found.layers[-1].output == (24, 13, 14)


def test_the_reason_is_said(tmp_path):
    unread = layer("Filter", "data", "x")
    with pytest.raises(SpecError, match="which images it keeps depends on their values"):
        graph(tmp_path, network(MAP, unread))
