"""Reads Keras architectures without Keras: ``model.to_json()`` and ``.keras`` archives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from costcalc.errors import Mark, Problems, Refusal, refuse
from costcalc.importers.builder import ModelBuilder
from costcalc.importers.foreign import refuse_json
from costcalc.importers.keras.archive import architecture
from costcalc.importers.keras.layers import TABLE
from costcalc.importers.keras.layers.unread import REASONS
from costcalc.importers.keras.layout import Layout
from costcalc.importers.keras.sizes import sizes
from costcalc.importers.keras.structure import (
    MODELS,
    KerasLayer,
    class_of,
    is_graph,
    network,
)
from costcalc.importers.keras.walk import KerasWalk, ModelCall, note_class
from costcalc.importers.model import Model, Request


def read(network: str, request: Request) -> Model:
    """The model of a ``.json`` or ``.keras`` file.

    Raises:
        SpecError: the file is not a Keras architecture, or one of its layers is wrong or
            unknown; the message names the file and the layer.
    """
    problems = Problems()
    try:
        model = _model(network, architecture(network), request, problems)
    except RecursionError:
        refuse(Mark(network), "its values are nested too deeply")
    except Refusal as refusal:
        problems.note(refusal.problem(Mark(network)))
        problems.raise_any()
        raise
    problems.raise_any()
    return model


def _model(file: str, value: Any, request: Request, problems: Problems) -> Model:
    """The model of a file's JSON value.

    Raises:
        Refusal: it is not a model, or the fault lies in no single layer.
    """
    if isinstance(value, dict) and "class_name" not in value and "layers" in value:
        # The text of model.get_config().
        is_functional = "input_layers" in value
        value = {"class_name": MODELS[0] if is_functional else MODELS[-1], "config": value}
    class_name = class_of(value)
    if class_name not in MODELS and not (class_name and is_graph(value.get("config"))):
        refuse_json(value, file)
        is_layer = class_name in TABLE or class_name in REASONS
        if class_name and not is_layer and isinstance(value.get("config"), dict):
            raise Refusal(
                f"a model of the class '{class_name}', whose work is code that the file does "
                "not contain",
                hint="save the model that x = keras.Input(SHAPE); "
                "keras.Model(x, model.call(x)) builds of it",
            )
        raise Refusal(
            "not a Keras architecture",
            expected="the text of model.to_json(): a mapping whose class_name is "
            + " or ".join(MODELS),
            found=f"class_name: {class_name}" if class_name else "none",
        )
    if _is_keras_1(value):
        raise Refusal(
            "an architecture of Keras 1, whose settings have other names",
            hint="load it with Keras 2.0 to 2.3, which translates them, and write "
            "model.to_json() again",
        )
    keras_model = network(class_name, value.get("config"))
    if not keras_model.inputs:
        raise Refusal("the model has no input")
    layout = Layout(_is_channels_last(value))
    inputs = [keras_model.layers[ref.layer] for ref in keras_model.inputs]
    size = sizes(inputs, layout, request)
    first = size.shapes[0]  # () of one number for each image
    builder = ModelBuilder(first or (1,), request.allow_unknown, request.shapes)
    note_class(builder, class_name)
    builder.name_input(inputs[0].name, _dtype(inputs[0]))
    tensors = [builder.view(builder.input, first, f"{inputs[0].name}.scalar")]
    for layer, shape in zip(inputs[1:], size.shapes[1:], strict=True):
        tensors.append(builder.other_input(layer.name, shape, layer.origin, _dtype(layer)))
    walk = KerasWalk(Mark(file), layout, builder, problems)
    walk.run(keras_model, tensors, ModelCall(is_as_stated=size.is_as_stated))
    return builder.model(keras_model.name, file, size.parameters)


def _dtype(layer: KerasLayer) -> str:
    """What the numbers of an input are; '' if the file does not say."""
    word = layer.config.raw("dtype")
    return word if isinstance(word, str) and word.isidentifier() else ""


def _is_channels_last(value: Any) -> bool:
    """Whether the first ``data_format`` in the file is channels last, as is the default."""
    formats = (item.get("data_format") for item in _mappings(value))
    stated = next((word for word in formats if isinstance(word, str)), "")
    return stated != "channels_first"


_KERAS_1 = {
    "nb_filter",
    "border_mode",
    "dim_ordering",
    "batch_mode",
    "inner_activation",
    "init",
    "W_constraint",
    "W_regularizer",
}
"""Settings of layers in Keras 1 that Keras 2 renamed."""


def _is_keras_1(value: Any) -> bool:
    version = value.get("keras_version")
    if isinstance(version, str) and version[:1].isdigit():
        return version.startswith(("0.", "1."))
    return any(not _KERAS_1.isdisjoint(item) for item in _mappings(value))


def _mappings(value: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in a JSON value, in the order of the file."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            yield item
            pending.extend(reversed(list(item.values())))
        elif isinstance(item, list):
            pending.extend(reversed(item))
