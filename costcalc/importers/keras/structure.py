"""The structure of a Keras model: its layers, their calls, and the tensors each call reads.

Keras 2 writes a call as a list of ``[layer, call, tensor, keywords]``; Keras 3 writes
``args`` and ``kwargs`` in which a tensor is a ``__keras_tensor__``.  Both are read
into the same form: arguments with a :class:`TensorRef` in place of each tensor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from costcalc.errors import Refusal
from costcalc.importers.keras.config import Config, shown
from costcalc.importers.model import Shape
from costcalc.records import NamedTuple

MODELS = ("Functional", "Model", "Sequential")
"""Layer classes that are models themselves."""

_OPERATIONS = ("keras.src.ops", "keras.ops")
_OWN = ("keras", "tf_keras", "tensorflow")
"""Packages of Keras itself; a class of any other package is a custom one."""

_GRAPH = ("layers", "input_layers", "output_layers")
"""What the config of a functional model has, also of one whose class is a custom one."""

MASK = "mask"

_CONSTANT = "_CONSTANT_VALUE"
"""What Keras 2 writes in place of a layer's name if an argument is a plain value."""


class TensorRef(NamedTuple):
    """A reference to a tensor: an output of a call of a layer."""

    layer: str
    call: int
    tensor: int
    shape: Shape | None = None
    """Its shape without the batch, if the file states all of it."""


class LayerCall(NamedTuple):
    """A call of a layer."""

    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = {}

    @property
    def refs(self) -> Iterator[TensorRef]:
        """The tensors it reads."""
        return refs((self.args, self.kwargs))


class KerasLayer(NamedTuple):
    """A layer and its calls."""

    name: str
    class_name: str
    module: str
    config: Config
    calls: tuple[LayerCall, ...]
    content: Any = None
    """The raw config, if the layer is a model."""
    first_call: int = 0
    """The number of its first call: in Keras 2, building a model counts as its call 0."""
    built_for: Shape | None = None
    """The input shape it was built for, if the file states all of it."""

    @property
    def origin(self) -> str:
        """The layer, for messages."""
        return f"layer '{self.name}' ({self.class_name})"

    @property
    def is_operation(self) -> bool:
        """Whether it is a function of ``keras.ops``."""
        return self.module.startswith(_OPERATIONS)

    def inputs(self, call: LayerCall) -> Iterator[TensorRef]:
        """The tensors that a call computes with: a layer's ``mask`` only says which steps count."""
        return refs((call.args, self.without_mask(call.kwargs)))

    def without_mask(self, kwargs: Mapping[str, Any]) -> Mapping[str, Any]:
        """The keyword arguments but the mask of a layer; an operation's is like any other."""
        if self.is_operation:
            return kwargs
        return {key: value for key, value in kwargs.items() if key != MASK}


class KerasModel(NamedTuple):
    """A model: its layers by name, its inputs and its outputs."""

    name: str
    layers: Mapping[str, KerasLayer]
    inputs: tuple[TensorRef, ...]
    outputs: tuple[TensorRef, ...]


def refs(value: Any) -> Iterator[TensorRef]:
    """The tensors inside a value, in the order in which Keras flattens them."""
    if isinstance(value, TensorRef):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from refs(item)
    elif isinstance(value, Mapping):
        for key in sorted(value):
            yield from refs(value[key])


def network(class_name: str, config: Any) -> KerasModel:
    """The structure of a model's config.

    Raises:
        Refusal: it is not a model's config.
    """
    if class_name == "Sequential":
        return _sequential(config)
    if not isinstance(config, dict):
        raise Refusal("its config is not valid", "a mapping", shown(config))
    layers: dict[str, KerasLayer] = {}
    for layer in _layers(config.get("layers")):
        if layer.name in layers:
            raise Refusal(f"two of its layers are named '{layer.name}'")
        layers[layer.name] = layer
    inputs, outputs = (_ends(config, key, layers) for key in ("input_layers", "output_layers"))
    outputs = _set_first_calls(layers, outputs, _is_keras_3(config.get("layers")))
    return KerasModel(_text(config.get("name")) or class_name.lower(), layers, inputs, outputs)


def _set_first_calls(
    layers: dict[str, KerasLayer], outputs: tuple[TensorRef, ...], is_keras_3: bool
) -> tuple[TensorRef, ...]:
    """Finds the inner models whose calls count from 1; returns the model's outputs, counted alike.

    In Keras 2 the highest call that is read is then their number.  Keras 3 counts from 0 where a
    layer reads a call, and from 1 where a functional model is an output.
    """
    read, ends = dict[str, set[int]](), dict[str, set[int]]()
    for ref in (ref for layer in layers.values() for call in layer.calls for ref in call.refs):
        read.setdefault(ref.layer, set()).add(ref.call)
    for ref in outputs:
        ends.setdefault(ref.layer, set()).add(ref.call)
    shift = dict[str, int]()
    for name, layer in layers.items():
        if layer.content is None:
            continue
        inside, end = read.get(name, set()), ends.get(name, set())
        own = inside if is_keras_3 and 0 in inside else inside | end
        first = int(bool(own) and max(own) == len(layer.calls))
        if is_keras_3 and end and 0 not in end and layer.class_name != "Sequential":
            shift[name] = first - 1
        layers[name] = layer._replace(first_call=first)
    return tuple(ref._replace(call=ref.call + shift.get(ref.layer, 0)) for ref in outputs)


def _is_keras_3(entries: Any) -> bool:
    """Whether calls are written as Keras 3 does, as mappings."""
    nodes = (entry.get("inbound_nodes") for entry in entries if isinstance(entry, dict))
    return any(isinstance(node, dict) for own in nodes if isinstance(own, list) for node in own)


def _sequential(config: Any) -> KerasModel:
    """Layers in a row, each called on the output of the one before."""
    values = config if isinstance(config, dict) else {"layers": config}
    layers = _layers(values.get("layers"))
    if not layers:
        raise Refusal("it has no layers")
    if layers[0].class_name != "InputLayer":
        own = layers[0].config
        shape = own.raw("batch_input_shape") or own.raw("batch_shape")
        shape = shape or values.get("build_input_shape")
        layers.insert(0, KerasLayer("input", "InputLayer", "", Config({"batch_shape": shape}), ()))
    by_name = {layers[0].name: layers[0]}
    last = start = TensorRef(layers[0].name, 0, 0)
    for layer in layers[1:]:
        name = layer.name
        while name in by_name:
            name += "_"
        call = LayerCall((last._replace(shape=layer.built_for),))
        by_name[name] = layer._replace(name=name, calls=(call,))
        last = TensorRef(name, 0, 0)
    return KerasModel(_text(values.get("name")) or "sequential", by_name, (start,), (last,))


def _layers(entries: Any) -> list[KerasLayer]:
    if not isinstance(entries, list):
        raise Refusal("its layers are not valid", "a list", shown(entries))
    return [layer(entry, index) for index, entry in enumerate(entries)]


def layer(entry: Any, index: int = 0) -> KerasLayer:
    """A layer from its entry in a list of layers.

    Raises:
        Refusal: the entry is not a layer.
    """
    class_name = class_of(entry)
    if class_name is None:
        raise Refusal(
            f"its layer {index + 1} is not valid",
            "a mapping with a class_name and a config",
            shown(entry),
        )
    config = entry.get("config")
    values = config if isinstance(config, dict) else {}
    name = _text(entry.get("name")) or _text(values.get("name")) or f"{class_name}_{index}"
    if not isinstance(config, dict) and class_name not in MODELS:
        raise Refusal(f"the config of layer '{name}' is not a mapping", "a mapping", shown(config))
    nodes = entry.get("inbound_nodes", [])
    if not isinstance(nodes, list):
        raise Refusal(f"layer '{name}': its inbound_nodes are not valid", "a list", shown(nodes))
    built = entry.get("build_config")
    is_model = class_name in MODELS or is_graph(config)
    return KerasLayer(
        name,
        class_name,
        _text(entry.get("module")),
        Config(values),
        tuple(_call(node, name) for node in nodes),
        config if is_model else None,
        built_for=_stated(built.get("input_shape")) if isinstance(built, dict) else None,
    )


def class_of(entry: Any) -> str | None:
    """The class of a layer, or of anything else that Keras writes; None if there is none.

    A class that is not Keras' own has its package in front, as Keras registers it:
    ``Custom>Conv2D`` is not ``Conv2D``.
    """
    class_name = entry.get("class_name") if isinstance(entry, dict) else None
    if not isinstance(class_name, str):
        return None
    module, registered = _text(entry.get("module")), _text(entry.get("registered_name"))
    if module.partition(".")[0] in _OWN or not (module or registered) or ">" in class_name:
        return class_name
    return registered if ">" in registered else f"{module or 'Custom'}>{class_name}"


def is_graph(config: Any) -> bool:
    """Whether a config is that of a functional model, whatever its class."""
    return isinstance(config, dict) and all(key in config for key in _GRAPH)


def _call(node: Any, name: str) -> LayerCall:
    if isinstance(node, dict):
        args, kwargs = node.get("args", []), node.get("kwargs", {})
        if isinstance(args, list) and isinstance(kwargs, dict):
            return LayerCall(
                tuple(_keras3(arg, name) for arg in args),
                {key: _keras3(value, name) for key, value in kwargs.items()},
            )
    elif isinstance(node, list):
        return _keras2_call(node, name)
    raise Refusal(
        f"layer '{name}': an inbound node is not valid",
        "args and kwargs as in Keras 3, or a list of tensors as in Keras 2",
        shown(node),
    )


def _keras3(value: Any, name: str) -> Any:
    """An argument of Keras 3, with references in place of tensors."""
    if isinstance(value, list):
        return [_keras3(item, name) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") != "__keras_tensor__":
        return {key: _keras3(item, name) for key, item in value.items()}
    config = value.get("config")
    values = config if isinstance(config, dict) else {}
    return _ref(values.get("keras_history"), name)._replace(shape=_stated(values.get("shape")))


def _keras2_call(node: list[Any], name: str) -> LayerCall:
    """A call of Keras 2: a list of tensors, or a single one."""
    is_single = bool(node) and isinstance(node[0], str)
    entries = [node] if is_single else node
    first = [_keras2_first(entry, name) for entry in entries]
    kwargs: dict[str, Any] = {}
    for entry in entries:
        if isinstance(entry, list) and len(entry) > 3 and isinstance(entry[3], dict):
            kwargs = {key: _keras2(value, name) for key, value in entry[3].items()}
    return LayerCall((first[0] if len(first) == 1 else first,), kwargs)


def _keras2_first(entry: Any, name: str) -> Any:
    if isinstance(entry, list) and len(entry) >= 3 and entry[0] == _CONSTANT:
        return entry[2]
    return _ref(entry, name)


def _keras2(value: Any, name: str) -> Any:
    """A keyword argument of Keras 2, where ``[layer, call, tensor]`` is a tensor."""
    if isinstance(value, dict):
        return {key: _keras2(item, name) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    is_tensor = len(value) == 3 and isinstance(value[0], str) and isinstance(value[1], int)
    return _ref(value, name) if is_tensor else [_keras2(item, name) for item in value]


def _ref(history: Any, name: str) -> TensorRef:
    match history:
        case [str(layer), int(call), int(tensor), *_] if call >= 0 and tensor >= 0:
            return TensorRef(layer, call, tensor)
    raise Refusal(
        f"layer '{name}': one of its input tensors is not valid",
        "[layer, call, tensor]",
        shown(history),
    )


def _stated(shape: Any) -> Shape | None:
    """The shape without the batch, if every dimension is a number."""
    if not isinstance(shape, list) or not shape or len(shape) < 2:
        return None
    dims = shape[1:]
    is_known = all(isinstance(side, int) and not isinstance(side, bool) for side in dims)
    return tuple(dims) if is_known else None


def _ends(
    config: Mapping[str, Any], key: str, layers: Mapping[str, KerasLayer]
) -> tuple[TensorRef, ...]:
    """The inputs or outputs of a model: one tensor, or a nest of them."""
    ends = tuple(_references(config.get(key), key))
    for ref in ends:
        if ref.layer not in layers:
            raise Refusal(f"its {key} name '{ref.layer}', which the file does not contain")
    return ends


def _references(value: Any, key: str) -> Iterator[TensorRef]:
    if isinstance(value, dict):
        for name in sorted(value):
            yield from _references(value[name], key)
    elif isinstance(value, list) and not (value and isinstance(value[0], str)):
        for item in value:
            yield from _references(item, key)
    else:
        yield _ref(value, key)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
