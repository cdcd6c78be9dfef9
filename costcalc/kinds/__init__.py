"""The table of layer kinds: everything that a spec may name, in one place.

A new kind is a named tuple with a shape rule and events in one of the modules
beside this one (or in a new one), a row here and an example in :mod:`.examples`.
``pytest -m complete`` names every other file that must have it.
"""

from __future__ import annotations

from typing import Any

from costcalc.kinds import (
    activation,
    convolution,
    dense,
    elementwise,
    joining,
    layout,
    normalisation,
    pooling,
    products,
    recurrent,
    reductions,
    reshaping,
    sampling,
    selection,
    sources,
    transforms,
)
from costcalc.kinds.base import ANY, NONE, SEVERAL, THREE, TWO, UNCOUNTED, Arity, Events, Kind


def _function(
    name: str, title: str, family: str, does: str, per_element: Events, **more: Any
) -> Kind:
    """A function of every element: what it does to one, and the events of that."""
    fixed = {"per_element": per_element}
    return Kind(name, title, family, activation.Activation, fixed, does=does, **more)


# fmt: off
TABLE = (
    # name, title, family, operation, what the kind fixes, main attribute
    Kind("conv", "Conv", "convolution", convolution.Conv, main="out", aliases=("convolution", "conv2d")),
    Kind("depthwise", "Conv DW", "convolution", convolution.Depthwise, main="kernel", becomes="conv", aliases=("dwconv", "depthwise_conv")),
    Kind("pointwise", "Conv 1x1", "convolution", convolution.Pointwise, main="out", becomes="conv", aliases=("pwconv",)),
    Kind("transposed_conv", "Transposed Conv", "transposed_convolution", convolution.TransposedConv, main="out", aliases=("deconv", "conv_transpose")),
    Kind("transposed_depthwise", "Transposed Conv DW", "transposed_convolution", convolution.TransposedDepthwise, main="kernel", becomes="transposed_conv"),
    Kind("fc", "Fully Connected", "dense", dense.FullyConnected, main="out", aliases=("fully_connected", "linear", "dense"), short="FC", rare=("axis",)),
    Kind("embedding", "Embedding", "embedding", dense.Embedding),

    Kind("matmul", "Matrix Product", "matrix_product", products.MatMul, arity=TWO, aliases=("matrix_product",), short="MatMul"),
    Kind("attention", "Attention", "matrix_product", products.Attention, arity=Arity(3, 4)),

    Kind("lstm", "LSTM", "recurrent", recurrent.Lstm, main="hidden", aliases=("lstm_cell",)),

    Kind("max_pool", "Max Pool", "pooling", pooling.Pool, {"reduction": pooling.largest}, "kernel", aliases=("maxpool",), does="the largest element of each window"),
    Kind("avg_pool", "Average Pool", "pooling", pooling.Pool, {"reduction": pooling.mean}, "kernel", aliases=("avgpool", "average_pool"), short="Avg Pool", does="the mean of each window"),
    Kind("adaptive_max_pool", "Adaptive Max Pool", "pooling", pooling.AdaptivePool, {"reduction": pooling.largest}, "size", does="the largest element of each window, for a given number of windows"),
    Kind("adaptive_avg_pool", "Adaptive Average Pool", "pooling", pooling.AdaptivePool, {"reduction": pooling.mean}, "size", short="Adaptive Avg Pool", does="the mean of each window, for a given number of windows"),
    Kind("global_max_pool", "Global Max Pool", "pooling", pooling.GlobalPool, {"reduction": pooling.largest}, does="the largest element of each channel"),
    Kind("global_avg_pool", "Global Average Pool", "pooling", pooling.GlobalPool, {"reduction": pooling.mean}, aliases=("global_average_pool", "gap"), short="Global Avg Pool", does="the mean of each channel"),

    Kind("batch_norm", "Batch Norm", "norm", normalisation.BatchNorm, aliases=("bn", "batchnorm"), rare=("scale", "bias")),
    Kind("layer_norm", "Layer Norm", "norm", normalisation.LayerNorm, aliases=("layernorm",), rare=("axes", "bias")),
    Kind("rms_norm", "RMS Norm", "norm", normalisation.RmsNorm, aliases=("rmsnorm",), rare=("axes",)),
    Kind("group_norm", "Group Norm", "norm", normalisation.GroupNorm, main="groups", aliases=("groupnorm",)),
    Kind("instance_norm", "Instance Norm", "norm", normalisation.InstanceNorm, aliases=("instancenorm",)),
    Kind("lrn", "Local Response Norm", "norm", normalisation.LocalResponseNorm, main="size", aliases=("local_response_norm",), short="LRN"),

    _function("relu", "ReLU", "activation", *activation.RELU),
    _function("relu6", "ReLU6", "activation", *activation.RELU6),
    _function("leaky_relu", "Leaky ReLU", "activation", *activation.LEAKY_RELU),
    Kind("prelu", "PReLU", "activation", activation.Prelu, rare=("axis",)),
    _function("sigmoid", "Sigmoid", "activation", *activation.SIGMOID),
    _function("tanh", "Tanh", "activation", *activation.TANH),
    _function("h_sigmoid", "h-sigmoid", "activation", *activation.HARD_SIGMOID, aliases=("hard_sigmoid", "hardsigmoid")),
    _function("swish", "Swish", "activation", *activation.SWISH, aliases=("silu",)),
    _function("h_swish", "h-swish", "activation", *activation.HARD_SWISH, aliases=("hard_swish", "hardswish")),
    _function("gelu", "GELU", "activation", *activation.GELU),
    _function("gelu_tanh", "GELU, tanh form", "activation", *activation.GELU_TANH),
    _function("quick_gelu", "Quick GELU", "activation", *activation.QUICK_GELU),
    _function("elu", "ELU", "activation", *activation.ELU),
    _function("selu", "SELU", "activation", *activation.SELU),
    _function("celu", "CELU", "activation", *activation.CELU),
    _function("mish", "Mish", "activation", *activation.MISH),
    _function("softplus", "Softplus", "activation", *activation.SOFTPLUS),
    _function("softsign", "Softsign", "activation", *activation.SOFTSIGN),
    _function("log_sigmoid", "Log-Sigmoid", "activation", *activation.LOG_SIGMOID, aliases=("logsigmoid",)),
    _function("hard_tanh", "Hard Tanh", "activation", *activation.HARD_TANH, aliases=("hardtanh",)),
    Kind("softmax", "Softmax", "activation", activation.Softmax, {"is_log": False}, rare=("axis",), does="exp(x) over its sum along an axis"),
    Kind("log_softmax", "Log-Softmax", "activation", activation.Softmax, {"is_log": True}, rare=("axis",), does="the logarithm of the softmax along an axis"),

    Kind("add", "Add", "elementwise", elementwise.Add, arity=SEVERAL, rare=("broadcast",)),
    Kind("subtract", "Subtract", "elementwise", elementwise.Elementwise, {"per_element": elementwise.ADDITION, "joined": "subtracted"}, arity=TWO, aliases=("sub",), does="the first input less the second, element by element; sides of 1 repeat"),
    Kind("multiply", "Multiply", "elementwise", elementwise.Elementwise, {"per_element": elementwise.MULTIPLICATION, "joined": "multiplied"}, arity=SEVERAL, aliases=("mul",), does="the product of the inputs, element by element; sides of 1 repeat"),
    Kind("divide", "Divide", "elementwise", elementwise.Elementwise, {"per_element": elementwise.DIVISION, "joined": "divided"}, arity=TWO, aliases=("div",), does="the first input over the second, element by element; sides of 1 repeat"),
    Kind("minimum", "Minimum", "elementwise", elementwise.Elementwise, {"per_element": elementwise.COMPARISON, "joined": "compared"}, arity=SEVERAL, does="the smallest of the inputs, element by element; sides of 1 repeat"),
    Kind("maximum", "Maximum", "elementwise", elementwise.Elementwise, {"per_element": elementwise.COMPARISON, "joined": "compared"}, arity=SEVERAL, does="the largest of the inputs, element by element; sides of 1 repeat"),
    Kind("power", "Power", "elementwise", elementwise.Elementwise, {"per_element": elementwise.FUNCTION, "joined": "raised to powers"}, arity=TWO, aliases=("pow",), does="the first input to the power of the second, element by element; sides of 1 repeat"),
    Kind("compare", "Compare", "elementwise", elementwise.Elementwise, {"per_element": elementwise.COMPARISON, "joined": "compared"}, arity=TWO, does="whether two inputs are equal, or one is larger, element by element; sides of 1 repeat"),
    Kind("where", "Where", "elementwise", elementwise.Elementwise, {"per_element": elementwise.NOTHING, "joined": "chosen from"}, arity=THREE, does="the second input where the first is true, else the third, element by element; sides of 1 repeat"),
    _function("complement", "Complement", "elementwise", "1 - x", elementwise.COMPLEMENT),
    _function("scale", "Scale", "elementwise", "x times a constant", elementwise.MULTIPLICATION),
    _function("shift", "Shift", "elementwise", "x plus a constant", elementwise.ADDITION),
    _function("clip", "Clip", "elementwise", "x limited to a range", elementwise.BETWEEN, aliases=("clamp",)),
    _function("exp", "Exponential", "elementwise", "exp(x)", elementwise.FUNCTION),
    _function("log", "Logarithm", "elementwise", "the logarithm of x", elementwise.FUNCTION),
    _function("sqrt", "Square Root", "elementwise", "the square root of x", elementwise.FUNCTION),
    _function("rsqrt", "Reciprocal Root", "elementwise", "1 / sqrt(x)", elementwise.FUNCTION),
    _function("reciprocal", "Reciprocal", "elementwise", "1 / x", elementwise.DIVISION),
    _function("erf", "Error Function", "elementwise", "the error function of x", elementwise.FUNCTION),
    _function("sin", "Sine", "elementwise", "sin(x)", elementwise.FUNCTION),
    _function("cos", "Cosine", "elementwise", "cos(x)", elementwise.FUNCTION),
    _function("abs", "Absolute Value", "elementwise", "the absolute value of x", elementwise.NOTHING),
    _function("neg", "Negative", "elementwise", "-x", elementwise.NOTHING),
    _function("square", "Square", "elementwise", "x * x", elementwise.MULTIPLICATION),
    _function("floor", "Floor", "elementwise", "x rounded down", elementwise.FUNCTION),
    _function("ceil", "Ceiling", "elementwise", "x rounded up", elementwise.FUNCTION),
    _function("round", "Round", "elementwise", "x rounded to the nearest", elementwise.FUNCTION),
    _function("sign", "Sign", "elementwise", "-1, 0 or 1, by the sign of x", elementwise.BETWEEN),
    _function("logical_not", "Logical Not", "elementwise", "whether x is 0", elementwise.COMPARISON),

    Kind("mean", "Mean", "reduction", reductions.Reduction, {"reduce": pooling.mean}, "axes", does="the mean along axes"),
    Kind("sum", "Sum", "reduction", reductions.Reduction, {"reduce": reductions.total}, "axes", does="the sum along axes"),
    Kind("reduce_max", "Maximum of Axes", "reduction", reductions.Reduction, {"reduce": pooling.largest}, "axes", does="the largest along axes"),
    Kind("reduce_min", "Minimum of Axes", "reduction", reductions.Reduction, {"reduce": pooling.largest}, "axes", does="the smallest along axes"),
    Kind("argmax", "Argmax", "reduction", reductions.Reduction, {"reduce": pooling.largest}, "axes", does="the place of the largest along axes"),
    Kind("product", "Product", "reduction", reductions.Reduction, {"reduce": reductions.product}, "axes", does="the product along axes"),
    Kind("variance", "Variance", "reduction", reductions.Reduction, {"reduce": reductions.variance}, "axes", does="the variance along axes"),
    Kind("l2_norm", "L2 Norm", "reduction", reductions.Reduction, {"reduce": reductions.l2_norm}, "axes", does="the root of the sum of the squares along axes"),

    Kind("concat", "Concat", "reshaping", joining.Concat, arity=SEVERAL, aliases=("concatenate", "cat"), rare=("axis",)),
    Kind("split", "Split", "reshaping", reshaping.Split, main="parts", rare=("axis",)),
    Kind("slice", "Slice", "reshaping", reshaping.Slice, main="stop", rare=("axis", "step")),
    Kind("channel_shuffle", "Channel Shuffle", "reshaping", reshaping.ChannelShuffle, main="groups", aliases=("shuffle",)),
    Kind("flatten", "Flatten", "reshaping", reshaping.Flatten),
    Kind("zero_pad", "Zero Padding", "reshaping", reshaping.ZeroPad, main="padding", aliases=("pad",), rare=("axis", "mode")),
    Kind("crop", "Crop", "reshaping", reshaping.Crop, main="cropping", arity=Arity(1, 2), aliases=("center_crop", "cropping"), rare=("cropping", "size", "offset")),
    Kind("pad_channels", "Channel Padding", "reshaping", reshaping.PadChannels, main="out", aliases=("zero_pad_channels",)),
    Kind("upsample", "Upsample", "resampling", reshaping.Upsample, main="scale"),
    Kind("grid_sample", "Grid Sample", "sampling", sampling.GridSample, arity=TWO, aliases=("grid_sampler",)),
    Kind("roi_pool", "RoI Pool", "sampling", sampling.RoiPool, main="size", arity=TWO, aliases=("roi_align",), rare=("samples", "position_sensitive")),
    Kind("top_k", "Top k", "selection", selection.TopK, main="k", aliases=("topk", "sort"), rare=("axis",)),
    Kind("nms", "Non-Maximum Suppression", "selection", selection.Nms, main="most", arity=TWO, aliases=("non_max_suppression",), short="NMS"),
    Kind("fft", "Fourier Transform", "transform", transforms.Fft, main="axes", aliases=("fourier_transform",), short="FFT", rare=("real",)),
    Kind("reshape", "Reshape", "reshaping", layout.Reshape, main="shape", aliases=("view",)),
    Kind("transpose", "Transpose", "reshaping", layout.Transpose, main="axes", aliases=("permute",)),
    Kind("rearrange", "Rearrange", "reshaping", layout.Rearrange, main="shape", arity=Arity(1, None)),
    Kind("dropout", "Dropout", "inactive", reshaping.Dropout, main="rate", rare=("noise",)),
    Kind("identity", "Identity", "inactive", reshaping.Identity),

    Kind("learned", "Learned Tensor", "source", sources.Learned, main="shape", arity=NONE, short="Learned"),
    Kind("constant", "Constant", "source", sources.Constant, main="shape", arity=NONE),
    Kind("input", "Input", "source", sources.Input, main="shape", arity=NONE),
    Kind("uncounted", "Uncounted", UNCOUNTED, sources.Uncounted, arity=ANY),
)
# fmt: on

KINDS = {name: kind for kind in TABLE for name in (kind.name, *kind.aliases)}
"""The kinds by their names and aliases."""
