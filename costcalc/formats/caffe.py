"""What Caffe has no layers for, whichever way a network goes."""

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
    "minimum": "Caffe's Eltwise takes no minimum",
    "power": "Caffe's Power has a number as its exponent, and not an input",
    "compare": "Caffe has no comparison",
    "where": "Caffe has no choice between two inputs",
    "erf": "Caffe has no error function",
    "sin": "Caffe has no sine",
    "cos": "Caffe has no cosine",
    "floor": "Caffe does not round",
    "ceil": "Caffe does not round",
    "round": "Caffe does not round",
    "sign": "Caffe has no layer that gives signs",
    "logical_not": "Caffe has no truth values",
    "reduce_max": "Caffe's Reduction gives sums and means only",
    "reduce_min": "Caffe's Reduction gives sums and means only",
    "product": "Caffe's Reduction gives sums and means only",
    "variance": "Caffe's Reduction gives sums and means only",
    "l2_norm": "Caffe's Reduction gives sums and means only",
    "zero_pad": "Caffe has no padding apart from a convolution's or a pool's",
    "pad_channels": "Caffe has no padding of channels",
}
"""Layer kinds that no layer of Caffe is, nor of its forks, and why."""
