"""The table of PyTorch functions: for each one, the rule that adds its nodes."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.importers.torch.context import Rule, Rules
from costcalc.importers.torch.operations import (
    contraction,
    convolutions,
    elementwise,
    norms,
    pooling,
    products,
    recurrent,
    reductions,
    views,
)
from costcalc.importers.torch.operations.elementwise import binary, unary
from costcalc.importers.torch.operations.reductions import extreme, reduction

_SAME = (
    "view reshape reshape_as view_as flatten unflatten ravel squeeze unsqueeze contiguous clone "
    "detach alias to type type_as float half double bfloat16 long int bool cpu cuda data real "
    "identity "
    "requires_grad rename positive"
)
_REARRANGED = (
    "repeat tile repeat_interleave roll flip fliplr flipud rot90 gather take take_along_dim "
    "index_select masked_select unfold pixel_shuffle pixel_unshuffle as_strided diagonal diag "
    "diag_embed tril triu one_hot nonzero broadcast_to im2col"
)

VIEWS: Mapping[str, Rule] = {
    **dict.fromkeys(_SAME.split(), views.same),
    **dict.fromkeys(_REARRANGED.split(), views.rearranged),
    **dict.fromkeys(("dropout", "alpha_dropout"), views.dropout),
    **dict.fromkeys(views.CHANNEL_DROPOUTS, views.channel_dropout),
    "channel_shuffle": views.channel_shuffle,
    "native_channel_shuffle": views.channel_shuffle,
    "expand": views.expanded,
    "expand_as": views.expanded,
    "permute": views.permute,
    "transpose": views.transpose,
    "swapaxes": views.transpose,
    "swapdims": views.transpose,
    "movedim": views.move_axes,
    "moveaxis": views.move_axes,
    "T": views.reversed_axes,
    "t": views.reversed_axes,
    "mT": views.transposed_matrices,
    "split": views.parts,
    "split_with_sizes": views.parts,
    "chunk": views.parts,
    "tensor_split": views.parts,
    "unbind": views.unbind,
    "narrow": views.narrow,
    "select": views.select,
    "getitem": views.item,
}
"""Functions that compute nothing: their nodes are added only if an operation reads them."""

_SAME_NAME = (
    "relu6 sigmoid tanh elu selu celu mish softplus softsign leaky_relu exp log sqrt rsqrt "
    "reciprocal erf sin cos abs neg square floor ceil round sign logical_not"
)
_UNARY = {
    **{kind: kind for kind in _SAME_NAME.split()},
    "relu": "relu",
    "silu": "swish",
    "hardswish": "h_swish",
    "hardsigmoid": "h_sigmoid",
    "logsigmoid": "log_sigmoid",
    "log_sigmoid": "log_sigmoid",
    "bitwise_not": "logical_not",
    "invert": "logical_not",
    "negative": "neg",
    "absolute": "abs",
    "clamp": "clip",
    "clip": "clip",
    "clamp_min": "clip",
    "clamp_max": "clip",
    "expm1": "exp",
    "log1p": "log",
    "log2": "log",
    "log10": "log",
    "exp2": "exp",
}
_COMPARISONS = "gt lt ge le eq ne logical_and logical_or logical_xor and or xor isclose"

PRODUCTS: Mapping[str, Rule] = {
    **{f"conv{rank}d": convolutions.conv for rank in (1, 2, 3)},
    **{f"conv_transpose{rank}d": convolutions.transposed_conv for rank in (1, 2, 3)},
    "linear": products.linear,
    "matmul": products.matmul,
    "mm": products.matmul,
    "bmm": products.matmul,
    "mv": products.matmul,
    "addmm": products.add_product,
    "baddbmm": products.add_product,
    "einsum": contraction.einsum,
    "scaled_dot_product_attention": products.attention,
}
"""Functions that multiply in every forward pass, even if they only read parameters."""

OPERATIONS: Mapping[str, Rule] = {
    **PRODUCTS,
    **{function: unary(kind) for function, kind in _UNARY.items()},
    **{f"max_pool{rank}d": pooling.pool("max_pool", rank) for rank in (1, 2, 3)},
    **{f"max_pool{rank}d_with_indices": pooling.pool("max_pool", rank) for rank in (1, 2, 3)},
    **{f"avg_pool{rank}d": pooling.pool("avg_pool", rank) for rank in (1, 2, 3)},
    **{
        f"adaptive_{kind}{rank}d{more}": pooling.adaptive_pool(kind, rank)
        for kind, more in (("avg_pool", ""), ("max_pool", ""), ("max_pool", "_with_indices"))
        for rank in (1, 2, 3)
    },
    **dict.fromkeys(_COMPARISONS.split(), binary("compare")),
    "embedding": products.embedding,
    "interpolate": pooling.interpolate,
    "upsample": pooling.interpolate,
    "batch_norm": norms.batch_norm,
    "instance_norm": norms.instance_norm,
    "group_norm": norms.group_norm,
    "layer_norm": norms.layer_norm,
    "rms_norm": norms.rms_norm,
    "local_response_norm": norms.local_response_norm,
    "normalize": norms.normalize,
    "add": binary("add"),
    "sub": binary("subtract"),
    "subtract": binary("subtract"),
    "rsub": binary("subtract", reflected=True),
    "mul": binary("multiply"),
    "multiply": binary("multiply"),
    "div": binary("divide"),
    "true_divide": binary("divide"),
    "divide": binary("divide"),
    "rdiv": binary("divide", reflected=True),
    "rtruediv": binary("divide", reflected=True),
    "maximum": binary("maximum", by_number="clip"),
    "minimum": binary("minimum", by_number="clip"),
    "pow": elementwise.power,
    "rpow": binary("power", reflected=True),
    "where": elementwise.where,
    "masked_fill": elementwise.masked_fill,
    "addcmul": elementwise.add_product("multiply"),
    "addcdiv": elementwise.add_product("divide"),
    "glu": elementwise.gated_linear,
    "gelu": elementwise.gelu,
    "hardtanh": elementwise.hard_tanh,
    "prelu": elementwise.prelu,
    "softmax": elementwise.softmax("softmax"),
    "log_softmax": elementwise.softmax("log_softmax"),
    "mean": reduction("mean", "global_avg_pool"),
    "sum": reduction("sum"),
    "amax": reduction("reduce_max", "global_max_pool"),
    "amin": reduction("reduce_min"),
    "prod": reduction("product"),
    "var": reduction("variance"),
    "std": reductions.deviation,
    "norm": reductions.length,
    "linalg_norm": reductions.length,
    "linalg_vector_norm": reductions.length,
    "max": extreme("reduce_max", "maximum"),
    "min": extreme("reduce_min", "minimum"),
    "argmax": reduction("argmax"),
    "argmin": reduction("argmax"),
    "cat": views.concat,
    "concat": views.concat,
    "concatenate": views.concat,
    "stack": views.stack,
    "pad": views.pad,
    "fold": views.fold,
    "setitem": views.write,
    "overwritten": views.write,
    "lstm": recurrent.layers(recurrent.lstm),
    "gru": recurrent.layers(recurrent.gru),
}
"""Functions that compute, or move elements."""

_CREATED = "zeros ones empty full rand randn randint"

FACTORIES = frozenset(
    [f"{prefix}{word}" for word in (*_CREATED.split(), "tensor") for prefix in ("", "new_")]
    + [f"{word}_like" for word in _CREATED.split()]
)
"""Functions that create tensors: they read at most the shape of another one."""

RULES = Rules(VIEWS, OPERATIONS, PRODUCTS, FACTORIES)
