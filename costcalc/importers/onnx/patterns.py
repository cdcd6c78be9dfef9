"""What exporters write as several nodes, and what it is.

A pattern is a tree of operators from the last one up.  In it, a number is a
constant of about that value, a word a tensor (the same wherever it stands); one
in capitals may be left out of the network's own tensors: it is stored with the
model.  Sums and products match in either order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from costcalc.importers.onnx.tensors import OnnxNode, TensorInfo, elements
from costcalc.records import NamedTuple

Tree = str | float | tuple[Any, ...]
Bound = dict[str, str]
Found = Callable[["Match"], Mapping[str, Any] | None]


class Match(NamedTuple):
    """A pattern where it stands in a graph."""

    bound: Mapping[str, str]
    """The tensors that its words are."""
    nodes: tuple[OnnxNode, ...]
    """What it consists of, the last one first."""
    tensors: Mapping[str, TensorInfo]

    def shape(self, word: str) -> tuple[int, ...]:
        """The shape of a tensor."""
        return self.tensors[self.bound[word]].shape

    def first(self, operator: str) -> OnnxNode:
        """The first node of an operator, from the last one up."""
        return next(each for each in self.nodes if each.operator == operator)


def _always(_: Match) -> Mapping[str, Any] | None:
    return {}


def _mean_axes(match: Match) -> Mapping[str, Any] | None:
    """The axes that all means of the pattern are taken along; kept, so that shapes meet."""
    means = [each for each in match.nodes if each.operator == "ReduceMean"]
    return _along(means, match) if all(map(_is_kept, means)) else None


def _variance_axes(match: Match) -> Mapping[str, Any] | None:
    """The axes of a mean and of the mean of what is left of it, which need not be kept."""
    outer, *inner = (each for each in match.nodes if each.operator == "ReduceMean")
    axes = _along([outer, *inner], match) if all(map(_is_kept, inner)) else None
    return None if axes is None else {**axes, "keepdims": int(_is_kept(outer))}


def _is_kept(mean: OnnxNode) -> bool:
    return bool(mean.attributes.get("keepdims", 1))


def _along(means: Sequence[OnnxNode], match: Match) -> Mapping[str, Any] | None:
    """The axes of all means; None where they differ, or are not stated."""
    found = set()
    for each in means:
        axes = each.attributes.get("axes")
        if axes is None and len(each.inputs) > 1:
            axes = match.tensors[each.inputs[1]].values
        axes = (axes,) if isinstance(axes, int) else axes
        rank = len(match.tensors[each.inputs[0]].shape)
        if not axes:
            return None
        found.add(tuple(sorted(axis % rank for axis in axes)))
    return {"axes": found.pop()} if len(found) == 1 else None


def _groups(match: Match) -> Mapping[str, Any] | None:
    """The groups of channels that were normalised as instances."""
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
    """Channels as groups, the two axes swapped, and as channels again."""
    swap = match.first("Transpose")
    shape, grouped = match.shape("x"), match.tensors[swap.inputs[0]].shape
    given = match.tensors[match.nodes[0].outputs[0]].shape
    order = swap.attributes.get("perm", ())
    if len(shape) < 3 or given != shape or len(order) < 3:
        return None
    is_swapped = tuple(order) == (0, 2, 1, *range(3, len(order)))
    is_split = grouped[0] == shape[0] and grouped[1] * grouped[2] == shape[1]
    is_rest = grouped[3:] == shape[2:] or elements(grouped[3:]) == elements(shape[2:])
    return {"groups": grouped[1]} if is_swapped and is_split and is_rest else None


def _is_linear(match: Match) -> Mapping[str, Any] | None:
    """A matrix, and as many numbers as it has columns."""
    weights, bias = match.shape("WEIGHTS"), match.shape("BIAS")
    x = match.tensors[match.bound["x"]]
    fits = len(weights) == 2 and len(x.shape) > 1 and not x.is_static
    fits = fits and bias[-1:] == weights[1:] and elements(bias) == weights[1]
    return {} if fits else None


class Pattern(NamedTuple):
    """A tree, the tensors that the layer reads, and what is to hold of a match."""

    name: str
    tree: tuple[Any, ...]
    reads: tuple[str, ...] = ("x",)
    found: Found = _always
    """The attributes of the layer; None where it is something else after all."""


def _one_of(name: str, *trees: tuple[Any, ...]) -> tuple[Pattern, ...]:
    return tuple(Pattern(name, tree) for tree in trees)


def _halved(inner: tuple[Any, ...]) -> tuple[tuple[Any, ...], ...]:
    """A tensor times something, halved, in each order."""
    return (
        ("Mul", ("Mul", "x", inner), 0.5),
        ("Mul", "x", ("Mul", inner, 0.5)),
        ("Mul", ("Mul", "x", 0.5), inner),
        ("Div", ("Mul", "x", inner), 2.0),
        ("Mul", ("Div", "x", 2.0), inner),
    )


def _affine(name: str, normalised: tuple[Any, ...]) -> tuple[Pattern, ...]:
    """Scaled and shifted, scaled, or neither."""
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
    *_one_of(
        "HardSwishPattern",
        ("Mul", "x", ("HardSigmoid", "x")),
        ("Mul", "x", ("Div", _RELU6, 6.0)),
        ("Mul", "x", ("Mul", _RELU6, 1 / 6)),
        ("Div", ("Mul", "x", _RELU6), 6.0),
        ("Mul", ("Mul", "x", _RELU6), 1 / 6),
    ),
    *_one_of("HardSigmoidPattern", ("Div", _RELU6, 6.0), ("Mul", _RELU6, 1 / 6)),
    *_one_of("SwishPattern", ("Mul", "x", ("Sigmoid", "x"))),
    *_one_of("QuickGeluPattern", ("Mul", "x", ("Sigmoid", ("Mul", "x", 1.702)))),
    *_one_of("MishPattern", ("Mul", "x", ("Tanh", ("Softplus", "x")))),
    *_one_of("MishPattern", ("Mul", "x", ("Tanh", ("Log", ("Add", ("Exp", "x"), 1.0))))),
    *_one_of("LogSigmoidPattern", ("Log", ("Sigmoid", "x"))),
    *_one_of("SoftplusPattern", ("Log", ("Add", ("Exp", "x"), 1.0))),
    *_one_of("GeluPattern", *(t for erf in _ERF for t in _halved(("Add", erf, 1.0)))),
    *_one_of("GeluTanhPattern", *(t for tanh in _TANHS for t in _halved(("Add", tanh, 1.0)))),
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
)
"""Every pattern, the larger of two that start alike ahead."""
