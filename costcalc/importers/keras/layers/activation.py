"""Activations: layers, and the words that other layers carry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.formulas.algebra import product
from costcalc.graph.frame import Tensor
from costcalc.importers.building import LayerError, known
from costcalc.importers.keras.config import shown
from costcalc.importers.keras.site import Lower, Result, Site

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


def activated(site: Site, tensor: Tensor) -> Tensor:
    """The tensor after the activation that the layer carries."""
    word = function(site.config.raw("activation"))
    return tensor if word is None else _applied(site, tensor, word, f".{FUNCTIONS.get(word, word)}")


def function(value: Any) -> str | None:
    """The name of an activation as a config writes it; None for ``linear``.

    Raises:
        LayerError: it is no name.
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
        raise LayerError("'activation' is not what it must be", "a word", shown(value))
    return value.rpartition(">")[2]


def _snake(name: Any) -> Any:
    """A class's name as that of its function: ``LeakyReLU`` is ``leaky_relu``."""
    known_classes = {each.replace("_", ""): each for each in FUNCTIONS}
    return known_classes.get(name.lower(), name) if isinstance(name, str) else name


def _applied(site: Site, tensor: Tensor, word: str, part: str = "") -> Tensor:
    kind = FUNCTIONS.get(word)
    if kind is None:
        return site.uncounted(tensor, word, part)
    return site.add(kind, (tensor,), _softmax_axis(site, tensor, kind), part)


def _softmax_axis(site: Site, tensor: Tensor, kind: str) -> dict[str, Any]:
    """Where a softmax sums: along Keras' last axis."""
    if kind not in ("softmax", "log_softmax"):
        return {}
    axis = site.layout.last(len(known(tensor)))
    return {"axis": axis} if axis else {}


def activation(site: Site) -> Result:
    """``Activation``: a function by its name."""
    word = function(site.config.raw("activation"))
    return site.add("identity", (site.input,)) if word is None else _applied(site, site.input, word)


def named(kind: str) -> Lower:
    """A layer that is one function."""

    def lower(site: Site) -> Result:
        return site.add(kind, (site.input,))

    return lower


def relu(site: Site) -> Result:
    """``ReLU``: with a ceiling a ReLU6, with a slope a leaky one."""
    ceiling, slope = site.config.number("max_value"), site.config.number("negative_slope", 0)
    if slope:
        leaky = site.add("leaky_relu", (site.input,))
        return leaky if ceiling is None else site.add("clip", (leaky,), part=".clip")
    return site.add("relu" if ceiling is None else "relu6", (site.input,))


def gelu(site: Site) -> Result:
    """``gelu``, of which ``approximate`` is the form with tanh."""
    return site.add("gelu_tanh" if site.option("approximate") is True else "gelu", (site.input,))


def softmax(kind: str) -> Lower:
    """``Softmax`` along an axis, the last by default."""

    def lower(site: Site) -> Result:
        value = site.option("axis")
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if isinstance(value, list):
            raise site.unknown()
        axis = site.axis(-1 if value is None else value)
        return site.add(kind, (site.input,), {"axis": axis} if axis else {})

    return lower


def prelu(site: Site) -> Result:
    """``PReLU``: a slope for each place but those along the shared axes.

    A kind knows one slope for each place of one axis, so that the other axes
    stand behind it, and several without sharing as one.
    """
    sides, rank = known(site.input), site.rank
    value = site.config.raw("shared_axes")
    shared = set(site.axes(value)) if value else set[int]()
    own = [axis for axis in range(rank) if axis not in shared]
    if not own:
        return site.add("prelu", (site.input,), {"shared": True})
    if own == [0]:
        return site.add("prelu", (site.input,))
    order = [*own, *sorted(shared)]
    tensor = site.transpose(site.input, order)
    turned = known(tensor)
    slopes = product(turned[: len(own)])
    if len(own) > 1:
        site.builder.is_sized = True
        flat = (slopes, *turned[len(own) :])
        tensor = site.add("reshape", (tensor,), {"shape": flat}, ".slopes")
    tensor = site.add("prelu", (tensor,))
    if len(own) > 1:
        tensor = site.add("reshape", (tensor,), {"shape": tuple(turned)}, ".reshape")
    back = tuple(order.index(axis) for axis in range(len(sides)))
    return site.transpose(tensor, back)


TABLE: Mapping[str, Lower] = {
    "Activation": activation,
    "ReLU": relu,
    "PReLU": prelu,
    "Softmax": softmax("softmax"),
    "LeakyReLU": named("leaky_relu"),
    "ELU": named("elu"),
    "ThresholdedReLU": named("relu"),
}
