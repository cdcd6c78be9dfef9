"""Keras architectures to models, without Keras: ``model.to_json()`` and ``.keras`` archives."""

from __future__ import annotations

from typing import Any

from costcalc.errors import Mark, Problems, Refusal, refuse
from costcalc.importers.builder import ModelBuilder, OpContext
from costcalc.importers.keras.archive import architecture
from costcalc.importers.keras.layout import Layout
from costcalc.importers.keras.sizes import sizes
from costcalc.importers.keras.structure import MODELS, network
from costcalc.importers.keras.walk import KerasWalk, ModelCall
from costcalc.importers.model import Model, Request


def read(network: str, request: Request) -> Model:
    """The model of a ``.json`` or ``.keras`` file.

    Raises:
        SpecError: the file is no Keras architecture, or a layer of it is wrong or unknown;
            the message names file and layer.
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
    """The model of a file's value.

    Raises:
        Refusal: it is no model, or something of it that is no single layer's is wrong.
    """
    class_name = value.get("class_name") if isinstance(value, dict) else None
    if class_name not in MODELS:
        raise Refusal(
            "not a Keras architecture",
            expected="the text of model.to_json(): a mapping whose class_name is "
            + " or ".join(MODELS),
            found=f"class_name: {class_name}" if class_name else "none",
        )
    found = network(class_name, value.get("config"))
    if not found.inputs:
        raise Refusal("the model has no input")
    layout = Layout(_is_channels_last(value))
    inputs = [found.layers[ref.layer] for ref in found.inputs]
    size = sizes(inputs, layout, request)
    builder = ModelBuilder(size.shapes[0], request.allow_unknown)
    tensors = [builder.input]
    for layer, shape in zip(inputs[1:], size.shapes[1:], strict=True):
        op = OpContext(builder, builder.free_name(layer.name), layer.origin)
        tensors.append(op.add("constant", (), {"shape": shape}))
    walk = KerasWalk(Mark(file), layout, builder, problems)
    walk.run(found, tensors, ModelCall(is_as_stated=size.is_as_stated))
    return builder.model(found.name, file, size.parameters)


def _is_channels_last(value: Any) -> bool:
    """Whether the first layer that states a data format has its channels last."""
    open_ = [value]
    while open_:
        each = open_.pop()
        if isinstance(each, dict):
            if isinstance(each.get("data_format"), str):
                return bool(each["data_format"] != "channels_first")
            open_.extend(reversed(list(each.values())))
        elif isinstance(each, list):
            open_.extend(reversed(each))
    return True
