"""Operators of quantised modules: those of floating-point numbers, with weights that are packed."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.importers.builder import Operand
from costcalc.importers.torch.context import Result, Rule, TorchContext
from costcalc.importers.torch.operations import convolutions, elementwise, products, views

_WINDOW = ("stride", "padding", "output_padding", "dilation")

_UNARY = ("celu", "elu", "hardswish", "leaky_relu", "sigmoid")
"""Activations that have the name of their function."""


def _convolution(op: TorchContext) -> Operand:
    """A convolution; PyTorch packs one along rows as one over maps of a single row."""
    args = op.bind()
    pack = args["packed_weight"]
    rank = len(op.shape_of(args["qx"])) - 2
    window = {
        name: value[-rank:] if isinstance(value, tuple) and name in _WINDOW else value
        for name, value in pack.items()
        if name != "transpose"
    }
    op.call = op.call._replace(keywords={"input": args["qx"], **window})
    return (convolutions.transposed_conv if pack["transpose"] else convolutions.conv)(op)


def _linear(op: TorchContext) -> Operand:
    args = op.bind()
    pack = args["W_prepack"]
    weights = {"weight": pack["weight"], "bias": pack["bias"]}
    op.call = op.call._replace(keywords={"input": args["X"], **weights})
    return products.linear(op)


def _of_two(kind: str) -> Rule:
    """``quantized::add`` and the like, of two tensors or of a tensor and a number."""

    def rule(op: TorchContext) -> Result:
        args = op.bind()
        keywords = {"input": args["qa"], "other": args["qb"] if "qb" in args else args["b"]}
        op.call = op.call._replace(keywords=keywords)
        return elementwise.binary(kind)(op)

    return rule


def _activated(rule: Rule) -> Rule:
    """An operator with a ReLU behind it."""

    def of_both(op: TorchContext) -> Result:
        y = rule(op)
        return op.add("relu", (y,), part="_relu") if isinstance(y, Operand) else y

    return of_both


def _matmul(op: TorchContext) -> Operand:
    args = op.bind()
    op.call = op.call._replace(keywords={"input": args["qa"], "other": args["qb"]})
    return products.matmul(op)


def _renamed(rule: Rule, **names: str) -> Rule:
    def of_operator(op: TorchContext) -> Result:
        keywords = {names.get(name, name): value for name, value in op.call.keywords.items()}
        op.call = op.call._replace(keywords=keywords)
        return rule(op)

    return of_operator


_PLAIN: Mapping[str, Rule] = {
    **{f"conv{rank}d": _convolution for rank in (1, 2, 3)},
    "linear": _linear,
    "add": _of_two("add"),
    "mul": _of_two("multiply"),
    "add_scalar": _of_two("add"),
    "mul_scalar": _of_two("multiply"),
}
_RULES: Mapping[str, Rule] = {
    **_PLAIN,
    **{f"{name}_relu": _activated(rule) for name, rule in _PLAIN.items()},
    **{f"conv_transpose{rank}d": _convolution for rank in (1, 2, 3)},
    "linear_dynamic": _linear,
    "linear_dynamic_fp16": _linear,
    "linear_relu_dynamic": _activated(_linear),
    "linear_relu_dynamic_fp16": _activated(_linear),
    "matmul": _matmul,
    "cat": _renamed(views.concat, qx="tensors"),
}


def of(functions: Mapping[str, Rule]) -> dict[str, Rule]:
    """The rules by the operators' names; those of activations are those of functions."""
    activations = {name: _renamed(functions[name], qx="input") for name in _UNARY}
    return {f"quantized::{name}": rule for name, rule in {**_RULES, **activations}.items()}
