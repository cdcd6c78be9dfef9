"""Keras architectures and Caffe networks, changed and made up."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from costcalc.importers.keras.layers import TABLE
from costcalc.importers.keras.layers.operations import TABLE as OPERATIONS
from tests.drawing.draws import Draws
from tests.fuzz import agreements, command_lines, hostile, mutations
from tests.fuzz.case import Case
from tests.fuzz.onnx_files import exported
from tests.importers.caffe import written as caffe
from tests.importers.caffe.detectors import faster_rcnn, ssd300
from tests.importers.imported_kinds import caffe_layers, keras_models
from tests.importers.keras import written as keras

DATA = Path(__file__).parents[1] / "data"
LARGEST = 24_000
"""The most characters of a file of tests/data that is changed."""


def case(draws: Draws, path: str, text: str) -> Case:
    """A command line over a file."""
    line = command_lines.of(draws, path)
    if line[0] in ("report", "import") and draws.chance(3):
        line = (*line, "--allow-unknown")
    agreement = agreements.of_model(draws) if draws.chance(8) else ""
    return Case(line, {path: mutations.encoded(text)}, b"", agreement, path)


@cache
def keras_seeds() -> tuple[str, ...]:
    """Models of a layer or an operation, and small ones that Keras wrote."""
    files = [path.read_text(encoding="utf-8") for path in sorted((DATA / "keras").glob("*.json"))]
    small = [text for text in files if len(text) < LARGEST]
    return (*(json.dumps(model) for model in keras_models()), *small)


def changed_keras(draws: Draws) -> Case:
    """An architecture with values, keys and parts changed."""
    tree = json.loads(draws.of(*keras_seeds()))
    others = [json.loads(draws.of(*keras_seeds()))]
    tree = mutations.of_tree(draws, tree, others)
    text = json.dumps(tree, ensure_ascii=draws.chance(2))
    if draws.chance(12):
        text = mutations.of_words(draws, text)
    return case(draws, "case.json", text)


CONFIG = (
    *("filters", "kernel_size", "strides", "padding", "dilation_rate", "groups", "units", "axis"),
    *("pool_size", "data_format", "depth_multiplier", "use_bias", "activation", "size", "cropping"),
    *("target_shape", "dims", "n", "output_size", "num_heads", "key_dim", "value_dim", "layer"),
    *("input_dim", "output_dim", "rate", "interpolation", "scale", "center", "shared_axes"),
    *("return_sequences", "batch_shape", "output_padding", "keepdims", "height", "width", "factor"),
    *("return_state", "cell", "cells", "backward_layer", "merge_mode", "reset_after", "equation"),
    *("output_shape", "bias_axes", "attention_axes", "use_gate", "use_scale", "score_mode", "mode"),
    *("subscripts", "pad_width", "repeats", "indices", "shape", "axis1", "axis2", "source", "k"),
    *("destination", "num_classes", "block_size", "frame_length", "fft_length", "tie_weights"),
)
"""Keys of the configurations of Keras' layers."""


def keras_layer(draws: Draws) -> Case:
    """Layers of any classes with any configuration, one after another."""
    layers = []
    for index in range(draws.upto(3)):
        config = {draws.of(*CONFIG): _config(draws) for _ in range(draws.upto(6, 0))}
        if draws.chance(2):
            config |= {"filters": 4, "kernel_size": [3, 3], "units": 5, "pool_size": [2, 2]}
        if draws.chance(4):
            name, module = draws.of(*OPERATIONS), "keras.src.ops.numpy"
        else:
            name, module = draws.of(*TABLE), "keras.layers"
        layers.append(keras.layer(name, f"l{index}", module=module, **config))
    shape = [draws.upto(9) for _ in range(draws.upto(4, 0))] if draws.chance(3) else [8, 9, 4]
    return case(draws, "case.json", json.dumps(keras.sequential(shape, *layers)))


def _config(draws: Draws) -> Any:
    return draws.of(
        draws.upto(9, -1),
        [draws.upto(4, 0) for _ in range(draws.upto(3))],
        draws.of("same", "valid", "causal", "relu", "channels_first", "nearest", "softmax"),
        draws.chance(2),
        hostile.value(draws),
        [[1, 0], [0, 1]],
        draws.of("ab,bc->ac", "abc,bcd->adb", "...x,xy->...y", "sum", "dot", "concat", "log"),
        keras.of(draws.of(*TABLE), units=draws.upto(5), filters=2, kernel_size=[2], cells=[]),
    )


@cache
def caffe_seeds() -> tuple[str, ...]:
    """costcalc's own files of every kind, layers that it does not write, and Caffe's networks."""
    stored = [path.read_text(encoding="utf-8") for path in sorted((DATA / "caffe").iterdir())]
    layers = [caffe.network((4, 9, 8), each) for each in caffe_layers()]
    detectors = (faster_rcnn(), ssd300(classes=3, keep=5))
    return (*(data.decode() for data in exported("prototxt")), *layers, *stored, *detectors)


FIELDS = (
    *("num_output: ", "kernel_size: ", "stride: ", "pad: ", "group: ", "dilation: ", "axis: "),
    *("bias_term: ", "pool: ", "global_pooling: ", "dim: ", "slice_point: ", "operation: "),
    *("kernel_h: ", "kernel_w: ", "stride_h: ", "num_axes: ", "top: ", "bottom: ", "type: "),
    *("min_size: ", "aspect_ratio: ", "num_classes: ", "keep_top_k: ", "post_nms_topn: "),
    *("include { phase: TEST } ", "param { name: 'w' } ", "name: ", "input: ", "state { } "),
)
"""Fields that a change puts somewhere."""


def changed_caffe(draws: Draws) -> Case:
    """A network with words, numbers and fields changed."""
    text = draws.of(*caffe_seeds())
    if draws.chance(2):
        at = draws.whole(0, text.count(" "))
        words = text.split(" ")
        words.insert(at, draws.of(*FIELDS) + draws.of(str(hostile.integer(draws)), "'x'", ""))
        text = " ".join(words)
    return case(draws, "case.prototxt", mutations.of_words(draws, text))
