"""Convolutions, transposed and quantised ones too."""

from __future__ import annotations

from typing import Any

from costcalc.formulas.windows import transposed_output, window_extent
from costcalc.importers.model import Sides
from costcalc.importers.onnx.call import Call
from costcalc.importers.onnx.known import Known, NodeProblem, elements, text
from costcalc.importers.onnx.operators.windows import Pairs, Window, alike, padding, window
from costcalc.importers.onnx.site import Image, Site


def conv_shapes(call: Call) -> list[Known]:
    """Filters, then a window's positions."""
    return _convolved(call, 1)


def conv(site: Site) -> None:
    """A convolution; a depthwise one where every channel is a group of its own."""
    _convolution(site, 1, 2)


def integer(site: Site) -> None:
    """A convolution of whole numbers; zero points follow its inputs."""
    site.configuration(2, 3)
    _convolution(site, 1, None)


def quantised_shapes(call: Call) -> list[Known]:
    """QLinearConv's: a scale and a zero point stand behind each tensor."""
    return _convolved(call, 3)


def quantised(site: Site) -> None:
    """A convolution of quantised numbers."""
    site.configuration(1, 2, 4, 5, 6, 7)
    _convolution(site, 3, 8)


def transposed_shapes(call: Call) -> list[Known]:
    """Filters, then the positions that a window's input is scattered to."""
    x, w = call.input(0), call.input(1)
    groups = call.whole("group", 1)
    axes = _axes(x.shape, w.shape)
    _check_channels(x.shape[1], w.shape[0])
    return [
        Known(
            (x.shape[0], w.shape[1] * groups, *_scattered(call, axes)),
            call.image_batch(x),
        )
    ]


def transposed(site: Site) -> None:
    """A transposed convolution."""
    w = site.shape(1)
    pads, extra = _transposed_padding(site, site.shape()[2:])
    groups = site.whole("group", 1)
    filters = w[1] * groups
    rank = len(w) - 2
    slid = Window(w[2:], site.sizes("strides", rank, 1), pads, site.sizes("dilations", rank, 1))
    image = site.image(0)
    if image.several:
        slid, extra = slid.ahead(), (0, *extra)
    arguments = {**slid.arguments(), "out": filters, "groups": groups}
    arguments["output_padding"] = alike(extra)
    _emit(site, "transposed_conv", arguments, image, filters, (1, 2))


def _convolved(call: Call, weight: int) -> list[Known]:
    x, w = call.input(0), call.input(weight)
    axes = _axes(x.shape, w.shape)
    _check_channels(x.shape[1], w.shape[1] * call.whole("group", 1))
    positions = window(call, w.shape[2:]).over(axes)
    return [Known((x.shape[0], w.shape[0], *positions), call.image_batch(x))]


def _convolution(site: Site, weight: int, bias: int | None) -> None:
    w = site.shape(weight)
    slid = window(site, w[2:])
    groups, channels = site.whole("group", 1), site.shape()[1]
    image = site.image(0)
    if image.several:
        slid = slid.ahead()
    arguments = slid.arguments()
    if groups == channels and groups > 1:
        kind = "depthwise"
        arguments["multiplier"] = w[0] // groups
    else:
        kind = "conv"
        arguments |= {"out": w[0], "groups": groups}
    _emit(site, kind, arguments, image, w[0], (weight, bias))


def _emit(
    site: Site,
    kind: str,
    arguments: dict[str, Any],
    image: Image,
    filters: int,
    params: tuple[int, int | None],
) -> None:
    """The layer, which reads one image, or several along an axis behind the channels."""
    weight, bias = params
    owned = [("weights", weight, elements(site.shape(weight)))]
    arguments["bias"] = bias is not None and site.has(bias)
    if bias is not None and arguments["bias"]:
        owned.append(("biases", bias, filters))
    site.give_image(kind, arguments, image, owned)


def _axes(x: Sides, w: Sides) -> Sides:
    """The axes that the window slides along."""
    if len(x) < 3 or len(w) != len(x):
        raise NodeProblem(
            "convolves shapes that do not fit together",
            expected="images, channels, axes; and filters of as many axes",
            found=f"{text(x)} and {text(w)}",
        )
    if 0 in w:
        raise NodeProblem("has filters without weights", found=text(w))
    return x[2:]


def _check_channels(found: int, expected: int) -> None:
    if found != expected:
        raise NodeProblem(
            f"reads {found} channels, and its filters see {expected}",
            expected=f"{expected} channels",
        )


def _scattered(call: Call, axes: Sides) -> Sides:
    pads, extra = _transposed_padding(call, axes)
    kernel, rank = call.shape(1)[2:], len(axes)
    strides = call.sizes("strides", rank, 1)
    if pads is None:
        return tuple(n * s for n, s in zip(axes, strides, strict=True))
    found = tuple(
        transposed_output(n, k, s, before, after, d, more)
        for n, k, s, (before, after), d, more in zip(
            axes, kernel, strides, pads, call.sizes("dilations", rank, 1), extra, strict=True
        )
    )
    if min(found) < 1:
        raise NodeProblem("cuts its whole output away by its pads", found=text(found))
    return found


def _transposed_padding(call: Call, axes: Sides) -> tuple[Pairs | None, Sides]:
    """The pads and the output padding of each axis."""
    rank = len(axes)
    strides = call.sizes("strides", rank, 1)
    extras = call.sizes("output_padding", rank, 0, lowest=0)
    stated = call.attribute("output_shape")
    if stated:
        kernel, dilations = call.shape(1)[2:], call.sizes("dilations", rank, 1)
        shape = call.sizes("output_shape", rank, 1)
        pads = tuple(
            _cut((n - 1) * s + window_extent(k, d) + e - out)
            for n, s, k, d, e, out in zip(
                axes, strides, kernel, dilations, extras, shape, strict=True
            )
        )
    else:
        found = padding(call, rank)
        if found is None:
            return None, (0,) * rank
        pads = found
    return pads, tuple(extras)


def _cut(total: int) -> tuple[int, int]:
    """Rows to cut off in all, before and behind."""
    if total < 0:
        raise NodeProblem("states an output that is larger than what it can give")
    return total // 2, total - total // 2
