"""What ONNX requires of a node: the type of each attribute, and the inputs it must have.

:func:`check` is the only place that checks these.  Operators, patterns and shape inference see
nodes that passed, so an attribute has the type that belongs to its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.errors import Refusal
from costcalc.importers.onnx.inline import Subgraph, TensorAttribute
from costcalc.importers.onnx.tensors import OnnxNode

INT, INTS = "a whole number", "whole numbers"
FLOAT, FLOATS = "a number with a decimal point", "numbers with a decimal point"
STRINGS = "strings"
STRING, TENSOR, GRAPH = "a string", "a tensor", "a graph"

_NAMES = {
    INT: """
        activation align_corners allowzero axis batch_axis batch_dims bits block_size
        blocksize ceil_mode channels_last count_include_pad do_rotary end exclusive
        expert_weight_bits gather_axis group groups hidden_size ignore_index input_forget
        interleaved inverse is_causal K k keepdims kv_num_heads layout linear_before_reset
        N new_axis noop_with_empty_axes num_groups num_heads num_outputs num_scan_inputs
        offset_group onesided output_height output_width p q_num_heads quantize_axis
        reverse rotary_embedding_dim sampling_ratio size sorted start time_axis to transA
        transB transBatchA transBatchB unidirectional upper value_int
    """,
    INTS: """
        axes dilations ends kernel_shape output_padding output_shape paddings pads perm pooled_shape
        qkv_hidden_sizes scan_input_axes scan_input_directions scan_output_axes
        scan_output_directions shape split starts strides value_ints
    """,
    FLOAT: """
        activation_alpha activation_beta activation_gamma alpha beta bias clip epsilon gamma
        lambd max min momentum ratio spatial_scale value_float
    """,
    FLOATS: "activation_params scales value_floats",
    STRING: """
        approximate auto_pad coordinate_transformation_mode direction equation
        activation_type keep_aspect_ratio_policy mode nearest_mode reduction update_rule
    """,
    STRINGS: "activations",
    TENSOR: "value",
    GRAPH: "body else_branch prob_mod score_mod then_branch",
}

MICROSOFT = "com.microsoft"
"""The domain of onnxruntime's own operators."""

TYPES: Mapping[str, tuple[str, ...]] = {
    name: (type_,) for type_, names in _NAMES.items() for name in names.split()
}
"""The type of an attribute, which is the same in all operators that have one of that name."""

EXCEPTIONS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("Pad", "value"): (FLOAT,),
    **{
        (operator, name): (FLOATS,)
        for operator in ("LSTM", "GRU", "RNN", f"{MICROSOFT}.DynamicQuantizeLSTM")
        for name in ("activation_alpha", "activation_beta")
    },
    ("Cast", "to"): (INT, STRING),
    **{
        (f"{MICROSOFT}.{operator}", "activation"): (STRING,)
        for operator in (
            *("FusedConv", "FusedGemm", "FusedMatMulActivation", "GemmFloat8", "NhwcFusedConv"),
        )
    },
    ("CausalConvWithState", "activation"): (STRING,),
}
"""The attributes that have another type in one operator, or in an old version of it."""

_FUSED: Mapping[str, int] = {
    **dict.fromkeys(("BiasGelu", "BiasSoftmax", "BiasSplitGelu", "FusedConv", "FusedGemm"), 2),
    **dict.fromkeys(("FusedMatMul", "FusedMatMulActivation", "GemmFastGelu", "TransposeMatMul"), 2),
    **dict.fromkeys(("NhwcConv", "NhwcFusedConv", "GatherND", "Pad"), 2),
    **dict.fromkeys(("CDist", "ExpandDims", "GemmFloat8", "GridSample", "SwiGLU"), 2),
    **dict.fromkeys(("NGramRepeatBlock", "Range", "TorchEmbedding"), 2),
    **dict.fromkeys(("LinearAttention",), 3),
    "QEmbedLayerNormalization": 7,
    **dict.fromkeys(("Attention", "RotaryEmbedding", "QuantizeLinear", "DequantizeLinear"), 2),
    **dict.fromkeys(("BiasAdd", "GroupNorm", "MatMulNBits", "MatMulBnb4"), 3),
    **dict.fromkeys(("DynamicQuantizeMatMul", "GatherBlockQuantized"), 3),
    **dict.fromkeys(("SkipLayerNormalization", "SkipSimplifiedLayerNormalization"), 3),
    **dict.fromkeys(("MatMulIntegerToFloat", "SkipGroupNorm"), 4),
    "DynamicQuantizeLSTM": 3,
    **dict.fromkeys(("MoE", "QMoE"), 3),
    **dict.fromkeys(("QAttention", "QGemm"), 5),
}
"""How many inputs an operator of that domain must have."""

REQUIRED: Mapping[str, int] = {
    **dict.fromkeys(("Add", "Sub", "Mul", "Div", "Mod", "Pow", "And", "Or", "Xor"), 2),
    **dict.fromkeys(("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"), 2),
    **dict.fromkeys(("Conv", "ConvInteger", "ConvTranspose", "Gemm", "MatMul", "MatMulInteger"), 2),
    **dict.fromkeys(("QLinearConv", "QLinearMatMul"), 8),
    **dict.fromkeys(("QuantizeLinear", "DequantizeLinear", "CastLike", "CumSum", "PRelu"), 2),
    **dict.fromkeys(("LayerNormalization", "RMSNormalization"), 2),
    **dict.fromkeys(("GroupNormalization", "InstanceNormalization"), 3),
    "BatchNormalization": 5,
    **dict.fromkeys(("Expand", "Gather", "GatherElements", "GatherND", "Tile", "SequenceAt"), 2),
    "SequenceInsert": 2,
    **dict.fromkeys(("Attention", "Col2Im", "GRU", "LSTM", "RNN", "Range", "Where"), 3),
    **dict.fromkeys(("ScatterElements", "ScatterND"), 3),
    **{f"{MICROSOFT}.{name}": count for name, count in _FUSED.items()},
    **dict.fromkeys(("AffineGrid", "CenterCropPad", "Compress", "CumProd", "GridSample"), 2),
    **dict.fromkeys(("BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "SwiGLU"), 2),
    **dict.fromkeys(("MaxRoiPool", "MaxUnpool", "ReverseSequence", "STFT", "TensorScatter"), 2),
    **dict.fromkeys(("DeformConv", "OneHot", "RoiAlign", "Scatter"), 3),
    **dict.fromkeys(("NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"), 2),
    "CausalConvWithState": 2,
    **dict.fromkeys(("LinearAttention", "ai.onnx.preview.FlexAttention"), 3),
    **dict.fromkeys(("MelWeightMatrix", "NonMaxSuppression"), 2),
    **dict.fromkeys(
        ("Constant", "SequenceEmpty", "Loop", "Scan", "RandomNormal", "RandomUniform"), 0
    ),
}
"""How many inputs an operator must have, in every version of it; one if it is not listed."""


def check(node: OnnxNode) -> None:
    """Refuse a node with an attribute of the wrong type, or without a required input.

    Raises:
        Refusal: it has or lacks one.
    """
    for name, value in node.attributes.items():
        types = EXCEPTIONS.get((node.operator, name)) or TYPES.get(name)
        found = _types(value)
        if types is not None and found.isdisjoint(types):
            raise Refusal(
                f"has an attribute '{name}' that it cannot have",
                expected=" or ".join(types),
                found=" or ".join(sorted(found)) or "a value that costcalc does not read",
            )
    required = REQUIRED.get(node.operator, 1)
    for index in range(required):
        if index >= len(node.inputs) or not node.inputs[index]:
            raise Refusal(
                f"lacks its input {index + 1}",
                expected=f"at least {required}",
                found=f"{len(node.inputs)}" if index >= len(node.inputs) else "an empty name",
            )


def _types(value: Any) -> frozenset[str]:
    """The types that an attribute's value may have; an empty list may have either of two."""
    if type(value) is tuple:
        lists = {INTS: int, FLOATS: float, STRINGS: bytes}
        return frozenset(
            type_ for type_, of in lists.items() if all(isinstance(number, of) for number in value)
        )
    return frozenset({_TYPES[type(value)]} if type(value) in _TYPES else ())


_TYPES = {int: INT, float: FLOAT, bytes: STRING, TensorAttribute: TENSOR, Subgraph: GRAPH}
"""The types by the Python type of their values, except for lists."""
