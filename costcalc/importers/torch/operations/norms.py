"""Normalisations."""

from __future__ import annotations

from costcalc.importers import emit
from costcalc.importers.builder import Operand
from costcalc.importers.torch.calls import ValueRef
from costcalc.importers.torch.context import TorchContext


def batch_norm(op: TorchContext) -> Operand:
    """``F.batch_norm``; without running statistics it is an instance norm of one image."""
    args = op.bind("input", "running_mean", "running_var", "weight", "bias", "training")
    weight, bias = args.get("weight"), args.get("bias")
    if args.get("running_mean") is None or args.get("training", False):
        return _image_norm(op, "instance_norm", args["input"], weight, bias)
    spatial_rank = max(len(op.shape) - 2, 0)
    return emit.batch_norm(
        op,
        op.maps(args["input"], spatial_rank),
        scale=weight is not None,
        shift=bias is not None,
        spatial_rank=spatial_rank,
        params={"norm_params": op.stored(weight, bias)},
    )


def instance_norm(op: TorchContext) -> Operand:
    """``F.instance_norm``."""
    args = op.bind("input", "running_mean", "running_var", "weight", "bias")
    return _image_norm(op, "instance_norm", args["input"], args.get("weight"), args.get("bias"))


def group_norm(op: TorchContext) -> Operand:
    """``F.group_norm``."""
    args = op.bind("input", "num_groups", "weight", "bias")
    weight, bias = args.get("weight"), args.get("bias")
    return _image_norm(op, "group_norm", args["input"], weight, bias, groups=args["num_groups"])


def _image_norm(
    op: TorchContext,
    kind: str,
    value: ValueRef,
    weight: ValueRef | None,
    bias: ValueRef | None,
    **arguments: int,
) -> Operand:
    """A norm of each image by its own statistics."""
    images, *shape = op.shape_of(value)
    if images == 1:
        affine = weight is not None or bias is not None
        params = {"norm_params": op.stored(weight, bias)}
        x = op.tensor(value, tuple(shape))
        return op.add(kind, (x,), {**arguments, "affine": affine}, params=params)
    # The channels of all images; scales and shifts, which they share, come afterwards.
    arguments = {name: images * groups for name, groups in arguments.items()}
    x = op.tensor(value, (images * shape[0], *shape[1:]))
    x = op.view(op.add(kind, (x,), {**arguments, "affine": False}), (images, *shape))
    for learned, join in ((weight, "multiply"), (bias, "add")):
        if learned is not None:
            factors = op.tensor(learned, (1, shape[0], *(1 for _ in shape[1:])))
            x = emit.join(op, join, (x, factors), part=f"_{join}")
    return x


def layer_norm(op: TorchContext) -> Operand:
    """``F.layer_norm`` over the last axes."""
    args = op.bind("input", "normalized_shape", "weight", "bias")
    weight, bias = args.get("weight"), args.get("bias")
    x, axes = _last_axes(op)
    params = {"norm_params": op.stored(weight, bias)}
    scale, shift = weight is not None, bias is not None
    return emit.layer_norm(op, x, axes, scale=scale, shift=shift, params=params)


def rms_norm(op: TorchContext) -> Operand:
    """``F.rms_norm`` over the last axes."""
    weight = op.bind("input", "normalized_shape", "weight").get("weight")
    x, axes = _last_axes(op)
    arguments = {"affine": weight is not None, "axes": axes}
    return op.add("rms_norm", (x,), arguments, params={"norm_params": op.stored(weight)})


def _last_axes(op: TorchContext) -> tuple[Operand, tuple[int, ...]]:
    """The input, and the axes that are normalised together."""
    args = op.bind("input", "normalized_shape")
    rank = len(op.shape)
    return op.along_axes(args["input"], range(rank - len(args["normalized_shape"]), rank))


def weight_norm(op: TorchContext) -> Operand:
    """``g v / |v|`` (Salimans and Kingma, arXiv 1602.07868), a length for each place of an axis."""
    args = op.bind("v", "g", "dim")
    shape = op.shape_of(args["v"])
    x, dim = op.tensor(args["v"], shape), args.get("dim", 0)
    axes = [axis for axis in range(x.rank) if dim == -1 or axis != dim % x.rank]
    length = emit.length(op, x, axes, 2, keep=True, part="_length")
    direction = emit.join(op, "divide", (x, length), part="_direction")
    gain = op.tensor(args["g"], op.shape_of(args["g"]) if dim != -1 else (1,) * x.rank)
    return emit.join(op, "multiply", (direction, gain))


def local_response_norm(op: TorchContext) -> Operand:
    """``F.local_response_norm``."""
    args = op.bind("input", "size")
    return op.add("lrn", (op.tensor(args["input"]),), {"size": args["size"]})


def normalize(op: TorchContext) -> Operand:
    """``F.normalize``: divides by the length along an axis, clipped from below."""
    args = op.bind("input", "p", "dim")
    x, axes = op.along_axes(args["input"], [args.get("dim", 1) % len(op.shape)])
    length = emit.length(op, x, axes, args.get("p", 2), keep=True, part="_length")
    bounded = op.add("clip", (length,), part="_clip")
    return emit.join(op, "divide", (x, bounded))
