"""SSD300 and Faster R-CNN of VGG16 as Caffe's public files write them, and R-FCN's head."""

from tests.importers.caffe.written import layer, network

VGG = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
"""The widths of VGG16's stages."""


def conv(bottom, top, out, kernel=3, *, pad=None, stride=1, dilation=1, relu=True):
    """A convolution of the same size, by default, with its ReLU in place."""
    pad = dilation * (kernel // 2) if pad is None else pad
    param = (
        f"convolution_param {{ num_output: {out} kernel_size: {kernel} pad: {pad} "
        f"stride: {stride} dilation: {dilation} }}"
    )
    text = layer("Convolution", bottom, top, param)
    return text + (layer("ReLU", top, top, name=f"relu_{top}") if relu else "")


def pool(bottom, top, kernel=2, stride=2, pad=0):
    param = f"pooling_param {{ pool: MAX kernel_size: {kernel} stride: {stride} pad: {pad} }}"
    return layer("Pooling", bottom, top, param)


def vgg(stages=VGG):
    """Stages of convolutions with a pool between them; the last blob is ``conv5_3``."""
    text, bottom = "", "data"
    for stage, widths in enumerate(stages, 1):
        if stage > 1:
            text += pool(bottom, f"pool{stage - 1}")
            bottom = f"pool{stage - 1}"
        for number, out in enumerate(widths, 1):
            text += conv(bottom, f"conv{stage}_{number}", out)
            bottom = f"conv{stage}_{number}"
    return text


SOURCES = {
    "norm4": (4, "min_size: 30 max_size: 60 aspect_ratio: 2"),
    "fc7": (6, "min_size: 60 max_size: 111 aspect_ratio: 2 aspect_ratio: 3"),
    "conv6_2": (6, "min_size: 111 max_size: 162 aspect_ratio: 2 aspect_ratio: 3"),
    "conv7_2": (6, "min_size: 162 max_size: 213 aspect_ratio: 2 aspect_ratio: 3"),
    "conv8_2": (4, "min_size: 213 max_size: 264 aspect_ratio: 2"),
    "conv9_2": (4, "min_size: 264 max_size: 315 aspect_ratio: 2"),
}
"""SSD's maps, with the boxes at each of their places and how they are written."""


def ssd300(classes=91, keep=200):
    text = vgg() + pool("conv5_3", "pool5", 3, 1, 1)
    text += conv("pool5", "fc6", 1024, dilation=6) + conv("fc6", "fc7", 1024, 1)
    bottom = "fc7"
    for number, (narrow, wide, stride) in enumerate(
        ((256, 512, 2), (128, 256, 2), (128, 256, 1), (128, 256, 1)), 6
    ):
        text += conv(bottom, f"conv{number}_1", narrow, 1)
        pad = 1 if stride > 1 else 0
        text += conv(f"conv{number}_1", f"conv{number}_2", wide, stride=stride, pad=pad)
        bottom = f"conv{number}_2"
    norm = "norm_param { across_spatial: false channel_shared: false scale_filler { value: 20 } }"
    text += layer("Normalize", "conv4_3", "norm4", norm)
    joined = {"loc": "", "conf": "", "priorbox": ""}
    for source, (boxes, sizes) in SOURCES.items():
        for name, numbers in (("loc", 4), ("conf", classes)):
            head = f"{source}_{name}"
            text += conv(source, head, boxes * numbers, relu=False)
            order = "permute_param { order: 0 order: 2 order: 3 order: 1 }"
            text += layer("Permute", head, f"{head}_perm", order)
            text += layer("Flatten", f"{head}_perm", f"{head}_flat", "flatten_param { axis: 1 }")
            joined[name] += f" {head}_flat"
        prior = f"{source}_priorbox"
        param = f"prior_box_param {{ {sizes} flip: true clip: false variance: 0.1 step: 8 }}"
        text += layer("PriorBox", f"{source} data", prior, param)
        joined["priorbox"] += f" {prior}"
    for name, bottoms in joined.items():
        axis = 2 if name == "priorbox" else 1
        text += layer("Concat", bottoms, f"mbox_{name}", f"concat_param {{ axis: {axis} }}")
    shape = f"reshape_param {{ shape {{ dim: 0 dim: -1 dim: {classes} }} }}"
    text += layer("Reshape", "mbox_conf", "mbox_conf_reshape", shape)
    text += layer("Softmax", "mbox_conf_reshape", "mbox_conf_softmax", "softmax_param { axis: 2 }")
    flat = "flatten_param { axis: 1 }"
    text += layer("Flatten", "mbox_conf_softmax", "mbox_conf_flatten", flat)
    param = (
        f"detection_output_param {{ num_classes: {classes} share_location: true "
        f"background_label_id: 0 nms_param {{ nms_threshold: 0.45 top_k: 400 }} "
        f"code_type: CENTER_SIZE keep_top_k: {keep} confidence_threshold: 0.01 }}"
    )
    text += layer("DetectionOutput", "mbox_loc mbox_conf_flatten mbox_priorbox", "out", param)
    return network((3, 300, 300), text)


PYTHON = (
    "python_param { module: 'rpn.proposal_layer' layer: 'ProposalLayer' "
    "param_str: \"'feat_stride': 16\" }"
)
"""py-faster-rcnn's proposals."""


PROPOSAL = layer("Python", "prob2 bbox im_info", "rois", PYTHON)


def faster_rcnn(proposal=PROPOSAL, classes=21):
    def dense(bottom, top, out):
        return layer("InnerProduct", bottom, top, f"inner_product_param {{ num_output: {out} }}")

    text = 'input: "im_info"\ninput_shape { dim: 1 dim: 3 }\n' + vgg()
    text += conv("conv5_3", "rpn", 512) + conv("rpn", "score", 18, 1, relu=False)
    text += conv("rpn", "bbox", 36, 1, relu=False)
    shape = "reshape_param {{ shape {{ dim: 0 dim: {} dim: -1 dim: 0 }} }}"
    text += layer("Reshape", "score", "score2", shape.format(2))
    text += layer("Softmax", "score2", "prob") + layer("Reshape", "prob", "prob2", shape.format(18))
    text += proposal
    pooled = "roi_pooling_param { pooled_w: 7 pooled_h: 7 spatial_scale: 0.0625 }"
    text += layer("ROIPooling", "conv5_3 rois", "pool5", pooled)
    for bottom, top in (("pool5", "fc6"), ("fc6", "fc7")):
        text += dense(bottom, top, 4096) + layer("ReLU", top, top, name=f"relu_{top}")
        text += layer("Dropout", top, top, name=f"drop_{top}")
    text += dense("fc7", "cls_score", classes) + dense("fc7", "bbox_pred", 4 * classes)
    text += layer("Softmax", "cls_score", "cls_prob")
    return network((3, 224, 224), text)
