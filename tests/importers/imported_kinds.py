"""The kinds that models of each framework are imported as, found by reading models.

They are the files that costcalc itself writes for a framework, and some operations
that it never writes.
"""

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from costcalc import opening
from costcalc.errors import CostcalcError
from costcalc.exporters import export_graph, exporter
from costcalc.graph.expand import expand
from costcalc.importers.keras.layers.arrays import TABLE as KERAS_ARRAYS
from costcalc.importers.keras.layers.operations import TABLE as KERAS_OPERATIONS
from costcalc.kinds.examples import spec
from costcalc.spec.reader import read
from tests.exporters.every_kind import forms
from tests.importers.caffe import written as caffe
from tests.importers.caffe.detectors import faster_rcnn, ssd300
from tests.importers.keras import written as keras
from tests.importers.onnx import models as onnx
from tests.importers.tflite.models import Sample
from tests.importers.tflite.samples import CASES


def kinds_in(path: Path) -> set[str]:
    """The kinds of a model's layers; unknown operations count as one."""
    graph = opening.opened(str(path), {"allow_unknown": True}).graph()
    return {layer.kind.name for layer in graph.layers}


def kinds_back(format_: str, path: Path) -> Iterator[tuple[str, set[str]]]:
    """Each kind with the kinds that its example is read back as, for a format."""
    rows = import_module(exporter(format_).module).KINDS
    for kind, attributes in forms().values():
        if (kind.becomes or kind.name) not in rows:
            continue  # the exporters' own tests say which kinds a format has
        graph = expand(read(spec(kind, attributes).encode(), "e.yaml", lambda name: None), {})
        try:
            file = export_graph(graph, format_)
        except CostcalcError:
            continue  # not in this form
        path.write_bytes(file.encode() if isinstance(file, str) else b"".join(file))
        try:
            yield kind.becomes or kind.name, kinds_in(path)
        except CostcalcError as error:
            # A network of views only returns its input.
            assert "no output depends on the network's input" in str(error), kind.name


SIDES = (8, 9, 4)
"""A map, channels last as in Keras."""

CONV = {"filters": 4, "kernel_size": [3, 3]}


def keras_layers() -> Iterator[dict]:
    """Layers of Keras, one for each kind."""
    of = keras.of
    yield of("Conv2D", **CONV)
    yield of("Conv2DTranspose", **CONV)
    yield of("Dense", units=5)
    yield of("Embedding", input_dim=10, output_dim=3)
    yield of("MaxPooling2D", pool_size=[2, 2])
    yield of("AveragePooling2D", pool_size=[2, 2])
    yield of("AdaptiveMaxPooling2D", output_size=[3, 3])
    yield of("AdaptiveAveragePooling2D", output_size=[3, 3])
    yield of("GlobalMaxPooling2D", keepdims=True)
    yield of("GlobalAveragePooling2D", keepdims=True)
    yield of("BatchNormalization", axis=-1)
    yield of("LayerNormalization", axis=-1)
    yield of("RMSNormalization", axis=-1)
    yield of("GroupNormalization", groups=2, axis=-1)
    yield of("GroupNormalization", groups=-1, axis=-1)
    yield of("PReLU", shared_axes=[1, 2])
    yield of("Rescaling", scale=0.5, offset=-1)
    yield of("LayerScale", projection_dim=4)
    yield of("Dropout", rate=0.5)
    yield of("Flatten")
    yield of("Reshape", target_shape=[-1, 12])
    yield of("Permute", dims=[3, 1, 2])
    yield of("RepeatVector", n=7)
    yield of("ZeroPadding2D", padding=[[0, 1], [2, 3]])
    yield of("Cropping2D", cropping=[[0, 1], [2, 3]])
    yield of("UpSampling2D", size=[2, 3])
    yield of("Identity")
    for word in ("leaky_relu", "exponential", "softmax", "log_softmax", "it_is_not_known"):
        yield of("Activation", activation=word)


def keras_operation(name: str, *args: object, **config: object) -> dict:
    """A network of one operation of Keras on a square image."""
    module = "keras.src.ops.numpy"
    made = keras.layer(name, "op", module=module, inbound=[keras.call(*args)], **config)
    return keras.functional([keras.image(8, 8, 4), made], ["image", 0, 0], ["op", 0, 0])


def keras_models() -> Iterator[dict]:
    """Networks of a single layer or operation."""
    for each in keras_layers():
        yield keras.sequential(SIDES, each)
    yield keras.sequential((600,), keras.of("MelSpectrogram", fft_length=64, sequence_stride=50))
    image, turned = keras.tensor("image"), keras.tensor("turned")
    yield keras_operation("TopK", image, 2)
    yield keras_operation("Gelu", image, approximate=True)
    yield keras_operation("Split", image, 2, 3)
    yield keras_operation("Subtract", 1, image)
    yield keras_operation("GetItem", image, [sliced(), sliced(1, 8, 2)])
    yield keras_operation("Transpose", image, axes=[0, 3, 1, 2])
    permuted = keras.layer("Permute", "turned", dims=[1, 3, 2], inbound=[keras.call(image)])
    other = keras.tensor("other")
    joined = {name: [image, other] for name in ("Add", "Subtract", "Multiply", "Divide")}
    joined |= {name: [image, other] for name in ("Maximum", "Minimum")}
    joined |= {"Power": [image, other], "Greater": [image, other], "Where": [image, image, other]}
    joined |= {"Matmul": [image, turned], "Concatenate": [[image, other]]}
    for name, parts in joined.items():
        made = keras.layer(name, "op", module="keras.src.ops.numpy", inbound=[keras.call(*parts)])
        inputs = [keras.image(8, 8, 4), keras.image(8, 8, 4, name="other"), permuted]
        yield keras.functional([*inputs, made], [["image", 0, 0], ["other", 0, 0]], ["op", 0, 0])
    tokens = keras.tensor("tokens")
    heads = {"num_heads": 2, "key_dim": 3, "value_dim": None, "use_bias": True}
    made = keras.layer("MultiHeadAttention", "op", inbound=[keras.call(tokens, tokens)], **heads)
    yield keras.functional([keras.image(5, 8, name="tokens"), made], ["tokens", 0, 0], ["op", 0, 0])
    for name in KERAS_OPERATIONS.keys() - WITH_MORE - KERAS_ARRAYS.keys():
        yield keras_operation(name, image, axis=-1, keepdims=True, newshape=[-1, 32, 8])


WITH_MORE = {"TopK", "Transpose", "Squeeze", "Split", "Matmul", "GetItem", "Power", "Where"}
"""Operations that need other arguments than a tensor and an axis."""


def sliced(start: int | None = None, stop: int | None = None, step: int | None = None) -> dict:
    config = {"start": start, "stop": stop, "step": step}
    return {"class_name": "__slice__", "config": config}


def caffe_layers() -> Iterator[str]:
    """Layers of Caffe and its forks that costcalc does not write."""

    def layer(kind: str, *body: str) -> str:
        return caffe.layer(kind, "data", "x", *body)

    yield layer("Deconvolution", "convolution_param { num_output: 2 kernel_size: 4 stride: 2 }")
    yield layer("HSwish")
    yield layer("HSigmoid")
    yield layer("Mish")
    yield layer("Power", "power_param { scale: 2 shift: 1 }")
    yield layer("Upsample", "upsample_param { scale: 2 }")
    yield layer("Permute", "permute_param { order: [0, 2, 3, 1] }")
    yield layer("Tile", "tile_param { axis: 2 tiles: 3 }")
    yield layer("ShuffleChannel", "shuffle_channel_param { group: 2 }")
    yield layer("ItIsNotKnown")


ONNX_MAP = (1, 4, 8, 8)


def onnx_nodes() -> Iterator[tuple[bytes, tuple[int, ...], list[bytes]]]:
    """Operators of ONNX that costcalc does not write, with their input and what is stored."""
    yield onnx.node("DepthToSpace", "x", "y", blocksize=2), ONNX_MAP, []
    yield onnx.node("ItIsNotKnown", "x", "y"), ONNX_MAP, []
    yield onnx.node("TopK", "x k", "y z"), ONNX_MAP, [onnx.tensor("k", [1], [2])]
    grid = onnx.tensor("grid", [1, 5, 5, 2])
    yield onnx.node("GridSample", "x grid", "y"), ONNX_MAP, [grid]
    boxes = [onnx.tensor("boxes", [5, 5])]
    yield onnx.node("MaxRoiPool", "x boxes", "y", pooled_shape=(2, 2)), ONNX_MAP, boxes
    scores = [onnx.tensor("scores", [1, 2, 9]), onnx.tensor("most", [1], [3])]
    yield onnx.node("NonMaxSuppression", "x scores most", "y"), (1, 9, 4), scores
    size = onnx.tensor("size", [], [16])
    yield onnx.node("DFT", "x size", "y", onesided=1), (1, 16, 1), [size]


def kinds_from_onnx(folder: Path) -> set[str]:
    """The kinds that ONNX models are imported as."""
    path = folder / "net.onnx"
    found = set().union(*(kinds for _, kinds in kinds_back("onnx", path)))
    for node, x, stored in onnx_nodes():
        is_known = b"ItIsNotKnown" not in node
        out = onnx.value("y") if is_known else onnx.value("y", 1, 1, 16, 16)
        inside = onnx.graph([node], [onnx.value("x", *x)], [out], stored)
        path.write_bytes(onnx.model(inside))
        found |= kinds_in(path)
    return found


def kinds_from_caffe(folder: Path) -> set[str]:
    """The kinds that Caffe networks are imported as."""
    path = folder / "net.prototxt"
    found = set().union(*(kinds for _, kinds in kinds_back("prototxt", path)))
    for each in caffe_layers():
        path.write_text(caffe.network((4, 9, 8), each), encoding="utf-8")
        found |= kinds_in(path)
    for text in (ssd300(), faster_rcnn()):
        path.write_text(text, encoding="utf-8")
        found |= kinds_in(path)
    return found


def kinds_from_keras(folder: Path) -> set[str]:
    """The kinds that Keras architectures are imported as."""
    path, found = folder / "net.json", set()
    for each in keras_models():
        path.write_text(json.dumps(each), encoding="utf-8")
        found |= kinds_in(path)
    return found


def kinds_from_tflite(folder: Path) -> set[str]:
    """The kinds of files with one operator each."""
    found, path = set(), folder / "net.tflite"
    for sample in (Sample("ethos-u"), *(case.sample for case in CASES if case.kinds)):
        path.write_bytes(sample.net().bytes())
        found |= kinds_in(path)
    return found
