"""The patterns: layers that exporters write as several nodes.

A pattern is a tree of operators, the last one at the root.  A number in it matches a
constant of about that value; a word is a variable that matches a tensor, the same one
wherever it occurs.  A variable in capitals matches static tensors only, such as weights.
Sums and products match in either order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

from costcalc.importers.onnx.tensors import OnnxNode, TensorInfo
from costcalc.records import NamedTuple

Tree = str | float | tuple[Any, ...]
Bound = dict[str, str]
AttributesOf = Callable[["Match"], Mapping[str, Any] | None]


class Match(NamedTuple):
    """An occurrence of a pattern's tree in a graph."""

    bound: Mapping[str, str]
    """The tensors of its variables."""
    nodes: tuple[OnnxNode, ...]
    """Its nodes, the last one first."""
    tensors: Mapping[str, TensorInfo]

    def shape(self, variable: str) -> tuple[int, ...]:
        """The shape of a variable's tensor."""
        return self.tensors[self.bound[variable]].shape

    def first(self, operator: str) -> OnnxNode:
        """The last node of an operator."""
        return next(node for node in self.nodes if node.operator == operator)


def _no_attributes(_: Match) -> Mapping[str, Any] | None:
    return {}


def _mean_axes(match: Match) -> Mapping[str, Any] | None:
    """The axes common to all means of the pattern, which must keep them."""
    means = [node for node in match.nodes if node.operator == "ReduceMean"]
    return _common_axes(means, match) if all(map(_is_kept, means)) else None


def _variance_axes(match: Match) -> Mapping[str, Any] | None:
    """The axes common to both means; the mean of the squares need not keep them."""
    outer, *inner = (node for node in match.nodes if node.operator == "ReduceMean")
    axes = _common_axes([outer, *inner], match) if all(map(_is_kept, inner)) else None
    return None if axes is None else {**axes, "keepdims": int(_is_kept(outer))}


def _is_kept(mean: OnnxNode) -> bool:
    return bool(mean.attributes.get("keepdims", 1))


def _common_axes(means: Sequence[OnnxNode], match: Match) -> Mapping[str, Any] | None:
    """The axes of all means; None if they differ or are not stated."""
    distinct = set()
    for mean in means:
        axes = mean.attributes.get("axes")
        if axes is None and len(mean.inputs) > 1:
            axes = match.tensors[mean.inputs[1]].values
        axes = (axes,) if isinstance(axes, int) else axes
        rank = max(len(match.tensors[mean.inputs[0]].shape), 1)
        if not axes:
            return None
        distinct.add(tuple(sorted(axis % rank for axis in axes)))
    return {"axes": distinct.pop()} if len(distinct) == 1 else None


def _groups(match: Match) -> Mapping[str, Any] | None:
    """A group normalisation written as an instance normalisation of reshaped channels."""
    inner = match.first("InstanceNormalization")
    grouped, shape = match.tensors[inner.inputs[0]].shape, match.shape("x")
    is_same = match.tensors[match.nodes[0].outputs[0]].shape == shape
    fits = is_same and len(shape) > 2 and grouped[0] == shape[0] and shape[1] % grouped[1] == 0
    is_plain = all(
        _is_filled(match.tensors[name], one)
        for name, one in zip(inner.inputs[1:], (1, 0), strict=False)
    )
    return {"groups": grouped[1]} if fits and is_plain else None


def _is_filled(info: TensorInfo, number: int) -> bool:
    return info.values is not None and {*info.values} == {number}


def _shuffled(match: Match) -> Mapping[str, Any] | None:
    """A channel shuffle: channels split into groups, the two axes swapped and merged again."""
    swap = match.first("Transpose")
    shape, grouped = match.shape("x"), match.tensors[swap.inputs[0]].shape
    output = match.tensors[match.nodes[0].outputs[0]].shape
    order = swap.attributes.get("perm", ())
    if len(shape) < 3 or output != shape or len(order) < 3:
        return None
    is_swapped = tuple(order) == (0, 2, 1, *range(3, len(order)))
    is_split = grouped[0] == shape[0] and grouped[1] * grouped[2] == shape[1]
    is_rest = grouped[3:] == shape[2:] or prod(grouped[3:]) == prod(shape[2:])
    return {"groups": grouped[1]} if is_swapped and is_split and is_rest else None


def _is_linear(match: Match) -> Mapping[str, Any] | None:
    """A matrix, and a bias of as many elements as it has columns."""
    weights, bias = match.shape("WEIGHTS"), match.shape("BIAS")
    x = match.tensors[match.bound["x"]]
    fits = len(weights) == 2 and len(x.shape) > 1 and not x.is_static
    fits = fits and bias[-1:] == weights[1:] and prod(bias) == weights[1]
    return {} if fits else None


def _biased(operator: str) -> AttributesOf:
    """A convolution without a bias, and a vector of one number for each of its channels."""

    def attributes(match: Match) -> Mapping[str, Any] | None:
        inner, bias = match.first(operator), match.shape("BIAS")
        output = match.tensors[inner.outputs[0]].shape
        padded = (1,) * (len(output) - len(bias)) + bias
        is_vector = len(bias) >= len(output) - 1 and prod(bias) == padded[1] == output[1]
        has_bias = any(inner.inputs[2:]) or match.tensors[match.bound["x"]].is_static
        return None if has_bias or not is_vector else inner.attributes

    return attributes


def _biased_gemm(match: Match) -> Mapping[str, Any] | None:
    """A Gemm without a third matrix, and a vector of one number for each column."""
    inner, bias = match.first("Gemm"), match.shape("BIAS")
    columns = match.tensors[inner.outputs[0]].shape[-1]
    has_bias = any(inner.inputs[2:]) or match.tensors[match.bound["x"]].is_static
    return None if has_bias or bias not in ((columns,), (1, columns)) else inner.attributes


def _is_rescaled(match: Match) -> Mapping[str, Any] | None:
    """A quantised product or convolution, cast and multiplied by the scales of its factors."""
    inner = match.nodes[-1]
    output, scale = match.tensors[inner.outputs[0]].shape, match.shape("SCALE")
    bias = match.shape("BIAS") if "BIAS" in match.bound else ()
    channel = 1 if inner.operator == "ConvInteger" else len(output) - 1
    is_vector = all(_is_vector(shape, output, channel) for shape in (scale, bias))
    return inner.attributes if is_vector else None


def _is_vector(shape: tuple[int, ...], output: tuple[int, ...], axis: int) -> bool:
    """Whether a tensor has one number in all, or one for each place along an axis."""
    padded = (1,) * (len(output) - len(shape)) + shape
    rest = padded[:axis] + padded[axis + 1 :]
    return prod(rest) == 1 and padded[axis] in (1, output[axis])


class Pattern(NamedTuple):
    """A tree, and the node that replaces it."""

    name: str
    """The operator of the new node."""
    tree: tuple[Any, ...]
    reads: tuple[str, ...] = ("x",)
    """The variables whose tensors the new node reads."""
    attributes: AttributesOf = _no_attributes
    """The attributes of the new node; None if the match is something else after all."""


def _variants(name: str, *trees: tuple[Any, ...]) -> tuple[Pattern, ...]:
    return tuple(Pattern(name, tree) for tree in trees)


def _halved(inner: tuple[Any, ...]) -> tuple[tuple[Any, ...], ...]:
    """A tensor times ``inner``, halved, in each order."""
    return (
        ("Mul", ("Mul", "x", inner), 0.5),
        ("Mul", "x", ("Mul", inner, 0.5)),
        ("Mul", ("Mul", "x", 0.5), inner),
        ("Div", ("Mul", "x", inner), 2.0),
        ("Mul", ("Div", "x", 2.0), inner),
    )


def _affine(name: str, normalised: tuple[Any, ...]) -> tuple[Pattern, ...]:
    """A normalisation with scale and shift, with scale only, or with neither."""
    scaled = ("Mul", normalised, "SCALE")
    return (
        Pattern(name, ("Add", scaled, "SHIFT"), ("x", "SCALE", "SHIFT"), _mean_axes),
        Pattern(name, scaled, ("x", "SCALE"), _mean_axes),
        Pattern(name, normalised, ("x",), _mean_axes),
    )


_RELU6 = ("Clip", ("Add", "x", 3.0), 0.0, 6.0)
_ERF = (("Erf", ("Div", "x", 2**0.5)), ("Erf", ("Mul", "x", 0.5**0.5)))
_CUBES = (("Pow", "x", 3.0), ("Mul", "x", ("Mul", "x", "x")))
_TANHS = (
    *(("Tanh", ("Mul", ("Add", "x", ("Mul", cube, 0.044715)), 0.7978846)) for cube in _CUBES),
    ("Tanh", ("Mul", ("Mul", "x", ("Add", ("Mul", ("Mul", "x", 0.044715), "x"), 1.0)), 0.7978846)),
)
_CENTRED = ("Sub", "x", ("ReduceMean", "x"))
_SQUARES = (("Pow", _CENTRED, 2.0), ("Mul", _CENTRED, _CENTRED))
_DEVIATIONS = tuple(("Sqrt", ("Add", ("ReduceMean", square), "EPSILON")) for square in _SQUARES)
_MAGNITUDES = tuple(
    ("Sqrt", ("Add", ("ReduceMean", square), "EPSILON"))
    for square in (("Pow", "x", 2.0), ("Mul", "x", "x"))
)
_GROUPED = ("Reshape", ("InstanceNormalization", ("Reshape", "x")))

PATTERNS = (
    *_variants(
        "HardSwishPattern",
        ("Mul", "x", ("HardSigmoid", "x")),
        ("Mul", "x", ("Div", _RELU6, 6.0)),
        ("Mul", "x", ("Mul", _RELU6, 1 / 6)),
        ("Div", ("Mul", "x", _RELU6), 6.0),
        ("Mul", ("Mul", "x", _RELU6), 1 / 6),
    ),
    *_variants("HardSigmoidPattern", ("Div", _RELU6, 6.0), ("Mul", _RELU6, 1 / 6)),
    *_variants("SwishPattern", ("Mul", "x", ("Sigmoid", "x"))),
    *_variants("QuickGeluPattern", ("Mul", "x", ("Sigmoid", ("Mul", "x", 1.702)))),
    *_variants("MishPattern", ("Mul", "x", ("Tanh", ("Softplus", "x")))),
    *_variants("MishPattern", ("Mul", "x", ("Tanh", ("Log", ("Add", ("Exp", "x"), 1.0))))),
    *_variants("LogSigmoidPattern", ("Log", ("Sigmoid", "x"))),
    *_variants("SoftplusPattern", ("Log", ("Add", ("Exp", "x"), 1.0))),
    *_variants("GeluPattern", *(t for erf in _ERF for t in _halved(("Add", erf, 1.0)))),
    *_variants("GeluTanhPattern", *(t for tanh in _TANHS for t in _halved(("Add", tanh, 1.0)))),
    *(
        pattern
        for root in _DEVIATIONS
        for normalised in (("Div", _CENTRED, root), ("Mul", _CENTRED, ("Reciprocal", root)))
        for pattern in _affine("LayerNormPattern", normalised)
    ),
    *(
        pattern
        for root in _MAGNITUDES
        for normalised in (("Div", "x", root), ("Mul", "x", ("Reciprocal", root)))
        for pattern in _affine("RMSNormPattern", normalised)
    ),
    *(
        Pattern("VariancePattern", ("ReduceMean", square), ("x",), _variance_axes)
        for square in _SQUARES
    ),
    Pattern(
        "GroupNormPattern",
        ("Add", ("Mul", _GROUPED, "SCALE"), "SHIFT"),
        ("x", "SCALE", "SHIFT"),
        _groups,
    ),
    Pattern("GroupNormPattern", _GROUPED, ("x",), _groups),
    Pattern("ShufflePattern", ("Reshape", ("Transpose", ("Reshape", "x"))), ("x",), _shuffled),
    Pattern(
        "LinearPattern",
        ("Add", ("MatMul", "x", "WEIGHTS"), "BIAS"),
        ("x", "WEIGHTS", "BIAS"),
        _is_linear,
    ),
    *(
        Pattern(f"{operator}Pattern", tree, ("x", "WEIGHTS", *more), _is_rescaled)
        for operator in ("MatMulInteger", "ConvInteger")
        for scaled in (("Mul", ("Cast", (operator, "x", "WEIGHTS")), "SCALE"),)
        for tree, more in ((("Add", scaled, "BIAS"), ("BIAS",)), (scaled, ()))
    ),
    Pattern(
        "GemmBiasPattern",
        ("Add", ("Gemm", "x", "WEIGHTS"), "BIAS"),
        ("x", "WEIGHTS", "BIAS"),
        _biased_gemm,
    ),
    *(
        Pattern(
            f"{operator}BiasPattern",
            ("Add", (operator, "x", "WEIGHTS"), "BIAS"),
            ("x", "WEIGHTS", "BIAS"),
            _biased(operator),
        )
        for operator in ("Conv", "ConvTranspose")
    ),
)
"""All patterns; of two with the same root, the larger one first."""
