"""Activations: as layers, and as the ``activation`` of other layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand, UnknownOp
from costcalc.importers.keras.config import shown
from costcalc.importers.keras.context import KerasContext, Result, Rule
from costcalc.importers.keras.layers.unread import LAMBDA, why_unread
from costcalc.importers.keras.structure import class_of

FUNCTIONS: Mapping[str, str] = {
    "relu": "relu",
    "relu6": "relu6",
    "leaky_relu": "leaky_relu",
    "elu": "elu",
    "selu": "selu",
    "celu": "celu",
    "gelu": "gelu",
    "sigmoid": "sigmoid",
    "hard_sigmoid": "h_sigmoid",
    "log_sigmoid": "log_sigmoid",
    "tanh": "tanh",
    "hard_tanh": "hard_tanh",
    "silu": "swish",
    "swish": "swish",
    "hard_silu": "h_swish",
    "hard_swish": "h_swish",
    "mish": "mish",
    "softplus": "softplus",
    "softsign": "softsign",
    "exponential": "exp",
    "softmax": "softmax",
    "log_softmax": "log_softmax",
}
"""The layer kind of each activation, by Keras' name of its function."""


_PUBLISHED = ("", "keras", "Addons")
"""Packages whose functions do as they are named."""


def activate(op: KerasContext, tensor: Operand) -> Operand:
    """Applies the ``activation`` of the layer."""
    name = function_name(op.config.raw("activation"))
    return tensor if name is None else _apply(op, tensor, name, f".{FUNCTIONS.get(name, name)}")


def function_name(value: Any) -> str | None:
    """The name of an activation in a config; None for ``linear``.

    Raises:
        Refusal: the value is not a name.
    """
    if isinstance(value, dict):
        config = value.get("config")
        is_function = value.get("class_name") == "function"
        value = config if is_function else _snake(class_of(value))
        value = LAMBDA if value is None else value
        if not is_function and isinstance(config, dict) and "max_value" in config:
            value = "relu6" if config["max_value"] is not None else value
    if value is None or value == "linear":
        return None
    if not isinstance(value, str):
        raise Refusal("'activation' is not valid", "a word", shown(value))
    package, _, name = value.rpartition(">")
    return name if package in _PUBLISHED else value


def _snake(name: Any) -> Any:
    """The name of the function of a class: ``leaky_relu`` for ``LeakyReLU``."""
    by_class = {function.replace("_", ""): function for function in FUNCTIONS}
    return by_class.get(name.lower(), name) if isinstance(name, str) else name


def _apply(op: KerasContext, tensor: Operand, name: str, part: str = "") -> Operand:
    kind = FUNCTIONS.get(name)
    if kind is None:
        if not op.builder.allow_unknown:
            reason = why_unread(name, is_operation=False)
            what = f"costcalc has no layer kind for the activation '{name}'"
            raise UnknownOp(f"{what}: {reason}" if reason else what)
        return op.add("uncounted", (tensor,), {"op": name, "shape": tensor.shape}, part)
    return op.add(kind, (tensor,), _softmax_axis(op, tensor, kind), part)


def _softmax_axis(op: KerasContext, tensor: Operand, kind: str) -> dict[str, Any]:
    """The axis of a softmax, the last in Keras."""
    if kind not in ("softmax", "log_softmax"):
        return {}
    return {"axis": op.layout.last(tensor.rank)}


def activation(op: KerasContext) -> Result:
    """``Activation``."""
    name = function_name(op.config.raw("activation"))
    return op.add("identity", (op.input,)) if name is None else _apply(op, op.input, name)


def unary(kind: str) -> Rule:
    """A layer of one kind, without settings."""

    def rule(op: KerasContext) -> Result:
        return op.add(kind, (op.input,))

    return rule


def relu(op: KerasContext) -> Result:
    """``ReLU``: a ReLU6 if it has a ``max_value``, leaky if it has a ``negative_slope``."""
    ceiling, slope = op.config.number("max_value"), op.config.number("negative_slope", 0)
    if slope:
        leaky = op.add("leaky_relu", (op.input,))
        return leaky if ceiling is None else op.add("clip", (leaky,), part=".clip")
    return op.add("relu" if ceiling is None else "relu6", (op.input,))


def gelu(op: KerasContext) -> Result:
    """``gelu``; ``approximate`` selects the form with tanh."""
    return op.add("gelu_tanh" if op.option("approximate") is True else "gelu", (op.input,))


def softmax(kind: str) -> Rule:
    """``Softmax`` and ``LogSoftmax`` along an axis, the last by default."""

    def rule(op: KerasContext) -> Result:
        value = op.option("axis")
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if isinstance(value, list):
            raise UnknownOp
        x, masks = op.input, op.masks()
        for mask in masks:
            x = op.masked(x, mask, part="/masked")
        x = op.add(kind, (x,), {"axis": op.axis(value)})
        for mask in masks:
            x = op.masked(x, mask, part="/kept")
        return x

    return rule


def prelu(op: KerasContext) -> Result:
    """``PReLU``: a slope for each element, shared along ``shared_axes``."""
    value = op.config.raw("shared_axes")
    shared = set(op.axes(value)) if value else set()
    return emit.prelu(op, op.input, [axis for axis in range(op.rank) if axis not in shared])


TABLE: Mapping[str, Rule] = {
    "Activation": activation,
    "ReLU": relu,
    "PReLU": prelu,
    "Softmax": softmax("softmax"),
    "LeakyReLU": unary("leaky_relu"),
    "ELU": unary("elu"),
    "ThresholdedReLU": unary("relu"),
}
