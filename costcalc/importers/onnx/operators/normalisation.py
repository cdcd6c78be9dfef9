"""Normalisations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand, dims_text
from costcalc.importers.onnx.context import OnnxContext, Operator, Rule
from costcalc.importers.onnx.op_view import OpView
from costcalc.importers.onnx.tensors import TensorInfo, elements, positive_axes


def batch_norm(op: OpView) -> Rule:
    """By statistics that are stored: they are no params, but may be outputs too."""
    known = op.input(0)
    if len(known.shape) < 2:
        raise Refusal("has no channels to normalise", found=dims_text(known.shape))
    statistics = [op.input(index)._replace(values=None) for index in (3, 4)]
    to = yield [TensorInfo(known.shape, op.image_batch(known)), *statistics, *statistics]
    to.configuration(3, 4)
    affine = to.is_stored(1) or to.is_stored(2)
    axes, params = len(known.shape) - 2, {"norm_params": to.stored(1, 2)}
    x = to.maps()
    to.set_output(emit.batch_norm(to, x, scale=affine, shift=affine, axes=axes, params=params))


def instance_norm(op: OpView) -> Rule:
    """Each channel of an image by its own statistics."""
    to = yield [_image(op)]
    affine = to.is_stored(1) or to.is_stored(2)
    to.set_output(_of_one_image(to, "instance_norm", {"affine": affine}))


def group_norm(op: OpView) -> Rule:
    """Groups of channels by their own statistics; scale and shift are of channels, or of groups."""
    to = yield [_image(op)]
    is_stored = to.is_stored(1) or to.is_stored(2)
    affine = is_stored and elements(op.shape(1)) == op.shape()[1]
    arguments = {"groups": op.whole("num_groups", 1), "affine": affine}
    to.set_output(_of_one_image(to, "group_norm", arguments))


def grouped_instance_norm(op: OpView) -> Rule:
    """A group normalisation that was one of instances: x, scale, shift."""
    to = yield []
    channels = op.shape()[1]
    affine = all(to.is_stored(index) and elements(op.shape(index)) == channels for index in (1, 2))
    x = _of_one_image(to, "group_norm", {"groups": op.whole("groups", 1), "affine": affine})
    if not affine:
        for index, kind in ((1, "multiply"), (2, "add")):
            if op.has(index):
                x = _joined(to, kind, x, index)
    to.set_output(x)


def local_response_norm(op: OpView) -> Rule:
    """By neighbouring channels."""
    to = yield [_image(op)]
    arguments, axes = {"size": op.whole("size", 1)}, len(op.shape()) - 2
    to.set_output(emit.on_maps(to, to.maps(), axes, lambda maps: to.add("lrn", (maps,), arguments)))


def last_axes(kind: str) -> Operator:
    """All axes from one on together; mean and deviation of every position are outputs too."""

    def rule(op: OpView) -> Rule:
        known, axis = op.input(0), op.axis(-1)
        rank = len(known.shape)
        statistics = TensorInfo(known.shape[:axis] + (1,) * (rank - axis), known.batch)
        to = yield [known._replace(values=None), statistics, statistics]
        to.unread(1)
        _normalise(to, kind, range(axis, rank))

    return rule


def written_out(kind: str) -> Operator:
    """A normalisation that was several operations; its axes are those of their means."""

    def rule(op: OpView) -> Rule:
        to = yield []
        _normalise(to, kind, positive_axes(op.attribute("axes"), len(op.shape())))

    return rule


def _normalise(to: OnnxContext, kind: str, axes: Sequence[int]) -> None:
    count = elements(tuple(to.shape()[axis] for axis in axes))
    x, along = to.along_axes(0, axes)
    along = [axis - x.rank for axis in along]
    affine = to.is_stored(1) and elements(to.shape(1)) == count
    shifts = to.is_stored(2) and elements(to.shape(2)) == count and kind == "layer_norm"
    shifts = shifts and affine
    params = {"norm_params": to.stored(1, 2) if shifts else to.stored(1)}
    if kind == "layer_norm":
        y = emit.layer_norm(to, x, along, scale=affine, shift=shifts, params=params)
    else:
        y = to.add(kind, (x,), {"axes": tuple(along), "affine": affine}, params=params)
    y = to.view(y, to.output().dims)
    if to.is_stored(1) and not affine:
        y = _joined(to, "multiply", y, 1)
    if to.is_stored(2) and not shifts:
        y = _joined(to, "add", y, 2)
    to.set_output(y)


def _joined(to: OnnxContext, kind: str, x: Operand, index: int) -> Operand:
    """A stored tensor of another shape joined to what was normalised."""
    return emit.join(to, kind, (x, *to.broadcast_inputs([index])))


def _image(op: OpView) -> TensorInfo:
    known = op.input(0)
    if len(known.shape) < 3:
        raise Refusal("has no map to normalise", found=dims_text(known.shape))
    return TensorInfo(known.shape, op.image_batch(known))


def _of_one_image(to: OnnxContext, kind: str, arguments: Mapping[str, bool | int]) -> Operand:
    """A norm whose statistics are those of one image, scale and shift being the next inputs."""
    maps = to.maps()
    if maps.rank == len(to.shape()):
        raise Refusal(
            "normalises several images that are not a batch",
            expected="images of a batch",
            found=dims_text(to.shape()),
        )
    return to.add(kind, (maps,), arguments, params={"norm_params": to.stored(1, 2)})


TABLE: Mapping[str, Operator] = {
    "BatchNormalization": batch_norm,
    "InstanceNormalization": instance_norm,
    "GroupNormalization": group_norm,
    "LayerNormalization": last_axes("layer_norm"),
    "RMSNormalization": last_axes("rms_norm"),
    "LRN": local_response_norm,
}

PATTERNS: Mapping[str, Operator] = {
    "LayerNormPattern": written_out("layer_norm"),
    "RMSNormPattern": written_out("rms_norm"),
    "GroupNormPattern": grouped_instance_norm,
}
