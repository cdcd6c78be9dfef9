"""Attention as one operator, version 23 of ONNX's."""

from __future__ import annotations

from costcalc.importers.model import Sides
from costcalc.importers.onnx.call import Call
from costcalc.importers.onnx.known import Known, NodeProblem, text
from costcalc.importers.onnx.site import Site


def shapes(call: Call) -> list[Known]:
    """A value for every query: ``(batch, heads, n, e)``, or heads within the last axis."""
    q, v = call.input(0), call.input(2)
    n, _, heads = _heads(call, 0)
    _, width, _ = _heads(call, 2)
    if len(q.shape) == 4:
        shape: Sides = (q.shape[0], heads, n, width)
    else:
        shape = (q.shape[0], n, heads * width)
    past = [Known((*v.shape[:-2], *v.shape[-2:]), v.batch)] * 2
    return [Known(shape, call.image_batch(q)), *past]


def attention(site: Site) -> None:
    """Queries, keys and values as heads; a mask where there is one."""
    for index in range(1, len(site.operation.outputs)):
        site.unread(index)
    if site.has(4) or site.has(5):
        raise NodeProblem("reads keys and values of an earlier run", expected="none")
    parts, stated = [], _heads(site, 0)[2]
    for index in range(3):
        parts.append(_as_heads(site, index, stated))
    n, _, heads = _heads(site, 0)
    width = _heads(site, 2)[1]
    if site.has(3):
        mask = site.shape(3)
        padded = ((1,) * (4 - len(mask)) + mask)[1:]
        parts.append(site.source(3, padded))
    given = site.layer("attention", {}, parts, (heads, n, width))
    if len(site.shape()) == 3:
        given = site.layer("transpose", {"axes": (1, 0, 2)}, (given,), (n, heads, width))
    site.give(given)


def _heads(call: Call, index: int) -> tuple[int, int, int]:
    """How many positions an input has, of how many numbers, in how many heads."""
    shape = call.shape(index)
    if len(shape) == 4:
        return shape[2], shape[3], shape[1]
    name = "q_num_heads" if index == 0 else "kv_num_heads"
    heads = call.whole(name, 0)
    if len(shape) != 3 or heads < 1 or shape[2] % heads:
        raise NodeProblem("attends to what has no heads", found=f"{text(shape)}, {heads} heads")
    return shape[1], shape[2] // heads, heads


def _as_heads(site: Site, index: int, heads: int) -> int:
    """An input as ``(heads, n, d)``, its heads repeated until they are as many as the queries'."""
    known = site.input(index)
    if site.image_batch(known) != 0:
        raise NodeProblem("attends to no batch", found=text(known.shape))
    n, width, own = _heads(site, index)
    if len(known.shape) == 4:
        source = site.source(index, known.shape[1:])
    else:
        split = site.shaped(site.source(index, known.shape[1:]), (n, own, width))
        source = site.layer("transpose", {"axes": (1, 0, 2)}, (split,), (own, n, width))
    if own == heads:
        return source
    shape = (heads, n, width)
    return site.layer("rearrange", {"shape": shape}, (source,), shape)
