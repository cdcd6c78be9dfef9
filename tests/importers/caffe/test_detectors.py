"""Detectors in Caffe's format: priors, proposals and pools of boxes."""

from itertools import pairwise
from math import prod

import pytest

import costcalc
from costcalc.errors import SpecError
from tests.importers.caffe.detectors import PYTHON, SOURCES, VGG, conv, faster_rcnn, ssd300
from tests.importers.caffe.written import events, graph, layer, network, totals, written

SIDES = (38, 19, 10, 5, 3, 1)
"""Of SSD300's maps."""

PRIORS = 8732
"""Liu et al., arXiv 1512.02325, section 2.2."""


def test_ssd300_has_the_counts_of_torchvision(tmp_path):
    """``ssd300_vgg16`` of 91 classes: 35641826 params, 34.858 billion mult-adds, as it states."""
    assert totals(graph(tmp_path, ssd300())) == (35_641_826, 34_858_153_472)
    report = costcalc.report(written(tmp_path, ssd300()))
    assert report.totals.mult_adds == 34_858_153_472
    assert report.uncounted == {}


def test_ssd300_has_as_many_priors_as_its_paper_says(tmp_path):
    assert (
        sum(side**2 * boxes for side, (boxes, _) in zip(SIDES, SOURCES.values(), strict=True))
        == PRIORS
    )
    found = graph(tmp_path, ssd300())
    shapes = {each.name: each.output for each in found.layers}
    assert shapes["mbox_priorbox"] == (2, 4 * PRIORS)
    assert shapes["mbox_loc"] == (4 * PRIORS,)
    assert shapes["mbox_conf_softmax"] == (PRIORS, 91)
    assert found.layers[-1].output == (1, 200, 7)


def test_the_boxes_of_each_class_are_suppressed(tmp_path):
    found = graph(tmp_path, ssd300(classes=21))
    kept = [each for each in found.layers if each.kind.name == "nms"]
    assert [each.input_shapes for each in kept] == [((400, 4), (400,))] * 20
    (best,) = [each for each in found.layers if each.name == "out/best"]
    assert (best.input_shapes, best.output) == (((20 * 400,),), (200,))
    (sizes,) = [each for each in found.layers if each.kind.name == "exp"]
    assert sizes.output == (PRIORS, 2)


WIDTHS = (3, *(width for stage in VGG for width in stage))
BODY = sum(9 * before * width + width for before, width in pairwise(WIDTHS))
"""VGG16's convolutions: 14,714,688 params (Simonyan and Zisserman, arXiv 1409.1556)."""

HEAD = (25088 * 4096, 4096 * 4096, 4096 * 21, 4096 * 84)
"""The matrices behind each box."""


@pytest.mark.parametrize(
    ("proposal", "boxes"),
    [
        (layer("Python", "prob2 bbox im_info", "rois", PYTHON), 300),
        (layer("Proposal", "prob2 bbox im_info", "rois"), 300),
        (
            layer("Proposal", "prob2 bbox im_info", "rois", "proposal_param { post_nms_topn: 50 }"),
            50,
        ),
        # no more than there are anchors: 14 x 14 places of nine
        (
            layer(
                "Proposal", "prob2 bbox im_info", "rois", "proposal_param { post_nms_topn: 9000 }"
            ),
            14 * 14 * 9,
        ),
    ],
)
def test_faster_rcnn(tmp_path, proposal, boxes):
    assert BODY == 14_714_688
    path = written(tmp_path, faster_rcnn(proposal))
    rpn = [(9 * 512 * 512, 512), (512 * 18, 18), (512 * 36, 36)]
    learned = BODY + sum(map(sum, rpn)) + sum(HEAD) + 4096 * 2 + 21 + 84
    assert totals(graph(tmp_path, faster_rcnn(proposal)))[0] == learned
    body = costcalc.report("vgg16").totals.mult_adds - sum((25088 * 4096, 4096**2, 4096 * 1000))
    macs = body + 14 * 14 * sum(weights for weights, _ in rpn) + boxes * sum(HEAD)
    report = costcalc.report(path)
    assert report.totals.mult_adds == macs
    shapes = {each.name: each.output for each in report.layers}
    assert shapes["pool5"] == (boxes, 512, 7, 7)
    assert shapes["cls_prob"] == (boxes, 21)
    assert shapes["bbox_pred"] == (boxes, 84)


def test_how_many_proposals_there_are_is_said_where_the_file_does_not(tmp_path):
    note = "The layer 'rois' (Python) keeps 300 boxes, as py-faster-rcnn does"
    assert note in str(costcalc.report(written(tmp_path, faster_rcnn())))
    stated = layer("Proposal", "prob2 bbox", "rois", "proposal_param { post_nms_topn: 300 }")
    assert "py-faster-rcnn" not in str(costcalc.report(written(tmp_path, faster_rcnn(stated))))


def test_another_layer_of_python_is_unknown(tmp_path):
    made = layer("Python", "data", "x", "python_param { module: 'mine' layer: 'Mine' }")
    with pytest.raises(SpecError, match="no layer kind for the Python layer 'Mine'"):
        graph(tmp_path, network((3, 8, 8), made))


ROIS = 'input: "rois"\ninput_shape { dim: 6 dim: 5 }\n'
POOLED = "roi_pooling_param { pooled_w: 3 pooled_h: 2 spatial_scale: 1 }"


DENSE, BIASED = "inner_product_param { num_output: 7 }", "scale_param { bias_term: true }"


def of_boxes(*layers):
    """Layers behind six boxes of a map of 4 channels, pooled to 2 x 3."""
    return network((4, 16, 16), ROIS, layer("ROIPooling", "data rois", "roi", POOLED), *layers)


@pytest.mark.parametrize(
    ("made", "output", "learned", "macs"),
    [
        (conv("roi", "x", 5, relu=False), (6, 5, 2, 3), 9 * 20 + 5, 6 * 6 * 180),
        (
            layer(
                "Convolution",
                "roi",
                "x",
                "convolution_param { num_output: 4 group: 4 kernel_size: 1 }",
            ),
            (6, 4, 2, 3),
            4 + 4,
            6 * 6 * 4,
        ),
        (layer("Pooling", "roi", "x", "pooling_param { kernel_size: 2 }"), (6, 4, 1, 2), 0, 0),
        (
            layer("Pooling", "roi", "x", "pooling_param { pool: AVE global_pooling: true }"),
            (6, 4, 1, 1),
            0,
            0,
        ),
        (layer("InnerProduct", "roi", "x", DENSE), (6, 7), 24 * 7 + 7, 6 * 168),
        (layer("BatchNorm", "roi", "bn") + layer("Scale", "bn", "x", BIASED), (6, 4, 2, 3), 8, 0),
        (layer("PReLU", "roi", "x"), (6, 4, 2, 3), 4, 0),
        (layer("Softmax", "roi", "x"), (6, 4, 2, 3), 0, 0),
        (layer("Concat", "roi roi", "x"), (6, 8, 2, 3), 0, 0),
        (layer("Eltwise", "roi roi", "x"), (6, 4, 2, 3), 0, 0),
        (layer("Flatten", "roi", "x"), (6, 24), 0, 0),
        (
            layer("Reshape", "roi", "x", "reshape_param { shape { dim: 0 dim: -1 dim: 3 } }"),
            (6, 8, 3),
            0,
            0,
        ),
    ],
)  # fmt: skip
def test_layers_behind_a_list_of_boxes(tmp_path, made, output, learned, macs):
    found = graph(tmp_path, of_boxes(made))
    assert found.layers[-1].output == output
    assert totals(found) == (learned, macs)


def test_channels_of_their_own_for_each_bin(tmp_path):
    param = "psroi_pooling_param { spatial_scale: 1 output_dim: 2 group_size: 3 }"
    made = layer("PSROIPooling", "data rois", "x", param)
    found = graph(tmp_path, network((18, 16, 16), ROIS, made))
    assert found.layers[-1].output == (6, 2, 3, 3)


def test_boxes_that_are_sampled(tmp_path):
    param = "roi_align_param { pooled_w: 3 pooled_h: 2 sampling_ratio: 2 }"
    found = graph(tmp_path, network((4, 16, 16), ROIS, layer("ROIAlign", "data rois", "x", param)))
    own = events(found)["x"]
    # four samples of four neighbours in each of 6 x 6 bins, of 4 channels
    assert own.multiplications == 6 * 4 * 6 * 4 * 4


@pytest.mark.parametrize("kind", ["MVN", "Interp", "Permute"])
def test_a_layer_that_is_read_of_single_maps_only(tmp_path, kind):
    with pytest.raises(SpecError, match="of a single map only"):
        graph(tmp_path, of_boxes(layer(kind, "roi", "x")))


def test_vectors_of_length_1(tmp_path):
    own = "norm_param { across_spatial: false channel_shared: false }"
    found = graph(tmp_path, network((4, 3, 2), layer("Normalize", "data", "x", own)))
    assert totals(found) == (4, 0)
    each = events(found)
    # at each of six places: four squares, added, a root, and four quotients
    assert sum(every.divisions for every in each.values()) == 24
    assert each["x/length"].additions == 6 * 3
    shared = graph(tmp_path, network((4, 3, 2), layer("Normalize", "data", "x")))
    assert totals(shared) == (1, 0)
    assert events(shared)["x/length"].additions == 23


@pytest.mark.parametrize(
    ("param", "boxes"),
    [
        ("min_size: 10", 1),
        ("min_size: 10 max_size: 20", 2),
        ("min_size: 10 aspect_ratio: 2", 3),
        ("min_size: 10 aspect_ratio: 2 flip: false", 2),
        ("min_size: 10 aspect_ratio: 1 aspect_ratio: 2 aspect_ratio: 0.5", 3),
        ("min_size: 10 min_size: 15 max_size: 20 max_size: 25 aspect_ratio: 3", 8),
    ],
)
def test_prior_boxes(tmp_path, param, boxes):
    made = layer("PriorBox", "small data", "priors", f"prior_box_param {{ {param} }}")
    text = network((3, 8, 8), conv("data", "small", 2, stride=2, relu=False), made)
    found = graph(tmp_path, text)
    assert found.layers[-1].output == (2, 4 * 4 * boxes * 4)


@pytest.mark.parametrize(
    ("kind", "bottoms", "param", "message"),
    [
        ("PriorBox", "data", "", "a min_size or more"),
        ("PriorBox", "data", "prior_box_param { min_size: 1 max_size: [2, 3] }", "its sizes"),
        ("PriorBox", "data", "prior_box_param { min_size: 1 aspect_ratio: 0 }", "'aspect_ratio'"),
        ("PriorBoxClustered", "data", "prior_box_param { width: 3 }", "its sizes"),
        ("DetectionOutput", "data data", "", "it reads 2 blobs"),
        (
            "DetectionOutput",
            "data data data",
            "detection_output_param { num_classes: 7 }",
            "its inputs do not fit",
        ),
        ("Proposal", "data data", "", "its inputs do not fit"),
        ("ROIPooling", "data data", "", "'pooled_h' is missing"),
        ("PSROIPooling", "data rois", "psroi_pooling_param { group_size: 3 }", "3 channels"),
    ],
)
def test_a_layer_that_is_wrong(tmp_path, kind, bottoms, param, message):
    with pytest.raises(SpecError, match=message):
        graph(tmp_path, network((3, 8, 8), ROIS, layer(kind, bottoms, "x", param)))


def test_a_batch_is_no_list_of_boxes(tmp_path):
    text = 'input: "data"\ninput_dim: 4 input_dim: 3 input_dim: 8 input_dim: 8\n'
    text += 'input: "same"\ninput_dim: 4 input_dim: 3 input_dim: 8 input_dim: 8\n'
    text += layer("Eltwise", "data same", "x")
    assert prod(graph(tmp_path, text).layers[-1].output) == 3 * 8 * 8
