"""The table of layer kinds: what a spec may name, in one place.

A new kind is a named tuple with a shape rule and events in one of the modules
beside this one (or in a new one), and a row here.
"""

from __future__ import annotations

from costcalc.kinds import (
    activation,
    convolution,
    dense,
    joining,
    normalisation,
    pooling,
    recurrent,
    reshaping,
)
from costcalc.kinds.base import Kind

# fmt: off
TABLE = (
    # name, title, family, operation, what the kind fixes, main attribute
    Kind("conv", "Conv", "convolution", convolution.Conv, main="out", aliases=("convolution", "conv2d")),
    Kind("depthwise", "Conv DW", "convolution", convolution.Depthwise, main="kernel", becomes="conv", aliases=("dwconv", "depthwise_conv")),
    Kind("pointwise", "Conv 1x1", "convolution", convolution.Pointwise, main="out", becomes="conv", aliases=("pwconv",)),
    Kind("transposed_conv", "Transposed Conv", "transposed_convolution", convolution.TransposedConv, main="out", aliases=("deconv", "conv_transpose")),
    Kind("fc", "Fully Connected", "dense", dense.FullyConnected, main="out", aliases=("fully_connected", "linear", "dense"), short="FC"),

    Kind("lstm", "LSTM", "recurrent", recurrent.Lstm, main="hidden", aliases=("lstm_cell",)),

    Kind("max_pool", "Max Pool", "pooling", pooling.Pool, {"reduction": pooling.largest}, "kernel", aliases=("maxpool",)),
    Kind("avg_pool", "Average Pool", "pooling", pooling.Pool, {"reduction": pooling.mean}, "kernel", aliases=("avgpool", "average_pool"), short="Avg Pool"),
    Kind("adaptive_max_pool", "Adaptive Max Pool", "pooling", pooling.AdaptivePool, {"reduction": pooling.largest}, "size"),
    Kind("adaptive_avg_pool", "Adaptive Average Pool", "pooling", pooling.AdaptivePool, {"reduction": pooling.mean}, "size", short="Adaptive Avg Pool"),
    Kind("global_max_pool", "Global Max Pool", "pooling", pooling.GlobalPool, {"reduction": pooling.largest}),
    Kind("global_avg_pool", "Global Average Pool", "pooling", pooling.GlobalPool, {"reduction": pooling.mean}, aliases=("global_average_pool", "gap"), short="Global Avg Pool"),

    Kind("batch_norm", "Batch Norm", "norm", normalisation.BatchNorm, aliases=("bn", "batchnorm")),
    Kind("layer_norm", "Layer Norm", "norm", normalisation.LayerNorm, aliases=("layernorm",)),
    Kind("group_norm", "Group Norm", "norm", normalisation.GroupNorm, main="groups", aliases=("groupnorm",)),
    Kind("instance_norm", "Instance Norm", "norm", normalisation.InstanceNorm, aliases=("instancenorm",)),
    Kind("lrn", "Local Response Norm", "norm", normalisation.LocalResponseNorm, main="size", aliases=("local_response_norm",), short="LRN"),

    Kind("relu", "ReLU", "activation", activation.Activation, {"per_element": activation.RELU}),
    Kind("relu6", "ReLU6", "activation", activation.Activation, {"per_element": activation.RELU6}),
    Kind("leaky_relu", "Leaky ReLU", "activation", activation.Activation, {"per_element": activation.LEAKY_RELU}),
    Kind("prelu", "PReLU", "activation", activation.Prelu),
    Kind("sigmoid", "Sigmoid", "activation", activation.Activation, {"per_element": activation.SIGMOID}),
    Kind("tanh", "Tanh", "activation", activation.Activation, {"per_element": activation.TANH}),
    Kind("h_sigmoid", "h-sigmoid", "activation", activation.Activation, {"per_element": activation.HARD_SIGMOID}, aliases=("hard_sigmoid", "hardsigmoid")),
    Kind("swish", "Swish", "activation", activation.Activation, {"per_element": activation.SWISH}, aliases=("silu",)),
    Kind("h_swish", "h-swish", "activation", activation.Activation, {"per_element": activation.HARD_SWISH}, aliases=("hard_swish", "hardswish")),
    Kind("gelu", "GELU", "activation", activation.Activation, {"per_element": activation.GELU}),
    Kind("softmax", "Softmax", "activation", activation.Softmax),

    Kind("add", "Add", "elementwise", joining.Add, several=True),
    Kind("multiply", "Multiply", "elementwise", joining.Multiply, several=True, aliases=("mul",)),
    Kind("complement", "Complement", "elementwise", activation.Activation, {"per_element": activation.COMPLEMENT}),
    Kind("concat", "Concat", "reshaping", joining.Concat, several=True, aliases=("concatenate", "cat")),
    Kind("split", "Split", "reshaping", reshaping.Split, main="parts"),
    Kind("slice", "Slice", "reshaping", reshaping.Slice, main="stop"),
    Kind("channel_shuffle", "Channel Shuffle", "reshaping", reshaping.ChannelShuffle, main="groups", aliases=("shuffle",)),
    Kind("flatten", "Flatten", "reshaping", reshaping.Flatten),
    Kind("zero_pad", "Zero Padding", "reshaping", reshaping.ZeroPad, main="padding", aliases=("pad",)),
    Kind("pad_channels", "Channel Padding", "reshaping", reshaping.PadChannels, main="out", aliases=("zero_pad_channels",)),
    Kind("upsample", "Upsample", "resampling", reshaping.Upsample, main="scale"),
    Kind("dropout", "Dropout", "inactive", reshaping.Dropout, main="rate"),
    Kind("identity", "Identity", "inactive", reshaping.Identity),
)
# fmt: on

KINDS = {name: kind for kind in TABLE for name in (kind.name, *kind.aliases)}
"""Each kind by its name and by each of its aliases."""
