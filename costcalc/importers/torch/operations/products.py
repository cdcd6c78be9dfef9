"""Matrix products: linear layers, matrices of activations, attention; and tables of rows."""

from __future__ import annotations

from typing import Any

from costcalc.importers.model import Sides
from costcalc.importers.torch.calls import Call, Ref
from costcalc.importers.torch.lowering import Lowering, bound, sides
from costcalc.importers.torch.operations.elementwise import broadcast, scaled
from costcalc.importers.torch.operations.views import order_node


def linear(call: Call, to: Lowering) -> None:
    """``x W^T + b`` with W of (out, in), along the last axis."""
    given = bound(call, "input", "weight", "bias")
    if to.is_computed(given["weight"]):
        _with_computed(call, to, given)
        return
    stored = {"weights": [given["weight"]], "biases": [given.get("bias")]}
    _dense(call, to, given["input"], to.shape(given["weight"])[0], stored)


def embedding(call: Call, to: Lowering) -> None:
    """``F.embedding``: rows of a table."""
    given = bound(call, "input", "weight")
    rows, out = to.shape(given["weight"])
    shape = sides(to.shape(given["input"]))
    arguments = {"rows": rows, "out": out}
    stored = {"weights": [given["weight"]]}
    held = (*shape, out)
    node = to.add(call, "embedding", arguments, (to.node(given["input"]),), held, stored)
    to.give(call.outputs[0], node, held)


def matmul(call: Call, to: Lowering) -> None:
    """``a @ b``; a linear layer without a bias where b is a parameter."""
    given = bound(call, "input", "other")
    a, b = given["input"], given[next(name for name in ("other", "mat2", "vec") if name in given)]
    if to.is_stored(b) and len(to.shape(b)) == 2 and to.is_computed(a):
        _dense(call, to, a, to.shape(b)[1], {"weights": [b], "biases": []})
        return
    node, held = product(call, to, a, b)
    to.give(call.outputs[0], node, held)


def add_product(call: Call, to: Lowering) -> None:
    """``addmm`` and ``baddbmm``: ``beta c + alpha a @ b``."""
    given = bound(call, "input", "batch1", "batch2")
    a, b = (given[f"{'batch' if f'batch{i}' in given else 'mat'}{i}"] for i in (1, 2))
    node, held = product(call, to, a, b, "product")
    node = scaled(call, to, node, given.get("alpha", 1))
    shape = to.shape_of(call)
    first = broadcast(to, given["input"], shape)
    if held != sides(shape):
        node = to.reshape(call, node, sides(shape))
    first = scaled(call, to, first, given.get("beta", 1))
    to.give(call.outputs[0], to.add(call, "add", {"broadcast": True}, (first, node), sides(shape)))


def product(call: Call, to: Lowering, a: Ref, b: Ref, word: str = "") -> tuple[int, Sides]:
    """A node of the product of two stacks of matrices, vectors among them, and its sides."""
    left, right = to.shape(a), to.shape(b)
    left = left if len(left) > 1 else (1, *left)
    right = right if len(right) > 1 else (*right, 1)
    rank = max(len(left), len(right))
    left, right = ((1,) * (rank - len(shape)) + shape for shape in (left, right))
    if rank > 2 and left[0] == right[0] == 1:
        left, right = left[1:], right[1:]
    stack = tuple(max(i, j) for i, j in zip(left[:-2], right[:-2], strict=True))
    held = (*stack, left[-2], right[-1])
    inputs = (to.node(a, left), to.node(b, right))
    return to.add(call, "matmul", {}, inputs, held, word=word), held


def attention(call: Call, to: Lowering) -> None:
    """``scaled_dot_product_attention(q, k, v, mask)``; heads of 1 are repeated."""
    given = bound(call, "query", "key", "value", "attn_mask")
    shape = to.shape_of(call)
    several = [given[name] for name in ("query", "key", "value")]
    *stack, n, _ = shape
    mask = given.get("attn_mask")
    if given.get("enable_gqa") and to.shape(several[1])[-3] != stack[-1]:
        if mask is not None:
            to.refuse(call)
            return
        _grouped_attention(call, to, several)
        return
    inputs = [broadcast(to, each, (*stack, *to.shape(each)[-2:])) for each in several]
    if mask is not None:
        inputs.append(broadcast(to, mask, (*stack, n, to.shape(several[1])[-2])))
    to.give(call.outputs[0], to.add(call, "attention", {}, inputs, sides(shape)))


def _grouped_attention(call: Call, to: Lowering, several: list[Ref]) -> None:
    """Groups of query heads, each of which meets one head of keys and values."""
    shape = to.shape_of(call)
    *stack, heads, _, _ = to.shape(several[1])
    group = shape[-3] // heads
    inputs = [
        to.node(each, (*stack, heads, many, *to.shape(each)[-2:]))
        for each, many in zip(several, (group, 1, 1), strict=True)
    ]
    held = (*stack, heads, group, *shape[-2:])
    to.give(call.outputs[0], to.add(call, "attention", {}, inputs, held), held)


def _with_computed(call: Call, to: Lowering, given: dict[str, Any]) -> None:
    """A linear layer whose matrix is itself computed: a product, and its bias added."""
    out, inputs = to.shape(given["weight"])
    held = sides(to.shape(given["input"]))
    held = held if len(held) > 1 else (1, *held)
    matrix = order_node(call, to, to.node(given["weight"], (out, inputs)), (1, 0))
    matrix = to.reshape(call, matrix, (*(1 for _ in held[2:]), inputs, out))
    shape = (*held[:-1], out)
    node = to.add(call, "matmul", {}, (to.node(given["input"], held), matrix), shape)
    if given.get("bias") is not None:
        bias = to.node(given["bias"], (*(1 for _ in held[1:]), out))
        node = to.add(call, "add", {"broadcast": True}, (node, bias), shape, word="bias")
    to.give(call.outputs[0], node, shape)


def _dense(
    call: Call, to: Lowering, value: Ref, out: int, stored: dict[str, list[Ref | None]]
) -> None:
    held = sides(to.shape(value))
    if len(to.shape(value)) == 2:
        held = to.shape(value) if held == (1,) else held
    arguments = {"out": out, "bias": any(each is not None for each in stored["biases"])}
    if len(held) > 1:
        arguments |= {"per_position": True, "axis": -1}
    output = (*held[:-1], out)
    node = to.add(call, "fc", arguments, (to.node(value, held),), output, stored)
    to.give(call.outputs[0], node, output)
