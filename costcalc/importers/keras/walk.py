"""The nodes of a model: every call of every layer lowered, models inside it written out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from costcalc.errors import Mark, Problems, Refusal
from costcalc.graph.layer import NETWORK_INPUT
from costcalc.importers.builder import ModelBuilder, OpContext, Operand, UnknownOp
from costcalc.importers.keras.context import KerasContext
from costcalc.importers.keras.layers import lowering
from costcalc.importers.keras.layers.wrappers import POSITIONWISE, WRAPPER, unrolled, wrapped_layer
from costcalc.importers.keras.layout import Layout
from costcalc.importers.keras.order import ordered
from costcalc.importers.keras.sizes import stated_shape
from costcalc.importers.keras.structure import KerasLayer, KerasModel, TensorRef, network
from costcalc.importers.model import Shape
from costcalc.records import NamedTuple
from costcalc.spec import limits


class ModelCall(NamedTuple):
    """The call of a model whose layers are walked."""

    path: str = ""
    """Its name among the nodes."""
    identity: str = ""
    """The model's own name, whichever call it is."""
    is_shared: bool = False
    """Whether it is called more than once."""
    depth: int = 0
    is_as_stated: bool = True
    """Whether its shapes are those that the file states."""


Value = Operand | None
"""A tensor; None where an earlier problem left nothing."""

Values = dict[tuple[str, int], tuple[Value, ...]]
"""What each call of a layer gave."""


class KerasWalk:
    """Lowers a model; what is wrong with it goes to ``problems``."""

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
        """What a model gives for what it reads.

        Raises:
            Refusal: its calls have no order, or it is too large.
        """
        if model_call.depth > limits.NESTING:
            raise Refusal(
                "models are nested too deeply", f"at most {limits.NESTING} inside one another"
            )
        values: Values = {
            (ref.layer, ref.call): (tensor,)
            for ref, tensor in zip(network.inputs, inputs, strict=True)
        }
        calls = ordered(network)
        stated = _stated(network) if model_call.is_as_stated else {}
        for layer, index in calls:
            self._count_step()
            key = layer.name, layer.first_call + index
            values[key] = self._call(layer, index, values, model_call, stated.get(key, {}))
        return tuple(_value(ref, values) for ref in network.outputs)

    def _count_step(self) -> None:
        self.steps += 1
        if self.steps > limits.STEPS:
            raise Refusal(
                "the model has too many layers",
                expected=f"at most {limits.STEPS:,}, models inside it written out",
            )

    def _call(
        self,
        layer: KerasLayer,
        index: int,
        values: Values,
        model_call: ModelCall,
        stated: Mapping[int, Shape],
    ) -> tuple[Value, ...]:
        """What one call of a layer gives; a problem of it leaves its shape open."""
        call = layer.calls[index]
        name = self.builder.free_name(_joined(model_call.path, layer.name))
        identity = _joined(model_call.identity, layer.name)
        is_shared = model_call.is_shared or len(layer.calls) > 1
        reads = tuple(_value(ref, values) for ref in call.refs)
        inside = ModelCall(name, identity, is_shared, model_call.depth + 1)
        if layer.content is not None:
            return self._model(layer, reads, inside, model_call)
        if layer.class_name == WRAPPER:
            try:
                inner = wrapped_layer(layer)
            except Refusal as error:
                return self._lost(name, layer, error)
            if inner.class_name not in POSITIONWISE:
                return self._steps(layer, inner, reads, inside)
            layer = inner._replace(name=layer.name)
        lower = lowering(layer)
        if lower is None:
            return self._unknown(layer, name, reads, stated, UnknownOp())
        if None in reads:
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
            result = op.lowered(lower)
        except UnknownOp as unknown:
            self.builder.truncate(start)
            return self._unknown(layer, name, reads, stated, unknown)
        except Refusal as error:
            return self._lost(name, layer, error)
        tensors = (result,) if isinstance(result, Operand) else result
        for place, tensor in enumerate(tensors):
            if place in stated and tensor.node >= start:
                self.builder.state_shape(tensor, self.layout.turned(stated[place]))
        return tensors

    def _model(
        self, layer: KerasLayer, reads: tuple[Value, ...], inside: ModelCall, model_call: ModelCall
    ) -> tuple[Value, ...]:
        """What a model inside another gives."""
        self.builder.blocks[inside.path] = layer.class_name
        try:
            content = network(layer.class_name, layer.content)
            if len(reads) != len(content.inputs):
                raise Refusal(
                    f"it is called on {len(reads)} tensors", f"{len(content.inputs)}, its inputs"
                )
            is_as_stated = model_call.is_as_stated and all(
                self._is_as_stated(content, ref, tensor)
                for ref, tensor in zip(content.inputs, reads, strict=True)
            )
            return self.run(content, reads, inside._replace(is_as_stated=is_as_stated))
        except Refusal as error:
            return self._lost(inside.path, layer, error)

    def _steps(
        self, layer: KerasLayer, inner: KerasLayer, reads: tuple[Value, ...], inside: ModelCall
    ) -> tuple[Value, ...]:
        """What a layer gives that is called at every step of time."""
        self.builder.blocks[inside.path] = layer.class_name
        if None in reads:
            return (None,)
        try:
            shape = reads[0].shape if reads and reads[0] else ()
            if len(reads) != 1 or len(shape) < 2:
                raise Refusal("it needs steps of time to read", "one tensor of two axes or more")
            content = unrolled(inner, self.layout.back(shape)[0])
            return self.run(content, reads, inside._replace(is_as_stated=False))
        except Refusal as error:
            return self._lost(inside.path, layer, error)

    def _is_as_stated(self, content: KerasModel, ref: TensorRef, tensor: Value) -> bool:
        """Whether what arrives has every side that the model's own input states."""
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
        reads: tuple[Value, ...],
        stated: Mapping[int, Shape],
        unknown: UnknownOp,
    ) -> tuple[Value, ...]:
        """Nodes that nothing counts, of the shapes that the file states."""
        shapes = [self.layout.turned(stated[place]) for place in sorted(stated)]
        if sorted(stated) != list(range(len(stated))):
            shapes = []
        if not self.builder.allow_unknown:
            unknown.hint = "--allow-unknown, which leaves it out and says so"
            self._lost(name, layer, unknown)
        elif not shapes:
            unknown.message += ", and the file does not state its shape"
            self._lost(name, layer, unknown)
        if not shapes:
            return (None,)
        known = [tensor for tensor in reads if tensor is not None]
        if not self.builder.allow_unknown or len(known) < len(reads):
            return tuple(Operand(NETWORK_INPUT, shape) for shape in shapes)
        op = OpContext(self.builder, name, layer.origin)
        return tuple(
            op.add("uncounted", known, {"op": layer.class_name, "shape": shape}) for shape in shapes
        )

    def _lost(self, name: str, layer: KerasLayer, refusal: Refusal) -> tuple[Value, ...]:
        """Notes a problem, which leaves nothing of what a layer gives."""
        subject = f"layer '{name}' ({layer.class_name})"
        self.problems.note(refusal.problem(self.mark, subject))
        return (None,)


def _joined(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def _stated(network: KerasModel) -> dict[tuple[str, int], dict[int, Shape]]:
    """The shapes that the file states for what calls give, by call and place."""
    found: dict[tuple[str, int], dict[int, Shape]] = {}
    for layer in network.layers.values():
        for call in layer.calls:
            for ref in call.refs:
                if ref.shape is not None:
                    found.setdefault((ref.layer, ref.call), {})[ref.tensor] = ref.shape
    return found


def _value(ref: TensorRef, values: Values) -> Value:
    """The tensor; none where its call gives fewer, or a problem took them."""
    tensors = values.get((ref.layer, ref.call), ())
    return tensors[ref.tensor] if ref.tensor < len(tensors) else None


def _resolved(value: Any, values: Values) -> Any:
    """A call's arguments with tensors in the place of references."""
    if isinstance(value, TensorRef):
        return _value(value, values)
    if isinstance(value, list):
        return [_resolved(item, values) for item in value]
    if isinstance(value, Mapping):
        return {key: _resolved(item, values) for key, item in value.items()}
    return value
