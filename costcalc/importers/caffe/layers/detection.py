"""Layers of detectors: SSD's prior boxes, Faster R-CNN's proposals, and pools of boxes.

How many boxes are kept depends on their scores.  Counts are those of as many as the layer
may keep, which bounds them.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand, UnknownOp
from costcalc.importers.caffe.context import CaffeContext, Result, Rule
from costcalc.importers.caffe.fields import Fields

CODES = ("CORNER", "CENTER_SIZE", "CORNER_SIZE")

BEFORE, AFTER = 6000, 300
"""How many boxes a proposal layer looks at and keeps where its file does not say (py-faster-rcnn,
``TEST.RPN_PRE_NMS_TOP_N`` and ``TEST.RPN_POST_NMS_TOP_N``)."""

BOX = 4
"""The numbers of a box."""


def prior_box(op: CaffeContext) -> Result:
    """``PriorBox`` (Liu et al., arXiv 1512.02325): boxes at each place of a map, and variances.

    They depend on the shape of the map alone: a constant.
    """
    param = op.param("prior_box_param")
    smallest, largest = len(param.numbers("min_size")), len(param.numbers("max_size"))
    if not smallest or largest not in (0, smallest):
        raise Refusal(
            "its sizes are not valid",
            "a min_size or more, and no max_size or one for each",
            f"{smallest} min_size and {largest} max_size",
        )
    ratios = {1.0}
    for ratio in param.numbers("aspect_ratio"):
        if ratio <= 0:
            raise Refusal("'aspect_ratio' is not valid", "a number above 0", f"{ratio:g}")
        ratios |= {ratio, 1 / ratio} if param.flag("flip", True) else {ratio}
    return _priors(op, len(_distinct(ratios)) * smallest + largest)


def _distinct(ratios: set[float]) -> list[float]:
    """The ratios that differ by more than Caffe's tolerance."""
    distinct: list[float] = []
    for ratio in sorted(ratios):
        if not distinct or ratio - distinct[-1] >= 1e-6:
            distinct.append(ratio)
    return distinct


def clustered_prior_box(op: CaffeContext) -> Result:
    """``PriorBoxClustered`` of Intel's fork: a box for each width and height."""
    param = op.param("prior_box_param")
    widths, heights = len(param.numbers("width")), len(param.numbers("height"))
    if not widths or widths != heights:
        raise Refusal(
            "its sizes are not valid", "as many width as height", f"{widths} and {heights}"
        )
    return _priors(op, widths)


def _priors(op: CaffeContext, each: int) -> Operand:
    """Some boxes at each place of the first input, with their variances."""
    op.builder.is_sized = True
    return op.add("constant", (), {"shape": (2, each * prod(op.shape[1:]) * BOX)})


def detection_output(op: CaffeContext) -> Result:
    """``DetectionOutput``: boxes decoded, and of each class the best that do not overlap."""
    param = op.param("detection_output_param")
    location, confidence, priors = op.reads(3)[:3]
    classes, count = param.whole("num_classes"), prod(priors.shape) // (2 * BOX)
    if classes < 2 or prod(confidence.shape) != classes * count:
        raise Refusal(
            "its inputs do not fit",
            f"{classes * count} scores: of {classes} classes at {count} boxes",
            f"{prod(confidence.shape)}",
        )
    op.builder.is_sized = True
    op.fold()
    code = param.word("code_type", CODES, CODES[0], first=1)
    boxes = _decoded(op, location, code == "CENTER_SIZE")
    suppression = param.message("nms_param")
    looked_at = _at_most(suppression, "top_k", count)
    scores = op.view(confidence, (count, classes), "/scores")
    ranked = op.add("top_k", (scores,), {"k": looked_at, "axis": 0}, "/sorted")
    for _ in range(1, classes):
        own = op.add("rearrange", (boxes,), {"shape": (looked_at, BOX)}, "/boxes")
        picked = op.add("rearrange", (ranked,), {"shape": (looked_at,)}, "/class")
        kept = op.add("nms", (own, picked), {"most": looked_at}, "/nms")
    total = (classes - 1) * looked_at
    most = _at_most(param, "keep_top_k", total)
    # Every class keeps some of its boxes; only the number of them all affects counts.
    flat = op.add("rearrange", (ranked, kept), {"shape": (total,)}, "/all")
    best = op.add("top_k", (flat,), {"k": most}, "/best") if most < total else flat
    return op.add("rearrange", (best, boxes), {"shape": (1, most, 7)}, "/detections")


def _at_most(param: Fields, name: str, count: int) -> int:
    """A number of boxes to keep, all by default or for -1."""
    asked = param.whole(name, -1, -1)
    return min(asked, count) if asked > 0 else count


def _decoded(op: CaffeContext, offsets: Operand, has_sizes: bool) -> Operand:
    """Boxes of offsets to others, (N, 4): scaled, moved, and their sizes exponentiated."""
    x = op.view(offsets, (prod(offsets.shape) // BOX, BOX), "/offsets")
    x = op.add("scale", (x,), part="/variances")
    others = op.add("constant", (), {"shape": x.shape}, "/priors")
    if not has_sizes:
        return emit.join(op, "add", (x, others), part="/moved")
    half = op.add("slice", (others,), {"start": 0, "stop": 2, "axis": 1}, "/sides")
    moved, sizes = (
        op.add("slice", (x,), {"start": at, "stop": at + 2, "axis": 1}, "/slice") for at in (0, 2)
    )
    moved = emit.join(op, "multiply", (moved, half), part="/multiply")
    centers = emit.join(op, "add", (moved, half), part="/centers")
    sizes = op.add("exp", (sizes,), part="/exp")
    sizes = emit.join(op, "multiply", (sizes, half), part="/sizes")
    reach = op.add("scale", (sizes,), part="/halved")
    corners = [
        emit.join(op, kind, (centers, reach), part="/corners") for kind in ("subtract", "add")
    ]
    return op.add("concat", corners, {"axis": 1}, "/boxes")


def proposal(op: CaffeContext) -> Result:
    """``Proposal`` (Ren et al., arXiv 1506.01497): the best boxes that do not overlap, a list."""
    scores, offsets = op.reads(2)[:2]
    count = prod(offsets.shape) // BOX
    if prod(scores.shape) != 2 * count or not count:
        raise Refusal(
            "its inputs do not fit",
            "two scores and four offsets for each anchor at each place",
            f"{prod(scores.shape)} and {prod(offsets.shape)} numbers",
        )
    param = op.param("proposal_param")
    before, after = param.whole("pre_nms_topn", BEFORE), param.whole("post_nms_topn", AFTER)
    if "post_nms_topn" not in param:
        op.builder.note(
            f"The {op.origin} keeps {AFTER} boxes, as py-faster-rcnn does: its file does not say."
        )
    looked_at = min(before, count)
    kept = min(after, looked_at)
    op.builder.is_sized = True
    op.fold()
    boxes = op.add("clip", (_decoded(op, offsets, has_sizes=True),), part="/clip")
    best = op.add("rearrange", (scores,), {"shape": (count,)}, "/scores")
    best = op.add("top_k", (best,), {"k": looked_at}, "/sorted")
    candidates = op.add("rearrange", (boxes,), {"shape": (looked_at, BOX)}, "/candidates")
    places = op.add("nms", (candidates, best), {"most": kept}, "/nms")
    # A box begins with the number of its image.
    found = op.add("rearrange", (candidates, places), {"shape": (kept, 1 + BOX)}, "/boxes")
    if len(op.layer.tops) < 2:
        return op.as_list(found)
    return op.as_list(found), op.as_list(
        op.add("rearrange", (best, places), {"shape": (kept, 1)}, "/best")
    )


def python(op: CaffeContext) -> Result:
    """``Python``: code of one's own, but for py-faster-rcnn's proposals."""
    name = op.param("python_param").text("layer")
    if name == "ProposalLayer":
        return proposal(op)
    raise UnknownOp(f"costcalc has no layer kind for the Python layer '{name}'")


def roi_pooling(name: str, *, mode: str = "max", samples: bool = False) -> Rule:
    """``ROIPooling`` and ``ROIAlign``: each box of a list, pooled to a size."""

    def rule(op: CaffeContext) -> Result:
        param = op.param(name)
        size = emit.compact((param.whole("pooled_h"), param.whole("pooled_w")))
        arguments = {"size": size, "mode": mode}
        if samples:
            arguments["samples"] = param.whole("sampling_ratio", 0, 0)
        return _pooled(op, arguments)

    return rule


def position_sensitive(op: CaffeContext) -> Result:
    """``PSROIPooling`` (Dai et al., arXiv 1605.06409): channels of its own for each bin."""
    size = op.param("psroi_pooling_param").whole("group_size")
    return _pooled(op, {"size": size, "mode": "mean", "position_sensitive": True})


def _pooled(op: CaffeContext, arguments: Mapping[str, object]) -> Operand:
    """The boxes of the second input, pooled from the map of the first."""
    maps, boxes = op.reads(2, 2)
    if not op.is_list(boxes):
        boxes = op.view(boxes, (1, prod(boxes.shape)), ".boxes")
    else:
        boxes = op.view(boxes, (boxes.shape[0], prod(boxes.shape[1:])), ".boxes")
    return op.as_list(op.add("roi_pool", (maps, boxes), arguments))


TABLE: Mapping[str, Rule] = {
    "PriorBox": prior_box,
    "PriorBoxClustered": clustered_prior_box,
    "DetectionOutput": detection_output,
    "Proposal": proposal,
    "Python": python,
    "ROIPooling": roi_pooling("roi_pooling_param"),
    "ROIAlign": roi_pooling("roi_align_param", mode="mean", samples=True),
    "PSROIPooling": position_sensitive,
}
