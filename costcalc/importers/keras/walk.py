"""Adds the nodes of a model: lowers every call of every layer, and inlines inner models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from costcalc.errors import Mark, Problems, Refusal
from costcalc.graph.layer import NETWORK_INPUT
from costcalc.importers.builder import (
    ALLOW_UNKNOWN_HINT,
    ModelBuilder,
    OpContext,
    Operand,
    UnknownOp,
)
from costcalc.importers.keras.context import KerasContext
from costcalc.importers.keras.layers import rule_for
from costcalc.importers.keras.layers.unread import why_unread
from costcalc.importers.keras.layers.wrappers import (
    POSITIONWISE,
    TRANSPARENT,
    WRAPPER,
    unrolled,
    wrapped_layer,
)
from costcalc.importers.keras.layout import Layout
from costcalc.importers.keras.order import ordered
from costcalc.importers.keras.sizes import stated_shape
from costcalc.importers.keras.structure import (
    MODELS,
    KerasLayer,
    KerasModel,
    TensorRef,
    network,
)
from costcalc.importers.model import Shape
from costcalc.records import NamedTuple
from costcalc.spec import limits


class ModelCall(NamedTuple):
    """A call of a model, to be inlined."""

    path: str = ""
    """The prefix of its nodes' names."""
    identity: str = ""
    """The model's own path, the same for all of its calls."""
    is_shared: bool = False
    """Whether the model is called more than once."""
    depth: int = 0
    is_as_stated: bool = True
    """Whether its inputs have the shapes that the file states."""


Value = Operand | None
"""A tensor; None after an earlier problem."""

Values = dict[tuple[str, int], tuple[Value, ...]]
"""The outputs of each call of a layer."""


class KerasWalk:
    """Lowers a model and collects its problems."""

    def __init__(
        self, mark: Mark, layout: Layout, builder: ModelBuilder, problems: Problems
    ) -> None:
        self.mark = mark
        self.layout = layout
        self.builder = builder
        self.problems = problems
        self.steps = 0

    def run(
        self, network: KerasModel, inputs: Sequence[Value], model_call: ModelCall
    ) -> tuple[Value, ...]:
        """The outputs of a model for its inputs.

        Raises:
            Refusal: its calls form a cycle, or it is too large.
        """
        if model_call.depth > limits.NESTING:
            raise Refusal(
                "models are nested too deeply", f"at most {limits.NESTING} inside one another"
            )
        values: Values = {
            (ref.layer, ref.call): (tensor,)
            for ref, tensor in zip(network.inputs, inputs, strict=True)
        }
        stated = _stated(network, model_call.is_as_stated)
        for layer, index in ordered(network):
            self._count_step()
            key = layer.name, layer.first_call + index
            read = stated.get(key, {})
            values[key] = self._call(layer, index, values, model_call, read)
            if None not in values[key] and max(read, default=0) >= len(values[key]):
                what = f"its output {max(read) + 1} is read, which costcalc does not compute"
                self._refused(_joined(model_call.path, layer.name), layer, Refusal(what))
        return tuple(_value(ref, values) for ref in network.outputs)

    def _count_step(self) -> None:
        self.steps += 1
        if self.steps > limits.STEPS:
            raise Refusal(
                "the model has too many layers",
                expected=f"at most {limits.STEPS:,}, those of inner models included",
            )

    def _call(
        self,
        layer: KerasLayer,
        index: int,
        values: Values,
        model_call: ModelCall,
        stated: Mapping[int, Shape | None],
    ) -> tuple[Value, ...]:
        """The outputs of one call of a layer; None if there is a problem with it."""
        call = layer.calls[index]
        name = self.builder.free_name(_joined(model_call.path, layer.name))
        identity = _joined(model_call.identity, layer.name)
        is_shared = model_call.is_shared or len(layer.calls) > 1
        inputs = tuple(_value(ref, values) for ref in layer.inputs(call))
        inside = ModelCall(name, identity, is_shared, model_call.depth + 1)
        if layer.content is not None:
            return self._inner_model(layer, inputs, inside, model_call)
        if layer.class_name in {WRAPPER, *TRANSPARENT}:
            try:
                inner = wrapped_layer(layer)
            except Refusal as error:
                return self._refused(name, layer, error)
            if layer.class_name == WRAPPER and inner.class_name not in POSITIONWISE:
                if not _is_read(inner):
                    return self._unknown(
                        layer, name, inputs, stated, _without_rule(inner, inside=True)
                    )
                return self._time_distributed(layer, inner, inputs, inside)
            layer = inner._replace(name=layer.name)
        rule = rule_for(layer)
        if rule is None:
            return self._unknown(layer, name, inputs, stated, _without_rule(layer))
        if None in inputs:
            return (None,)
        op = KerasContext(
            layer,
            tuple(_resolved(arg, values) for arg in call.args),
            _resolved(call.kwargs, values),
            self.layout,
            self.builder,
            name,
            identity if is_shared else "",
        )
        start = len(self.builder.nodes)
        try:
            result = op.apply(rule)
        except UnknownOp as unknown:
            self.builder.truncate(start)
            return self._unknown(layer, name, inputs, stated, unknown)
        except Refusal as error:
            return self._refused(name, layer, error)
        tensors = (result,) if isinstance(result, Operand) else result
        for place, tensor in enumerate(tensors):
            shape = stated.get(place)
            if shape is not None and tensor.node >= start:
                self.builder.state_shape(tensor, self.layout.from_keras(shape))
        return tensors

    def _inner_model(
        self, layer: KerasLayer, inputs: tuple[Value, ...], inside: ModelCall, model_call: ModelCall
    ) -> tuple[Value, ...]:
        """The outputs of a model inside another."""
        self.builder.blocks[inside.path] = layer.class_name
        note_class(self.builder, layer.class_name)
        try:
            content = network(layer.class_name, layer.content)
            if len(inputs) != len(content.inputs):
                raise Refusal(
                    f"it is called on {len(inputs)} tensors",
                    f"{len(content.inputs)}, one for each of its inputs",
                )
            is_as_stated = model_call.is_as_stated and all(
                self._is_as_stated(content, ref, tensor)
                for ref, tensor in zip(content.inputs, inputs, strict=True)
            )
            return self.run(content, inputs, inside._replace(is_as_stated=is_as_stated))
        except Refusal as error:
            return self._refused(inside.path, layer, error)

    def _time_distributed(
        self, layer: KerasLayer, inner: KerasLayer, inputs: tuple[Value, ...], inside: ModelCall
    ) -> tuple[Value, ...]:
        """The output of a layer that is called at every time step."""
        self.builder.blocks[inside.path] = layer.class_name
        if None in inputs:
            return (None,)
        try:
            shape = inputs[0].shape if inputs and inputs[0] else ()
            if len(inputs) != 1 or len(shape) < 2:
                raise Refusal("it needs time steps to read", "one tensor of two axes or more")
            content = unrolled(inner, self.layout.to_keras(shape)[0])
            return self.run(content, inputs, inside._replace(is_as_stated=False))
        except Refusal as error:
            return self._refused(inside.path, layer, error)

    def _is_as_stated(self, content: KerasModel, ref: TensorRef, tensor: Value) -> bool:
        """Whether a tensor has the shape that the model states for an input."""
        stated = stated_shape(content.layers[ref.layer], self.layout)
        if stated is None or tensor is None:
            return stated is None
        return len(stated) == tensor.rank and all(
            known in (None, side) for known, side in zip(stated, tensor.shape, strict=True)
        )

    def _unknown(
        self,
        layer: KerasLayer,
        name: str,
        inputs: tuple[Value, ...],
        stated: Mapping[int, Shape | None],
        unknown: UnknownOp,
    ) -> tuple[Value, ...]:
        """Uncounted nodes of the shapes that the file or the caller states."""
        op = OpContext(self.builder, name, layer.origin)
        places = range(max(stated, default=0) + 1)
        shapes = {
            place: self.layout.from_keras(shape)
            for place, shape in stated.items()
            if shape is not None
        }
        if not self.builder.allow_unknown:
            unknown.hint = ALLOW_UNKNOWN_HINT
            self._refused(name, layer, unknown)
            shown = [shapes.get(place) for place in places]
            return tuple(Operand(NETWORK_INPUT, shape) if shape else None for shape in shown)
        known = [tensor for tensor in inputs if tensor is not None]
        start = len(self.builder.nodes)
        try:
            outputs = tuple(
                op.uncounted(layer.class_name, known, shapes.get(place), output=place)
                for place in places
            )
        except Refusal as refusal:
            return self._refused(name, layer, refusal)
        if len(known) == len(inputs):
            return outputs
        self.builder.truncate(start)
        return (None,) * len(outputs)

    def _refused(self, name: str, layer: KerasLayer, refusal: Refusal) -> tuple[Value, ...]:
        """Notes a problem; the layer then has no output."""
        subject = f"layer '{name}' ({layer.class_name})"
        self.problems.note(refusal.problem(self.mark, subject))
        return (None,)


def note_class(builder: ModelBuilder, class_name: str) -> None:
    """Says so if a functional model is of another class than Keras' own."""
    if class_name not in MODELS:
        builder.note(
            f"The class '{class_name}' is read as the layers in the file, without its code."
        )


def _is_read(layer: KerasLayer) -> bool:
    """Whether a layer is a model, or has a rule, or is around another layer."""
    wrappers = {WRAPPER, *TRANSPARENT}
    return layer.content is not None or layer.class_name in wrappers or rule_for(layer) is not None


def _without_rule(layer: KerasLayer, *, inside: bool = False) -> UnknownOp:
    """Why a layer, or the one ``inside`` it, is unknown."""
    unknown = UnknownOp()
    if inside:
        unknown.message = f"costcalc has no layer kind for its {layer.origin}"
    reason = why_unread(layer.class_name, layer.is_operation)
    if reason:
        unknown.message += f": {reason}"
    return unknown


def _joined(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def _stated(
    network: KerasModel, is_as_stated: bool
) -> dict[tuple[str, int], dict[int, Shape | None]]:
    """The outputs of each call that are read, with the shapes that the file states for them.

    At other sizes of the inputs, they are not known.
    """
    shapes: dict[tuple[str, int], dict[int, Shape | None]] = {}
    read = (ref for layer in network.layers.values() for call in layer.calls for ref in call.refs)
    for ref in (*read, *network.outputs):
        outputs = shapes.setdefault((ref.layer, ref.call), {})
        shape = ref.shape if is_as_stated else None
        outputs[ref.tensor] = shape or outputs.get(ref.tensor)
    return shapes


def _value(ref: TensorRef, values: Values) -> Value:
    """The tensor; None if its call has fewer outputs, or had a problem."""
    tensors = values.get((ref.layer, ref.call), ())
    return tensors[ref.tensor] if ref.tensor < len(tensors) else None


def _resolved(value: Any, values: Values) -> Any:
    """A call's arguments with tensors in place of references."""
    if isinstance(value, TensorRef):
        return _value(value, values)
    if isinstance(value, list):
        return [_resolved(item, values) for item in value]
    if isinstance(value, Mapping):
        return {key: _resolved(item, values) for key, item in value.items()}
    return value
