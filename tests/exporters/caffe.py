"""Caffe's own rules, to read prototxt back: the output shape and params of each layer."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import Any

Message = list[tuple[str, Any]]


def parse(text: str) -> Message:
    tokens = re.findall(r'"(?:[^"\\]|\\.)*"|#.*|[\w.+-]+|[{}:]', text)
    stack: list[Message] = [[]]
    words = iter(token for token in tokens if not token.startswith("#"))
    for name in words:
        if name == "}":
            stack.pop()
            continue
        assert re.fullmatch(r"[a-z_]+", name), name
        mark = next(words)
        if mark == "{":
            inner: Message = []
            stack[-1].append((name, inner))
            stack.append(inner)
        else:
            assert mark == ":"
            stack[-1].append((name, value(next(words))))
    assert len(stack) == 1
    return stack[0]


def value(word: str) -> Any:
    if word.startswith('"'):
        octal = re.sub(r"\\(\d{3})", lambda found: chr(int(found[1], 8)), word[1:-1])
        return re.sub(r"\\(.)", r"\1", octal).encode("latin-1").decode()
    is_whole = re.fullmatch(r"-?\d+", word)
    return {"true": True, "false": False}.get(word, int(word) if is_whole else word)


def every(message: Message, name: str) -> list:
    return [found for each, found in message if each == name]


def one(message: Message, name: str, default: Any = None) -> Any:
    found = every(message, name)
    assert len(found) <= 1, name
    return found[0] if found else default


def sides(param: Message, name: str, rank: int, default: int) -> list[int]:
    stem = name.removesuffix("_size")
    by_name = [one(param, f"{stem}_{letter}") for letter in "hw"]
    if by_name != [None, None]:
        assert not every(param, name)
        return [default if each is None else each for each in by_name]
    found = every(param, name)
    return found * rank if len(found) == 1 else found or [default] * rank


class Net:
    """The shape of every blob, without the batch, and the params of each layer."""

    def __init__(self, text: str) -> None:
        self.message = parse(text)
        self.layers = every(self.message, "layer")
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.learned: dict[str, int] = {}
        self.mult_adds = 0
        self.read: set[str] = set()
        names = [one(layer, "name") for layer in self.layers]
        assert len(set(names)) == len(names)
        for layer in self.layers:
            bottoms = every(layer, "bottom")
            tops = every(layer, "top")
            self.read.update(set(bottoms) - set(tops))
            inputs = [self.shapes[each] for each in bottoms]
            outputs = getattr(self, one(layer, "type").lower())(layer, *inputs)
            assert len(outputs) == len(tops)
            for top, shape in zip(tops, outputs, strict=True):
                assert top not in self.shapes or (bottoms == tops and self.shapes[top] == shape)
                assert all(side > 0 for side in shape), top
                self.shapes[top] = tuple(shape)

    @property
    def outputs(self) -> set[str]:
        """The blobs that nothing reads, which Caffe outputs."""
        return set(self.shapes) - self.read

    def learns(self, layer: Message, *counts: int) -> None:
        """Counts params, named ones once; params of the same name must be of the same size."""
        names = [one(each, "name") for each in every(layer, "param")]
        assert len(names) in (0, len(counts))
        for index, count in enumerate(counts):
            name = names[index] if names else f"{one(layer, 'name')} {index}"
            assert self.learned.setdefault(name, count) == count

    def input(self, layer):
        dims = every(one(one(layer, "input_param"), "shape"), "dim")
        assert dims[0] == 1
        return [dims[1:]]

    def convolution(self, layer, shape):
        param = one(layer, "convolution_param")
        out, group, kernel = self.filters(layer, param, shape, shape[0])
        rank = len(shape) - 1
        axes = [
            (n + 2 * p - (d * (k - 1) + 1)) // s + 1
            for n, k, p, s, d in zip(
                shape[1:],
                kernel,
                sides(param, "pad", rank, 0),
                sides(param, "stride", rank, 1),
                sides(param, "dilation", rank, 1),
                strict=True,
            )
        ]
        self.mult_adds += out * math.prod(axes) * shape[0] // group * math.prod(kernel)
        return [(out, *axes)]

    def deconvolution(self, layer, shape):
        param = one(layer, "convolution_param")
        out, group, kernel = self.filters(layer, param, shape, shape[0])
        rank = len(shape) - 1
        axes = [
            s * (n - 1) + d * (k - 1) + 1 - 2 * p
            for n, k, p, s, d in zip(
                shape[1:],
                kernel,
                sides(param, "pad", rank, 0),
                sides(param, "stride", rank, 1),
                sides(param, "dilation", rank, 1),
                strict=True,
            )
        ]
        self.mult_adds += math.prod(shape) * out // group * math.prod(kernel)
        return [(out, *axes)]

    def filters(self, layer, param, shape, channels):
        out, group = one(param, "num_output"), one(param, "group", 1)
        assert channels % group == out % group == 0
        kernel = sides(param, "kernel_size", len(shape) - 1, 0)
        weights = out * channels // group * math.prod(kernel)
        self.learns(layer, weights, *([out] if one(param, "bias_term", True) else []))
        return out, group, kernel

    def innerproduct(self, layer, shape):
        param = one(layer, "inner_product_param")
        first = one(param, "axis", 1) - 1
        out, size = one(param, "num_output"), math.prod(shape[first:])
        self.learns(layer, out * size, *([out] if one(param, "bias_term", True) else []))
        self.mult_adds += out * math.prod(shape)
        return [(*shape[:first], out)]

    def embed(self, layer, shape):
        param = one(layer, "embed_param")
        assert not one(param, "bias_term")
        self.learns(layer, one(param, "input_dim") * one(param, "num_output"))
        return [(*shape, one(param, "num_output"))]

    def pooling(self, layer, shape):
        param = one(layer, "pooling_param")
        assert one(param, "pool") in ("MAX", "AVE")
        channels, *axes = shape
        assert len(axes) == 2
        if one(param, "global_pooling", False):
            assert not every(param, "kernel_size")
            return [(channels, 1, 1)]
        kernel, pad = sides(param, "kernel_size", 2, 0), sides(param, "pad", 2, 0)
        stride = sides(param, "stride", 2, 1)
        assert all(p < k for p, k in zip(pad, kernel, strict=True))
        whole = math.ceil if one(param, "round_mode", "CEIL") == "CEIL" else math.floor
        result = []
        for n, k, p, s in zip(axes, kernel, pad, stride, strict=True):
            windows = whole((n + 2 * p - k) / s) + 1
            if any(pad) and (windows - 1) * s >= n + p:
                windows -= 1
            result.append(windows)
        return [(channels, *result)]

    def batchnorm(self, layer, shape):
        assert one(one(layer, "batch_norm_param"), "use_global_stats")
        return [shape]

    def scale(self, layer, shape, gate=None):
        param = one(layer, "scale_param", [])
        if gate is None:
            self.learns(layer, shape[0], *([shape[0]] if one(param, "bias_term", False) else []))
            return [shape]
        axis = one(param, "axis")
        assert (1, *shape)[axis : axis + 1 + len(gate)] == (1, *gate)
        return [shape]

    def bias(self, layer, shape):
        self.learns(layer, shape[0])
        return [shape]

    def prelu(self, layer, shape):
        is_shared = one(one(layer, "prelu_param", []), "channel_shared", False)
        self.learns(layer, 1 if is_shared else shape[0])
        return [shape]

    def eltwise(self, layer, *shapes):
        assert len(set(shapes)) == 1
        return shapes[:1]

    def concat(self, layer, *shapes):
        axis = one(one(layer, "concat_param", []), "axis", 1) - 1
        assert len({shape[:axis] + shape[axis + 1 :] for shape in shapes}) == 1
        joined = sum(shape[axis] for shape in shapes)
        return [(*shapes[0][:axis], joined, *shapes[0][axis + 1 :])]

    def slice(self, layer, shape):
        param, tops = one(layer, "slice_param", []), len(every(layer, "top"))
        axis, points = one(param, "axis", 1) - 1, every(param, "slice_point")
        side = shape[axis]
        assert points or side % tops == 0
        ends = [0, *(points or range(side // tops, side, side // tops)), side]
        assert len(ends) == tops + 1
        return [(*shape[:axis], b - a, *shape[axis + 1 :]) for a, b in pairwise(ends)]

    def crop(self, layer, shape, like):
        param = one(layer, "crop_param")
        first, starts = one(param, "axis") - 1, every(param, "offset")
        assert len(starts) == len(shape) - first
        for start, part, side in zip(starts, like[first:], shape[first:], strict=True):
            assert start >= 0
            assert start + part <= side
        return [(*shape[:first], *like[first:])]

    def reduction(self, layer, shape):
        param = one(layer, "reduction_param")
        assert one(param, "operation") in ("SUM", "MEAN")
        return [shape[: one(param, "axis") - 1]]

    def argmax(self, layer, shape):
        axis = one(one(layer, "argmax_param"), "axis") - 1
        return [(*shape[:axis], 1, *shape[axis + 1 :])]

    def shaped(self, param):
        batch, *sides = every(one(param, "shape"), "dim")
        assert batch == 1
        return tuple(sides)

    def reshape(self, layer, shape):
        result = self.shaped(one(layer, "reshape_param"))
        assert math.prod(result) == math.prod(shape)
        return [result]

    def parameter(self, layer):
        shape = self.shaped(one(layer, "parameter_param"))
        self.learns(layer, math.prod(shape))
        return [shape]

    def dummydata(self, layer):
        return [self.shaped(one(layer, "dummy_data_param"))]

    def silence(self, layer, *shapes):
        return []

    def flatten(self, layer, shape):
        return [(math.prod(shape),)]

    def same(self, layer, shape):
        return [shape]

    relu = sigmoid = tanh = swish = clip = power = softmax = lrn = mvn = dropout = same
    elu = bnll = exp = log = absval = same
