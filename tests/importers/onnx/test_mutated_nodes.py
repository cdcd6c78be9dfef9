"""Every operator with a part of it changed: one message, or a report, never a traceback."""

from collections.abc import Callable, Iterator, Mapping
from math import prod
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

import costcalc
from costcalc.errors import CostcalcError
from costcalc.importers.onnx.control import CONTROL
from costcalc.importers.onnx.fused import EXPANSIONS
from costcalc.importers.onnx.inference import _SPECIAL
from costcalc.importers.onnx.operators import TABLE
from costcalc.importers.onnx.signatures import (
    EXCEPTIONS,
    FLOAT,
    FLOATS,
    GRAPH,
    INT,
    INTS,
    REQUIRED,
    STRING,
    STRINGS,
    TENSOR,
    TYPES,
)
from tests.importers.onnx.models import (
    attribute,
    graph,
    model,
    node,
    scalar,
    subgraph,
    tensor,
    value,
)
from tests.importers.onnx.protobuf import message

MAP, MATRIX, TOKENS = (1, 6, 8, 8), (1, 6), (1, 5, 6)
FILTERS, CHANNELS = ("w", (4, 6, 3, 3), 0.5), ("b", (6,), 0.5)


EMPTY, NONE = "''", "-"
"""The name of an input that is left out, and the inputs of a node that has none."""


class Base(NamedTuple):
    """A valid node: its input, its stored tensors in order, and its attributes."""

    x: tuple[int, ...] = MAP
    stored: tuple[tuple[str, tuple[int, ...], Any], ...] = ()
    attributes: Mapping[str, Any] = MappingProxyType({})
    opset: int = 20
    inputs: str = ""
    """The names of its inputs; by default x, and then the stored tensors."""
    before: tuple[bytes, ...] = ()
    outputs: str = "y"

    @property
    def names(self) -> list[str]:
        """The names of its inputs."""
        return self.inputs.split() or ["x", *(name for name, _, _ in self.stored)]


def whole(name: str, *numbers: int) -> tuple[str, tuple[int, ...], Any]:
    """A stored vector of whole numbers."""
    return name, (len(numbers),), numbers


def single(name: str, number: float) -> tuple[str, tuple[int, ...], Any]:
    """A stored number."""
    return name, (), (number,)


def scales(*names: str) -> tuple[tuple[str, tuple[int, ...], Any], ...]:
    """Scales and zero points."""
    return tuple((name, (1,), 1.0) for name in names)


TWO = Base(stored=(("w", MAP, 0.5),))
POOL = Base(attributes={"kernel_shape": (2, 2), "strides": (2, 2), "pads": (0, 0, 0, 0)})
REDUCED = Base(stored=(whole("a", 2, 3),), attributes={"keepdims": 1, "noop_with_empty_axes": 0})
NORM = Base(stored=(CHANNELS, ("c", (6,), 0.5)))
SCATTERED = (("i", (1, 1), (2,)), ("u", (1, 1), 0.5))
SEQUENCE = node("SequenceConstruct", "x x", "s")

BASES: dict[str, Base] = {
    **dict.fromkeys(("Add", "Sub", "Mul", "Div", "Mod", "Pow", "Sum", "Mean", "Min", "Max"), TWO),
    **dict.fromkeys(("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"), TWO),
    **dict.fromkeys(("And", "Or", "Xor"), TWO),
    **dict.fromkeys(("Not", "Exp", "Log", "Sqrt", "Reciprocal", "Erf", "Sin", "Cos"), Base()),
    **dict.fromkeys(("Abs", "Neg", "Floor", "Ceil", "Round", "Sign", "Identity"), Base()),
    **dict.fromkeys(("Relu", "Sigmoid", "Tanh", "HardSwish", "Mish", "Softplus"), Base()),
    **dict.fromkeys(("Softsign",), Base()),
    **dict.fromkeys(("LeakyRelu", "Elu", "Celu", "Swish"), Base(attributes={"alpha": 0.5})),
    "Selu": Base(attributes={"alpha": 0.5, "gamma": 1.0}),
    "HardSigmoid": Base(attributes={"alpha": 0.5, "beta": 0.5}),
    "Gelu": Base(attributes={"approximate": "tanh"}),
    "PRelu": Base(stored=(("w", (6, 1, 1), 0.5),)),
    "Clip": Base(stored=(single("low", 0.0), single("high", 6.0))),
    "Softmax": Base(attributes={"axis": 1}),
    "LogSoftmax": Base(attributes={"axis": 1}),
    "CumSum": Base(stored=(single("a", 1),)),
    "Where": Base(stored=(("c", MAP, 1), ("w", MAP, 0.5)), inputs="c x w"),
    "Cast": Base(attributes={"to": 1}),
    "CastLike": TWO,
    "Dropout": Base(stored=(single("r", 0.5),)),
    "QuantizeLinear": Base(stored=(single("s", 0.5),)),
    "DequantizeLinear": Base(stored=(single("s", 0.5),)),
    "DynamicQuantizeLinear": Base(),
    "RotaryEmbedding": Base(
        TOKENS,
        (("c", (1, 5, 1), 0.5), ("s", (1, 5, 1), 0.5)),
        {"num_heads": 3, "interleaved": 0, "rotary_embedding_dim": 0},
    ),
    "Conv": Base(
        stored=(FILTERS, ("b", (4,), 0.5)),
        attributes={
            "auto_pad": "NOTSET",
            "dilations": (1, 1),
            "group": 1,
            "kernel_shape": (3, 3),
            "pads": (1, 1, 1, 1),
            "strides": (1, 1),
        },
    ),
    "ConvInteger": Base(
        stored=(FILTERS, *scales("p", "q")),
        attributes={"dilations": (1, 1), "group": 1, "pads": (1, 1, 1, 1), "strides": (1, 1)},
    ),
    "QLinearConv": Base(
        stored=(*scales("p", "q"), FILTERS, *scales("r", "s", "t", "u"), ("b", (4,), 0.5)),
        attributes={"dilations": (1, 1), "group": 1, "pads": (1, 1, 1, 1), "strides": (1, 1)},
    ),
    "ConvTranspose": Base(
        stored=(("w", (6, 4, 3, 3), 0.5), ("b", (4,), 0.5)),
        attributes={
            "auto_pad": "NOTSET",
            "dilations": (1, 1),
            "group": 1,
            "output_padding": (1, 1),
            "pads": (1, 1, 1, 1),
            "strides": (2, 2),
            "output_shape": (16, 16),
        },
    ),
    "MaxPool": POOL._replace(attributes={**POOL.attributes, "ceil_mode": 1, "dilations": (1, 1)}),
    "AveragePool": POOL._replace(attributes={**POOL.attributes, "count_include_pad": 1}),
    "GlobalAveragePool": Base(),
    "GlobalMaxPool": Base(),
    "MatMul": Base(TOKENS, (("w", (6, 4), 0.5),)),
    "MatMulInteger": Base(TOKENS, (("w", (6, 4), 0.5), *scales("p", "q"))),
    "QLinearMatMul": Base(
        TOKENS, (*scales("p", "q"), ("w", (6, 4), 0.5), *scales("r", "s", "t", "u"))
    ),
    "Gemm": Base(
        MATRIX,
        (("w", (4, 6), 0.5), ("b", (4,), 0.5)),
        {"transA": 0, "transB": 1, "alpha": 1.0, "beta": 1.0},
    ),
    "Einsum": Base(TOKENS, (("w", (6, 4), 0.5),), {"equation": "bij,jk->bik"}),
    "Attention": Base(
        (1, 5, 8),
        (("k", (1, 5, 8), 0.5), ("v", (1, 5, 8), 0.5)),
        {"q_num_heads": 2, "kv_num_heads": 2},
        opset=23,
    ),
    "LSTM": Base(
        (1, 1, 6),
        (("w", (1, 20, 6), 0.5), ("r", (1, 20, 5), 0.5), ("b", (1, 40), 0.5)),
        {"hidden_size": 5, "direction": "forward", "layout": 0},
    ),
    "GRU": Base(
        (7, 1, 6),
        (
            ("w", (2, 15, 6), 0.5),
            ("r", (2, 15, 5), 0.5),
            ("b", (2, 30), 0.5),
            whole("l", 7),
            ("h", (2, 1, 5), 0.5),
        ),
        {
            "hidden_size": 5,
            "direction": "bidirectional",
            "layout": 0,
            "linear_before_reset": 1,
            "activations": ("Sigmoid", "Tanh") * 2,
            "clip": 3.0,
        },
    ),
    "RNN": Base(
        (1, 7, 6),
        (("w", (1, 5, 6), 0.5), ("r", (1, 5, 5), 0.5)),
        {"hidden_size": 5, "direction": "reverse", "layout": 1, "activations": ("Relu",)},
    ),
    "BatchNormalization": Base(
        stored=(CHANNELS, ("c", (6,), 0.5), ("m", (6,), 0.5), ("v", (6,), 0.5)),
        attributes={"epsilon": 0.5},
    ),
    "InstanceNormalization": NORM._replace(attributes={"epsilon": 0.5}),
    "GroupNormalization": NORM._replace(attributes={"num_groups": 2}, opset=21),
    "LayerNormalization": NORM._replace(x=TOKENS, attributes={"axis": -1, "epsilon": 0.5}),
    "RMSNormalization": Base(TOKENS, (CHANNELS,), {"axis": -1}, opset=23),
    "LRN": Base(attributes={"size": 5, "alpha": 0.5, "beta": 0.5}),
    "Reshape": Base(stored=(whole("s", 1, 6, 64),), attributes={"allowzero": 0}),
    "Flatten": Base(attributes={"axis": 1}),
    "Squeeze": Base((1, 6, 1, 8), (whole("a", 2),)),
    "Unsqueeze": Base(stored=(whole("a", 2),)),
    "Transpose": Base(attributes={"perm": (0, 2, 1, 3)}),
    "Tile": Base(stored=(whole("r", 1, 2, 1, 1),)),
    "DepthToSpace": Base((1, 8, 4, 4), attributes={"blocksize": 2, "mode": "DCR"}),
    "SpaceToDepth": Base((1, 8, 4, 4), attributes={"blocksize": 2}),
    "Trilu": Base(stored=(single("k", 0),), attributes={"upper": 1}),
    "Col2Im": Base((1, 24, 16), (whole("i", 5, 5), whole("k", 2, 2)), {"strides": (1, 1)}),
    "Slice": Base(
        stored=(whole("s", 0, 1), whole("e", 3, 7), whole("a", 1, 2), whole("p", 1, 2)),
    ),
    "Split": Base(
        stored=(whole("l", 2, 4),), attributes={"axis": 1, "num_outputs": 2}, outputs="y z"
    ),
    "Gather": Base(stored=(whole("i", 1, 3),), attributes={"axis": 1}),
    "GatherElements": Base(MATRIX, (("i", (1, 2), (0, 1)),), {"axis": 1}),
    "GatherND": Base(MATRIX, (("i", (1, 2), (0, 1)),), {"batch_dims": 0}),
    "ScatterElements": Base(MATRIX, SCATTERED, {"axis": 1, "reduction": "none"}),
    "ScatterND": Base(MATRIX, (("i", (1, 2), (0, 2)), ("u", (1,), 0.5)), {"reduction": "none"}),
    "Concat": Base(stored=(("w", MAP, 0.5),), attributes={"axis": 1}),
    "Pad": Base(
        stored=(whole("p", 0, 1, 0, 1), single("v", 0.5), whole("a", 2, 3)),
        attributes={"mode": "constant"},
    ),
    "Shape": Base(attributes={"start": 0, "end": 4}),
    "Size": Base(),
    "ConstantOfShape": Base(
        stored=(whole("s", 1, 6, 8, 8),),
        inputs="s",
        attributes={"value": tensor("", [1], [0.5])},
    ),
    "Range": Base(stored=(single("a", 0), single("b", 6), single("c", 1)), inputs="a b c"),
    "Expand": Base(stored=(whole("s", 2, 1, 6, 8, 8),)),
    "Resize": Base(
        stored=(("roi", (0,), 0.5), ("sc", (0,), 0.5), whole("s", 16, 16)),
        attributes={
            "axes": (2, 3),
            "mode": "nearest",
            "keep_aspect_ratio_policy": "stretch",
            "coordinate_transformation_mode": "asymmetric",
            "nearest_mode": "floor",
        },
    ),
    "Upsample": Base(stored=(("s", (4,), (1.0, 1.0, 2.0, 2.0)),), attributes={"mode": "nearest"}),
    **dict.fromkeys([name for name in TABLE if name.startswith("Reduce")], REDUCED),
    "ArgMax": Base(attributes={"axis": 1, "keepdims": 1}),
    "ArgMin": Base(attributes={"axis": 1, "keepdims": 1}),
    "TopK": Base(stored=(whole("k", 3),), attributes={"axis": 1}, outputs="y z"),
    "Constant": Base(attributes={"value": tensor("", [1, 6, 1, 1], [0.5] * 6)}, inputs=NONE),
    "If": Base(
        stored=(single("c", 1),),
        inputs="c",
        attributes={
            "then_branch": subgraph([node("Relu", "x", "t")], "t"),
            "else_branch": subgraph([node("Exp", "x", "e")], "e"),
        },
    ),
    **dict.fromkeys(("Tan", "Sinh", "Cosh", "Asin", "Acos", "Atan"), Base()),
    **dict.fromkeys(("Asinh", "Acosh", "Atanh", "IsInf", "IsNaN", "BitwiseNot"), Base()),
    **dict.fromkeys(("BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "SwiGLU"), TWO),
    **dict.fromkeys(("Bernoulli", "RandomNormalLike", "RandomUniformLike", "EyeLike"), Base()),
    **dict.fromkeys(
        ("RandomNormal", "RandomUniform"), Base(attributes={"shape": (1, 6)}, inputs=NONE)
    ),
    "CumProd": Base(stored=(single("a", 1),), attributes={"exclusive": 0, "reverse": 1}),
    "BitCast": Base(attributes={"to": 6}),
    "ThresholdedRelu": Base(attributes={"alpha": 0.5}),
    "Shrink": Base(attributes={"bias": 0.5, "lambd": 0.5}),
    "LpNormalization": Base(attributes={"axis": 1, "p": 1}),
    "MeanVarianceNormalization": Base(attributes={"axes": (0, 2, 3)}),
    "LpPool": POOL._replace(attributes={**POOL.attributes, "p": 3}),
    "GlobalLpPool": Base(attributes={"p": 2}),
    "CenterCropPad": Base(stored=(whole("s", 5, 11),), attributes={"axes": (2, 3)}),
    "Scatter": Base(MATRIX, SCATTERED, {"axis": 1}),
    "GridSample": Base(stored=(("g", (1, 5, 4, 2), 0.5),), attributes={"mode": "linear"}),
    "AffineGrid": Base((1, 2, 3), (whole("s", 1, 6, 5, 4),), attributes={"align_corners": 0}),
    "RoiAlign": Base(
        stored=(("r", (5, 4), 0.5), ("i", (5,), 0)),
        attributes={
            "mode": "avg",
            "output_height": 3,
            "output_width": 2,
            "sampling_ratio": 2,
            "spatial_scale": 0.5,
        },
    ),
    "MaxRoiPool": Base(stored=(("r", (5, 5), 0.5),), attributes={"pooled_shape": (3, 2)}),
    "DeformConv": Base(
        stored=(FILTERS, ("o", (1, 18, 8, 8), 0.5), ("b", (4,), 0.5), ("m", (1, 9, 8, 8), 0.5)),
        attributes={
            "dilations": (1, 1),
            "group": 1,
            "kernel_shape": (3, 3),
            "offset_group": 1,
            "pads": (1, 1, 1, 1),
            "strides": (1, 1),
        },
    ),
    "NonMaxSuppression": Base((1, 9, 4), (("s", (1, 2, 9), 0.5), single("m", 3), single("t", 0.5))),
    "NonZero": Base(),
    "Compress": Base(stored=(("c", (6,), (True, False)),), attributes={"axis": 1}),
    "Unique": Base(attributes={"axis": 1, "sorted": 1}, outputs="y z"),
    "Hardmax": Base(attributes={"axis": 1}),
    "OneHot": Base((1, 5), (single("d", 7), ("v", (2,), (0.0, 1.0))), {"axis": -1}),
    "ReverseSequence": Base(stored=(whole("l", 4),), attributes={"batch_axis": 0, "time_axis": 1}),
    "TensorScatter": Base(
        stored=(("u", (1, 6, 2, 8), 0.5),), attributes={"axis": 2, "mode": "linear"}
    ),
    "MaxUnpool": Base(
        stored=(("i", MAP, 1),),
        attributes={"kernel_shape": (2, 2), "pads": (0, 0, 0, 0), "strides": (2, 2)},
    ),
    "NegativeLogLikelihoodLoss": Base(
        stored=(("t", (1, 8, 8), 1), ("w", (6,), 0.5)),
        attributes={"ignore_index": 1, "reduction": "mean"},
    ),
    "SoftmaxCrossEntropyLoss": Base(
        stored=(("t", (1, 8, 8), 1),), attributes={"reduction": "sum"}, outputs="y z"
    ),
    "CausalConvWithState": Base(
        TOKENS,
        (("w", (5, 1, 3), 0.5), ("b", (5,), 0.5), ("p", (1, 5, 2), 0.5)),
        {"activation": "silu"},
        outputs="y z",
    ),
    "LinearAttention": Base(
        (1, 7, 16),
        (
            ("k", (1, 7, 8), 0.5),
            ("v", (1, 7, 6), 0.5),
            ("p", (1, 2, 4, 3), 0.5),
            ("d", (1, 7, 8), 0.5),
            ("r", (1, 7, 2), 0.5),
        ),
        {"q_num_heads": 4, "kv_num_heads": 2, "update_rule": "gated_delta"},
        outputs="y z",
    ),
    "ai.onnx.preview.FlexAttention": Base(
        (1, 4, 5, 3),
        (("k", (1, 2, 7, 3), 0.5), ("v", (1, 2, 7, 6), 0.5)),
        {
            "score_mod": graph([node("Tanh", "s", "t")], [value("s")], [value("t")]),
            "prob_mod": graph([node("Relu", "p", "r")], [value("p")], [value("r")]),
        },
    ),
    "DFT": Base(
        (1, 9, 2),
        (single("l", 8), single("a", 1)),
        {"inverse": 0, "onesided": 1},
    ),
    "STFT": Base(
        (1, 32, 1),
        (single("s", 4), ("w", (16,), 0.5), single("l", 16)),
        {"onesided": 1},
    ),
    **dict.fromkeys(
        ("BlackmanWindow", "HammingWindow", "HannWindow"),
        Base(stored=(single("n", 5),), inputs="n"),
    ),
    "MelWeightMatrix": Base(
        stored=(single("n", 5), single("d", 8), single("r", 16)), inputs="n d r"
    ),
    "Loop": Base(
        TOKENS,
        (single("m", 3), ("c", (), (True,))),
        {
            "body": graph(
                [node("Relu", "v", "w"), node("Identity", "go", "goes"), node("Exp", "w", "out")],
                [value("i"), value("go"), value("v")],
                [value("goes"), value("w"), value("out")],
            )
        },
        inputs="m c x",
        outputs="y z",
    ),
    "Scan": Base(
        TOKENS,
        (("s", (1, 6), 0.5),),
        {
            "body": graph(
                [node("Add", "v e", "w"), node("Exp", "w", "out")],
                [value("v"), value("e")],
                [value("w"), value("out")],
            ),
            "num_scan_inputs": 1,
            "scan_input_axes": (1,),
            "scan_input_directions": (1,),
            "scan_output_axes": (1,),
            "scan_output_directions": (0,),
        },
        inputs="s x",
        outputs="y z",
    ),
    "SplitToSequence": Base(stored=(whole("l", 2, 4),), attributes={"axis": 1}, outputs="s"),
    "SequenceConstruct": Base(inputs="x x", outputs="s"),
    "SequenceAt": Base(stored=(single("i", 0),), inputs="s i", before=(SEQUENCE,)),
    "SequenceEmpty": Base(inputs=NONE, outputs="s"),
    "SequenceInsert": Base(
        stored=(single("i", 1),), inputs="s x i", outputs="t", before=(SEQUENCE,)
    ),
    "SequenceErase": Base(stored=(single("i", 1),), inputs="s i", outputs="t", before=(SEQUENCE,)),
    "SequenceLength": Base(inputs="s", before=(SEQUENCE,)),
    "ConcatFromSequence": Base(
        inputs="s", before=(SEQUENCE,), attributes={"axis": 1, "new_axis": 0}
    ),
}

QUANTISED = (*scales("a", "b"), *scales("c", "d"))
LINEAR = (("w", (6, 4), 0.5), ("b", (4,), 0.5))
NORMS = (("s", TOKENS, 0.5), ("g", (6,), 0.5), ("h", (6,), 0.5), ("b", (6,), 0.5))
HEADS = {"num_heads": 2}
CONVOLVED = {
    "auto_pad": "NOTSET",
    "dilations": (1, 1),
    "group": 1,
    "pads": (1, 1, 1, 1),
    "strides": (1, 1),
}
LAST = (1, 8, 8, 6)
IDS = (1, 5)

FUSED: dict[str, Base] = {
    "Attention": Base(
        TOKENS,
        (("w", (6, 18), 0.5), ("b", (18,), 0.5)),
        {**HEADS, "qkv_hidden_sizes": (6, 6, 6), "do_rotary": 0, "unidirectional": 0},
    ),
    "BiasAdd": Base(TOKENS, (("b", (6,), 0.5), ("s", TOKENS, 0.5))),
    "BiasGelu": Base(TOKENS, (("b", (6,), 0.5),)),
    "BiasSoftmax": Base(TOKENS, (("b", TOKENS, 0.5),), {"axis": 1}),
    "BiasSplitGelu": Base(TOKENS, (("b", (6,), 0.5),)),
    "DecoderMaskedMultiHeadAttention": Base(
        TOKENS, (("k", TOKENS, 0.5), ("v", TOKENS, 0.5)), HEADS
    ),
    "DequantizeLinear": Base(stored=(single("s", 0.5),)),
    "DynamicQuantizeLSTM": Base(
        (7, 1, 6),
        (("w", (1, 6, 20), 1), ("r", (1, 5, 20), 1), ("b", (1, 40), 0.5), *scales("a", "c")),
        {"hidden_size": 5, "input_forget": 1},
        inputs="x w r b '' '' '' '' a c a c",
    ),
    "DynamicQuantizeMatMul": Base(TOKENS, (LINEAR[0], *scales("a", "c"), LINEAR[1])),
    "EmbedLayerNormalization": Base(
        IDS,
        (
            ("words", (9, 6), 0.5),
            ("places", (7, 6), 0.5),
            ("kinds", (2, 6), 0.5),
            ("g", (6,), 0.5),
            ("h", (6,), 0.5),
        ),
        inputs="x x words places kinds g h",
    ),
    "FastGelu": Base(TOKENS, (("b", (6,), 0.5),)),
    "FusedConv": Base(
        stored=(FILTERS, ("b", (4,), 0.5), ("z", (1, 4, 8, 8), 0.5)),
        attributes={**CONVOLVED, "activation": "Clip", "activation_params": (0.0, 6.0)},
    ),
    "CDist": Base(MATRIX, (("c", (4, 6), 0.5),), {}),
    "ExpandDims": Base(TOKENS, (single("a", 1),)),
    "GemmFloat8": Base(MATRIX, LINEAR, {"activation": "Relu", "transB": 0}),
    "NGramRepeatBlock": Base(IDS, (("s", (1, 9), 0.5),)),
    "QEmbedLayerNormalization": Base(
        IDS,
        (
            ("words", (9, 6), 0.5),
            ("places", (7, 6), 0.5),
            ("kinds", (2, 6), 0.5),
            ("g", (6,), 0.5),
            ("h", (6,), 0.5),
        ),
        inputs="x x words places kinds g h",
    ),
    "TorchEmbedding": Base(IDS, (("words", (9, 6), 0.5),), inputs="words x"),
    "FusedGemm": Base(
        MATRIX, LINEAR, {"activation": "LeakyRelu", "activation_alpha": 0.5, "transA": 0}
    ),
    "FusedMatMul": Base(
        TOKENS,
        (("w", (6, 4), 0.5),),
        {"alpha": 0.5, "transA": 0, "transB": 0, "transBatchA": 0, "transBatchB": 0},
    ),
    "FusedMatMulActivation": Base(
        TOKENS, (("w", (6, 4), 0.5),), {"alpha": 0.5, "activation": "Relu"}
    ),
    "GatherBlockQuantized": Base(
        IDS,
        (("w", (9, 32), 1), ("s", (9, 2), 0.5)),
        {"bits": 4, "block_size": 16, "gather_axis": 0, "quantize_axis": 1},
        inputs="w x s",
    ),
    "GatherND": Base(MATRIX, (("i", (1, 2), (0, 2)),)),
    "Gelu": Base(),
    "GemmFastGelu": Base(TOKENS, LINEAR),
    "GroupNorm": Base(
        LAST,
        (("g", (6,), 0.5), ("h", (6,), 0.5)),
        {"groups": 2, "activation": 1, "channels_last": 1},
    ),
    "GroupQueryAttention": Base(
        (1, 5, 16),
        (("k", (1, 5, 8), 0.5), ("v", (1, 5, 8), 0.5), whole("lengths", 4), whole("all", 5)),
        {"num_heads": 4, "kv_num_heads": 2, "do_rotary": 1, "rotary_embedding_dim": 0},
        inputs="x k v '' '' lengths all",
    ),
    "MatMulBnb4": Base(
        TOKENS, (("w", (12,), 1), ("s", (1,), 0.5)), {"K": 6, "N": 4, "block_size": 16}
    ),
    "MatMulIntegerToFloat": Base(TOKENS, (LINEAR[0], *scales("a", "c", "d", "e"), LINEAR[1])),
    "MatMulNBits": Base(
        (1, 5, 32),
        (("w", (4, 1, 16), 1), ("s", (4, 1), 0.5)),
        {"K": 32, "N": 4, "bits": 4, "block_size": 32},
    ),
    "MoE": Base(
        TOKENS,
        (
            ("r", (5, 4), 0.5),
            ("w", (4, 8, 6), 0.5),
            ("b", (4, 8), 0.5),
            ("v", (4, 6, 8), 0.5),
            ("c", (4, 6), 0.5),
            ("g", (4, 8, 6), 0.5),
        ),
        {"k": 2, "activation_type": "silu"},
    ),
    "QMoE": Base(
        TOKENS,
        (
            ("r", (5, 4), 0.5),
            ("w", (4, 16, 3), 1),
            ("s", (4, 16), 0.5),
            ("b", (4, 16), 0.5),
            ("v", (4, 6, 4), 1),
            ("t", (4, 6), 0.5),
        ),
        {"k": 2, "activation_type": "swiglu", "expert_weight_bits": 4},
    ),
    "MultiHeadAttention": Base(
        TOKENS, (("k", TOKENS, 0.5), ("v", TOKENS, 0.5), ("b", (18,), 0.5)), HEADS
    ),
    "NhwcConv": Base(LAST, (("w", (4, 3, 3, 6), 0.5), ("b", (4,), 0.5)), CONVOLVED),
    "NhwcFusedConv": Base(
        LAST, (("w", (4, 3, 3, 6), 0.5), ("b", (4,), 0.5)), {**CONVOLVED, "activation": "Relu"}
    ),
    "NhwcMaxPool": POOL._replace(x=LAST),
    "Pad": Base(stored=(whole("p", 0, 0, 1, 1, 0, 0, 1, 1),), attributes={"mode": "constant"}),
    "QAttention": Base(TOKENS, (("w", (6, 18), 1), ("b", (18,), 0.5), *scales("c", "d")), HEADS),
    "QGemm": Base(
        MATRIX,
        (*scales("a", "c"), ("w", (4, 6), 1), *scales("d", "e"), ("b", (4,), 1)),
        {"transB": 1},
    ),
    "QLinearAdd": Base(
        stored=(*scales("a", "c"), ("w", MAP, 1), *scales("d", "e", "f", "g")),
    ),
    "QLinearAveragePool": POOL._replace(
        stored=QUANTISED, attributes={**POOL.attributes, "channels_last": 0}
    ),
    "QLinearConcat": Base(
        stored=scales("a", "c", "d", "e"), inputs="a c x d e", attributes={"axis": 1}
    ),
    "QLinearConv": Base(
        stored=(*scales("p", "q"), FILTERS, *scales("r", "s", "t", "u"), ("b", (4,), 0.5)),
        attributes={**CONVOLVED, "channels_last": 0},
    ),
    "QLinearGlobalAveragePool": Base(stored=QUANTISED, attributes={"channels_last": 0}),
    "QLinearLeakyRelu": Base(stored=QUANTISED, attributes={"alpha": 0.5}),
    "QLinearMul": Base(
        stored=(*scales("a", "c"), ("w", MAP, 1), *scales("d", "e", "f", "g")),
    ),
    "QLinearReduceMean": Base(stored=QUANTISED, attributes={"axes": (2, 3), "keepdims": 1}),
    "QLinearSigmoid": Base(stored=QUANTISED),
    "QLinearSoftmax": Base(stored=QUANTISED, attributes={"axis": 1}),
    "QLinearWhere": Base(
        stored=(("k", MAP, 1), *scales("a", "c"), ("w", MAP, 1), *scales("d", "e", "f", "g")),
        inputs="k x a c w d e f g",
    ),
    "QuantizeLinear": Base(stored=(single("s", 0.5),)),
    "QuickGelu": Base(attributes={"alpha": 0.5}),
    "RotaryEmbedding": Base(
        TOKENS,
        (whole("i", 0), ("c", (5, 1), 0.5), ("s", (5, 1), 0.5)),
        {"num_heads": 3, "interleaved": 0, "rotary_embedding_dim": 0},
    ),
    "SkipGroupNorm": Base(
        LAST,
        (("g", (6,), 0.5), ("h", (6,), 0.5), ("s", LAST, 0.5), ("b", (6,), 0.5)),
        {"groups": 2, "activation": 1, "channels_last": 1},
    ),
    "SkipLayerNormalization": Base(TOKENS, NORMS),
    "SkipSimplifiedLayerNormalization": Base(TOKENS, (*NORMS[:2], NORMS[3])),
    "TransposeMatMul": Base(TOKENS, (("w", (6, 4), 0.5),), {"alpha": 0.5, "transB": 0}),
    "Trilu": Base(attributes={"upper": 1}),
}
BASES.update(
    (f"com.microsoft.{name}", BASES[name])
    for name in ("GridSample", "LinearAttention", "Range", "SwiGLU")
)
BASES["SimplifiedLayerNormalization"] = Base(TOKENS, (("g", (6,), 0.5),), {"axis": -1})
BASES.update((f"com.microsoft.{name}", base) for name, base in FUSED.items())

OLDER: dict[str, Base] = {
    "Clip": Base(attributes={"min": 0.0, "max": 6.0}, opset=6),
    "Reshape": Base(attributes={"shape": (1, 6, 64)}, opset=1),
    "Slice": Base(attributes={"starts": (0, 1), "ends": (3, 7), "axes": (1, 2)}, opset=9),
    "Pad": Base(attributes={"pads": (0, 0, 1, 1, 0, 0, 1, 1), "value": 0.5}, opset=10),
    "Squeeze": Base((1, 6, 1, 8), attributes={"axes": (2,)}, opset=11),
    "Unsqueeze": Base(attributes={"axes": (2,)}, opset=11),
    "Split": Base(attributes={"axis": 1, "split": (2, 4)}, opset=11, outputs="y z"),
    "Upsample": Base(attributes={"scales": (1.0, 1.0, 2.0, 2.0), "mode": "nearest"}, opset=7),
    "TopK": Base(attributes={"axis": 1, "k": 3}, opset=9, outputs="y z"),
    "ReduceMean": Base(attributes={"axes": (2, 3), "keepdims": 0}, opset=13),
    "Softmax": Base(attributes={"axis": 1}, opset=11),
    "Constant": Base(attributes={"value_ints": (1, 2)}, inputs=NONE),
}
"""Forms of other versions, which have attributes where later ones have inputs."""

AFTER = {
    "SplitToSequence": node("ConcatFromSequence", "s", "y", axis=1),
    "SequenceConstruct": node("ConcatFromSequence", "s", "y", axis=1),
    "SequenceEmpty": node("SequenceLength", "s", "y"),
    "SequenceInsert": node("ConcatFromSequence", "t", "y", axis=1),
    "SequenceErase": node("ConcatFromSequence", "t", "y", axis=1),
}
"""What makes a tensor of a sequence."""

OTHERS = {
    INT: 3,
    FLOAT: 0.5,
    STRING: "x",
    INTS: (1, 2),
    FLOATS: (0.5, 2.0),
    STRINGS: ("x", "y"),
    TENSOR: tensor("", [1], [0.5]),
}
"""Values of every type that an attribute may have."""

NUMBERS: dict[str, Callable[[float], float]] = {
    "float": float,
    "int": int,
    "nan": lambda _: float("nan"),
    "infinite": lambda _: float("inf"),
    "large": lambda _: 2**62,
    "negative": lambda _: -1,
}
"""Other numbers in a stored tensor."""


def file(operator: str, base: Base, stored: list[bytes], attributes: list[bytes]) -> bytes:
    """A model of one node, and of another that reads the input in any case."""
    names = ["" if name == EMPTY else name for name in base.names if name != NONE]
    domain, _, word = operator.rpartition(".")
    fields = (3, "it"), (4, word), (5, attributes), (7, domain)
    made = message((1, names), (2, base.outputs.split()), *fields)
    nodes = [*base.before, made, *([AFTER[operator]] if operator in AFTER else [])]
    nodes.append(node("Relu", "x", "other"))
    out = [value("y"), value("other")]
    x = value("x", *base.x) if base.x else scalar("x")
    return model(graph(nodes, [x], out, stored), base.opset)


def stored(base: Base, changed: str = "", **change: Any) -> list[bytes]:
    """The stored tensors of a node, one of them in another shape or of another type."""
    tensors = []
    for name, dims, filling in base.stored:
        shape = change.get("dims", dims) if name == changed else dims
        count = prod(shape)
        if isinstance(filling, tuple):
            numbers = list((filling * (count + 1))[:count])
        else:
            numbers = [filling] * count
        if name == changed and "numbers" in change:
            numbers = [change["numbers"](number) for number in numbers]
        tensors.append(tensor(name, list(shape), numbers))
    return tensors


def attributes(base: Base, changed: str = "", **change: Any) -> list[bytes]:
    """The attributes of a node, one of them with another value or left out."""
    kept = {name: value_ for name, value_ in base.attributes.items() if name != changed}
    if "value" in change:
        kept[changed] = change["value"]
    made = []
    for name, value_ in kept.items():
        is_graph = TYPES.get(name) == (GRAPH,) and isinstance(value_, bytes)
        is_graph = is_graph and value_ != OTHERS[TENSOR]
        made.append(
            message((1, name), (6, value_), (20, 5)) if is_graph else attribute(name, value_)
        )
    return made


def cases(operator: str, base: Base) -> Iterator[tuple[str, bool, bytes]]:
    """What is changed, whether it must be refused, and the file."""
    for name in base.attributes:
        types = EXCEPTIONS.get((operator, name)) or TYPES[name]
        for type_, other in OTHERS.items():
            made = attributes(base, name, value=other)
            yield f"{name} {type_}", type_ not in types, file(operator, base, stored(base), made)
        yield f"no {name}", False, file(operator, base, stored(base), attributes(base, name))
        for number in (0, -1, 2**40, (), (2**40,) * 4):
            made = attributes(base, name, value=number)
            yield f"{name} {number}", False, file(operator, base, stored(base), made)
    names = base.names if base.inputs != NONE else []
    for index in range(len(names)):
        is_required = index < REQUIRED.get(operator, 1)
        for other in (EMPTY, "missing", "s2", "y"):
            inputs = [*names[:index], other, *names[index + 1 :]]
            before = (*base.before, node("SequenceConstruct", "x x", "s2"))
            changed = base._replace(inputs=" ".join(inputs), before=before)
            is_wrong = is_required and (other != "s2" or "Sequence" not in operator)
            made = file(operator, changed, stored(base), attributes(base))
            yield f"input {index} {other}", is_wrong or other in ("missing", "y"), made
        fewer = base._replace(inputs=" ".join(names[:index]) or NONE)
        made = file(operator, fewer, stored(base), attributes(base))
        yield f"{index} inputs", is_required, made
    for name, _, _ in base.stored:
        for dims in ((), (0,), (1,), (2,), (2, 3), (1, 1, 1), (4, 6, 3), (1, 2, 3, 4, 5)):
            made = stored(base, name, dims=dims)
            yield f"{name} {dims}", False, file(operator, base, made, attributes(base))
        for type_, change in NUMBERS.items():
            made = stored(base, name, numbers=change)
            yield f"{name} {type_}", False, file(operator, base, made, attributes(base))
    for x in ((), (1,), (1, 6), (1, 6, 8), (1, 6, 8, 8, 8), (2, 6, 8, 8), (1, 1, 1, 1)):
        changed = base._replace(x=x)
        yield f"x {x}", False, file(operator, changed, stored(base), attributes(base))
    more = base._replace(outputs=f"{base.outputs} more")
    yield "one output more", False, file(operator, more, stored(base), attributes(base))


def test_every_operator_is_here():
    tables = (TABLE, _SPECIAL, EXPANSIONS, CONTROL)
    assert BASES.keys() == {name for table in tables for name in table}


def message_of(data: bytes, path: Path) -> str:
    """The message with which a file is refused; empty if it is counted."""
    path.write_bytes(data)
    try:
        costcalc.totals(path)
    except CostcalcError as error:
        return str(error)
    return ""


EVERY = [*BASES.items(), *OLDER.items()]


@pytest.mark.parametrize(("operator", "base"), EVERY, ids=lambda part: str(part)[:12])
def test_an_operator_as_it_should_be(operator, base, tmp_path):
    data = file(operator, base, stored(base), attributes(base))
    assert message_of(data, tmp_path / "net.onnx") == ""


@pytest.mark.parametrize(("operator", "base"), EVERY, ids=lambda part: str(part)[:12])
def test_an_operator_with_a_part_changed(operator, base, tmp_path):
    path, wrong = tmp_path / "net.onnx", []
    for what, must_be_refused, data in cases(operator, base):
        try:
            text = message_of(data, path)
        except Exception as error:
            wrong.append(f"{what}: {type(error).__name__}: {error}")
            continue
        # One line, with more only for what was expected and found.
        lines = [line for line in text.splitlines() if not line.startswith("    ")]
        if len(lines) > 1 or (must_be_refused and not text):
            wrong.append(f"{what}: {text or 'is counted'}")
    assert not wrong, "\n".join(wrong)
