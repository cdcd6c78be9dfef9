"""Operators of the dispatcher that do several functions at once, or have no function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.importers import emit
from costcalc.importers.builder import Operand, UnknownOp
from costcalc.importers.recurrent import Cell, Stored, recurrent
from costcalc.importers.torch.calls import ValueRef
from costcalc.importers.torch.context import Rule, TorchContext, without_batch
from costcalc.importers.torch.operations.products import bilinear_form
from costcalc.importers.torch.operations.transforms import transformed

_CELLS = (("rnn", "relu"), ("rnn", "tanh"), ("lstm", ""), ("gru", ""))
"""The cells of ``mkldnn_rnn_layer`` by their numbers, and the activation of a plain one."""


def recurrent_layer(op: TorchContext) -> list[Operand]:
    """``mkldnn_rnn_layer``: one layer in one direction."""
    args = op.bind()
    kind, activation = _CELLS[args["mode"]]
    has_bias = bool(args["has_biases"])
    cell = Cell(
        kind,
        args["hidden_size"],
        bias_vectors=2 if has_bias else 0,
        activations=(activation,) if activation else (),
    )
    weights = [op.stored(args[f"weight{place}"]) for place in range(4)]
    biases = weights[2:] if has_bias else [[], []]
    stored = Stored(*({"weights": weights[at], "biases": biases[at]} for at in range(2)))
    found = recurrent(op, op.tensor(args["input"]), cell, [[stored]])
    return [found.output, *_others(op, found.output)]


def _others(op: TorchContext, x: Operand) -> list[Operand]:
    """The outputs after the first up to the last that is read: some elements of the first."""
    read = (at for at, value in enumerate(op.call.outputs) if op.builder.is_read(value))
    last = max(read, default=0)
    return [
        op.add(
            "rearrange", (x,), {"shape": without_batch(op.shape_of(ValueRef(value)))}, part="_more"
        )
        for value in op.call.outputs[1 : last + 1]
    ]


def encoder_layer(op: TorchContext) -> Operand:
    """``_transformer_encoder_layer_fwd``: attention and two linear layers, with their norms."""
    args = op.bind()
    x = op.tensor(args["src"], op.shape_of(args["src"]))

    def norm(y: Operand, place: int) -> Operand:
        params = {
            "norm_params": op.stored(args[f"norm_weight_{place}"], args[f"norm_bias_{place}"])
        }
        return op.add("layer_norm", (y,), {"axes": (y.rank - 1,)}, f"/norm{place}", params=params)

    def feed(y: Operand) -> Operand:
        y = _dense(op, y, args, "ffn_weight_1", "ffn_bias_1", "/linear1")
        y = op.add("gelu" if args["use_gelu"] else "relu", (y,), part="/activation")
        return _dense(op, y, args, "ffn_weight_2", "ffn_bias_2", "/linear2")

    for place, part in enumerate((lambda y: _attention(op, y, args), feed), 1):
        if args["norm_first"]:
            x = emit.join(op, "add", (x, part(norm(x, place))), part=f"/add{place}")
        else:
            x = norm(emit.join(op, "add", (x, part(x)), part=f"/add{place}"), place)
    return op.view(x, without_batch(op.shape))


def multi_head_attention(op: TorchContext) -> list[Operand]:
    """``_native_multi_head_attention``."""
    args = op.bind()
    if len({args[name] for name in ("query", "key", "value")}) > 1:
        raise UnknownOp("costcalc reads it where queries, keys and values are of one tensor")
    x = op.tensor(args["query"], op.shape_of(args["query"]))
    y = _attention(op, x, args)
    y = op.view(y, without_batch(op.shape))
    return [y, *_others(op, y)]


def _attention(op: TorchContext, x: Operand, args: Mapping[str, Any]) -> Operand:
    """Heads of attention of a tensor to itself, between two projections."""
    heads, width = args.get("num_heads", args.get("num_head")), args["embed_dim"]
    images, rows, _ = x.shape
    together = _dense(op, x, args, "qkv_weight", "qkv_bias", "/qkv")
    parts = [
        emit.transpose(
            op, op.view(part, (images, rows, heads, width // heads)), (0, 2, 1, 3), part="/heads"
        )
        for part in emit.split(op, together, 2, 3, part="/split{}")
    ]
    if args.get("mask") is not None:
        parts.append(op.add("constant", (), {"shape": (1, 1, rows, rows)}))
    mixed = op.add("attention", parts, part="/attention")
    mixed = emit.transpose(op, mixed, (0, 2, 1, 3), part="/joined")
    y = op.view(mixed, (images, rows, width))
    return _dense(op, y, args, "proj_weight", "proj_bias", "/projection")


def _dense(
    op: TorchContext, x: Operand, args: Mapping[str, Any], weight: str, bias: str, part: str
) -> Operand:
    params = {"weights": op.stored(args[weight]), "biases": op.stored(args[bias])}
    return emit.dense(op, x, out=op.shape_of(args[weight])[0], params=params, part=part)


def trilinear(op: TorchContext) -> Operand:
    """``_trilinear``, of ``F.bilinear`` alone: every weight once at each position."""
    args = op.bind()
    if (args["sumdim"], op.shape[-1]) != ((2, 3), op.shape_of(args["i2"])[-3]):
        raise UnknownOp
    return bilinear_form(op, args["i1"], args["i3"], args["i2"], None)


def fourier(real: str) -> Rule:
    """``_fft_c2c``, ``_fft_r2c`` and ``_fft_c2r``; ``real`` is the end of real numbers."""

    def rule(op: TorchContext) -> Operand:
        args = op.bind()
        shape = op.shape_of(args["input"])
        sizes = {axis % len(shape): op.shape[axis] for axis in args["dim"]}
        if real == "input":
            last = [*sizes][-1]
            sizes[last] = shape[last]
        end = real if args.get("onesided", True) else "none"
        return transformed(op, args["input"], sizes, end)

    return rule


OPERATIONS: Mapping[str, Rule] = {
    "mkldnn_rnn_layer": recurrent_layer,
    "_transformer_encoder_layer_fwd": encoder_layer,
    "_native_multi_head_attention": multi_head_attention,
    "_trilinear": trilinear,
    "_fft_c2c": fourier("none"),
    "_fft_r2c": fourier("input"),
    "_fft_c2r": fourier("output"),
}
"""The rules of operators, by their names without the namespace."""
