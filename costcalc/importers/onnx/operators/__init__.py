"""The table of operators: the shapes that each gives, and the layers that it becomes.

A new operator is two functions in one of the modules beside this one, and a row here.
"""

from __future__ import annotations

from collections.abc import Callable

from costcalc.importers.onnx.context import OnnxContext
from costcalc.importers.onnx.op_view import OpView
from costcalc.importers.onnx.operators import (
    activation,
    attention,
    constants,
    convolution,
    einsum,
    elementwise,
    layout,
    matrices,
    normalisation,
    picking,
    pooling,
    recurrent,
    reducing,
    resampling,
)
from costcalc.importers.onnx.tensors import TensorInfo
from costcalc.records import NamedTuple


class Operator(NamedTuple):
    """A row of the table."""

    shapes: Callable[[OpView], list[TensorInfo]]
    """What is known of its outputs."""
    lower: Callable[[OnnxContext], None]
    """Makes its layers."""


def _element(kind: str) -> Operator:
    """A function of every element, which is a kind without attributes."""
    return Operator(elementwise.unary_shapes, elementwise.unary(kind))


def _function(kind: str) -> Operator:
    """The same where graphs compute sizes with it."""
    return Operator(elementwise.shapes, elementwise.unary(kind))


def _joint(kind: str) -> Operator:
    """A function of several elements."""
    return Operator(elementwise.shapes, elementwise.joined(kind))


def _binary(kind: str) -> Operator:
    """The same of two, one of which may be a number that is known."""
    return Operator(elementwise.shapes, elementwise.binary(kind))


def _reduction(kind: str, *around: str) -> Operator:
    """A reduction of some axes, with functions of every element around it."""
    return Operator(reducing.reduce_shapes, reducing.reduced(kind, *around))


_CONSTANT = elementwise.pass_through
"""Whatever is known beforehand becomes no layer."""

TABLE = {
    "Conv": Operator(convolution.conv_shapes, convolution.conv),
    "ConvInteger": Operator(convolution.conv_shapes, convolution.integer),
    "QLinearConv": Operator(convolution.quantised_shapes, convolution.quantised),
    "ConvTranspose": Operator(convolution.transposed_shapes, convolution.transposed),
    "MatMul": Operator(matrices.matmul_shapes, matrices.matmul),
    "MatMulInteger": Operator(matrices.matmul_shapes, matrices.integer),
    "QLinearMatMul": Operator(matrices.quantised_shapes, matrices.quantised),
    "Gemm": Operator(matrices.gemm_shapes, matrices.gemm),
    "Einsum": Operator(einsum.shapes, einsum.einsum),
    "Attention": Operator(attention.shapes, attention.attention),
    "LSTM": Operator(recurrent.lstm_shapes, recurrent.lstm),
    "MaxPool": Operator(pooling.pool_shapes, pooling.max_pool),
    "AveragePool": Operator(pooling.pool_shapes, pooling.average_pool),
    "GlobalAveragePool": Operator(pooling.global_shapes, pooling.global_average),
    "GlobalMaxPool": Operator(pooling.global_shapes, pooling.global_max),
    "BatchNormalization": Operator(normalisation.batch_shapes, normalisation.batch),
    "InstanceNormalization": Operator(normalisation.image_shapes, normalisation.instance),
    "GroupNormalization": Operator(normalisation.image_shapes, normalisation.group),
    "LayerNormalization": Operator(normalisation.layer_shapes, normalisation.layer),
    "RMSNormalization": Operator(normalisation.layer_shapes, normalisation.root_mean_square),
    "LRN": Operator(normalisation.image_shapes, normalisation.local_response),
    "Relu": _element("relu"),
    "LeakyRelu": _element("leaky_relu"),
    "PRelu": Operator(elementwise.unary_shapes, activation.prelu),
    "Clip": Operator(elementwise.clip_shapes, activation.clip),
    "Sigmoid": _element("sigmoid"),
    "Tanh": _element("tanh"),
    "HardSigmoid": _element("h_sigmoid"),
    "HardSwish": _element("h_swish"),
    "Swish": _element("swish"),
    "Gelu": Operator(elementwise.unary_shapes, activation.gelu),
    "Mish": _element("mish"),
    "Elu": _element("elu"),
    "Selu": _element("selu"),
    "Celu": _element("celu"),
    "Softplus": _element("softplus"),
    "Softsign": _element("softsign"),
    "Softmax": Operator(activation.softmax_shapes, activation.softmax),
    "LogSoftmax": Operator(activation.softmax_shapes, activation.log_softmax),
    "Add": _binary("add"),
    "Sum": _joint("add"),
    "Mean": Operator(elementwise.shapes, elementwise.mean),
    "Sub": _binary("subtract"),
    "Mul": _binary("multiply"),
    "Div": _binary("divide"),
    "Mod": _joint("divide"),
    "Pow": _binary("power"),
    "Min": _joint("minimum"),
    "Max": _joint("maximum"),
    "Equal": _joint("compare"),
    "Greater": _joint("compare"),
    "GreaterOrEqual": _joint("compare"),
    "Less": _joint("compare"),
    "LessOrEqual": _joint("compare"),
    "And": _joint("compare"),
    "Or": _joint("compare"),
    "Xor": _joint("compare"),
    "Not": _function("logical_not"),
    "Where": _joint("where"),
    "Exp": _function("exp"),
    "Log": _function("log"),
    "Sqrt": _function("sqrt"),
    "Reciprocal": _function("reciprocal"),
    "Erf": _element("erf"),
    "Sin": _element("sin"),
    "Cos": _element("cos"),
    "Abs": _function("abs"),
    "Neg": _function("neg"),
    "Floor": _function("floor"),
    "Ceil": _function("ceil"),
    "Round": _function("round"),
    "Sign": _element("sign"),
    "ReduceMean": _reduction("mean"),
    "ReduceSum": _reduction("sum"),
    "ReduceMax": _reduction("reduce_max"),
    "ReduceMin": _reduction("reduce_min"),
    "ReduceProd": _reduction("product"),
    "ReduceL1": _reduction("sum", "abs"),
    "ReduceL2": _reduction("l2_norm"),
    "ReduceSumSquare": _reduction("sum", "square"),
    "ReduceLogSum": _reduction("sum", "-log"),
    "ReduceLogSumExp": _reduction("sum", "exp", "-log"),
    "ArgMax": Operator(reducing.chosen_shapes, reducing.chosen),
    "ArgMin": Operator(reducing.chosen_shapes, reducing.chosen),
    "TopK": Operator(reducing.top_shapes, reducing.top),
    "Concat": Operator(picking.concat_shapes, picking.concat),
    "Split": Operator(picking.split_shapes, picking.split),
    "Slice": Operator(picking.slice_shapes, picking.slice_),
    "Gather": Operator(picking.gather_shapes, picking.gather),
    "GatherElements": Operator(picking.gather_elements_shapes, picking.gathered),
    "GatherND": Operator(picking.gather_nd_shapes, picking.gathered),
    "ScatterElements": Operator(picking.scatter_shapes, picking.scattered),
    "ScatterND": Operator(picking.scatter_shapes, picking.scattered),
    "Pad": Operator(picking.pad_shapes, picking.pad),
    "Reshape": Operator(layout.reshape_shapes, layout.view),
    "Flatten": Operator(layout.flatten_shapes, layout.view),
    "Squeeze": Operator(layout.squeeze_shapes, layout.view),
    "Unsqueeze": Operator(layout.unsqueeze_shapes, layout.view),
    "Transpose": Operator(layout.transpose_shapes, layout.transpose),
    "Expand": Operator(constants.expand_shapes, constants.expand),
    "Tile": Operator(layout.tile_shapes, layout.repeated),
    "DepthToSpace": Operator(layout.to_space_shapes, layout.moved),
    "SpaceToDepth": Operator(layout.to_depth_shapes, layout.moved),
    "CumSum": _element("shift"),
    "Col2Im": Operator(layout.column_shapes, layout.columns),
    "Trilu": Operator(elementwise.unary_shapes, layout.moved),
    "Resize": Operator(resampling.shapes, resampling.resize),
    "Upsample": Operator(resampling.shapes, resampling.resize),
    "Identity": Operator(elementwise.same_shapes, elementwise.pass_through),
    "Dropout": Operator(elementwise.dropout_shapes, elementwise.dropout),
    "Cast": Operator(elementwise.cast_shapes, elementwise.pass_through),
    "CastLike": Operator(elementwise.cast_shapes, elementwise.pass_through),
    "QuantizeLinear": Operator(elementwise.unary_shapes, elementwise.pass_through),
    "DequantizeLinear": Operator(elementwise.unary_shapes, elementwise.pass_through),
    "Shape": Operator(constants.shape_shapes, _CONSTANT),
    "Size": Operator(constants.size_shapes, _CONSTANT),
    "ConstantOfShape": Operator(constants.filled_shapes, _CONSTANT),
    "Range": Operator(constants.range_shapes, _CONSTANT),
}
"""Operators of ONNX's own domain by their names."""

WRITTEN_OUT = {
    "LinearPattern": matrices.linear,
    "LayerNormPattern": normalisation.written_out("layer_norm"),
    "RMSNormPattern": normalisation.written_out("rms_norm"),
    "GroupNormPattern": normalisation.grouped,
    "VariancePattern": reducing.reduced("variance"),
    "LogSigmoidPattern": elementwise.unary("log_sigmoid"),
    "SoftplusPattern": elementwise.unary("softplus"),
    "GeluPattern": elementwise.unary("gelu"),
    "GeluTanhPattern": elementwise.unary("gelu_tanh"),
    "QuickGeluPattern": elementwise.unary("quick_gelu"),
    "MishPattern": elementwise.unary("mish"),
    "SwishPattern": elementwise.unary("swish"),
    "HardSigmoidPattern": elementwise.unary("h_sigmoid"),
    "HardSwishPattern": elementwise.unary("h_swish"),
    "ShufflePattern": layout.shuffle,
}
"""The layers of what exporters write as several operations, by the pattern's name."""
