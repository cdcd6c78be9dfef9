"""The layer kinds that no model of a framework is imported as, and why.

Tests read models of each framework and check that every other kind is.
"""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.formats.caffe import LACKS

ONNX: Mapping[str, str] = {
    "adaptive_max_pool": "ONNX has no adaptive pooling: exporters write fixed windows instead",
    "adaptive_avg_pool": "ONNX has no adaptive pooling: exporters write fixed windows instead",
    "identity": "an Identity is not a layer: its readers read its input",
}

KERAS: Mapping[str, str] = {
    "grid_sample": "Keras has no layer that samples at computed places",
    "roi_pool": "Keras has no layer that pools boxes",
    "nms": "Keras has no layer that suppresses boxes",
    "lstm": "Keras' LSTM reads sequences: it is imported as its products and gates",
    "lrn": "Keras has no local response normalisation",
    "quick_gelu": "Keras has no quick GELU",
    "channel_shuffle": "Keras has no channel shuffle",
    "pad_channels": "Keras pads spatial axes only",
}

_ARITHMETIC = "TFLite has no operator for it: converters write it as arithmetic"

TFLITE: Mapping[str, str] = {
    "grid_sample": "TFLite has no operator that samples at computed places",
    "roi_pool": "TFLite has no operator that pools boxes",
    "lstm": "TFLite's LSTM reads sequences: it is imported as its products and gates",
    "attention": "its products and softmax are imported one by one",
    "batch_norm": "converters fold it into weights, or write a product and a sum",
    "adaptive_max_pool": "TFLite has no adaptive pooling: converters write fixed windows",
    "adaptive_avg_pool": "TFLite has no adaptive pooling: converters write fixed windows",
    "global_max_pool": "a maximum of axes is imported as such",
    "channel_shuffle": "its reshapes and its transpose are imported one by one",
    "dropout": "at inference a dropout does nothing, and is not converted",
    "identity": "TFLite has no operator that does nothing",
    "layer_norm": _ARITHMETIC,
    "group_norm": _ARITHMETIC,
    "instance_norm": _ARITHMETIC,
    "rms_norm": _ARITHMETIC,
    "variance": _ARITHMETIC,
    "h_sigmoid": _ARITHMETIC,
    "swish": _ARITHMETIC,
    "quick_gelu": _ARITHMETIC,
    "selu": _ARITHMETIC,
    "celu": _ARITHMETIC,
    "mish": _ARITHMETIC,
    "softplus": _ARITHMETIC,
    "softsign": _ARITHMETIC,
    "log_sigmoid": _ARITHMETIC,
    "erf": _ARITHMETIC,
}

_OF_DETECTORS = ("divide", "l2_norm", "nms", "roi_pool", "top_k")
"""Kinds that layers of detectors in Caffe's forks are imported as, one of several each."""

CAFFE: Mapping[str, str] = {
    **{kind: reason for kind, reason in LACKS.items() if kind not in _OF_DETECTORS},
    "adaptive_max_pool": "Caffe has no adaptive pooling",
    "adaptive_avg_pool": "Caffe has no adaptive pooling",
}

TORCH: Mapping[str, str] = {
    "lstm": "nn.LSTM and nn.LSTMCell are imported as their products and gates",
    "quick_gelu": "x * sigmoid(1.702 x) is imported as a scale, a sigmoid and a product",
    "complement": "1 - x is imported as a negation and a shift",
    "identity": "an identity runs no operation",
}

MISSING: Mapping[str, Mapping[str, str]] = {
    "ONNX model": ONNX,
    "PyTorch module": TORCH,
    "Keras architecture": KERAS,
    "TFLite model": TFLITE,
    "Caffe network": CAFFE,
}
"""The reasons by importer title, as in the table of importers."""
