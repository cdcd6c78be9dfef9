"""Measure Keras' own networks, and write the architectures that the tests read.

    python measure_keras.py --output keras.json --architectures FOLDER
    python measure_keras.py --check    # with costcalc beside Keras: every network, both formats

Needs ``keras`` and ``jax``; the fixtures are of Keras 3.15.1.  Multiply-accumulates
are counted here from the layers' kernels and output shapes, without costcalc.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from math import prod
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
from keras import applications, layers, ops
from keras.src.initializers import random_initializers
from keras.src.ops.function import make_node_key

FIXTURES = ("MobileNet", "MobileNetV3Small", "EfficientNetB0")
"""Applications whose architecture the tests read."""


SIZE = (224, 224, 3)


def without_random_numbers() -> None:
    """Weights of zeros: no figure depends on them, and they are made sooner."""
    for each in vars(random_initializers).values():
        if isinstance(each, type) and "__call__" in vars(each):
            # The method of a class is replaced, which types forbid and Python does not.
            each.__call__ = lambda self, shape, dtype=None: ops.zeros(shape, dtype)  # type: ignore[misc, method-assign]


def shared() -> Any:
    """A layer and a model that are each called twice, and operations between layers."""
    block_in = keras.Input((16, 16, 8))
    x = layers.BatchNormalization(scale=False, name="norm")(block_in)
    x = layers.ReLU(6.0, name="relu6")(x)
    x = layers.SeparableConv2D(8, 3, padding="same", activation="relu", name="separable")(x)
    block = keras.Model(block_in, x, name="block")
    image = keras.Input((32, 32, 3), name="image")
    stem = layers.Conv2D(8, 3, strides=2, padding="same", name="stem")
    first = block(stem(image))
    second = block(stem(image[:, :, ::-1]))
    x = first + second * 0.5
    x = ops.mean(x, axis=(1, 2))
    x = layers.Dense(10, activation="softmax", name="classes")(x)
    return keras.Model(image, x, name="shared")


def tokens() -> Any:
    """Tokens: an embedding, attention, a matrix at every position."""
    ids = keras.Input((24,), name="ids")
    x = layers.Embedding(100, 32, name="embedding")(ids)
    y = layers.LayerNormalization(name="norm")(x)
    y = layers.MultiHeadAttention(4, 8, value_dim=6, name="attention")(y, y)
    x = layers.Add(name="residual")([x, y])
    y = layers.Dense(64, activation="gelu", name="expand")(x)
    y = layers.Dense(32, name="shrink")(y)
    x = layers.Add(name="residual2")([x, y])
    x = layers.Conv1D(16, 3, padding="causal", dilation_rate=2, name="conv1d")(x)
    x = layers.GlobalAveragePooling1D(name="pool")(x)
    return keras.Model(ids, layers.Dense(5, name="classes")(x), name="tokens")


def odds() -> Any:
    """Layers that few networks have, at odd sizes."""
    image = keras.Input((33, 47, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1, name="rescale")(image)
    x = layers.ZeroPadding2D(((0, 1), (2, 3)), name="pad")(x)
    x = layers.Conv2D(12, (3, 5), strides=(2, 3), groups=3, name="grouped")(x)
    x = layers.PReLU(shared_axes=[1, 2], name="prelu")(x)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", name="depthwise")(x)
    x = layers.GroupNormalization(4, name="group_norm")(x)
    x = layers.PReLU(name="prelu_of_places")(x)
    x = layers.PReLU(shared_axes=[1], name="prelu_of_columns")(x)
    x = layers.Conv2DTranspose(10, 2, strides=3, use_bias=False, name="spread")(x)
    x = layers.Conv2DTranspose(
        8, 4, strides=2, padding="same", output_padding=1, name="transposed"
    )(x)
    x = layers.Cropping2D(((1, 2), (0, 3)), name="crop")(x)
    x = layers.LeakyReLU(name="leaky")(x)
    left = layers.MaxPooling2D(3, 2, padding="same", name="max")(x)
    right = layers.AveragePooling2D(3, 2, padding="same", name="mean")(x)
    x = layers.Concatenate(axis=1, name="rows")([left, right])
    x = layers.UpSampling2D((1, 2), interpolation="bilinear", name="up")(x)
    x = layers.Resizing(20, 24, name="resize")(x)
    x = layers.LayerNormalization(axis=[1, 2, 3], center=False, name="layer_norm")(x)
    x = layers.Conv2D(6, 1, name="pointwise")(x)
    x = layers.BatchNormalization(axis=1, center=False, name="norm_of_rows")(x)
    x = layers.Permute((3, 1, 2), name="permute")(x)
    x = layers.Reshape((6, -1), name="places")(x)
    x = layers.Average(name="average")([x, layers.TimeDistributed(layers.Dense(480))(x)])
    x = layers.Dot(axes=(2, 2), name="dot")([x, x])
    x = layers.Flatten(name="flatten")(x)
    x = layers.RepeatVector(4, name="repeat")(x)
    x = layers.Conv1DTranspose(7, 3, strides=2, name="transposed1d")(x)
    x = layers.GlobalMaxPooling1D(keepdims=True, name="pool")(x)
    return keras.Model(image, x, name="odds")


def frames() -> Any:
    """Layers, and a model, at every step of time."""
    cell_in = keras.Input((10, 12, 4))
    x = layers.Conv2D(6, 3, activation="relu")(cell_in)
    x = layers.BatchNormalization()(x)
    cell = keras.Model(cell_in, layers.GlobalAveragePooling2D()(x), name="cell")
    video = keras.Input((5, 20, 24, 3), name="video")
    x = layers.TimeDistributed(layers.Conv2D(4, 3, padding="same"), name="stem")(video)
    x = layers.TimeDistributed(layers.MaxPooling2D(2), name="pool")(x)
    x = layers.TimeDistributed(cell, name="cells")(x)
    x = layers.TimeDistributed(layers.Dense(8, activation="relu"), name="dense")(x)
    x = layers.TimeDistributed(layers.LayerNormalization(), name="norm")(x)
    x = layers.Flatten(name="flatten")(x)
    return keras.Model(video, layers.Dense(3, name="classes")(x), name="frames")


TOYS: dict[str, Callable[[], Any]] = {
    "shared": shared,
    "tokens": tokens,
    "odds": odds,
    "frames": frames,
}


def networks() -> Iterator[tuple[str, Any, Any]]:
    """The toys, then every network of Keras Applications.

    Each as it is written, and as it is measured: where it leaves its sides open,
    at 224 x 224.
    """
    for name, build in TOYS.items():
        model = build()
        yield name, model, model
    for name in sorted(vars(applications)):
        build = getattr(applications, name)
        if callable(build) and name[0].isupper():
            keras.backend.clear_session()
            model = closed = build(weights=None)
            if None in model.input_shape[1:]:
                keras.backend.clear_session()
                closed = build(weights=None, input_shape=SIZE)
            yield name, model, closed


def macs(model: Any) -> int:
    """Multiply-accumulates of convolutions, matrices and attention, call by call."""
    total = 0
    for layer in model.layers:
        for index, node in enumerate(layer._inbound_nodes):
            is_own = make_node_key(layer, index) in getattr(model, "_nodes", ())
            if node.input_tensors and (is_own or isinstance(model, keras.Sequential)):
                total += called(layer, node)
    return total


def called(layer: Any, node: Any) -> int:
    """Those of one call of a layer."""
    if isinstance(layer, keras.Model):
        return macs(layer)
    if isinstance(layer, layers.TimeDistributed):
        result = node.output_tensors[0].shape[1:]
        if isinstance(layer.layer, keras.Model):
            return int(result[0]) * macs(layer.layer)
        return kernel(layer.layer) * elements(result[:-1])
    given, result = (
        [side or 1 for side in tensors[0].shape[1:]]
        for tensors in (node.input_tensors, node.output_tensors)
    )
    if isinstance(layer, layers.MultiHeadAttention):
        positions, heads = int(given[0]), int(layer._num_heads)
        matrices = (
            getattr(layer, f"{each}_dense").kernel for each in ("query", "key", "value", "output")
        )
        projections = sum(elements(each.shape) for each in matrices)
        sizes = int(layer._key_dim + layer._value_dim)
        return positions * projections + heads * positions * positions * sizes
    if isinstance(layer, layers.Dot):
        first, second = (tensor.shape[1:] for tensor in node.input_tensors)
        return elements(first) * elements(second) // int(first[layer.axes[0] - 1])
    if isinstance(layer, layers.SeparableConv2D):
        kernels = (layer.depthwise_kernel, layer.pointwise_kernel)
        return elements(result[:-1]) * sum(elements(each.shape) for each in kernels)
    if "Transpose" in type(layer).__name__ and hasattr(layer, "kernel"):
        return elements(given[:-1]) * kernel(layer)
    return elements(result[:-1]) * kernel(layer)


def elements(sides: Iterable[int]) -> int:
    """The product of some sides."""
    return prod(sides)


def kernel(layer: Any) -> int:
    """The weights of a layer's kernel; 0 where it has none."""
    own = getattr(layer, "kernel", None)
    return 0 if own is None else elements(own.shape)


def row(name: str, model: Any) -> dict[str, Any]:
    """What Keras says of a network."""
    return {
        "network": name,
        "trainable": sum(elements(each.shape) for each in model.trainable_weights),
        "all": model.count_params(),
        "macs": macs(model),
    }


def outputs(model: Any) -> dict[str, list[int]]:
    """The shape that each layer's first call gives, without the batch."""
    return {
        layer.name: list(layer._inbound_nodes[0].output_tensors[0].shape[1:])
        for layer in model.layers
        if not isinstance(layer, layers.InputLayer)
    }


def difference(measured: dict[str, Any], shapes: dict[str, list[int]], file: Path) -> str:
    """What costcalc says else of a file, empty for nothing."""
    from costcalc import opening

    graph = opening.opened(str(file), {"res": SIZE[0]} if measured["is_open"] else {}).graph()
    counted = [
        (each, each.operation.events(each.input_shapes, each.output)) for each in graph.layers
    ]
    own = [events for layer, events in counted if layer.shares is None]
    learned = sum(e.weights + e.biases + e.norm_params + e.other_params for e in own)
    stored = sum(events.buffers for events in own)
    counters = measured["all"] - measured["trainable"] - stored
    found = []
    if learned != measured["trainable"] or counters not in (0, 1):
        found.append(f"params {learned} and {stored} stored")
    if sum(events.macs for _, events in counted) != measured["macs"]:
        found.append(f"macs {sum(events.macs for _, events in counted)}")
    given = {layer.name.split("/")[0].split(".")[0]: layer.output for layer in graph.layers}
    for name, shape in shapes.items():
        sides = (*shape[-1:], *shape[:-1])
        if given.get(name) != sides:
            found.append(f"{name} {given.get(name)}, not {sides}")
    return "; ".join(found)


def main() -> int:
    """Measure; write what the tests read, or hold costcalc to it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("keras.json"))
    parser.add_argument("--architectures", type=Path, default=Path())
    parser.add_argument("--check", action="store_true", help="compare costcalc, write nothing")
    options = parser.parse_args()
    without_random_numbers()
    rows, differences = [], 0
    for name, model, closed in networks():
        measured = row(name, closed) | {"is_open": closed is not model}
        if options.check:
            differences += check(model, measured, outputs(closed))
            continue
        print(name, measured["all"], flush=True)
        if name in TOYS or name in FIXTURES:
            measured["outputs"] = outputs(closed)
            text = model.to_json() + "\n"
            (options.architectures / f"{name}.json").write_text(text, encoding="utf-8")
        rows.append(measured)
    if not options.check:
        head = json.dumps({"keras": keras.__version__})[:-1]
        body = ",\n".join(f" {json.dumps(each)}" for each in rows)
        options.output.write_text(f'{head}, "networks": [\n{body}\n]}}\n', encoding="utf-8")
    return 1 if differences else 0


def check(model: Any, measured: dict[str, Any], shapes: dict[str, list[int]]) -> int:
    """Both formats of a network against what Keras says; how many differ."""
    differences = 0
    with tempfile.TemporaryDirectory() as folder:
        text, archive = Path(folder) / "model.json", Path(folder) / "model.keras"
        text.write_text(model.to_json(), encoding="utf-8")
        model.save(archive)
        for file in (text, archive):
            found = difference(measured, shapes, file)
            differences += bool(found)
            verdict = found or f"equal, {len(shapes)} layers"
            print(measured["network"], file.suffix, verdict, flush=True)
    return differences


if __name__ == "__main__":
    sys.exit(main())
