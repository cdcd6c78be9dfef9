"""Mixtures of experts, of which each token uses a few: all have params."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand, StoredParams, dims_text
from costcalc.importers.onnx.context import OnnxContext, Operator, OpView, Rule
from costcalc.importers.onnx.signatures import MICROSOFT
from costcalc.records import NamedTuple

_ACTIVATIONS: Mapping[str, str | None] = {
    "relu": "relu",
    "gelu": "gelu",
    "silu": "swish",
    "swiglu": "swish",
    "identity": None,
}
"""The layer kinds of activations."""


class Routing(NamedTuple):
    """Which experts the tokens of an operator go to."""

    experts: int
    chosen: int
    tokens: int
    places: Operand
    """The probabilities of the experts that are chosen, and their numbers."""

    @property
    def rows(self) -> int:
        """How many tokens all experts read together."""
        return self.tokens * self.chosen


def mixture(matrices: Sequence[int], *, bias: int, scales: Sequence[int] = ()) -> Operator:
    """MoE and QMoE, by the indices of the matrices of an expert: in, out, and its gate's.

    A token passes through k of E experts, whatever the values: ``W2 act(W1 x)``, or with a
    gate ``W2 (act(W1 x) * W3 x)``.  ``bias`` is how far behind its matrix each bias is, and
    ``scales`` are the inputs that are configuration.
    """

    def rule(op: OpView) -> Rule:
        x, router = op.input(0), op.shape(1)
        count, k = router[-1] if router else 0, op.integer("k", 1, lowest=1)
        tokens = prod(x.shape[:-1])
        if not tokens or not count or k > count or prod(router) != tokens * count:
            raise Refusal(
                "routes its tokens otherwise than it has them",
                expected=f"(tokens, experts), and at least {k} experts",
                found=f"{dims_text(router)} for {dims_text(x.shape)}",
            )
        ctx = yield [x._replace(values=None)]
        ctx.ignore_params(*scales)
        ctx.fold()
        ctx.set_output(_mixed(ctx, matrices, bias, count, k))

    return rule


def _mixed(ctx: OnnxContext, matrices: Sequence[int], bias: int, count: int, k: int) -> Operand:
    """The sum of what k experts make of each token, weighted by their probabilities."""
    name = ctx.string("activation_type", "relu")
    if name not in _ACTIVATIONS:
        known = ", ".join(_ACTIVATIONS)
        raise Refusal("has an activation that costcalc does not know", known, name)
    x = ctx.operand(0)
    width = x.shape[-1]
    tokens = prod(x.shape) // width
    scores = ctx.add("softmax", (ctx.operand(1, (tokens, count)),), part="/probabilities")
    places = ctx.add("top_k", (scores,), {"k": k}, "/chosen")
    routing = Routing(count, k, tokens, places)
    rows = ctx.add("rearrange", (x, places), {"shape": (routing.rows, 1, width)}, "/routed")
    first, second, third = matrices
    y = _through(ctx, rows, first, bias, routing, "in")
    inner = _columns(ctx, second, count, width)
    gate = None
    if ctx.has(third):
        gate = _through(ctx, rows, third, bias, routing, "gate")
    elif y.shape[-1] == 2 * inner:
        y, gate = emit.split(ctx, y, 2, 2, part="/half{}")
    kind = _ACTIVATIONS[name]
    y = ctx.add(kind, (y,), part=f"/{kind}") if kind else y
    if gate is not None:
        y = emit.join(ctx, "multiply", (y, gate), part="/gated")
    y = _through(ctx, y, second, bias, routing, "out")
    factors = ctx.view(places, (routing.rows, 1, 1), "/factors")
    y = ctx.view(emit.join(ctx, "multiply", (y, factors), part="/weighted"), (tokens, k, width))
    y = emit.reduce(ctx, y, "sum", (1,), keep=False, part="/mixed") if k > 1 else y
    return ctx.view(y, x.shape)


def _columns(ctx: OnnxContext, index: int, count: int, rows: int) -> int:
    """The other side of the matrices of all experts, several of whose numbers a byte may hold."""
    per_byte = 1
    if ctx.node.operator.endswith("QMoE"):
        per_byte = max(8 // ctx.integer("expert_weight_bits", 4, lowest=1), 1)
    numbers = prod(ctx.shape(index)) * per_byte
    if not numbers or numbers % (count * rows):
        expected, found = f"{count} matrices with a side of {rows}", dims_text(ctx.shape(index))
        raise Refusal("has matrices that do not fit its tokens", expected, found)
    return numbers // (count * rows)


def _through(
    ctx: OnnxContext, x: Operand, index: int, bias: int, routing: Routing, part: str
) -> Operand:
    """Each row times the matrix of its expert, and its bias."""
    inner, count = x.shape[-1], routing.experts
    out = _columns(ctx, index, count, inner)
    numbers = count * inner * out
    stored = [StoredParams(each.tensor, numbers) for each in ctx.weights(index)]
    ctx.builder.params.left.update((each.tensor, numbers) for each in stored)
    weights = ctx.add(
        "learned",
        (),
        {"shape": (count, inner, out), "of": "weight"},
        f"/{part}_weights",
        params={"weights": stored},
    )
    shape = (routing.rows, inner, out)
    picked = ctx.add("rearrange", (weights, routing.places), {"shape": shape}, f"/{part}_picked")
    y = ctx.add("matmul", (x, picked), part=f"/{part}")
    if not ctx.has(index + bias):
        return y
    biases = ctx.add(
        "learned",
        (),
        {"shape": (count, out), "of": "bias"},
        f"/{part}_biases",
        params={"biases": ctx.stored(index + bias)},
    )
    shape = (routing.rows, 1, out)
    added = ctx.add("rearrange", (biases, routing.places), {"shape": shape}, f"/{part}_added")
    return emit.join(ctx, "add", (y, added), part=f"/{part}_biased")


TABLE: Mapping[str, Operator] = {
    f"{MICROSOFT}.MoE": mixture((2, 4, 6), bias=1),
    f"{MICROSOFT}.QMoE": mixture((2, 5, 8), bias=2, scales=(3, 6, 9, 11, 12, 13)),
}
