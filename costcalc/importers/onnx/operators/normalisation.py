"""Normalisations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from costcalc.importers.onnx.call import Call
from costcalc.importers.onnx.known import Known, NodeProblem, elements, fronts, text
from costcalc.importers.onnx.site import Site


def batch_shapes(call: Call) -> list[Known]:
    """The input's; the statistics that training keeps are outputs too."""
    known = call.input(0)
    if len(known.shape) < 2:
        raise NodeProblem("normalises no channels", found=text(known.shape))
    others = [call.input(index)._replace(values=None) for index in (3, 4, 3, 4)]
    return [Known(known.shape, call.image_batch(known)), *others]


def batch(site: Site) -> None:
    """By statistics that are stored: they are no params."""
    site.configuration(3, 4)
    channels = site.shape()[1]
    affine = site.is_stored(1) or site.is_stored(2)
    owned = [("norm_params", index, channels) for index in (1, 2)] if affine else []
    site.give_image("batch_norm", {"affine": affine}, site.image(0), owned)


def image_shapes(call: Call) -> list[Known]:
    """The input's."""
    known = call.input(0)
    if len(known.shape) < 3:
        raise NodeProblem("normalises no map", found=text(known.shape))
    return [Known(known.shape, call.image_batch(known))]


def instance(site: Site) -> None:
    """Each channel of an image by its own statistics."""
    affine = site.is_stored(1) or site.is_stored(2)
    owned = [("norm_params", index, site.shape()[1]) for index in (1, 2)] if affine else []
    source = _one_image(site)
    dims = site.shape()[1:]
    site.give(site.layer("instance_norm", {"affine": affine}, (source,), dims, owned))


def group(site: Site) -> None:
    """Groups of channels by their own statistics; scale and shift are of channels, or of groups."""
    groups, channels = site.whole("num_groups", 1), site.shape()[1]
    is_stored = site.is_stored(1) or site.is_stored(2)
    affine = is_stored and elements(site.shape(1)) == channels
    owned = [("norm_params", index, channels) for index in (1, 2)] if affine else []
    arguments = {"groups": groups, "affine": affine}
    dims = site.shape()[1:]
    site.give(site.layer("group_norm", arguments, (_one_image(site),), dims, owned))


def layer_shapes(call: Call) -> list[Known]:
    """The input's; mean and deviation of every position are outputs too."""
    known, axis = call.input(0), call.axis(-1)
    shape = known.shape[:axis] + (1,) * (len(known.shape) - axis)
    statistics = Known(shape, known.batch)
    return [known._replace(values=None), statistics, statistics]


def layer(site: Site) -> None:
    """All axes from one on together."""
    for index in range(1, len(site.operation.outputs)):
        site.unread(index)
    _normalised(site, "layer_norm", range(site.axis(-1), len(site.shape())))


def root_mean_square(site: Site) -> None:
    """The same without a mean, and without a shift."""
    _normalised(site, "rms_norm", range(site.axis(-1), len(site.shape())))


def written_out(kind: str) -> Callable[[Site], None]:
    """A normalisation that was several operations; its axes are those of their means."""

    def lower(site: Site) -> None:
        rank = len(site.shape())
        _normalised(site, kind, fronts(site.attribute("axes"), rank))

    return lower


def grouped(site: Site) -> None:
    """A group normalisation that was one of instances: x, scale, shift."""
    channels, groups = site.shape()[1], site.whole("groups", 1)
    affine = all(
        site.is_stored(index) and elements(site.shape(index)) == channels for index in (1, 2)
    )
    owned = [("norm_params", index, channels) for index in (1, 2)] if affine else []
    dims = site.shape()[1:]
    given = site.layer(
        "group_norm", {"groups": groups, "affine": affine}, (_one_image(site),), dims, owned
    )
    if not affine:
        for index, kind in ((1, "multiply"), (2, "add")):
            if site.has(index):
                given = _joined(site, kind, given, index)
    site.give(given)


def local_response(site: Site) -> None:
    """By neighbouring channels."""
    site.give_image("lrn", {"size": site.whole("size", 1)}, site.image(0))


def _normalised(site: Site, kind: str, axes: Sequence[int]) -> None:
    count = elements(tuple(site.shape()[axis] for axis in axes))
    source, dims, along = site.along(0, list(axes))
    affine = site.is_stored(1) and elements(site.shape(1)) == count
    shifts = site.is_stored(2) and elements(site.shape(2)) == count and kind == "layer_norm"
    arguments = {"axes": tuple(axis - len(dims) for axis in along), "affine": affine}
    owned = [("norm_params", 1, count)] if affine else []
    if kind == "layer_norm" and affine:
        arguments["bias"] = shifts
    if shifts and affine:
        owned.append(("norm_params", 2, count))
    given = site.layer(kind, arguments, (source,), dims, owned)
    out = site.output()
    given = site.shaped(given, out.dims)
    if site.is_stored(1) and not affine:
        given = _joined(site, "multiply", given, 1)
    if site.is_stored(2) and not (shifts and affine):
        given = _joined(site, "add", given, 2)
    site.give(given)


def _joined(site: Site, kind: str, given: int, index: int) -> int:
    """A stored tensor of another shape joined to what was normalised."""
    out = site.output()
    other = site.source(index, site.met(index, out))
    arguments = {"broadcast": True} if kind == "add" else {}
    return site.layer(kind, arguments, (given, other), out.dims)


def _one_image(site: Site) -> int:
    image = site.image(0)
    if image.several:
        raise NodeProblem(
            "normalises several images at once, of no batch",
            expected="images of a batch",
            found=text(site.shape()),
        )
    return image.layer
