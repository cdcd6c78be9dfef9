"""Normalisations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand, sides_text
from costcalc.importers.onnx.context import OnnxContext
from costcalc.importers.onnx.op_view import OpView
from costcalc.importers.onnx.tensors import TensorInfo, elements, fronts


def batch_shapes(op: OpView) -> list[TensorInfo]:
    """The input's; the statistics that training keeps are outputs too."""
    known = op.input(0)
    if len(known.shape) < 2:
        raise Refusal("normalises no channels", found=sides_text(known.shape))
    others = [op.input(index)._replace(values=None) for index in (3, 4, 3, 4)]
    return [TensorInfo(known.shape, op.image_batch(known)), *others]


def batch(op: OnnxContext) -> None:
    """By statistics that are stored: they are no params."""
    op.configuration(3, 4)
    affine = op.is_stored(1) or op.is_stored(2)
    axes, params = len(op.shape()) - 2, {"norm_params": op.stored(1, 2)}
    x = op.maps()
    op.set_output(emit.batch_norm(op, x, scale=affine, shift=affine, axes=axes, params=params))


def image_shapes(op: OpView) -> list[TensorInfo]:
    """The input's."""
    known = op.input(0)
    if len(known.shape) < 3:
        raise Refusal("normalises no map", found=sides_text(known.shape))
    return [TensorInfo(known.shape, op.image_batch(known))]


def instance(op: OnnxContext) -> None:
    """Each channel of an image by its own statistics."""
    affine = op.is_stored(1) or op.is_stored(2)
    params = {"norm_params": op.stored(1, 2)}
    op.emit_one("instance_norm", {"affine": affine}, (_one_image(op),), params)


def group(op: OnnxContext) -> None:
    """Groups of channels by their own statistics; scale and shift are of channels, or of groups."""
    groups, channels = op.whole("num_groups", 1), op.shape()[1]
    is_stored = op.is_stored(1) or op.is_stored(2)
    affine = is_stored and elements(op.shape(1)) == channels
    params = {"norm_params": op.stored(1, 2)}
    op.emit_one("group_norm", {"groups": groups, "affine": affine}, (_one_image(op),), params)


def layer_shapes(op: OpView) -> list[TensorInfo]:
    """The input's; mean and deviation of every position are outputs too."""
    known, axis = op.input(0), op.axis(-1)
    shape = known.shape[:axis] + (1,) * (len(known.shape) - axis)
    statistics = TensorInfo(shape, known.batch)
    return [known._replace(values=None), statistics, statistics]


def layer(op: OnnxContext) -> None:
    """All axes from one on together."""
    for index in range(1, len(op.node.outputs)):
        op.unread(index)
    _normalised(op, "layer_norm", range(op.axis(-1), len(op.shape())))


def root_mean_square(op: OnnxContext) -> None:
    """The same without a mean, and without a shift."""
    _normalised(op, "rms_norm", range(op.axis(-1), len(op.shape())))


def written_out(kind: str) -> Callable[[OnnxContext], None]:
    """A normalisation that was several operations; its axes are those of their means."""

    def lower(op: OnnxContext) -> None:
        rank = len(op.shape())
        _normalised(op, kind, fronts(op.attribute("axes"), rank))

    return lower


def grouped(op: OnnxContext) -> None:
    """A group normalisation that was one of instances: x, scale, shift."""
    channels, groups = op.shape()[1], op.whole("groups", 1)
    affine = all(op.is_stored(index) and elements(op.shape(index)) == channels for index in (1, 2))
    arguments, params = {"groups": groups, "affine": affine}, {"norm_params": op.stored(1, 2)}
    given = op.add("group_norm", (_one_image(op),), arguments, params=params)
    if not affine:
        for index, kind in ((1, "multiply"), (2, "add")):
            if op.has(index):
                given = _joined(op, kind, given, index)
    op.set_output(given)


def local_response(op: OnnxContext) -> None:
    """By neighbouring channels."""
    arguments, axes = {"size": op.whole("size", 1)}, len(op.shape()) - 2
    op.set_output(emit.on_maps(op, op.maps(), axes, lambda maps: op.add("lrn", (maps,), arguments)))


def _normalised(op: OnnxContext, kind: str, axes: Sequence[int]) -> None:
    count = elements(tuple(op.shape()[axis] for axis in axes))
    x, along = op.along_axes(0, axes)
    along = [axis - x.rank for axis in along]
    affine = op.is_stored(1) and elements(op.shape(1)) == count
    shifts = op.is_stored(2) and elements(op.shape(2)) == count and kind == "layer_norm"
    shifts = shifts and affine
    params = {"norm_params": op.stored(1, 2) if shifts else op.stored(1)}
    if kind == "layer_norm":
        given = emit.layer_norm(op, x, along, scale=affine, shift=shifts, params=params)
    else:
        given = op.add(kind, (x,), {"axes": tuple(along), "affine": affine}, params=params)
    given = op.view(given, op.output().dims)
    if op.is_stored(1) and not affine:
        given = _joined(op, "multiply", given, 1)
    if op.is_stored(2) and not shifts:
        given = _joined(op, "add", given, 2)
    op.set_output(given)


def _joined(op: OnnxContext, kind: str, given: Operand, index: int) -> Operand:
    """A stored tensor of another shape joined to what was normalised."""
    return emit.join(op, kind, (given, *op.broadcast_inputs([index])))


def _one_image(op: OnnxContext) -> Operand:
    maps = op.maps()
    if maps.rank == len(op.shape()):
        raise Refusal(
            "normalises several images at once, of no batch",
            expected="images of a batch",
            found=sides_text(op.shape()),
        )
    return maps
