"""Random numbers for learned tensors: the same for a seed, on every machine.

Raw bits of NumPy's PCG64, whose stream its makers promise to keep, become
uniform numbers.  Every tensor has a stream of its own, made in blocks as the
file is written, so that memory does not grow with the network.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import sqrt
from typing import NamedTuple

from costcalc.formats.protobuf import ByteStream
from costcalc.formulas.algebra import product

NUMBER_BYTES = 4
"""Bytes of a number."""

_BLOCK = 1 << 18
"""Numbers made at once."""


class Spread(NamedTuple):
    """A uniform distribution around a centre."""

    centre: float
    reach: float


BIAS = SHIFT = MEAN = Spread(0.0, 0.1)
SCALE = VARIANCE = Spread(1.0, 0.1)
OTHER = Spread(0.0, 0.25)


def weight(fan_in: int) -> Spread:
    """The spread of a weight that keeps the variance of activations.

    He et al., arXiv 1502.01852, equation 10: a variance of 2 / fan-in, and a
    uniform number's is a third of the square of its reach.
    """
    return Spread(0.0, sqrt(6 / fan_in))


def data(shape: tuple[int, ...], spread: Spread, seed: int, index: int) -> ByteStream:
    """The bytes of the tensor of that index among the network's."""
    count = product(shape)
    return ByteStream(NUMBER_BYTES * count, partial(_chunks, count, spread, seed, index))


def _chunks(count: int, spread: Spread, seed: int, index: int) -> Iterator[bytes]:
    import numpy as np

    bits = np.random.PCG64(np.random.SeedSequence((seed, index)))
    for start in range(0, count, _BLOCK):
        length = min(_BLOCK, count - start)
        # 24 bits are what a float32 holds exactly; the high ones are the better ones.
        uniform = (bits.random_raw(length) >> np.uint64(40)).astype(np.float64) / (1 << 24)
        numbers = spread.centre + spread.reach * (2 * uniform - 1)
        yield numbers.astype("<f4").tobytes()
