"""The nodes of a model: every call of every layer lowered, models inside it written out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from costcalc.errors import Mark, Problems
from costcalc.graph.frame import Tensor
from costcalc.importers.building import Builder, LayerError, UnknownLayer, known
from costcalc.importers.keras.layers import lowering
from costcalc.importers.keras.layers.wrappers import POSITIONWISE, WRAPPER, held, unrolled
from costcalc.importers.keras.layout import Layout
from costcalc.importers.keras.order import ordered
from costcalc.importers.keras.site import Place, Site
from costcalc.importers.keras.sizes import stated_shape
from costcalc.importers.keras.structure import Layer, Network, Ref, network
from costcalc.importers.model import Sides
from costcalc.kinds.base import ShapeError
from costcalc.spec import limits

UNKNOWN = "no layer kind says what it computes"


class Around(NamedTuple):
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


Values = dict[tuple[str, int], tuple[Tensor, ...]]
"""What each call of a layer gave."""

_LOST = Tensor(0, None)
"""A tensor that an earlier problem left without a shape."""


class Walk:
    """Lowers a model; what is wrong with it goes to ``problems``."""

    def __init__(self, file: str, layout: Layout, allow_unknown: bool, problems: Problems) -> None:
        self.mark = Mark(file)
        self.layout = layout
        self.problems = problems
        self.builder = Builder(allow_unknown)
        self.blocks: dict[str, str] = {}
        self.steps = 0

    def run(self, network: Network, inputs: Sequence[Tensor], around: Around) -> tuple[Tensor, ...]:
        """What a model gives for what it reads.

        Raises:
            LayerError: its calls have no order, or it is too large.
        """
        if around.depth > limits.NESTING:
            raise LayerError(
                "models are nested too deeply", f"at most {limits.NESTING} inside one another"
            )
        values: Values = {
            (ref.layer, ref.call): (tensor,)
            for ref, tensor in zip(network.inputs, inputs, strict=True)
        }
        calls = ordered(network)
        stated = _stated(network) if around.is_as_stated else {}
        for layer, index in calls:
            self._count_step()
            key = layer.name, layer.first_call + index
            values[key] = self._call(layer, index, values, around, stated.get(key, {}))
        return tuple(_value(ref, values) for ref in network.outputs)

    def _count_step(self) -> None:
        self.steps += 1
        if self.steps > limits.STEPS:
            raise LayerError(
                "the model has too many layers",
                expected=f"at most {limits.STEPS:,}, models inside it written out",
            )

    def _call(
        self,
        layer: Layer,
        index: int,
        values: Values,
        around: Around,
        stated: Mapping[int, Sides],
    ) -> tuple[Tensor, ...]:
        """What one call of a layer gives; a problem of it leaves its shape open."""
        call = layer.calls[index]
        name = self.builder.name(_joined(around.path, layer.name))
        identity = _joined(around.identity, layer.name)
        is_shared = around.is_shared or len(layer.calls) > 1
        reads = tuple(_value(ref, values) for ref in call.refs)
        inside = Around(name, identity, is_shared, around.depth + 1)
        if layer.content is not None:
            return self._model(layer, reads, inside, around)
        if layer.class_name == WRAPPER:
            try:
                inner = held(layer)
            except LayerError as error:
                self._note(name, layer, error)
                return (_LOST,)
            if inner.class_name not in POSITIONWISE:
                return self._steps(layer, inner, reads, inside)
            layer = inner._replace(name=layer.name)
        lower = lowering(layer)
        if lower is None:
            return self._unknown(layer, name, reads, stated, UNKNOWN)
        if any(tensor.shape is None for tensor in reads):
            return (_LOST,)
        site = Site(
            layer,
            tuple(_resolved(arg, values) for arg in call.args),
            _resolved(call.kwargs, values),
            self.layout,
            Place(name, identity if is_shared else ""),
            self.builder,
            self.blocks,
        )
        start = len(self.builder.nodes)
        try:
            result = site.lowered(lower)
        except UnknownLayer as unknown:
            self.builder.drop(start)
            return self._unknown(layer, name, reads, stated, str(unknown) or UNKNOWN)
        except ShapeError as error:
            self._note(name, layer, error)
            return (_LOST,)
        tensors = (result,) if isinstance(result, Tensor) else result
        for place, tensor in enumerate(tensors):
            if place in stated and tensor.layer >= start:
                self.builder.state(tensor, self.layout.turned(stated[place]))
        return tensors

    def _model(
        self, layer: Layer, reads: tuple[Tensor, ...], inside: Around, around: Around
    ) -> tuple[Tensor, ...]:
        """What a model inside another gives."""
        self.blocks[inside.path] = layer.class_name
        try:
            content = network(layer.class_name, layer.content)
            if len(reads) != len(content.inputs):
                raise LayerError(
                    f"it is called on {len(reads)} tensors", f"{len(content.inputs)}, its inputs"
                )
            is_as_stated = around.is_as_stated and all(
                self._is_as_stated(content, ref, tensor)
                for ref, tensor in zip(content.inputs, reads, strict=True)
            )
            return self.run(content, reads, inside._replace(is_as_stated=is_as_stated))
        except ShapeError as error:
            self._note(inside.path, layer, error)
            return (_LOST,)

    def _steps(
        self, layer: Layer, inner: Layer, reads: tuple[Tensor, ...], inside: Around
    ) -> tuple[Tensor, ...]:
        """What a layer gives that is called at every step of time."""
        self.blocks[inside.path] = layer.class_name
        if any(tensor.shape is None for tensor in reads):
            return (_LOST,)
        try:
            shape = known(reads[0]) if reads else ()
            if len(reads) != 1 or len(shape) < 2:
                raise LayerError("it reads no steps of time", "one tensor of two axes or more")
            content = unrolled(inner, self.layout.back(shape)[0])
            return self.run(content, reads, inside._replace(is_as_stated=False))
        except ShapeError as error:
            self._note(inside.path, layer, error)
            return (_LOST,)

    def _is_as_stated(self, content: Network, ref: Ref, tensor: Tensor) -> bool:
        """Whether what arrives has every side that the model's own input states."""
        stated = stated_shape(content.layers[ref.layer], self.layout)
        if stated is None or tensor.shape is None:
            return stated is None
        return len(stated) == len(tensor.shape) and all(
            known in (None, side) for known, side in zip(stated, tensor.shape, strict=True)
        )

    def _unknown(
        self,
        layer: Layer,
        name: str,
        reads: tuple[Tensor, ...],
        stated: Mapping[int, Sides],
        message: str,
    ) -> tuple[Tensor, ...]:
        """Nodes that nothing counts, of the shapes that the file states."""
        shapes = [self.layout.turned(stated[place]) for place in sorted(stated)]
        if sorted(stated) != list(range(len(stated))):
            shapes = []
        if not self.builder.allow_unknown:
            self.problems.add(
                self.mark,
                f"layer '{name}' ({layer.class_name}): {message}",
                hint="--allow-unknown, which leaves it out and says so",
            )
        elif not shapes:
            self.problems.add(
                self.mark,
                f"layer '{name}' ({layer.class_name}): {message}, nor the file what its shape is",
            )
        if not shapes:
            return (_LOST,)
        if not self.builder.allow_unknown or any(tensor.shape is None for tensor in reads):
            return tuple(Tensor(0, shape) for shape in shapes)
        return tuple(
            self.builder.add(
                name if place == 0 else self.builder.name(name),
                "uncounted",
                {"op": layer.class_name, "shape": shape},
                reads,
                origin=layer.origin,
            )
            for place, shape in enumerate(shapes)
        )

    def _note(self, name: str, layer: Layer, error: ShapeError) -> None:
        self.problems.add(
            self.mark,
            f"layer '{name}' ({layer.class_name}): {error.message}",
            error.expected,
            error.found,
            error.hint,
        )


def _joined(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def _stated(network: Network) -> dict[tuple[str, int], dict[int, Sides]]:
    """The shapes that the file states for what calls give, by call and place."""
    found: dict[tuple[str, int], dict[int, Sides]] = {}
    for layer in network.layers.values():
        for call in layer.calls:
            for ref in call.refs:
                if ref.shape is not None:
                    found.setdefault((ref.layer, ref.call), {})[ref.tensor] = ref.shape
    return found


def _value(ref: Ref, values: Values) -> Tensor:
    """The tensor; one without a shape where its call gives fewer, or a problem took them."""
    tensors = values.get((ref.layer, ref.call), (_LOST,))
    return tensors[ref.tensor] if ref.tensor < len(tensors) else _LOST


def _resolved(value: Any, values: Values) -> Any:
    """A call's arguments with tensors in the place of references."""
    if isinstance(value, Ref):
        return _value(value, values)
    if isinstance(value, list):
        return [_resolved(item, values) for item in value]
    if isinstance(value, Mapping):
        return {key: _resolved(item, values) for key, item in value.items()}
    return value
