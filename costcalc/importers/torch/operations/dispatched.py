"""The operators of PyTorch's dispatcher, which are lowered where no recorded call explains them.

Each has the rule of a function, and what is its own is the names that its schema gives to
arguments.  Names are without the namespace, ``aten``, and without overloads.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from costcalc.importers.builder import Operand
from costcalc.importers.torch.context import Result, Rule, TorchContext
from costcalc.importers.torch.operations import convolutions, fused, pooling, views

_FUNCTIONS = (
    # products
    "addbmm addmm addmv baddbmm bilinear bmm cdist conv1d conv2d conv3d conv_transpose1d "
    "conv_transpose2d conv_transpose3d dot inner linear matmul mm mv scaled_dot_product_attention "
    "vdot "
    # norms, and windows
    "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d "
    "adaptive_max_pool2d adaptive_max_pool3d avg_pool1d avg_pool2d avg_pool3d batch_norm "
    "group_norm instance_norm layer_norm max_pool1d max_pool2d max_pool2d_with_indices max_pool3d "
    "max_pool3d_with_indices rms_norm "
    # elements
    "abs add addcdiv addcmul bitwise_not ceil celu clamp clamp_max clamp_min clip complex cos div "
    "divide elu eq erf exp exp2 expm1 floor ge gelu glu gt hardsigmoid hardswish hardtanh isclose "
    "le leaky_relu log log10 log1p log2 log_sigmoid log_softmax logical_and logical_not logical_or "
    "logical_xor lt masked_fill maximum minimum mish mul multiply ne neg polar pow prelu relu6 "
    "reciprocal relu round rsqrt rsub selu sigmoid sign silu sin softmax softplus softsign sqrt "
    "square sub subtract tanh true_divide where "
    # axes
    "amax amin argmax argmin argsort cummax cummin cumprod cumsum index_add index_reduce kthvalue "
    "linalg_vector_norm max mean median min mode norm prod scatter_add scatter_reduce sort std sum "
    "topk var var_mean "
    # functions of each element, and of several
    "acos acosh all aminmax angle any asin asinh atan atan2 atanh bernoulli bucketize copysign "
    "cosh count_nonzero cross deg2rad diff digamma dist erfc erfinv floor_divide fmax fmin fmod "
    "frac hardshrink heaviside hypot i0 isfinite isin isinf isnan isneginf isposinf kron lerp "
    "lgamma linalg_cross linalg_solve_triangular linalg_vecdot logaddexp logaddexp2 logcumsumexp "
    "logit logsumexp "
    "multinomial nan_to_num nanmedian nansum nextafter outer polygamma quantile rad2deg remainder "
    "searchsorted signbit sinc sinh softshrink special_entr special_erfcx special_i0e special_i1 "
    "special_i1e special_log_ndtr special_ndtri special_xlog1py std_mean sum_to_size "
    "tan threshold trace trunc xlogy "
    # losses and distances
    "binary_cross_entropy binary_cross_entropy_with_logits cosine_similarity cross_entropy_loss "
    "huber_loss l1_loss mse_loss multi_margin_loss nll_loss pairwise_distance pdist "
    "smooth_l1_loss soft_margin_loss "
    # windows and Fourier transforms
    "fractional_max_pool2d fractional_max_pool3d istft stft "
    # recurrent layers
    "gru gru_cell lstm lstm_cell rnn_relu rnn_relu_cell rnn_tanh rnn_tanh_cell "
    # moved elements
    "dequantize quantize_per_channel quantize_per_tensor quantize_per_tensor_dynamic "
    "alias as_strided broadcast_to cat channel_shuffle chunk clone concat contiguous copy detach "
    "diagonal dropout expand expand_as fill flatten flip gather im2col index_select masked_select "
    "moveaxis movedim narrow native_channel_shuffle one_hot pad permute pixel_shuffle "
    "pixel_unshuffle repeat repeat_interleave reshape reshape_as roll select split "
    "split_with_sizes squeeze stack t take tile to transpose tril triu unbind unflatten unfold "
    "unsqueeze view view_as view_as_complex view_as_real zero"
)
"""Operators that have the name of a function, and arguments of the same names."""

_ATTENTION = "scaled_dot_product_attention"

_OTHERS: Mapping[str, str] = {
    "_adaptive_avg_pool2d": "adaptive_avg_pool2d",
    "_adaptive_avg_pool3d": "adaptive_avg_pool3d",
    "_batch_norm_no_update": "batch_norm",
    "_batch_norm_with_update": "batch_norm",
    "_cdist_forward": "cdist",
    "_conj": "conj",
    "_conj_physical": "conj",
    "_fused_rms_norm": "rms_norm",
    "_grouped_mm": "grouped_mm",
    "_is_all_true": "all",
    "_is_any_true": "any",
    "_log_softmax": "log_softmax",
    "_native_batch_norm_legit": "batch_norm",
    "_native_batch_norm_legit_no_training": "batch_norm",
    "_pack_padded_sequence": "pack_padded_sequence",
    "_pad_packed_sequence": "pad_packed_sequence",
    "_pdist_forward": "pdist",
    "_prelu_kernel": "prelu",
    "_reshape_alias": "reshape",
    "_safe_softmax": "softmax",
    "_scaled_dot_product_flash_attention": _ATTENTION,
    "_scaled_dot_product_flash_attention_for_cpu": _ATTENTION,
    "_softmax": "softmax",
    "_to_copy": "to",
    "_unique2": "unique",
    "_unsafe_view": "view",
    "bitwise_and": "logical_and",
    "bitwise_or": "logical_or",
    "bitwise_xor": "logical_xor",
    "col2im": "fold",
    "constant_pad_nd": "pad",
    "cudnn_batch_norm": "batch_norm",
    "index": "masked_select",
    "index_put": "setitem",
    "lift_fresh": "alias",
    "log_sigmoid_forward": "log_sigmoid",
    "masked_scatter": "setitem",
    "miopen_batch_norm": "batch_norm",
    "affine_grid_generator": "affine_grid",
    "linalg_matmul": "matmul",
    "max_unpool2d": "setitem",
    "max_unpool3d": "setitem",
    "native_batch_norm": "batch_norm",
    "native_layer_norm": "layer_norm",
    "multilabel_margin_loss_forward": "multilabel_margin_loss",
    "nll_loss2d_forward": "nll_loss",
    "nll_loss_forward": "nll_loss",
    "rrelu_with_noise": "rrelu",
    "_weight_norm_interface": "weight_norm",
    "_fused_moving_avg_obs_fq_helper": "fused_moving_avg_obs_fake_quant",
    "fake_quantize_per_channel_affine_cachemask": "fake_quantize_per_channel_affine",
    "fake_quantize_per_tensor_affine_cachemask": "fake_quantize_per_tensor_affine",
    "scatter": "setitem",
    "unsafe_chunk": "chunk",
    "unsafe_split": "split",
    "unsafe_split_with_sizes": "split_with_sizes",
}
"""Operators that have the rule of a function of another name."""

_RENAMED: Mapping[str, tuple[str, Mapping[str, str]]] = {
    **{
        f"_scaled_dot_product_{name}": (_ATTENTION, {"attn_bias": "attn_mask"})
        for name in ("cudnn_attention", "efficient_attention", "fused_attention_overrideable")
    },
    **{
        name: (name.removeprefix("_").removesuffix("_forward_only"), {"indices": "input"})
        for name in ("embedding", "embedding_bag", "_embedding_bag", "_embedding_bag_forward_only")
    },
    **{
        f"grid_sampler{rank}": ("grid_sampler", {"interpolation_mode": "mode"})
        for rank in ("", "_2d", "_3d")
    },
    "_trilinear": ("bilinear", {"i1": "input1", "i2": "weight", "i3": "input2"}),
    "native_group_norm": ("group_norm", {"group": "num_groups"}),
}
"""Operators whose arguments have other names than those of the function, and what it calls them."""

_BOXES = ("deform_conv2d", "nms", "ps_roi_align", "ps_roi_pool", "roi_align", "roi_pool")
"""Operators of torchvision, which have the name of a function of its own."""

_CONVOLUTIONS = ("convolution", "_convolution", "mkldnn_convolution")

_CREATED = (
    "arange empty empty_permuted empty_strided eye full linspace logspace ones rand randint randn "
    "randperm scalar_tensor tril_indices triu_indices zeros"
)
_LIKE = "empty full rand randint randn ones zeros"
_NEW = "empty empty_strided full ones zeros"
_RANDOM = "bernoulli cauchy exponential geometric log_normal normal random uniform"

FACTORIES = frozenset(
    f"aten::{name}"
    for name in (
        *_CREATED.split(),
        *(f"{name}_like" for name in _LIKE.split()),
        *(f"new_{name}" for name in _NEW.split()),
        *_RANDOM.split(),
    )
)
"""Operators that create tensors: they read at most the shape of another one."""


def named(functions: Container[str]) -> dict[str, str]:
    """The operators that have the rules of some functions, and of which each."""
    renamed = {name: function for name, (function, _) in _RENAMED.items()}
    own = dict.fromkeys(_CONVOLUTIONS, "conv2d")
    every = {**{name: name for name in _FUNCTIONS.split()}, **_OTHERS, **renamed, **own}
    return {f"aten::{name}": each for name, each in every.items() if each in functions}


def of(functions: Mapping[str, Rule], own: Mapping[str, Rule]) -> dict[str, Rule]:
    """The rules of operators: those that functions have, and their ``own``."""
    rules = {
        name: _renamed(
            function, functions[function], _RENAMED.get(name.removeprefix("aten::"), ("", {}))[1]
        )
        for name, function in named(functions).items()
    }
    others = {f"torchvision::{name}": functions[name] for name in _BOXES if name in functions}
    return {**rules, **{f"aten::{name}": rule for name, rule in own.items()}, **others}


def _renamed(function: str, rule: Rule, names: Mapping[str, str]) -> Rule:
    """The rule of a function, for an operator whose arguments have other names."""

    def of_operator(op: TorchContext) -> Result:
        keywords = {names.get(name, name): value for name, value in op.call.keywords.items()}
        op.call = op.call._replace(function=function, keywords=keywords)
        return rule(op)

    return of_operator


def _convolution(op: TorchContext) -> Operand:
    """``aten::convolution``, transposed or not."""
    is_transposed = op.call.keywords.get("transposed", False)
    return convolutions.transposed_conv(op) if is_transposed else convolutions.conv(op)


def _padding(mode: str) -> Rule:
    """``aten::reflection_pad2d`` and the like."""

    def rule(op: TorchContext) -> Result:
        pad = op.call.keywords["padding"]
        op.call = op.call._replace(keywords={**op.call.keywords, "pad": pad, "mode": mode})
        return views.pad(op)

    return rule


def _upsampling(mode: str) -> Rule:
    """``aten::upsample_bilinear2d`` and the like, whose scales are arguments of their own."""

    def rule(op: TorchContext) -> Operand:
        keywords: dict[str, Any] = {"input": op.bind()["input"], "mode": mode}
        scales = [value for name, value in op.call.keywords.items() if name.startswith("scales")]
        if scales and None not in scales:
            keywords["scale_factor"] = tuple(scales)
        op.call = op.call._replace(keywords=keywords)
        return pooling.interpolate(op)

    return rule


def _slice(op: TorchContext) -> Result:
    """``aten::slice``: places along one axis."""
    args = op.bind()
    shape = op.shape_of(args["input"])
    axis = args.get("dim", 0) % len(shape)
    places = slice(args.get("start"), args.get("end"), args.get("step", 1))
    return views.picked(op, args["input"], {axis: range(*places.indices(shape[axis]))})


VIEWS: Mapping[str, Rule] = {"slice": _slice}
"""The rules of operators that compute nothing, where no function has them."""

OPERATIONS: Mapping[str, Rule] = {
    **fused.OPERATIONS,
    **dict.fromkeys(_CONVOLUTIONS, _convolution),
    **{f"reflection_pad{rank}d": _padding("reflect") for rank in (1, 2, 3)},
    **{f"replication_pad{rank}d": _padding("replicate") for rank in (1, 2, 3)},
    **{f"upsample_nearest{rank}d": _upsampling("nearest") for rank in (1, 2, 3)},
    "upsample_linear1d": _upsampling("linear"),
    "upsample_bilinear2d": _upsampling("bilinear"),
    "upsample_bicubic2d": _upsampling("bicubic"),
    "upsample_trilinear3d": _upsampling("trilinear"),
    **{f"_upsample_nearest_exact{rank}d": _upsampling("nearest") for rank in (1, 2, 3)},
    **{f"_upsample_{mode}2d_aa": _upsampling(mode) for mode in ("bilinear", "bicubic")},
}
"""The rules of operators that compute, where no function has them."""
