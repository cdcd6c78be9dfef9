"""The table of PyTorch functions: for each one, the rule that adds its nodes."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.importers.torch.context import Rule, Rules
from costcalc.importers.torch.operations import (
    contraction,
    convolutions,
    dispatched,
    elementwise,
    losses,
    norms,
    pooling,
    products,
    quantised,
    recurrent,
    reductions,
    sampling,
    selection,
    transforms,
    views,
)
from costcalc.importers.torch.operations.elementwise import binary, unary
from costcalc.importers.torch.operations.reductions import extreme, reduction
from costcalc.importers.torch.origins import Meeting

_SAME = (
    "view reshape reshape_as view_as flatten unflatten ravel squeeze unsqueeze contiguous clone "
    "detach alias to type type_as float half double bfloat16 long int bool cpu cuda data real "
    "identity "
    "byte char short pin_memory coalesce to_dense to_sparse to_sparse_coo to_sparse_csr "
    "quantize_per_tensor quantize_per_tensor_dynamic quantize_per_channel dequantize "
    "fake_quantize_per_tensor_affine fake_quantize_per_channel_affine int_repr "
    "fused_moving_avg_obs_fake_quant "
    "requires_grad rename positive imag conj conj_physical resolve_conj resolve_neg "
    "chalf cfloat cdouble"
)
_REARRANGED = (
    "repeat tile repeat_interleave roll flip fliplr flipud rot90 gather take take_along_dim "
    "index_select masked_select unfold pixel_shuffle pixel_unshuffle as_strided diagonal diag "
    "diag_embed tril triu one_hot nonzero broadcast_to im2col "
    "pack_padded_sequence pad_packed_sequence view_as_complex view_as_real fft_fftshift "
    "fft_ifftshift"
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
    "mH": views.transposed_matrices,
    "adjoint": views.transposed_matrices,
    "H": views.reversed_axes,
    "split": views.parts,
    "split_with_sizes": views.parts,
    "chunk": views.parts,
    "tensor_split": views.parts,
    **dict.fromkeys(("hsplit", "vsplit", "dsplit", "unsafe_split", "unsafe_chunk"), views.parts),
    "unbind": views.unbind,
    "narrow": views.narrow,
    "select": views.select,
    "getitem": views.item,
    "copy": views.copied,
    "fill": views.filled,
    "zero": views.filled,
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
    "nan_to_num": "clip",
    "clip": "clip",
    "clamp_min": "clip",
    "clamp_max": "clip",
    "expm1": "exp",
    "log1p": "log",
    "log2": "log",
    "log10": "log",
    "exp2": "exp",
    "trunc": "round",
    "fix": "round",
    "frac": "round",
    "deg2rad": "scale",
    "rad2deg": "scale",
    "special_expit": "sigmoid",
    "special_erf": "erf",
    "special_exp2": "exp",
    "special_expm1": "exp",
    "special_log1p": "log",
    "special_round": "round",
}
_FUNCTIONS = (
    "tan sinh cosh asin acos atan asinh acosh atanh arcsin arccos arctan arcsinh arccosh arctanh "
    "sinc angle logit erfc erfinv lgamma digamma polygamma special_i0e special_i1 special_i1e "
    "special_ndtr special_ndtri special_log_ndtr special_erfcx special_entr i0 special_i0 "
    "special_sinc special_erfc special_erfinv special_logit special_gammaln special_digamma "
    "special_psi"
)
"""Functions that are evaluated once for each element, as a sine is."""
_NUMBERS = "isnan isinf isfinite isposinf isneginf signbit heaviside"
"""Functions that compare each element with a constant."""
_BITS = (
    "bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift lshift rshift "
    "iand ior ixor ilshift irshift ror rxor less greater less_equal greater_equal "
    "not_equal copysign nextafter"
)
_COMPARISONS = "gt lt ge le eq ne logical_and logical_or logical_xor and or xor isclose"

_WRITES = (
    "scatter index_copy index_fill index_put masked_scatter put slice_scatter select_scatter "
    "diagonal_scatter max_unpool1d max_unpool2d max_unpool3d"
)
"""Functions that write some elements of one tensor into another."""

PRODUCTS: Mapping[str, Rule] = {
    **{f"conv{rank}d": convolutions.conv for rank in (1, 2, 3)},
    **{f"conv_transpose{rank}d": convolutions.transposed_conv for rank in (1, 2, 3)},
    "linear": products.linear,
    "matmul": products.matmul,
    "mm": products.matmul,
    "bmm": products.matmul,
    "sparse_mm": products.matmul,
    "smm": products.matmul,
    "mv": products.matmul,
    "linalg_matmul": products.matmul,
    **dict.fromkeys(("matrix_power", "linalg_matrix_power"), products.power_of_matrix),
    "addmm": products.add_product,
    "sparse_addmm": products.add_product,
    "baddbmm": products.add_product,
    "addbmm": products.add_product,
    "addmv": products.add_product,
    "dot": products.dot,
    "vdot": products.dot,
    "inner": products.inner,
    "linalg_multi_dot": products.chain,
    "chain_matmul": products.chain,
    "bilinear": products.bilinear,
    "einsum": contraction.einsum,
    "tensordot": contraction.tensordot,
    "deform_conv2d": sampling.deform_conv,
    "affine_grid": sampling.affine_grid,
    "scaled_dot_product_attention": products.attention,
    "flex_attention": products.flex_attention,
    "grouped_mm": products.grouped_product,
    "scaled_mm": products.matmul,
    "conv_tbc": convolutions.time_conv,
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
    **dict.fromkeys(_FUNCTIONS.split(), unary("sin")),
    **dict.fromkeys(_NUMBERS.split(), unary("logical_not")),
    **dict.fromkeys((*_COMPARISONS.split(), *_BITS.split()), binary("compare")),
    **{f"fractional_max_pool{rank}d": pooling.fractional_pool for rank in (2, 3)},
    "embedding": products.embedding,
    "embedding_bag": products.embedding_bag,
    "cdist": products.distances,
    "linalg_solve_triangular": products.triangular_solve,
    "grid_sample": sampling.grid_sample,
    "grid_sampler": sampling.grid_sample,
    "roi_align": sampling.roi_pool("mean", is_sampled=True),
    "roi_pool": sampling.roi_pool("max"),
    "ps_roi_align": sampling.roi_pool("mean", is_sampled=True, is_position_sensitive=True),
    "ps_roi_pool": sampling.roi_pool("mean", is_position_sensitive=True),
    "nms": selection.suppressed,
    **dict.fromkeys(("quantile", "nanquantile"), selection.quantile),
    **dict.fromkeys(("searchsorted", "bucketize"), selection.placed),
    "multinomial": selection.drawn,
    **dict.fromkeys(("histc", "bincount"), selection.histogram),
    **dict.fromkeys(("unique", "unique_consecutive"), selection.distinct),
    **dict.fromkeys(("topk", "sort", "argsort", "msort"), selection.largest),
    **dict.fromkeys(("median", "nanmedian", "kthvalue", "mode"), selection.ranked),
    **dict.fromkeys(
        ("index_add", "scatter_add", "scatter_reduce", "index_reduce"), selection.added_at
    ),
    "mse_loss": losses.loss(losses.squared),
    "l1_loss": losses.loss(losses.absolute),
    "smooth_l1_loss": losses.loss(losses.huber),
    "huber_loss": losses.loss(losses.huber),
    "kl_div": losses.loss(losses.divergence),
    "binary_cross_entropy": losses.loss(losses.entropy),
    "binary_cross_entropy_with_logits": losses.loss(losses.entropy_of_logits),
    "soft_margin_loss": losses.loss(losses.soft_margin),
    "poisson_nll_loss": losses.loss(losses.poisson),
    "hinge_embedding_loss": losses.loss(losses.hinge),
    "margin_ranking_loss": losses.loss(losses.ranking),
    "triplet_margin_loss": losses.triplet,
    "cosine_embedding_loss": losses.cosine_embedding,
    "multi_margin_loss": losses.multi_margin,
    "multilabel_margin_loss": losses.multi_label_margin,
    "ctc_loss": losses.alignment,
    "cross_entropy_loss": losses.cross_entropy,
    **dict.fromkeys(("nll_loss", "nll_loss_nd", "nll_loss2d"), losses.likelihood),
    "cosine_similarity": losses.similarity,
    "pairwise_distance": losses.pairwise,
    "pdist": losses.pairs,
    **transforms.FOURIER,
    "stft": transforms.spectrogram,
    "istft": transforms.signal,
    "complex": transforms.joined,
    "polar": transforms.polar,
    "interpolate": pooling.interpolate,
    "upsample": pooling.interpolate,
    "batch_norm": norms.batch_norm,
    "instance_norm": norms.instance_norm,
    "group_norm": norms.group_norm,
    "layer_norm": norms.layer_norm,
    "rms_norm": norms.rms_norm,
    "local_response_norm": norms.local_response_norm,
    "normalize": norms.normalize,
    "weight_norm": norms.weight_norm,
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
    "fmax": binary("maximum", by_number="clip"),
    "fmin": binary("minimum", by_number="clip"),
    **dict.fromkeys(("fmod", "remainder", "mod", "floor_divide", "floordiv"), binary("divide")),
    **dict.fromkeys(("rfloordiv", "rmod"), binary("divide", reflected=True)),
    **dict.fromkeys(
        (
            "atan2",
            "arctan2",
            "hypot",
            "logaddexp",
            "logaddexp2",
            "xlogy",
            "special_xlogy",
            "special_xlog1py",
        ),
        binary("power"),
    ),
    "float_power": elementwise.power,
    "lerp": elementwise.weighted_mean,
    "diff": elementwise.differences,
    "kron": elementwise.kronecker,
    "isin": elementwise.membership,
    "bernoulli": elementwise.chance,
    "ldexp": binary("multiply"),
    **dict.fromkeys(("outer", "ger"), elementwise.outer),
    **dict.fromkeys(("cross", "linalg_cross"), elementwise.cross),
    **dict.fromkeys(("threshold", "hardshrink"), elementwise.threshold),
    "softshrink": elementwise.less_function("clip"),
    "rrelu": unary("leaky_relu"),
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
    "special_softmax": elementwise.softmax("softmax"),
    "special_log_softmax": elementwise.softmax("log_softmax"),
    "log_softmax": elementwise.softmax("log_softmax"),
    "mean": reduction("mean", "global_avg_pool"),
    "sum": reduction("sum"),
    "amax": reduction("reduce_max", "global_max_pool"),
    "amin": reduction("reduce_min"),
    "prod": reduction("product"),
    "var": reduction("variance"),
    "std": reductions.deviation,
    "var_mean": reductions.pair("variance", "mean"),
    "std_mean": reductions.pair("variance", "mean", root=True),
    "aminmax": reductions.pair("reduce_min", "reduce_max"),
    "nansum": reductions.of_function("sum", "logical_not"),
    "nanmean": reductions.of_function("mean", "logical_not"),
    "count_nonzero": reductions.of_function("sum", "logical_not"),
    **dict.fromkeys(("any", "is_any_true"), reduction("reduce_max")),
    **dict.fromkeys(("all", "is_all_true"), reduction("reduce_min")),
    **dict.fromkeys(("logsumexp", "special_logsumexp"), reductions.log_sum),
    "logcumsumexp": reductions.log_scan,
    "sum_to_size": reductions.to_size,
    "linalg_vecdot": reductions.dot,
    "dist": reductions.distance,
    "trace": reductions.trace,
    "norm": reductions.length,
    "linalg_norm": reductions.length,
    "linalg_vector_norm": reductions.length,
    "max": extreme("reduce_max", "maximum"),
    "min": extreme("reduce_min", "minimum"),
    "cumsum": reductions.scan("add"),
    "cumprod": reductions.scan("multiply"),
    "cummax": reductions.scan("maximum"),
    "cummin": reductions.scan("minimum"),
    "argmax": reduction("argmax"),
    "argmin": reduction("argmax"),
    "cat": views.concat,
    "concat": views.concat,
    "concatenate": views.concat,
    "stack": views.stack,
    **dict.fromkeys(
        ("pad_sequence", "block_diag", "cartesian_prod", "combinations"), views.gathered
    ),
    "meshgrid": views.grids,
    "pad": views.pad,
    "fold": views.fold,
    **dict.fromkeys(
        ("hstack", "vstack", "row_stack", "dstack", "column_stack"), views.stacked_along
    ),
    **dict.fromkeys(_WRITES.split(), views.write),
    "setitem": views.write,
    "overwritten": views.write,
    "lstm": recurrent.layers("lstm"),
    "gru": recurrent.layers("gru"),
    "rnn_tanh": recurrent.layers("rnn"),
    "rnn_relu": recurrent.layers("rnn", "relu"),
    "lstm_cell": recurrent.step("lstm"),
    "gru_cell": recurrent.step("gru"),
    "rnn_tanh_cell": recurrent.step("rnn"),
    "rnn_relu_cell": recurrent.step("rnn", "relu"),
}
"""Functions that compute, or move elements."""

_CREATED = "zeros ones empty full rand randn randint"

FACTORIES = frozenset(
    [f"{prefix}{word}" for word in (*_CREATED.split(), "tensor") for prefix in ("", "new_")]
    + [f"{word}_like" for word in _CREATED.split()]
    + ["resize", "resize_as"]
)
"""Functions that create tensors: they read at most the shape of another one."""

_OF_MATRICES = (
    "bmm chain_matmul dot einsum inner linalg_matmul linalg_multi_dot matmul mm mv scaled_mm smm "
    "sparse_mm tensordot vdot"
)
_LAYER = Meeting(2, ("bias",), is_layer=True)
_ADDED = Meeting(0, ("input", "self"))

MEETINGS: Mapping[str, Meeting] = {
    **{f"conv{rank}d": _LAYER for rank in (1, 2, 3)},
    **{f"conv_transpose{rank}d": _LAYER for rank in (1, 2, 3)},
    "linear": _LAYER,
    "conv_tbc": _LAYER,
    "bilinear": Meeting(3, ("bias",), is_layer=True),
    "deform_conv2d": Meeting(4, ("bias",), is_layer=True),
    "grouped_mm": Meeting(None, ("offs", "bias")),
    **dict.fromkeys(("addmm", "sparse_addmm", "baddbmm", "addbmm", "addmv"), _ADDED),
    **dict.fromkeys(_OF_MATRICES.split(), Meeting()),
}
"""Products of data and weights.  Attention is none: learned queries are tokens."""

MOVES = ("cat", "concat", "concatenate", "overwritten", "pad", "setitem", "stack")
"""Operations that only move elements."""

DISPATCHED = Rules(
    views=dispatched.of(VIEWS, dispatched.VIEWS),
    operations={
        **dispatched.of(OPERATIONS, dispatched.OPERATIONS),
        **quantised.of(OPERATIONS),
    },
    products=dispatched.named(PRODUCTS).keys(),
    factories=dispatched.FACTORIES,
    meetings={name: MEETINGS[function] for name, function in dispatched.named(MEETINGS).items()},
    moves=dispatched.named(MOVES).keys(),
)
"""Operators of the dispatcher."""

RULES = Rules(
    {**VIEWS, **DISPATCHED.views},
    {**OPERATIONS, **DISPATCHED.operations},
    {*PRODUCTS, *DISPATCHED.products},
    {*FACTORIES, *DISPATCHED.factories},
    {**MEETINGS, **DISPATCHED.meetings},
    {*MOVES, *DISPATCHED.moves},
)
