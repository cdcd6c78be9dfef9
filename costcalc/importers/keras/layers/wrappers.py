"""``TimeDistributed``: a layer, or a model, at every step of time."""

from __future__ import annotations

from typing import Any

from costcalc.errors import Refusal
from costcalc.importers.keras.config import Config
from costcalc.importers.keras.structure import KerasLayer, KerasModel, LayerCall, TensorRef, layer

WRAPPER = "TimeDistributed"

POSITIONWISE = frozenset(
    {"Dense", "Activation", "ReLU", "LeakyReLU", "ELU", "Softmax", "Dropout", "Identity"}
)
"""Layers that do to every position alike, so that time is one axis of positions more."""

STEPS = 1000
"""Steps of time that are written out."""

_OPERATION = "keras.src.ops.numpy"
_ALL = {"class_name": "__slice__", "config": {}}


def wrapped_layer(wrapper: KerasLayer) -> KerasLayer:
    """The layer that a wrapper holds, under the wrapper's name and calls.

    Raises:
        Refusal: it holds none.
    """
    inner = layer(wrapper.config.raw("layer"))
    return inner._replace(calls=wrapper.calls, first_call=wrapper.first_call)


def unrolled(inner: KerasLayer, steps: int) -> KerasModel:
    """A model that cuts time into steps, calls the layer at each, and joins what it gives.

    Raises:
        Refusal: there are too many steps.
    """
    if steps > STEPS:
        raise Refusal(f"it has {steps:,} steps of time", f"at most {STEPS:,}")
    start, join = TensorRef(f"{inner.name}.steps", 0, 0), TensorRef(f"{inner.name}.join", 0, 0)
    results = [TensorRef(f"{inner.name}.result{step + 1}", 0, 0) for step in range(steps)]
    picked = [TensorRef(f"{inner.name}.step{step + 1}", 0, 0) for step in range(steps)]
    calls = tuple(LayerCall((ref,)) for ref in picked)
    layers = [
        KerasLayer(start.layer, "InputLayer", "", Config({}), ()),
        _operation(join.layer, "Concatenate", {"axis": 1}, results),
        inner._replace(calls=calls, first_call=0),
    ]
    for step, result in enumerate(results):
        layers += [
            _operation(picked[step].layer, "GetItem", {}, start, [_ALL, step]),
            _operation(result.layer, "ExpandDims", {"axis": 1}, TensorRef(inner.name, step, 0)),
        ]
    named = {each.name: each for each in layers}
    return KerasModel(inner.name, named, (start,), (join,))


def _operation(name: str, class_name: str, config: dict[str, Any], *args: Any) -> KerasLayer:
    return KerasLayer(name, class_name, _OPERATION, Config(config), (LayerCall(args),))
