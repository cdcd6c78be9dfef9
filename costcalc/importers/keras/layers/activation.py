"""Activations: layers, and the words that other layers carry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.errors import Refusal
from costcalc.formulas.algebra import product
from costcalc.importers import emit
from costcalc.importers.builder import Operand, UnknownOp
from costcalc.importers.keras.config import shown
from costcalc.importers.keras.context import KerasContext, Rule, Result

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
"""Keras' names of activations, and the kind that each is."""


def activated(op: KerasContext, tensor: Operand) -> Operand:
    """The tensor after the activation that the layer carries."""
    word = function(op.config.raw("activation"))
    return tensor if word is None else _applied(op, tensor, word, f".{FUNCTIONS.get(word, word)}")


def function(value: Any) -> str | None:
    """The name of an activation as a config writes it; None for ``linear``.

    Raises:
        Refusal: it is no name.
    """
    if isinstance(value, dict):
        config = value.get("config")
        is_function = value.get("class_name") == "function"
        value = config if is_function else _snake(value.get("class_name"))
        if not is_function and isinstance(config, dict) and "max_value" in config:
            value = "relu6" if config["max_value"] is not None else value
    if value is None or value == "linear":
        return None
    if not isinstance(value, str):
        raise Refusal("'activation' is not valid", "a word", shown(value))
    return value.rpartition(">")[2]


def _snake(name: Any) -> Any:
    """A class's name as that of its function: ``LeakyReLU`` is ``leaky_relu``."""
    known_classes = {each.replace("_", ""): each for each in FUNCTIONS}
    return known_classes.get(name.lower(), name) if isinstance(name, str) else name


def _applied(op: KerasContext, tensor: Operand, word: str, part: str = "") -> Operand:
    kind = FUNCTIONS.get(word)
    if kind is None:
        if not op.builder.allow_unknown:
            raise UnknownOp(f"costcalc has no layer kind for the activation '{word}'")
        return op.add("uncounted", (tensor,), {"op": word, "shape": tensor.shape}, part)
    return op.add(kind, (tensor,), _softmax_axis(op, tensor, kind), part)


def _softmax_axis(op: KerasContext, tensor: Operand, kind: str) -> dict[str, Any]:
    """Where a softmax sums: along Keras' last axis."""
    if kind not in ("softmax", "log_softmax"):
        return {}
    return {"axis": op.layout.last(tensor.rank)}


def activation(op: KerasContext) -> Result:
    """``Activation``: a function by its name."""
    word = function(op.config.raw("activation"))
    return op.add("identity", (op.input,)) if word is None else _applied(op, op.input, word)


def named(kind: str) -> Rule:
    """A layer that is one function."""

    def rule(op: KerasContext) -> Result:
        return op.add(kind, (op.input,))

    return rule


def relu(op: KerasContext) -> Result:
    """``ReLU``: with a ceiling a ReLU6, with a slope a leaky one."""
    ceiling, slope = op.config.number("max_value"), op.config.number("negative_slope", 0)
    if slope:
        leaky = op.add("leaky_relu", (op.input,))
        return leaky if ceiling is None else op.add("clip", (leaky,), part=".clip")
    return op.add("relu" if ceiling is None else "relu6", (op.input,))


def gelu(op: KerasContext) -> Result:
    """``gelu``, of which ``approximate`` is the form with tanh."""
    return op.add("gelu_tanh" if op.option("approximate") is True else "gelu", (op.input,))


def softmax(kind: str) -> Rule:
    """``Softmax`` along an axis, the last by default."""

    def rule(op: KerasContext) -> Result:
        value = op.option("axis")
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if isinstance(value, list):
            raise UnknownOp
        axis = op.axis(-1 if value is None else value)
        return op.add(kind, (op.input,), {"axis": axis})

    return rule


def prelu(op: KerasContext) -> Result:
    """``PReLU``: a slope for each place but those along the shared axes.

    A kind knows one slope for each place of one axis, so that the other axes
    stand behind it, and several without sharing as one.
    """
    sides, rank = op.input.shape, op.rank
    value = op.config.raw("shared_axes")
    shared = set(op.axes(value)) if value else set[int]()
    own = [axis for axis in range(rank) if axis not in shared]
    if not own:
        return op.add("prelu", (op.input,), {"shared": True})
    if own == [0]:
        return op.add("prelu", (op.input,))
    order = [*own, *sorted(shared)]
    tensor = emit.transpose(op, op.input, order)
    turned = tensor.shape
    slopes = product(turned[: len(own)])
    if len(own) > 1:
        op.builder.is_sized = True
        flat = (slopes, *turned[len(own) :])
        tensor = op.add("reshape", (tensor,), {"shape": flat}, ".slopes")
    tensor = op.add("prelu", (tensor,))
    if len(own) > 1:
        tensor = op.add("reshape", (tensor,), {"shape": tuple(turned)}, ".reshape")
    back = tuple(order.index(axis) for axis in range(len(sides)))
    return emit.transpose(op, tensor, back)


TABLE: Mapping[str, Rule] = {
    "Activation": activation,
    "ReLU": relu,
    "PReLU": prelu,
    "Softmax": softmax("softmax"),
    "LeakyReLU": named("leaky_relu"),
    "ELU": named("elu"),
    "ThresholdedReLU": named("relu"),
}
