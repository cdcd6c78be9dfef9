"""The table of layer kinds: what a spec may name, in one place.

A new kind is a named tuple with a shape rule and events in one of the modules
beside this one (or in a new one), and a row here.
"""

from __future__ import annotations

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
    sources,
)
from costcalc.kinds.base import ANY, NONE, SEVERAL, THREE, TWO, UNCOUNTED, Arity, Kind

# fmt: off
TABLE = (
    # name, title, family, operation, what the kind fixes, main attribute
    Kind("conv", "Conv", "convolution", convolution.Conv, main="out", aliases=("convolution", "conv2d")),
    Kind("depthwise", "Conv DW", "convolution", convolution.Depthwise, main="kernel", becomes="conv", aliases=("dwconv", "depthwise_conv")),
    Kind("pointwise", "Conv 1x1", "convolution", convolution.Pointwise, main="out", becomes="conv", aliases=("pwconv",)),
    Kind("transposed_conv", "Transposed Conv", "transposed_convolution", convolution.TransposedConv, main="out", aliases=("deconv", "conv_transpose")),
    Kind("fc", "Fully Connected", "dense", dense.FullyConnected, main="out", aliases=("fully_connected", "linear", "dense"), short="FC", rare=("axis",)),
    Kind("embedding", "Embedding", "embedding", dense.Embedding),

    Kind("matmul", "Matrix Product", "matrix_product", products.MatMul, arity=TWO, aliases=("matrix_product",), short="MatMul"),
    Kind("attention", "Attention", "matrix_product", products.Attention, arity=Arity(3, 4)),

    Kind("lstm", "LSTM", "recurrent", recurrent.Lstm, main="hidden", aliases=("lstm_cell",)),

    Kind("max_pool", "Max Pool", "pooling", pooling.Pool, {"reduction": pooling.largest}, "kernel", aliases=("maxpool",)),
    Kind("avg_pool", "Average Pool", "pooling", pooling.Pool, {"reduction": pooling.mean}, "kernel", aliases=("avgpool", "average_pool"), short="Avg Pool"),
    Kind("adaptive_max_pool", "Adaptive Max Pool", "pooling", pooling.AdaptivePool, {"reduction": pooling.largest}, "size"),
    Kind("adaptive_avg_pool", "Adaptive Average Pool", "pooling", pooling.AdaptivePool, {"reduction": pooling.mean}, "size", short="Adaptive Avg Pool"),
    Kind("global_max_pool", "Global Max Pool", "pooling", pooling.GlobalPool, {"reduction": pooling.largest}),
    Kind("global_avg_pool", "Global Average Pool", "pooling", pooling.GlobalPool, {"reduction": pooling.mean}, aliases=("global_average_pool", "gap"), short="Global Avg Pool"),

    Kind("batch_norm", "Batch Norm", "norm", normalisation.BatchNorm, aliases=("bn", "batchnorm"), rare=("scale", "bias")),
    Kind("layer_norm", "Layer Norm", "norm", normalisation.LayerNorm, aliases=("layernorm",), rare=("axes", "bias")),
    Kind("rms_norm", "RMS Norm", "norm", normalisation.RmsNorm, aliases=("rmsnorm",), rare=("axes",)),
    Kind("group_norm", "Group Norm", "norm", normalisation.GroupNorm, main="groups", aliases=("groupnorm",)),
    Kind("instance_norm", "Instance Norm", "norm", normalisation.InstanceNorm, aliases=("instancenorm",)),
    Kind("lrn", "Local Response Norm", "norm", normalisation.LocalResponseNorm, main="size", aliases=("local_response_norm",), short="LRN"),

    Kind("relu", "ReLU", "activation", activation.Activation, {"per_element": activation.RELU}),
    Kind("relu6", "ReLU6", "activation", activation.Activation, {"per_element": activation.RELU6}),
    Kind("leaky_relu", "Leaky ReLU", "activation", activation.Activation, {"per_element": activation.LEAKY_RELU}),
    Kind("prelu", "PReLU", "activation", activation.Prelu, rare=("axis",)),
    Kind("sigmoid", "Sigmoid", "activation", activation.Activation, {"per_element": activation.SIGMOID}),
    Kind("tanh", "Tanh", "activation", activation.Activation, {"per_element": activation.TANH}),
    Kind("h_sigmoid", "h-sigmoid", "activation", activation.Activation, {"per_element": activation.HARD_SIGMOID}, aliases=("hard_sigmoid", "hardsigmoid")),
    Kind("swish", "Swish", "activation", activation.Activation, {"per_element": activation.SWISH}, aliases=("silu",)),
    Kind("h_swish", "h-swish", "activation", activation.Activation, {"per_element": activation.HARD_SWISH}, aliases=("hard_swish", "hardswish")),
    Kind("gelu", "GELU", "activation", activation.Activation, {"per_element": activation.GELU}),
    Kind("gelu_tanh", "GELU, tanh form", "activation", activation.Activation, {"per_element": activation.GELU_TANH}),
    Kind("quick_gelu", "Quick GELU", "activation", activation.Activation, {"per_element": activation.QUICK_GELU}),
    Kind("elu", "ELU", "activation", activation.Activation, {"per_element": activation.ELU}),
    Kind("selu", "SELU", "activation", activation.Activation, {"per_element": activation.SELU}),
    Kind("celu", "CELU", "activation", activation.Activation, {"per_element": activation.CELU}),
    Kind("mish", "Mish", "activation", activation.Activation, {"per_element": activation.MISH}),
    Kind("softplus", "Softplus", "activation", activation.Activation, {"per_element": activation.SOFTPLUS}),
    Kind("softsign", "Softsign", "activation", activation.Activation, {"per_element": activation.SOFTSIGN}),
    Kind("log_sigmoid", "Log-Sigmoid", "activation", activation.Activation, {"per_element": activation.LOG_SIGMOID}, aliases=("logsigmoid",)),
    Kind("hard_tanh", "Hard Tanh", "activation", activation.Activation, {"per_element": activation.HARD_TANH}, aliases=("hardtanh",)),
    Kind("softmax", "Softmax", "activation", activation.Softmax, {"is_log": False}, rare=("axis",)),
    Kind("log_softmax", "Log-Softmax", "activation", activation.Softmax, {"is_log": True}, rare=("axis",)),

    Kind("add", "Add", "elementwise", elementwise.Add, arity=SEVERAL, rare=("broadcast",)),
    Kind("subtract", "Subtract", "elementwise", elementwise.Elementwise, {"per_element": elementwise.ADDITION, "joined": "subtracted"}, arity=TWO, aliases=("sub",)),
    Kind("multiply", "Multiply", "elementwise", elementwise.Elementwise, {"per_element": elementwise.MULTIPLICATION, "joined": "multiplied"}, arity=SEVERAL, aliases=("mul",)),
    Kind("divide", "Divide", "elementwise", elementwise.Elementwise, {"per_element": elementwise.DIVISION, "joined": "divided"}, arity=TWO, aliases=("div",)),
    Kind("minimum", "Minimum", "elementwise", elementwise.Elementwise, {"per_element": elementwise.COMPARISON, "joined": "compared"}, arity=SEVERAL),
    Kind("maximum", "Maximum", "elementwise", elementwise.Elementwise, {"per_element": elementwise.COMPARISON, "joined": "compared"}, arity=SEVERAL),
    Kind("power", "Power", "elementwise", elementwise.Elementwise, {"per_element": elementwise.FUNCTION, "joined": "raised to powers"}, arity=TWO, aliases=("pow",)),
    Kind("compare", "Compare", "elementwise", elementwise.Elementwise, {"per_element": elementwise.COMPARISON, "joined": "compared"}, arity=TWO),
    Kind("where", "Where", "elementwise", elementwise.Elementwise, {"per_element": elementwise.NOTHING, "joined": "chosen from"}, arity=THREE, does="Elements of the second input where the first holds, of the third elsewhere."),
    Kind("complement", "Complement", "elementwise", activation.Activation, {"per_element": elementwise.COMPLEMENT}, does="1 - x for every element."),
    Kind("scale", "Scale", "elementwise", activation.Activation, {"per_element": elementwise.MULTIPLICATION}, does="Every element times a constant."),
    Kind("shift", "Shift", "elementwise", activation.Activation, {"per_element": elementwise.ADDITION}, does="Every element plus a constant."),
    Kind("clip", "Clip", "elementwise", activation.Activation, {"per_element": elementwise.BETWEEN}, aliases=("clamp",), does="Every element between two bounds."),
    Kind("exp", "Exponential", "elementwise", activation.Activation, {"per_element": elementwise.FUNCTION}),
    Kind("log", "Logarithm", "elementwise", activation.Activation, {"per_element": elementwise.FUNCTION}),
    Kind("sqrt", "Square Root", "elementwise", activation.Activation, {"per_element": elementwise.FUNCTION}),
    Kind("rsqrt", "Reciprocal Root", "elementwise", activation.Activation, {"per_element": elementwise.FUNCTION}),
    Kind("reciprocal", "Reciprocal", "elementwise", activation.Activation, {"per_element": elementwise.DIVISION}),
    Kind("erf", "Error Function", "elementwise", activation.Activation, {"per_element": elementwise.FUNCTION}),
    Kind("sin", "Sine", "elementwise", activation.Activation, {"per_element": elementwise.FUNCTION}),
    Kind("cos", "Cosine", "elementwise", activation.Activation, {"per_element": elementwise.FUNCTION}),
    Kind("abs", "Absolute Value", "elementwise", activation.Activation, {"per_element": elementwise.NOTHING}),
    Kind("neg", "Negative", "elementwise", activation.Activation, {"per_element": elementwise.NOTHING}),
    Kind("square", "Square", "elementwise", activation.Activation, {"per_element": elementwise.MULTIPLICATION}),
    Kind("floor", "Floor", "elementwise", activation.Activation, {"per_element": elementwise.FUNCTION}),
    Kind("ceil", "Ceiling", "elementwise", activation.Activation, {"per_element": elementwise.FUNCTION}),
    Kind("round", "Round", "elementwise", activation.Activation, {"per_element": elementwise.FUNCTION}),
    Kind("sign", "Sign", "elementwise", activation.Activation, {"per_element": elementwise.BETWEEN}),
    Kind("logical_not", "Logical Not", "elementwise", activation.Activation, {"per_element": elementwise.COMPARISON}),

    Kind("mean", "Mean", "reduction", reductions.Reduction, {"reduce": pooling.mean}, "axes"),
    Kind("sum", "Sum", "reduction", reductions.Reduction, {"reduce": reductions.total}, "axes"),
    Kind("reduce_max", "Maximum of Axes", "reduction", reductions.Reduction, {"reduce": pooling.largest}, "axes"),
    Kind("reduce_min", "Minimum of Axes", "reduction", reductions.Reduction, {"reduce": pooling.largest}, "axes"),
    Kind("argmax", "Place of the Maximum", "reduction", reductions.Reduction, {"reduce": pooling.largest}, "axes"),
    Kind("product", "Product", "reduction", reductions.Reduction, {"reduce": reductions.product}, "axes"),
    Kind("variance", "Variance", "reduction", reductions.Reduction, {"reduce": reductions.variance}, "axes"),
    Kind("l2_norm", "L2 Norm", "reduction", reductions.Reduction, {"reduce": reductions.l2_norm}, "axes"),

    Kind("concat", "Concat", "reshaping", joining.Concat, arity=SEVERAL, aliases=("concatenate", "cat"), rare=("axis",)),
    Kind("split", "Split", "reshaping", reshaping.Split, main="parts", rare=("axis",)),
    Kind("slice", "Slice", "reshaping", reshaping.Slice, main="stop", rare=("axis", "step")),
    Kind("channel_shuffle", "Channel Shuffle", "reshaping", reshaping.ChannelShuffle, main="groups", aliases=("shuffle",)),
    Kind("flatten", "Flatten", "reshaping", reshaping.Flatten),
    Kind("zero_pad", "Zero Padding", "reshaping", reshaping.ZeroPad, main="padding", aliases=("pad",), rare=("axis", "mode")),
    Kind("pad_channels", "Channel Padding", "reshaping", reshaping.PadChannels, main="out", aliases=("zero_pad_channels",)),
    Kind("upsample", "Upsample", "resampling", reshaping.Upsample, main="scale"),
    Kind("reshape", "Reshape", "reshaping", layout.Reshape, main="shape", aliases=("view",)),
    Kind("transpose", "Transpose", "reshaping", layout.Transpose, main="axes", aliases=("permute",)),
    Kind("rearrange", "Rearrange", "reshaping", layout.Rearrange, main="shape", arity=Arity(1, None)),
    Kind("dropout", "Dropout", "inactive", reshaping.Dropout, main="rate"),
    Kind("identity", "Identity", "inactive", reshaping.Identity),

    Kind("learned", "Learned Tensor", "source", sources.Learned, main="shape", arity=NONE, short="Learned"),
    Kind("constant", "Constant", "source", sources.Constant, main="shape", arity=NONE),
    Kind("uncounted", "Uncounted", UNCOUNTED, sources.Uncounted, arity=ANY),
)
# fmt: on

KINDS = {name: kind for kind in TABLE for name in (kind.name, *kind.aliases)}
"""Each kind by its name and by each of its aliases."""
