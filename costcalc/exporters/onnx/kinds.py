"""The table of what each layer kind becomes in ONNX."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from costcalc.exporters.onnx import elementwise, moving, norms, products, windows
from costcalc.exporters.onnx.elementwise import operator
from costcalc.exporters.onnx.site import Site

KINDS: Mapping[str, Callable[[Site], None]] = {
    "conv": windows.conv,
    "transposed_conv": windows.transposed_conv,
    "fc": products.fc,
    "lstm": products.lstm,
    "max_pool": windows.max_pool,
    "avg_pool": windows.avg_pool,
    "adaptive_max_pool": partial(windows.adaptive_pool, "MaxPool"),
    "adaptive_avg_pool": partial(windows.adaptive_pool, "AveragePool"),
    "global_max_pool": operator("GlobalMaxPool"),
    "global_avg_pool": operator("GlobalAveragePool"),
    "batch_norm": norms.batch_norm,
    "layer_norm": norms.layer_norm,
    "group_norm": norms.group_norm,
    "instance_norm": norms.instance_norm,
    "lrn": norms.local_response_norm,
    "relu": operator("Relu"),
    "relu6": elementwise.relu6,
    "leaky_relu": operator("LeakyRelu"),
    "prelu": elementwise.prelu,
    "sigmoid": operator("Sigmoid"),
    "tanh": operator("Tanh"),
    "h_sigmoid": operator("HardSigmoid", alpha=1 / 6, beta=0.5),
    "swish": elementwise.swish,
    "h_swish": operator("HardSwish"),
    "gelu": operator("Gelu"),
    "softmax": operator("Softmax", axis=1),
    "add": elementwise.add,
    "multiply": elementwise.multiply,
    "complement": elementwise.complement,
    "concat": operator("Concat", axis=1),
    "split": moving.split,
    "slice": moving.slice_,
    "channel_shuffle": moving.channel_shuffle,
    "flatten": operator("Flatten"),
    "zero_pad": moving.zero_pad,
    "pad_channels": moving.pad_channels,
    "upsample": windows.upsample,
    "dropout": moving.dropout,
    "identity": operator("Identity"),
}
"""What writes a layer of each kind; kinds that become another have none."""
