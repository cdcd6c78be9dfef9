"""What Caffe has no layers for; importers and exporters share the reasons."""

from __future__ import annotations

from collections.abc import Mapping

LACKS: Mapping[str, str] = {
    "matmul": "Caffe has no matrix product of two inputs",
    "attention": "Caffe has no attention",
    "lstm": "Caffe's LSTM reads sequences and has one bias vector; costcalc's is a single step",
    "layer_norm": "Caffe has no layer normalisation",
    "rms_norm": "Caffe has no RMS normalisation",
    "group_norm": "Caffe has no group normalisation",
    "gelu": "Caffe has no GELU",
    "gelu_tanh": "Caffe has no GELU",
    "quick_gelu": "Caffe has no GELU",
    "selu": "Caffe has no SELU",
    "celu": "Caffe has no CELU",
    "softsign": "Caffe has no softsign",
    "log_sigmoid": "Caffe has no logarithm of the sigmoid",
    "log_softmax": "Caffe has no logarithm of the softmax",
    "divide": "Caffe's Eltwise does not divide",
    "minimum": "Caffe's Eltwise has no minimum",
    "power": "Caffe's Power has a fixed exponent, not an input",
    "compare": "Caffe has no comparison",
    "where": "Caffe has no choice between two inputs",
    "erf": "Caffe has no error function",
    "sin": "Caffe has no sine",
    "cos": "Caffe has no cosine",
    "floor": "Caffe has no rounding",
    "ceil": "Caffe has no rounding",
    "round": "Caffe has no rounding",
    "sign": "Caffe has no sign function",
    "logical_not": "Caffe has no booleans",
    "reduce_max": "Caffe's Reduction computes sums and means only",
    "reduce_min": "Caffe's Reduction computes sums and means only",
    "product": "Caffe's Reduction computes sums and means only",
    "variance": "Caffe's Reduction computes sums and means only",
    "l2_norm": "Caffe's Reduction computes sums and means only",
    "zero_pad": "Caffe pads only in convolutions and pools",
    "pad_channels": "Caffe has no padding of channels",
    "grid_sample": "Caffe has no sampling at computed places",
    "roi_pool": "Caffe itself has no pooling of boxes",
    "top_k": "Caffe's ArgMax picks places, not elements",
    "nms": "Caffe itself has no suppression of boxes",
    "fft": "Caffe has no Fourier transform",
}
"""The layer kinds that neither Caffe nor its forks have a layer for, and why."""
