"""Real computations on small maps, one number at a time, that count their operations.

These are the oracles of the layer kinds: they know no formula.  A convolution is
computed by loops over an input that was padded with zeros cell by cell, and every
multiply-accumulate is counted when it happens.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import product
from math import ceil, floor

Shape = tuple[int, ...]
Pads = tuple[tuple[int, int], ...]


def cells(sides: Iterable[int]) -> Iterator[Shape]:
    """Every index of a map."""
    return product(*(range(side) for side in sides))


def padded(shape: Shape, pads: Pads) -> dict[Shape, int]:
    """A map of numbers, from index to value, with zeros around it."""
    channels, *axes = shape
    wide = [range(-before, n + after) for n, (before, after) in zip(axes, pads, strict=True)]
    return {
        index: 1 + sum(index)
        if all(0 <= i < n for i, n in zip(index[1:], axes, strict=True))
        else 0
        for index in product(range(channels), *wide)
    }


def starts(size: int, extent: int, stride: int, pads: tuple[int, int]) -> list[int]:
    """The starts of the windows that stay inside the padded axis."""
    before, after = pads
    return list(range(-before, size + after - extent + 1, stride))


def starts_ceil(size: int, extent: int, stride: int, pads: tuple[int, int]) -> list[int]:
    """The same, with one that extends past the end if elements are left and it starts inside."""
    before, after = pads
    found = starts(size, extent, stride, pads)
    last = found[-1] if found else -before - stride
    if last + extent < size + after and last + stride < size:
        found.append(last + stride)
    return found


def same_pads(size: int, extent: int, stride: int) -> tuple[int, int]:
    """TensorFlow's 'same': the zeros that ceil(size / stride) windows need, more after."""
    positions = ceil(size / stride)
    needed = max((positions - 1) * stride + extent - size, 0)
    return needed // 2, needed - needed // 2


def convolution(
    shape: Shape, out: int, kernel: Shape, stride: Shape, pads: Pads, dilation: Shape, groups: int
) -> tuple[Shape, Counter[str]]:
    """The output's shape, and the counts."""
    source = padded(shape, pads)
    inputs, outputs = shape[0] // groups, out // groups
    windows = [
        starts(n, d * (k - 1) + 1, s, pad)
        for n, k, s, pad, d in zip(shape[1:], kernel, stride, pads, dilation, strict=True)
    ]
    did: Counter[str] = Counter()
    weights: set[Shape] = set()
    results: dict[Shape, int] = {}
    for n in range(out):
        group = n // outputs
        for position in product(*windows):
            total = 0
            for m in range(inputs):
                for offset in cells(kernel):
                    at = [p + d * o for p, d, o in zip(position, dilation, offset, strict=True)]
                    total += source[(group * inputs + m, *at)] * (1 + n + m)
                    weights.add((n, m, *offset))
                    did["macs"] += 1
            results[(n, *position)] = total
    did["weights"] = len(weights)
    did["results"] = len(results)
    return (out, *(len(each) for each in windows)), did


def transposed_convolution(
    shape: Shape, out: int, kernel: Shape, stride: Shape, pads: Pads, dilation: Shape, groups: int
) -> tuple[Shape, Counter[str]]:
    """Every input scatters its products onto a canvas, which the padding then crops."""
    inputs, outputs = shape[0] // groups, out // groups
    did: Counter[str] = Counter()
    weights: set[Shape] = set()
    canvas: set[Shape] = set()
    for m in range(shape[0]):
        for position in cells(shape[1:]):
            for n in range(outputs):
                for offset in cells(kernel):
                    step = zip(position, stride, dilation, offset, strict=True)
                    canvas.add(tuple(p * s + d * o for p, s, d, o in step))
                    weights.add((m, n, *offset))
                    did["macs"] += 1
    did["weights"] = len(weights)
    assert inputs * groups == shape[0]
    sides = [
        max(index[axis] for index in canvas) + 1 - before - after
        for axis, (before, after) in enumerate(pads)
    ]
    return (out, *sides), did


def pooling(
    shape: Shape, kernel: Shape, stride: Shape, pads: Pads, dilation: Shape, is_ceil: bool
) -> tuple[Shape, Counter[str]]:
    """Windows that are reduced pair by pair; padding counts as elements."""
    where = starts_ceil if is_ceil else starts
    windows = [
        where(n, d * (k - 1) + 1, s, pad)
        for n, k, s, pad, d in zip(shape[1:], kernel, stride, pads, dilation, strict=True)
    ]
    did: Counter[str] = Counter()
    for _ in product(range(shape[0]), *windows):
        did["pairs"] += sum(1 for _ in cells(kernel)) - 1
        did["results"] += 1
    return (shape[0], *(len(each) for each in windows)), did


def adaptive_pooling(shape: Shape, size: Shape) -> tuple[Shape, Counter[str]]:
    """Windows from floor(i n / m) to ceil((i + 1) n / m) along every axis."""
    did: Counter[str] = Counter()
    for index in cells((shape[0], *size)):
        window = [
            range(floor(i * n / m), ceil((i + 1) * n / m))
            for i, n, m in zip(index[1:], shape[1:], size, strict=True)
        ]
        did["pairs"] += sum(1 for _ in product(*window)) - 1
        did["results"] += 1
    return (shape[0], *size), did
