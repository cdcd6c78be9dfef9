"""The table of what each layer kind becomes in Caffe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from costcalc.exporters.prototxt import layers, windows
from costcalc.exporters.prototxt.layers import simple
from costcalc.exporters.prototxt.site import Site
from costcalc.exporters.prototxt.text import Field, Word


def _power(**numbers: int) -> Callable[[Site], object]:
    """(shift + scale * x) ^ power."""
    fields = tuple(Field(name, number) for name, number in numbers.items())
    return simple("Power", Field("power_param", fields))


KINDS: Mapping[str, Callable[[Site], object]] = {
    "conv": windows.conv,
    "transposed_conv": windows.transposed_conv,
    "fc": layers.fc,
    "max_pool": partial(windows.pool, "MAX"),
    "avg_pool": partial(windows.pool, "AVE"),
    "adaptive_max_pool": partial(windows.adaptive_pool, "MAX"),
    "adaptive_avg_pool": partial(windows.adaptive_pool, "AVE"),
    "global_max_pool": partial(windows.global_pool, "MAX"),
    "global_avg_pool": partial(windows.global_pool, "AVE"),
    "batch_norm": layers.batch_norm,
    "instance_norm": layers.instance_norm,
    "lrn": layers.local_response_norm,
    "relu": simple("ReLU"),
    "relu6": simple("Clip", Field("clip_param", (Field("min", 0), Field("max", 6)))),
    "leaky_relu": simple("ReLU", Field("relu_param", (Field("negative_slope", Word("0.01")),))),
    "prelu": layers.prelu,
    "sigmoid": simple("Sigmoid"),
    "tanh": simple("TanH"),
    "swish": simple("Swish"),
    "softmax": simple("Softmax"),
    "add": simple("Eltwise"),
    "multiply": layers.multiply,
    "complement": _power(scale=-1, shift=1),
    "concat": simple("Concat"),
    "split": layers.split,
    "slice": layers.slice_,
    "flatten": simple("Flatten"),
    "dropout": layers.dropout,
    "identity": layers.passes,
}
"""What writes a layer of each kind that Caffe has."""
