"""Normalisations."""

from __future__ import annotations

from costcalc.importers.torch.calls import Call, Ref
from costcalc.importers.torch.lowering import Lowering, bound, sides
from costcalc.importers.torch.operations.maps import channels_first, give_map


def batch_norm(call: Call, to: Lowering) -> None:
    """By statistics that are stored; by the map's own, as an instance norm, without them."""
    given = bound(call, "input", "running_mean", "running_var", "weight", "bias", "training")
    is_stored = given.get("running_mean") is not None and not given.get("training", False)
    weight, bias = given.get("weight"), given.get("bias")
    rank = max(len(to.shape(given["input"])) - 2, 0)
    node, held = channels_first(call, to, given["input"], rank)
    if not is_stored and len(held) > rank + 1:
        to.refuse(call)
        return
    kind = "batch_norm" if is_stored else "instance_norm"
    arguments = {"affine": weight is not None or bias is not None}
    stored = {"norm_params": [weight, bias]}
    give_map(call, to, to.add(call, kind, arguments, (node,), held, stored), held, rank)


def instance_norm(call: Call, to: Lowering) -> None:
    """``F.instance_norm``."""
    given = bound(call, "input", "running_mean", "running_var", "weight", "bias")
    _of_channels(call, to, given["input"], "instance_norm", given.get("weight"), given.get("bias"))


def group_norm(call: Call, to: Lowering) -> None:
    """``F.group_norm``."""
    given = bound(call, "input", "num_groups", "weight", "bias")
    weight, bias = given.get("weight"), given.get("bias")
    _of_channels(call, to, given["input"], "group_norm", weight, bias, groups=given["num_groups"])


def _of_channels(
    call: Call,
    to: Lowering,
    value: Ref,
    kind: str,
    weight: Ref | None,
    bias: Ref | None,
    **arguments: int,
) -> None:
    shape = to.shape(value)
    if shape[0] != 1:
        to.refuse(call)
        return
    affine = weight is not None or bias is not None
    held = shape[1:]
    node = to.add(
        call,
        kind,
        {**arguments, "affine": affine},
        (to.node(value, held),),
        held,
        {"norm_params": [weight, bias]},
    )
    to.give(call.outputs[0], node, held)


def layer_norm(call: Call, to: Lowering) -> None:
    """``F.layer_norm`` over the last axes."""
    given = bound(call, "input", "normalized_shape", "weight", "bias")
    weight, bias = given.get("weight"), given.get("bias")
    arguments = {
        "affine": weight is not None or bias is not None,
        "bias": bias is not None or weight is None,
    }
    _over_last(call, to, "layer_norm", arguments, [weight, bias])


def rms_norm(call: Call, to: Lowering) -> None:
    """``F.rms_norm`` over the last axes."""
    weight = bound(call, "input", "normalized_shape", "weight").get("weight")
    _over_last(call, to, "rms_norm", {"affine": weight is not None}, [weight])


def _over_last(
    call: Call,
    to: Lowering,
    kind: str,
    arguments: dict[str, bool],
    learned: list[Ref | None],
) -> None:
    given = bound(call, "input", "normalized_shape")
    shape = to.shape(given["input"])
    normalised = len(given["normalized_shape"])
    held = sides(shape) if normalised < len(shape) else shape
    axes = tuple(range(len(held) - normalised, len(held)))
    node = to.add(
        call,
        kind,
        {**arguments, "axes": axes},
        (to.node(given["input"], held),),
        held,
        {"norm_params": learned},
    )
    to.give(call.outputs[0], node, held)


def local_response_norm(call: Call, to: Lowering) -> None:
    """``F.local_response_norm``."""
    given = bound(call, "input", "size")
    held = sides(to.shape_of(call))
    node = to.add(call, "lrn", {"size": given["size"]}, (to.node(given["input"]),), held)
    to.give(call.outputs[0], node)


def normalize(call: Call, to: Lowering) -> None:
    """``F.normalize``: divided by its length along an axis, which is not below a bound."""
    given = bound(call, "input", "p", "dim")
    shape = to.shape(given["input"])
    if given.get("p", 2) != 2:
        to.refuse(call)
        return
    held = shape if given.get("dim", 1) % len(shape) == 0 else sides(shape)
    axis = given.get("dim", 1) % len(shape) - (len(shape) - len(held))
    node = to.node(given["input"], held)
    one = (*held[:axis], 1, *held[axis + 1 :])
    length = to.add(call, "l2_norm", {"axes": (axis,), "keep": True}, (node,), one, word="length")
    bounded = to.add(call, "clip", {}, (length,), one, word="clip")
    to.give(call.outputs[0], to.add(call, "divide", {}, (node, bounded), held), held)
