"""Which layer kinds no operation of a framework comes in as, and why.

Every other kind does, as tests hold that read models of each framework.
"""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.formats.caffe import LACKS

ONNX: Mapping[str, str] = {
    "adaptive_max_pool": "ONNX has no pool to a given size: exporters write windows that give it",
    "adaptive_avg_pool": "ONNX has no pool to a given size: exporters write windows that give it",
    "identity": "an Identity is no layer: what reads it reads its input",
}

KERAS: Mapping[str, str] = {
    "lstm": "Keras' LSTM reads sequences; costcalc's kind is a single step",
    "lrn": "Keras has no local response normalisation",
    "quick_gelu": "Keras has no quick GELU",
    "channel_shuffle": "Keras has no channel shuffle",
    "pad_channels": "Keras pads spatial axes only",
}

CAFFE: Mapping[str, str] = {
    **LACKS,
    "adaptive_max_pool": "Caffe has no pool to a given size",
    "adaptive_avg_pool": "Caffe has no pool to a given size",
}

TORCH: Mapping[str, str] = {
    "lstm": "nn.LSTM comes in as its products and gates; costcalc does not read nn.LSTMCell",
    "quick_gelu": "x * sigmoid(1.702 x) comes in as what it computes",
    "complement": "1 - x comes in as a negative and a shift",
    "dropout": "at inference a dropout does nothing, and no operation runs",
    "identity": "an identity runs no operation",
}

MISSING: Mapping[str, Mapping[str, str]] = {
    "ONNX model": ONNX,
    "PyTorch module": TORCH,
    "Keras architecture": KERAS,
    "Caffe network": CAFFE,
}
"""The same by the titles of the importers' table."""
