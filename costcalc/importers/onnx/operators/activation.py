"""Activations."""

from __future__ import annotations

from typing import Any

from costcalc.importers.onnx.call import Call
from costcalc.importers.onnx.known import Known, NodeProblem, elements, front, text
from costcalc.importers.onnx.site import Site


def clip(site: Site) -> None:
    """Bounds below and above: ReLU6 and its relations by their names."""
    low = site.attribute("min") if "min" in site.operation.attributes else site.number(1)
    high = site.attribute("max") if "max" in site.operation.attributes else site.number(2)
    site.configuration(1, 2)
    kinds: dict[tuple[Any, Any], str] = {(0, 6): "relu6", (0, None): "relu", (-1, 1): "hard_tanh"}
    site.simple(kinds.get((low, high), "clip"))


def gelu(site: Site) -> None:
    """GELU, by the error function or its approximation."""
    site.simple("gelu_tanh" if site.word("approximate", "none") == "tanh" else "gelu")


def prelu(site: Site) -> None:
    """A slope for every channel, or one for all."""
    known, slope = site.input(0), site.input(1)
    count = elements(slope.shape)
    if count == 1:
        site.simple("prelu", {"shared": True}, [("other_params", 1, 1)])
        return
    padded = (1,) * (len(known.shape) - len(slope.shape)) + slope.shape
    axes = [axis for axis, side in enumerate(padded) if side > 1]
    if len(axes) != 1 or len(padded) != len(known.shape) or padded[axes[0]] != known.shape[axes[0]]:
        raise NodeProblem(
            "has slopes along several axes",
            expected="one for each channel, or one for all",
            found=text(slope.shape),
        )
    source, dims, (axis,) = site.along(0, axes)
    site.give(site.layer("prelu", {"axis": axis}, (source,), dims, [("other_params", 1, count)]))


def softmax(site: Site) -> None:
    """Softmax along an axis; along all from one on, before version 13."""
    _along(site, "softmax")


def log_softmax(site: Site) -> None:
    """The logarithm of it."""
    _along(site, "log_softmax")


def softmax_shapes(call: Call) -> list[Known]:
    """The input's."""
    known = call.input(0)
    front(call.whole("axis", -1 if call.operation.version >= 13 else 1), len(known.shape))
    return [known._replace(values=None)]


def _along(site: Site, kind: str) -> None:
    shape = site.shape()
    is_one = site.operation.version >= 13
    axis = front(site.whole("axis", -1 if is_one else 1), len(shape))
    tail = [each for each in range(axis, len(shape)) if shape[each] > 1]
    if is_one or len(tail) <= 1:
        source, dims, (along,) = site.along(0, [axis if is_one or not tail else tail[0]])
        site.give(site.layer(kind, {"axis": along}, (source,), dims))
        return
    flat = (elements(shape[:axis]), elements(shape[axis:]))
    layer = site.layer(kind, {"axis": 1}, (site.source(0, flat),), flat)
    site.give(layer)
