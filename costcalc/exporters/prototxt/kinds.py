"""The table of layer kinds and the functions that write them for Caffe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from costcalc.exporters.layers import UNDEFINED
from costcalc.exporters.prototxt import layers, windows
from costcalc.exporters.prototxt.layers import one_layer
from costcalc.exporters.prototxt.writer import LayerWriter
from costcalc.formats.caffe import LACKS
from costcalc.formats.prototxt import Field, Unquoted


def _power(**numbers: int | Unquoted) -> Callable[[LayerWriter], object]:
    """(shift + scale * x) ^ power."""
    fields = tuple(Field(name, number) for name, number in numbers.items())
    return one_layer("Power", Field("power_param", fields))


def _clip(least: int, most: int) -> Callable[[LayerWriter], object]:
    return one_layer("Clip", Field("clip_param", (Field("min", least), Field("max", most))))


KINDS: Mapping[str, Callable[[LayerWriter], object]] = {
    "conv": windows.conv,
    "transposed_conv": windows.transposed_conv,
    "fc": layers.fc,
    "embedding": layers.embedding,
    "max_pool": partial(windows.pool, "MAX"),
    "avg_pool": partial(windows.pool, "AVE"),
    "adaptive_max_pool": partial(windows.adaptive_pool, "MAX"),
    "adaptive_avg_pool": partial(windows.adaptive_pool, "AVE"),
    "global_max_pool": partial(windows.global_pool, "MAX"),
    "global_avg_pool": partial(windows.global_pool, "AVE"),
    "batch_norm": layers.batch_norm,
    "instance_norm": layers.instance_norm,
    "lrn": layers.local_response_norm,
    "relu": one_layer("ReLU"),
    "relu6": _clip(0, 6),
    "leaky_relu": one_layer(
        "ReLU", Field("relu_param", (Field("negative_slope", Unquoted("0.01")),))
    ),
    "prelu": layers.prelu,
    "sigmoid": one_layer("Sigmoid"),
    "tanh": one_layer("TanH"),
    "swish": one_layer("Swish"),
    "elu": one_layer("ELU"),
    "softplus": one_layer("BNLL"),
    "hard_tanh": _clip(-1, 1),
    "softmax": layers.along("Softmax", "softmax_param"),
    "add": layers.add,
    "subtract": layers.subtract,
    "multiply": layers.multiply,
    "maximum": layers.maximum,
    "complement": _power(scale=-1, shift=1),
    "scale": _power(scale=1),
    "shift": _power(shift=0),
    "clip": _clip(0, 1),
    "neg": _power(scale=-1),
    "square": _power(power=2),
    "sqrt": _power(power=Unquoted("0.5")),
    "rsqrt": _power(power=Unquoted("-0.5")),
    "reciprocal": _power(power=-1),
    "exp": one_layer("Exp"),
    "log": one_layer("Log"),
    "abs": one_layer("AbsVal"),
    "mean": layers.reduced("MEAN"),
    "sum": layers.reduced("SUM"),
    "argmax": layers.argmax,
    "concat": layers.along("Concat", "concat_param"),
    "split": layers.split,
    "slice": layers.slice_,
    "crop": layers.crop,
    "flatten": one_layer("Flatten"),
    "reshape": layers.reshape,
    "dropout": layers.dropout,
    "identity": layers.pass_through,
    "learned": layers.learned,
    "constant": layers.constant,
    "input": layers.input_,
}
"""The function that writes the layers of each kind."""

MISSING: Mapping[str, str] = {
    **UNDEFINED,
    **LACKS,
    "h_sigmoid": "Caffe has no hard sigmoid",
    "h_swish": "Caffe has no hard swish",
    "mish": "Caffe has no Mish",
    "channel_shuffle": "Caffe has no channel shuffle",
    "upsample": "Caffe has no interpolation",
    "transpose": "Caffe has no transposition",
}
"""Why the other kinds have no row."""
