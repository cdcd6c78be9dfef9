"""What networks do to tensors beside layers: axes, reductions, products, elementwise arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

Shape = Sequence[int]
Maker = Callable[..., nn.Module]


class Call(nn.Module):
    """A function where a network wants a module."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *given: Tensor) -> Tensor:
        return self.function(*given)


class Stored(nn.Module):
    """A tensor of the network's own, which reads nothing."""

    def __init__(self, shape: Shape, is_learned: bool) -> None:
        super().__init__()
        tensor = torch.empty(1, *shape, device="meta")
        self.tensor = nn.Parameter(tensor) if is_learned else tensor

    def forward(self, given: Tensor) -> Tensor:
        return self.tensor


def dimension(axis: int, shape: Shape) -> int:
    """PyTorch's number of an axis, whose tensors have a batch in front."""
    if not -len(shape) <= axis < len(shape):
        raise ValueError(f"no axis {axis}")
    return axis % len(shape) + 1


def dimensions(axes: Sequence[int] | None, shape: Shape) -> list[int]:
    """The same of several, of all by default."""
    found = [dimension(axis, shape) for axis in (range(len(shape)) if axes is None else axes)]
    if len({*found}) < len(found):
        raise ValueError("an axis stands twice")
    return found


def at_the_end(module: nn.Module, dims: Sequence[int]) -> nn.Module:
    """A module that works on the last dimensions, for others."""
    last = tuple(range(-len(dims), 0))
    return nn.Sequential(
        Call(lambda x: x.movedim(tuple(dims), last)),
        module,
        Call(lambda x: x.movedim(last, tuple(dims))),
    )


def norm(
    make: Callable[..., nn.Module], shape: Shape, axes: Sequence[int] = (0,), **arguments: Any
) -> nn.Module:
    dims = dimensions(axes, shape)
    sides = [shape[dim - 1] for dim in dims]
    arguments = {"elementwise_affine": arguments.pop("affine", True), **arguments}
    return at_the_end(make(sides, **arguments, device="meta"), dims)


def reduction(
    reduce: Callable[[Tensor], Tensor],
    shape: Shape,
    axes: Sequence[int] | None = None,
    keep: bool = False,
) -> nn.Module:
    dims = dimensions(axes, shape)

    def reduced(x: Tensor) -> Tensor:
        x = reduce(x.movedim(dims, list(range(-len(dims), 0))).flatten(-len(dims)))
        for dim in sorted(dims) if keep else ():
            x = x.unsqueeze(dim)
        return x

    return Call(reduced)


def softmax(make: Callable[..., nn.Module], shape: Shape, axis: int = 0) -> nn.Module:
    return make(dimension(axis, shape))


def split(shape: Shape, parts: int, part: int = 1, axis: int = 0) -> nn.Module:
    dim = dimension(axis, shape)
    if shape[dim - 1] % parts or part > parts:
        raise ValueError("no such equal part")
    return Call(lambda x: x.chunk(parts, dim=dim)[part - 1])


def section(shape: Shape, stop: int, start: int = 0, axis: int = 0, step: int = 1) -> nn.Module:
    dim = dimension(axis, shape)
    if stop > shape[dim - 1] or start >= stop:
        raise ValueError("beyond the axis")
    return Call(lambda x: x[(*(slice(None),) * dim, slice(start, stop, step))])


def crop(shape: Shape, cropping: Any = None, size: Any = None, offset: Any = None) -> nn.Module:
    rank = len(shape) - 1
    per_axis = [value if isinstance(value, list) else [value] * rank for value in (cropping, size)]
    offsets = offset if isinstance(offset, list) else [offset] * rank
    index: list[Any] = [slice(None), slice(None)]
    for n, cut, width, start in zip(shape[1:], *per_axis, offsets, strict=True):
        if cropping is None:
            begin = (n - width) // 2 if start is None else start
            end = begin + width
        else:
            begin, after = cut if isinstance(cut, list) else (cut, cut)
            end = n - after
        if not 0 <= begin < end <= n:
            raise ValueError("beyond the map")
        index.append(slice(begin, end))
    return Call(lambda x: x[tuple(index)])


def zero_pad(shape: Shape, padding: Any, axis: int = 1, mode: str = "zero") -> nn.Module:
    first = dimension(axis, shape)
    rank = len(shape) - first + 1
    around = padding if isinstance(padding, list) else [padding] * rank
    if len(around) != rank:
        raise ValueError(f"{len(around)} paddings for {rank} axes")
    pairs = [(side, side) if isinstance(side, int) else tuple(side) for side in around]
    flat = [side for pair in reversed(pairs) for side in pair]
    if not any(flat):
        return Call(lambda x: x)
    named = "constant" if mode == "zero" else mode
    return Call(lambda x: functional.pad(x, flat, mode=named))


def transpose(shape: Shape, axes: Sequence[int]) -> nn.Module:
    return Call(lambda x: x.permute(0, *dimensions(axes, shape)))


def embedding(shape: Shape, rows: int, out: int) -> nn.Module:
    table = nn.Embedding(rows, out, device="meta")
    return nn.Sequential(Call(lambda x: x.long()), table)


def unary(function: Callable[[Tensor], Tensor]) -> Maker:
    return lambda shape: Call(function)


TENSOR_MAKERS: Mapping[str, Maker] = {
    "layer_norm": partial(norm, nn.LayerNorm),
    "rms_norm": partial(norm, nn.RMSNorm),
    "softmax": partial(softmax, nn.Softmax),
    "log_softmax": partial(softmax, nn.LogSoftmax),
    "mean": partial(reduction, lambda x: x.mean(-1)),
    "sum": partial(reduction, lambda x: x.sum(-1)),
    "reduce_max": partial(reduction, lambda x: x.amax(-1)),
    "reduce_min": partial(reduction, lambda x: x.amin(-1)),
    "argmax": partial(reduction, lambda x: x.argmax(-1).float()),
    "product": partial(reduction, lambda x: x.prod(-1)),
    "variance": partial(reduction, lambda x: x.var(-1, correction=0)),
    "l2_norm": partial(reduction, lambda x: torch.linalg.vector_norm(x, dim=-1)),
    "split": split,
    "slice": section,
    "crop": crop,
    "zero_pad": zero_pad,
    "reshape": lambda given, /, shape: Call(lambda x: x.reshape(1, *shape)),
    "transpose": transpose,
    "embedding": embedding,
    "learned": lambda given, /, shape: Stored(shape, is_learned=True),
    "constant": lambda given, /, shape: Stored(shape, is_learned=False),
    "complement": unary(lambda x: 1 - x),
    "scale": unary(lambda x: x * 2),
    "shift": unary(lambda x: x + 2),
    "clip": unary(lambda x: x.clamp(-1, 1)),
    "logical_not": unary(lambda x: x.logical_not().float()),
    **{
        name: unary(getattr(torch, name))
        for name in (
            "exp", "log", "sqrt", "rsqrt", "reciprocal", "erf", "sin", "cos", "abs", "neg",
            "square", "floor", "ceil", "round", "sign",
        )
    },
}  # fmt: skip
"""The module of each kind for the shape that it reads, the batch left away."""


def alike(sources: Sequence[Tensor]) -> None:
    """Tensors that meet have as many axes."""
    if len({each.ndim for each in sources}) > 1:
        raise ValueError("as many axes are needed")


def elementwise(function: Callable[..., Tensor], count: int | None = 2) -> Maker:
    """An operation between two tensors, or of any number one after another."""

    def between(*sources: Tensor) -> Tensor:
        alike(sources)
        if count is not None:
            return function(*sources)
        result = sources[0]
        for each in sources[1:]:
            result = function(result, each)
        return result

    return lambda: Call(between)


def add(broadcast: bool = False) -> nn.Module:
    def added(*sources: Tensor) -> Tensor:
        alike(sources)
        if not broadcast and len({each.shape for each in sources}) > 1:
            raise ValueError("a sum is of one shape, nothing is repeated")
        return sum(sources[1:], start=sources[0])

    return Call(added)


def concat(axis: int = 0) -> nn.Module:
    def joined(*sources: Tensor) -> Tensor:
        alike(sources)
        return torch.cat(sources, dim=dimension(axis, sources[0].shape[1:]))

    return Call(joined)


def matmul() -> nn.Module:
    """Without the batch, which would meet another's sides."""

    def multiplied(first: Tensor, second: Tensor) -> Tensor:
        alike((first, second))
        if first.ndim < 3:
            raise ValueError("matrices are needed")
        return torch.matmul(first[0], second[0]).unsqueeze(0)

    return Call(multiplied)


def attention() -> nn.Module:
    def attended(*sources: Tensor) -> Tensor:
        alike(sources)
        return functional.scaled_dot_product_attention(*(x[0] for x in sources)).unsqueeze(0)

    return Call(attended)


JOINS: Mapping[str, Maker] = {
    "add": add,
    "concat": concat,
    "multiply": elementwise(torch.mul, None),
    "minimum": elementwise(torch.minimum, None),
    "maximum": elementwise(torch.maximum, None),
    "subtract": elementwise(torch.sub),
    "divide": elementwise(torch.div),
    "power": elementwise(torch.pow),
    "compare": elementwise(lambda x, y: (x < y).float()),
    "where": elementwise(lambda x, y, z: torch.where(x > 0, y, z), 3),
    "matmul": matmul,
    "attention": attention,
}
"""What reads several tensors."""
