"""Operations on each element: of one tensor, and of several."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from costcalc.importers.model import Sides
from costcalc.importers.torch.calls import Call, Ref
from costcalc.importers.torch.lowering import Lowering, bound, sides

Operation = Callable[[Call, Lowering], None]


def unary(kind: str, **arguments: Any) -> Operation:
    """A function of each element."""

    def lower(call: Call, to: Lowering) -> None:
        value = bound(call, "input")["input"]
        shape = sides(to.shape_of(call))
        to.give(call.outputs[0], to.add(call, kind, arguments, (to.node(value),), shape))

    return lower


def binary(kind: str, with_number: str, reflected: bool = False) -> Operation:
    """An operation of two tensors, or of one and a number."""

    def lower(call: Call, to: Lowering) -> None:
        given = bound(call, "input", "other")
        pair = [given["input"], given["other"]]
        if reflected:
            pair.reverse()
        tensors = [each for each in pair if isinstance(each, Ref)]
        if len(tensors) == 2:
            join(call, to, kind, pair, by=given.get("alpha", 1))
        elif with_number:
            node = to.node(tensors[0])
            if kind in ("subtract", "divide") and isinstance(pair[1], Ref):
                word = {"subtract": "neg", "divide": "reciprocal"}[kind]
                node = to.add(call, word, {}, (node,), to.held(node), word=word)
            shape = sides(to.shape_of(call))
            to.give(call.outputs[0], to.add(call, with_number, {}, (node,), shape))
        else:
            join(call, to, kind, pair)

    return lower


def join(call: Call, to: Lowering, kind: str, several: list[Any], by: Any = 1) -> None:
    """A node that joins tensors and numbers, sides of 1 repeated, the last of them scaled."""
    shape = to.shape_of(call)
    inputs = [
        broadcast(to, each, shape)
        if isinstance(each, Ref)
        else to.constant(call, (1,) * len(sides(shape)))
        for each in several
    ]
    inputs[-1] = scaled(call, to, inputs[-1], by)
    arguments: dict[str, Any] = {}
    if kind == "add" and len({to.held(node) for node in inputs}) > 1:
        arguments["broadcast"] = True
    to.give(call.outputs[0], to.add(call, kind, arguments, inputs, sides(shape)))


def broadcast(to: Lowering, value: Ref, shape: Sides) -> int:
    """The value's node, with as many sides as a node of ``shape`` has."""
    own = to.shape(value)
    full = (1,) * (len(shape) - len(own)) + own
    is_dropped = len(shape) > 1 and shape[0] == 1
    return to.node(value, full[1:] if is_dropped else full or (1,))


def scaled(call: Call, to: Lowering, node: int, by: Any) -> int:
    """The node times a number."""
    if by == 1:
        return node
    return to.add(call, "scale", {}, (node,), to.held(node), word="scale")


def power(call: Call, to: Lowering) -> None:
    """``x ** n``."""
    given = bound(call, "input", "exponent")
    exponent = given.get("exponent", given.get("other"))
    kinds = {2: "square", 0.5: "sqrt", -0.5: "rsqrt", -1: "reciprocal"}
    if not isinstance(exponent, Ref) and exponent in kinds:
        unary(kinds[exponent])(call, to)
    else:
        join(call, to, "power", [given["input"], exponent])


def where(call: Call, to: Lowering) -> None:
    """``where(condition, a, b)``."""
    given = bound(call, "condition", "input", "other")
    join(call, to, "where", [given["condition"], given["input"], given["other"]])


def masked_fill(call: Call, to: Lowering) -> None:
    """``x.masked_fill(mask, value)``."""
    given = bound(call, "input", "mask", "value")
    join(call, to, "where", [given["mask"], given["value"], given["input"]])


def add_product(kind: str) -> Operation:
    """``addcmul`` and ``addcdiv``: ``a + value b c``, ``a + value b / c``."""

    def lower(call: Call, to: Lowering) -> None:
        given = bound(call, "input", "tensor1", "tensor2")
        shape = to.shape_of(call)
        pair = [broadcast(to, given[name], shape) for name in ("tensor1", "tensor2")]
        held = tuple(map(max, *(to.held(node) for node in pair)))
        node = to.add(call, kind, {}, pair, held, word=kind)
        node = scaled(call, to, node, given.get("value", 1))
        first = broadcast(to, given["input"], shape)
        output = sides(shape)
        arguments = {} if to.held(first) == held else {"broadcast": True}
        to.give(call.outputs[0], to.add(call, "add", arguments, (first, node), output))

    return lower


def gated_linear(call: Call, to: Lowering) -> None:
    """``F.glu``: one half times the sigmoid of the other."""
    given = bound(call, "input", "dim")
    shape = to.shape(given["input"])
    axis = given.get("dim", -1) % len(shape)
    drop = len(shape) - len(sides(shape))
    node, held = to.node(given["input"]), sides(to.shape_of(call))
    halves = [
        to.add(
            call,
            "split",
            {"parts": 2, "part": part, "axis": axis - drop},
            (node,),
            held,
            word=f"part{part}",
        )
        for part in (1, 2)
    ]
    gate = to.add(call, "sigmoid", {}, (halves[1],), held, word="sigmoid")
    to.give(call.outputs[0], to.add(call, "multiply", {}, (halves[0], gate), held))
