"""Every operator that is read, alone in a file, with the layers that it becomes."""

from typing import NamedTuple

from tests.importers.tflite.models import LEFT_OUT, MAP, Sample, bias

HALF = ((1, 4, 4, 16),)
CONV = {"stride_h": 1, "stride_w": 1}
POOL = {"stride_h": 2, "stride_w": 2, "kernel_h": 2, "kernel_w": 2}
TWO = (MAP, MAP)
TRUTH = ("BOOL",)


class Case(NamedTuple):
    """An operator and what it is read as: kinds in order, mult-adds and params."""

    sample: Sample
    kinds: str
    macs: int = 0
    params: int = 0


def _unary(operator: str, kind: str) -> Case:
    return Case(Sample(operator), kind, params=0)


def _pair(operator: str, kind: str, *types: str) -> Case:
    # The second input is no image: another one to the first.
    return Case(Sample(operator, TWO, types=types), f"input {kind}")


def _moved(operator: str, output: tuple[int, ...], *constants: object, **options: object) -> Case:
    sample = Sample(operator, (MAP,), tuple(constants), (output,), dict(options))
    return Case(sample, "rearrange")


def _reduced(operator: str, kind: str) -> Case:
    return Case(Sample(operator, (MAP,), ([1, 2],), ((1, 16),)), kind)


CASES = (
    # 8*8*24 outputs of 3*3*16; 3*3*16*24 weights and 24 biases.
    Case(
        Sample("CONV_2D", (MAP,), ((24, 3, 3, 16), bias(24)), ((1, 8, 8, 24),), CONV),
        "conv",
        64 * 24 * 144,
        144 * 24 + 24,
    ),
    # In two groups, each filter sees 8 channels; valid, stride 2: (8 - 3) // 2 + 1 = 3.
    Case(
        Sample(
            "CONV_2D",
            (MAP,),
            ((24, 3, 3, 8), bias(24)),
            ((1, 3, 3, 24),),
            {"stride_h": 2, "stride_w": 2, "padding": 1},
        ),
        "conv",
        9 * 24 * 72,
        72 * 24 + 24,
    ),
    Case(
        Sample(
            "CONV_2D",
            (MAP,),
            ((24, 1, 1, 16), bias(24)),
            ((1, 8, 8, 24),),
            {**CONV, "activation": 3},
        ),
        "conv relu6",
        64 * 24 * 16,
        16 * 24 + 24,
    ),
    Case(
        Sample(
            "DEPTHWISE_CONV_2D",
            (MAP,),
            ((1, 3, 3, 32), bias(32)),
            ((1, 8, 8, 32),),
            {**CONV, "multiplier": 2},
        ),
        "conv",
        64 * 32 * 9,
        9 * 32 + 32,
    ),
    Case(
        Sample(
            "CONV_3D",
            ((1, 4, 8, 8, 2),),
            ((3, 3, 3, 2, 6), bias(6)),
            ((1, 4, 8, 8, 6),),
            {**CONV, "stride_d": 1},
        ),
        "conv",
        4 * 64 * 6 * 54,
        54 * 6 + 6,
    ),
    # Every input pixel meets every weight: 8*8 * 3*3*16*6.
    Case(
        Sample(
            "TRANSPOSE_CONV",
            (MAP,),
            ([1, 16, 16, 6], (6, 3, 3, 16), bias(6)),
            ((1, 16, 16, 6),),
            {"stride_h": 2, "stride_w": 2},
            (1, 2, 0, 3),
        ),
        "transposed_conv",
        64 * 9 * 16 * 6,
        9 * 16 * 6 + 6,
    ),
    Case(
        Sample("FULLY_CONNECTED", ((1, 40),), ((12, 40), bias(12)), ((1, 12),), {"activation": 1}),
        "fc relu",
        480,
        492,
    ),
    # A map is flattened; with more rows, one matrix at each position.
    Case(
        Sample("FULLY_CONNECTED", ((1, 2, 2, 10),), ((12, 40),), ((1, 12),)), "flatten fc", 480, 480
    ),
    Case(
        Sample(
            "FULLY_CONNECTED",
            ((1, 7, 10),),
            ((12, 10), bias(12)),
            ((1, 7, 12),),
            {"keep_num_dims": True},
        ),
        "fc",
        7 * 120,
        132,
    ),
    Case(
        Sample("BATCH_MATMUL", ((1, 7, 10), (1, 10, 5)), (), ((1, 7, 5),)),
        "input transpose transpose matmul transpose",
        7 * 10 * 5,
    ),
    Case(
        Sample("BATCH_MATMUL", ((1, 7, 10), (1, 5, 10)), (), ((1, 7, 5),), {"adj_y": True}),
        "input transpose transpose transpose matmul transpose",
        7 * 10 * 5,
    ),
    Case(Sample("AVERAGE_POOL_2D", (MAP,), (), HALF, POOL), "avg_pool"),
    Case(Sample("MAX_POOL_2D", (MAP,), (), HALF, POOL), "max_pool"),
    Case(Sample("L2_POOL_2D", (MAP,), (), HALF, POOL), "square avg_pool sqrt"),
    # 4 gates of 10 x 6 and 6 x 6 at 5 steps; 4*6 biases.
    Case(
        Sample(
            "UNIDIRECTIONAL_SEQUENCE_LSTM",
            ((1, 5, 10),),
            (
                *((6, 10),) * 4,
                *((6, 6),) * 4,
                *(LEFT_OUT,) * 3,
                *(bias(6),) * 4,
                LEFT_OUT,
                LEFT_OUT,
                "1x6",
                "1x6 wide",
                *(LEFT_OUT,) * 4,
            ),
            ((1, 5, 6),),
            {"activation": 4},
        ),
        "fc rearrange fc add slice sigmoid slice tanh slice rearrange multiply slice multiply add "
        "slice tanh multiply",
        5 * 4 * (60 + 36),
        4 * (60 + 36) + 24,
    ),
    # Time comes first: five steps of one sequence.
    Case(
        Sample(
            "UNIDIRECTIONAL_SEQUENCE_LSTM",
            ((5, 1, 10),),
            (
                *((6, 10),) * 4,
                *((6, 6),) * 4,
                *(LEFT_OUT,) * 3,
                *(bias(6),) * 4,
                LEFT_OUT,
                LEFT_OUT,
                "1x6",
                "1x6 wide",
                *(LEFT_OUT,) * 4,
            ),
            ((5, 1, 6),),
            {"activation": 4, "time_major": True},
        ),
        "fc rearrange fc add slice sigmoid slice tanh slice rearrange multiply slice multiply add "
        "slice tanh multiply",
        5 * 4 * (60 + 36),
        4 * (60 + 36) + 24,
    ),
    # The gates see the cell: 3*6 more params.
    Case(
        Sample(
            "UNIDIRECTIONAL_SEQUENCE_LSTM",
            ((1, 5, 10),),
            (
                *((6, 10),) * 4,
                *((6, 6),) * 4,
                *((6,),) * 3,
                *(bias(6),) * 4,
                LEFT_OUT,
                LEFT_OUT,
                "1x6",
                "1x6 wide",
            ),
            ((1, 5, 6),),
            {"activation": 4},
        ),
        "fc rearrange fc add rearrange slice learned multiply add sigmoid slice tanh slice "
        "rearrange multiply slice multiply add slice learned multiply add sigmoid tanh multiply",
        5 * 4 * (60 + 36),
        4 * (60 + 36) + 24 + 18,
    ),
    Case(
        Sample(
            "BIDIRECTIONAL_SEQUENCE_LSTM",
            ((1, 5, 10),),
            (
                *(
                    *((6, 10),) * 4,
                    *((6, 6),) * 4,
                    *(LEFT_OUT,) * 3,
                    *(bias(6),) * 4,
                    LEFT_OUT,
                    LEFT_OUT,
                )
                * 2,
                *("1x6", "1x6 wide") * 2,
                *(LEFT_OUT,) * 9,
            ),
            ((1, 5, 12),),
            {"activation": 4, "merge_outputs": True, "time_major": False},
        ),
        "fc rearrange fc add slice sigmoid slice tanh slice rearrange multiply slice multiply add "
        "slice tanh multiply " * 2 + "concat",
        2 * 5 * 4 * (60 + 36),
        2 * (4 * (60 + 36) + 24),
    ),
    Case(
        Sample(
            "UNIDIRECTIONAL_SEQUENCE_RNN",
            ((1, 5, 10),),
            ((6, 10), (6, 6), bias(6), "1x6"),
            ((1, 5, 6),),
            {"activation": 4},
        ),
        "fc rearrange fc add tanh",
        5 * (60 + 36),
        60 + 36 + 6,
    ),
    Case(
        Sample(
            "RNN",
            ((1, 10),),
            ((6, 10), (6, 6), bias(6), "1x6"),
            ((1, 6),),
            {"activation": 1},
        ),
        "fc rearrange fc add relu",
        60 + 36,
        60 + 36 + 6,
    ),
    # 4 filters over 10 features, then over 3 steps; two of rank 2.
    Case(
        Sample(
            "SVDF",
            ((1, 10),),
            ((4, 10), (4, 3), bias(2), "1x12"),
            ((1, 2),),
            {"rank": 2, "activation": 1},
        ),
        "fc reshape constant concat conv reshape sum flatten learned add relu",
        40 + 12,
        40 + 12 + 2,
    ),
    Case(
        Sample("EMBEDDING_LOOKUP", ((5,),), ((20, 6),), ((5, 6),), types=("INT32",)),
        "embedding transpose",
        0,
        120,
    ),
    _unary("RELU", "relu"),
    _unary("RELU6", "relu6"),
    _unary("RELU_N1_TO_1", "hard_tanh"),
    _unary("RELU_0_TO_1", "clip"),
    _unary("LEAKY_RELU", "leaky_relu"),
    _unary("ELU", "elu"),
    _unary("HARD_SWISH", "h_swish"),
    _unary("LOGISTIC", "sigmoid"),
    _unary("TANH", "tanh"),
    _unary("GELU", "gelu"),
    Case(Sample("GELU", options={"approximate": True}), "gelu_tanh"),
    Case(Sample("PRELU", (MAP,), ((1, 1, 16),)), "prelu", 0, 16),
    Case(Sample("PRELU", (MAP,), ((8, 8, 16),)), "flatten prelu reshape", 0, 1024),
    Case(Sample("SOFTMAX", ((1, 10),), (), ((1, 10),), {"beta": 1.0}), "softmax"),
    Case(Sample("LOG_SOFTMAX", ((1, 10),), (), ((1, 10),)), "log_softmax"),
    _pair("ADD", "add"),
    _pair("SUB", "subtract"),
    _pair("MUL", "multiply"),
    _pair("DIV", "divide"),
    _pair("POW", "power"),
    Case(Sample("MUL", (MAP,), ((1, 1, 1, 16),)), "learned multiply", 0, 16),
    Case(Sample("ADD", (MAP,), ((1,),)), "shift"),
    Case(Sample("MUL", (MAP,), ((1,),)), "scale"),
    Case(Sample("SUB", (MAP,), ([1.0],), order=(1, 0)), "complement"),
    Case(Sample("DIV", (MAP,), ([1.0],), order=(1, 0)), "reciprocal"),
    Case(Sample("POW", (MAP,), ([2.0],)), "square"),
    _pair("ADD_N", "add"),
    Case(Sample("ADD_N", (MAP, MAP, MAP)), "input input add"),
    Case(
        Sample(
            "MIRROR_PAD", ((1, 4, 4, 4, 4),), ([0, 0, 1, 1, 1, 1, 0, 0, 0, 0],), ((1, 6, 6, 4, 4),)
        ),
        "zero_pad",
    ),
    _pair("MAXIMUM", "maximum"),
    _pair("MINIMUM", "minimum"),
    _pair("FLOOR_DIV", "divide floor"),
    _pair("FLOOR_MOD", "divide"),
    _pair("SQUARED_DIFFERENCE", "subtract square"),
    _pair("EQUAL", "compare"),
    _pair("NOT_EQUAL", "compare"),
    _pair("GREATER", "compare"),
    _pair("GREATER_EQUAL", "compare"),
    _pair("LESS", "compare"),
    _pair("LESS_EQUAL", "compare"),
    _pair("LOGICAL_AND", "compare", *TRUTH, *TRUTH, *TRUTH),
    _pair("LOGICAL_OR", "compare", *TRUTH, *TRUTH, *TRUTH),
    Case(Sample("LOGICAL_NOT", types=(*TRUTH, *TRUTH)), "logical_not"),
    Case(Sample("SELECT_V2", (MAP, MAP, MAP), types=("BOOL",)), "input input where"),
    Case(Sample("SELECT", (MAP, MAP, MAP), types=TRUTH), "input input where"),
    _unary("EXP", "exp"),
    _unary("LOG", "log"),
    _unary("SQRT", "sqrt"),
    _unary("RSQRT", "rsqrt"),
    _unary("SIN", "sin"),
    _unary("COS", "cos"),
    _unary("ABS", "abs"),
    _unary("NEG", "neg"),
    _unary("SQUARE", "square"),
    _unary("FLOOR", "floor"),
    _unary("CEIL", "ceil"),
    _unary("ROUND", "round"),
    _unary("SIGN", "sign"),
    # The sums before each element but the first.
    Case(Sample("CUMSUM", (MAP,), ([3],)), "slice slice rearrange add concat"),
    Case(Sample("TOPK_V2", (MAP,), ([3],), ((1, 8, 8, 3), (1, 8, 8, 3))), "top_k"),
    Case(
        Sample(
            "NON_MAX_SUPPRESSION_V4",
            ((10, 4), (10,)),
            ([6], [0.5], [0.0]),
            ((6,), ()),
            types=("FLOAT32", "FLOAT32", "INT32", "INT32"),
        ),
        "input transpose nms rearrange",
    ),
    Case(
        Sample("RFFT2D", ((1, 16, 8),), ([16, 8],), ((1, 16, 5),)),
        "transpose fft transpose",
    ),
    Case(Sample("L2_NORMALIZATION"), "l2_norm divide"),
    Case(Sample("LOCAL_RESPONSE_NORMALIZATION", options={"radius": 2}), "lrn"),
    Case(Sample("CAST"), ""),
    Case(Sample("QUANTIZE", types=("FLOAT32", "INT8")), ""),
    Case(Sample("DEQUANTIZE", types=("INT8", "FLOAT32")), ""),
    Case(Sample("FAKE_QUANT"), ""),
    Case(Sample("RESHAPE", (MAP,), ([1, 1024],), ((1, 1024),)), "flatten"),
    Case(Sample("SQUEEZE", ((1, 1, 1, 16),), (), ((1, 16),), {"dims": [1, 2]}), "flatten"),
    Case(Sample("EXPAND_DIMS", ((1, 8, 16),), ([2],), ((1, 8, 1, 16),)), "reshape"),
    Case(Sample("TRANSPOSE", ((1, 8, 4, 16),), ([0, 2, 1, 3],), ((1, 4, 8, 16),)), "transpose"),
    Case(Sample("TRANSPOSE", ((1, 1, 8, 16),), ([0, 2, 1, 3],), ((1, 8, 1, 16),)), "reshape"),
    Case(Sample("CONCATENATION", TWO, (), ((1, 8, 8, 32),), {"axis": 3}), "input concat"),
    Case(Sample("CONCATENATION", TWO, (), ((1, 16, 8, 16),), {"axis": -3}), "input concat"),
    Case(
        Sample("PACK", TWO, (), ((1, 2, 8, 8, 16),), {"axis": 1, "count": 2}),
        "input reshape reshape concat reshape",
    ),
    Case(
        Sample("UNPACK", ((1, 2, 16),), (), ((1, 16), (1, 16)), {"axis": 1, "count": 2}),
        "slice flatten slice flatten",
    ),
    Case(
        Sample("SPLIT", (MAP,), ([3],), ((1, 8, 8, 8), (1, 8, 8, 8)), {"parts": 2}, (1, 0)),
        "split split",
    ),
    Case(
        Sample("SPLIT_V", (MAP,), ([10, 6], [3]), ((1, 8, 8, 10), (1, 8, 8, 6)), {"parts": 2}),
        "slice slice",
    ),
    Case(
        Sample(
            "STRIDED_SLICE", (MAP,), ([0, 1, 0, 0], [1, 8, 8, 16], [1, 2, 1, 1]), ((1, 4, 8, 16),)
        ),
        "slice",
    ),
    Case(
        Sample("SLICE", (MAP,), ([0, 2, 1, 0], [-1, 4, 6, -1]), ((1, 4, 6, 16),)),
        "crop",
    ),
    Case(Sample("SLICE", (MAP,), ([0, 2, 0, 0], [-1, 4, -1, 8]), ((1, 4, 8, 8),)), "slice slice"),
    Case(
        Sample(
            "STRIDED_SLICE",
            ((1, 8, 16),),
            ([0, 7, 0], [0, 8, 0], [1, 1, 1]),
            ((1, 16),),
            {"begin_mask": 5, "end_mask": 5, "shrink_axis_mask": 2},
        ),
        "slice flatten",
    ),
    Case(Sample("PAD", (MAP,), ([0, 0, 1, 1, 0, 2, 0, 0],), ((1, 10, 10, 16),)), "zero_pad"),
    Case(Sample("PAD", (MAP,), ([0, 0, 0, 0, 0, 0, 0, 8],), ((1, 8, 8, 24),)), "pad_channels"),
    Case(Sample("MIRROR_PAD", (MAP,), ([0, 0, 1, 1, 1, 1, 0, 0],), ((1, 10, 10, 16),)), "zero_pad"),
    Case(Sample("RESIZE_BILINEAR", (MAP,), ([16, 16],), ((1, 16, 16, 16),)), "upsample"),
    Case(Sample("RESIZE_NEAREST_NEIGHBOR", (MAP,), ([16, 8],), ((1, 16, 8, 16),)), "upsample"),
    _moved("DEPTH_TO_SPACE", (1, 16, 16, 4), block_size=2),
    _moved("SPACE_TO_DEPTH", (1, 4, 4, 64), block_size=2),
    _moved("GATHER", (1, 8, 3, 16), [0, 2, 4], axis=2),
    _moved("TILE", (1, 16, 8, 16), [1, 2, 1, 1]),
    _moved("BROADCAST_TO", (1, 8, 8, 16), [1, 8, 8, 16]),
    _moved("REVERSE_V2", MAP, [1]),
    Case(
        Sample("SPACE_TO_BATCH_ND", (MAP,), ([2, 2], [0, 0, 0, 0]), ((4, 4, 4, 16),)), "rearrange"
    ),
    Case(
        Sample("GATHER", ((5,),), ((20, 6),), ((5, 6),), {}, (1, 0), ("INT32",)),
        "embedding transpose",
        0,
        120,
    ),
    Case(
        Sample("BATCH_TO_SPACE_ND", ((4, 4, 4, 16),), ([2, 2], [0, 0, 0, 0]), (MAP,)), "rearrange"
    ),
    Case(Sample("MEAN", (MAP,), ([1, 2],), ((1, 16),)), "global_avg_pool flatten"),
    Case(
        Sample("MEAN", (MAP,), ([1, 2],), ((1, 1, 1, 16),), {"keep_dims": True}), "global_avg_pool"
    ),
    Case(Sample("MEAN", (MAP,), ([3],), ((1, 8, 8, 1),), {"keep_dims": True}), "mean"),
    Case(Sample("SUM", ((1, 2, 3, 4, 5),), ([1, 2, 3],), ((1, 5),)), "sum"),
    _reduced("SUM", "sum"),
    _reduced("REDUCE_MAX", "reduce_max"),
    _reduced("REDUCE_MIN", "reduce_min"),
    _reduced("REDUCE_PROD", "product"),
    Case(Sample("ARG_MAX", ((1, 10),), ([1],), ((1,),), types=("", "INT32")), "argmax"),
)
