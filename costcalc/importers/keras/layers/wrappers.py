"""Layers around a layer: ``TimeDistributed`` applies one, or a model, at every time step."""

from __future__ import annotations

from typing import Any

from costcalc.errors import Refusal
from costcalc.importers.keras.config import Config
from costcalc.importers.keras.structure import KerasLayer, KerasModel, LayerCall, TensorRef, layer

WRAPPER = "TimeDistributed"

TRANSPARENT = frozenset(
    {
        "SpectralNormalization",
        # of the TensorFlow Model Optimization Toolkit, in training
        "ClusterWeights",
        "PruneLowMagnitude",
        "QuantizeWrapper",
        "QuantizeWrapperV2",
    }
)
"""Wrappers that at inference only call their layer."""

POSITIONWISE = frozenset(
    {"Dense", "Activation", "ReLU", "LeakyReLU", "ELU", "Softmax", "Dropout", "Identity"}
)
"""Layers that treat every position the same: time is then just another axis."""

STEPS = 1000
"""The most time steps to unroll."""

_OPERATION = "keras.src.ops.numpy"
_ALL = {"class_name": "__slice__", "config": {}}


def wrapped_layer(wrapper: KerasLayer) -> KerasLayer:
    """The layer inside a wrapper, with the wrapper's calls.

    Raises:
        Refusal: there is none.
    """
    inner = layer(wrapper.config.raw("layer"))
    return inner._replace(calls=wrapper.calls, first_call=wrapper.first_call)


def unrolled(inner: KerasLayer, steps: int) -> KerasModel:
    """A model that splits its input into time steps, calls the layer on each, and concatenates.

    Raises:
        Refusal: there are too many steps.
    """
    if steps > STEPS:
        raise Refusal(f"it has {steps:,} time steps", f"at most {STEPS:,}")
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
    return KerasModel(inner.name, {layer.name: layer for layer in layers}, (start,), (join,))


def _operation(name: str, class_name: str, config: dict[str, Any], *args: Any) -> KerasLayer:
    return KerasLayer(name, class_name, _OPERATION, Config(config), (LayerCall(args),))
