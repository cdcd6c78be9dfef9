"""TFLite's tables: those of its schema, version 3, that costcalc reads and writes.

The ids of fields and the codes of operators, options and types are those of
``schema.fbs``, https://github.com/google-ai-edge/LiteRT, and are written here alone.

A tensor of a ``.tflite`` file is channels last, and names its numbers by the index of a
buffer; buffer 0 is empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from costcalc.formats.file_bytes import ByteStream, Span
from costcalc.formats.flatbuffers import (
    BOOL,
    FLOAT32,
    INT8,
    INT32,
    INT64,
    STORED_BYTES,
    TEXT,
    UINT32,
    UINT64,
    Table,
    TableField,
    Union,
    stored,
    vector,
)
from costcalc.records import NamedTuple

IDENTIFIER = b"TFL3"

PRODUCER = "costcalc"
"""The description of files that costcalc writes."""

PAD, NO_BIAS = "pad", "no_bias"
"""The ends of names in costcalc's own files: of an operator that is the padding of the layer
after it, and of the zeros that runtimes want as the bias of a layer without one."""

VERSION = 3

Options = Mapping[str, Any]
"""The options of an operator by name."""


class TensorType(NamedTuple):
    """An element type: its name in the schema, its bits, and its letter in :mod:`struct`."""

    name: str
    bits: int
    """0 if its elements have no size: strings and handles."""
    letter: str = ""
    """Empty if :mod:`struct` has none."""


TYPES: tuple[TensorType, ...] = (
    TensorType("FLOAT32", 32, "f"),
    TensorType("FLOAT16", 16, "e"),
    TensorType("INT32", 32, "i"),
    TensorType("UINT8", 8, "B"),
    TensorType("INT64", 64, "q"),
    TensorType("STRING", 0),
    TensorType("BOOL", 8, "?"),
    TensorType("INT16", 16, "h"),
    TensorType("COMPLEX64", 64),
    TensorType("INT8", 8, "b"),
    TensorType("FLOAT64", 64, "d"),
    TensorType("COMPLEX128", 128),
    TensorType("UINT64", 64, "Q"),
    TensorType("RESOURCE", 0),
    TensorType("VARIANT", 0),
    TensorType("UINT32", 32, "I"),
    TensorType("UINT16", 16, "H"),
    TensorType("INT4", 4),
    TensorType("BFLOAT16", 16),
    TensorType("INT2", 2),
    TensorType("UINT4", 4),
    TensorType("FLOAT8_E4M3FN", 8),
    TensorType("FLOAT8_E5M2", 8),
)
"""The element types by their codes."""

CODES: Mapping[str, int] = {type_.name: code for code, type_ in enumerate(TYPES)}
"""The codes of the element types by their names."""


class Padding(IntEnum):
    """How windows are padded; SAME takes a position for every stride begun."""

    SAME = 0
    VALID = 1


class Activation(IntEnum):
    """An activation that is part of another operator."""

    NONE = 0
    RELU = 1
    RELU_N1_TO_1 = 2
    RELU6 = 3
    TANH = 4
    SIGN_BIT = 5


_OPERATORS = """
ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE
EMBEDDING_LOOKUP FLOOR FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D
LOCAL_RESPONSE_NORMALIZATION LOGISTIC LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1
RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH SVDF TANH CONCAT_EMBEDDINGS
SKIP_GRAM CALL CUSTOM EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN GATHER
BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE
UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT
LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM CAST PRELU MAXIMUM ARG_MAX MINIMUM LESS NEG
PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN TRANSPOSE_CONV SPARSE_TO_DENSE TILE
EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW ARG_MIN FAKE_QUANT REDUCE_PROD
REDUCE_MAX PACK LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK REDUCE_MIN FLOOR_DIV
REDUCE_ANY SQUARE ZEROS_LIKE FILL FLOOR_MOD RANGE RESIZE_NEAREST_NEIGHBOR LEAKY_RELU
SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL REVERSE_V2 ADD_N GATHER_ND COS WHERE
RANK ELU REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE
NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM
BATCH_MATMUL PLACEHOLDER_FOR_GREATER_OP_CODES CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D
IMAG REAL COMPLEX_ABS HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL
CONV_3D_TRANSPOSE VAR_HANDLE READ_VARIABLE ASSIGN_VARIABLE BROADCAST_ARGS
RANDOM_STANDARD_NORMAL BUCKETIZE RANDOM_UNIFORM MULTINOMIAL GELU DYNAMIC_UPDATE_SLICE
RELU_0_TO_1 UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_SUM ATAN2
UNSORTED_SEGMENT_MIN SIGN BITCAST BITWISE_XOR RIGHT_SHIFT STABLEHLO_LOGISTIC STABLEHLO_ADD
STABLEHLO_DIVIDE STABLEHLO_MULTIPLY STABLEHLO_MAXIMUM STABLEHLO_RESHAPE STABLEHLO_CLAMP
STABLEHLO_CONCATENATE STABLEHLO_BROADCAST_IN_DIM STABLEHLO_CONVOLUTION STABLEHLO_SLICE
STABLEHLO_CUSTOM_CALL STABLEHLO_REDUCE STABLEHLO_ABS STABLEHLO_AND STABLEHLO_COSINE
STABLEHLO_EXPONENTIAL STABLEHLO_FLOOR STABLEHLO_LOG STABLEHLO_MINIMUM STABLEHLO_NEGATE
STABLEHLO_OR STABLEHLO_POWER STABLEHLO_REMAINDER STABLEHLO_RSQRT STABLEHLO_SELECT
STABLEHLO_SUBTRACT STABLEHLO_TANH STABLEHLO_SCATTER STABLEHLO_COMPARE STABLEHLO_CONVERT
STABLEHLO_DYNAMIC_SLICE STABLEHLO_DYNAMIC_UPDATE_SLICE STABLEHLO_PAD STABLEHLO_IOTA
STABLEHLO_DOT_GENERAL STABLEHLO_REDUCE_WINDOW STABLEHLO_SORT STABLEHLO_WHILE
STABLEHLO_GATHER STABLEHLO_TRANSPOSE DILATE STABLEHLO_RNG_BIT_GENERATOR REDUCE_WINDOW
STABLEHLO_COMPOSITE STABLEHLO_SHIFT_LEFT STABLEHLO_CBRT STABLEHLO_CASE
"""

OPERATORS: tuple[str, ...] = tuple(_OPERATORS.split())
"""The builtin operators by their codes."""

OPERATOR_CODES: Mapping[str, int] = {name: code for code, name in enumerate(OPERATORS)}
"""The codes of the builtin operators by their names."""

CUSTOM = OPERATOR_CODES["CUSTOM"]
PLACEHOLDER = OPERATOR_CODES["PLACEHOLDER_FOR_GREATER_OP_CODES"]
"""The old code of operators whose codes are larger than this."""


class QuantizationTable(NamedTuple):
    """How the numbers of a tensor are quantised; without scales they are not."""

    minima: Span | tuple[float, ...] | None = None
    maxima: Span | tuple[float, ...] | None = None
    scales: Span | tuple[float, ...] | None = None
    zero_points: Span | tuple[int, ...] | None = None
    axis: int = 0
    """Along which there are several scales."""
    details: tuple[int, Options | None] = (0, None)
    """The type of a table of another kind of scales, and the table if that is of blocks."""


class TensorTable(NamedTuple):
    """A tensor of a subgraph."""

    shape: tuple[int, ...] = ()
    type: int = 0
    buffer: int = 0
    name: str = ""
    quantization: QuantizationTable | None = None
    is_variable: bool = False
    sparsity: Options | None = None
    signature: tuple[int, ...] = ()
    """The shape with -1 for sizes that are open, if there are any."""
    external_buffer: int = 0


class OperatorCodeTable(NamedTuple):
    """An operator that the model uses."""

    old_code: int = 0
    custom: str = ""
    version: int = 1
    new_code: int = 0

    @property
    def code(self) -> int:
        """The code of the builtin operator: old files have only the first, new ones both."""
        return max(self.old_code, self.new_code)


class OperatorTable(NamedTuple):
    """A use of an operator: indices of tensors, -1 for an input that is left out."""

    code: int = 0
    """The index of its :class:`OperatorCodeTable`."""
    inputs: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()
    options: tuple[int, Options | None] = (0, None)
    """The type of its options, and the options; None if it has none or of an unknown type."""


class SubgraphTable(NamedTuple):
    """A graph: operators in the order in which they run."""

    tensors: tuple[TensorTable, ...] = ()
    inputs: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()
    operators: tuple[OperatorTable, ...] = ()
    name: str = ""


class BufferTable(NamedTuple):
    """Stored bytes, in the file's tables or after them."""

    data: Span | bytes | ByteStream | None = None
    offset: int = 0
    """Where they are in the file, if not in ``data``; 0 and 1 stand for nowhere."""
    size: int = 0

    @property
    def bytes(self) -> int:
        """How many there are."""
        if isinstance(self.data, Span):
            stored = self.data.end - self.data.start
        elif isinstance(self.data, ByteStream):
            stored = self.data.size
        else:
            stored = len(self.data or b"")
        return stored or (self.size if self.offset > 1 else 0)


class MetadataTable(NamedTuple):
    """A buffer without a tensor, such as a runtime's version."""

    name: str = ""
    buffer: int = 0


class ModelTable(NamedTuple):
    """A whole file."""

    version: int = VERSION
    operator_codes: tuple[OperatorCodeTable, ...] = ()
    subgraphs: tuple[SubgraphTable, ...] = ()
    description: str = ""
    buffers: tuple[BufferTable, ...] = ()
    metadata: tuple[MetadataTable, ...] = ()


def _options(name: str, fields: Mapping[int, tuple[Any, ...]]) -> Table[Options]:
    rows = {
        id_: field if isinstance(field, TableField) else TableField(*field)
        for id_, field in fields.items()
    }
    return Table(name, dict[str, Any], rows)


_ACTIVATION = ("activation", INT8)
_PADDING, _STRIDE_W, _STRIDE_H = ("padding", INT8), ("stride_w", INT32), ("stride_h", INT32)

OPTIONS: Mapping[int, Table[Options]] = {
    1: _options(
        "Conv2DOptions",
        {
            0: _PADDING,
            1: _STRIDE_W,
            2: _STRIDE_H,
            3: _ACTIVATION,
            4: TableField("dilation_w", INT32, 1),
            5: TableField("dilation_h", INT32, 1),
        },
    ),
    2: _options(
        "DepthwiseConv2DOptions",
        {
            0: _PADDING,
            1: _STRIDE_W,
            2: _STRIDE_H,
            3: ("multiplier", INT32),
            4: _ACTIVATION,
            5: TableField("dilation_w", INT32, 1),
            6: TableField("dilation_h", INT32, 1),
        },
    ),
    5: _options(
        "Pool2DOptions",
        {
            0: _PADDING,
            1: _STRIDE_W,
            2: _STRIDE_H,
            3: ("kernel_w", INT32),
            4: ("kernel_h", INT32),
            5: _ACTIVATION,
        },
    ),
    6: _options("SVDFOptions", {0: ("rank", INT32), 1: _ACTIVATION}),
    7: _options("RNNOptions", {0: _ACTIVATION}),
    8: _options(
        "FullyConnectedOptions",
        {0: _ACTIVATION, 2: ("keep_num_dims", BOOL)},
    ),
    9: _options("SoftmaxOptions", {0: ("beta", FLOAT32)}),
    10: _options("ConcatenationOptions", {0: ("axis", INT32), 1: _ACTIVATION}),
    11: _options("AddOptions", {0: _ACTIVATION}),
    12: _options("L2NormOptions", {0: _ACTIVATION}),
    13: _options("LocalResponseNormalizationOptions", {0: ("radius", INT32)}),
    14: _options("LSTMOptions", {0: _ACTIVATION, 3: ("kernel_type", INT8)}),
    15: _options("ResizeBilinearOptions", {}),
    17: _options("ReshapeOptions", {0: ("new_shape", vector(INT32))}),
    19: _options("SpaceToDepthOptions", {0: ("block_size", INT32)}),
    21: _options("MulOptions", {0: _ACTIVATION}),
    22: _options("PadOptions", {}),
    23: _options("GatherOptions", {0: ("axis", INT32), 1: ("batch_dims", INT32)}),
    26: _options("TransposeOptions", {}),
    27: _options("ReducerOptions", {0: ("keep_dims", BOOL)}),
    28: _options("SubOptions", {0: _ACTIVATION}),
    29: _options("DivOptions", {0: _ACTIVATION}),
    30: _options("SqueezeOptions", {0: ("dims", vector(INT32))}),
    31: _options("SequenceRNNOptions", {0: ("time_major", BOOL), 1: _ACTIVATION}),
    32: _options(
        "StridedSliceOptions",
        {
            0: ("begin_mask", INT32),
            1: ("end_mask", INT32),
            2: ("ellipsis_mask", INT32),
            3: ("new_axis_mask", INT32),
            4: ("shrink_axis_mask", INT32),
        },
    ),
    35: _options("SplitOptions", {0: ("parts", INT32)}),
    43: _options("PadV2Options", {}),
    49: _options("TransposeConvOptions", {0: _PADDING, 1: _STRIDE_W, 2: _STRIDE_H, 3: _ACTIVATION}),
    59: _options("PackOptions", {0: ("count", INT32), 1: ("axis", INT32)}),
    64: _options("UnpackOptions", {0: ("count", INT32), 1: ("axis", INT32)}),
    69: _options(
        "BidirectionalSequenceLSTMOptions",
        {0: _ACTIVATION, 3: ("merge_outputs", BOOL), 4: TableField("time_major", BOOL, True)},
    ),
    71: _options("UnidirectionalSequenceLSTMOptions", {0: _ACTIVATION, 3: ("time_major", BOOL)}),
    74: _options("ResizeNearestNeighborOptions", {}),
    75: _options("LeakyReluOptions", {0: ("alpha", FLOAT32)}),
    77: _options("MirrorPadOptions", {0: ("mode", INT8)}),
    79: _options("SplitVOptions", {0: ("parts", INT32)}),
    92: _options("IfOptions", {0: ("then", INT32), 1: ("else", INT32)}),
    93: _options("WhileOptions", {0: ("cond", INT32), 1: ("body", INT32)}),
    94: _options("DepthToSpaceOptions", {0: ("block_size", INT32)}),
    101: _options("BatchMatMulOptions", {0: ("adj_x", BOOL), 1: ("adj_y", BOOL)}),
    103: _options("CallOnceOptions", {0: ("init", INT32)}),
    106: _options(
        "Conv3DOptions",
        {
            0: _PADDING,
            1: ("stride_d", INT32),
            2: _STRIDE_W,
            3: _STRIDE_H,
            4: _ACTIVATION,
            5: TableField("dilation_d", INT32, 1),
            6: TableField("dilation_w", INT32, 1),
            7: TableField("dilation_h", INT32, 1),
        },
    ),
    111: _options("VarHandleOptions", {0: ("container", TEXT), 1: ("shared_name", TEXT)}),
    116: _options("GeluOptions", {0: ("approximate", BOOL)}),
}
"""The tables of options by the number of their type."""

_SPARSITY = _options("SparsityParameters", {0: ("traversal_order", stored(INT32))})

_BLOCKS = _options("BlockwiseQuantization", {0: ("scales", INT32), 1: ("zero_points", INT32)})
"""The tensors that hold the scales and zero points of blocks of numbers."""

_QUANTIZATION = Table(
    "QuantizationParameters",
    QuantizationTable,
    {
        0: TableField("minima", stored(FLOAT32)),
        1: TableField("maxima", stored(FLOAT32)),
        2: TableField("scales", stored(FLOAT32)),
        3: TableField("zero_points", stored(INT64)),
        4: Union("details", {2: _BLOCKS}),
        6: TableField("axis", INT32),
    },
)

_TENSOR = Table(
    "Tensor",
    TensorTable,
    {
        0: TableField("shape", vector(INT32)),
        1: TableField("type", INT8),
        2: TableField("buffer", UINT32),
        3: TableField("name", TEXT),
        4: TableField("quantization", _QUANTIZATION.type),
        5: TableField("is_variable", BOOL),
        6: TableField("sparsity", _SPARSITY.type),
        7: TableField("signature", vector(INT32)),
        10: TableField("external_buffer", UINT32),
    },
)

_OPERATOR_CODE = Table(
    "OperatorCode",
    OperatorCodeTable,
    {
        0: TableField("old_code", INT8),
        1: TableField("custom", TEXT),
        2: TableField("version", INT32, 1),
        3: TableField("new_code", INT32),
    },
)

_OPERATOR = Table(
    "Operator",
    OperatorTable,
    {
        0: TableField("code", UINT32),
        1: TableField("inputs", vector(INT32)),
        2: TableField("outputs", vector(INT32)),
        3: Union("options", OPTIONS),
    },
)

_SUBGRAPH = Table(
    "SubGraph",
    SubgraphTable,
    {
        0: TableField("tensors", vector(_TENSOR.type)),
        1: TableField("inputs", vector(INT32)),
        2: TableField("outputs", vector(INT32)),
        3: TableField("operators", vector(_OPERATOR.type)),
        4: TableField("name", TEXT),
    },
)

_BUFFER = Table(
    "Buffer",
    BufferTable,
    {
        0: TableField("data", STORED_BYTES),
        1: TableField("offset", UINT64),
        2: TableField("size", UINT64),
    },
)


_METADATA = Table(
    "Metadata", MetadataTable, {0: TableField("name", TEXT), 1: TableField("buffer", UINT32)}
)

MODEL = Table(
    "Model",
    ModelTable,
    {
        0: TableField("version", UINT32, 0),
        1: TableField("operator_codes", vector(_OPERATOR_CODE.type)),
        2: TableField("subgraphs", vector(_SUBGRAPH.type)),
        3: TableField("description", TEXT),
        4: TableField("buffers", vector(_BUFFER.type)),
        6: TableField("metadata", vector(_METADATA.type)),
    },
)

OPTIONS_OF: Mapping[str, int] = {
    "CONV_2D": 1,
    "DEPTHWISE_CONV_2D": 2,
    "AVERAGE_POOL_2D": 5,
    "MAX_POOL_2D": 5,
    "L2_POOL_2D": 5,
    "SVDF": 6,
    "RNN": 7,
    "FULLY_CONNECTED": 8,
    "SOFTMAX": 9,
    "CONCATENATION": 10,
    "ADD": 11,
    "L2_NORMALIZATION": 12,
    "LOCAL_RESPONSE_NORMALIZATION": 13,
    "LSTM": 14,
    "RESIZE_BILINEAR": 15,
    "RESHAPE": 17,
    "SPACE_TO_DEPTH": 19,
    "MUL": 21,
    "PAD": 22,
    "GATHER": 23,
    "TRANSPOSE": 26,
    "MEAN": 27,
    "SUM": 27,
    "REDUCE_PROD": 27,
    "REDUCE_MAX": 27,
    "REDUCE_MIN": 27,
    "REDUCE_ANY": 27,
    "REDUCE_ALL": 27,
    "SUB": 28,
    "DIV": 29,
    "SQUEEZE": 30,
    "UNIDIRECTIONAL_SEQUENCE_RNN": 31,
    "STRIDED_SLICE": 32,
    "SPLIT": 35,
    "PADV2": 43,
    "TRANSPOSE_CONV": 49,
    "PACK": 59,
    "UNPACK": 64,
    "BIDIRECTIONAL_SEQUENCE_LSTM": 69,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": 71,
    "RESIZE_NEAREST_NEIGHBOR": 74,
    "LEAKY_RELU": 75,
    "MIRROR_PAD": 77,
    "SPLIT_V": 79,
    "IF": 92,
    "WHILE": 93,
    "DEPTH_TO_SPACE": 94,
    "BATCH_MATMUL": 101,
    "CALL_ONCE": 103,
    "CONV_3D": 106,
    "VAR_HANDLE": 111,
    "GELU": 116,
}
"""The type of the options of each operator that has any which are read or written."""
